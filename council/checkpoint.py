"""The signed page on which the council says how long its public log is, for others to keep.

Formats: C2SP signed-note and tlog-checkpoint, with Ed25519 keys (RFC 8032). So programs that know
other transparency logs can check ours.
"""

import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"  # the signature type of signed-note
_MOST_CHARACTERS = 1_000_000
_MOST_SIGNATURES = 100


class BadNote(ValueError):
    """A note, checkpoint or key that is malformed, or that the known key has not signed."""


def new_key() -> bytes:
    """Return a fresh private key: the 32-byte seed of RFC 8032."""
    return secrets.token_bytes(32)


@dataclass(frozen=True)
class Verifier:
    """A public key (32 bytes) with its name; written as one line, the "vkey" of signed-note.

    Raises BadNote for a name that is empty or holds a space or a plus sign.
    """

    name: str
    key: bytes

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\s+\x00-\x1f]+", self.name):
            raise BadNote(f"not a name of a key: {self.name!r}")
        if len(self.key) != 32:
            raise BadNote("an Ed25519 key has 32 bytes")

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that point to this key in a signature."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a vkey line; BadNote for anything but a well-formed Ed25519 key."""
        name, _, rest = vkey.removesuffix("\n").partition("+")
        key_id, _, encoded = rest.partition("+")
        material = _unbase64(encoded)
        if material[:1] != _ED25519:
            raise BadNote("not an Ed25519 key")
        found = cls(name, material[1:])
        if found.key_id.hex() != key_id:
            raise BadNote("the key does not match its identifier")
        return found

    def open(self, note: str) -> str:
        """Return the text of a note that this key signed, final newline included; else BadNote.

        Signatures of other keys are ignored; one that names this key and is wrong spoils the note.
        """
        text, signatures = _split(note)
        public, ours = Ed25519PublicKey.from_public_bytes(self.key), (self.name, self.key_id)
        mine = [signature[4:] for name, signature in signatures if (name, signature[:4]) == ours]
        if not mine:
            raise BadNote(f"not signed by {self.name}")
        for signature in mine:
            try:
                public.verify(signature, text.encode())
            except InvalidSignature:
                raise BadNote(f"the signature of {self.name} is wrong") from None
        return text


@dataclass(frozen=True)
class Signer:
    """A private key (32-byte seed) with its name, which should be the origin of the log."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> str:
        """The line by which others know this key."""
        return str(self._public)

    def sign(self, text: str) -> str:
        """Return the note over `text`; BadNote when the text may not stand in a note."""
        _require_text(text)
        signature = b64encode(self._public.key_id + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def _public(self) -> Verifier:
        return Verifier(self.name, self._private.public_key().public_bytes_raw())


@dataclass(frozen=True)
class Checkpoint:
    """The log named `origin` has `size` entries under `root` (32 bytes); BadNote for other values.

    `extensions` are further lines, which we never write and others may.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if not all(lines) or any("\n" in line for line in lines):
            raise BadNote("a line of a checkpoint is never empty and never broken")
        if not 0 <= self.size < 2**63 or len(self.root) != 32:
            raise BadNote("a checkpoint needs a size and a root of 32 bytes")

    def text(self) -> str:
        """Return the text to sign."""
        root = b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note that was opened; BadNote unless it is a checkpoint."""
        _require_text(text)
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
            raise BadNote("a checkpoint has an origin, a size and a root, one per line")
        origin, size, root, *extensions = lines
        return cls(origin, int(size), _unbase64(root), tuple(extensions))


def _require_text(text: str) -> None:
    if not text.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]", text):
        raise BadNote("a note ends with a newline and has no other control characters")


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note, and the name and bytes of each signature."""
    if len(note) > _MOST_CHARACTERS:
        raise BadNote("the note is too long")
    _require_text(note)
    text, blank, tail = note.rpartition("\n\n")
    lines = tail.removesuffix("\n").split("\n")
    if not blank or len(lines) > _MOST_SIGNATURES:
        raise BadNote("a note has its text, an empty line, and some signatures")
    signatures = []
    for line in lines:
        found = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        signature = _unbase64(found[2]) if found else b""
        if not found or len(signature) < 5:
            raise BadNote("a signature line is malformed")
        signatures.append((found[1], signature))
    return text + "\n", signatures


def _unbase64(text: str) -> bytes:
    """Decode base64 in its one canonical spelling, else BadNote."""
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        raise BadNote("not base64") from None
    if b64encode(found).decode() != text:
        raise BadNote("not canonical base64")
    return found
