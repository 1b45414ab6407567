"""Votes: a question, a rule fixed beforehand, a roll of those entitled, and one result for all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import policy, proposals
from council.db import HASHED, PLAIN, Base, Governed, Ready
from council.decisions import Outcome, Result
from council.errors import NotFound
from council.gate import Context
from council.people import Actor, Constituency, Held, Post
from council.places import Place
from council.policy import Can
from council.proposals import Proposal


class Choice(StrEnum):
    """What a seat says to a motion."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class VoteStage(StrEnum):
    """Where a vote stands. It is open once, and a closed one never reopens.

    A vote in a meeting is opened and final at its close; `course` holds the way of the others.
    """

    DRAFT = "draft"
    ROLL_PUBLISHED = "roll_published"
    ROLL_FINAL = "roll_final"
    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    COUNTED = "counted"
    PROVISIONAL = "provisional"
    FINAL = "final"
    ARCHIVED = "archived"
    VOIDED = "voided"


BEFORE_OPENING = frozenset({
    VoteStage.DRAFT, VoteStage.ROLL_PUBLISHED, VoteStage.ROLL_FINAL, VoteStage.ANNOUNCED,
})  # fmt: skip
"""Stages in which nobody can vote yet."""

SHOWN = frozenset({VoteStage.PROVISIONAL, VoteStage.FINAL, VoteStage.ARCHIVED})
"""Stages in which everybody sees the result."""

DECIDED = frozenset({VoteStage.FINAL, VoteStage.ARCHIVED})
"""Stages in which the result stands."""


class Body(StrEnum):
    """Whose decision it is (practice.md A12, the decision router)."""

    JOINT_MEETING = "joint_meeting"
    COUNCIL = "council"
    DELEGATES = "delegates"
    RESIDENTS = "residents"
    OWNERS = "owners"
    PARTY = "party"
    EVERYBODY = "everybody"  # a straw poll: it advises, it decides nothing


LAWFUL = frozenset({Body.RESIDENTS, Body.DELEGATES, Body.OWNERS, Body.COUNCIL})
"""Bodies that decide a matter by a formal vote."""

DECIDING = LAWFUL | {Body.JOINT_MEETING}
"""Bodies whose votes decide a matter; the others advise."""


class VoteMode(StrEnum):
    """Roll-call: every cast is kept with its voter. Secret: nobody can tell whose ballot it is.

    Counted: in a meeting two tellers count raised hands or slips, and only the sums are known.
    """

    ROLL_CALL = "roll_call"
    SECRET = "secret"  # noqa: S105  (a kind of vote, not a password)
    COUNTED = "counted"


class How(StrEnum):
    """How those present in a meeting vote."""

    PHONES = "phones"
    HANDS = "hands"
    PAPER = "paper"
    SECRET = "secret"  # noqa: S105  (as above)


class Method(StrEnum):
    """How a ballot is filled in and counted."""

    MOTION = "motion"
    APPROVAL = "approval"
    SCORE = "score"
    RANKED = "ranked"
    BUDGET = "budget"


class Ranking(StrEnum):
    """How ranked ballots are counted."""

    SCHULZE = "schulze"
    IRV = "irv"
    BORDA = "borda"


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Where a vote stands in a list that never had a day to close."""

STAFF = (Can.CONVENE, Can.SCREEN, Can.OVERSEE)
"""Those who see a vote before it is public: who prepares, keeps the roll, and watches."""

# Tables


class Vote(Governed, Base):
    """A vote. Question, options, rule and roll are frozen when it opens.

    `due` counts those entitled, by constituency ("all" where there are none). `options` are
    `{"id", "label", "cost"}`, empty for a motion. `settings` are codes of the method and the mode.
    `result` is what was reckoned, with its derivation, from which anybody can reckon again.
    `motion_id`: in a meeting, the amendment that it is about; the vote on the item has none.
    """

    __tablename__ = "vote"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    agenda_item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_item.id"))
    motion_id: Mapped[int | None] = mapped_column(ForeignKey("motion.id"), unique=True)
    title: Mapped[str] = mapped_column(default="")
    question: Mapped[str]
    body: Mapped[Body] = mapped_column(default=Body.JOINT_MEETING)
    mode: Mapped[VoteMode] = mapped_column(default=VoteMode.ROLL_CALL)
    method: Mapped[Method] = mapped_column(default=Method.MOTION)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=PLAIN)
    about_people: Mapped[bool] = mapped_column(default=False)
    rule: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    due: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    stage: Mapped[VoteStage] = mapped_column(default=VoteStage.DRAFT, index=True)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=PLAIN)

    @property
    def is_open(self) -> bool:
        """Whether those entitled can still vote."""
        return self.stage is VoteStage.OPEN

    @property
    def ended(self) -> datetime:
        """When it closed, or would have: by this the list of past votes is ordered."""
        return self.closed_at or self.closes_at or LONG_AGO

    @property
    def in_meeting(self) -> bool:
        """Whether it is put to those present in a meeting, at once."""
        return self.agenda_item_id is not None

    @property
    def how(self) -> How:
        """How it is taken, in a meeting."""
        return How(self.settings.get("how", How.PHONES))

    @property
    def on_item(self) -> bool:
        """Whether it settles an item of a meeting; a vote on an amendment does not."""
        return self.in_meeting and self.motion_id is None

    @property
    def reckoning(self) -> Result | None:
        """The result of a motion with its arithmetic; None while nothing is counted."""
        is_motion = self.method is Method.MOTION
        return Result.from_json(self.result) if self.result and is_motion else None


Index(
    "ix_vote_on_item", Vote.agenda_item_id, unique=True, sqlite_where=Vote.motion_id.is_(None),
    postgresql_where=Vote.motion_id.is_(None),
)  # fmt: skip


class Voter(Governed, Base):
    """Somebody on the roll of a vote, by `number`; in a meeting a seat that was taken.

    `votes` is false for those who only advise. `area` is in hundredths of a square metre. A voter
    without an account votes on paper or at the counter. `struck`: taken off after an objection;
    `reason`: why the entry was added, changed or struck once the roll was public.
    """

    __tablename__ = "voter"
    __table_args__ = (
        UniqueConstraint("vote_id", "person_id"),
        UniqueConstraint("vote_id", "unit_id"),
        UniqueConstraint("vote_id", "number"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    number: Mapped[int]
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_seat.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    constituency: Mapped[Constituency | None]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(default="")
    building: Mapped[str] = mapped_column(default="")
    household: Mapped[str] = mapped_column(default="")
    area: Mapped[int] = mapped_column(default=0, info=HASHED)
    votes: Mapped[bool] = mapped_column(default=True)
    struck: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")


# Requirements


def vote_is_open(ctx: Context, vote: Vote) -> bool:
    """The vote is open."""
    return vote.is_open


def before_the_close(ctx: Context, vote: Vote) -> bool:
    """The hour of the close has not come; from then on nobody votes, whoever closes it when."""
    return not vote.is_open or vote.closes_at is None or ctx.now < vote.closes_at


# Questions


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """Which votes this reader may see: drafts only those who prepare and watch votes.

    The question joins the matter (`Proposal`), which has to be visible too.
    """
    shown = Vote.stage != VoteStage.DRAFT
    if ctx.actor:
        desks = frozenset[Post]().union(*(policy.HOLDERS[can].posts for can in STAFF))
        for path in {held.path for held in ctx.actor.offices if held.post in desks}:
            below = select(Place.id).where(Place.path.startswith(path, autoescape=True))
            shown = shown | Vote.community_id.in_(below)
    return shown & (Vote.proposal_id.is_(None) | proposals.visible_to(ctx))


def seen(ctx: Context) -> Select[Vote]:
    """The votes that this reader may see."""
    found = select(Vote).outerjoin(Proposal, Proposal.id == Vote.proposal_id)
    return found.where(visible_to(ctx))


def get(ctx: Context, vote_id: int) -> Vote:
    """One vote. Raises NotFound when there is none, or none that this reader may see."""
    if not sees(ctx, vote_id):
        raise NotFound("not_found")
    return ctx.session.get_one(Vote, vote_id)


def sees(ctx: Context, vote_id: int) -> bool:
    """Whether there is such a vote, and this reader may see it."""
    me = ctx.actor.person_id if ctx.actor else None
    offices = ctx.actor.offices if ctx.actor else ()
    return bool(_sees(offices, me is not None).rows(ctx.session, vote=vote_id, me=me))


@lru_cache(maxsize=256)
def _sees(offices: tuple[Held, ...], somebody: bool) -> Ready:  # noqa: FBT001
    """The question behind it: built once for all who hold the same."""
    nobody: Any = None
    me: Any = bindparam("me") if somebody else None
    asking = Context(nobody, Actor(me, offices=offices), datetime.min.replace(tzinfo=UTC))
    return Ready(seen(asking).with_only_columns(Vote.id).where(Vote.id == bindparam("vote")))


def latest(session: Session, proposal_id: int) -> Vote | None:
    """The newest vote that decides a matter, or will."""
    found = select(Vote).where(
        Vote.proposal_id == proposal_id, Vote.body.in_(DECIDING), Vote.motion_id.is_(None)
    )
    return session.scalars(found.order_by(Vote.id.desc()).limit(1)).first()


def under_way(ctx: Context, community_id: int) -> list[Vote]:
    """The formal votes of a community that run or are prepared, the next to close first."""
    found = seen(ctx).where(
        Vote.community_id == community_id, Vote.agenda_item_id.is_(None),
        Vote.stage.not_in(DECIDED | {VoteStage.VOIDED}),
    )  # fmt: skip
    return list(ctx.session.scalars(found.order_by(Vote.closes_at, Vote.id)))


def open_now(ctx: Context, community_id: int) -> list[Vote]:
    """The formal votes in which somebody can vote now, the next to close first."""
    found = seen(ctx).where(
        Vote.community_id == community_id, Vote.agenda_item_id.is_(None),
        Vote.stage == VoteStage.OPEN,
    )  # fmt: skip
    return list(ctx.session.scalars(found.order_by(Vote.closes_at, Vote.id)))


def past(
    ctx: Context, community_id: int, before: tuple[datetime, int] | None, limit: int
) -> list[Vote]:
    """Votes that ended, in a meeting or not, the last to close first, with one more than `limit`.

    A vote that was voided before its close stands where it would have closed; `before` is the
    (`ended`, id) to page from.
    """
    found = seen(ctx).where(
        Vote.community_id == community_id, Vote.stage.in_(DECIDED | {VoteStage.VOIDED})
    )
    at = func.coalesce(Vote.closed_at, Vote.closes_at, LONG_AGO)
    if before is not None:
        found = found.where(tuple_(at, Vote.id) < before)
    return list(ctx.session.scalars(found.order_by(at.desc(), Vote.id.desc()).limit(limit + 1)))


def of_matter(ctx: Context, proposal_id: int) -> list[Vote]:
    """The formal votes about a matter that this reader may see, newest first."""
    found = seen(ctx).where(Vote.proposal_id == proposal_id, Vote.agenda_item_id.is_(None))
    return list(ctx.session.scalars(found.order_by(Vote.id.desc())))


def of_items(session: Session, item_ids: Iterable[int]) -> dict[int, Vote]:
    """The votes on items of an agenda, not on amendments, by item, in one statement."""
    found = select(Vote).where(Vote.agenda_item_id.in_(list(item_ids)), Vote.motion_id.is_(None))
    return {row.agenda_item_id: row for row in session.scalars(found) if row.agenda_item_id}


def voter(session: Session, vote_id: int, person_id: int | None) -> Voter | None:
    """The seat with which this person votes, if any."""
    found = select(Voter).where(Voter.vote_id == vote_id, Voter.person_id == person_id)
    return session.scalars(found).first()


def entitled(session: Session, person_id: int, vote_ids: Iterable[int]) -> set[int]:
    """In which of these votes the person stands on the roll, in one statement."""
    found = select(Voter.vote_id).where(
        Voter.person_id == person_id, Voter.vote_id.in_(list(vote_ids)), Voter.struck.is_(False)
    )
    return set(session.scalars(found))


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
        Vote.proposal_id.in_(list(proposal_ids)), Vote.stage.in_(SHOWN),
        Vote.body.in_(DECIDING), Vote.motion_id.is_(None),
    )  # fmt: skip
    return {
        row.proposal_id: summary(row.reckoning, row.id)
        for row in session.scalars(found.order_by(Vote.id))
        if row.reckoning and row.proposal_id
    }
