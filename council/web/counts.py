"""A count as a table and in sentences: what each option got, exactly, and who was chosen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from council import counting, i18n, lots, methods, reckoning
from council.budgets import EqualShares
from council.derivations import Line, exact
from council.i18n import Language
from council.methods import Approval, Derivation, Papers, Score, falling
from council.rankings import Borda, Runoff, Schulze
from council.reckoning import KINDS
from council.translations import Words
from council.votes import Method, Vote

Cells = Mapping[str, tuple[str, ...]]
Column = tuple[str, int]
"""Its heading `count_column.<name>`, and a number that the heading may name."""


@dataclass(frozen=True)
class Option:
    """One option of a vote by its place on the ballot paper; its label is said like other words."""

    id: int
    code: str
    label: str
    cost: int


@dataclass(frozen=True)
class Row:
    """One option in the result; `alone` is whether votes alone would have chosen it."""

    option: Option
    cells: tuple[str, ...]
    won: bool
    alone: bool = False


@dataclass(frozen=True)
class Told:
    """One sentence of an arithmetic in words; `ok` is None where it only says."""

    ok: bool | None
    words: str


@dataclass(frozen=True)
class Counted:
    """A published count: its table, the ballots, every step in words, and the tests of its quorum.

    `rule` says in words how the method counts.
    `pairs` tells of each option how many put it before each other one, where pairs are compared.
    """

    method: str
    papers: Papers
    rule: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    told: tuple[Told, ...]
    tests: tuple[Line, ...]
    pairs: tuple[tuple[Option, tuple[int, ...]], ...] = ()

    @property
    def compares(self) -> bool:
        """Whether another way of counting stands beside it."""
        return self.method == EqualShares.method


def options(vote: Vote) -> list[Option]:
    """The options of a vote, in the order of the ballot paper."""
    return [
        Option(n, str(one["id"]), str(one["label"]), int(one["cost"]))
        for n, one in enumerate(vote.options, 1)
    ]


def of(vote: Vote, language: Language, spoken: Words) -> Counted | None:
    """The count of a vote whose result is there; None for a motion."""
    result: dict[str, Any] = vote.result or {}
    if "count" not in result:
        return None
    found = KINDS[result["count"]["method"]].from_json(result["count"])
    known = {one.code: one for one in options(vote)}
    columns, cells, winners = _table(found)
    alone = found.alone.winners if isinstance(found, EqualShares) else ()
    rule, *told = _told(found, known.values(), language, spoken)
    pairs = found.wins if isinstance(found, Schulze) else ()
    return Counted(
        found.method, _papers(found), rule.words, columns,
        tuple(Row(known[one], told, one in winners, one in alone) for one, told in cells.items()),
        tuple(told),
        tuple(Line.from_json(one) for one in result.get("lines", ())),
        tuple(zip(known.values(), pairs, strict=True)) if pairs else (),
    )  # fmt: skip


def lines(vote: Vote, language: Language, spoken: Words) -> list[str]:
    """Every line of the arithmetic in words, as page, printout, minutes and recount say it."""
    names = _names(options(vote), spoken)
    named = [one | {"label": names[str(one["id"])]} for one in vote.options]
    return reckoning.sentences(vote.result or {}, named, _say(language))


def chosen(vote: Vote) -> list[str]:
    """The options that were chosen, by their ids; none for a motion."""
    found = of(vote, "zh", {})
    return [row.option.code for row in found.rows if row.won] if found else []


def method(vote: Vote, language: Language) -> str:
    """How the options will be counted, in words; empty for a motion, or without options."""
    if vote.method is Method.MOTION or not vote.options:
        return ""
    return methods.sentence(
        reckoning.counted(counting.asked(vote), ()).lines()[0], _say(language), str
    )


def broken(vote: Vote, language: Language, spoken: Words) -> list[Told]:
    """How a tie was broken, step by step; empty where there was none."""
    said = _names(options(vote), spoken)
    said |= {one: i18n.translate(language, f"choice.{one}") for one in lots.MOTION}
    return [
        Told(line[1], methods.sentence(line, _say(language), said.__getitem__))
        for line in lots.broken(vote.result).lines()
    ]


def _say(language: Language) -> Callable[[str], str]:
    return partial(i18n.translate, language)


def _names(known: Iterable[Option], spoken: Words) -> dict[str, str]:
    return {one.code: spoken.get(("option", one.id, "label"), one.label) for one in known}


def _papers(found: Derivation) -> Papers:
    papers: Papers = found.plan.papers if isinstance(found, EqualShares) else found.papers  # type: ignore[attr-defined]
    return papers


def _told(
    found: Derivation, known: Iterable[Option], language: Language, spoken: Words
) -> Iterable[Told]:
    names = _names(known, spoken)
    for line in found.lines():
        yield Told(line[1], methods.sentence(line, _say(language), names.__getitem__))


def _table(found: Derivation) -> tuple[tuple[Column, ...], Cells, tuple[str, ...]]:
    """The columns, the cells of each option from the best down, and those that are chosen."""
    match found:
        case EqualShares():
            columns = ("cost", "supporters", "paid", "left")
            return tuple((one, 0) for one in columns), _projects(found), found.winners
        case Approval():
            votes = dict(zip(found.options, found.votes, strict=True))
            cells: Cells = {one: (f"{votes[one]:,}",) for one in falling(votes)}
            return (("votes", 0),), cells, found.border.winners
        case Score():
            cells = {one: (f"{found.sums[one]:,}",) for one in falling(found.sums)}
            return (("points", 0),), cells, found.border.winners
        case Borda():
            points = dict(zip(found.options, found.points, strict=True))
            cells = {one: (exact(points[one]),) for one in falling(points)}
            return (("points", 0),), cells, found.border.winners
        case Schulze():
            places = enumerate(found.places, 1)
            cells = {one: (str(place),) for place, group in places for one in group}
            return (("place", 0),), cells, found.border.winners
        case Runoff():
            columns_of = tuple(("round", n) for n, _ in enumerate(found.rounds, 1))
            return columns_of, _rounds(found), found.border.winners
    raise TypeError(found.method)


def _projects(found: EqualShares) -> Cells:
    """Cost, supporters, what each of them paid at most, and what the budget then had left."""
    told: dict[str, tuple[str, ...]] = {}
    for one in found.shared + found.voted:
        paid = exact(one.payments[0].amount) if one.payments else "–"
        told[one.option] = (f"{one.cost:,}", f"{one.supporters:,}", paid, f"{one.left:,}")
    plan = found.plan
    for code, cost, supporters in zip(plan.options, plan.costs, plan.supporters, strict=True):
        told.setdefault(code, (f"{cost:,}", f"{supporters:,}", "–", "–"))
    return told


def _rounds(found: Runoff) -> Cells:
    """What each option had in every round, those longest in the count first."""
    rounds = [dict(zip(one.options, one.votes, strict=True)) for one in found.rounds]
    standing = {
        one: (sum(one in held for held in rounds), max(held.get(one, 0) for held in rounds))
        for one in found.options
    }
    order = sorted(standing, key=standing.__getitem__, reverse=True)
    return {
        one: tuple(exact(held[one]) if one in held else "–" for held in rounds) for one in order
    }
