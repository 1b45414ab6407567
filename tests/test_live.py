"""Live: each change of a meeting is counted in its transaction, and told in every process."""

import threading

import pytest

from council import deliberations, live, rollcalls
from council.db import Database
from council.meetings import AgendaItem
from council.people import Constituency, Post
from council.votes import Choice
from tests.hall import Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def test_what_happens_in_a_meeting_is_counted(world: World, hall: Hall) -> None:
    meeting = hall.opened()
    world.commit()
    told = [live.version(world.session, meeting.id)]

    def counted() -> int:
        world.commit()
        told.append(live.version(world.session, meeting.id))
        return told[-1] - told[-2]

    hall.come(meeting, "neighbour")
    assert counted() == 1
    hall.come(meeting, *(one for one in Constituency if one is not Constituency.RESIDENTS))
    assert counted() == 1
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "begin")
    (item,) = hall.items(meeting)
    hall.asked(deliberations.open_item(world.as_(Post.FACILITATOR), item))
    vote = deliberations.open_vote(world.as_(Post.FACILITATOR), item)
    assert counted() == 1
    rollcalls.cast(world.as_("neighbour"), vote, choice=Choice.FOR)
    assert counted() == 1
    assert live.versions(world.session, [meeting.id, 999]) == {meeting.id: told[-1]}


def test_what_is_refused_or_is_about_no_meeting_is_not(world: World, hall: Hall) -> None:
    meeting = hall.opened()
    world.commit()
    before = live.version(world.session, meeting.id)
    world.matter()
    world.commit()
    hall.come(meeting, "neighbour")
    world.session.rollback()
    world.session.commit()
    assert live.version(world.session, meeting.id) == before


@pytest.mark.parametrize("own", [True, False])
def test_this_process_is_told_at_once_and_another_soon(
    world: World, hall: Hall, *, own: bool
) -> None:
    """Another process is another `Database` on the same tables: nothing else joins the two."""
    meeting = hall.opened()
    world.commit()
    heard: list[tuple[int, int]] = []
    came = threading.Event()

    def hears(meeting_id: int, version: int) -> None:
        heard.append((meeting_id, version))
        if version > before:
            came.set()

    before = live.version(world.session, meeting.id)
    world.session.rollback()
    mine = world.database if own else Database(world.database.url)
    ears = live.Ears(mine, hears)
    ears.open()
    ears.open()
    try:
        if not own:  # a process that has just begun to listen knows how things stand
            for _ in range(100):
                if heard:
                    break
                came.wait(0.05)
            assert (meeting.id, before) in heard
        (item,) = hall.items(meeting)
        live.touch(world.session, world.session.get_one(AgendaItem, item.id).meeting_id)
        world.commit()
        assert came.wait(0 if own else 5)
        assert heard[-1] == (meeting.id, before + 1)
    finally:
        ears.close()
        if not own:
            mine.close()
