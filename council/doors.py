"""Doors: a short code in the hall, with which the invited sign in on their own telephone."""

import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance, slips
from council.attendance import CheckIn, CheckInMethod
from council.db import Base, Governed
from council.deadlines import local_date
from council.errors import Invalid, Problem
from council.gate import Context, act
from council.meetings import Meeting, MeetingSeat, MeetingStage
from council.people import Alias
from council.policy import Can

LENGTH = 6
"""Characters of a code: 30 to the sixth, and wrong ones are counted."""

# Table


class Door(Governed, Base):
    """A code that was valid at the door of a meeting from `at` to the end of that day."""

    __tablename__ = "door"
    __table_args__ = (UniqueConstraint("meeting_id", "code"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    code: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Requirement


def signing_in_is_open(ctx: Context, meeting: Meeting) -> bool:
    """Signing in has been opened, and the meeting is not over."""
    return is_open(meeting)


# Acts


@act("door.renew", who=Can.DOOR, requires=(signing_in_is_open,))
def renew(ctx: Context, meeting: Meeting) -> Door:
    """Give the door a new code; the one before it is void from now on."""
    return open_door(ctx, meeting)


@act(
    "check_in.code",
    who=Can.SPEAK,
    requires=(attendance.check_in_is_open, attendance.is_the_invited, attendance.not_signed_in),
)
def sign_in(ctx: Context, seat: MeetingSeat, *, code: str) -> CheckIn:
    """Sign in with the code that hangs in the hall. Raises Invalid when it is another one."""
    if wrong := fault(ctx.session, seat.meeting_id, code, ctx.now):
        raise Invalid(Problem(wrong, "code"))
    return attendance.add(ctx, seat, CheckInMethod.CODE, ctx.person_id)


def open_door(ctx: Context, meeting: Meeting) -> Door:
    """A fresh code, inside the act that opens signing in or renews it."""
    made = Door(
        community_id=meeting.community_id, meeting_id=meeting.id, at=ctx.now, by_id=ctx.person_id,
        code="".join(secrets.choice(slips.LETTERS) for _ in range(LENGTH)),
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


def is_open(meeting: Meeting) -> bool:
    """Whether people can sign in at the meeting now."""
    return meeting.stage in {MeetingStage.CHECK_IN, MeetingStage.IN_SESSION}


def current(session: Session, meeting_id: int, now: datetime) -> Door | None:
    """The code that is valid now; None before check-in, and after midnight until it is renewed."""
    found = select(Door).where(Door.meeting_id == meeting_id).order_by(Door.id.desc()).limit(1)
    last = session.scalars(found).first()
    return last if last and local_date(last.at) == local_date(now) else None


def valid_code(session: Session, meeting_id: int, now: datetime) -> str:
    """The code that is valid now; empty when there is none."""
    door = current(session, meeting_id, now)
    return door.code if door else ""


def fault(session: Session, meeting_id: int, code: str, now: datetime) -> str | None:
    """What is wrong with a code: `old_door_code`, `wrong_door_code`; None when it is valid now."""
    typed, valid = slips.normal(code), current(session, meeting_id, now)
    if valid and secrets.compare_digest(valid.code.encode(), typed.encode()):
        return None
    before = select(Door.id).where(Door.meeting_id == meeting_id, Door.code == typed)
    return "wrong_door_code" if session.scalar(before) is None else "old_door_code"


def seat_numbered(session: Session, meeting: Meeting, number: int) -> MeetingSeat | None:
    """The seat of the person with this public number; None when nobody with it is invited."""
    found = select(MeetingSeat).join(Alias, Alias.person_id == MeetingSeat.person_id)
    mine = found.where(MeetingSeat.meeting_id == meeting.id, Alias.number == number)
    return session.scalars(mine.where(Alias.community_id == meeting.community_id)).first()
