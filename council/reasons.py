"""Reasons: those whose view did not prevail read in public why it was decided so."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, policy, votes
from council.db import Base, Governed
from council.deadlines import Limit
from council.decisions import Outcome
from council.errors import checking
from council.gate import Context, act
from council.meetings import AgendaItem
from council.people import Post
from council.policy import Can
from council.votes import Vote

WORDS = 1000
"""Longest explanation, in characters."""

LIMIT = Limit.parse("5wd")
"""As long as the minutes may take."""

# Table


class Reason(Governed, Base):
    """What the conveners say to those who voted the other way; once for each item."""

    __tablename__ = "decision_reason"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), unique=True)
    words: Mapped[str]
    post: Mapped[Post | None]
    given_at: Mapped[datetime]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Requirements


def somebody_lost(ctx: Context, item: AgendaItem) -> bool:
    """It was voted on, and some voted the other way."""
    vote = votes.of_items(ctx.session, [item.id]).get(item.id)
    return vote is not None and losers(vote) > 0


def reason_not_given(ctx: Context, item: AgendaItem) -> bool:
    """Nobody has explained the decision yet."""
    return not of_items(ctx.session, [item.id])


# Acts


@act("item.explain", who=Can.CONVENE, requires=(somebody_lost, reason_not_given), alone=True)
def explain(ctx: Context, item: AgendaItem, *, words: str) -> Reason:
    """Tell those whose view did not prevail why, what was taken up of it, and what they can do."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    held = policy.grant(ctx.session, ctx.actor, Can.CONVENE, item.community_id)
    made = Reason(
        community_id=item.community_id, proposal_id=item.proposal_id, item_id=item.id, words=words,
        post=held.post if held else None, given_at=ctx.now, given_by_id=ctx.person_id,
    )  # fmt: skip
    ctx.session.add(made)
    calendar.meet(ctx, item, "explain_decision")
    return made


@act("item.await_reason", who=Can.SYSTEM, requires=(somebody_lost, reason_not_given))
def await_reason(ctx: Context, item: AgendaItem) -> None:
    """Start the clock of the conveners, since some voted the other way."""
    calendar.start(ctx, item, "explain_decision", LIMIT, who=Can.CONVENE)


# Questions


def losers(vote: Vote) -> int:
    """How many voted the other way than it was decided; nobody, while nothing is decided."""
    found = vote.reckoning
    if found is None:
        return 0
    lost = {Outcome.ADOPTED: found.totals.against, Outcome.REJECTED: found.totals.favour}
    return lost.get(found.outcome, 0)


def of_items(session: Session, item_ids: list[int]) -> dict[int, Reason]:
    """The explanations of these items, by item, in one statement."""
    found = session.scalars(select(Reason).where(Reason.item_id.in_(item_ids)))
    return {row.item_id: row for row in found}


def of_matter(session: Session, proposal_id: int) -> dict[int, Reason]:
    """The explanations of a matter's decisions, by item, in one statement."""
    found = session.scalars(select(Reason).where(Reason.proposal_id == proposal_id))
    return {row.item_id: row for row in found}
