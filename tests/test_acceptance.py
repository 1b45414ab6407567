"""Acceptance: whoever did the work never checks it."""

import pytest

from council import acceptance, calendar, commitments, offices
from council.acceptance import CheckVerdict
from council.commitments import CommitmentStage
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from tests.working import assigned, submitted
from tests.world import World


def test_a_delegate_accepts_work_that_meets_its_standard(world: World) -> None:
    made = submitted(world)
    acceptance.accept(world.as_(Post.DELEGATE), made, words="灯亮，杆正，线不外露。")
    assert made.stage is CommitmentStage.PASSED
    assert made.passed_at == world.now
    found = acceptance.of(world.session, made.id)[0]
    assert (found.verdict, found.post, found.number) == (CheckVerdict.PASSED, Post.DELEGATE, 1)
    assert acceptance.byline(found).post is Post.DELEGATE
    assert calendar.running(world.session, made) == []
    assert world.acts()[-1] == "commitment.pass"


def test_work_is_sent_back_with_what_is_missing_and_the_clock_runs_on(world: World) -> None:
    made = submitted(world)
    acceptance.send_back(world.as_(Post.OVERSIGHT), made, words="线外露。")
    assert made.stage is CommitmentStage.REWORK
    clock = calendar.running(world.session, made)
    assert [(one.kind, one.due_at) for one in clock] == [("commitment", made.due_at)]
    assert world.acts()[-1] == "commitment.send_back"


def test_a_check_says_what_was_seen(world: World) -> None:
    made = submitted(world)
    for check in (acceptance.accept, acceptance.send_back):
        with pytest.raises(Invalid):
            check(world.as_(Post.DELEGATE), made, words=" ")


def test_only_those_who_inspect_check(world: World) -> None:
    made = submitted(world)
    for key in (Post.HANDLER, Post.COMMITTEE, Post.ADMIN, Constituency.RESIDENTS):
        with pytest.raises(NotAllowed):
            acceptance.accept(world.as_(key), made, words="好")


def test_nobody_of_the_unit_checks_whatever_other_office_they_hold(world: World) -> None:
    offices.give(
        world.as_(Post.ADMIN), world.community, person_id=world.who[Post.HANDLER],
        post=Post.DELEGATE,
    )  # fmt: skip
    offices.give(
        world.as_(Post.ADMIN), world.community, person_id=world.who[Constituency.UNITS],
        post=Post.DELEGATE,
    )  # fmt: skip
    made = submitted(world)
    acceptance.send_back(world.as_(Constituency.UNITS), made, words="可以由别的单位的人看。")
    commitments.progress(world.as_(Post.HANDLER), made, words="改好了。")
    commitments.submit(world.as_(Post.HANDLER), made)
    with pytest.raises(NotReady) as refusal:
        acceptance.accept(world.as_(Post.HANDLER), made, words="好")
    assert refusal.value.needs == ("checker_is_another",)


def test_whoever_entered_a_report_does_not_check_it(world: World) -> None:
    made = assigned(world)
    commitments.acknowledge(world.as_(Post.HANDLER), made)
    commitments.progress(world.for_(Post.HANDLER), made, words="灯杆立好了。")
    commitments.submit(world.as_(Post.HANDLER), made)
    with pytest.raises(NotReady) as refusal:
        acceptance.accept(world.as_(Post.COMMUNITY_WORKER), made, words="好")
    assert refusal.value.needs == ("checker_is_another",)


def test_only_finished_work_is_checked(world: World) -> None:
    with pytest.raises(NotReady):
        acceptance.accept(world.as_(Post.DELEGATE), assigned(world), words="好")
