"""Straw polls: asked and answered in two taps, shown at the end, deciding nothing."""

import pytest

from council import straws
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.straws import Says
from tests.hall import SEATS, Hall
from tests.world import World


def test_those_present_answer_once_each_and_see_the_numbers_at_the_end(world: World) -> None:
    hall = Hall(world)
    chair = world.as_(Post.FACILITATOR)
    meeting = hall.opened()
    with pytest.raises(NotReady) as early:
        straws.ask(chair, meeting, question="先休息十分钟吗？")
    assert early.value.needs == ("is_in_session",)
    hall.come(meeting, *(key for key in SEATS if key is not Constituency.UNITS), Post.FACILITATOR)
    unit = world.who[Constituency.UNITS]
    hall.come(meeting, Constituency.UNITS)
    hall.move(Post.FACILITATOR, meeting, "begin")
    with pytest.raises(Invalid):
        straws.ask(world.as_(Post.FACILITATOR), meeting, question="长" * 101)
    with pytest.raises(NotAllowed):
        straws.ask(world.as_(Post.RECORDER), meeting, question="x")
    asked = straws.ask(world.as_(Post.FACILITATOR), meeting, question="先休息十分钟吗？")
    with pytest.raises(NotReady) as open_:
        straws.ask(world.as_(Post.FACILITATOR), meeting, question="x")
    assert open_.value.needs == ("no_straw_open",)
    straws.answer(world.as_("neighbour"), asked, says=Says.NO)
    straws.answer(world.as_("neighbour"), asked, says=Says.YES)
    straws.answer(world.as_(Constituency.UNITS), asked, says=Says.UNSURE)
    with pytest.raises(NotReady) as absent:
        straws.answer(world.as_("expert2"), asked, says=Says.YES)
    assert absent.value.needs == ("answers_here",)
    with pytest.raises(NotAllowed):
        straws.close(world.as_(Constituency.PARTY), asked)
    straws.close(world.as_(Post.FACILITATOR), asked)
    assert straws.counts(world.session, asked) == {Says.YES: 1, Says.NO: 0, Says.UNSURE: 1}
    assert straws.of_person(world.session, asked.id, unit) is not None
    for late in (
        lambda: straws.answer(world.as_("neighbour"), asked, says=Says.NO),
        lambda: straws.close(world.as_(Post.FACILITATOR), asked),
    ):
        with pytest.raises(NotReady) as refusal:
            late()
        assert refusal.value.needs == ("straw_is_open",)
    assert {"straw.ask", "straw.answer", "straw.close"} <= set(world.acts())
