"""Paper ballots: slips in numbered runs, handed out against a mark, exchanged when spoiled."""

import pytest
from sqlalchemy import select

from council import paperballots, rollcalls
from council.audit import Entry as LogEntry
from council.ballots import Mark, MarkChannel
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.paperballots import PaperRun
from council.people import Post
from council.votes import Choice, Voter
from tests.polling import Poll

WORKER = Post.COMMUNITY_WORKER


@pytest.fixture
def poll(world):
    return Poll(world, size=4)


def open_(poll, size=10, **changed):
    poll.opened(paper=True, **changed)
    paperballots.print_run(poll.world.as_(WORKER), poll.vote, size=size)
    return poll.vote


def marks(world):
    return {
        one.voter_id: one.channel for one in world.session.scalars(select(Mark).where(Mark.done))
    }


def needs(refusal):
    return refusal.value.needs


def test_the_slips_of_a_vote_are_numbered_in_runs(world, poll):
    poll.announced(paper=True, secret=True)
    ctx = world.as_(WORKER)
    first = paperballots.print_run(ctx, poll.vote, size=20)
    second = paperballots.print_run(ctx, poll.vote, size=5)
    assert [(one.first, one.last) for one in (first, second)] == [(1, 20), (21, 25)]
    assert paperballots.code(31, 47) == "B031-0047"
    typed = ("47", " b031-0047", "B030-0047", "x")
    assert [paperballots.number_of(31, one) for one in typed] == [47, 47, None, None]
    assert paperballots.run(world.session, poll.vote, second.id) is second
    with pytest.raises(NotFound):
        paperballots.run(world.session, Poll(world).vote, second.id)


def test_slips_are_printed_by_a_worker_once_the_wording_is_final(world, poll):
    poll.published(paper=True)
    with pytest.raises(NotAllowed):  # paper_run.print
        paperballots.print_run(world.as_("neighbour"), poll.vote, size=5)
    with pytest.raises(NotReady) as refusal:
        paperballots.print_run(world.as_(WORKER), poll.vote, size=5)
    assert needs(refusal) == ("text_is_final",)
    with pytest.raises(Invalid):
        open_(Poll(world), size=0)


def test_a_vote_without_paper_has_no_slips(world, poll):
    poll.opened(paper=False)
    with pytest.raises(NotReady) as refusal:
        paperballots.print_run(world.as_(WORKER), poll.vote, size=5)
    assert needs(refusal) == ("votes_on_paper",)


def test_a_slip_is_handed_out_against_a_mark_that_knows_no_slip(world, poll):
    vote = open_(poll, secret=True)
    before = world.session.scalars(select(LogEntry)).all()
    paperballots.hand(world.as_(WORKER), vote, number=4)
    entry = world.session.scalars(select(Voter).where(Voter.vote_id == vote.id, Voter.number == 4))
    assert marks(world) == {entry.one().id: MarkChannel.PAPER}
    world.commit()
    made = world.session.scalars(select(LogEntry)).all()[len(before) :]
    told = [one for one in made if b"paper_slip.hand" in one.entry]
    assert len(told) == 1
    assert b'"rows":[]' in told[0].entry
    there = paperballots.stock(world.session, vote.id)
    assert (there.issued, there.handed, there.left) == (10, 1, 9)


def test_nobody_takes_two_slips(world, poll):
    vote = open_(poll, secret=True)
    paperballots.hand(world.as_(WORKER), vote, number=4)
    with pytest.raises(NotReady) as refusal:
        paperballots.hand(world.as_(WORKER), vote, number=4)
    assert refusal.value.key == "served_already"
    assert paperballots.stock(world.session, vote.id).handed == 1


def test_slips_are_handed_out_by_workers_to_those_on_the_roll(world, poll):
    vote = open_(poll, size=1, secret=True)
    with pytest.raises(NotAllowed):
        paperballots.hand(world.as_("neighbour"), vote, number=1)
    with pytest.raises(Invalid) as wrong:
        paperballots.hand(world.as_(WORKER), vote, number=99)
    assert wrong.value.key == "not_on_roll"
    paperballots.hand(world.as_(WORKER), vote, number=1)
    with pytest.raises(NotReady) as refusal:
        paperballots.hand(world.as_(WORKER), vote, number=2)
    assert needs(refusal) == ("slips_are_left",)
    world.now = vote.closes_at
    poll.tick()
    with pytest.raises(NotReady) as refusal:
        paperballots.hand(world.as_(WORKER), vote, number=2)
    assert "vote_is_open" in needs(refusal)


def test_by_name_nobody_votes_by_telephone_and_on_paper(world, poll):
    vote = open_(poll, secret=False)
    rollcalls.cast(world.as_("neighbour"), vote, choice=Choice.FOR)
    with pytest.raises(NotReady) as refusal:
        paperballots.hand(world.as_(WORKER), vote, number=1)
    assert refusal.value.key == "served_already"
    paperballots.hand(world.as_(WORKER), vote, number=2)
    with pytest.raises(NotReady) as refusal:
        rollcalls.cast(world.as_(Post.DELEGATE), vote, choice=Choice.FOR)
    assert refusal.value.key == "paper_taken"
    me = world.who[Post.DELEGATE]
    assert [one.given for one in rollcalls.standing(world.session, vote, me)] == [None]


def test_a_spoiled_slip_is_exchanged_and_counts_no_more(world, poll):
    vote, ctx = open_(poll, size=3, secret=True), world.as_(WORKER)
    with pytest.raises(Invalid) as wrong:
        paperballots.exchange(ctx, vote, number=1)
    assert wrong.value.key == "no_slip_handed"
    paperballots.hand(ctx, vote, number=1)
    paperballots.exchange(ctx, vote, number=1)
    assert paperballots.spoiled(world.session, vote.id) == [1]
    there = paperballots.stock(world.session, vote.id)
    assert (there.handed, there.spoiled, there.left) == (1, 1, 1)
    for number, key in ((1, "slip_spoiled_twice"), (4, "no_such_paper")):
        with pytest.raises(Invalid) as wrong:
            paperballots.exchange(ctx, vote, number=number)
        assert wrong.value.key == key
    with pytest.raises(NotAllowed):  # paper_slip.exchange
        paperballots.exchange(world.as_("neighbour"), vote, number=2)


def test_the_counter_finds_people_by_number_or_name_and_sees_who_has_voted(world, poll):
    vote = open_(poll, secret=True)
    paperballots.hand(world.as_(WORKER), vote, number=2)
    session = world.session
    assert [one.voter.number for one in paperballots.at_counter(session, vote, "2")] == [2]
    found = paperballots.at_counter(session, vote, "名册")
    assert [(one.voter.number, one.done) for one in found] == [
        (1, False), (2, True), (3, False), (4, False),
    ]  # fmt: skip
    assert paperballots.at_counter(session, vote, "") == []
    assert paperballots.at_counter(session, vote, "99") == []


def test_runs_are_listed_in_order(world, poll):
    vote = open_(poll, secret=True)
    assert [type(one) for one in paperballots.runs(world.session, vote.id)] == [PaperRun]
