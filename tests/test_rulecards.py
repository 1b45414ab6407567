"""The rules card says what the rule does: in plain words, with numbers where they are known."""

from dataclasses import replace
from itertools import product

import pytest

from council import i18n
from council.profiles import DELEGATE_ASSEMBLY, JOINT_MEETING, OWNERS_SPECIAL, PROFILES, in_meeting
from council.rulecards import card, entitled
from council.tallies import ALL, Base, Count, Tally, heads
from council.thresholds import Electorate, Presence, Rule, Tie


def said(rule: Rule, counts: dict[str, Count] | None = None) -> list[str]:
    return [line.say(lambda key: i18n.translate("zh", key)) for line in card(rule, counts)]


def test_the_rule_of_the_joint_meeting_in_plain_words() -> None:
    assert said(JOINT_MEETING) == [
        "党员、居民、社区、专业团队、区域单位各有席位，一席一票。",
        "应到的席位里，到会的要不少于一半，表决才有效。",
        "5 方每一方至少要有 1 席到会。",
        "实到计票的席位里，赞成的要超过一半，才通过。",
        "弃权的也算在里面，等于没有赞成。",
        "赞成和反对票数相等，不通过。",
        "专业团队只提意见：票会公布，不计入是否通过。",
        "有一方全体反对的，不通过，交有权机构决定。",
    ]


def test_the_card_works_out_the_numbers_of_a_known_roll() -> None:
    delegates = in_meeting(DELEGATE_ASSEMBLY)
    known = said(delegates, heads({ALL: Tally(52, 36)}))
    assert "52 人里至少要有 35 人到会。" in known
    assert "实到 36 人，赞成的要超过 18 人，就是至少 19 人。" in known
    before = said(DELEGATE_ASSEMBLY, entitled({ALL: 52}))
    assert "52 人里至少要有 35 人参加表决。" in before
    assert "要是刚好 35 人参加表决，赞成的要超过 17.5 人，就是至少 18 人。" in before


def test_people_and_area_have_a_sentence_each() -> None:
    words = said(OWNERS_SPECIAL, entitled({ALL: {"heads": 386, "area": 3_421_050}}))
    assert words[0] == "业主投票，人数和专有部分面积分开计算。"
    assert "参加表决的面积里，赞成的要不少于 3/4，才通过。" in words
    assert "34,210.50 ㎡里至少要有 22,807.00 ㎡参加表决。" in words


def test_seats_of_advisers_count_for_the_quorum_and_not_for_passing() -> None:
    seats = {"party": Tally(5, 5), "residents": Tally(8, 8), "experts": Tally(2, 2)}
    words = said(JOINT_MEETING, heads(seats))
    assert "15 席里至少要有 8 席到会。" in words
    assert "实到计票 13 席，赞成的要超过 6.5 席，就是至少 7 席。" in words


def test_an_opinion_poll_promises_no_decision() -> None:
    words = said(PROFILES["STRAW"], entitled({ALL: 900}))
    assert words[-1] == "这次只了解大家的想法，结果供参考，不作决定。"
    assert not [one for one in words if "通过" in one]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_rule_can_be_said(language: i18n.Language) -> None:
    every = [
        replace(
            rule, electorate=electorate, presence=presence, tie=tie, abstain_present=abstain,
            passing=tuple(replace(t, share=replace(t.share, base=base)) for t in rule.passing),
        )
        for rule, electorate, presence, tie, base, abstain in product(
            PROFILES.values(), Electorate, Presence, Tie, Base, (True, False)
        )
        if tie is Tie.FAILS or len(rule.passing) == 1
    ]  # fmt: skip
    every += [replace(JOINT_MEETING, need=need) for need in ("all", 3)]
    every += [replace(JOINT_MEETING, quorum_each=JOINT_MEETING.quorum)]
    told = set()
    for rule in every:
        for line in (*card(rule), *card(rule, motion=False)):
            told.add(line.key)
            words = line.say(lambda key: i18n.translate(language, key))
            assert "{" not in words
            assert "decision." not in words
            assert "rulecard." not in words
    worked = {"rulecard.quorum.worked", "rulecard.pass.worked", "rulecard.pass.fewest"}
    known = {key for key in i18n.catalogue(language) if key.startswith("rulecard.")}
    assert known - worked - {"rulecard.apart"} == told - {"rulecard.apart"}
