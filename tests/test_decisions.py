"""Decision rules: tables worked out by hand, then what holds for every meeting."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
import rfc8785
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from council.decisions import (
    JOINT_MEETING,
    Base,
    Line,
    Outcome,
    Result,
    Rule,
    Share,
    Tally,
    consensus,
    decide,
    exact,
    quorum,
)

FIVE = JOINT_MEETING.constituencies
VOTING = tuple(name for name in FIVE if name not in JOINT_MEETING.advisory)
DUE = {"party": 5, "residents": 8, "community": 3, "experts": 2, "units": 3}
LOCALE = Path(__file__).parent.parent / "council" / "locale"


def catalogue(language: str) -> dict[str, str]:
    with (LOCALE / language / "decisions.po").open("rb") as source:
        return {str(message.id): str(message.string) for message in read_po(source) if message.id}


def speak(language: str) -> Callable[[str], str]:
    names = {
        "party": "党员",
        "residents": "居民",
        "community": "社区",
        "experts": "专业团队",
        "units": "区域单位",
    }
    words = catalogue(language) | {f"constituency.{code}": name for code, name in names.items()}
    return words.__getitem__


def meeting(votes: str) -> dict[str, Tally]:
    """Per constituency, in order: present:for-against-abstain."""
    numbers = (map(int, re.split("[:-]", part)) for part in votes.split())
    given = {name: Tally(DUE[name], *four) for name, four in zip(FIVE, numbers, strict=False)}
    return {name: given.get(name, Tally(DUE[name], 0)) for name in FIVE}


FITNESS = meeting("4:4-0-0 7:4-2-1 3:3-0-0 1:1-0-0 2:1-0-1")


def test_the_fitness_place_is_adopted_with_its_arithmetic() -> None:
    result = decide(JOINT_MEETING, FITNESS)
    assert result.outcome is Outcome.ADOPTED
    assert result.totals == Tally(19, 16, 12, 2, 2)
    assert [part.constituency for part in result.parts] == list(FIVE)
    assert [part.constituency for part in result.parts if not part.counted] == ["experts"]
    assert [line.say(speak("zh_Hans")) for line in result.lines] == [
        "到会 17 席。需要不少于 21 席的一半：21 ÷ 2 = 10.5，即 11 席。",
        "5 方各有至少 1 席到会。",
        "赞成 12 席。需要超过实到计票席的一半：16 ÷ 2 = 8，即 9 席。",
        "没有任何一方全体反对。",
    ]
    assert result.lines[0] == Line(
        "decision.quorum_seats",
        ok=True,
        fields={"present": 17, "seats": 21, "fraction": "1/2", "exact": "10.5", "needed": 11},
    )
    assert result.lines[2] == Line(
        "decision.pass",
        ok=True,
        fields={
            "for": 12,
            "base": 16,
            "base_name": "present",
            "fraction": "1/2",
            "exact": "8",
            "needed": 9,
        },
    )
    assert "9" in result.lines[2].say(speak("en"))


@pytest.mark.parametrize(
    ("votes", "outcome", "failed"),
    [
        # 16 counted seats are there: 8 for and 8 not is a tie, 9 is more than half
        ("5:5-0-0 8:3-5-0 2:0-2-0 1:0-0-0 1:0-0-1", Outcome.REJECTED, ["pass", "none_unanimous"]),
        ("5:5-0-0 8:3-5-0 2:0-1-1 1:0-0-0 1:0-0-1", Outcome.REJECTED, ["pass"]),
        ("5:5-0-0 8:4-4-0 2:0-1-1 1:0-0-0 1:0-0-1", Outcome.ADOPTED, []),
        # a majority, and the one unit that is there is against
        ("5:5-0-0 8:8-0-0 2:2-0-0 1:0-0-0 1:0-1-0", Outcome.REFERRED, ["none_unanimous"]),
        # one unit against, the other silent: every vote cast is against
        ("5:5-0-0 8:8-0-0 2:2-0-0 1:0-0-0 2:0-1-0", Outcome.REFERRED, ["none_unanimous"]),
        # the other abstains: not unanimous
        ("5:5-0-0 8:8-0-0 2:2-0-0 1:0-0-0 2:0-1-1", Outcome.ADOPTED, []),
        # experts advise: their refusal changes nothing, their approval adds nothing
        ("5:5-0-0 8:8-0-0 2:2-0-0 2:0-2-0 1:1-0-0", Outcome.ADOPTED, []),
        ("5:0-0-5 3:3-0-0 1:1-0-0 2:2-0-0 1:1-0-0", Outcome.REJECTED, ["pass"]),
        # seats that are there and silent stay in the base
        ("5:5-0-0 8:3-0-0 3:0-0-0 1:0-0-0 1:0-0-0", Outcome.REJECTED, ["pass"]),
        # 11 of 21 seats is at least half, 10 is not; the seats of experts count here
        ("2:2-0-0 5:5-0-0 1:1-0-0 2:0-0-0 1:1-0-0", Outcome.ADOPTED, []),
        ("2:2-0-0 5:5-0-0 1:1-0-0 1:0-0-0 1:1-0-0", Outcome.NO_QUORUM, ["quorum_seats"]),
        ("5:5-0-0 8:8-0-0 3:3-0-0 0:0-0-0 3:3-0-0", Outcome.NO_QUORUM, ["each_present"]),
        ("0:0-0-0", Outcome.NO_QUORUM, ["quorum_seats", "each_present"]),
    ],
)
def test_a_joint_meeting_decides_as_worked_out_by_hand(
    votes: str, outcome: Outcome, failed: list[str]
) -> None:
    result = decide(JOINT_MEETING, meeting(votes))
    assert result.outcome is outcome
    assert [line.key for line in result.lines if not line.ok] == [
        f"decision.{key}" for key in failed
    ]


@pytest.mark.parametrize(
    ("due", "present", "holds"),
    [(20, 10, True), (20, 9, False), (21, 11, True), (21, 10, False), (6, 3, False), (8, 5, True)],
)
def test_exactly_half_is_a_quorum(due: int, present: int, holds: bool) -> None:
    ok, lines = quorum(
        JOINT_MEETING,
        dict.fromkeys(FIVE, 1) | {"residents": due - 4},
        dict.fromkeys(FIVE, 1) | {"residents": present - 4}
        if present > 4
        else dict.fromkeys(FIVE[:present], 1),
    )
    assert ok is holds
    assert lines[0].fields["needed"] == (due + 1) // 2


def test_a_missing_constituency_is_named() -> None:
    ok, lines = quorum(JOINT_MEETING, DUE, {"party": 5, "residents": 8, "experts": 2})
    assert not ok
    assert lines[1].fields["absent"] == ("community", "units")
    assert lines[1].say(speak("zh_Hans")) == "5 方各需要至少 1 席到会，还缺：社区、区域单位。"


def test_consensus_needs_a_quorum_and_nobody_who_objects() -> None:
    present = dict.fromkeys(FIVE, 1) | {"residents": 8}
    agreed = consensus(JOINT_MEETING, DUE, present, {})
    assert agreed.outcome is Outcome.ADOPTED
    assert agreed.lines[-1].key == "decision.consensus"
    assert consensus(JOINT_MEETING, DUE, present, {"experts": 1}).outcome is Outcome.ADOPTED
    refused = consensus(JOINT_MEETING, DUE, present, {"residents": 2, "units": 1})
    assert refused.outcome is Outcome.NO_CONSENSUS
    assert (
        refused.lines[-1].say(speak("zh_Hans"))
        == "3 席反对（居民、区域单位），没有一致，转为表决。"
    )
    assert consensus(JOINT_MEETING, DUE, {}, {}).outcome is Outcome.NO_QUORUM
    with pytest.raises(ValueError, match="do not fit"):
        consensus(JOINT_MEETING, DUE, present, {"units": 2})


@pytest.mark.parametrize(
    ("share", "base", "needed", "written"),
    [
        (
            Share(Fraction(2, 3), strict=False, base=Base.ENTITLED),
            52,
            35,
            "34 2/3",
        ),  # practice.md, findings 3
        (Share(Fraction(1, 2), strict=True, base=Base.PRESENT), 36, 19, "18"),
        (Share(Fraction(1, 2), strict=True, base=Base.PRESENT), 37, 19, "18.5"),
        (Share(Fraction(3, 4), strict=False, base=Base.CAST), 279, 210, "209.25"),
        (Share(Fraction(2, 3), strict=False, base=Base.ENTITLED), 21, 14, "14"),
        (Share(Fraction(1, 2), strict=False, base=Base.PRESENT), 0, 0, "0"),
        (Share(Fraction(1, 3), strict=False, base=Base.PRESENT), 1, 1, "1/3"),
        (Share(Fraction(1, 8), strict=False, base=Base.PRESENT), 1, 1, "0.125"),
        (Share(Fraction(1), strict=False, base=Base.VALID), 7, 7, "7"),
    ],
)
def test_at_least_includes_the_number_and_more_than_excludes_it(
    share: Share, base: int, needed: int, written: str
) -> None:
    assert share.needed(base) == needed
    assert exact(share.part * base) == written


def test_a_base_is_one_of_four() -> None:
    tally = Tally(10, 9, favour=4, against=2, abstain=1)
    assert [tally.base(base) for base in Base] == [10, 9, 7, 6]


def test_nonsense_is_refused() -> None:
    for due, present, favour in ((3, 4, 0), (3, 2, 3), (-1, -1, 0), (3, 3, -1)):
        with pytest.raises(ValueError, match=r"fit|negative"):
            Tally(due, present, favour)
    with pytest.raises(ValueError, match="does not know"):
        decide(JOINT_MEETING, {"owners": Tally(1, 1)})
    with pytest.raises(ValueError, match="does not know"):
        quorum(JOINT_MEETING, {"owners": 1}, {})
    with pytest.raises(ValueError, match="between 0 and 1"):
        Share(Fraction(3, 2), strict=False, base=Base.CAST)
    with pytest.raises(ValueError, match="share of the seats entitled"):
        replace(JOINT_MEETING, quorum=JOINT_MEETING.passing)
    for advisory in (("owners",), FIVE):
        with pytest.raises(ValueError, match="do not fit"):
            replace(JOINT_MEETING, advisory=advisory)


def test_a_rule_is_data_and_a_newer_rule_is_not_half_understood() -> None:
    data = JOINT_MEETING.to_json()
    assert data["passing"] == {"part": "1/2", "strict": True, "base": "present"}
    assert Rule.from_json(json.loads(rfc8785.dumps(data))) == JOINT_MEETING
    with pytest.raises(ValueError, match="not a rule"):
        Rule.from_json(data | {"weights": ["area"]})
    with pytest.raises(FrozenInstanceError):
        JOINT_MEETING.code = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        decide(JOINT_MEETING, FITNESS).lines[0].fields["present"] = 21  # type: ignore[index]


def test_every_form_of_every_sentence_stands_in_both_languages() -> None:
    zh, en = catalogue("zh_Hans"), catalogue("en")
    assert zh.keys() == en.keys()
    assert all(f"decision.outcome.{outcome.value}" in zh for outcome in Outcome)
    assert all(f"decision.base.{base.value}" in zh for base in Base)
    gaps = re.compile(r"{(\w+)}")
    assert all(set(gaps.findall(zh[key])) == set(gaps.findall(en[key])) for key in zh)
    everyone = "5:5-0-0 8:8-0-0 3:3-0-0 2:2-0-0 3:3-0-0"
    refused = "5:5-0-0 8:0-8-0 3:0-3-0 2:2-0-0 3:0-3-0"
    said = set()
    for part, strict in product((Fraction(1, 2), Fraction(2, 3)), (True, False)):
        rule = replace(
            JOINT_MEETING,
            quorum=Share(part, strict, Base.ENTITLED),
            passing=Share(part, strict, Base.CAST),
        )
        for votes in (everyone, refused, "1:0-0-0"):
            for line in decide(rule, meeting(votes)).lines:
                said.add(line.message)
                assert "{" not in line.say(speak("zh_Hans")) + line.say(speak("en"))
    tests = re.compile(r"decision\.(quorum_seats|each_present|pass|none_unanimous)\b")
    assert said == {key for key in zh if tests.match(key)}


def tallies() -> st.SearchStrategy[dict[str, Tally]]:
    def seats(numbers: tuple[int, int, int, int, int]) -> Tally:
        favour, against, abstain, silent, away = numbers
        present = favour + against + abstain + silent
        return Tally(present + away, present, favour, against, abstain)

    few = st.integers(0, 6)
    return st.fixed_dictionaries(
        {name: st.tuples(few, few, few, few, few).map(seats) for name in FIVE}
    )


RANK = [Outcome.REJECTED, Outcome.REFERRED, Outcome.ADOPTED]


@given(tallies(), st.sampled_from(VOTING), st.sampled_from(["against", "abstain", "silent"]))
def test_one_more_vote_in_favour_never_makes_it_worse(
    votes: dict[str, Tally], name: str, was: str
) -> None:
    before, tally = decide(JOINT_MEETING, votes), votes[name]
    if was == "silent" and tally.cast < tally.present:
        better = replace(tally, favour=tally.favour + 1)
    elif was != "silent" and getattr(tally, was):
        better = replace(tally, favour=tally.favour + 1, **{was: getattr(tally, was) - 1})
    else:
        return
    after = decide(JOINT_MEETING, votes | {name: better})
    if before.outcome is Outcome.NO_QUORUM:
        assert after.outcome is Outcome.NO_QUORUM
    else:
        assert RANK.index(after.outcome) >= RANK.index(before.outcome)


@given(tallies())
def test_the_outcome_is_what_the_sentence_of_the_rule_says(votes: dict[str, Tally]) -> None:
    voting = [votes[name] for name in VOTING]
    present, due = (
        sum(getattr(tally, name) for tally in votes.values()) for name in ("present", "due")
    )
    majority = 2 * sum(tally.favour for tally in voting) > sum(tally.present for tally in voting)
    opposed = any(tally.against and not tally.favour and not tally.abstain for tally in voting)
    if 2 * present < due or not all(tally.present for tally in votes.values()):
        expected = Outcome.NO_QUORUM
    elif not majority:
        expected = Outcome.REJECTED
    else:
        expected = Outcome.REFERRED if opposed else Outcome.ADOPTED
    assert decide(JOINT_MEETING, votes).outcome is expected
    seats: list[Mapping[str, int]] = [
        {n: getattr(t, which) for n, t in votes.items()} for which in ("due", "present")
    ]
    assert quorum(JOINT_MEETING, *seats)[0] is (expected is not Outcome.NO_QUORUM)


@given(tallies(), st.permutations(FIVE), st.permutations(VOTING))
def test_names_and_order_do_not_matter(
    votes: dict[str, Tally], order: list[str], renamed: list[str]
) -> None:
    shuffled = decide(
        replace(JOINT_MEETING, constituencies=tuple(order)), dict(reversed(votes.items()))
    )
    swapped = decide(
        JOINT_MEETING, votes | {new: votes[old] for old, new in zip(VOTING, renamed, strict=True)}
    )
    expected = decide(JOINT_MEETING, votes)
    for other in (shuffled, swapped):
        assert (other.outcome, other.totals) == (expected.outcome, expected.totals)


@given(tallies(), st.integers(0, 6), st.integers(0, 6))
def test_the_votes_of_experts_decide_nothing(
    votes: dict[str, Tally], favour: int, against: int
) -> None:
    experts = votes["experts"]
    favour = min(favour, experts.present)
    other = Tally(experts.due, experts.present, favour, min(against, experts.present - favour))
    before, after = decide(JOINT_MEETING, votes), decide(JOINT_MEETING, votes | {"experts": other})
    assert (after.outcome, after.lines, after.totals) == (
        before.outcome,
        before.lines,
        before.totals,
    )


@given(tallies())
def test_a_result_survives_canonical_json(votes: dict[str, Tally]) -> None:
    result = decide(JOINT_MEETING, votes)
    assert Result.from_json(json.loads(rfc8785.dumps(result.to_json()))) == result


@given(
    st.fractions(0, 1, max_denominator=12), st.booleans(), st.integers(0, 400), st.integers(0, 400)
)
def test_needed_is_the_first_number_that_meets_the_share(
    part: Fraction, strict: bool, base: int, count: int
) -> None:
    share = Share(part, strict, Base.PRESENT)
    assert (count >= share.needed(base)) is (
        count > part * base if strict else count >= part * base
    )
