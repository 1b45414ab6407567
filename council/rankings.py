"""Ranked votes: Schulze (the usual way), rounds of elimination (IRV), and points by place (Borda).

A ballot is a list of groups, the best first; options in one group are equal, and what a ballot
leaves out stands last on it, together. Pure arithmetic, as in methods.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations
from typing import Literal

from council.derivations import exact
from council.methods import (
    Border,
    Derivation,
    Papers,
    Said,
    Told,
    border,
    checked,
    falling,
)

Ranking = tuple[tuple[str, ...], ...]
Table = tuple[tuple[int, ...], ...]

# Why options leave, or why the count ends: all tied last together when even their sum cannot reach
# the next; the one with fewest votes in the latest earlier round that differs; the last by the lot.
Ground = Literal["majority", "nobody", "last", "together", "earlier", "lot", "open"]


@dataclass(frozen=True)
class Schulze(Derivation):
    """Every option against every other, and the strongest chain of such comparisons (a path).

    A path is as strong as its weakest link; a link is a pair that the first wins, as strong as the
    votes for the first ("winning votes"). A beats B when its strongest path to B is stronger than
    B's to A. Places go by layers: in each stand those whom no remaining option beats. (Markus
    Schulze, A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
    single-winner election method, Social Choice and Welfare 36, 2011.)

    Rows and columns follow the options; `wins[a][b]` ballots place a above b, and `paths[a][b]`
    is a strongest path with as few steps as can be, empty when there is none.
    """

    method = "schulze"

    options: tuple[str, ...]
    seats: int
    papers: Papers
    wins: Table
    strengths: Table
    paths: tuple[tuple[tuple[str, ...], ...], ...]
    places: Ranking
    lot: tuple[str, ...]
    border: Border

    @property
    def condorcet(self) -> str | None:
        """The option that wins against every other directly, if there is one."""
        size = range(len(self.options))
        for a in size:
            if all(self.wins[a][b] > self.wins[b][a] for b in size if b != a):
                return self.options[a]
        return None

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, each pair directly, each pair by paths, the places."""
        said: list[Said] = [("schulze.rule", None, {"seats": self.seats}), self.papers.line()]
        pairs = list(combinations(range(len(self.options)), 2))
        said += [self._pair(a, b) for a, b in pairs]
        if self.condorcet and pairs:
            said.append(("schulze.condorcet", None, {"option": self.condorcet}))
        said += [self._paths(a, b) for a, b in pairs]
        for place, options in enumerate(self.places, 1):
            said.append(("schulze.place", None, {"place": place, "options": options}))
        return *said, *self.border.lines()

    def _pair(self, a: int, b: int) -> Said:
        names = {"option": self.options[a], "other": self.options[b]}
        return "schulze.pair", None, {**names, "for": self.wins[a][b], "against": self.wins[b][a]}

    def _paths(self, a: int, b: int) -> Said:
        if self.strengths[a][b] < self.strengths[b][a]:
            a, b = b, a
        strength, back = self.strengths[a][b], self.strengths[b][a]
        names: Told = {"option": self.options[a], "other": self.options[b]}
        if strength == back:
            return "schulze.equal", None, {**names, "strength": strength}
        path: Told = {"path": self.paths[a][b], "strength": strength}
        if not back:
            return "schulze.beats.unanswered", None, {**names, **path}
        return "schulze.beats", None, {**names, **path, "back": back, "answer": self.paths[b][a]}


@dataclass(frozen=True)
class Round:
    """One round: the votes of those still in, ballots with nobody left on them, and what follows.

    `about` are those of whom the ground speaks, `out` those who leave, and `back` is the number of
    the earlier round that decided, otherwise 0.
    """

    options: tuple[str, ...]
    votes: tuple[Fraction, ...]
    exhausted: int
    ground: Ground
    about: tuple[str, ...]
    out: tuple[str, ...] = ()
    back: int = 0

    def lines(self, number: int) -> tuple[Said, ...]:
        """Return the votes from the most down, the ballots with nobody left, and what follows."""
        votes = dict(zip(self.options, self.votes, strict=True))
        count = exact(sum(self.votes, start=Fraction(0)))
        numbers: Told = {"round": number, "count": count, "exhausted": self.exhausted}
        told: list[Said] = [
            ("irv.votes", None, {"option": option, "votes": exact(votes[option])})
            for option in falling(votes)
        ]
        follows: Told = {"options": self.about, "out": self.out, "back": self.back}
        if self.ground == "together":
            least = [votes[option] for option in self.options if option not in self.out]
            follows["sum"] = exact(sum((votes[one] for one in self.out), start=Fraction(0)))
            follows["next"] = exact(min(least))
        if self.ground in {"lot", "open"}:
            return ("irv.round", None, numbers), *told, ("irv.lot", bool(self.out), follows)
        return ("irv.round", None, numbers), *told, (f"irv.{self.ground}", None, follows)


@dataclass(frozen=True)
class Runoff(Derivation):
    """Instant runoff: until one has more than half of the votes that count, the last one leaves.

    A ballot counts for its best option still in; equal ones share it; once it names nobody who is
    still in, it is exhausted. Several last with the same votes leave together when their sum is
    below the next; else the one with fewest in the latest earlier round in which they differ; else
    the last of them by the public lot. Without a lot it stays open between all who are still in.
    """

    method = "irv"

    options: tuple[str, ...]
    papers: Papers
    rounds: tuple[Round, ...]
    lot: tuple[str, ...]
    border: Border

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, each round, and the winner."""
        said: list[Said] = [("irv.rule", None, {}), self.papers.line()]
        for number, one in enumerate(self.rounds, 1):
            said += one.lines(number)
        return *said, *self.border.lines()


@dataclass(frozen=True)
class Borda(Derivation):
    """Points by place: with n options the first gets n - 1, the last 0; equals share their places.

    What a ballot leaves out shares its last places; a blank ballot gives no points.
    """

    method = "borda"

    options: tuple[str, ...]
    seats: int
    papers: Papers
    points: tuple[Fraction, ...]
    lot: tuple[str, ...]
    border: Border

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, each option from the most points down, and the winners."""
        rule: Said = "borda.rule", None, {"seats": self.seats, "first": len(self.options) - 1}
        points = dict(zip(self.options, self.points, strict=True))
        told: list[Said] = [
            ("borda.option", None, {"option": option, "points": exact(points[option])})
            for option in falling(points)
        ]
        return rule, self.papers.line(), *told, *self.border.lines()


def schulze(
    options: Sequence[str],
    ballots: Iterable[Sequence[Sequence[str]]],
    *,
    seats: int = 1,
    lot: Sequence[str] = (),
) -> Schulze:
    """Return the ranking by strongest paths; `lot` is the options' order in a public lot.

    Raises ValueError for options, places or a lot that cannot be.
    """
    order = checked(options, lot, seats)
    papers, ranked = rankings(order, ballots)
    wins = _wins(order, ranked)
    links = tuple(
        tuple(votes if votes > wins[b][a] else 0 for b, votes in enumerate(row))
        for a, row in enumerate(wins)
    )
    strengths = _strengths(links)
    paths = tuple(
        tuple(
            tuple(order[i] for i in _path(links, a, b, strength)) for b, strength in enumerate(row)
        )
        for a, row in enumerate(strengths)
    )
    layers = _layers(strengths)
    places = tuple(tuple(order[i] for i in layer) for layer in layers)
    standing = {option: -place for place, layer in enumerate(places) for option in layer}
    place = border(standing if papers.filled else {}, seats, lot)
    return Schulze(order, seats, papers, wins, strengths, paths, places, tuple(lot), place)


def irv(
    options: Sequence[str],
    ballots: Iterable[Sequence[Sequence[str]]],
    *,
    lot: Sequence[str] = (),
) -> Runoff:
    """Return the rounds of an instant runoff; `lot` is the options' order in a public lot.

    Raises ValueError for options or a lot that cannot be.
    """
    order = checked(options, lot)
    papers, ranked = rankings(order, ballots)
    left, rounds = order, list[Round]()
    while True:
        votes, exhausted = _count(left, ranked)
        ground, about, out, back = _leaving(votes, rounds, lot)
        counts = tuple(votes.values())
        rounds.append(Round(left, counts, exhausted, ground, about, out, back))
        if not out:
            break
        left = tuple(option for option in left if option not in out)
    place = {"majority": Border(about), "open": Border((), left, 1)}.get(ground, Border())
    return Runoff(order, papers, tuple(rounds), tuple(lot), place)


def borda(
    options: Sequence[str],
    ballots: Iterable[Sequence[Sequence[str]]],
    *,
    seats: int = 1,
    lot: Sequence[str] = (),
) -> Borda:
    """Return the points by place; `lot` is the options' order in a public lot.

    Raises ValueError for options, places or a lot that cannot be.
    """
    order = checked(options, lot, seats)
    papers, ranked = rankings(order, ballots)
    halves = dict.fromkeys(order, 0)
    for ballot, times in ranked.items():
        best = len(order) - 1
        for group in _whole(order, ballot) if ballot else ():
            for option in group:
                halves[option] += times * (2 * best - len(group) + 1)
            best -= len(group)
    points = {option: Fraction(twice, 2) for option, twice in halves.items()}
    place = border(points if papers.filled else {}, seats, lot)
    return Borda(order, seats, papers, tuple(points.values()), tuple(lot), place)


def rankings(
    options: Sequence[str], ballots: Iterable[Sequence[Sequence[str]]]
) -> tuple[Papers, dict[Ranking, int]]:
    """Return the ballots counted and, of the valid ones, each ranking with how often it was made.

    Empty groups say nothing and go.
    """
    order, spoiled = {option: place for place, option in enumerate(options)}, 0
    cast = Counter(tuple(map(tuple, ballot)) for ballot in ballots)
    ranked: Counter[Ranking] = Counter()
    for ballot, times in cast.items():
        named = [option for group in ballot for option in group]
        if len(set(named)) == len(named) and order.keys() >= set(named):
            ranked[tuple(tuple(sorted(one, key=order.__getitem__)) for one in ballot if one)] += (
                times
            )
        else:
            spoiled += times
    return Papers(cast.total(), spoiled, ranked[()]), ranked


def _whole(options: Sequence[str], ballot: Ranking) -> Ranking:
    """Return the ballot with those that it leaves out as the last group."""
    named = {option for group in ballot for option in group}
    rest = tuple(option for option in options if option not in named)
    return (*ballot, rest) if rest else ballot


def _wins(options: Sequence[str], ranked: Mapping[Ranking, int]) -> Table:
    size = len(options)
    wins = [[0] * size for _ in options]
    for ballot, times in ranked.items():
        place = {option: number for number, group in enumerate(ballot) for option in group}
        row = [place.get(option, size) for option in options]
        for a, b in permutations(range(size), 2):
            if row[a] < row[b]:
                wins[a][b] += times
    return tuple(map(tuple, wins))


def _strengths(links: Table) -> Table:
    """Return the strength of the strongest path from each to each (Floyd and Warshall)."""
    best = [list(row) for row in links]
    for middle, a, b in permutations(range(len(links)), 3):
        best[a][b] = max(best[a][b], min(best[a][middle], best[middle][b]))
    return tuple(map(tuple, best))


def _path(links: Table, start: int, end: int, strength: int) -> tuple[int, ...]:
    """Return the shortest path whose links all have this strength, the first of several."""
    if not strength:
        return ()
    paths: list[tuple[int, ...]] = [(start,)]
    for path in paths:  # grows while it is read: by steps, then by the order of the options
        if path[-1] == end:
            return path
        seen = {one[-1] for one in paths}
        paths += [
            (*path, i)
            for i, link in enumerate(links[path[-1]])
            if link >= strength and i not in seen
        ]
    return ()


def _layers(strengths: Table) -> tuple[tuple[int, ...], ...]:
    left, layers = set(range(len(strengths))), []
    while left:
        top = [i for i in sorted(left) if all(strengths[j][i] <= strengths[i][j] for j in left)]
        layers.append(tuple(top))
        left -= set(top)
    return tuple(layers)


def _count(left: Sequence[str], ranked: Mapping[Ranking, int]) -> tuple[dict[str, Fraction], int]:
    """Return the votes of those still in, and how many filled ballots name none of them."""
    votes, exhausted = dict.fromkeys(left, Fraction(0)), 0
    for ballot, times in ranked.items():
        groups = ([option for option in group if option in votes] for group in ballot)
        best = next(filter(None, groups), [])
        for option in best:
            votes[option] += Fraction(times, len(best))
        exhausted += times if ballot and not best else 0
    return votes, exhausted


def _leaving(
    votes: Mapping[str, Fraction], rounds: Sequence[Round], lot: Sequence[str]
) -> tuple[Ground, tuple[str, ...], tuple[str, ...], int]:
    """Return the ground, of whom it speaks, who leaves (nobody at the end), the earlier round."""
    count, low, high = sum(votes.values()), min(votes.values()), max(votes.values())
    if not count:
        return "nobody", (), (), 0
    if 2 * high > count:
        return "majority", tuple(one for one in votes if votes[one] == high), (), 0
    last = tuple(option for option in votes if votes[option] == low)
    if len(last) == 1:
        return "last", last, last, 0
    above = [number for number in votes.values() if number > low]
    if above and low * len(last) < min(above):
        return "together", last, last, 0
    tied = last
    for number, earlier in reversed(list(enumerate(rounds, 1))):
        then = dict(zip(earlier.options, earlier.votes, strict=True))
        fewest = min(then[option] for option in last)
        last = tuple(option for option in last if then[option] == fewest)
        if len(last) == 1:
            return "earlier", tied, last, number
    if lot:
        return "lot", last, (max(last, key=list(lot).index),), 0
    return "open", last, (), 0
