"""Minutes: they write themselves from the meeting's rows, and each constituency present signs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import (
    answers,
    attendance,
    calendar,
    corrections,
    deliberations,
    files,
    meetings,
    notices,
    policy,
    votes,
)
from council.answers import UnitAnswer
from council.attendance import Count
from council.calendar import Deadline
from council.corrections import Correction
from council.db import Base, Governed
from council.decisions import Result
from council.deliberations import Objection
from council.errors import NotFound, checking
from council.files import PhotoView, Picture, Role
from council.gate import Context, act
from council.i18n import translate
from council.meetings import AgendaItem, Meeting, MeetingStage
from council.notices import NoticeKind
from council.people import Byline, Constituency, Office, Post
from council.places import Unit
from council.policy import Can
from council.proposals import Proposal
from council.votes import Vote

WORDS, NOTE = 2000, 60
"""Longest text, longest note about a signature, in characters."""


class MinutesStage(StrEnum):
    """Minutes are drafted, signed and published."""

    DRAFT = "draft"
    PUBLISHED = "published"


class SignedBy(StrEnum):
    """How a constituency signed: a member on their own device, or somebody on paper."""

    MEMBER = "member"
    PAPER = "paper"


# Tables


class Minutes(Governed, Base):
    """What the recorder adds to a meeting's rows: the main views for and against, and the rest.

    `revision` counts the changes of the text; each one asks for the signatures again.
    """

    __tablename__ = "minutes"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), unique=True)
    views_for: Mapped[str] = mapped_column(default="")
    views_against: Mapped[str] = mapped_column(default="")
    other: Mapped[str] = mapped_column(default="")
    stage: Mapped[MinutesStage] = mapped_column(default=MinutesStage.DRAFT)
    revision: Mapped[int] = mapped_column(default=0)
    drafted_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class MinutesSignature(Governed, Base):
    """A constituency has signed the minutes; once each. `note`: who stood in for whom, on paper."""

    __tablename__ = "minutes_signature"
    __table_args__ = (UniqueConstraint("minutes_id", "constituency"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"))
    constituency: Mapped[Constituency]
    signed_by: Mapped[SignedBy]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(default="")
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime]


# Requirements


def meeting_is_over(ctx: Context, meeting: Meeting) -> bool:
    """The meeting has been adjourned."""
    return meeting.stage is MeetingStage.ADJOURNED


def minutes_not_begun(ctx: Context, meeting: Meeting) -> bool:
    """The minutes have not been drafted yet."""
    return of_meeting(ctx.session, meeting.id) is None


def minutes_not_published(ctx: Context, minutes: Minutes) -> bool:
    """The minutes have not been published."""
    return minutes.stage is MinutesStage.DRAFT


def sat_at_meeting(ctx: Context, minutes: Minutes) -> bool:
    """Only somebody who sat at the meeting signs its minutes."""
    return ctx.actor is not None and seat(ctx, minutes) is not None


def constituency_not_signed(ctx: Context, minutes: Minutes) -> bool:
    """Nobody of this constituency has signed yet; one signature each is enough."""
    mine = seat(ctx, minutes) if ctx.actor else None
    return mine is None or mine not in _signed(ctx.session, minutes)


def every_constituency_signed(ctx: Context, minutes: Minutes) -> bool:
    """Each constituency that was present has signed, in person or on paper."""
    return not unsigned(ctx.session, minutes)


def corrections_answered(ctx: Context, minutes: Minutes) -> bool:
    """Every correction that a co-signer noted has been answered."""
    return not corrections.waiting(ctx.session, minutes.id)


def no_correction_waits(ctx: Context, minutes: Minutes) -> bool:
    """One's last correction has been answered."""
    waits = corrections.waiting(ctx.session, minutes.id) if ctx.actor else []
    return all(one.person_id != ctx.voice.person_id for one in waits)


def meeting_photographed(ctx: Context, minutes: Minutes) -> bool:
    """There is a photograph of the meeting."""
    return bool(pictures(ctx.session, minutes.meeting_id))


# Acts


@dataclass(frozen=True)
class Words:
    """What the recorder writes beside the rows."""

    views_for: str = ""
    views_against: str = ""
    other: str = ""

    def check(self) -> None:
        """Refuse what is too long. Raises Invalid."""
        with checking() as check:
            for name, text in vars(self).items():
                check.text(text, name, limit=WORDS, required=False)


@act("minutes.draft", who=Can.RECORD, requires=(meeting_is_over, minutes_not_begun))
def draft(ctx: Context, meeting: Meeting, *, words: Words) -> Minutes:
    """Draft the minutes: attendance, items, votes and objections are there already."""
    words.check()
    made = Minutes(
        community_id=meeting.community_id, meeting_id=meeting.id, drafted_at=ctx.now, **vars(words)
    )
    ctx.session.add(made)
    ctx.session.flush()
    corrections.keep(ctx, made)
    return made


@act("minutes.revise", who=Can.RECORD, requires=(minutes_not_published,))
def revise(ctx: Context, minutes: Minutes, *, words: Words) -> None:
    """Change the text; those who have signed are asked again, because they signed other words."""
    words.check()
    if all(getattr(minutes, name) == text for name, text in vars(words).items()):
        return
    for name, text in vars(words).items():
        setattr(minutes, name, text)
    minutes.revision += 1
    corrections.keep(ctx, minutes)
    for row in signatures(ctx.session, minutes):
        ctx.session.delete(row)


@act(
    "minutes.correct",
    who=Can.SPEAK,
    requires=(minutes_not_published, sat_at_meeting, no_correction_waits),
    behalf=True,
    alone=True,
)
def correct(ctx: Context, minutes: Minutes, *, words: str) -> Correction:
    """Note what the minutes have wrong, instead of signing them as they are."""
    with checking() as check:
        check.text(words, "words", limit=corrections.WORDS)
    return corrections.add(ctx, minutes, seat(ctx, minutes), words)


@act(
    "minutes.sign",
    who=Can.SPEAK,
    requires=(minutes_not_published, sat_at_meeting, constituency_not_signed),
)
def sign(ctx: Context, minutes: Minutes, *, revision: int) -> MinutesSignature:
    """Sign the minutes for one's constituency, in the wording that one has read."""
    with checking() as check:
        check(revision == minutes.revision, "minutes_changed")
    return _sign(ctx, minutes, seat(ctx, minutes), SignedBy.MEMBER, person_id=ctx.person_id)


@act("minutes.sign_on_paper", who=Can.RECORD, requires=(minutes_not_published,))
def sign_on_paper(
    ctx: Context, minutes: Minutes, *, constituency: Constituency, note: str, picture: Picture
) -> MinutesSignature:
    """Enter a signature on paper with its photograph; a substitute may sign for somebody absent."""
    missing = unsigned(ctx.session, minutes)
    with checking() as check:
        check.text(note, "note", limit=NOTE, required=False)
        check(constituency in missing, "already_signed", "constituency")
    made = _sign(ctx, minutes, constituency, SignedBy.PAPER, note=note, entered_by_id=ctx.person_id)
    files.attach(ctx, made, picture, role=Role.SIGNATURE)
    return made


@act(
    "minutes.publish",
    who=Can.RECORD,
    requires=(
        minutes_not_published, corrections_answered, every_constituency_signed,
        meeting_photographed,
    ),
)  # fmt: skip
def publish(ctx: Context, minutes: Minutes) -> Minutes:
    """Publish the signed minutes and put them on the board; from here on nobody changes them."""
    meeting = ctx.session.get_one(Meeting, minutes.meeting_id)
    address = f"/meetings/{meeting.id}/minutes"
    minutes.stage, minutes.published_at = MinutesStage.PUBLISHED, ctx.now
    calendar.meet(ctx, meeting, "minutes")
    notices.post(
        ctx, minutes, NoticeKind.MINUTES, title=translate("zh", "notice.minutes"),
        body=translate("zh", "notice.minutes_where", title=meeting.title, address=address),
        days=notices.LEAST_DAYS,
    )  # fmt: skip
    return minutes


def _sign(
    ctx: Context,
    minutes: Minutes,
    constituency: Constituency | None,
    signed_by: SignedBy,
    *,
    person_id: int | None = None,
    entered_by_id: int | None = None,
    note: str = "",
) -> MinutesSignature:
    made = MinutesSignature(
        community_id=minutes.community_id, minutes_id=minutes.id, constituency=constituency,
        signed_by=signed_by, person_id=person_id, entered_by_id=entered_by_id, note=note,
        signed_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


def of_meeting(session: Session, meeting_id: int) -> Minutes | None:
    """The minutes of a meeting, drafted or published."""
    return session.scalars(select(Minutes).where(Minutes.meeting_id == meeting_id)).first()


def readable(ctx: Context, meeting: Meeting) -> Minutes | None:
    """The minutes if this reader may see them: a draft only those who sat there or write it."""
    found = of_meeting(ctx.session, meeting.id)
    if found is None or found.stage is MinutesStage.PUBLISHED:
        return found
    desks = (Can.CONVENE, Can.CHAIR, Can.RECORD, Can.SCREEN)
    works = any(policy.allows(ctx.session, ctx.actor, can, meeting.community_id) for can in desks)
    return found if works or (ctx.actor and seat(ctx, found)) else None


def get(ctx: Context, meeting: Meeting) -> Minutes:
    """The minutes. Raises NotFound when there are none that this reader may see."""
    found = readable(ctx, meeting)
    if found is None:
        raise NotFound("not_found")
    return found


def due(session: Session, meeting: Meeting) -> Deadline | None:
    """The clock that runs until the minutes are published."""
    return next(iter(calendar.running(session, meeting, "minutes")), None)


def signatures(session: Session, minutes: Minutes) -> list[MinutesSignature]:
    """The signatures in the order in which they were given."""
    found = select(MinutesSignature).where(MinutesSignature.minutes_id == minutes.id)
    return list(session.scalars(found.order_by(MinutesSignature.id)))


def unsigned(session: Session, minutes: Minutes) -> list[Constituency]:
    """The constituencies that were present and have not signed."""
    there = {seat.constituency for seat in attendance.present(session, minutes.meeting_id)}
    done = _signed(session, minutes)
    return [one for one in Constituency if one in there and one not in done]


def pictures(session: Session, meeting_id: int) -> list[PhotoView]:
    """The photographs of a meeting, in one statement."""
    return files.photos(session, [("meeting", meeting_id)]).get(("meeting", meeting_id), [])


@dataclass(frozen=True)
class Line:
    """One item as it stands in the minutes: the matter, what its unit said, what became of it."""

    item: AgendaItem
    proposal: Proposal | None
    unit: Unit | None
    answer: UnitAnswer | None
    vote: Vote | None
    objections: tuple[Objection, ...]

    @property
    def result(self) -> Result | None:
        """What was reckoned: by the vote, else by the consensus."""
        return self.vote.reckoning if self.vote else self.item.reckoning


@dataclass(frozen=True)
class Record:
    """A meeting as its rows tell it. `test` is the quorum when it began or fell, or now."""

    meeting: Meeting
    chair: Byline
    recorder: Byline
    now: Count
    test: Count
    lines: tuple[Line, ...]

    @property
    def matter_ids(self) -> list[int]:
        """The matters on the agenda; some items have none."""
        return [line.proposal.id for line in self.lines if line.proposal]


def record(session: Session, meeting: Meeting) -> Record:
    """Everything that a meeting's rows tell, in a fixed number of statements."""
    agenda = meetings.items(session, meeting.id)
    ids = [item.id for item in agenda]
    matters = select(Proposal, Unit).outerjoin(Unit, Unit.id == Proposal.unit_id)
    found = matters.where(Proposal.id.in_([item.proposal_id for item in agenda]))
    about: dict[int | None, tuple[Proposal | None, Unit | None]] = {
        row.id: (row, unit) for row, unit in session.execute(found)
    }
    said = answers.of_meeting(session, meeting.id)
    cast = votes.of_items(session, ids)
    against = deliberations.objections(session, ids)
    lines = tuple(
        Line(
            item, *about.get(item.proposal_id, (None, None)), said.get(item.proposal_id),
            cast.get(item.id),
            tuple(one for one in against.get(item.id, ()) if one.withdrawn_at is None),
        )
        for item in agenda
    )  # fmt: skip
    now = attendance.count(session, meeting)
    chair, recorder = _officers(session, meeting)
    return Record(meeting, chair, recorder, now, attendance.frozen(meeting) or now, lines)


def _officers(session: Session, meeting: Meeting) -> tuple[Byline, Byline]:
    """How chair and recorder appear: by their offices."""
    found = select(Office.person_id, Office.post, Office.number).where(
        Office.person_id.in_([meeting.chair_id, meeting.recorder_id]),
        Office.post.in_([Post.FACILITATOR, Post.RECORDER]),
    )
    numbers = {(person, post): n for person, post, n in session.execute(found)}
    return (
        Byline(None, numbers.get((meeting.chair_id, Post.FACILITATOR), 0), Post.FACILITATOR),
        Byline(None, numbers.get((meeting.recorder_id, Post.RECORDER), 0), Post.RECORDER),
    )


def seat(ctx: Context, minutes: Minutes) -> Constituency | None:
    """The constituency for which whoever speaks sat at the meeting."""
    held = attendance.is_present(ctx.session, minutes.meeting_id, ctx.voice.person_id)
    return held.constituency if held else None


def _signed(session: Session, minutes: Minutes) -> set[Constituency]:
    return {row.constituency for row in signatures(session, minutes)}
