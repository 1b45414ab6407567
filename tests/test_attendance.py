"""Signing in: everybody for their own seat, the facilitator from the list, totals are counted."""

import pytest

from council import attendance, meetings
from council.attendance import CheckInMethod
from council.errors import NotAllowed, NotReady
from council.people import Constituency, Post
from tests.hall import SEATS, Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def test_a_worker_at_the_door_signs_in_somebody_without_a_telephone(hall: Hall) -> None:
    notified = hall.notified()
    seat, worker = hall.seat(notified, "neighbour"), Post.COMMUNITY_WORKER
    with pytest.raises(NotReady) as early:
        attendance.tick(hall.world.as_(worker), seat, method=CheckInMethod.LIST)
    assert early.value.needs == ("check_in_is_open",)
    hall.world.now = notified.starts_at
    hall.move(Post.FACILITATOR, notified, "open_check_in")
    made = attendance.tick(hall.world.as_(worker), seat, method=CheckInMethod.LIST)
    assert (made.method, made.by_id) == (CheckInMethod.LIST, hall.world.who[worker])
    assert attendance.count(hall.world.session, notified).present["residents"] == 1
    with pytest.raises(NotReady) as twice:
        attendance.tick(hall.world.as_(worker), seat, method=CheckInMethod.LIST)
    assert twice.value.needs == ("not_signed_in",)


def test_the_facilitator_signs_in_from_list_and_paper(hall: Hall) -> None:
    meeting = hall.opened()
    ctx = hall.world.as_(Post.FACILITATOR)
    ticked = attendance.tick(ctx, hall.seat(meeting, "neighbour"), method=CheckInMethod.PAPER)
    other = attendance.tick(ctx, hall.seat(meeting, Constituency.PARTY), method=CheckInMethod.SELF)
    assert (ticked.method, other.method) == (CheckInMethod.PAPER, CheckInMethod.LIST)
    assert hall.world.acts()[-1] == "check_in.list"


def test_a_resident_does_not_keep_the_list(hall: Hall) -> None:
    seat = hall.seat(hall.opened(), "neighbour")
    with pytest.raises(NotAllowed):
        attendance.tick(hall.world.as_("neighbour"), seat, method=CheckInMethod.LIST)
    with pytest.raises(NotAllowed):
        attendance.undo(hall.world.as_("neighbour"), seat)


def test_a_mistake_is_taken_back_before_the_meeting_begins(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, "neighbour")
    seat = hall.seat(meeting, "neighbour")
    attendance.undo(hall.world.as_(Post.FACILITATOR), seat)
    assert attendance.present(hall.world.session, meeting.id) == []
    assert hall.world.acts()[-1] == "check_in.undo"
    with pytest.raises(NotReady) as refusal:
        attendance.undo(hall.world.as_(Post.FACILITATOR), seat)
    assert refusal.value.needs == ("is_signed_in",)


def test_once_begun_nobody_is_taken_off_but_late_comers_sign_in(hall: Hall) -> None:
    late = "neighbour"
    meeting = hall.begun(present=tuple(key for key in SEATS if key != late))
    with pytest.raises(NotReady) as refusal:
        attendance.undo(hall.world.as_(Post.FACILITATOR), hall.seat(meeting, Constituency.PARTY))
    assert refusal.value.needs == ("meeting_has_not_begun",)
    hall.come(meeting, late)
    frozen = attendance.frozen(meeting)
    assert frozen is not None
    assert (frozen.present_total, frozen.due_total) == (5, 6)
    assert attendance.count(hall.world.session, meeting).present_total == 6


def test_the_quorum_is_half_of_all_seats_and_one_of_each(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, Constituency.PARTY, Constituency.RESIDENTS, Constituency.COMMUNITY)
    half = attendance.count(hall.world.session, meeting)
    assert not half.met
    assert [line.ok for line in half.lines] == [True, False]
    hall.come(meeting, Constituency.EXPERTS, Constituency.UNITS)
    now = attendance.count(hall.world.session, meeting)
    assert now.met
    assert (now.due_total, now.present_total) == (6, 5)


def test_the_roll_lists_every_seat(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, "neighbour")
    listed = attendance.roll(hall.world.session, meeting.id)
    assert len(listed) == len(SEATS)
    assert [seat.id for seat, there in listed if there] == [hall.seat(meeting, "neighbour").id]
    assert meetings.seat_of(hall.world.session, meeting.id, hall.world.who[Post.ADMIN]) is None
