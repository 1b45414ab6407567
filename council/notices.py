"""Notices on the board: what was decided and what came of it, posted at least fifteen days."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import deadlines
from council.db import PLAIN, Base, Governed
from council.gate import Context, Situated
from council.places import Place

LEAST_DAYS = 15
"""Organic Law of Urban Residents' Committees (in force 2026-01-01), Art. 34."""


class NoticeKind(StrEnum):
    """公示 invites objections, 公告 is final; a formal vote has three notices of its own."""

    DECISION = "decision"
    RESULT = "result"
    MEETING = "meeting"
    MINUTES = "minutes"
    VOTE_NOTICE = "vote_notice"
    VOTE_PROVISIONAL = "vote_provisional"
    VOTE_RESULT = "vote_result"


LASTING = frozenset(
    {NoticeKind.DECISION, NoticeKind.RESULT, NoticeKind.MINUTES, NoticeKind.VOTE_RESULT}
)
"""What hangs for at least fifteen days; the others hang until what they call for is over."""


class Notice(Governed, Base):
    """A notice on the board, online and on paper, that may not be taken down before `until`."""

    __tablename__ = "notice"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    vote_id: Mapped[int | None] = mapped_column(ForeignKey("vote.id"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    kind: Mapped[NoticeKind]
    title: Mapped[str]
    body: Mapped[str]
    board: Mapped[str] = mapped_column(default="", info=PLAIN)
    posted_at: Mapped[datetime]
    days: Mapped[int]
    until: Mapped[date]


def post(
    ctx: Context,
    row: Situated,
    kind: NoticeKind,
    *,
    title: str,
    body: str,
    days: int,
    proposal_id: int | None = None,
    vote_id: int | None = None,
    board: str = "",
) -> Notice:
    """Put up a notice; called by other rooms inside their own acts. At least 15 days (Art. 34).

    One about a meeting, or about a row of a meeting, belongs to it.
    """
    days = max(days, LEAST_DAYS) if kind in LASTING else days
    made = Notice(
        community_id=row.community_id, proposal_id=proposal_id, vote_id=vote_id,
        meeting_id=_meeting_of(row), kind=kind,
        title=title, body=body, board=board, posted_at=ctx.now, days=days,
        until=deadlines.last_day(deadlines.window_end(ctx.now, days)),
    )  # fmt: skip
    ctx.session.add(made)
    return made


def of(session: Session, proposal_id: int) -> list[Notice]:
    """The notices about a matter, oldest first."""
    found = select(Notice).where(Notice.proposal_id == proposal_id).order_by(Notice.id)
    return list(session.scalars(found))


def posted(session: Session, proposal_id: int, kind: NoticeKind) -> Notice | None:
    """The newest notice of a kind about a matter."""
    found = select(Notice).where(Notice.proposal_id == proposal_id, Notice.kind == kind)
    return session.scalars(found.order_by(Notice.id.desc()).limit(1)).first()


def of_vote(session: Session, vote_id: int) -> list[Notice]:
    """The notices of a formal vote, oldest first."""
    found = select(Notice).where(Notice.vote_id == vote_id).order_by(Notice.id)
    return list(session.scalars(found))


def of_meeting(session: Session, meeting_id: int) -> list[Notice]:
    """The notices of a meeting: that it is called, and its minutes; oldest first."""
    found = select(Notice).where(Notice.meeting_id == meeting_id).order_by(Notice.id)
    return list(session.scalars(found))


def is_over(notice: Notice, now: datetime) -> bool:
    """Whether the days of posting have passed: at 24:00 of the last day."""
    return now >= deadlines.day_end(notice.until)


def standing(session: Session, place: Place, now: datetime, limit: int = 50) -> list[Notice]:
    """The notices that hang on a community's board today, newest first."""
    today = deadlines.local_date(now)
    found = select(Notice).where(Notice.community_id == place.id, Notice.until >= today)
    return list(session.scalars(found.order_by(Notice.id.desc()).limit(limit)))


def _meeting_of(row: Situated) -> int | None:
    if getattr(row, "__tablename__", "") == "meeting":
        return getattr(row, "id", None)
    return getattr(row, "meeting_id", None)
