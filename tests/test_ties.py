"""Ties: the chair's casting vote or a public lot, once, and everybody can work it out again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from council import audit, calendar, charter, counting, deliberations, jobs, lots, rollcalls, ties
from council.decisions import Outcome
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Context
from council.i18n import translate
from council.people import Constituency, Post
from council.proposals import Stage
from council.thresholds import Tie
from council.votes import Method, Ranking, Vote, VoteStage
from tests.hall import Hall
from tests.polling import PEOPLE, Poll, votes_of
from tests.world import World

CHAIR, TELLER, WATCH = Post.FACILITATOR, Post.RECORDER, Post.OVERSIGHT
REASON = "两边各有道理，先试行三个月。"
SEATS = (Constituency.RESIDENTS, Constituency.PARTY, "neighbour", Constituency.COMMUNITY)
OPTIONS = (("月季", 0), ("荷花", 0), ("石榴", 0))


def tied(world: World, tie: Tie, **changed: Any) -> Poll:
    """A vote of the council in which one is for and one against."""
    poll = Poll(world, "COUNCIL")
    poll.counted(*votes_of(1, 1, 0), tie=tie, **changed)
    return poll


def chosen(world: World, method: Method, answers: list[Any], **changed: Any) -> Poll:
    """A vote by name between options, counted."""
    poll = Poll(world, "COUNCIL")
    poll.opened(method=method, options=OPTIONS, tie=Tie.LOT, **changed)
    for key, answer in zip(PEOPLE, answers, strict=True):
        rollcalls.cast(world.as_(key), poll.vote, choice=answer)
    world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    return poll


def drawn(world: World, vote: Vote) -> None:
    """Two people draw the lot."""
    ties.commit(world.as_(TELLER), vote, seed="清泉 石桥")
    ties.commit(world.as_(WATCH), vote, seed="春天 来了")
    ties.reveal(world.as_(WATCH), vote, seed=" 春天  来了 ")
    ties.reveal(world.as_(TELLER), vote, seed="清泉 石桥")


def told(vote: Vote) -> str:
    return "\n".join(counting.sentences(vote, lambda key: translate("zh", key)))


def needs(poll: Poll, what: Any) -> tuple[str, ...]:
    with pytest.raises(NotReady) as refusal:
        what()
    return tuple(refusal.value.needs)


# The chair


@pytest.mark.parametrize(("favour", "outcome"), [(True, "adopted"), (False, "rejected")])
def test_the_chair_breaks_a_tie_with_a_reason_and_the_result_says_so(
    world: World, favour: bool, outcome: str
) -> None:
    poll = tied(world, Tie.CHAIR)
    assert poll.vote.outcome is Outcome.TIED
    assert needs(poll, lambda: poll.step("publish_result")) == ("tie_broken",)
    ties.cast(world.as_(CHAIR), poll.vote, favour=favour, reason=REASON)
    assert poll.vote.outcome is Outcome(outcome)
    assert world.acts()[-1] == "tie.cast"
    world.commit()
    logged = audit.entries(world.session)[0].entry.decode()
    assert REASON not in logged
    assert '"by":"chair"' in logged
    assert counting.miscomputed(world.session) == []
    assert ("主持人的决定票投了赞成" in told(poll.vote)) == favour
    poll.step("publish_result")
    assert poll.vote.stage is VoteStage.PROVISIONAL


def test_the_casting_vote_is_the_chairs_and_given_once(world: World) -> None:
    poll = tied(world, Tie.CHAIR)
    for who in (Post.PARTY_LEAD, "neighbour"):
        with pytest.raises(NotAllowed):
            ties.cast(world.as_(who), poll.vote, favour=True, reason=REASON)
    with pytest.raises(Invalid):
        ties.cast(world.as_(CHAIR), poll.vote, favour=True, reason=" ")
    ties.cast(world.as_(CHAIR), poll.vote, favour=True, reason=REASON)

    def again() -> None:
        ties.cast(world.as_(CHAIR), poll.vote, favour=False, reason=REASON)

    assert needs(poll, again) == ("tie_awaits_chair",)
    row = ties.casting(world.session, poll.vote.id)
    assert row is not None
    assert (row.favour, row.reason) == (True, REASON)


def test_a_recount_keeps_the_casting_vote(world: World) -> None:
    poll = tied(world, Tie.CHAIR)
    ties.cast(world.as_(CHAIR), poll.vote, favour=True, reason=REASON)
    assert counting.recount(world.session, poll.vote) == poll.vote.result


def test_by_default_a_tie_fails_and_nobody_breaks_it(world: World) -> None:
    poll = tied(world, Tie.FAILS)
    assert poll.vote.outcome is Outcome.REJECTED
    refused = needs(poll, lambda: ties.cast(world.as_(CHAIR), poll.vote, favour=True, reason="x"))
    assert refused == ("tie_awaits_chair",)


def test_in_a_meeting_the_chair_breaks_the_tie_and_the_matter_moves_on(world: World) -> None:
    charter.set_value(world.as_(Post.ADMIN), world.community, key="meeting_tie", value="chair")
    hall = Hall(world)
    vote = hall.vote_open()
    for key, choice in zip(SEATS, votes_of(2, 2, 0), strict=True):
        rollcalls.cast(world.as_(key), vote, choice=choice)
    world.commit()
    deliberations.close_vote(world.as_(CHAIR), vote)
    assert (vote.outcome, hall.matter.stage) == (Outcome.TIED, Stage.VOTING)
    ties.cast(world.as_(CHAIR), vote, favour=False, reason=REASON)
    assert (vote.outcome, hall.matter.stage) == (Outcome.REJECTED, Stage.REJECTED)
    assert vote.result is not None
    assert len(vote.result["seats"]) == 6
    world.commit()
    assert rollcalls.miscomputed(world.session) == []


# The lot


def test_of_two_who_reveal_at_the_same_moment_the_second_draws_the_lot(world: World) -> None:
    poll = tied(world, Tie.LOT)
    ties.commit(world.as_(TELLER), poll.vote, seed="清泉 石桥")
    ties.commit(world.as_(WATCH), poll.vote, seed="春天 来了")
    one, other, vote_id = world.as_(TELLER), world.as_(WATCH), poll.vote.id
    world.commit()

    def reveal(session: Session, ctx: Context, seed: str) -> None:
        ties.reveal(replace(ctx, session=session), session.get_one(Vote, vote_id), seed=seed)

    def beside() -> None:
        with world.database.write() as session:
            reveal(session, other, "春天 来了")

    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as session:
            reveal(session, one, "清泉 石桥")
            second = pool.submit(beside)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        second.result(timeout=10)
    world.session.refresh(poll.vote)
    assert poll.vote.outcome in {Outcome.ADOPTED, Outcome.REJECTED}


def test_a_lot_of_two_people_decides_a_motion_and_can_be_drawn_again(world: World) -> None:
    poll = tied(world, Tie.LOT)
    drawn(world, poll.vote)
    result = poll.vote.result
    assert result is not None
    lot = lots.broken(result)
    assert lot.again() == lot
    outcome = Outcome.ADOPTED if lot.order[0] == "for" else Outcome.REJECTED
    assert poll.vote.outcome is outcome
    assert "清泉 石桥" in told(poll.vote)
    assert {"tie.commit", "tie.reveal"} < set(world.acts())
    world.commit()
    assert counting.miscomputed(world.session) == []
    forged = json.loads(json.dumps(result))
    forged["tie"]["lot"]["order"] = list(reversed(lot.order))
    world.session.execute(text("UPDATE vote SET result = :new"), {"new": json.dumps(forged)})
    world.session.expire_all()
    assert counting.miscomputed(world.session) == [poll.vote.id]


def test_before_the_words_are_revealed_the_log_holds_only_their_digest(world: World) -> None:
    poll = tied(world, Tie.LOT)
    made = ties.commit(world.as_(TELLER), poll.vote, seed="清泉 石桥")
    assert made.seed == ""
    world.commit()
    logged = audit.entries(world.session)[0].entry.decode()
    assert made.digest in logged
    assert made.nonce not in logged


def test_nobody_reveals_before_two_committed_nor_joins_after_the_first_reveal(
    world: World,
) -> None:
    poll = tied(world, Tie.LOT)
    vote = poll.vote

    def commit(who: Any) -> None:
        ties.commit(world.as_(who), vote, seed="清泉")

    def reveal(who: Any) -> None:
        ties.reveal(world.as_(who), vote, seed="清泉")

    commit(TELLER)
    assert needs(poll, lambda: reveal(TELLER)) == ("enough_committed",)
    assert needs(poll, lambda: commit(TELLER)) == ("not_yet_committed",)
    with pytest.raises(NotAllowed):
        commit("neighbour")
    commit(WATCH)
    assert needs(poll, lambda: reveal(Post.DELEGATE)) == ("has_committed",)
    with pytest.raises(Invalid):
        ties.reveal(world.as_(WATCH), vote, seed="别的")
    reveal(WATCH)
    assert needs(poll, lambda: commit(Post.DELEGATE)) == ("nothing_revealed",)
    assert vote.outcome is Outcome.TIED
    with pytest.raises(NotAllowed):
        ties.reveal(world.as_("neighbour"), vote, seed="清泉")
    reveal(TELLER)
    assert vote.outcome is not Outcome.TIED
    assert needs(poll, lambda: commit(Post.DELEGATE))[0] == "tie_awaits_lot"


def test_whoever_does_not_reveal_in_time_is_left_out_and_the_lot_begins_anew(world: World) -> None:
    poll = tied(world, Tie.LOT)
    vote = poll.vote
    ties.commit(world.as_(TELLER), vote, seed="清泉 石桥")
    assert calendar.running(world.session, vote, ties.REVEAL) == []
    for who in (WATCH, Post.DELEGATE):
        ties.commit(world.as_(who), vote, seed=f"春天 {who}")
    world.wait(days=1)
    ties.reveal(world.as_(TELLER), vote, seed="清泉 石桥")
    ties.reveal(world.as_(Post.DELEGATE), vote, seed=f"春天 {Post.DELEGATE}")
    (clock,) = calendar.running(world.session, vote, ties.REVEAL)
    assert clock.person_id == world.who[WATCH]
    assert ties.until(world.session, vote) == clock.due_at
    assert needs(poll, lambda: ties.renew(world.system(), vote)) == ("time_to_reveal_over",)
    with pytest.raises(NotAllowed):
        ties.renew(world.as_(TELLER), vote)
    jobs.run_due(world.system())
    assert len(ties.shares(world.session, vote.id)) == 3

    world.wait(days=6)
    jobs.run_due(world.system())
    assert world.acts()[-1] == "tie.renew"
    assert ties.shares(world.session, vote.id) == []
    (away,) = ties.left_out(world.session, vote.id)
    assert (away.person_id, away.seed) == (world.who[WATCH], "")
    assert calendar.running(world.session, vote, ties.REVEAL) == []
    refused = needs(poll, lambda: ties.commit(world.as_(WATCH), vote, seed="我又来了"))
    assert refused == ("not_left_out",)
    for who in (TELLER, Post.DELEGATE):
        ties.commit(world.as_(who), vote, seed=f"新的 {who}")
    for who in (TELLER, Post.DELEGATE):
        ties.reveal(world.as_(who), vote, seed=f"新的 {who}")
    assert vote.outcome in {Outcome.ADOPTED, Outcome.REJECTED}
    assert ties.until(world.session, vote) is None
    assert "清泉 石桥" not in told(vote)
    world.commit()
    assert counting.miscomputed(world.session) == []


@pytest.mark.parametrize(
    ("method", "answers", "settings"),
    [
        (Method.APPROVAL, [["o1"], ["o2"], ["o3"]], {"limit": 1, "seats": 2}),
        (Method.SCORE, [{"o1": 5}, {"o2": 5}, {"o3": 1}], {"seats": 1}),
        (Method.RANKED, [[["o1"], ["o2"]], [["o2"], ["o1"]], []], {}),
        (Method.RANKED, [[["o1"]], [["o2"]], [["o3"]]], {"ranking": Ranking.IRV}),
        (Method.RANKED, [[["o1"]], [["o2"]], [["o3"]]], {"ranking": Ranking.BORDA}),
    ],
)
def test_a_place_between_equals_goes_by_lot(
    world: World, method: Method, answers: list[Any], settings: dict[str, Any]
) -> None:
    poll = chosen(world, method, answers, **settings)
    assert poll.vote.outcome is Outcome.TIED
    assert len(ties.equals(poll.vote)) >= 2
    drawn(world, poll.vote)
    assert poll.vote.outcome is Outcome.ADOPTED
    assert "抽签" in told(poll.vote)
    assert counting.miscomputed(world.session) == []
