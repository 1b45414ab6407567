"""Petitions: where enough have signed, a meeting has to be called."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, charter, deadlines, grounds, signers
from council.db import PLAIN, Base, Governed
from council.errors import Checks, NotFound, checking
from council.gate import Context, Possible, act, after
from council.grounds import RIGHTS, AdultCount, PetitionGround, Right
from council.kinds import MeetingKind
from council.meetings import Meeting
from council.people import SYSTEM, Constituency
from council.places import Building, Place
from council.policy import Can
from council.signers import PetitionSignature
from council.workflow import Transition, Workflow, advance, open_transitions

TITLE, PURPOSE, DOOR = 60, 600, 20
"""Longest title, purpose and door in characters."""
LINES, SHEETS = 15, 10_000
"""Lines of a printed sheet for signatures, and its highest number."""
KEPT = ("petition_days", "meeting_call")
"""Values of the charter that a petition keeps as they were when it was started."""


class PetitionStage(StrEnum):
    """Where a petition stands."""

    GATHERING = "gathering"
    REACHED = "reached"
    MET = "met"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


# Tables


class Petition(Governed, Base):
    """Somebody asks for a meeting; `needed` of `whole` must sign before it closes."""

    __tablename__ = "petition"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    ground: Mapped[PetitionGround]
    title: Mapped[str]
    purpose: Mapped[str]
    starter_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    capacity: Mapped[Constituency]
    stage: Mapped[PetitionStage] = mapped_column(default=PetitionStage.GATHERING, index=True)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    whole: Mapped[int]
    needed: Mapped[int]
    adult_count_id: Mapped[int | None] = mapped_column(ForeignKey("adult_count.id"))
    started_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    reached_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def right(self) -> Right:
        """What it asks for, and who may sign it."""
        return RIGHTS[self.ground]


# Requirements


def is_gathering(ctx: Context, petition: Petition) -> bool:
    """Signatures are still being gathered."""
    return petition.stage is PetitionStage.GATHERING and ctx.now < petition.closes_at


def may_sign_it(ctx: Context, petition: Petition) -> bool:
    """Those sign whose share the law counts: residents who are of age, or holders of the office."""
    return ctx.actor is None or grounds.entitled(ctx, petition.community_id, petition.ground)


def not_signed_yet(ctx: Context, petition: Petition) -> bool:
    """Each person signs a petition once, on the phone or on paper."""
    return ctx.actor is None or not has_signed(ctx, petition)


def has_signed(ctx: Context, petition: Petition) -> bool:
    """Only somebody who has signed can take the signature back."""
    if ctx.actor is None:
        return False
    return signers.of_person(ctx.session, petition.id, ctx.voice.person_id) is not None


def a_worker_checks_households(ctx: Context, petition: Petition) -> bool:
    """Households sign at the counter or on paper, where a worker looks at whose household it is."""
    return not petition.right.homes or ctx.behalf is not None


def is_starter(ctx: Context, petition: Petition) -> bool:
    """Only whoever started the petition withdraws it."""
    return ctx.actor is not None and petition.starter_id == ctx.voice.person_id


def enough_signed(ctx: Context, petition: Petition) -> bool:
    """As many have signed as the law asks."""
    return signers.signed(ctx.session, [petition.id]).get(petition.id, 0) >= petition.needed


def time_is_over(ctx: Context, petition: Petition) -> bool:
    """The days for gathering signatures have passed."""
    return ctx.now >= petition.closes_at


# What belongs to a move itself


def reach(ctx: Context, petition: Petition) -> None:
    """From here the conveners owe the meeting, within the charter's days."""
    petition.reached_at = ctx.now
    await_meeting(ctx, petition)


def await_meeting(ctx: Context, petition: Petition) -> None:
    """The clock of the conveners runs."""
    petition.ended_at = None
    limit = charter.limit(petition.rules, "meeting_call")
    calendar.start(ctx, petition, "call_petitioned", limit, who=Can.CONVENE)


def end(ctx: Context, petition: Petition) -> None:
    """Nobody is waited for any more."""
    petition.ended_at = ctx.now
    calendar.meet(ctx, petition)


# The table


class T(Transition[Petition, PetitionStage]):
    """A row of the petition's workflow."""


PETITION = Workflow(
    "petition",
    PetitionStage.GATHERING,
    (
        T("withdraw", PetitionStage.GATHERING, PetitionStage.WITHDRAWN, Can.SPEAK,
          (is_starter,), end, behalf=True),
        T("lapse", PetitionStage.GATHERING, PetitionStage.LAPSED, Can.SYSTEM,
          (time_is_over,), end),
        T("reach", PetitionStage.GATHERING, PetitionStage.REACHED, Can.SYSTEM,
          (enough_signed,), reach),
        T("meet", PetitionStage.REACHED, PetitionStage.MET, Can.SYSTEM, (), end),
        T("await_again", PetitionStage.MET, PetitionStage.REACHED, Can.SYSTEM, (), await_meeting),
    ),
)  # fmt: skip
"""The way of a petition. Once enough have signed nobody can withdraw it."""

# Acts


@act("petition.start", who=Can.SPEAK, behalf=True)
def start(
    ctx: Context, place: Place, *, ground: PetitionGround, title: str, purpose: str
) -> Petition:
    """Ask for a meeting; whoever starts is the first to sign."""
    base = grounds.adult_count(ctx.session, place.id) if RIGHTS[ground].post is None else None
    whole = grounds.whole_of(ctx.session, place.id, ground, ctx.now)
    with checking() as check:
        check.text(title, "title", limit=TITLE)
        check.text(purpose, "purpose", limit=PURPOSE)
        check(whole, "no_whole", "ground")
        check(grounds.entitled(ctx, place.id, ground), "cannot_petition", "ground")
        check(not _running(ctx, place.id), "petition_running", "title")
    rules = charter.rules(ctx.session, place.id)
    made = Petition(
        community_id=place.id, ground=ground, title=title, purpose=purpose,
        starter_id=ctx.person_id, capacity=ctx.capacity(place),
        rules={key: rules[key] for key in KEPT}, whole=whole,
        needed=RIGHTS[ground].share.needed(whole), adult_count_id=base and base.id,
        started_at=ctx.now,
        closes_at=deadlines.window_end(ctx.now, charter.count(rules, "petition_days")),
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    if not made.right.homes:
        ctx.session.add(_signature(ctx, made, ALONE))
    return made


@dataclass(frozen=True)
class Beside:
    """What a worker notes beside a signature: sheet and line of a paper, building and door."""

    sheet: int | None = None
    line: int | None = None
    building_id: int | None = None
    door: str = ""

    @property
    def household(self) -> str | None:
        """Building and door, however the door is written: 2 单元 301 is 2-301."""
        letters = [one for one in self.door.casefold() if one.isascii() and one.isalnum()]
        return f"{self.building_id}-{''.join(letters)}" if self.building_id else None

    def check(self, check: Checks, ctx: Context, petition: Petition) -> None:
        """Note what is wrong."""
        check(self.sheet is None or self.sheet >= 1, "out_of_range", "sheet", low=1, high=SHEETS)
        within = self.line is None or 1 <= self.line <= LINES
        check(within, "out_of_range", "line", low=1, high=LINES)
        check(self.sheet is None or self.line is not None, "empty", "line")
        check(self.line is None or self.sheet is not None, "empty", "sheet")
        check(self.sheet is None or ctx.behalf is not None, "not_a_choice", "sheet")
        own = (ctx.session, petition.id)
        taken = signers.taken(*own, sheet=self.sheet, line=self.line)
        check(not taken, "line_taken", "line")
        if petition.right.homes:
            place = ctx.session.get(Building, self.building_id or 0)
            here = place is not None and place.community_id == petition.community_id
            check(here, "not_a_choice", "building")
            check((self.household or "-")[-1] != "-", "empty", "door")
            check.text(self.door, "door", limit=DOOR)
            taken = signers.taken(*own, household=self.household)
            check(not taken, "household_signed", "door")


ALONE = Beside()


@act(
    "petition.sign", who=Can.SPEAK,
    requires=(is_gathering, may_sign_it, not_signed_yet, a_worker_checks_households),
    behalf=True, alone=True,
)  # fmt: skip
def sign(ctx: Context, petition: Petition, *, beside: Beside = ALONE) -> PetitionSignature:
    """Sign a petition; a worker enters a signature on paper with its sheet and line."""
    with checking() as check:
        beside.check(check, ctx, petition)
    made = _signature(ctx, petition, beside)
    ctx.session.add(made)
    return made


@act("petition.unsign", who=Can.SPEAK, requires=(is_gathering, has_signed), behalf=True, alone=True)
def unsign(ctx: Context, petition: Petition) -> None:
    """Take one's signature back, as long as the petition gathers."""
    ctx.session.delete(signers.of_person(ctx.session, petition.id, ctx.person_id))


# What follows


@after("petition.start")
@after("petition.sign")
def follow_signature(ctx: Context, row: Petition | PetitionSignature) -> None:
    """With the last signature that is needed the conveners owe the meeting."""
    found = ctx.session.get_one(Petition, getattr(row, "petition_id", row.id))
    if enough_signed(ctx, found):
        _move(ctx, found, "reach")


@after("meeting.notify")
def follow_notice(ctx: Context, meeting: Meeting) -> None:
    """The notice of the meeting answers the petition that it names."""
    _follow(ctx, meeting, PetitionStage.REACHED, "meet")


@after("meeting.cancel")
def follow_cancelling(ctx: Context, meeting: Meeting) -> None:
    """A meeting that is cancelled is still owed."""
    _follow(ctx, meeting, PetitionStage.MET, "await_again")


# Questions


def get(ctx: Context, petition_id: int) -> Petition:
    """One petition; everybody may read it. Raises NotFound."""
    row = ctx.session.get(Petition, petition_id)
    if row is None:
        raise NotFound("not_found")
    return row


def listing(session: Session, community_id: int, limit: int = 50) -> list[Petition]:
    """The petitions of a community, those that wait or gather first, then the newest."""
    found = select(Petition).where(Petition.community_id == community_id)
    rows = session.scalars(found.order_by(Petition.id.desc()).limit(limit))
    return sorted(rows, key=lambda row: row.ended_at is not None)


def owed(session: Session, community_id: int, kind: MeetingKind | None = None) -> list[Petition]:
    """Petitions that enough have signed and that no meeting has answered, the oldest first."""
    found = select(Petition).where(
        Petition.community_id == community_id, Petition.stage == PetitionStage.REACHED
    )
    rows = session.scalars(found.order_by(Petition.id))
    return [row for row in rows if kind in {None, row.right.kind}]


def counted(session: Session, petition: Petition) -> AdultCount | None:
    """The number of adults that a petition is a share of, with its day and source."""
    return session.get(AdultCount, petition.adult_count_id) if petition.adult_count_id else None


def lapsing(ctx: Context) -> list[int]:
    """Petitions whose days have passed, for the clockwork."""
    found = select(Petition.id).where(
        Petition.stage == PetitionStage.GATHERING, Petition.closes_at <= ctx.now
    )
    return list(ctx.session.scalars(found))


def lapse(ctx: Context, petition_id: int) -> None:
    """End a petition for which too few have signed in time."""
    advance(ctx, PETITION, ctx.session.get_one(Petition, petition_id), "lapse")


def steps(
    ctx: Context, petition: Petition
) -> list[tuple[Transition[Petition, PetitionStage], Possible]]:
    """What this reader may do with the petition now, each with what still blocks it."""
    return open_transitions(ctx, PETITION, petition)


# Private helpers


def _signature(ctx: Context, petition: Petition, beside: Beside) -> PetitionSignature:
    return PetitionSignature(
        community_id=petition.community_id, petition_id=petition.id, person_id=ctx.person_id,
        channel=ctx.channel, entered_by_id=ctx.entered_by_id, sheet=beside.sheet, line=beside.line,
        household=beside.household if petition.right.homes else None, at=ctx.now,
    )  # fmt: skip


def _running(ctx: Context, community_id: int) -> bool:
    """Whether whoever speaks gathers signatures for another petition of theirs."""
    found = select(Petition.id).where(
        Petition.community_id == community_id, Petition.starter_id == ctx.person_id,
        Petition.stage == PetitionStage.GATHERING,
    )  # fmt: skip
    return ctx.session.scalars(found).first() is not None


def _move(ctx: Context, petition: Petition, name: str) -> None:
    advance(replace(ctx, actor=SYSTEM, behalf=None), PETITION, petition, name)


def _follow(ctx: Context, meeting: Meeting, stage: PetitionStage, name: str) -> None:
    found = ctx.session.get(Petition, meeting.petition_id) if meeting.petition_id else None
    if found is not None and found.stage is stage:
        _move(ctx, found, name)
