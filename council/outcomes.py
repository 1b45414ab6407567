"""Outcomes: what was done, what failed and what is late, side by side and newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from council import calendar, commitments, deadlines, implementation, meetings, ratings, summaries
from council.admissions import Admission
from council.attendance import CheckIn
from council.calendar import Deadline
from council.commitments import Commitment
from council.consultations import Consultation
from council.decisions import Result
from council.gate import Context
from council.implementation import Line, Shot
from council.meetings import LIVE, AgendaItem, ItemStage, Meeting, MeetingSeat
from council.people import Constituency
from council.places import Unit
from council.proposals import PRIVATE, OutcomeClass, Proposal, Stage, Supporter
from council.ratings import Average
from council.votes import SHOWN, Vote

DONE = frozenset({Stage.COMPLETED, Stage.RATED})
FAILED = frozenset({Stage.REJECTED, Stage.NOT_ADMITTED, Stage.TRANSFERRED})
RUNNING = tuple(list(Stage)[list(Stage).index(Stage.ADMITTED) : list(Stage).index(Stage.ADOPTED)])
"""Stages in which a matter is under discussion."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STRIP = 6
"""How many matters under discussion the home page shows."""


class OutcomeKind(StrEnum):
    """What a list of outcomes shows; `discussed` holds matters without an outcome too."""

    DISCUSSED = "discussed"
    DONE = "done"
    OVERDUE = "overdue"
    FAILED = "failed"


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to. `before` is the (moment, id) to page from."""

    community_id: int
    year: int | None = None
    quarter: int | None = None
    outcome_class: OutcomeClass | None = None
    kind: OutcomeKind | None = None
    before: tuple[datetime, int] | None = None
    limit: int = 6

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """From when to when; None for all times."""
        return period(self.year, self.quarter) if self.year else None


@dataclass(frozen=True)
class Totals:
    """How many matters: of this quarter, late today, under discussion, with an outcome at all."""

    discussed: int
    done: int
    failed: int
    overdue: int
    running: int
    all: int


@dataclass(frozen=True)
class Card:
    """One matter with its outcome, and everything that its card shows. `at` is when it came."""

    proposal: Proposal
    kind: OutcomeKind
    at: datetime
    now: datetime
    unit: Unit | None
    before: Shot | None
    after: Shot | None
    item: AgendaItem | None
    result: Result | None
    took: dict[str, int]
    rating: Average | None
    late: tuple[Line, ...]
    admission: Admission | None

    @property
    def days(self) -> int:
        """Days from submission to the outcome, or until today."""
        ended = self.at if self.kind in {OutcomeKind.DONE, OutcomeKind.FAILED} else self.now
        return calendar.days_between(self.proposal.submitted_at or self.proposal.created_at, ended)

    @property
    def worst(self) -> Line:
        """The task that is late for the longest time."""
        return min(self.late, key=lambda line: line.commitment.due_at)


@dataclass(frozen=True)
class Running:
    """A matter under discussion: until when somebody can speak, what it waits for, its meeting."""

    proposal: Proposal
    speaks_until: datetime | None
    waits: Deadline | None
    meeting: Meeting | None


# Periods


def quarter_of(day: date) -> tuple[int, int]:
    """The year and quarter of a day."""
    return day.year, (day.month + 2) // 3


def period(year: int, quarter: int | None) -> tuple[datetime, datetime]:
    """The instants at which a quarter (or a whole year) begins and ends in Shanghai."""
    first, months = (3 * quarter - 2, 3) if quarter else (1, 12)
    after = date(year + (first + months > 12), (first + months - 1) % 12 + 1, 1)
    return deadlines.day_start(date(year, first, 1)), deadlines.day_start(after)


def cursor(at: datetime, proposal_id: int) -> str:
    """The place in a list after this card, as it stands in an address."""
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{proposal_id}"


def place_in_list(text: str) -> tuple[datetime, int] | None:
    """The (moment, id) that `cursor` wrote; None for anything else."""
    at, _, row_id = text.partition("-")
    if not (at.isascii() and at.isdigit() and row_id.isascii() and row_id.isdigit()):
        return None
    if len(at) > 17 or int(row_id) > 2**31 - 1:
        return None
    return EPOCH + timedelta(microseconds=int(at)), int(row_id)


# Questions


def totals(session: Session, community_id: int, now: datetime) -> Totals:
    """The numbers of the first sentence, in one statement."""
    start, end = period(*quarter_of(deadlines.local_date(now)))
    at, late = _at(now), _is_overdue(now)
    ended = at.is_not(None) & (at >= start) & (at < end)
    finished = Proposal.stage.in_(DONE | FAILED)
    numbers = [
        _discussed(start, end),
        Proposal.stage.in_(DONE) & ended,
        Proposal.stage.in_(FAILED) & ended,
        late,
        Proposal.stage.in_(RUNNING),
        or_(finished, late),
    ]
    found = select(*(func.count().filter(one) for one in numbers)).where(_public(community_id))
    row: tuple[int, ...] = tuple(session.execute(found).one())
    return Totals(*row)


def cards(session: Session, wanted: Filter, now: datetime) -> list[Card]:
    """The matters that a filter asks for, newest first, with one more than `limit`.

    A fixed number of statements, however many cards.
    """
    at = _at(now)
    found = select(Proposal, at).where(_public(wanted.community_id), _of_kind(wanted, now))
    if wanted.outcome_class:
        found = found.where(Proposal.outcome_class == wanted.outcome_class)
    if wanted.before:
        found = found.where(tuple_(at, Proposal.id) < wanted.before)
    ordered = found.order_by(at.desc(), Proposal.id.desc()).limit(wanted.limit + 1)
    rows = [(row, moment) for row, moment in session.execute(ordered)]
    return _filled(session, rows, now) if rows else []


def running(session: Session, community_id: int, limit: int = STRIP) -> list[Running]:
    """The matters under discussion, the last moved first, each with what can be done today."""
    found = select(Proposal).where(_public(community_id), Proposal.stage.in_(RUNNING))
    ordered = found.order_by(Proposal.moved_at.desc(), Proposal.id.desc()).limit(limit)
    rows = list(session.scalars(ordered))
    ids = [row.id for row in rows]
    open_ = select(Consultation.proposal_id, Consultation.closes_at).where(
        Consultation.proposal_id.in_(ids), Consultation.closed_at.is_(None)
    )
    windows = dict(session.execute(open_).all())
    clocks = select(Deadline).where(
        Deadline.subject_table == "proposal", Deadline.subject_id.in_(ids),
        Deadline.met_at.is_(None),
    )  # fmt: skip
    waits = {
        one.subject_id: one for one in session.scalars(clocks.order_by(Deadline.due_at.desc()))
    }
    invited = (
        select(AgendaItem.proposal_id, Meeting)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(
            AgendaItem.proposal_id.in_(ids), Meeting.stage.in_(LIVE),
            Meeting.notified_at.is_not(None),
        )
        .order_by(Meeting.starts_at.desc())
    )  # fmt: skip
    sessions = dict(session.execute(invited).all())
    return [
        Running(
            row, windows.get(row.id) if row.stage is Stage.CONSULTING else None,
            waits.get(row.id), sessions.get(row.id),
        )
        for row in rows
    ]  # fmt: skip


def next_meeting(ctx: Context, community_id: int) -> Meeting | None:
    """The next meeting whose notice has gone out."""
    found = meetings.coming(Context(ctx.session, None, ctx.now), community_id, limit=1)
    return found[0] if found else None


def participation(
    session: Session, proposals: Sequence[Proposal]
) -> dict[int, dict[Constituency, int]]:
    """How often each of the five took part in each matter, in three statements.

    People who spoke in the consultation, seats taken in meetings about it, and supporters.
    """
    ids = [row.id for row in proposals]
    taken = {key: dict(counts) for key, counts in summaries.participation(session, ids).items()}
    came = (
        select(AgendaItem.proposal_id, MeetingSeat.constituency, func.count())
        .join(MeetingSeat, MeetingSeat.meeting_id == AgendaItem.meeting_id)
        .join(CheckIn, CheckIn.seat_id == MeetingSeat.id)
        .where(AgendaItem.proposal_id.in_(ids))
        .group_by(AgendaItem.proposal_id, MeetingSeat.constituency)
    )
    supported = (
        select(Supporter.proposal_id, Supporter.capacity, func.count())
        .where(Supporter.proposal_id.in_(ids))
        .group_by(Supporter.proposal_id, Supporter.capacity)
    )
    for found in (came, supported):
        for proposal_id, capacity, n in session.execute(found):
            taken[proposal_id or 0][capacity] += n
    return taken


# Private helpers


def _public(community_id: int) -> ColumnElement[bool]:
    return (Proposal.community_id == community_id) & Proposal.stage.not_in(PRIVATE)


def _overdue_since(now: datetime) -> ScalarSelect[datetime]:
    """When a matter's longest overdue task ran over its date; NULL when none has."""
    found = select(func.min(Commitment.due_at)).where(
        Commitment.proposal_id == Proposal.id, commitments.overdue(now)
    )
    return found.scalar_subquery()


def _is_overdue(now: datetime) -> ColumnElement[bool]:
    at_work = Proposal.stage.in_((Stage.ADOPTED, Stage.IN_PROGRESS))
    found = select(Commitment.id).where(
        Commitment.proposal_id == Proposal.id, commitments.overdue(now)
    )
    return and_(at_work, found.exists())


def _at(now: datetime) -> ColumnElement[datetime]:
    """When a matter came to its outcome: completed, ended, or late."""
    return case(
        (Proposal.stage.in_(DONE), Proposal.completed_at),
        (_is_overdue(now), _overdue_since(now)),
        else_=Proposal.moved_at,
    )


def _discussed(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Open at some time between two instants, or turned down in between."""
    begun = func.coalesce(Proposal.admitted_at, Proposal.moved_at) < end
    ended = case(
        (Proposal.stage.in_(DONE), Proposal.completed_at),
        (Proposal.stage.in_(FAILED), Proposal.moved_at),
        else_=None,
    )
    return and_(begun, or_(ended.is_(None), ended >= start))


def _of_kind(wanted: Filter, now: datetime) -> ColumnElement[bool]:
    if wanted.kind is OutcomeKind.DISCUSSED:
        span = wanted.period or (EPOCH, now + timedelta(days=1))
        return _discussed(*span)
    late = _is_overdue(now)
    kinds = {
        None: or_(Proposal.stage.in_(DONE | FAILED), late),
        OutcomeKind.DONE: Proposal.stage.in_(DONE),
        OutcomeKind.FAILED: Proposal.stage.in_(FAILED),
        OutcomeKind.OVERDUE: late,
    }
    if wanted.period is None:
        return kinds[wanted.kind]
    start, end = wanted.period
    at = _at(now)
    return and_(kinds[wanted.kind], at >= start, at < end)


def _filled(
    session: Session, rows: Sequence[tuple[Proposal, datetime]], now: datetime
) -> list[Card]:
    """The cards of these matters, each question asked once for all of them."""
    matters = [row for row, _ in rows]
    ids = [row.id for row in matters]
    units = select(Unit).where(Unit.id.in_({row.unit_id for row in matters}))
    unit = {row.id: row for row in session.scalars(units)}
    shots = implementation.shots(session, matters)
    decided = _decisions(session, ids)
    took = participation(session, matters)
    averages = ratings.averages(session, matters)
    late = _late(session, ids, now)
    answers = select(Admission).where(Admission.proposal_id.in_(ids))
    admissions = {row.proposal_id: row for row in session.scalars(answers)}
    made = []
    for row, at in rows:
        item, result = decided.get(row.id, (None, None))
        before, after = shots.get(row.id, (None, None))
        made.append(
            Card(
                row, _kind(row, late), at, now, unit.get(row.unit_id or 0), before, after,
                item, result, {str(who): n for who, n in took[row.id].items()},
                averages.get(row.id), late.get(row.id, ()), admissions.get(row.id),
            )
        )  # fmt: skip
    return made


def _kind(row: Proposal, late: dict[int, tuple[Line, ...]]) -> OutcomeKind:
    if row.stage in DONE:
        return OutcomeKind.DONE
    if row.stage in FAILED:
        return OutcomeKind.FAILED
    return OutcomeKind.OVERDUE if row.id in late else OutcomeKind.DISCUSSED


def _late(session: Session, ids: Iterable[int], now: datetime) -> dict[int, tuple[Line, ...]]:
    found = select(Commitment).where(
        Commitment.proposal_id.in_(list(ids)), commitments.overdue(now)
    )
    late: dict[int, tuple[Line, ...]] = {}
    rows = list(session.scalars(found.order_by(Commitment.due_at)))
    for line in implementation.lines(session, rows, now):
        key = line.commitment.proposal_id
        late[key] = (*late.get(key, ()), line)
    return late


def _decisions(session: Session, ids: Sequence[int]) -> dict[int, tuple[AgendaItem, Result | None]]:
    """The last decision of a meeting about each matter, with its vote; one statement."""
    found = (
        select(AgendaItem, Vote)
        .outerjoin(
            Vote,
            (Vote.agenda_item_id == AgendaItem.id)
            & Vote.motion_id.is_(None)
            & Vote.stage.in_(SHOWN),
        )
        .where(
            AgendaItem.proposal_id.in_(ids),
            AgendaItem.stage.in_((ItemStage.CONSENSUS, ItemStage.VOTED)),
        )
        .order_by(AgendaItem.id)
    )
    return {
        item.proposal_id or 0: (item, vote.reckoning if vote else item.reckoning)
        for item, vote in session.execute(found)
    }
