"""Papers of a meeting: all of them item by item, one as a file, adding and taking back."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from council import debates, files, meetings, papers, policy
from council.errors import Invalid, NotAllowed, NotFound
from council.files import Document, Picture
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.papers import ItemPaper
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
from council.web.reader import settings_of
from council.web.static import FOREVER


def _page(
    request: Request, ctx: Context, meeting: Meeting, item_id: int = 0, form: Form | None = None
) -> Response:
    """All papers; for those who publish, a form for each item (the wrong one keeps its words)."""
    agenda = meetings.agendas(ctx.session, [meeting.id]).get(meeting.id, [])
    adds = policy.allows(ctx.session, ctx.actor, Can.PUBLISH, meeting.community_id)
    return pages.page(
        request, "papers/show.html", 422 if form else 200, meeting=meeting, agenda=agenda,
        papers=papers.of_meeting(ctx.session, meeting), wrong=item_id, form=form or Form(),
        blank=Form(), most=papers.MOST, adds=adds and meeting.stage in meetings.LIVE,
        translations=debates.english(ctx.session, meeting.id),
    )  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The papers of a meeting, item by item."""
    return _page(request, ctx, meetings.get(ctx, int(request.path_params["id"])))


@handler()
def read(request: Request, ctx: Context) -> Response:
    """One paper: a picture to look at, a PDF to take along."""
    found = papers.get(ctx, int(request.path_params["id"]))
    path = files.path_of(settings_of(request), found.file.sha256)
    if not path.exists():
        raise NotFound("not_found")
    known = ctx.session.get_one(Meeting, found.row.meeting_id).notified_at is not None
    kind, way = ("jpg", "inline") if found.is_picture else ("pdf", "attachment")
    return FileResponse(
        path, media_type=found.file.kind, filename=f"paper-{found.row.id}.{kind}",
        content_disposition_type=way,
        headers={"Cache-Control": FOREVER if known else "private, no-store"},
    )  # fmt: skip


def _item(request: Request, ctx: Context) -> AgendaItem:
    found = meetings.item(ctx, int(request.path_params["item"]))
    if found.meeting_id != int(request.path_params["id"]):
        raise NotFound("not_found")
    return found


def sent(request: Request, session: Session) -> Picture | Document | None:
    """Check the file, if one was chosen, and keep it on disk, before the transaction (slow)."""
    look = request.state.look
    item = _item(request, Context(session, look.actor, look.now))
    if not policy.allows(session, look.actor, Can.PUBLISH, item.community_id):
        raise NotAllowed("not_allowed")
    chosen = form_of(request).files("paper")
    if not chosen:
        return None
    found = files.paper(chosen[0].file.read())
    files.keep(settings_of(request), found)
    return found


@handler(session=True, rate="write", prepare=sent)
def add(request: Request, ctx: Context) -> Response:
    """Put a paper to an item."""
    item, form = _item(request, ctx), form_of(request)
    try:
        found: Picture | Document | None = prepared(request)
        with form.reading():
            title = form.line("title", papers.TITLE)
            form.check(found is not None, "empty", "paper")
        if found is not None:
            papers.add(ctx, item, title=title, file=found)
    except Invalid as wrong:
        meeting = ctx.session.get_one(Meeting, item.meeting_id)
        return _page(request, ctx, meeting, item.id, form.wrong(wrong))
    return pages.back(request, f"/meetings/{item.meeting_id}/papers")


@handler(session=True, rate="write")
def remove(request: Request, ctx: Context) -> Response:
    """Take a paper back, before the notice."""
    found: ItemPaper = papers.get(ctx, int(request.path_params["id"])).row
    papers.remove(ctx, found)
    return pages.back(request, f"/meetings/{found.meeting_id}/papers")


routes = [
    Route("/meetings/{id:int}/papers", show),
    Route("/meetings/{id:int}/items/{item:int}/papers", add, methods=["POST"]),
    Route("/papers/{id:int}", read),
    Route("/papers/{id:int}/removal", remove, methods=["POST"]),
]
