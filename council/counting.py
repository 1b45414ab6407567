"""Counting: from every kind of ballot to one result with its arithmetic; nobody types a number."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from council import ballots as box
from council import budgets, choices, decisions, lots, methods, papercounts, rankings
from council.ballots import Mark
from council.budgets import EqualShares
from council.decisions import Outcome
from council.derivations import Line
from council.gate import Context
from council.methods import Approval, Border, Derivation, Score
from council.people import Constituency
from council.rankings import Borda, Runoff, Schulze
from council.rollcalls import Ballot
from council.safeguards import SMALL
from council.tallies import ALL, Count, Tally, Weight
from council.thresholds import Rule, Tie
from council.votes import Choice, Method, Ranking, Vote, VoteMode, Voter

NAMES = {
    Choice.FOR.value: "favour", Choice.AGAINST.value: "against", Choice.ABSTAIN.value: "abstain",
}  # fmt: skip


KINDS: dict[str, type[Derivation]] = {
    one.method: one for one in (Approval, Score, Schulze, Runoff, Borda, EqualShares)
}
"""What a stored derivation is read with, by the name of its method."""


@dataclass(frozen=True)
class Pile:
    """Equal ballots of one constituency: how many voters, and their area in hundredths of a m²."""

    constituency: str
    choice: Any
    voters: int
    area: int = 0


# Counting: called by the course inside its own acts


def count(ctx: Context, vote: Vote) -> None:
    """Reckon the result from the ballots and freeze it with its derivation."""
    vote.result = recount(ctx.session, vote)
    vote.outcome = Outcome(vote.result["outcome"])


# Questions


def recount(session: Session, vote: Vote) -> dict[str, Any]:
    """The result as the ballots add up to it under the frozen rule, as plain data.

    How a tie was broken stands in the result under `tie`; a lot is drawn anew from it.
    """
    piles = ballots(session, vote)
    rule = Rule.from_json(vote.rule)
    broken = lots.broken(vote.result).again()
    kept = {"tie": broken.to_json()} if vote.result and "tie" in vote.result else {}
    if vote.method is Method.MOTION:
        by = tallies(vote, rule, piles)
        return decisions.decide(rule, by, casting=broken.casting).to_json() | kept
    found = counted(vote, piles, broken.order)
    valid, lines = decisions.quorum(rule, *_attendance(vote, rule, piles))
    outcome = _outcome(rule, found) if valid else Outcome.NO_QUORUM
    return {
        "outcome": outcome.value,
        "lines": [line.to_json() for line in lines],
        "count": found.to_json(),
        **kept,
    }


def ballots(session: Session, vote: Vote) -> list[Pile]:
    """Every ballot that counts, equal ones together. Raises NotReady for a box that is shut."""
    paper = [Pile(*one) for one in papercounts.totals(session, vote.id)]
    secret = vote.mode is VoteMode.SECRET
    return (_in_secret(session, vote) if secret else _by_name(session, vote)) + paper


def tallies(vote: Vote, rule: Rule, piles: Iterable[Pile]) -> dict[str, Count]:
    """What each constituency voted on a motion, by each weight."""
    names = rule.constituencies or (ALL,)
    made = {name: {weight: Counter[str]() for weight in rule.weights} for name in names}
    for pile in piles:
        name = pile.constituency if rule.constituencies else ALL
        said = NAMES.get(pile.choice) if isinstance(pile.choice, str) else None
        for weight, sums in made[name].items():
            n = pile.area if weight is Weight.AREA else pile.voters
            sums[said or "spoiled"] += n
            sums["present"] += n
    return {
        name: {
            weight: Tally(
                _due(vote, name, weight), sums["present"], sums["favour"], sums["against"],
                sums["abstain"], sums["spoiled"],
            )
            for weight, sums in by.items()
        }
        for name, by in made.items()
    }  # fmt: skip


def counted(vote: Vote, piles: Iterable[Pile], lot: Sequence[str] = ()) -> Derivation:
    """The result of a method other than a motion, with its whole derivation; `lot` is the order
    that a public lot gave to the options, where one was drawn.
    """
    options = [str(one["id"]) for one in vote.options]
    valid = [pile for pile in piles if pile.choice is not None]
    given = [pile.choice for pile in valid for _ in range(pile.voters)]
    seats = int(vote.settings.get("seats", 1))
    match vote.method:
        case Method.APPROVAL:
            limit = int(vote.settings["limit"])
            return methods.approval(options, given, limit=limit, seats=seats, lot=lot)
        case Method.SCORE:
            return methods.score(options, given, seats=seats, lot=lot)
        case Method.RANKED:
            return _ranked(vote, options, given, lot)
        case _:
            costs = {str(one["id"]): int(one["cost"]) for one in vote.options}
            return budgets.equal_shares(costs, int(vote.settings["budget"]), given)


def sentences(vote: Vote, translate: Callable[[str], str]) -> list[str]:
    """Every line of the arithmetic in words, in one language; empty before the count."""
    result = vote.result or {}
    told = [Line.from_json(one).say(translate) for one in result.get("lines", ())]
    labels = {str(one["id"]): str(one["label"]) for one in vote.options}
    if count := result.get("count"):
        read = KINDS[count["method"]].from_json(count)
        told += [methods.sentence(one, translate, labels.__getitem__) for one in read.lines()]
    return told + drawn(vote, translate)


def drawn(vote: Vote, translate: Callable[[str], str]) -> list[str]:
    """Every line of the lot that broke a tie, in one language; empty where none was drawn."""
    labels = {one: translate(f"choice.{one}") for one in lots.MOTION}
    labels |= {str(one["id"]): str(one["label"]) for one in vote.options}
    lot = lots.broken(vote.result).lines()
    return [methods.sentence(one, translate, labels.__getitem__) for one in lot]


def miscomputed(session: Session) -> list[int]:
    """The formal votes whose frozen result is not what their ballots add up to, for `verify`."""
    formal = Vote.agenda_item_id.is_(None) & Vote.result.is_not(None)
    rows = session.scalars(select(Vote).where(formal).order_by(Vote.id))
    return [row.id for row in rows if row.result != recount(session, row)]


# Turnout: all that is told before the close


@dataclass(frozen=True)
class Turnout:
    """How many have voted, of how many entitled; `area` in hundredths of a square metre.

    `by` leaves out constituencies so small that it would tell who has voted in secret.
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
        shown = known[vote_id].mode is not VoteMode.SECRET or due >= SMALL
        by = dict(now.by)
        if side and shown:
            by[side] = (cast, due)
        found[vote_id] = Turnout(
            now.cast + cast, now.due + due, now.area_cast + area_cast, now.area_due + area, by
        )
    return found


def quorum(session: Session, vote: Vote) -> tuple[bool, tuple[Line, ...]]:
    """Whether enough have taken part so far, and the tests with their numbers."""
    rule = Rule.from_json(vote.rule)
    return decisions.quorum(rule, *_so_far(session, vote, rule))


# Private helpers


def _in_secret(session: Session, vote: Vote) -> list[Pile]:
    """The ballots of the box, opened."""
    found = Counter(
        (one.constituency or ALL, json.dumps(one.choice, sort_keys=True))
        for one in box.openings(session, vote)
    )
    return [Pile(side, json.loads(said), n) for (side, said), n in sorted(found.items())]


def _by_name(session: Session, vote: Vote) -> list[Pile]:
    """The last cast of everybody on the roll, in one statement; equal ones together."""
    last = (
        select(Ballot.voter_id, func.max(Ballot.seq).label("seq"))
        .where(Ballot.vote_id == vote.id)
        .group_by(Ballot.voter_id)
        .subquery()
    )
    found = (
        select(Voter.constituency, Ballot.choice, func.count(), func.sum(Voter.area))
        .join(last, last.c.voter_id == Voter.id)
        .join(Ballot, (Ballot.voter_id == Voter.id) & (Ballot.seq == last.c.seq))
        .where(Voter.vote_id == vote.id, Voter.struck.is_(False))
        .group_by(Voter.constituency, Ballot.choice)
        .order_by(Voter.constituency, Ballot.choice)
    )
    return [
        Pile(side.value if side else ALL, choices.read(vote.method, said), voters, int(area or 0))
        for side, said, voters, area in session.execute(found)
    ]


def _attendance(
    vote: Vote, rule: Rule, piles: Iterable[Pile]
) -> tuple[dict[str, dict[Weight, int]], dict[str, dict[Weight, int]]]:
    """How many are entitled and how many took part, by constituency and weight."""
    found = tallies(vote, rule, piles)
    return (
        {name: {w: one.due for w, one in by.items()} for name, by in found.items()},
        {name: {w: one.present for w, one in by.items()} for name, by in found.items()},
    )


def _so_far(
    session: Session, vote: Vote, rule: Rule
) -> tuple[dict[str, dict[Weight, int]], dict[str, dict[Weight, int]]]:
    """The same while the vote is open, from the marks: no ballot is looked at."""
    voted = select(Ballot.voter_id).where(Ballot.vote_id == vote.id)
    marked = select(Mark.voter_id).where(Mark.vote_id == vote.id, Mark.done)
    given = _sums([vote.id]).where(Voter.id.in_(voted.union_all(marked)))
    piles = [
        Pile(side.value if side else ALL, None, n, int(area or 0))
        for _, side, n, area in session.execute(given)
    ]
    return _attendance(vote, rule, piles)


def _due(vote: Vote, name: str, weight: Weight) -> int:
    """How much is entitled, as it was frozen when the vote opened."""
    return int(vote.due.get(name, {}).get(weight.value, 0))


def _ranked(vote: Vote, options: list[str], given: list[Any], lot: Sequence[str]) -> Derivation:
    """Ranked ballots, counted in the way that was fixed for this vote."""
    seats = int(vote.settings.get("seats", 1))
    match Ranking(vote.settings.get("ranking", Ranking.SCHULZE)):
        case Ranking.IRV:
            return rankings.irv(options, given, lot=lot)
        case Ranking.BORDA:
            return rankings.borda(options, given, seats=seats, lot=lot)
        case _:
            return rankings.schulze(options, given, seats=seats, lot=lot)


def _outcome(rule: Rule, found: Derivation) -> Outcome:
    """Decided when something is chosen and no place is open between equals, or a lot is awaited."""
    if not rule.binding:
        return Outcome.ADVICE
    if isinstance(found, EqualShares):
        chosen = bool(found.winners)
    else:
        border: Border = found.border  # type: ignore[attr-defined]
        if border.undecided and rule.tie is Tie.LOT:
            return Outcome.TIED
        chosen = bool(border.winners) and not border.undecided
    return Outcome.ADOPTED if chosen else Outcome.REJECTED


def _sums(ids: list[int]) -> Select[int, Constituency | None, int, int]:
    return (
        select(Voter.vote_id, Voter.constituency, func.count(), func.sum(Voter.area))
        .where(Voter.vote_id.in_(ids), Voter.struck.is_(False))
        .group_by(Voter.vote_id, Voter.constituency)
    )
