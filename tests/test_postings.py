"""Postings: what was decided and what came of it hangs on the board for its days."""

from datetime import date
from decimal import Decimal

import pytest

from council import calendar, charter, notices, postings
from council.errors import Invalid, NotAllowed, NotReady
from council.notices import Notice, NoticeKind
from council.people import Constituency, Post
from council.postings import Words
from council.proposals import Proposal, Stage
from tests.working import adopted, assigned, passed
from tests.world import World

WORDS = Words("关于斜马路南口路灯的决定", "联席会议通过：南口立一盏灯杆。", "服务站门口公开栏")


def result(world: World, proposal: Proposal, words: Words = WORDS) -> Notice:
    return postings.post_result(
        world.as_(Post.COMMUNITY_WORKER), proposal, words=words,
        planned=Decimal(6000), actual=Decimal("5480.50"),
    )  # fmt: skip


def finished(world: World) -> Proposal:
    proposal = adopted(world)
    passed(world, proposal)
    world.put(proposal, Stage.AWAITING_ACCEPTANCE)
    return proposal


def test_a_decision_hangs_for_at_least_fifteen_days(world: World) -> None:
    proposal = adopted(world)
    calendar_before = postings.decision_posted(world.system(), proposal)
    made = postings.post_decision(world.as_(Post.COMMITTEE), proposal, words=WORDS)
    assert calendar_before is False
    assert (made.kind, made.proposal_id) == (NoticeKind.DECISION, proposal.id)
    assert (made.days, made.until) == (15, date(2026, 5, 21))
    assert postings.decision_posted(world.system(), proposal)
    assert calendar.running(world.session, proposal, "post_decision") == []
    assert world.acts()[-1] == "decision.post"


def test_the_charter_may_let_it_hang_longer(world: World) -> None:
    charter.set_value(world.as_(Post.ADMIN), world.community, key="posting_days", value="20")
    made = postings.post_decision(world.as_(Post.COMMITTEE), adopted(world), words=WORDS)
    assert made.days == 20


def test_only_those_who_publish_post(world: World) -> None:
    for key in (Post.HANDLER, Post.FACILITATOR, Constituency.RESIDENTS, Post.ADMIN):
        with pytest.raises(NotAllowed):
            postings.post_decision(world.as_(key), adopted(world), words=WORDS)
    with pytest.raises(NotAllowed):
        postings.post_result(
            world.as_(Post.HANDLER), finished(world), words=WORDS,
            planned=Decimal(0), actual=Decimal(0),
        )  # fmt: skip


def test_a_decision_is_posted_once_and_only_when_there_is_one(world: World) -> None:
    with pytest.raises(NotReady) as refusal:
        postings.post_decision(world.as_(Post.COMMITTEE), world.matter(Stage.REJECTED), words=WORDS)
    assert refusal.value.needs == ("is_decided",)
    proposal = adopted(world)
    postings.post_decision(world.as_(Post.COMMITTEE), proposal, words=WORDS)
    with pytest.raises(NotReady) as again:
        postings.post_decision(world.as_(Post.COMMITTEE), proposal, words=WORDS)
    assert again.value.needs == ("decision_not_posted",)


def test_a_notice_says_something(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        postings.post_decision(world.as_(Post.COMMITTEE), adopted(world), words=Words("", " "))
    assert {one.field for one in refusal.value.problems} == {"title", "body"}


def test_the_result_says_what_was_planned_and_what_it_cost(world: World) -> None:
    proposal = finished(world)
    made = result(world, proposal)
    assert made.body.endswith("费用：计划 6,000 元，实际 5,480.50 元。")
    assert postings.result_posted(world.system(), proposal)
    assert notices.posted(world.session, proposal.id, NoticeKind.RESULT) is made
    assert world.acts()[-1] == "result.post"
    with pytest.raises(NotReady) as again:
        result(world, proposal)
    assert again.value.needs == ("result_not_posted",)


def test_the_result_needs_a_photograph_of_the_place_as_it_is_now(world: World) -> None:
    with pytest.raises(NotReady) as refusal:
        result(world, world.matter(Stage.AWAITING_ACCEPTANCE))
    assert refusal.value.needs == ("has_after_photo",)


def test_the_result_waits_until_everything_has_passed(world: World) -> None:
    proposal = adopted(world, Stage.IN_PROGRESS)
    assigned(world, proposal)
    passed(world, proposal)
    with pytest.raises(NotReady) as refusal:
        result(world, proposal)
    assert refusal.value.needs == ("awaits_acceptance",)


def test_costs_are_not_below_nothing(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        postings.post_result(
            world.as_(Post.COMMITTEE), finished(world), words=WORDS,
            planned=Decimal(-1), actual=Decimal(0),
        )  # fmt: skip
    assert [one.field for one in refusal.value.problems] == ["planned"]
