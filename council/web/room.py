"""The room of a meeting: a telephone, the console of whoever leads it, and the screen on the wall.

All three show the same rows (hall.py). Each answers its part to whoever watches (static/room.js);
without script a telephone and the screen ask again by themselves.
"""

from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import (
    attendance,
    ballots,
    consoles,
    doors,
    gate,
    meetings,
    notes,
    policy,
    recalls,
    screens,
    sittings,
)
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.meetings import Meeting
from council.minutes import Line
from council.policy import Can
from council.screens import ScreenView
from council.web import hall, pages
from council.web.forms import Form
from council.web.handler import form_of, handler
from council.web.rollcalls import booth


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _shown(
    request: Request, view: str, data: dict[str, Any], status: int = 200, **more: Any
) -> Response:
    """The page, or the part that changed."""
    name = f"room/_{view}.html" if pages.is_partial(request) else f"room/{view}.html"
    return pages.page(request, name, status, **data | more)


# The telephone and the screen


@handler()
def phone(request: Request, ctx: Context) -> Response:
    """What happens in the room now, and the one thing that this reader can do."""
    meeting = _meeting(request, ctx)
    data = hall.shared(request, ctx, meeting)
    now: Line | None = data["now"]
    me = ctx.actor.person_id if ctx.actor else None
    seat = meetings.seat_of(ctx.session, meeting.id, me) if me else None
    here = attendance.of_seat(ctx.session, seat.id) if seat else None
    vote = now.vote if now and here else None
    return _shown(
        request, "phone", data, seat=seat, here=here, vote=vote,
        booth=booth(ctx, vote) if vote else None,
        standing=ballots.standing(ctx.session, vote, me) if vote else None,
        turn=hall.turn(meeting, seat, now, here=here is not None),
    )  # fmt: skip


@handler()
def screen(request: Request, ctx: Context) -> Response:
    """What the whole hall sees: never who voted how, and nothing of a vote before its close."""
    meeting = _meeting(request, ctx)
    chosen = screens.of_meeting(ctx.session, meeting.id)
    data = hall.shared(request, ctx, meeting)
    return _shown(
        request, "screen", data, shows=screens.shown(meeting, chosen), door=_door(ctx, meeting),
    )  # fmt: skip


def _door(ctx: Context, meeting: Meeting) -> doors.Door | None:
    """The code for the wall; only where those who keep the door opened it, as anybody may look."""
    keeps = policy.allows(ctx.session, ctx.actor, Can.DOOR, meeting.community_id)
    return doors.current(ctx.session, meeting.id, ctx.now) if keeps else None


# The console


@handler(session=True)
def console(request: Request, ctx: Context) -> Response:
    """Agenda, item, quorum, screen and notes for those who lead and record the meeting."""
    return _console(request, ctx, _meeting(request, ctx))


def _console(
    request: Request, ctx: Context, meeting: Meeting, form: Form | None = None
) -> Response:
    leads = policy.allows(ctx.session, ctx.actor, Can.CHAIR, meeting.community_id)
    records = policy.allows(ctx.session, ctx.actor, Can.RECORD, meeting.community_id)
    if not leads and not records:
        raise NotAllowed("not_allowed")
    data = hall.shared(request, ctx, meeting)
    chosen = screens.of_meeting(ctx.session, meeting.id)
    coming = hall.next_up(data["record"])
    return _shown(
        request, "console", data | {"form": form or Form(), "blank": Form()}, 422 if form else 200,
        leads=leads, records=records, ask=request.query_params.get("ask", ""),
        steps=[one for one in sittings.steps(ctx, meeting) if one[0].name != "cancel"],
        may=_may(ctx, data["now"], coming), coming=coming, arrived=hall.arrived(ctx, meeting),
        happened=hall.happened(ctx, data["record"]),
        shows=screens.shown(meeting, chosen), before=screens.undoable(chosen, ctx.now),
        views=tuple(ScreenView), beside=_beside(request, ctx, meeting),
        door=doors.current(ctx.session, meeting.id, ctx.now),
        door_renew=gate.possible(ctx, "door.renew", meeting),
    )  # fmt: skip


def _may(ctx: Context, now: Line | None, coming: Line | None) -> dict[str, gate.Possible | None]:
    """What can be done with the open item, and with the one that comes next."""
    names = ("item.recall", "item.consensus", "item.postpone", "vote.open")
    found = {name: gate.possible(ctx, name, now.item) if now else None for name in names}
    found["item.open"] = gate.possible(ctx, "item.open", coming.item) if coming else None
    vote = now.vote if now else None
    found["vote.close"] = gate.possible(ctx, "vote.close", vote) if vote else None
    return found


def _beside(request: Request, ctx: Context, meeting: Meeting) -> bool:
    """Whether the console is open on another device too; that it is open here is noted at times."""
    mine, seen = request.state.sign_in.id, consoles.open_now(ctx.session, meeting.id, ctx.now)
    if mine not in seen or ctx.now - seen[mine] >= consoles.AGAIN:
        _note_open(request, ctx, meeting)
    return any(other != mine for other in seen)


def _note_open(request: Request, ctx: Context, meeting: Meeting) -> None:
    """A short write of its own, as a page that is shown writes nothing, nor fails because of it."""
    if request.method == "GET":
        with suppress(SQLAlchemyError), request.app.state.database.write() as session:
            consoles.note(session, meeting.id, request.state.sign_in.id, ctx.now)


@handler(session=True, rate="write")
def show_on_screen(request: Request, ctx: Context) -> Response:
    """Choose what the screen shows."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        with form.reading():
            view = form.choice("view", ScreenView)
        screens.show(ctx, meeting, view=view)
    except Invalid as wrong:
        return _console(request, ctx, meeting, form.wrong(wrong))
    return _back(request, ctx, meeting)


@handler(session=True, rate="write")
def note(request: Request, ctx: Context) -> Response:
    """Keep a note of the recorder."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        with form.reading():
            words = form.text("words", notes.WORDS)
        notes.note(ctx, meeting, words=words)
    except Invalid as wrong:
        return _console(request, ctx, meeting, form.wrong(wrong))
    return _back(request, ctx, meeting)


@handler(session=True, rate="write")
def recall(request: Request, ctx: Context) -> Response:
    """Take back that an item was called."""
    meeting = _meeting(request, ctx)
    item = meetings.item(ctx, int(request.path_params["item"]))
    if item.meeting_id != meeting.id:
        raise NotFound("not_found")
    recalls.recall(ctx, item)
    return _back(request, ctx, meeting)


def _back(request: Request, ctx: Context, meeting: Meeting) -> Response:
    if pages.is_partial(request):
        return _console(request, ctx, meeting)
    return pages.back(request, f"/meetings/{meeting.id}/console")


routes = [
    Route("/meetings/{id:int}/room", phone),
    Route("/meetings/{id:int}/screen", screen),
    Route("/meetings/{id:int}/console", console),
    Route("/meetings/{id:int}/screen", show_on_screen, methods=["POST"]),
    Route("/meetings/{id:int}/notes", note, methods=["POST"]),
    Route("/meetings/{id:int}/items/{item:int}/recall", recall, methods=["POST"]),
]
