"""Proxies: somebody on the roll votes for another, who has entrusted that in writing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from council import deadlines
from council.db import Base, Governed, Ready
from council.errors import checking
from council.gate import Context, act
from council.people import Constituency
from council.policy import Can
from council.rolls import held, stands_on_roll, vote_not_opened
from council.votes import Body, Vote, Voter

MOST = 3
"""Votes that one person casts for others (Organic Law 2026, Art. 19)."""

# Table


class Proxy(Governed, Base):
    """A written proxy: `principal` entrusts the vote to `holder`, both entries of the same roll.

    The slot makes a fourth proxy impossible, however many are entered at the same moment. A proxy
    that is withdrawn is deleted; the log keeps it.
    """

    __tablename__ = "proxy"
    __table_args__ = (
        UniqueConstraint("principal_id"),
        UniqueConstraint("vote_id", "holder_id", "slot"),
        CheckConstraint(f"slot BETWEEN 1 AND {MOST}", name="slot"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("voter.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("voter.id"))
    slot: Mapped[int]
    written_on: Mapped[date]


class Enrolled(NamedTuple):
    """What a booth needs to know of an entry on the roll."""

    id: int
    number: int
    person_id: int | None
    constituency: Constituency | None
    votes: bool


@dataclass(frozen=True)
class Entitled:
    """The vote and the entry on its roll for which somebody votes: one's own, or a principal's."""

    vote: Vote
    voter: Voter | Enrolled

    @property
    def community_id(self) -> int:
        """Where the vote is."""
        return self.vote.community_id

    @property
    def is_open(self) -> bool:
        """Whether those entitled can still vote."""
        return self.vote.is_open

    @property
    def closes_at(self) -> datetime | None:
        """When the vote closes; in a meeting its chair says so."""
        return self.vote.closes_at


# Requirements


def on_the_roll(ctx: Context, entry: Entitled) -> bool:
    """You stand on the roll of this vote, or hold the written proxy of somebody who does."""
    asked = {"voter": entry.voter.id, "vote": entry.vote.id, "me": ctx.person_id}
    return _ENTITLED.run(ctx.session, **asked).fetchone() is not None


def allows_proxies(ctx: Context, row: Vote | Voter) -> bool:
    """Delegates and those present in a meeting vote themselves (Art. 19)."""
    vote = row if isinstance(row, Vote) else ctx.session.get_one(Vote, row.vote_id)
    return not vote.in_meeting and vote.body is not Body.DELEGATES


def has_given_no_proxy(ctx: Context, principal: Voter) -> bool:
    """A vote is entrusted to one person only."""
    return of(ctx.session, principal.id) is None


def holds_no_proxy(ctx: Context, principal: Voter) -> bool:
    """Whoever votes for others votes in person."""
    return not _held(ctx.session, principal.id)


def proxy_not_used(ctx: Context, proxy: Proxy) -> bool:
    """The vote has not been opened, so that the proxy cannot have been used."""
    return vote_not_opened(ctx, ctx.session.get_one(Voter, proxy.principal_id))


def vote_of_proxy(ctx: Context, proxy: Proxy) -> tuple[Vote, Proxy]:
    """What is held while a proxy is taken back."""
    return ctx.session.get_one(Vote, proxy.vote_id), proxy


# Acts


@act(
    "proxy.record",
    who=Can.SCREEN,
    requires=(allows_proxies, vote_not_opened, stands_on_roll, has_given_no_proxy, holds_no_proxy),
    alone=held,
)
def record(ctx: Context, principal: Voter, *, holder: Voter, written_on: date) -> Proxy:
    """Record a proxy whose signed paper lies before the worker; it is published by number."""
    slots = _held(ctx.session, holder.id)
    vote = ctx.session.get_one(Vote, principal.vote_id)
    with checking() as check:
        here = holder.vote_id == principal.vote_id and not holder.struck
        if check(here, "not_on_roll", "holder"):
            check(holder.id != principal.id, "holder_is_principal", "holder")
            check(of(ctx.session, holder.id) is None, "holder_gave_proxy", "holder")
            check(len(slots) < MOST, "holder_full", "holder", limit=MOST)
            candidates = vote.settings.get("candidates", [])
            check(holder.number not in candidates, "holder_is_candidate", "holder")
        check(written_on <= deadlines.local_date(ctx.now), "in_the_future", "written_on")
    made = Proxy(
        community_id=principal.community_id, vote_id=vote.id, principal_id=principal.id,
        holder_id=holder.id, slot=min({1, 2, 3} - slots), written_on=written_on,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("proxy.withdraw", who=Can.SCREEN, requires=(proxy_not_used,), alone=vote_of_proxy)
def withdraw(ctx: Context, proxy: Proxy) -> None:
    """Note that somebody takes a proxy back before the vote opens; they vote themselves again."""
    ctx.session.delete(proxy)


# Questions


def of(session: Session, voter_id: int) -> Proxy | None:
    """The proxy that somebody on the roll has given, if any."""
    return session.scalars(select(Proxy).where(Proxy.principal_id == voter_id)).one_or_none()


def votes_for(session: Session, vote_id: int, person_id: int) -> list[Voter]:
    """The entries for which this person votes: the own one first, unless it was entrusted to
    somebody else, then those that were entrusted to it (one statement).
    """
    return list(session.scalars(MINE, {"vote": vote_id, "me": person_id}))


@dataclass(frozen=True)
class Given:
    """A proxy as it is published: both by their number on the roll."""

    id: int
    principal: int
    holder: int
    written_on: date


def listing(session: Session, vote_id: int) -> list[Given]:
    """Every proxy of a vote by the numbers on the roll (Art. 19), in one statement."""
    principal, holder = aliased(Voter), aliased(Voter)
    found = (
        select(Proxy.id, principal.number, holder.number, Proxy.written_on)
        .join(principal, principal.id == Proxy.principal_id)
        .join(holder, holder.id == Proxy.holder_id)
        .where(Proxy.vote_id == vote_id)
        .order_by(principal.number)
    )
    return [Given(*row) for row in session.execute(found).all()]


def count(session: Session, vote_id: int) -> int:
    """How many proxies there are in a vote."""
    found = select(func.count()).where(Proxy.vote_id == vote_id)
    return session.scalar(found) or 0


def _held(session: Session, voter_id: int) -> set[int]:
    """The slots of somebody who votes for others."""
    return set(session.scalars(select(Proxy.slot).where(Proxy.holder_id == voter_id)))


# The entries for which somebody votes, compiled once: a struck holder votes for nobody.

_HOLDER, _ME = aliased(Voter), aliased(Voter)
_ON_ROLL = and_(_ME.vote_id == bindparam("vote"), _ME.person_id == bindparam("me"))
_CONCERNED = union_all(
    select(_ME.id).where(_ON_ROLL),
    select(Proxy.principal_id).join(_ME, _ME.id == Proxy.holder_id).where(
        Proxy.vote_id == bindparam("vote"), _ON_ROLL
    ),
)  # fmt: skip
MINE = (
    select(Voter)
    .outerjoin(Proxy, Proxy.principal_id == Voter.id)
    .outerjoin(_HOLDER, and_(_HOLDER.id == Proxy.holder_id, _HOLDER.struck.is_(False)))
    .where(
        # Found along indexes: a question must not read a roll of four thousand for one voter.
        Voter.id.in_(_CONCERNED),
        Voter.struck.is_(False),
        or_(
            and_(Voter.person_id == bindparam("me"), _HOLDER.id.is_(None)),
            _HOLDER.person_id == bindparam("me"),
        ),
    )
    .order_by(_HOLDER.id.is_not(None), Voter.number)
)
"""The entries of `vote` for which the person `me` votes, the own one first."""
_ENTITLED = Ready(
    MINE.with_only_columns(Voter.id).where(Voter.id == bindparam("voter")).order_by(None)
)
