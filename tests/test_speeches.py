"""The floor: hands in their order, one speaker at a time with a clock, both sides heard."""

import pytest

from council import charter, deliberations, observers, speeches
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Context
from council.kinds import MeetingKind
from council.meetings import AgendaItem, ItemKind, Meeting
from council.people import Channel, Constituency, Post
from council.plans import Topic
from council.speeches import Speech, SpeechEnd
from council.turns import Side
from tests.hall import SEATS, Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def chair(hall: Hall) -> Context:
    return hall.world.as_(Post.FACILITATOR)


def hand(hall: Hall, item: AgendaItem, key: Constituency | str, side: Side = Side.FOR) -> Speech:
    hall.world.wait(seconds=1)
    return speeches.raise_hand(hall.world.as_(key), item, side=side)


def test_hands_are_called_in_their_order_and_each_is_heard_to_the_end(hall: Hall) -> None:
    item = hall.item_open()
    first = hand(hall, item, "neighbour")
    party = hand(hall, item, Constituency.PARTY)
    against = hand(hall, item, Constituency.RESIDENTS, Side.AGAINST)
    assert "hand.raise" in hall.world.acts()
    assert speeches.queue(hall.world.session, item) == [first, against, party]
    assert speeches.call(chair(hall), item) is first
    assert speeches.queue(hall.world.session, item) == [against, party]
    with pytest.raises(NotReady) as refusal:
        speeches.call(chair(hall), item)
    assert refusal.value.needs == ("floor_is_free",)
    for settles in (
        lambda: deliberations.agree(chair(hall), item, text="都同意。"),
        lambda: deliberations.postpone(chair(hall), item, reason="改天"),
        lambda: deliberations.open_vote(chair(hall), item),
    ):
        with pytest.raises(NotReady) as heard:
            settles()
        assert "floor_is_free" in heard.value.needs
    hall.world.wait(seconds=50)
    speeches.pause(chair(hall), first)
    hall.world.wait(seconds=500)
    assert (first.left(hall.world.now), first.until) == (70, None)
    with pytest.raises(NotReady) as stands:
        speeches.pause(chair(hall), first)
    assert stands.value.needs == ("clock_runs",)
    speeches.resume(chair(hall), first)
    with pytest.raises(NotReady) as runs:
        speeches.resume(chair(hall), first)
    assert runs.value.needs == ("clock_stands",)
    speeches.extend(chair(hall), first)
    assert first.left(hall.world.now) == 100
    speeches.end(chair(hall), first)
    assert (first.how, first.used_seconds) == (SpeechEnd.SPOKEN, 50)
    with pytest.raises(NotReady) as over:
        speeches.extend(chair(hall), first)
    assert over.value.needs == ("has_the_floor",)
    done = set(hall.world.acts())
    assert {"speech.call", "speech.pause", "speech.resume", "speech.extend", "speech.end"} <= done


def test_one_hand_each_twice_to_a_motion_and_only_by_those_who_have_come(hall: Hall) -> None:
    item = hall.item_open(present=tuple(key for key in SEATS if key is not Constituency.RESIDENTS))
    for again in range(2):
        made = hand(hall, item, "neighbour")
        with pytest.raises(NotReady) as twice:
            hand(hall, item, "neighbour")
        assert twice.value.needs == ("does_not_wait",), again
        speeches.call(chair(hall), item)
        speeches.end(chair(hall), made)
    with pytest.raises(NotReady) as spent:
        hand(hall, item, "neighbour")
    assert spent.value.needs == ("has_turns_left",)
    with pytest.raises(NotReady) as absent:
        hand(hall, item, Constituency.RESIDENTS)
    assert absent.value.needs == ("speaks_here",)
    world = hall.world
    world.person("guest", Constituency.RESIDENTS)
    meeting = world.session.get_one(Meeting, item.meeting_id)
    observers.come(world.as_("guest"), meeting, code=hall.code(meeting))
    assert hand(hall, item, "guest").seat_id is None
    with pytest.raises(NotReady) as presides:
        speeches.raise_hand(chair(hall), item, side=Side.FOR)
    assert presides.value.needs == ("speaks_here", "does_not_preside")
    with pytest.raises(NotAllowed):
        speeches.raise_hand(hall.world.as_(Post.ADMIN), item, side=Side.FOR)


def test_a_hand_is_taken_down_by_oneself_or_off_the_list_by_the_chair(hall: Hall) -> None:
    item = hall.item_open()
    hand(hall, item, "neighbour")
    mine = speeches.withdraw_hand(hall.world.as_("neighbour"), item)
    assert mine.how is SpeechEnd.WITHDRAWN
    with pytest.raises(NotReady) as refusal:
        speeches.withdraw_hand(hall.world.as_("neighbour"), item)
    assert refusal.value.needs == ("waits",)
    ctx = hall.world.for_("neighbour", channel=Channel.MEETING)
    entered = speeches.raise_hand(ctx, item, side=Side.ASK)
    assert entered.entered_by_id == hall.world.who[Post.COMMUNITY_WORKER]
    with pytest.raises(NotAllowed):
        speeches.remove_hand(hall.world.as_(Post.RECORDER), entered, why="已离场")
    speeches.remove_hand(chair(hall), entered, why="已离场")
    with pytest.raises(NotReady) as gone:
        speeches.remove_hand(chair(hall), entered, why="已离场")
    assert gone.value.needs == ("hand_waits",)
    with pytest.raises(NotReady) as nobody:
        speeches.call(chair(hall), item)
    assert nobody.value.needs == ("somebody_waits",)
    assert {"hand.withdraw", "hand.remove"} <= set(hall.world.acts())


def test_somebody_is_called_out_of_turn_only_with_a_public_reason(hall: Hall) -> None:
    item = hall.item_open()
    first = hand(hall, item, "neighbour")
    unit = hand(hall, item, Constituency.UNITS, Side.ASK)
    with pytest.raises(Invalid):
        speeches.call(chair(hall), item, speech_id=unit.id)
    with pytest.raises(Invalid):
        speeches.call(chair(hall), item, speech_id=999, why="x")
    called = speeches.call(chair(hall), item, speech_id=unit.id, why="承办单位先答问")
    assert (called, unit.ruling, first.called_at) == (unit, "承办单位先答问", None)
    with pytest.raises(NotAllowed):
        speeches.call(hall.world.as_(Constituency.PARTY), item)


def test_the_chair_reminds_of_the_rules_and_cuts_off(hall: Hall) -> None:
    item = hall.item_open()
    made = hand(hall, item, "neighbour")
    speeches.call(chair(hall), item)
    with pytest.raises(Invalid):
        speeches.warn(chair(hall), made, why="")
    speeches.warn(chair(hall), made, why="对事不对人")
    assert (made.warnings, made.ruling) == (1, "对事不对人")
    for refused in (speeches.warn, speeches.cut):
        with pytest.raises(NotAllowed):
            refused(hall.world.as_(Post.RECORDER), made, why="x")
    speeches.cut(chair(hall), made, why="两次提醒后仍攻击他人")
    assert made.how is SpeechEnd.CUT
    assert hall.world.acts()[-2:] == ["speech.warn", "speech.cut"]


def test_a_vote_opens_when_both_sides_were_heard_or_have_nothing_to_add(hall: Hall) -> None:
    item = hall.item_open()
    made = hand(hall, item, "neighbour", Side.AGAINST)
    with pytest.raises(NotReady) as refusal:
        deliberations.open_vote(chair(hall), item)
    assert refusal.value.needs == ("both_sides_heard",)
    with pytest.raises(Invalid) as waiting:
        speeches.waive(chair(hall), item, side=Side.AGAINST)
    assert waiting.value.key == "side_waits"
    with pytest.raises(Invalid):
        speeches.waive(chair(hall), item, side=Side.ASK)
    with pytest.raises(NotAllowed):
        speeches.waive(hall.world.as_(Post.RECORDER), item, side=Side.FOR)
    speeches.waive(chair(hall), item, side=Side.FOR)
    with pytest.raises(NotReady):
        speeches.waive(chair(hall), item, side=Side.FOR)
    speeches.call(chair(hall), item)
    assert speeches.unheard(hall.world.session, item) == [Side.AGAINST]
    speeches.end(chair(hall), made)
    deliberations.open_vote(chair(hall), item)
    assert "side.waive" in hall.world.acts()
    with pytest.raises(NotReady) as late:
        hand(hall, item, "neighbour")
    assert late.value.needs == ("no_vote_opened",)


def test_the_charter_sets_how_long_and_how_often_each_speaks_and_the_meeting_keeps_it(
    hall: Hall,
) -> None:
    for key, value in (("speak_seconds", "90"), ("speak_turns", "1")):
        charter.set_value(hall.world.as_(Post.ADMIN), hall.world.community, key=key, value=value)
    item = hall.item_open()
    charter.set_value(
        hall.world.as_(Post.ADMIN), hall.world.community, key="speak_turns", value="3"
    )
    assert speeches.limits(hall.world.session, item.meeting_id) == (90, 1)
    made = hand(hall, item, "neighbour")
    speeches.end(chair(hall), speeches.call(chair(hall), item))
    assert made.seconds == 90
    with pytest.raises(NotReady) as refusal:
        hand(hall, item, "neighbour")
    assert refusal.value.needs == ("has_turns_left",)


def test_in_a_workshop_nobody_is_timed_or_counted(hall: Hall) -> None:
    talk = Topic(title="口袋公园怎么用", kind=ItemKind.TALK)
    meeting = hall.opened(kind=MeetingKind.WORKSHOP, members=(), agenda=(talk,))
    observers.come(hall.world.as_("neighbour"), meeting, code=hall.code(meeting))
    hall.move(Post.FACILITATOR, meeting, "begin")
    item = deliberations.open_item(chair(hall), hall.items(meeting)[0])
    assert speeches.limits(hall.world.session, meeting.id) == (0, 0)
    for _ in range(3):
        made = hand(hall, item, "neighbour", Side.ASK)
        assert speeches.queue(hall.world.session, item) == [made]
        speeches.call(chair(hall), item)
        with pytest.raises(NotReady) as refusal:
            speeches.extend(chair(hall), made)
        assert refusal.value.needs == ("is_timed",)
        speeches.end(chair(hall), made)
