"""Votes: what every vote has, whoever decides and however it is cast."""

import pytest

from council import votes
from council.errors import NotFound
from tests.hall import Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def test_a_vote_in_a_meeting_has_a_roll_numbered_from_one(hall: Hall) -> None:
    vote = hall.vote_open()
    me = votes.voter(hall.world.session, vote.id, hall.world.who["neighbour"])
    assert vote.in_meeting
    assert vote.is_open
    assert me is not None
    assert me.number >= 1


def test_a_vote_that_does_not_exist_is_not_found(hall: Hall) -> None:
    with pytest.raises(NotFound):
        votes.get(hall.world.nobody(), 4711)
