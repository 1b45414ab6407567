"""Signed receipts, and a ballot box that any two of its keepers open together.

Receipts carry a signature of the log's key (Ed25519, as a C2SP signed note). A sealed box has a key
of its own (X25519): every opening is sealed to it, and its secret half is split between the keepers
(Shamir 1979, two of n over the prime 2^521 - 1), each share sealed to a key that only this keeper's
code gives (scrypt, RFC 7914). Sealing is X25519, HKDF-SHA-256 and AES-256-GCM.
"""

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from council import signatures
from council.checkpoint import Signer

KEY = 32
"""Bytes of a public or secret key."""

BLOCK = 256
"""Openings are filled up to a multiple of this, so that their length tells nothing."""

_PRIME = 2**521 - 1
_SHARE = 66  # bytes of a number below the prime
_NONCE = bytes(12)  # every sealing has a key of its own, used once


class Unreadable(ValueError):
    """The key does not open this, or it was altered."""


# Receipts


def sign(signer: Signer, vote_id: int, c: str) -> str:
    """Return the signature on a receipt (base64): this box has taken this commitment."""
    return signer.sign(signatures.text(vote_id, c)).rstrip("\n").rpartition(" ")[2]


def note(name: str, vote_id: int, c: str, signature: str) -> str:
    """Return the receipt as a signed note, as other programs read it."""
    return f"{signatures.text(vote_id, c)}\n— {name} {signature}\n"


# Sealing


@dataclass(frozen=True)
class Pair:
    """Both halves of an X25519 key."""

    secret: bytes
    public: bytes


def new_pair() -> Pair:
    """Return the fresh key of a ballot box."""
    return _pair(secrets.token_bytes(KEY))


def keeper_pair(code: str, salt: bytes) -> Pair:
    """Return the key that a keeper's code gives, always the same; it takes a tenth of a second."""
    made = hashlib.scrypt(code.encode(), salt=salt, n=2**14, r=8, p=1, maxmem=2**26, dklen=KEY)
    return _pair(made)


def _pair(secret: bytes) -> Pair:
    key = X25519PrivateKey.from_private_bytes(secret)
    return Pair(secret, key.public_key().public_bytes_raw())


def seal(public: bytes, about: bytes, plain: bytes) -> bytes:
    """Return the words so that only the key's secret half reads them; `about` is bound to them."""
    once = X25519PrivateKey.generate()
    mine = once.public_key().public_bytes_raw()
    key = _derived(once.exchange(X25519PublicKey.from_public_bytes(public)), mine + public)
    return mine + AESGCM(key).encrypt(_NONCE, plain, about)


def unseal(pair: Pair, about: bytes, sealed: bytes) -> bytes:
    """Return the words that `seal` sealed to this key. Raises Unreadable."""
    theirs, rest = sealed[:KEY], sealed[KEY:]
    try:
        secret = X25519PrivateKey.from_private_bytes(pair.secret)
        shared = secret.exchange(X25519PublicKey.from_public_bytes(theirs))
        return AESGCM(_derived(shared, theirs + pair.public)).decrypt(_NONCE, rest, about)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def _derived(shared: bytes, keys: bytes) -> bytes:
    return HKDF(SHA256(), KEY, salt=None, info=b"council-seal-v1" + keys).derive(shared)


def filled(plain: bytes) -> bytes:
    """Return JSON filled up with spaces, so that every choice is equally long."""
    return plain.ljust(-(-len(plain) // BLOCK) * BLOCK)


# Two of n


def split(secret: bytes, keepers: int) -> list[bytes]:
    """Return a share for each keeper, numbered from 1; one share alone says nothing."""
    slope = secrets.randbelow(_PRIME)
    first = int.from_bytes(secret)
    return [((first + slope * n) % _PRIME).to_bytes(_SHARE) for n in range(1, keepers + 1)]


def joined(one: tuple[int, bytes], other: tuple[int, bytes]) -> Pair:
    """Return the key of the box from two numbered shares. Raises Unreadable."""
    (n, share), (m, more) = one, other
    if n == m:
        raise Unreadable
    a, b = int.from_bytes(share), int.from_bytes(more)
    found = (a * m - b * n) * pow(m - n, -1, _PRIME) % _PRIME
    if found >= 2 ** (8 * KEY):
        raise Unreadable
    return _pair(found.to_bytes(KEY))
