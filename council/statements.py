"""Statements: one short sentence at a time, to agree with, disagree with, or be unsure about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from math import prod

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import people
from council.consultations import window_open
from council.db import HASHED, Base, Governed
from council.errors import NotFound, checking
from council.gate import Context, act
from council.people import Byline, Channel, Constituency
from council.policy import Can
from council.proposals import Proposal

LONGEST = 140
MOST_EACH = 5

SHOWN_FROM = 5
"""Fewer answers than this are never shown apart: they would tell who chose what."""


class Reaction(StrEnum):
    """What one makes of a statement."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNSURE = "unsure"


# Tables


class Statement(Governed, Base):
    """A short sentence about a matter that others agree or disagree with."""

    __tablename__ = "statement"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str]
    added_at: Mapped[datetime]


class StatementVote(Governed, Base):
    """What a person makes of a statement; the last answer counts. The log holds only its hash."""

    __tablename__ = "statement_vote"
    __table_args__ = (UniqueConstraint("statement_id", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reaction: Mapped[Reaction] = mapped_column(info=HASHED)
    voted_at: Mapped[datetime]


# Requirements


def may_add_statement(ctx: Context, proposal: Proposal) -> bool:
    """Each person puts at most five statements to a matter."""
    if ctx.actor is None or ctx.voice.person_id is None:
        return True
    found = select(func.count()).where(
        Statement.proposal_id == proposal.id, Statement.person_id == ctx.voice.person_id
    )
    return (ctx.session.scalar(found) or 0) < MOST_EACH


# Acts


@act("statement.add", who=Can.SPEAK, requires=(window_open, may_add_statement), behalf=True)
def add(ctx: Context, proposal: Proposal, *, body: str) -> Statement:
    """Put a sentence to everybody, for them to agree or disagree with."""
    said = body.strip()
    same = select(Statement.id).where(Statement.proposal_id == proposal.id, Statement.body == said)
    with checking() as check:
        if check.text(body, "statement", limit=LONGEST):
            check(ctx.session.scalars(same).first() is None, "already_said", "statement")
    made = Statement(
        community_id=proposal.community_id, proposal_id=proposal.id, person_id=ctx.person_id,
        capacity=ctx.capacity(proposal), channel=ctx.channel, entered_by_id=ctx.entered_by_id,
        body=said, added_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("statement.vote", who=Can.SPEAK, requires=(window_open,), behalf=True)
def vote(ctx: Context, statement: Statement, *, reaction: Reaction) -> StatementVote:
    """Agree with a statement, disagree, or be unsure; answering again replaces the answer."""
    found = select(StatementVote).where(
        StatementVote.statement_id == statement.id, StatementVote.person_id == ctx.person_id
    )
    row = ctx.session.scalars(found).first()
    if row is None:
        row = StatementVote(
            community_id=statement.community_id, proposal_id=statement.proposal_id,
            statement_id=statement.id, person_id=ctx.person_id,
        )  # fmt: skip
        ctx.session.add(row)
    row.reaction, row.voted_at = reaction, ctx.now
    row.capacity, row.channel = ctx.capacity(statement), ctx.channel
    row.entered_by_id = ctx.entered_by_id
    return row


# Questions


@dataclass(frozen=True)
class Card:
    """The statement that somebody is asked about now: the n-th of all, and the answer so far."""

    row: Statement
    by: Byline
    n: int
    total: int
    answered: Reaction | None = None


def card(
    session: Session, proposal: Proposal, person_id: int | None, wanted: int | None = None
) -> Card | None:
    """The first statement that this person has not answered, or the wanted one, to answer again.

    None when there is none (left). A fixed number of statements.
    """
    given = {one.row.id: one.reaction for one in mine(session, proposal.id, person_id)}
    ids = list(
        session.scalars(
            select(Statement.id).where(Statement.proposal_id == proposal.id).order_by(Statement.id)
        )
    )
    left = [one for one in ids if one not in given]
    chosen = wanted if wanted in ids else next(iter(left), None)
    if chosen is None:
        return None
    row = session.get_one(Statement, chosen)
    by = people.bylines(session, proposal.community_id, [(row.person_id, row.capacity)])
    return Card(
        row, by[row.person_id, row.capacity], ids.index(chosen) + 1, len(ids), given.get(chosen)
    )


@dataclass(frozen=True)
class Given:
    """One's own answer to a statement; nobody else is told."""

    row: Statement
    reaction: Reaction


def mine(
    session: Session, proposal_id: int, person_id: int | None, *, entered: bool = False
) -> list[Given]:
    """What this person answered, or only what was entered for them; the latest statement first."""
    if person_id is None:
        return []
    found = (
        select(Statement, StatementVote.reaction)
        .join(StatementVote, StatementVote.statement_id == Statement.id)
        .where(StatementVote.proposal_id == proposal_id, StatementVote.person_id == person_id)
    )
    if entered:
        found = found.where(StatementVote.entered_by_id.is_not(None))
    return [Given(row, one) for row, one in session.execute(found.order_by(Statement.id.desc()))]


def listing(session: Session, proposal_id: int) -> list[Statement]:
    """Every statement about a matter, in the order in which they were put."""
    found = select(Statement).where(Statement.proposal_id == proposal_id)
    return list(session.scalars(found.order_by(Statement.id)))


def channels(session: Session, proposal_id: int) -> dict[Channel, int]:
    """How many answers came in by each channel that was used, in their order."""
    found = (
        select(StatementVote.channel, func.count())
        .where(StatementVote.proposal_id == proposal_id)
        .group_by(StatementVote.channel)
    )
    heard = dict(session.execute(found).all())
    return {one: heard[one] for one in Channel if one in heard}


def get(session: Session, proposal_id: int, statement_id: int) -> Statement:
    """One statement about a matter. Raises NotFound."""
    row = session.get(Statement, statement_id)
    if row is None or row.proposal_id != proposal_id:
        raise NotFound("not_found")
    return row


@dataclass(frozen=True)
class Split:
    """How one constituency answered, or several together where one alone is too few to show."""

    who: tuple[Constituency, ...]
    agree: int
    disagree: int
    unsure: int

    @property
    def votes(self) -> int:
        """All answers."""
        return self.agree + self.disagree + self.unsure


@dataclass(frozen=True)
class Tally:
    """A statement with its totals; nothing says who chose what."""

    row: Statement
    cells: Mapping[tuple[Constituency, Reaction], int]

    def count(self, who: Constituency | None = None, reaction: Reaction | None = None) -> int:
        """The sum of all answers that match; what is left out matches everything."""
        return sum(
            n for (a, b), n in self.cells.items() if who in (None, a) and reaction in (None, b)
        )

    @property
    def common(self) -> Fraction:
        """How far every constituency agrees: the product of (agree + 1) / (votes + 2).

        Source: the group-informed consensus of Polis (Small et al. 2021), with the five
        constituencies as the groups.
        """
        return prod(
            (
                Fraction(self.count(one, Reaction.AGREE) + 1, self.count(one) + 2)
                for one in Constituency
            ),
            start=Fraction(1),
        )

    def splits(self) -> list[Split]:
        """The answers per constituency; those with fewer than five are put together.

        If even together they are fewer than five, the smallest of the others joins them.
        """
        heard = sorted((one for one in Constituency if self.count(one)), key=self.count)
        few = [one for one in heard if self.count(one) < SHOWN_FROM]
        enough = [one for one in heard if one not in few]
        while few and enough and sum(self.count(one) for one in few) < SHOWN_FROM:
            few.append(enough.pop(0))
        shown = [(one,) for one in Constituency if one in enough]
        together = tuple(one for one in Constituency if one in few)
        return [self._split(who) for who in [*shown, together] if who]

    def _split(self, who: Sequence[Constituency]) -> Split:
        def heard(reaction: Reaction) -> int:
            return sum(self.count(one, reaction) for one in who)

        return Split(
            tuple(who), heard(Reaction.AGREE), heard(Reaction.DISAGREE), heard(Reaction.UNSURE)
        )


def tallies(session: Session, proposal_id: int) -> list[Tally]:
    """Every statement with its totals, those that all constituencies share first."""
    found = (
        select(StatementVote.statement_id, StatementVote.capacity, StatementVote.reaction,
               func.count())
        .where(StatementVote.proposal_id == proposal_id)
        .group_by(StatementVote.statement_id, StatementVote.capacity, StatementVote.reaction)
    )  # fmt: skip
    cells: dict[int, dict[tuple[Constituency, Reaction], int]] = {}
    for statement_id, who, reaction, n in session.execute(found):
        cells.setdefault(statement_id, {})[who, reaction] = n
    made = [Tally(row, cells.get(row.id, {})) for row in listing(session, proposal_id)]
    return sorted(made, key=lambda one: (-one.common, one.row.id))
