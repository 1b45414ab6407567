"""A slip of the chair is taken back within ten seconds, unless somebody has acted on it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from council import deliberations, recalls
from council.errors import NotAllowed, NotReady
from council.meetings import ItemStage
from council.motions import Motion
from council.people import Post
from tests.hall import MOTION, Hall
from tests.world import World


def test_an_item_called_by_mistake_waits_again(world: World) -> None:
    item = Hall(world).item_open()
    world.commit()
    with pytest.raises(NotAllowed):
        recalls.recall(world.as_(Post.RECORDER), item)
    recalls.recall(world.as_(Post.FACILITATOR), item)
    assert world.acts()[-1] == "item.recall"
    assert (item.stage, item.opened_at) == (ItemStage.PENDING, None)
    with pytest.raises(NotReady) as gone:
        recalls.recall(world.as_(Post.FACILITATOR), item)
    assert "item_is_open" in gone.value.needs
    deliberations.open_item(world.as_(Post.FACILITATOR), item)
    assert item.stage is ItemStage.OPEN
    put = world.session.scalars(select(Motion).where(Motion.item_id == item.id)).all()
    assert [motion.text for motion in put] == [MOTION]


def test_after_ten_seconds_it_stands(world: World) -> None:
    item = Hall(world).item_open()
    world.now += timedelta(seconds=11)
    with pytest.raises(NotReady) as late:
        recalls.recall(world.as_(Post.FACILITATOR), item)
    assert late.value.needs == ("opened_just_now",)


def test_what_somebody_has_objected_to_is_not_taken_back(world: World) -> None:
    item = Hall(world).item_open()
    world.now += timedelta(seconds=2)
    deliberations.object_to(world.as_("neighbour"), item, words="灯太亮")
    world.commit()
    with pytest.raises(NotReady) as busy:
        recalls.recall(world.as_(Post.FACILITATOR), item)
    assert busy.value.needs == ("nothing_since",)
