"""Sheets: what one person keys from a bundle of paper; checked, compared, put into piles."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from council import choices, paperballots
from council.errors import Checks, Invalid
from council.tallies import ALL
from council.votes import Choice, Method, Vote, Voter

BALLOTS, HIGHEST = 1000, 100_000
"""Most ballots keyed one by one, largest number of a total."""

SPOILED = "spoiled"
"""The fourth heap of a motion: slips from the box that say nothing valid."""

HEAPS = (*(one.value for one in Choice), SPOILED)
"""How the slips of a motion lie on the table."""

Listed = Sequence[tuple[int, Any]]
"""Ballots one by one: the number of the slip, or of the voter; what it says, None if spoiled."""

Totals = Mapping[str, Mapping[str, int]]
"""Constituency (or "all") → heap → how many."""

Place = tuple[str, str]
"""Where two sheets differ: constituency and heap; "number" and a number; "slips" and which."""


@dataclass(frozen=True)
class Sheet:
    """What one person counted: the slips of the box, those exchanged, those left over."""

    content: Totals | Listed
    spoiled: int
    unused: int


def by_heaps(vote: Vote) -> bool:
    """Whether totals are keyed: a secret motion; other ballots are keyed one by one."""
    return vote.method is Method.MOTION and not paperballots.by_name(vote)


def sides(vote: Vote) -> tuple[str, ...]:
    """The constituencies that are counted by themselves, or "all"."""
    return tuple(vote.rule.get("constituencies") or (ALL,))


def checked(session: Session, vote: Vote, sheet: Sheet, elsewhere: Collection[int]) -> Any:
    """The content of a sheet in its one form. Raises Invalid, with every problem.

    `elsewhere`: the numbers that stand in other bundles.
    """
    check, given = Checks(), sheet.content
    for name in ("spoiled", "unused"):
        check(0 <= getattr(sheet, name) <= HIGHEST, "out_of_range", name, low=0, high=HIGHEST)
    if isinstance(given, Mapping):
        content: Any = _heaped(vote, check, given)
    else:
        content = _listed(session, vote, check, given, elsewhere)
    if check.problems:
        raise Invalid(*check.problems)
    return content


def _heaped(vote: Vote, check: Checks, given: Totals) -> dict[str, dict[str, int]]:
    content = {
        side: {heap: int(given.get(side, {}).get(heap, 0)) for heap in HEAPS}
        for side in sides(vote)
    }
    every = [n for heaps in content.values() for n in heaps.values()]
    check(by_heaps(vote), "not_a_choice", "content")
    check(all(0 <= n <= HIGHEST for n in every), "out_of_range", "content", low=0, high=HIGHEST)
    return content


def _listed(
    session: Session, vote: Vote, check: Checks, given: Listed, elsewhere: Collection[int]
) -> list[list[Any]]:
    """Ballots one by one, each number known, given out and keyed once."""
    check(not by_heaps(vote), "not_a_choice", "content")
    check(len(given) <= BALLOTS, "too_many_lines", "content", most=BALLOTS)
    known, times = _known(session, vote), Counter(n for n, _ in given)
    key = "not_on_paper" if paperballots.by_name(vote) else "slip_not_out"
    for n in times:
        if check(n in known, key, "content", number=n):
            check(times[n] == 1 and n not in elsewhere, "keyed_twice", "content", number=n)
    made: list[list[Any]] = []
    for n, said in given:
        try:
            made.append([n, None if said is None else choices.checked(vote, said)])
        except Invalid:
            check(ok=False, key="line_invalid", field="content", number=n)
    return sorted(made, key=lambda one: int(one[0]))


def _known(session: Session, vote: Vote) -> Collection[int]:
    """The numbers that can stand on a ballot: voters with a slip, or slips that count."""
    if paperballots.by_name(vote):
        return paperballots.on_paper(session, vote.id)
    issued = paperballots.stock(session, vote.id).issued
    return set(range(1, issued + 1)) - set(paperballots.spoiled(session, vote.id))


def used(content: Any) -> int:
    """How many slips of the box a sheet tells of."""
    if isinstance(content, dict):
        return sum(n for heaps in content.values() for n in heaps.values())
    return len(content)


def differences(one: Any, other: Any) -> list[Place]:
    """Where two sheets differ, and only where; what is the same in both is not told."""
    found: list[Place] = []
    if isinstance(one.content, dict):
        found += [
            (side, heap)
            for side, heaps in one.content.items()
            for heap in heaps
            if heaps[heap] != other.content[side][heap]
        ]
    else:
        mine, theirs = dict(one.content), dict(other.content)
        found += [
            ("number", str(n))
            for n in sorted({*mine, *theirs})
            if (n in mine, mine.get(n)) != (n in theirs, theirs.get(n))
        ]
    rest = ("spoiled", "unused")
    return found + [("slips", one_) for one_ in rest if getattr(one, one_) != getattr(other, one_)]


Pile = list[Any]
"""[constituency or "all", choice (None: spoiled), voters, area in hundredths of a m²]."""


def piles(session: Session, vote: Vote, agreed: Iterable[tuple[str, Any]]) -> list[Pile]:
    """What was agreed, equal ballots together; `agreed`: constituency and content of each bundle.

    In a vote by name constituency and area follow from the roll.
    """
    found = list(agreed)
    if by_heaps(vote):
        return _summed(vote, [content for _, content in found])
    known = paperballots.on_paper(session, vote.id) if paperballots.by_name(vote) else {}
    made: dict[tuple[str, str], Pile] = {}
    for side, content in found:
        for n, said in content:
            place, area = _of_voter(known[n]) if known else (side, 0)
            pile = made.setdefault((place, repr(said)), [place, said, 0, 0])
            pile[2] += 1
            pile[3] += area
    return [made[key] for key in sorted(made)]


def _summed(vote: Vote, found: Iterable[Totals]) -> list[Pile]:
    sums = Counter[tuple[str, str]]()
    for content in found:
        for side, heaps in content.items():
            sums.update({(side, heap): n for heap, n in heaps.items()})
    return [
        [side, None if heap == SPOILED else heap, sums[side, heap], 0]
        for side in sides(vote)
        for heap in HEAPS
        if sums[side, heap]
    ]


def _of_voter(voter: Voter) -> tuple[str, int]:
    return voter.constituency.value if voter.constituency else ALL, voter.area
