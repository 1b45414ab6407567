"""Who has not voted yet: told to those who keep a roll, and to everybody of their own votes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from council.ballots import Mark
from council.proxies import Proxy
from council.rollcalls import Ballot
from council.votes import Vote, Voter, VoteStage

PAGE = 50


def absent(session: Session, vote_id: int, *, after: int = 0, limit: int = PAGE) -> Sequence[Voter]:
    """Who has not voted yet, by number on the roll; never how the others did (one statement)."""
    found = select(Voter).where(
        Voter.vote_id == vote_id, Voter.struck.is_(False), Voter.number > after, ~_voted()
    )
    return session.scalars(found.order_by(Voter.number).limit(limit)).all()


@dataclass(frozen=True)
class Own:
    """An open vote in which somebody votes: for how many entries, and how many of them wait."""

    vote: Vote
    entries: int
    waiting: int


def own(session: Session, person_id: int) -> list[Own]:
    """The open votes of somebody, for themselves or by proxy, the next to close first.

    One statement, however many votes there are.
    """
    holder = aliased(Voter)
    found = (
        select(Vote, func.count(Voter.id), func.count(Voter.id).filter(~_voted()))
        .join(Voter, Voter.vote_id == Vote.id)
        .outerjoin(Proxy, Proxy.principal_id == Voter.id)
        .outerjoin(holder, and_(holder.id == Proxy.holder_id, holder.struck.is_(False)))
        .where(
            Vote.stage == VoteStage.OPEN,
            Voter.struck.is_(False),
            or_(
                and_(Voter.person_id == person_id, holder.id.is_(None)),
                holder.person_id == person_id,
            ),
        )
        .group_by(Vote.id)
        .order_by(Vote.closes_at, Vote.id)
    )
    return [Own(*row) for row in session.execute(found).all()]


def _voted() -> ColumnElement[bool]:
    """Whether an entry has a mark or a ballot by name."""
    marked = exists().where(Mark.voter_id == Voter.id, Mark.done.is_(True))
    return or_(marked, exists().where(Ballot.voter_id == Voter.id))
