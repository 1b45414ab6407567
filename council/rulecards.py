"""Rules cards: a rule in plain words, made from the rule itself, so that neither contradicts."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from council.derivations import Field, Line, exactly
from council.tallies import Base, Count, Tally, Weight, total
from council.thresholds import Electorate, Presence, Rule, Test, Tie

Fields = Mapping[str, Field]


def card(
    rule: Rule, counts: Mapping[str, Count] | None = None, *, motion: bool = True
) -> tuple[Line, ...]:
    """Return the sentences of a rule, in the order in which people ask.

    Without a motion there is no for and against: who votes, what makes it valid, and whether a lot
    decides between equal options.

    `counts`: constituency (or "all") → its tally by each weight, of which only due and present are
    read; with them the card works out the numbers. Nobody present means that it is not known yet.
    """
    return tuple(_sentences(rule, counts or {}, motion=motion))


def entitled(due: Mapping[str, Any]) -> dict[str, Count]:
    """Return the frozen numbers of those entitled as counts, before anybody has come.

    `due`: constituency (or "all") → how many, or weight → how many.
    """
    by = {name: one if isinstance(one, Mapping) else {"heads": one} for name, one in due.items()}
    return {name: {Weight(w): Tally(n, 0) for w, n in one.items()} for name, one in by.items()}


def _sentences(rule: Rule, counts: Mapping[str, Count], *, motion: bool) -> Iterator[Line]:
    names: Fields = {"names": rule.constituencies}
    seats = rule.electorate is Electorate.SEATS
    yield _line(f"who.{rule.electorate}", names if seats else {})
    if rule.constituencies and not seats:
        yield _line("apart", names)
    yield from _valid(rule, counts)
    if motion:
        yield from _by_motion(rule, counts)
    elif rule.tie is Tie.LOT:
        yield _line("place.lot")
    if not rule.binding:
        yield _line("advice")


def _by_motion(rule: Rule, counts: Mapping[str, Count]) -> Iterator[Line]:
    """How for and against decide."""
    if rule.binding:
        yield from _passes(rule, counts)
    yield from _otherwise(rule)
    if rule.binding:
        yield _line(f"tie.{rule.tie}")
    if rule.advisory:
        yield _line("advisory", {"names": rule.advisory})
    if rule.none_unanimous:
        yield _line("none_unanimous")


def _valid(rule: Rule, counts: Mapping[str, Count]) -> Iterator[Line]:
    """When the vote is valid at all."""
    if not (rule.quorum or rule.quorum_each or rule.each_present):
        yield _line("no_quorum")
    for test in rule.quorum:
        fields = _of(rule, test, counted=False)
        yield _line("quorum", fields)
        if due := _sum(rule, counts, test.weight, advisory=True)[0]:
            yield _line("quorum.worked", {**fields, **_worked(test, due)})
    for test in rule.quorum_each:
        yield _line("quorum_each", {
            "constituencies": len(rule.constituencies), "measure": test.weight.value,
            "there": rule.presence.value, "fraction": str(test.share.part),
            "strict": test.share.strict,
        })  # fmt: skip
    if rule.each_present:
        unit = rule.unit(rule.weights[0])
        least: Fields = {"least": rule.each_present, "unit": unit, "there": rule.presence.value}
        yield _line("each_present", {"constituencies": len(rule.constituencies), **least})


def _passes(rule: Rule, counts: Mapping[str, Count]) -> Iterator[Line]:
    """When it is adopted; once it is known how many are there, with the number."""
    for test in rule.passing:
        fields = _of(rule, test, counted=True)
        yield _line("pass", fields)
        due, present = _sum(rule, counts, test.weight, advisory=False)
        base = {Base.ENTITLED: due, Base.PRESENT: present}.get(test.share.base, 0)
        if base:
            yield _line("pass.worked", {**fields, **_worked(test, base)})
        elif due and test.share.base is Base.PRESENT and not rule.advisory:
            least = [one.share.needed(due) for one in rule.quorum if one.weight is test.weight]
            if least:
                yield _line("pass.fewest", {**fields, **_worked(test, max(least))})


def _otherwise(rule: Rule) -> Iterator[Line]:
    """What the constituencies need, and what votes do that are neither for nor against."""
    bases = list(dict.fromkeys(test.share.base for test in rule.passing))
    if rule.need:
        every = rule.needs == len(rule.counted)
        yield _line("need.all" if every else "need", {} if every else {"need": rule.needs})
    if rule.quorum and not rule.abstain_present:
        yield _line("abstain.absent")
    elif rule.quorum and rule.presence is Presence.TURNOUT and Base.PRESENT not in bases:
        yield _line("abstain.there")
    yield from (_line(f"abstain.{base}") for base in bases)
    if rule.presence is Presence.TURNOUT:
        yield from (_line(f"spoiled.{base}") for base in bases)


def _of(rule: Rule, test: Test, *, counted: bool) -> Fields:
    """Return the fields of a share: of what it is, and how much."""
    counted = counted and bool(rule.advisory)
    unit = rule.unit(test.weight)
    return {
        "of": rule.base_code(test.share.base) + (".counted" if counted else ""),
        "noun": unit, "unit": unit, "there": rule.presence.value,
        "fraction": str(test.share.part), "strict": test.share.strict,
    }  # fmt: skip


def _worked(test: Test, base: int) -> Fields:
    """Return the numbers of a share whose base is known."""
    exact = exactly(test.share.part * base, test.weight)
    return {"base": base, "exact": exact, "needed": test.share.needed(base)}


def _sum(
    rule: Rule, counts: Mapping[str, Count], weight: Weight, *, advisory: bool
) -> tuple[int, int]:
    """Return how much is due and present, with or without those who only advise."""
    read = [one[weight] for name, one in counts.items() if advisory or name not in rule.advisory]
    tally = total(read)
    return tally.due, tally.present


def _line(key: str, fields: Fields = MappingProxyType({})) -> Line:
    return Line(f"rulecard.{key}", ok=True, fields=fields)
