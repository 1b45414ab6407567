"""Signing in: the list that is kept at the door; and the paper sheet to sign."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import arrivals, attendance, meetings, minutes, places, policy
from council.attendance import CheckIn, CheckInMethod
from council.errors import Invalid, NotAllowed, NotFound, Problem
from council.gate import Context
from council.meetings import Meeting, MeetingSeat
from council.people import Constituency
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


@dataclass(frozen=True)
class Place:
    """A line of the list: the seat, who sits there as the offices know them, and the sign-in."""

    seat: MeetingSeat
    number: int
    name: str
    unit: str
    there: CheckIn | None


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _keeps_list(ctx: Context, meeting: Meeting) -> bool:
    desks = (Can.CHAIR, Can.RECORD, Can.CONVENE, Can.SCREEN)
    return any(policy.allows(ctx.session, ctx.actor, can, meeting.community_id) for can in desks)


def _list(ctx: Context, meeting: Meeting) -> dict[Constituency, list[Place]]:
    """Every seat with number and name, per constituency, in a fixed number of statements."""
    roll = attendance.roll(ctx.session, meeting.id)
    people = [seat.person_id for seat, _ in roll]
    names = meetings.faces(ctx.session, meeting.community_id, people)
    units = {unit.id: unit.name for unit in places.units(ctx.session, meeting.community_id)}
    listed: dict[Constituency, list[Place]] = {one: [] for one in Constituency}
    for seat, there in roll:
        face = names[seat.person_id]
        unit = units.get(seat.unit_id or 0, "")
        listed[seat.constituency].append(Place(seat, face.number, face.name, unit, there))
    return listed


def _page(
    request: Request, ctx: Context, meeting: Meeting, status: int = 200, form: Form | None = None
) -> Response:
    """The list for those who keep it; for somebody invited their own seat only."""
    keeps = _keeps_list(ctx, meeting)
    seat = meetings.seat_of(ctx.session, meeting.id, ctx.person_id)
    if not keeps and seat is None:
        raise NotAllowed("not_allowed")
    name = "attendance/_list.html" if pages.is_partial(request) else "attendance/show.html"
    return pages.page(
        request, name, status, meeting=meeting, seat=seat, keeps=keeps, form=form or Form(),
        here=attendance.of_seat(ctx.session, seat.id) if seat else None,
        ticks=policy.allows(ctx.session, ctx.actor, Can.DOOR, meeting.community_id),
        listed=_list(ctx, meeting) if keeps else {}, count=attendance.count(ctx.session, meeting),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Sign in, or keep the list."""
    return _page(request, ctx, _meeting(request, ctx))


@handler(session=True, rate="write")
def check_in(request: Request, ctx: Context) -> Response:
    """Sign in the seat or the number that was given, as those who keep the door."""
    meeting, form = _meeting(request, ctx), form_of(request)
    if not policy.allows(ctx.session, ctx.actor, Can.DOOR, meeting.community_id):
        raise NotAllowed("not_allowed")
    try:
        with form.reading():
            method = form.choice_or_none("method", CheckInMethod) or CheckInMethod.LIST
            seat, comes = _given(ctx, meeting, form)
        if seat:
            attendance.tick(ctx, seat, method=method)
        else:
            arrivals.give(ctx, meeting, person_id=comes, method=method)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, form.wrong(wrong))
    return _answer(request, ctx, meeting)


def _given(ctx: Context, meeting: Meeting, form: Form) -> tuple[MeetingSeat | None, int]:
    """The seat that was named, or whoever takes one by coming; else raises Invalid."""
    roll = [seat for seat, _ in attendance.roll(ctx.session, meeting.id)]
    if form.value("seat"):
        wanted = form.integer("seat")
        found = [seat for seat in roll if seat.id == wanted]
        if not found:
            raise NotFound("not_found")
        return found[0], 0
    number = form.integer("number")
    faces = meetings.faces(ctx.session, meeting.community_id, [seat.person_id for seat in roll])
    found = [
        seat for seat in roll if seat.person_id in faces and faces[seat.person_id].number == number
    ]
    if found:
        return found[0], 0
    comes = arrivals.numbered(ctx.session, meeting, number)
    if comes is None:
        raise Invalid(Problem("not_invited", "number"))
    return None, comes


@handler(session=True, rate="write")
def undo(request: Request, ctx: Context) -> Response:
    """Take back a sign-in that was a mistake."""
    meeting = _meeting(request, ctx)
    wanted = int(request.path_params["seat"])
    seat = next((one for one in meetings.seats(ctx.session, meeting.id) if one.id == wanted), None)
    if seat is None:
        raise NotFound("not_found")
    attendance.undo(ctx, seat)
    return _answer(request, ctx, meeting)


def _answer(request: Request, ctx: Context, meeting: Meeting) -> Response:
    if pages.is_partial(request):
        return _page(request, ctx, meeting)
    return pages.back(request, f"/meetings/{meeting.id}/check-in")


@handler(session=True)
def sheet(request: Request, ctx: Context) -> Response:
    """The sheet to sign on paper, for the door and for the file."""
    meeting = _meeting(request, ctx)
    if not _keeps_list(ctx, meeting):
        raise NotAllowed("not_allowed")
    return pages.page(
        request, "attendance/sheet.html", meeting=meeting, listed=_list(ctx, meeting),
        record=minutes.record(ctx.session, meeting),
    )  # fmt: skip


routes = [
    Route("/meetings/{id:int}/check-in", show),
    Route("/meetings/{id:int}/check-ins", check_in, methods=["POST"]),
    Route("/meetings/{id:int}/check-ins/{seat:int}/undo", undo, methods=["POST"]),
    Route("/meetings/{id:int}/sheet", sheet),
]
