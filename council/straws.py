"""Straw polls: the chair asks how the room feels, in two taps; it decides nothing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance
from council.db import HASHED, Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.meetings import Meeting, MeetingStage
from council.policy import Can

QUESTION = 100
"""Longest question, in characters."""


class Says(StrEnum):
    """An answer to a straw poll."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


# Tables


class Straw(Governed, Base):
    """A question to those present that decides nothing; how they answered is shown at the end."""

    __tablename__ = "straw_poll"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    question: Mapped[str]
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class StrawAnswer(Governed, Base):
    """Somebody's answer; a later one takes its place. It stands hashed in the log."""

    __tablename__ = "straw_answer"
    __table_args__ = (UniqueConstraint("straw_id", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    straw_id: Mapped[int] = mapped_column(ForeignKey("straw_poll.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    says: Mapped[Says] = mapped_column(info=HASHED)
    at: Mapped[datetime]


# Requirements


def is_in_session(ctx: Context, meeting: Meeting) -> bool:
    """The meeting is in session."""
    return meeting.stage is MeetingStage.IN_SESSION


def no_straw_open(ctx: Context, meeting: Meeting) -> bool:
    """No other straw poll is open."""
    now = latest(ctx.session, meeting.id)
    return now is None or now.closed_at is not None


def straw_is_open(ctx: Context, straw: Straw) -> bool:
    """The straw poll is open."""
    return straw.closed_at is None


def answers_here(ctx: Context, straw: Straw) -> bool:
    """Only those who have signed in at the meeting answer."""
    if ctx.actor is None:
        return False
    return attendance.is_present(ctx.session, straw.meeting_id, ctx.person_id) is not None


# Acts


@act("straw.ask", who=Can.CHAIR, requires=(is_in_session, no_straw_open))
def ask(ctx: Context, meeting: Meeting, *, question: str) -> Straw:
    """Ask those present how they feel about something; it decides nothing."""
    with checking() as check:
        check.text(question, "question", limit=QUESTION)
    made = Straw(
        community_id=meeting.community_id, meeting_id=meeting.id, question=question,
        asked_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("straw.answer", who=Can.SPEAK, requires=(straw_is_open, answers_here), behalf=True)
def answer(ctx: Context, straw: Straw, *, says: Says) -> StrawAnswer:
    """Answer a straw poll, or answer otherwise while it is open."""
    made = of_person(ctx.session, straw.id, ctx.person_id)
    if made is None:
        made = StrawAnswer(
            community_id=straw.community_id, meeting_id=straw.meeting_id, straw_id=straw.id,
            person_id=ctx.person_id,
        )  # fmt: skip
        ctx.session.add(made)
    made.says, made.at = says, ctx.now
    return made


@act("straw.close", who=Can.CHAIR, requires=(straw_is_open,))
def close(ctx: Context, straw: Straw) -> Straw:
    """Close the straw poll; everybody sees how many answered what."""
    straw.closed_at = ctx.now
    return straw


# Questions


def latest(session: Session, meeting_id: int) -> Straw | None:
    """The last straw poll of a meeting."""
    found = select(Straw).where(Straw.meeting_id == meeting_id).order_by(Straw.id.desc())
    return session.scalars(found.limit(1)).first()


def of_meeting(session: Session, meeting_id: int) -> list[Straw]:
    """The straw polls of a meeting, in their order."""
    found = select(Straw).where(Straw.meeting_id == meeting_id).order_by(Straw.id)
    return list(session.scalars(found))


def of_person(session: Session, straw_id: int, person_id: int | None) -> StrawAnswer | None:
    """How somebody answered."""
    found = select(StrawAnswer).where(
        StrawAnswer.straw_id == straw_id, StrawAnswer.person_id == person_id
    )
    return session.scalars(found).first()


def counts(session: Session, straw: Straw) -> dict[Says, int]:
    """How many answered what; while it is open this is for nobody's eyes, only `answered` is."""
    found = select(StrawAnswer.says, func.count()).where(StrawAnswer.straw_id == straw.id)
    given = dict(session.execute(found.group_by(StrawAnswer.says)).all())
    return {one: given.get(one, 0) for one in Says}


def answered(session: Session, straw: Straw) -> int:
    """How many have answered."""
    return sum(counts(session, straw).values())
