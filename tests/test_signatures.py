"""Signatures of receipts: checked by anybody with the standard library, as cryptography does."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from council import sealing, signatures
from council.checkpoint import Signer
from council.signatures import Signed

C = "ab" * 32
SIGNER = Signer("council.example/log", bytes(range(32)))
SIGNATURE = sealing.sign(SIGNER, 7, C)
NOTE = sealing.note(SIGNER.name, 7, C, SIGNATURE)


# RFC 8032, section 7.1
@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)  # fmt: skip
def test_the_vectors_of_the_rfc_hold(public: str, message: str, signature: str) -> None:
    key, words, signed = (bytes.fromhex(one) for one in (public, message, signature))
    assert signatures.verify(key, words, signed)
    assert not signatures.verify(key, words + b"x", signed)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_whatever_is_signed_is_recognised_and_no_bit_can_be_changed(seed, message, bit) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert signatures.verify(public, message, signature)
    bent = bytearray(signature)
    bent[bit // 8] ^= 1 << bit % 8
    assert not signatures.verify(public, message, bytes(bent))


def test_what_is_no_key_and_no_signature_is_none() -> None:
    public, signature = bytes(32), bytes(64)
    order = signatures._ORDER.to_bytes(32, "little")
    for key, signed in (
        (b"\xff" * 32, signature), (b"\x02" + bytes(31), signature), (public[:31], signature),
        (public, bytes(32) + order), (public, b""), (b"\x01" + bytes(30) + b"\x80", signature),
    ):  # fmt: skip
        assert not signatures.verify(key, b"", signed)


@pytest.mark.parametrize(
    "words",
    [
        NOTE,
        NOTE.replace("\n", "\r\n"),
        f"回执 K7Q2-9MXD\n文明养犬公约\n\nc = {C}\nr = {'00' * 16}\n\n{NOTE}",
        f"  {NOTE.replace('—', '-')}\n谢谢",
        NOTE.replace(SIGNATURE, f"{SIGNATURE[:40]}\n  {SIGNATURE[40:]}"),
    ],
)
def test_a_receipt_is_read_however_it_was_copied(words: str) -> None:
    found = signatures.read(words)
    assert found == Signed(7, C, SIGNER.name, SIGNATURE)
    assert signatures.is_signed(SIGNER.verifier, found)
    assert signatures.is_signed(f"{SIGNER.verifier}\n", found)


@pytest.mark.parametrize("words", ["", "K7Q2-9MXD", NOTE[:-10], NOTE.replace("v1", "v2"), C])
def test_what_is_no_receipt_is_not_read(words: str) -> None:
    assert signatures.read(words) is None


def test_another_vote_ballot_or_key_is_not_signed() -> None:
    other = Signer("other.example/log", bytes(32))
    ours = SIGNER.verifier
    for receipt in (
        Signed(8, C, SIGNER.name, SIGNATURE), Signed(7, "ba" * 32, SIGNER.name, SIGNATURE),
        Signed(7, C, SIGNER.name, sealing.sign(other, 7, C)), Signed(7, C, "x", "=" * 92),
    ):  # fmt: skip
        assert not signatures.is_signed(ours, receipt)
    name, key_id, key = ours.split("+", 2)
    for broken in (
        "",
        "x",
        f"{name}+00000000+{key}",
        f"{name}+{key_id}+{b64encode(b'x').decode()}",
    ):
        with pytest.raises(ValueError):  # noqa: PT011  (whatever it says, it is no key)
            signatures.is_signed(broken, Signed(7, C, name, SIGNATURE))
