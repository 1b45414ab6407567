"""Screens: what the whole hall sees on its wall, chosen by whoever leads the meeting."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import Base, Governed
from council.gate import Context, act
from council.meetings import Meeting, MeetingStage
from council.policy import Can

UNDO = timedelta(seconds=10)
"""How long the last step of the chair can be taken back."""


class ScreenView(StrEnum):
    """What the screen can show. A result is that of the item settled last."""

    ITEM = "item"
    CODE = "code"
    SPEAKERS = "speakers"
    RESULT = "result"
    BLANK = "blank"


# Table


class Screen(Governed, Base):
    """What a meeting's screen shows, since when, and what it showed before."""

    __tablename__ = "screen"
    __table_args__ = (UniqueConstraint("meeting_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    shows: Mapped[ScreenView]
    before: Mapped[ScreenView]
    at: Mapped[datetime]


# Requirement


def room_is_open(ctx: Context, meeting: Meeting) -> bool:
    """People can sign in at the meeting, or it has begun."""
    opened = {MeetingStage.CHECK_IN, MeetingStage.IN_SESSION, MeetingStage.ADJOURNED}
    return meeting.stage in opened


# Act


@act("screen.show", who=Can.CHAIR, requires=(room_is_open,))
def show(ctx: Context, meeting: Meeting, *, view: ScreenView) -> Screen:
    """Choose what the screen in the hall shows."""
    screen = of_meeting(ctx.session, meeting.id)
    if screen is None:
        screen = Screen(
            community_id=meeting.community_id, meeting_id=meeting.id, shows=shown(meeting, None)
        )
        ctx.session.add(screen)
    screen.before, screen.shows, screen.at = screen.shows, view, ctx.now
    return screen


# Questions


def of_meeting(session: Session, meeting_id: int) -> Screen | None:
    """What was chosen for a meeting's screen; None as long as nobody has."""
    return session.scalars(select(Screen).where(Screen.meeting_id == meeting_id)).first()


def shown(meeting: Meeting, screen: Screen | None) -> ScreenView:
    """What the screen shows: what was chosen, else the way in before the meeting and then items."""
    if screen is not None:
        return screen.shows
    return ScreenView.ITEM if meeting.began_at else ScreenView.CODE


def undoable(screen: Screen | None, now: datetime) -> ScreenView | None:
    """What the screen showed before a choice of the last ten seconds."""
    if screen is None or now - screen.at > UNDO or screen.before is screen.shows:
        return None
    return screen.before
