"""Working days as the State Council shifts them, and every promise with a date on it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import chinese_calendar
from sqlalchemy import ColumnElement, ForeignKey, bindparam, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import deadlines, policy
from council.db import PLAIN, Base, Governed, Ready
from council.deadlines import Limit, Remaining
from council.errors import checking
from council.gate import Context, Situated, act
from council.people import Actor, Constituency, Post
from council.places import Place
from council.policy import Can

# Tables


class WorkDay(Governed, Base):
    """A day that the community's administrator set by hand; it wins over the national calendar."""

    __tablename__ = "work_day"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    day: Mapped[date] = mapped_column(unique=True)
    works: Mapped[bool]
    note: Mapped[str] = mapped_column(default="", info=PLAIN)


class Deadline(Governed, Base):
    """Something that somebody must do by a certain instant, with all that the date came from.

    It waits for those who hold the permission `who` at the place, or for one person, or for those
    who sign for a unit. `kind` names the sentence `due.<kind>`.
    """

    __tablename__ = "deadline"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    subject_table: Mapped[str] = mapped_column(info=PLAIN)
    subject_id: Mapped[int]
    kind: Mapped[str] = mapped_column(info=PLAIN)
    who: Mapped[Can | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    started_at: Mapped[datetime]
    amount: Mapped[str] = mapped_column(info=PLAIN)
    due_at: Mapped[datetime]
    due_day: Mapped[date]
    calendar: Mapped[str] = mapped_column(info=PLAIN)
    met_at: Mapped[datetime | None] = mapped_column(index=True)


# The calendar

YEARS = range(2004, 2100)
"""The years that can be shown and set; the national calendar that we know begins with 2004."""


@lru_cache(maxsize=4000)
def national(day: date) -> bool | None:
    """Whether the State Council makes this a working day; None for a year not yet announced.

    Source: the yearly notice of the General Office of the State Council, through the package
    `chinesecalendar`, which ends with 2026.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def working(session: Session) -> Callable[[date], bool]:
    """The calendar as a question: days set by hand, else the national one, else weekdays."""
    if "work_days" not in session.info:
        rows = session.execute(select(WorkDay.day, WorkDay.works)).all()
        session.info["work_days"] = dict(rows)
    by_hand: dict[date, bool] = session.info["work_days"]

    def is_working(day: date) -> bool:
        if day in by_hand:
            return by_hand[day]
        known = national(day)
        return day.weekday() < 5 if known is None else known

    return is_working


def is_guess(day: date) -> bool:
    """Whether the year's shifted days are not announced yet, so that weekdays stand in."""
    return national(day) is None


def version(*days: date) -> str:
    """Which calendar a date was computed from; `weekdays` says that a year was still unknown."""
    return "weekdays" if any(is_guess(day) for day in days) else "national"


@act("calendar.set_day", who=Can.CONFIGURE)
def set_day(ctx: Context, place: Place, *, day: date, works: bool, note: str) -> WorkDay:
    """Declare a day working or closed, for example when a year's shifted days are announced."""
    with checking() as check:
        check.text(note, "note", limit=100, required=False)
        check(day.year in YEARS, "not_a_date", "day")
    row = ctx.session.scalars(select(WorkDay).where(WorkDay.day == day)).first()
    if row is None:
        row = WorkDay(community_id=place.id, day=day, works=works, note=note)
        ctx.session.add(row)
    row.works, row.note = works, note
    ctx.session.info.pop("work_days", None)
    return row


# Deadlines: called by other rooms inside their own acts


def start(
    ctx: Context,
    row: Situated,
    kind: str,
    limit: Limit,
    *,
    who: Can | None = None,
    person_id: int | None = None,
    unit_id: int | None = None,
    proposal_id: int | None = None,
) -> Deadline:
    """Start a clock on a row, for whoever must act. Inside an act; the row has its id already."""
    return start_until(
        ctx, row, kind, deadlines.due(ctx.now, limit, working(ctx.session)), str(limit),
        who=who, person_id=person_id, unit_id=unit_id, proposal_id=proposal_id,
    )  # fmt: skip


def start_until(
    ctx: Context,
    row: Situated,
    kind: str,
    due_at: datetime,
    amount: str,
    *,
    who: Can | None = None,
    person_id: int | None = None,
    unit_id: int | None = None,
    proposal_id: int | None = None,
) -> Deadline:
    """Start a clock that ends at a given instant; `amount` says where that instant came from."""
    table = row.__tablename__  # type: ignore[attr-defined]
    row_id: int = row.id  # type: ignore[attr-defined]
    if proposal_id is None:
        proposal_id = row_id if table == "proposal" else getattr(row, "proposal_id", None)
    due_day = deadlines.last_day(due_at)
    made = Deadline(
        community_id=row.community_id, proposal_id=proposal_id, subject_table=table,
        subject_id=row_id, kind=kind, who=who, person_id=person_id, unit_id=unit_id,
        started_at=ctx.now, amount=amount, due_at=due_at, due_day=due_day,
        calendar=version(deadlines.local_date(ctx.now), due_day), met_at=None,
    )  # fmt: skip
    ctx.session.add(made)
    return made


def meet(ctx: Context, row: Situated, *kinds: str) -> None:
    """Stop the row's open clocks (of these kinds, or all of them): what was due has been done."""
    for deadline in running(ctx.session, row, *kinds):
        deadline.met_at = ctx.now


def running(session: Session, row: Situated, *kinds: str) -> list[Deadline]:
    """The row's open clocks."""
    found = select(Deadline).where(
        Deadline.subject_table == row.__tablename__,  # type: ignore[attr-defined]
        Deadline.subject_id == row.id,  # type: ignore[attr-defined]
        Deadline.met_at.is_(None),
    )
    if kinds:
        found = found.where(Deadline.kind.in_(kinds))
    return list(session.scalars(found))


# Questions


@dataclass(frozen=True)
class Day:
    """A day of the public calendar: working or closed, set by hand or not, with its note."""

    day: date
    works: bool
    by_hand: bool
    note: str

    @property
    def is_shifted(self) -> bool:
        """Whether people work at a weekend, or rest on another day."""
        return self.works != (self.day.weekday() < 5)


def year(session: Session, wanted: int) -> list[list[Day]]:
    """The twelve months of a year, day by day (two statements)."""
    first, last = date(wanted, 1, 1), date(wanted, 12, 31)
    found = select(WorkDay).where(WorkDay.day >= first, WorkDay.day <= last)
    set_days = {row.day: row for row in session.scalars(found)}
    is_working = working(session)
    months: list[list[Day]] = [[] for _ in range(12)]
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        row = set_days.get(day)
        months[day.month - 1].append(
            Day(day, is_working(day), row is not None, row.note if row else "")
        )
    return months


@dataclass(frozen=True)
class Waiting:
    """Something that waits for this person: what, until when, how long that still is."""

    deadline: Deadline
    left: Remaining


def waiting(session: Session, actor: Actor, now: datetime, limit: int = 100) -> list[Waiting]:
    """Everything open that waits for this person, earliest first, in one statement.

    Another one reads the days set by hand, once in a session.
    """
    found = select(Deadline).where(_waits_for(_held(actor))).limit(limit)
    found = found.order_by(Deadline.due_at, Deadline.id).params(me=actor.person_id)
    is_working = working(session)
    return [
        Waiting(row, deadlines.left(now, row.due_at, is_working)) for row in session.scalars(found)
    ]


def waiting_count(session: Session, actor: Actor) -> int:
    """How many things wait for this person, in one statement."""
    return int(_counted(_held(actor)).rows(session, me=actor.person_id)[0][0])


def overdue(session: Session, now: datetime, kinds: Iterable[str]) -> list[Deadline]:
    """Open clocks of these kinds that have run out, for the clockwork (jobs)."""
    found = select(Deadline).where(
        Deadline.met_at.is_(None), Deadline.due_at <= now, Deadline.kind.in_(list(kinds))
    )
    return list(session.scalars(found.order_by(Deadline.due_at)))


def days_between(first: datetime, last: datetime) -> int:
    """Calendar days from one instant's day to another's, on the community's clock."""
    return (deadlines.local_date(last) - deadlines.local_date(first)) // timedelta(days=1)


# Private helpers

QUIET = {Can.SPEAK, Can.RATE}
"""What everybody may do at any time is no task of anybody."""


Held = tuple[
    tuple[int, ...],
    tuple[tuple[str, Post], ...],
    tuple[tuple[int, frozenset[Constituency]], ...],
]
"""What gives somebody work: units, posts with their reach, constituencies of a community."""


def _held(actor: Actor) -> Held:
    offices = tuple((held.path, held.post) for held in actor.offices)
    belongs = tuple((place_id, actor.constituencies(place_id)) for place_id in actor.memberships)
    return tuple(sorted(actor.unit_ids())), offices, belongs


def _waits_for(held: Held) -> ColumnElement[bool]:
    """Open, and due from this person (`me`): by name, for a unit, by office or by membership."""
    units, offices, belongs = held
    mine = [Deadline.person_id == bindparam("me")]
    if units:
        mine.append(Deadline.unit_id.in_(units))
    for path, post in offices:
        below = select(Place.id).where(Place.path.startswith(path, autoescape=True))
        able = policy.of_post(post) - QUIET
        mine.append(Deadline.community_id.in_(below) & Deadline.who.in_(able))
    for place_id, constituencies in belongs:
        able = policy.of_members(constituencies) - QUIET
        mine.append((Deadline.community_id == place_id) & Deadline.who.in_(able))
    return Deadline.met_at.is_(None) & or_(*mine)


@lru_cache(maxsize=256)
def _counted(held: Held) -> Ready:
    """The question behind every page: built once for all who hold the same."""
    return Ready(select(func.count()).select_from(Deadline).where(_waits_for(held)))
