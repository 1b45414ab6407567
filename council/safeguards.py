"""Safeguards: the checklist before the opening, tellers at the count, and how a vote is voided."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import people, places, preparations
from council.db import Base, Governed, hold
from council.errors import NotReady, checking
from council.gate import Context, act
from council.people import Constituency, Post
from council.policy import Can
from council.preparations import Preparation
from council.votes import Vote, VoteMode, Voter, VoteStage

REASON = 1000
"""Longest reason for voiding a vote, in characters."""

SMALL = 5
"""A constituency with fewer voters is a small cell: its split could tell who voted how."""


class Check(StrEnum):
    """What a person looks at before a vote opens."""

    ROLL = "roll"
    TEXT = "text"
    HELP = "help"
    PHONE = "phone"
    SLIPS = "slips"
    SMALL_CELLS = "small_cells"
    SECRECY = "secrecy"


class Watching(StrEnum):
    """In what quality somebody is present at the count."""

    TELLER = "teller"
    OBSERVER = "observer"


TELLERS = 2
"""Tellers at a count of paper; one observer of the oversight committee is there too."""

# Table


class Witness(Governed, Base):
    """Somebody who is present at the count of a vote and answers for it."""

    __tablename__ = "witness"
    __table_args__ = (UniqueConstraint("vote_id", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    watching: Mapped[Watching]
    at: Mapped[datetime]


# Requirements


def is_announced(ctx: Context, vote: Vote) -> bool:
    """The notice has gone out, and the vote has not opened yet."""
    return vote.stage is VoteStage.ANNOUNCED


def count_is_due(ctx: Context, vote: Vote) -> bool:
    """The vote is closed and waits for its count, or for a recount."""
    return not vote.in_meeting and vote.stage in {VoteStage.CLOSED, VoteStage.PROVISIONAL}


def not_yet_witness(ctx: Context, vote: Vote) -> bool:
    """Each person is present at a count once, in one quality."""
    me = ctx.actor.person_id if ctx.actor else None
    return all(one.person_id != me for one in witnesses(ctx.session, vote.id))


def can_be_voided(ctx: Context, vote: Vote) -> bool:
    """The vote has neither been archived nor voided; a vote in a meeting is settled there."""
    return not vote.in_meeting and vote.stage not in {VoteStage.ARCHIVED, VoteStage.VOIDED}


def checklist_passed(ctx: Context, vote: Vote) -> bool:
    """The oversight committee has gone through the checklist and passed every point."""
    row = preparations.of(ctx.session, vote.id)
    wanted = {one.value for one in checklist(ctx.session, vote)}
    return row.checked_at is not None and wanted <= set(row.checks)


def tellers_present(ctx: Context, vote: Vote) -> bool:
    """Where paper is counted, two tellers and an observer of the oversight committee are there."""
    if not preparations.of(ctx.session, vote.id).paper:
        return True
    there = [one.watching for one in witnesses(ctx.session, vote.id)]
    return there.count(Watching.TELLER) >= TELLERS and Watching.OBSERVER in there


def void_drafted(ctx: Context, vote: Vote) -> bool:
    """The reason for voiding the vote has been written."""
    return bool(preparations.of(ctx.session, vote.id).void_reason)


def void_by_another(ctx: Context, vote: Vote) -> bool:
    """Two people void a vote, one of the oversight committee and one of the subdistrict."""
    drafter = preparations.of(ctx.session, vote.id).void_drafted_by_id
    if ctx.actor is None or drafter is None:
        return True
    path = places.path(ctx.session, vote.community_id)
    held = people.actor(ctx.session, drafter, ctx.now).posts(path) | ctx.actor.posts(path)
    return drafter != ctx.actor.person_id and held >= {Post.OVERSIGHT, Post.SUBDISTRICT}


# Acts


@act("vote.pass_checklist", who=Can.OVERSEE, requires=(is_announced,))
def pass_checklist(ctx: Context, vote: Vote, *, ticked: Collection[Check]) -> Vote:
    """Pass the checklist; the vote opens at its hour only after that."""
    wanted = checklist(ctx.session, vote)
    with checking() as check:
        for one in wanted:
            check(one in ticked, "check_missing", one.value)
    row = preparations.of(ctx.session, vote.id)
    row.checks = [one.value for one in wanted]
    row.checked_by_id, row.checked_at = ctx.person_id, ctx.now
    return vote


@act("vote.tell", who=Can.COUNT, requires=(count_is_due, not_yet_witness))
def tell(ctx: Context, vote: Vote) -> Witness:
    """Be present at the count as a teller."""
    return _witness(ctx, vote, Watching.TELLER)


@act("vote.observe", who=Can.OVERSEE, requires=(count_is_due, not_yet_witness))
def observe(ctx: Context, vote: Vote) -> Witness:
    """Be present at the count as an observer."""
    return _witness(ctx, vote, Watching.OBSERVER)


def _witness(ctx: Context, vote: Vote, watching: Watching) -> Witness:
    made = Witness(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        person_id=ctx.person_id, watching=watching, at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("vote.draft_void", who=Can.OVERSEE, requires=(can_be_voided,), alone=True)
def draft_void(ctx: Context, vote: Vote, *, reason: str) -> Vote:
    """Write why the vote is void; somebody else of those who oversee confirms it."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
    row = preparations.of(ctx.session, vote.id)
    row.void_reason, row.void_drafted_by_id = reason, ctx.person_id
    return vote


# Questions


def pin(row: Preparation) -> str:
    """What names the written reason for voiding as it stands: writing it again changes it."""
    said = f"{row.void_drafted_by_id} {row.void_reason}"
    return sha256(said.encode()).hexdigest()[:16]


def as_read(ctx: Context, vote: Vote, read: str) -> None:
    """Hold the vote until the commit, with the reason for voiding it that was read.

    Raises NotReady `draft_changed` when another one has been written since.
    """
    row = preparations.of(ctx.session, vote.id)
    hold(ctx.session, vote, row)
    if read != pin(row):
        raise NotReady("draft_changed")


def checklist(session: Session, vote: Vote) -> list[Check]:
    """The points that apply to this vote, in order."""
    row, secret = preparations.of(session, vote.id), vote.mode is VoteMode.SECRET
    found = [Check.ROLL, Check.TEXT, Check.HELP]
    found += [Check.PHONE] if row.remote else []
    found += [Check.SLIPS] if row.paper else []
    found += [Check.SECRECY] if secret else []
    return found + ([Check.SMALL_CELLS] if secret and small_cells(session, vote) else [])


def small_cells(session: Session, vote: Vote) -> list[str]:
    """The constituencies with so few voters that their split is not published."""
    groups = preparations.of(session, vote.id).constituencies
    found = select(Voter.constituency, func.count()).where(
        Voter.vote_id == vote.id, Voter.struck.is_(False)
    )
    counted = {
        who.value: n for who, n in session.execute(found.group_by(Voter.constituency)) if who
    }
    return [one for one in groups if 0 < counted.get(one, 0) < SMALL]


def hiding(sizes: Mapping[Constituency, int]) -> frozenset[Constituency]:
    """The constituencies that cannot be told apart from the others without telling of somebody.

    Alone, a small one would follow from the rest by subtraction: so the next larger ones join until
    five are together.
    """
    hidden: list[Constituency] = []
    for part in sorted(sizes, key=lambda part: (sizes[part], part)):
        together = sum(sizes[one] for one in hidden)
        alone = len(hidden) == 1 or 0 < together < SMALL
        if sizes[part] < SMALL or alone:
            hidden.append(part)
    return frozenset(hidden)


def witnesses(session: Session, vote_id: int) -> list[Witness]:
    """Who is present at the count."""
    found = select(Witness).where(Witness.vote_id == vote_id).order_by(Witness.id)
    return list(session.scalars(found))
