"""Straw polls: asked by the chair, answered at one tap, shown when they are closed."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import meetings, straws
from council.errors import Invalid, NotFound
from council.gate import Context
from council.meetings import Meeting
from council.straws import Says, Straw
from council.web import floor, pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _straw(request: Request, ctx: Context, meeting: Meeting) -> Straw:
    row = ctx.session.get(Straw, int(request.path_params["straw"]))
    if row is None or row.meeting_id != meeting.id:
        raise NotFound("not_found")
    return row


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The last straw poll of a meeting."""
    return _page(request, ctx, _meeting(request, ctx))


def _page(
    request: Request, ctx: Context, meeting: Meeting, status: int = 200, form: Form | None = None
) -> Response:
    return pages.page(
        request, "straws/show.html", status, meeting=meeting, form=form or Form(),
        straw=floor.straw(ctx, meeting),
    )  # fmt: skip


@handler(session=True, rate="write")
def ask(request: Request, ctx: Context) -> Response:
    """Ask those present."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        with form.reading():
            question = form.line("question", straws.QUESTION)
        straws.ask(ctx, meeting, question=question)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/straws")


@handler(session=True, rate="write")
def answer(request: Request, ctx: Context) -> Response:
    """Answer, or answer otherwise."""
    meeting, form = _meeting(request, ctx), form_of(request)
    straw = _straw(request, ctx, meeting)
    try:
        ctx.behalf = behalf_from(request, ctx.session, meeting.community_id)
        with form.reading():
            says = form.choice("says", Says)
        straws.answer(ctx, straw, says=says)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/straws")


@handler(session=True, rate="write")
def close(request: Request, ctx: Context) -> Response:
    """Close it; the numbers are shown."""
    meeting = _meeting(request, ctx)
    straws.close(ctx, _straw(request, ctx, meeting))
    return pages.back(request, f"/meetings/{meeting.id}/straws")


BASE = "/meetings/{id:int}/straws"

routes = [
    Route(BASE, show),
    Route(BASE, ask, methods=["POST"]),
    Route(f"{BASE}/{{straw:int}}/answers", answer, methods=["POST"]),
    Route(f"{BASE}/{{straw:int}}/close", close, methods=["POST"]),
]
