"""Papers of an agenda item: what everybody can read before the meeting talks about it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import files, meetings
from council.db import Base, Governed
from council.errors import NotFound, checking
from council.files import Document, Picture, StoredFile
from council.gate import Context, act
from council.meetings import LIVE, AgendaItem, Meeting, MeetingStage
from council.policy import Can

TITLE, MOST = 60, 10
"""Longest title of a paper, in characters; most papers of one item."""

# Table


class ItemPaper(Governed, Base):
    """A file that belongs to an item of an agenda, under a title that says what it is."""

    __tablename__ = "item_paper"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    title: Mapped[str]
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Requirements


def meeting_not_over(ctx: Context, item: AgendaItem) -> bool:
    """The meeting is still to come or going on."""
    return ctx.session.get_one(Meeting, item.meeting_id).stage in LIVE


def notice_not_out(ctx: Context, paper: ItemPaper) -> bool:
    """The notice has not gone out; what people could read before the meeting stays there."""
    return ctx.session.get_one(Meeting, paper.meeting_id).stage is MeetingStage.PLANNED


# Acts


@act("paper.add", who=Can.PUBLISH, requires=(meeting_not_over,), alone=True)
def add(ctx: Context, item: AgendaItem, *, title: str, file: Picture | Document) -> ItemPaper:
    """Put a paper to an item; after the notice it stands there with the day on which it came."""
    there = select(func.count(ItemPaper.id)).where(ItemPaper.item_id == item.id)
    with checking() as check:
        check.text(title, "title", limit=TITLE)
        check(ctx.session.scalars(there).one() < MOST, "too_many_papers", "paper", limit=MOST)
    stored = files.stored(ctx, item.community_id, file)
    made = ItemPaper(
        community_id=item.community_id, meeting_id=item.meeting_id, item_id=item.id,
        file_id=stored.id, title=title, added_at=ctx.now, added_by_id=ctx.person_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("paper.remove", who=Can.PUBLISH, requires=(notice_not_out,))
def remove(ctx: Context, paper: ItemPaper) -> None:
    """Take a paper back before anybody outside the offices could read it."""
    ctx.session.delete(paper)


def forget(ctx: Context, item: AgendaItem) -> None:
    """The item leaves the plan, and its papers with it; inside the act that revises the plan."""
    for row in ctx.session.scalars(select(ItemPaper).where(ItemPaper.item_id == item.id)):
        ctx.session.delete(row)
    ctx.session.flush()


# Questions


@dataclass(frozen=True)
class PaperView:
    """A paper as a page shows it; `late`: it came after the notice."""

    row: ItemPaper
    file: StoredFile
    late: bool

    @property
    def href(self) -> str:
        """Its short address, for the print too."""
        return f"/papers/{self.row.id}"

    @property
    def is_picture(self) -> bool:
        """A picture opens on the page, a document is taken along."""
        return self.file.kind != files.PDF

    @property
    def kilobytes(self) -> int:
        """Its size, rounded up."""
        return -(-self.file.bytes // 1024)


def of_meeting(session: Session, meeting: Meeting) -> dict[int, list[PaperView]]:
    """The papers of a meeting by item, in the order they came, in one statement."""
    by: dict[int, list[PaperView]] = {}
    for one in _views(session, meeting, ItemPaper.meeting_id == meeting.id):
        by.setdefault(one.row.item_id, []).append(one)
    return by


def get(ctx: Context, paper_id: int) -> PaperView:
    """One paper. Raises NotFound when there is none, or its meeting is not for this reader."""
    row = ctx.session.get(ItemPaper, paper_id)
    if row is None:
        raise NotFound("not_found")
    meeting = meetings.get(ctx, row.meeting_id)
    return _views(ctx.session, meeting, ItemPaper.id == paper_id)[0]


# Private helper


def _views(session: Session, meeting: Meeting, which: ColumnElement[bool]) -> list[PaperView]:
    found = select(ItemPaper, StoredFile).join(StoredFile, StoredFile.id == ItemPaper.file_id)
    out = meeting.notified_at
    return [
        PaperView(row, file, out is not None and row.added_at > out)
        for row, file in session.execute(found.where(which).order_by(ItemPaper.id))
    ]
