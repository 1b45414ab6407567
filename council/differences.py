"""Differences: what was added to a text and what was taken out, so that everybody can follow."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKEN = re.compile(r"[0-9]+|[A-Za-zÀ-ɏ'’]+|\s+|.", re.DOTALL)
"""A word, a number, a gap, or else a single character: Chinese has no gaps between words."""

ISLAND = 1
"""Tokens that stayed between two changes, up to which they are shown as changed with them."""


class Change(StrEnum):
    """What became of a piece of a text."""

    SAME = "same"
    GONE = "gone"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """Some words of a text, and whether they stayed, went or came."""

    change: Change
    text: str


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """How `old` became `new`: without what was added it reads `old`, without what went `new`."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    found: list[Piece] = []
    gone = added = ""
    for number, (step, i, j, k, m) in enumerate(steps):
        inside = 0 < number < len(steps) - 1
        if step == "equal" and not (inside and j - i <= ISLAND):
            found += [*_changed(gone, added), Piece(Change.SAME, "".join(before[i:j]))]
            gone = added = ""
        else:
            gone, added = gone + "".join(before[i:j]), added + "".join(after[k:m])
    return (*found, *_changed(gone, added))


def _changed(gone: str, added: str) -> list[Piece]:
    """What went stands before what came in its place."""
    both = Piece(Change.GONE, gone), Piece(Change.ADDED, added)
    return [piece for piece in both if piece.text]
