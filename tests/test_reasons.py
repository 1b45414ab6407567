"""Reasons: those who voted the other way are told why, by those who convene."""

import pytest

from council import calendar, deliberations, reasons, rollcalls
from council.errors import Invalid, NotAllowed, NotReady
from council.meetings import AgendaItem
from council.people import Constituency, Post
from council.policy import Can
from council.votes import Choice
from tests.hall import SEATS, Hall
from tests.world import World


def voted(world: World, against: int) -> AgendaItem:
    """An item decided by the five seats that vote, so many of them against."""
    vote = Hall(world).vote_open()
    voting = [one for one in SEATS if one is not Constituency.EXPERTS]
    for n, key in enumerate(voting):
        choice = Choice.AGAINST if n and n <= against else Choice.FOR
        rollcalls.cast(world.as_(key), vote, choice=choice)
    deliberations.close_vote(world.as_(Post.FACILITATOR), vote)
    return world.session.get_one(AgendaItem, vote.agenda_item_id)


def test_the_conveners_explain_once_to_those_who_lost(world: World) -> None:
    item = voted(world, against=1)
    (clock,) = calendar.running(world.session, item, "explain_decision")
    assert clock.who is Can.CONVENE
    with pytest.raises(NotAllowed):
        reasons.explain(world.as_("neighbour"), item, words="因为")
    with pytest.raises(Invalid):
        reasons.explain(world.as_(Post.PARTY_LEAD), item, words="")
    made = reasons.explain(world.as_(Post.PARTY_LEAD), item, words="路灯朝下照，不照窗户。")
    assert world.acts()[-1] == "item.explain"
    assert (made.post, made.proposal_id) == (Post.PARTY_LEAD, item.proposal_id)
    assert calendar.running(world.session, item, "explain_decision") == []
    assert reasons.of_matter(world.session, item.proposal_id) == {item.id: made}
    with pytest.raises(NotReady) as again:
        reasons.explain(world.as_(Post.PARTY_LEAD), item, words="再说一遍")
    assert again.value.needs == ("reason_not_given",)


def test_where_all_agreed_nobody_is_owed_a_reason(world: World) -> None:
    item = voted(world, against=0)
    assert calendar.running(world.session, item, "explain_decision") == []
    with pytest.raises(NotReady) as refusal:
        reasons.explain(world.as_(Post.PARTY_LEAD), item, words="因为")
    assert refusal.value.needs == ("somebody_lost",)


def test_the_clock_is_started_by_the_close_alone(world: World) -> None:
    """`item.await_reason` is the system's: nobody asks for it by hand."""
    item = voted(world, against=1)
    assert world.acts().count("item.await_reason") == 1
    with pytest.raises(NotAllowed):
        reasons.await_reason(world.as_(Post.FACILITATOR), item)
