"""Batches: secret ballots enter the log many at a time, so that no order tells whose one is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import ballots, keepers, safeguards, votes
from council.ballots import MIN_BATCH, Mark, MarkChannel, Opening, SecretBallot
from council.db import PLAIN, Base, Database, Governed
from council.gate import Context, act
from council.people import SYSTEM, Constituency
from council.policy import Can
from council.receipts import commit
from council.reckoning import TOGETHER
from council.votes import SHOWN, Vote, VoteMode, VoteStage

LARGEST = 400
"""Ballots of one entry: 27 kB, well below what an entry may have."""


class BallotBatch(Governed, Base):
    """Ballots that entered the log together: their commitments, sorted."""

    __tablename__ = "ballot_batch"
    __table_args__ = (UniqueConstraint("vote_id", "number"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    number: Mapped[int]
    commitments: Mapped[list[str]] = mapped_column(JSON, info=PLAIN)
    at: Mapped[datetime]


# Requirements


def enough_wait(ctx: Context, vote: Vote) -> bool:
    """As many ballots wait as the vote fixed for a batch; after its close any number is enough."""
    waiting = _waiting(ctx.session, vote.id)
    return waiting >= (least(vote) if vote.is_open else 1)


# Acts


@act("ballot_batch.log", who=Can.SYSTEM, requires=(enough_wait,))
def log(ctx: Context, vote: Vote) -> BallotBatch:
    """Enter the ballots that wait into the log, sorted, at most four hundred at a time."""
    connection = ctx.session.connection()
    found = select(SecretBallot.c).where(_unlogged(vote.id)).order_by(SecretBallot.c)
    waiting = connection.execute(found.limit(LARGEST)).scalars().all()
    last = select(func.max(BallotBatch.number)).where(BallotBatch.vote_id == vote.id)
    made = BallotBatch(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        number=(ctx.session.scalar(last) or 0) + 1, commitments=list(waiting), at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    connection.execute(_LOGGED, [{"key": c} for c in waiting])
    return made


# The clockwork, and the close


def due(ctx: Context) -> Iterable[int]:
    """The open votes in which enough ballots wait, for the clockwork."""
    waiting = (
        select(SecretBallot.vote_id, func.count().label("n"))
        .where(SecretBallot.logged.is_(False))
        .group_by(SecretBallot.vote_id)
        .subquery()
    )
    found = select(Vote, waiting.c.n).join(waiting, waiting.c.vote_id == Vote.id)
    rows = ctx.session.execute(found.where(Vote.stage == VoteStage.OPEN))
    return [vote.id for vote, n in rows if n >= least(vote)]


def log_waiting(ctx: Context, vote_id: int) -> None:
    """Log whatever waits in one vote, batch by batch, until too few are left."""
    vote = ctx.session.get_one(Vote, vote_id)
    while enough_wait(ctx, vote):
        log(ctx, vote)


def close_box(ctx: Context, vote: Vote) -> None:
    """After the act that closed the vote, in its transaction: log the rest, forget every order.

    Marks and ballots are written anew in sorted order, so that neither their place nor the number
    of the transaction that wrote them joins one to the other.
    """
    log_waiting(Context(ctx.session, SYSTEM, ctx.now), vote.id)
    for kind, order in ((Mark, Mark.voter_id), (SecretBallot, SecretBallot.c)):
        table = Base.metadata.tables[kind.__tablename__]
        _rewrite(ctx.session, table, vote.id, order.name)


def _rewrite(session: Session, table: Table, vote_id: int, order: str) -> None:
    connection, mine = session.connection(), table.c.vote_id == vote_id
    found = connection.execute(select(table).where(mine).order_by(table.c[order])).mappings()
    rows = [dict(row) for row in found]
    connection.execute(delete(table).where(mine))
    if rows:
        connection.execute(insert(table), rows)


def blur(database: Database) -> bool:
    """After the commit of a close: leave no older copy of marks and ballots in the files.

    False when somebody who still reads an older state hindered it: try again later.
    """
    return database.rewrite((Mark.__tablename__, "done"), (SecretBallot.__tablename__, "logged"))


# Questions


def least(vote: Vote) -> int:
    """How many ballots wait for each other while the vote is open."""
    return int(vote.settings.get("min_batch", MIN_BATCH))


def closed(session: Session) -> set[int]:
    """The secret votes whose box is closed."""
    found = select(Vote.id).where(
        Vote.mode == VoteMode.SECRET, Vote.opened_at.is_not(None), Vote.stage != VoteStage.OPEN
    )
    return set(session.scalars(found))


def of(session: Session, vote_id: int) -> list[BallotBatch]:
    """The batches of a vote in order."""
    found = select(BallotBatch).where(BallotBatch.vote_id == vote_id).order_by(BallotBatch.number)
    return list(session.scalars(found))


@dataclass(frozen=True)
class Found:
    """A ballot that somebody looks for: its vote, the batch that holds it, and what it said."""

    vote: Vote
    c: str
    batch: BallotBatch | None
    opening: Opening | None


def find(ctx: Context, start: str) -> list[Found]:
    """The ballots whose commitment starts like this, which is one or none in all likelihood.

    Of votes that this reader may see.
    """
    found = (
        votes.seen(ctx)
        .join(SecretBallot, SecretBallot.vote_id == Vote.id)
        .where(SecretBallot.c >= start, SecretBallot.c < start + "g")
        .add_columns(SecretBallot.c)
        .order_by(SecretBallot.c)
        .limit(5)
    )
    return [
        Found(vote, c, _batch(ctx.session, vote.id, c), _opened(ctx.session, vote, c))
        for vote, c in ctx.session.execute(found)
    ]


def holds(session: Session, vote_id: int, c: str) -> bool:
    """Whether the box of this vote holds this commitment, whoever may see the vote."""
    box = select(SecretBallot.c).where(SecretBallot.vote_id == vote_id, SecretBallot.c == c)
    return session.connection().execute(box).first() is not None


def _batch(session: Session, vote_id: int, c: str) -> BallotBatch | None:
    holds = cast(BallotBatch.commitments, String).contains(c)
    found = select(BallotBatch).where(BallotBatch.vote_id == vote_id, holds)
    return session.scalars(found).first()


def _opened(session: Session, vote: Vote, c: str) -> Opening | None:
    if vote.stage not in SHOWN:
        return None
    return next(iter(published(session, vote, c)), None)


def published(session: Session, vote: Vote, only: str = "") -> list[Opening]:
    """Every ballot as it is published, or `only` that one.

    The constituency stands there only where it hides among enough others.
    """
    hidden = frozenset(Constituency) if vote.settings.get(TOGETHER) else pooled(session, vote)
    return [
        Opening(one.c, one.choice, one.phrase, one.r, None)
        if one.constituency in hidden else one
        for one in ballots.openings(session, vote, only)
    ]  # fmt: skip


def pooled(session: Session, vote: Vote) -> frozenset[Constituency]:
    """The constituencies whose ballots are published without saying whose they are.

    Small are those with fewer than five voters, or than five ballots.
    """
    return safeguards.hiding({
        part: min(due, done) for part, (done, due) in ballots.turnout(session, vote.id).items()
        if part is not None and done
    })  # fmt: skip


def faults(session: Session, vote: Vote) -> list[str]:
    """What does not hold of a closed secret vote, in words, for `verify`; nothing, one hopes."""
    if vote.mode is not VoteMode.SECRET or vote.closed_at is None:
        return []
    rows = session.execute(select(SecretBallot.c).where(SecretBallot.vote_id == vote.id))
    inside = {c for (c,) in rows}
    batched = Counter(c for batch in of(session, vote.id) for c in batch.commitments)
    marked = select(func.count()).where(
        Mark.vote_id == vote.id, Mark.done.is_(True), Mark.channel != MarkChannel.PAPER
    )
    found = [f"ballot {c} is logged {n} times" for c, n in batched.items() if n > 1]
    found += [f"ballot {c} is not in the log" for c in sorted(inside - set(batched))]
    found += [f"ballot {c} is in the log only" for c in sorted(set(batched) - inside)]
    if (done := session.scalar(marked)) != len(inside):
        found.append(f"{done} voters are marked and {len(inside)} ballots lie in the box")
    if not keepers.is_shut(vote):
        found += [
            f"ballot {one.c} does not say what was committed to"
            for one in ballots.openings(session, vote)
            if commit(vote.id, one.choice, one.phrase, one.r) != one.c
        ]
    return found


def _waiting(session: Session, vote_id: int) -> int:
    found = select(func.count()).select_from(SecretBallot).where(_unlogged(vote_id))
    return session.connection().execute(found).scalar() or 0


def _unlogged(vote_id: int) -> ColumnElement[bool]:
    return and_(SecretBallot.vote_id == vote_id, SecretBallot.logged.is_(False))


_BOX = Base.metadata.tables[SecretBallot.__tablename__]
_LOGGED = update(_BOX).where(_BOX.c.c == bindparam("key")).values(logged=True)
