"""The record of a vote: everything public and nobody's name, the same for every reader."""

import json
from typing import Any

from sqlalchemy import event

from council import ballots, deliberations, notices, records, rollcalls, votes
from council.people import Constituency, Post
from council.votes import Choice, VoteStage
from tests.hall import SEATS, Hall
from tests.polling import PEOPLE, Poll, numbered
from tests.world import World

MANY = (Choice.FOR, Choice.FOR, Choice.AGAINST)


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it is downloaded."""
    found: dict[str, Any] = json.loads(json.dumps(record))
    return found


def made(world: World, poll: Poll) -> dict[str, Any]:
    world.commit()
    return plain(records.record(world.session, poll.vote))


def in_secret(poll: Poll, answers: list[Any], **changed: Any) -> None:
    """A secret vote in which the first people of the roll gave these answers, up to its result."""
    world = poll.world
    poll.opened(secret=True, **changed)
    for n, (key, answer) in enumerate(zip(PEOPLE, answers, strict=False)):
        mine = votes.voter(world.session, poll.vote.id, world.who[key])
        assert mine is not None
        filled = {"choice": answer, "phrase": "清泉 石桥", "r": f"{n:032x}"}
        ballots.cast(world.as_(key), poll.vote, voter=mine, **filled)
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    poll.step("publish_result")


def in_meeting(world: World) -> dict[str, Any]:
    """The record of a vote in a joint meeting in which the experts kept silent."""
    hall = Hall(world)
    vote = hall.vote_open()
    for key in SEATS:
        if key is not Constituency.EXPERTS:
            choice = Choice.AGAINST if key == "neighbour" else Choice.FOR
            rollcalls.cast(world.as_(key), vote, choice=choice)
    deliberations.close_vote(world.as_(Post.FACILITATOR), vote)
    world.commit()
    return plain(records.record(world.session, vote))


def test_a_record_by_name_has_numbers_and_no_names(world: World) -> None:
    numbered(world)
    poll = Poll(world)
    poll.provisional(*MANY)
    found = made(world, poll)
    assert found["rows"] == [
        [1, None, "for", 0, ""], [2, None, "for", 0, ""], [3, None, "against", 0, ""],
    ]  # fmt: skip
    assert found["openings"] is None
    assert found["roll"]["size"] == 3
    assert "名册" not in json.dumps(found, ensure_ascii=False)


def test_a_secret_record_has_every_ballot_opened_and_in_its_batch(world: World) -> None:
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    in_secret(poll, ["for", "for", "against"], electorate="residents")
    found = made(world, poll)
    assert [one[1] for one in found["openings"]].count("for") == 2
    assert found["marks"] == {"web": 3, "counter": 0, "paper": 0}
    (batch,) = found["batches"]
    assert batch["commitments"] == [one[0] for one in found["openings"]]
    assert found["rows"] is None


def test_there_is_a_record_once_the_result_is_shown(world: World) -> None:
    poll = Poll(world)
    poll.counted(*MANY)
    assert not records.is_shown(poll.vote)
    poll.step("publish_result")
    assert records.is_shown(poll.vote)
    assert not records.is_fixed(poll.vote)


def test_a_final_record_stays_the_same_and_is_fixed_once_archived(world: World) -> None:
    poll = Poll(world)
    poll.final(*MANY)
    before = made(world, poll)
    assert before["stage"] == "final"
    world.wait(days=16)
    poll.tick()
    assert poll.vote.stage is VoteStage.ARCHIVED
    assert made(world, poll) == before
    assert records.is_fixed(poll.vote)


def test_a_vote_in_a_meeting_has_a_record_with_its_seats(world: World) -> None:
    found = in_meeting(world)
    assert [row[1] for row in found["rows"]].count("residents") == 2
    assert [row[2] for row in found["rows"]] == ["for", "for", "against", "for", None, "for"]
    assert "name" not in json.dumps(found["rows"])


def test_the_notices_say_how_to_check_a_receipt_and_how_to_count_again(world: World) -> None:
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    in_secret(poll, ["for", "for", "against"], electorate="residents")
    first, last = notices.of_vote(world.session, poll.vote.id)
    assert "查我的票" in first.body
    for words in ("自己重新计票", "查我的票"):
        assert words in last.body


def test_a_record_takes_as_many_statements_for_many_ballots_as_for_few(world: World) -> None:
    numbered(world)
    seen: list[str] = []
    event.listen(world.session.get_bind(), "before_cursor_execute", lambda *told: seen.append(""))
    counts = []
    for size in (2, 40):
        poll = Poll(world, size=size)
        poll.provisional(*[Choice.FOR] * size)
        world.commit()
        seen.clear()
        assert len(records.record(world.session, poll.vote)["rows"]) == size
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 20
