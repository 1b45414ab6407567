"""Hand counts: the figures of a room give the same result, line by line, as a roll-call would."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from council import decisions, handcounts, profiles, reckoning
from council.people import Constituency
from council.tallies import Tally, heads

CHOICES = ("for", "against", "abstain")
SEATS = st.lists(st.tuples(st.sampled_from(Constituency), st.sampled_from([*CHOICES, None])))


def rule() -> Any:
    return profiles.in_meeting(profiles.rule("JOINT_MEETING"))


@given(SEATS)
def test_hands_with_the_figures_of_a_roll_call_give_the_identical_derivation(
    seats: list[tuple[Constituency, str | None]],
) -> None:
    due = {one.value: sum(side is one for side, _ in seats) + 1 for one in Constituency}

    def n(side: str, *choices: str | None) -> int:
        return sum(one == side and said in choices for one, said in seats)

    by_name = {
        one: Tally(due[one], n(one, *CHOICES, None), n(one, "for"), n(one, "against"),
                   n(one, "abstain"))
        for one in Constituency
    }  # fmt: skip
    content = {one.value: {c: n(one, c) for c in CHOICES} | {"spoiled": 0} for one in Constituency}
    there = {one.value: n(one, *CHOICES, None) for one in Constituency}
    asked = reckoning.question("motion", rule(), due, [], {})
    by_hand = reckoning.reckon(asked, handcounts.piles(handcounts.listed(content, there)), None)
    assert by_hand == decisions.decide(rule(), heads(by_name)).to_json()


def entry(who: int, n: int, unused: int = 0) -> Any:
    content = {"all": {"for": n, "against": 0, "abstain": 0, "spoiled": 0}}
    return SimpleNamespace(person_id=who, content=content, spoiled=0, unused=unused)


def test_two_who_differ_begin_a_new_round_and_are_told_only_where() -> None:
    now = handcounts.follow([entry(1, 5), entry(2, 6)])
    assert (now.round, now.tellers, now.agreed) == (2, (), None)
    assert now.differs == (("all", "for"),)
    third = handcounts.follow([entry(1, 5), entry(2, 6), entry(2, 6)])
    assert (third.round, third.tellers, third.differs) == (2, (2,), (("all", "for"),))
    last = handcounts.follow([entry(1, 5), entry(2, 6), entry(2, 6), entry(3, 6)])
    assert (last.round, last.tellers, last.differs) == (2, (2, 3), ())
    assert last.agreed.person_id == 3


def test_slips_are_listed_with_those_that_say_nothing_and_seats_that_were_silent() -> None:
    content = {"all": {"for": 4, "against": 0, "abstain": 1, "spoiled": 2}}
    assert handcounts.listed(content, {"all": 9}) == [
        [None, "for", 4, 0], [None, "abstain", 1, 0], [None, "spoiled", 2, 0], [None, None, 2, 0],
    ]  # fmt: skip
