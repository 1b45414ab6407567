"""Petitions: where enough have signed, a meeting has to be called."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, charter, deadlines, grounds, signers, votes
from council.db import PLAIN, Base, Governed
from council.errors import NotFound, checking
from council.gate import Context, Possible, act, after
from council.grounds import RIGHTS, AdultCount, PetitionGround, Right
from council.kinds import MeetingKind
from council.meetings import Meeting
from council.people import SYSTEM, Constituency
from council.places import Place
from council.policy import Can
from council.signers import ALONE, Beside, PetitionSignature
from council.votes import BEFORE_OPENING, Body, Vote, VoteStage
from council.workflow import Transition, Workflow, advance, open_transitions

TITLE, PURPOSE = 60, 600
"""Longest title and purpose in characters."""
UNANNOUNCED = BEFORE_OPENING - {VoteStage.ANNOUNCED}
"""Stages of a vote that is not announced yet."""
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


class PetitionAnswer(Governed, Base):
    """The residents' assembly that a petition demands is held as this formal vote."""

    __tablename__ = "petition_answer"
    __table_args__ = (UniqueConstraint("petition_id", "vote_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    at: Mapped[datetime]


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


def meeting_is_owed(ctx: Context, petition: Petition) -> bool:
    """Enough have signed, and no meeting has answered yet."""
    return petition.stage is PetitionStage.REACHED


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


@act(
    "petition.sign", who=Can.SPEAK,
    requires=(is_gathering, may_sign_it, not_signed_yet, a_worker_checks_households),
    behalf=True, alone=True,
)  # fmt: skip
def sign(ctx: Context, petition: Petition, *, beside: Beside = ALONE) -> PetitionSignature:
    """Sign a petition; a worker enters a signature on paper with its sheet and line."""
    with checking() as check:
        beside.check(check, ctx.session, petition.id)
        check(beside.sheet is None or ctx.behalf is not None, "not_a_choice", "sheet")
        if petition.right.homes:
            beside.check_home(check, ctx.session, petition.id, petition.community_id)
    made = _signature(ctx, petition, beside)
    ctx.session.add(made)
    return made


@act("petition.unsign", who=Can.SPEAK, requires=(is_gathering, has_signed), behalf=True, alone=True)
def unsign(ctx: Context, petition: Petition) -> None:
    """Take one's signature back, as long as the petition gathers."""
    ctx.session.delete(signers.of_person(ctx.session, petition.id, ctx.person_id))


@act("petition.answer", who=Can.CONVENE, requires=(meeting_is_owed,))
def answer(ctx: Context, petition: Petition, *, vote_id: int) -> PetitionAnswer:
    """Name the formal vote as which the residents' assembly is held: it answers the petition."""
    with checking() as check:
        check(vote_id in {row.id for row in assemblies(ctx, petition)}, "not_an_assembly", "vote")
    made = PetitionAnswer(
        community_id=petition.community_id, petition_id=petition.id, vote_id=vote_id, at=ctx.now
    )
    ctx.session.add(made)
    return made


# What follows


@after("petition.start")
@after("petition.sign")
def follow_signature(ctx: Context, row: Petition | PetitionSignature) -> None:
    """With the last signature that is needed the conveners owe the meeting."""
    found = ctx.session.get_one(Petition, getattr(row, "petition_id", row.id))
    if enough_signed(ctx, found):
        _move(ctx, found, "reach")


@after("petition.answer")
def follow_answer(ctx: Context, row: PetitionAnswer) -> None:
    """A vote that was announced answers the petition."""
    _move(ctx, ctx.session.get_one(Petition, row.petition_id), "meet")


@after("vote.void")
def follow_void(ctx: Context, vote: Vote) -> None:
    """A vote that is void leaves the assembly owed."""
    found = select(Petition).join(PetitionAnswer, PetitionAnswer.petition_id == Petition.id)
    here = (PetitionAnswer.vote_id == vote.id) & (Petition.stage == PetitionStage.MET)
    for row in ctx.session.scalars(found.where(here)).all():
        _move(ctx, row, "await_again")


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


def assemblies(ctx: Context, petition: Petition) -> list[Vote]:
    """The formal votes of all residents, announced since enough have signed, the newest first."""
    if petition.right.kind is not MeetingKind.RESIDENTS or petition.reached_at is None:
        return []
    found = votes.seen(ctx).where(
        Vote.community_id == petition.community_id, Vote.body == Body.RESIDENTS,
        Vote.agenda_item_id.is_(None), Vote.opens_at >= petition.reached_at,
        Vote.stage.not_in({*UNANNOUNCED, VoteStage.VOIDED}),
    )  # fmt: skip
    return list(ctx.session.scalars(found.order_by(Vote.id.desc()).limit(20)))


def answered_by(session: Session, petition: Petition) -> int | None:
    """The formal vote that answers a petition."""
    if petition.stage is not PetitionStage.MET:
        return None
    found = select(PetitionAnswer.vote_id).where(PetitionAnswer.petition_id == petition.id)
    return session.scalars(found.order_by(PetitionAnswer.id.desc()).limit(1)).first()


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
