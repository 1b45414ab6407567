"""Reckoning: from ballots to the one result of a vote, with its derivation; pure arithmetic.

Standard library only, as all that it imports: the stand-alone recount carries these files along.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from council import budgets, decisions, lots, methods, rankings
from council.budgets import EqualShares
from council.decisions import Outcome
from council.derivations import Line
from council.methods import Approval, Border, Derivation, Score
from council.rankings import Borda, Runoff, Schulze
from council.tallies import ALL, Count, Json, Tally, Weight
from council.thresholds import Rule, Tie

SAID = {"for": "favour", "against": "against", "abstain": "abstain"}
"""What a ballot says to a motion, and where a tally counts it; anything else is spoiled."""

KINDS: dict[str, type[Derivation]] = {
    one.method: one for one in (Approval, Score, Schulze, Runoff, Borda, EqualShares)
}
"""What a stored derivation is read with, by the name of its method."""

TOGETHER = "together"
"""Setting of a secret vote: so few of a constituency voted that all are counted as one."""

Translate = Callable[[str], str]
Numbers = dict[str, dict[Weight, int]]


@dataclass(frozen=True)
class Pile:
    """Equal ballots of one constituency: how many voters, their area in hundredths of a m².

    `choice` is None for a spoiled ballot. `silent`: they were there and did not vote.
    """

    constituency: str
    choice: Any
    voters: int = 1
    area: int = 0
    silent: bool = False


@dataclass(frozen=True)
class Asked:
    """What was asked and how it is counted, as it was frozen; `due` counts those entitled."""

    method: str
    rule: Rule
    due: Mapping[str, Any]
    options: Sequence[Json]
    settings: Mapping[str, Any]

    @property
    def ids(self) -> list[str]:
        """The identifiers of the options."""
        return [str(one["id"]) for one in self.options]


def question(
    method: str,
    rule: Rule,
    due: Mapping[str, Any],
    options: Sequence[Json],
    settings: Mapping[str, Any],
) -> Asked:
    """What was asked and how it is counted: by constituency, or all as one."""
    if settings.get(TOGETHER):
        weights = {weight for by in due.values() for weight in by}
        due = {ALL: {one: sum(by.get(one, 0) for by in due.values()) for one in weights}}
        rule = replace(rule, constituencies=())
    return Asked(method, rule, due, options, settings)


def reckon(asked: Asked, given: Sequence[Pile], before: Mapping[str, Any] | None) -> Json:
    """The result as the ballots add up to it under the frozen rule, as plain data.

    How a tie was broken stands in the result `before` under `tie`; a lot is drawn anew from it.
    """
    broken = lots.broken(before).again()
    kept = {"tie": broken.to_json()} if before and "tie" in before else {}
    if asked.method == "motion":
        by = tallies(asked, given)
        return decisions.decide(asked.rule, by, casting=broken.casting).to_json() | kept
    found = counted(asked, given, broken.order)
    valid, lines = decisions.quorum(asked.rule, *attendance(asked, given))
    outcome = _outcome(asked.rule, found) if valid else Outcome.NO_QUORUM
    told = [line.to_json() for line in lines]
    return {"outcome": outcome.value, "lines": told, "count": found.to_json(), **kept}


def tallies(asked: Asked, given: Iterable[Pile]) -> dict[str, Count]:
    """What each constituency voted on a motion, by each weight of the rule."""
    rule = asked.rule
    names = rule.constituencies or (ALL,)
    made = {name: {weight: Counter[str]() for weight in rule.weights} for name in names}
    for pile in given:
        name = pile.constituency if rule.constituencies else ALL
        said = SAID.get(pile.choice) if isinstance(pile.choice, str) else None
        for weight, sums in made[name].items():
            n = pile.area if weight is Weight.AREA else pile.voters
            sums["present"] += n
            if not pile.silent:
                sums[said or "spoiled"] += n
    return {
        name: {
            weight: Tally(
                _due(asked.due, name, weight), sums["present"], sums["favour"], sums["against"],
                sums["abstain"], sums["spoiled"],
            )
            for weight, sums in by.items()
        }
        for name, by in made.items()
    }  # fmt: skip


def attendance(asked: Asked, given: Iterable[Pile]) -> tuple[Numbers, Numbers]:
    """How many are entitled and how many took part, by constituency and weight."""
    found = tallies(asked, given)
    return (
        {name: {w: one.due for w, one in by.items()} for name, by in found.items()},
        {name: {w: one.present for w, one in by.items()} for name, by in found.items()},
    )


def counted(asked: Asked, given: Iterable[Pile], lot: Sequence[str] = ()) -> Derivation:
    """The result of a method other than a motion, with its whole derivation; `lot` is the order
    that a public lot gave to the options, where one was drawn.
    """
    settings, options = asked.settings, asked.ids
    valid = [pile for pile in given if pile.choice is not None]
    ballots = [pile.choice for pile in valid for _ in range(pile.voters)]
    seats = int(settings.get("seats", 1))
    match asked.method, settings.get("ranking", "schulze"):
        case "approval", _:
            limit = int(settings["limit"])
            return methods.approval(options, ballots, limit=limit, seats=seats, lot=lot)
        case "score", _:
            return methods.score(options, ballots, seats=seats, lot=lot)
        case "ranked", "irv":
            return rankings.irv(options, ballots, lot=lot)
        case "ranked", "borda":
            return rankings.borda(options, ballots, seats=seats, lot=lot)
        case "ranked", "schulze":
            return rankings.schulze(options, ballots, seats=seats, lot=lot)
        case "budget", _:
            costs = {str(one["id"]): int(one["cost"]) for one in asked.options}
            return budgets.equal_shares(costs, int(settings["budget"]), ballots)
        case other:
            raise ValueError(f"no way of counting is called {other}")


def sentences(result: Json, options: Iterable[Json], translate: Translate) -> list[str]:
    """Every line of the arithmetic in words, in one language."""
    listed = list(options)
    told = [Line.from_json(one).say(translate) for one in result.get("lines", ())]
    labels = {str(one["id"]): str(one["label"]) for one in listed}
    if count := result.get("count"):
        read = KINDS[count["method"]].from_json(count)
        steps = read.lines()
        if isinstance(read, EqualShares):
            papers = read.plan.papers.line()
            beside = (one for one in read.alone.lines() if one != papers)
            steps += (("greedy.beside", None, {}), *beside)
        told += [methods.sentence(one, translate, labels.__getitem__) for one in steps]
    return told + drawn(result, listed, translate)


def drawn(result: Json, options: Iterable[Json], translate: Translate) -> list[str]:
    """Every line of the lot that broke a tie, in one language; empty where none was drawn."""
    labels = {one: translate(f"choice.{one}") for one in lots.MOTION}
    labels |= {str(one["id"]): str(one["label"]) for one in options}
    lot = lots.broken(result).lines()
    return [methods.sentence(one, translate, labels.__getitem__) for one in lot]


# Private helpers


def _due(due: Mapping[str, Any], name: str, weight: Weight) -> int:
    """How much is entitled; in a meeting, where a seat is a vote, the number alone."""
    found = due.get(name, 0)
    return int(found.get(weight.value, 0) if isinstance(found, Mapping) else found)


def _outcome(rule: Rule, found: Derivation) -> Outcome:
    """Decided when something is chosen; a place between equals awaits the lot, or stays open."""
    if not rule.binding:
        return Outcome.ADVICE
    if isinstance(found, EqualShares):
        chosen = bool(found.winners)
    else:
        border: Border = found.border  # type: ignore[attr-defined]
        if border.undecided and rule.tie is Tie.LOT:
            return Outcome.TIED
        chosen = bool(border.winners)
    return Outcome.ADOPTED if chosen else Outcome.REJECTED
