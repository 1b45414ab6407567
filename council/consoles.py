"""Consoles: two that are open at once for one meeting are told of each other."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import live
from council.db import Base

LASTS = timedelta(minutes=3)
"""How long a console counts as open after it was last shown; one that crashed goes by itself."""

AGAIN = timedelta(minutes=1)
"""How often a console that stays open notes it anew."""


class Console(Base):
    """A device on which the console of a meeting is open. Operational: the log knows nothing of it.

    `about_id` is the meeting: as `meeting_id` each note of it would be told to all who watch.
    `sign_in_id` is the device's; it may have signed out since.
    """

    __tablename__ = "console"
    about_id: Mapped[int] = mapped_column(
        ForeignKey("meeting.id"), primary_key=True, autoincrement=False
    )
    sign_in_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


def open_now(session: Session, meeting_id: int, now: datetime) -> dict[int, datetime]:
    """On which devices the console of a meeting is open, in any process, and when it was noted."""
    found = select(Console.sign_in_id, Console.at).where(
        Console.about_id == meeting_id, Console.at > now - LASTS
    )
    return dict(session.execute(found).all())


def note(session: Session, meeting_id: int, sign_in_id: int, now: datetime) -> None:
    """Note that the console is open here; the others are told when it has just been opened."""
    rows = {row.sign_in_id: row for row in session.scalars(
        select(Console).where(Console.about_id == meeting_id)
    )}  # fmt: skip
    for row in rows.values():
        if row.at <= now - LASTS and row.sign_in_id != sign_in_id:
            session.delete(row)
    mine = rows.get(sign_in_id)
    if mine is None:
        mine = Console(about_id=meeting_id, sign_in_id=sign_in_id, at=now - LASTS)
        session.add(mine)
    if mine.at <= now - LASTS:
        live.touch(session, meeting_id)
    mine.at = now
