"""The road of a matter: who took part, what it waits for, and its five stages with their loops."""

from council import admissions, deliberations, opinions, process, proposals, road
from council.admissions import Answer, Verdict
from council.opinions import Stance
from council.people import Constituency, Post
from council.proposals import Stage
from tests.consulting import close, consulting, counting
from tests.hall import Hall
from tests.polling import of_matter, votes_of
from tests.test_findings import panel_of_two, published
from tests.working import assigned, passed, past
from tests.world import WORDS

RESIDENT, NEIGHBOUR, WORKER = Constituency.RESIDENTS, "neighbour", Post.COMMUNITY_WORKER
RETURN = Answer(Verdict.RETURN, reason="请写明是哪一盏灯。")


def submitted(world):
    made = proposals.draft(world.as_(RESIDENT), world.community, words=WORDS)
    process.move(world.as_(RESIDENT), made, "submit")
    return made


def steps_of(world, row):
    ctx = world.nobody()
    world.session.flush()
    return road.steps(
        row, road.parts(ctx, row), road.waits(world.session, [row.id]).get(row.id, []),
        road.returned(world.session, row.id),
    )  # fmt: skip


def test_each_person_takes_part_once_per_matter(world):
    made = world.matter(Stage.CONSULTING)
    other = world.matter(Stage.CONSULTING)
    proposals.support(world.as_(NEIGHBOUR), made)
    proposals.support(world.as_(RESIDENT), made)
    proposals.support(world.as_(Constituency.PARTY), made)
    took = road.participation(world.session, [made.id, other.id])
    assert took[made.id] == {
        Constituency.PARTY: 1, Constituency.RESIDENTS: 2, Constituency.COMMUNITY: 0,
        Constituency.EXPERTS: 0, Constituency.UNITS: 0,
    }  # fmt: skip
    assert sum(took[other.id].values()) == 1
    assert road.participation(world.session, []) == {}


def test_experts_take_part_by_signing(world):
    unsigned = panel_of_two(world)[0].proposal_id
    signed = published(world).proposal_id
    took = road.participation(world.session, [unsigned, signed])
    assert took[unsigned][Constituency.EXPERTS] == 0
    assert took[signed][Constituency.EXPERTS] > 0


def test_what_waits_says_which_posts_must_act_and_by_when(world):
    made = submitted(world)
    [wait] = road.waits(world.session, [made.id])[made.id]
    assert (wait.deadline.kind, wait.whose, wait.unit) == ("admission_draft", [WORKER], None)
    admissions.draft(world.as_(WORKER), made, answer=RETURN)
    [wait] = road.waits(world.session, [made.id])[made.id]
    assert wait.whose == [Post.PARTY_LEAD]
    process.move(world.as_(Post.PARTY_LEAD), made, "return")
    [wait] = road.waits(world.session, [made.id])[made.id]
    assert (wait.deadline.person_id, wait.whose) == (world.who[RESIDENT], [])


def test_the_five_stages_stand_in_their_order_with_the_present_one_marked(world):
    made = submitted(world)
    found = steps_of(world, made)
    assert [one.n for one in found] == [1, 2, 3, 4, 5]
    assert [one.at for one in found] == ["now", "todo", "todo", "todo", "todo"]
    assert found[0].begun == made.submitted_at
    assert found[0].planned is not None
    assert [one.at for one in steps_of(world, world.matter(Stage.VOTING))] == [
        "done", "done", "done", "now", "todo",
    ]  # fmt: skip
    assert [one.at for one in steps_of(world, world.matter(Stage.RATED))] == ["done"] * 5
    ended = steps_of(world, world.matter(Stage.NOT_ADMITTED))
    assert [one.at for one in ended] == ["done", "todo", "todo", "todo", "todo"]
    assert ended[0].result == "stage.not_admitted"


def test_what_was_returned_stays_as_a_loop(world):
    made = submitted(world)
    for _ in range(2):
        admissions.draft(world.as_(WORKER), made, answer=RETURN)
        process.move(world.as_(Post.PARTY_LEAD), made, "return")
        process.move(world.as_(RESIDENT), made, "submit")
    loops = steps_of(world, made)[0].loops
    assert [(one.words.key, one.on) for one in loops] == [("road.returned", world.now)] * 2


def test_an_admitted_matter_says_when_its_consultation_has_to_begin(world):
    made = submitted(world)
    yes = dict.fromkeys(admissions.CHECKLIST, True)
    answer = Answer(Verdict.ADMIT, unit_id=world.unit.id, **yes)
    admissions.draft(world.as_(WORKER), made, answer=answer)
    process.move(world.as_(Post.PARTY_LEAD), made, "admit")
    found = steps_of(world, made)
    assert (found[0].ended, found[0].result) == (made.admitted_at, "stage.admitted")
    assert found[0].planned is None
    assert found[1].planned is not None


def test_a_published_finding_stands_in_its_stage(world):
    review = published(world)
    proposal = world.session.get_one(proposals.Proposal, review.proposal_id)
    found = steps_of(world, proposal)[2]
    assert found.begun == review.started_at
    assert found.result.startswith("conclusion.")
    assert found.notes[0].anchor == "findings"


def test_questions_ask_as_many_statements_for_forty_matters_as_for_two(world):
    ids = []

    def statements(n):
        ids.extend(submitted(world).id for _ in range(n))
        world.commit()
        world.session.expire_all()
        with counting(world.session) as asked:
            road.participation(world.session, ids)
            road.waits(world.session, ids)
        return len(asked)

    few = statements(2)
    assert statements(38) == few


def test_a_matter_asks_as_many_statements_for_forty_opinions_as_for_two(world):
    proposal = consulting(world)

    def statements(names):
        for n in names:
            world.person(f"p{n}", RESIDENT)
            opinions.give(world.as_(f"p{n}"), proposal, stance=Stance.FOR, body="赞成。")
        world.commit()
        world.session.expire_all()
        with counting(world.session) as asked:
            road.parts(world.nobody(), proposal)
        return len(asked)

    few = statements(range(2))
    assert statements(range(2, 40)) == few


def test_a_meeting_that_is_called_stands_in_its_stage_and_is_counted_once_it_is_held(world):
    hall = Hall(world)
    assert road.coming(road.parts(world.nobody(), hall.matter).meetings) is None
    meeting = hall.notified()
    known = road.parts(world.nobody(), hall.matter)
    assert road.coming(known.meetings).meeting is meeting
    step = steps_of(world, hall.matter)[3]
    assert (step.at, step.begun, step.planned) == ("now", None, meeting.starts_at)
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    hall.come(meeting, Constituency.PARTY, "neighbour")
    took = road.participation(world.session, [hall.matter.id])[hall.matter.id]
    assert (took[Constituency.PARTY], took[Constituency.RESIDENTS]) == (1, 2)


def test_what_a_meeting_left_for_another_stays_as_a_loop(world):
    hall = Hall(world)
    item = hall.item_open()
    deliberations.postpone(world.as_(Post.FACILITATOR), item, reason="还差一份报价。")
    step = steps_of(world, hall.matter)[3]
    assert [one.words.key for one in step.loops] == ["road.postponed"]
    assert step.at == "now"


def test_tasks_stand_in_the_last_stage_with_what_passed_and_what_is_late(world):
    matter = world.matter(Stage.IN_PROGRESS)
    late = assigned(world, matter)
    passed(world, matter)
    past(world, late)
    [note] = steps_of(world, matter)[4].notes
    assert note.words.key == "road.tasks_late"
    assert note.words.fields == {"n": 2, "passed": 1, "late": 1}


def test_until_when_everybody_can_speak(world):
    matter = consulting(world)
    closes = road.windows(world.session, [matter.id])[matter.id]
    assert closes > world.now
    close(world, matter)
    assert road.windows(world.session, [matter.id]) == {}


def test_nothing_waits_once_a_matter_has_ended(world):
    made = submitted(world)
    world.put(made, Stage.NOT_ADMITTED)
    assert road.waits(world.session, [made.id]) == {}


def test_the_body_that_decides_stands_in_the_fourth_stage_with_what_it_did_not_adopt(world):
    poll = of_matter(world)
    poll.provisional(*votes_of(0, 3, 0))
    matter = world.session.get_one(proposals.Proposal, poll.vote.proposal_id)
    step = steps_of(world, matter)[3]
    assert [(one.words.key, one.anchor) for one in step.loops] == [("road.not_by", "body")]
    assert step.loops[0].words.to("zh") == "居民会议没有通过"
    assert step.notes == ()


def test_what_a_body_adopted_is_not_called_the_result_of_a_meeting(world):
    poll = of_matter(world)
    poll.final(*votes_of(3, 0, 0))
    matter = world.session.get_one(proposals.Proposal, poll.vote.proposal_id)
    step = steps_of(world, matter)[3]
    assert [one.words.to("zh") for one in step.notes] == ["居民会议通过"]
    assert step.loops == ()
