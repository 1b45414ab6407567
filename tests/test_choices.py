"""What may stand on a ballot, method by method; how it was filled in tells nothing."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from council import choices
from council.errors import Invalid
from council.votes import Choice, Method

OPTIONS = [
    {"id": "a", "label": "路灯", "cost": 300},
    {"id": "b", "label": "长椅", "cost": 200},
    {"id": "c", "label": "车棚", "cost": 600},
]


@dataclass
class Asked:
    method: Method
    options: list[dict[str, Any]] = field(default_factory=lambda: list(OPTIONS))
    settings: dict[str, Any] = field(default_factory=dict)


def refused(asked: Asked, answer: object) -> str:
    with pytest.raises(Invalid) as refusal:
        choices.checked(asked, answer)
    assert refusal.value.problems[0].field == "choice"
    return refusal.value.key


def test_a_motion_has_three_answers():
    asked = Asked(Method.MOTION, [])
    assert choices.checked(asked, "for") is Choice.FOR
    assert refused(asked, "maybe") == "not_a_choice"
    assert refused(asked, "") == "not_chosen"
    assert refused(asked, None) == "not_chosen"


def test_an_approval_takes_up_to_its_limit_in_the_order_of_the_options():
    asked = Asked(Method.APPROVAL, settings={"limit": 2})
    assert choices.checked(asked, ["c", "a"]) == ["a", "c"]
    assert choices.checked(asked, ["a", "a"]) == ["a"]
    assert refused(asked, ["a", "b", "c"]) == "too_many_chosen"
    assert refused(asked, ["d"]) == "not_a_choice"
    assert refused(asked, "a") == "not_a_choice"


def test_without_a_limit_every_option_may_be_approved():
    assert choices.checked(Asked(Method.APPROVAL), ["c", "b", "a"]) == ["a", "b", "c"]


def test_scores_go_from_nought_to_five_and_a_missing_one_is_no_opinion():
    asked = Asked(Method.SCORE)
    assert choices.checked(asked, {"b": 0, "a": 5}) == {"a": 5, "b": 0}
    for wrong in ({"a": 6}, {"a": -1}, {"a": True}, {"a": "5"}):
        assert refused(asked, wrong) == "score_out_of_range"
    assert refused(asked, {"d": 1}) == "not_a_choice"
    assert refused(asked, ["a"]) == "not_a_choice"


def test_a_ranking_may_have_ties_and_may_stop_early():
    asked = Asked(Method.RANKED)
    assert choices.checked(asked, [["c"], ["b", "a"]]) == [["c"], ["a", "b"]]
    assert choices.checked(asked, [["c"], []]) == [["c"]]
    for wrong in ([["a"], ["a"]], [["d"]], ["a"], "a"):
        assert refused(asked, wrong) == "not_a_choice"


def test_a_budget_is_not_overspent():
    asked = Asked(Method.BUDGET, settings={"budget": 800})
    assert choices.checked(asked, ["c", "b"]) == ["b", "c"]
    assert choices.cost(asked, ["b", "c"]) == 800
    assert refused(asked, ["a", "b", "c"]) == "over_budget"


@pytest.mark.parametrize(
    ("method", "blank"),
    [(Method.APPROVAL, []), (Method.SCORE, {}), (Method.RANKED, []), (Method.BUDGET, [])],
)
def test_a_blank_ballot_is_valid(method, blank):
    assert choices.checked(Asked(method), blank) == blank
