"""The chair gives no view: to speak it is handed over, and comes back when the item is settled."""

import pytest

from council import chairing, deliberations, motions, offices, rollcalls, speeches
from council.errors import Invalid, NotAllowed, NotReady
from council.meetings import Meeting
from council.people import Constituency, Post
from council.turns import Side
from council.votes import Choice
from council.workflow import advance
from tests.hall import MOTION, SEATS, Hall
from tests.world import World


def test_the_chair_is_handed_over_to_speak_and_comes_back_with_the_next_item(world: World) -> None:
    other = world.who["neighbour"]
    offices.give(world.as_(Post.ADMIN), world.community, person_id=other, post=Post.FACILITATOR)
    hall = Hall(world)
    item = hall.asked(hall.item_open(present=SEATS))
    meeting = world.session.get_one(Meeting, item.meeting_id)
    first = world.as_(Post.FACILITATOR)
    assert chairing.presiding(world.session, meeting) == meeting.chair_id
    assert [person for person, _ in chairing.successors(first, meeting)] == [other]
    with pytest.raises(Invalid):
        chairing.hand_over(first, item, to_id=world.who[Constituency.PARTY])
    with pytest.raises(NotAllowed):
        chairing.hand_over(world.as_(Post.RECORDER), item, to_id=other)
    chairing.hand_over(first, item, to_id=other)
    assert world.acts()[-1] == "chair.hand_over"
    assert chairing.presiding(world.session, meeting) == other
    assert [row.to_id for row in chairing.turns(world.session, [item.id])[item.id]] == [other]
    made = speeches.raise_hand(first, item, side=Side.AGAINST)
    assert made.seat_id is None
    for refused in (
        lambda: speeches.call(first, item),
        lambda: deliberations.open_vote(first, item),
        lambda: deliberations.agree(first, item, text="都同意。"),
        lambda: deliberations.postpone(first, item, reason="改天"),
        lambda: chairing.hand_over(first, item, to_id=other),
    ):
        with pytest.raises(NotReady) as refusal:
            refused()
        assert refusal.value.needs == ("has_not_left_the_chair",)
    with pytest.raises(NotReady) as presides:
        speeches.raise_hand(world.as_("neighbour"), item, side=Side.FOR)
    assert presides.value.needs == ("does_not_preside",)
    speeches.call(world.as_("neighbour"), item)
    speeches.end(world.as_("neighbour"), made)
    vote = deliberations.open_vote(world.as_("neighbour"), item)
    for key in ("neighbour", Post.FACILITATOR):
        with pytest.raises(NotReady) as none:
            rollcalls.cast(world.as_(key), vote, choice=Choice.FOR)
        assert "is_voter" in none.value.needs
    with pytest.raises(NotReady) as left:
        deliberations.close_vote(first, vote)
    assert left.value.needs == ("still_in_the_chair",)
    deliberations.close_vote(world.as_("neighbour"), vote)
    assert chairing.presiding(world.session, meeting) == meeting.chair_id


def test_the_chair_does_not_change_hands_while_an_amendment_is_voted_on(world: World) -> None:
    other = world.who["neighbour"]
    offices.give(world.as_(Post.ADMIN), world.community, person_id=other, post=Post.FACILITATOR)
    item, first = Hall(world).item_open(), world.as_(Post.FACILITATOR)
    main = motions.of_item(world.session, item.id)[0]
    made = motions.amend(world.as_(Constituency.PARTY), main, text=f"{MOTION}并留出通道。")
    advance(world.as_("neighbour"), motions.MOTION, made, "second")
    advance(first, motions.MOTION, made, "put")
    with pytest.raises(NotReady) as voted:
        chairing.hand_over(first, item, to_id=other)
    assert voted.value.needs == ("no_vote_is_open",)
