"""What was counted: due, present, for, against, abstaining, spoiled, by heads, households or area.

Three numbers are always kept apart: the votes cast, the valid ones among them, and the spoiled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

Json = dict[str, Any]


class Weight(StrEnum):
    """What a voter counts for: one head, one household, or floor area in hundredths of a m²."""

    HEADS = "heads"
    HOUSEHOLDS = "households"
    AREA = "area"

    def show(self, number: int) -> str:
        """Return a number of this weight as it is printed: 1,204, or 17,890.10 for an area."""
        if self is Weight.AREA:
            return f"{number // 100:,}.{number % 100:02}"
        return f"{number:,}"


class Base(StrEnum):
    """Which of the counted a share is a share of."""

    ENTITLED = "entitled"
    PRESENT = "present"
    CAST = "cast"  # for, against, abstain and spoiled
    VALID = "valid"  # for and against


@dataclass(frozen=True)
class Tally:
    """What one or more constituencies voted, by one weight; ValueError for what cannot be."""

    due: int
    present: int
    favour: int = 0
    against: int = 0
    abstain: int = 0
    spoiled: int = 0

    def __post_init__(self) -> None:
        if min(self.due, self.present, self.favour, self.against, self.abstain, self.spoiled) < 0:
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
            self.spoiled + other.spoiled,
        )

    @property
    def cast(self) -> int:
        """Every vote that was cast: for, against, abstaining and spoiled."""
        return self.favour + self.against + self.abstain + self.spoiled

    @property
    def valid(self) -> int:
        """The votes that say something: for and against."""
        return self.favour + self.against

    @property
    def all_against(self) -> bool:
        """Whether somebody is against and nobody else; a spoiled vote says nothing."""
        return self.against > 0 == self.favour + self.abstain

    def base(self, base: Base) -> int:
        """Return how much there is of a base."""
        return {
            Base.ENTITLED: self.due,
            Base.PRESENT: self.present,
            Base.CAST: self.cast,
            Base.VALID: self.valid,
        }[base]


Count = Mapping[Weight, Tally]
"""The same votes by each weight that a rule looks at."""

Counted = TypeVar("Counted", int, Tally)

ALL = "all"
"""The code that stands for everybody where there are no constituencies."""


def heads(by: Mapping[str, Counted]) -> dict[str, dict[Weight, Counted]]:
    """Return numbers or tallies by weight, where one voter is one vote; constituency → its own."""
    return {name: {Weight.HEADS: one} for name, one in by.items()}


def total(tallies: Iterable[Tally]) -> Tally:
    """Return several tallies of one weight as one."""
    return sum(tallies, start=Tally(0, 0))
