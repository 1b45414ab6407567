"""Roll-call votes: those present vote, the last cast counts, the sum follows from the ballots."""

import json

import pytest
from sqlalchemy import event, select, text

from council import attendance, audit, deliberations, rollcalls, votes
from council.attendance import CheckInMethod
from council.decisions import Outcome
from council.errors import NotAllowed, NotFound, NotReady
from council.people import Channel, Constituency, Post
from council.proposals import Stage
from council.rollcalls import Ballot
from council.votes import Choice, Vote, VoteStage
from tests.hall import MOTION, SEATS, Hall, Key
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
    mine = votes.voter(hall.world.session, vote.id, hall.world.who["neighbour"])
    assert mine is not None
    assert rollcalls.choice_of(hall.world.session, mine) is Choice.ABSTAIN
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
