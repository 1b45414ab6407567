"""Ties: as many on either side, and the rule that was fixed says how it ends: chair or public lot.

A tie never passes by itself. The chair's casting vote has a public reason; a lot is drawn from
words that at least two people commit to before any of them is revealed (`lots`). Revealed words are
shown to nobody before the last ones are there: so whoever withholds theirs cannot know what for.
Whoever has not revealed in time is named and left out, and the lot is drawn anew, with fresh words.
"""

import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, counting, lots, rollcalls
from council.db import PLAIN, Base, Governed
from council.deadlines import Limit
from council.decisions import Outcome
from council.errors import Invalid, Problem, checking
from council.gate import Context, act
from council.lots import Broken
from council.policy import Can
from council.thresholds import Tie
from council.votes import Method, Vote, VoteMode

REASON, WORDS = 300, 60
"""Longest reason of a casting vote, longest secret words, in characters."""

LEAST = 2
"""People who draw a lot: nobody steers it alone."""

TO_REVEAL = Limit.parse("3wd")
"""How long people have for revealing their words, from the last commitment on."""

REVEAL = "reveal_words"
"""The clock of each person who has committed to words."""

# Tables


class CastingVote(Governed, Base):
    """The chair's casting vote on a motion, with its reason; one for each vote."""

    __tablename__ = "casting_vote"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    favour: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]


class LotShare(Governed, Base):
    """One person's part in a public lot: the digest at once, the words when all have committed.

    The random digits stand here from the start, so that only the words have to be remembered.
    `left_out_at`: the words were not revealed in time; whose they are takes no further part.
    """

    __tablename__ = "lot_share"
    __table_args__ = (UniqueConstraint("vote_id", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    digest: Mapped[str] = mapped_column(info=PLAIN)
    nonce: Mapped[str]
    seed: Mapped[str] = mapped_column(default="")
    committed_at: Mapped[datetime]
    revealed_at: Mapped[datetime | None]
    left_out_at: Mapped[datetime | None]


# Requirements


def tie_awaits_chair(ctx: Context, vote: Vote) -> bool:
    """As many are for as against, and the rule leaves it to the chair's casting vote."""
    return vote.outcome is Outcome.TIED and vote.rule["tie"] == Tie.CHAIR


def tie_awaits_lot(ctx: Context, vote: Vote) -> bool:
    """Votes are equal where it matters, and the rule leaves it to the public lot."""
    return vote.outcome is Outcome.TIED and vote.rule["tie"] == Tie.LOT


def nothing_revealed(ctx: Context, vote: Vote) -> bool:
    """Nobody has revealed their words; after the first nobody joins the lot any more."""
    return not any(one.revealed_at for one in shares(ctx.session, vote.id))


def not_yet_committed(ctx: Context, vote: Vote) -> bool:
    """Each person has one part in a lot."""
    return _mine(ctx, vote) is None


def not_left_out(ctx: Context, vote: Vote) -> bool:
    """Whoever has once left words unrevealed takes no further part in the lot of this vote."""
    me = ctx.actor.person_id if ctx.actor else None
    return all(one.person_id != me for one in left_out(ctx.session, vote.id))


def time_to_reveal_over(ctx: Context, vote: Vote) -> bool:
    """The days for revealing have passed, and somebody has not revealed."""
    return any(one.due_at <= ctx.now for one in calendar.running(ctx.session, vote, REVEAL))


def has_committed(ctx: Context, vote: Vote) -> bool:
    """You have committed to words and not revealed them yet."""
    mine = _mine(ctx, vote)
    return mine is not None and mine.revealed_at is None


def enough_committed(ctx: Context, vote: Vote) -> bool:
    """At least two people have committed to their words."""
    return len(shares(ctx.session, vote.id)) >= LEAST


def tie_broken(ctx: Context, vote: Vote) -> bool:
    """A tie has been broken as the rule says, by the chair or by the public lot."""
    return vote.outcome is not Outcome.TIED


# Acts


@act("tie.cast", who=Can.CHAIR, requires=(tie_awaits_chair,), alone=True)
def cast(ctx: Context, vote: Vote, *, favour: bool, reason: str) -> Vote:
    """Give the chair's casting vote, once, with a public reason; the result follows from it."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
    ctx.session.add(
        CastingVote(
            community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
            person_id=ctx.person_id, favour=favour, reason=reason, at=ctx.now,
        )
    )  # fmt: skip
    return _settle(ctx, vote, Broken(favour))


@act(
    "tie.commit",
    who=Can.COUNT,
    requires=(tie_awaits_lot, nothing_revealed, not_yet_committed, not_left_out),
    alone=True,
)
def commit(ctx: Context, vote: Vote, *, seed: str) -> LotShare:
    """Commit to secret words for the public lot; only their digest is kept and published."""
    with checking() as check:
        check.text(seed, "seed", limit=WORDS)
    nonce = secrets.token_hex(16)
    made = LotShare(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        person_id=ctx.person_id, digest=lots.commit(seed, nonce), nonce=nonce, committed_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    calendar.meet(ctx, vote, REVEAL)
    everybody = shares(ctx.session, vote.id)
    for one in everybody if len(everybody) >= LEAST else ():
        calendar.start(ctx, vote, REVEAL, TO_REVEAL, person_id=one.person_id)
    return made


@act(
    "tie.reveal",
    who=Can.COUNT,
    requires=(tie_awaits_lot, enough_committed, has_committed),
    alone=True,
)
def reveal(ctx: Context, vote: Vote, *, seed: str) -> Vote:
    """Reveal one's words; with the last ones the lot is drawn and the result follows from it.

    The words of each are shown to everybody then, and to nobody before.
    """
    mine = _mine(ctx, vote)
    assert mine is not None  # noqa: S101  (the requirement has looked)
    if not lots.verify(mine.digest, seed, mine.nonce):
        raise Invalid(Problem("seed_wrong", "seed"))
    mine.seed, mine.revealed_at = " ".join(seed.split()), ctx.now
    for clock in calendar.running(ctx.session, vote, REVEAL):
        if clock.person_id == mine.person_id:
            clock.met_at = ctx.now
    ctx.session.flush()
    rows = shares(ctx.session, vote.id)
    if not all(one.revealed_at for one in rows):
        return vote
    digests = [one.digest for one in rows]
    drawn = lots.draw(options(vote), digests, [(one.seed, one.nonce) for one in rows])
    return _settle(ctx, vote, Broken(None, drawn))


@act("tie.renew", who=Can.SYSTEM, requires=(tie_awaits_lot, time_to_reveal_over), alone=True)
def renew(ctx: Context, vote: Vote) -> Vote:
    """Begin the lot anew without those who have not revealed in time; they are named."""
    for one in shares(ctx.session, vote.id):
        if one.revealed_at is None:
            one.left_out_at = ctx.now
        else:
            ctx.session.delete(one)
    calendar.meet(ctx, vote, REVEAL)
    return vote


def _settle(ctx: Context, vote: Vote, broken: Broken) -> Vote:
    """Reckon the result once more, with the tie as it was broken."""
    vote.result = {**(vote.result or {}), "tie": broken.to_json()}
    if vote.in_meeting and vote.mode is VoteMode.ROLL_CALL:
        rollcalls.reckon(ctx, vote)
    else:
        counting.count(ctx, vote)
    return vote


# Questions


def shares(session: Session, vote_id: int) -> list[LotShare]:
    """Everybody's part in the lot of a vote, in the order in which they committed."""
    return list(session.scalars(_shares(vote_id).where(LotShare.left_out_at.is_(None))))


def left_out(session: Session, vote_id: int) -> list[LotShare]:
    """The parts of those who have not revealed their words in time, for which it began anew."""
    return list(session.scalars(_shares(vote_id).where(LotShare.left_out_at.is_not(None))))


def until(session: Session, vote: Vote) -> datetime | None:
    """By when those who have committed have to reveal, while they have to."""
    return min((one.due_at for one in calendar.running(session, vote, REVEAL)), default=None)


def lapsing(ctx: Context) -> list[int]:
    """Votes whose lot has to begin anew, for the clockwork."""
    late = calendar.overdue(ctx.session, ctx.now, [REVEAL])
    return sorted({one.subject_id for one in late})


def lapse(ctx: Context, vote_id: int) -> None:
    """Begin the lot of this vote anew."""
    renew(ctx, ctx.session.get_one(Vote, vote_id))


def casting(session: Session, vote_id: int) -> CastingVote | None:
    """The chair's casting vote, if there was one."""
    return session.scalars(select(CastingVote).where(CastingVote.vote_id == vote_id)).first()


def options(vote: Vote) -> tuple[str, ...]:
    """Between what the lot is drawn: for and against a motion, else all the options."""
    if vote.method is Method.MOTION:
        return lots.MOTION
    return tuple(str(one["id"]) for one in vote.options)


def equals(vote: Vote) -> tuple[str, ...]:
    """Between whom it is open while a vote is tied, or was before the tie was broken."""
    border = ((vote.result or {}).get("count") or {}).get("border")
    return tuple(border["tied"]) if border else lots.MOTION


def _shares(vote_id: int) -> Select[LotShare]:
    return select(LotShare).where(LotShare.vote_id == vote_id).order_by(LotShare.id)


def _mine(ctx: Context, vote: Vote) -> LotShare | None:
    me = ctx.actor.person_id if ctx.actor else None
    return next((one for one in shares(ctx.session, vote.id) if one.person_id == me), None)
