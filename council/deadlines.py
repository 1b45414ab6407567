"""A promise has a date: how long the council gave itself, what is left, or how far it is over.

The calendar is passed in (`is_working`), so that the arithmetic is the same today and in any later
recount. Instants go in and come out as aware datetimes (UTC comes out). Days are days in Shanghai
and end at 24:00, the next day's 00:00. Sources: Civil Code Art. 201 (the day of the start is not
counted) and Art. 203 (a period in days whose last day is a day of rest ends with the next working
day, at 24:00).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKING_HOURS = ((time(8, 30), time(12, 0)), (time(13, 30), time(17, 30)))

IsWorking = Callable[[date], bool]
Pause = tuple[datetime, datetime | None]
Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_HORIZON = 3660  # days. A calendar without a working day in ten years is broken, not patient.


class Unit(StrEnum):
    """What a time limit is counted in."""

    HOUR = "h"
    WORKING_HOUR = "wh"
    DAY = "d"
    WORKING_DAY = "wd"


@dataclass(frozen=True)
class Limit:
    """A time limit such as three working days, written "3wd"; at least 1, else ValueError."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError(f"a time limit is at least 1, not {self.amount}")

    def __str__(self) -> str:
        return f"{self.amount}{self.unit.value}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "48h", "4wh", "15d" or "3wd"; ValueError for anything else."""
        found = re.fullmatch(r"([0-9]{1,4})(h|wh|d|wd)", text)
        if not found:
            raise ValueError(f"not a time limit: {text!r}")
        return cls(int(found[1]), Unit(found[2]))


@dataclass(frozen=True)
class Remaining:
    """How a deadline stands now: `overdue` says which way the numbers count, never below zero.

    `days` are calendar days and `working_days` working days between today and the last day, without
    the earlier of the two: 0 days left is "today", 1 day overdue is the day after the last day.
    `hours` are whole hours to the instant, or since.
    """

    overdue: bool
    days: int
    working_days: int
    hours: int


def due(
    start: datetime, limit: Limit, is_working: IsWorking, pauses: Sequence[Pause] = ()
) -> datetime:
    """Return the instant (UTC) at which `limit`, running from `start`, is over.

    - `h`: hours by the clock. `wh`: hours within the working hours of working days. Time inside a
      pause does not run.
    - `d`, `wd`: days, or working days, after the day of the start; over at 24:00. A day in which
      the clock stood still, even for a moment, is not counted, as the day of the start is not. A
      last day that is a day of rest moves to the next working day.

    A pause without an end has not extended anything yet: the clock stands, and what is returned is
    the earliest date. Raises ValueError for naive datetimes, a pause that ends before it starts,
    and a calendar without working days.
    """
    _require_aware(start)
    spans = [(a, b) for a, b in pauses if b is not None]
    for begun, ended in spans:
        _require_aware(begun, ended)
        if ended < begun:
            raise ValueError("a pause ends before it starts")
    spans = sorted((a, b) for a, b in spans if a < b)
    if limit.unit is Unit.HOUR:
        return _spend(_running((start, start + _HORIZON * _DAY), spans), limit.amount * _HOUR)
    if limit.unit is Unit.WORKING_HOUR:
        shifts = _shifts(start, is_working)
        return _spend(
            (piece for shift in shifts for piece in _running(shift, spans)), limit.amount * _HOUR
        )
    return day_end(_last_counted_day(local_date(start), limit, is_working, spans))


def left(now: datetime, due: datetime, is_working: IsWorking) -> Remaining:
    """Return what is left until `due`, or has passed since; the instant `due` itself is overdue."""
    _require_aware(now, due)
    today, last = local_date(now), last_day(due)
    first, until = min(today, last), max(today, last)
    days = (until - first).days
    working = sum(is_working(first + n * _DAY) for n in range(1, days + 1))
    return Remaining(
        overdue=now >= due, days=days, working_days=working, hours=abs(due - now) // _HOUR
    )


def local_date(instant: datetime) -> date:
    """Return the day in Shanghai in which an instant falls."""
    return instant.astimezone(SHANGHAI).date()


def last_day(due: datetime) -> date:
    """Return the day to print for a deadline: 24:00 belongs to the day that ends then."""
    return local_date(due - timedelta(microseconds=1))


def day_start(day: date) -> datetime:
    """Return 00:00 in Shanghai of a day, as an instant in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def day_end(day: date) -> datetime:
    """Return 24:00 in Shanghai of a day, as an instant in UTC."""
    return day_start(day + _DAY)


def window_end(start: datetime, days: int) -> datetime:
    """Return when a window of at least `days` whole days that opens at `start` may close, at 24:00.

    For consultations, postings and objections: it is open time, not a duty to act, so it may close
    on a day of rest.
    """
    _require_aware(start)
    return day_end(local_date(start) + days * _DAY)


def notice_by(event: datetime, days: int) -> datetime:
    """Return the last instant to give notice of an event: 24:00 of the day `days` days earlier.

    The day of the notice is not counted and the day of the event is: ten days before the 11th is
    the 1st.
    """
    _require_aware(event)
    return day_end(local_date(event) - days * _DAY)


def _require_aware(*instants: datetime) -> None:
    if any(instant.utcoffset() is None for instant in instants):
        raise ValueError("an instant needs its time zone")


def _last_counted_day(day: date, limit: Limit, is_working: IsWorking, spans: list[Span]) -> date:
    only_working = limit.unit is Unit.WORKING_DAY
    counted = 0
    for _ in range(_HORIZON):
        day += _DAY
        if any(a < day_end(day) and b > day_start(day) for a, b in spans):
            continue
        working = is_working(day)
        counted += working or not only_working
        if working and counted >= limit.amount:
            return day
    raise ValueError(f"no end of {limit} within ten years")


def _shifts(start: datetime, is_working: IsWorking) -> Iterator[Span]:
    """Yield the working hours from `start` on, as instants."""
    day = local_date(start)
    for _ in range(_HORIZON):
        if is_working(day):
            for opens, closes in WORKING_HOURS:
                a, b = (datetime.combine(day, t, SHANGHAI).astimezone(UTC) for t in (opens, closes))
                if b > start:
                    yield max(a, start), b
        day += _DAY


def _running(span: Span, spans: list[Span]) -> Iterator[Span]:
    """Yield the pieces of a span that no pause covers; the pauses are sorted."""
    a, b = span
    for begun, ended in spans:
        if begun >= b:
            break
        if begun > a:
            yield a, begun
        a = max(a, ended)
    if a < b:
        yield a, b


def _spend(pieces: Iterable[Span], amount: timedelta) -> datetime:
    """Return the instant at which the pieces, in order, have used up the amount."""
    for a, b in pieces:
        if amount <= b - a:
            return (a + amount).astimezone(UTC)
        amount -= b - a
    raise ValueError("the time limit has no end within ten years")
