"""Tellers: raised hands are counted by two, each alone; the vote closes when they agree."""

from typing import Any

import pytest

from council import (
    ballots,
    batches,
    counting,
    deliberations,
    handcounts,
    motions,
    offices,
    receipts,
    records,
    recounting,
    rollcalls,
    speeches,
    tellers,
)
from council.audit import Entry
from council.decisions import Outcome
from council.errors import Invalid, NotAllowed, NotReady
from council.handcounts import HandCount
from council.kinds import KINDS, MeetingKind
from council.meetings import AgendaItem, ItemStage
from council.motions import MOTION, MotionStage
from council.papersheets import Sheet
from council.people import Constituency, Post
from council.plans import Topic
from council.turns import Side
from council.votes import Choice, How, Vote, VoteMode, Voter, VoteStage
from council.workflow import advance
from tests.hall import SEATS, Hall, Key
from tests.world import World

ONE, TWO, THREE = Post.RECORDER, Post.COMMUNITY_WORKER, Post.DELEGATE

FIGURES = {
    "party": (1, 0, 0), "residents": (1, 1, 0), "community": (1, 0, 0), "experts": (0, 1, 0),
    "units": (0, 0, 0),
}  # fmt: skip
"""For, against and abstaining: what the hands of `VOICES` add up to."""

VOICES = {
    Constituency.PARTY: Choice.FOR, Constituency.RESIDENTS: Choice.FOR,
    "neighbour": Choice.AGAINST, Constituency.COMMUNITY: Choice.FOR,
    Constituency.EXPERTS: Choice.AGAINST,
}  # fmt: skip


def sheet(
    spoiled: int = 0, unused: int = 0, bad: int = 0, **changed: tuple[int, int, int]
) -> Sheet:
    """A sheet with the figures above, but those changed; `bad` slips of residents are spoiled."""
    content = {
        side: dict(zip(("for", "against", "abstain"), n, strict=True)) | {"spoiled": 0}
        for side, n in (FIGURES | changed).items()
    }
    content["residents"]["spoiled"] = bad
    return Sheet(content, spoiled, unused)


def opened(world: World, how: How = How.HANDS, present: tuple[Key, ...] = SEATS) -> Vote:
    hall = Hall(world)
    item = hall.asked(hall.item_open(present=present))
    return deliberations.open_vote(world.as_(Post.FACILITATOR), item, how=how)


def enter(world: World, vote: Vote, who: Post, given: Sheet, issued: int = 0) -> HandCount:
    return tellers.enter(world.as_(who), vote, sheet=given, issued=issued)


def close(world: World, vote: Vote) -> None:
    deliberations.close_vote(world.as_(Post.FACILITATOR), vote)


def counted_by_two(world: World, how: How) -> Vote:
    """A vote that two tellers counted alike, closed and committed."""
    vote = opened(world, how)
    slips = {} if how is How.HANDS else {"spoiled": 1, "unused": 2}
    for who in (ONE, TWO):
        enter(world, vote, who, sheet(**slips), 0 if how is How.HANDS else 8)
    close(world, vote)
    world.commit()
    return vote


ASSEMBLY = ("d1", "d2", "d3", "d4", "d5")


def secretly(world: World) -> Vote:
    """A secret vote of a delegates' assembly: six sit there, the first delegate with an office."""
    for key in ASSEMBLY:
        world.person(key, Constituency.RESIDENTS)
        offices.give(
            world.as_(Post.ADMIN), world.community, person_id=world.who[key], post=Post.DELEGATE
        )
    everybody = (Post.DELEGATE, *ASSEMBLY)
    item = Hall(world).item_open(
        kind=MeetingKind.DELEGATES, seats=everybody, present=everybody,
        agenda=(Topic(title="评议工作人员", motion="评议为称职。"),),
    )  # fmt: skip
    chair = world.as_(Post.FACILITATOR)
    return deliberations.open_vote(chair, Hall(world).asked(item), how=How.SECRET)


def drop(world: World, vote: Vote, key: Key, choice: Choice) -> str:
    """Cast a secret ballot; its commitment."""
    (entry,) = ballots.standing(world.session, vote, world.who[key]).open
    kept = world.session.get_one(Voter, entry.id)
    return ballots.cast(
        world.as_(key),
        vote,
        voter=kept,
        choice=choice,
        phrase=f"泉水 {key}",
        r=receipts.new_random(),
    ).c


def in_the_room(world: World) -> Vote:
    """The same, in which four are for, one is against and one says nothing; closed."""
    vote = secretly(world)
    for key in ASSEMBLY:
        drop(world, vote, key, Choice.AGAINST if key == "d3" else Choice.FOR)
    close(world, vote)
    world.commit()
    return vote


def needs(refused: Any) -> tuple[str, ...]:
    with pytest.raises(NotReady) as refusal:
        refused()
    return refusal.value.needs


def test_two_tellers_differ_agree_and_the_chair_closes(world: World) -> None:
    vote = opened(world)
    assert (vote.how, vote.mode, vote.settings["how"]) == (How.HANDS, VoteMode.COUNTED, "hands")
    assert needs(lambda: close(world, vote)) == ("tellers_agree",)
    first = enter(world, vote, ONE, sheet(residents=(2, 0, 0)))
    assert (first.round, first.slot) == (1, 1)
    assert world.acts()[-1] == "hand_count.enter"
    assert needs(lambda: enter(world, vote, ONE, sheet())) == ("not_counted_yet",)
    enter(world, vote, TWO, sheet())
    now = handcounts.standing(world.session, vote.id)
    assert now.differs == (("residents", "for"), ("residents", "against"))
    assert needs(lambda: close(world, vote)) == ("tellers_agree",)
    enter(world, vote, THREE, sheet())
    enter(world, vote, ONE, sheet())
    assert needs(lambda: enter(world, vote, TWO, sheet())) == ("not_agreed_yet",)
    assert vote.result is None
    close(world, vote)
    assert (vote.stage, vote.outcome) == (VoteStage.FINAL, Outcome.ADOPTED)
    assert vote.reckoning is not None
    assert (vote.reckoning.totals.favour, vote.reckoning.totals.present) == (3, 5)
    item = world.session.get_one(AgendaItem, vote.agenda_item_id)
    assert item.stage is ItemStage.VOTED
    assert needs(lambda: enter(world, vote, TWO, sheet())) == ("vote_is_open", "not_agreed_yet")


def test_a_count_stands_in_the_log_as_hashes_only(world: World) -> None:
    vote = opened(world)
    enter(world, vote, ONE, sheet())
    world.commit()
    last = world.session.query(Entry).order_by(Entry.idx.desc()).first()
    assert last is not None
    assert last.act == "hand_count.enter"
    assert b'"content":{"h":' in last.entry
    assert b"against" not in last.entry


def test_who_leads_does_not_count_and_nobody_without_the_office(world: World) -> None:
    vote = opened(world)
    assert needs(lambda: enter(world, vote, Post.FACILITATOR, sheet())) == ("did_not_lead",)
    for who in (Constituency.PARTY, Post.PARTY_LEAD, Post.ADMIN):
        with pytest.raises(NotAllowed):
            tellers.enter(world.as_(who), vote, sheet=sheet())


def test_no_constituency_has_more_hands_than_seats(world: World) -> None:
    vote = opened(world, present=tuple(key for key in SEATS if key != "neighbour"))
    for wrong in (sheet(), sheet(residents=(2, 0, 0)), sheet(residents=(-1, 1, 0))):
        with pytest.raises(Invalid):
            enter(world, vote, ONE, wrong)
    with pytest.raises(Invalid) as refusal:
        enter(world, vote, ONE, sheet(residents=(0, 0, 0), bad=1))
    assert [(one.key, one.field) for one in refusal.value.problems] == [
        ("not_a_choice", "residents_for")
    ]
    assert enter(world, vote, ONE, sheet(residents=(0, 1, 0))).slot == 1


def test_nobody_votes_by_telephone_where_hands_are_counted_nor_counts_telephones(
    world: World,
) -> None:
    vote = opened(world)
    voter = world.as_("neighbour")
    assert needs(lambda: rollcalls.cast(voter, vote, choice=Choice.FOR)) == ("on_telephones",)
    hall = Hall(world)
    phones = hall.vote_open()
    assert needs(lambda: enter(world, phones, ONE, sheet())) == ("tellers_count",)


def test_hands_give_the_result_that_the_same_votes_by_name_give(world: World) -> None:
    by_hand = opened(world)
    for who in (ONE, TWO):
        enter(world, by_hand, who, sheet())
    close(world, by_hand)
    by_name = opened(world, How.PHONES)
    for key, choice in VOICES.items():
        rollcalls.cast(world.as_(key), by_name, choice=choice)
    close(world, by_name)
    assert by_name.result is not None
    assert by_hand.result == {
        name: told for name, told in by_name.result.items() if name != "seats"
    }
    assert [*counting.miscomputed(world.session), *rollcalls.miscomputed(world.session)] == []


def test_the_record_has_sums_and_anybody_counts_them_again(world: World) -> None:
    vote = opened(world)
    for who in (ONE, TWO):
        enter(world, vote, who, sheet())
    close(world, vote)
    world.commit()
    found = records.of(world.session, vote.id)
    assert (found["mode"], found["settings"]["how"], found["rows"]) == ("counted", "hands", None)
    assert ["residents", "against", 1, 0] in found["sums"]
    assert ["units", None, 1, 0] in found["sums"]
    report = recounting.recount(found)
    assert report.differing == ()
    assert report.result["outcome"] == "adopted"
    found["sums"][0][2] += 1
    assert recounting.recount(found).differing


def test_slips_add_up_and_those_that_say_nothing_are_kept_apart(world: World) -> None:
    vote = opened(world, How.PAPER)
    for issued, spoiled, unused in ((9, 1, 2), (7, 1, 2), (0, 0, 0)):
        with pytest.raises(Invalid) as refusal:
            enter(world, vote, ONE, sheet(spoiled, unused), issued)
        assert refusal.value.problems[0].key == "slips_off"
    few = sheet(1, 2, bad=1, residents=(1, 0, 0))
    enter(world, vote, ONE, few, 8)
    enter(world, vote, TWO, sheet(1, 2, residents=(1, 1, 0)), 8)
    assert handcounts.standing(world.session, vote.id).differs == (
        ("residents", "against"), ("residents", "spoiled"),
    )  # fmt: skip
    for who in (ONE, TWO):
        enter(world, vote, who, few, 8)
    close(world, vote)
    assert vote.reckoning is not None
    total = vote.reckoning.totals
    assert (vote.outcome, total.favour, total.against, total.spoiled) == (
        Outcome.ADOPTED, 3, 0, 1,
    )  # fmt: skip
    world.commit()
    found = records.of(world.session, vote.id)
    assert {name: found["paper"][name] for name in ("issued", "used", "spoiled", "unused")} == {
        "issued": 8, "used": 5, "spoiled": 1, "unused": 2,
    }  # fmt: skip
    assert recounting.recount(found).differing == ()
    found["paper"]["issued"] = 9
    assert recounting.recount(found).differing


def test_an_amendment_is_put_to_a_show_of_hands(world: World) -> None:
    hall = Hall(world)
    item = hall.item_open()
    (main,) = motions.of_item(world.session, item.id)
    made = motions.amend(world.as_("neighbour"), main, text="装两盏路灯。")
    advance(world.as_(Constituency.PARTY), MOTION, made, "second")
    for side in Side:
        if side in speeches.unheard(world.session, item):
            speeches.waive(world.as_(Post.FACILITATOR), item, side=side)
    motions.put(world.as_(Post.FACILITATOR), made, how=How.HANDS)
    assert (made.stage, made.how) == (MotionStage.QUESTION, How.HANDS)
    vote = motions.of_votes(world.session, [made.id])[made.id]
    assert vote.how is How.HANDS
    for who in (ONE, TWO):
        enter(world, vote, who, sheet())
    close(world, vote)
    assert made.stage is MotionStage.CARRIED


def test_a_secret_vote_in_a_meeting_tells_the_turnout_and_is_final_with_its_close(
    world: World,
) -> None:
    vote = secretly(world)
    assert (vote.mode, vote.title, vote.rule["constituencies"]) == (
        VoteMode.SECRET, "评议工作人员", [],
    )  # fmt: skip
    mine = drop(world, vote, "d1", Choice.FOR)
    told = counting.turnout_in_room(world.session, vote)
    assert (told.cast, told.present, told.by) == (1, 6, {Constituency.RESIDENTS: (1, 6)})
    assert needs(lambda: rollcalls.cast(world.as_("d2"), vote, choice=Choice.FOR)) == ("by_name",)
    assert ballots.standing(world.session, vote, world.who["d1"]).open == []
    ((own, done),) = ballots.standing(world.session, vote, world.who["d1"]).entries
    voter = world.session.get_one(Voter, own.id)
    assert done
    with pytest.raises(NotReady, match="already_voted"):
        ballots.cast(world.as_("d1"), vote, voter=voter, choice="for", phrase="泉", r="0" * 32)
    for key in ASSEMBLY[1:]:
        drop(world, vote, key, Choice.AGAINST if key == "d3" else Choice.FOR)
    close(world, vote)
    assert "ballot_batch.log" in world.acts()
    assert (vote.stage, vote.outcome) == (VoteStage.FINAL, Outcome.ADOPTED)
    assert vote.reckoning is not None
    assert (vote.reckoning.totals.favour, vote.reckoning.totals.present) == (4, 6)
    assert counting.miscomputed(world.session) == []
    assert batches.faults(world.session, vote) == []
    (found,) = batches.find(world.nobody(), mine)
    assert found.opening is not None
    assert found.opening.choice == "for"


def test_a_secret_vote_that_would_tell_how_somebody_voted_is_not_opened(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        opened(world, How.SECRET)
    assert [(one.key, one.field) for one in refusal.value.problems] == [("secret_small", "how")]


def seats(**n: int) -> list[rollcalls.Seat]:
    return [
        rollcalls.Seat(0, 0, Constituency(side), None, votes=side != "experts")
        for side, many in n.items()
        for _ in range(many)
    ]


def test_in_secret_only_seats_that_count_vote_and_sides_stay_where_the_rule_needs_them() -> None:
    five = dict.fromkeys(("party", "residents", "community", "units"), 5)
    due, joint = five | {"experts": 2}, KINDS[MeetingKind.JOINT].rule()
    kept, same, there = rollcalls.in_secret(joint, due, seats(**due))
    assert (kept, same, len(there)) == (joint, due, 22)
    council = KINDS[MeetingKind.COUNCIL].rule()
    kept, together, there = rollcalls.in_secret(council, due, seats(**due))
    assert (kept.constituencies, kept.advisory, kept.passing) == ((), (), council.passing)
    assert (together, len(there)) == ({"all": 20}, 20)
    with pytest.raises(Invalid):
        rollcalls.in_secret(joint, due, seats(party=4, residents=5))


def test_an_item_about_people_is_voted_on_in_secret_only(world: World) -> None:
    hall, topic = Hall(world), Topic(title="推选监督员", motion="推选李某。", about_people=True)
    item = hall.asked(hall.item_open(agenda=(topic,)))
    for how in (How.PHONES, How.HANDS, How.PAPER):
        with pytest.raises(Invalid) as refusal:
            deliberations.open_vote(world.as_(Post.FACILITATOR), item, how=how)
        assert [(one.key, one.field) for one in refusal.value.problems] == [
            ("people_secret", "how")
        ]
