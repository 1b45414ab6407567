"""Delays: one later date, asked for in time and granted in public; what is late is explained."""

from datetime import date

import pytest

from council import calendar, commitments, deadlines, delays
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from tests.working import assigned, begun, past, submitted
from tests.world import World


def asked(world: World, made: commitments.Commitment, day: date = date(2026, 5, 22)) -> None:
    delays.ask_extension(world.as_(Post.HANDLER), made, reason="灯杆晚到。", new_day=day)


def test_the_handler_asks_once_and_the_convener_grants(world: World) -> None:
    made = begun(world)
    asked(world, made)
    assert world.acts()[-1] == "commitment.ask_extension"
    assert calendar.running(world.session, made, "extension")
    extension = delays.grant_extension(world.as_(Post.COMMITTEE), made)
    assert (extension.old_day, extension.new_day) == (date(2026, 5, 15), date(2026, 5, 22))
    assert made.due_day == date(2026, 5, 22)
    clock = calendar.running(world.session, made)
    assert [(one.kind, one.due_at) for one in clock] == [
        ("commitment", deadlines.day_end(date(2026, 5, 22)))
    ]
    assert world.acts()[-1] == "commitment.grant_extension"
    with pytest.raises(NotReady) as refusal:
        asked(world, made, date(2026, 5, 29))
    assert refusal.value.needs == ("no_extension_asked",)


def test_a_refusal_has_a_reason_and_the_date_stays(world: World) -> None:
    made = begun(world)
    asked(world, made)
    with pytest.raises(Invalid):
        delays.refuse_extension(world.as_(Post.COMMITTEE), made, answer="")
    delays.refuse_extension(world.as_(Post.COMMITTEE), made, answer="学校开学前要亮。")
    assert made.due_day == date(2026, 5, 15)
    assert world.acts()[-1] == "commitment.refuse_extension"
    with pytest.raises(NotReady) as refusal:
        delays.grant_extension(world.as_(Post.COMMITTEE), made)
    assert refusal.value.needs == ("extension_waits",)
    with pytest.raises(NotReady):
        delays.refuse_extension(world.as_(Post.COMMITTEE), made, answer="再说一次")


def test_the_later_date_lies_within_the_charters_working_days(world: World) -> None:
    # Ten working days after Friday 15 May 2026 end on Friday 29 May.
    made = begun(world)
    assert delays.latest(world.as_(Post.HANDLER), made) == date(2026, 5, 29)
    for day, key in ((date(2026, 5, 15), "not_later"), (date(2026, 5, 30), "after_last_day")):
        with pytest.raises(Invalid) as refusal:
            asked(world, made, day)
        assert refusal.value.key == key
    asked(world, made, date(2026, 5, 29))


def test_the_working_days_step_over_shifted_holidays(world: World) -> None:
    # Dragon Boat Festival 2026: Friday 19 to Sunday 21 June are closed.
    made = begun(world, due_day=date(2026, 6, 12))
    assert delays.latest(world.as_(Post.HANDLER), made) == date(2026, 6, 29)


def test_an_extension_is_asked_for_before_the_date_and_after_acknowledging(world: World) -> None:
    made = assigned(world)
    with pytest.raises(NotReady) as early:
        asked(world, made)
    assert early.value.needs == ("is_under_way",)
    commitments.acknowledge(world.as_(Post.HANDLER), made)
    past(world, made)
    with pytest.raises(NotReady) as late:
        asked(world, made)
    assert late.value.needs == ("is_before_due",)


def test_only_the_unit_asks_and_only_the_convener_answers(world: World) -> None:
    made = begun(world)
    with pytest.raises(NotReady) as refusal:
        delays.ask_extension(
            world.as_(Constituency.UNITS), made, reason="x", new_day=date(2026, 5, 20)
        )
    assert refusal.value.needs == ("signs_for_it",)
    asked(world, made)
    for answer in (delays.grant_extension, delays.refuse_extension):
        with pytest.raises(NotAllowed):
            answer(world.as_(Post.HANDLER), made, answer="好")


def test_the_secretary_explains_what_is_late_and_it_stands(world: World) -> None:
    made = begun(world)
    with pytest.raises(NotReady) as refusal:
        delays.explain(world.as_(Post.PARTY_LEAD), made, words="还没到期")
    assert refusal.value.needs == ("is_late",)
    past(world, made)
    commitments.flag_overdue(world.system(), made)
    with pytest.raises(NotAllowed):
        delays.explain(world.as_(Post.HANDLER), made, words="下雨")
    with pytest.raises(Invalid):
        delays.explain(world.as_(Post.PARTY_LEAD), made, words="")
    row = delays.explain(world.as_(Post.PARTY_LEAD), made, words="连下三天雨，改到 20 日。")
    assert row.post is Post.PARTY_LEAD
    assert not calendar.running(world.session, made, "explain_overdue")
    assert world.acts()[-1] == "commitment.explain"


def test_what_was_handed_over_late_can_still_be_explained(world: World) -> None:
    made = begun(world)
    past(world, made)
    commitments.submit(world.as_(Post.HANDLER), made)
    assert delays.explain(world.as_(Post.PARTY_LEAD), made, words="下雨").id


def test_work_handed_over_in_time_needs_no_explanation(world: World) -> None:
    made = submitted(world)
    past(world, made)
    with pytest.raises(NotReady):
        delays.explain(world.as_(Post.PARTY_LEAD), made, words="没有迟到")
