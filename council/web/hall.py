"""What the three views of a meeting show: its rows, whose turn it is, and what has happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request

from council import (
    attendance,
    debates,
    live,
    meetings,
    minutes,
    motions,
    notes,
    observers,
    papers,
    rulecards,
    speeches,
    straws,
    tellers,
    translations,
)
from council.counting import turnout_in_room
from council.gate import Context
from council.meetings import AgendaItem, ItemStage, Meeting, MeetingSeat, MeetingStage
from council.minutes import Line, Record
from council.screens import UNDO
from council.web import floor
from council.web.forms import Form

LAST = 5
"""Sign-ins that the console lists; the whole list has a page of its own."""


def shared(request: Request, ctx: Context, meeting: Meeting) -> dict[str, Any]:
    """The meeting as its rows tell it, the item that is open, and the one settled last."""
    record = minutes.record(ctx.session, meeting)
    now = next((line for line in record.lines if line.item.stage is ItemStage.OPEN), None)
    last = settled_last(record)
    found = last.vote.reckoning if last and last.vote else None
    debate = debates.of(ctx, now.item) if now else None
    inner = debate.voting.vote if debate and debate.voting else None
    return {
        "meeting": meeting, "record": record, "now": now, "last": last, "form": Form(),
        "debate": debate, "desk": tellers.desk(ctx, inner or (now.vote if now else None)),
        "places": observers.standing(ctx.session, meeting, _me(ctx)),
        "papers": papers.of_meeting(ctx.session, meeting),
        "version": live.version(ctx.session, meeting.id),
        "turnout": turnout_in_room(ctx.session, now.vote) if now and now.vote else None,
        "card": rulecards.card(found.rule, found.counts) if found else (),
        "translations": words(request, ctx, meeting),
    } | floor.shown(ctx, meeting, now.item if now else None)  # fmt: skip


def _me(ctx: Context) -> int | None:
    return ctx.actor.person_id if ctx.actor else None


def settled_last(record: Record) -> Line | None:
    """The item that was settled last; postponed ones are not settled."""
    done = {ItemStage.CONSENSUS, ItemStage.VOTED}
    lines = [line for line in record.lines if line.item.stage in done and line.item.closed_at]
    return max(lines, key=lambda line: (line.item.closed_at, line.item.id), default=None)


def next_up(record: Record) -> Line | None:
    """The item that comes next."""
    return next((line for line in record.lines if line.item.stage is ItemStage.PENDING), None)


def turn(meeting: Meeting, seat: MeetingSeat | None, line: Line | None, *, here: bool) -> str:
    """The one large action of a telephone: to sign in, to vote, the floor; or waiting, watching."""
    if meeting.stage not in {MeetingStage.CHECK_IN, MeetingStage.IN_SESSION} or seat is None:
        return "watch"
    if not here:
        return "sign_in"
    if line is None:
        return "wait"
    return "vote" if line.vote and line.vote.is_open else "floor"


def words(request: Request, ctx: Context, meeting: Meeting) -> translations.Words:
    """The community's English texts; nothing is asked for on a Chinese page."""
    if request.state.look.language == "zh":
        return {}
    return debates.english(ctx.session, meeting.id)


@dataclass(frozen=True)
class Happened:
    """A line of the list of what has happened: when, what, about which item, from which row."""

    at: datetime
    what: str
    item: AgendaItem | None = None
    row: object = None


def happened(ctx: Context, record: Record) -> list[Happened]:
    """What has happened in a meeting, newest first, from its rows and the recorder's notes."""
    meeting = record.meeting
    ends = ((meeting.began_at, "began"), (meeting.ended_at, "ended"))
    found = [Happened(at, what) for at, what in ends if at]
    for line in record.lines:
        item, vote = line.item, line.vote
        if item.opened_at:
            found.append(Happened(item.opened_at, "opened", item))
        found += [Happened(one.at, "objected", item, one) for one in line.objections]
        if vote and vote.opened_at:
            found.append(Happened(vote.opened_at, "vote_opened", item, vote))
        if item.closed_at:
            found.append(Happened(item.closed_at, item.stage.value, item, vote))
    found += _beside_the_items(ctx, meeting, {line.item.id: line.item for line in record.lines})
    return sorted(found, key=lambda one: one.at, reverse=True)


def _beside_the_items(
    ctx: Context, meeting: Meeting, by_id: dict[int, AgendaItem]
) -> Iterator[Happened]:
    """Notes, speeches, amendments and straw polls, a statement each."""
    for note in notes.of_meeting(ctx.session, meeting.id):
        yield Happened(note.at, "note", by_id.get(note.item_id or 0), note)
    for one in speeches.of_meeting(ctx.session, meeting.id):
        if one.called_at:
            yield Happened(one.called_at, "spoke", by_id[one.item_id], one)
    for row in motions.of_items(ctx.session, by_id):
        if row.depth:
            yield Happened(row.moved_at, "amended", by_id[row.item_id], row)
        if row.depth and row.settled_at:
            yield Happened(row.settled_at, "amendment", by_id[row.item_id], row)
    for asked in straws.of_meeting(ctx.session, meeting.id):
        yield Happened(asked.asked_at, "straw", row=asked)
        if asked.closed_at:
            yield Happened(asked.closed_at, "straw_closed", row=asked)


@dataclass(frozen=True)
class Arrived:
    """Somebody who has signed in, as the offices know them; `fresh`: it can be taken back yet."""

    seat: MeetingSeat
    number: int
    name: str
    at: datetime
    fresh: bool


def arrived(ctx: Context, meeting: Meeting) -> list[Arrived]:
    """Those who signed in last, in a fixed number of statements."""
    there = [(seat, one) for seat, one in attendance.roll(ctx.session, meeting.id) if one]
    there.sort(key=lambda pair: (pair[1].at, pair[1].id), reverse=True)
    newest = there[:LAST]
    people = [seat.person_id for seat, _ in newest]
    faces = meetings.faces(ctx.session, meeting.community_id, people)
    open_ = meeting.stage is MeetingStage.CHECK_IN
    return [
        Arrived(
            seat, faces[seat.person_id].number, faces[seat.person_id].name, one.at,
            open_ and ctx.now - one.at <= UNDO,
        )
        for seat, one in newest
    ]  # fmt: skip
