"""Invitations on their pages: one's own answer, who is expected, and substitutes."""

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import gate, invitations, meetings, places, policy
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.invitations import InvitationReply, Reply, Substitution
from council.meetings import Face, Meeting, MeetingSeat
from council.people import Constituency
from council.places import Place
from council.policy import Can
from council.web import counter, pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler


@dataclass(frozen=True)
class Guest:
    """A seat as the offices see it: who sits there, for whom, and what they answered."""

    seat: MeetingSeat
    face: Face
    unit: str
    reply: InvitationReply | None
    instead: list[tuple[Face, Substitution]]


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _keeps(ctx: Context, meeting: Meeting) -> bool:
    desks = (Can.CONVENE, Can.DOOR)
    return any(policy.allows(ctx.session, ctx.actor, can, meeting.community_id) for can in desks)


def _guests(ctx: Context, meeting: Meeting) -> dict[Constituency, list[Guest]]:
    """Every seat with its answer, in a fixed number of statements."""
    seats = meetings.seats(ctx.session, meeting.id)
    replies = invitations.of_meeting(ctx.session, meeting.id)
    passed = invitations.substitutions(ctx.session, meeting.id)
    absent = [row.absent_id for rows in passed.values() for row in rows]
    known = meetings.faces(
        ctx.session, meeting.community_id, [*(seat.person_id for seat in seats), *absent]
    )
    units = {unit.id: unit.name for unit in places.units(ctx.session, meeting.community_id)}
    guests: dict[Constituency, list[Guest]] = {one: [] for one in Constituency}
    for seat in seats:
        instead = [(known[row.absent_id], row) for row in passed.get(seat.id, [])]
        reply = replies.get((seat.id, seat.person_id))
        unit = units.get(seat.unit_id or 0, "")
        guests[seat.constituency].append(
            Guest(seat, known[seat.person_id], unit, reply, instead)
        )  # fmt: skip
    return guests


def _page(request: Request, ctx: Context, meeting: Meeting, form: Form | None = None) -> Response:
    """One's own answer; and for those who convene or keep the door, everybody's."""
    place = ctx.session.get_one(Place, meeting.community_id)  # held, so that it is read once
    keeps = _keeps(ctx, meeting)
    me = ctx.actor.person_id if ctx.actor else None
    seat = meetings.seat_of(ctx.session, meeting.id, me)
    if seat is None and not keeps:
        raise NotAllowed("not_invited_here")
    enters = policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, meeting.community_id)
    own = replace(ctx, behalf=None)
    return pages.page(
        request, "invitations/show.html", 422 if form else 200, meeting=meeting, seat=seat,
        place=place,
        may=gate.possible(own, "invitation.answer", seat) if seat else None,
        mine=invitations.of_seat(ctx.session, seat) if seat else None, keeps=keeps, replies=Reply,
        guests=_guests(ctx, meeting) if keeps else {}, form=form or counter.blank(),
        expected=invitations.expected(ctx.session, meeting) if keeps else None,
        asked=counter.asked(request, ctx, meeting.community_id) if keeps and enters else None,
        passes=policy.allows(ctx.session, ctx.actor, Can.CONVENE, meeting.community_id),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Whether I come; who is expected."""
    return _page(request, ctx, _meeting(request, ctx))


@handler(session=True, rate="write")
def answer(request: Request, ctx: Context) -> Response:
    """Answer for oneself, or enter the answer of somebody who telephoned."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, meeting.community_id)
        with form.reading():
            says = form.choice("says", Reply)
            note = form.line("note", invitations.NOTE, required=False)
        seat = meetings.seat_of(ctx.session, meeting.id, ctx.person_id)
        if seat is None:
            raise NotAllowed("not_invited_here")
        invitations.answer(ctx, seat, says=says, note=note)
    except Invalid as wrong:
        return _page(request, ctx, meeting, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/invitation")


# Substitutes


def _seat(request: Request, ctx: Context) -> tuple[Meeting, MeetingSeat]:
    """The seat, for those who may give it to somebody else. Raises NotAllowed and NotFound."""
    meeting, wanted = _meeting(request, ctx), int(request.path_params["seat"])
    if not policy.allows(ctx.session, ctx.actor, Can.CONVENE, meeting.community_id):
        raise NotAllowed("not_allowed")
    for seat in meetings.seats(ctx.session, meeting.id):
        if seat.id == wanted:
            return meeting, seat
    raise NotFound("not_found")


def _seat_page(
    request: Request, ctx: Context, meeting: Meeting, seat: MeetingSeat, form: Form
) -> Response:
    found = [row.person_id for row in invitations.stand_ins(ctx.session, seat, ctx.now)]
    known = meetings.faces(ctx.session, meeting.community_id, [*found, seat.person_id])
    options = [(one, f"{known[one].number:04d} · {known[one].name}") for one in found]
    return pages.page(
        request, "invitations/seat.html", 422 if form.problems else 200, meeting=meeting,
        seat=seat, face=known[seat.person_id], form=form, options=options,
        may=gate.possible(ctx, "seat.substitute", seat),
    )  # fmt: skip


@handler(session=True)
def seat_page(request: Request, ctx: Context) -> Response:
    """Who could sit on a seat instead."""
    meeting, seat = _seat(request, ctx)
    return _seat_page(request, ctx, meeting, seat, Form())


@handler(session=True, rate="write")
def substitute(request: Request, ctx: Context) -> Response:
    """Give the seat to a substitute."""
    (meeting, seat), form = _seat(request, ctx), form_of(request)
    try:
        with form.reading():
            person = form.integer("person")
            reason = form.line("reason", invitations.REASON)
        invitations.substitute(ctx, seat, person_id=person, reason=reason)
    except Invalid as wrong:
        return _seat_page(request, ctx, meeting, seat, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/invitation")


routes = [
    Route("/meetings/{id:int}/invitation", show),
    Route("/meetings/{id:int}/invitation", answer, methods=["POST"]),
    Route("/meetings/{id:int}/seats/{seat:int}", seat_page),
    Route("/meetings/{id:int}/seats/{seat:int}", substitute, methods=["POST"]),
]
