"""Who has not voted yet, by mark or by ballot; and the open votes of each person."""

from council import absences, proxies
from council.people import Constituency, Post
from council.votes import Choice
from tests.booth import Booth
from tests.polling import Poll
from tests.world import World


def names(world: World, vote) -> list[int]:
    return [one.number for one in absences.absent(world.session, vote.id)]


def test_whoever_has_no_mark_is_absent_page_by_page(world: World) -> None:
    booth = Booth(world)
    vote = booth.opened()
    booth.cast("neighbour")
    assert names(world, vote) == [1, 2, 4, 5]
    assert [one.number for one in absences.absent(world.session, vote.id, after=2, limit=1)] == [4]
    booth.everybody()
    assert names(world, vote) == []


def test_whoever_has_no_ballot_by_name_is_absent(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    poll.cast(Choice.FOR)
    assert names(world, poll.vote) == [2, 3]


def test_somebodys_open_votes_are_told_with_what_waits(world: World) -> None:
    booth, other = Booth(world), Booth(world, roll=(Post.DELEGATE,))
    me = world.who["neighbour"]
    assert absences.own(world.session, me) == []
    booth.opened()
    other.opened()
    (own,) = absences.own(world.session, me)
    assert (own.vote, own.entries, own.waiting) == (booth.vote, 1, 1)
    booth.cast("neighbour")
    (own,) = absences.own(world.session, me)
    assert (own.entries, own.waiting) == (1, 0)
    booth.closed()
    assert absences.own(world.session, me) == []
    assert absences.own(world.session, world.who[Constituency.EXPERTS]) == []


def test_an_entrusted_vote_is_the_holders(world: World) -> None:
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    poll.announced(secret=True)
    first, second = absences.absent(world.session, poll.vote.id, limit=2)
    ctx = world.as_(Post.COMMUNITY_WORKER)
    proxies.record(ctx, second, holder=first, written_on=world.now.date())
    poll.checked()
    assert poll.vote.opens_at is not None
    world.now = poll.vote.opens_at
    poll.tick()
    (own,) = absences.own(world.session, world.who["neighbour"])
    assert (own.entries, own.waiting) == (2, 2)
    assert absences.own(world.session, world.who[Post.DELEGATE]) == []
