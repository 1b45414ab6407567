"""Kinds of meetings: nine of them, each with who sits, how early it is called, what it decides."""

import pytest

from council import decisions, i18n, kinds
from council.kinds import KINDS, MeetingKind, Sits
from council.tallies import ALL, heads


def said(kind: MeetingKind) -> list[str]:
    return [line.say(lambda key: i18n.translate("zh", key)) for line in kinds.card(kind)]


def test_every_kind_has_its_rules() -> None:
    assert set(KINDS) == set(MeetingKind)
    assert {one for one in MeetingKind if KINDS[one].decides} == {
        MeetingKind.JOINT, MeetingKind.COUNCIL, MeetingKind.DELEGATES, MeetingKind.RESIDENTS,
    }  # fmt: skip


def test_a_residents_assembly_is_called_ten_days_before_whatever_the_charter_says() -> None:
    assert KINDS[MeetingKind.RESIDENTS].notice_days({"meeting_notice_days": "2"}) == 10
    assert KINDS[MeetingKind.RESIDENTS].notice_days({"meeting_notice_days": "14"}) == 14
    assert KINDS[MeetingKind.JOINT].notice_days({"meeting_notice_days": "2"}) == 2
    assert KINDS[MeetingKind.JOINT].notice_days() == 3


@pytest.mark.parametrize("kind", list(MeetingKind))
def test_every_kind_speaks_as_the_charter_says_but_a_workshop_knows_no_limit(
    kind: MeetingKind,
) -> None:
    free = kind is MeetingKind.WORKSHOP
    assert KINDS[kind].speaks() == ((0, 0) if free else (120, 2))
    values = {"speak_seconds": "90", "speak_turns": "3"}
    assert KINDS[kind].speaks(values) == ((0, 0) if free else (90, 3))
    told = [line.say(lambda key: i18n.translate("zh", key)) for line in kinds.card(kind, values)]
    assert ("每次发言不超过 90 秒，每件事每人不超过 3 次。" in told) is not free


def test_what_decides_nothing_needs_no_quorum() -> None:
    assert [one for one in MeetingKind if not KINDS[one].rule().binding] == [
        MeetingKind.TALK_HALL, MeetingKind.BUILDING_HEADS, MeetingKind.HEARING,
        MeetingKind.OPEN_TALK, MeetingKind.WORKSHOP,
    ]  # fmt: skip


@pytest.mark.parametrize(("present", "met"), [(34, False), (35, True)])
def test_the_delegates_assembly_needs_two_thirds_of_its_members(present: int, met: bool) -> None:
    rule = KINDS[MeetingKind.DELEGATES].rule()
    assert decisions.quorum(rule, heads({ALL: 52}), heads({ALL: present}))[0] is met


def test_in_the_council_experts_count_for_the_quorum_and_advise() -> None:
    rule = KINDS[MeetingKind.COUNCIL].rule()
    assert rule.advisory == ("experts",)
    due = {"party": 5, "residents": 8, "community": 3, "experts": 2, "units": 3}
    for residents, met in ((5, False), (7, True)):
        there = {"party": 3, "residents": residents, "community": 1, "experts": 2, "units": 1}
        assert decisions.quorum(rule, heads(due), heads(there))[0] is met


def test_the_card_of_a_kind_in_plain_words() -> None:
    assert said(MeetingKind.DELEGATES) == [
        "居委会成员和居民代表有席位，居民代表不少于五分之四。",
        "开会前至少 3 天发通知。",
        "每次发言不超过 120 秒，每件事每人不超过 2 次。",
        "其他居民可以到场旁听和发言。",
        "主持人保留法律给的一票。",
    ]
    assert said(MeetingKind.WORKSHOP)[-1] == "只听意见，不作决定，不表决。"
    assert not any(KINDS[one].invites for one in MeetingKind if KINDS[one].sits is Sits.ANYBODY)
