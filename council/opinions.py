"""Opinions: what people say about a matter while it is open, and what is answered to them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import people, places, policy
from council.consultations import summary_unpublished, window_open
from council.db import Base, Governed
from council.errors import NotFound, checking
from council.gate import Context, act
from council.people import (
    Actor,
    Alias,
    Byline,
    Channel,
    Consent,
    Constituency,
    Membership,
    Person,
    Post,
)
from council.policy import Can
from council.proposals import Proposal

LONGEST = 1000
LONGEST_REPLY = 500
MOST_REPLIES = 20
PAGE = 20


class Stance(StrEnum):
    """How somebody stands to a matter."""

    FOR = "for"
    AGAINST = "against"
    SUGGESTION = "suggestion"


# Tables


class Opinion(Governed, Base):
    """What somebody thinks of a matter. One person may say several things; all are shown."""

    __tablename__ = "opinion"
    __table_args__ = (
        Index("ix_opinion_proposal_id_id", "proposal_id", "id"),
        UniqueConstraint("proposal_id", "person_id", "form_key"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    consent: Mapped[Consent | None]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    stance: Mapped[Stance]
    body: Mapped[str]
    given_at: Mapped[datetime]
    revised_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    form_key: Mapped[str | None]


class Reply(Governed, Base):
    """An answer to an opinion. One given in office carries the post; there is one level only."""

    __tablename__ = "opinion_reply"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinion.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency | None]
    post: Mapped[Post | None]
    number: Mapped[int] = mapped_column(default=0)
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str]
    given_at: Mapped[datetime]


# Requirements


def is_own_opinion(ctx: Context, opinion: Opinion) -> bool:
    """Only the person who gave the opinion changes it, or a worker for that person."""
    return ctx.actor is not None and opinion.person_id == ctx.voice.person_id


def opinion_stands(ctx: Context, opinion: Opinion) -> bool:
    """The opinion has not been taken back."""
    return opinion.withdrawn_at is None


def replies_not_full(ctx: Context, opinion: Opinion) -> bool:
    """An opinion takes at most twenty answers from residents."""
    found = select(func.count()).where(Reply.opinion_id == opinion.id, Reply.post.is_(None))
    return (ctx.session.scalar(found) or 0) < MOST_REPLIES


# Acts


@act("opinion.give", who=Can.SPEAK, requires=(window_open,), behalf=True)
def give(
    ctx: Context, proposal: Proposal, *, stance: Stance, body: str, form_key: str | None = None
) -> Opinion:
    """Say what one thinks of a matter while its consultation is open; each form counts once."""
    with checking() as check:
        check.text(body, "body", limit=LONGEST)
    made = Opinion(
        community_id=proposal.community_id, proposal_id=proposal.id, person_id=ctx.person_id,
        capacity=ctx.capacity(proposal), channel=ctx.channel, entered_by_id=ctx.entered_by_id,
        consent=ctx.behalf.consent if ctx.behalf else None, stance=stance, body=body.strip(),
        given_at=ctx.now, form_key=form_key,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act(
    "opinion.revise", who=Can.SPEAK, requires=(is_own_opinion, opinion_stands, window_open),
    behalf=True,
)  # fmt: skip
def revise(ctx: Context, opinion: Opinion, *, stance: Stance, body: str) -> None:
    """Change one's own opinion while the consultation is open; the page says that it changed."""
    with checking() as check:
        check.text(body, "body", limit=LONGEST)
    opinion.stance, opinion.body, opinion.revised_at = stance, body.strip(), ctx.now
    opinion.form_key = None


@act(
    "opinion.withdraw", who=Can.SPEAK, requires=(is_own_opinion, opinion_stands, window_open),
    behalf=True,
)  # fmt: skip
def withdraw(ctx: Context, opinion: Opinion) -> None:
    """Take one's own opinion back: it is neither shown nor counted any more, and its words go."""
    opinion.withdrawn_at, opinion.body, opinion.form_key = ctx.now, "", None


@act(
    "opinion.reply", who=Can.SPEAK, requires=(opinion_stands, window_open, replies_not_full),
    behalf=True,
)  # fmt: skip
def reply(ctx: Context, opinion: Opinion, *, body: str) -> Reply:
    """Answer somebody's opinion, as one among all."""
    return _replied(ctx, opinion, body, ctx.capacity(opinion))


@act("opinion.answer", who=Can.SUMMARISE, requires=(opinion_stands, summary_unpublished))
def answer(ctx: Context, opinion: Opinion, *, body: str) -> Reply:
    """Answer somebody's opinion in office; the page marks it."""
    made = _replied(ctx, opinion, body, None)
    path = places.path(ctx.session, opinion.community_id)
    posts = ctx.voice.posts(path) & policy.HOLDERS[Can.SUMMARISE].posts
    made.post = min(posts, key=list(Post).index)
    made.number = next(
        held.number
        for held in ctx.voice.offices
        if held.post is made.post and path.startswith(held.path)
    )
    return made


def _replied(ctx: Context, opinion: Opinion, body: str, capacity: Constituency | None) -> Reply:
    with checking() as check:
        check.text(body, "reply", limit=LONGEST_REPLY)
    made = Reply(
        community_id=opinion.community_id, proposal_id=opinion.proposal_id, opinion_id=opinion.id,
        person_id=ctx.person_id, capacity=capacity, channel=ctx.channel,
        entered_by_id=ctx.entered_by_id, body=body.strip(), given_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


@dataclass(frozen=True)
class Counts:
    """How many opinions came from which constituency, through which channel, with which stance."""

    cells: Mapping[tuple[Constituency, Channel, Stance], int]

    def of(
        self,
        capacity: Constituency | None = None,
        channel: Channel | None = None,
        stance: Stance | None = None,
    ) -> int:
        """The sum of all that match; what is left out matches everything."""
        wanted = (capacity, channel, stance)
        return sum(
            n
            for cell, n in self.cells.items()
            if all(want is None or want == has for want, has in zip(wanted, cell, strict=True))
        )

    @property
    def total(self) -> int:
        """All opinions."""
        return sum(self.cells.values())

    @property
    def channels(self) -> dict[Channel, int]:
        """How many came in by each channel that was used, in their order."""
        heard = {one: self.of(channel=one) for one in Channel}
        return {one: n for one, n in heard.items() if n}


def counts(session: Session, proposal_id: int) -> Counts:
    """How many opinions stand, by constituency, channel and stance."""
    found = (
        select(Opinion.capacity, Opinion.channel, Opinion.stance, func.count())
        .where(Opinion.proposal_id == proposal_id, Opinion.withdrawn_at.is_(None))
        .group_by(Opinion.capacity, Opinion.channel, Opinion.stance)
    )
    return Counts({(who, how, stance): n for who, how, stance, n in session.execute(found)})


def same(ctx: Context, proposal: Proposal, stance: Stance, body: str) -> Opinion | None:
    """What this person said already in the same words: a form that was sent twice counts once."""
    found = select(Opinion).where(
        Opinion.proposal_id == proposal.id, Opinion.person_id == ctx.person_id,
        Opinion.stance == stance, Opinion.body == body.strip(), Opinion.withdrawn_at.is_(None),
    )  # fmt: skip
    return ctx.session.scalars(found.order_by(Opinion.id)).first()


def same_reply(ctx: Context, opinion: Opinion, body: str) -> Reply | None:
    """What this person answered already in the same words, so that a second click counts once."""
    found = select(Reply).where(
        Reply.opinion_id == opinion.id, Reply.person_id == ctx.person_id, Reply.body == body.strip()
    )
    return ctx.session.scalars(found.order_by(Reply.id)).first()


@dataclass(frozen=True)
class Wanted:
    """What a list of opinions is narrowed to; `before` is the id to page from."""

    stance: Stance | None = None
    channel: Channel | None = None
    before: int | None = None
    limit: int = PAGE


def listing(
    session: Session, proposal_id: int, wanted: Wanted, *also: ColumnElement[bool]
) -> list[Opinion]:
    """Opinions that stand, newest first, with one more than `limit` to know of older ones."""
    found = select(Opinion).where(
        Opinion.proposal_id == proposal_id, Opinion.withdrawn_at.is_(None), *also
    )
    if wanted.stance is not None:
        found = found.where(Opinion.stance == wanted.stance)
    if wanted.channel is not None:
        found = found.where(Opinion.channel == wanted.channel)
    if wanted.before is not None:
        found = found.where(Opinion.id < wanted.before)
    return list(session.scalars(found.order_by(Opinion.id.desc()).limit(wanted.limit + 1)))


@dataclass(frozen=True)
class Replied:
    """An answer with the person's public face; `official` when it was given in office."""

    row: Reply
    by: Byline

    @property
    def official(self) -> bool:
        """Whether it was given in office."""
        return self.row.post is not None


@dataclass(frozen=True)
class Said:
    """An opinion with the person's public face and the answers to it, oldest first."""

    row: Opinion
    by: Byline
    replies: tuple[Replied, ...] = ()


def threads(session: Session, community_id: int, rows: Collection[Opinion]) -> list[Said]:
    """These opinions with their people and answers, in four statements however many they are."""
    found = select(Reply).where(Reply.opinion_id.in_([row.id for row in rows])).order_by(Reply.id)
    replies = list(session.scalars(found)) if rows else []
    who: Iterable[tuple[int, Constituency | None]] = [
        *((row.person_id, row.capacity) for row in rows),
        *((row.person_id, row.capacity) for row in replies if row.post is None),
    ]
    faces = people.bylines(session, community_id, who)
    below: dict[int, list[Replied]] = {}
    for row in replies:
        by = (
            Byline(None, row.number, post=row.post)
            if row.post
            else faces[row.person_id, row.capacity]
        )
        below.setdefault(row.opinion_id, []).append(Replied(row, by))
    return [
        Said(row, faces[row.person_id, row.capacity], tuple(below.get(row.id, ()))) for row in rows
    ]


def get(session: Session, proposal_id: int, opinion_id: int) -> Opinion:
    """One opinion about a matter. Raises NotFound when it is not there or was taken back."""
    row = session.get(Opinion, opinion_id)
    if row is None or row.proposal_id != proposal_id or row.withdrawn_at is not None:
        raise NotFound("not_found")
    return row


def mine(session: Session, proposal_id: int, actor: Actor, limit: int = 20) -> list[Opinion]:
    """What this person said about a matter, newest first."""
    return listing(
        session, proposal_id, Wanted(limit=limit - 1), Opinion.person_id == actor.person_id
    )


@dataclass(frozen=True)
class Caller:
    """Somebody for whom a worker may enter something: the name, and the public number."""

    name: str
    number: int


def callers(
    session: Session, community_id: int, name: str, now: datetime, limit: int = 20
) -> list[Caller]:
    """The people of a community whose name contains these characters; for workers only."""
    found = (
        select(Person.name, Alias.number)
        .join(Alias, Alias.person_id == Person.id)
        .where(
            Alias.community_id == community_id, Person.name.contains(name, autoescape=True),
            exists(
                select(Membership.id).where(
                    Membership.person_id == Person.id, Membership.community_id == community_id,
                    people.belongs(now),
                )
            ),
        )
        .order_by(Person.name, Alias.number)
    )  # fmt: skip
    return [Caller(who, number) for who, number in session.execute(found.limit(limit))]
