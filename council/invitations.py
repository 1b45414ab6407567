"""Invitations: who is invited says whether they come, and an empty seat finds somebody in time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import attendance, calendar, decisions, meetings, people
from council.attendance import by_rule
from council.db import Base, Governed
from council.deadlines import local_date
from council.derivations import Line
from council.errors import checking
from council.gate import Context, act
from council.kinds import MeetingKind
from council.meetings import Meeting, MeetingSeat, MeetingStage
from council.people import Constituency, Membership, Office, Post
from council.policy import Can
from council.tallies import heads

NOTE, REASON = 200, 200
"""Longest note of somebody invited, and longest reason for a substitute, in characters."""


class Reply(StrEnum):
    """What somebody invited has answered."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


# Tables


class InvitationReply(Governed, Base):
    """Somebody invited says whether they come; the newest answer of whoever sits there counts."""

    __tablename__ = "invitation_reply"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    says: Mapped[Reply]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class Substitution(Governed, Base):
    """Somebody sits in person on the seat of somebody else; nobody votes for two."""

    __tablename__ = "substitution"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"))
    absent_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Requirements


def invitation_is_open(ctx: Context, seat: MeetingSeat) -> bool:
    """The notice has gone out, and the meeting has not begun."""
    meeting = ctx.session.get_one(Meeting, seat.meeting_id)
    return meeting.stage in {MeetingStage.NOTIFIED, MeetingStage.CHECK_IN}


def seat_may_pass_on(ctx: Context, seat: MeetingSeat) -> bool:
    """In the delegates' assembly nobody sits for a delegate: the law knows no proxies there."""
    return ctx.session.get_one(Meeting, seat.meeting_id).kind != MeetingKind.DELEGATES


# Acts


@act(
    "invitation.answer",
    who=Can.SPEAK,
    requires=(invitation_is_open, attendance.is_the_invited, attendance.not_signed_in),
    behalf=True,
)
def answer(ctx: Context, seat: MeetingSeat, *, says: Reply, note: str = "") -> InvitationReply:
    """Say whether one comes; it can be changed until the meeting begins."""
    with checking() as check:
        check.text(note, "note", limit=NOTE, required=False)
    made = InvitationReply(
        community_id=seat.community_id, meeting_id=seat.meeting_id, seat_id=seat.id,
        person_id=seat.person_id, says=says, note=note, at=ctx.now,
        by_id=ctx.entered_by_id or ctx.person_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act(
    "seat.substitute",
    who=Can.CONVENE,
    requires=(invitation_is_open, attendance.not_signed_in, seat_may_pass_on),
    alone=True,
)
def substitute(ctx: Context, seat: MeetingSeat, *, person_id: int, reason: str) -> Substitution:
    """Give a seat to a substitute, who comes in person: of the same unit, or the same standing."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
        found = {row.person_id for row in stand_ins(ctx.session, seat, ctx.now)}
        check(person_id in found, "no_stand_in", "person")
    made = Substitution(
        community_id=seat.community_id, meeting_id=seat.meeting_id, seat_id=seat.id,
        absent_id=seat.person_id, person_id=person_id, reason=reason, at=ctx.now,
        by_id=ctx.person_id,
    )  # fmt: skip
    meeting = ctx.session.get_one(Meeting, seat.meeting_id)
    for clock in calendar.running(ctx.session, meeting, "attend_meeting"):
        if clock.person_id == seat.person_id:
            clock.met_at = ctx.now
    day = local_date(meeting.starts_at).isoformat()
    calendar.start_until(
        ctx, meeting, "attend_meeting", meeting.starts_at, day, person_id=person_id
    )
    seat.person_id = person_id
    ctx.session.add(made)
    return made


# Questions


def of_meeting(session: Session, meeting_id: int) -> dict[tuple[int, int], InvitationReply]:
    """The newest answer by seat and person, in one statement."""
    found = select(InvitationReply).where(InvitationReply.meeting_id == meeting_id)
    rows = session.scalars(found.order_by(InvitationReply.id))
    return {(row.seat_id, row.person_id): row for row in rows}


def of_seat(session: Session, seat: MeetingSeat) -> InvitationReply | None:
    """What whoever sits there now has answered last."""
    found = select(InvitationReply).where(
        InvitationReply.seat_id == seat.id, InvitationReply.person_id == seat.person_id
    )
    return session.scalars(found.order_by(InvitationReply.id.desc()).limit(1)).first()


def substitutions(session: Session, meeting_id: int) -> dict[int, list[Substitution]]:
    """Who sits for whom, by seat, the first one first."""
    found = select(Substitution).where(Substitution.meeting_id == meeting_id)
    by: dict[int, list[Substitution]] = {}
    for row in session.scalars(found.order_by(Substitution.id)):
        by.setdefault(row.seat_id, []).append(row)
    return by


@dataclass(frozen=True)
class Expected:
    """Who is expected by constituency; `enough`: a quorum if all who accepted come."""

    due: dict[str, int]
    accepted: dict[str, int]
    declined: dict[str, int]
    enough: bool
    lines: tuple[Line, ...]

    @property
    def silent(self) -> int:
        """How many have not answered."""
        return sum(self.due.values()) - sum(self.accepted.values()) - sum(self.declined.values())


def expected(session: Session, meeting: Meeting) -> Expected:
    """Whether a quorum is likely, counted from the answers in two statements."""
    replies = of_meeting(session, meeting.id)
    due = {one.value: 0 for one in Constituency}
    said = {one: dict(due) for one in Reply}
    for seat in meetings.seats(session, meeting.id):
        due[seat.constituency] += 1
        if reply := replies.get((seat.id, seat.person_id)):
            said[reply.says][seat.constituency] += 1
    coming, rule = said[Reply.ACCEPTED], meeting.rule
    met, lines = decisions.quorum(rule, heads(by_rule(rule, due)), heads(by_rule(rule, coming)))
    return Expected(due, coming, said[Reply.DECLINED], met, lines)


def stand_ins(session: Session, seat: MeetingSeat, now: datetime) -> list[Membership]:
    """Who may sit on a seat instead: for a unit its other representative; for a delegate another
    delegate; else somebody of the same constituency. Never somebody who has a seat, or presides.
    """
    meeting = session.get_one(Meeting, seat.meeting_id)
    taken = {one.person_id for one in meetings.seats(session, meeting.id)} | {meeting.chair_id}
    found = select(Membership).where(
        Membership.community_id == seat.community_id, people.belongs(now),
        Membership.constituency == seat.constituency, Membership.person_id.not_in(taken),
    )  # fmt: skip
    if seat.unit_id is not None:
        found = found.where(Membership.unit_id == seat.unit_id)
    elif seat.person_id in (delegates := _delegates(session, seat.community_id, now)):
        found = found.where(Membership.person_id.in_(delegates))
    return list(session.scalars(found.order_by(Membership.id).limit(200)))


# Private helper


def _delegates(session: Session, community_id: int, now: datetime) -> set[int]:
    found = select(Office).where(Office.community_id == community_id, Office.post == Post.DELEGATE)
    rows = session.scalars(found.where(Office.since <= now))
    return {row.person_id for row in rows if row.until is None or row.until > now}
