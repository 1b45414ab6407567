"""Deadlines by hand, then the properties that every deadline has."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from council.deadlines import (
    SHANGHAI,
    Limit,
    Pause,
    Remaining,
    Unit,
    day_end,
    day_start,
    due,
    last_day,
    left,
    local_date,
    notice_by,
    window_end,
)

SPRING = {date(2026, 2, 15) + timedelta(n) for n in range(9)}
AUTUMN = {date(2026, 10, 1) + timedelta(n) for n in range(7)}
MAKE_UP = {date(2026, 2, 14), date(2026, 10, 10)}


def is_working(day: date) -> bool:
    """The two long holidays of 2026 and the Saturdays that are worked for them."""
    return day in MAKE_UP or (day not in SPRING | AUTUMN and day.weekday() < 5)


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def end(month: int, day: int) -> datetime:
    return at(month, day, 0) + timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        (
            at(2, 13),
            "3wd",
            end(2, 25),
        ),  # Saturday the 14th is worked, the 15th to the 23rd are closed
        (at(2, 13, 0), "1wd", end(2, 14)),
        (at(2, 13, 23, 59), "1wd", end(2, 14)),
        (at(2, 18), "1wd", end(2, 24)),
        (at(10, 9), "1wd", end(10, 10)),
        (at(10, 9), "2wd", end(10, 12)),
        (at(3, 2), "5wd", end(3, 9)),
        (at(3, 2), "15d", end(3, 17)),
        (at(3, 2), "5d", end(3, 9)),  # the 7th is a Saturday
        (at(2, 7), "7d", end(2, 14)),
        (at(2, 7), "8d", end(2, 24)),
        (at(2, 13), "2h", at(2, 13, 12)),
        (at(2, 13), "48h", at(2, 15)),
        (at(3, 2, 8), "2wh", at(3, 2, 10, 30)),
        (at(3, 2, 10), "2wh", at(3, 2, 12)),
        (at(3, 2, 11), "2wh", at(3, 2, 14, 30)),
        (at(3, 2, 12, 30), "1wh", at(3, 2, 14, 30)),
        (at(3, 6, 17), "4wh", at(3, 9, 12)),
        (at(3, 7, 9), "1wh", at(3, 9, 9, 30)),
        (at(2, 13, 17), "8wh", at(2, 14, 17, 30)),
        (at(2, 13, 17), "9wh", at(2, 24, 9, 30)),
    ],
)
def test_a_limit_ends_where_a_person_with_a_calendar_says(
    start: datetime, limit: str, expected: datetime
) -> None:
    found = due(start, Limit.parse(limit), is_working)
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "limit", "pauses", "expected"),
    [
        (at(3, 2, 9), "2h", [(at(3, 2, 10), at(3, 2, 10, 30))], at(3, 2, 11, 30)),
        (at(3, 2, 9), "2h", [(at(3, 2, 8), at(3, 2, 9, 15))], at(3, 2, 11, 15)),
        (at(3, 2, 9), "2h", [(at(3, 2, 12), at(3, 2, 13))], at(3, 2, 11)),
        (
            at(3, 2, 9),
            "2h",
            [(at(3, 2, 10), at(3, 2, 12)), (at(3, 2, 9, 30), at(3, 2, 11))],
            at(3, 2, 13, 30),
        ),
        (at(3, 2, 9), "4wh", [(at(3, 2, 11, 30), at(3, 2, 14))], at(3, 2, 15, 30)),
        (at(3, 2), "3wd", [(at(3, 3, 15), at(3, 3, 15, 1))], end(3, 6)),
        (at(3, 2), "3wd", [(at(3, 3), at(3, 5))], end(3, 10)),
        (at(3, 2), "3wd", [(at(3, 6), at(3, 6, 11))], end(3, 5)),
        (
            at(3, 2),
            "3wd",
            [(at(3, 2, 11), at(3, 3, 0))],
            end(3, 5),
        ),  # the day of the start was never counted
        (
            at(3, 2),
            "3d",
            [(at(3, 3), at(3, 4))],
            end(3, 9),
        ),  # 5th, 6th, 7th, and the 7th is a Saturday
        (at(3, 2), "3wd", [(at(3, 3), None)], end(3, 5)),
        (at(3, 2), "3wd", [(at(3, 3), at(3, 3))], end(3, 5)),
    ],
)
def test_a_pause_extends(
    start: datetime, limit: str, pauses: list[Pause], expected: datetime
) -> None:
    assert due(start, Limit.parse(limit), is_working, pauses) == expected


@pytest.mark.parametrize(
    ("now", "deadline", "expected"),
    [
        (at(3, 2), end(3, 5), Remaining(overdue=False, days=3, working_days=3, hours=86)),
        (at(3, 5, 23), end(3, 5), Remaining(overdue=False, days=0, working_days=0, hours=1)),
        (end(3, 6), end(3, 6), Remaining(overdue=True, days=1, working_days=0, hours=0)),
        (at(3, 9), end(3, 6), Remaining(overdue=True, days=3, working_days=1, hours=58)),
        (at(2, 20), end(2, 13), Remaining(overdue=True, days=7, working_days=1, hours=154)),
        (at(2, 13), end(2, 25), Remaining(overdue=False, days=12, working_days=3, hours=302)),
        (at(3, 2, 9, 20), at(3, 2, 10), Remaining(overdue=False, days=0, working_days=0, hours=0)),
        (at(3, 2, 13), at(3, 2, 10), Remaining(overdue=True, days=0, working_days=0, hours=3)),
    ],
)
def test_what_is_left_or_over_can_be_shown(
    now: datetime, deadline: datetime, expected: Remaining
) -> None:
    assert left(now, deadline, is_working) == expected


def test_a_day_ends_at_24_00_and_belongs_to_itself() -> None:
    assert day_end(date(2026, 2, 25)) == datetime(2026, 2, 25, 16, tzinfo=UTC)
    assert last_day(day_end(date(2026, 2, 25))) == date(2026, 2, 25)
    assert local_date(day_start(date(2026, 2, 25))) == date(2026, 2, 25)
    assert last_day(at(3, 2, 14)) == date(2026, 3, 2)


def test_a_window_stays_open_for_whole_days_and_does_not_move() -> None:
    assert window_end(at(3, 2), 7) == end(3, 9)
    assert window_end(at(3, 1), 6) == end(3, 7)  # a Saturday
    assert notice_by(at(3, 11), 10) == end(3, 1)


def test_a_limit_is_written_in_short_and_read_back() -> None:
    assert str(Limit(3, Unit.WORKING_DAY)) == "3wd"
    for bad in ("", "3", "wd", "3w", "-1d", "0d", "1.5h", "3 wd", "３d"):
        with pytest.raises(ValueError, match="time limit"):
            Limit.parse(bad)


def test_nonsense_is_refused() -> None:
    day = Limit(1, Unit.DAY)
    with pytest.raises(ValueError, match="time zone"):
        due(at(3, 2).replace(tzinfo=None), day, is_working)
    with pytest.raises(ValueError, match="time zone"):
        due(at(3, 2), day, is_working, [(at(3, 2).replace(tzinfo=None), at(3, 3))])
    with pytest.raises(ValueError, match="before it starts"):
        due(at(3, 2), day, is_working, [(at(3, 3), at(3, 2))])
    for unit in (Unit.DAY, Unit.WORKING_DAY, Unit.WORKING_HOUR):
        with pytest.raises(ValueError, match="ten years"):
            due(at(3, 2), Limit(1, unit), lambda _day: False)
    with pytest.raises(ValueError, match="ten years"):
        due(
            at(3, 2),
            Limit(9999, Unit.HOUR),
            is_working,
            [(at(3, 2), at(3, 2) + timedelta(days=3600))],
        )


YEAR = st.integers(0, 525_600).map(lambda minutes: at(1, 1) + timedelta(minutes=minutes))
LIMITS = st.builds(Limit, st.integers(1, 60), st.sampled_from(Unit))
SHORT = st.timedeltas(timedelta(0), timedelta(days=20))


@st.composite
def pauses(draw: st.DrawFn) -> list[Pause]:
    begun = draw(st.lists(YEAR, max_size=3))
    return [(a, a + draw(SHORT)) for a in begun]


@given(YEAR, LIMITS, pauses(), SHORT)
def test_who_starts_later_is_never_due_earlier(
    start: datetime, limit: Limit, stops: list[Pause], later: timedelta
) -> None:
    assert (
        start < due(start, limit, is_working, stops) <= due(start + later, limit, is_working, stops)
    )


@given(YEAR, LIMITS, pauses())
def test_more_time_is_never_due_earlier(start: datetime, limit: Limit, stops: list[Pause]) -> None:
    assert due(start, limit, is_working, stops) <= due(
        start, Limit(limit.amount + 1, limit.unit), is_working, stops
    )


@given(YEAR, LIMITS, pauses())
def test_a_pause_never_shortens_and_no_deadline_falls_into_one(
    start: datetime, limit: Limit, stops: list[Pause]
) -> None:
    found = due(start, limit, is_working, stops)
    assert found >= due(start, limit, is_working)
    assert not any(a < found < b for a, b in stops if b)


@given(YEAR, LIMITS.filter(lambda limit: limit.unit is not Unit.HOUR), pauses())
def test_a_deadline_never_ends_on_a_closed_day(
    start: datetime, limit: Limit, stops: list[Pause]
) -> None:
    assert is_working(last_day(due(start, limit, is_working, stops)))


@given(YEAR, LIMITS)
def test_a_working_limit_is_never_shorter_than_the_plain_one(start: datetime, limit: Limit) -> None:
    plain = {Unit.WORKING_DAY: Unit.DAY, Unit.WORKING_HOUR: Unit.HOUR}.get(limit.unit, limit.unit)
    assert due(start, Limit(limit.amount, plain), is_working) <= due(start, limit, is_working)


@given(YEAR, st.integers(1, 60), pauses())
def test_working_days_counted_back_are_the_amount(
    start: datetime, amount: int, stops: list[Pause]
) -> None:
    found = due(start, Limit(amount, Unit.WORKING_DAY), is_working, stops)
    touched = {
        day
        for n in range(1, (last_day(found) - local_date(start)).days + 1)
        for day in [local_date(start) + timedelta(n)]
        if any(a < day_end(day) and b > day_start(day) for a, b in stops if b and a < b)
    }
    assert (
        left(start, found, lambda day: is_working(day) and day not in touched).working_days
        == amount
    )
