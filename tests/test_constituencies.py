"""What each constituency has to reach: who asks it, what is refused, what the vote freezes."""

from typing import Any

import pytest

from council import charter, constituencies, profiles
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.profiles import Apart
from council.thresholds import Rule
from tests.polling import LEAD, Poll
from tests.world import World

PARTY, RESIDENTS, EXPERTS = Constituency.PARTY, Constituency.RESIDENTS, Constituency.EXPERTS
THREE = (PARTY, RESIDENTS, EXPERTS)


def ask(poll: Poll, **asked: Any) -> None:
    values: dict[str, Any] = {"quorum": "half", "need": 2, "advisory": [EXPERTS]} | asked
    constituencies.ask_apart(poll.world.as_(LEAD), poll.vote, **values)


def problems(poll: Poll, **asked: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as wrong:
        ask(poll, **asked)
    return [(one.field, one.key) for one in wrong.value.problems]


def test_what_is_asked_of_each_constituency_stands_in_the_rule_until_the_notice(
    world: World,
) -> None:
    poll = Poll(world, "COUNCIL")
    with pytest.raises(NotReady) as early:
        ask(poll)
    assert early.value.needs == ("has_constituencies",)
    poll.published(constituencies=THREE)
    with pytest.raises(NotAllowed):
        constituencies.ask_apart(world.as_("neighbour"), poll.vote, quorum="none", need=0)
    assert problems(poll, quorum="most") == [("quorum", "not_a_choice")]
    assert problems(poll, need=3) == [("need", "out_of_range")]
    assert problems(poll, advisory=[Constituency.UNITS]) == [("advisory", "not_a_choice")]
    assert ("advisory", "all_advise") in problems(poll, advisory=THREE, need=0)
    ask(poll)
    assert world.acts()[-1] == "vote.ask_apart"
    poll.prepared(constituencies=THREE)
    world.wait(days=6)
    poll.step("settle_roll")
    poll.step("announce")
    rule = Rule.from_json(poll.vote.rule)
    assert (rule.advisory, rule.need, rule.counted) == (("experts",), 2, ("party", "residents"))
    assert [test.share.part for test in rule.quorum_each] == [profiles.HALF]
    with pytest.raises(NotReady) as late:
        ask(poll)
    assert late.value.needs == ("in_preparation",)


def test_the_charter_says_it_where_the_vote_does_not(world: World) -> None:
    for key, value in (("vote_each", "two_thirds"), ("vote_need", "2"), ("vote_experts", "advise")):
        charter.set_value(world.as_(Post.ADMIN), world.community, key=key, value=value)
    poll = Poll(world, "COUNCIL")
    poll.prepared(constituencies=THREE)
    rule = Rule.from_json(poll.vote.rule)
    assert (rule.need, rule.advisory) == (2, ("experts",))
    assert rule.quorum_each[0].share.part == profiles.TWO_THIRDS
    ask(poll, quorum="none", need=0, advisory=[])
    assert Rule.from_json(poll.vote.rule).counted == THREE
    poll.prepared()
    assert Rule.from_json(poll.vote.rule).constituencies == ()


def test_in_an_assembly_everybody_counts_by_law(world: World) -> None:
    poll = Poll(world)
    poll.prepared(constituencies=THREE)
    assert problems(poll, need=1) == [("advisory", "all_count")]


def test_what_is_asked_fits_the_constituencies_that_there_are() -> None:
    council, asked = profiles.rule("COUNCIL"), Apart("half", 5, ("experts",))
    two = profiles.apart(council, ["party", "experts"], asked, motion=True)
    assert (two.need, two.advisory) == (1, ("experts",))
    options = profiles.apart(council, ["party", "experts"], asked, motion=False)
    assert (options.need, options.advisory, len(options.quorum_each)) == (0, (), 1)
    alone = profiles.apart(council, ["experts"], asked, motion=True)
    assert (alone.need, alone.advisory) == (1, ())
    assert profiles.apart(council, [], asked, motion=True) == council
    assert profiles.apart(council, ["party"], Apart(), motion=True, together=True) == council
    kept = profiles.apart(council, ["party"], Apart(need=1), motion=True, together=True)
    assert kept.constituencies == ("party",)
