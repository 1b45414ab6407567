"""Roll-call votes: those present vote, the last cast counts, the sum follows from the ballots."""

import json
from typing import Any

import pytest
from sqlalchemy import event, select, text

from council import attendance, audit, counting, deliberations, proxies, rollcalls, votes
from council.attendance import CheckInMethod
from council.decisions import Outcome
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.people import Channel, Constituency, Post
from council.proposals import Stage
from council.rollcalls import Ballot
from council.votes import Choice, Method, Vote, VoteStage
from tests.hall import MOTION, SEATS, Hall, Key
from tests.polling import Poll
from tests.world import World

VOTING = tuple(key for key in SEATS if key is not Constituency.EXPERTS)


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def cast(hall: Hall, vote: Vote, **choices: Choice) -> None:
    for name, choice in choices.items():
        rollcalls.cast(hall.world.as_(name), vote, choice=choice)


def close(hall: Hall, vote: Vote) -> None:
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)


def everybody(hall: Hall, vote: Vote, choice: Choice, *but: Key) -> None:
    for key in VOTING:
        if key not in but:
            rollcalls.cast(hall.world.as_(key), vote, choice=choice)


def test_the_vote_freezes_question_rule_and_seats(hall: Hall) -> None:
    vote = hall.vote_open()
    assert (vote.question, vote.rule["code"]) == (MOTION, "JOINT_MEETING")
    assert vote.due == {"party": 1, "residents": 2, "community": 1, "experts": 1, "units": 1}
    turnout = rollcalls.turnout(hall.world.session, vote.id)
    assert (turnout.cast, turnout.present) == (0, 6)


def test_a_seat_votes_and_the_choice_stands_in_the_log_as_a_hash_only(hall: Hall) -> None:
    vote = hall.vote_open()
    made = rollcalls.cast(hall.world.as_("neighbour"), vote, choice=Choice.AGAINST)
    assert (made.seq, made.channel, made.entered_by_id) == (1, Channel.WEB, None)
    assert hall.world.acts()[-1] == "ballot.cast"
    entry = json.loads(audit.entries(hall.world.session)[0].entry)
    assert set(entry["rows"][0]["new"]["choice"]) == {"h"}
    assert b"against" not in audit.entries(hall.world.session)[0].entry


def test_changing_a_vote_appends_and_the_last_one_counts(hall: Hall) -> None:
    vote = hall.vote_open()
    for choice in (Choice.FOR, Choice.AGAINST, Choice.ABSTAIN):
        rollcalls.cast(hall.world.as_("neighbour"), vote, choice=choice)
    (mine,) = rollcalls.standing(hall.world.session, vote, hall.world.who["neighbour"])
    assert mine.given is Choice.ABSTAIN
    rows = hall.world.session.scalars(select(Ballot.seq).order_by(Ballot.seq)).all()
    assert rows == [1, 2, 3]
    assert rollcalls.turnout(hall.world.session, vote.id).cast == 1
    assert rollcalls.recount(hall.world.session, vote).totals.abstain == 1


def test_the_database_itself_refuses_to_change_a_ballot(hall: Hall) -> None:
    vote = hall.vote_open()
    rollcalls.cast(hall.world.as_("neighbour"), vote, choice=Choice.FOR)
    hall.world.commit()
    for statement in ("UPDATE ballot SET choice = 'against'", "DELETE FROM ballot"):
        with pytest.raises(Exception, match="append-only"):
            hall.world.session.execute(text(statement))
        hall.world.session.rollback()


def test_a_worker_enters_the_vote_of_somebody_without_a_telephone(hall: Hall) -> None:
    vote = hall.vote_open()
    ctx = hall.world.for_("neighbour", channel=Channel.MEETING)
    made = rollcalls.cast(ctx, vote, choice=Choice.FOR)
    assert made.channel is Channel.MEETING
    assert made.entered_by_id == hall.world.who[Post.COMMUNITY_WORKER]
    other = hall.world.for_("neighbour", worker=Post.FACILITATOR)
    with pytest.raises(NotAllowed):
        rollcalls.cast(other, vote, choice=Choice.FOR)


def test_whoever_was_not_there_has_no_vote(hall: Hall) -> None:
    late = "neighbour"
    vote = hall.vote_open(present=tuple(key for key in SEATS if key != late))
    meeting_seat = next(
        seat
        for seat, there in attendance.roll(hall.world.session, 1)
        if seat.person_id == hall.world.who[late] and not there
    )
    attendance.tick(hall.world.as_(Post.FACILITATOR), meeting_seat, method=CheckInMethod.LIST)
    for who in (late, Post.DELEGATE, Post.FACILITATOR):
        with pytest.raises(NotReady) as refusal:
            rollcalls.cast(hall.world.as_(who), vote, choice=Choice.FOR)
        assert refusal.value.needs == ("is_voter",)
    with pytest.raises(NotAllowed):
        rollcalls.cast(hall.world.as_(Post.ADMIN), vote, choice=Choice.FOR)


def test_nobody_votes_after_the_close_and_a_closed_vote_stays_closed(hall: Hall) -> None:
    vote = hall.vote_open()
    close(hall, vote)
    assert vote.stage is VoteStage.FINAL
    with pytest.raises(NotReady) as refusal:
        rollcalls.cast(hall.world.as_("neighbour"), vote, choice=Choice.FOR)
    assert refusal.value.needs == ("vote_is_open",)
    with pytest.raises(NotReady) as again:
        close(hall, vote)
    assert again.value.needs == ("vote_is_open",)


def test_more_than_half_of_the_voting_seats_present_adopt(hall: Hall) -> None:
    vote = hall.vote_open()
    cast(hall, vote, party=Choice.FOR, residents=Choice.FOR, community=Choice.FOR)
    rollcalls.cast(hall.world.as_("neighbour"), vote, choice=Choice.AGAINST)
    assert vote.result is None
    close(hall, vote)
    assert vote.outcome is Outcome.ADOPTED
    found = vote.reckoning
    assert found is not None
    assert (found.totals.favour, found.totals.present) == (3, 5)
    assert all(line.ok for line in found.lines)
    assert "vote.close" in hall.world.acts()


def test_experts_advise_and_are_not_counted(hall: Hall) -> None:
    vote = hall.vote_open()
    cast(hall, vote, party=Choice.FOR, residents=Choice.FOR, experts=Choice.FOR)
    close(hall, vote)
    found = vote.reckoning
    assert found is not None
    assert vote.outcome is Outcome.REJECTED
    assert found.totals.favour == 2
    shown = {part.constituency: (part.counted, part.tally.favour) for part in found.parts}
    assert shown["experts"] == (False, 1)


def test_a_constituency_wholly_against_sends_the_matter_to_the_lawful_body(hall: Hall) -> None:
    vote = hall.vote_open()
    everybody(hall, vote, Choice.FOR, Constituency.UNITS)
    rollcalls.cast(hall.world.as_(Constituency.UNITS), vote, choice=Choice.AGAINST)
    close(hall, vote)
    assert vote.outcome is Outcome.REFERRED


def test_the_log_alone_is_enough_for_a_recount(hall: Hall) -> None:
    vote = hall.vote_open()
    everybody(hall, vote, Choice.FOR, "neighbour")
    close(hall, vote)
    hall.world.commit()
    logged = audit.entries(hall.world.session, acts=["vote.close"])[0]
    changed = json.loads(logged.entry)["rows"]
    result = next(row["set"]["result"] for row in changed if row["t"] == "vote")
    assert sorted(choice or "" for _, _, choice in result["seats"]) == ["", "", *["for"] * 4]


def test_a_forged_result_is_found(hall: Hall) -> None:
    vote = hall.vote_open()
    everybody(hall, vote, Choice.FOR)
    close(hall, vote)
    hall.world.commit()
    assert rollcalls.miscomputed(hall.world.session) == []
    hall.world.session.execute(
        text("UPDATE vote SET result = :forged"),
        {"forged": json.dumps(rollcalls.recount(hall.world.session, vote).to_json() | {
            "outcome": "rejected"})},
    )  # fmt: skip
    hall.world.session.expire_all()
    assert rollcalls.miscomputed(hall.world.session) == [vote.id]


def test_results_of_many_matters_take_one_statement(hall: Hall) -> None:
    vote = hall.vote_open()
    everybody(hall, vote, Choice.FOR, "neighbour")
    close(hall, vote)
    seen: list[str] = []
    engine = hall.world.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    found = votes.results(hall.world.session, [vote.proposal_id, *range(1000, 1040)])
    assert len(seen) == 1
    one = found[vote.proposal_id]
    assert (one.favour, one.against, one.abstain) == (4, 0, 0)
    assert (one.present, one.seats, one.outcome) == (6, 6, Outcome.ADOPTED)


def test_a_vote_is_seen_by_whoever_sees_its_matter(hall: Hall) -> None:
    vote = hall.vote_open()
    assert votes.get(hall.world.nobody(), vote.id) is vote
    hall.world.put(hall.matter, Stage.WITHDRAWN)
    with pytest.raises(NotFound):
        votes.get(hall.world.nobody(), vote.id)
    assert votes.latest(hall.world.session, hall.matter.id) is vote


# A formal vote by name

OPTIONS = (("月季", 100), ("荷花", 200), ("石榴", 900))


@pytest.mark.parametrize(
    ("method", "answer", "kept", "settings"),
    [
        (Method.APPROVAL, ["o2", "o1"], '["o1","o2"]', {"limit": 2, "seats": 2}),
        (Method.SCORE, {"o2": 5, "o1": 0}, '{"o1":0,"o2":5}', {"seats": 1}),
        (Method.RANKED, [["o3"], ["o2", "o1"]], '[["o3"],["o1","o2"]]', {}),
        (Method.BUDGET, ["o2", "o1"], '["o1","o2"]', {"budget": 300}),
    ],
)
def test_a_vote_by_name_takes_every_method_in_one_form(
    world: World, method: Method, answer: Any, kept: str, settings: dict[str, Any]
) -> None:
    poll = Poll(world)
    poll.opened(method=method, options=OPTIONS, **settings)
    assert rollcalls.cast(world.as_("neighbour"), poll.vote, choice=answer).choice == kept
    (mine,) = rollcalls.standing(world.session, poll.vote, world.who["neighbour"])
    assert mine.given == json.loads(kept)
    with pytest.raises(Invalid):
        rollcalls.cast(world.as_("neighbour"), poll.vote, choice=["nothing"])
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    assert [(one.choice, one.voters) for one in counting.ballots(world.session, poll.vote)] == [
        (json.loads(kept), 1)
    ]
    assert counting.miscomputed(world.session) == []


def test_whoever_holds_proxies_votes_for_each_entry_and_the_area_follows_it(world: World) -> None:
    poll = Poll(world, "OWNERS_ORDINARY", size=4)
    poll.prepared()
    poll.entered(10_050)
    roll = {one.number: one for one in world.session.scalars(select(votes.Voter))}
    worker = world.as_(Post.COMMUNITY_WORKER)
    on = world.now.date()
    for principal in (3, 4):
        proxies.record(worker, roll[principal], holder=roll[1], written_on=on)
    poll.step("publish_roll")
    world.wait(days=6)
    for name in ("settle_roll", "announce"):
        poll.step(name)
    poll.checked()
    assert poll.vote.opens_at is not None
    world.now = poll.vote.opens_at
    poll.tick()
    me = world.as_("neighbour")
    rollcalls.cast(me, poll.vote, choice=Choice.FOR)
    rollcalls.cast(me, poll.vote, choice=Choice.AGAINST, entry=roll[3])
    changed = rollcalls.cast(me, poll.vote, choice=Choice.FOR, entry=roll[3])
    assert (changed.voter_id, changed.seq) == (roll[3].id, 2)
    counter = world.for_("neighbour", channel=Channel.HALL)
    assert rollcalls.cast(counter, poll.vote, choice=Choice.FOR, entry=roll[4]).entered_by_id
    found = rollcalls.standing(world.session, poll.vote, world.who["neighbour"])
    assert [(one.voter.number, one.given) for one in found] == [(1, "for"), (3, "for"), (4, "for")]
    for who, entry in ((Post.DELEGATE, roll[3]), ("neighbour", roll[2])):
        with pytest.raises(NotReady) as refusal:
            rollcalls.cast(world.as_(who), poll.vote, choice=Choice.FOR, entry=entry)
        assert refusal.value.needs == ("on_the_roll",)
    now = counting.turnout(world.session, poll.vote)
    assert (now.cast, now.area_cast) == (3, 30_150)


def test_for_whom_one_votes_takes_two_statements(world: World) -> None:
    counts = []
    for size in (2, 3):
        poll = Poll(world, size=size)
        poll.opened()
        rollcalls.cast(world.as_("neighbour"), poll.vote, choice=Choice.FOR)
        world.commit()
        seen: list[str] = []
        engine = world.session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *args, seen=seen: seen.append(args[2]))
        vote = votes.get(world.nobody(), poll.vote.id)
        seen.clear()
        rollcalls.standing(world.session, vote, world.who["neighbour"])
        counts.append(sum(one.startswith("SELECT") for one in seen))
    assert counts == [2, 2]
    assert rollcalls.standing(world.session, vote, None) == []
