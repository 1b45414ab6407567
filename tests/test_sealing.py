"""Sealing: receipts that anybody can check, a box that any two keepers open and no one alone."""

from contextlib import suppress
from itertools import combinations

import pytest

from council import sealing
from council.checkpoint import BadNote, Checkpoint, Signer, Verifier
from council.sealing import Unreadable

C = "ab" * 32
SIGNER = Signer("council.example/log", bytes(range(32)))


def test_a_receipt_is_a_signed_note_of_the_log():
    signature = sealing.sign(SIGNER, 7, C)
    note = sealing.note(SIGNER.name, 7, C, signature)
    assert Verifier.parse(SIGNER.verifier).open(note).splitlines()[1:] == ["vote 7", C]


def test_a_receipt_is_never_taken_for_a_checkpoint():
    text = Verifier.parse(SIGNER.verifier).open(
        sealing.note(SIGNER.name, 7, C, sealing.sign(SIGNER, 7, C))
    )
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_only_the_secret_half_opens_what_was_sealed():
    pair = sealing.new_pair()
    sealed = sealing.seal(pair.public, b"vote 7", b"for")
    assert b"for" not in sealed
    assert sealed != sealing.seal(pair.public, b"vote 7", b"for")
    assert sealing.unseal(pair, b"vote 7", sealed) == b"for"
    for key, about, bent in (
        (sealing.new_pair(), b"vote 7", sealed),
        (pair, b"vote 8", sealed),
        (pair, b"vote 7", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (pair, b"vote 7", sealed[:20]),
    ):
        with pytest.raises(Unreadable):
            sealing.unseal(key, about, bent)


def test_a_code_always_gives_the_same_key():
    salt = b"s" * 16
    assert sealing.keeper_pair("H4TM2W8K", salt) == sealing.keeper_pair("H4TM2W8K", salt)
    assert sealing.keeper_pair("H4TM2W8K", b"t" * 16) != sealing.keeper_pair("H4TM2W8K", salt)


def test_any_two_of_five_keepers_join_the_key_and_none_alone():
    pair = sealing.new_pair()
    shares = list(enumerate(sealing.split(pair.secret, 5), 1))
    for one, other in combinations(shares, 2):
        assert sealing.joined(one, other) == pair
        assert sealing.joined(other, one) == pair
    with pytest.raises(Unreadable):
        sealing.joined(shares[0], shares[0])
    assert all(share != pair.secret.rjust(66, b"\0") for _, share in shares)


def test_shares_of_different_boxes_give_no_key_of_either():
    one, other = sealing.new_pair(), sealing.new_pair()
    first, second = sealing.split(one.secret, 2)[0], sealing.split(other.secret, 2)[1]
    with suppress(Unreadable):
        assert sealing.joined((1, first), (2, second)) not in {one, other}


def test_every_opening_is_equally_long():
    assert len(sealing.filled(b'"for"')) == len(sealing.filled(b'"against"')) == sealing.BLOCK
    assert sealing.filled(b"x" * 257).strip() == b"x" * 257
