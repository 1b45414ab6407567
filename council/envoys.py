"""Envoys: units that an item concerns are asked to send somebody, and whether they did is public.

Organic Law of Urban Residents' Committees (2026), Art. 46: units in the community send somebody
when they are asked about what concerns them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar
from council.attendance import CheckIn
from council.db import Base, Governed
from council.deadlines import local_date
from council.errors import checking
from council.gate import Context, act
from council.meetings import AHEAD, AgendaItem, Meeting, MeetingSeat, MeetingStage
from council.places import Unit
from council.policy import Can
from council.proposals import Proposal

ROLE, WORDS = 40, 300
"""Longest office of who comes, and longest reason or note, in characters."""
OPENED = (MeetingStage.CHECK_IN, MeetingStage.IN_SESSION, MeetingStage.ADJOURNED)
"""Stages in which one sees who came."""


class EnvoySays(StrEnum):
    """What a unit has answered."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


# Table


class Envoy(Governed, Base):
    """A unit is asked to send somebody about an item; `role` is the office of who comes.

    `came` is what the door noted; None while nobody did. `reason`: why nobody came.
    """

    __tablename__ = "envoy"
    __table_args__ = (UniqueConstraint("item_id", "unit_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    asked_at: Mapped[datetime]
    says: Mapped[EnvoySays | None]
    role: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    came: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(default="")


# Requirements


def may_still_be_asked(ctx: Context, item: AgendaItem) -> bool:
    """The meeting has not begun, so that a unit can still be asked to come."""
    return ctx.session.get_one(Meeting, item.meeting_id).stage in AHEAD


def answer_is_awaited(ctx: Context, envoy: Envoy) -> bool:
    """The notice has gone out and the meeting has not begun: the unit can answer."""
    return _meeting(ctx, envoy).stage in {MeetingStage.NOTIFIED, MeetingStage.CHECK_IN}


def signs_for_envoy(ctx: Context, envoy: Envoy) -> bool:
    """Only somebody who signs for the unit that was asked."""
    return ctx.actor is not None and envoy.unit_id in ctx.voice.unit_ids()


def door_has_opened(ctx: Context, envoy: Envoy) -> bool:
    """Signing in has begun, so that one sees who came."""
    return _meeting(ctx, envoy).stage in OPENED


# Acts


@act("envoy.ask", who=Can.CONVENE, requires=(may_still_be_asked,))
def ask(ctx: Context, item: AgendaItem, *, unit_id: int) -> Envoy:
    """Ask a unit that an item concerns to send somebody."""
    with checking() as check:
        unit = ctx.session.get(Unit, unit_id)
        here = unit is not None and unit.community_id == item.community_id
        check(here, "not_a_choice", "unit")
        known = {row.unit_id for row in of_item(ctx.session, item.id)}
        check(unit_id not in known, "asked_already", "unit")
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    made = _ask(ctx, meeting, item, unit_id)
    if meeting.notified_at:
        _await(ctx, meeting, made)
    return made


@act("envoy.answer", who=Can.HANDLE, requires=(answer_is_awaited, signs_for_envoy))
def answer(
    ctx: Context, envoy: Envoy, *, says: EnvoySays, role: str = "", words: str = ""
) -> Envoy:
    """Say for one's unit who comes, or why nobody does; it can be changed until the meeting."""
    return _answered(ctx, envoy, says, role, words)


@act("envoy.record", who=Can.CONVENE, requires=(answer_is_awaited,))
def record(
    ctx: Context, envoy: Envoy, *, says: EnvoySays, role: str = "", words: str = ""
) -> Envoy:
    """Enter what a unit answered by telephone or letter."""
    return _answered(ctx, envoy, says, role, words)


@act("envoy.note", who=Can.DOOR, requires=(door_has_opened,))
def note(ctx: Context, envoy: Envoy, *, came: bool, reason: str = "") -> Envoy:
    """Note whether somebody of the unit came, and if not, why."""
    with checking() as check:
        check.text(reason, "reason", limit=WORDS, required=False)
    envoy.came, envoy.reason = came, "" if came else reason
    return envoy


# Effects: the meeting's workflow calls these inside its own acts


def call(ctx: Context, meeting: Meeting) -> None:
    """With the notice each responsible unit is asked to come, and every unit's clock runs."""
    rows = _rows(ctx.session, meeting.id)
    known = {(row.item_id, row.unit_id) for row in rows}
    found = select(AgendaItem, Proposal.unit_id).join(
        Proposal, Proposal.id == AgendaItem.proposal_id
    )
    for item, unit_id in ctx.session.execute(found.where(AgendaItem.meeting_id == meeting.id)):
        if unit_id is not None and (item.id, unit_id) not in known:
            rows.append(_ask(ctx, meeting, item, unit_id))
    ctx.session.flush()
    for row in rows:
        _await(ctx, meeting, row)


def drop(ctx: Context, item: AgendaItem) -> None:
    """The item is taken off the agenda before the notice: nobody is asked about it."""
    for row in of_item(ctx.session, item.id):
        calendar.meet(ctx, row)
        ctx.session.delete(row)
    ctx.session.flush()


def release(ctx: Context, meeting: Meeting) -> None:
    """The meeting has begun, or does not take place: no answer is waited for any more."""
    for row in _rows(ctx.session, meeting.id):
        calendar.meet(ctx, row)


# Questions


@dataclass(frozen=True)
class Asked:
    """A unit that was asked: its answer, and whether somebody of it was there."""

    envoy: Envoy
    unit: Unit
    seated: bool

    @property
    def came(self) -> bool | None:
        """Whether somebody came: who signed in on the unit's seat, or was noted at the door."""
        return True if self.seated else self.envoy.came


def of_meeting(session: Session, meeting_id: int) -> dict[int, list[Asked]]:
    """The units asked about each item, in two statements."""
    there = select(MeetingSeat.unit_id).join(CheckIn, CheckIn.seat_id == MeetingSeat.id)
    sat = set(session.scalars(there.where(MeetingSeat.meeting_id == meeting_id)))
    found = select(Envoy, Unit).join(Unit, Unit.id == Envoy.unit_id)
    rows = session.execute(found.where(Envoy.meeting_id == meeting_id).order_by(Envoy.id))
    by: dict[int, list[Asked]] = {}
    for envoy, unit in rows:
        by.setdefault(envoy.item_id, []).append(Asked(envoy, unit, unit.id in sat))
    return by


def of_item(session: Session, item_id: int) -> list[Envoy]:
    """The units asked about an item."""
    return list(session.scalars(select(Envoy).where(Envoy.item_id == item_id).order_by(Envoy.id)))


def find(session: Session, meeting_id: int, envoy_id: int) -> Envoy | None:
    """One unit that was asked to a meeting."""
    found = select(Envoy).where(Envoy.id == envoy_id, Envoy.meeting_id == meeting_id)
    return session.scalars(found).first()


# Private helpers


def _meeting(ctx: Context, envoy: Envoy) -> Meeting:
    return ctx.session.get_one(Meeting, envoy.meeting_id)


def _rows(session: Session, meeting_id: int) -> list[Envoy]:
    return list(session.scalars(select(Envoy).where(Envoy.meeting_id == meeting_id)))


def _ask(ctx: Context, meeting: Meeting, item: AgendaItem, unit_id: int) -> Envoy:
    made = Envoy(
        community_id=meeting.community_id, meeting_id=meeting.id, item_id=item.id,
        unit_id=unit_id, asked_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    return made


def _await(ctx: Context, meeting: Meeting, envoy: Envoy) -> None:
    """The unit answers before the meeting; for one that does not sign in, the conveners ask."""
    unit = ctx.session.get_one(Unit, envoy.unit_id)
    whose = {"unit_id": unit.id} if unit.signs_in else {"who": Can.CONVENE}
    day = local_date(meeting.starts_at).isoformat()
    calendar.start_until(ctx, envoy, "envoy_answer", meeting.starts_at, day, **whose)


def _answered(ctx: Context, envoy: Envoy, says: EnvoySays, role: str, words: str) -> Envoy:
    coming = says is EnvoySays.ACCEPTED
    with checking() as check:
        check.text(role, "role", limit=ROLE, required=coming)
        check.text(words, "words", limit=WORDS, required=not coming)
    envoy.says, envoy.role, envoy.words = says, role if coming else "", words
    envoy.answered_at, envoy.answered_by_id = ctx.now, ctx.person_id
    calendar.meet(ctx, envoy, "envoy_answer")
    return envoy
