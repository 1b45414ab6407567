"""Observers: whoever comes to a meeting without a seat is welcome, listens, and never votes.

Where a hall is small the places are limited: who asked first has one, the others wait in a row.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, doors, meetings, plans
from council.db import Base, Governed
from council.deadlines import local_date
from council.errors import Invalid, Problem, checking
from council.gate import Context, act
from council.kinds import KINDS
from council.meetings import AHEAD, Meeting, MeetingStage
from council.people import Channel, Constituency
from council.policy import Can

HEADS = 50
"""How many walk-ins are added at once at the most."""

# Tables


class Observer(Governed, Base):
    """Somebody came without a seat. Without `person_id` the door has counted a head."""

    __tablename__ = "observer"
    __table_args__ = (
        UniqueConstraint("meeting_id", "person_id"),
        UniqueConstraint("meeting_id", "number"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    constituency: Mapped[Constituency | None]
    number: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class PlaceWish(Governed, Base):
    """Somebody without a seat wants one of the limited places; the lower `number` asked earlier."""

    __tablename__ = "place_wish"
    __table_args__ = (
        UniqueConstraint("meeting_id", "person_id"),
        UniqueConstraint("meeting_id", "number"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    given_up_at: Mapped[datetime | None]


# Requirements


def has_no_seat(ctx: Context, meeting: Meeting) -> bool:
    """Whoever is invited signs in at their own seat, not as an observer."""
    return meetings.seat_of(ctx.session, meeting.id, ctx.person_id) is None


def not_observing_yet(ctx: Context, meeting: Meeting) -> bool:
    """You have not signed in as an observer yet."""
    return of_person(ctx.session, meeting.id, ctx.person_id) is None


def has_a_place(ctx: Context, meeting: Meeting) -> bool:
    """Where places are limited, one of them is yours; the waiting list goes by who asked first."""
    found = standing(ctx.session, meeting, ctx.person_id)
    return found is None or found.has_place


def places_are_limited(ctx: Context, meeting: Meeting) -> bool:
    """The places are limited; elsewhere everybody may come without asking."""
    return meeting.places is not None


def places_are_given(ctx: Context, meeting: Meeting) -> bool:
    """The notice has gone out, and the meeting is not over."""
    return meeting.stage is MeetingStage.NOTIFIED or doors.is_open(meeting)


def free_once_begun(ctx: Context, meeting: Meeting) -> bool:
    """Once the meeting has begun there is no waiting list: a place must be free."""
    found = standing(ctx.session, meeting)
    return meeting.stage in AHEAD or (found is not None and found.free > 0)


def has_not_asked(ctx: Context, meeting: Meeting) -> bool:
    """You have not asked for a place yet."""
    return not has_asked(ctx, meeting)


def has_asked(ctx: Context, meeting: Meeting) -> bool:
    """You have asked for a place."""
    found = _wish(ctx.session, meeting.id, ctx.person_id)
    return found is not None and found.given_up_at is None


# Acts


@act(
    "place.take",
    who=Can.SPEAK,
    requires=(places_are_limited, places_are_given, has_no_seat, has_not_asked, free_once_begun),
    behalf=True,
    alone=True,
)
def take(ctx: Context, meeting: Meeting) -> PlaceWish:
    """Ask for one of the limited places; when none is free, one stands on the waiting list."""
    number = _next_wish(ctx.session, meeting)
    wish = _wish(ctx.session, meeting.id, ctx.person_id) or PlaceWish(
        community_id=meeting.community_id, meeting_id=meeting.id, person_id=ctx.person_id
    )
    wish.number, wish.at, wish.given_up_at = number, ctx.now, None
    wish.channel, wish.entered_by_id = ctx.channel, ctx.entered_by_id
    ctx.session.add(wish)
    ctx.session.flush()
    found = standing(ctx.session, meeting, ctx.person_id)
    if found and found.has_place:
        _await(ctx, meeting, ctx.person_id)
    return wish


@act(
    "place.give_up",
    who=Can.SPEAK,
    requires=(has_asked, plans.has_not_begun, not_observing_yet),
    behalf=True,
    alone=True,
)
def give_up(ctx: Context, meeting: Meeting) -> PlaceWish:
    """Give a place up, or leave the waiting list; the first who waits has the place at once."""
    found = standing(ctx.session, meeting, ctx.person_id)
    wish = _wish(ctx.session, meeting.id, ctx.person_id)
    assert found is not None  # noqa: S101  (who has asked did so where places are limited)
    assert wish is not None  # noqa: S101
    if found.has_place:
        for clock in calendar.running(ctx.session, meeting, "attend_meeting"):
            if clock.person_id == ctx.person_id:
                clock.met_at = ctx.now
        if found.waiting:
            _await(ctx, meeting, in_order(ctx.session, meeting.id)[found.left].person_id)
    wish.given_up_at = ctx.now
    return wish


@act(
    "observer.come",
    who=Can.SPEAK,
    requires=(doors.signing_in_is_open, has_no_seat, not_observing_yet, has_a_place),
    behalf=True,
    alone=True,
)
def come(ctx: Context, meeting: Meeting, *, code: str = "") -> Observer:
    """Sign in as an observer, with the code in the hall or a worker; never for the quorum."""
    if ctx.behalf is None and (wrong := doors.fault(ctx.session, meeting.id, code, ctx.now)):
        raise Invalid(Problem(wrong, "code"))
    made = Observer(
        community_id=meeting.community_id, meeting_id=meeting.id, person_id=ctx.person_id,
        constituency=ctx.capacity(meeting), number=_next(ctx.session, meeting), at=ctx.now,
        by_id=ctx.entered_by_id or ctx.person_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("observer.count", who=Can.DOOR, requires=(doors.signing_in_is_open,), alone=True)
def count(ctx: Context, meeting: Meeting, *, heads: int) -> None:
    """Add those who came to listen without an account, by the number of heads."""
    with checking() as check:
        check(1 <= heads <= HEADS, "too_many_heads", "heads", limit=HEADS)
        found = standing(ctx.session, meeting)
        if found is not None:
            check(heads <= found.free, "no_free_places", "heads", free=found.free)
    first = _next(ctx.session, meeting)
    ctx.session.add_all(
        Observer(
            community_id=meeting.community_id, meeting_id=meeting.id, number=number, at=ctx.now,
            by_id=ctx.person_id,
        )
        for number in range(first, first + heads)
    )  # fmt: skip


# Questions


@dataclass(frozen=True)
class Company:
    """Who came without a seat: by constituency, those counted as heads, and all together."""

    by: dict[Constituency, int]
    heads: int

    @property
    def total(self) -> int:
        """All who came without a seat."""
        return sum(self.by.values()) + self.heads


def company(session: Session, meeting_id: int) -> Company:
    """How many observers have come, in one statement."""
    found = select(Observer.constituency, func.count()).group_by(Observer.constituency)
    rows = session.execute(found.where(Observer.meeting_id == meeting_id)).all()
    by = {constituency: n for constituency, n in rows if constituency}
    return Company(by, sum(n for constituency, n in rows if constituency is None))


def of_person(session: Session, meeting_id: int, person_id: int | None) -> Observer | None:
    """Whether and when a person has signed in as an observer."""
    found = select(Observer).where(Observer.meeting_id == meeting_id)
    return session.scalars(found.where(Observer.person_id == person_id)).first()


@dataclass(frozen=True)
class Standing:
    """How the limited places are given, in numbers for everybody; `rank` is one's own, from 1.

    Heads without an account take a place each. Nobody who has a place loses it: the order is that
    of asking, with the meeting held, so that it is the same for all.
    """

    limit: int
    heads: int
    asked: int
    rank: int = 0

    @property
    def left(self) -> int:
        """Places for those who ask with an account."""
        return max(0, self.limit - self.heads)

    @property
    def free(self) -> int:
        """Places that nobody has."""
        return max(0, self.left - self.asked)

    @property
    def waiting(self) -> int:
        """How many are on the waiting list."""
        return max(0, self.asked - self.left)

    @property
    def has_place(self) -> bool:
        """Whether one of the places is mine."""
        return 0 < self.rank <= self.left

    @property
    def position(self) -> int:
        """My position on the waiting list; 0 for whoever is not on it."""
        return max(0, self.rank - self.left)


def standing(session: Session, meeting: Meeting, person_id: int | None = None) -> Standing | None:
    """How the places are given, in one statement; None where they are not limited."""
    if meeting.places is None:
        return None
    asks = (PlaceWish.meeting_id == meeting.id) & PlaceWish.given_up_at.is_(None)
    mine = select(PlaceWish.number).where(asks, PlaceWish.person_id == person_id)
    heads = (Observer.meeting_id == meeting.id) & Observer.person_id.is_(None)
    numbers = select(
        select(func.count(Observer.id)).where(heads).scalar_subquery(),
        select(func.count(PlaceWish.id)).where(asks).scalar_subquery(),
        select(func.count(PlaceWish.id))
        .where(asks, PlaceWish.number <= mine.scalar_subquery())
        .scalar_subquery(),
    )
    return Standing(meeting.places, *session.execute(numbers).one())


def in_order(session: Session, meeting_id: int) -> list[PlaceWish]:
    """Those who want a place, who asked first comes first."""
    found = select(PlaceWish).where(
        PlaceWish.meeting_id == meeting_id, PlaceWish.given_up_at.is_(None)
    )
    return list(session.scalars(found.order_by(PlaceWish.number)))


def may_speak(meeting: Meeting) -> bool:
    """Whether observers may ask for the floor at this kind of meeting."""
    return KINDS[meeting.kind].observers_speak


def _next(session: Session, meeting: Meeting) -> int:
    found = select(func.coalesce(func.max(Observer.number), 0))
    return session.scalars(found.where(Observer.meeting_id == meeting.id)).one() + 1


def _wish(session: Session, meeting_id: int, person_id: int) -> PlaceWish | None:
    found = select(PlaceWish).where(PlaceWish.meeting_id == meeting_id)
    return session.scalars(found.where(PlaceWish.person_id == person_id)).first()


def _next_wish(session: Session, meeting: Meeting) -> int:
    found = select(func.coalesce(func.max(PlaceWish.number), 0))
    return session.scalars(found.where(PlaceWish.meeting_id == meeting.id)).one() + 1


def _await(ctx: Context, meeting: Meeting, person_id: int) -> None:
    """Whoever has a place finds the meeting on their page."""
    if meeting.stage in AHEAD:
        day = local_date(meeting.starts_at).isoformat()
        calendar.start_until(
            ctx, meeting, "attend_meeting", meeting.starts_at, day, person_id=person_id
        )
