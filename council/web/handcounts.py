"""What a teller counted in the room: a page with large fields for whoever counts, each alone."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import debates, handcounts, meetings, papersheets, tellers, votes
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.papersheets import HEAPS, HIGHEST, SPOILED, Sheet
from council.votes import How, Vote, VoteMode
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _place(request: Request, ctx: Context) -> tuple[Meeting, Vote]:
    """The meeting and its vote. Raises NotFound for a vote that is held elsewhere or otherwise."""
    meeting = meetings.get(ctx, int(request.path_params["id"]))
    vote = votes.get(ctx, int(request.path_params["vote"]))
    item = ctx.session.get(AgendaItem, vote.agenda_item_id) if vote.in_meeting else None
    if item is None or item.meeting_id != meeting.id or vote.mode is not VoteMode.COUNTED:
        raise NotFound("not_found")
    return meeting, vote


def _heaps(vote: Vote) -> tuple[str, ...]:
    """What is counted: raised hands are never spoiled."""
    return HEAPS if vote.how is How.PAPER else tuple(one for one in HEAPS if one != SPOILED)


def _page(
    request: Request, ctx: Context, meeting: Meeting, vote: Vote, form: Form | None = None
) -> Response:
    desk = tellers.desk(ctx, vote)
    if desk is None:
        return RedirectResponse(f"/votes/{vote.id}/result", status_code=303)
    if desk.may is None:
        raise NotAllowed("not_allowed")
    me = ctx.actor.person_id if ctx.actor else None
    item = ctx.session.get_one(AgendaItem, vote.agenda_item_id)
    return pages.page(
        request, "handcounts/show.html", 422 if form else 200, meeting=meeting, vote=vote,
        desk=desk, form=form or Form(), heaps=_heaps(vote), mine=me in desk.now.tellers,
        there=handcounts.present(ctx.session, vote),
        translations=debates.of_vote(ctx.session, vote, item),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """The fields for whoever has not counted in this round, and where two differed."""
    meeting, vote = _place(request, ctx)
    return _page(request, ctx, meeting, vote)


@handler(session=True, rate="write")
def enter(request: Request, ctx: Context) -> Response:
    """Enter what one has counted."""
    (meeting, vote), form = _place(request, ctx), form_of(request)
    try:
        tellers.enter(ctx, vote, **_read(vote, form))
    except Invalid as wrong:
        return _page(request, ctx, meeting, vote, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/votes/{vote.id}/hands")


def _read(vote: Vote, form: Form) -> dict[str, Any]:
    """The figures that were typed, and of slips those outside the box."""
    with form.reading():
        content = {
            side: {heap: form.integer(f"{side}_{heap}", 0, HIGHEST) for heap in _heaps(vote)}
            for side in papersheets.sides(vote)
        }
        if vote.how is not How.PAPER:
            return {"sheet": Sheet(content, 0, 0)}
        issued, spoiled, unused = (
            form.integer(name, 0, HIGHEST) for name in ("issued", "spoiled", "unused")
        )
    return {"sheet": Sheet(content, spoiled, unused), "issued": issued}


BASE = "/meetings/{id:int}/votes/{vote:int}/hands"

routes = [
    Route(BASE, show),
    Route(BASE, enter, methods=["POST"]),
]
