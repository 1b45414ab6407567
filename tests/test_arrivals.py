"""Arrivals: a residents' assembly from its plan to its minutes, seats being taken by coming."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from council import (
    arrivals,
    attendance,
    deliberations,
    doors,
    grounds,
    meetings,
    minutes,
    observers,
    rollcalls,
    sittings,
)
from council.attendance import CheckInMethod
from council.decisions import Outcome
from council.errors import Invalid, NotAllowed, NotReady
from council.files import Photo
from council.kinds import MeetingKind
from council.meetings import Meeting, MeetingSeat, MeetingStage
from council.minutes import Words
from council.people import Constituency, Post
from council.plans import Topic
from council.votes import Choice
from tests.hall import Hall
from tests.world import World

HERE = (Constituency.RESIDENTS, "neighbour", Post.DELEGATE)


def counted(world: World, adults: int) -> None:
    grounds.count_adults(
        world.as_(Post.COMMITTEE), world.community, adults=adults, as_of=date(2026, 5, 1),
        source="户籍登记",
    )  # fmt: skip


def called(world: World, hall: Hall, adults: int = 5) -> Meeting:
    counted(world, adults)
    covenant = Topic(title="修订居民公约", motion="通过修订后的居民公约。")
    return hall.notified(
        kind=MeetingKind.RESIDENTS, seats=(), agenda=(covenant,),
        starts_at=world.now + timedelta(days=12),
    )  # fmt: skip


def opened(world: World, hall: Hall, adults: int = 5) -> tuple[Meeting, str]:
    meeting = called(world, hall, adults)
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    door = doors.current(world.session, meeting.id, world.now)
    assert door is not None
    return meeting, door.code


def test_a_residents_assembly_from_plan_to_minutes(world: World) -> None:
    hall = Hall(world)
    with pytest.raises(Invalid) as unknown:
        hall.planned(kind=MeetingKind.RESIDENTS, seats=(), agenda=(Topic(title="公约"),))
    assert "no_adults" in {one.key for one in unknown.value.problems}
    meeting, code = opened(world, hall)
    assert meeting.entitled == 5
    assert attendance.count(world.session, meeting).due_total == 5
    with pytest.raises(Invalid) as other:
        arrivals.take(world.as_("neighbour"), meeting, code="XXXXXX")
    assert other.value.key == "wrong_door_code"
    for key in HERE[:2]:
        arrivals.take(world.as_(key), meeting, code=code)
    assert world.acts()[-1] == "seat.take"
    with pytest.raises(NotReady) as twice:
        arrivals.take(world.as_("neighbour"), meeting, code=code)
    assert twice.value.needs == ("has_no_seat",)
    with pytest.raises(NotReady) as few:
        hall.move(Post.FACILITATOR, meeting, "begin")
    assert few.value.needs == ("quorum_met",)
    observers.come(world.as_(Post.DELEGATE), meeting, code=hall.code(meeting))
    chair = world.as_(Post.FACILITATOR)
    arrivals.give(chair, meeting, person_id=world.who[Post.DELEGATE], method=CheckInMethod.PAPER)
    assert world.acts()[-1] == "seat.give"
    assert observers.company(world.session, meeting.id).total == 0
    hall.move(Post.FACILITATOR, meeting, "begin")
    item = deliberations.open_item(chair, hall.items(meeting)[0])
    vote = deliberations.open_vote(chair, hall.asked(item))
    for key, choice in zip(HERE, (Choice.FOR, Choice.FOR, Choice.AGAINST), strict=True):
        rollcalls.cast(world.as_(key), vote, choice=choice)
    deliberations.close_vote(chair, vote)
    assert (vote.outcome, vote.due) == (Outcome.ADOPTED, {"all": 5})
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    assert meeting.stage is MeetingStage.ADJOURNED
    draft = minutes.draft(
        world.as_(Post.RECORDER), meeting, words=Words(views_for="都说好", views_against="怕罚款")
    )
    minutes.sign(world.as_("neighbour"), draft, revision=draft.revision)
    record = minutes.record(world.session, meeting)
    assert (record.test.present_total, record.test.due_total) == (3, 5)
    assert minutes.unsigned(world.session, draft) == []
    assert not world.session.scalar(select(func.count(Photo.id)))
    assert sittings.steps(world.as_(Post.PARTY_LEAD), meeting) == []


def test_who_is_no_adult_resident_takes_no_seat_and_other_meetings_have_lists(
    world: World,
) -> None:
    hall = Hall(world)
    meeting, code = opened(world, hall)
    with pytest.raises(NotReady) as unit:
        arrivals.take(world.as_(Constituency.UNITS), meeting, code=code)
    assert unit.value.needs == ("is_of_age_here",)
    with pytest.raises(NotAllowed):
        arrivals.give(world.as_("neighbour"), meeting, person_id=1, method=CheckInMethod.LIST)
    for key, wrong in ((Constituency.UNITS, "not_an_adult_here"), ("neighbour", "sits_already")):
        if key == "neighbour":
            arrivals.take(world.as_(key), meeting, code=code)
        with pytest.raises(Invalid) as refused:
            arrivals.give(
                world.as_(Post.FACILITATOR), meeting, person_id=world.who[key],
                method=CheckInMethod.LIST,
            )  # fmt: skip
        assert refused.value.key == wrong
    joint = hall.opened()
    with pytest.raises(NotReady) as listed:
        arrivals.take(world.as_(Post.DELEGATE), joint, code=code)
    assert listed.value.needs == ("seats_on_arrival",)


def test_four_thousand_entitled_make_no_rows_before_they_come(world: World) -> None:
    hall = Hall(world)
    meeting = called(world, hall, adults=4213)
    seats = select(func.count(MeetingSeat.id)).where(MeetingSeat.meeting_id == meeting.id)
    assert world.session.scalar(seats) == 0
    found = attendance.count(world.session, meeting)
    assert (found.due_total, found.met) == (4213, False)
    assert "2107" in str(found.lines[0].fields.values())
    assert meetings.seats(world.session, meeting.id) == []
