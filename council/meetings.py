"""Meetings: where the five constituencies sit together, called in time, with an agenda."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import deadlines, policy, votes
from council.db import PLAIN, Base, Governed
from council.decisions import Result
from council.errors import NotFound
from council.gate import Context
from council.kinds import KINDS, Kind, MeetingKind
from council.people import Alias, Constituency, Person
from council.places import Place
from council.policy import Can
from council.proposals import Proposal
from council.thresholds import Rule
from council.votes import Vote


class MeetingStage(StrEnum):
    """Where a meeting stands; `sittings.py` holds the way from one to the next."""

    PLANNED = "planned"
    NOTIFIED = "notified"
    CHECK_IN = "check_in"
    IN_SESSION = "in_session"
    ADJOURNED = "adjourned"
    FELL = "fell"
    CANCELLED = "cancelled"


LIVE = (
    MeetingStage.PLANNED, MeetingStage.NOTIFIED, MeetingStage.CHECK_IN, MeetingStage.IN_SESSION,
)  # fmt: skip
"""Stages of a meeting that is still to come or going on."""

AHEAD = LIVE[:3]
"""Stages of a meeting that has not begun."""


class ItemKind(StrEnum):
    """What an item is for: a decision, a report that is heard (通报), or a talk."""

    DECISION = "decision"
    REPORT = "report"
    TALK = "talk"


class ItemStage(StrEnum):
    """Where one item of the agenda stands."""

    PENDING = "pending"
    OPEN = "open"
    CONSENSUS = "consensus"
    VOTED = "voted"
    HEARD = "heard"
    POSTPONED = "postponed"


# Tables


class Meeting(Governed, Base):
    """A meeting: when, where, who leads it. `quorum` is the test made when it began or fell.

    `talk_at`: too few came, and from then on it is an open talk that decides nothing.
    `petition_id`: the petition that demanded it. `entitled`: how many adults are registered, of
    whom a seat is taken by coming; None where seats stand on a list.
    `places`: how many can come without a seat; None sets no limit.
    """

    __tablename__ = "meeting"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    kind: Mapped[MeetingKind]
    title: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    location: Mapped[str] = mapped_column(default="")
    accessible: Mapped[bool] = mapped_column(default=False)
    places: Mapped[int | None]
    chair_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorder_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stage: Mapped[MeetingStage] = mapped_column(default=MeetingStage.PLANNED, index=True)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    notified_at: Mapped[datetime | None]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    quorum: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=PLAIN)
    reason: Mapped[str] = mapped_column(default="")
    talk_at: Mapped[datetime | None]
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id"), index=True)
    entitled: Mapped[int | None]

    @property
    def of_kind(self) -> Kind:
        """What holds for meetings of its kind."""
        return KINDS[self.kind]

    @property
    def decides(self) -> bool:
        """Whether it may agree and vote; a talk only hears."""
        return self.of_kind.decides and self.talk_at is None

    @property
    def rule(self) -> Rule:
        """How this kind of meeting decides, under the charter as it was when it was planned."""
        return self.of_kind.rule(self.rules)

    @property
    def notice_by(self) -> datetime:
        """The last instant at which the notice is still in time."""
        return deadlines.notice_by(self.starts_at, self.of_kind.notice_days(self.rules))


class MeetingSeat(Governed, Base):
    """Somebody is invited for a constituency; a unit has one seat. `votes`: or only advises."""

    __tablename__ = "meeting_seat"
    __table_args__ = (
        UniqueConstraint("meeting_id", "person_id"),
        UniqueConstraint("meeting_id", "unit_id"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    constituency: Mapped[Constituency]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    votes: Mapped[bool]


class AgendaItem(Governed, Base):
    """An item of the agenda: a matter with its motion, or a title of its own without a matter.

    `result` is the test of the consensus; `minutes` the time planned for it, 0 when none is.
    `about_people`: a vote on it is secret.
    `offered_id` is asked to take the chair of this item; `chair_id` took it, for this item only.
    """

    __tablename__ = "agenda_item"
    __table_args__ = (UniqueConstraint("meeting_id", "proposal_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    position: Mapped[int]
    kind: Mapped[ItemKind] = mapped_column(
        default=ItemKind.DECISION, server_default=ItemKind.DECISION.value
    )
    title: Mapped[str] = mapped_column(default="", server_default="")
    presenter: Mapped[str] = mapped_column(default="", server_default="")
    minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    about_people: Mapped[bool | None] = mapped_column(default=False)
    motion: Mapped[str] = mapped_column(default="")
    stage: Mapped[ItemStage] = mapped_column(default=ItemStage.PENDING, index=True)
    consensus: Mapped[str] = mapped_column(default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=PLAIN)
    reason: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    offered_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def reckoning(self) -> Result | None:
        """The test of the consensus with its arithmetic; None when there was none."""
        return Result.from_json(self.result) if self.result else None


# Requirements


def meeting_in_session(ctx: Context, item: AgendaItem) -> bool:
    """The meeting is in session."""
    return ctx.session.get_one(Meeting, item.meeting_id).stage is MeetingStage.IN_SESSION


def item_is_open(ctx: Context, item: AgendaItem) -> bool:
    """The item is the one under deliberation."""
    return item.stage is ItemStage.OPEN


def no_vote_opened(ctx: Context, item: AgendaItem) -> bool:
    """No vote on this item has been opened."""
    return not votes.of_items(ctx.session, [item.id])


# Questions


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """Which meetings this reader may see: all whose notice went out, planned ones by the offices.

    Those who sign for a unit see the meetings that ask for their unit's word.
    """
    shown: list[ColumnElement[bool]] = [Meeting.notified_at.is_not(None)]
    if ctx.actor is None or ctx.actor.person_id is None:
        return shown[0]
    working = (Can.CONVENE, Can.CHAIR, Can.RECORD, Can.SCREEN)
    for held in ctx.actor.offices:
        if any(held.post in policy.HOLDERS[can].posts for can in working):
            below = select(Place.id).where(Place.path.startswith(held.path, autoescape=True))
            shown.append(Meeting.community_id.in_(below))
    if mine := ctx.actor.unit_ids():
        asked = select(AgendaItem.meeting_id).join(Proposal, Proposal.id == AgendaItem.proposal_id)
        shown.append(Meeting.id.in_(asked.where(Proposal.unit_id.in_(mine))))
    return or_(*shown)


def get(ctx: Context, meeting_id: int) -> Meeting:
    """One meeting. Raises NotFound when there is none, or none that this reader may see."""
    found = select(Meeting).where(Meeting.id == meeting_id, visible_to(ctx))
    row = ctx.session.scalars(found).first()
    if row is None:
        raise NotFound("not_found")
    return row


def item(ctx: Context, item_id: int) -> AgendaItem:
    """One item of an agenda. Raises NotFound when this reader may not see its meeting."""
    found = select(AgendaItem).join(Meeting, Meeting.id == AgendaItem.meeting_id)
    row = ctx.session.scalars(found.where(AgendaItem.id == item_id, visible_to(ctx))).first()
    if row is None:
        raise NotFound("not_found")
    return row


def coming(ctx: Context, community_id: int, limit: int = 20) -> list[Meeting]:
    """Meetings that are still to come or going on, the next one first."""
    found = select(Meeting).where(
        visible_to(ctx), Meeting.community_id == community_id, Meeting.stage.in_(LIVE)
    )
    return list(ctx.session.scalars(found.order_by(Meeting.starts_at, Meeting.id).limit(limit)))


def past(
    ctx: Context, community_id: int, before: int | None = None, limit: int = 20
) -> list[Meeting]:
    """Meetings that are over, newest first, with one more than `limit`; `before` is an id."""
    found = select(Meeting).where(
        visible_to(ctx), Meeting.community_id == community_id, Meeting.stage.not_in(LIVE)
    )
    if before is not None:
        found = found.where(Meeting.id < before)
    return list(ctx.session.scalars(found.order_by(Meeting.id.desc()).limit(limit + 1)))


def answering(ctx: Context, petition_id: int) -> list[Meeting]:
    """The meetings that this reader may see and that name a petition, the newest first."""
    found = select(Meeting).where(visible_to(ctx), Meeting.petition_id == petition_id)
    return list(ctx.session.scalars(found.order_by(Meeting.id.desc())))


def items(session: Session, meeting_id: int) -> list[AgendaItem]:
    """The agenda in its order."""
    found = select(AgendaItem).where(AgendaItem.meeting_id == meeting_id)
    return list(session.scalars(found.order_by(AgendaItem.position)))


def agendas(
    session: Session, meeting_ids: Iterable[int]
) -> dict[int, list[tuple[AgendaItem, Proposal | None]]]:
    """The agendas of many meetings, each item with its matter if any, in one statement."""
    found = select(AgendaItem, Proposal).outerjoin(Proposal, Proposal.id == AgendaItem.proposal_id)
    rows = found.where(AgendaItem.meeting_id.in_(list(meeting_ids))).order_by(AgendaItem.position)
    by: dict[int, list[tuple[AgendaItem, Proposal | None]]] = {}
    for row, proposal in session.execute(rows):
        by.setdefault(row.meeting_id, []).append((row, proposal))
    return by


def seats(session: Session, meeting_id: int) -> list[MeetingSeat]:
    """Everybody invited, in the order of the constituencies."""
    found = session.scalars(select(MeetingSeat).where(MeetingSeat.meeting_id == meeting_id))
    return sorted(found, key=lambda row: (list(Constituency).index(row.constituency), row.id))


def seat_of(session: Session, meeting_id: int, person_id: int | None) -> MeetingSeat | None:
    """The seat of a person at a meeting, if invited."""
    found = select(MeetingSeat).where(
        MeetingSeat.meeting_id == meeting_id, MeetingSeat.person_id == person_id
    )
    return session.scalars(found).first()


@dataclass(frozen=True)
class Face:
    """Somebody as the offices know them: public number and name, never for other eyes."""

    number: int
    name: str


def faces(session: Session, community_id: int, person_ids: Iterable[int]) -> dict[int, Face]:
    """Numbers and names of people, for those who invite them and sign them in; one statement."""
    found = (
        select(Person.id, Person.name, Alias.number)
        .join(Alias, (Alias.person_id == Person.id) & (Alias.community_id == community_id))
        .where(Person.id.in_(set(person_ids)))
    )
    return {person: Face(number, name) for person, name, number in session.execute(found)}


@dataclass(frozen=True)
class Decided:
    """One item about a matter: the meeting, the item, and the vote if there was one."""

    meeting: Meeting
    item: AgendaItem
    vote: Vote | None

    @property
    def result(self) -> Result | None:
        """What was reckoned: by the vote, else by the consensus."""
        return self.vote.reckoning if self.vote else self.item.reckoning


@dataclass(frozen=True)
class Section:
    """How a matter was settled: every meeting that took it up, the newest first."""

    decided: tuple[Decided, ...]


def section(session: Session, proposal: Proposal) -> Section | None:
    """The part of a matter's page about its meetings, in two statements; None before any notice."""
    found = select(AgendaItem, Meeting).join(Meeting, Meeting.id == AgendaItem.meeting_id)
    found = found.where(AgendaItem.proposal_id == proposal.id, Meeting.notified_at.is_not(None))
    rows = session.execute(found.order_by(Meeting.id.desc())).all()
    if not rows:
        return None
    cast = votes.of_items(session, [row.id for row, _ in rows])
    return Section(tuple(Decided(meeting, row, cast.get(row.id)) for row, meeting in rows))
