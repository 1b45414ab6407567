"""Commitments: named, dated, checked by somebody else, late in public."""

from datetime import date

import pytest
from sqlalchemy import select

from council import acceptance, calendar, commitments, translations
from council.commitments import COMMITMENT, CommitmentStage
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.files import Photo, Role
from council.people import Constituency, Post
from council.proposals import Stage
from tests.working import a_task, adopted, assigned, begun, passed, past, picture, submitted
from tests.world import World


def kinds(world: World, row: commitments.Commitment) -> set[str]:
    return {one.kind for one in calendar.running(world.session, row)}


def test_the_workflow_has_no_flaw() -> None:
    assert COMMITMENT.flaws(CommitmentStage) == []


def test_the_convener_gives_out_a_task_with_a_person_a_date_and_a_standard(world: World) -> None:
    made = assigned(world)
    assert made.stage is CommitmentStage.ASSIGNED
    assert (made.unit_id, made.person_id) == (world.unit.id, world.who[Post.HANDLER])
    assert kinds(world, made) == {"acknowledge", "commitment"}
    clock = calendar.running(world.session, made, "acknowledge")[0]
    assert clock.person_id == world.who[Post.HANDLER]
    assert clock.due_day == date(2026, 5, 7)
    assert world.acts()[-1] == "commitment.assign"


def test_tasks_are_numbered_in_their_matter(world: World) -> None:
    proposal = adopted(world)
    assert [assigned(world, proposal).position for _ in range(3)] == [1, 2, 3]


def test_only_the_convener_gives_out_tasks(world: World) -> None:
    proposal = adopted(world)
    for key in (Post.HANDLER, Post.COMMUNITY_WORKER, Constituency.RESIDENTS, Post.ADMIN):
        with pytest.raises(NotAllowed):
            commitments.assign(world.as_(key), proposal, task=a_task(world))


@pytest.mark.parametrize("stage", [Stage.VOTING, Stage.REJECTED, Stage.AWAITING_ACCEPTANCE])
def test_only_a_decided_matter_has_tasks(world: World, stage: Stage) -> None:
    with pytest.raises(NotReady) as refusal:
        assigned(world, world.matter(stage))
    assert refusal.value.needs == ("work_may_be_assigned",)


def test_a_later_task_may_be_added_while_the_work_runs(world: World) -> None:
    assert assigned(world, adopted(world, Stage.IN_PROGRESS)).id


def test_everything_that_is_wrong_with_a_task_is_said_at_once(world: World) -> None:
    wrong = a_task(world, title=" ", post="", standard="", due_day=date(2026, 5, 6))
    with pytest.raises(Invalid) as refusal:
        commitments.assign(world.as_(Post.COMMITTEE), adopted(world), task=wrong)
    found = {(one.field, one.key) for one in refusal.value.problems}
    empty = {(name, "empty") for name in ("title", "post", "standard")}
    assert found == empty | {("due_day", "in_the_past")}


def test_a_task_cannot_be_due_in_another_age(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        assigned(world, due_day=date(9999, 12, 31))
    assert refusal.value.key == "too_far"


def test_the_named_person_signs_for_the_responsible_unit(world: World) -> None:
    for person in (Constituency.RESIDENTS, Constituency.UNITS):
        with pytest.raises(Invalid) as refusal:
            assigned(world, person_id=world.who[person])
        assert refusal.value.key == "not_of_this_unit"


def test_only_the_named_person_acknowledges(world: World) -> None:
    made = assigned(world)
    with pytest.raises(NotReady) as refusal:
        commitments.acknowledge(world.as_(Constituency.UNITS), made)
    assert refusal.value.needs == ("is_handler",)
    with pytest.raises(NotAllowed):
        commitments.acknowledge(world.as_(Post.COMMITTEE), made)
    commitments.acknowledge(world.as_(Post.HANDLER), made)
    assert made.stage is CommitmentStage.ACKNOWLEDGED
    assert kinds(world, made) == {"commitment"}
    assert world.acts()[-1] == "commitment.acknowledge"


def test_a_worker_acknowledges_for_a_unit_that_does_not_sign_in(world: World) -> None:
    made = assigned(world)
    commitments.acknowledge(world.for_(Post.HANDLER), made)
    assert made.stage is CommitmentStage.ACKNOWLEDGED


def test_a_task_is_declined_with_a_reason_and_comes_back_to_the_convener(world: World) -> None:
    made = assigned(world)
    with pytest.raises(Invalid):
        commitments.decline(world.as_(Post.HANDLER), made, reason=" ")
    with pytest.raises(NotReady) as refusal:
        commitments.decline(world.as_(Constituency.UNITS), made, reason="不归我们管")
    assert refusal.value.needs == ("signs_for_it",)
    commitments.decline(world.as_(Post.HANDLER), made, reason="路灯归供电单位管。")
    assert made.stage is CommitmentStage.DECLINED
    assert kinds(world, made) == {"reassign"}
    assert world.acts()[-1] == "commitment.decline"


def test_a_declined_task_goes_to_another_unit(world: World) -> None:
    made = assigned(world)
    commitments.show_name(world.as_(Post.HANDLER), made, shown=True)
    commitments.decline(world.as_(Post.HANDLER), made, reason="不归我们管")
    other = a_task(
        world, unit_id=world.other_unit.id, person_id=world.who[Constituency.UNITS],
        due_day=date(2026, 5, 20), title="路灯，由供电单位装",
    )  # fmt: skip
    english = world.as_(Post.COMMUNITY_WORKER)
    translations.add(english, made, field="title", words="Lamps")
    translations.add(english, made, field="standard", words="They burn all night")
    with pytest.raises(NotAllowed):
        commitments.reassign(world.as_(Post.HANDLER), made, task=other)
    commitments.reassign(world.as_(Post.COMMITTEE), made, task=other)
    assert made.stage is CommitmentStage.ASSIGNED
    assert (made.named, made.decline_reason) == (False, "")
    left = translations.of_rows(world.session, [("commitment", made.id)])
    assert [field for _, _, field in left] == ["standard"]
    assert kinds(world, made) == {"acknowledge", "commitment"}
    assert world.acts()[-1] == "commitment.reassign"


def test_work_is_reported_in_words_and_photographs(world: World) -> None:
    made = assigned(world)
    with pytest.raises(NotReady):
        commitments.progress(world.as_(Post.HANDLER), made, words="开工")
    commitments.acknowledge(world.as_(Post.HANDLER), made)
    with pytest.raises(Invalid):
        commitments.progress(world.as_(Post.HANDLER), made)
    with pytest.raises(NotReady):
        commitments.progress(world.as_(Constituency.UNITS), made, words="开工")
    commitments.progress(
        world.as_(Post.HANDLER), made, pictures=[picture()], role=Role.BEFORE, alt="路口"
    )
    assert made.stage is CommitmentStage.IN_PROGRESS
    photo = world.session.scalars(select(Photo)).one()
    assert (photo.role, photo.alt, photo.public) == (Role.BEFORE, "路口", True)
    assert photo.proposal_id == made.proposal_id
    assert world.acts()[-1] == "commitment.progress"


def test_a_report_shows_only_what_a_report_can_show(world: World) -> None:
    made = begun(world)
    with pytest.raises(Invalid):
        commitments.progress(world.as_(Post.HANDLER), made, words="x", role=Role.SIGNATURE)


def test_a_report_at_the_counter_names_the_channel(world: World) -> None:
    made = begun(world)
    commitments.progress(world.for_(Post.HANDLER), made, words="电话里说：灯杆立好了。")
    newest = select(commitments.Progress).order_by(commitments.Progress.id.desc())
    report = world.session.scalars(newest).first()
    assert report is not None
    assert report.person_id == world.who[Post.HANDLER]
    assert report.entered_by_id == world.who[Post.COMMUNITY_WORKER]


def test_finished_work_is_handed_over_and_the_clock_stops(world: World) -> None:
    made = begun(world)
    with pytest.raises(NotReady) as refusal:
        commitments.submit(world.as_(Constituency.UNITS), made)
    assert refusal.value.needs == ("signs_for_it",)
    commitments.submit(world.as_(Post.HANDLER), made)
    assert made.stage is CommitmentStage.SUBMITTED
    assert kinds(world, made) == {"acceptance"}
    assert world.acts()[-1] == "commitment.submit"


def test_work_is_shown_again_after_it_was_sent_back(world: World) -> None:
    made = submitted(world)
    world.wait(hours=2)
    acceptance.send_back(world.as_(Post.DELEGATE), made, words="线外露。")
    world.wait(hours=2)
    assert commitments.work_is_shown(world.as_(Post.HANDLER), made) is False
    commitments.progress(world.as_(Post.HANDLER), made, words="线收进管里了。")
    commitments.submit(world.as_(Post.HANDLER), made)
    assert made.stage is CommitmentStage.SUBMITTED


def test_a_name_stands_in_public_only_while_its_bearer_agrees(world: World) -> None:
    made = assigned(world)
    with pytest.raises(NotReady):
        commitments.show_name(world.as_(Constituency.UNITS), made, shown=True)
    commitments.show_name(world.as_(Post.HANDLER), made, shown=True)
    assert made.named is True
    commitments.show_name(world.as_(Post.HANDLER), made, shown=False)
    assert made.named is False
    assert world.acts()[-1] == "commitment.show_name"


def test_the_clockwork_flags_an_overdue_task_once(world: World) -> None:
    made = begun(world)
    with pytest.raises(NotReady) as refusal:
        commitments.flag_overdue(world.system(), made)
    assert refusal.value.needs == ("is_late",)
    past(world, made)
    assert commitments.newly_overdue(world.system()) == [made.id]
    with pytest.raises(NotAllowed):
        commitments.flag_overdue(world.as_(Post.PARTY_LEAD), made)
    commitments.flag_overdue(world.system(), made)
    assert kinds(world, made) == {"commitment", "explain_overdue"}
    assert commitments.newly_overdue(world.system()) == []
    with pytest.raises(NotReady) as again:
        commitments.flag_overdue(world.system(), made)
    assert again.value.needs == ("not_yet_flagged",)
    assert world.acts()[-1] == "commitment.flag_overdue"


def test_work_that_waits_for_its_check_is_not_overdue(world: World) -> None:
    made = submitted(world)
    past(world, made)
    assert commitments.newly_overdue(world.system()) == []
    assert commitments.is_late(world.system(), made) is False


def test_a_matter_is_done_when_every_task_has_passed(world: World) -> None:
    proposal, ctx = adopted(world), world.system()
    assert not commitments.has_tasks(ctx, proposal)
    assert not commitments.all_passed(ctx, proposal)
    passed(world, proposal)
    assert commitments.all_passed(ctx, proposal)
    assigned(world, proposal)
    assert commitments.has_tasks(ctx, proposal)
    assert not commitments.all_passed(ctx, proposal)


def test_a_task_of_a_hidden_matter_is_not_found(world: World) -> None:
    proposal = adopted(world)
    made = assigned(world, proposal)
    assert commitments.get(world.nobody(), made.id) is made
    world.put(proposal, Stage.SUBMITTED)
    with pytest.raises(NotFound):
        commitments.get(world.nobody(), made.id)
    with pytest.raises(NotFound):
        commitments.get(world.nobody(), 10**6)
