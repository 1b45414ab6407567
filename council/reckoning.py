"""Reckoning: from ballots to the one result of a vote, with its derivation; pure arithmetic.

Standard library only, as all that it imports: the stand-alone recount carries these files along.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from council import budgets, decisions, methods, rankings
from council.decisions import Outcome
from council.derivations import Line
from council.methods import Derivation
from council.tallies import ALL, Count, Json, Tally, Weight
from council.thresholds import Rule

SAID = {"for": "favour", "against": "against", "abstain": "abstain"}
"""What a ballot says to a motion, and where a tally counts it; anything else is spoiled."""

KINDS: dict[str, type[Derivation]] = {
    one.method: one
    for one in (
        methods.Approval, methods.Score, rankings.Schulze, rankings.Runoff, rankings.Borda,
        budgets.EqualShares,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Pile:
    """Equal ballots of one constituency: how many voters, their area in hundredths of a m².

    `silent`: they were there and did not vote.
    """

    constituency: str
    choice: Any
    voters: int = 1
    area: int = 0
    silent: bool = False


def reckon(record: Mapping[str, Any], given: Sequence[Pile]) -> Json:
    """The result of a vote from its ballots under its rule, as plain data."""
    rule, method = Rule.from_json(record["rule"]), record["method"]
    counts = tallies(rule, record["roll"]["due"], given)
    if method == "motion":
        casting = record["result"].get("casting")
        return decisions.decide(rule, counts, casting=casting).to_json()
    found = counted(record, given)
    due = {name: {w: one.due for w, one in by.items()} for name, by in counts.items()}
    there = {name: {w: one.present for w, one in by.items()} for name, by in counts.items()}
    valid, lines = decisions.quorum(rule, due, there)
    outcome = _outcome(rule, found) if valid else Outcome.NO_QUORUM
    told = [line.to_json() for line in lines]
    return {"outcome": outcome.value, "lines": told, "count": found.to_json()}


def tallies(rule: Rule, due: Mapping[str, Any], given: Iterable[Pile]) -> dict[str, Count]:
    """What each constituency voted on a motion, by each weight of the rule."""
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
                _due(due, name, weight), sums["present"], sums["favour"], sums["against"],
                sums["abstain"], sums["spoiled"],
            )
            for weight, sums in by.items()
        }
        for name, by in made.items()
    }  # fmt: skip


def counted(record: Mapping[str, Any], given: Iterable[Pile]) -> Derivation:
    """The result of a method other than a motion, with its whole derivation."""
    settings = record["settings"]
    options = [str(one["id"]) for one in record["options"]]
    ballots = [pile.choice for pile in given if not pile.silent for _ in range(pile.voters)]
    seats = int(settings.get("seats", 1))
    match record["method"]:
        case "approval":
            return methods.approval(options, ballots, limit=int(settings["limit"]), seats=seats)
        case "score":
            return methods.score(options, ballots, seats=seats)
        case "ranked":
            return rankings.schulze(options, ballots, seats=seats)
        case "budget":
            costs = {str(one["id"]): int(one["cost"]) for one in record["options"]}
            return budgets.equal_shares(costs, int(settings["budget"]), ballots)
        case other:
            raise ValueError(f"no way of counting is called {other}")


def sentences(result: Json, options: Iterable[Json], translate: Callable[[str], str]) -> list[str]:
    """Every line of the arithmetic in words, in one language."""
    told = [Line.from_json(one).say(translate) for one in result.get("lines", ())]
    labels = {str(one["id"]): str(one["label"]) for one in options}
    if count := result.get("count"):
        read = KINDS[count["method"]].from_json(count)
        told += [methods.sentence(one, translate, labels.__getitem__) for one in read.lines()]
    return told


# Private helpers


def _due(due: Mapping[str, Any], name: str, weight: Weight) -> int:
    """How much is entitled; in a meeting, where a seat is a vote, the number alone."""
    found = due.get(name, 0)
    return int(found.get(weight.value, 0) if isinstance(found, Mapping) else found)


def _outcome(rule: Rule, found: Derivation) -> Outcome:
    """Decided when something is chosen and no place is open between equals."""
    if not rule.binding:
        return Outcome.ADVICE
    if isinstance(found, budgets.EqualShares):
        chosen = bool(found.winners)
    else:
        border: Any = found.border  # type: ignore[attr-defined]
        chosen = bool(border.winners) and not border.undecided
    return Outcome.ADOPTED if chosen else Outcome.REJECTED
