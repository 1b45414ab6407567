"""Rolls: who is entitled to a vote, entered from a list, shown in numbers, each one's own entry."""

import hashlib
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import ForeignKey, LargeBinary, Select, case, func, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import entitlements
from council.db import Base
from council.entitlements import Entry, RollKind
from council.errors import Checks, Invalid, NotFound, Problem, checking
from council.gate import Context, act
from council.imports import LONGEST
from council.people import Constituency
from council.policy import Can
from council.votes import BEFORE_OPENING, Body, Vote, Voter, VoteStage

AT_ONCE, GONE_AT_ONCE = 90, 1000
"""Rows of one act: an entry of the log holds at most 65,535 bytes."""
ALL = "all"
"""The code that stands for everybody where the rule has no constituencies."""
PAGE = 50
REASON = 200


KINDS: Mapping[Body, tuple[RollKind, ...]] = {
    Body.JOINT_MEETING: (RollKind.MEMBERS,),
    Body.COUNCIL: (RollKind.MEMBERS,),
    Body.DELEGATES: (RollKind.DELEGATES,),
    Body.RESIDENTS: (RollKind.RESIDENTS, RollKind.HOUSEHOLDS),
    Body.OWNERS: (RollKind.OWNERS,),
    Body.PARTY: (RollKind.MEMBERS,),
    Body.EVERYBODY: (RollKind.MEMBERS, RollKind.RESIDENTS, RollKind.HOUSEHOLDS),
}
"""The kinds of roll from which each body is called."""

# Table


class RollSalt(Base):
    """The salt of a roll's digest, apart and not governed: erasing it makes the digest mute."""

    __tablename__ = "roll_salt"
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)


# Requirements


def roll_in_draft(ctx: Context, vote: Vote) -> bool:
    """The roll has not been published, so that it can be entered anew."""
    return vote.stage is VoteStage.DRAFT and not vote.in_meeting


def roll_can_be_mended(ctx: Context, row: Vote | Voter) -> bool:
    """The roll is not final yet."""
    return _vote(ctx, row).stage in {VoteStage.DRAFT, VoteStage.ROLL_PUBLISHED}


def vote_not_opened(ctx: Context, row: Vote | Voter) -> bool:
    """The vote has not been opened."""
    return _vote(ctx, row).stage in BEFORE_OPENING


def stands_on_roll(ctx: Context, voter: Voter) -> bool:
    """The entry has not been struck."""
    return not voter.struck


def was_struck(ctx: Context, voter: Voter) -> bool:
    """The entry has been struck."""
    return voter.struck


def roll_entered(ctx: Context, vote: Vote) -> bool:
    """Somebody stands on the roll."""
    return bool(ctx.session.scalar(_counted(vote.id, func.count())))


def nobody_twice(ctx: Context, vote: Vote) -> bool:
    """Nobody stands on the roll twice under the same name in the same household."""
    same = (Voter.name, Voter.building, Voter.household)
    found = _counted(vote.id, *same).where(Voter.person_id.is_(None), Voter.household != "")
    return ctx.session.execute(found.group_by(*same).having(func.count() > 1)).first() is None


def _vote(ctx: Context, row: Vote | Voter) -> Vote:
    return row if isinstance(row, Vote) else ctx.session.get_one(Vote, row.vote_id)


def held(ctx: Context, voter: Voter) -> tuple[Vote, Voter]:
    """What is held while an entry changes: its vote, which may be moving on, then the entry."""
    return _vote(ctx, voter), voter


# Acts


@act("roll.clear", who=Can.KEEP_ROLL, requires=(roll_in_draft,), alone=True)
def clear(ctx: Context, vote: Vote, *, rows: Sequence[Voter]) -> None:
    """Empty a roll before it is entered anew."""
    for row in rows:
        ctx.session.delete(row)


@act("roll.enter", who=Can.KEEP_ROLL, requires=(roll_in_draft,), alone=True)
def enter(ctx: Context, vote: Vote, *, entries: Sequence[Entry], first: int) -> None:
    """Enter a part of a roll from a list that was checked."""
    _write(ctx, vote, entries, first)


@act("roll.draw", who=Can.KEEP_ROLL, requires=(roll_in_draft,), alone=True)
def enter_drawn(ctx: Context, vote: Vote, *, entries: Sequence[Entry], first: int) -> None:
    """Enter a part of a roll from memberships and offices in force."""
    _write(ctx, vote, entries, first)


@act("roll.take_over", who=Can.KEEP_ROLL, requires=(roll_in_draft,), alone=True)
def enter_earlier(ctx: Context, vote: Vote, *, entries: Sequence[Entry], first: int) -> None:
    """Enter a part of a roll as it stood in an earlier vote."""
    _write(ctx, vote, entries, first)


@act("roll.add", who=Can.KEEP_ROLL, requires=(roll_can_be_mended,), alone=True)
def add(ctx: Context, vote: Vote, *, entry: Entry, reason: str = "") -> Voter:
    """Add somebody who was left out; once the roll is public, with the reason."""
    with checking() as check:
        _check_entry(check, entry)
        _check_reason(check, vote, reason)
    last = ctx.session.scalar(select(func.max(Voter.number)).where(Voter.vote_id == vote.id))
    return _write(ctx, vote, [entry], (last or 0) + 1, reason)[0]


@act("roll.correct", who=Can.KEEP_ROLL, requires=(roll_can_be_mended, stands_on_roll), alone=held)
def correct(ctx: Context, voter: Voter, *, entry: Entry, reason: str = "") -> None:
    """Mend an entry; once the roll is public, with the reason."""
    with checking() as check:
        _check_entry(check, entry)
        _check_reason(check, _vote(ctx, voter), reason)
    voter.name, voter.building, voter.household = entry.name, entry.building, entry.household
    voter.area, voter.constituency, voter.reason = entry.area, entry.constituency, reason


@act("roll.strike", who=Can.KEEP_ROLL, requires=(roll_can_be_mended, stands_on_roll), alone=held)
def strike(ctx: Context, voter: Voter, *, reason: str) -> None:
    """Strike somebody who is not entitled, with the reason; the entry stays and is not counted."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
    voter.struck, voter.reason = True, reason.strip()


@act("roll.restore", who=Can.KEEP_ROLL, requires=(roll_can_be_mended, was_struck), alone=held)
def restore(ctx: Context, voter: Voter, *, reason: str) -> None:
    """Put back somebody who was struck, with the reason."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
    voter.struck, voter.reason = False, reason.strip()


@act("roll.link", who=Can.KEEP_ROLL, requires=(vote_not_opened, stands_on_roll), alone=held)
def link(ctx: Context, voter: Voter, *, person_id: int | None) -> None:
    """Say which person of the community an entry is, so that they can vote on their telephone."""
    if person_id is not None:
        same = select(Voter.number).where(
            Voter.vote_id == voter.vote_id, Voter.person_id == person_id, Voter.id != voter.id
        )
        if number := ctx.session.scalar(same):
            raise Invalid(Problem("linked_already", "number", {"number": number}))
    voter.person_id = person_id


def _check_entry(check: Checks, entry: Entry) -> None:
    check.text(entry.name, "name", limit=LONGEST)
    check.text(entry.building, "building", limit=LONGEST, required=False)
    check.text(entry.household, "household", limit=LONGEST, required=False)


def _check_reason(check: Checks, vote: Vote, reason: str) -> None:
    check.text(reason, "reason", limit=REASON, required=vote.stage is not VoteStage.DRAFT)


def _write(
    ctx: Context, vote: Vote, entries: Sequence[Entry], first: int, reason: str = ""
) -> list[Voter]:
    made = [
        Voter(
            community_id=vote.community_id, vote_id=vote.id, number=number, votes=True,
            struck=False, reason=reason.strip(), **vars(entry),
        )
        for number, entry in enumerate(entries, first)
    ]  # fmt: skip
    ctx.session.add_all(made)
    return made


# A whole roll at once: many acts in one transaction


def take(ctx: Context, vote: Vote, entries: Sequence[Entry]) -> int:
    """Replace the roll by these entries, numbered from one; returns how many they are."""
    return _replace(ctx, vote, entries, enter)


def draw(
    ctx: Context, vote: Vote, kind: RollKind, constituencies: Collection[Constituency] = ()
) -> int:
    """Replace the roll by those who belong and those in office. Raises Invalid for nobody."""
    found = entitlements.drawn(ctx.session, vote.community_id, ctx.now, kind, constituencies)
    return _replace(ctx, vote, found, enter_drawn)


def take_over(ctx: Context, vote: Vote, earlier: Vote) -> int:
    """Replace the roll by that of an earlier vote of the community, as it stands there."""
    if earlier.community_id != vote.community_id or earlier.id == vote.id:
        raise NotFound("not_found")
    names = tuple(Entry.__dataclass_fields__)
    return _replace(
        ctx, vote,
        [Entry(**{name: getattr(row, name) for name in names})
         for row in ctx.session.scalars(_standing(earlier.id).order_by(Voter.number))],
        enter_earlier,
    )  # fmt: skip


def _replace(
    ctx: Context, vote: Vote, entries: Sequence[Entry], entering: Callable[..., None]
) -> int:
    if not entries:
        raise Invalid(Problem("roll_empty", "file"))
    old = ctx.session.scalars(select(Voter).where(Voter.vote_id == vote.id)).all()
    for n in range(0, len(old), GONE_AT_ONCE):
        clear(ctx, vote, rows=old[n : n + GONE_AT_ONCE])
    for n in range(0, len(entries), AT_ONCE):
        entering(ctx, vote, entries=entries[n : n + AT_ONCE], first=n + 1)
    return len(entries)


# Questions


def due(session: Session, vote: Vote) -> dict[str, dict[str, int]]:
    """Those entitled, by constituency ("all" where the rule has none): what opening freezes.

    Each has heads, households, and area in hundredths of a square metre.
    """
    weights = ("heads", "households", "area")
    named = tuple(vote.rule.get("constituencies", ()))
    by_side = _counted(vote.id, Voter.constituency, *SUMS).group_by(Voter.constituency)
    found = by_side if named else _counted(vote.id, literal(ALL), *SUMS)
    rows = {code: sums for code, *sums in session.execute(found)}
    return {
        code: dict(zip(weights, map(int, rows.get(code, (0, 0, 0))), strict=True))
        for code in named or (ALL,)
    }


@dataclass(frozen=True)
class House:
    """A building in numbers."""

    name: str
    heads: int
    households: int


@dataclass(frozen=True)
class Size:
    """A roll in numbers, for everybody: names never; `area` in hundredths of a square metre."""

    heads: int
    households: int
    area: int
    struck: int
    linked: int
    houses: tuple[House, ...]
    constituencies: dict[Constituency, int]


def size(session: Session, vote_id: int) -> Size:
    """How many stand on a roll, in which buildings and constituencies (three statements)."""
    by_house = _counted(vote_id, Voter.building, *SUMS).group_by(Voter.building)
    rows = session.execute(by_house).all()
    houses = sorted((House(name, *sums[:2]) for name, *sums in rows), key=_in_order)
    by_side = _counted(vote_id, Voter.constituency, func.count()).group_by(Voter.constituency)
    sides: dict[Constituency | None, int] = dict(session.execute(by_side).all())
    struck = func.count(case((Voter.struck, 1)))
    linked = func.count(case((Voter.struck, None), else_=Voter.person_id))
    gone, known = session.execute(
        select(struck, linked).where(Voter.vote_id == vote_id, Voter.votes)
    ).one()
    return Size(
        sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows),
        gone, known, tuple(houses), {one: sides[one] for one in Constituency if one in sides},
    )  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What a list of names is narrowed to: a part of the name, and the number to page from."""

    words: str = ""
    after: int = 0
    limit: int = PAGE


def listing(session: Session, vote_id: int, wanted: Wanted) -> list[Voter]:
    """The entries of a roll by number, for those who keep it; one more than `limit`."""
    found = select(Voter).where(Voter.vote_id == vote_id, Voter.number > wanted.after)
    if wanted.words:
        found = found.where(Voter.name.contains(wanted.words, autoescape=True))
    return list(session.scalars(found.order_by(Voter.number).limit(wanted.limit + 1)))


def entry(session: Session, vote_id: int, number: int) -> Voter:
    """One entry by its number. Raises NotFound."""
    found = select(Voter).where(Voter.vote_id == vote_id, Voter.number == number)
    row = session.scalars(found).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def earlier(session: Session, vote: Vote, limit: int = 20) -> list[Vote]:
    """Formal votes of the community whose roll can be taken over, newest first."""
    found = select(Vote).where(
        Vote.community_id == vote.community_id, Vote.id != vote.id,
        Vote.agenda_item_id.is_(None), Vote.stage != VoteStage.DRAFT,
        select(Voter.id).where(Voter.vote_id == Vote.id).exists(),
    )  # fmt: skip
    return list(session.scalars(found.order_by(Vote.id.desc()).limit(limit)))


# Freezing


def seal(ctx: Context, vote: Vote) -> str:
    """Draw the salt of a roll and return the digest that stands for it (call it inside an act)."""
    kept = ctx.session.get(RollSalt, vote.id) or RollSalt(vote_id=vote.id)
    kept.salt = secrets.token_bytes(32)
    ctx.session.add(kept)
    return digest(ctx.session, vote, kept.salt)


def digest(session: Session, vote: Vote, salt: bytes) -> str:
    """SHA-256(salt ‖ JCS of the standing entries by number), as hexadecimal digits.

    An entry is [number, name, building, household, area, constituency].
    """
    found = session.scalars(_standing(vote.id).order_by(Voter.number))
    rows = [
        [one.number, one.name, one.building, one.household, one.area, one.constituency]
        for one in found
    ]
    return hashlib.sha256(salt + rfc8785.dumps(rows)).hexdigest()


def digest_again(session: Session, vote: Vote) -> str | None:
    """The digest as the roll stands now; None when its salt was erased."""
    kept = session.get(RollSalt, vote.id)
    return digest(session, vote, kept.salt) if kept else None


SUMS = (
    func.count(),
    func.count(case((Voter.household != "", Voter.building + " / " + Voter.household)).distinct()),
    func.coalesce(func.sum(Voter.area), 0),
)
"""Heads, households, area."""


def _standing(vote_id: int) -> Select[Voter]:
    return select(Voter).where(Voter.vote_id == vote_id, Voter.votes, Voter.struck.is_(False))


def _counted(vote_id: int, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Some columns of the entries that count."""
    standing = (Voter.vote_id == vote_id, Voter.votes, Voter.struck.is_(False))
    return select(*columns).where(*standing)


def _in_order(house: House) -> tuple[int, str]:
    """Buildings as people count them: 3 before 10."""
    digits = re.search(r"[0-9]+", house.name)
    return (int(digits[0]) if digits else 10**6, house.name)
