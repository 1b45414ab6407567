"""QR codes of many addresses that differ only at their end, each drawn in no time.

The squares of a QR code follow from its letters by exclusive or alone (ISO/IEC 18004: placing,
Reed-Solomon over GF(256), and one fixed mask). So what one bit of a letter changes are always the
same squares, whatever stands beside it: each bit in each place is drawn once, and every further
code is laid together from these.
"""

from functools import lru_cache
from operator import getitem

import segno
from markupsafe import Markup

BORDER = 2
"""White squares around the code."""


def picture(start: str, end: str) -> Markup:
    """The QR code of an address, as an inline picture without fixed size.

    `end` is the part in which addresses differ, with the same number of ASCII letters in all.
    """
    side, squares = _drawn(start + "0" * len(end))
    for place, letter in enumerate(end):
        squares ^= _difference(start, place, letter, len(end))
    whole = side + 2 * BORDER
    path = "".join(map(getitem, _pens(side), squares.to_bytes(side * _wide(side))))
    return Markup(  # noqa: S704  (numbers and letters of our own)
        f'<svg viewBox="0 0 {whole} {whole}"><path stroke="#000" d="{path}"/></svg>'
    )


def _wide(side: int) -> int:
    """Bytes of a row."""
    return (side + 7) // 8


@lru_cache(maxsize=8)
def _drawn(words: str) -> tuple[int, int]:
    """The side of a code, and its squares as one number, row by row in whole bytes."""
    rows = segno.make(words, error="m", micro=False, mask=2).matrix
    bits = "".join("".join(map(str, row)).ljust(8 * _wide(len(rows)), "0") for row in rows)
    return len(rows), int(bits, 2)


@lru_cache(maxsize=2048)
def _difference(start: str, place: int, letter: str, length: int) -> int:
    """The squares that change when a letter stands in this place instead of a nought."""
    changed, found = ord(letter) ^ ord("0"), 0
    for bit in range(7):
        if changed >> bit & 1:
            found ^= _turned(start, place, bit, length)
    return found


@lru_cache(maxsize=512)
def _turned(start: str, place: int, bit: int, length: int) -> int:
    """The squares that change with one bit of what stands in this place."""
    words = "0" * place + chr(ord("0") ^ 1 << bit) + "0" * (length - place - 1)
    return _drawn(start + "0" * length)[1] ^ _drawn(start + words)[1]


@lru_cache(maxsize=4)
def _pens(side: int) -> list[list[str]]:
    """How each eight squares are drawn, whatever they are; the first of a row after its start."""
    wide, all_strokes = _wide(side), [_strokes(eight) for eight in range(256)]
    made = [all_strokes] * (side * wide)
    made[::wide] = [
        [f"M{BORDER} {BORDER + n}.5{strokes}" for strokes in all_strokes] for n in range(side)
    ]
    return made


def _strokes(eight: int) -> str:
    """Eight squares of a row as strokes and gaps; a stroke goes on into the next eight."""
    made, squares = "", f"{eight:08b}"
    while squares:
        dark = squares.startswith("1")
        length = len(squares) - len(squares.lstrip("1" if dark else "0"))
        made += f"h{length}" if dark else f"m{length} 0"
        squares = squares[length:]
    return made
