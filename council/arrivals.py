"""Arrivals: in a residents' assembly whoever has come of age takes a seat by coming.

Thousands are entitled, so no list of seats is drawn up beforehand: the quorum is reckoned from the
registered number of adults, and a seat stands there from the moment its holder signs in.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from council import attendance, doors, grounds, meetings, observers
from council.attendance import CheckIn, CheckInMethod
from council.errors import Invalid, Problem, checking
from council.gate import Context, act
from council.grounds import PetitionGround
from council.meetings import Meeting, MeetingSeat
from council.people import Alias, Constituency
from council.policy import Can

# Requirements


def seats_on_arrival(ctx: Context, meeting: Meeting) -> bool:
    """At this kind of meeting a seat is taken by coming; at others it stands on a list."""
    return meeting.of_kind.arrivals


def is_of_age_here(ctx: Context, meeting: Meeting) -> bool:
    """Residents who have come of age take a seat."""
    return ctx.actor is not None and grounds.entitled(
        ctx, meeting.community_id, PetitionGround.RESIDENTS
    )


# Acts


@act(
    "seat.take",
    who=Can.SPEAK,
    requires=(
        doors.signing_in_is_open,
        seats_on_arrival,
        is_of_age_here,
        observers.has_no_seat,
    ),
)
def take(ctx: Context, meeting: Meeting, *, code: str) -> CheckIn:
    """Take one's seat with the code that hangs in the hall. Raises Invalid for another code."""
    if wrong := doors.fault(ctx.session, meeting.id, code, ctx.now):
        raise Invalid(Problem(wrong, "code"))
    return _sit(ctx, meeting, ctx.person_id, CheckInMethod.CODE)


@act("seat.give", who=Can.DOOR, requires=(doors.signing_in_is_open, seats_on_arrival))
def give(ctx: Context, meeting: Meeting, *, person_id: int, method: CheckInMethod) -> CheckIn:
    """Sign somebody in at the door, who takes a seat by that."""
    with checking() as check:
        adult = grounds.is_adult(ctx.session, meeting.community_id, person_id, ctx.now)
        check(adult, "not_an_adult_here", "number")
        taken = meetings.seat_of(ctx.session, meeting.id, person_id)
        check(taken is None, "sits_already", "number")
    return _sit(ctx, meeting, person_id, method)


# Question


def numbered(session: Session, meeting: Meeting, number: int) -> int | None:
    """The person with this public number, where a seat is taken by coming."""
    if not meeting.of_kind.arrivals:
        return None
    found = select(Alias.person_id).where(
        Alias.community_id == meeting.community_id, Alias.number == number
    )
    return session.scalars(found).first()


# Private helper


def _sit(ctx: Context, meeting: Meeting, person_id: int, method: CheckInMethod) -> CheckIn:
    """The seat and its sign-in; whoever had come in as an observer is one no longer."""
    if watching := observers.of_person(ctx.session, meeting.id, person_id):
        ctx.session.delete(watching)
    seat = MeetingSeat(
        community_id=meeting.community_id, meeting_id=meeting.id, person_id=person_id,
        constituency=Constituency.RESIDENTS, votes=True,
    )  # fmt: skip
    ctx.session.add(seat)
    ctx.session.flush()
    return attendance.add(ctx, seat, method, ctx.person_id)
