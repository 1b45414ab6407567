"""Chairing: whoever leads gives no view; to speak, they hand over the chair until it is settled."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import plans
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.meetings import AgendaItem, ItemStage, Meeting, item_is_open, no_vote_opened
from council.people import Post
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


def no_vote_is_open(ctx: Context, item: AgendaItem) -> bool:
    """No vote is open, not on an amendment either: whoever votes does not lead it."""
    found = select(Vote.id).where(Vote.agenda_item_id == item.id, Vote.stage == VoteStage.OPEN)
    return ctx.session.scalars(found).first() is None


# Acts


@act(
    "chair.hand_over",
    who=Can.CHAIR,
    requires=(item_is_open, no_vote_opened, no_vote_is_open, has_not_left_the_chair),
)
def hand_over(ctx: Context, item: AgendaItem, *, to_id: int) -> ChairTurn:
    """Hand the chair to another facilitator for this item, in order to speak to it oneself."""
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    now = presiding(ctx.session, meeting)
    with checking() as check:
        check(to_id in dict(successors(ctx, meeting)), "not_a_choice", "to")
    made = ChairTurn(
        community_id=item.community_id, proposal_id=item.proposal_id, meeting_id=meeting.id,
        item_id=item.id, from_id=now, to_id=to_id, at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


def presiding(session: Session, meeting: Meeting) -> int:
    """The person who leads the meeting at this moment."""
    found = _turns(session, meeting.id)
    return found[-1].to_id if found else meeting.chair_id


def presided(session: Session, item: AgendaItem) -> set[int]:
    """Everybody who led this item: none of them votes on it."""
    meeting = session.get_one(Meeting, item.meeting_id)
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


def successors(ctx: Context, meeting: Meeting) -> list[tuple[int, str]]:
    """Who can take the chair now: the other facilitators, by number and name."""
    place = ctx.session.get_one(Place, meeting.community_id)
    gone = {presiding(ctx.session, meeting), *_left(ctx.session, meeting.id)}
    held = plans.choices(ctx, place, Post.FACILITATOR)
    return [(person, words) for person, words in held if person not in gone]


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
