"""How more than a yes or no is counted: what every way of counting shares; approval and score.

Pure arithmetic in whole numbers and fractions, with the standard library only, so that a recount
can carry these files along. A result is one frozen value with its whole derivation; `lines()` puts
it in sentences of the shape of a decision's line: message key, whether it holds (None: it only
says), fields. A tuple in a field holds options, and so do the fields `option` and `other`; any
other text is an exact number. An option is told by its identifier, a ballot by what it says.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self, get_args, get_origin

from council.derivations import exact

Told = dict[str, int | str | tuple[str, ...]]
Said = tuple[str, bool | None, Told]
Standing = int | Fraction

SCORES = 6  # 0 to 5


class Derivation(ABC):
    """A result with all its arithmetic; every kind is a frozen dataclass and names its method."""

    method: ClassVar[str]

    @abstractmethod
    def lines(self) -> tuple[Said, ...]:
        """Return every step in the order in which a resident follows it."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data, fit for canonical JSON; fractions are written "1/2"."""
        return {"method": self.method, **_plain(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; ValueError for anything else: no result is half understood."""
        if data.get("method") != cls.method:
            raise ValueError(f"not a result of {cls.method}: {data.get('method')}")
        read: Self = _read(cls, {name: data[name] for name in data if name != "method"})
        return read


@dataclass(frozen=True)
class Papers:
    """The ballots: all that were cast, those that break the rule, and valid ones that say nothing.

    A ballot with an unknown option, with one twice or with more than allowed is spoiled as a whole.
    """

    cast: int
    spoiled: int
    blank: int

    @property
    def valid(self) -> int:
        """Ballots that keep the rule, blank ones too."""
        return self.cast - self.spoiled

    @property
    def filled(self) -> int:
        """Valid ballots that say something."""
        return self.valid - self.blank

    def line(self) -> Said:
        """Return the sentence of the three numbers."""
        numbers = {"cast": self.cast, "valid": self.valid, "spoiled": self.spoiled}
        return "count.papers", None, {**numbers, "blank": self.blank}


@dataclass(frozen=True)
class Border:
    """Who takes the places: those who surely do, and a tie at the border for the places left.

    `drawn` are those of the tied to whom the public lot gives these places; nobody without a lot.
    """

    sure: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    places: int = 0
    drawn: tuple[str, ...] = ()

    @property
    def winners(self) -> tuple[str, ...]:
        """Those who have a place."""
        return self.sure + self.drawn

    @property
    def undecided(self) -> tuple[str, ...]:
        """Those between whom a lot must still be drawn."""
        return () if self.drawn else self.tied

    def lines(self) -> tuple[Said, ...]:
        """Return the tie, if there is one, and the winners."""
        said: list[Said] = []
        if self.tied:
            places: Told = {"options": self.tied, "drawn": self.drawn, "places": self.places}
            said.append(("count.tie", bool(self.drawn), places))
        if self.winners or not self.tied:
            said.append(("count.won", bool(self.winners), {"options": self.winners}))
        return tuple(said)


@dataclass(frozen=True)
class Approval(Derivation):
    """Choose up to `limit`; the `seats` options with most votes win, none without a single vote."""

    method = "approval"

    options: tuple[str, ...]
    limit: int
    seats: int
    papers: Papers
    votes: tuple[int, ...]
    lot: tuple[str, ...]
    border: Border

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, each option from the most votes down, and the winners."""
        rule: Said = "approval.rule", None, {"limit": self.limit, "seats": self.seats}
        votes = dict(zip(self.options, self.votes, strict=True))
        told: list[Said] = [
            ("approval.option", None, {"option": option, "votes": votes[option]})
            for option in falling(votes)
        ]
        return rule, self.papers.line(), *told, *self.border.lines()


@dataclass(frozen=True)
class Score(Derivation):
    """Give each option 0 to 5; the `seats` highest sums win, none with a sum of 0.

    An option without a score on a ballot has no opinion there, not a 0: it adds nothing to the sum
    and does not enter the average. `spread` tells how many ballots gave 0, 1 … 5.
    """

    method = "score"

    options: tuple[str, ...]
    seats: int
    papers: Papers
    spread: tuple[tuple[int, ...], ...]
    lot: tuple[str, ...]
    border: Border

    @property
    def sums(self) -> dict[str, int]:
        """The sum of the scores of each option."""
        return dict(zip(self.options, map(_sum, self.spread), strict=True))

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, each option from the highest sum down, and the winners."""
        rule: Said = "score.rule", None, {"seats": self.seats}
        told = [self._line(option) for option in falling(self.sums)]
        return rule, self.papers.line(), *told, *self.border.lines()

    def _line(self, option: str) -> Said:
        spread = self.spread[self.options.index(option)]
        given = sum(spread)
        if not given:
            return "score.option.none", None, {"option": option, "silent": self.papers.valid}
        names = ("zero", "one", "two", "three", "four", "five")
        total = self.sums[option]
        numbers = {"sum": total, "given": given, "silent": self.papers.valid - given}
        average = exact(Fraction(total, given))
        told = dict(zip(names, spread, strict=True))
        return "score.option", None, {"option": option, "average": average, **numbers, **told}


def approval(
    options: Sequence[str],
    ballots: Iterable[Collection[str]],
    *,
    limit: int,
    seats: int = 1,
    lot: Sequence[str] = (),
) -> Approval:
    """Return the result of choosing up to `limit` options; `lot` is their order in a public lot.

    Raises ValueError for options, places, a limit or a lot that cannot be.
    """
    order = checked(options, lot, seats)
    if limit < 1:
        raise ValueError(f"a ballot chooses at least one: {limit}")
    papers, chosen = approvals(order, ballots, limit)
    votes = Counter(dict.fromkeys(order, 0))
    for ballot, times in chosen.items():
        votes.update(dict.fromkeys(ballot, times))
    place = border({option: votes[option] for option in order if votes[option]}, seats, lot)
    counts = tuple(votes[option] for option in order)
    return Approval(order, limit, seats, papers, counts, tuple(lot), place)


def score(
    options: Sequence[str],
    ballots: Iterable[Mapping[str, int]],
    *,
    seats: int = 1,
    lot: Sequence[str] = (),
) -> Score:
    """Return the result of scores of 0 to 5; `lot` is the options' order in a public lot.

    Raises ValueError for options, places or a lot that cannot be.
    """
    order = checked(options, lot, seats)
    spread = {option: [0] * SCORES for option in order}
    cast = spoiled = blank = 0
    for ballot in ballots:
        cast += 1
        if ballot.keys() <= spread.keys() and all(map(_is_score, ballot.values())):
            blank += not ballot
            for option, given in ballot.items():
                spread[option][given] += 1
        else:
            spoiled += 1
    told = tuple(tuple(spread[option]) for option in order)
    sums = {option: _sum(given) for option, given in spread.items() if _sum(given)}
    place = border(sums, seats, lot)
    return Score(order, seats, Papers(cast, spoiled, blank), told, tuple(lot), place)


def approvals(
    options: Sequence[str], ballots: Iterable[Collection[str]], limit: int
) -> tuple[Papers, dict[frozenset[str], int]]:
    """Return the ballots counted and, of the valid ones, each choice with how often it was made."""
    known, spoiled = frozenset(options), 0
    cast = Counter(map(tuple, ballots))
    chosen: Counter[frozenset[str]] = Counter()
    for ballot, times in cast.items():
        choice = frozenset(ballot)
        if len(choice) == len(ballot) <= limit and choice <= known:
            chosen[choice] += times
        else:
            spoiled += times
    return Papers(cast.total(), spoiled, chosen[frozenset()]), chosen


def border(standing: Mapping[str, Standing], seats: int, lot: Sequence[str]) -> Border:
    """Return who takes `seats` places by standing, highest first; a tie is resolved by the lot."""
    ranked = falling(standing)
    if len(ranked) <= seats:
        return Border(ranked)
    edge = standing[ranked[seats - 1]]
    sure = tuple(option for option in ranked if standing[option] > edge)
    tied = tuple(option for option in ranked if standing[option] == edge)
    places = seats - len(sure)
    if len(tied) == places:
        return Border(sure + tied)
    drawn = tuple(sorted(tied, key=list(lot).index)[:places]) if lot else ()
    return Border(sure, tied, places, drawn)


def falling(standing: Mapping[str, Standing]) -> tuple[str, ...]:
    """Return the options from the highest down; equals stay in the order of the ballot paper."""
    return tuple(sorted(standing, key=standing.__getitem__, reverse=True))


def checked(options: Sequence[str], lot: Sequence[str], seats: int = 1) -> tuple[str, ...]:
    """Return the options; ValueError unless they, the places and the lot, if any, make sense."""
    if not options or not all(options) or len(set(options)) < len(options):
        raise ValueError(f"options are named, each once: {list(options)}")
    if lot and sorted(lot) != sorted(options):
        raise ValueError("a lot orders all the options and nothing else")
    if seats < 1:
        raise ValueError(f"at least one place is to be filled: {seats}")
    return tuple(options)


def sentence(said: Said, translate: Callable[[str], str], named: Callable[[str], str]) -> str:
    """Put a line in words: `translate` maps a key to its text, `named` an option to its name."""
    key, ok, told = said
    words: dict[str, str] = {}
    for name, value in told.items():
        if isinstance(value, tuple):
            words[name] = translate("decision.and").join(map(named, value))
        elif name in {"option", "other"}:
            words[name] = named(str(value))
        else:
            words[name] = f"{value:,}" if isinstance(value, int) else value
    return translate(f"{key}.no" if ok is False else key).format(**words)


def _is_score(given: object) -> bool:
    return type(given) is int and 0 <= given < SCORES


def _sum(spread: Sequence[int]) -> int:
    return sum(given * times for given, times in enumerate(spread))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Fraction) else value


def _read(kind: Any, data: Any) -> Any:
    if is_dataclass(kind):
        kinds = {part.name: part.type for part in fields(kind)}
        if data.keys() != kinds.keys():
            raise ValueError(f"not what this version knows: {sorted(data)}")
        build: Any = kind
        return build(**{name: _read(kinds[name], data[name]) for name in kinds})
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], one) for one in data)
    return Fraction(data) if kind is Fraction else data
