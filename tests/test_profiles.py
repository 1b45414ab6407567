"""The eight profiles as the law words them, and what a charter can and cannot change."""

import ast
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from council import charter, decisions, i18n, profiles
from council.decisions import Outcome
from council.profiles import PROFILES
from council.tallies import ALL, Base, Tally, Weight, heads
from council.thresholds import Electorate, Presence, Tie

HALF, TWO_THIRDS, THREE_QUARTERS = Fraction(1, 2), Fraction(2, 3), Fraction(3, 4)


@pytest.mark.parametrize(
    ("code", "quorum", "passing"),
    [
        ("RESIDENT_ASSEMBLY", (HALF, True), (HALF, True, Base.PRESENT)),
        ("DELEGATE_ASSEMBLY", (TWO_THIRDS, False), (HALF, True, Base.PRESENT)),
        ("OWNERS_ORDINARY", (TWO_THIRDS, False), (HALF, True, Base.PRESENT)),
        ("OWNERS_SPECIAL", (TWO_THIRDS, False), (THREE_QUARTERS, False, Base.PRESENT)),
        ("COUNCIL", (TWO_THIRDS, False), (HALF, True, Base.PRESENT)),
        ("JOINT_MEETING", (HALF, False), (HALF, True, Base.PRESENT)),
        ("PARTY_REVIEW", (TWO_THIRDS, False), (HALF, False, Base.ENTITLED)),
    ],
)
def test_a_profile_asks_for_what_its_law_says(
    code: str, quorum: tuple[Fraction, bool], passing: tuple[Fraction, bool, Base]
) -> None:
    rule = PROFILES[code]
    assert {(t.share.part, t.share.strict) for t in rule.quorum} == {quorum}
    assert {(t.share.part, t.share.strict, t.share.base) for t in rule.passing} == {passing}
    by_area = code.startswith("OWNERS")
    assert rule.weights == ((Weight.HEADS, Weight.AREA) if by_area else (Weight.HEADS,))


def test_an_opinion_poll_asks_for_nothing_and_binds_nobody() -> None:
    assert (PROFILES["STRAW"].quorum, PROFILES["STRAW"].binding) == ((), False)
    assert [code for code, rule in PROFILES.items() if not rule.binding] == ["STRAW"]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_profile_has_its_name_and_its_source(language: i18n.Language) -> None:
    keys = [f"decision.{kind}.{code}" for code in PROFILES for kind in ("rule", "law")]
    assert [key for key in keys if not i18n.knows(language, key)] == []


def test_a_charter_asks_more_of_the_council_and_nothing_of_the_others() -> None:
    strict = charter_with(council_quorum="three_quarters", council_passing="two_thirds")
    rule = profiles.rule("COUNCIL", strict)
    assert rule.quorum[0].share.part == THREE_QUARTERS
    assert (rule.passing[0].share.part, rule.passing[0].share.strict) == (TWO_THIRDS, False)
    votes = heads({ALL: Tally(20, 18, 11, 7)})
    assert decisions.decide(PROFILES["COUNCIL"], votes).outcome is Outcome.ADOPTED
    assert decisions.decide(rule, votes).outcome is Outcome.REJECTED
    for code in PROFILES:
        assert profiles.rule(code, charter_with()) == PROFILES[code]
        if code != "COUNCIL":
            assert profiles.rule(code, strict) == PROFILES[code]


def test_a_charter_names_no_share_that_is_not_reckoned_with() -> None:
    assert set(charter.SHARES) == set(profiles.SHARES)


def charter_with(**values: str) -> dict[str, str]:
    return {key: value.default for key, value in charter.VALUES.items()} | values


def test_households_are_counted_as_households() -> None:
    rule = profiles.rule("RESIDENT_ASSEMBLY", electorate="households")
    assert (rule.electorate, rule.weights) == (Electorate.HOUSEHOLDS, (Weight.HOUSEHOLDS,))
    votes = {ALL: {Weight.HOUSEHOLDS: Tally(900, 451, 226, 225)}}
    assert decisions.decide(rule, votes).outcome is Outcome.ADOPTED
    with pytest.raises(ValueError, match="not for owners"):
        profiles.rule("RESIDENT_ASSEMBLY", electorate="owners")
    with pytest.raises(KeyError):
        profiles.rule("ELECTION")


def test_in_a_meeting_whoever_sits_there_is_present() -> None:
    there = profiles.in_meeting(PROFILES["DELEGATE_ASSEMBLY"])
    assert there.presence is Presence.SEATS
    silent = heads({ALL: Tally(52, 40, 20, 10)})
    assert decisions.decide(there, silent).outcome is Outcome.REJECTED
    assert [c for c, rule in PROFILES.items() if rule.presence is Presence.SEATS] == [
        "JOINT_MEETING"
    ]


def test_days_come_from_the_charter_and_never_fall_below_the_law() -> None:
    values = charter_with(vote_notice_days="8", vote_open_days="14", vote_objection_days="6")
    assembly = profiles.conditions("RESIDENT_ASSEMBLY", values)
    assert (assembly.notice_days, assembly.open_days, assembly.roll_days) == (10, 14, 6)
    assert profiles.conditions("DELEGATE_ASSEMBLY", values).notice_days == 8
    assert profiles.conditions("OWNERS_SPECIAL").notice_days == 7
    long = charter_with(vote_notice_days="21", meeting_notice_days="4")
    assert profiles.conditions("RESIDENT_ASSEMBLY", long).notice_days == 21
    joint = profiles.conditions("JOINT_MEETING", long)
    assert (joint.notice_days, joint.open_days, joint.roll_days) == (4, 0, 0)


def test_votes_about_people_are_secret_and_owners_vote_by_name() -> None:
    for code in PROFILES:
        assert profiles.conditions(code, about_people=True).secret is True
    by_name = [code for code in PROFILES if profiles.conditions(code).secret is False]
    assert by_name == ["OWNERS_ORDINARY", "OWNERS_SPECIAL"]


def test_nobody_votes_for_a_delegate_and_three_at_most_for_a_resident() -> None:
    proxies = {code: profiles.conditions(code).proxies for code in PROFILES}
    assert proxies["DELEGATE_ASSEMBLY"] == proxies["COUNCIL"] == proxies["JOINT_MEETING"] == 0
    assert proxies["RESIDENT_ASSEMBLY"] == proxies["OWNERS_SPECIAL"] == 3


def test_the_arithmetic_needs_nothing_but_python_itself() -> None:
    folder, seen, waiting = Path(decisions.__file__).parent, set(), ["decisions", "rulecards"]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module = str(node.module)
                if module.startswith("council."):
                    waiting += [module.removeprefix("council.")] if module[8:] not in seen else []
                else:
                    assert module.split(".", maxsplit=1)[0] in sys.stdlib_module_names
            elif isinstance(node, ast.Import):
                assert all(one.name in sys.stdlib_module_names for one in node.names)
    assert seen == {"decisions", "rulecards", "derivations", "tallies", "thresholds"}


def test_a_tie_is_broken_only_where_no_law_asks_for_more_than_half() -> None:
    of = {code: profiles.conditions(code).ties_of(motion=True) for code in PROFILES}
    assert of.pop("COUNCIL") == tuple(Tie)
    assert of.pop("JOINT_MEETING") == (Tie.FAILS, Tie.CHAIR)
    assert set(of.values()) == {(Tie.FAILS,)}
    places = {code: profiles.conditions(code).ties_of(motion=False) for code in PROFILES}
    without = [code for code, ties in places.items() if Tie.LOT not in ties]
    assert without == ["OWNERS_ORDINARY", "OWNERS_SPECIAL", "STRAW"]


def test_the_charter_says_whether_the_chair_breaks_a_tie_in_a_meeting() -> None:
    assert profiles.rule("JOINT_MEETING").tie is Tie.FAILS
    assert profiles.rule("JOINT_MEETING", charter_with(meeting_tie="chair")).tie is Tie.CHAIR
