"""QR codes laid together from letters: square by square those that are drawn at once."""

import re

import segno

from council.receipts import LETTERS
from council.web import squares

START = "https://council.example/receipts#"


def seen(picture):
    """The dark squares of a picture, by row and column, without its border."""
    found = set()
    for line in re.findall(r"M2 (\d+)\.5([hm0-9 ]*)", picture):
        column = 0
        for way, length in re.findall(r"([hm])(\d+)", line[1]):
            if way == "h":
                found |= {(int(line[0]) - 2, column + n) for n in range(int(length))}
            column += int(length)
    return found


def test_a_code_laid_together_is_the_code_that_is_drawn():
    for end in ("0000-0000", "K7Q2-9MXD", "ZZZZ-ZZZZ", LETTERS[:4] + "-" + LETTERS[-4:]):
        drawn = segno.make(START + end, error="m", micro=False, mask=2).matrix
        dark = {(y, x) for y, row in enumerate(drawn) for x, one in enumerate(row) if one}
        picture = squares.picture(START, end)
        assert seen(picture) == dark
        assert f'viewBox="0 0 {len(drawn) + 4} {len(drawn) + 4}"' in picture
