"""How numbers are written: exact, and never past a threshold that was not met."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from council import i18n
from council.derivations import Line, as_percent, exact, exactly, percent
from council.tallies import Base, Weight
from council.thresholds import Share

THREE_QUARTERS, HALF, TWO_THIRDS = Fraction(3, 4), Fraction(1, 2), Fraction(2, 3)


@pytest.mark.parametrize(
    ("part", "whole", "threshold", "shown"),
    [
        (1_789_010, 2_396_040, THREE_QUARTERS, "74.67%"),
        (2_065_525, 2_648_000, THREE_QUARTERS, "78.00%"),
        (241, 301, THREE_QUARTERS, "80.07%"),
        (1, 800, HALF, "0.13%"),  # 0.125, half up
        (3, 4, THREE_QUARTERS, "75.00%"),
        (74_998, 100_000, THREE_QUARTERS, "74.998%"),  # not 75.00%, which was missed
        (7_499_996, 10_000_000, THREE_QUARTERS, "74.99996%"),
        (50_001, 100_000, HALF, "50.001%"),  # more than half, not half
        (666_666, 1_000_000, TWO_THIRDS, "66.6666%"),
        (2, 3, TWO_THIRDS, "66.67%"),
        (0, 0, HALF, "0.00%"),
        (5, 5, HALF, "100.00%"),
    ],
)
def test_a_missed_threshold_is_never_shown_as_met(
    part: int, whole: int, threshold: Fraction, shown: str
) -> None:
    assert percent(part, whole, threshold) == shown


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.fractions(0, 1, max_denominator=12))
def test_what_is_shown_is_near_and_on_the_right_side(
    part: int, whole: int, threshold: Fraction
) -> None:
    value = Fraction(min(part, whole), whole)
    shown = Fraction(percent(min(part, whole), whole, threshold).rstrip("%")) / 100
    assert abs(shown - value) <= Fraction(1, 20_000)
    if value != threshold:
        assert (shown < threshold) is (value < threshold)
        assert (shown > threshold) is (value > threshold)


def test_numbers_are_written_without_rounding() -> None:
    assert [exact(Fraction(n, d)) for n, d in ((104, 3), (21, 2), (8, 1), (1, 16), (5, 7))] == [
        "34 2/3", "10.5", "8", "0.0625", "5/7",
    ]  # fmt: skip
    assert exact(Fraction(3_700_001, 2)) == "1,850,000.5"
    assert exactly(Fraction(3_421_050 * 2, 3), Weight.AREA) == "22,807.00"
    assert exactly(Fraction(2_396_041 * 3, 4), Weight.AREA) == "17,970.3075"
    assert [as_percent(part) for part in (HALF, THREE_QUARTERS, TWO_THIRDS)] == [
        "50%",
        "75%",
        "2/3",
    ]
    assert (Weight.AREA.show(5), Weight.AREA.show(1_789_010)) == ("0.05", "17,890.10")
    assert Weight.HOUSEHOLDS.show(1204) == "1,204"


@pytest.mark.parametrize(
    ("share", "base", "needed"),
    [
        (Share(TWO_THIRDS, strict=False, base=Base.ENTITLED), 52, 35),
        (Share(HALF, strict=True, base=Base.PRESENT), 36, 19),
        (Share(HALF, strict=True, base=Base.PRESENT), 37, 19),
        (Share(THREE_QUARTERS, strict=False, base=Base.CAST), 279, 210),
        (Share(TWO_THIRDS, strict=False, base=Base.ENTITLED), 21, 14),
        (Share(TWO_THIRDS, strict=True, base=Base.ENTITLED), 21, 15),
        (Share(Fraction(1), strict=False, base=Base.VALID), 7, 7),
        (Share(HALF, strict=False, base=Base.PRESENT), 0, 1),  # nobody is never enough
    ],
)
def test_at_least_includes_the_number_and_more_than_excludes_it(
    share: Share, base: int, needed: int
) -> None:
    assert share.needed(base) == needed


@given(
    st.fractions(0, 1, max_denominator=12), st.booleans(), st.integers(0, 400), st.integers(1, 400)
)
def test_needed_is_the_first_number_that_meets_the_share(
    part: Fraction, strict: bool, base: int, count: int
) -> None:
    enough = count > part * base if strict else count >= part * base
    assert (count >= Share(part, strict, Base.PRESENT).needed(base)) is enough


def test_one_person_and_one_seat_are_said_in_the_singular() -> None:
    fields = {"constituencies": 5, "least": 1, "unit": "seats", "there": "seats", "absent": ()}
    line = Line("decision.each_present", ok=True, fields=fields)
    english = line.say(lambda key: i18n.translate("en", key))
    assert english == "Each of the 5 constituencies has at least 1 seat present."
    assert line.say(lambda key: i18n.translate("zh", key)) == "5 方各有至少 1 席到会。"
    assert Line.from_json(line.to_json()) == line
