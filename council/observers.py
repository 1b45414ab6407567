"""Observers: whoever comes to a meeting without a seat is welcome, listens, and never votes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import doors, meetings
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.kinds import KINDS
from council.meetings import Meeting
from council.people import Constituency
from council.policy import Can

HEADS = 50
"""How many walk-ins are added at once at the most."""

# Table


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


# Requirements


def has_no_seat(ctx: Context, meeting: Meeting) -> bool:
    """Whoever is invited signs in at their own seat, not as an observer."""
    return meetings.seat_of(ctx.session, meeting.id, ctx.person_id) is None


def not_observing_yet(ctx: Context, meeting: Meeting) -> bool:
    """You have not signed in as an observer yet."""
    return of_person(ctx.session, meeting.id, ctx.person_id) is None


# Acts


@act(
    "observer.come",
    who=Can.SPEAK,
    requires=(doors.signing_in_is_open, has_no_seat, not_observing_yet),
    behalf=True,
    alone=True,
)
def come(ctx: Context, meeting: Meeting) -> Observer:
    """Sign in as an observer; it never counts for the quorum."""
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


def may_speak(meeting: Meeting) -> bool:
    """Whether observers may ask for the floor at this kind of meeting."""
    return KINDS[meeting.kind].observers_speak


def _next(session: Session, meeting: Meeting) -> int:
    found = select(func.coalesce(func.max(Observer.number), 0))
    return session.scalars(found.where(Observer.meeting_id == meeting.id)).one() + 1
