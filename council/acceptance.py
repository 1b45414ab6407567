"""Acceptance: somebody else holds finished work against its standard, and says what they saw."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import commitments, people, places, policy
from council.commitments import COMMITMENT, Commitment
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context
from council.people import Post
from council.policy import Can
from council.proposals import WORDS
from council.workflow import advance


class CheckVerdict(StrEnum):
    """What a check found."""

    PASSED = "passed"
    REWORK = "rework"


# Table


class Check(Governed, Base):
    """One look at the finished work, point by point against its standard."""

    __tablename__ = "acceptance_check"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), index=True)
    verdict: Mapped[CheckVerdict]
    words: Mapped[str]
    checker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[Post | None]
    number: Mapped[int]
    checked_at: Mapped[datetime]


# Acts: the two ends of a check, steps of the task's workflow


def accept(ctx: Context, commitment: Commitment, *, words: str) -> None:
    """The work meets its standard (act `commitment.pass`)."""
    _checked(ctx, commitment, "pass", CheckVerdict.PASSED, words)


def send_back(ctx: Context, commitment: Commitment, *, words: str) -> None:
    """Something is missing (act `commitment.send_back`); the clock runs on to the same due date."""
    _checked(ctx, commitment, "send_back", CheckVerdict.REWORK, words)


# Questions


def of(session: Session, commitment_id: int) -> list[Check]:
    """The checks of a task, oldest first."""
    found = select(Check).where(Check.commitment_id == commitment_id)
    return list(session.scalars(found.order_by(Check.id)))


def office(ctx: Context, commitment: Commitment, can: Can) -> tuple[Post | None, int]:
    """The office in which the actor does this, and its number: delegate 07."""
    held = policy.grant(ctx.session, ctx.actor, can, commitment.community_id)
    path = places.path(ctx.session, commitment.community_id)
    for one in ctx.voice.offices:
        if held and one.post is held.post and path.startswith(one.path):
            return one.post, one.number
    return None, 0


def byline(row: Check) -> people.Byline:
    """How the checker appears in public: by office."""
    return people.Byline(None, row.number, post=row.post)


# Private helpers


def _checked(
    ctx: Context, commitment: Commitment, name: str, verdict: CheckVerdict, words: str
) -> None:
    with checking() as check:
        check.text(words, "seen", limit=WORDS)

    def note() -> None:
        post, number = office(ctx, commitment, Can.INSPECT)
        found = Check(
            **commitments.about(commitment), verdict=verdict, words=words,
            checker_id=ctx.person_id, post=post, number=number, checked_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(found)

    advance(ctx, COMMITMENT, commitment, name, note)
