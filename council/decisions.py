"""When the council has decided: the rule fixed beforehand, and arithmetic that anybody can check.

The result carries the rule, the counts and every test with its numbers, in integers and fractions
only, so that the page, the minutes and an outsider's script show the same sums, and anybody can
reckon again. Constituencies are plain codes such as "residents".
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from council.derivations import Field, Line, as_percent, exactly, percent
from council.tallies import ALL, Count, Json, Tally, Weight, total
from council.thresholds import Presence, Rule, Test, Tie


class Outcome(StrEnum):
    """What became of a motion."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    NO_QUORUM = "no_quorum"
    REFERRED = "referred"  # a majority, but one constituency wholly against: see `decide`
    NO_CONSENSUS = "no_consensus"  # from `consensus` only: somebody objects, so they vote
    TIED = "tied"  # as many for as against: the chair's casting vote or the lot is awaited
    ADVICE = "advice"  # a rule that decides nothing: the numbers are for those who decide


@dataclass(frozen=True)
class Part:
    """One constituency in a result; `counted` is False for one that only advises."""

    constituency: str
    counted: bool
    count: Count

    @property
    def tally(self) -> Tally:
        """Its seats, people or households."""
        return next(iter(self.count.values()))


@dataclass(frozen=True)
class Result:
    """An outcome with its whole derivation, from which `replay` reckons it again.

    The constituencies stand in the rule's order, `count` is the total of those that count.
    `casting` is what the chair or the lot said, where there was a tie to break.
    """

    rule: Rule
    outcome: Outcome
    lines: tuple[Line, ...]
    parts: tuple[Part, ...]
    count: Count
    casting: bool | None = None
    by_consensus: bool = False

    @property
    def totals(self) -> Tally:
        """The seats, people or households of those that count, together."""
        return next(iter(self.count.values()))

    @property
    def counts(self) -> dict[str, Count]:
        """What was counted, by constituency."""
        return {part.constituency: part.count for part in self.parts}

    def to_json(self) -> Json:
        """Return plain data, fit for canonical JSON."""
        return {
            "rule": self.rule.to_json(),
            "outcome": self.outcome.value,
            "lines": [line.to_json() for line in self.lines],
            "constituencies": [
                {"constituency": p.constituency, "counted": p.counted, "count": _plain(p.count)}
                for p in self.parts
            ],
            "totals": _plain(self.count),
            "casting": self.casting,
            "by_consensus": self.by_consensus,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            Rule.from_json(data["rule"]),
            Outcome(data["outcome"]),
            tuple(Line.from_json(line) for line in data["lines"]),
            tuple(
                Part(part["constituency"], part["counted"], _count(part["count"]))
                for part in data["constituencies"]
            ),
            _count(data["totals"]),
            data["casting"],
            data["by_consensus"],
        )


Numbers = Mapping[str, Mapping[Weight, int]]
"""Constituency → weight → how many; `tallies.heads` makes one where one seat is one vote."""


def quorum(rule: Rule, due: Numbers, present: Numbers) -> tuple[bool, tuple[Line, ...]]:
    """Return whether enough are there to decide, and the tests; nobody where a name is left out.

    Raises ValueError for a constituency that the rule does not know, and for more present than due.
    """
    lines = _quorum_lines(rule, _parts(rule, _attendance(due, present, {})))
    return all(line.ok for line in lines), lines


def decide(rule: Rule, counts: Mapping[str, Count], *, casting: bool | None = None) -> Result:
    """Return the result of a vote; constituency (or "all") → its tally by each weight of the rule.

    Without a quorum nothing else is tested. Without the majority the motion is rejected. With it,
    the motion is adopted, unless a counted constituency is unanimously against: then the matter is
    referred to the lawful body. Unanimously against means that somebody of it is against, and
    nobody for it or abstaining. As many for as against, one vote short, is a tie: it fails, or
    `casting` breaks it (True: for), the chair's casting vote or the public lot as the rule says.
    A rule that does not bind gives advice: how many are for, and nothing that they would need.
    Raises ValueError for what the rule does not know, and for a tally that is missing.
    """
    parts = _parts(rule, counts)
    totals = _totals(rule, parts)
    if rule.presence is Presence.TURNOUT and any(one.present != one.cast for one in _each(parts)):
        raise ValueError("without a meeting those present are those who voted")
    lines = _quorum_lines(rule, parts)
    if not all(line.ok for line in lines):
        return Result(rule, Outcome.NO_QUORUM, lines, parts, totals)
    passing = _share_lines(rule, "decision.pass", rule.passing, totals)
    if not rule.binding:
        told = (
            Line("decision.share_for", ok=True, fields=line.fields)
            for line in passing[: len(rule.passing)]
        )
        return Result(rule, Outcome.ADVICE, (*lines, *told), parts, totals)
    need, unanimous, tie = (
        _need(rule, parts),
        _unanimous(rule, parts),
        _tie(rule, totals, casting=casting),
    )
    lines += (*passing, *need, *unanimous, *tie)
    majority = all(line.ok for line in (tie or passing)) and all(line.ok for line in need)
    if tie and rule.tie is not Tie.FAILS and casting is None and all(line.ok for line in need):
        outcome = Outcome.TIED
    elif not majority:
        outcome = Outcome.REJECTED
    else:
        held = all(line.ok for line in unanimous)
        outcome = Outcome.ADOPTED if held else Outcome.REFERRED
    return Result(rule, outcome, lines, parts, totals, casting if tie else None)


def consensus(rule: Rule, due: Numbers, present: Numbers, objections: Numbers) -> Result:
    """Return the result of asking who objects; `objections`: how many do.

    Adopted when the quorum holds and nobody in a counted constituency objects; NO_CONSENSUS when
    somebody does, and then the meeting votes. What an advisory constituency objects is shown, not
    counted. An objection stands in the tally as a vote against.
    Raises ValueError as `quorum` does, and for more objections than seats present.
    """
    parts = _parts(rule, _attendance(due, present, objections))
    return _asked(rule, parts)


def replay(result: Result) -> Result:
    """Reckon a result again, from its rule and its counts alone; it must be the same."""
    if result.by_consensus:
        return _asked(result.rule, _parts(result.rule, result.counts))
    return decide(result.rule, result.counts, casting=result.casting)


def _asked(rule: Rule, parts: tuple[Part, ...]) -> Result:
    totals = _totals(rule, parts)
    lines = _quorum_lines(rule, parts)
    names = tuple(part.constituency for part in parts if part.counted and part.tally.against)
    outcome = Outcome.NO_CONSENSUS if names else Outcome.ADOPTED
    if all(line.ok for line in lines):
        against = totals[rule.weights[0]].against
        fields: dict[str, Field] = {
            "objections": against,
            "unit": rule.unit(rule.weights[0]),
            "names": names,
        }
        lines += (Line("decision.consensus", not names, fields),)
    else:
        outcome = Outcome.NO_QUORUM
    return Result(rule, outcome, lines, parts, totals, by_consensus=True)


def _attendance(due: Numbers, present: Numbers, against: Numbers) -> dict[str, Count]:
    def of(numbers: Numbers, name: str, weight: Weight) -> int:
        return numbers.get(name, {}).get(weight, 0)

    def tally(name: str, weight: Weight) -> Tally:
        there, no = of(present, name, weight), of(against, name, weight)
        return Tally(of(due, name, weight), there, against=no)

    names = {*due, *present, *against}
    return {name: {weight: tally(name, weight) for weight in Weight} for name in names}


def _parts(rule: Rule, counts: Mapping[str, Count]) -> tuple[Part, ...]:
    """Return what the rule looks at: its constituencies in order, by its weights."""
    names = rule.constituencies or (ALL,)
    unknown = counts.keys() - set(names)
    if unknown:
        raise ValueError(f"{rule.code} does not know {sorted(unknown)}")
    nobody = dict.fromkeys(rule.weights, Tally(0, 0))
    missing = [name for name, count in counts.items() if not set(rule.weights) <= count.keys()]
    if missing:
        raise ValueError(f"{rule.code} needs {rule.weights} of {missing}")
    return tuple(
        Part(
            name,
            name not in rule.advisory,
            {weight: counts.get(name, nobody)[weight] for weight in rule.weights},
        )
        for name in names
    )


def _each(parts: Iterable[Part]) -> Iterable[Tally]:
    return (tally for part in parts for tally in part.count.values())


def _totals(rule: Rule, parts: Iterable[Part], *, advisory: bool = False) -> dict[Weight, Tally]:
    """Return the sum of those that count, or of everybody."""
    summed = [part.count for part in parts if part.counted or advisory]
    return {weight: total(count[weight] for count in summed) for weight in rule.weights}


def _there(rule: Rule, tally: Tally) -> int:
    """Return how much of a tally counts for the quorum."""
    return tally.present if rule.abstain_present else tally.present - tally.abstain


def _quorum_lines(rule: Rule, parts: tuple[Part, ...]) -> tuple[Line, ...]:
    everybody = _totals(rule, parts, advisory=True)
    lines = _share_lines(rule, "decision.quorum", rule.quorum, everybody)
    lines += tuple(_each_line(rule, test, parts) for test in rule.quorum_each)
    if not rule.each_present:
        return lines
    absent = tuple(p.constituency for p in parts if _there(rule, p.tally) < rule.each_present)
    return (*lines, Line("decision.each_present", not absent, {
        "constituencies": len(parts), "least": rule.each_present, "absent": absent,
        "there": _there_code(rule), "unit": rule.unit(rule.weights[0]),
    }))  # fmt: skip


def _each_line(rule: Rule, test: Test, parts: tuple[Part, ...]) -> Line:
    """Return whether every constituency reaches a share of its own."""
    share, by = test.share, [(part.constituency, part.count[test.weight]) for part in parts]
    short = tuple(name for name, one in by if _there(rule, one) < share.needed(one.due))
    return Line("decision.quorum_each", not short, {
        "constituencies": len(parts), "short": short, "measure": test.weight.value,
        "fraction": str(share.part), "strict": share.strict, "there": _there_code(rule),
    })  # fmt: skip


def _share_lines(
    rule: Rule, key: str, tests: tuple[Test, ...], count: Mapping[Weight, Tally]
) -> tuple[Line, ...]:
    """Return one line for each test, and which one alone falls short where there are several."""
    lines = tuple(_share_line(rule, key, test, count[test.weight]) for test in tests)
    short = [line for line in lines if not line.ok]
    if len(lines) == 1 or len(short) != 1:
        return lines
    kept = {name: short[0].fields[name] for name in ("measure", "percent", "threshold", "sign")}
    return (*lines, Line("decision.alone", ok=False, fields=kept))


def _share_line(rule: Rule, key: str, test: Test, tally: Tally) -> Line:
    share, of_quorum = test.share, key == "decision.quorum"
    got = _there(rule, tally) if of_quorum else tally.favour
    base, needed = tally.base(share.base), share.needed(tally.base(share.base))
    counted = not of_quorum and bool(rule.advisory)
    return Line(key, got >= needed, {
        "got": got, "base": base, "unit": rule.unit(test.weight), "measure": test.weight.value,
        "of": rule.base_code(share.base) + (".counted" if counted else ""),
        "percent": percent(got, base, share.part), "threshold": as_percent(share.part),
        "sign": "≤" if share.strict else "<", "fraction": str(share.part), "strict": share.strict,
        "whole": test.weight.show(base), "exact": exactly(share.part * base, test.weight),
        "needed": needed, **({"there": _there_code(rule)} if of_quorum else {}),
    })  # fmt: skip


def _there_code(rule: Rule) -> str:
    return rule.presence.value + ("" if rule.abstain_present else ".voiced")


def _need(rule: Rule, parts: tuple[Part, ...]) -> tuple[Line, ...]:
    """Return whether enough constituencies meet the tests of passing on their own."""
    if not rule.need:
        return ()
    short = tuple(p.constituency for p in parts if p.counted and not _carries(rule, p.count))
    met = len(rule.counted) - len(short)
    fields: dict[str, Field] = {"met": met, "constituencies": len(rule.counted)}
    return (
        Line("decision.need", met >= rule.needs, {**fields, "need": rule.needs, "short": short}),
    )


def _carries(rule: Rule, count: Count) -> bool:
    def carried(test: Test) -> bool:
        tally = count[test.weight]
        enough = tally.favour >= test.share.needed(tally.base(test.share.base))
        return enough and tally.favour > tally.against

    return all(carried(test) for test in rule.passing)


def _unanimous(rule: Rule, parts: tuple[Part, ...]) -> tuple[Line, ...]:
    if not rule.none_unanimous:
        return ()
    names = tuple(part.constituency for part in parts if part.counted and part.tally.all_against)
    return (Line("decision.none_unanimous", not names, {"names": names}),)


def _tie(rule: Rule, count: Count, *, casting: bool | None) -> tuple[Line, ...]:
    """Return the line of a tie: as many for as against, and one more for would be enough."""

    def level(test: Test) -> bool:
        tally = count[test.weight]
        needed = test.share.needed(tally.base(test.share.base))
        return 0 < tally.favour == tally.against and tally.favour + 1 >= needed

    if not any(level(test) for test in rule.passing):
        return ()
    if rule.tie is not Tie.FAILS and casting is None:
        return (Line(f"decision.tie.{rule.tie}_awaited", ok=False, fields={}),)
    broken = rule.tie is not Tie.FAILS and casting is True
    return (Line(f"decision.tie.{rule.tie}", broken, {}),)


def _plain(count: Count) -> Json:
    return {weight.value: asdict(tally) for weight, tally in count.items()}


def _count(data: Mapping[str, Any]) -> dict[Weight, Tally]:
    return {Weight(weight): Tally(**tally) for weight, tally in data.items()}
