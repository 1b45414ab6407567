"""The order of the speakers: what holds for whatever hands are raised."""

from hypothesis import given
from hypothesis import strategies as st

from council.turns import OTHER, Hand, Side, order

FIVE = ("party", "residents", "community", "experts", "units")
LAST = st.sampled_from([None, Side.FOR, Side.AGAINST])


@st.composite
def hands(draw: st.DrawFn, most: int = 12) -> list[Hand]:
    size = draw(st.integers(0, most))
    return [
        Hand(
            n, draw(st.sampled_from(Side)), draw(st.sampled_from(FIVE)), draw(st.integers(0, 20)),
            draw(st.integers(0, 2)), draw(st.integers(0, 4)),
        )
        for n in range(size)
    ]  # fmt: skip


def test_the_other_side_answers_and_then_the_constituency_heard_least() -> None:
    for_first = Hand(1, Side.FOR, "residents", 1)
    for_later = Hand(2, Side.FOR, "residents", 2)
    against = Hand(3, Side.AGAINST, "residents", 3)
    for_other = Hand(4, Side.FOR, "party", 4)
    asks = Hand(5, Side.ASK, "residents", 5)
    called = order([asks, for_other, against, for_later, for_first])
    assert [hand.id for hand in called] == [1, 3, 4, 5, 2]
    assert [hand.id for hand in order([for_first, against], last=Side.FOR)] == [3, 1]


@given(hands(), LAST, st.randoms())
def test_the_order_does_not_hang_on_how_the_hands_are_listed(raised, last, chance) -> None:  # type: ignore[no-untyped-def]
    mixed = list(raised)
    chance.shuffle(mixed)
    assert order(mixed, last) == order(raised, last)


@given(hands(), LAST, st.integers(1, 3))
def test_everybody_with_a_turn_left_is_called_once_and_nobody_else(
    raised: list[Hand], last: Side | None, most: int
) -> None:
    called = order(raised, last, most=most)
    assert sorted(hand.id for hand in called) == [h.id for h in raised if h.spoken < most]


@given(hands(), LAST)
def test_nobody_waits_behind_somebody_who_has_spoken_more_on_the_motion(
    raised: list[Hand], last: Side | None
) -> None:
    spoken = [hand.spoken for hand in order(raised, last)]
    assert spoken == sorted(spoken)


@given(hands(), LAST)
def test_a_side_speaks_twice_running_only_when_the_other_no_longer_waits(
    raised: list[Hand], last: Side | None
) -> None:
    called = order(raised, last)
    for n, hand in enumerate(called):
        if hand.side is Side.ASK:
            continue
        if hand.side is last:
            behind = [one for one in called[n:] if one.spoken == hand.spoken]
            assert all(one.side is hand.side for one in behind)
            assert OTHER[hand.side] not in {one.side for one in behind}
        last = hand.side


@given(hands(), LAST, hands(1))
def test_one_more_hand_never_reorders_two_who_differ_only_in_when_they_came(
    raised: list[Hand], last: Side | None, more: list[Hand]
) -> None:
    later = [Hand(99, h.side, h.constituency, h.raised, h.spoken, h.overall) for h in more]

    def place(called: list[Hand], hand: Hand) -> int:
        return called.index(hand)

    before, after = order(raised, last), order([*raised, *later], last)
    for one in before:
        for two in before:
            alike = (one.side, one.constituency, one.spoken, one.overall)
            if alike == (two.side, two.constituency, two.spoken, two.overall):
                ahead = place(before, one) < place(before, two)
                assert (place(after, one) < place(after, two)) == ahead


@given(hands(), LAST, hands(1))
def test_one_more_hand_changes_nothing_for_those_who_have_spoken_less(
    raised: list[Hand], last: Side | None, more: list[Hand]
) -> None:
    later = [Hand(99, h.side, h.constituency, h.raised, h.spoken, h.overall) for h in more]
    for hand in later:
        before = [one for one in order(raised, last) if one.spoken < hand.spoken]
        after = [one for one in order([*raised, *later], last) if one.spoken < hand.spoken]
        assert before == after
