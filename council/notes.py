"""Notes: what the recorder writes down while a meeting goes on; nothing of it is changed later."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import meetings
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.meetings import ItemStage, Meeting
from council.policy import Can
from council.screens import room_is_open

WORDS = 500
"""Longest note, in characters."""

# Table


class Note(Governed, Base):
    """One note of the recorder, with the item that was open; the minutes are written from it."""

    __tablename__ = "meeting_note"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_item.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str]
    at: Mapped[datetime]


# Act


@act("meeting.note", who=Can.RECORD, requires=(room_is_open,))
def note(ctx: Context, meeting: Meeting, *, words: str) -> Note:
    """Write something down for the minutes."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    agenda = meetings.items(ctx.session, meeting.id)
    open_ = next((item for item in agenda if item.stage is ItemStage.OPEN), None)
    made = Note(
        community_id=meeting.community_id, meeting_id=meeting.id,
        item_id=open_.id if open_ else None, person_id=ctx.person_id, words=words, at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Question


def of_meeting(session: Session, meeting_id: int) -> list[Note]:
    """The notes of a meeting in their order; only for those who lead it and record it."""
    found = select(Note).where(Note.meeting_id == meeting_id)
    return list(session.scalars(found.order_by(Note.id)))
