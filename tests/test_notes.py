"""What the recorder writes down while a meeting goes on."""

import pytest

from council import notes
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Post
from tests.hall import Hall
from tests.world import World


def test_the_recorder_notes_what_is_said_to_the_open_item(world: World) -> None:
    hall = Hall(world)
    item = hall.item_open()
    meeting = world.session.get_one(notes.Meeting, item.meeting_id)
    with pytest.raises(NotAllowed):
        notes.note(world.as_(Post.FACILITATOR), meeting, words="两位居民问噪声")
    with pytest.raises(Invalid):
        notes.note(world.as_(Post.RECORDER), meeting, words=" ")
    made = notes.note(world.as_(Post.RECORDER), meeting, words="两位居民问噪声")
    assert world.acts()[-1] == "meeting.note"
    assert (made.item_id, made.at) == (item.id, world.now)
    assert notes.of_meeting(world.session, meeting.id) == [made]


def test_before_the_door_opens_there_is_nothing_to_note(world: World) -> None:
    meeting = Hall(world).notified()
    with pytest.raises(NotReady) as early:
        notes.note(world.as_(Post.RECORDER), meeting, words="太早")
    assert early.value.needs == ("room_is_open",)
