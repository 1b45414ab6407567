"""Receipts: the commitment as it is published, phrases, and codes that people copy by hand."""

import hashlib
import json
import subprocess
import sys

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from council import receipts

R = "00112233445566778899aabbccddeeff"
NAMES = st.text(max_size=6)
ANSWERS = st.one_of(
    NAMES,
    st.lists(NAMES, max_size=4),
    st.lists(st.lists(NAMES, max_size=3), max_size=3),
    st.dictionaries(NAMES, st.integers(0, 5), max_size=4),
)


def test_the_commitment_is_the_published_formula():
    material = b"council-ballot-v1\x00" + b'12\x00"for"\x00' + "清泉 石桥".encode() + b"\x00"
    expected = hashlib.sha256(material + R.encode()).hexdigest()
    assert receipts.commit(12, "for", "清泉 石桥", R) == expected


@given(ANSWERS)
def test_without_a_library_the_canonical_form_is_the_same(answer):
    try:
        expected = rfc8785.dumps(answer)
    except rfc8785.CanonicalizationError:  # half a character, which no form lets through
        return
    assert receipts.canonical(answer) == expected
    assert json.loads(expected) == answer


@given(ANSWERS, ANSWERS)
def test_different_answers_have_different_commitments(one, other):
    try:
        same = receipts.commit(1, one, "a", R) == receipts.commit(1, other, "a", R)
    except UnicodeEncodeError:
        return
    assert same == (one == other and type(one) is type(other))


def test_vote_phrase_and_random_bytes_each_change_the_commitment():
    first = receipts.commit(1, "for", "a", R)
    others = {
        receipts.commit(2, "for", "a", R),
        receipts.commit(1, "against", "a", R),
        receipts.commit(1, "for", "b", R),
        receipts.commit(1, "for", "a", R[::-1]),
    }
    assert len(others | {first}) == 5


@pytest.mark.parametrize("language", ["zh", "en"])
def test_there_are_256_words_and_a_phrase_is_two_of_them(language):
    words = receipts.WORDS[language]
    assert len(set(words)) == len(words) == 256
    assert set(receipts.new_phrase(language).split()) <= set(words)
    assert len(receipts.new_phrase(language)) <= receipts.LONGEST_PHRASE
    if language == "zh":
        assert {len(word) for word in words} == {2}


def test_a_phrase_is_the_same_however_it_is_spaced():
    assert receipts.normal_phrase("  清泉　 石桥\t") == "清泉 石桥"
    assert receipts.normal_phrase("e\u0301") == "\u00e9"


def test_the_server_draws_sixteen_bytes():
    drawn = receipts.new_random()
    assert receipts.is_random(drawn)
    assert drawn != receipts.new_random()
    assert not receipts.is_random(drawn.upper() + "g")
    assert not receipts.is_random("ff")


@given(st.binary(min_size=32, max_size=32))
def test_a_short_code_finds_its_commitment_again(raw):
    c = raw.hex()
    code = receipts.code_of(c)
    assert len(code) == 9
    assert receipts.start_of(code) == c[:10]
    assert receipts.start_of(code.lower().replace("-", " ")) == c[:10]
    assert receipts.start_of(code.replace("0", "o").replace("1", "l")) == c[:10]
    assert receipts.start_of(f" {c.upper()} ") == c


@pytest.mark.parametrize("typed", ["", "K7Q2", "K7Q2-9MXU", "K7Q2-9MXDD", "g" * 64, "你好", "%"])
def test_what_is_no_code_is_none(typed):
    assert receipts.start_of(typed) is None


def test_full_width_letters_are_understood():
    assert receipts.start_of("Ｋ７Ｑ２－９ＭＸＤ") == receipts.start_of("K7Q2-9MXD")


def test_the_module_needs_nothing_but_the_standard_library():
    source = receipts.__file__
    code = f"import runpy; runpy.run_path({source!r})"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
