"""Observers: whoever comes without a seat is counted apart, and never for the quorum."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from council import attendance, calendar, observers
from council.errors import Invalid, NotAllowed, NotReady
from council.kinds import MeetingKind
from council.meetings import ItemKind, Meeting
from council.observers import Standing
from council.people import Channel, Constituency, Post
from council.plans import Topic
from tests.hall import SEATS, Hall
from tests.world import World

TALK: dict[str, Any] = {
    "kind": MeetingKind.TALK_HALL, "seats": (),
    "agenda": (Topic(title="楼道堆物怎么办", kind=ItemKind.TALK),),
}  # fmt: skip


def guests(world: World, n: int) -> list[str]:
    for guest in (names := [f"guest{one}" for one in range(n)]):
        world.person(guest, Constituency.RESIDENTS)
    return names


def standing(world: World, meeting: Meeting, key: str) -> tuple[bool, int]:
    found = observers.standing(world.session, meeting, world.who[key])
    assert found is not None
    return found.has_place, found.position


def awaited(world: World, meeting: Meeting) -> set[int | None]:
    return {one.person_id for one in calendar.running(world.session, meeting, "attend_meeting")}


def test_whoever_has_no_seat_signs_in_as_an_observer_and_counts_for_no_quorum(world: World) -> None:
    hall = Hall(world)
    guests = [f"guest{n}" for n in range(2)]
    for guest in guests:
        world.person(guest, Constituency.RESIDENTS)
    notified = hall.notified()
    with pytest.raises(NotReady) as early:
        observers.come(world.as_("guest0"), notified)
    assert early.value.needs == ("signing_in_is_open",)
    world.now = notified.starts_at
    hall.move(Post.FACILITATOR, notified, "open_check_in")
    before = attendance.count(world.session, notified)
    with pytest.raises(Invalid) as wrong:
        observers.come(world.as_("guest0"), notified, code="OOOOOO")
    assert wrong.value.key == "wrong_door_code"
    first = observers.come(world.as_("guest0"), notified, code=hall.code(notified))
    assert (first.number, first.constituency) == (1, Constituency.RESIDENTS)
    assert world.acts()[-1] == "observer.come"
    second = observers.come(world.for_("guest1", channel=Channel.MEETING), notified)
    assert (second.number, second.by_id) == (2, world.who[Post.COMMUNITY_WORKER])
    assert attendance.count(world.session, notified) == before
    for key, need in ((SEATS[2], "has_no_seat"), ("guest0", "not_observing_yet")):
        with pytest.raises(NotReady) as refused:
            observers.come(world.as_(key), notified)
        assert refused.value.needs == (need,)
    with pytest.raises(NotAllowed):
        observers.come(world.as_(Post.ADMIN), notified)
    assert observers.may_speak(notified) in {True, False}


def test_the_door_counts_heads_without_an_account(world: World) -> None:
    meeting = Hall(world).opened()
    clerk = world.as_(Post.COMMUNITY_WORKER)
    observers.count(clerk, meeting, heads=3)
    assert world.acts()[-1] == "observer.count"
    with pytest.raises(NotAllowed):
        observers.count(world.as_("neighbour"), meeting, heads=1)
    for heads in (0, observers.HEADS + 1):
        with pytest.raises(Invalid):
            observers.count(clerk, meeting, heads=heads)
    company = observers.company(world.session, meeting.id)
    assert (company.by, company.heads, company.total) == ({}, 3, 3)
    assert observers.of_person(world.session, meeting.id, world.who["neighbour"]) is None


def test_places_go_by_who_asks_first_and_the_next_in_line_moves_up_at_once(world: World) -> None:
    hall = Hall(world)
    first, second, third, fourth = guests(world, 4)
    for places in (0, 2001):
        with pytest.raises(Invalid) as wrong:
            hall.planned(places=places, **TALK)
        assert [one.field for one in wrong.value.problems] == ["places"]
    meeting = hall.planned(places=2, **TALK)
    with pytest.raises(NotReady) as early:
        observers.take(world.as_(first), meeting)
    assert early.value.needs == ("places_are_given",)
    hall.move(Post.PARTY_LEAD, meeting, "notify")
    for one in (first, second, third):
        observers.take(world.as_(one), meeting)
    wish = observers.take(world.for_(fourth, channel=Channel.PHONE), meeting)
    assert (wish.number, wish.entered_by_id) == (4, world.who[Post.COMMUNITY_WORKER])
    assert world.acts()[-1] == "place.take"
    assert observers.standing(world.session, meeting) == Standing(2, 0, 4)
    assert [standing(world, meeting, one) for one in (second, third, fourth)] == [
        (True, 0), (False, 1), (False, 2),
    ]  # fmt: skip
    assert awaited(world, meeting) == {world.who[first], world.who[second]}
    with pytest.raises(NotReady) as twice:
        observers.take(world.as_(fourth), meeting)
    assert twice.value.needs == ("has_not_asked",)
    with pytest.raises(NotAllowed):
        observers.take(world.as_(Post.ADMIN), meeting)
    observers.give_up(world.as_(first), meeting)
    assert world.acts()[-1] == "place.give_up"
    assert [standing(world, meeting, one) for one in (first, third, fourth)] == [
        (False, 0), (True, 0), (False, 1),
    ]  # fmt: skip
    assert awaited(world, meeting) == {world.who[second], world.who[third]}
    with pytest.raises(NotReady) as gone:
        observers.give_up(world.as_(first), meeting)
    assert gone.value.needs == ("has_asked",)
    assert observers.take(world.as_(first), meeting).number == 5
    observers.give_up(world.as_(fourth), meeting)
    assert standing(world, meeting, first) == (False, 1)
    assert [row.person_id for row in observers.in_order(world.session, meeting.id)] == [
        world.who[one] for one in (second, third, first)
    ]


def test_at_the_door_a_place_is_needed_and_after_the_begin_nobody_moves(world: World) -> None:
    hall = Hall(world)
    first, second, third, late = guests(world, 4)
    meeting = hall.notified(places=3, **TALK)
    for one in (first, second):
        observers.take(world.as_(one), meeting)
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    clerk = world.as_(Post.COMMUNITY_WORKER)
    with pytest.raises(Invalid) as many:
        observers.count(clerk, meeting, heads=2)
    assert many.value.key == "no_free_places"
    observers.count(clerk, meeting, heads=1)
    observers.take(world.as_(third), meeting)
    assert observers.standing(world.session, meeting, world.who[third]) == Standing(3, 1, 3, 3)
    for one in (third, late):
        with pytest.raises(NotReady) as full:
            observers.come(world.as_(one), meeting)
        assert full.value.needs == ("has_a_place",)
    observers.come(world.as_(first), meeting, code=hall.code(meeting))
    with pytest.raises(NotReady) as inside:
        observers.give_up(world.as_(first), meeting)
    assert inside.value.needs == ("not_observing_yet",)
    hall.move(Post.FACILITATOR, meeting, "begin")
    assert awaited(world, meeting) == set()
    with pytest.raises(NotReady) as begun:
        observers.give_up(world.as_(second), meeting)
    assert begun.value.needs == ("has_not_begun",)
    with pytest.raises(NotReady) as full:
        observers.take(world.as_(late), meeting)
    assert full.value.needs == ("free_once_begun",)


def test_where_places_are_not_limited_nobody_asks_and_whoever_has_a_seat_needs_none(
    world: World,
) -> None:
    hall = Hall(world)
    (guest,) = guests(world, 1)
    meeting = hall.notified(places=1)
    with pytest.raises(NotReady) as seated:
        observers.take(world.as_("neighbour"), meeting)
    assert seated.value.needs == ("has_no_seat",)
    observers.take(world.as_(guest), meeting)
    other = hall.notified(**TALK)
    assert observers.standing(world.session, other) is None
    with pytest.raises(NotReady) as free:
        observers.take(world.as_(guest), other)
    assert free.value.needs == ("places_are_limited",)


def test_two_who_ask_at_the_same_moment_do_not_both_get_the_last_place(world: World) -> None:
    names = guests(world, 6)
    meeting = Hall(world).notified(places=2, **TALK)
    contexts, meeting_id = [world.as_(one) for one in names], meeting.id
    world.commit()

    def ask(number: int) -> None:
        with world.database.write() as session:
            row = session.get_one(Meeting, meeting_id)
            observers.take(replace(contexts[number], session=session), row)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    world.session.expire_all()
    found = [standing(world, meeting, one) for one in names]
    assert sorted(found, key=str) == [(False, n) for n in (1, 2, 3, 4)] + [(True, 0)] * 2
    holders = {world.who[one] for one, (has, _) in zip(names, found, strict=True) if has}
    assert awaited(world, meeting) == holders
