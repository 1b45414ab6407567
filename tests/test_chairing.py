"""The chair gives no view: to speak it is handed over, and comes back when the item is settled."""

import pytest

from council import (
    chairing,
    deliberations,
    gate,
    motions,
    offices,
    rollcalls,
    sittings,
    speeches,
    straws,
)
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Act
from council.kinds import MeetingKind
from council.meetings import Meeting
from council.people import Constituency, Post
from council.policy import Can
from council.speeches import SpeechEnd
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
    who = [person for person, _ in chairing.successors(first, item)]
    assert who == [other, *(world.who[key] for key in SEATS if key != "neighbour")]
    with pytest.raises(Invalid):
        chairing.hand_over(first, item, to_id=world.who["expert2"])
    with pytest.raises(NotAllowed):
        chairing.hand_over(world.as_(Post.RECORDER), item, to_id=other)
    chairing.hand_over(first, item, to_id=other)
    assert chairing.presiding(world.session, meeting) == meeting.chair_id
    with pytest.raises(NotReady) as not_asked:
        chairing.accept(world.as_(Constituency.PARTY), item)
    assert not_asked.value.needs == ("is_offered_the_chair",)
    chairing.decline(world.as_("neighbour"), item)
    assert item.offered_id is None
    chairing.hand_over(first, item, to_id=other)
    chairing.accept(world.as_("neighbour"), item)
    assert world.acts()[-4:] == [
        "chair.hand_over", "chair.decline", "chair.hand_over", "chair.accept",
    ]  # fmt: skip
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


def test_a_seat_that_takes_the_chair_leads_this_item_only_and_gives_no_view(world: World) -> None:
    hall = Hall(world)
    item = hall.item_open()
    meeting = world.session.get_one(Meeting, item.meeting_id)
    first, party = world.as_(Post.FACILITATOR), world.as_(Constituency.PARTY)
    units = speeches.raise_hand(world.as_(Constituency.UNITS), item, side=Side.FOR)
    mine = speeches.raise_hand(party, item, side=Side.FOR)
    with pytest.raises(NotAllowed):
        speeches.call(party, item)
    chairing.hand_over(first, item, to_id=party.person_id)
    with pytest.raises(NotAllowed):
        speeches.call(party, item)
    chairing.accept(party, item)
    assert world.acts()[-2:] == ["chair.accept", "hand.lapse"]
    assert (mine.how, speeches.queue(world.session, item)) == (SpeechEnd.WITHDRAWN, [units])
    for view in (
        lambda: speeches.raise_hand(party, item, side=Side.FOR),
        lambda: deliberations.object_to(party, item, words="不同意"),
    ):
        with pytest.raises(NotReady) as neutral:
            view()
        assert neutral.value.needs == ("does_not_preside",)
    speeches.end(party, speeches.call(party, item))
    for side in (Side.FOR, Side.AGAINST):
        if side in speeches.unheard(world.session, item):
            speeches.waive(party, item, side=side)
    for beyond in (
        lambda: straws.ask(party, meeting, question="休息一下？"),
        lambda: advance(party, sittings.MEETING, meeting, "adjourn"),
    ):
        with pytest.raises(NotAllowed):
            beyond()
    vote = deliberations.open_vote(party, item)
    with pytest.raises(NotReady) as chair_votes:
        rollcalls.cast(party, vote, choice=Choice.FOR)
    assert chair_votes.value.needs == ("is_voter",)
    deliberations.close_vote(party, vote)
    with pytest.raises(NotAllowed):
        deliberations.postpone(party, item, reason="改天")


def test_in_an_assembly_whoever_leads_keeps_the_vote_that_the_law_gives(world: World) -> None:
    hall = Hall(world)
    item = hall.item_open()
    assert chairing.presided(world.session, item) == {world.who[Post.FACILITATOR]}
    meeting = world.session.get_one(Meeting, item.meeting_id)
    gate.through(
        world.system(), Act("test.kind", Can.SYSTEM), meeting,
        lambda: setattr(meeting, "kind", MeetingKind.DELEGATES),
    )  # fmt: skip
    assert chairing.presided(world.session, item) == set()
    assert motions.chair_sits_out(world.system(), motions.of_item(world.session, item.id)[0])
