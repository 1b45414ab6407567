"""Commitments: who does what by when after a decision, checked by somebody else, late in public."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, charter, deadlines, files, people, proposals, translations
from council.db import Base, Governed
from council.deadlines import Limit
from council.errors import NotFound, checking
from council.files import Picture, Role
from council.gate import Context, act
from council.people import Channel
from council.places import Unit
from council.policy import Can
from council.proposals import WORDS, Proposal, Stage
from council.workflow import Transition, Workflow, advance

TITLE, POST = 60, 30
"""Longest name of a task, longest name of a post, in characters."""

FURTHEST = timedelta(days=5 * 366)
REASSIGN = EXPLAIN = Limit(1, deadlines.Unit.WORKING_DAY)
"""How long the convener has for a task that came back, and the secretary for one that is late."""


class CommitmentStage(StrEnum):
    """Where a task stands; overdue and due soon are told by the clock, whatever the stage."""

    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    REWORK = "rework"
    PASSED = "passed"


S = CommitmentStage


# Tables


class Commitment(Governed, Base):
    """One task of a decision: a unit, a named person, a date and a standard.

    The person is always recorded; in public stand the unit and the post, and the name only where
    `named` says that the person agreed. `submitted_at` stops the clock.
    """

    __tablename__ = "commitment"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    position: Mapped[int]
    stage: Mapped[CommitmentStage] = mapped_column(default=CommitmentStage.ASSIGNED, index=True)
    title: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    named: Mapped[bool] = mapped_column(default=False)
    post: Mapped[str]
    standard: Mapped[str]
    due_day: Mapped[date] = mapped_column(index=True)
    due_at: Mapped[datetime]
    assigned_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    decline_reason: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[datetime | None]
    sent_back_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    flagged_at: Mapped[datetime | None]


class Progress(Governed, Base):
    """A report of the work, in words or photographs."""

    __tablename__ = "progress"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), index=True)
    words: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reported_at: Mapped[datetime]


# Requirements


def work_may_be_assigned(ctx: Context, proposal: Proposal) -> bool:
    """The matter has been adopted and its work has not come to an end."""
    return proposal.stage in {Stage.ADOPTED, Stage.IN_PROGRESS}


def has_tasks(ctx: Context, proposal: Proposal) -> bool:
    """At least one task has a unit, a named person, a date and a standard."""
    return bool(of(ctx.session, proposal.id))


def all_passed(ctx: Context, proposal: Proposal) -> bool:
    """Every task has been accepted."""
    stages = {row.stage for row in of(ctx.session, proposal.id)}
    return stages == {CommitmentStage.PASSED}


def is_handler(ctx: Context, commitment: Commitment) -> bool:
    """Only the person who was named for the task does this, or a worker for that person."""
    return ctx.voice.person_id == commitment.person_id


def signs_for_it(ctx: Context, commitment: Commitment) -> bool:
    """Only the named person or somebody who signs for the responsible unit does this."""
    return is_handler(ctx, commitment) or commitment.unit_id in ctx.voice.unit_ids()


def work_is_shown(ctx: Context, commitment: Commitment) -> bool:
    """What was done has been shown in words or photographs since the last check."""
    since = commitment.sent_back_at or commitment.assigned_at
    found = select(Progress.id).where(
        Progress.commitment_id == commitment.id, Progress.reported_at >= since
    )
    return ctx.session.scalars(found.limit(1)).first() is not None


def checker_is_another(ctx: Context, commitment: Commitment) -> bool:
    """Somebody else checks: nobody of the unit, and nobody who wrote or entered a report."""
    me = ctx.voice.person_id
    mine = select(Progress.id).where(
        Progress.commitment_id == commitment.id,
        (Progress.person_id == me) | (Progress.entered_by_id == me),
    )
    reported = ctx.session.scalars(mine.limit(1)).first() is not None
    return not (signs_for_it(ctx, commitment) or reported)


def is_late(ctx: Context, commitment: Commitment) -> bool:
    """The task is overdue, or was handed over late."""
    return (commitment.submitted_at or ctx.now) >= commitment.due_at


def not_yet_flagged(ctx: Context, commitment: Commitment) -> bool:
    """The task has not been flagged as overdue yet."""
    return commitment.flagged_at is None


# Workflow: what a step does besides moving the task


def _acknowledged(ctx: Context, commitment: Commitment) -> None:
    commitment.acknowledged_at = ctx.now
    calendar.meet(ctx, commitment, "acknowledge")


def _declined(ctx: Context, commitment: Commitment) -> None:
    calendar.meet(ctx, commitment)
    calendar.start(ctx, commitment, "reassign", REASSIGN, who=Can.CONVENE)


def _reassigned(ctx: Context, commitment: Commitment) -> None:
    commitment.assigned_at, commitment.acknowledged_at = ctx.now, None
    commitment.named, commitment.decline_reason = False, ""
    calendar.meet(ctx, commitment, "reassign")
    _start_clocks(ctx, commitment)


def _submitted(ctx: Context, commitment: Commitment) -> None:
    commitment.submitted_at = ctx.now
    calendar.meet(ctx, commitment, "commitment")
    limit = charter.limit(rules(ctx.session, commitment), "acceptance")
    calendar.start(ctx, commitment, "acceptance", limit, who=Can.INSPECT)


def _passed(ctx: Context, commitment: Commitment) -> None:
    commitment.passed_at = ctx.now
    calendar.meet(ctx, commitment)  # nothing waits any more, not even an explanation


def _sent_back(ctx: Context, commitment: Commitment) -> None:
    commitment.submitted_at, commitment.sent_back_at = None, ctx.now
    calendar.meet(ctx, commitment, "acceptance")
    _start_due(ctx, commitment)


T = Transition
COMMITMENT = Workflow("commitment", S.ASSIGNED, (
    # 事后能否干成: will it be done?
    T("acknowledge", S.ASSIGNED, S.ACKNOWLEDGED, Can.HANDLE, (is_handler,),
      _acknowledged, behalf=True),
    T("decline", S.ASSIGNED, S.DECLINED, Can.HANDLE, (signs_for_it,), _declined, behalf=True),
    T("reassign", S.DECLINED, S.ASSIGNED, Can.CONVENE, (), _reassigned),
    T("progress", S.ACKNOWLEDGED, S.IN_PROGRESS, Can.HANDLE, (signs_for_it,), behalf=True),
    T("progress", S.IN_PROGRESS, S.IN_PROGRESS, Can.HANDLE, (signs_for_it,), behalf=True),
    T("progress", S.REWORK, S.IN_PROGRESS, Can.HANDLE, (signs_for_it,), behalf=True),
    T("submit", S.IN_PROGRESS, S.SUBMITTED, Can.HANDLE, (signs_for_it, work_is_shown),
      _submitted, behalf=True),
    T("pass", S.SUBMITTED, S.PASSED, Can.INSPECT, (checker_is_another,), _passed),
    T("send_back", S.SUBMITTED, S.REWORK, Can.INSPECT, (checker_is_another,), _sent_back),
))  # fmt: skip

# Acts


@dataclass(frozen=True)
class Task:
    """What the convener hands out: the work, who is responsible, until when, to what standard."""

    title: str
    unit_id: int
    person_id: int
    post: str
    standard: str
    due_day: date

    def put_into(self, ctx: Context, commitment: Commitment) -> None:
        """Check every answer (one Invalid names all that is wrong) and write them down."""
        today = deadlines.local_date(ctx.now)
        with checking() as check:
            check.text(self.title, "title", limit=TITLE)
            check.text(self.post, "post", limit=POST)
            check.text(self.standard, "standard", limit=WORDS)
            signs = self.unit_id in people.actor(ctx.session, self.person_id, ctx.now).unit_ids()
            unit = ctx.session.get(Unit, self.unit_id)
            here = unit is not None and unit.community_id == commitment.community_id
            check(signs and here, "not_of_this_unit", "holder")
            check(today < self.due_day, "in_the_past", "due_day")
            check(self.due_day < today + FURTHEST, "too_far", "due_day")
        for name, value in vars(self).items():
            setattr(commitment, name, value)
        translations.forget(ctx.session, commitment)
        commitment.due_at = deadlines.day_end(self.due_day)


@act("commitment.assign", who=Can.CONVENE, requires=(work_may_be_assigned,))
def assign(ctx: Context, proposal: Proposal, *, task: Task) -> Commitment:
    """Give a task of a decision to a unit and a named person, with a date and a standard."""
    made = Commitment(
        community_id=proposal.community_id, proposal_id=proposal.id,
        position=len(of(ctx.session, proposal.id)) + 1, assigned_at=ctx.now,
    )  # fmt: skip
    task.put_into(ctx, made)
    ctx.session.add(made)
    ctx.session.flush()
    _start_clocks(ctx, made)
    return made


@act("commitment.show_name", who=Can.HANDLE, requires=(is_handler,), behalf=True)
def show_name(ctx: Context, commitment: Commitment, *, shown: bool) -> None:
    """The named person lets their name stand beside the task in public, or takes that back."""
    commitment.named = shown


@act("commitment.flag_overdue", who=Can.SYSTEM, requires=(is_late, not_yet_flagged))
def flag_overdue(ctx: Context, commitment: Commitment) -> None:
    """Flag a task that has run over its date, once; the secretary has to explain it in public."""
    commitment.flagged_at = ctx.now
    calendar.start(ctx, commitment, "explain_overdue", EXPLAIN, who=Can.SUPERVISE)


def acknowledge(ctx: Context, commitment: Commitment) -> None:
    """The named person takes the task on."""
    advance(ctx, COMMITMENT, commitment, "acknowledge")


def decline(ctx: Context, commitment: Commitment, *, reason: str) -> None:
    """The unit gives the task back to the convener, with its reason."""
    with checking() as check:
        check.text(reason, "reason", limit=WORDS)

    def note() -> None:
        commitment.decline_reason = reason

    advance(ctx, COMMITMENT, commitment, "decline", note)


def reassign(ctx: Context, commitment: Commitment, *, task: Task) -> None:
    """The convener gives a returned task to another unit or person."""
    advance(ctx, COMMITMENT, commitment, "reassign", lambda: task.put_into(ctx, commitment))


def progress(
    ctx: Context,
    commitment: Commitment,
    *,
    words: str = "",
    pictures: Iterable[Picture] = (),
    role: Role = Role.PROGRESS,
    alt: str = "",
) -> None:
    """Report what has been done, in words, photographs or both; keep the pictures first."""
    shown = list(pictures)
    with checking() as check:
        check.text(words, "words", limit=WORDS, required=not shown)
        check.text(alt, "alt", limit=files.ALT, required=False)
        check(role in {Role.BEFORE, Role.PROGRESS, Role.AFTER}, "not_a_choice", "role")

    def note() -> None:
        made = Progress(
            **about(commitment), words=words, person_id=ctx.person_id, channel=ctx.channel,
            entered_by_id=ctx.entered_by_id, reported_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(made)
        for picture in shown:
            files.attach(ctx, made, picture, role=role, alt=alt, public=True)

    advance(ctx, COMMITMENT, commitment, "progress", note)


def submit(ctx: Context, commitment: Commitment) -> None:
    """Hand the finished work over for its check; the clock stops."""
    advance(ctx, COMMITMENT, commitment, "submit")


# Questions


def get(ctx: Context, commitment_id: int) -> Commitment:
    """One task. Raises NotFound when there is none, or its matter is hidden from this reader."""
    found = (
        select(Commitment)
        .join(Proposal, Proposal.id == Commitment.proposal_id)
        .where(Commitment.id == commitment_id, proposals.visible_to(ctx))
    )
    row = ctx.session.scalars(found).first()
    if row is None:
        raise NotFound("not_found")
    return row


def of(session: Session, proposal_id: int) -> list[Commitment]:
    """The tasks of a matter in their order."""
    found = select(Commitment).where(Commitment.proposal_id == proposal_id)
    return list(session.scalars(found.order_by(Commitment.position)))


def about(commitment: Commitment) -> dict[str, int]:
    """What every row about a task carries."""
    return {
        "community_id": commitment.community_id,
        "proposal_id": commitment.proposal_id,
        "commitment_id": commitment.id,
    }


def rules(session: Session, commitment: Commitment) -> dict[str, Any]:
    """The values of the charter that hold for a task: those its matter copied."""
    proposal = session.get(Proposal, commitment.proposal_id)
    return charter.rules(session, commitment.community_id) | (proposal.rules if proposal else {})


def overdue(now: datetime) -> ColumnElement[bool]:
    """The tasks whose date has passed and which have not been handed over."""
    return (Commitment.due_at <= now) & Commitment.submitted_at.is_(None)


def newly_overdue(ctx: Context) -> list[int]:
    """The tasks that ran over their date and were not flagged yet, for the clockwork (jobs)."""
    found = select(Commitment.id).where(overdue(ctx.now), Commitment.flagged_at.is_(None))
    return list(ctx.session.scalars(found.order_by(Commitment.due_at)))


# Private helpers


def _start_clocks(ctx: Context, commitment: Commitment) -> None:
    limit = charter.limit(rules(ctx.session, commitment), "acknowledge")
    calendar.start(ctx, commitment, "acknowledge", limit, person_id=commitment.person_id)
    _start_due(ctx, commitment)


def _start_due(ctx: Context, commitment: Commitment) -> None:
    calendar.start_until(
        ctx, commitment, "commitment", commitment.due_at, commitment.due_day.isoformat(),
        person_id=commitment.person_id, unit_id=commitment.unit_id,
    )  # fmt: skip
