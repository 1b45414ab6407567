"""The refusals a rule may raise: each is a sentence a person can read, in either language."""

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what was typed; `key` names the sentence `error.<key>`."""

    key: str
    field: str = ""
    fields: dict[str, object] = dataclasses.field(default_factory=dict)


class CouncilError(Exception):
    """A refusal. `error.<key>` is its sentence, `fields` fill the sentence's gaps."""

    def __init__(self, key: str, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        self.fields = fields


class NotFound(CouncilError):
    """There is no such thing, or this person may not know of it (HTTP 404)."""


class NotAllowed(CouncilError):
    """This person does not hold the office or membership that the act needs (HTTP 403)."""


class NotReady(CouncilError):
    """The act exists, but something it needs is still missing (HTTP 409).

    `needs` names the unmet requirements; each has its sentence `need.<name>`.
    """

    def __init__(self, key: str, needs: Iterable[str] = (), **fields: object) -> None:
        super().__init__(key, **fields)
        self.needs = tuple(needs)


class TooMany(CouncilError):
    """Too many attempts in a short time (HTTP 429); `seconds` says when to try again."""

    def __init__(self, key: str, seconds: int) -> None:
        super().__init__(key, seconds=seconds)
        self.seconds = seconds


class Invalid(CouncilError):
    """What was typed cannot be accepted (HTTP 422); every problem is listed at once."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].key, **problems[0].fields)
        self.problems = problems


class Checks:
    """Collects everything that is wrong with a form, so that nobody corrects it one by one."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, ok: object, key: str, field: str = "", **fields: object) -> bool:
        """Note the problem `error.<key>` about `field` unless `ok`; return whether it was fine."""
        if not ok:
            self.problems.append(Problem(key, field, fields))
        return bool(ok)

    def text(self, value: str, field: str, *, limit: int, required: bool = True) -> bool:
        """A written answer: not empty when required, and at most `limit` characters."""
        if required and not self(value.strip(), "empty", field):
            return False
        return self(len(value) <= limit, "too_long", field, limit=limit, now=len(value))


@contextmanager
def checking() -> Iterator[Checks]:
    """Run checks and raise one `Invalid` with all problems at the end.

    >>> with checking() as check:
    ...     check(True, "empty", "title")
    True
    """
    checks = Checks()
    yield checks
    if checks.problems:
        raise Invalid(*checks.problems)
