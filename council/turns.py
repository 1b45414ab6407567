"""Whose turn it is to speak: those who have not spoken first, then the sides in turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """What a speaker says first: for the motion, against it, or with a question."""

    FOR = "for"
    AGAINST = "against"
    ASK = "ask"


OTHER = {Side.FOR: Side.AGAINST, Side.AGAINST: Side.FOR}
"""The side that answers; a question has none."""


@dataclass(frozen=True)
class Hand:
    """A raised hand: `raised` is the order of arrival, `spoken` counts turns on this motion.

    `overall` counts turns in the whole meeting.
    """

    id: int
    side: Side
    constituency: str
    raised: int
    spoken: int = 0
    overall: int = 0


def order(
    hands: Iterable[Hand],
    last: Side | None = None,
    heard: Mapping[str, int] | None = None,
    most: int = 2,
) -> list[Hand]:
    """The hands in the order in which they are called (practice.md A5, 3, 4 and 7).

    Whoever has spoken less on this motion comes first; then whoever does not repeat the side that
    spoke last; then the constituency heard least, `heard` counting its turns on this motion; then
    whoever spoke less in this meeting; then the order of arrival. Whoever has had `most` turns is
    left out; 0 sets no limit. A question stands for no side: after it the sides go on as before.
    """
    waiting = [hand for hand in hands if not most or hand.spoken < most]
    counts = dict(heard or {})
    called: list[Hand] = []
    while waiting:
        first = min(waiting, key=lambda hand: _rank(hand, last, counts))
        waiting.remove(first)
        called.append(first)
        last = follow(last, first.side)
        counts[first.constituency] = counts.get(first.constituency, 0) + 1
    return called


def follow(last: Side | None, said: Side) -> Side | None:
    """The side that spoke last, after somebody has spoken."""
    return said if said in OTHER else last


def _rank(hand: Hand, last: Side | None, heard: Mapping[str, int]) -> tuple[int, ...]:
    repeats = last is not None and hand.side is last
    return (
        hand.spoken, repeats, heard.get(hand.constituency, 0), hand.overall, hand.raised, hand.id,
    )  # fmt: skip
