"""What a person typed: read safely, kept word for word, with everything that is wrong with it."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Self, TypeVar

from starlette.datastructures import FormData, UploadFile

from council import files
from council import text as texts
from council.errors import Checks, Invalid, Problem
from council.i18n import ZONE
from council.web.uploads import LARGEST_FORM, LeftOut

E = TypeVar("E", bound=StrEnum)

NOTHING = date(1, 1, 1)
MEGABYTE = 1024 * 1024
MOMENT = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?$")
WIDE = str.maketrans("０１２３４５６７８９．－", "0123456789.-")


class TooLarge(Invalid):
    """Photographs did not fit in (HTTP 413); the form is shown again with every word."""


class Form:
    """A form as it was sent, or as it is first shown.

    Reading (`line`, `text`, `choice` …) returns a clean value and notes what is wrong; inside
    `with form.reading():` one Invalid is raised at the end, so what a reader returned for a wrong
    answer is never used.
    """

    def __init__(
        self, data: FormData | Mapping[str, Any] | None = None, /, **first: object
    ) -> None:
        self._sent: dict[str, list[Any]] = {}
        pairs: Iterable[tuple[str, Any]] = ()
        if isinstance(data, FormData):
            pairs = data.multi_items()
        elif data is not None:
            pairs = data.items()
        for name, value in pairs:
            self._sent.setdefault(name, []).append(value)
        for name, value in first.items():
            shown = value if isinstance(value, list | tuple | set | frozenset) else [value]
            self._sent[name] = [_shown(one) for one in shown]
        self.check = Checks()

    # Showing it again

    def value(self, name: str, default: str = "") -> str:
        """What was typed, word for word; files are never kept."""
        found = next((one for one in self._sent.get(name, ()) if isinstance(one, str)), None)
        return default if found is None else found

    def values(self, name: str) -> list[str]:
        """Everything that was ticked under this name."""
        return [one for one in self._sent.get(name, ()) if isinstance(one, str)]

    @property
    def once(self) -> str:
        """A number that the page gives the form, by which it is known again when sent twice."""
        return self.value("once") or secrets.token_urlsafe(9)

    def key(self, *names: str) -> str:
        """What two sendings of a form have in common: its number, and these answers."""
        told = [[one.strip() for one in self.values(name)] for name in ("once", *names)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, in the order of the form."""
        return self.check.problems

    def problem(self, name: str) -> Problem | None:
        """The first thing that is wrong with this field."""
        return next((one for one in self.problems if one.field == name), None)

    def wrong(self, refusal: Invalid) -> Self:
        """The form to show again, after a refusal by the reading or by the rule."""
        more = [] if isinstance(refusal, TooLarge) else self._left_out(*self._sent)
        self.check.problems = [*refusal.problems, *more]
        return self

    # Reading it

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """Read everything inside; raise one Invalid with all problems at the end."""
        yield self
        if self.problems:
            raise Invalid(*self.problems)

    def line(self, name: str, limit: int = 200, *, required: bool = True) -> str:
        """One line of plain text of at most `limit` characters."""
        return self._written(name, texts.clean_line(self.value(name)), limit, required=required)

    def text(self, name: str, limit: int = 2000, *, required: bool = True) -> str:
        """Several lines of plain text of at most `limit` characters."""
        return self._written(name, texts.clean(self.value(name)), limit, required=required)

    def _written(self, name: str, value: str, limit: int, *, required: bool) -> str:
        now = texts.length(value)
        if required and not self.check(value, "empty", name):
            return value
        self.check(now <= limit, "too_long", name, limit=limit, now=now)
        return value

    def choice(self, name: str, kind: type[E]) -> E:
        """One of the enum's members. The first stands in for a wrong answer."""
        return self.choice_or_none(name, kind, required=True) or next(iter(kind))

    def choice_or_none(self, name: str, kind: type[E], *, required: bool = False) -> E | None:
        """One of the enum's members, or nothing."""
        typed = self.value(name)
        if not typed:
            self.check(not required, "not_chosen", name)
            return None
        found = next((one for one in kind if one.value == typed), None)
        self.check(found is not None, "not_a_choice", name)
        return found

    def choices(self, name: str, kind: type[E]) -> list[E]:
        """Every member that was ticked, in the enum's order."""
        ticked = self.values(name)
        known = {one.value for one in kind}
        self.check(all(one in known for one in ticked), "not_a_choice", name)
        return [one for one in kind if one.value in ticked]

    def integer(self, name: str, low: int = 0, high: int = 10**9) -> int:
        """A whole number from `low` to `high`; `low` stands in for a wrong answer."""
        found = self.integer_or_none(name, low, high, required=True)
        return low if found is None else found

    def integer_or_none(
        self, name: str, low: int = 0, high: int = 10**9, *, required: bool = False
    ) -> int | None:
        """A whole number from `low` to `high`, or nothing."""
        typed = self._digits(name)
        if not typed:
            self.check(not required, "empty", name)
            return None
        if not self.check(re.fullmatch(r"-?[0-9]{1,12}", typed), "not_a_number", name):
            return None
        self.check(low <= int(typed) <= high, "out_of_range", name, low=low, high=high)
        return int(typed)

    def decimal(self, name: str, *, required: bool = True) -> Decimal | None:
        """An amount with at most two places, not negative."""
        typed = self._digits(name)
        if not typed:
            self.check(not required, "empty", name)
            return None
        try:
            found = Decimal(typed) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", typed) else None
        except InvalidOperation:
            found = None
        self.check(found is not None, "not_a_number", name)
        return found

    def day(self, name: str) -> date:
        """A day; 0001-01-01 stands in for a wrong answer."""
        return self.day_or_none(name, required=True) or NOTHING

    def day_or_none(self, name: str, *, required: bool = False) -> date | None:
        """A day, or nothing."""
        typed = self._digits(name)
        if not typed:
            self.check(not required, "empty", name)
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            self.check(False, "not_a_date", name)
            return None

    def moment(self, name: str) -> datetime:
        """A day and an hour on the community's clock, as an instant (UTC)."""
        return self.moment_or_none(name, required=True) or datetime(1, 1, 2, tzinfo=UTC)

    def moment_or_none(self, name: str, *, required: bool = False) -> datetime | None:
        """A day and an hour on the community's clock as an instant (UTC), or nothing."""
        typed = self._digits(name)
        if not typed:
            self.check(not required, "empty", name)
            return None
        try:
            found = datetime.fromisoformat(typed) if MOMENT.match(typed) else None
        except ValueError:
            found = None
        self.check(found is not None, "not_a_date", name)
        return found.replace(tzinfo=ZONE).astimezone(UTC) if found else None

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.value(name) not in ("", "0", "false")

    def files(self, name: str) -> list[UploadFile]:
        """The files that were chosen; an empty chooser sends one without a name.

        Raises TooLarge, which names those that did not fit.
        """
        if left_out := self._left_out(name):
            raise TooLarge(*left_out)
        sent = (one for one in self._sent.get(name, ()) if isinstance(one, UploadFile))
        return [one for one in sent if one.filename]

    def _left_out(self, *names: str) -> list[Problem]:
        return [
            _left_out(one, name)
            for name in names
            for one in self._sent.get(name, ())
            if isinstance(one, LeftOut)
        ]

    def _digits(self, name: str) -> str:
        """A number or date as typed, full-width digits included, separators left out."""
        return self.value(name).strip().translate(WIDE).replace(",", "").replace("，", "")


def _left_out(file: LeftOut, field: str) -> Problem:
    """Which photograph did not fit, and why; its size in megabytes, rounded up."""
    size, alone = file.size or 0, (file.size or 0) > files.LARGEST
    limit = (files.LARGEST if alone else LARGEST_FORM) // MEGABYTE
    said = {"name": texts.clean_line(file.filename or "")[:60], "limit": limit}
    if not alone:
        return Problem("photo_left_out", field, said)
    return Problem("photo_too_large", field, said | {"size": -(-size * 10 // MEGABYTE) / 10})


def _shown(value: object) -> object:
    """A stored value as a form shows it: enums by value, instants on the community's clock."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    return str(value)
