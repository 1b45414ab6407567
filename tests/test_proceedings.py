"""Proceedings: what was said and moved about an item, as the minutes tell it."""

from council import proceedings, speeches
from council.people import Constituency, Post
from council.turns import Side
from tests.hall import Hall
from tests.world import World


def test_the_minutes_know_who_spoke_and_for_which_side(world: World) -> None:
    item = Hall(world).item_open()
    for key, side in ((Constituency.PARTY, Side.FOR), ("neighbour", Side.AGAINST)):
        speeches.raise_hand(world.as_(key), item, side=side)
    chair = world.as_(Post.FACILITATOR)
    speeches.end(chair, speeches.call(chair, item))
    world.session.flush()
    found = proceedings.of_items(world.session, item.meeting_id, [item.id])[item.id]
    assert [(one.constituency, one.side) for one in found.speeches] == [
        (Constituency.PARTY, Side.FOR)
    ]  # whoever only waits has not spoken
    assert (found.amendments, found.chairs) == ([], [])
