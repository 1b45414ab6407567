"""Secret ballots: a mark that somebody has voted, and apart from it a ballot that nobody signed."""

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKey,
    LargeBinary,
    String,
    bindparam,
    false,
    func,
    insert,
    literal,
    null,
    select,
    update,
)  # fmt: skip
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import choices, keepers, proxies, receipts, text
from council.db import Base, Ready
from council.errors import Checks, Invalid, NotReady
from council.gate import Context, act
from council.keepers import Code
from council.people import Constituency
from council.policy import Can
from council.proxies import Enrolled, Entitled, on_the_roll
from council.receipts import Answer
from council.votes import Vote, VoteMode, Voter, VoteStage, before_the_close, vote_is_open

MIN_BATCH = 10
"""Ballots that wait for each other before the log names any of them."""


class MarkChannel(StrEnum):
    """How somebody voted; never what."""

    WEB = "web"
    COUNTER = "counter"
    PAPER = "paper"


# Tables: not governed, because an entry for each cast would tie marks to ballots


class Mark(Base):
    """Whether somebody on the roll has voted. It knows no hour."""

    __tablename__ = "mark"
    voter_id: Mapped[int] = mapped_column(
        ForeignKey("voter.id"), primary_key=True, autoincrement=False
    )
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    done: Mapped[bool]
    channel: Mapped[MarkChannel | None]


class SecretBallot(Base):
    """A ballot in the box, under its commitment. It knows no voter, no hour and no order.

    `opening` is canonical JSON of choice, phrase and r, or that sealed. `constituency` is there
    only when the rule counts constituencies by themselves.
    """

    __tablename__ = "secret_ballot"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  (as SQLAlchemy reads it)
    c: Mapped[str] = mapped_column(String(64), primary_key=True)
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    constituency: Mapped[Constituency | None]
    opening: Mapped[bytes] = mapped_column(LargeBinary)
    logged: Mapped[bool]


# Requirements


def vote_is_secret(ctx: Context, entry: Entitled) -> bool:
    """It is a secret vote."""
    return entry.vote.mode is VoteMode.SECRET


def does_not_only_advise(ctx: Context, entry: Entitled) -> bool:
    """Whoever only advises a meeting does not vote in secret, since it would not be counted."""
    return entry.voter.votes


# Casting


@dataclass(frozen=True)
class Filled:
    """A ballot that was filled in: its commitment, and the opening as the box keeps it."""

    c: str
    phrase: str
    r: str
    opening: bytes


@dataclass(frozen=True)
class Receipt:
    """What the voter takes home. It does not say the choice; the opening will, after the count."""

    vote_id: int
    c: str
    phrase: str
    r: str

    @property
    def code(self) -> str:
        """The short code that people copy by hand."""
        return receipts.code_of(self.c)


def fill(vote: Vote, *, choice: object, phrase: str, r: str) -> Filled:
    """Check a ballot and commit to it; done before the transaction. Raises Invalid."""
    check = Checks()
    answer: Answer = ""
    try:
        answer = choices.checked(vote, choice)
    except Invalid as wrong:
        check.problems += wrong.problems
    said = receipts.normal_phrase(text.clean_line(phrase))
    if check(said, "empty", "phrase"):
        now = text.length(said)
        limit = receipts.LONGEST_PHRASE
        check(now <= limit, "too_long", "phrase", limit=limit, now=now)
    check(receipts.is_random(r), "no_random", "r")
    if check.problems:
        raise Invalid(*check.problems)
    plain = _WRITER.encode({"choice": answer, "phrase": said, "r": r}).encode()
    opening = keepers.seal(vote, plain) if keepers.is_sealed(vote) else plain
    return Filled(receipts.commit(vote.id, answer, said, r), said, r, opening)


@act(
    "secret_ballot.cast",
    who=Can.SELF,
    requires=(vote_is_open, before_the_close, vote_is_secret, on_the_roll, does_not_only_advise),
    behalf=True,
    entry=False,
)
def drop(ctx: Context, entry: Entitled, *, filled: Filled) -> Receipt:
    """Cast a secret ballot, once; its commitment is logged later, together with others."""
    vote, voter = entry.vote, entry.voter
    hold(ctx.session, vote.id)
    receipt = Receipt(vote.id, filled.c, filled.phrase, filled.r)
    channel = MarkChannel.COUNTER if ctx.behalf else MarkChannel.WEB
    if not mark(ctx.session, voter.id, channel):
        # The same ballot once more, after an answer that was lost on its way: it is in already.
        if in_box(ctx.session, vote.id, filled.c):
            return receipt
        raise NotReady("already_voted")
    put(ctx.session, vote, voter, filled)
    return receipt


def cast(
    ctx: Context, vote: Vote, *, voter: Voter | Enrolled, choice: object, phrase: str, r: str
) -> Receipt:
    """Fill in a ballot and cast it. Raises Invalid, and NotReady `already_voted`."""
    return drop(ctx, Entitled(vote, voter), filled=fill(vote, choice=choice, phrase=phrase, r=r))


def hold(session: Session, vote_id: int) -> None:
    """Lock the vote beside others who vote: its close waits. Raises NotReady when it is closed."""
    found = _STAGE.run(session, vote=vote_id).fetchone()
    if found is None or found[0] != VoteStage.OPEN.value:
        raise NotReady("not_ready", ("vote_is_open",))


def mark(session: Session, voter_id: int, channel: MarkChannel) -> bool:
    """Mark that somebody votes now; False when they have voted already. One row or none."""
    return bool(_MARK.run(session, voter=voter_id, how=channel.value).rowcount == 1)


def put(session: Session, vote: Vote, voter: Voter | Enrolled, filled: Filled) -> None:
    """Put a ballot into the box; of its voter it takes the constituency, where that is counted."""
    part = voter.constituency if vote.rule.get("constituencies") else None
    _INSERT.run(
        session, c=filled.c, vote_id=vote.id, opening=filled.opening, logged=False,
        constituency=part.value if part else None,
    )  # fmt: skip


def in_box(session: Session, vote_id: int, c: str) -> bool:
    """Whether this ballot lies in the box of this vote."""
    return session.connection().execute(_IN_BOX, {"c": c, "vote": vote_id}).first() is not None


# Opening and counting: called by the course inside its own acts


def prepare_roll(ctx: Context, vote: Vote) -> None:
    """Give everybody who votes a mark, which only one way of voting can take."""
    ctx.session.flush()
    entries = select(Voter.id, literal(vote.id), false(), null()).where(
        Voter.vote_id == vote.id, Voter.struck.is_(False), Voter.votes
    )
    rows = insert(Mark).from_select(["voter_id", "vote_id", "done", "channel"], entries)
    ctx.session.connection().execute(rows)


def prepare_marks(ctx: Context, vote: Vote) -> None:
    """Give everybody on the roll a mark, freeze the size of a batch, and shut a sealed box."""
    prepare_roll(ctx, vote)
    vote.settings = {"min_batch": MIN_BATCH, **vote.settings}
    if keepers.is_sealed(vote):
        keepers.shut(ctx, vote)


def box_is_closed(ctx: Context, vote: Vote) -> bool:
    """The vote is closed, and its ballots have not been counted yet."""
    return vote.stage is VoteStage.CLOSED


def box_is_sealed(ctx: Context, vote: Vote) -> bool:
    """The ballot box is still sealed."""
    return keepers.is_shut(vote)


@act("box.open", who=Can.COUNT, requires=(box_is_closed, box_is_sealed))
def open_box(ctx: Context, vote: Vote, *, codes: tuple[Code, Code]) -> None:
    """Open a sealed ballot box with the codes of two keepers."""
    pair = keepers.key_of(ctx.session, vote, codes)
    rows = [
        {"key": c, "plain": keepers.unseal(vote, pair, sealed)}
        for c, sealed in ctx.session.connection().execute(_SEALED, {"vote": vote.id}).all()
    ]
    if rows:
        ctx.session.connection().execute(_UNSEAL, rows)
    keepers.note_opened(vote)


# Questions


@dataclass(frozen=True)
class Opening:
    """What a ballot said: anybody computes `c` again from the rest."""

    c: str
    choice: Any
    phrase: str
    r: str
    constituency: Constituency | None


def openings(session: Session, vote: Vote, only: str = "") -> list[Opening]:
    """Every ballot of a closed vote, opened, by its commitment; or `only` that one.

    Raises NotReady while the vote is open, and while nobody has opened its sealed box.
    """
    _look_inside(vote)
    found = _BALLOTS.where(_BOX.c.c == only) if only else _BALLOTS
    rows = session.connection().execute(found, {"vote": vote.id})
    return [Opening(c, constituency=part, **json.loads(said)) for c, part, said in rows]


def piles(session: Session, vote: Vote) -> list[tuple[Constituency | None, Any, int]]:
    """The same for the count: constituency, choice and how many, equal ballots together.

    The choice stands first in an opening, and quotes inside of it are escaped: so whatever stands
    before the phrase is counted as it is, and read once.
    """
    _look_inside(vote)
    found: Counter[tuple[str | None, bytes]] = Counter()
    for part, said in _SAID.run(session, vote=vote.id):
        found[part, said[: said.index(_PHRASE)]] += 1
    return [
        (Constituency(part) if part else None, json.loads(said + b"}")["choice"], n)
        for (part, said), n in found.items()
    ]


def _look_inside(vote: Vote) -> None:
    if vote.is_open or keepers.is_shut(vote):
        raise NotReady("not_ready", ("box_opened",))


@dataclass(frozen=True)
class Standing:
    """What somebody can do in a secret vote: the entries they vote for, and which are done."""

    entries: tuple[tuple[Enrolled, bool], ...] = ()

    @property
    def open(self) -> list[Enrolled]:
        """The entries for which nobody has voted yet."""
        return [voter for voter, done in self.entries if not done]


def standing(session: Session, vote: Vote, person_id: int | None) -> Standing:
    """For whom this person votes, their own entry first (one statement)."""
    found = _STANDING.rows(session, vote=vote.id, me=person_id) if person_id else ()
    rows = [(Enrolled(*row), bool(done)) for *row, done in found]
    return Standing(tuple(one for one in rows if one[0].votes))


def turnout(session: Session, vote_id: int) -> dict[Constituency | None, tuple[int, int]]:
    """How many have voted, of how many entitled, by constituency, in one statement."""
    found = (
        select(Voter.constituency, func.count(Mark.voter_id).filter(Mark.done), func.count())
        .join(Voter, Voter.id == Mark.voter_id)
        .where(Mark.vote_id == vote_id)
        .group_by(Voter.constituency)
    )
    return {part: (done, due) for part, done, due in session.execute(found)}


# The statements of the hot path, compiled once

_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_MARKS, _BOX = Base.metadata.tables["mark"], Base.metadata.tables["secret_ballot"]
_STAGE = Ready(select(Vote.stage).where(Vote.id == bindparam("vote")).with_for_update(read=True))
_MARK = Ready(
    update(_MARKS)
    .where(_MARKS.c.voter_id == bindparam("voter"), _MARKS.c.done.is_(False))
    .values(done=True, channel=bindparam("how"))
)
_STANDING = Ready(
    proxies.MINE.with_only_columns(*(getattr(Voter, name) for name in Enrolled._fields), Mark.done)
    .outerjoin(Mark, Mark.voter_id == Voter.id)
)  # fmt: skip
_INSERT = Ready(insert(_BOX))
_IN_BOX = select(_BOX.c.c).where(_BOX.c.c == bindparam("c"), _BOX.c.vote_id == bindparam("vote"))
_BALLOTS = (
    select(_BOX.c.c, _BOX.c.constituency, _BOX.c.opening)
    .where(_BOX.c.vote_id == bindparam("vote"))
    .order_by(_BOX.c.c)
)
_SAID = Ready(
    select(_BOX.c.constituency, _BOX.c.opening).where(_BOX.c.vote_id == bindparam("vote"))
)
_PHRASE = b', "phrase": '
_SEALED = select(_BOX.c.c, _BOX.c.opening).where(_BOX.c.vote_id == bindparam("vote"))
_UNSEAL = update(_BOX).where(_BOX.c.c == bindparam("key")).values(opening=bindparam("plain"))
