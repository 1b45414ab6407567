"""The screen of a hall: who chooses what it shows, and how a choice is taken back."""

from datetime import timedelta

import pytest

from council import screens
from council.errors import NotAllowed, NotReady
from council.people import Constituency, Post
from council.screens import ScreenView
from tests.hall import Hall
from tests.world import World


def test_the_facilitator_chooses_what_the_hall_sees(world: World) -> None:
    hall = Hall(world)
    meeting = hall.notified()
    chair = world.as_(Post.FACILITATOR)
    with pytest.raises(NotReady) as early:
        screens.show(chair, meeting, view=ScreenView.BLANK)
    assert early.value.needs == ("room_is_open",)
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    assert screens.shown(meeting, screens.of_meeting(world.session, meeting.id)) == "code"
    for who in (Post.RECORDER, Constituency.PARTY):
        with pytest.raises(NotAllowed):
            screens.show(world.as_(who), meeting, view=ScreenView.BLANK)
    first = screens.show(chair, meeting, view=ScreenView.ITEM)
    assert world.acts()[-1] == "screen.show"
    assert (first.before, first.shows) == (ScreenView.CODE, ScreenView.ITEM)
    again = screens.show(chair, meeting, view=ScreenView.RESULT)
    assert (again.id, again.before) == (first.id, ScreenView.ITEM)
    assert screens.shown(meeting, again) is ScreenView.RESULT


def test_a_choice_can_be_taken_back_for_ten_seconds(world: World) -> None:
    meeting = Hall(world).opened()
    made = screens.show(world.as_(Post.FACILITATOR), meeting, view=ScreenView.BLANK)
    assert screens.undoable(None, world.now) is None
    assert screens.undoable(made, world.now + timedelta(seconds=10)) is ScreenView.CODE
    assert screens.undoable(made, world.now + timedelta(seconds=11)) is None
