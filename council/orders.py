"""Points of order: a word about the rules goes before every raised hand; the chair answers it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance
from council.chairing import does_not_preside, has_not_left_the_chair
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.meetings import AgendaItem, item_is_open, meeting_in_session
from council.people import Channel, Constituency
from council.policy import Can
from council.speeches import speaks_here

WORDS = 100
"""Longest point of order, longest answer, in characters."""

# Table


class PointOfOrder(Governed, Base):
    """Somebody says that the rules of order are not kept; the chair answers in words."""

    __tablename__ = "point_of_order"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    constituency: Mapped[Constituency]
    words: Mapped[str]
    at: Mapped[datetime]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]


# Requirements


def no_order_waiting(ctx: Context, item: AgendaItem) -> bool:
    """Nobody raises a point of order while their last one waits for its answer."""
    mine = ctx.person_id if ctx.actor else 0
    return not any(one.person_id == mine for one in waiting(ctx.session, item.id))


def order_not_answered(ctx: Context, order: PointOfOrder) -> bool:
    """The point of order has not been answered."""
    return order.answered_at is None


# Acts


@act(
    "order.raise",
    who=Can.SPEAK,
    requires=(meeting_in_session, item_is_open, speaks_here, does_not_preside, no_order_waiting),
    behalf=True,
)
def raise_order(ctx: Context, item: AgendaItem, *, words: str) -> PointOfOrder:
    """Raise a point of order, also while somebody speaks; it is no contribution to the matter."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    seat = attendance.is_present(ctx.session, item.meeting_id, ctx.person_id)
    made = PointOfOrder(
        community_id=item.community_id, proposal_id=item.proposal_id, meeting_id=item.meeting_id,
        item_id=item.id, person_id=ctx.person_id, words=words, at=ctx.now, channel=ctx.channel,
        constituency=seat.constituency if seat else ctx.capacity(item),
        entered_by_id=ctx.entered_by_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("order.answer", who=Can.CHAIR, requires=(has_not_left_the_chair, order_not_answered))
def answer(ctx: Context, order: PointOfOrder, *, words: str) -> None:
    """Answer a point of order: whoever presides decides, in words."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    order.answer, order.answered_at = words, ctx.now


# Questions


def of_items(session: Session, item_ids: Iterable[int]) -> dict[int, list[PointOfOrder]]:
    """The points of order by item, in one statement."""
    found = select(PointOfOrder).where(PointOfOrder.item_id.in_(list(item_ids)))
    by: dict[int, list[PointOfOrder]] = {}
    for row in session.scalars(found.order_by(PointOfOrder.id)):
        by.setdefault(row.item_id, []).append(row)
    return by


def waiting(session: Session, item_id: int) -> list[PointOfOrder]:
    """Points of order that the chair has not answered."""
    found = of_items(session, [item_id]).get(item_id, [])
    return [one for one in found if one.answered_at is None]
