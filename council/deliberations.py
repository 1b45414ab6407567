"""Deliberations: one motion at a time; consensus is sought first, and only then there is a vote."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance, counting, decisions, meetings, motions, rollcalls
from council.chairing import chair_sits_out, does_not_preside, has_not_left_the_chair
from council.db import Base, Governed
from council.decisions import Outcome, Result
from council.errors import checking
from council.gate import Context, act
from council.handcounts import tellers_agree
from council.meetings import (
    AgendaItem,
    ItemKind,
    ItemStage,
    Meeting,
    MeetingSeat,
    item_is_open,
    meeting_in_session,
    no_vote_opened,
)
from council.motions import no_amendment_in_vote, no_amendment_open
from council.people import Channel, Constituency
from council.policy import Can
from council.speeches import both_sides_heard, floor_is_free
from council.tallies import heads
from council.votes import How, Vote, VoteMode, vote_is_open

WORDS, TEXT = 300, 1000
"""Longest objection or reason, longest text of a consensus, in characters."""

# Table


class Objection(Governed, Base):
    """A seat that is present objects to a motion, in words; it may be taken back when heard."""

    __tablename__ = "objection"
    __table_args__ = (UniqueConstraint("item_id", "seat_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    constituency: Mapped[Constituency]
    words: Mapped[str]
    at: Mapped[datetime]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]


# Requirements


def vote_in_meeting(ctx: Context, vote: Vote) -> bool:
    """The vote was opened in a meeting; a formal vote is closed by its hour."""
    return vote.in_meeting


def item_is_pending(ctx: Context, item: AgendaItem) -> bool:
    """The item has not been called yet."""
    return item.stage is ItemStage.PENDING


def item_can_wait(ctx: Context, item: AgendaItem) -> bool:
    """The item has not been settled."""
    return item.stage in {ItemStage.PENDING, ItemStage.OPEN}


def no_other_item_open(ctx: Context, item: AgendaItem) -> bool:
    """No other item is open: one thing at a time."""
    others = meetings.items(ctx.session, item.meeting_id)
    return not any(one.stage is ItemStage.OPEN and one.id != item.id for one in others)


def has_motion(ctx: Context, item: AgendaItem) -> bool:
    """The motion is written down: without a motion there is no debate; a report needs none."""
    return bool(item.motion) or not item_decides(ctx, item)


def item_decides(ctx: Context, item: AgendaItem) -> bool:
    """A motion is put on this item; a report, and a meeting that only talks, decide nothing."""
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    return meeting.decides and item.kind is ItemKind.DECISION


def item_only_heard(ctx: Context, item: AgendaItem) -> bool:
    """Nothing is decided on this item: it is heard and talked about."""
    return not item_decides(ctx, item)


def takes_a_seat(ctx: Context, item: AgendaItem) -> bool:
    """Only somebody who has a seat and has signed in."""
    return ctx.actor is not None and _seat(ctx, item) is not None


def not_yet_objected(ctx: Context, item: AgendaItem) -> bool:
    """Each seat objects once to an item; the objection can be taken back."""
    return ctx.actor is not None and _objection(ctx, item) is None


def has_objected(ctx: Context, item: AgendaItem) -> bool:
    """This seat has objected and not taken it back."""
    return ctx.actor is not None and _objection(ctx, item) is not None


def nobody_objects(ctx: Context, item: AgendaItem) -> bool:
    """No seat of a constituency that counts objects to the motion."""
    return agreement(ctx.session, item).outcome is Outcome.ADOPTED


def still_in_the_chair(ctx: Context, vote: Vote) -> bool:
    """Whoever handed over the chair to speak to the item does not close its vote."""
    item = ctx.session.get(AgendaItem, vote.agenda_item_id) if vote.agenda_item_id else None
    return item is None or has_not_left_the_chair(ctx, item)


# Acts


@act(
    "item.open",
    who=Can.CHAIR,
    requires=(meeting_in_session, item_is_pending, no_other_item_open, has_motion),
)
def open_item(ctx: Context, item: AgendaItem) -> AgendaItem:
    """Call an item: its motion is read out and everybody may speak to it."""
    item.stage, item.opened_at = ItemStage.OPEN, ctx.now
    motions.call(ctx, item)
    return item


@act(
    "item.object",
    who=Can.SPEAK,
    requires=(
        item_is_open,
        item_decides,
        no_vote_opened,
        takes_a_seat,
        does_not_preside,
        not_yet_objected,
    ),
    behalf=True,
)
def object_to(ctx: Context, item: AgendaItem, *, words: str) -> Objection:
    """Object to the motion, saying why; then there is no consensus."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    seat = ctx.session.get_one(MeetingSeat, _seat(ctx, item))
    made = _objection(ctx, item, standing=False)
    if made is None:
        made = Objection(
            community_id=item.community_id, proposal_id=item.proposal_id, item_id=item.id,
            seat_id=seat.id, person_id=seat.person_id, constituency=seat.constituency,
        )  # fmt: skip
        ctx.session.add(made)
    made.words, made.at, made.withdrawn_at = words, ctx.now, None
    made.channel, made.entered_by_id = ctx.channel, ctx.entered_by_id
    return made


@act(
    "item.withdraw_objection",
    who=Can.SPEAK,
    requires=(item_is_open, no_vote_opened, has_objected),
    behalf=True,
)
def withdraw_objection(ctx: Context, item: AgendaItem) -> None:
    """Take one's objection back, because it has been heard."""
    if mine := _objection(ctx, item):
        mine.withdrawn_at = ctx.now


@act(
    "item.consensus",
    who=Can.CHAIR,
    requires=(
        meeting_in_session,
        item_is_open,
        item_decides,
        no_vote_opened,
        no_amendment_open,
        has_not_left_the_chair,
        floor_is_free,
        nobody_objects,
    ),
)
def agree(ctx: Context, item: AgendaItem, *, text: str) -> AgendaItem:
    """Record that all agree: everybody was asked and nobody objects. `text` is what was agreed."""
    with checking() as check:
        check.text(text, "text", limit=TEXT)
    item.result = agreement(ctx.session, item).to_json()
    item.consensus, item.stage, item.closed_at = text, ItemStage.CONSENSUS, ctx.now
    return item


@act(
    "item.hear",
    who=Can.CHAIR,
    requires=(
        meeting_in_session,
        item_is_open,
        item_only_heard,
        has_not_left_the_chair,
        floor_is_free,
    ),
)
def hear(ctx: Context, item: AgendaItem) -> AgendaItem:
    """Close a report or a talk: it has been heard, and nothing is decided."""
    item.stage, item.closed_at = ItemStage.HEARD, ctx.now
    return item


@act(
    "item.postpone",
    who=Can.CHAIR,
    requires=(
        meeting_in_session,
        item_can_wait,
        no_vote_opened,
        no_amendment_in_vote,
        has_not_left_the_chair,
        floor_is_free,
    ),
)
def postpone(ctx: Context, item: AgendaItem, *, reason: str) -> AgendaItem:
    """Leave an item for another meeting, with a public reason."""
    with checking() as check:
        check.text(reason, "reason", limit=WORDS)
    item.reason, item.stage, item.closed_at = reason, ItemStage.POSTPONED, ctx.now
    return item


@act(
    "vote.open",
    who=Can.CHAIR,
    requires=(
        meeting_in_session,
        item_is_open,
        item_decides,
        no_vote_opened,
        no_amendment_open,
        chair_sits_out,
        has_not_left_the_chair,
        floor_is_free,
        both_sides_heard,
    ),
)
def open_vote(ctx: Context, item: AgendaItem, *, how: How = How.PHONES) -> Vote:
    """Put the motion to the vote: rule, question, seats and the way of voting are fixed."""
    return motions.put_to_vote(ctx, item, question=item.motion, how=how)


@act(
    "vote.close",
    who=Can.CHAIR,
    requires=(vote_in_meeting, vote_is_open, still_in_the_chair, tellers_agree),
    alone=True,
)
def close_vote(ctx: Context, vote: Vote) -> Vote:
    """Close the vote: the result is reckoned from the ballots and stands from here on."""
    (rollcalls if vote.mode is VoteMode.ROLL_CALL else counting).finish(ctx, vote)
    if vote.on_item:
        item = ctx.session.get_one(AgendaItem, vote.agenda_item_id)
        item.stage, item.closed_at = ItemStage.VOTED, ctx.now
    return vote


# Questions


def agreement(session: Session, item: AgendaItem) -> Result:
    """What asking for objections gives as things stand: by constituency, with its arithmetic."""
    meeting = session.get_one(Meeting, item.meeting_id)
    now = attendance.count(session, meeting)
    against = dict.fromkeys(now.due, 0)
    for one in objections(session, [item.id]).get(item.id, []):
        against[one.constituency] += one.withdrawn_at is None
    due, present, no = (
        heads(attendance.by_rule(meeting.rule, one)) for one in (now.due, now.present, against)
    )
    return decisions.consensus(meeting.rule, due, present, no)


def objections(session: Session, item_ids: list[int]) -> dict[int, list[Objection]]:
    """The objections to items of an agenda, by item, those taken back included."""
    found = select(Objection).where(Objection.item_id.in_(item_ids)).order_by(Objection.id)
    by: dict[int, list[Objection]] = {}
    for row in session.scalars(found):
        by.setdefault(row.item_id, []).append(row)
    return by


def _seat(ctx: Context, item: AgendaItem) -> int | None:
    """The seat at which whoever speaks has signed in."""
    mine = attendance.is_present(ctx.session, item.meeting_id, ctx.voice.person_id)
    return mine.id if mine else None


def _objection(ctx: Context, item: AgendaItem, *, standing: bool = True) -> Objection | None:
    """The objection of whoever speaks; `standing` leaves out one that was taken back."""
    found = select(Objection).where(
        Objection.item_id == item.id, Objection.person_id == ctx.voice.person_id
    )
    if standing:
        found = found.where(Objection.withdrawn_at.is_(None))
    return ctx.session.scalars(found).first()
