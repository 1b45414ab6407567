"""Planning a meeting: by a convener, with one seat each, and nothing public before the notice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from council import answers, calendar, meetings, plans
from council.calendar import Deadline
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.meetings import ItemKind, MeetingStage
from council.people import Constituency, Post
from council.plans import Topic
from council.proposals import Stage
from tests.hall import MOTION, Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def wrong(refusal: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(one.field, one.key) for one in refusal.value.problems}


def test_a_convener_plans_a_meeting(hall: Hall) -> None:
    meeting = hall.planned()
    assert meeting.stage is MeetingStage.PLANNED
    assert [item.motion for item in hall.items(meeting)] == [MOTION]
    seats = meetings.seats(hall.world.session, meeting.id)
    assert [(seat.constituency, seat.votes) for seat in seats] == [
        (Constituency.PARTY, True),
        (Constituency.RESIDENTS, True),
        (Constituency.RESIDENTS, True),
        (Constituency.COMMUNITY, True),
        (Constituency.EXPERTS, False),
        (Constituency.UNITS, True),
    ]
    assert hall.world.acts()[-1] == "meeting.plan"


@pytest.mark.parametrize("who", [Post.FACILITATOR, Constituency.RESIDENTS, Post.ADMIN])
def test_nobody_else_plans_one(hall: Hall, who: Post | Constituency) -> None:
    with pytest.raises(NotAllowed):
        plans.plan(hall.world.as_(who), hall.world.community, plan=hall.plan())


def test_everything_that_is_wrong_with_a_plan_is_said_at_once(hall: Hall) -> None:
    other = hall.world.matter(Stage.CONSULTING)
    plan = hall.plan(
        other, title="", starts_at=hall.world.now - timedelta(hours=1),
        chair_id=hall.world.who["neighbour"], recorder_id=0, members=(999_999,),
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        plans.plan(hall.world.as_(Post.PARTY_LEAD), hall.world.community, plan=plan)
    assert wrong(refusal) == {
        ("title", "empty"), ("starts_at", "in_the_past"), ("chair", "not_chosen"),
        ("recorder", "not_chosen"), ("members", "not_found"), ("matters", "not_ready_for_meeting"),
    }  # fmt: skip


def test_the_chair_has_no_seat(hall: Hall) -> None:
    with pytest.raises(Invalid) as refusal:
        hall.planned(seats=(Constituency.PARTY, Post.FACILITATOR))
    assert wrong(refusal) == {("members", "chair_has_no_seat")}


def test_a_unit_has_one_seat(hall: Hall) -> None:
    hall.world.person("colleague", Constituency.UNITS)
    with pytest.raises(Invalid) as refusal:
        hall.planned(seats=(Constituency.UNITS, "colleague"))
    assert wrong(refusal) == {("members", "one_seat_per_unit")}


def test_somebody_with_two_memberships_has_one_seat(hall: Hall) -> None:
    hall.world.join(Constituency.PARTY, Constituency.RESIDENTS)
    both = tuple(
        row.id
        for row in plans.candidates(hall.world.session, hall.world.community.id, hall.world.now)
        if row.person_id == hall.world.who[Constituency.PARTY]
    )
    with pytest.raises(Invalid) as refusal:
        hall.planned(members=both)
    assert len(both) == 2
    assert wrong(refusal) == {("members", "one_seat_each")}


def test_a_matter_stands_on_one_agenda_at_a_time(hall: Hall) -> None:
    hall.planned()
    with pytest.raises(Invalid) as refusal:
        hall.planned()
    assert wrong(refusal) == {("matters", "not_ready_for_meeting")}


def test_the_responsible_unit_is_asked_until_the_last_day_for_the_notice(hall: Hall) -> None:
    meeting = hall.planned()
    waits = calendar.running(hall.world.session, hall.items(meeting)[0], "unit_answer")
    assert [one.unit_id for one in waits] == [hall.world.unit.id]
    assert waits[0].due_at == meeting.notice_by


def test_a_plan_can_be_changed_before_the_notice(hall: Hall) -> None:
    meeting = hall.planned()
    other = hall.world.matter(Stage.READY_FOR_MEETING)
    later = meeting.starts_at + timedelta(days=1)
    plan = hall.plan(
        other, hall.matter, starts_at=later, seats=(Constituency.PARTY, "expert2"), title="改期"
    )
    plans.revise(hall.world.as_(Post.COMMITTEE), meeting, plan=plan)
    agenda = hall.items(meeting)
    assert [item.proposal_id for item in agenda] == [other.id, hall.matter.id]
    assert len(meetings.seats(hall.world.session, meeting.id)) == 2
    due = {one.due_at for item in agenda for one in calendar.running(hall.world.session, item)}
    assert due == {meeting.notice_by}
    assert hall.world.acts()[-1] == "meeting.revise"


def test_an_item_that_is_taken_off_waits_for_nobody(hall: Hall) -> None:
    meeting = hall.planned()
    plans.revise(hall.world.as_(Post.PARTY_LEAD), meeting, plan=hall.plan(agenda=()))
    assert hall.items(meeting) == []
    open_clocks = select(Deadline).where(Deadline.met_at.is_(None))
    kinds = {one.kind for one in hall.world.session.scalars(open_clocks)}
    assert "unit_answer" not in kinds


def test_a_unit_that_has_answered_is_not_asked_again(hall: Hall) -> None:
    meeting = hall.planned()
    item = hall.items(meeting)[0]
    answers.give(hall.world.as_(Post.HANDLER), item, accepts=True, words="")
    plans.revise(hall.world.as_(Post.PARTY_LEAD), meeting, plan=hall.plan())
    assert calendar.running(hall.world.session, item, "unit_answer") == []


def test_the_seat_of_a_unit_can_pass_to_a_colleague(hall: Hall) -> None:
    hall.world.person("colleague", Constituency.UNITS)
    meeting = hall.planned()
    seats = (*(key for key in (Constituency.PARTY,)), "colleague")
    plans.revise(hall.world.as_(Post.PARTY_LEAD), meeting, plan=hall.plan(seats=seats))
    assert hall.seat(meeting, "colleague").unit_id == hall.world.other_unit.id


def test_after_the_notice_the_plan_stands(hall: Hall) -> None:
    meeting = hall.notified()
    with pytest.raises(NotReady) as refusal:
        plans.revise(hall.world.as_(Post.PARTY_LEAD), meeting, plan=hall.plan())
    assert refusal.value.needs == ("is_being_planned",)


def test_another_chair_can_be_named_until_the_meeting_begins(hall: Hall) -> None:
    meeting = hall.notified()
    hall.world.officer(Post.RECORDER)
    ctx = hall.world.as_(Post.COMMITTEE)
    chair, recorder = meeting.chair_id, hall.world.who[Post.RECORDER]
    plans.appoint(ctx, meeting, chair_id=chair, recorder_id=recorder)
    assert meeting.recorder_id == recorder
    assert hall.world.acts()[-1] == "meeting.appoint"
    with pytest.raises(Invalid) as refusal:
        plans.appoint(ctx, meeting, chair_id=hall.world.who["neighbour"], recorder_id=recorder)
    assert ("chair", "not_chosen") in wrong(refusal)


def test_once_begun_the_chair_stays(hall: Hall) -> None:
    meeting = hall.begun()
    ctx = hall.world.as_(Post.PARTY_LEAD)
    with pytest.raises(NotReady) as refusal:
        plans.appoint(ctx, meeting, chair_id=meeting.chair_id, recorder_id=meeting.recorder_id)
    assert refusal.value.needs == ("has_not_begun",)
    with pytest.raises(NotReady):
        plans.explain(ctx, meeting, reason="停电")


def test_a_reason_for_calling_off_is_written(hall: Hall) -> None:
    meeting = hall.notified()
    with pytest.raises(Invalid):
        plans.explain(hall.world.as_(Post.PARTY_LEAD), meeting, reason="")
    with pytest.raises(NotAllowed):
        plans.explain(hall.world.as_(Post.RECORDER), meeting, reason="停电")
    plans.explain(hall.world.as_(Post.PARTY_LEAD), meeting, reason="停电")
    assert hall.world.acts()[-1] == "meeting.explain"


def test_candidates_are_few_and_those_in_office_come_first(hall: Hall) -> None:
    world = hall.world
    for n in range(12):
        world.person(f"resident{n}", Constituency.RESIDENTS)
    found = plans.candidates(world.session, world.community.id, world.now, each=5)
    residents = [row.person_id for row in found if row.constituency is Constituency.RESIDENTS]
    assert len(residents) == 5
    officers = {world.who[one] for one in (Post.DELEGATE, Post.COUNCIL_MEMBER, Post.BUILDING_LEAD)}
    assert officers == set(residents[:3])


def test_a_planned_meeting_is_seen_by_the_offices_and_the_unit_asked_only(hall: Hall) -> None:
    meeting = hall.planned()
    for who in (Post.COMMITTEE, Post.FACILITATOR, Post.RECORDER, Post.HANDLER):
        assert meetings.get(hall.world.as_(who), meeting.id) is meeting
    for ctx in (hall.world.nobody(), hall.world.as_("neighbour"), hall.world.as_(Post.ADMIN)):
        with pytest.raises(NotFound):
            meetings.get(ctx, meeting.id)
        with pytest.raises(NotFound):
            meetings.item(ctx, hall.items(meeting)[0].id)
        assert meetings.coming(ctx, hall.world.community.id) == []


def test_an_agenda_has_items_without_a_matter(hall: Hall) -> None:
    report = Topic(
        title="通报上半年物业账目", kind=ItemKind.REPORT, presenter="物业公司", minutes=10
    )  # fmt: skip
    meeting = hall.planned(agenda=(report, Topic(hall.matter.id, MOTION, minutes=40)))
    first, second = hall.items(meeting)
    assert (first.proposal_id, first.title, first.presenter) == (None, report.title, "物业公司")
    assert (first.kind, first.minutes, second.minutes) == (ItemKind.REPORT, 10, 40)
    asked = select(Deadline.subject_id).where(Deadline.kind == "unit_answer")
    assert hall.world.session.scalars(asked).all() == [second.id]
    kept = replace(report, title="通报全年物业账目", item_id=first.id)
    plans.revise(
        hall.world.as_(Post.PARTY_LEAD), meeting, plan=hall.plan(agenda=(kept, Topic(title="其他")))
    )  # fmt: skip
    again, other = hall.items(meeting)
    assert (again.id, again.title, other.title) == (first.id, "通报全年物业账目", "其他")
    assert plans.ready(hall.world.session, hall.world.community.id) == [hall.matter]
    with pytest.raises(Invalid) as refusal:
        hall.planned(agenda=(Topic(title="", minutes=900),))
    assert wrong(refusal) == {("title_own1", "empty"), ("minutes_own1", "out_of_range")}
