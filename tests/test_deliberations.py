"""Deliberation: one item at a time, objections in words, consensus first, then a vote."""

import pytest

from council import deliberations, rollcalls
from council.decisions import Outcome
from council.errors import Invalid, NotAllowed, NotReady
from council.meetings import ItemKind, ItemStage
from council.people import Channel, Constituency, Post
from council.plans import Topic
from council.proposals import Stage
from council.votes import Choice
from tests.hall import MOTION, SEATS, Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def test_the_chair_calls_an_item(hall: Hall) -> None:
    item = hall.item_open()
    assert item.stage is ItemStage.OPEN
    assert item.opened_at == hall.world.now
    assert hall.world.acts()[-1] == "item.open"


def test_an_item_is_called_only_in_session_and_once(hall: Hall) -> None:
    item = hall.items(hall.opened())[0]
    ctx = hall.world.as_(Post.FACILITATOR)
    with pytest.raises(NotReady) as refusal:
        deliberations.open_item(ctx, item)
    assert refusal.value.needs == ("meeting_in_session",)
    with pytest.raises(NotAllowed):
        deliberations.open_item(hall.world.as_(Post.PARTY_LEAD), item)


def test_one_item_is_open_at_a_time(hall: Hall) -> None:
    other = hall.world.matter(Stage.READY_FOR_MEETING)
    first, second = hall.items(hall.begun(hall.matter, other))
    ctx = hall.world.as_(Post.FACILITATOR)
    deliberations.open_item(ctx, first)
    for item, need in ((second, "no_other_item_open"), (first, "item_is_pending")):
        with pytest.raises(NotReady) as refusal:
            deliberations.open_item(ctx, item)
        assert refusal.value.needs == (need,)


def test_consensus_is_recorded_when_nobody_objects(hall: Hall) -> None:
    item = hall.item_open()
    deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text="装一盏路灯，6 月底前装好。")
    assert (item.stage, item.consensus) == (ItemStage.CONSENSUS, "装一盏路灯，6 月底前装好。")
    assert item.reckoning is not None
    assert [line.key for line in item.reckoning.lines][-1] == "decision.consensus"
    assert "item.consensus" in hall.world.acts()


def test_consensus_needs_its_words(hall: Hall) -> None:
    item = hall.item_open()
    with pytest.raises(Invalid):
        deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text=" ")
    with pytest.raises(NotAllowed):
        deliberations.agree(hall.world.as_(Post.RECORDER), item, text="x")
    assert item.stage is ItemStage.OPEN


def test_an_objection_stops_the_consensus_until_it_is_taken_back(hall: Hall) -> None:
    item = hall.item_open()
    made = deliberations.object_to(hall.world.as_("neighbour"), item, words="灯太亮，照进卧室")
    assert made.constituency is Constituency.RESIDENTS
    assert hall.world.acts()[-1] == "item.object"
    with pytest.raises(NotReady) as refusal:
        deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text="装")
    assert refusal.value.needs == ("nobody_objects",)
    deliberations.withdraw_objection(hall.world.as_("neighbour"), item)
    assert hall.world.acts()[-1] == "item.withdraw_objection"
    deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text="装，加灯罩")


def test_an_objection_can_be_raised_again(hall: Hall) -> None:
    item = hall.item_open()
    ctx = hall.world.as_("neighbour")
    first = deliberations.object_to(ctx, item, words="太亮")
    deliberations.withdraw_objection(ctx, item)
    assert deliberations.object_to(ctx, item, words="还是太亮") is first
    assert first.withdrawn_at is None


def test_an_expert_s_objection_is_shown_and_does_not_stop_the_consensus(hall: Hall) -> None:
    item = hall.item_open()
    deliberations.object_to(hall.world.as_(Constituency.EXPERTS), item, words="线路要先查")
    deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text="装")
    assert item.reckoning is not None
    experts = next(part for part in item.reckoning.parts if part.constituency == "experts")
    assert experts.tally.against == 1


def test_only_somebody_who_sits_there_objects_and_says_why(hall: Hall) -> None:
    item = hall.item_open(present=tuple(key for key in SEATS if key != "neighbour"))
    with pytest.raises(NotReady) as refusal:
        deliberations.object_to(hall.world.as_("neighbour"), item, words="太亮")
    assert refusal.value.needs == ("takes_a_seat",)
    with pytest.raises(Invalid):
        deliberations.object_to(hall.world.as_(Constituency.PARTY), item, words="")
    with pytest.raises(NotAllowed):
        deliberations.object_to(hall.world.as_(Post.ADMIN), item, words="x")


def test_nobody_objects_twice_or_takes_back_what_was_not_said(hall: Hall) -> None:
    item = hall.item_open()
    ctx = hall.world.as_("neighbour")
    with pytest.raises(NotReady) as refusal:
        deliberations.withdraw_objection(ctx, item)
    assert refusal.value.needs == ("has_objected",)
    deliberations.object_to(ctx, item, words="太亮")
    with pytest.raises(NotReady) as again:
        deliberations.object_to(ctx, item, words="太亮")
    assert again.value.needs == ("not_yet_objected",)


def test_a_worker_enters_an_objection_for_somebody(hall: Hall) -> None:
    item = hall.item_open()
    ctx = hall.world.for_("neighbour", channel=Channel.MEETING)
    made = deliberations.object_to(ctx, item, words="太亮")
    assert made.entered_by_id == hall.world.who[Post.COMMUNITY_WORKER]


def test_nothing_can_be_objected_to_before_its_item_is_called(hall: Hall) -> None:
    item = hall.items(hall.begun())[0]
    with pytest.raises(NotReady) as refusal:
        deliberations.object_to(hall.world.as_("neighbour"), item, words="太亮")
    assert refusal.value.needs == ("item_is_open",)


def test_an_item_is_postponed_with_a_public_reason(hall: Hall) -> None:
    item = hall.items(hall.begun())[0]
    ctx = hall.world.as_(Post.FACILITATOR)
    with pytest.raises(Invalid):
        deliberations.postpone(ctx, item, reason="")
    with pytest.raises(NotAllowed):
        deliberations.postpone(hall.world.as_("neighbour"), item, reason="x")
    deliberations.postpone(ctx, item, reason="等供电公司的方案")
    assert (item.stage, item.reason) == (ItemStage.POSTPONED, "等供电公司的方案")
    assert "item.postpone" in hall.world.acts()
    with pytest.raises(NotReady) as refusal:
        deliberations.postpone(ctx, item, reason="x")
    assert refusal.value.needs == ("item_can_wait",)


def test_the_chair_opens_a_vote_and_then_there_is_no_more_objecting(hall: Hall) -> None:
    vote = hall.vote_open()
    assert "vote.open" in hall.world.acts()
    item = hall.world.session.get_one(deliberations.AgendaItem, vote.agenda_item_id)
    ctx = hall.world.as_(Post.FACILITATOR)
    for refused in (
        lambda: deliberations.object_to(hall.world.as_("neighbour"), item, words="x"),
        lambda: deliberations.agree(ctx, item, text="x"),
        lambda: deliberations.postpone(ctx, item, reason="x"),
        lambda: deliberations.open_vote(ctx, item),
    ):
        with pytest.raises(NotReady) as refusal:
            refused()
        assert refusal.value.needs == ("no_vote_opened",)


def test_only_the_chair_opens_and_closes_a_vote(hall: Hall) -> None:
    item = hall.asked(hall.item_open())
    with pytest.raises(NotAllowed):
        deliberations.open_vote(hall.world.as_(Post.PARTY_LEAD), item)
    vote = deliberations.open_vote(hall.world.as_(Post.FACILITATOR), item)
    with pytest.raises(NotAllowed):
        deliberations.close_vote(hall.world.as_(Constituency.PARTY), vote)


def test_closing_the_vote_settles_the_item(hall: Hall) -> None:
    vote = hall.vote_open()
    rollcalls.cast(hall.world.as_("neighbour"), vote, choice=Choice.FOR)
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)
    item = hall.world.session.get_one(deliberations.AgendaItem, vote.agenda_item_id)
    assert (item.stage, item.closed_at) == (ItemStage.VOTED, hall.world.now)
    with pytest.raises(NotReady) as refusal:
        deliberations.open_vote(hall.world.as_(Post.FACILITATOR), item)
    assert set(refusal.value.needs) == {"item_is_open", "no_vote_opened"}


def test_a_report_is_heard_and_nothing_is_decided(hall: Hall) -> None:
    report = Topic(title="通报上半年物业账目", kind=ItemKind.REPORT)
    meeting = hall.begun(agenda=(report, Topic(hall.matter.id, MOTION)))
    chair = hall.world.as_(Post.FACILITATOR)
    first, second = hall.items(meeting)
    deliberations.open_item(chair, first)
    for act, given in ((deliberations.agree, {"text": "同意"}), (deliberations.open_vote, {})):
        with pytest.raises(NotReady) as refusal:
            act(chair, first, **given)
        assert "item_decides" in refusal.value.needs
    with pytest.raises(NotReady) as refusal:
        deliberations.object_to(hall.world.as_("neighbour"), first, words="不同意")
    assert refusal.value.needs == ("item_decides",)
    with pytest.raises(NotAllowed):
        deliberations.hear(hall.world.as_(Post.PARTY_LEAD), first)
    deliberations.hear(chair, first)
    assert (first.stage, first.closed_at) == (ItemStage.HEARD, hall.world.now)
    assert "item.hear" in hall.world.acts()
    with pytest.raises(NotReady) as refusal:
        deliberations.hear(chair, deliberations.open_item(chair, second))
    assert refusal.value.needs == ("item_only_heard",)


def test_a_motion_without_a_matter_is_voted_on(hall: Hall) -> None:
    vote = hall.vote_open(agenda=(Topic(title="议事规则", motion="每月第一个周六开会。"),))
    assert (vote.proposal_id, vote.question) == (None, "每月第一个周六开会。")
    for key in SEATS:
        rollcalls.cast(hall.world.as_(key), vote, choice=Choice.FOR)
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)
    assert vote.outcome is Outcome.ADOPTED
    assert hall.matter.stage is Stage.READY_FOR_MEETING
