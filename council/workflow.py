"""Workflows are data: from where, to where, by whom, and what must be true first."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from council import gate
from council.db import hold
from council.errors import NotReady
from council.gate import Act, Context, Possible, Requirement
from council.policy import Can

G = TypeVar("G", bound=StrEnum)


class Staged(Protocol):
    """A governed row (`Situated`) that stands at a stage; only `advance` moves it.

    Both are Any: mypy checks a bound before it knows that a mapped column gives its value.
    """

    @property
    def community_id(self) -> Any:
        """The place in which the row stands."""

    @property
    def stage(self) -> Any:
        """Where the row stands."""


R = TypeVar("R", bound=Staged)


def _here() -> str:
    """The file and line of the table row under construction, for `council rules`."""
    frame = sys._getframe(1)  # noqa: SLF001
    while frame.f_back and frame.f_globals["__name__"] in {__name__, "typing"}:
        frame = frame.f_back
    return f"{frame.f_globals['__name__'].replace('.', '/')}.py:{frame.f_lineno}"


@dataclass(frozen=True)
class Transition(Generic[R, G]):
    """One row of a workflow: who may move the matter from where to where, and when.

    `effect` does what belongs to the move itself (dates, deadlines), in the same act. A
    transition carries no form data: what it needs was attached before, and `requires` looks for it.
    `behalf` allows a worker to do it for somebody.
    """

    name: str
    source: G
    to: G
    who: Can
    requires: tuple[Callable[[Context, R], bool], ...] = ()
    effect: Callable[[Context, R], None] | None = None
    behalf: bool = False
    where: str = field(default_factory=_here)


class Workflow(Generic[R, G]):
    """One course of things. `kind` prefixes its acts in the log: `proposal.admit`."""

    def __init__(self, kind: str, start: G, transitions: tuple[Transition[R, G], ...]) -> None:
        self.kind = kind
        self.start = start
        self.transitions = transitions
        self.acts: dict[tuple[str, G], Act] = {}
        for one in transitions:
            self.acts[one.name, one.source] = Act(
                f"{kind}.{one.name}", one.who, one.requires, one.behalf, where=one.where,
                moves=((one.source.value, one.to.value),),
            )  # fmt: skip
        for name in dict.fromkeys(one.name for one in transitions):
            self._register(name)

    def _register(self, name: str) -> None:
        """Declare the act in the list of all acts; one name may leave from several stages."""
        same = [self.acts[one.name, one.source] for one in self.transitions if one.name == name]
        requires: tuple[Requirement, ...] = tuple(
            dict.fromkeys(need for one in same for need in one.requires)
        )
        moves = tuple(move for one in same for move in one.moves)
        gate.register(
            Act(
                f"{self.kind}.{name}", same[0].who, requires, same[0].behalf,
                where=same[0].where, moves=moves,
            )
        )  # fmt: skip

    def flaws(self, stages: Iterable[G], aside: Iterable[G] = ()) -> list[str]:
        """What is wrong with the table itself; a test asserts that this is empty.

        `aside` are stages that are reached in other ways.
        """
        seen, todo = {self.start}, [self.start]
        while todo:
            here = todo.pop()
            ahead = {one.to for one in self.transitions if one.source is here} - seen
            seen |= ahead
            todo += ahead
        lost = [f"unreachable: {stage}" for stage in stages if stage not in seen | set(aside)]
        pairs = [(one.source, one.name) for one in self.transitions]
        twice = [f"declared twice: {pair}" for pair in set(pairs) if pairs.count(pair) > 1]
        silent = [
            f"no docstring: {need.__name__}"
            for one in self.transitions
            for need in one.requires
            if not need.__doc__
        ]
        return lost + twice + silent

    def find(self, name: str, stage: G) -> Transition[R, G] | None:
        """The transition of this name that leaves from the stage."""
        found = (one for one in self.transitions if one.name == name and one.source is stage)
        return next(found, None)


def open_transitions(
    ctx: Context, table: Workflow[R, G], row: R
) -> list[tuple[Transition[R, G], Possible]]:
    """The transitions this actor may make now, each with what still blocks it."""
    found = []
    for one in table.transitions:
        spec = table.acts[one.name, one.source]
        if one.source is row.stage and gate.permitted(ctx, spec, row) is not None:
            found.append((one, Possible(spec.name, tuple(gate.unmet(ctx, spec, row)))))
    return found


def advance(
    ctx: Context,
    table: Workflow[R, G],
    row: R,
    name: str,
    also: Callable[[], None] | None = None,
) -> None:
    """Move the row along the transition of this name; the only writer of `stage`.

    The row is held first, so that nobody takes it the same way, or another one, beside this.
    `also` writes down what came with the step (a reason, a report), in the same act.
    Raises NotReady when no such transition leaves from here or something is missing, NotAllowed
    when somebody else must do it.
    """
    hold(ctx.session, row)
    found = table.find(name, row.stage)
    if found is None:
        raise NotReady("no_such_step", stage=f"stage.{row.stage.value}")
    one = found

    def move() -> None:
        row.stage = one.to  # type: ignore[misc]
        if also:
            also()
        if one.effect:
            one.effect(ctx, row)

    gate.through(ctx, table.acts[one.name, one.source], row, move, (one.source.value, one.to.value))
