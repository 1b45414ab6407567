"""Hand counts: raised hands, or slips, counted in the room by two tellers, each alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import papersheets
from council.db import HASHED, Base, Governed
from council.errors import Checks, Invalid
from council.gate import Context
from council.papercounts import Figures, PaperBatch, PaperCount
from council.papersheets import HIGHEST, SPOILED, Place, Sheet, Totals
from council.reckoning import Pile
from council.tallies import ALL
from council.votes import How, Vote, VoteMode, Voter

# Table


class HandCount(Governed, Base):
    """What one teller counted: appended, never changed; two agree, or both count once more.

    The log holds it hashed: nobody copies from the other. `content`: constituency (or "all") →
    heap → how many. `issued`: slips that were given out; hands have none. `slot` is 1 or 2: a
    round has two entries, and a third cannot win.
    """

    __tablename__ = "hand_count"
    __table_args__ = (
        UniqueConstraint("vote_id", "round", "slot"),
        UniqueConstraint("vote_id", "round", "person_id"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    round: Mapped[int]
    slot: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    content: Mapped[Any] = mapped_column(JSON)
    issued: Mapped[int] = mapped_column(info=HASHED)
    spoiled: Mapped[int] = mapped_column(info=HASHED)
    unused: Mapped[int] = mapped_column(info=HASHED)
    at: Mapped[datetime]


# Requirements


def tellers_count(ctx: Context, vote: Vote) -> bool:
    """Hands or slips are counted in this vote; on telephones and in secret nobody counts."""
    return vote.mode is VoteMode.COUNTED


def tellers_agree(ctx: Context, vote: Vote) -> bool:
    """Two tellers have counted the same, where hands or slips are counted."""
    return vote.mode is not VoteMode.COUNTED or standing(ctx.session, vote.id).agreed is not None


def not_agreed_yet(ctx: Context, vote: Vote) -> bool:
    """No two tellers have counted the same yet."""
    return standing(ctx.session, vote.id).agreed is None


def not_counted_yet(ctx: Context, vote: Vote) -> bool:
    """You have not entered a count in this round: the second is somebody else's."""
    me = ctx.actor.person_id if ctx.actor else None
    return me not in standing(ctx.session, vote.id).tellers


# Entering: called by the tellers inside their own act


def checked(session: Session, vote: Vote, sheet: Sheet, issued: int) -> Any:
    """The figures of a sheet in their one form. Raises Invalid, with every problem.

    No constituency has more than its seats that were there when the vote opened; every slip that
    was given out lay in the box, was exchanged, or is left over.
    """
    content = papersheets.checked(session, vote, sheet, ())
    check, most = Checks(), present(session, vote)
    for side, heaps in content.items():
        check(
            sum(heaps.values()) <= most[side], "more_than_present", f"{side}_for", most=most[side]
        )
        check(vote.how is How.PAPER or not heaps[SPOILED], "not_a_choice", f"{side}_for")
    if vote.how is How.PAPER:
        check(0 <= issued <= HIGHEST, "out_of_range", "issued", low=0, high=HIGHEST)
        used = papersheets.used(content)
        found = Figures(issued, used, sheet.spoiled, used, sheet.spoiled, sheet.unused)
        check(found.adds_up, "slips_off", "issued", issued=issued,
              together=used + sheet.spoiled + sheet.unused)  # fmt: skip
    if check.problems:
        raise Invalid(*check.problems)
    return content


def add(ctx: Context, vote: Vote, sheet: Sheet, issued: int) -> HandCount:
    """Keep what somebody counted, as an entry of the round that runs."""
    content, now = checked(ctx.session, vote, sheet, issued), standing(ctx.session, vote.id)
    made = HandCount(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        round=now.round, slot=len(now.tellers) + 1, person_id=ctx.person_id, content=content,
        issued=issued, spoiled=sheet.spoiled, unused=sheet.unused, at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    if vote.how is How.PAPER and standing(ctx.session, vote.id).agreed:
        _account(ctx, vote, made)
    return made


def _account(ctx: Context, vote: Vote, agreed: HandCount) -> None:
    """The box as one bundle and its slips as they add up, as every count of paper keeps them."""
    here = {
        "community_id": vote.community_id, "proposal_id": vote.proposal_id, "vote_id": vote.id,
        "used": papersheets.used(agreed.content), "spoiled": agreed.spoiled,
        "unused": agreed.unused,
    }  # fmt: skip
    ctx.session.add(
        PaperBatch(number=1, round=agreed.round, content=agreed.content, settled_at=ctx.now, **here)
    )
    piles = papersheets.piles(ctx.session, vote, [(ALL, agreed.content)])
    ctx.session.add(
        PaperCount(
            issued=agreed.issued, missing=0, piles=piles, by_id=ctx.person_id, at=ctx.now, **here
        )
    )


# Questions


@dataclass(frozen=True)
class Standing:
    """How far the tellers are: the round that runs, who has entered in it, whether two agree.

    `differs`: where the last two differed, and only where; no figure is told before the close.
    """

    round: int
    tellers: tuple[int, ...] = ()
    agreed: HandCount | None = None
    differs: tuple[Place, ...] = ()


def standing(session: Session, vote_id: int) -> Standing:
    """How far the tellers of a vote are, in one statement."""
    found = select(HandCount).where(HandCount.vote_id == vote_id)
    return follow(list(session.scalars(found.order_by(HandCount.round, HandCount.slot))))


def follow(entries: Sequence[Any]) -> Standing:
    """The same from the entries in their order: a round ends when two differ, and then a new one
    begins; when two agree it is settled.
    """
    now, before = Standing(1), None
    for one in entries:
        if now.tellers:
            differs = tuple(papersheets.differences(before, one))
            if not differs:
                return Standing(now.round, (*now.tellers, one.person_id), one)
            now = Standing(now.round + 1, (), None, differs)
        else:
            now = Standing(now.round, (one.person_id,), None, now.differs)
        before = one
    return now


def present(session: Session, vote: Vote) -> dict[str, int]:
    """The seats that were there when the vote opened, by constituency, or all of them."""
    found = select(Voter.constituency, func.count()).where(
        Voter.vote_id == vote.id, Voter.struck.is_(False)
    )
    by = dict(session.execute(found.group_by(Voter.constituency)).all())
    named = {side.value: n for side, n in by.items() if side}
    return {
        side: sum(by.values()) if side == ALL else named.get(side, 0)
        for side in papersheets.sides(vote)
    }


def sums(session: Session, vote: Vote) -> list[list[Any]]:
    """What two agreed, as a record lists it; nothing before that."""
    agreed = standing(session, vote.id).agreed
    return listed(agreed.content, present(session, vote)) if agreed else []


def listed(content: Totals, there: Mapping[str, int]) -> list[list[Any]]:
    """Constituency (None: all), choice, how many, and no area; `there` are the seats present.

    "spoiled" are slips that say nothing valid; None are seats that said nothing.
    """
    made: list[list[Any]] = []
    for side, heaps in content.items():
        told = [*heaps.items(), (None, there[side] - sum(heaps.values()))]
        made += [[None if side == ALL else side, choice, n, 0] for choice, n in told if n]
    return made


def piles(rows: Iterable[Sequence[Any]]) -> list[Pile]:
    """The same for the count."""
    return [Pile(side or ALL, choice, n, silent=choice is None) for side, choice, n, _ in rows]
