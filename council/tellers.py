"""Tellers: two of those who count in this house, neither of whom led the item, each alone."""

from dataclasses import dataclass

from council import chairing, gate, handcounts
from council.gate import Context, Possible, act
from council.handcounts import HandCount, Standing, not_agreed_yet, not_counted_yet, tellers_count
from council.meetings import AgendaItem
from council.papersheets import Sheet
from council.policy import Can
from council.votes import Vote, vote_is_open

# Requirements


def did_not_lead(ctx: Context, vote: Vote) -> bool:
    """Whoever led the item does not count its votes; a teller with a seat votes like all others."""
    item = ctx.session.get(AgendaItem, vote.agenda_item_id) if vote.agenda_item_id else None
    me = ctx.actor.person_id if ctx.actor else None
    return item is None or me not in chairing.presided(ctx.session, item)


# Act


@act(
    "hand_count.enter",
    who=Can.COUNT,
    requires=(vote_is_open, tellers_count, did_not_lead, not_agreed_yet, not_counted_yet),
    alone=True,
)
def enter(ctx: Context, vote: Vote, *, sheet: Sheet, issued: int = 0) -> HandCount:
    """Enter what one has counted. Two who agree settle it; else both count once more."""
    return handcounts.add(ctx, vote, sheet, issued)


# Question


@dataclass(frozen=True)
class Desk:
    """A vote that is counted in the room: how far its tellers are, and whether this reader counts.

    `may` is None for whoever never counts.
    """

    vote: Vote
    now: Standing
    may: Possible | None


def desk(ctx: Context, vote: Vote | None) -> Desk | None:
    """The tellers' desk of an open vote; None where nobody counts hands or slips."""
    if vote is None or not vote.is_open or not tellers_count(ctx, vote):
        return None
    may = gate.possible(ctx, "hand_count.enter", vote)
    return Desk(vote, handcounts.standing(ctx.session, vote.id), may)
