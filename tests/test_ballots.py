"""Secret ballots: one each, apart from the marks, the same receipt again, none after the close."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import inspect, select

from council import ballots, proxies, receipts
from council.ballots import Mark, MarkChannel, SecretBallot
from council.db import UngovernedChange
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import ACTS, Context
from council.people import Constituency, Post
from council.proxies import Entitled
from council.votes import Body, Method, VoteMode
from council.writer import Writer
from tests.booth import Booth, R
from tests.world import World

PROJECTS = [{"id": "a", "label": "路灯", "cost": 300}, {"id": "b", "label": "长椅", "cost": 200}]


@pytest.fixture
def booth(world: World) -> Booth:
    made = Booth(world)
    made.opened()
    return made


def inside(booth: Booth) -> list[SecretBallot]:
    found = select(SecretBallot).where(SecretBallot.vote_id == booth.vote.id)
    return list(booth.world.session.scalars(found.execution_options(populate_existing=True)))


def done(booth: Booth) -> list[Mark]:
    found = select(Mark).where(Mark.vote_id == booth.vote.id, Mark.done.is_(True))
    return list(booth.world.session.scalars(found.execution_options(populate_existing=True)))


def test_a_ballot_and_a_mark_know_neither_each_other_nor_an_hour() -> None:
    columns = {column.key for column in inspect(SecretBallot).columns}
    assert columns == {"c", "vote_id", "constituency", "opening", "logged"}
    assert {one.key for one in inspect(Mark).columns} == {"voter_id", "vote_id", "done", "channel"}


def test_a_voter_gets_a_receipt_and_the_log_no_entry(booth: Booth) -> None:
    before = booth.world.acts()
    receipt = booth.cast("neighbour", "against", "我的 小狗", R)
    assert receipt.c == receipts.commit(booth.vote.id, "against", "我的 小狗", R)
    assert receipt.code == receipts.code_of(receipt.c)
    assert [one.c for one in inside(booth)] == [receipt.c]
    assert [(one.voter_id, one.channel) for one in done(booth)] == [
        (booth.voter_of("neighbour").id, MarkChannel.WEB)
    ]
    assert booth.world.acts() == before
    assert ACTS["secret_ballot.cast"].entry is False


def test_a_secret_ballot_is_cast_once(booth: Booth) -> None:
    booth.cast("neighbour", "for")
    with pytest.raises(NotReady) as refusal:
        booth.cast("neighbour", "against")
    assert refusal.value.key == "already_voted"
    assert len(inside(booth)) == len(done(booth)) == 1


def test_the_same_ballot_again_gets_the_same_receipt(booth: Booth) -> None:
    first = booth.cast("neighbour", "for", r=R)
    assert booth.cast("neighbour", "for", r=R) == first
    assert len(inside(booth)) == 1


def test_somebody_elses_ballot_cannot_be_cast_again(booth: Booth) -> None:
    booth.cast("neighbour", "for", r=R)
    with pytest.raises(NotReady):
        booth.cast(Constituency.PARTY, "for", r=R)
    assert len(inside(booth)) == len(done(booth)) == 1


def test_only_those_on_the_roll_vote(booth: Booth) -> None:
    world, voter = booth.world, booth.voter_of("neighbour")
    for key in (Post.FACILITATOR, Constituency.EXPERTS, Post.ADMIN, Constituency.PARTY):
        with pytest.raises(NotReady) as refusal:
            booth.cast("neighbour", ctx=world.as_(key))
        assert refusal.value.needs == ("on_the_roll",)
    with pytest.raises(NotAllowed):
        booth.cast("neighbour", ctx=world.nobody())
    with pytest.raises(NotAllowed):
        booth.cast("neighbour", ctx=world.system())
    assert voter.number == 3
    assert inside(booth) == []


def test_a_voter_who_was_struck_has_no_vote(world: World) -> None:
    booth = Booth(world)
    voter = booth.voter_of("neighbour")

    def strike() -> None:
        voter.struck = True

    booth.does(strike)
    booth.opened()
    with pytest.raises(NotReady) as refusal:
        booth.cast("neighbour")
    assert refusal.value.needs == ("on_the_roll",)


def test_a_vote_by_name_takes_no_secret_ballot(world: World) -> None:
    booth = Booth(world, mode=VoteMode.ROLL_CALL)
    booth.opened()
    with pytest.raises(NotReady) as refusal:
        booth.cast("neighbour")
    assert refusal.value.needs == ("vote_is_secret",)


def test_nothing_is_cast_before_the_opening_or_after_the_close(world: World) -> None:
    booth = Booth(world)
    with pytest.raises(NotReady) as refusal:
        booth.cast("neighbour")
    assert refusal.value.needs == ("vote_is_open",)
    booth.opened()
    booth.closed()
    with pytest.raises(NotReady):
        booth.cast("neighbour")


def test_nothing_is_cast_after_the_hour_though_the_box_is_not_closed_yet(world: World) -> None:
    booth = Booth(world, closes_at=world.now + timedelta(hours=1))
    booth.opened()
    booth.cast(Constituency.PARTY)
    world.wait(hours=1)
    with pytest.raises(NotReady) as refusal:
        booth.cast("neighbour")
    assert refusal.value.needs == ("before_the_close",)


def test_a_close_beside_it_wins_over_a_cast(booth: Booth) -> None:
    """The voter's page was read while the vote was open; the row says otherwise by now."""
    world = booth.world
    vote, voter, actor = booth.vote, booth.voter_of("neighbour"), world.as_("neighbour").actor
    filled = ballots.fill(vote, choice="for", phrase="清泉", r=R)
    world.commit()
    with world.database.read() as session:
        seen = session.get_one(type(vote), vote.id)
        session.expunge(seen)
    booth.closed()
    world.commit()
    assert seen.is_open
    with world.database.write() as session, pytest.raises(NotReady) as refusal:
        ballots.drop(Context(session, actor, world.now), Entitled(seen, voter), filled=filled)
    assert refusal.value.needs == ("vote_is_open",)
    assert inside(booth) == done(booth) == []


def test_a_worker_votes_for_somebody_at_the_counter(booth: Booth) -> None:
    receipt = booth.cast("neighbour", ctx=booth.world.for_("neighbour"))
    assert [one.channel for one in done(booth)] == [MarkChannel.COUNTER]
    assert ballots.in_box(booth.world.session, booth.vote.id, receipt.c)
    with pytest.raises(NotAllowed):
        booth.cast("neighbour", ctx=booth.world.for_("neighbour", worker=Post.FACILITATOR))


def test_a_written_proxy_votes_for_its_principal_and_the_principal_not(world: World) -> None:
    booth = Booth(world, body=Body.RESIDENTS)
    holder, principal = booth.voter_of(Constituency.PARTY), booth.voter_of("neighbour")
    proxies.record(
        world.as_(Post.COMMUNITY_WORKER), principal, holder=holder, written_on=date(2026, 5, 1)
    )
    booth.opened()
    with pytest.raises(NotReady):
        booth.cast("neighbour")
    booth.cast("neighbour", ctx=world.as_(Constituency.PARTY))
    booth.cast(Constituency.PARTY)
    assert len(inside(booth)) == 2
    found = ballots.standing(world.session, booth.vote, world.who[Constituency.PARTY])
    assert [(voter.id, voted) for voter, voted in found.entries] == [
        (holder.id, True), (principal.id, True)
    ]  # fmt: skip
    assert found.open == []


def test_what_is_wrong_with_a_ballot_is_said_at_once(booth: Booth) -> None:
    with pytest.raises(Invalid) as refusal:
        booth.cast("neighbour", "maybe", " ", "nonsense")
    assert [one.field for one in refusal.value.problems] == ["choice", "phrase", "r"]
    with pytest.raises(Invalid) as refusal:
        booth.cast("neighbour", "for", "长" * 21)
    assert refusal.value.key == "too_long"
    assert done(booth) == []


def test_a_phrase_of_ones_own_is_kept_without_what_nobody_sees(booth: Booth) -> None:
    assert booth.cast("neighbour", phrase="  我家\u200b 的　猫\t").phrase == "我家 的 猫"


def test_every_method_is_committed_to_in_its_one_form(world: World) -> None:
    booth = Booth(world, method=Method.BUDGET, options=PROJECTS, settings={"budget": 500})
    booth.opened()
    receipt = booth.cast("neighbour", ["b", "a"], r=R)
    assert receipt.c == receipts.commit(booth.vote.id, ["a", "b"], "清泉 石桥", R)
    booth.closed()
    assert ballots.openings(world.session, booth.vote)[0].choice == ["a", "b"]


def test_an_act_without_an_entry_changes_no_governed_row(booth: Booth, monkeypatch) -> None:
    def sneaks(session, *_):
        booth.vote.title = "另一个题目"
        return True

    monkeypatch.setattr(ballots, "mark", sneaks)
    with pytest.raises(UngovernedChange, match=r"secret_ballot\.cast"):
        booth.cast("neighbour")


# The box


def test_openings_are_told_after_the_close_only(booth: Booth) -> None:
    receipt = booth.cast("neighbour", "against", "我的 小狗", R)
    with pytest.raises(NotReady):
        ballots.openings(booth.world.session, booth.vote)
    booth.closed()
    (found,) = ballots.openings(booth.world.session, booth.vote)
    assert (found.c, found.choice, found.phrase, found.r) == (receipt.c, "against", "我的 小狗", R)
    assert found.constituency is None


def test_equal_ballots_are_counted_together_whatever_their_phrases_say(world: World) -> None:
    booth = Booth(world, method=Method.BUDGET, options=PROJECTS, settings={"budget": 500})
    booth.opened()
    booth.cast("neighbour", ["a"], '", "phrase": "')
    booth.cast(Constituency.PARTY, ["a"], "清泉 石桥")
    booth.cast(Constituency.RESIDENTS, ["b", "a"], "}{")
    with pytest.raises(NotReady):
        ballots.piles(world.session, booth.vote)
    booth.closed()
    found = ballots.piles(world.session, booth.vote)
    assert sorted((choice, n) for _, choice, n in found) == [(["a"], 2), (["a", "b"], 1)]


def test_the_constituency_stands_on_a_ballot_only_when_it_is_counted_by_itself(world) -> None:
    booth = Booth(world, rule={"constituencies": ["party", "residents"]})
    booth.opened()
    booth.cast(Constituency.PARTY)
    assert [one.constituency for one in inside(booth)] == [Constituency.PARTY]


# Turnout


def test_the_turnout_is_told_by_constituency(booth: Booth) -> None:
    booth.cast("neighbour")
    session, vote = booth.world.session, booth.vote
    told = ballots.turnout(session, vote.id)
    assert told[Constituency.RESIDENTS] == (1, 3)
    assert told[Constituency.PARTY] == (0, 1)


def test_paper_marks_the_roll_with_the_same_update(booth: Booth) -> None:
    session, voter = booth.world.session, booth.voter_of("neighbour")
    assert ballots.mark(session, voter.id, MarkChannel.PAPER)
    assert not ballots.mark(session, voter.id, MarkChannel.PAPER)
    with pytest.raises(NotReady) as refusal:
        booth.cast("neighbour")
    assert refusal.value.key == "already_voted"


# Many at once


def test_of_three_copies_by_many_voters_at_once_each_counts_once(world: World) -> None:
    booth = Booth(world, roll=(*Constituency, "neighbour"))
    vote = booth.opened()
    keys = (*Constituency, "neighbour")
    actors = {key: world.as_(key).actor for key in keys}
    voters = {key: booth.voter_of(key) for key in keys}
    world.commit()
    writer = Writer(world.database)

    def attempt(n: int):
        key = keys[n % len(keys)]
        filled = ballots.fill(vote, choice="for", phrase=f"第 {n} 次", r=receipts.new_random())

        def work(session):
            ctx = Context(session, actors[key], world.now)
            return ballots.drop(ctx, Entitled(vote, voters[key]), filled=filled)

        return writer.later(work)

    with ThreadPoolExecutor(16) as pool:
        futures = list(pool.map(attempt, range(3 * len(keys))))
    writer.close()
    refused = [one.exception() for one in futures if one.exception()]
    assert {getattr(one, "key", "") for one in refused} == {"already_voted"}
    got = [one.result() for one in futures if not one.exception()]
    assert sorted(one.c for one in got) == sorted(one.c for one in inside(booth))
    assert len(got) == len(done(booth)) == len(keys)
