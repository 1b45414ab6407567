"""Counting: heads and area, box and names, every method; the shown result follows from ballots."""

from typing import Any

import pytest
from sqlalchemy import event

from council import ballots, counting, rolls, votes
from council.decisions import Outcome
from council.entitlements import Entry
from council.i18n import translate
from council.people import Constituency, Post
from council.votes import Choice, Method
from tests.booth import Booth
from tests.polling import PEOPLE, Poll, votes_of
from tests.world import World


def shared(total: int, n: int) -> list[int]:
    """An area in hundredths of a square metre, spread over so many owners."""
    return [total // n + (one < total % n) for one in range(n)]


def owners(world: World, groups: tuple[tuple[int, int], ...]) -> Poll:
    """A special vote of owners: (heads, area) for, against, and absent."""
    poll = Poll(world, "OWNERS_SPECIAL")
    areas = [area for heads, whole in groups for area in shared(whole, heads)]
    entries = [Entry(f"业主{n}", "1 号楼", f"{n}", area) for n, area in enumerate(areas)]
    rolls.take(world.as_(Post.COMMUNITY_WORKER), poll.vote, entries)
    poll.prepared()
    poll.step("publish_roll")
    world.wait(days=6)
    poll.step("settle_roll")
    poll.step("announce")
    poll.checked()
    assert poll.vote.opens_at is not None
    world.now = poll.vote.opens_at
    poll.tick()
    poll.cast(*votes_of(groups[0][0], groups[1][0], 0))
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    return poll


def said(poll: Poll) -> str:
    return "\n".join(counting.sentences(poll.vote, lambda key: translate("zh", key)))


def test_a_vote_of_owners_fails_on_area_alone(world: World) -> None:
    poll = owners(world, ((214, 1_789_010), (65, 607_030), (107, 1_025_010)))
    assert poll.vote.outcome is Outcome.REJECTED
    assert poll.vote.due["all"] == {"heads": 386, "households": 386, "area": 3_421_050}
    told = said(poll)
    for words in ("76.70%", "74.67%", "72.28%", "70.04%", "17,890.10"):
        assert words in told


def test_the_second_vote_of_the_owners_passes_by_heads_and_area(world: World) -> None:
    poll = owners(world, ((241, 2_065_525), (60, 582_475), (85, 773_050)))
    assert poll.vote.outcome is Outcome.ADOPTED
    assert "80.07%" in said(poll)
    assert "78.00%" in said(poll)


def test_the_turnout_of_owners_counts_heads_and_area(world: World) -> None:
    poll = owners(world, ((2, 10_000), (1, 5_000), (1, 5_001)))
    now = counting.turnout(world.session, poll.vote)
    assert (now.cast, now.due, now.area_cast, now.area_due) == (3, 4, 15_000, 20_001)


def in_secret(world: World, method: Method, answers: list[Any], **changed: Any) -> Poll:
    """A secret vote of the residents' assembly in which three people gave these answers."""
    poll = Poll(world, changed.pop("profile", "RESIDENT_ASSEMBLY"))
    poll.opened(secret=True, electorate="residents", method=method, **changed)
    for n, (key, answer) in enumerate(zip(PEOPLE, answers, strict=True)):
        mine = votes.voter(world.session, poll.vote.id, world.who[key])
        assert mine is not None
        filled = {"choice": answer, "phrase": "清泉", "r": f"{n:032x}"}
        ballots.cast(world.as_(key), poll.vote, voter=mine, **filled)
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    return poll


OPTIONS = (("月季", 100), ("荷花", 200), ("石榴", 900))


@pytest.mark.parametrize(
    ("method", "answers", "settings", "won"),
    [
        (Method.APPROVAL, [["o1"], ["o1", "o2"], ["o2"]], {"limit": 2, "seats": 2}, "月季、荷花"),
        (Method.SCORE, [{"o1": 5}, {"o1": 4, "o2": 1}, {"o2": 2}], {"seats": 1}, "月季"),
        (Method.RANKED, [[["o2"], ["o1"]], [["o2"]], [["o3"]]], {}, "荷花"),
        (Method.BUDGET, [["o1"], ["o1"], ["o1"]], {"budget": 300}, "月季"),
    ],
)
def test_every_method_is_counted_with_its_derivation(
    world: World, method: Method, answers: list[Any], settings: dict[str, Any], won: str
) -> None:
    poll = in_secret(world, method, answers, options=OPTIONS, **settings)
    assert poll.vote.outcome is Outcome.ADOPTED
    assert won in said(poll)
    assert ("以下只作对照" in said(poll)) == (method is Method.BUDGET)
    assert poll.vote.reckoning is None
    assert counting.miscomputed(world.session) == []


def test_a_straw_poll_decides_nothing(world: World) -> None:
    answers = [["o1"], ["o1"], ["o2"]]
    poll = in_secret(
        world, Method.APPROVAL, answers, options=OPTIONS, limit=1, profile="STRAW"
    )  # fmt: skip
    assert poll.vote.outcome is Outcome.ADVICE
    assert "月季" in said(poll)


def test_a_place_between_equals_stays_open_and_decides_nothing_more(world: World) -> None:
    answers = [["o1"], ["o2"], ["o3"]]
    poll = in_secret(world, Method.APPROVAL, answers, options=OPTIONS, limit=1, seats=1)
    assert poll.vote.outcome is Outcome.REJECTED
    answers = [["o1", "o2"], ["o1", "o3"], []]
    poll = in_secret(world, Method.APPROVAL, answers, options=OPTIONS, limit=2, seats=2)
    assert poll.vote.outcome is Outcome.ADOPTED
    assert "名额空缺" in said(poll)


def test_the_turnout_of_many_votes_takes_as_many_statements(world: World) -> None:
    counts = []
    for n in (1, 5):
        for _ in range(n):
            Poll(world).opened()
        world.commit()
        seen: list[str] = []
        engine = world.session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *told, seen=seen: seen.append(told[2]))
        rows = votes.under_way(world.nobody(), world.community.id)
        seen.clear()
        found = counting.turnouts(world.session, rows)
        counts.append(len(seen))
        assert all(one.due == 3 for one in found.values())
    assert counts[0] == counts[1] == 2


def test_who_has_voted_in_a_small_constituency_does_not_follow_from_the_others(
    world: World,
) -> None:
    booth = Booth(world, roll=(Constituency.PARTY,), more=8)
    booth.opened()
    booth.cast(Constituency.PARTY)
    found = counting.turnout(world.session, booth.vote)
    assert (found.cast, found.due, found.by) == (1, 9, {})


def test_constituencies_are_counted_by_themselves_and_small_ones_not_told(world: World) -> None:
    poll = Poll(world, "STRAW")
    groups = (Constituency.PARTY, Constituency.RESIDENTS)
    poll.prepared(electorate="members", secret=False, constituencies=groups)
    entries = [Entry(f"人{n}", "", f"{n}", 0, groups[n > 1]) for n in range(8)]
    rolls.take(world.as_(Post.COMMUNITY_WORKER), poll.vote, entries)
    poll.step("publish_roll")
    world.wait(days=6)
    for name in ("settle_roll", "announce"):
        poll.step(name)
    poll.checked()
    assert poll.vote.opens_at is not None
    world.now = poll.vote.opens_at
    poll.tick()
    poll.cast(Choice.FOR, Choice.AGAINST, Choice.FOR)
    assert counting.turnout(world.session, poll.vote).by == {
        Constituency.PARTY: (2, 2), Constituency.RESIDENTS: (1, 6),
    }  # fmt: skip
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    found = poll.vote.reckoning
    assert found is not None
    assert [(part.constituency, part.tally.favour) for part in found.parts] == [
        ("party", 1), ("residents", 1),
    ]  # fmt: skip
