"""Counting paper: two people key what lay in a box, each alone; when they agree it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import disputes, paperballots, papersheets
from council.db import HASHED, PLAIN, Base, Governed
from council.disputes import Remedy
from council.errors import NotFound, NotReady, checking
from council.gate import Context, act
from council.paperballots import votes_on_paper
from council.papersheets import Place, Sheet
from council.policy import Can
from council.tallies import ALL
from council.votes import Vote, VoteStage

REASON, PAIR = 1000, 2
"""Longest reason, in characters; entries of one round."""

# Tables


class PaperBatch(Governed, Base):
    """A box, or a bundle of slips from it, that is keyed by itself; `content` is what two agreed.

    `side`: the constituency that is stamped on its slips, where ballots are keyed one by one.
    """

    __tablename__ = "paper_batch"
    __table_args__ = (UniqueConstraint("vote_id", "number"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    number: Mapped[int]
    side: Mapped[str] = mapped_column(default=ALL, info=PLAIN)
    round: Mapped[int]
    content: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    used: Mapped[int]
    spoiled: Mapped[int]
    unused: Mapped[int]
    settled_at: Mapped[datetime | None]


class PaperEntry(Governed, Base):
    """What one person keyed. The log holds it hashed: nobody copies from the other.

    `slot` is 1 or 2: a round has two entries, and a third cannot win.
    """

    __tablename__ = "paper_entry"
    __table_args__ = (
        UniqueConstraint("batch_id", "round", "slot"),
        UniqueConstraint("batch_id", "round", "person_id"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("paper_batch.id"))
    round: Mapped[int]
    slot: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    content: Mapped[Any] = mapped_column(JSON)
    spoiled: Mapped[int] = mapped_column(info=HASHED)
    unused: Mapped[int] = mapped_column(info=HASHED)
    at: Mapped[datetime]


class PaperCount(Governed, Base):
    """The paper of a vote as it was reconciled: issued = used + spoiled + unused + missing.

    `piles` are [constituency, choice, voters, area]. `missing`: slips that were handed out and
    never came into the box, with the reason that the oversight committee gives.
    """

    __tablename__ = "paper_count"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), unique=True)
    issued: Mapped[int]
    used: Mapped[int]
    spoiled: Mapped[int]
    unused: Mapped[int]
    missing: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    piles: Mapped[list[Any]] = mapped_column(JSON)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


@dataclass(frozen=True)
class At:
    """A batch with its vote, as an act needs it."""

    batch: PaperBatch
    vote: Vote

    @property
    def community_id(self) -> int:
        """Where the vote is."""
        return self.vote.community_id


# Requirements


def paper_is_due(ctx: Context, vote: Vote) -> bool:
    """The vote is closed, and its paper waits for the count, or for the recount that is due."""
    if vote.in_meeting or vote.stage is VoteStage.CLOSED:
        return not vote.in_meeting
    ordered = disputes.ordered(ctx.session, vote.id, Remedy.RECOUNT)
    return vote.stage is VoteStage.PROVISIONAL and ordered


def batch_is_due(ctx: Context, at: At) -> bool:
    """The vote waits for its count, and this bundle has not been agreed on."""
    return at.batch.settled_at is None and paper_is_due(ctx, at.vote)


def batch_is_settled(ctx: Context, at: At) -> bool:
    """The vote waits for its count, and this bundle was agreed on before."""
    return at.batch.settled_at is not None and paper_is_due(ctx, at.vote)


def not_keyed_yet(ctx: Context, at: At) -> bool:
    """You have not keyed this bundle in this round: the second entry is somebody else's."""
    me = ctx.actor.person_id if ctx.actor else None
    return all(one.person_id != me for one in entries(ctx.session, at.batch, at.batch.round))


def batches_settled(ctx: Context, vote: Vote) -> bool:
    """Every bundle was keyed by two people who agree."""
    found = batches(ctx.session, vote.id)
    return bool(found) and all(one.settled_at for one in found)


def slips_are_missing(ctx: Context, vote: Vote) -> bool:
    """Fewer slips lay in the box than were handed out, and all others are accounted for."""
    found = figures(ctx.session, vote.id)
    return found.missing > 0 and found.adds_up


def paper_reconciled(ctx: Context, vote: Vote) -> bool:
    """The slips are accounted for: issued are used, spoiled and unused; used are those marked."""
    if vote.in_meeting or not paperballots.stock(ctx.session, vote.id).issued:
        return True
    row, found = of(ctx.session, vote.id), batches(ctx.session, vote.id)
    return row is not None and all(one.settled_at and one.settled_at <= row.at for one in found)


def both(ctx: Context, at: At) -> tuple[Vote, PaperBatch]:
    """What is held while a bundle is keyed: its vote, which may be counted, then the bundle."""
    return at.vote, at.batch


# Acts


@act("paper_batch.begin", who=Can.COUNT, requires=(votes_on_paper, paper_is_due), alone=True)
def begin(ctx: Context, vote: Vote, *, side: str = ALL) -> PaperBatch:
    """Begin to count a box, or the next bundle of slips from it."""
    with checking() as check:
        known = (ALL,) if papersheets.by_heaps(vote) else papersheets.sides(vote)
        check(side in known or paperballots.by_name(vote), "not_a_choice", "side")
    last = select(func.coalesce(func.max(PaperBatch.number), 0))
    made = PaperBatch(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id, round=1,
        number=(ctx.session.scalar(last.where(PaperBatch.vote_id == vote.id)) or 0) + 1,
        side=side, used=0, spoiled=0, unused=0,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("paper_entry.enter", who=Can.COUNT, requires=(batch_is_due, not_keyed_yet), alone=both)
def enter(ctx: Context, at: At, *, sheet: Sheet) -> PaperEntry:
    """Key a bundle. The second entry settles it when both agree; else both count once more."""
    batch, session = at.batch, ctx.session
    elsewhere = _elsewhere(session, at)
    content = papersheets.checked(session, at.vote, sheet, elsewhere)
    before = entries(session, batch, batch.round)
    made = PaperEntry(
        community_id=at.community_id, proposal_id=batch.proposal_id, batch_id=batch.id,
        round=batch.round, slot=len(before) + 1, person_id=ctx.person_id, content=content,
        spoiled=sheet.spoiled, unused=sheet.unused, at=ctx.now,
    )  # fmt: skip
    session.add(made)
    if before and papersheets.differences(before[0], made):
        batch.round += 1
    elif before:
        batch.content, batch.used = content, papersheets.used(content)
        batch.spoiled, batch.unused, batch.settled_at = made.spoiled, made.unused, ctx.now
    return made


def _elsewhere(session: Session, at: At) -> set[int]:
    """The numbers that stand in other bundles, where ballots are keyed one by one."""
    if papersheets.by_heaps(at.vote):
        return set()
    others = [one for one in batches(session, at.vote.id) if one is not at.batch]
    return {n for one in others if one.settled_at for n, _ in one.content}


@act("paper_batch.recount", who=Can.COUNT, requires=(batch_is_settled,), alone=both)
def recount(ctx: Context, at: At) -> PaperBatch:
    """Count a bundle again, by two people as before."""
    at.batch.round += 1
    at.batch.settled_at = None
    return at.batch


@act("paper_count.reconcile", who=Can.COUNT, requires=(paper_is_due, batches_settled), alone=True)
def reconcile(ctx: Context, vote: Vote) -> Vote:
    """State that every slip is accounted for. Raises NotReady `paper_off` with the numbers."""
    found = figures(ctx.session, vote.id)
    if found.missing or not found.adds_up:
        raise NotReady("paper_off", **vars(found))
    _settle(ctx, vote, found, "")
    return vote


@act(
    "paper_count.explain",
    who=Can.OVERSEE,
    requires=(paper_is_due, batches_settled, slips_are_missing),
    alone=True,
)
def explain(ctx: Context, vote: Vote, *, reason: str) -> Vote:
    """Accept that slips were handed out and never came into the box, and say publicly why."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
    _settle(ctx, vote, figures(ctx.session, vote.id), reason)
    return vote


def _settle(ctx: Context, vote: Vote, found: "Figures", reason: str) -> None:
    agreed = [(one.side, one.content) for one in batches(ctx.session, vote.id)]
    piles = papersheets.piles(ctx.session, vote, agreed)
    row = of(ctx.session, vote.id)
    if row is None:
        row = PaperCount(
            community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id
        )
        ctx.session.add(row)
    row.issued, row.used, row.spoiled = found.issued, found.used, found.spoiled
    row.unused, row.missing, row.reason = found.unused, found.missing, reason
    row.piles, row.by_id, row.at = piles, ctx.person_id, ctx.now


# Questions


@dataclass(frozen=True)
class Figures:
    """The slips of a vote in numbers: `issued` and `marked` by the counter, the rest as counted."""

    issued: int
    marked: int
    exchanged: int
    used: int
    spoiled: int
    unused: int

    @property
    def missing(self) -> int:
        """Slips handed out that did not lie in the box; below nought: too many lay there."""
        return self.marked - self.used

    @property
    def adds_up(self) -> bool:
        """Whether nothing else is amiss than slips that are missing."""
        accounted = self.used + self.spoiled + self.unused + max(0, self.missing)
        return self.issued == accounted and self.spoiled == self.exchanged


def figures(session: Session, vote_id: int) -> Figures:
    """What the counter knows, beside what the bundles add up to so far (two statements)."""
    there, found = paperballots.stock(session, vote_id), batches(session, vote_id)
    done = [one for one in found if one.settled_at]
    return Figures(
        there.issued, there.handed, there.spoiled, sum(one.used for one in done),
        sum(one.spoiled for one in done), sum(one.unused for one in done),
    )  # fmt: skip


def of(session: Session, vote_id: int) -> PaperCount | None:
    """The paper of a vote as it was reconciled, if it was."""
    return session.scalars(select(PaperCount).where(PaperCount.vote_id == vote_id)).one_or_none()


def totals(session: Session, vote_id: int) -> list[tuple[str, Any, int, int]]:
    """The paper that counts: constituency or "all", choice (None: spoiled), voters, area."""
    row = of(session, vote_id)
    return [(side, choice, n, area) for side, choice, n, area in row.piles] if row else []


def batches(session: Session, vote_id: int) -> list[PaperBatch]:
    """The boxes and bundles of a vote in order."""
    found = select(PaperBatch).where(PaperBatch.vote_id == vote_id).order_by(PaperBatch.number)
    return list(session.scalars(found))


def batch(session: Session, vote: Vote, number: int) -> At:
    """One bundle by its number. Raises NotFound."""
    found = select(PaperBatch).where(PaperBatch.vote_id == vote.id, PaperBatch.number == number)
    row = session.scalars(found).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return At(row, vote)


def entries(session: Session, batch: PaperBatch, turn: int) -> list[PaperEntry]:
    """What was keyed in one round, the first entry first."""
    found = select(PaperEntry).where(PaperEntry.batch_id == batch.id, PaperEntry.round == turn)
    return list(session.scalars(found.order_by(PaperEntry.slot)))


def keyed(session: Session, vote_id: int) -> dict[int, int]:
    """How many have keyed each bundle in its present round, by its id, in one statement."""
    found = (
        select(PaperBatch.id, func.count(PaperEntry.id))
        .outerjoin(
            PaperEntry,
            (PaperEntry.batch_id == PaperBatch.id) & (PaperEntry.round == PaperBatch.round),
        )
        .where(PaperBatch.vote_id == vote_id)
        .group_by(PaperBatch.id)
    )
    return dict(session.execute(found).all())


def differs(session: Session, batch: PaperBatch) -> list[Place]:
    """Where the last two entries differ, when they do; never what either of them says."""
    pair = entries(session, batch, batch.round - 1)
    return [] if batch.settled_at or len(pair) < PAIR else papersheets.differences(*pair)
