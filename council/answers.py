"""Answers of responsible units: before a meeting each says whether it accepts in principle."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, files
from council.db import Base, Governed
from council.errors import checking
from council.files import Picture, Role
from council.gate import Context, act
from council.meetings import AgendaItem, ItemStage, Meeting
from council.people import Channel
from council.policy import Can
from council.proposals import Proposal

WORDS = 500
"""Longest answer, in characters."""


class UnitSays(StrEnum):
    """Whether the responsible unit would do what the motion asks; silence is flagged."""

    ACCEPTS = "accepts"
    DECLINES = "declines"
    NO_REPLY = "no_reply"


# Table


class UnitAnswer(Governed, Base):
    """What a unit said about a motion; the newest counts. `letter`: a worker entered its letter."""

    __tablename__ = "unit_answer"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    says: Mapped[UnitSays]
    words: Mapped[str] = mapped_column(default="")
    letter: Mapped[bool]
    given_at: Mapped[datetime]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[Channel]


# Requirements


def item_not_settled(ctx: Context, item: AgendaItem) -> bool:
    """The meeting has not settled this item yet."""
    return item.stage in {ItemStage.PENDING, ItemStage.OPEN}


def unit_is_named(ctx: Context, item: AgendaItem) -> bool:
    """The matter has a responsible unit."""
    return _unit_id(ctx.session, item) is not None


def signs_for_unit(ctx: Context, item: AgendaItem) -> bool:
    """Only somebody who signs for the responsible unit of the matter."""
    return ctx.actor is not None and _unit_id(ctx.session, item) in ctx.voice.unit_ids()


# Acts


@act("unit_answer.give", who=Can.HANDLE, requires=(item_not_settled, signs_for_unit))
def give(ctx: Context, item: AgendaItem, *, accepts: bool, words: str) -> UnitAnswer:
    """Say for one's unit whether it accepts the motion in principle."""
    with checking() as check:
        check.text(words, "words", limit=WORDS, required=not accepts)
    says = UnitSays.ACCEPTS if accepts else UnitSays.DECLINES
    return _add(ctx, item, says, words, letter=False)


@act("unit_answer.record", who=Can.SCREEN, requires=(item_not_settled, unit_is_named))
def record(
    ctx: Context, item: AgendaItem, *, says: UnitSays, words: str, letter: Picture | None = None
) -> UnitAnswer:
    """Enter a department's written reply with its photograph, or that it has not replied."""
    answered = says is not UnitSays.NO_REPLY
    with checking() as check:
        check.text(words, "words", limit=WORDS)
        check(letter is not None or not answered, "empty", "letter")
    made = _add(ctx, item, says, words, letter=answered)
    if letter is not None:
        files.attach(ctx, made, letter, role=Role.PAPER)
    return made


def _add(ctx: Context, item: AgendaItem, says: UnitSays, words: str, *, letter: bool) -> UnitAnswer:
    made = UnitAnswer(
        community_id=item.community_id, meeting_id=item.meeting_id, proposal_id=item.proposal_id,
        unit_id=_unit_id(ctx.session, item), says=says, words=words, letter=letter,
        given_at=ctx.now, given_by_id=ctx.person_id, channel=ctx.channel,
    )  # fmt: skip
    ctx.session.add(made)
    calendar.meet(ctx, item, "unit_answer")
    return made


def _unit_id(session: Session, item: AgendaItem) -> int | None:
    if item.proposal_id is None:
        return None
    return session.get_one(Proposal, item.proposal_id).unit_id


# Questions


def of_meeting(session: Session, meeting_id: int) -> dict[int | None, UnitAnswer]:
    """The newest answer about each matter of a meeting, by matter, in one statement."""
    found = select(UnitAnswer).where(UnitAnswer.meeting_id == meeting_id).order_by(UnitAnswer.id)
    return {row.proposal_id: row for row in session.scalars(found)}


def missing(session: Session, meeting: Meeting, items: Iterable[AgendaItem]) -> list[AgendaItem]:
    """The items about a matter whose unit has neither accepted nor been noted as silent."""
    given = of_meeting(session, meeting.id)
    enough = {UnitSays.ACCEPTS, UnitSays.NO_REPLY}
    return [
        item
        for item in items
        if item.proposal_id is not None
        and (item.proposal_id not in given or given[item.proposal_id].says not in enough)
    ]
