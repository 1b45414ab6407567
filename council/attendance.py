"""Attendance: who has come is signed in one by one, and the quorum follows from those rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import decisions, meetings
from council.db import Base, Governed
from council.derivations import Line
from council.gate import Context, act
from council.meetings import Meeting, MeetingSeat, MeetingStage
from council.people import Constituency
from council.policy import Can
from council.tallies import ALL, heads
from council.thresholds import Rule


class CheckInMethod(StrEnum):
    """How somebody was signed in: with the code in the hall, at the door, on paper.

    `self` is what stands in older rows: on one's own device, when that needed no code.
    """

    SELF = "self"
    LIST = "list"
    PAPER = "paper"
    CODE = "code"
    KIOSK = "kiosk"


# Table


class CheckIn(Governed, Base):
    """An invited person has come to the meeting; once per seat."""

    __tablename__ = "check_in"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"), unique=True)
    method: Mapped[CheckInMethod]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Requirements


def check_in_is_open(ctx: Context, seat: MeetingSeat) -> bool:
    """The facilitator has opened the check-in, and the meeting is not over."""
    meeting = ctx.session.get_one(Meeting, seat.meeting_id)
    return meeting.stage in {MeetingStage.CHECK_IN, MeetingStage.IN_SESSION}


def meeting_has_not_begun(ctx: Context, seat: MeetingSeat) -> bool:
    """The meeting has not begun."""
    return ctx.session.get_one(Meeting, seat.meeting_id).stage is MeetingStage.CHECK_IN


def is_the_invited(ctx: Context, seat: MeetingSeat) -> bool:
    """Everybody signs in for their own seat."""
    return ctx.actor is not None and ctx.voice.person_id == seat.person_id


def not_signed_in(ctx: Context, seat: MeetingSeat) -> bool:
    """This seat has not been signed in yet."""
    return of_seat(ctx.session, seat.id) is None


def is_signed_in(ctx: Context, seat: MeetingSeat) -> bool:
    """This seat has been signed in."""
    return of_seat(ctx.session, seat.id) is not None


# Acts


@act("check_in.list", who=Can.DOOR, requires=(check_in_is_open, not_signed_in))
def tick(ctx: Context, seat: MeetingSeat, *, method: CheckInMethod) -> CheckIn:
    """Sign somebody in at the door: from the list, the paper sheet that they signed, the kiosk."""
    at_the_door = {CheckInMethod.PAPER, CheckInMethod.KIOSK}
    kept = method if method in at_the_door else CheckInMethod.LIST
    return add(ctx, seat, kept, ctx.person_id)


@act("check_in.undo", who=Can.DOOR, requires=(meeting_has_not_begun, is_signed_in))
def undo(ctx: Context, seat: MeetingSeat) -> None:
    """Take back a sign-in that was a mistake, before the meeting begins."""
    ctx.session.delete(of_seat(ctx.session, seat.id))


def add(ctx: Context, seat: MeetingSeat, method: CheckInMethod, by_id: int) -> CheckIn:
    """The row of a sign-in, inside the act of the caller."""
    made = CheckIn(
        community_id=seat.community_id, meeting_id=seat.meeting_id, seat_id=seat.id,
        method=method, at=ctx.now, by_id=by_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


def of_seat(session: Session, seat_id: int) -> CheckIn | None:
    """The sign-in of a seat."""
    return session.scalars(select(CheckIn).where(CheckIn.seat_id == seat_id)).first()


def roll(session: Session, meeting_id: int) -> list[tuple[MeetingSeat, CheckIn | None]]:
    """Every seat with its sign-in, in the order of the constituencies (two statements)."""
    found = session.scalars(select(CheckIn).where(CheckIn.meeting_id == meeting_id))
    there = {row.seat_id: row for row in found}
    return [(seat, there.get(seat.id)) for seat in meetings.seats(session, meeting_id)]


def present(session: Session, meeting_id: int) -> list[MeetingSeat]:
    """The seats that are taken."""
    return [seat for seat, there in roll(session, meeting_id) if there]


def is_present(session: Session, meeting_id: int, person_id: int | None) -> MeetingSeat | None:
    """The seat of a person who has signed in at the meeting."""
    found = select(MeetingSeat).join(CheckIn, CheckIn.seat_id == MeetingSeat.id)
    mine = found.where(MeetingSeat.meeting_id == meeting_id, MeetingSeat.person_id == person_id)
    return session.scalars(mine).first()


@dataclass(frozen=True)
class Count:
    """Seats due and present by constituency, and whether that is a quorum, with the arithmetic."""

    due: dict[str, int]
    present: dict[str, int]
    met: bool
    lines: tuple[Line, ...]

    @property
    def due_total(self) -> int:
        """All seats."""
        return sum(self.due.values())

    @property
    def present_total(self) -> int:
        """All seats that are taken."""
        return sum(self.present.values())


def count(session: Session, meeting: Meeting) -> Count:
    """How many have come, counted from the rows in one statement; never typed by anybody."""
    found = (
        select(MeetingSeat.constituency, func.count(), func.count(CheckIn.id))
        .outerjoin(CheckIn, CheckIn.seat_id == MeetingSeat.id)
        .where(MeetingSeat.meeting_id == meeting.id)
        .group_by(MeetingSeat.constituency)
    )
    due = {one.value: 0 for one in Constituency}
    there = dict(due)
    for constituency, seats, taken in session.execute(found):
        due[constituency], there[constituency] = seats, taken
    if meeting.entitled is not None:  # seats are taken by coming, never more than are registered
        due[Constituency.RESIDENTS] = max(meeting.entitled, due[Constituency.RESIDENTS])
    rule = meeting.rule
    met, lines = decisions.quorum(rule, heads(by_rule(rule, due)), heads(by_rule(rule, there)))
    return Count(due, there, met, lines)


def by_rule(rule: Rule, counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by constituency as a rule reads them: apart, or all seats as one body."""
    return dict(counts) if rule.constituencies else {ALL: sum(counts.values())}


def frozen(meeting: Meeting) -> Count | None:
    """The test as it stood when the meeting began or fell; None before that."""
    if meeting.quorum is None:
        return None
    lines = tuple(Line.from_json(line) for line in meeting.quorum["lines"])
    return Count(meeting.quorum["due"], meeting.quorum["present"], meeting.quorum["met"], lines)


def freeze(session: Session, meeting: Meeting) -> None:
    """Keep the test as it stands now with the meeting; inside the act that begins or ends it."""
    now = count(session, meeting)
    meeting.quorum = {
        "due": now.due, "present": now.present, "met": now.met,
        "lines": [line.to_json() for line in now.lines],
    }  # fmt: skip
