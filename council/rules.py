"""Every rule the council knows: each act, who may, what it needs, and where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from council import db, process
from council.gate import ACTS, place_of
from council.i18n import Language, translate
from council.policy import HOLDERS, Can
from council.proposals import Proposal, Stage
from council.workflow import Transition


@dataclass(frozen=True)
class Rule:
    """One act: its name, who may do it, from where to where, what must be true, file and line."""

    name: str
    who: str
    moves: tuple[tuple[str, str], ...]
    requires: tuple[tuple[str, str], ...]
    where: str
    entry: bool


def listing(word: str = "") -> Iterator[Rule]:
    """Every act whose name or requirement contains the word, by name."""
    db.load_tables()
    for spec in sorted(ACTS.values(), key=lambda one: one.name):
        needs = tuple((need.__name__, place_of(need)) for need in spec.requires)
        if word in spec.name or any(word in name for name, _ in needs):
            yield Rule(spec.name, holders(spec.who), spec.moves, needs, spec.where, spec.entry)


def holders(can: Can) -> str:
    """Those who hold a permission, as codes; `system` and `self` stand for themselves."""
    held = HOLDERS[can]
    names = [one.value for one in held.posts] + [one.value for one in held.constituencies]
    return ", ".join(sorted(names)) or can.value


def text(word: str = "") -> str:
    """The listing as `council rules` prints it, one act a paragraph."""
    lines = []
    for rule in listing(word):
        lines.append(f"{rule.name}  [{rule.who}]  {rule.where}")
        lines += [f"    {source} → {to}" for source, to in rule.moves]
        lines += [f"    needs {name}  {where}" for name, where in rule.requires]
        lines += [] if rule.entry else ["    its entry follows with its batch"]
    return "\n".join(lines)


# The constitution as a page: docs/process.md


def document() -> str:
    """docs/process.md: the proposal's road as a diagram and a table, from the workflow itself."""
    return "\n".join(
        [
            "# The road of a proposal",
            "",
            "Written by `council rules --document` from council/process.py; a test compares it.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> draft",
            *(f"    {one.source.value} --> {one.to.value}: {one.name}" for one in _table()),
            "```",
            "",
            "| step | from → to | who | needs |",
            "|---|---|---|---|",
            *(_row(one) for one in _table()),
        ]
    )


def _table() -> tuple[Transition[Proposal, Stage], ...]:
    return process.PROPOSAL.transitions


def _row(one: Transition[Proposal, Stage]) -> str:
    needs = "<br>".join(both(f"need.{need.__name__}") for need in one.requires) or "–"
    way = f"{both(f'stage.{one.source.value}')} → {both(f'stage.{one.to.value}')}"
    return f"| {both(f'do.proposal.{one.name}')} | {way} | {holders(one.who)} | {needs} |"


def both(key: str) -> str:
    """A message in both languages."""
    languages: tuple[Language, ...] = ("zh", "en")
    return " ".join(translate(language, key) for language in languages)
