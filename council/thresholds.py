"""Thresholds: a rule to decide, as data: who votes, how many must come, how much is enough.

Fractions are exact. 以上 (at least) includes the number, 超过 and 过半数 (more than) exclude it
(Civil Code Art. 1259). A rule is frozen into a vote when it opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self

from council.tallies import Base, Json, Weight


class Electorate(StrEnum):
    """Who votes, and so what a head is called: a seat, or a person."""

    SEATS = "seats"
    RESIDENTS = "residents"
    HOUSEHOLDS = "households"
    OWNERS = "owners"
    DELEGATES = "delegates"
    MEMBERS = "members"


class Presence(StrEnum):
    """Who is present: whoever sits in the meeting, or whoever took part, spoiled votes included."""

    SEATS = "seats"
    TURNOUT = "turnout"


class Tie(StrEnum):
    """What happens when as many are for as against. A tie never passes by itself."""

    FAILS = "fails"
    CHAIR = "chair"
    LOT = "lot"


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
        """Return the smallest whole number that meets the share of `base`; nobody is never enough.

        Of an area it is the smallest number of hundredths of a square metre.
        """
        whole = self.part * base
        return max(1, whole.__floor__() + 1 if self.strict else whole.__ceil__())


@dataclass(frozen=True)
class Test:
    """A share that must be reached, and by which weight it is counted."""

    weight: Weight
    share: Share

    def to_json(self) -> Json:
        """Return plain data; the part is written "1/2"."""
        share = {"part": str(self.share.part), "strict": self.share.strict}
        return {"weight": self.weight.value, **share, "base": self.share.base.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        share = Share(Fraction(data["part"]), bool(data["strict"]), Base(data["base"]))
        return cls(Weight(data["weight"]), share)


@dataclass(frozen=True)
class Rule:
    """A way to decide, frozen into a matter when it starts. ValueError when its parts do not fit.

    Each test of `quorum` is a share of everybody entitled, advisory constituencies included, each
    of `quorum_each` one that every constituency must reach by itself, and at least `each_present`
    of every constituency must be there. Each test of `passing` is a share of those that count, a
    half or more of them. A constituency in `advisory` votes and is shown, not
    counted. `need`: "all", or how many constituencies must meet the tests of `passing` on their
    own; 0 for none. Without constituencies everybody is one electorate. Who abstains counts for
    the quorum when `abstain_present`; whether for the base, the base itself says.
    """

    code: str
    electorate: Electorate
    presence: Presence
    quorum: tuple[Test, ...]
    passing: tuple[Test, ...]
    constituencies: tuple[str, ...] = ()
    advisory: tuple[str, ...] = ()
    quorum_each: tuple[Test, ...] = ()
    each_present: int = 0
    need: int | str = 0
    none_unanimous: bool = False
    abstain_present: bool = True
    tie: Tie = Tie.FAILS
    binding: bool = True

    def __post_init__(self) -> None:
        known, heard = set(self.constituencies), set(self.advisory)
        if len(known) < len(self.constituencies) or not (heard < known or not heard):
            raise ValueError(f"constituencies of {self.code} do not fit")
        if not known and (
            self.each_present or self.quorum_each or self.need or self.none_unanimous
        ):
            raise ValueError(f"{self.code} has no constituencies to look at")
        if self.need != "all" and not (
            isinstance(self.need, int) and 0 <= self.needs <= len(self.counted)
        ):
            raise ValueError(f"{self.code} needs {self.need} constituencies")
        quorums = (*self.quorum, *self.quorum_each)
        if any(test.share.base is not Base.ENTITLED for test in quorums):
            raise ValueError("a quorum is a share of those entitled")
        if not self.passing or any(test.share.part < Fraction(1, 2) for test in self.passing):
            raise ValueError("less than a half adopts nothing")
        if self.tie is not Tie.FAILS and [one.weight for one in self.passing] == [Weight.AREA]:
            raise ValueError("nobody casts an area")
        if self.tie is not Tie.FAILS and len(self.passing) > 1:
            raise ValueError("a tie is broken by one vote, so there is one test")

    @property
    def weights(self) -> tuple[Weight, ...]:
        """The weights that its tests look at; the first one counts people or households."""
        tested = {test.weight for test in (*self.quorum, *self.quorum_each, *self.passing)}
        return tuple(weight for weight in Weight if weight in tested)

    @property
    def counted(self) -> tuple[str, ...]:
        """The constituencies that count."""
        return tuple(name for name in self.constituencies if name not in self.advisory)

    @property
    def needs(self) -> int:
        """How many constituencies must carry a motion on their own."""
        return len(self.counted) if self.need == "all" else int(self.need)

    def unit(self, weight: Weight) -> str:
        """The code of what a weight is counted in."""
        seats = weight is Weight.HEADS and self.electorate is Electorate.SEATS
        return "seats" if seats else weight.value

    def base_code(self, base: Base) -> str:
        """The code of the words for a base: present in a meeting, taking part without one."""
        turnout = {Base.ENTITLED: "roll", Base.PRESENT: "turnout"}
        return turnout.get(base, base.value) if self.presence is Presence.TURNOUT else base.value

    def to_json(self) -> Json:
        """Return plain data that JSON can hold; fractions are written "1/2"."""
        return {
            **{one.name: getattr(self, one.name) for one in fields(self)},
            **{name: getattr(self, name).value for name in ("electorate", "presence", "tie")},
            **{name: list(getattr(self, name)) for name in ("constituencies", "advisory")},
            **{name: [one.to_json() for one in getattr(self, name)] for name in _TESTS},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; ValueError for unknown parts: no rule is half understood."""
        if data.keys() != set(cls.__dataclass_fields__):
            raise ValueError(f"not a rule that this version knows: {sorted(data)}")
        kinds = {"electorate": Electorate, "presence": Presence, "tie": Tie}
        return cls(
            **{
                **data,
                **{name: kind(data[name]) for name, kind in kinds.items()},
                **{name: tuple(data[name]) for name in ("constituencies", "advisory")},
                **{name: tuple(map(Test.from_json, data[name])) for name in _TESTS},
            }
        )


_TESTS = ("quorum", "quorum_each", "passing")
