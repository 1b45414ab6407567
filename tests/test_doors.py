"""The door of a hall: its code of the day, old and wrong codes, and the kiosk beside it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from council import attendance, audit, doors, people
from council.attendance import CheckInMethod
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from tests.hall import Hall
from tests.world import World


def number_of(world: World) -> int:
    return people.alias(world.session, world.who["neighbour"], world.community.id).number


def test_signing_in_opens_with_a_code_and_the_invited_come_in_with_it(world: World) -> None:
    hall = Hall(world)
    notified = hall.notified()
    assert doors.current(world.session, notified.id, world.now) is None
    world.now = notified.starts_at
    hall.move(Post.FACILITATOR, notified, "open_check_in")
    door = doors.current(world.session, notified.id, world.now)
    assert door is not None
    assert len(door.code) == doors.LENGTH
    seat = hall.seat(notified, "neighbour")
    typed = f" {door.code[:3].lower()}-{door.code[3:]} "
    made = doors.sign_in(world.as_("neighbour"), seat, code=typed)
    assert (made.method, world.acts()[-1]) == (CheckInMethod.CODE, "check_in.code")
    with pytest.raises(NotReady) as twice:
        doors.sign_in(world.as_("neighbour"), seat, code=door.code)
    assert twice.value.needs == ("not_signed_in",)
    with pytest.raises(NotReady) as other:
        doors.sign_in(world.as_(Constituency.PARTY), seat, code=door.code)
    assert "is_the_invited" in other.value.needs
    world.commit()
    logged = world.session.scalars(select(audit.Entry)).all()
    assert not any(door.code in str(vars(entry)) for entry in logged)


def test_a_wrong_an_old_and_a_renewed_code_are_told_apart(world: World) -> None:
    hall = Hall(world)
    meeting = hall.opened()
    seat, first = (
        hall.seat(meeting, "neighbour"),
        doors.current(world.session, meeting.id, world.now),
    )
    assert first is not None
    with pytest.raises(NotAllowed):
        doors.renew(world.as_("neighbour"), meeting)
    second = doors.renew(world.as_(Post.RECORDER), meeting)
    assert world.acts()[-1] == "door.renew"
    for code, key in ((first.code, "old_door_code"), ("OOOOOO", "wrong_door_code")):
        with pytest.raises(Invalid) as wrong:
            doors.sign_in(world.as_("neighbour"), seat, code=code)
        assert wrong.value.key == key
    world.now += timedelta(days=1)
    assert doors.fault(world.session, meeting.id, second.code, world.now) == "old_door_code"
    assert doors.current(world.session, meeting.id, world.now) is None


def test_no_code_is_given_before_check_in_or_after_the_end(world: World) -> None:
    hall = Hall(world)
    meeting = hall.notified()
    with pytest.raises(NotReady) as early:
        doors.renew(world.as_(Post.FACILITATOR), meeting)
    assert early.value.needs == ("signing_in_is_open",)
    with pytest.raises(NotReady) as closed:
        doors.sign_in(world.as_("neighbour"), hall.seat(meeting, "neighbour"), code="ABCDEF")
    assert closed.value.needs == ("check_in_is_open",)


def test_the_kiosk_signs_in_by_public_number(world: World) -> None:
    hall = Hall(world)
    meeting = hall.opened()
    seat = doors.seat_numbered(world.session, meeting, number_of(world))
    assert seat is not None
    assert seat.person_id == world.who["neighbour"]
    assert doors.seat_numbered(world.session, meeting, 9876) is None
    clerk = world.as_(Post.COMMUNITY_WORKER)
    assert attendance.tick(clerk, seat, method=CheckInMethod.KIOSK).method is CheckInMethod.KIOSK
