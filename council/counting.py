"""Counting: from every kind of ballot to one result with its arithmetic; nobody types a result."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from council import ballots as box
from council import batches, choices, decisions, handcounts, papercounts, reckoning, rollcalls
from council.ballots import Mark
from council.decisions import Outcome
from council.derivations import Line
from council.gate import Context
from council.people import Constituency
from council.reckoning import Asked, Numbers, Pile
from council.rollcalls import Ballot, counts
from council.safeguards import hiding
from council.tallies import ALL
from council.thresholds import Rule
from council.votes import Vote, VoteMode, Voter, VoteStage

# Counting: called by the course inside its own acts


def count(ctx: Context, vote: Vote) -> None:
    """Reckon the result from the ballots and freeze it with its derivation.

    Where so few of a constituency voted in secret that its numbers would tell who voted how, and
    the rule decides nothing by constituencies, all are counted as one.
    """
    if _tells_who(ctx.session, vote):
        vote.settings = vote.settings | {reckoning.TOGETHER: True}
    vote.result = recount(ctx.session, vote)
    vote.outcome = Outcome(vote.result["outcome"])


def finish(ctx: Context, vote: Vote) -> None:
    """Close a vote in a meeting that is not by name, and freeze its result at once."""
    vote.closed_at, vote.stage = ctx.now, VoteStage.FINAL
    count(ctx, vote)


# Questions


def recount(session: Session, vote: Vote) -> dict[str, Any]:
    """The result as the ballots add up to it under the frozen rule, as plain data.

    How a tie was broken stands in the result under `tie`; a lot is drawn anew from it.
    """
    return reckoning.reckon(asked(vote), ballots(session, vote), vote.result)


def asked(vote: Vote) -> Asked:
    """What was asked and how it is counted."""
    rule = Rule.from_json(vote.rule)
    return reckoning.question(vote.method.value, rule, vote.due, vote.options, vote.settings)


def ballots(session: Session, vote: Vote) -> list[Pile]:
    """Every ballot that counts, equal ones together. Raises NotReady for a box that is shut."""
    in_room = handcounts.piles(in_sums(session, vote) or [])
    if vote.mode is VoteMode.COUNTED:
        return in_room
    paper = [Pile(*one) for one in papercounts.totals(session, vote.id)]
    secret = vote.mode is VoteMode.SECRET
    found = _in_secret(session, vote) if secret else _by_name(session, vote)
    return found + paper + in_room


def in_sums(session: Session, vote: Vote) -> list[list[Any]] | None:
    """What is known in sums only, as a record lists it: what tellers counted in the room.

    Of a secret vote in a meeting: the seats that were there and cast nothing.
    """
    if vote.mode is VoteMode.COUNTED:
        return handcounts.sums(session, vote)
    if not vote.in_meeting or vote.mode is not VoteMode.SECRET:
        return None
    apart, done = bool(vote.rule["constituencies"]), Counter[str]()
    for part, (cast, _) in box.turnout(session, vote.id).items():
        done[part.value if part and apart else ALL] += cast
    there = handcounts.present(session, vote).items()
    return [
        [None if side == ALL else side, None, n - done[side], 0]
        for side, n in there
        if n > done[side]
    ]


def sentences(vote: Vote, translate: Callable[[str], str]) -> list[str]:
    """Every line of the arithmetic in words, in one language; empty before the count."""
    return reckoning.sentences(vote.result or {}, vote.options, translate)


def drawn(vote: Vote, translate: Callable[[str], str]) -> list[str]:
    """Every line of the lot that broke a tie, in one language; empty where none was drawn."""
    return reckoning.drawn(vote.result or {}, vote.options, translate)


def miscomputed(session: Session) -> list[int]:
    """The votes whose frozen result is not what their ballots add up to, for `verify`.

    Those by name in a meeting are left to `rollcalls`.
    """
    apart = Vote.agenda_item_id.is_(None) | (Vote.mode != VoteMode.ROLL_CALL)
    rows = session.scalars(select(Vote).where(apart, Vote.result.is_not(None)).order_by(Vote.id))
    return [row.id for row in rows if row.result != recount(session, row)]


# Turnout: all that is told before the close


@dataclass(frozen=True)
class Turnout:
    """How many have voted, of how many entitled; `area` in hundredths of a square metre.

    `by` leaves out constituencies so small that it would tell who has voted in secret, and those
    from which that would follow by subtraction.
    """

    cast: int = 0
    due: int = 0
    area_cast: int = 0
    area_due: int = 0
    by: Mapping[Constituency, tuple[int, int]] = field(default_factory=dict)


def turnout(session: Session, vote: Vote) -> Turnout:
    """How many have voted in one vote."""
    return turnouts(session, [vote])[vote.id]


def turnouts(session: Session, rows: Iterable[Vote]) -> dict[int, Turnout]:
    """How many have voted in each vote, in two statements however many votes there are."""
    known = {row.id: row for row in rows}
    found: dict[int, Turnout] = {vote_id: Turnout() for vote_id in known}
    ids = list(found)
    voted = select(Ballot.voter_id).where(Ballot.vote_id.in_(ids))
    marked = select(Mark.voter_id).where(Mark.vote_id.in_(ids), Mark.done)
    groups = session.execute(_sums(ids)).all()
    done: dict[tuple[int, Constituency | None], tuple[int, int]] = {
        (vote_id, side): (n, int(area or 0))
        for vote_id, side, n, area in session.execute(
            _sums(ids).where(Voter.id.in_(voted.union_all(marked)))
        )
    }
    for vote_id, side, due, area in groups:
        now, (cast, area_cast) = found[vote_id], done.get((vote_id, side), (0, 0))
        by = {**now.by, side: (cast, due)} if side else now.by
        found[vote_id] = Turnout(
            now.cast + cast, now.due + due, now.area_cast + area_cast, now.area_due + area, by
        )
    return {vote_id: _apart(known[vote_id], one) for vote_id, one in found.items()}


def turnout_in_room(session: Session, vote: Vote) -> rollcalls.Turnout:
    """How many of the seats that were there have voted in a meeting, by name or in secret.

    In secret only constituencies that are large enough are told by themselves.
    """
    if vote.mode is not VoteMode.SECRET:
        return rollcalls.turnout(session, vote.id)
    marked = box.turnout(session, vote.id)
    sizes = {side: due for side, (_, due) in marked.items() if side}
    hidden = hiding(sizes)
    return rollcalls.Turnout(
        sum(done for done, _ in marked.values()), sum(due for _, due in marked.values()),
        {side: pair for side, pair in marked.items() if side and side not in hidden},
    )  # fmt: skip


def _apart(vote: Vote, found: Turnout) -> Turnout:
    """The turnout without the constituencies that would tell who has voted in secret."""
    if vote.mode is not VoteMode.SECRET:
        return found
    hidden = hiding({side: due for side, (_, due) in found.by.items()})
    return replace(found, by={side: n for side, n in found.by.items() if side not in hidden})


def quorum(session: Session, vote: Vote) -> tuple[bool, tuple[Line, ...]]:
    """Whether enough have taken part so far, and the tests with their numbers."""
    return decisions.quorum(Rule.from_json(vote.rule), *_so_far(session, vote))


# Private helpers


def _tells_who(session: Session, vote: Vote) -> bool:
    """Whether a split by constituency would tell how somebody voted, and decides nothing."""
    rule = Rule.from_json(vote.rule)
    if vote.mode is not VoteMode.SECRET or not rule.constituencies:
        return False
    decides = rule.advisory or rule.quorum_each or rule.each_present or rule.need
    return not (decides or rule.none_unanimous) and bool(batches.pooled(session, vote))


def _in_secret(session: Session, vote: Vote) -> list[Pile]:
    """The ballots of the box, opened."""
    found = [Pile(side or ALL, choice, n) for side, choice, n in box.piles(session, vote)]
    return sorted(found, key=lambda one: (one.constituency, json.dumps(one.choice)))


def _by_name(session: Session, vote: Vote) -> list[Pile]:
    """The last cast of everybody on the roll, in one statement; equal ones together."""
    found = (
        select(Voter.constituency, Ballot.choice, func.count(), func.sum(Voter.area))
        .join(Ballot, Ballot.voter_id == Voter.id)
        .where(Ballot.vote_id == vote.id, Voter.struck.is_(False), counts())
        .group_by(Voter.constituency, Ballot.choice)
        .order_by(Voter.constituency, Ballot.choice)
    )
    return [
        Pile(side.value if side else ALL, choices.read(vote.method, said), voters, int(area or 0))
        for side, said, voters, area in session.execute(found)
    ]


def _so_far(session: Session, vote: Vote) -> tuple[Numbers, Numbers]:
    """How many are entitled and took part so far, from the marks: no ballot is looked at."""
    voted = select(Ballot.voter_id).where(Ballot.vote_id == vote.id)
    marked = select(Mark.voter_id).where(Mark.vote_id == vote.id, Mark.done)
    given = _sums([vote.id]).where(Voter.id.in_(voted.union_all(marked)))
    piles = [
        Pile(side.value if side else ALL, None, n, int(area or 0))
        for _, side, n, area in session.execute(given)
    ]
    return reckoning.attendance(asked(vote), piles)


def _sums(ids: list[int]) -> Select[int, Constituency | None, int, int]:
    return (
        select(Voter.vote_id, Voter.constituency, func.count(), func.sum(Voter.area))
        .where(Voter.vote_id.in_(ids), Voter.struck.is_(False))
        .group_by(Voter.vote_id, Voter.constituency)
    )
