"""Motions of an item: what is moved, how its text would change, seconding, putting it to a vote."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import debates, meetings, motions, proposals
from council.errors import Invalid, NotFound
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.motions import MOTION, TEXT, Motion
from council.votes import How
from council.web import pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler
from council.workflow import advance


def _item(request: Request, ctx: Context) -> AgendaItem:
    found = meetings.item(ctx, int(request.path_params["item"]))
    if found.meeting_id != int(request.path_params["id"]):
        raise NotFound("not_found")
    return found


def _motion(ctx: Context, item: AgendaItem, motion_id: int) -> Motion:
    found = ctx.session.get(Motion, motion_id)
    if found is None or found.item_id != item.id:
        raise NotFound("not_found")
    return found


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The motion as it reads now, the amendments that are open, and those that are settled."""
    return _page(request, ctx, _item(request, ctx))


def _page(request: Request, ctx: Context, item: AgendaItem, form: Form | None = None) -> Response:
    """The page, or for htmx its part, with the form that was wrong."""
    name = "motions/_phone.html" if pages.is_partial(request) else "motions/show.html"
    matter = proposals.get(ctx, item.proposal_id) if item.proposal_id else None
    return pages.page(
        request, name, 422 if form else 200, meeting=ctx.session.get_one(Meeting, item.meeting_id),
        item=item, matter=matter, debate=debates.of(ctx, item), form=form or Form(),
        translations=debates.english(ctx.session, item.meeting_id),
    )  # fmt: skip


@handler(session=True, rate="write")
def amend(request: Request, ctx: Context) -> Response:
    """Move an amendment, for oneself or for somebody at the meeting."""
    item, form = _item(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, item.community_id)
        with form.reading():
            about = form.integer("motion", low=1)
            text = form.text("text", TEXT)
        motions.amend(ctx, _motion(ctx, item, about), text=text)
    except Invalid as wrong:
        return _page(request, ctx, item, form.wrong(wrong))
    return pages.back(request, _address(item))


@handler(session=True, rate="write")
def move(request: Request, ctx: Context) -> Response:
    """Second, withdraw, accept, put to the vote or drop an amendment."""
    item, form = _item(request, ctx), form_of(request)
    motion = _motion(ctx, item, int(request.path_params["motion"]))
    name = request.path_params["name"]
    if name not in motions.AMENDMENT_STEPS:
        raise NotFound("not_found")
    try:
        ctx.behalf = behalf_from(request, ctx.session, item.community_id)
        if name == "put":
            with form.reading():
                how = form.choice_or_none("how", How) or How.PHONES
            motions.put(ctx, motion, how=how)
        else:
            advance(ctx, MOTION, motion, name)
    except Invalid as wrong:
        return _page(request, ctx, item, form.wrong(wrong))
    return pages.back(request, _address(item))


def _address(item: AgendaItem) -> str:
    return f"/meetings/{item.meeting_id}/items/{item.id}/motions"


BASE = "/meetings/{id:int}/items/{item:int}/motions"

routes = [
    Route(BASE, show),
    Route(BASE, amend, methods=["POST"]),
    Route(f"{BASE}/{{motion:int}}/transitions/{{name}}", move, methods=["POST"]),
]
