"""Paper ballots: numbered slips, printed, handed out against a mark, exchanged when spoiled.

Whose hands a slip is in is written nowhere: only that somebody on the roll votes on paper.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import ballots, preparations, proxies, rolls
from council.ballots import Mark, MarkChannel
from council.db import Base, Governed
from council.errors import NotFound, NotReady, checking
from council.gate import Context, act, after
from council.policy import Can
from council.rollcalls import Ballot
from council.rolls import Wanted
from council.votes import Vote, VoteMode, Voter, VoteStage, before_the_close, vote_is_open

MOST = 400
"""Slips of one run: two hundred sheets."""

FOUND = 20
"""Entries of the roll that the counter is shown at once."""

# Tables


class PaperRun(Governed, Base):
    """Slips that were printed together: the numbers from `first`, `size` of them."""

    __tablename__ = "paper_run"
    __table_args__ = (UniqueConstraint("vote_id", "first"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    first: Mapped[int]
    size: Mapped[int]
    printed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    printed_at: Mapped[datetime]

    @property
    def last(self) -> int:
        """The number of the last slip."""
        return self.first + self.size - 1


class SpoiledSlip(Governed, Base):
    """A slip that somebody brought back spoiled and exchanged for another; it counts no more."""

    __tablename__ = "spoiled_slip"
    __table_args__ = (UniqueConstraint("vote_id", "number"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    number: Mapped[int]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime]


# Requirements


def votes_on_paper(ctx: Context, vote: Vote) -> bool:
    """The notice of the vote offers paper."""
    return not vote.in_meeting and preparations.of(ctx.session, vote.id).paper


def text_is_final(ctx: Context, vote: Vote) -> bool:
    """The notice has gone out, so that the wording is final, and the vote is not closed."""
    return vote.stage in {VoteStage.ANNOUNCED, VoteStage.OPEN}


def slips_are_left(ctx: Context, vote: Vote) -> bool:
    """The counter still has slips."""
    return stock(ctx.session, vote.id).left > 0


# Acts


@act("paper_run.print", who=Can.SCREEN, requires=(votes_on_paper, text_is_final), alone=True)
def print_run(ctx: Context, vote: Vote, *, size: int) -> PaperRun:
    """Number the next slips of a vote, to be printed and counted into the counter's drawer."""
    with checking() as check:
        check(1 <= size <= MOST, "out_of_range", "size", low=1, high=MOST)
    made = PaperRun(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        first=stock(ctx.session, vote.id).issued + 1, size=size, printed_by_id=ctx.person_id,
        printed_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act(
    "paper_slip.hand",
    who=Can.SCREEN,
    requires=(votes_on_paper, vote_is_open, before_the_close, slips_are_left),
    alone=True,
)
def hand(ctx: Context, vote: Vote, *, number: int) -> Vote:
    """Hand a slip to somebody on the roll, who votes by no other way any more.

    The mark knows neither the slip nor the hour. Raises NotReady `served_already`.
    """
    session = ctx.session
    with checking() as check:
        voter = _voter(session, vote, number)
        check(voter is not None, "not_on_roll", "number")
    assert voter is not None  # noqa: S101  (checking has raised)
    by_phone = select(Ballot.id).where(Ballot.voter_id == voter.id).limit(1)
    voted = session.scalar(by_phone) is not None
    if voted or not ballots.mark(session, voter.id, MarkChannel.PAPER):
        raise NotReady("served_already")
    return vote


@after("ballot.cast")
def not_on_paper_too(ctx: Context, ballot: Ballot) -> None:
    """Whoever took a slip does not vote by telephone as well."""
    mark = ctx.session.get(Mark, ballot.voter_id, populate_existing=True)
    if mark is not None and mark.done:
        raise NotReady("paper_taken")


@act(
    "paper_slip.exchange",
    who=Can.SCREEN,
    requires=(votes_on_paper, vote_is_open, before_the_close, slips_are_left),
    alone=True,
)
def exchange(ctx: Context, vote: Vote, *, number: int) -> SpoiledSlip:
    """Take a spoiled slip back and hand out another; the roll stays as it is marked."""
    session = ctx.session
    there = stock(session, vote.id)
    with checking() as check:
        if check(1 <= number <= there.issued, "no_such_paper", "slip", last=there.issued):
            check(number not in spoiled(session, vote.id), "slip_spoiled_twice", "slip")
            check(there.handed, "no_slip_handed", "slip")
    made = SpoiledSlip(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        number=number, taken_by_id=ctx.person_id, taken_at=ctx.now,
    )  # fmt: skip
    session.add(made)
    return made


def _voter(session: Session, vote: Vote, number: int) -> Voter | None:
    try:
        found = rolls.entry(session, vote.id, number)
    except NotFound:
        return None
    return None if found.struck else found


# Questions


@dataclass(frozen=True)
class Stock:
    """What became of the slips so far, as the counter knows it."""

    issued: int
    handed: int
    spoiled: int

    @property
    def left(self) -> int:
        """Slips that should still lie in the drawer."""
        return self.issued - self.handed - self.spoiled


def stock(session: Session, vote_id: int) -> Stock:
    """How many slips were printed, handed out and exchanged, in one statement."""
    issued = select(func.coalesce(func.sum(PaperRun.size), 0)).where(PaperRun.vote_id == vote_id)
    handed = select(func.count()).where(
        Mark.vote_id == vote_id, Mark.done, Mark.channel == MarkChannel.PAPER
    )
    back = select(func.count()).where(SpoiledSlip.vote_id == vote_id)
    found = select(issued.scalar_subquery(), handed.scalar_subquery(), back.scalar_subquery())
    return Stock(*map(int, session.execute(found).one()))


def runs(session: Session, vote_id: int) -> list[PaperRun]:
    """The print runs of a vote in order."""
    found = select(PaperRun).where(PaperRun.vote_id == vote_id).order_by(PaperRun.first)
    return list(session.scalars(found))


def run(session: Session, vote: Vote, run_id: int) -> PaperRun:
    """One print run. Raises NotFound."""
    found = session.get(PaperRun, run_id)
    if found is None or found.vote_id != vote.id:
        raise NotFound("not_found")
    return found


def spoiled(session: Session, vote_id: int) -> list[int]:
    """The numbers of the slips that were exchanged."""
    found = select(SpoiledSlip.number).where(SpoiledSlip.vote_id == vote_id)
    return list(session.scalars(found.order_by(SpoiledSlip.number)))


@dataclass(frozen=True)
class Wish:
    """Somebody on the roll who stands at the counter, and whether they may take a slip."""

    voter: Voter
    done: bool
    holder: int | None


def at_counter(session: Session, vote: Vote, asked: str) -> list[Wish]:
    """The entries whose number or name was asked for, with who votes for them (four statements)."""
    numbers = [int(asked)] if re.fullmatch(r"[0-9]{1,9}", asked) else []
    found = (
        [one for n in numbers if (one := _voter(session, vote, n))] if numbers
        else rolls.listing(session, vote.id, Wanted(asked, limit=FOUND)) if asked else []
    )  # fmt: skip
    ids = [one.id for one in found if not one.struck]
    marked = select(Mark.voter_id).where(Mark.voter_id.in_(ids), Mark.done)
    cast = select(Ballot.voter_id).where(Ballot.voter_id.in_(ids))
    done = {*session.scalars(marked), *session.scalars(cast)}
    given = {one.principal: one.holder for one in proxies.listing(session, vote.id)}
    return [
        Wish(one, one.id in done, given.get(one.number)) for one in found if one.id in set(ids)
    ][:FOUND]


def on_paper(session: Session, vote_id: int) -> dict[int, Voter]:
    """Those who took a slip, by their number on the roll."""
    found = select(Voter).join(Mark, Mark.voter_id == Voter.id).where(
        Mark.vote_id == vote_id, Mark.done, Mark.channel == MarkChannel.PAPER
    )  # fmt: skip
    return {one.number: one for one in session.scalars(found)}


def by_name(vote: Vote) -> bool:
    """Whether the slip carries its voter's number, since the vote is by name."""
    return vote.mode is VoteMode.ROLL_CALL


def code(vote_id: int, number: int) -> str:
    """The number as it stands on a slip: B031-0047."""
    return f"B{vote_id:03d}-{number:04d}"


def number_of(vote_id: int, typed: str) -> int | None:
    """The number of a slip as people type it: 47, 0047, B031-0047; None for anything else."""
    found = re.fullmatch(r"(?:B0*(\d{1,9})-)?(\d{1,9})", typed.strip().upper())
    if found is None or (found[1] and int(found[1]) != vote_id):
        return None
    return int(found[2])
