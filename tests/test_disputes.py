"""Objections: who may object until when, that two people answer, and what the public is told."""

import pytest

from council import calendar, disputes, offices
from council.disputes import DisputeAbout, Remedy, Ruling
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.people import Channel, Constituency, Post
from council.policy import Can
from tests.polling import LEAD, WATCH, Poll, votes_of
from tests.world import World


@pytest.fixture
def poll(world: World) -> Poll:
    made = Poll(world)
    made.published()
    return made


def test_a_member_objects_and_the_clock_of_three_days_runs(world: World, poll: Poll) -> None:
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    assert (row.about, row.capacity) == (DisputeAbout.ROLL, Constituency.RESIDENTS)
    (due,) = calendar.running(world.session, row)
    assert (due.kind, due.amount, due.who) == ("draft_ruling", "3d", Can.OVERSEE)
    assert world.acts()[-1] == "dispute.lodge"


def test_a_worker_enters_an_objection_for_somebody(world: World, poll: Poll) -> None:
    row = disputes.lodge(world.for_("neighbour"), poll.vote, words="名册里少了我。")
    assert (row.channel, row.person_id) == (Channel.PHONE, world.who["neighbour"])
    assert row.entered_by_id == world.who[Post.COMMUNITY_WORKER]


def test_an_objection_has_words_comes_in_time_and_once(world: World, poll: Poll) -> None:
    with pytest.raises(Invalid):
        disputes.lodge(world.as_("neighbour"), poll.vote, words=" ")
    with pytest.raises(NotAllowed):
        disputes.lodge(world.as_(Post.ADMIN), poll.vote, words="我不是这里的。")
    disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    with pytest.raises(NotReady) as again:
        disputes.lodge(world.as_("neighbour"), poll.vote, words="再说一次。")
    assert again.value.needs == ("not_yet_disputed",)
    world.wait(days=6)
    with pytest.raises(NotReady) as late:
        disputes.lodge(world.as_(Constituency.RESIDENTS), poll.vote, words="晚了。")
    assert late.value.needs == ("objections_open",)


def test_the_same_person_may_object_to_the_result_too(world: World) -> None:
    poll = Poll(world)
    poll.published()
    disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    first = disputes.of(world.session, poll.vote.id)[0]
    disputes.draft_ruling(world.as_(WATCH), first, ruling=Ruling.DISMISSED, reason="已在名册。")
    disputes.decide(world.as_(LEAD), first)
    world.wait(days=6)
    poll.step("settle_roll")
    poll.step("announce")
    poll.checked()
    assert poll.vote.opens_at is not None
    world.now = poll.vote.opens_at
    poll.tick()
    poll.cast(*votes_of(2, 0, 0))
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    poll.step("publish_result")
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="数错了。")
    assert row.about is DisputeAbout.RESULT


def test_one_drafts_and_another_decides(world: World, poll: Poll) -> None:
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    with pytest.raises(NotReady) as early:
        disputes.decide(world.as_(LEAD), row)
    assert early.value.needs == ("ruling_drafted",)
    with pytest.raises(NotAllowed):
        disputes.draft_ruling(world.as_(LEAD), row, ruling=Ruling.DISMISSED, reason="在名册。")
    disputes.draft_ruling(
        world.as_(WATCH), row, ruling=Ruling.UPHELD, reason="确实漏了。", remedy=Remedy.CORRECT
    )
    with pytest.raises(NotAllowed):
        disputes.decide(world.as_(WATCH), row)
    disputes.decide(world.as_(LEAD), row)
    assert (row.ruling, row.decided_at) == (Ruling.UPHELD, world.now)
    assert calendar.running(world.session, row) == []
    assert world.acts()[-2:] == ["dispute.draft_ruling", "dispute.decide"]
    with pytest.raises(NotReady) as done:
        disputes.draft_ruling(world.as_(WATCH), row, ruling=Ruling.DISMISSED, reason="不。")
    assert done.value.needs == ("not_decided",)


def test_whoever_drafts_does_not_decide_even_with_both_offices(world: World, poll: Poll) -> None:
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    offices.give(
        world.as_(Post.ADMIN),
        world.community,
        person_id=world.who[Post.SUBDISTRICT],
        post=Post.COMMITTEE,
    )
    disputes.draft_ruling(
        world.as_(Post.SUBDISTRICT), row, ruling=Ruling.DISMISSED, reason="在名册。"
    )
    with pytest.raises(NotReady) as same:
        disputes.decide(world.as_(Post.SUBDISTRICT), row)
    assert same.value.needs == ("ruling_by_another",)


def test_nobody_answers_their_own_objection(world: World, poll: Poll) -> None:
    world.join(WATCH, Constituency.RESIDENTS)
    row = disputes.lodge(world.as_(WATCH), poll.vote, words="我自己提的。")
    with pytest.raises(NotReady) as own:
        disputes.draft_ruling(world.as_(WATCH), row, ruling=Ruling.DISMISSED, reason="不。")
    assert own.value.needs == ("not_own_dispute",)


def test_an_answer_has_a_reason_and_a_remedy_that_fits(world: World, poll: Poll) -> None:
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    ctx = world.as_(WATCH)
    for remedy, key in ((None, "not_chosen"), (Remedy.RECOUNT, "not_a_choice")):
        with pytest.raises(Invalid) as wrong:
            disputes.draft_ruling(ctx, row, ruling=Ruling.UPHELD, reason="", remedy=remedy)
        assert [one.key for one in wrong.value.problems] == ["empty", key]


def test_the_words_are_for_those_who_answer_and_for_the_author(world: World, poll: Poll) -> None:
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    for who in ("neighbour", WATCH, LEAD):
        assert disputes.get(world.as_(who), poll.vote, row.id) is row
    for ctx in (world.nobody(), world.as_(Constituency.PARTY), world.as_(Post.FACILITATOR)):
        with pytest.raises(NotFound):
            disputes.get(ctx, poll.vote, row.id)


def test_the_public_is_told_numbers_only(world: World, poll: Poll) -> None:
    first = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我。")
    disputes.lodge(world.as_(Constituency.PARTY), poll.vote, words="多了一个人。")
    disputes.draft_ruling(world.as_(WATCH), first, ruling=Ruling.DISMISSED, reason="在名册。")
    drafted = disputes.numbers(disputes.of(world.session, poll.vote.id))[DisputeAbout.ROLL]
    assert (drafted.lodged, drafted.dismissed, drafted.open) == (2, 0, 2)
    disputes.decide(world.as_(LEAD), first)
    told = disputes.numbers(disputes.of(world.session, poll.vote.id))[DisputeAbout.ROLL]
    assert (told.lodged, told.upheld, told.dismissed, told.open) == (2, 0, 1, 1)
