"""Today's joint meeting of the example: in session at whatever hour the example is loaded."""

from datetime import datetime, timedelta

from council import (
    deliberations,
    meetings,
    motions,
    notes,
    observers,
    orders,
    screens,
    sittings,
    speeches,
)
from council.demo import work
from council.demo.stage import Scene, Script, Stage, zh
from council.meetings import AgendaItem, Meeting
from council.turns import Side
from council.workflow import advance

CHAIR, RECORDER = "facilitator", "recorder"
DOORS, LASTS = timedelta(minutes=25), timedelta(minutes=12)
"""How long before the meeting the doors open, and how long it has been going on at the least."""
CALLED = -7
"""The notice goes out so many days before."""


def begins(moment: datetime) -> datetime:
    """The hour of the notice: a full five minutes, long enough before the moment of loading."""
    latest = moment - LASTS
    return latest.replace(minute=latest.minute // 5 * 5, second=0, microsecond=0)


def call(stage: Stage, told: Script) -> Scene:
    """Send out the notice of today's meeting."""
    yield max(stage.now, stage.at(CALLED, 10))
    told["meeting_id"] = work.call(stage, told, begins(stage.moment)).id


def hold(stage: Stage, told: Script) -> Scene:
    """Hold it up to a speech on an amendment, with the clock standing: whoever looks goes on."""
    hour, said = begins(stage.moment), told["meeting"]
    yield hour - DOORS
    meeting = stage.session.get_one(Meeting, told["meeting_id"])
    _move(stage, meeting, "open_check_in")
    yield hour - timedelta(minutes=5)
    work.sign_in(stage, meeting, said["absent"])
    observers.count(stage.as_(CHAIR), meeting, heads=said["observers"])
    yield hour
    _move(stage, meeting, "begin")
    (item,) = meetings.items(stage.session, meeting.id)
    deliberations.open_item(stage.as_(CHAIR), item)
    yield hour + timedelta(minutes=3)
    yield from _debate(stage, item, said["motion_debate"])
    notes.note(stage.as_(RECORDER), meeting, words=zh(said["note"]))
    yield from _amend(stage, item, said["amendment"])
    screens.show(stage.as_(CHAIR), meeting, view=screens.ScreenView.SPEAKERS)
    yield from _debate(stage, item, said["amendment_debate"], to_the_end=False)
    yield from _pause(stage, item, said["order"])


def _move(stage: Stage, meeting: Meeting, name: str) -> None:
    advance(stage.as_(CHAIR), sittings.MEETING, meeting, name)


def _debate(stage: Stage, item: AgendaItem, said: Script, *, to_the_end: bool = True) -> Scene:
    """Everybody raises a hand; the list says who is next, and each takes their seconds."""
    for who, side in said["hands"]:
        speeches.raise_hand(stage.as_(who), item, side=Side(side))
        yield stage.now + timedelta(seconds=2)
    for n, seconds in enumerate(said["turns"], start=1):
        called = speeches.call(stage.as_(CHAIR), item)
        yield stage.now + timedelta(seconds=seconds)
        if to_the_end or n < len(said["turns"]):
            speeches.end(stage.as_(CHAIR), called)
        yield stage.now + timedelta(seconds=5)


def _amend(stage: Stage, item: AgendaItem, said: Script) -> Scene:
    """One moves it, another seconds it."""
    (motion,) = motions.stack(stage.session, item.id)
    yield stage.now + timedelta(seconds=20)
    made = motions.amend(stage.as_(said["by"]), motion, text=zh(said["text"]))
    stage.english(made, text=said["text"])
    yield stage.now + timedelta(seconds=20)
    advance(stage.as_(said["second"]), motions.MOTION, made, "second")
    yield stage.now + timedelta(seconds=10)


def _pause(stage: Stage, item: AgendaItem, said: Script) -> Scene:
    """A point of order: the clock of whoever speaks stands."""
    speaking = speeches.speaking(speeches.of_item(stage.session, item.id))
    made = orders.raise_order(stage.as_(said["by"]), item, words=zh(said["words"]))
    if speaking:
        speeches.pause(stage.as_(CHAIR), speaking)
    orders.answer(stage.as_(CHAIR), made, words=zh(said["answer"]))
    yield stage.now
