"""Signed notes and checkpoints: the examples of their specifications, then what is refused."""

from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from council.checkpoint import BadNote, Checkpoint, Signer, Verifier, new_key

DATA = Path(__file__).parent / "data" / "c2sp"
NOTE = (DATA / "example.note").read_text()
EXAMPLE = Verifier.parse((DATA / "example.vkey").read_text())
SIGNER = Signer("council.example/log", bytes(range(32)))
OURS = Verifier.parse(SIGNER.verifier)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n")).map("{}\n".format)


def test_the_example_of_the_specification_opens() -> None:
    assert EXAMPLE.open(NOTE) == "This is an example message.\n"
    assert str(EXAMPLE) == (DATA / "example.vkey").read_text().strip()


def test_the_poem_keeps_its_empty_line_and_needs_its_own_key() -> None:
    poem = (DATA / "poem.note").read_text()
    with pytest.raises(BadNote, match="not signed by example"):
        EXAMPLE.open(poem)
    text = poem.rpartition("\n\n")[0] + "\n"
    assert OURS.open(SIGNER.sign(text)) == text
    assert "\n\n" in text


def test_the_checkpoint_of_the_specification_is_read_and_written_alike() -> None:
    text = (DATA / "checkpoint.note").read_text().rpartition("\n\n")[0] + "\n"
    found = Checkpoint.parse(text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert b64encode(found.root) == b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert found.text() == text


def test_a_signature_is_the_one_of_rfc_8032() -> None:
    """Section 7.1, test 1: this seed has this public key."""
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert Verifier.parse(Signer("a", bytes.fromhex(seed)).verifier).key.hex() == public


def test_a_fresh_key_signs_and_never_shows_itself() -> None:
    seed = new_key()
    assert len(seed) == 32
    assert seed != new_key()
    signer = Signer("council.example/log", seed)
    note = signer.sign("公开台账\n")
    assert Verifier.parse(signer.verifier).open(note) == "公开台账\n"
    assert str(seed) not in repr(signer)
    with pytest.raises(BadNote, match="not signed"):
        OURS.open(note)


@given(TEXTS)
def test_every_text_survives(text: str) -> None:
    note = SIGNER.sign(text)
    assert note.startswith(text + "\n— council.example/log ")
    assert OURS.open(note) == text


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(st.just("more")))
def test_every_checkpoint_survives(size: int, root: bytes, more: list[str]) -> None:
    checkpoint = Checkpoint("council.example/log", size, root, tuple(more))
    assert Checkpoint.parse(OURS.open(SIGNER.sign(checkpoint.text()))) == checkpoint


@given(st.data())
def test_a_changed_character_spoils_the_note(data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(NOTE) - 1))
    other = data.draw(st.sampled_from("aB9+/= \n—").filter(lambda letter: letter != NOTE[where]))
    with pytest.raises(BadNote):
        EXAMPLE.open(NOTE[:where] + other + NOTE[where + 1 :])


def test_signatures_of_others_are_ignored() -> None:
    witnesses = [Signer(f"witness{n}.example", bytes([n]) * 32) for n in range(20)]
    note = SIGNER.sign("text\n")
    for witness in witnesses:
        note += witness.sign("text\n").rpartition("\n\n")[2]
    assert OURS.open(note) == "text\n"
    assert Verifier.parse(witnesses[-1].verifier).open(note) == "text\n"
    same_name = Signer("council.example/log", bytes(32)).sign("text\n").rpartition("\n\n")[2]
    assert OURS.open(note + same_name) == "text\n"


def test_a_wrong_signature_of_the_known_key_spoils_the_note() -> None:
    wrong = SIGNER.sign("other\n").rpartition("\n\n")[2]
    with pytest.raises(BadNote, match="is wrong"):
        OURS.open(SIGNER.sign("text\n") + wrong)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE + "more\n",
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE.replace("=\n", "\n"),
        NOTE + "— example.org AAAA\n",
        NOTE + "— example.org Uw2QOkn9=\n",
        NOTE + "— a+b Uw2QOkn8srV1\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("This", "This\t"),
        NOTE.replace("This", "This\x00"),
        NOTE.replace("This", "This\ud800"),
        NOTE + NOTE.rpartition("\n\n")[2] * 100,
        "a" * 1_000_001,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        EXAMPLE.open(note)


@pytest.mark.parametrize(
    "text", ["", "no newline", "tab\t\n", "return\r\n", "nul\x00\n", "\ud800\n"]
)
def test_a_text_that_may_not_stand_in_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(BadNote):
        SIGNER.sign(text)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        str(EXAMPLE).replace("530d903a", "530d903b"),
        str(EXAMPLE).replace("530d903a", "530D903A"),
        str(EXAMPLE).replace("example.com/foo", "example.com/bar"),
        str(EXAMPLE).replace("example.com/foo", "example.com foo"),
        str(EXAMPLE).replace("example.com/foo", ""),
        str(EXAMPLE).replace("AekyeR", "BOkyeR"),  # type 4, a cosignature
        str(EXAMPLE)[:-4],
        str(EXAMPLE) + "=",
        str(EXAMPLE) + " ",
    ],
)
def test_a_malformed_key_is_refused(vkey: str) -> None:
    with pytest.raises(BadNote):
        Verifier.parse(vkey)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("origin",),
        ("origin", "1"),
        ("", "1", "ROOT"),
        ("origin", "01", "ROOT"),
        ("origin", "-1", "ROOT"),
        ("origin", "+1", "ROOT"),
        ("origin", "１", "ROOT"),
        ("origin", "", "ROOT"),
        ("origin", "9" * 19, "ROOT"),
        ("origin", "1", "AAAA"),
        ("origin", "1", "ROOT="),
        ("origin", "1", "ROOT", ""),
    ],
)
def test_a_malformed_checkpoint_is_refused(lines: tuple[str, ...]) -> None:
    root = b64encode(bytes(32)).decode()
    with pytest.raises(BadNote):
        Checkpoint.parse("".join(f"{line.replace('ROOT', root)}\n" for line in lines))


def test_a_checkpoint_cannot_be_made_of_nonsense() -> None:
    for origin, size, root in (("", 1, bytes(32)), ("a\nb", 1, bytes(32)), ("a", -1, bytes(32))):
        with pytest.raises(BadNote):
            Checkpoint(origin, size, root)
    with pytest.raises(BadNote):
        Checkpoint("a", 1, b64decode("AAAA"))
