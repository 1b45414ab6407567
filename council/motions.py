"""Motions: one thing at a time; who wants it otherwise moves an amendment, text against text."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance, ballots, chairing, rollcalls, translations, votes
from council.chairing import chair_sits_out, does_not_preside, has_not_left_the_chair
from council.db import Base, Governed
from council.decisions import Outcome
from council.errors import checking
from council.gate import Context, Possible, act, after
from council.meetings import AgendaItem, ItemStage, Meeting, MeetingSeat, MeetingStage
from council.people import SYSTEM, Channel
from council.policy import Can
from council.proposals import Proposal
from council.rollcalls import Seat
from council.speeches import floor_is_free
from council.votes import How, Vote, VoteStage
from council.workflow import Transition, Workflow, advance, open_transitions

TEXT, DEPTH = 1000, 2
"""Longest motion in characters; how deep amendments nest: an amendment of an amendment."""


class MotionStage(StrEnum):
    """Where a motion or an amendment stands."""

    MOVED = "moved"
    DEBATING = "debating"
    QUESTION = "question"
    CARRIED = "carried"
    LOST = "lost"
    TABLED = "tabled"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


LIVE = (MotionStage.MOVED, MotionStage.DEBATING, MotionStage.QUESTION)
"""Stages of a motion that is not settled."""

# Requirements


def is_called(ctx: Context, motion: "Motion") -> bool:
    """The meeting is in session and deliberates on this item."""
    item = ctx.session.get_one(AgendaItem, motion.item_id)
    meeting = ctx.session.get_one(Meeting, motion.meeting_id)
    return item.stage is ItemStage.OPEN and meeting.stage is MeetingStage.IN_SESSION


def is_debated(ctx: Context, motion: "Motion") -> bool:
    """The motion is under debate, and no vote on it has been opened."""
    return motion.stage is MotionStage.DEBATING


def is_innermost(ctx: Context, motion: "Motion") -> bool:
    """No amendment to it is open: the innermost is settled first."""
    return not any(
        row.depth > motion.depth and row.stage in LIVE
        for row in of_item(ctx.session, motion.item_id)
    )


def is_amendment(ctx: Context, motion: "Motion") -> bool:
    """It is an amendment; the motion of an item is settled with its item."""
    return motion.depth > 0


def may_be_amended(ctx: Context, motion: "Motion") -> bool:
    """An amendment to an amendment is not amended again."""
    return motion.depth < DEPTH


def has_come(ctx: Context, motion: "Motion") -> bool:
    """Only somebody who has a seat and has signed in; the chair has none."""
    return ctx.actor is not None and _seat(ctx, motion) is not None


def moved_by_another(ctx: Context, motion: "Motion") -> bool:
    """Whoever moved it does not second it."""
    mine = _seat(ctx, motion) if ctx.actor else None
    return mine is None or mine.id != motion.mover_seat_id


def moved_by_oneself(ctx: Context, motion: "Motion") -> bool:
    """Only whoever moved it takes it back."""
    mine = _seat(ctx, motion) if ctx.actor else None
    return mine is not None and mine.id == motion.mover_seat_id


def no_amendment_open(ctx: Context, item: AgendaItem) -> bool:
    """No amendment to the motion is open: amendments are settled first."""
    return not any(row.depth for row in stack(ctx.session, item.id))


def no_amendment_in_vote(ctx: Context, item: AgendaItem) -> bool:
    """No vote on an amendment is open."""
    return not any(
        row.depth and row.stage is MotionStage.QUESTION for row in stack(ctx.session, item.id)
    )


def enough_present(ctx: Context, motion: "Motion") -> bool:
    """Enough have signed in to decide anything: the quorum is there."""
    meeting = ctx.session.get_one(Meeting, motion.meeting_id)
    return attendance.count(ctx.session, meeting).met


def vote_was_closed(ctx: Context, motion: "Motion") -> bool:
    """The vote on it is closed."""
    if motion.depth:
        vote = of_votes(ctx.session, [motion.id]).get(motion.id)
    else:
        vote = votes.of_items(ctx.session, [motion.item_id]).get(motion.item_id)
    return vote is not None and vote.stage is VoteStage.FINAL


# What belongs to a move itself


def note_second(ctx: Context, motion: "Motion") -> None:
    """Another seat wants it debated."""
    seat = _seat(ctx, motion)
    motion.seconder_seat_id = seat.id if seat else None


def ask(ctx: Context, motion: "Motion") -> None:
    """The vote on an amendment opens with the seats that are present now."""
    item = ctx.session.get_one(AgendaItem, motion.item_id)
    put_to_vote(ctx, item, question=motion.text, motion_id=motion.id, how=motion.how)


def settle(ctx: Context, motion: "Motion") -> None:
    """It is over; what it was about is debated again."""
    motion.settled_at = ctx.now


def take_over(ctx: Context, motion: "Motion") -> None:
    """What was amended reads from now on as the amendment says; each row keeps both texts."""
    settle(ctx, motion)
    if motion.parent_id is None:
        return
    parent = ctx.session.get_one(Motion, motion.parent_id)
    item = ctx.session.get_one(AgendaItem, motion.item_id)
    parent.text = motion.text
    if parent.parent_id is None:
        item.motion = motion.text
    translations.forget(ctx.session, parent, item)


# The table


class T(Transition["Motion", MotionStage]):
    """A row of the motion machine."""


_RULED = (
    is_amendment, is_called, has_not_left_the_chair, floor_is_free, is_innermost, enough_present,
)  # fmt: skip
_OPEN, _NOW, _DONE = MotionStage.DEBATING, MotionStage.QUESTION, MotionStage.CARRIED

MOTION = Workflow(
    "motion",
    MotionStage.MOVED,
    (
        T("second", MotionStage.MOVED, _OPEN, Can.SPEAK,
          (is_called, has_come, does_not_preside, moved_by_another), note_second, behalf=True),
        T("drop", MotionStage.MOVED, MotionStage.LOST, Can.CHAIR,
          (is_called, has_not_left_the_chair), settle),
        T("withdraw", MotionStage.MOVED, MotionStage.WITHDRAWN, Can.SPEAK,
          (is_called, moved_by_oneself), settle, behalf=True),
        T("withdraw", _OPEN, MotionStage.WITHDRAWN, Can.SPEAK,
          (is_called, moved_by_oneself, is_innermost), settle, behalf=True),
        T("accept", _OPEN, _DONE, Can.CHAIR, _RULED, take_over),
        T("put", _OPEN, _NOW, Can.CHAIR, (*_RULED, chair_sits_out), ask),
        # what item and vote say
        T("agree", _OPEN, _DONE, Can.SYSTEM, (is_innermost,), settle),
        T("question", _OPEN, _NOW, Can.SYSTEM, (is_innermost,)),
        T("carry", _NOW, _DONE, Can.SYSTEM, (vote_was_closed,), take_over),
        T("lose", _NOW, MotionStage.LOST, Can.SYSTEM, (vote_was_closed,), settle),
        T("refer", _NOW, MotionStage.REFERRED, Can.SYSTEM, (vote_was_closed,), settle),
        T("table", MotionStage.MOVED, MotionStage.TABLED, Can.SYSTEM, (), settle),
        T("table", _OPEN, MotionStage.TABLED, Can.SYSTEM, (), settle),
    ),
)  # fmt: skip
"""The way of a motion. `council rules motion` prints it."""

AMENDMENT_STEPS = frozenset({"second", "drop", "withdraw", "accept", "put"})
"""Steps of an amendment that people take; the motion of an item follows its item and its vote."""

# Tables


class Motion(Governed, Base):
    """A motion of an item, or an amendment of one (`parent_id`), with the text as it would read.

    `before` is what it would replace; of an item's motion it is the text that the notice gave.
    `depth` is 0 for the item's motion. Nobody moved what came with the agenda: it needs no second.
    `how`: how an amendment is voted on.
    """

    __tablename__ = "motion"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("motion.id"))
    depth: Mapped[int]
    before: Mapped[str]
    text: Mapped[str]
    mover_seat_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_seat.id"))
    seconder_seat_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_seat.id"))
    stage: Mapped[MotionStage]
    how: Mapped[How] = mapped_column(default=How.PHONES, server_default=How.PHONES.value)
    moved_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


# Acts


@act(
    "motion.amend",
    who=Can.SPEAK,
    requires=(is_called, is_debated, is_innermost, may_be_amended, has_come, does_not_preside),
    behalf=True,
    alone=True,
)
def amend(ctx: Context, motion: Motion, *, text: str) -> Motion:
    """Move that the motion shall read as `text`; it is debated as soon as another seconds it."""
    with checking() as check:
        check.text(text, "text", limit=TEXT)
        check(text.strip() != motion.text.strip(), "nothing_changed", "text")
    item = ctx.session.get_one(AgendaItem, motion.item_id)
    return _add(ctx, item, motion, text, MotionStage.MOVED)


def put(ctx: Context, motion: Motion, *, how: How) -> None:
    """Put an amendment to the vote in this way; raises as `advance` does."""

    def note() -> None:
        motion.how = how

    advance(ctx, MOTION, motion, "put", note)


def call(ctx: Context, item: AgendaItem) -> None:
    """The motion of an item that is called is under debate; a slip of the chair makes no second."""
    if item.motion and not of_item(ctx.session, item.id):
        _add(ctx, item, None, item.motion, MotionStage.DEBATING)


def put_to_vote(
    ctx: Context, item: AgendaItem, *, question: str, motion_id: int | None = None,
    how: How = How.PHONES,
) -> Vote:  # fmt: skip
    """Open a vote on an item, or on an amendment, with its meeting's rule and the seats present."""
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    presided = chairing.presided(ctx.session, item)
    made = rollcalls.start(
        ctx, community_id=item.community_id, proposal_id=item.proposal_id, agenda_item_id=item.id,
        motion_id=motion_id, title=_subject(ctx.session, item) if how is How.SECRET else "",
        question=question, how=how, about_people=bool(item.about_people), rule=meeting.rule,
        due=attendance.by_rule(meeting.rule, attendance.count(ctx.session, meeting).due),
        seats=[
            Seat(seat.id, seat.person_id, seat.constituency, seat.unit_id, seat.votes)
            for seat in attendance.present(ctx.session, meeting.id)
            if seat.person_id not in presided
        ],
    )  # fmt: skip
    if how is How.SECRET:
        ballots.prepare_marks(ctx, made)
    return made


# What items and votes do, in their transaction, as the system


@after("item.consensus")
def follow_consensus(ctx: Context, item: AgendaItem) -> None:
    """What all agree on is carried."""
    _move_main(ctx, item.id, "agree")


@after("item.postpone")
def follow_postponement(ctx: Context, item: AgendaItem) -> None:
    """Whatever is open about a postponed item is shelved with it, the innermost first."""
    for row in reversed(stack(ctx.session, item.id)):
        advance(_as_system(ctx), MOTION, row, "table")


@after("vote.open")
def follow_vote_opening(ctx: Context, vote: Vote) -> None:
    """The item's motion is put to the vote; an amendment's vote was opened by its own step."""
    if vote.agenda_item_id is not None:
        _move_main(ctx, vote.agenda_item_id, "question")


OF_OUTCOME = {
    Outcome.ADOPTED: "carry", Outcome.REJECTED: "lose", Outcome.NO_QUORUM: "lose",
    Outcome.REFERRED: "refer",
}  # fmt: skip


@after("vote.close")
@after("tie.cast")
def follow_vote(ctx: Context, vote: Vote) -> None:
    """Carried or lost, as the rule computed; an amendment goes to no other body. A tie waits."""
    if not vote.in_meeting or vote.outcome not in OF_OUTCOME:
        return
    step = OF_OUTCOME[vote.outcome]
    if vote.motion_id is None:
        _move_main(ctx, vote.agenda_item_id, step)
    else:
        row = ctx.session.get_one(Motion, vote.motion_id)
        advance(_as_system(ctx), MOTION, row, "lose" if step == "refer" else step)


# Questions


def of_item(session: Session, item_id: int) -> list[Motion]:
    """The motion of an item and all its amendments, in the order in which they were moved."""
    return of_items(session, [item_id])


def of_items(session: Session, item_ids: Iterable[int]) -> list[Motion]:
    """The motions of these items with their amendments, in the order in which they were moved."""
    found = select(Motion).where(Motion.item_id.in_(list(item_ids))).order_by(Motion.id)
    return list(session.scalars(found))


def stack(session: Session, item_id: int) -> list[Motion]:
    """The motion of an item and the amendments that are open, the innermost last."""
    return [row for row in of_item(session, item_id) if row.stage in LIVE]


def steps(ctx: Context, motion: Motion) -> list[tuple[Transition[Motion, MotionStage], Possible]]:
    """What this reader may do with an amendment now; the item's motion has no steps of its own."""
    found = open_transitions(ctx, MOTION, motion) if motion.depth else []
    return [(step, possible) for step, possible in found if step.name in AMENDMENT_STEPS]


def of_votes(session: Session, motion_ids: Iterable[int]) -> dict[int, Vote]:
    """The votes on amendments, by amendment, in one statement."""
    found = select(Vote).where(Vote.motion_id.in_(list(motion_ids)))
    return {row.motion_id: row for row in session.scalars(found) if row.motion_id}


# Private helpers


def _subject(session: Session, item: AgendaItem) -> str:
    """What the receipts of a secret vote name: the matter, or the item's own title."""
    matter = session.get(Proposal, item.proposal_id) if item.proposal_id else None
    return matter.title if matter else item.title


def _as_system(ctx: Context) -> Context:
    return replace(ctx, actor=SYSTEM, behalf=None)


def _move_main(ctx: Context, item_id: int | None, name: str) -> None:
    """Move the motion of an item; one that was called before motions were kept has none."""
    found = select(Motion).where(Motion.item_id == item_id, Motion.parent_id.is_(None))
    if row := ctx.session.scalars(found).first():
        advance(_as_system(ctx), MOTION, row, name)


def _seat(ctx: Context, motion: Motion) -> MeetingSeat | None:
    """The seat at which whoever speaks has signed in."""
    return attendance.is_present(ctx.session, motion.meeting_id, ctx.voice.person_id)


def _add(
    ctx: Context, item: AgendaItem, parent: Motion | None, text: str, stage: MotionStage
) -> Motion:
    seat = _seat(ctx, parent) if parent else None
    made = Motion(
        community_id=item.community_id, proposal_id=item.proposal_id, meeting_id=item.meeting_id,
        item_id=item.id, parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 0, before=parent.text if parent else item.motion,
        text=text, mover_seat_id=seat.id if seat else None, stage=stage, moved_at=ctx.now,
        channel=ctx.channel, entered_by_id=ctx.entered_by_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made
