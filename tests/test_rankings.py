"""Ranked votes: published examples as facts, and each method against its own definition."""

import json
import time
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise, permutations
from pathlib import Path
from random import Random

import pytest
import rfc8785
from babel.messages.pofile import read_po
from hypothesis import assume, given
from hypothesis import strategies as st

from council.methods import Border, Papers, sentence
from council.rankings import Borda, Runoff, Schulze, borda, irv, schulze

LOCALE = Path(__file__).parent.parent / "council" / "locale"
Ballot = list[list[str]]


def ballots(profile: str) -> list[Ballot]:
    """Ballots from "8 A>C=D": eight times A, then C and D together."""
    given = [line.split() for line in profile.strip().split("\n")]
    return [
        [group.split("=") for group in ranking.split(">")]
        for times, ranking in given
        for _ in range(int(times))
    ]


def letters(profile: str) -> list[Ballot]:
    """Ballots from "5 ACBED 8 EBADC"."""
    parts = profile.split()
    return ballots(
        "\n".join(f"{n} {'>'.join(r)}" for n, r in zip(parts[::2], parts[1::2], strict=True))
    )


def said(result: Borda | Runoff | Schulze, language: str = "zh_Hans") -> list[str]:
    words: dict[str, str] = {}
    for name in ("decisions", "methods", "rankings"):
        with (LOCALE / language / f"{name}.po").open("rb") as source:
            words |= {str(one.id): str(one.string) for one in read_po(source) if one.id}
    return [sentence(line, words.__getitem__, str) for line in result.lines()]


FORTY_FIVE = letters("5 ACBED 5 ADECB 8 BEDAC 3 CABED 7 CAEBD 2 CBADE 7 DCEBA 8 EBADC")

# Memphis, Nashville, Chattanooga, Knoxville: where should the capital of Tennessee be?
TENNESSEE = letters("42 MNCK 26 NCKM 15 CKNM 17 KCNM")


def test_the_forty_five_voters_of_schulzes_paper() -> None:
    result = schulze("ABCDE", FORTY_FIVE)
    assert result.places == (("E",), ("A",), ("C",), ("B",), ("D",))
    assert result.border == Border(("E",))
    assert result.condorcet is None
    assert result.wins == (
        (0, 20, 26, 30, 22),
        (25, 0, 16, 33, 18),
        (19, 29, 0, 17, 24),
        (15, 12, 28, 0, 14),
        (23, 27, 21, 31, 0),
    )
    assert result.strengths == (
        (0, 28, 28, 30, 24),
        (25, 0, 28, 33, 24),
        (25, 29, 0, 29, 24),
        (25, 28, 28, 0, 24),
        (25, 28, 28, 31, 0),
    )
    assert result.paths[0][1] == ("A", "D", "C", "B")
    assert (
        "A胜B：最强路径依次经过A、D、C、B，最弱一环 28 票；反方向依次经过B、A，最弱一环 25 票。"
        in said(result)
    )


# Winners as published in Schulze's paper of 2011, and a first place that two share.
@pytest.mark.parametrize(
    ("profile", "options", "winners"),
    [
        ("8 ACDB 2 BADC 4 CDBA 4 DBAC 3 DCBA", "ABCD", "D"),
        ("3 ABCD 2 CBDA 2 DABC 2 DBCA", "ABCD", "BD"),
        ("12 ABCD 6 ADBC 9 BCDA 15 CDAB 21 DBAC", "ABCD", "D"),
        ("6 ACDB 1 BADC 3 CBDA 3 DBAC 2 DCBA", "ABCD", "AD"),
        ("3 ADEBCF 3 BFECDA 4 CABFDE 1 DBCEFA 4 DEFABC 2 ECBDFA 2 FACDBE", "ABCDEF", "A"),
        ("3 ADEBCF 3 BFECDA 4 CABFDE 1 DBCEFA 4 DEFABC 2 ECBDFA 2 FACDBE 2 AEFCBD", "ABCDEF", "D"),
        ("3 ABDC 5 ADBC 1 ADCB 2 BADC 2 BDCA 4 CABD 6 CBAD 2 DBCA 5 DCAB", "ABCD", "A"),
        ("9 ADBEC 6 BCADE 5 BCDEA 2 CDBEA 6 DECBA 14 EACBD 2 ECABD 1 EDACB", "ABCDE", "B"),
        ("9 ADBEC 1 BACED 6 CBADE 2 CDBEA 5 CDEAB 6 DECAB 14 EBACD 2 EBCAD", "ABCDE", "E"),
    ],
)
def test_published_examples_of_schulze(profile: str, options: str, winners: str) -> None:
    result = schulze(options, letters(profile))
    assert set(result.places[0]) == set(winners)
    assert result.border.undecided == (tuple(winners) if len(winners) > 1 else ())
    lot = tuple(reversed(options))
    assert schulze(options, letters(profile), lot=lot).border.winners == (max(winners),)


def test_schulze_with_ties_and_left_out_options_by_winning_votes() -> None:
    profile = """
        6 A>B>C>D\n8 A=B\n8 A=C\n18 A=C>D\n8 A=C=D\n40 B\n4 C>B>D\n9 C>D>A\n8 C=D\n14 D>A>B
        11 D>B>C\n4 D>C>A
    """
    assert schulze("ABCD", ballots(profile)).places[0] == ("D",)


def test_the_capital_of_tennessee() -> None:
    by_paths, by_rounds, by_points = (count("MNCK", TENNESSEE) for count in (schulze, irv, borda))
    assert by_paths.border.winners == by_points.border.winners == ("N",)
    assert by_paths.condorcet == "N"
    assert "N与其他每个选项直接相比都胜出。" in said(by_paths)
    assert by_rounds.border.winners == ("K",)
    assert by_points.points == (126, 194, 173, 107)
    assert [one.out for one in by_rounds.rounds] == [("C",), ("N",), ()]
    assert [[int(n) for n in one.votes] for one in by_rounds.rounds] == [
        [42, 26, 15, 17],
        [42, 26, 32],
        [42, 58],
    ]


def test_a_ballot_that_breaks_the_rule_is_spoiled_and_counted_apart() -> None:
    given = [[["A"], ["A"]], [["A", "A"]], [["X"]], [[], ["B"], []], []]
    for count in (schulze, irv, borda):
        result = count("AB", given)
        assert result.papers == Papers(cast=5, spoiled=3, blank=1)
        assert result.border.winners == ("B",)


def test_nobody_is_chosen_when_nobody_names_an_option() -> None:
    for count in (schulze, irv, borda):
        result = count("AB", [[], []], lot="AB")
        assert result.border == Border()
        assert said(result)[-1] == "没有选项入选。"


def test_equal_options_share_the_points_of_their_places() -> None:
    result = borda("ABCD", [[["A", "B"], ["C"]], [["D"]]])
    assert result.points == (Fraction(7, 2), Fraction(7, 2), 2, 3)
    assert "A：3.5 分。" in said(result)


def test_equal_options_share_a_vote_and_a_ballot_is_exhausted_when_it_names_nobody_left() -> None:
    result = irv("ABC", ballots("4 A\n3 B\n1 B=C\n1 C"))
    assert [one.votes for one in result.rounds] == [
        (4, Fraction(7, 2), Fraction(3, 2)),
        (4, 4),  # round 1 had fewer for B
        (4,),
    ]
    assert [one.exhausted for one in result.rounds] == [0, 1, 5]
    assert result.border.winners == ("A",)
    assert "第 2 轮：计数 8 票，用尽 1 张。" in said(result)


def test_the_last_leave_together_when_even_their_sum_is_below_the_next() -> None:
    result = irv("ABCD", ballots("5 A\n4 B\n1 C>B\n1 D>B"))
    assert result.rounds[0].ground == "together"
    assert result.rounds[0].out == ("C", "D")
    assert result.border.winners == ("B",)
    assert "C、D得票同样最少，合计 2 票，少于上一位的 4 票，一起淘汰。" in said(result)


def test_a_tie_for_the_last_place_is_resolved_by_the_latest_earlier_round() -> None:
    result = irv("ABCD", ballots("6 A\n4 B\n3 C\n1 D>C"))
    assert [one.ground for one in result.rounds] == ["last", "earlier", "majority"]
    assert result.rounds[1].out == ("C",)
    assert "B、C得票同样最少；看第 1 轮，淘汰C。" in said(result)


def test_a_tie_that_no_round_resolves_goes_to_the_lot_or_stays_open() -> None:
    profile = ballots("6 A\n4 B\n4 C>B")
    still = irv("ABC", profile)
    assert still.rounds[-1].ground == "open"
    assert still.border == Border((), ("A", "B", "C"), 1)
    assert "又没有抽签，不能继续。" in said(still)[-2]
    for lot, out, winner in (("ABC", "C", "B"), ("ACB", "B", "A")):
        drawn = irv("ABC", profile, lot=lot)
        assert drawn.rounds[0].out == (out,)
        assert drawn.border.winners == (winner,)
        assert f"按公开抽签淘汰{out}。" in "".join(said(drawn))


def test_what_cannot_be_is_refused() -> None:
    for count in (schulze, irv, borda):
        with pytest.raises(ValueError, match="each once"):
            count("AA", [])
        with pytest.raises(ValueError, match="all the options"):
            count("AB", [], lot="AC")


def test_every_sentence_stands_in_both_languages() -> None:
    profiles = ["6 A\n4 B\n4 C>B", "5 A\n4 B\n1 C>B\n1 D>B", "6 A\n4 B\n3 C\n1 D>C", "0 A"]
    grounds = set()
    for profile in profiles:
        for lot in ("", "ABCD"):
            for count in (schulze, irv, borda):
                result = count("ABCD", ballots(profile), lot=lot)
                for language in ("zh_Hans", "en"):
                    assert "{" not in "".join(said(result, language))
                if isinstance(result, Runoff):
                    grounds |= {one.ground for one in result.rounds}
    assert grounds == {"majority", "nobody", "last", "together", "earlier", "lot", "open"}


def test_a_hundred_thousand_ballots_are_counted_in_two_seconds() -> None:
    luck = Random(7)
    many = []
    for _ in range(100_000):
        order = luck.sample("ABCDEF", luck.randint(0, 6))
        many.append([order[:2], *([one] for one in order[2:])])
    for count in (schulze, irv, borda):
        start = time.process_time()
        assert count("ABCDEF", many).papers.cast == 100_000
        assert time.process_time() - start < 2


# From here on: what holds for every profile.

OPTIONS = "ABCD"


@st.composite
def profiles(draw: st.DrawFn, options: str = OPTIONS) -> list[Ballot]:
    """A few ballots with ties and with options left out."""
    given = []
    for _ in range(draw(st.integers(0, 9))):
        places = [draw(st.integers(0, len(options))) for _ in options]
        groups = [
            [o for o, p in zip(options, places, strict=True) if p == n] for n in range(len(options))
        ]
        given.append([group for group in groups if group])
    return given


def place_of(ballot: Ballot, option: str) -> int:
    return next((n for n, group in enumerate(ballot) if option in group), len(ballot))


def prefer(given: Iterable[Ballot], a: str, b: str) -> int:
    return sum(place_of(one, a) < place_of(one, b) for one in given)


def strongest(given: list[Ballot], a: str, b: str) -> int:
    """The definition itself: every path without a loop, its weakest link, the best of them."""
    between = [one for one in OPTIONS if one not in {a, b}]
    best = 0
    for steps in range(len(between) + 1):
        for middle in permutations(between, steps):
            path = [a, *middle, b]
            links = [
                prefer(given, x, y) if prefer(given, x, y) > prefer(given, y, x) else 0
                for x, y in pairwise(path)
            ]
            best = max(best, min(links))
    return best


@given(profiles())
def test_schulze_is_its_definition(given: list[Ballot]) -> None:
    result = schulze(OPTIONS, given)
    for i, a in enumerate(OPTIONS):
        for j, b in enumerate(OPTIONS):
            if a != b:
                assert result.wins[i][j] == prefer(given, a, b)
                assert result.strengths[i][j] == strongest(given, a, b)
    unbeaten = {
        a
        for a in OPTIONS
        if all(strongest(given, a, b) >= strongest(given, b, a) for b in OPTIONS if b != a)
    }
    assert set(result.places[0]) == unbeaten
    assert sorted(one for layer in result.places for one in layer) == list(OPTIONS)


@given(profiles())
def test_a_shown_path_is_as_strong_as_it_says(given: list[Ballot]) -> None:
    result = schulze(OPTIONS, given)
    for i, a in enumerate(OPTIONS):
        for j, b in enumerate(OPTIONS):
            path, strength = result.paths[i][j], result.strengths[i][j]
            if not strength:
                assert path == ()
                continue
            assert (path[0], path[-1]) == (a, b)
            links = [prefer(given, x, y) for x, y in pairwise(path)]
            assert min(links) == strength
            assert all(
                prefer(given, y, x) < n for x, y, n in zip(path, path[1:], links, strict=False)
            )


@given(profiles())
def test_who_beats_everybody_directly_wins_schulze(given: list[Ballot]) -> None:
    result = schulze(OPTIONS, given)
    champions = [
        a
        for a in OPTIONS
        if all(prefer(given, a, b) > prefer(given, b, a) for b in OPTIONS if b != a)
    ]
    assert [result.condorcet] == (champions or [None])
    if champions:
        assert result.places[0] == (champions[0],)


@given(profiles())
def test_reversed_ballots_reverse_schulze(given: list[Ballot]) -> None:
    turned = []
    for ballot in given:
        rest = [one for one in OPTIONS if all(one not in group for group in ballot)]
        turned.append([group for group in [rest, *reversed(ballot)] if group])
    before, after = schulze(OPTIONS, given), schulze(OPTIONS, turned)
    assert after.strengths == tuple(zip(*before.strengths, strict=True))
    if len(before.places[0]) == 1:
        assert before.places[0][0] not in after.places[0]


@given(profiles(), st.sampled_from(OPTIONS), st.data())
def test_one_more_step_up_never_costs_the_first_place(
    given: list[Ballot], option: str, data: st.DataObject
) -> None:
    assume(given)
    number = data.draw(st.integers(0, len(given) - 1))
    ballot = [[one for one in group if one != option] for group in given[number]]
    place = data.draw(st.integers(0, place_of(given[number], option)))
    raised = [*ballot[:place], [option], *ballot[place:]]
    lifted = [*given[:number], [group for group in raised if group], *given[number + 1 :]]
    before, after = schulze(OPTIONS, given), schulze(OPTIONS, lifted)
    assert option not in before.places[0] or option in after.places[0]
    points = dict(zip(OPTIONS, borda(OPTIONS, given).points, strict=True))
    more = dict(zip(OPTIONS, borda(OPTIONS, lifted).points, strict=True))
    if len(given[number]):
        assert more[option] >= points[option]


@given(profiles(), st.randoms())
def test_a_twin_changes_nothing_for_the_others_in_schulze(
    given: list[Ballot], luck: Random
) -> None:
    def with_twin(group: list[str]) -> Ballot:
        if group == ["A"]:
            return luck.choice([[["A"], ["a"]], [["a"], ["A"]], [["A", "a"]]])
        return [[*group, "a"]] if "A" in group else [group]

    twins = [[one for group in ballot for one in with_twin(group)] for ballot in given]
    before, after = schulze(OPTIONS, given), schulze(OPTIONS + "a", twins)
    first = {"A" if one == "a" else one for one in after.places[0]}
    assert first == set(before.places[0])


@given(profiles())
def test_more_than_half_of_first_votes_wins_the_runoff_at_once(given: list[Ballot]) -> None:
    filled = [one for one in given if one]
    result = irv(OPTIONS, given, lot=OPTIONS)
    for option in OPTIONS:
        if 2 * sum(one[0] == [option] for one in filled) > len(filled):
            assert result.border.winners == (option,)
            assert len(result.rounds) == 1


@given(profiles())
def test_no_vote_is_lost_in_a_runoff(given: list[Ballot]) -> None:
    result = irv(OPTIONS, given, lot=OPTIONS)
    for one in result.rounds:
        assert sum(one.votes) + one.exhausted == result.papers.filled
    assert bool(result.border.winners) is bool(result.papers.filled)


@given(profiles())
def test_points_add_up(given: list[Ballot]) -> None:
    result = borda(OPTIONS, given)
    assert sum(result.points) == 6 * result.papers.filled


@given(profiles(), st.permutations(OPTIONS), st.booleans(), st.data())
def test_order_of_ballots_and_names_of_options_change_nothing(
    given: list[Ballot], renamed: list[str], drawn: bool, data: st.DataObject
) -> None:
    new = dict(zip(OPTIONS, renamed, strict=True))
    other = [
        [[new[one] for one in group] for group in b] for b in data.draw(st.permutations(given))
    ]
    listed = data.draw(st.permutations(OPTIONS))
    lot = OPTIONS if drawn else ""
    for count in (schulze, irv, borda):
        before, after = (
            count(OPTIONS, given, lot=lot),
            count(listed, other, lot=[new[o] for o in lot]),
        )
        assert set(after.border.winners) == {new[one] for one in before.border.winners}
        assert set(after.border.undecided) == {new[one] for one in before.border.undecided}
        assert after.papers == before.papers
        if isinstance(before, Schulze) and isinstance(after, Schulze):
            assert [set(layer) for layer in after.places] == [
                {new[one] for one in layer} for layer in before.places
            ]


@given(profiles(), st.booleans())
def test_a_result_survives_canonical_json(given: list[Ballot], drawn: bool) -> None:
    for count in (schulze, irv, borda):
        result = count(OPTIONS, given, lot=OPTIONS if drawn else "")
        assert type(result).from_json(json.loads(rfc8785.dumps(result.to_json()))) == result
