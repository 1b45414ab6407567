"""Speeches: for or against is said first, hands are called in order, and each has its time."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance, chairing, observers, turns
from council.chairing import InMeeting, does_not_preside, has_not_left_the_chair
from council.db import Base, Governed
from council.errors import NotReady, checking
from council.gate import Context, act
from council.meetings import (
    AgendaItem,
    Meeting,
    item_is_open,
    meeting_in_session,
    no_vote_opened,
)
from council.people import Channel, Constituency
from council.policy import Can
from council.turns import Hand, Side

WORDS = 100
"""Longest reason of the chair, in characters."""

MORE = 30
"""Seconds by which the chair extends a turn."""


class SpeechEnd(StrEnum):
    """How a turn ended."""

    SPOKEN = "spoken"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    CUT = "cut"


HEARD = (SpeechEnd.SPOKEN, SpeechEnd.CUT)
"""Ends of a turn in which somebody has spoken."""

# Tables


class Speech(Governed, Base):
    """Somebody asks to speak to an item, and does. `resumed_at` is empty while the clock stands.

    `ruling` is what the chair said: why somebody was called out of turn, warned, or cut off.
    """

    __tablename__ = "speech"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), index=True)
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_seat.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    constituency: Mapped[Constituency]
    side: Mapped[Side]
    raised_at: Mapped[datetime]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seconds: Mapped[int]
    called_at: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]
    used_seconds: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    ruling: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    how: Mapped[SpeechEnd | None]

    def used(self, now: datetime) -> int:
        """Seconds spoken so far."""
        since = (now - self.resumed_at).total_seconds() if self.resumed_at else 0
        return self.used_seconds + int(max(0, since))

    def left(self, now: datetime) -> int:
        """Seconds left of the turn; less than 0 when it is over time, or was never timed."""
        return self.seconds - self.used(now)

    @property
    def until(self) -> datetime | None:
        """When the time is over, if the clock runs."""
        if self.resumed_at is None:
            return None
        return self.resumed_at + timedelta(seconds=self.seconds - self.used_seconds)


class Waiver(Governed, Base):
    """A side was asked and has nothing to add to a motion."""

    __tablename__ = "side_waiver"
    __table_args__ = (UniqueConstraint("item_id", "side"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"))
    side: Mapped[Side]
    at: Mapped[datetime]


# Requirements


def speaks_here(ctx: Context, item: AgendaItem) -> bool:
    """Only who has signed in at a seat, or as an observer where they speak, or left the chair."""
    if ctx.actor is None:
        return False
    if attendance.is_present(ctx.session, item.meeting_id, ctx.person_id) is not None:
        return True
    welcome = observers.may_speak(ctx.session.get_one(Meeting, item.meeting_id))
    came = observers.of_person(ctx.session, item.meeting_id, ctx.person_id)
    return (welcome and came is not None) or chairing.has_left(ctx, item.meeting_id)


def does_not_wait(ctx: Context, item: AgendaItem) -> bool:
    """Nobody raises two hands: the first one waits or is being heard."""
    return ctx.actor is not None and _mine(ctx, item) is None


def waits(ctx: Context, item: AgendaItem) -> bool:
    """The hand is raised and has not been called."""
    mine = _mine(ctx, item) if ctx.actor else None
    return mine is not None and mine.called_at is None


def has_turns_left(ctx: Context, item: AgendaItem) -> bool:
    """Everybody speaks to a motion as often as the charter says, by default twice."""
    if ctx.actor is None:
        return False
    spoken = [one for one in of_item(ctx.session, item.id) if one.person_id == ctx.person_id]
    most = limits(ctx.session, item.meeting_id)[1]
    return not most or sum(one.how in HEARD for one in spoken) < most


def floor_is_free(ctx: Context, row: InMeeting) -> bool:
    """One speaks at a time, and is heard to the end."""
    return speaking(of_meeting(ctx.session, row.meeting_id)) is None


def somebody_waits(ctx: Context, item: AgendaItem) -> bool:
    """A hand is raised."""
    return any(_is_raised(one) for one in of_item(ctx.session, item.id))


def both_sides_heard(ctx: Context, item: AgendaItem) -> bool:
    """Each side has had a turn, or was asked and has nothing to add."""
    return not unheard(ctx.session, item)


def has_the_floor(ctx: Context, speech: Speech) -> bool:
    """The speaker has been called and has not ended."""
    return speech.called_at is not None and speech.ended_at is None


def clock_runs(ctx: Context, speech: Speech) -> bool:
    """The clock of the speaker runs."""
    return speech.resumed_at is not None


def clock_stands(ctx: Context, speech: Speech) -> bool:
    """The clock of the speaker has been stopped."""
    return speech.resumed_at is None


def is_timed(ctx: Context, speech: Speech) -> bool:
    """The turn has a length; in a workshop nobody is timed."""
    return speech.seconds > 0


def hand_waits(ctx: Context, speech: Speech) -> bool:
    """The hand is still raised."""
    return _is_raised(speech)


# Acts of those who speak

_DEBATE = (meeting_in_session, item_is_open, no_vote_opened)
_CALLED = (has_not_left_the_chair, has_the_floor)


@act(
    "hand.raise",
    who=Can.SPEAK,
    requires=(*_DEBATE, speaks_here, does_not_preside, does_not_wait, has_turns_left),
    behalf=True,
)
def raise_hand(ctx: Context, item: AgendaItem, *, side: Side) -> Speech:
    """Ask to speak to the motion, saying first: for, against, or with a question."""
    seat = attendance.is_present(ctx.session, item.meeting_id, ctx.person_id)
    made = Speech(
        community_id=item.community_id, proposal_id=item.proposal_id, meeting_id=item.meeting_id,
        item_id=item.id, seat_id=seat.id if seat else None, person_id=ctx.person_id,
        constituency=seat.constituency if seat else ctx.capacity(item), side=side,
        raised_at=ctx.now, channel=ctx.channel, entered_by_id=ctx.entered_by_id,
        seconds=limits(ctx.session, item.meeting_id)[0],
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("hand.withdraw", who=Can.SPEAK, requires=(waits,), behalf=True)
def withdraw_hand(ctx: Context, item: AgendaItem) -> Speech:
    """Take one's raised hand down."""
    mine = _mine(ctx, item)
    if mine is None:
        raise NotReady("not_ready", ("waits",))
    mine.ended_at, mine.how = ctx.now, SpeechEnd.WITHDRAWN
    return mine


# Acts of the chair


@act(
    "speech.call",
    who=Can.CHAIR,
    requires=(*_DEBATE, has_not_left_the_chair, floor_is_free, somebody_waits),
)
def call(ctx: Context, item: AgendaItem, *, speech_id: int | None = None, why: str = "") -> Speech:
    """Call the next speaker, or somebody else who waits, with a public reason."""
    waiting = queue(ctx.session, item)
    wanted = next((one for one in waiting if one.id == speech_id), None)
    first = waiting[0] if waiting else None
    with checking() as check:
        check(speech_id is None or wanted is not None, "not_a_choice", "speech")
        check.text(why, "why", limit=WORDS, required=wanted is not None and wanted is not first)
    called = wanted or first
    if called is None:
        raise NotReady("not_ready", ("somebody_waits",))
    called.called_at = called.resumed_at = ctx.now
    called.ruling = why if wanted is not first else ""
    return called


@act("speech.pause", who=Can.CHAIR, requires=(*_CALLED, clock_runs))
def pause(ctx: Context, speech: Speech) -> None:
    """Stop the speaker's clock, for instance during a point of order."""
    _stop(speech, ctx.now)


@act("speech.resume", who=Can.CHAIR, requires=(*_CALLED, clock_stands))
def resume(ctx: Context, speech: Speech) -> None:
    """Let the speaker's clock run on."""
    speech.resumed_at = ctx.now


@act("speech.extend", who=Can.CHAIR, requires=(*_CALLED, is_timed))
def extend(ctx: Context, speech: Speech) -> None:
    """Give the speaker 30 seconds more."""
    speech.seconds += MORE


@act("speech.end", who=Can.CHAIR, requires=_CALLED)
def end(ctx: Context, speech: Speech) -> None:
    """Thank the speaker; the floor is free."""
    _end(speech, ctx.now, SpeechEnd.SPOKEN)


@act("speech.cut", who=Can.CHAIR, requires=_CALLED)
def cut(ctx: Context, speech: Speech, *, why: str) -> None:
    """Take the floor from a speaker who breaks the rules of order, with a public reason."""
    _rule(speech, why)
    _end(speech, ctx.now, SpeechEnd.CUT)


@act("speech.warn", who=Can.CHAIR, requires=_CALLED)
def warn(ctx: Context, speech: Speech, *, why: str) -> None:
    """Remind a speaker of the rules of order: no attack on a person, and to the matter."""
    _rule(speech, why)
    speech.warnings += 1


@act("hand.remove", who=Can.CHAIR, requires=(has_not_left_the_chair, hand_waits))
def remove_hand(ctx: Context, speech: Speech, *, why: str) -> None:
    """Take a hand off the list, because the person has left, with a public reason."""
    _rule(speech, why)
    speech.ended_at, speech.how = ctx.now, SpeechEnd.REMOVED


@act("side.waive", who=Can.CHAIR, requires=(*_DEBATE, has_not_left_the_chair))
def waive(ctx: Context, item: AgendaItem, *, side: Side) -> Waiver:
    """Note that a side was asked and has nothing to add."""
    raised = {one.side for one in of_item(ctx.session, item.id) if _is_raised(one)}
    with checking() as check:
        if check(side in turns.OTHER, "not_a_choice", "side"):
            check(side not in raised, "side_waits", "side")
    made = Waiver(
        community_id=item.community_id, proposal_id=item.proposal_id, meeting_id=item.meeting_id,
        item_id=item.id, side=side, at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("hand.lapse", who=Can.SYSTEM)
def lapse(ctx: Context, speech: Speech) -> None:
    """Whoever takes the chair gives no view any more: the hand is down, the turn is over."""
    _end(speech, ctx.now, SpeechEnd.SPOKEN if speech.called_at else SpeechEnd.WITHDRAWN)


# Questions


def limits(session: Session, meeting_id: int) -> tuple[int, int]:
    """Seconds of a turn, and turns to one motion, as the charter was when it was planned."""
    meeting = session.get_one(Meeting, meeting_id)
    return meeting.of_kind.speaks(meeting.rules)


def of_item(session: Session, item_id: int) -> list[Speech]:
    """Everybody who asked to speak to an item, in the order of asking."""
    found = select(Speech).where(Speech.item_id == item_id)
    return list(session.scalars(found.order_by(Speech.raised_at, Speech.id)))


def of_meeting(session: Session, meeting_id: int) -> list[Speech]:
    """Everybody who asked to speak at a meeting, in the order of asking."""
    found = select(Speech).where(Speech.meeting_id == meeting_id)
    return list(session.scalars(found.order_by(Speech.raised_at, Speech.id)))


def speaking(found: list[Speech]) -> Speech | None:
    """Who has the floor, out of those of an item or a meeting."""
    return next((one for one in found if one.called_at and one.ended_at is None), None)


def queue(session: Session, item: AgendaItem) -> list[Speech]:
    """The raised hands in the order in which they are called (three statements)."""
    found = of_meeting(session, item.meeting_id)
    return in_order(found, item.id, limits(session, item.meeting_id)[1])


def in_order(found: list[Speech], item_id: int, most: int) -> list[Speech]:
    """The raised hands of an item in their order, out of all that a meeting heard."""
    here = [one for one in found if one.item_id == item_id]
    spoken = sorted(
        (one for one in here if one.called_at),
        key=lambda one: (one.called_at, one.id),
    )
    last: Side | None = None
    heard: dict[str, int] = {}
    for one in spoken:
        last = turns.follow(last, one.side)
        heard[one.constituency] = heard.get(one.constituency, 0) + 1
    raised = {one.id: one for one in here if _is_raised(one)}
    hands = [
        Hand(
            one.id, one.side, one.constituency, n,
            sum(other.person_id == one.person_id for other in spoken),
            sum(other.person_id == one.person_id and other.how in HEARD for other in found),
        )
        for n, one in enumerate(sorted(raised.values(), key=lambda row: (row.raised_at, row.id)))
    ]  # fmt: skip
    return [raised[hand.id] for hand in turns.order(hands, last, heard, most)]


def unheard(session: Session, item: AgendaItem) -> list[Side]:
    """The sides that have neither spoken nor waived."""
    found = select(Waiver.side).where(Waiver.item_id == item.id)
    done = set(session.scalars(found))
    done |= {one.side for one in of_item(session, item.id) if one.how in HEARD}
    return [side for side in turns.OTHER if side not in done]


# Private helpers


def _is_raised(speech: Speech) -> bool:
    return speech.called_at is None and speech.ended_at is None


def _mine(ctx: Context, item: AgendaItem) -> Speech | None:
    """The hand of whoever speaks, raised or being heard."""
    found = select(Speech).where(
        Speech.item_id == item.id, Speech.person_id == ctx.person_id, Speech.ended_at.is_(None)
    )
    return ctx.session.scalars(found).first()


def _rule(speech: Speech, why: str) -> None:
    """Keep what the chair said about a speech."""
    with checking() as check:
        check.text(why, "why", limit=WORDS)
    speech.ruling = why


def _stop(speech: Speech, now: datetime) -> None:
    speech.used_seconds, speech.resumed_at = speech.used(now), None


def _end(speech: Speech, now: datetime, how: SpeechEnd) -> None:
    _stop(speech, now)
    speech.ended_at, speech.how = now, how
