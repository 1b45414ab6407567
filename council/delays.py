"""Delays: a later date that is asked for once and granted in public, or explained in public."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, charter, commitments, deadlines, policy
from council.commitments import Commitment, CommitmentStage
from council.db import Base, Governed
from council.deadlines import Limit
from council.errors import NotReady, checking
from council.gate import Context, act
from council.people import Post
from council.policy import Can
from council.proposals import WORDS

ANSWER = Limit(1, deadlines.Unit.WORKING_DAY)
"""How long the convener has to answer when a later date is asked for."""

UNDER_WAY = frozenset(
    {CommitmentStage.ACKNOWLEDGED, CommitmentStage.IN_PROGRESS, CommitmentStage.REWORK}
)

# Tables


class Extension(Governed, Base):
    """A later date that the handler asked for, and the convener's answer. One for each task."""

    __tablename__ = "extension"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), unique=True)
    reason: Mapped[str]
    old_day: Mapped[date]
    new_day: Mapped[date]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    granted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class Explanation(Governed, Base):
    """The secretary's explanation that stands beside an overdue task."""

    __tablename__ = "explanation"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), index=True)
    words: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[Post | None]
    explained_at: Mapped[datetime]


# Requirements


def is_under_way(ctx: Context, commitment: Commitment) -> bool:
    """The task has been acknowledged and not handed over yet."""
    return commitment.stage in UNDER_WAY


def is_before_due(ctx: Context, commitment: Commitment) -> bool:
    """The due date has not passed yet."""
    return ctx.now < commitment.due_at


def no_extension_asked(ctx: Context, commitment: Commitment) -> bool:
    """A task is extended once at most, and this one has not been yet."""
    return extension_of(ctx.session, commitment) is None


def extension_waits(ctx: Context, commitment: Commitment) -> bool:
    """An extension has been asked for and waits for its answer."""
    asked = extension_of(ctx.session, commitment)
    return asked is not None and asked.granted is None


# Acts


@act(
    "commitment.ask_extension",
    who=Can.HANDLE,
    requires=(commitments.signs_for_it, is_under_way, is_before_due, no_extension_asked),
    behalf=True,
)
def ask_extension(ctx: Context, commitment: Commitment, *, reason: str, new_day: date) -> Extension:
    """Ask, before the due date and once, for a later one within the charter's working days."""
    with checking() as check:
        check.text(reason, "reason", limit=WORDS)
        check(new_day > commitment.due_day, "not_later", "new_day")
        last = latest(ctx, commitment)
        check(new_day <= last, "after_last_day", "new_day", last=last.isoformat())
    made = Extension(
        **commitments.about(commitment), reason=reason, old_day=commitment.due_day,
        new_day=new_day, asked_by_id=ctx.person_id, asked_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    calendar.start(ctx, commitment, "extension", ANSWER, who=Can.CONVENE)
    return made


@act("commitment.grant_extension", who=Can.CONVENE, requires=(is_under_way, extension_waits))
def grant_extension(ctx: Context, commitment: Commitment, *, answer: str = "") -> Extension:
    """Grant the later date; the old one stays on the page beside it."""
    asked = _answered(ctx, commitment, answer, granted=True)
    commitment.due_day = asked.new_day
    commitment.due_at = deadlines.day_end(asked.new_day)
    for clock in calendar.running(ctx.session, commitment, "commitment"):
        clock.due_at, clock.due_day = commitment.due_at, commitment.due_day
        clock.amount = commitment.due_day.isoformat()
    return asked


@act("commitment.refuse_extension", who=Can.CONVENE, requires=(extension_waits,))
def refuse_extension(ctx: Context, commitment: Commitment, *, answer: str) -> Extension:
    """Refuse the later date, with the reason; the due date stays."""
    with checking() as check:
        check.text(answer, "answer", limit=WORDS)
    return _answered(ctx, commitment, answer, granted=False)


@act("commitment.explain", who=Can.SUPERVISE, requires=(commitments.is_late,))
def explain(ctx: Context, commitment: Commitment, *, words: str) -> Explanation:
    """Explain in public why a task is late and what happens next."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    held = policy.grant(ctx.session, ctx.actor, Can.SUPERVISE, commitment.community_id)
    made = Explanation(
        **commitments.about(commitment), words=words, person_id=ctx.person_id,
        post=held.post if held else None, explained_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    calendar.meet(ctx, commitment, "explain_overdue")
    return made


# Questions


def extension_of(session: Session, commitment: Commitment) -> Extension | None:
    """The extension of a task, asked, granted or refused."""
    found = select(Extension).where(Extension.commitment_id == commitment.id)
    return session.scalars(found).first()


def latest(ctx: Context, commitment: Commitment) -> date:
    """The last day that may be asked for: the charter's working days after the due day."""
    most = charter.count(commitments.rules(ctx.session, commitment), "extension_most")
    limit = Limit(most, deadlines.Unit.WORKING_DAY)
    start = deadlines.day_start(commitment.due_day)
    return deadlines.last_day(deadlines.due(start, limit, calendar.working(ctx.session)))


# Private helpers


def _answered(ctx: Context, commitment: Commitment, answer: str, *, granted: bool) -> Extension:
    asked = extension_of(ctx.session, commitment)
    if asked is None:
        raise NotReady("not_ready", [extension_waits.__name__])
    asked.granted, asked.answer = granted, answer
    asked.answered_by_id, asked.answered_at = ctx.person_id, ctx.now
    calendar.meet(ctx, commitment, "extension")
    return asked
