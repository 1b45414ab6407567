"""Motions: one at a time, amendments nest, and nothing is decided without a quorum."""

import pytest

from council import debates, deliberations, motions, rollcalls, speeches, votes
from council.errors import Invalid, NotAllowed, NotReady
from council.meetings import AgendaItem, ItemStage
from council.motions import MOTION, Motion, MotionStage
from council.people import Channel, Constituency, Post
from council.proposals import Proposal, Stage
from council.turns import Side
from council.votes import Choice
from council.workflow import advance
from tests.hall import MOTION as TEXT
from tests.hall import SEATS, Hall, Key
from tests.world import World

OTHER = TEXT.replace("一盏", "两盏")
THIRD = TEXT.replace("一盏", "三盏")


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def main(hall: Hall, item: AgendaItem) -> Motion:
    return motions.stack(hall.world.session, item.id)[0]


def amended(hall: Hall, item: AgendaItem, text: str = OTHER, key: Key = "neighbour") -> Motion:
    """An amendment to the innermost motion, not yet seconded."""
    inner = motions.stack(hall.world.session, item.id)[-1]
    return motions.amend(hall.world.as_(key), inner, text=text)


def step(hall: Hall, motion: Motion, name: str, key: Key = Post.FACILITATOR) -> None:
    advance(hall.world.as_(key), MOTION, motion, name)


def debated(hall: Hall, item: AgendaItem, text: str = OTHER) -> Motion:
    """An amendment that was seconded."""
    made = amended(hall, item, text)
    step(hall, made, "second", Constituency.PARTY)
    return made


def refused(hall: Hall, motion: Motion, name: str, key: Key = Post.FACILITATOR) -> tuple[str, ...]:
    with pytest.raises(NotReady) as refusal:
        step(hall, motion, name, key)
    return refusal.value.needs


def voted(hall: Hall, motion: Motion, choice: Choice) -> votes.Vote:
    """The amendment is put to the vote, all present say the same, the chair closes."""
    step(hall, motion, "put")
    vote = motions.of_votes(hall.world.session, [motion.id])[motion.id]
    for key in SEATS:
        rollcalls.cast(hall.world.as_(key), vote, choice=choice)
    return deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)


def test_the_motion_machine_has_no_flaw() -> None:
    aside = {MotionStage.DEBATING}
    assert MOTION.flaws(MotionStage, aside) == []


def test_the_motion_of_an_item_is_debated_as_soon_as_the_item_is_called(hall: Hall) -> None:
    item = hall.item_open()
    row = main(hall, item)
    assert (row.stage, row.text, row.before, row.depth) == (MotionStage.DEBATING, TEXT, TEXT, 0)
    assert row.mover_seat_id is None
    assert hall.world.acts()[-1] == "item.open"
    assert motions.steps(hall.world.as_(Post.FACILITATOR), row) == []


def test_an_amendment_is_moved_by_one_seat_and_seconded_by_another(hall: Hall) -> None:
    item = hall.item_open()
    made = amended(hall, item)
    assert (made.stage, made.before, made.text) == (MotionStage.MOVED, TEXT, OTHER)
    assert refused(hall, made, "second", "neighbour") == ("moved_by_another",)
    assert refused(hall, made, "withdraw", Constituency.PARTY) == ("moved_by_oneself",)
    assert refused(hall, made, "second", "expert2") == ("has_come",)
    step(hall, made, "second", Constituency.PARTY)
    assert made.stage is MotionStage.DEBATING
    (_, told) = debates.told(hall.world.session, [item.id])
    assert (told.mover, told.seconder) == (Constituency.RESIDENTS, Constituency.PARTY)
    assert [one.text for one in told.pieces if one.change != "same"] == ["一", "两"]
    assert hall.world.acts()[-2:] == ["motion.amend", "motion.second"]


def test_a_worker_moves_and_seconds_for_those_at_the_meeting(hall: Hall) -> None:
    item = hall.item_open()
    ctx = hall.world.for_("neighbour", channel=Channel.MEETING)
    made = motions.amend(ctx, main(hall, item), text=OTHER)
    assert made.entered_by_id == hall.world.who[Post.COMMUNITY_WORKER]
    advance(hall.world.for_(Constituency.PARTY, channel=Channel.MEETING), MOTION, made, "second")
    assert made.stage is MotionStage.DEBATING


def test_who_has_not_come_moves_nothing_and_an_amendment_changes_something(hall: Hall) -> None:
    item = hall.item_open()
    for key in ("expert2", Post.FACILITATOR):
        with pytest.raises(NotReady) as refusal:
            amended(hall, item, key=key)
        assert refusal.value.needs[0] == "has_come"
    with pytest.raises(NotAllowed):
        motions.amend(hall.world.nobody(), main(hall, item), text=OTHER)
    for text in ("", TEXT, "灯" * 1001):
        with pytest.raises(Invalid):
            amended(hall, item, text)


def test_only_the_innermost_is_settled_and_it_nests_two_deep(hall: Hall) -> None:
    item = hall.item_open()
    first = debated(hall, item)
    with pytest.raises(NotReady) as beside:
        motions.amend(hall.world.as_("neighbour"), main(hall, item), text=THIRD)
    assert beside.value.needs == ("is_innermost",)
    second = debated(hall, item, THIRD)
    with pytest.raises(NotReady) as deep:
        amended(hall, item, OTHER)
    assert deep.value.needs == ("may_be_amended",)
    for name in ("accept", "put"):
        assert refused(hall, first, name) == ("is_innermost",)
    assert refused(hall, first, "withdraw", "neighbour") == ("is_innermost",)
    for settle in (
        lambda ctx: deliberations.agree(ctx, item, text="装"),
        lambda ctx: deliberations.open_vote(ctx, item),
    ):
        with pytest.raises(NotReady) as refusal:
            settle(hall.world.as_(Post.FACILITATOR))
        assert "no_amendment_open" in refusal.value.needs
    step(hall, second, "accept")
    assert (first.text, main(hall, item).text, item.motion) == (THIRD, TEXT, TEXT)
    step(hall, first, "accept")
    assert (first.stage, first.before) == (MotionStage.CARRIED, TEXT)
    assert main(hall, item).text == item.motion == THIRD
    assert main(hall, item).before == TEXT
    vote = deliberations.open_vote(hall.world.as_(Post.FACILITATOR), hall.asked(item))
    assert vote.question == THIRD


def test_a_vote_on_an_amendment_settles_the_amendment_and_not_the_matter(hall: Hall) -> None:
    item = hall.item_open()
    lost = debated(hall, item)
    vote = voted(hall, lost, Choice.AGAINST)
    assert (lost.stage, item.motion, vote.question) == (MotionStage.LOST, TEXT, OTHER)
    carried = debated(hall, item, THIRD)
    voted(hall, carried, Choice.FOR)
    assert (carried.stage, item.motion, item.stage) == (MotionStage.CARRIED, THIRD, ItemStage.OPEN)
    session = hall.world.session
    assert session.get_one(Proposal, item.proposal_id).stage is Stage.DELIBERATING
    assert votes.of_items(session, [item.id]) == {}
    assert votes.latest(session, item.proposal_id) is None
    final = deliberations.open_vote(hall.world.as_(Post.FACILITATOR), hall.asked(item))
    for key in SEATS:
        rollcalls.cast(hall.world.as_(key), final, choice=Choice.FOR)
    row = main(hall, item)
    assert row.stage is MotionStage.QUESTION
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), final)
    assert (row.stage, final.question) == (MotionStage.CARRIED, THIRD)
    assert session.get_one(Proposal, item.proposal_id).stage is Stage.ADOPTED
    assert {"motion.put", "motion.lose", "motion.carry", "motion.question"} <= set(
        hall.world.acts()
    )


def test_while_an_amendment_is_voted_on_nothing_else_is_moved_or_postponed(hall: Hall) -> None:
    item = hall.item_open()
    made = debated(hall, item)
    step(hall, made, "put")
    with pytest.raises(NotReady) as moved:
        amended(hall, item, THIRD)
    assert moved.value.needs == ("is_debated",)
    with pytest.raises(NotReady) as postponed:
        deliberations.postpone(hall.world.as_(Post.FACILITATOR), item, reason="明天再议")
    assert postponed.value.needs == ("no_amendment_in_vote",)
    with pytest.raises(NotReady):
        step(hall, made, "accept")
    with pytest.raises(NotReady) as early:
        advance(hall.world.system(), MOTION, made, "carry")
    assert early.value.needs == ("vote_was_closed",)


def test_only_the_chair_accepts_puts_and_drops(hall: Hall) -> None:
    item = hall.item_open()
    made = amended(hall, item)
    for name in ("drop", "accept", "put"):
        if name != "drop":
            step(hall, made, "second", Constituency.PARTY) if name == "accept" else None
        with pytest.raises(NotAllowed):
            step(hall, made, name, Constituency.UNITS)
    step(hall, made, "withdraw", "neighbour")
    assert made.stage is MotionStage.WITHDRAWN
    alone = amended(hall, item)
    step(hall, alone, "drop")
    assert (alone.stage, alone.settled_at) == (MotionStage.LOST, hall.world.now)
    assert {"motion.withdraw", "motion.drop", "motion.accept"} - set(hall.world.acts()) == {
        "motion.accept"
    }


def test_an_amendment_waits_until_the_speaker_was_heard(hall: Hall) -> None:
    item = hall.item_open()
    made = debated(hall, item)
    speech = speeches.raise_hand(hall.world.as_("neighbour"), item, side=Side.FOR)
    speeches.call(hall.world.as_(Post.FACILITATOR), item)
    for name in ("accept", "put"):
        assert refused(hall, made, name) == ("floor_is_free",)
    speeches.end(hall.world.as_(Post.FACILITATOR), speech)
    step(hall, made, "put")
    assert made.stage is MotionStage.QUESTION


def test_without_a_quorum_nothing_is_accepted_and_nothing_put(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = hall.item_open()
    made = debated(hall, item)
    count = motions.attendance.count
    monkeypatch.setattr(
        motions.attendance, "count",
        lambda session, meeting: motions.replace(count(session, meeting), met=False),
    )  # fmt: skip
    for name in ("accept", "put"):
        assert refused(hall, made, name) == ("enough_present",)


def test_what_is_open_about_a_postponed_item_is_shelved_with_it(hall: Hall) -> None:
    item = hall.item_open()
    row, made = main(hall, item), debated(hall, item)
    inner = amended(hall, item, THIRD)
    deliberations.postpone(hall.world.as_(Post.FACILITATOR), item, reason="等方案")
    assert {one.stage for one in (row, made, inner)} == {MotionStage.TABLED}
    assert hall.world.acts().count("motion.table") == 3
    with pytest.raises(NotReady) as refusal:
        motions.amend(hall.world.as_("neighbour"), row, text=OTHER)
    assert set(refusal.value.needs) == {"is_called", "is_debated"}


def test_what_all_agree_on_is_carried_and_what_one_constituency_refuses_goes_on(
    hall: Hall, world: World
) -> None:
    item = hall.item_open()
    row = main(hall, item)
    deliberations.agree(world.as_(Post.FACILITATOR), item, text=TEXT)
    assert row.stage is MotionStage.CARRIED
    assert "motion.agree" in world.acts()


def test_a_motion_that_goes_to_another_body_is_referred(hall: Hall) -> None:
    vote = hall.vote_open()
    item = hall.world.session.get_one(AgendaItem, vote.agenda_item_id)
    row = main(hall, item)
    for key in SEATS:
        against = key == Constituency.UNITS
        choice = Choice.AGAINST if against else Choice.FOR
        rollcalls.cast(hall.world.as_(key), vote, choice=choice)
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)
    assert row.stage is MotionStage.REFERRED
    assert "motion.refer" in hall.world.acts()


@pytest.mark.parametrize("step", ["put", "accept"])
def test_the_motion_of_an_item_is_not_settled_past_the_rules_of_its_item(
    world: World, step: str
) -> None:
    item = Hall(world).item_open()
    main = motions.of_item(world.session, item.id)[0]
    with pytest.raises(NotReady) as refusal:
        advance(world.as_(Post.FACILITATOR), MOTION, main, step)
    assert refusal.value.needs == ("is_amendment",)
