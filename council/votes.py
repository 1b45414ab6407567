"""Votes: those present decide seat by seat, and anybody can do the sum again from the record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import decisions, proposals
from council.db import HASHED, PLAIN, Base, Governed
from council.decisions import Outcome, Result, Rule, Tally
from council.errors import NotFound, NotReady
from council.gate import Context, act
from council.people import Channel, Constituency
from council.policy import Can
from council.proposals import Proposal


class Choice(StrEnum):
    """What a seat says to a motion."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class VoteStage(StrEnum):
    """A vote is open once, and a closed one never reopens."""

    OPEN = "open"
    CLOSED = "closed"


# Tables


class Vote(Governed, Base):
    """A roll-call vote on a motion. Question, rule and seats are frozen when it opens.

    `due` counts the seats of the meeting by constituency. `result` is what decisions.py reckoned,
    and under `seats` how each voter's seat voted, so that a recount needs the log alone.
    """

    __tablename__ = "vote"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    agenda_item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), unique=True)
    question: Mapped[str]
    rule: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    due: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    stage: Mapped[VoteStage] = mapped_column(default=VoteStage.OPEN, index=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=PLAIN)

    @property
    def is_open(self) -> bool:
        """Whether seats can still vote."""
        return self.stage is VoteStage.OPEN

    @property
    def reckoning(self) -> Result | None:
        """The result with its arithmetic; None while the vote is open."""
        return Result.from_json(self.result) if self.result else None


class Voter(Governed, Base):
    """A seat that was taken when the vote opened. `votes` is false for those who only advise."""

    __tablename__ = "voter"
    __table_args__ = (
        UniqueConstraint("vote_id", "person_id"),
        UniqueConstraint("vote_id", "unit_id"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    constituency: Mapped[Constituency]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    votes: Mapped[bool]


class Ballot(Governed, Base):
    """One cast of one voter; the highest `seq` counts. The database refuses to change a ballot.

    The choice stands in the log as a salted hash until the close, so that nobody counts along.
    """

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("voter_id", "seq"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"))
    seq: Mapped[int]
    choice: Mapped[Choice] = mapped_column(info=HASHED)
    cast_at: Mapped[datetime]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


# Requirements


def vote_is_open(ctx: Context, vote: Vote) -> bool:
    """The vote is open."""
    return vote.is_open


def is_voter(ctx: Context, vote: Vote) -> bool:
    """Only a seat that was present when the vote opened votes; the chair has none."""
    return ctx.actor is not None and voter(ctx.session, vote.id, ctx.voice.person_id) is not None


# Acts


@act("ballot.cast", who=Can.SPEAK, requires=(vote_is_open, is_voter), behalf=True)
def cast(ctx: Context, vote: Vote, *, choice: Choice) -> Ballot:
    """Vote, or change one's vote before the close: every cast is kept, the last one counts."""
    _hold(ctx.session, vote, alone=False)
    mine = voter(ctx.session, vote.id, ctx.person_id)
    if mine is None:
        raise NotReady("not_ready", ("is_voter",))
    last = select(func.max(Ballot.seq)).where(Ballot.voter_id == mine.id)
    made = Ballot(
        community_id=vote.community_id, vote_id=vote.id, voter_id=mine.id,
        seq=(ctx.session.scalar(last) or 0) + 1, choice=choice, cast_at=ctx.now,
        channel=ctx.channel, entered_by_id=ctx.entered_by_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Opening and closing: called by a meeting inside its own acts


@dataclass(frozen=True)
class Seat:
    """A seat that is taken at the moment when a vote opens."""

    seat_id: int
    person_id: int
    constituency: Constituency
    unit_id: int | None
    votes: bool


def start(
    ctx: Context,
    *,
    proposal: Proposal,
    agenda_item_id: int,
    question: str,
    rule: Rule,
    due: Mapping[str, int],
    seats: Sequence[Seat],
) -> Vote:
    """Open a vote with the rule and the seats as they are now; `due` counts all seats invited."""
    made = Vote(
        community_id=proposal.community_id, proposal_id=proposal.id, agenda_item_id=agenda_item_id,
        question=question, rule=rule.to_json(), due=dict(due), opened_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    ctx.session.add_all(
        Voter(community_id=made.community_id, vote_id=made.id, **vars(seat)) for seat in seats
    )
    return made


def finish(ctx: Context, vote: Vote) -> None:
    """Close a vote and freeze what its rows add up to. No total is ever entered by anybody."""
    _hold(ctx.session, vote, alone=True)
    found = recount(ctx.session, vote)
    listed = [
        [one.voter_id, one.constituency.value, one.choice and one.choice.value]
        for one in _current(ctx.session, vote.id)
    ]
    vote.result = found.to_json() | {"seats": listed}
    vote.outcome, vote.closed_at, vote.stage = found.outcome, ctx.now, VoteStage.CLOSED


def _hold(session: Session, vote: Vote, *, alone: bool) -> None:
    """Lock the vote, so that no ballot slips in beside its close. Raises NotReady when closed."""
    session.refresh(vote, with_for_update={"read": not alone})
    if not vote.is_open:
        raise NotReady("not_ready", ("vote_is_open",))


# Questions


def get(ctx: Context, vote_id: int) -> Vote:
    """One vote. Raises NotFound when there is none whose matter this reader may see."""
    found = select(Vote).join(Proposal, Proposal.id == Vote.proposal_id)
    row = ctx.session.scalars(found.where(Vote.id == vote_id, proposals.visible_to(ctx))).first()
    if row is None:
        raise NotFound("not_found")
    return row


def latest(session: Session, proposal_id: int) -> Vote | None:
    """The newest vote on a matter."""
    found = select(Vote).where(Vote.proposal_id == proposal_id).order_by(Vote.id.desc()).limit(1)
    return session.scalars(found).first()


def of_items(session: Session, item_ids: Iterable[int]) -> dict[int, Vote]:
    """The votes on items of an agenda, by item, in one statement."""
    found = select(Vote).where(Vote.agenda_item_id.in_(list(item_ids)))
    return {row.agenda_item_id: row for row in session.scalars(found)}


def voter(session: Session, vote_id: int, person_id: int | None) -> Voter | None:
    """The seat with which this person votes, if any."""
    found = select(Voter).where(Voter.vote_id == vote_id, Voter.person_id == person_id)
    return session.scalars(found).first()


def choice_of(session: Session, mine: Voter) -> Choice | None:
    """How this seat has voted so far; only its own holder is told."""
    found = select(Ballot.choice).where(Ballot.voter_id == mine.id)
    return session.scalars(found.order_by(Ballot.seq.desc()).limit(1)).first()


@dataclass(frozen=True)
class Turnout:
    """How many seats have voted, of those present; nothing else is told before the close."""

    cast: int
    present: int
    by: dict[Constituency, tuple[int, int]]


def turnout(session: Session, vote_id: int) -> Turnout:
    """How many seats of each constituency have voted, of those present."""
    by = dict.fromkeys(Constituency, (0, 0))
    for one in _current(session, vote_id):
        done, there = by[one.constituency]
        by[one.constituency] = done + (one.choice is not None), there + 1
    return Turnout(sum(done for done, _ in by.values()), sum(all_ for _, all_ in by.values()), by)


def recount(session: Session, vote: Vote) -> Result:
    """The result as the ballots add up to it under the frozen rule."""
    seats = _current(session, vote.id)

    def count(name: str, choice: Choice | None = None) -> int:
        mine = [one for one in seats if one.constituency == name]
        return sum(choice is None or one.choice is choice for one in mine)

    rule = Rule.from_json(vote.rule)
    return decisions.decide(
        rule,
        {
            name: Tally(
                vote.due.get(name, 0), count(name), count(name, Choice.FOR),
                count(name, Choice.AGAINST), count(name, Choice.ABSTAIN),
            )
            for name in rule.constituencies
        },
    )  # fmt: skip


def miscomputed(session: Session) -> list[int]:
    """The closed votes whose frozen result is not what their ballots add up to, for `verify`."""
    closed = session.scalars(select(Vote).where(Vote.stage == VoteStage.CLOSED).order_by(Vote.id))
    return [row.id for row in closed if row.reckoning != recount(session, row)]


@dataclass(frozen=True)
class Summary:
    """How a matter was decided, in one line: votes that count, seats present and due."""

    outcome: Outcome
    favour: int
    against: int
    abstain: int
    present: int
    seats: int
    vote_id: int | None = None


def summary(found: Result, vote_id: int | None = None) -> Summary:
    """A result in one line; seats include those who only advise."""
    total, parts = found.totals, found.parts
    return Summary(
        found.outcome, total.favour, total.against, total.abstain,
        sum(part.tally.present for part in parts), sum(part.tally.due for part in parts), vote_id,
    )  # fmt: skip


def results(session: Session, proposal_ids: Iterable[int]) -> dict[int, Summary]:
    """How the last closed vote on each matter ended, in one statement."""
    found = select(Vote).where(
        Vote.proposal_id.in_(list(proposal_ids)), Vote.stage == VoteStage.CLOSED
    )
    return {
        row.proposal_id: summary(row.reckoning, row.id)
        for row in session.scalars(found.order_by(Vote.id))
        if row.reckoning
    }


@dataclass(frozen=True)
class _Said:
    """How a seat has voted so far; None when it has not."""

    voter_id: int
    constituency: Constituency
    choice: Choice | None


def _current(session: Session, vote_id: int) -> list[_Said]:
    """Every voter with the choice that counts, in one statement."""
    last = (
        select(Ballot.voter_id, func.max(Ballot.seq).label("seq"))
        .where(Ballot.vote_id == vote_id)
        .group_by(Ballot.voter_id)
        .subquery()
    )
    found = (
        select(Voter.id, Voter.constituency, Ballot.choice)
        .outerjoin(last, last.c.voter_id == Voter.id)
        .outerjoin(Ballot, (Ballot.voter_id == Voter.id) & (Ballot.seq == last.c.seq))
        .where(Voter.vote_id == vote_id)
        .order_by(Voter.id)
    )
    return [_Said(*row) for row in session.execute(found)]
