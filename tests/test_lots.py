"""The public lot: nobody steers it alone, and everybody can work it out again."""

import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from council.lots import MOTION, Lot, Reveal, commit, draw, verify
from council.methods import approval, sentence

LOCALE = Path(__file__).parent.parent / "council" / "locale"
OPTIONS = ("trees", "lamps", "bench")
NONCES = ("0" * 32, "1f" * 16, "2e" * 32)
SEEDS = ("斜马路 春天", "erste Wahl", "42")
GIVEN = list(zip(SEEDS, NONCES, strict=True))
COMMITTED = [commit(seed, nonce) for seed, nonce in GIVEN]


def said(lot: Lot, language: str) -> list[str]:
    with (LOCALE / language / "lots.po").open("rb") as source:
        words = {str(one.id): str(one.string) for one in read_po(source) if one.id}
    return [sentence(line, words.__getitem__, str) for line in lot.lines()]


def test_the_lot_is_worked_out_again_by_hand() -> None:
    def digest(text: str) -> str:
        return sha256(text.encode("utf-8")).hexdigest()

    lot = draw(OPTIONS, COMMITTED, GIVEN)
    revealed = {digest(f"council-lot-v1 {n} {s}"): f"{n} {s}" for s, n in GIVEN}
    assert set(revealed) == set(COMMITTED)
    lines = [revealed[one] for one in sorted(revealed)]
    number = digest("\n".join(["council-lot-v1", "bench", "lamps", "trees", *lines]))
    assert lot.number == number
    assert list(lot.order) == sorted(OPTIONS, key=lambda option: digest(f"{number} {option}"))


def test_the_format_never_changes() -> None:
    lot = draw(OPTIONS, COMMITTED, GIVEN)
    assert COMMITTED[0] == "ef2ed846b751a608f40184ed703fb29567bbbf5a6685c1432ee87e5f52a21dbf"
    assert lot.number == "df6e09f3161830ed62cba7930be8590a2061421923939ac5110af683662174dc"
    assert lot.order == ("trees", "bench", "lamps")


def test_only_what_was_committed_to_can_be_revealed() -> None:
    assert verify(COMMITTED[0], SEEDS[0], NONCES[0])
    assert not verify(COMMITTED[0], "斜马路 夏天", NONCES[0])
    assert not verify(COMMITTED[0], SEEDS[0], NONCES[1])
    assert not verify(COMMITTED[0], "", "no digits")
    assert not verify("é", SEEDS[0], NONCES[0])
    with pytest.raises(ValueError, match="not what was committed"):
        draw(OPTIONS, COMMITTED, [*GIVEN[:2], ("43", NONCES[2])])


def test_a_lot_waits_for_every_reveal() -> None:
    for reveals in (GIVEN[:2], [], [*GIVEN, ("more", "a" * 32)], [*GIVEN, GIVEN[0]]):
        with pytest.raises(ValueError, match="not what was committed"):
            draw(OPTIONS, COMMITTED, reveals)


def test_one_person_alone_draws_no_lot() -> None:
    for few in (0, 1):
        with pytest.raises(ValueError, match="at least two people"):
            draw(OPTIONS, COMMITTED[:few], GIVEN[:few])
    with pytest.raises(ValueError, match="copied"):
        draw(OPTIONS, [COMMITTED[0]] * 2, [GIVEN[0]] * 2)


def test_blanks_in_a_seed_do_not_count_and_a_seed_without_words_is_refused() -> None:
    assert commit("  斜马路\u3000春天\n", NONCES[0]) == COMMITTED[0]
    for seed in ("", " \n"):
        with pytest.raises(ValueError, match="has words"):
            commit(seed, NONCES[0])


@pytest.mark.parametrize("nonce", ["", "0" * 31, "0" * 65, "G" * 32, "A" * 32, "0" * 32 + "\n"])
def test_a_nonce_is_long_enough_that_a_seed_cannot_be_guessed(nonce: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        commit("words", nonce)


def test_an_option_that_could_be_read_two_ways_is_refused() -> None:
    for option in ("a b", "a\nb"):
        with pytest.raises(ValueError, match="no blanks"):
            draw(("x", option), COMMITTED, GIVEN)


@given(st.permutations(OPTIONS), st.permutations(GIVEN), st.permutations(COMMITTED))
def test_order_of_options_and_people_changes_nothing(
    options: list[str], reveals: list[tuple[str, str]], commitments: list[str]
) -> None:
    assert draw(options, commitments, reveals) == draw(OPTIONS, COMMITTED, GIVEN)


def test_each_seed_alone_changes_everything_and_every_option_has_its_turn() -> None:
    firsts: Counter[str] = Counter()
    for number in range(300):
        reveals = [GIVEN[0], (str(number), NONCES[1])]
        firsts[draw(OPTIONS, [commit(*one) for one in reveals], reveals).order[0]] += 1
    assert min(firsts[option] for option in OPTIONS) > 60


@given(
    known=st.lists(
        st.text("春天来了石桥", min_size=1, max_size=8), min_size=1, max_size=4, unique=True
    ),
    start=st.integers(0, 10**9),
)
def test_whoever_knows_all_words_but_one_does_not_know_how_it_ends(
    known: list[str], start: int
) -> None:
    """So nobody can choose by keeping words back while one honest person's are not shown yet.

    Of 200 words that the honest person may have, some 100 lead to either end.
    """
    given = [(seed, f"{n:032x}") for n, seed in enumerate(known)]
    ends = Counter[str]()
    for n in range(200):
        shown = [*given, (f"诚实的人 {start + n}", "ff" * 16)]
        ends[draw(MOTION, [commit(*one) for one in shown], shown).order[0]] += 1
    assert min(ends[one] for one in MOTION) > 55


def test_a_lot_resolves_a_tie() -> None:
    lot = draw(OPTIONS, COMMITTED, GIVEN)
    tied = approval(OPTIONS, [[one] for one in OPTIONS], limit=1, lot=lot.order)
    assert tied.border.winners == lot.order[:1]


def test_a_lot_survives_canonical_json() -> None:
    lot = draw(OPTIONS, COMMITTED, GIVEN)
    assert Lot.from_json(json.loads(rfc8785.dumps(lot.to_json()))) == lot
    assert lot.reveals[0] == Reveal(**lot.to_json()["reveals"][0])


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_every_sentence_stands_in_both_languages(language: str) -> None:
    lot = draw(OPTIONS, COMMITTED, GIVEN)
    false = Lot(lot.options, (Reveal("0" * 64, "42", NONCES[0]),), lot.number, lot.order)
    sentences = said(lot, language) + said(false, language)
    assert not re.search("[{}]", "".join(sentences))
    assert [line[1] for line in false.lines()][1] is False
