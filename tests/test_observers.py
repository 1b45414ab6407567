"""Observers: whoever comes without a seat is counted apart, and never for the quorum."""

import pytest

from council import attendance, observers
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Channel, Constituency, Post
from tests.hall import SEATS, Hall
from tests.world import World


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
    first = observers.come(world.as_("guest0"), notified)
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
