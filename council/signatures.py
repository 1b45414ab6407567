"""Signed receipts, read and checked with the standard library only: Ed25519 (RFC 8032).

Whoever has the key of the log (a line, C2SP vkey) and a receipt finds out alone whether this log
gave it. The stand-alone recount carries this file along. It signs nothing, so it has no secrets.
"""

import re
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256, sha512

_RECEIPT = re.compile(
    r"council-receipt-v1\s+vote\s+(\d{1,9})\s+([0-9a-f]{64})\s+\S\s+(\S+)\s((?:\s*[\w+/=]){92})",
    re.ASCII,
)
"""Its signature: four bytes that name the key and the 64 of Ed25519, in base64."""

_ED25519 = b"\x01"  # the signature type of signed-note

Point = tuple[int, int, int, int]
"""On the curve, in extended coordinates: X, Y, Z and T, with x = X/Z, y = Y/Z and xy = T/Z."""

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_ZERO: Point = (0, 1, 1, 0)


@dataclass(frozen=True)
class Signed:
    """A receipt as it was given: this vote's box has taken this commitment, says this key."""

    vote_id: int
    c: str
    name: str
    signature: str


def text(vote_id: int, c: str) -> str:
    """Return what is signed. No checkpoint reads like it: the second line of one is a number."""
    return f"council-receipt-v1\nvote {vote_id}\n{c}\n"


def read(words: str) -> Signed | None:
    """Return the receipt that stands somewhere in these words, however its lines were broken."""
    found = _RECEIPT.search(words)
    if found is None:
        return None
    return Signed(int(found[1]), found[2], found[3], "".join(found[4].split()))


def is_signed(vkey: str, receipt: Signed) -> bool:
    """Return whether the key of this line signed the receipt. Raises ValueError for no such key."""
    name, _, rest = vkey.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    material = b64decode(encoded, validate=True)
    named = sha256(name.encode() + b"\n" + material).digest()[:4]
    if len(material) != 33 or material[:1] != _ED25519 or named.hex() != key_id:
        raise ValueError(vkey)
    try:
        signature = b64decode(receipt.signature, validate=True)
    except ValueError:
        return False
    message = text(receipt.vote_id, receipt.c).encode()
    return signature[:4] == named and verify(material[1:], message, signature[4:])


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether this Ed25519 key (32 bytes) has signed the message (RFC 8032, 5.1.7)."""
    key, s = _decoded(public), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= _ORDER:
        return False
    digest = sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % _ORDER
    x, y, z, t = key
    found = _sum(_times(s, _base()), _times(h, (_P - x, y, z, _P - t)))
    return _encoded(found) == signature[:32]


def _sum(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * _D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(n: int, point: Point) -> Point:
    found = _ZERO
    while n:
        if n & 1:
            found = _sum(found, point)
        point, n = _sum(point, point), n >> 1
    return found


def _base() -> Point:
    y = 4 * pow(5, -1, _P) % _P
    found = _decoded(y.to_bytes(32, "little"))
    assert found is not None  # noqa: S101  (RFC 8032 says where it lies)
    return found


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decoded(stored: bytes) -> Point | None:
    number = int.from_bytes(stored, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if len(stored) != 32 or y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P
