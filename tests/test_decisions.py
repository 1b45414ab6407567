"""Decision rules: tables worked out by hand, then what holds for every vote."""

import json
import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from council import i18n, thresholds
from council.decisions import Outcome, Result, consensus, decide, quorum, replay
from council.profiles import (
    DELEGATE_ASSEMBLY,
    JOINT_MEETING,
    OWNERS_ORDINARY,
    OWNERS_SPECIAL,
    PARTY_REVIEW,
    PROFILES,
    STRAW,
    in_meeting,
)
from council.tallies import ALL, Base, Count, Tally, Weight, heads
from council.thresholds import Electorate, Presence, Rule, Share, Tie

FIVE = JOINT_MEETING.constituencies
VOTING = JOINT_MEETING.counted
DUE = {"party": 5, "residents": 8, "community": 3, "experts": 2, "units": 3}


def zh(key: str) -> str:
    return i18n.translate("zh", key)


def said(result: Result) -> list[str]:
    return [line.say(zh) for line in result.lines]


def meeting(votes: str) -> dict[str, Tally]:
    """Per constituency, in order: present:for-against-abstain."""
    numbers = (map(int, re.split("[:-]", part)) for part in votes.split())
    given = {name: Tally(DUE[name], *four) for name, four in zip(FIVE, numbers, strict=False)}
    return {name: given.get(name, Tally(DUE[name], 0)) for name in FIVE}


def one_body(due: int, favour: int, against: int, abstain: int = 0, spoiled: int = 0) -> Count:
    """Everybody who took part, in a vote without constituencies."""
    present = favour + against + abstain + spoiled
    return {Weight.HEADS: Tally(due, present, favour, against, abstain, spoiled)}


def test_the_fitness_place_is_adopted_with_its_arithmetic() -> None:
    result = decide(JOINT_MEETING, heads(meeting("4:4-0-0 7:4-2-1 3:3-0-0 1:1-0-0 2:1-0-1")))
    assert result.outcome is Outcome.ADOPTED
    assert result.totals == Tally(19, 16, 12, 2, 2)
    assert [part.constituency for part in result.parts] == list(FIVE)
    assert [part.constituency for part in result.parts if not part.counted] == ["experts"]
    assert said(result) == [
        "到会 17 席，占应到 21 席的 80.95%。需要不少于一半：21 ÷ 2 = 10.5，即 11 席。",
        "5 方各有至少 1 席到会。",
        "赞成 12 席，占实到计票 16 席的 75.00%。需要超过一半：16 ÷ 2 = 8，即 9 席。",
        "没有任何一方全体反对。",
    ]


def test_without_the_units_the_meeting_decides_nothing_and_says_why() -> None:
    result = decide(JOINT_MEETING, heads(meeting("5:5-0-0 8:5-3-0 3:3-0-0 2:0-0-0 0:0-0-0")))
    assert result.outcome is Outcome.NO_QUORUM
    assert said(result) == [
        "到会 18 席，占应到 21 席的 85.71%。需要不少于一半：21 ÷ 2 = 10.5，即 11 席。",
        "5 方各需要至少 1 席到会，还缺：区域单位。",
    ]


def test_thirteen_to_six_is_not_adopted_when_the_units_are_wholly_against() -> None:
    result = decide(JOINT_MEETING, heads(meeting("5:5-0-0 8:5-3-0 3:3-0-0 2:2-0-0 3:0-3-0")))
    assert (result.totals.favour, result.totals.against) == (13, 6)
    assert result.outcome is Outcome.REFERRED
    assert [line.say(zh) for line in result.lines if not line.ok] == ["全体反对的有：区域单位。"]


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
        ("2:2-0-0 5:5-0-0 1:1-0-0 1:0-0-0 1:1-0-0", Outcome.NO_QUORUM, ["quorum"]),
        ("5:5-0-0 8:8-0-0 3:3-0-0 0:0-0-0 3:3-0-0", Outcome.NO_QUORUM, ["each_present"]),
        ("0:0-0-0", Outcome.NO_QUORUM, ["quorum", "each_present"]),
    ],
)
def test_a_joint_meeting_decides_as_worked_out_by_hand(
    votes: str, outcome: Outcome, failed: list[str]
) -> None:
    result = decide(JOINT_MEETING, heads(meeting(votes)))
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
        heads(dict.fromkeys(FIVE, 1) | {"residents": due - 4}),
        heads(
            dict.fromkeys(FIVE, 1) | {"residents": present - 4}
            if present > 4
            else dict.fromkeys(FIVE[:present], 1)
        ),
    )
    assert ok is holds
    assert lines[0].fields["needed"] == (due + 1) // 2


def test_consensus_needs_a_quorum_and_nobody_who_objects() -> None:
    due, present = heads(DUE), heads(dict.fromkeys(FIVE, 1) | {"residents": 8})
    agreed = consensus(JOINT_MEETING, due, present, {})
    assert (agreed.outcome, agreed.by_consensus) == (Outcome.ADOPTED, True)
    assert agreed.lines[-1].key == "decision.consensus"
    experts = consensus(JOINT_MEETING, due, present, heads({"experts": 1}))
    assert experts.outcome is Outcome.ADOPTED
    refused = consensus(JOINT_MEETING, due, present, heads({"residents": 2, "units": 1}))
    assert refused.outcome is Outcome.NO_CONSENSUS
    assert said(refused)[-1] == "3 席反对（居民、区域单位），没有一致，转为表决。"
    assert consensus(JOINT_MEETING, due, {}, {}).outcome is Outcome.NO_QUORUM
    for result in (agreed, experts, refused):
        assert replay(result) == result
    with pytest.raises(ValueError, match="do not fit"):
        consensus(JOINT_MEETING, due, present, heads({"units": 2}))


def test_thirty_five_of_fifty_two_delegates_are_a_quorum_and_thirty_four_are_not() -> None:
    few = decide(DELEGATE_ASSEMBLY, {ALL: one_body(52, 34, 0)})
    assert few.outcome is Outcome.NO_QUORUM
    assert said(few) == [
        "参加表决 34 人，占名册上 52 人的 65.38%，不够。"
        "需要不少于 2/3：52 × 2/3 = 34 2/3，即 35 人。"
    ]
    assert decide(DELEGATE_ASSEMBLY, {ALL: one_body(52, 18, 17)}).outcome is Outcome.ADOPTED
    there = quorum(in_meeting(DELEGATE_ASSEMBLY), heads({ALL: 52}), heads({ALL: 34}))
    assert there[1][0].say(zh).startswith("到会 34 人，占应到 52 人的 65.38%，不够。")


def test_eighteen_of_thirty_six_delegates_adopt_nothing_and_nineteen_do() -> None:
    half = decide(DELEGATE_ASSEMBLY, {ALL: one_body(52, 18, 15, 3)})
    assert half.outcome is Outcome.REJECTED
    assert said(half)[-1] == (
        "赞成 18 人，占参加表决 36 人的 50.00%，不够。需要超过一半：36 ÷ 2 = 18，即 19 人。"
    )
    assert decide(DELEGATE_ASSEMBLY, {ALL: one_body(52, 19, 14, 3)}).outcome is Outcome.ADOPTED


def owners(there: tuple[int, int], favour: tuple[int, int]) -> dict[str, Count]:
    """386 owners of 34,210.50 ㎡; everybody who is not for it is against."""
    due = (386, 3_421_050)
    return {
        ALL: {
            weight: Tally(due[i], there[i], favour[i], there[i] - favour[i])
            for i, weight in enumerate((Weight.HEADS, Weight.AREA))
        }
    }


def test_the_owners_first_ballot_fails_on_area_alone() -> None:
    result = decide(OWNERS_SPECIAL, owners((279, 2_396_040), (214, 1_789_010)))
    assert result.outcome is Outcome.REJECTED
    assert said(result) == [
        "参加表决 279 人，占名册上 386 人的 72.28%。"
        "需要不少于 2/3：386 × 2/3 = 257 1/3，即 258 人。",
        "参加表决 23,960.40 ㎡，占名册上 34,210.50 ㎡的 70.04%。"
        "需要不少于 2/3：34,210.50 × 2/3 = 22,807.00，即 22,807.00 ㎡。",
        "赞成 214 人，占参加表决 279 人的 76.70%。需要不少于 3/4：279 × 3/4 = 209.25，即 210 人。",
        "赞成 17,890.10 ㎡，占参加表决 23,960.40 ㎡的 74.67%，不够。"
        "需要不少于 3/4：23,960.40 × 3/4 = 17,970.30，即 17,970.30 ㎡。",
        "只有面积没有达到：74.67% < 75%。",
    ]
    english = result.lines[-1].say(lambda key: i18n.translate("en", key))
    assert english == "It falls short by floor area alone: 74.67% < 75%."
    assert (result.totals.favour, result.count[Weight.AREA].favour) == (214, 1_789_010)


def test_the_owners_second_ballot_passes_by_heads_and_by_area() -> None:
    result = decide(OWNERS_SPECIAL, owners((301, 2_648_000), (241, 2_065_525)))
    assert result.outcome is Outcome.ADOPTED
    passed = [line.fields["percent"] for line in result.lines if line.key == "decision.pass"]
    assert passed == ["80.07%", "78.00%"]
    short = decide(OWNERS_ORDINARY, owners((386, 2_000_000), (386, 2_000_000)))
    assert short.outcome is Outcome.NO_QUORUM
    assert said(short)[-1] == "只有面积没有达到：58.46% < 2/3。"


def test_an_opinion_poll_decides_nothing() -> None:
    for favour in (0, 7, 12):
        result = decide(STRAW, {ALL: one_body(900, favour, 5, 2, 1)})
        assert result.outcome is Outcome.ADVICE
        assert all(line.ok for line in result.lines)
    assert said(result) == ["赞成 12 人，占赞成和反对 17 人的 70.59%。"]


def test_spoiled_votes_take_part_and_are_not_valid() -> None:
    tally = Tally(10, 9, favour=4, against=2, abstain=1, spoiled=1)
    assert (tally.cast, tally.valid, tally.spoiled) == (8, 6, 1)
    assert [tally.base(base) for base in Base] == [10, 9, 8, 6]
    result = decide(DELEGATE_ASSEMBLY, {ALL: one_body(9, 3, 1, 1, 1)})
    assert result.outcome is Outcome.REJECTED
    only_spoiled = Tally(3, 3, against=2, spoiled=1)
    assert only_spoiled.all_against
    assert not Tally(3, 3, spoiled=3).all_against


def test_nobody_at_all_adopts_nothing() -> None:
    for rule in PROFILES.values():
        names = rule.constituencies or (ALL,)
        nobody = {name: dict.fromkeys(rule.weights, Tally(0, 0)) for name in names}
        assert decide(rule, nobody).outcome in {Outcome.NO_QUORUM, Outcome.ADVICE}
    half = replace(PARTY_REVIEW, quorum=())
    assert decide(half, {ALL: one_body(0, 0, 0)}).outcome is Outcome.REJECTED


def tied(tie: Tie) -> Rule:
    return replace(DELEGATE_ASSEMBLY, tie=tie)


def test_a_tie_never_passes_by_itself() -> None:
    equal = {ALL: one_body(40, 18, 18)}
    plain = decide(tied(Tie.FAILS), equal, casting=True)
    assert (plain.outcome, plain.lines[-1].key) == (Outcome.REJECTED, "decision.tie.fails")
    # at least half of those due, and as many against: the share is met, and still it is a tie
    review = decide(PARTY_REVIEW, {ALL: one_body(40, 20, 20)})
    assert review.outcome is Outcome.REJECTED
    assert [line.ok for line in review.lines] == [True, True, False]
    assert decide(PARTY_REVIEW, {ALL: one_body(40, 20, 19, 1)}).outcome is Outcome.ADOPTED
    assert decide(tied(Tie.FAILS), {ALL: one_body(40, 0, 0, 36)}).lines[-1].key == "decision.pass"


@pytest.mark.parametrize("tie", [Tie.CHAIR, Tie.LOT])
def test_the_chair_or_the_lot_breaks_a_tie_and_nothing_else(tie: Tie) -> None:
    equal = {ALL: one_body(40, 18, 18)}
    assert decide(tied(tie), equal).outcome is Outcome.TIED
    for casting, outcome in ((True, Outcome.ADOPTED), (False, Outcome.REJECTED)):
        result = decide(tied(tie), equal, casting=casting)
        assert (result.outcome, result.casting) == (outcome, casting)
        assert replay(result) == result
    # seventeen to seventeen and two who abstain: one more is not more than half of 36
    short = decide(tied(tie), {ALL: one_body(40, 17, 17, 2)}, casting=True)
    assert (short.outcome, short.casting) == (Outcome.REJECTED, None)


def test_a_rule_can_ask_for_a_majority_in_each_or_in_some_constituencies() -> None:
    votes = heads(meeting("5:3-2-0 8:4-4-0 3:3-0-0 2:0-2-0 3:2-1-0"))
    for need, outcome in (("all", Outcome.REJECTED), (4, Outcome.REJECTED), (3, Outcome.ADOPTED)):
        result = decide(replace(JOINT_MEETING, need=need), votes)
        line = next(line for line in result.lines if line.key == "decision.need")
        assert (result.outcome, line.fields["short"]) == (outcome, ("residents",))
    assert "4 方里有 3 方自己也够数，需要 3 方。" in said(result)


def test_who_abstains_may_not_count_for_the_quorum() -> None:
    rule = replace(DELEGATE_ASSEMBLY, abstain_present=False)
    result = decide(rule, {ALL: one_body(52, 34, 0, 1)})
    assert result.outcome is Outcome.NO_QUORUM
    assert said(result)[0].startswith("参加表决并没有弃权 34 人，")


def test_each_constituency_can_be_counted_apart_by_the_same_rule() -> None:
    apart = replace(DELEGATE_ASSEMBLY, constituencies=("party", "residents"))
    result = decide(apart, {"party": one_body(20, 10, 4), "residents": one_body(32, 9, 13)})
    assert result.totals == Tally(52, 36, 19, 17)
    assert result.outcome is Outcome.ADOPTED


def test_nonsense_is_refused() -> None:
    for due, present, favour in ((3, 4, 0), (3, 2, 3), (-1, -1, 0), (3, 3, -1)):
        with pytest.raises(ValueError, match=r"fit|negative"):
            Tally(due, present, favour)
    one = {Weight.HEADS: Tally(1, 1)}
    for rule, counts, why in (
        (JOINT_MEETING, {"owners": one}, "does not know"),
        (DELEGATE_ASSEMBLY, {"residents": one}, "does not know"),
        (OWNERS_SPECIAL, {ALL: one}, "of .'all'"),
        (DELEGATE_ASSEMBLY, {ALL: one}, "those who voted"),
    ):
        with pytest.raises(ValueError, match=why):
            decide(rule, counts)
    with pytest.raises(ValueError, match="does not know"):
        quorum(JOINT_MEETING, heads({"owners": 1}), {})
    half = Share(Fraction(1, 2), strict=True, base=Base.PRESENT)
    area = thresholds.Test(Weight.AREA, half)
    third = thresholds.Test(Weight.HEADS, replace(half, part=Fraction(1, 3)))
    with pytest.raises(ValueError, match="between 0 and 1"):
        replace(half, part=Fraction(3, 2))
    for rule, changed, why in (
        (JOINT_MEETING, {"quorum": JOINT_MEETING.passing}, "those entitled"),
        (JOINT_MEETING, {"advisory": ("owners",)}, "do not fit"),
        (JOINT_MEETING, {"advisory": FIVE}, "do not fit"),
        (JOINT_MEETING, {"constituencies": ("party", "party")}, "do not fit"),
        (JOINT_MEETING, {"passing": ()}, "less than a half"),
        (JOINT_MEETING, {"passing": (third,)}, "less than a half"),
        (JOINT_MEETING, {"need": "some"}, "needs some"),
        (JOINT_MEETING, {"need": 5}, "needs 5"),
        (DELEGATE_ASSEMBLY, {"each_present": 1}, "no constituencies"),
        (DELEGATE_ASSEMBLY, {"quorum_each": DELEGATE_ASSEMBLY.quorum}, "no constituencies"),
        (JOINT_MEETING, {"quorum_each": JOINT_MEETING.passing}, "those entitled"),
        (DELEGATE_ASSEMBLY, {"need": "all"}, "no constituencies"),
        (OWNERS_SPECIAL, {"tie": Tie.CHAIR}, "one test"),
        (OWNERS_SPECIAL, {"tie": Tie.LOT, "passing": (area,)}, "nobody casts an area"),
    ):
        with pytest.raises(ValueError, match=why):
            replace(rule, **changed)


def test_a_rule_is_data_and_a_newer_rule_is_not_half_understood() -> None:
    for rule in (*PROFILES.values(), replace(JOINT_MEETING, need="all"), tied(Tie.LOT)):
        data = rule.to_json()
        assert Rule.from_json(json.loads(rfc8785.dumps(data))) == rule
    assert data["passing"] == [
        {"weight": "heads", "part": "1/2", "strict": True, "base": "present"}
    ]
    with pytest.raises(ValueError, match="not a rule"):
        Rule.from_json(data | {"weights": ["area"]})
    with pytest.raises(FrozenInstanceError):
        JOINT_MEETING.code = "other"  # type: ignore[misc]
    line = decide(DELEGATE_ASSEMBLY, {ALL: one_body(3, 3, 0)}).lines[0]
    with pytest.raises(TypeError):
        line.fields["got"] = 21  # type: ignore[index]


def test_every_constituency_can_need_a_quorum_of_its_own() -> None:
    rule = replace(JOINT_MEETING, each_present=0, quorum_each=JOINT_MEETING.quorum)
    enough = decide(rule, heads(meeting("3:3-0-0 4:4-0-0 2:2-0-0 1:1-0-0 2:2-0-0")))
    assert enough.outcome is Outcome.ADOPTED
    assert "5 方里每一方到会的都不少于一半（按人数）。" in said(enough)
    short = decide(rule, heads(meeting("2:2-0-0 8:8-0-0 2:2-0-0 1:1-0-0 2:2-0-0")))
    assert short.outcome is Outcome.NO_QUORUM
    assert "5 方里每一方到会的都要不少于一半（按人数），不够的有：党员。" in said(short)


# What holds for every vote


@st.composite
def tallies(draw: st.DrawFn, *, turnout: bool = False) -> Tally:
    few = st.integers(0, 6)
    favour, against, abstain, spoiled, away = (draw(few) for _ in range(5))
    silent = 0 if turnout else draw(few)
    present = favour + against + abstain + spoiled + silent
    return Tally(present + away, present, favour, against, abstain, spoiled)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule of a few parts, with constituencies or without."""
    weights = draw(st.lists(st.sampled_from(list(Weight)), min_size=1, max_size=2, unique=True))
    part = st.sampled_from([Fraction(1, 2), Fraction(2, 3), Fraction(3, 4), Fraction(1)])

    def tests(base: st.SearchStrategy[Base]) -> tuple[thresholds.Test, ...]:
        return tuple(
            thresholds.Test(weight, Share(draw(part), draw(st.booleans()), draw(base)))
            for weight in weights
        )

    names = draw(st.sampled_from([(), ("party", "residents"), FIVE]))
    heard = () if len(names) < 2 else draw(st.sampled_from([(), names[-1:]]))
    alone = len(weights) == 1 and weights != [Weight.AREA]
    return Rule(
        code="ANY", electorate=draw(st.sampled_from(list(Electorate))),
        presence=draw(st.sampled_from(list(Presence))),
        quorum=draw(st.sampled_from([(), tests(st.just(Base.ENTITLED))])),
        passing=tests(st.sampled_from(list(Base))), constituencies=names, advisory=heard,
        quorum_each=draw(st.sampled_from([(), tests(st.just(Base.ENTITLED))])) if names else (),
        each_present=draw(st.integers(0, 2)) if names else 0,
        need=draw(st.sampled_from([0, 1, "all"])) if names else 0,
        none_unanimous=bool(names) and draw(st.booleans()),
        abstain_present=draw(st.booleans()),
        tie=draw(st.sampled_from(list(Tie))) if alone else Tie.FAILS,
        binding=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rule, dict[str, Count], bool | None]:
    rule = draw(rules())
    turnout = rule.presence is Presence.TURNOUT
    names = rule.constituencies or (ALL,)
    counts: dict[str, Count] = {
        name: {weight: draw(tallies(turnout=turnout)) for weight in rule.weights} for name in names
    }
    return rule, counts, draw(st.sampled_from([None, True, False]))


RANK = [Outcome.NO_QUORUM, Outcome.REJECTED, Outcome.TIED, Outcome.REFERRED, Outcome.ADOPTED]
"""From nothing to everything."""


def better(tally: Tally, was: str) -> Tally | None:
    """One more for the motion, who was something else before."""
    if was == "silent":
        more = tally.cast < tally.present
        return replace(tally, favour=tally.favour + 1) if more else None
    if was == "away":
        if tally.present == tally.due:
            return None
        return replace(tally, present=tally.present + 1, favour=tally.favour + 1)
    if not getattr(tally, was):
        return None
    return replace(tally, favour=tally.favour + 1, **{was: getattr(tally, was) - 1})


@given(cases(), st.data())
def test_one_more_vote_in_favour_never_makes_it_worse(
    case: tuple[Rule, dict[str, Count], bool | None], data: st.DataObject
) -> None:
    rule, counts, casting = case
    rule = replace(rule, binding=True)
    name = data.draw(st.sampled_from(list(counts)))
    changes = ["against", "abstain", "spoiled", "silent", "away"]
    if rule.presence is Presence.TURNOUT:
        changes.remove("silent")
    was = data.draw(st.sampled_from(changes))
    more = {weight: better(tally, was) for weight, tally in counts[name].items()}
    if None in more.values():
        return
    before = decide(rule, counts, casting=casting)
    after = decide(rule, counts | {name: more}, casting=casting)
    # whoever comes at all may make a quorum for those who are against
    if before.outcome is Outcome.NO_QUORUM or after.outcome is Outcome.NO_QUORUM:
        assert after.outcome is not Outcome.NO_QUORUM or before.outcome is Outcome.NO_QUORUM
    else:
        assert RANK.index(after.outcome) >= RANK.index(before.outcome)


@given(cases())
def test_every_derivation_replays_to_the_same_result(
    case: tuple[Rule, dict[str, Count], bool | None],
) -> None:
    rule, counts, casting = case
    result = decide(rule, counts, casting=casting)
    assert replay(result) == result
    kept = Result.from_json(json.loads(rfc8785.dumps(result.to_json())))
    assert kept == result
    assert replay(kept) == result
    for language in i18n.LANGUAGES:
        for line in result.lines:
            words = line.say(lambda key, one=language: i18n.translate(one, key))
            assert "{" not in words
            assert "decision." not in words


@given(cases(), st.randoms())
def test_order_does_not_matter(
    case: tuple[Rule, dict[str, Count], bool | None], random: object
) -> None:
    rule, counts, casting = case
    names = list(rule.constituencies)
    random.shuffle(names)  # type: ignore[attr-defined]
    other = replace(rule, constituencies=tuple(names))
    expected = decide(rule, counts, casting=casting)
    shuffled = decide(other, dict(reversed(counts.items())), casting=casting)
    assert (shuffled.outcome, shuffled.count) == (expected.outcome, expected.count)


@given(cases())
def test_a_tie_and_less_than_the_share_never_adopt(
    case: tuple[Rule, dict[str, Count], bool | None],
) -> None:
    rule, counts, casting = case
    result = decide(rule, counts, casting=casting)
    if result.outcome not in {Outcome.ADOPTED, Outcome.REFERRED}:
        return
    for test in rule.passing:
        tally = result.count[test.weight]
        if result.casting is None:
            base = test.share.part * tally.base(test.share.base)
            assert tally.favour > base if test.share.strict else tally.favour >= base
            assert tally.favour > tally.against
        else:
            assert (rule.tie is not Tie.FAILS, result.casting) == (True, True)
            assert tally.favour == tally.against


@given(st.dictionaries(st.sampled_from(FIVE), tallies()))
def test_the_outcome_is_what_the_sentence_of_the_rule_says(votes: dict[str, Tally]) -> None:
    votes = dict.fromkeys(FIVE, Tally(0, 0)) | votes
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
    assert decide(JOINT_MEETING, heads(votes)).outcome is expected
    seats: list[Mapping[str, Mapping[Weight, int]]] = [
        heads({n: getattr(t, which) for n, t in votes.items()}) for which in ("due", "present")
    ]
    assert quorum(JOINT_MEETING, *seats)[0] is (expected is not Outcome.NO_QUORUM)


@given(st.fixed_dictionaries({name: tallies() for name in FIVE}), tallies())
def test_the_votes_of_experts_decide_nothing(votes: dict[str, Tally], said: Tally) -> None:
    experts = votes["experts"]
    favour = min(said.favour, experts.present)
    against = min(said.against, experts.present - favour)
    other = Tally(experts.due, experts.present, favour, against)
    before = decide(JOINT_MEETING, heads(votes))
    after = decide(JOINT_MEETING, heads(votes | {"experts": other}))
    assert (after.outcome, after.lines, after.count) == (
        before.outcome,
        before.lines,
        before.count,
    )
