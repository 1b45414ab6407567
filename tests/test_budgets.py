"""Budgets: equal shares against a direct reading of the paper, and what residents can check."""

import json
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
import rfc8785
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from council.budgets import EqualShares, Greedy, Payment, equal_shares, greedy
from council.methods import Papers, sentence

LOCALE = Path(__file__).parent.parent / "council" / "locale"
Ballots = list[list[str]]


def said(result: EqualShares | Greedy, language: str = "zh_Hans") -> list[str]:
    words: dict[str, str] = {}
    for name in ("decisions", "methods", "budgets"):
        with (LOCALE / language / f"{name}.po").open("rb") as source:
            words |= {str(one.id): str(one.string) for one in read_po(source) if one.id}
    return [sentence(line, words.__getitem__, str) for line in result.lines()]


# Two thirds want A, B and C, one third wants D: by votes alone that third gets nothing.
COSTS = {"A": 300, "B": 300, "C": 300, "D": 300}
TWO_SIDES = [["A", "B", "C"]] * 6 + [["D"]] * 3


def test_a_minority_has_its_share_of_the_budget() -> None:
    shared = equal_shares(COSTS, 900, TWO_SIDES)
    assert shared.winners == ("A", "B", "D")
    assert shared.first == shared.share == 100
    assert [one.payments for one in shared.shared] == [
        (Payment(Fraction(50), 6),),
        (Payment(Fraction(50), 6),),
        (Payment(Fraction(100), 3),),
    ]
    assert greedy(COSTS, 900, TWO_SIDES).winners == ("A", "B", "C")


def test_the_arithmetic_is_said_line_by_line() -> None:
    ballots = [["A"], ["A", "B"], ["A", "B"], ["B"], []]
    result = equal_shares({"A": 500, "B": 600, "C": 50}, 1000, ballots)
    assert said(result)[1:] == [
        "投出 5 张：有效 5 张（其中空白 1 张），废票 0 张。",
        "1,000 元 ÷ 4 张 = 每份 250 元。",
        "A：费用 500 元，支持 3 人，由支持者的份额支付。预算余 500 元。",
        "3 人各付 166 2/3 元，共 500 元。",
        "与B相等，A费用低，在先。",
        "B：费用 600 元，支持 3 人，余下的 500 元不够，未选。",
        "C：费用 50 元，没有人支持，未选。",
        "入选：A。共 500 元，预算 1,000 元，余 500 元。",
    ]


def test_who_has_less_pays_what_is_left() -> None:
    result = equal_shares({"A": 100, "B": 130}, 240, [["A"], ["A", "B"], ["B"]])
    # at 80 each the second has 30 after A, too little for B; at 90 it has 40, and 40 + 90 is enough
    assert (result.first, result.steps, result.share) == (80, 10, 90)
    assert [one.payments for one in result.shared] == [
        (Payment(Fraction(50), 2),),
        (Payment(Fraction(90), 1), Payment(Fraction(40), 1)),
    ]
    assert "另有 1 人付出余下的全部，共 40 元。" in said(result)


def test_the_share_is_raised_until_the_next_step_costs_too_much_and_the_rest_goes_by_votes() -> (
    None
):
    costs = {"A": 70, "B": 40, "C": 20}
    ballots = [["A"], ["A", "B"], ["A", "B"], ["B", "C"]]
    result = equal_shares(costs, 100, ballots)
    # with 33 each A could be paid as well, and A and B cost 110
    assert (result.first, result.steps, result.share) == (25, 7, 32)
    assert [one.option for one in result.shared] == ["B"]
    assert [one.option for one in result.voted] == ["C"]
    sentences = said(result)
    assert "增加 7 步，每步 1 元，每份 32 元。" in sentences
    assert "余下 60 元按支持人数补选。" in sentences
    assert "C：费用 20 元，支持 1 人，由余下的预算支付。预算余 40 元。" in sentences


def test_a_ballot_that_breaks_the_rule_holds_no_share() -> None:
    ballots = [["A"], ["A", "A"], ["X"], ["A", "B"], []]
    result = equal_shares({"A": 10, "B": 10}, 20, ballots, limit=1)
    assert result.plan.papers == Papers(cast=5, spoiled=3, blank=1)
    assert result.first == 20
    assert greedy({"A": 10, "B": 10}, 20, ballots, limit=1).plan == result.plan


@pytest.mark.parametrize(
    ("costs", "ballots", "lot", "first", "turn"),
    [
        ({"A": 30, "B": 30}, [["A", "B"], ["B"], ["A"]], (), "A", "order"),
        ({"A": 30, "B": 30}, [["A", "B"], ["B"], ["A"]], ("B", "A"), "B", "lot"),
        ({"A": 30, "B": 20}, [["A", "B"], ["B"], ["A"]], ("A", "B"), "B", "cost"),
    ],
)
def test_a_tie_is_decided_as_stated(
    costs: dict[str, int], ballots: Ballots, lot: tuple[str, ...], first: str, turn: str
) -> None:
    for count in (equal_shares, greedy):
        result = count(costs, 90, ballots, lot=lot)
        bought = result.shared if isinstance(result, EqualShares) else result.voted
        assert (bought[0].option, bought[0].turn) == (first, turn)
        assert bought[0].tied == tuple({"A", "B"} - {first})


def test_of_equal_rates_more_supporters_go_first() -> None:
    # C takes all that its four have; then B asks 10 of two of its three, and A 9.5 of both of its
    costs = {"A": 19, "B": 20, "C": 40}
    ballots = [["C"], ["C"], ["C"], ["C", "B"], ["B"], ["B"], ["A"], ["A"]]
    result = equal_shares(costs, 80, ballots)
    assert result.winners == ("C", "B", "A")
    assert (result.shared[1].tied, result.shared[1].turn) == (("A",), "supporters")
    assert result.shared[1].payments == (Payment(Fraction(10), 2), Payment(Fraction(0), 1))


def test_no_project_is_chosen_when_nobody_supports_one() -> None:
    for count in (equal_shares, greedy):
        for ballots in ([], [[]], [["X"]]):
            result = count({"A": 10}, 20, ballots)
            assert result.winners == ()
            assert said(result)[-1] == "没有项目入选。预算 20 元，余 20 元。"


def test_what_cannot_be_is_refused() -> None:
    for costs, budget in (({"A": 0}, 10), ({"A": 10}, -1)):
        with pytest.raises(ValueError, match="costs something"):
            equal_shares(costs, budget, [])
    with pytest.raises(ValueError, match="a ballot chooses"):
        greedy({"A": 10}, 10, [], limit=0)
    with pytest.raises(ValueError, match="step raises"):
        equal_shares({"A": 10}, 10, [], step=0)
    with pytest.raises(ValueError, match="each once"):
        equal_shares({}, 10, [])
    with pytest.raises(ValueError, match="all the options"):
        equal_shares({"A": 10}, 10, [], lot=("B",))


# The paper, read word for word: every person, every step, every project, no short cut.


@dataclass
class Reading:
    winners: list[str]
    paid: dict[str, list[Fraction]]


def rate(cost: int, purses: list[Fraction]) -> Fraction | None:
    """The smallest r at which everybody pays r times the cost, or all that is left."""
    if sum(purses) < cost:
        return None
    below = Fraction(0)
    for top in sorted({purse / cost for purse in purses}):
        if sum(min(purse, top * cost) for purse in purses) >= cost:
            low, high = (sum(min(p, r * cost) for p in purses) for r in (below, top))
            return below + (top - below) * (cost - low) / (high - low)
        below = top
    return None


def read(costs: dict[str, int], ballots: Ballots, share: Fraction, order: list[str]) -> Reading:
    purses = [share] * len(ballots)
    reading = Reading([], {})
    while True:
        asked = []
        for option in order:
            backers = [i for i, ballot in enumerate(ballots) if option in ballot]
            r = rate(costs[option], [purses[i] for i in backers])
            if option not in reading.winners and backers and r is not None:
                asked.append(
                    (r, -len(backers), costs[option], order.index(option), option, backers)
                )
        if not asked:
            return reading
        r, _, cost, _, option, backers = min(asked)
        reading.winners.append(option)
        reading.paid[option] = [min(purses[i], r * cost) for i in backers]
        for i in backers:
            purses[i] -= min(purses[i], r * cost)


def read_all(
    costs: dict[str, int], budget: int, ballots: Ballots, step: Fraction, order: list[str]
) -> tuple[Reading, int]:
    wanted = {option for ballot in ballots for option in ballot}
    steps, share = 0, Fraction(budget, len(ballots))
    reading = read(costs, ballots, share, order)
    while any(
        one not in reading.winners
        and costs[one] <= budget - sum(costs[paid] for paid in reading.winners)
        for one in wanted
    ):
        raised = read(costs, ballots, share + (steps + 1) * step, order)
        if sum(costs[one] for one in raised.winners) > budget:
            break
        reading, steps = raised, steps + 1
    return reading, steps


NAMES = "ABCDE"


@st.composite
def towns(draw: st.DrawFn) -> tuple[dict[str, int], int, Ballots]:
    costs = {name: draw(st.integers(1, 40)) for name in NAMES}
    chosen = st.lists(st.sampled_from(NAMES), unique=True, min_size=1)
    return costs, draw(st.integers(0, 90)), draw(st.lists(chosen, min_size=1, max_size=7))


steps_of = st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(1, 4), Fraction(5, 2)])


@settings(max_examples=300, deadline=None)
@given(towns(), steps_of, st.permutations(NAMES), st.booleans())
def test_equal_shares_is_a_direct_reading_of_the_paper(
    town: tuple[dict[str, int], int, Ballots], step: Fraction, lot: list[str], drawn: bool
) -> None:
    costs, budget, ballots = town
    reading, steps = read_all(costs, budget, ballots, step, lot if drawn else list(NAMES))
    result = equal_shares(costs, budget, ballots, step=step, lot=lot if drawn else ())
    assert [one.option for one in result.shared] == reading.winners
    assert result.steps == steps
    for one in result.shared:
        paid = [pay.amount for pay in one.payments for _ in range(pay.payers)]
        assert paid == sorted(reading.paid[one.option], reverse=True)


@settings(deadline=None)
@given(towns())
def test_the_budget_is_never_overspent_and_nobody_pays_more_than_the_share(
    town: tuple[dict[str, int], int, Ballots],
) -> None:
    costs, budget, ballots = town
    result = equal_shares(costs, budget, ballots)
    assert result.alone == greedy(costs, budget, ballots)
    for one in (result.winners, result.alone.winners):
        assert len(set(one)) == len(one)
        assert sum(costs[option] for option in one) <= budget
    for one in result.shared:
        assert sum(pay.amount * pay.payers for pay in one.payments) == one.cost
        assert sum(pay.payers for pay in one.payments) == one.supporters
        assert all(pay.amount <= result.share for pay in one.payments)
    left = budget - sum(costs[option] for option in result.winners)
    assert (result.shared + result.voted)[-1].left == left if result.winners else left == budget
    supported = {option for ballot in ballots for option in ballot}
    assert all(costs[option] > left for option in supported - set(result.winners))


@settings(deadline=None)
@given(towns(), st.permutations(NAMES), st.permutations(NAMES), st.data())
def test_order_of_ballots_and_names_of_projects_change_nothing(
    town: tuple[dict[str, int], int, Ballots],
    renamed: list[str],
    lot: list[str],
    data: st.DataObject,
) -> None:
    costs, budget, ballots = town
    new = dict(zip(NAMES, renamed, strict=True))
    other_costs = {new[name]: costs[name] for name in data.draw(st.permutations(NAMES))}
    other = [[new[name] for name in ballot] for ballot in data.draw(st.permutations(ballots))]
    for count in (equal_shares, greedy):
        before = count(costs, budget, ballots, lot=lot)
        after = count(other_costs, budget, other, lot=[new[name] for name in lot])
        assert after.winners == tuple(new[name] for name in before.winners)


@settings(deadline=None)
@given(towns())
def test_a_result_survives_canonical_json_and_is_said_in_both_languages(
    town: tuple[dict[str, int], int, Ballots],
) -> None:
    for count in (equal_shares, greedy):
        result = count(*town)
        assert type(result).from_json(json.loads(rfc8785.dumps(result.to_json()))) == result
        for language in ("zh_Hans", "en"):
            assert "{" not in "".join(said(result, language))


def test_a_thousand_voters_and_thirty_projects_are_counted_in_seconds() -> None:
    luck = Random(3)
    liked = {f"p{number}": luck.random() * 0.4 for number in range(30)}
    costs = {option: luck.randrange(2_000, 80_000, 100) for option in liked}
    ballots = [[one for one, much in liked.items() if luck.random() < much] for _ in range(1_000)]
    start = time.process_time()
    result = equal_shares(costs, 400_000, ballots)
    assert time.process_time() - start < 5
    assert result.steps > 50
    assert len(result.winners) > 5
