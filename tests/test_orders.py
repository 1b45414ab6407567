"""Points of order: raised by whoever sits there, answered by whoever presides, in words."""

import pytest

from council import orders, speeches
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.turns import Side
from tests.hall import SEATS, Hall
from tests.world import World


def test_a_point_of_order_is_answered_while_somebody_speaks(world: World) -> None:
    hall = Hall(world)
    item = hall.item_open(present=tuple(key for key in SEATS if key is not Constituency.RESIDENTS))
    speeches.raise_hand(world.as_("neighbour"), item, side=Side.FOR)
    speeches.call(world.as_(Post.FACILITATOR), item)
    party = world.as_(Constituency.PARTY)
    with pytest.raises(Invalid):
        orders.raise_order(party, item, words="")
    made = orders.raise_order(party, item, words="发言超出了动议")
    with pytest.raises(NotReady) as again:
        orders.raise_order(party, item, words="还是超出")
    assert again.value.needs == ("no_order_waiting",)
    with pytest.raises(NotReady) as absent:
        orders.raise_order(world.as_(Constituency.RESIDENTS), item, words="x")
    assert absent.value.needs == ("speaks_here",)
    with pytest.raises(NotReady) as presides:
        orders.raise_order(world.as_(Post.FACILITATOR), item, words="x")
    assert "does_not_preside" in presides.value.needs
    assert orders.waiting(world.session, item.id) == [made]
    with pytest.raises(NotAllowed):
        orders.answer(party, made, words="x")
    with pytest.raises(Invalid):
        orders.answer(world.as_(Post.FACILITATOR), made, words=" ")
    orders.answer(world.as_(Post.FACILITATOR), made, words="成立，请回到动议。")
    assert (orders.waiting(world.session, item.id), made.constituency) == ([], Constituency.PARTY)
    with pytest.raises(NotReady) as done:
        orders.answer(world.as_(Post.FACILITATOR), made, words="x")
    assert done.value.needs == ("order_not_answered",)
    assert world.acts()[-2:] == ["order.raise", "order.answer"]
