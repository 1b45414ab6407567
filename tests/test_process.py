"""The road of a proposal: who may take each step, what each step needs, what follows from it."""

import pytest

from council import admissions, calendar, deliberations, offices, process, rollcalls
from council.admissions import Answer, RefusalReason, Verdict
from council.errors import NotAllowed, NotReady
from council.people import Constituency, Post
from council.proposals import Proposal, Stage, Words, draft
from council.votes import Choice
from tests.hall import SEATS, Hall
from tests.world import WORDS, World

ADMIT = Answer(
    Verdict.ADMIT, in_competence=True, is_concrete=True, is_lawful=True, is_not_personal=True
)


def admit_with(world: World) -> Answer:
    """A complete suggestion to admit, with the responsible unit."""
    return Answer(**(vars(ADMIT) | {"unit_id": world.unit.id}))


REFUSE = Answer(
    Verdict.REFUSE,
    reason_code=RefusalReason.PERSONAL,
    reason="属于个人家中维修。",
    legal_basis="《民法典》第 271 条",
    instead="请打物业报修电话 0531-0000 4321。",
)
RETURN = Answer(Verdict.RETURN, reason="请写明具体地点。")

WHO = {
    "submit": Constituency.RESIDENTS,
    "withdraw": Constituency.RESIDENTS,
    "return": Post.PARTY_LEAD,
    "refuse": Post.PARTY_LEAD,
    "admit": Post.PARTY_LEAD,
    "open_consultation": Post.PARTY_LEAD,
    "send_to_review": Post.FACILITATOR,
    "skip_review": Post.PARTY_LEAD,
    "finish_review": Post.PARTY_LEAD,
    "transfer": Post.PARTY_LEAD,
    "end_rejected": Post.COMMITTEE,
    "start_work": Post.COMMITTEE,
    "complete": Post.COMMITTEE,
}
"""Who takes each step that a person takes; all others are the system's."""


def submitted(world: World) -> Proposal:
    """A matter that the resident submitted properly."""
    made = draft(world.as_(Constituency.RESIDENTS), world.community, words=WORDS)
    process.move(world.as_(Constituency.RESIDENTS), made, "submit")
    return made


@pytest.mark.parametrize("step", process.PROPOSAL.transitions, ids=lambda one: one.name)
def test_each_step_refuses_a_role_that_may_not_take_it(world: World, step) -> None:  # type: ignore[no-untyped-def]
    matter = world.matter(step.source)
    with pytest.raises(NotAllowed):
        process.move(world.as_(Post.AUDITOR), matter, step.name)
    assert matter.stage is step.source


@pytest.mark.parametrize(
    "step",
    [one for one in process.PROPOSAL.transitions if one.name not in WHO],
    ids=lambda s: s.name,
)
def test_the_systems_steps_are_nobody_elses(world: World, step) -> None:  # type: ignore[no-untyped-def]
    matter = world.matter(step.source)
    for key in (Post.PARTY_LEAD, Post.ADMIN, Post.FACILITATOR, Constituency.RESIDENTS):
        with pytest.raises(NotAllowed):
            process.move(world.as_(key), matter, step.name)


@pytest.mark.parametrize(
    ("name", "stage", "missing"),
    [
        ("return", Stage.SUBMITTED, {"return_drafted"}),
        ("refuse", Stage.SUBMITTED, {"refusal_drafted"}),
        ("admit", Stage.SUBMITTED, {"admission_drafted", "unit_named"}),
        ("open_consultation", Stage.ADMITTED, {"papers_ready", "offline_channel_planned"}),
        ("skip_review", Stage.SUMMARISING, {"skip_reasoned"}),
        ("finish_review", Stage.UNDER_REVIEW, {"finding_published"}),
        ("start_work", Stage.ADOPTED, {"has_tasks", "decision_posted"}),
        ("complete", Stage.AWAITING_ACCEPTANCE, {"result_posted"}),
    ],
)
def test_a_step_names_everything_that_is_missing(
    world: World, name: str, stage: Stage, missing: set[str]
) -> None:
    matter = world.matter(stage)
    with pytest.raises(NotReady) as refusal:
        process.move(world.as_(WHO[name]), matter, name)
    assert missing <= set(refusal.value.needs)
    assert matter.stage is stage


def test_only_the_proposer_submits_and_only_when_it_is_complete(world: World) -> None:
    made = draft(world.as_(Constituency.RESIDENTS), world.community, words=Words(title="路灯"))
    with pytest.raises(NotReady) as refusal:
        process.move(world.as_("neighbour"), made, "submit")
    assert refusal.value.needs == ("is_author", "is_complete")
    process.move(world.as_(Constituency.RESIDENTS), made, "withdraw")
    assert made.stage is Stage.WITHDRAWN


def test_an_answer_is_due_within_three_working_days_and_passes_from_desk_to_secretary(
    world: World,
) -> None:
    matter = submitted(world)
    (clock,) = calendar.running(world.session, matter)
    assert (clock.kind, clock.amount) == ("admission_draft", "3wd")
    admissions.draft(world.as_(Post.COMMUNITY_WORKER), matter, answer=admit_with(world))
    (passed_on,) = calendar.running(world.session, matter)
    assert (passed_on.kind, passed_on.due_at) == ("admission", clock.due_at)
    process.move(world.as_(Post.PARTY_LEAD), matter, "admit")
    assert matter.unit_id == world.unit.id
    assert [one.kind for one in calendar.running(world.session, matter)] == ["open_consultation"]


def test_a_refusal_needs_two_people(world: World) -> None:
    matter = submitted(world)
    admissions.draft(world.as_(Post.COMMUNITY_WORKER), matter, answer=REFUSE)
    process.move(world.as_(Post.PARTY_LEAD), matter, "refuse")
    assert matter.stage is Stage.NOT_ADMITTED
    answer = admissions.of(world.session, matter.id)
    assert answer is not None
    assert answer.decided_by_id != answer.drafted_by_id
    assert calendar.running(world.session, matter) == []


def test_whoever_drafted_an_answer_does_not_decide_it(world: World) -> None:
    offices.give(
        world.as_(Post.ADMIN), world.community,
        person_id=world.who[Post.COMMUNITY_WORKER], post=Post.PARTY_LEAD,
    )  # fmt: skip
    matter = submitted(world)
    admissions.draft(world.as_(Post.COMMUNITY_WORKER), matter, answer=REFUSE)
    with pytest.raises(NotReady) as refusal:
        process.move(world.as_(Post.COMMUNITY_WORKER), matter, "refuse")
    assert refusal.value.needs == ("drafted_by_another",)


def test_a_returned_matter_comes_back_to_its_proposer_and_can_be_submitted_again(
    world: World,
) -> None:
    matter = submitted(world)
    admissions.draft(world.as_(Post.COMMUNITY_WORKER), matter, answer=RETURN)
    process.move(world.as_(Post.PARTY_LEAD), matter, "return")
    waits = calendar.waiting(world.session, world.as_(Constituency.RESIDENTS).voice, world.now)
    assert [one.deadline.kind for one in waits] == ["complete"]
    process.move(world.as_(Constituency.RESIDENTS), matter, "submit")
    assert [one.kind for one in calendar.running(world.session, matter)] == ["admission_draft"]


def test_a_worker_submits_for_somebody_and_the_matter_is_theirs(world: World) -> None:
    made = draft(world.for_("neighbour"), world.community, words=WORDS)
    process.move(world.for_("neighbour"), made, "submit")
    assert made.author_id == world.who["neighbour"]
    assert made.entered_by_id == world.who[Post.COMMUNITY_WORKER]
    assert made.stage is Stage.SUBMITTED


# What meetings and votes do moves the matter


def test_a_meeting_takes_its_matter_up_and_a_postponed_one_waits_again(world: World) -> None:
    hall = Hall(world)
    item = hall.item_open()
    assert hall.matter.stage is Stage.DELIBERATING
    deliberations.postpone(world.as_(Post.FACILITATOR), item, reason="等图纸")
    assert hall.matter.stage is Stage.READY_FOR_MEETING
    acts = world.acts()
    since = acts[acts.index("item.postpone") :]
    assert set(since) == {"item.postpone", "proposal.postpone", "motion.table"}
    assert [one.kind for one in calendar.running(world.session, hall.matter)] == ["call_meeting"]
    assert "proposal.take_up" in acts


def test_consensus_adopts_the_matter(world: World) -> None:
    hall = Hall(world)
    deliberations.agree(world.as_(Post.FACILITATOR), hall.item_open(), text="同意加灯。")
    assert hall.matter.stage is Stage.ADOPTED
    assert "proposal.adopt_by_consensus" in world.acts()[-2:]


@pytest.mark.parametrize(
    ("against", "stage", "act"),
    [
        ((), Stage.ADOPTED, "proposal.adopt"),
        ((Constituency.UNITS,), Stage.REFERRED, "proposal.refer"),
        (tuple(SEATS), Stage.REJECTED, "proposal.reject"),
    ],
)
def test_the_computed_outcome_of_a_vote_moves_the_matter(
    world: World, against: tuple[str, ...], stage: Stage, act: str
) -> None:
    hall = Hall(world)
    vote = hall.vote_open()
    assert hall.matter.stage is Stage.VOTING
    for key in SEATS:
        choice = Choice.AGAINST if key in against else Choice.FOR
        rollcalls.cast(world.as_(key), vote, choice=choice)
    deliberations.close_vote(world.as_(Post.FACILITATOR), vote)
    assert hall.matter.stage is stage
    assert {"proposal.open_vote", act} <= set(world.acts())
