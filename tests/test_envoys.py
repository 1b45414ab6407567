"""Envoys: units that an item concerns are asked to come, answer in time, and came or did not."""

import pytest
from sqlalchemy import select

from council import calendar, envoys, plans
from council.envoys import Envoy, EnvoySays
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.plans import Topic
from tests.hall import SEATS, Hall
from tests.world import World


def test_the_responsible_unit_is_asked_with_the_notice_and_others_by_the_convener(
    world: World,
) -> None:
    hall = Hall(world)
    meeting = hall.planned()
    item, lead = hall.items(meeting)[0], world.as_(Post.PARTY_LEAD)
    with pytest.raises(NotAllowed):
        envoys.ask(world.as_("neighbour"), item, unit_id=world.other_unit.id)
    school = envoys.ask(lead, item, unit_id=world.other_unit.id)
    assert world.acts()[-1] == "envoy.ask"
    assert not calendar.running(world.session, school)
    for unit_id, wrong in ((world.other_unit.id, "asked_already"), (9999, "not_a_choice")):
        with pytest.raises(Invalid) as refused:
            envoys.ask(lead, item, unit_id=unit_id)
        assert refused.value.key == wrong
    with pytest.raises(NotReady) as early:
        envoys.answer(world.as_(Constituency.UNITS), school, says=EnvoySays.ACCEPTED, role="校长")
    assert early.value.needs == ("answer_is_awaited",)
    hall.answered(meeting)
    hall.move(Post.PARTY_LEAD, meeting, "notify")
    asked = envoys.of_meeting(world.session, meeting.id)[item.id]
    assert [one.unit.name for one in asked] == ["经九路小学", "绿化公司"]
    clocks = [calendar.running(world.session, one.envoy, "envoy_answer")[0] for one in asked]
    assert {clock.unit_id for clock in clocks} == {world.unit.id, world.other_unit.id}
    assert {clock.due_at for clock in clocks} == {meeting.starts_at}
    with pytest.raises(NotReady) as other:
        envoys.answer(world.as_(Post.HANDLER), school, says=EnvoySays.ACCEPTED, role="经理")
    assert other.value.needs == ("signs_for_envoy",)
    with pytest.raises(Invalid) as silent:
        envoys.answer(world.as_(Constituency.UNITS), school, says=EnvoySays.DECLINED)
    assert silent.value.problems[0].field == "words"
    envoys.answer(world.as_(Constituency.UNITS), school, says=EnvoySays.DECLINED, words="家长会")
    assert world.acts()[-1] == "envoy.answer"
    assert not calendar.running(world.session, school)
    green = asked[1].envoy
    with pytest.raises(NotAllowed):
        envoys.record(world.as_(Post.HANDLER), green, says=EnvoySays.ACCEPTED, role="经理")
    envoys.record(lead, green, says=EnvoySays.ACCEPTED, role="副经理", words="电话答复")
    assert world.acts()[-1] == "envoy.record"
    assert (green.says, green.role) == (EnvoySays.ACCEPTED, "副经理")
    with pytest.raises(NotReady) as closed:
        envoys.note(world.as_(Post.FACILITATOR), green, came=True)
    assert closed.value.needs == ("door_has_opened",)
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    hall.come(meeting, *SEATS)
    hall.move(Post.FACILITATOR, meeting, "begin")
    with pytest.raises(NotReady) as begun:
        envoys.ask(lead, item, unit_id=world.unit.id)
    assert begun.value.needs == ("may_still_be_asked",)
    envoys.note(world.as_(Post.FACILITATOR), green, came=False, reason="临时抢修")
    assert world.acts()[-1] == "envoy.note"
    came = {
        one.unit.name: one.came for one in envoys.of_meeting(world.session, meeting.id)[item.id]
    }
    assert came == {"经九路小学": True, "绿化公司": False}  # the school's seat has signed in


def test_silence_ends_with_the_meeting_and_a_dropped_item_asks_nobody(world: World) -> None:
    hall = Hall(world)
    meeting = hall.planned()
    lead = world.as_(Post.PARTY_LEAD)
    envoys.ask(lead, hall.items(meeting)[0], unit_id=world.other_unit.id)
    plans.revise(
        lead, meeting, plan=hall.plan(agenda=(Topic(title="路灯维护", motion="每季度检查一次。"),))
    )
    assert not list(world.session.scalars(select(Envoy)))
    own = hall.items(meeting)[0]
    hall.move(Post.PARTY_LEAD, meeting, "notify")
    late = envoys.ask(lead, own, unit_id=world.unit.id)
    assert calendar.running(world.session, late, "envoy_answer")
    plans.explain(lead, meeting, reason="停电")
    hall.move(Post.PARTY_LEAD, meeting, "cancel")
    assert not calendar.running(world.session, late)
