"""When the council has decided: the rule fixed beforehand, and arithmetic that anybody can check.

A rule is data, evaluated in integers and fractions only. The result carries every test with its
numbers, so that the page, the minutes and an outsider's script show the same sums. 以上 (at least)
includes the number, 超过 and 过半数 (more than) exclude it (Civil Code Art. 1259); a tie never
passes. Constituencies are plain codes such as "residents".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Self

Json = dict[str, Any]
Field = int | str | tuple[str, ...]


class Outcome(StrEnum):
    """What became of a motion."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    NO_QUORUM = "no_quorum"
    REFERRED = "referred"  # a majority, but one constituency wholly against: see `decide`
    NO_CONSENSUS = "no_consensus"  # from `consensus` only: somebody objects, so they vote


class Base(StrEnum):
    """Which seats a share is a share of."""

    ENTITLED = "entitled"
    PRESENT = "present"
    CAST = "cast"  # for, against and abstain
    VALID = "valid"  # for and against


@dataclass(frozen=True)
class Share:
    """A required part (0 to 1, else ValueError) of a base: at least that, or more when strict."""

    part: Fraction
    strict: bool
    base: Base

    def __post_init__(self) -> None:
        if not 0 <= self.part <= 1:
            raise ValueError(f"a share lies between 0 and 1: {self.part}")

    def needed(self, base: int) -> int:
        """Return the smallest whole number that meets the share of `base`."""
        exact = self.part * base
        return exact.__floor__() + 1 if self.strict else exact.__ceil__()

    def form(self, *, usually_strict: bool) -> str:
        """Return what a message key gets when the share is not a half or not as strict as usual."""
        strictness = "" if self.strict == usually_strict else ".over" if self.strict else ".least"
        return ("" if self.part == Fraction(1, 2) else ".part") + strictness

    def to_json(self) -> Json:
        """Return plain data; the part is written "1/2"."""
        return {"part": str(self.part), "strict": self.strict, "base": self.base.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(Fraction(data["part"]), bool(data["strict"]), Base(data["base"]))


@dataclass(frozen=True)
class Rule:
    """A way to decide, frozen into a matter when it starts.

    `quorum` is a share of all seats, advisory ones included; at least `each_present` seats of every
    constituency must be there too. `passing` is a share of the seats that count. A constituency in
    `advisory` votes and is shown, not counted. ValueError when the parts do not fit together.
    """

    code: str
    constituencies: tuple[str, ...]
    advisory: tuple[str, ...]
    quorum: Share
    each_present: int
    passing: Share
    none_unanimous: bool

    def __post_init__(self) -> None:
        known = set(self.constituencies)
        if len(known) < len(self.constituencies) or not set(self.advisory) < known:
            raise ValueError(f"constituencies of {self.code} do not fit")
        if self.quorum.base is not Base.ENTITLED:
            raise ValueError("a quorum is a share of the seats entitled")

    def to_json(self) -> Json:
        """Return plain data that JSON can hold; fractions are written "1/2"."""
        return {
            "code": self.code,
            "constituencies": list(self.constituencies),
            "advisory": list(self.advisory),
            "quorum": self.quorum.to_json(),
            "each_present": self.each_present,
            "passing": self.passing.to_json(),
            "none_unanimous": self.none_unanimous,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; ValueError for unknown parts: no rule is half understood."""
        if data.keys() != set(cls.__dataclass_fields__):
            raise ValueError(f"not a rule that this version knows: {sorted(data)}")
        return cls(
            code=data["code"],
            constituencies=tuple(data["constituencies"]),
            advisory=tuple(data["advisory"]),
            quorum=Share.from_json(data["quorum"]),
            each_present=int(data["each_present"]),
            passing=Share.from_json(data["passing"]),
            none_unanimous=bool(data["none_unanimous"]),
        )


# practice.md, corrections 4 and 5
JOINT_MEETING = Rule(
    code="JOINT_MEETING",
    constituencies=("party", "residents", "community", "experts", "units"),
    advisory=("experts",),
    quorum=Share(Fraction(1, 2), strict=False, base=Base.ENTITLED),
    each_present=1,
    passing=Share(Fraction(1, 2), strict=True, base=Base.PRESENT),
    none_unanimous=True,
)


@dataclass(frozen=True)
class Tally:
    """The seats of one or more constituencies and their votes; ValueError for what cannot be."""

    due: int
    present: int
    favour: int = 0
    against: int = 0
    abstain: int = 0

    def __post_init__(self) -> None:
        if min(self.due, self.present, self.favour, self.against, self.abstain) < 0:
            raise ValueError("a count is never negative")
        if not self.cast <= self.present <= self.due:
            raise ValueError(f"cast {self.cast}, present {self.present}, due {self.due} do not fit")

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.due + other.due,
            self.present + other.present,
            self.favour + other.favour,
            self.against + other.against,
            self.abstain + other.abstain,
        )

    @property
    def cast(self) -> int:
        """Votes for, against and abstaining."""
        return self.favour + self.against + self.abstain

    @property
    def all_against(self) -> bool:
        """Whether votes were cast, all of them against; see `decide`."""
        return 0 < self.against == self.cast

    def base(self, base: Base) -> int:
        """Return the number of seats in a base."""
        return {
            Base.ENTITLED: self.due,
            Base.PRESENT: self.present,
            Base.CAST: self.cast,
            Base.VALID: self.favour + self.against,
        }[base]


@dataclass(frozen=True)
class Line:
    """One test: its key, whether it holds, and the numbers of its sentence.

    A tuple in a field holds codes of constituencies, `base_name` the code of a base.
    """

    key: str
    ok: bool
    fields: Mapping[str, Field]

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    @property
    def message(self) -> str:
        """The key of the sentence: a share in an unusual form and a failed test have their own."""
        return f"{self.key}{self.fields.get('form', '')}{'' if self.ok else '.no'}"

    def say(self, translate: Callable[[str], str]) -> str:
        """Return the sentence; `translate` maps a message key to its text in one language."""
        words: dict[str, int | str] = {}
        for name, value in self.fields.items():
            if isinstance(value, tuple):
                named = [translate(f"constituency.{code}") for code in value]
                words[name] = translate("decision.and").join(named)
            else:
                words[name] = translate(f"decision.base.{value}") if name == "base_name" else value
        return translate(self.message).format(**words)

    def to_json(self) -> Json:
        """Return plain data."""
        fields = {k: list(v) if isinstance(v, tuple) else v for k, v in self.fields.items()}
        return {"key": self.key, "ok": self.ok, "fields": fields}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in data["fields"].items()}
        return cls(data["key"], bool(data["ok"]), fields)


@dataclass(frozen=True)
class Part:
    """One constituency in a result; `counted` is False for one that only advises."""

    constituency: str
    counted: bool
    tally: Tally


@dataclass(frozen=True)
class Result:
    """An outcome, its tests, the constituencies in the rule's order, the total of those counted."""

    outcome: Outcome
    lines: tuple[Line, ...]
    parts: tuple[Part, ...]
    totals: Tally

    def to_json(self) -> Json:
        """Return plain data, fit for canonical JSON."""
        return {
            "outcome": self.outcome.value,
            "lines": [line.to_json() for line in self.lines],
            "constituencies": [asdict(part) for part in self.parts],
            "totals": asdict(self.totals),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            Outcome(data["outcome"]),
            tuple(Line.from_json(line) for line in data["lines"]),
            tuple(
                Part(part["constituency"], part["counted"], Tally(**part["tally"]))
                for part in data["constituencies"]
            ),
            Tally(**data["totals"]),
        )


def quorum(
    rule: Rule, due: Mapping[str, int], present: Mapping[str, int]
) -> tuple[bool, tuple[Line, ...]]:
    """Return whether the meeting can decide, and the tests; constituency → seats, none if left out.

    Raises ValueError for a constituency that the rule does not know, and for more present than due.
    """
    lines = _quorum_lines(rule, _parts(rule, _attendance(due, present, {})))
    return all(line.ok for line in lines), lines


def decide(rule: Rule, tallies: Mapping[str, Tally]) -> Result:
    """Return the result of a vote; constituency → its seats and votes, no seats if left out.

    Without a quorum nothing else is tested. Without the majority the motion is rejected. With it,
    the motion is adopted, unless a counted constituency is unanimously against: then the matter is
    referred to the lawful body. Unanimously against means that one of its seats at least cast a
    vote and every vote that it cast is against; an abstention is a vote cast, and not against.
    Raises ValueError for a constituency that the rule does not know.
    """
    parts = _parts(rule, tallies)
    totals = _total(part.tally for part in parts if part.counted)
    lines = _quorum_lines(rule, parts)
    if not all(line.ok for line in lines):
        return Result(Outcome.NO_QUORUM, lines, parts, totals)
    majority = _pass_line(rule.passing, totals)
    lines += (majority,)
    names: tuple[str, ...] = ()
    if rule.none_unanimous:
        names = tuple(p.constituency for p in parts if p.counted and p.tally.all_against)
        lines += (Line("decision.none_unanimous", not names, {"names": names}),)
    if not majority.ok:
        return Result(Outcome.REJECTED, lines, parts, totals)
    return Result(Outcome.REFERRED if names else Outcome.ADOPTED, lines, parts, totals)


def consensus(
    rule: Rule,
    due: Mapping[str, int],
    present: Mapping[str, int],
    objections: Mapping[str, int],
) -> Result:
    """Return the result of asking who objects; `objections`: constituency → seats that do.

    Adopted when the quorum holds and nobody in a counted constituency objects; NO_CONSENSUS when
    somebody does, and then the meeting votes. What an advisory constituency objects is shown, not
    counted. An objection stands in the tally as a vote against.
    Raises ValueError as `quorum` does, and for more objections than seats present.
    """
    parts = _parts(rule, _attendance(due, present, objections))
    totals = _total(part.tally for part in parts if part.counted)
    lines = _quorum_lines(rule, parts)
    if not all(line.ok for line in lines):
        return Result(Outcome.NO_QUORUM, lines, parts, totals)
    names = tuple(part.constituency for part in parts if part.counted and part.tally.against)
    line = Line("decision.consensus", not names, {"objections": totals.against, "names": names})
    outcome = Outcome.ADOPTED if line.ok else Outcome.NO_CONSENSUS
    return Result(outcome, (*lines, line), parts, totals)


def exact(number: Fraction) -> str:
    """Return a number as written by hand, never rounded: "10.5", "8", or "34 2/3"."""
    whole, rest = divmod(number.numerator, number.denominator)
    if not rest:
        return str(whole)
    if number.denominator in (2, 4, 5, 8, 10):
        digits = rest * (1000 // number.denominator)
        return f"{whole}.{digits:03}".rstrip("0")
    return f"{whole} {rest}/{number.denominator}".removeprefix("0 ")


def _attendance(
    due: Mapping[str, int], present: Mapping[str, int], against: Mapping[str, int]
) -> dict[str, Tally]:
    names = {*due, *present, *against}
    return {n: Tally(due.get(n, 0), present.get(n, 0), against=against.get(n, 0)) for n in names}


def _parts(rule: Rule, tallies: Mapping[str, Tally]) -> tuple[Part, ...]:
    unknown = tallies.keys() - set(rule.constituencies)
    if unknown:
        raise ValueError(f"{rule.code} does not know {sorted(unknown)}")
    none = Tally(0, 0)
    return tuple(
        Part(name, name not in rule.advisory, tallies.get(name, none))
        for name in rule.constituencies
    )


def _total(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, start=Tally(0, 0))


def _quorum_lines(rule: Rule, parts: tuple[Part, ...]) -> tuple[Line, ...]:
    seats = _total(part.tally for part in parts)
    share = rule.quorum
    line = Line(
        "decision.quorum_seats",
        seats.present >= share.needed(seats.due),
        {"present": seats.present, "seats": seats.due, **_sum(share, seats.due, strict=False)},
    )
    if not rule.each_present:
        return (line,)
    absent = tuple(p.constituency for p in parts if p.tally.present < rule.each_present)
    numbers = {"constituencies": len(parts), "each": rule.each_present}
    return line, Line("decision.each_present", not absent, {**numbers, "absent": absent})


def _pass_line(share: Share, totals: Tally) -> Line:
    base = totals.base(share.base)
    named = {"base": base, "base_name": share.base.value}
    return Line(
        "decision.pass",
        totals.favour >= share.needed(base),
        {"for": totals.favour, **named, **_sum(share, base, strict=True)},
    )


def _sum(share: Share, base: int, *, strict: bool) -> dict[str, int | str]:
    """Return the numbers of a share's arithmetic; `strict` says what is usual for this test."""
    part, product = str(share.part), exact(share.part * base)
    fields: dict[str, int | str] = {
        "fraction": part,
        "exact": product,
        "needed": share.needed(base),
    }
    form = share.form(usually_strict=strict)
    return {**fields, "form": form} if form else fields
