"""Approval and score: what counts, what is spoiled, and how a tie at the border is said."""

import ast
import json
import re
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
import rfc8785
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from council.methods import Approval, Border, Papers, Score, approval, score, sentence

LOCALE = Path(__file__).parent.parent / "council" / "locale"
NAMES = {"trees": "树", "lamps": "灯", "bench": "椅", "pool": "池"}
FOUR = tuple(NAMES)
CARRIED = ("tallies", "derivations", "methods", "rankings", "lots", "budgets")


def speak(language: str) -> Callable[[str], str]:
    words: dict[str, str] = {}
    for name in ("decisions", "methods"):
        with (LOCALE / language / f"{name}.po").open("rb") as source:
            words |= {str(one.id): str(one.string) for one in read_po(source) if one.id}
    return words.__getitem__


def said(result: Approval | Score, language: str = "zh_Hans") -> list[str]:
    return [sentence(line, speak(language), NAMES.__getitem__) for line in result.lines()]


def test_the_options_with_most_votes_win() -> None:
    ballots = [["trees", "lamps"], ["trees"], ["lamps", "pool"], ["trees"], []]
    result = approval(FOUR, ballots, limit=2, seats=2)
    assert result.votes == (3, 2, 0, 1)
    assert result.papers == Papers(cast=5, spoiled=0, blank=1)
    assert result.border == Border(("trees", "lamps"))
    assert said(result)[1:] == [
        "投出 5 张：有效 5 张（其中空白 1 张），废票 0 张。",
        "树：3 票。",
        "灯：2 票。",
        "池：1 票。",
        "椅：0 票。",
        "入选：树、灯。",
    ]


@pytest.mark.parametrize(
    "ballot", [["trees", "lamps", "bench"], ["trees", "cinema"], ["trees", "trees"]]
)
def test_a_ballot_that_breaks_the_rule_is_spoiled_and_counted_apart(ballot: list[str]) -> None:
    result = approval(FOUR, [ballot, ["lamps"]], limit=2)
    assert result.papers == Papers(cast=2, spoiled=1, blank=0)
    assert result.papers.valid == 1
    assert result.votes == (0, 1, 0, 0)


def test_a_tie_at_the_border_is_stated_and_left_open_without_a_lot() -> None:
    ballots = [["trees"], ["trees"], ["lamps"], ["bench"]]
    result = approval(FOUR, ballots, limit=1, seats=2)
    assert result.border == Border(("trees",), ("lamps", "bench"), places=1)
    assert result.border.winners == ("trees",)
    assert result.border.undecided == ("lamps", "bench")
    assert said(result)[-2:] == [
        "灯、椅并列，余下名额 1 个，没有抽签，名额空缺。",
        "入选：树。",
    ]


def test_a_tie_at_the_border_is_resolved_by_the_lot() -> None:
    ballots = [["trees"], ["trees"], ["lamps"], ["bench"]]
    lot = ("pool", "bench", "lamps", "trees")
    result = approval(FOUR, ballots, limit=1, seats=2, lot=lot)
    assert result.border.winners == ("trees", "bench")
    assert result.border.undecided == ()
    assert "由公开抽签定为：椅。" in said(result)[-2]


def test_a_tie_that_changes_nothing_is_no_tie() -> None:
    tied = approval(FOUR, [["trees"], ["lamps"]], limit=1, seats=2)
    assert tied.border == Border(("trees", "lamps"))


def test_an_option_without_a_single_vote_is_never_chosen() -> None:
    assert approval(FOUR, [["trees"]], limit=1, seats=3).border == Border(("trees",))
    nobody = approval(FOUR, [[]], limit=1, seats=1, lot=FOUR)
    assert nobody.border == Border()
    assert said(nobody)[-1] == "没有选项入选。"
    assert score(FOUR, [{"trees": 0}], seats=1, lot=FOUR).border == Border()


def test_no_score_is_no_opinion_and_not_a_nought() -> None:
    ballots = [{"trees": 5, "lamps": 0}, {"trees": 4}, {"trees": 5, "lamps": 4}]
    result = score(FOUR, ballots)
    assert result.sums == {"trees": 14, "lamps": 4, "bench": 0, "pool": 0}
    assert result.spread[:2] == ((0, 0, 0, 0, 1, 2), (1, 0, 0, 0, 1, 0))
    assert result.border.winners == ("trees",)
    assert said(result)[2:5] == [
        "树：总分 14，平均 4 2/3。打分 3 张：5 分 2 张，4 分 1 张，3 分 0 张，2 分 0 张，"
        "1 分 0 张，0 分 0 张；没有意见 0 张。",
        "灯：总分 4，平均 2。打分 2 张：5 分 0 张，4 分 1 张，3 分 0 张，2 分 0 张，"
        "1 分 0 张，0 分 1 张；没有意见 1 张。",
        "椅：没有人打分；没有意见 3 张。",
    ]


@pytest.mark.parametrize("ballot", [{"trees": 6}, {"trees": -1}, {"cinema": 3}, {"trees": 2.0}])
def test_a_score_out_of_range_or_for_nothing_known_spoils_the_ballot(ballot: dict) -> None:
    result = score(FOUR, [ballot, {"trees": True}, {"lamps": 2}, {}])
    assert result.papers == Papers(cast=4, spoiled=2, blank=1)
    assert result.sums["trees"] == 0


def test_what_cannot_be_is_refused() -> None:
    for options in ((), ("trees", "trees"), ("",)):
        with pytest.raises(ValueError, match="each once"):
            approval(options, [], limit=1)
    with pytest.raises(ValueError, match="at least one"):
        approval(FOUR, [], limit=0)
    with pytest.raises(ValueError, match="at least one place"):
        score(FOUR, [], seats=0)
    for lot in (("trees",), (*FOUR, "cinema"), ("trees", "trees", "lamps", "bench")):
        with pytest.raises(ValueError, match="all the options"):
            score(FOUR, [], lot=lot)


def test_a_result_is_data_and_a_newer_one_is_not_half_understood() -> None:
    result = score(FOUR, [{"trees": 3}])
    data = result.to_json()
    assert data["method"] == "score"
    with pytest.raises(ValueError, match="not a result of approval"):
        Approval.from_json(data)
    with pytest.raises(ValueError, match="not what this version knows"):
        Score.from_json(data | {"weights": 1})
    with pytest.raises(FrozenInstanceError):
        result.seats = 2  # type: ignore[misc]


def test_a_recount_can_carry_the_files_along() -> None:
    """Standard library only, and no name at the top means two things when they lie in one file."""
    defined: list[str] = []
    for name in CARRIED:
        tree = ast.parse((LOCALE.parent / f"{name}.py").read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = getattr(node, "module", None) or node.names[0].name
                top, _, room = module.partition(".")
                assert room in CARRIED if top == "council" else top in sys.stdlib_module_names
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.append(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                defined += [one.id for one in targets if isinstance(one, ast.Name)]
    assert sorted(defined) == sorted(set(defined))


def test_every_sentence_stands_in_both_languages() -> None:
    results = [
        approval(FOUR, [["trees"], ["lamps"]], limit=1),
        approval(FOUR, [["trees"], ["lamps"]], limit=1, lot=FOUR),
        approval(FOUR, [], limit=1),
        score(FOUR, [{"trees": 3}]),
    ]
    for result in results:
        for language in ("zh_Hans", "en"):
            assert not re.search("[{}]", "".join(said(result, language)))


ballots_of_names = st.lists(st.lists(st.sampled_from([*FOUR, "cinema"]), max_size=4), max_size=12)
ballots_of_scores = st.lists(
    st.dictionaries(st.sampled_from(FOUR), st.integers(-1, 6)), max_size=12
)


@given(ballots_of_names, ballots_of_scores, st.permutations(FOUR), st.integers(1, 3), st.data())
def test_order_of_ballots_and_names_of_options_change_nothing(
    names: list[list[str]],
    scores: list[dict[str, int]],
    renamed: list[str],
    seats: int,
    data: st.DataObject,
) -> None:
    new = dict(zip(FOUR, renamed, strict=True)) | {"cinema": "cinema"}
    other_names = [[new[one] for one in ballot] for ballot in data.draw(st.permutations(names))]
    other_scores = [
        {new[k]: v for k, v in one.items()} for one in data.draw(st.permutations(scores))
    ]
    for lot in ((), FOUR):
        moved = [new[one] for one in lot]
        pairs = [
            (
                approval(FOUR, names, limit=3, seats=seats, lot=lot),
                approval(renamed, other_names, limit=3, seats=seats, lot=moved),
            ),
            (
                score(FOUR, scores, seats=seats, lot=lot),
                score(renamed, other_scores, seats=seats, lot=moved),
            ),
        ]
        for before, after in pairs:
            assert after.papers == before.papers
            assert after.border == Border(
                tuple(new[one] for one in before.border.sure),
                tuple(new[one] for one in before.border.tied),
                before.border.places,
                tuple(new[one] for one in before.border.drawn),
            )


@given(ballots_of_names, ballots_of_scores, st.integers(1, 3))
def test_a_result_survives_canonical_json(
    names: list[list[str]], scores: list[dict[str, int]], seats: int
) -> None:
    for lot in ((), FOUR):
        chosen = approval(FOUR, names, limit=2, seats=seats, lot=lot)
        scored = score(FOUR, scores, seats=seats, lot=lot)
        assert Approval.from_json(json.loads(rfc8785.dumps(chosen.to_json()))) == chosen
        assert Score.from_json(json.loads(rfc8785.dumps(scored.to_json()))) == scored


@given(ballots_of_names, st.sampled_from(FOUR))
def test_one_more_vote_never_costs_a_place(names: list[list[str]], option: str) -> None:
    before = approval(FOUR, names, limit=4, seats=2, lot=FOUR)
    after = approval(FOUR, [*names, [option]], limit=4, seats=2, lot=FOUR)
    assert option not in before.border.winners or option in after.border.winners
