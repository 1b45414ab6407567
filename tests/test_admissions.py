"""Admission: a worker drafts, the Party secretary decides, and every answer has its reason."""

from dataclasses import replace
from datetime import date

import pytest

from council import admissions, calendar, files, offices, process, proposals
from council.admissions import Answer, RefusalReason, Verdict
from council.errors import Invalid, NotAllowed, NotReady
from council.files import Picture
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import Stage
from tests.world import WORDS, World

RESIDENT, WORKER, LEAD = Constituency.RESIDENTS, Post.COMMUNITY_WORKER, Post.PARTY_LEAD
REFUSE = Answer(
    Verdict.REFUSE, reason_code=RefusalReason.OUTSIDE, reason="公交线路由市里定。",
    legal_basis="《城市居民委员会组织法》第三十二条", instead="12345 热线",
)  # fmt: skip
RETURN = Answer(Verdict.RETURN, reason="请写明是哪一盏灯。")


def submitted(world: World):
    made = proposals.draft(
        world.as_(RESIDENT), world.community, words=WORDS, pictures=[Picture(b"a", b"b", 4, 3)]
    )
    process.move(world.as_(RESIDENT), made, "submit")
    return made


def admit(world: World) -> Answer:
    yes = dict.fromkeys(admissions.CHECKLIST, True)
    return Answer(Verdict.ADMIT, unit_id=world.unit.id, **yes)


def drafted(world: World, answer: Answer):
    made = submitted(world)
    admissions.draft(world.as_(WORKER), made, answer=answer)
    return made


def fields(caught) -> list[tuple[str, str]]:
    return [(one.field, one.key) for one in caught.value.problems]


def blocked(world: World, row, name, key=LEAD) -> tuple[str, ...]:
    with pytest.raises(NotReady) as caught:
        process.move(world.as_(key), row, name)
    return caught.value.needs


def test_a_worker_drafts_the_answer_and_the_secretary_has_what_is_left_of_the_days(world):
    made = submitted(world)
    world.wait(days=1)
    row = admissions.draft(world.as_(WORKER), made, answer=admit(world))
    assert (row.drafted_by_id, row.decided_at) == (world.who[WORKER], None)
    [clock] = calendar.running(world.session, made)
    assert (clock.kind, clock.who, clock.due_day) == ("admission", Can.ADMIT, date(2026, 5, 9))
    assert made.stage is Stage.SUBMITTED
    assert world.acts()[-1] == "admission.draft"


def test_drafting_again_replaces_the_draft(world):
    made = drafted(world, REFUSE)
    admissions.draft(world.as_(WORKER), made, answer=RETURN)
    row = admissions.of(world.session, made.id)
    assert (row.verdict, row.reason, row.reason_code) == (Verdict.RETURN, RETURN.reason, None)
    assert [one.kind for one in calendar.running(world.session, made)] == ["admission"]


def test_only_a_worker_drafts_and_only_what_was_submitted(world):
    made = submitted(world)
    for key in (RESIDENT, LEAD, Post.FACILITATOR, Post.ADMIN):
        with pytest.raises(NotAllowed):
            admissions.draft(world.as_(key), made, answer=RETURN)
    world.put(made, Stage.ADMITTED)
    with pytest.raises(NotReady) as caught:
        admissions.draft(world.as_(WORKER), made, answer=RETURN)
    assert caught.value.needs == ("awaits_answer",)


def test_each_verdict_says_what_it_lacks(world):
    made, ctx = submitted(world), world.as_(WORKER)
    cases = {
        Verdict.ADMIT: [
            ("unit_id", "empty"), *((name, "checklist_no") for name in admissions.CHECKLIST),
        ],
        Verdict.RETURN: [("reason", "empty")],
        Verdict.REFUSE: [
            ("reason", "empty"), ("legal_basis", "empty"), ("instead", "empty"),
            ("reason_code", "empty"),
        ],
    }  # fmt: skip
    for verdict, wrong in cases.items():
        with pytest.raises(Invalid) as caught:
            admissions.draft(ctx, made, answer=Answer(verdict))
        assert fields(caught) == wrong
    with pytest.raises(Invalid) as caught:
        admissions.draft(ctx, made, answer=replace(admit(world), unit_id=10**6))
    assert fields(caught) == [("unit_id", "not_a_choice")]


def test_the_secretary_admits_and_the_unit_is_named(world):
    made = drafted(world, admit(world))
    process.move(world.as_(LEAD), made, "admit")
    assert (made.stage, made.unit_id, made.admitted_at) == (
        Stage.ADMITTED, world.unit.id, world.now,
    )  # fmt: skip
    row = admissions.of(world.session, made.id)
    assert (row.decided_by_id, row.decided_at) == (world.who[LEAD], world.now)
    [clock] = calendar.running(world.session, made)
    assert (clock.kind, clock.who) == ("open_consultation", Can.CONVENE)
    assert proposals.get(world.nobody(), made.id) is made
    assert world.acts()[-1] == "proposal.admit"


def test_only_the_secretary_decides(world):
    made = drafted(world, admit(world))
    for key in (RESIDENT, WORKER, Post.COMMITTEE, Post.ADMIN):
        with pytest.raises(NotAllowed):
            process.move(world.as_(key), made, "admit")


def test_each_decision_waits_for_its_own_draft(world):
    made = submitted(world)
    assert blocked(world, made, "admit") == ("admission_drafted", "unit_named")
    assert blocked(world, made, "refuse") == ("refusal_drafted",)
    assert blocked(world, made, "return") == ("return_drafted",)
    admissions.draft(world.as_(WORKER), made, answer=RETURN)
    assert blocked(world, made, "admit") == ("admission_drafted", "unit_named")
    assert blocked(world, made, "refuse") == ("refusal_drafted",)


@pytest.mark.parametrize(
    ("answer", "name"), [(REFUSE, "refuse"), (RETURN, "return"), (None, "admit")]
)
def test_whoever_drafted_the_answer_does_not_decide_it(world, answer, name):
    offices.give(world.as_(Post.ADMIN), world.community, person_id=world.who[LEAD], post=WORKER)
    made = submitted(world)
    admissions.draft(world.as_(LEAD), made, answer=answer or admit(world))
    assert blocked(world, made, name) == ("drafted_by_another",)


def test_a_refusal_is_public_with_its_reason(world):
    made = drafted(world, REFUSE)
    process.move(world.as_(LEAD), made, "refuse")
    assert (made.stage, made.decided_at, made.hidden) == (Stage.NOT_ADMITTED, world.now, False)
    assert calendar.running(world.session, made) == []
    assert proposals.get(world.nobody(), made.id) is made
    assert world.acts()[-1] == "proposal.refuse"


def test_a_refusal_may_keep_text_and_photographs_out_of_sight(world):
    made = drafted(world, replace(REFUSE, hides_text=True))
    assert not made.hidden
    process.move(world.as_(LEAD), made, "refuse")
    assert made.hidden
    assert files.photos(world.session, [("proposal", made.id)]) == {}


def test_a_returned_matter_comes_back_and_is_answered_anew(world):
    made = drafted(world, RETURN)
    process.move(world.as_(LEAD), made, "return")
    assert made.stage is Stage.RETURNED
    [clock] = calendar.running(world.session, made)
    assert (clock.kind, clock.person_id) == ("complete", world.who[RESIDENT])
    assert world.acts()[-1] == "proposal.return"
    process.move(world.as_(RESIDENT), made, "submit")
    assert [one.kind for one in calendar.running(world.session, made)] == ["admission_draft"]
    assert blocked(world, made, "return") == ("return_drafted",)
    admissions.draft(world.as_(WORKER), made, answer=admit(world))
    process.move(world.as_(LEAD), made, "admit")
    assert made.stage is Stage.ADMITTED
