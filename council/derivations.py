"""How a result came about: sentences with their numbers, exact, the same wherever they are printed.

Nothing here rounds away a missed threshold: 74.998 % never prints as 75.00 %.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Self

from council.tallies import Json, Weight

Field = int | str | tuple[str, ...]

AMOUNTS = ("got", "base", "needed", "least", "objections")
"""Fields that hold a number of what is counted; it is printed with its unit, 17 席."""
CODES = ("of", "there", "measure", "noun")
"""Fields that hold a code with words of its own: `of` in decision.of.present."""


@dataclass(frozen=True)
class Line:
    """One test or one sentence: its key, whether it holds, and its fields.

    `unit` says what AMOUNTS are counted in: seats, heads, households, area (in hundredths of a m²).
    A tuple holds codes of constituencies, one of CODES a code; `strict` and `fraction` are a share.
    """

    key: str
    ok: bool
    fields: Mapping[str, Field]

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    @property
    def message(self) -> str:
        """The key of the sentence: a failed test has its own."""
        return self.key if self.ok else f"{self.key}.no"

    def words(self, translate: Callable[[str], str]) -> dict[str, str]:
        """Return every field as it is printed; `translate` maps a message key to its text."""
        unit = str(self.fields.get("unit", ""))
        words = {name: self._word(name, value, translate) for name, value in self.fields.items()}
        if "exact" in words and unit:
            words["exactly"] = translate(f"decision.unit.{unit}").format(n=words["exact"])
        if "fraction" in words:
            strict, half = self.fields["strict"], words["fraction"] == "1/2"
            form = f"decision.share.{'half' if half else 'part'}.{'over' if strict else 'least'}"
            words["share"] = translate(form).format(fraction=words["fraction"])
            words["than"] = translate(f"decision.than.{'over' if strict else 'least'}")
        if "whole" in words:
            times = "÷ 2" if words["fraction"] == "1/2" else f"× {words['fraction']}"
            words["sum"] = f"{words['whole']} {times} = {words['exact']}"
        return words

    def _word(self, name: str, value: Field, translate: Callable[[str], str]) -> str:
        """Return one field in words."""
        if isinstance(value, tuple):
            return translate("decision.and").join(translate(f"constituency.{c}") for c in value)
        if name in CODES:
            return translate(f"decision.{name}.{value}")
        if name in AMOUNTS and isinstance(value, int):
            return self.amount(value, translate)
        return str(value)

    def amount(self, number: int, translate: Callable[[str], str]) -> str:
        """Return a number of what this line counts, with its unit: 17 席."""
        unit = str(self.fields["unit"])
        shown = _weight(unit).show(number)
        one = ".one" if number == 1 and unit != Weight.AREA else ""
        return translate(f"decision.unit.{unit}{one}").format(n=shown)

    def say(self, translate: Callable[[str], str]) -> str:
        """Return the sentence in one language."""
        return translate(self.message).format(**self.words(translate))

    def to_json(self) -> Json:
        """Return plain data."""
        fields = {k: list(v) if isinstance(v, tuple) else v for k, v in self.fields.items()}
        return {"key": self.key, "ok": self.ok, "fields": fields}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in data["fields"].items()}
        return cls(data["key"], bool(data["ok"]), fields)


def exact(number: Fraction) -> str:
    """Return a number as written by hand, never rounded: "1,210.5", "8", or "34 2/3"."""
    whole, rest = divmod(number.numerator, number.denominator)
    if not rest:
        return f"{whole:,}"
    if 10_000 % number.denominator == 0:
        digits = rest * (10_000 // number.denominator)
        return f"{whole:,}.{digits:04}".rstrip("0")
    return f"{whole:,} {rest}/{number.denominator}".removeprefix("0 ")


def exactly(number: Fraction, weight: Weight) -> str:
    """Return a share of a weight, never rounded; an area in m² with two decimals at least."""
    if weight is Weight.AREA:
        whole = number.denominator == 1
        return weight.show(number.numerator) if whole else exact(number / 100)
    return exact(number)


def percent(part: int, whole: int, threshold: Fraction) -> str:
    """Return a share, rounded half up to two decimals; more where two would reach the threshold.

    So a missed threshold is never shown as met, nor one that was passed as just met.
    """
    value = Fraction(part, whole) if whole else Fraction(0)
    places, rounded = 2, _half_up(value, 2)
    while value != threshold and _sign(rounded - threshold) != _sign(value - threshold):
        places, rounded = places + 1, _half_up(value, places + 1)
    digits = (rounded * 100 * 10**places).numerator
    return f"{digits // 10**places:,}.{digits % 10**places:0{places}}%"


def as_percent(part: Fraction) -> str:
    """Return a threshold as a percentage where that is exact, else as a fraction: 75%, 2/3."""
    hundred = part * 100
    return f"{exact(hundred)}%" if 10_000 % hundred.denominator == 0 else str(part)


def _half_up(value: Fraction, places: int) -> Fraction:
    """Return a share as a percentage with this many decimals, rounded half up."""
    scale = 100 * 10**places
    return Fraction((value * scale + Fraction(1, 2)).__floor__(), scale)


def _sign(number: Fraction) -> int:
    """Return -1, 0 or 1."""
    return (number > 0) - (number < 0)


def _weight(unit: str) -> Weight:
    """Return the weight that a unit counts; a seat is one head."""
    return Weight.HEADS if unit == "seats" else Weight(unit)
