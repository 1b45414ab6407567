"""Chairing: whoever leads gives no view; to speak, they hand over the chair until it is settled."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance, meetings, people, plans, policy
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.meetings import AgendaItem, ItemStage, Meeting, item_is_open, no_vote_opened
from council.people import Actor, Byline, Post
from council.places import Place
from council.policy import Can
from council.votes import Vote, VoteStage


class InMeeting(Protocol):
    """Whatever belongs to a meeting: an item of its agenda, somebody's turn to speak."""

    @property
    def meeting_id(self) -> Any:
        """The meeting."""


# Table


class ChairTurn(Governed, Base):
    """The chair of one item went from one person to another, until the item is settled."""

    __tablename__ = "chair_turn"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"))
    from_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


# Requirements


def has_not_left_the_chair(ctx: Context, row: InMeeting) -> bool:
    """Whoever handed over the chair leads again only when the item is settled."""
    return ctx.actor is not None and ctx.actor.person_id not in _left(ctx.session, row.meeting_id)


def does_not_preside(ctx: Context, row: InMeeting) -> bool:
    """Whoever presides gives no view; to speak, they hand over the chair first."""
    meeting = ctx.session.get_one(Meeting, row.meeting_id)
    return ctx.actor is not None and ctx.voice.person_id != presiding(ctx.session, meeting)


def chair_sits_out(ctx: Context, row: InMeeting) -> bool:
    """Whoever leads does not vote, and so takes no seat; in an assembly a chair keeps the vote."""
    meeting = ctx.session.get_one(Meeting, row.meeting_id)
    if meeting.of_kind.chair_votes:
        return True
    return meetings.seat_of(ctx.session, meeting.id, meeting.chair_id) is None


def no_vote_is_open(ctx: Context, item: AgendaItem) -> bool:
    """No vote is open, not on an amendment either: whoever votes does not lead it."""
    found = select(Vote.id).where(Vote.agenda_item_id == item.id, Vote.stage == VoteStage.OPEN)
    return ctx.session.scalars(found).first() is None


def is_offered_the_chair(ctx: Context, item: AgendaItem) -> bool:
    """The chair of this item has been offered to you."""
    return ctx.actor is not None and item.offered_id == ctx.actor.person_id


# Acts

_HANDS_CHANGE = (item_is_open, no_vote_opened, no_vote_is_open)


@act("chair.hand_over", who=Can.CHAIR, requires=(*_HANDS_CHANGE, has_not_left_the_chair))
def hand_over(ctx: Context, item: AgendaItem, *, to_id: int) -> AgendaItem:
    """Ask a facilitator, or a seat that is present, to take the chair of this item."""
    with checking() as check:
        check(to_id in dict(successors(ctx, item)), "not_a_choice", "to")
    item.offered_id = to_id
    return item


@act("chair.accept", who=Can.SELF, requires=(*_HANDS_CHANGE, is_offered_the_chair), alone=True)
def accept(ctx: Context, item: AgendaItem) -> ChairTurn:
    """Take the chair of this item until it is settled: no view, no vote on it, all the rest."""
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    made = ChairTurn(
        community_id=item.community_id, proposal_id=item.proposal_id, meeting_id=meeting.id,
        item_id=item.id, from_id=presiding(ctx.session, meeting), to_id=ctx.person_id, at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    item.chair_id, item.offered_id = ctx.person_id, None
    return made


@act("chair.decline", who=Can.SELF, requires=(is_offered_the_chair,))
def decline(ctx: Context, item: AgendaItem) -> None:
    """Say that one does not want the chair of this item."""
    item.offered_id = None


@policy.lent(Can.CHAIR)
def leads_for_now(session: Session, actor: Actor, row: object) -> bool:
    """Whoever took the chair of an item leads it while it is open, and nothing else."""
    item_id = getattr(row, "item_id", None) or getattr(row, "agenda_item_id", None)
    item = session.get(AgendaItem, item_id) if item_id else row
    if not isinstance(item, AgendaItem) or item.stage is not ItemStage.OPEN:
        return False
    return actor.person_id is not None and item.chair_id == actor.person_id


# Questions


def presiding(session: Session, meeting: Meeting) -> int:
    """The person who leads the meeting at this moment."""
    found = _turns(session, meeting.id)
    return found[-1].to_id if found else meeting.chair_id


def presided(session: Session, item: AgendaItem) -> set[int]:
    """Everybody who led this item: none of them votes on it, but in an assembly they do."""
    meeting = session.get_one(Meeting, item.meeting_id)
    if meeting.of_kind.chair_votes:
        return set()
    found = session.scalars(select(ChairTurn.to_id).where(ChairTurn.item_id == item.id))
    return {meeting.chair_id, *found}


def turns(session: Session, item_ids: list[int]) -> dict[int, list[ChairTurn]]:
    """By item, how its chair went from hand to hand; for the minutes, in one statement."""
    by: dict[int, list[ChairTurn]] = {}
    for row in session.scalars(
        select(ChairTurn).where(ChairTurn.item_id.in_(item_ids)).order_by(ChairTurn.id)
    ):
        by.setdefault(row.item_id, []).append(row)
    return by


def successors(ctx: Context, item: AgendaItem) -> list[tuple[int, Byline]]:
    """Who can be asked to take the chair: other facilitators, then the seats that are present."""
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    gone = {presiding(ctx.session, meeting), *_left(ctx.session, meeting.id)}
    place = ctx.session.get_one(Place, meeting.community_id)
    held = plans.officers(ctx.session, place, Post.FACILITATOR, ctx.now)
    found = {row.person_id: Byline(None, row.number, post=Post.FACILITATOR) for row in held}
    seats = attendance.present(ctx.session, meeting.id)
    who = [(one.person_id, one.constituency) for one in seats if one.person_id not in found]
    by = people.bylines(ctx.session, meeting.community_id, who)
    found |= {person: by[person, constituency] for person, constituency in who}
    return [(person, byline) for person, byline in found.items() if person not in gone]


# Private helpers


def _turns(session: Session, meeting_id: int) -> list[ChairTurn]:
    """The chair's turns in the item that is open."""
    found = select(ChairTurn).join(AgendaItem, AgendaItem.id == ChairTurn.item_id)
    of_now = found.where(ChairTurn.meeting_id == meeting_id, AgendaItem.stage == ItemStage.OPEN)
    return list(session.scalars(of_now.order_by(ChairTurn.id)))


def _left(session: Session, meeting_id: int) -> set[int]:
    """Those who handed over the chair of the item that is open."""
    return {row.from_id for row in _turns(session, meeting_id)}


def has_left(ctx: Context, meeting_id: int) -> bool:
    """Whether whoever speaks handed over the chair of the item that is open."""
    return ctx.voice.person_id in _left(ctx.session, meeting_id)
