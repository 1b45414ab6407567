"""Disputes: somebody objects to a roll or a provisional result, and is answered with a reason."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, deadlines, policy, preparations
from council.db import Base, Governed
from council.deadlines import Limit
from council.errors import NotFound, NotReady, checking
from council.gate import Context, act
from council.people import Channel, Constituency
from council.policy import Can
from council.preparations import Preparation
from council.votes import Vote, VoteStage

WORDS = 1000
"""Longest objection and longest reason, in characters."""


class DisputeAbout(StrEnum):
    """What is objected to."""

    ROLL = "roll"
    RESULT = "result"


class Ruling(StrEnum):
    """What became of an objection."""

    DISMISSED = "dismissed"
    UPHELD = "upheld"


class Remedy(StrEnum):
    """What follows from an objection that was upheld."""

    CORRECT = "correct"  # the roll is mended
    RECOUNT = "recount"
    VOID = "void"


REMEDIES: dict[DisputeAbout, tuple[Remedy, ...]] = {
    DisputeAbout.ROLL: (Remedy.CORRECT, Remedy.VOID),
    DisputeAbout.RESULT: (Remedy.RECOUNT, Remedy.VOID),
}
"""What can follow, by what is objected to."""

# Table


class Dispute(Governed, Base):
    """An objection. Its words are for those who decide; ruling and reason are public.

    One person drafts the ruling, another decides; until then `decided_at` is empty. `done_at`: when
    what followed from it was done.
    """

    __tablename__ = "dispute"
    __table_args__ = (UniqueConstraint("vote_id", "about", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    about: Mapped[DisputeAbout]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str]
    lodged_at: Mapped[datetime]
    ruling: Mapped[Ruling | None]
    remedy: Mapped[Remedy | None]
    reason: Mapped[str] = mapped_column(default="")
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


# Requirements


def objections_open(ctx: Context, vote: Vote) -> bool:
    """The days run in which anybody may object to the roll, or to the provisional result."""
    closes = until(ctx.session, vote)
    return closes is not None and ctx.now < closes


def not_yet_disputed(ctx: Context, vote: Vote) -> bool:
    """Each person objects once to a roll, and once to a result."""
    if ctx.actor is None:
        return True
    mine = (one for one in of(ctx.session, vote.id) if one.person_id == ctx.voice.person_id)
    return all(one.about is not _about(vote) for one in mine)


def not_decided(ctx: Context, dispute: Dispute) -> bool:
    """The objection has not been answered."""
    return dispute.decided_at is None


def not_own_dispute(ctx: Context, dispute: Dispute) -> bool:
    """Nobody answers their own objection."""
    return ctx.actor is None or dispute.person_id != ctx.actor.person_id


def ruling_drafted(ctx: Context, dispute: Dispute) -> bool:
    """The oversight committee has drafted the answer with its reason."""
    return dispute.ruling is not None and bool(dispute.reason)


def ruling_by_another(ctx: Context, dispute: Dispute) -> bool:
    """Somebody else drafted it: an answer needs two people."""
    return ctx.actor is None or dispute.drafted_by_id != ctx.actor.person_id


# Acts


@act("dispute.lodge", who=Can.SPEAK, requires=(objections_open, not_yet_disputed), behalf=True)
def lodge(ctx: Context, vote: Vote, *, words: str) -> Dispute:
    """Object to a roll or to a provisional result; it is answered within three days."""
    with checking() as check:
        check.text(words, "words", limit=WORDS)
    made = Dispute(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        about=_about(vote), person_id=ctx.person_id, capacity=ctx.capacity(vote),
        channel=ctx.channel, entered_by_id=ctx.entered_by_id, words=words, lodged_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    days = preparations.of(ctx.session, vote.id).day("ruling")
    calendar.start(ctx, made, "draft_ruling", Limit.parse(f"{days}d"), who=Can.OVERSEE)
    return made


@act("dispute.draft_ruling", who=Can.OVERSEE, requires=(not_decided, not_own_dispute), alone=True)
def draft_ruling(
    ctx: Context, dispute: Dispute, *, ruling: Ruling, reason: str, remedy: Remedy | None = None
) -> Dispute:
    """Draft the answer, as the oversight committee; drafting again replaces it."""
    upheld = ruling is Ruling.UPHELD
    with checking() as check:
        check.text(reason, "reason", limit=WORDS)
        fits = remedy in REMEDIES[dispute.about] if upheld else remedy is None
        check(fits, "not_chosen" if upheld and remedy is None else "not_a_choice", "remedy")
    dispute.ruling, dispute.remedy, dispute.reason = ruling, remedy, reason
    dispute.drafted_by_id, dispute.drafted_at = ctx.person_id, ctx.now
    for waits in calendar.running(ctx.session, dispute, "draft_ruling"):
        waits.met_at = ctx.now
        calendar.start_until(
            ctx, dispute, "decide_dispute", waits.due_at, waits.amount, who=Can.CONVENE
        )
    return dispute


@act(
    "dispute.decide",
    who=Can.CONVENE,
    requires=(not_decided, not_own_dispute, ruling_drafted, ruling_by_another),
    alone=True,
)
def decide(ctx: Context, dispute: Dispute, *, read: str | None = None) -> Dispute:
    """Confirm the drafted answer; from here on ruling and reason are public.

    `read` is the `pin` of the draft that was read. Raises NotReady `draft_changed` for another one.
    """
    if read not in {None, pin(dispute)}:
        raise NotReady("draft_changed")
    dispute.decided_by_id, dispute.decided_at = ctx.person_id, ctx.now
    calendar.meet(ctx, dispute)
    vote = ctx.session.get_one(Vote, dispute.vote_id)
    if vote.stage is not VoteStage.VOIDED:
        if dispute.remedy is Remedy.RECOUNT:
            await_count(ctx, vote)
        elif dispute.remedy is Remedy.VOID:
            days = preparations.of(ctx.session, vote.id).day("ruling")
            _await(ctx, vote, "void_vote", f"{days}d", Can.OVERSEE)
    return dispute


def await_count(ctx: Context, vote: Vote) -> None:
    """The count, or a recount, waits for the tellers; inside the act that asks for it."""
    days = preparations.of(ctx.session, vote.id).day("count")
    _await(ctx, vote, "count_vote", f"{days}wd", Can.COUNT)


def _await(ctx: Context, vote: Vote, kind: str, limit: str, who: Can) -> None:
    """Start the clock of those who have to do it, unless it runs already."""
    if not calendar.running(ctx.session, vote, kind):
        calendar.start(ctx, vote, kind, Limit.parse(limit), who=who)


def settle(ctx: Context, vote: Vote, remedy: Remedy) -> None:
    """Note that what followed from upheld objections has been done; inside the act that did it."""
    for one in of(ctx.session, vote.id):
        if one.decided_at and one.remedy is remedy and one.done_at is None:
            one.done_at = ctx.now


# Questions


def pin(dispute: Dispute) -> str:
    """What names the draft of an answer as it stands: drafting again changes it."""
    return dispute.drafted_at.isoformat() if dispute.drafted_at else ""


def until(session: Session, vote: Vote) -> datetime | None:
    """When the running days of objections end: at 24:00 of the last one; None when none run."""
    if vote.in_meeting:
        return None
    row = preparations.of(session, vote.id)
    if vote.stage is VoteStage.ROLL_PUBLISHED:
        return roll_until(row)
    return result_until(row) if vote.stage is VoteStage.PROVISIONAL else None


def roll_until(row: Preparation) -> datetime | None:
    """Until when anybody may object to the roll."""
    begun = row.roll_published_at
    return deadlines.window_end(begun, row.day("objection")) if begun else None


def result_until(row: Preparation) -> datetime | None:
    """Until when anybody may object to the provisional result."""
    begun = row.published_at
    return deadlines.window_end(begun, row.day("result")) if begun else None


def of(session: Session, vote_id: int) -> list[Dispute]:
    """The objections in a vote, oldest first."""
    found = select(Dispute).where(Dispute.vote_id == vote_id).order_by(Dispute.id)
    return list(session.scalars(found))


def get(ctx: Context, vote: Vote, dispute_id: int) -> Dispute:
    """One objection, for those who answer it and for its author. Raises NotFound."""
    row = ctx.session.get(Dispute, dispute_id)
    if row is None or row.vote_id != vote.id or not reads(ctx, row):
        raise NotFound("not_found")
    return row


def reads(ctx: Context, dispute: Dispute) -> bool:
    """Whether this reader may read the words of the objection."""
    me = ctx.actor.person_id if ctx.actor else None
    if me is not None and me in {dispute.person_id, dispute.entered_by_id}:
        return True
    able = policy.abilities(ctx.session, ctx.actor, dispute.community_id)
    return bool(able & {Can.OVERSEE, Can.CONVENE})


def waiting(found: Iterable[Dispute], about: DisputeAbout) -> int:
    """How many objections are not answered yet."""
    return sum(one.about is about and one.decided_at is None for one in found)


def ordered(session: Session, vote_id: int, remedy: Remedy) -> bool:
    """Whether an objection was upheld from which this follows, and it has not been done."""
    return any(
        one.decided_at and one.remedy is remedy and one.done_at is None
        for one in of(session, vote_id)
    )


@dataclass(frozen=True)
class Numbers:
    """What the public is told: how many objected, and what became of it."""

    lodged: int
    upheld: int
    dismissed: int

    @property
    def open(self) -> int:
        """Not answered yet."""
        return self.lodged - self.upheld - self.dismissed


def numbers(found: Iterable[Dispute]) -> dict[DisputeAbout, Numbers]:
    """The objections in numbers, by what they are about."""
    rows = list(found)
    made = {}
    for about in DisputeAbout:
        mine = [one for one in rows if one.about is about]
        ruled = Counter(one.ruling for one in mine if one.decided_at)
        made[about] = Numbers(len(mine), ruled[Ruling.UPHELD], ruled[Ruling.DISMISSED])
    return made


# Private helpers


def _about(vote: Vote) -> DisputeAbout:
    early = vote.stage is VoteStage.ROLL_PUBLISHED
    return DisputeAbout.ROLL if early else DisputeAbout.RESULT
