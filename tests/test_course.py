"""The course of a formal vote: what each step needs, who takes it, and that nothing goes back."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from council import (
    ballots,
    calendar,
    counting,
    course,
    deliberations,
    disputes,
    notices,
    offices,
    process,
    rollcalls,
    rolls,
    safeguards,
    translations,
    verify,
    votes,
)
from council.decisions import Outcome
from council.disputes import Remedy, Ruling
from council.entitlements import Entry
from council.errors import NotAllowed, NotReady
from council.gate import Act, through
from council.notices import NoticeKind
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import Proposal, Stage
from council.referrals import Subject
from council.settings import Settings
from council.votes import Choice, VoteMode, VoteStage
from tests.hall import Hall
from tests.polling import LEAD, PEOPLE, WATCH, Poll, of_matter, votes_of
from tests.world import World

MANY = (Choice.FOR, Choice.FOR, Choice.AGAINST)


def needs(poll: Poll, name: str, who: Post = LEAD) -> tuple[str, ...]:
    with pytest.raises(NotReady) as refusal:
        poll.step(name, who)
    return refusal.value.needs


def test_the_table_has_no_flaw() -> None:
    assert course.VOTE.flaws(VoteStage) == []


def test_a_vote_walks_from_its_draft_to_its_archive(world: World) -> None:
    poll = Poll(world)
    poll.final(*MANY)
    assert (poll.vote.stage, poll.vote.outcome) == (VoteStage.FINAL, Outcome.ADOPTED)
    world.wait(days=20)
    poll.tick()
    assert poll.vote.stage is VoteStage.ARCHIVED
    acts = [one for one in world.acts() if one.startswith("vote.")]
    assert acts == [
        "vote.draft_alone", "vote.prepare", "vote.study", "vote.publish_roll", "vote.settle_roll",
        "vote.announce", "vote.pass_checklist", "vote.begin", "vote.end", "vote.tally",
        "vote.publish_result", "vote.finish", "vote.archive",
    ]  # fmt: skip
    assert verify.verify(world.database, Settings(secret_key="x")).broken == []


def test_the_roll_is_published_when_it_is_entered_and_the_question_written(world: World) -> None:
    poll = Poll(world)
    assert needs(poll, "publish_roll") == ("roll_entered", "question_ready")
    poll.prepared()
    poll.entered()
    with pytest.raises(NotAllowed):
        poll.step("publish_roll", Post.COMMUNITY_WORKER)
    poll.step("publish_roll")
    assert poll.vote.stage is VoteStage.ROLL_PUBLISHED
    assert [one.kind for one in calendar.running(world.session, poll.vote)] == ["settle_roll"]


def test_the_roll_is_final_after_its_days_when_every_objection_is_answered(world: World) -> None:
    poll = Poll(world)
    poll.published()
    assert needs(poll, "settle_roll") == ("roll_objections_over",)
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册里少了我爱人。")
    world.wait(days=6)
    assert needs(poll, "settle_roll") == ("roll_objections_answered",)
    disputes.draft_ruling(world.as_(WATCH), row, ruling=Ruling.DISMISSED, reason="已在 7 号。")
    disputes.decide(world.as_(LEAD), row)
    poll.step("settle_roll")
    assert poll.vote.stage is VoteStage.ROLL_FINAL


def test_the_notice_needs_question_both_sides_times_and_the_partys_study(world: World) -> None:
    poll = Poll(world)
    poll.prepared(arguments_against="", how_to_vote="", opens_at=None)
    poll.entered()
    poll.step("publish_roll")
    world.wait(days=6)
    poll.step("settle_roll")
    worker = world.as_(Post.COMMUNITY_WORKER)
    translations.add(worker, poll.vote, field="title", words="Rules on dogs")
    assert needs(poll, "announce") == (
        "arguments_ready", "offline_way_named", "study_recorded", "times_set",
    )  # fmt: skip
    poll.studied()
    opens = world.now + timedelta(days=3)
    poll.prepared(opens_at=opens, closes_at=opens + timedelta(days=2))
    assert needs(poll, "announce") == ("notice_days_left", "open_long_enough")
    poll.prepared(opens_at=opens + timedelta(days=6), closes_at=opens + timedelta(days=13))
    poll.step("announce")
    (hung,) = notices.of_vote(world.session, poll.vote.id)
    assert hung.kind is NoticeKind.VOTE_NOTICE
    assert "孩子和老人" in hung.body
    english = translations.of_rows(world.session, [("notice", hung.id)])
    assert english["notice", hung.id, "title"] == "Notice of a vote: Rules on dogs"
    told = english["notice", hung.id, "body"].split("\n\n")
    assert told[0] == "Question: 您是否同意修订后的《文明养犬居民公约》？"
    assert any(one.startswith("The rule: ") and ". To be valid" in one for one in told)


def test_the_residents_assembly_has_ten_days_of_notice(world: World) -> None:
    assert Poll(world, "RESIDENT_ASSEMBLY").papers.day("notice") == 10
    assert Poll(world, "DELEGATE_ASSEMBLY").papers.day("notice") == 7


def test_the_hour_alone_opens_nothing(world: World) -> None:
    poll = Poll(world)
    poll.announced()
    world.wait(days=400)
    poll.tick()
    assert poll.vote.stage is VoteStage.ANNOUNCED
    poll.checked()
    poll.tick()
    assert poll.vote.stage is VoteStage.OPEN
    assert poll.vote.opened_at == world.now
    assert poll.vote.closes_at is not None
    assert poll.vote.closes_at - world.now >= timedelta(days=7)


def test_the_checklist_alone_opens_nothing_before_the_hour(world: World) -> None:
    poll = Poll(world)
    poll.announced()
    poll.checked()
    poll.tick()
    assert poll.vote.stage is VoteStage.ANNOUNCED
    with pytest.raises(NotAllowed):
        poll.step("begin")


def test_opening_freezes_the_roll_its_numbers_and_the_rule(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    assert poll.vote.due == {"all": {"heads": 3, "households": 3, "area": 0}}
    assert len(poll.papers.roll_digest) == 64
    assert poll.vote.rule["code"] == "DELEGATE_ASSEMBLY"
    assert needs(poll, "announce") == ()


def test_a_closed_vote_never_reopens_whatever_the_clock_says(world: World) -> None:
    poll = Poll(world)
    poll.closed(*MANY)
    assert poll.vote.stage is VoteStage.CLOSED
    closed = poll.vote.closed_at
    for days in (-3, 403):
        world.wait(days=days)
        poll.tick()
        with pytest.raises(NotReady) as refusal:
            rollcalls.cast(world.as_("neighbour"), poll.vote, choice=Choice.AGAINST)
        assert refusal.value.needs == ("vote_is_open",)
        assert (poll.vote.stage, poll.vote.closed_at) == (VoteStage.CLOSED, closed)


def test_nobody_votes_after_the_hour_though_nothing_has_closed_the_vote_yet(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    assert poll.vote.closes_at is not None
    world.now = poll.vote.closes_at - timedelta(seconds=1)
    rollcalls.cast(world.as_("neighbour"), poll.vote, choice=Choice.FOR)
    world.wait(seconds=1)
    with pytest.raises(NotReady) as refusal:
        rollcalls.cast(world.as_("neighbour"), poll.vote, choice=Choice.AGAINST)
    assert refusal.value.needs == ("before_the_close",)
    poll.tick()
    assert poll.vote.stage is VoteStage.CLOSED


def test_a_vote_stays_open_when_the_clock_jumps_back(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    world.wait(days=-3)
    poll.tick()
    rollcalls.cast(world.as_("neighbour"), poll.vote, choice=Choice.FOR)
    assert poll.vote.is_open
    assert counting.turnout(world.session, poll.vote).cast == 1


def test_a_chair_does_not_close_a_formal_vote_as_if_it_stood_in_a_meeting(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    with pytest.raises(NotReady) as refusal:
        deliberations.close_vote(world.as_(Post.FACILITATOR), poll.vote)
    assert refusal.value.needs == ("vote_in_meeting",)
    assert poll.vote.stage is VoteStage.OPEN


def test_it_is_closed_by_hand_only_after_its_hour(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    assert needs(poll, "end_by_hand") == ("hour_to_close",)
    world.wait(days=11)
    with pytest.raises(NotAllowed):
        poll.step("end_by_hand", Post.FACILITATOR)
    poll.step("end_by_hand")
    assert poll.vote.stage is VoteStage.CLOSED
    assert world.acts()[-1] == "vote.end_by_hand"
    assert [one.kind for one in calendar.running(world.session, poll.vote)] == ["count_vote"]


def test_it_is_extended_once_before_the_close_while_too_few_take_part(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    first = poll.vote.closes_at
    assert first is not None
    poll.cast(Choice.FOR)
    poll.step("extend")
    assert poll.vote.closes_at == first + timedelta(days=7)
    assert world.acts()[-1] == "vote.extend"
    assert needs(poll, "extend") == ("not_yet_extended",)
    assert len(notices.of_vote(world.session, poll.vote.id)) == 2


def test_it_is_not_extended_when_enough_have_taken_part_or_the_hour_has_passed(
    world: World,
) -> None:
    poll = Poll(world)
    poll.opened()
    poll.cast(Choice.FOR, Choice.FOR)
    assert needs(poll, "extend") == ("participation_low",)
    world.wait(days=11)
    assert needs(poll, "extend") == ("before_the_close", "participation_low")


def test_a_vote_in_a_meeting_is_not_moved_by_this_course(world: World) -> None:
    vote = Hall(world).vote_open()
    poll = Poll.__new__(Poll)
    poll.world, poll.vote = world, vote
    assert needs(poll, "end_by_hand") == ("is_formal", "hour_to_close")


def test_paper_is_counted_before_two_tellers_and_an_observer(world: World) -> None:
    poll = Poll(world)
    poll.closed(*MANY, paper=True)
    assert needs(poll, "tally", Post.RECORDER) == ("tellers_present",)
    safeguards.tell(world.as_(Post.RECORDER), poll.vote)
    safeguards.tell(world.as_(Post.FACILITATOR), poll.vote)
    assert needs(poll, "tally", Post.RECORDER) == ("tellers_present",)
    safeguards.observe(world.as_(WATCH), poll.vote)
    with pytest.raises(NotAllowed):
        poll.step("tally", LEAD)
    poll.step("tally", Post.RECORDER)
    assert poll.vote.stage is VoteStage.COUNTED


def test_the_result_is_provisional_for_its_days_then_final(world: World) -> None:
    poll = Poll(world)
    poll.counted(*MANY)
    due = calendar.running(world.session, poll.vote)
    assert [(one.kind, one.amount) for one in due] == [("publish_result", "2wd")]
    poll.step("publish_result")
    assert needs(poll, "finish") == ("result_objections_over",)
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="我数的不一样。")
    world.wait(days=8)
    assert needs(poll, "finish") == ("result_objections_answered",)
    answer = {"ruling": Ruling.UPHELD, "reason": "再数一遍。", "remedy": Remedy.RECOUNT}
    disputes.draft_ruling(world.as_(WATCH), row, **answer)  # type: ignore[arg-type]
    disputes.decide(world.as_(LEAD), row)
    assert needs(poll, "finish") == ("nothing_ordered",)
    (waits,) = calendar.running(world.session, poll.vote, "count_vote")
    assert waits.who is Can.COUNT
    poll.step("recount", Post.RECORDER)
    assert calendar.running(world.session, poll.vote, "count_vote") == []
    assert (poll.vote.stage, row.done_at) == (VoteStage.COUNTED, world.now)
    assert world.acts()[-1] == "vote.recount"
    poll.step("publish_result")
    assert needs(poll, "recount", Post.RECORDER) == ("recount_ordered",)
    world.wait(days=8)
    poll.step("finish")
    hung = notices.of_vote(world.session, poll.vote.id)
    assert [one.kind for one in hung][-1] is NoticeKind.VOTE_RESULT
    assert hung[-1].days >= 15
    assert calendar.running(world.session, poll.vote) == []


@pytest.mark.parametrize("stage", ["prepared", "published", "announced", "opened", "provisional"])
def test_two_people_void_a_vote_at_any_stage(world: World, stage: str) -> None:
    poll = Poll(world)
    getattr(poll, stage)()
    assert needs(poll, "void", WATCH)[0] == "void_drafted"
    safeguards.draft_void(world.as_(WATCH), poll.vote, reason="名册用错了。")
    assert needs(poll, "void", WATCH) == ("void_by_another",)
    with pytest.raises(NotAllowed):
        poll.step("void", LEAD)
    poll.step("void", Post.SUBDISTRICT)
    assert poll.vote.stage is VoteStage.VOIDED
    assert poll.papers.voided_at == world.now
    assert "vote.void" in world.acts()


def test_two_of_one_committee_do_not_void_a_vote(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    offices.give(
        world.as_(Post.ADMIN), world.community, person_id=world.who["neighbour"],
        post=Post.OVERSIGHT, until=world.now + timedelta(days=365),
    )  # fmt: skip
    safeguards.draft_void(world.as_("neighbour"), poll.vote, reason="名册用错了。")
    assert needs(poll, "void", WATCH) == ("void_by_another",)
    safeguards.draft_void(world.as_(Post.SUBDISTRICT), poll.vote, reason="名册用错了。")
    assert needs(poll, "void", Post.SUBDISTRICT) == ("void_by_another",)
    poll.step("void", WATCH)
    assert poll.vote.stage is VoteStage.VOIDED


def test_an_objection_that_voids_a_vote_waits_for_those_who_void_it(world: World) -> None:
    poll = Poll(world)
    poll.provisional(*MANY)
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words="名册是去年的。")
    answer = {"ruling": Ruling.UPHELD, "reason": "名册用错了。", "remedy": Remedy.VOID}
    disputes.draft_ruling(world.as_(WATCH), row, **answer)  # type: ignore[arg-type]
    disputes.decide(world.as_(LEAD), row)
    (waits,) = calendar.running(world.session, poll.vote, "void_vote")
    assert (waits.who, waits.amount) == (Can.OVERSEE, "3d")
    safeguards.draft_void(world.as_(WATCH), poll.vote, reason="名册用错了。")
    poll.step("void", Post.SUBDISTRICT)
    assert row.done_at == world.now
    assert calendar.running(world.session, poll.vote) == []


def test_an_archived_vote_is_not_voided(world: World) -> None:
    poll = Poll(world)
    poll.final(*MANY)
    world.wait(days=20)
    poll.tick()
    with pytest.raises(NotReady) as refusal:
        safeguards.draft_void(world.as_(WATCH), poll.vote, reason="太晚了。")
    assert refusal.value.needs == ("can_be_voided",)


def test_the_final_result_adopts_the_matter(world: World) -> None:
    poll = of_matter(world)
    matter = poll.vote.proposal_id
    assert matter is not None
    poll.opened()
    proposal = world.session.get_one(Proposal, matter)
    assert proposal.stage is Stage.VOTING
    poll.cast(*MANY)
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    poll.step("publish_result")
    assert proposal.stage is Stage.VOTING
    world.wait(days=8)
    poll.step("finish")
    assert proposal.stage is Stage.ADOPTED
    assert world.acts()[-1] == "proposal.adopt"


def test_a_failed_vote_leaves_the_matter_to_the_committee(world: World) -> None:
    poll = of_matter(world)
    poll.final(Choice.AGAINST, Choice.AGAINST)
    proposal = world.session.get_one(Proposal, poll.vote.proposal_id)
    assert proposal.stage is Stage.REFERRED
    steps = {one.name: can.needs for one, can in process.steps(world.as_(LEAD), proposal)}
    assert steps["end_rejected"] == ()
    process.move(world.as_(LEAD), proposal, "end_rejected")
    assert proposal.stage is Stage.REJECTED
    assert world.acts()[-1] == "proposal.end_rejected"
    assert calendar.running(world.session, proposal) == []


def test_a_void_vote_leaves_its_matter_waiting(world: World) -> None:
    poll = of_matter(world, Subject.SHARED_SPECIAL)
    poll.opened(secret=False)
    safeguards.draft_void(world.as_(WATCH), poll.vote, reason="名册用错了。")
    poll.step("void", Post.SUBDISTRICT)
    proposal = world.session.get_one(Proposal, poll.vote.proposal_id)
    assert proposal.stage is Stage.REFERRED
    assert "proposal.fall_short" in world.acts()


def test_a_decision_that_is_voided_is_annulled_before_the_work(world: World) -> None:
    poll = of_matter(world)
    poll.final(*MANY)
    proposal = world.session.get_one(Proposal, poll.vote.proposal_id)
    assert proposal.stage is Stage.ADOPTED
    safeguards.draft_void(world.as_(WATCH), poll.vote, reason="名册用错了。")
    poll.step("void", Post.SUBDISTRICT)
    assert proposal.stage is Stage.REFERRED
    assert "proposal.annul" in world.acts()


def test_of_52_delegates_34_are_no_quorum_and_35_are_one(world: World) -> None:
    poll = Poll(world, size=52)
    poll.opened()
    poll.cast(*votes_of(34, 0, 0))
    assert not counting.quorum(world.session, poll.vote)[0]
    assert poll.vote.closes_at is not None
    world.now = poll.vote.closes_at
    poll.tick()
    poll.step("tally", Post.RECORDER)
    assert poll.vote.outcome is Outcome.NO_QUORUM
    other = Poll(world, size=52)
    other.counted(*votes_of(35, 0, 0))
    assert other.vote.outcome is Outcome.ADOPTED


@pytest.mark.parametrize(
    ("split", "outcome"), [((18, 15, 3), Outcome.REJECTED), ((19, 14, 3), Outcome.ADOPTED)]
)
def test_of_36_delegates_more_than_18_are_needed(
    world: World, split: tuple[int, int, int], outcome: Outcome
) -> None:
    poll = Poll(world, size=52)
    poll.counted(*votes_of(*split))
    assert poll.vote.outcome is outcome


def test_whoever_may_take_a_step_is_told_what_is_missing(world: World) -> None:
    poll = Poll(world)
    found = {one.name: can.needs for one, can in course.steps(world.as_(LEAD), poll.vote)}
    assert found == {"publish_roll": ("roll_entered", "question_ready")}
    assert course.steps(world.as_(Constituency.RESIDENTS), poll.vote) == []


def test_a_secret_vote_is_counted_from_its_box(world: World) -> None:
    poll = Poll(world)
    poll.opened(secret=True)
    for n, (key, choice) in enumerate(zip(PEOPLE, MANY, strict=True)):
        mine = votes.voter(world.session, poll.vote.id, world.who[key])
        assert mine is not None
        said = {"choice": choice.value, "phrase": "清泉", "r": f"{n:032x}"}
        ballots.cast(world.as_(key), poll.vote, voter=mine, **said)
    now = counting.turnout(world.session, poll.vote)
    assert (now.cast, now.due, now.by) == (3, 3, {})
    world.wait(days=11)
    poll.tick()
    assert poll.vote.stage is VoteStage.CLOSED
    assert "ballot_batch.log" in world.acts()
    poll.step("tally", Post.RECORDER)
    found = poll.vote.reckoning
    assert found is not None
    assert (found.totals.favour, found.totals.against) == (2, 1)
    assert poll.vote.outcome is Outcome.ADOPTED
    assert counting.miscomputed(world.session) == []


def test_a_secret_vote_with_a_small_constituency_is_counted_together_only(world: World) -> None:
    poll = Poll(world, "STRAW")
    groups = (Constituency.PARTY, Constituency.RESIDENTS)
    poll.prepared(secret=True, electorate="members", constituencies=groups)
    entries = [Entry(f"人{n}", "", f"{n}", 0, groups[n > 3]) for n in range(10)]
    rolls.take(world.as_(Post.COMMUNITY_WORKER), poll.vote, entries)
    poll.step("publish_roll")
    world.wait(days=6)
    poll.step("settle_roll")
    assert poll.vote.rule["constituencies"] == ["party", "residents"]
    poll.step("announce")
    assert poll.vote.rule["constituencies"] == []


def test_a_forged_result_is_found(world: World) -> None:
    poll = Poll(world)
    poll.counted(*MANY)
    world.commit()
    assert counting.miscomputed(world.session) == []
    forged = {**(poll.vote.result or {}), "outcome": "rejected"}
    world.session.execute(text("UPDATE vote SET result = :r"), {"r": json.dumps(forged)})
    world.session.expire_all()
    assert counting.miscomputed(world.session) == [poll.vote.id]


def test_a_roll_that_was_changed_after_the_opening_is_found(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    world.commit()
    world.session.execute(text("UPDATE voter SET name = '王五' WHERE number = 3"))
    world.session.commit()
    found = verify.verify(world.database, Settings(secret_key="x")).broken
    assert any("its roll is not the one" in str(one) for one in found)


def test_a_vote_about_persons_is_secret_whatever_was_written(world: World) -> None:
    poll = Poll(world)
    poll.prepared(about_people=True, secret=True)
    poll.entered()

    def open_it() -> None:
        poll.vote.mode = VoteMode.ROLL_CALL

    through(world.system(), Act("test.mode", Can.SYSTEM), poll.vote, open_it)
    assert needs(poll, "publish_roll") == ("people_in_secret",)
