"""A public lot: chance that nobody can steer alone and everybody can work out again.

At least two people each write down a few words (the seed), add random digits (the nonce) and
publish only the digest: the commitment. When all commitments stand, all are revealed, and the lot
follows: SHA-256 over the identifiers of the options, sorted, and what was revealed. Whoever does
not reveal stops this lot; another one begins, without them (`ties`). What is hashed is plain UTF-8:

    commitment   council-lot-v1 NONCE SEED
    number       council-lot-v1, then each option, then each "NONCE SEED" in the order of the
                 commitments, one a line, with a line feed between lines and none at the end
    option       NUMBER OPTION; the smallest comes first

Digests are lower-case hexadecimal. Pure arithmetic, as in methods.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Self

from council.methods import Derivation, Said, checked

PREFIX = "council-lot-v1"
MOTION = ("for", "against")
"""The options of a lot about a motion: the first in the order of the lot wins."""
NONCE = re.compile(r"[0-9a-f]{32,64}")  # 16 to 32 random bytes: the seed alone could be guessed


@dataclass(frozen=True)
class Reveal:
    """What one person had committed to, and the digest published before."""

    digest: str
    seed: str
    nonce: str


@dataclass(frozen=True)
class Lot(Derivation):
    """The order that chance gave to the options, and everything that it was worked out from."""

    method = "lot"

    options: tuple[str, ...]
    reveals: tuple[Reveal, ...]
    number: str
    order: tuple[str, ...]

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, each commitment with what was revealed, the number and the order."""
        said: list[Said] = [("lot.rule", None, {"people": len(self.reveals)})]
        for one in self.reveals:
            told = {"digest": one.digest, "nonce": one.nonce, "seed": one.seed}
            said.append(("lot.reveal", verify(one.digest, one.seed, one.nonce), {**told}))
        said.append(("lot.number", None, {"number": self.number}))
        for place, option in enumerate(self.order, 1):
            digest = _digest(f"{self.number} {option}")
            said.append(("lot.place", None, {"place": place, "option": option, "digest": digest}))
        return tuple(said)


@dataclass(frozen=True)
class Broken:
    """How a tie was broken: `favour` by the chair's casting vote, or `lot`; neither: it was not.

    It stands in the result beside the arithmetic, so that anybody can work it out again.
    """

    favour: bool | None = None
    lot: Lot | None = None

    @property
    def casting(self) -> bool | None:
        """For a motion (True) or against it; None where nothing was broken."""
        return self.favour if self.lot is None else self.lot.order[0] == MOTION[0]

    @property
    def order(self) -> tuple[str, ...]:
        """The options in the order of the lot."""
        return self.lot.order if self.lot else ()

    def again(self) -> Self:
        """Draw the lot anew from what was revealed. Raises ValueError for what does not fit."""
        if self.lot is None:
            return self
        shown = self.lot.reveals
        digests = [one.digest for one in shown]
        drawn = draw(self.lot.options, digests, [(one.seed, one.nonce) for one in shown])
        return type(self)(None, drawn)

    def lines(self) -> tuple[Said, ...]:
        """Return the lines of the lot; a casting vote has its line in the decision."""
        return self.lot.lines() if self.lot else ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data, fit for canonical JSON."""
        by = "chair" if self.lot is None else "lot"
        return {"by": by, "for": self.favour, "lot": self.lot and self.lot.to_json()}


def broken(result: Mapping[str, Any] | None) -> Broken:
    """Read how the tie in a stored result was broken, if it was."""
    told = (result or {}).get("tie")
    if not told:
        return Broken()
    return Broken(told["for"], Lot.from_json(told["lot"]) if told["lot"] else None)


def commit(seed: str, nonce: str) -> str:
    """Return the digest to publish before the lot; blanks round and between the words do not count.

    Raises ValueError for a seed without words and for a nonce that is not 32 to 64 hex digits.
    """
    return _digest(f"{PREFIX} {_revealed(seed, nonce)}")


def verify(digest: str, seed: str, nonce: str) -> bool:
    """Whether what is revealed is what was committed to."""
    try:
        return compare_digest(commit(seed, nonce), digest)
    except (TypeError, ValueError):
        return False


def draw(
    options: Sequence[str], commitments: Iterable[str], reveals: Iterable[tuple[str, str]]
) -> Lot:
    """Return the order of the options from all commitments and all reveals (seed, nonce).

    Raises ValueError for fewer than two commitments, for two that are the same (one was copied),
    and unless every commitment is revealed, and nothing else; an option has no blanks.
    """
    order = tuple(sorted(checked(options, ())))
    if any(option.split() != [option] for option in order):
        raise ValueError("the identifier of an option has no blanks")
    digests = list(commitments)
    if len(digests) < 2:
        raise ValueError("a lot needs the commitments of at least two people")
    if len(set(digests)) < len(digests):
        raise ValueError("two commitments are the same: one was copied")
    shown = [Reveal(commit(seed, nonce), " ".join(seed.split()), nonce) for seed, nonce in reveals]
    if sorted(one.digest for one in shown) != sorted(digests):
        raise ValueError("what is revealed is not what was committed to")
    shown.sort(key=lambda one: one.digest)
    lines = [_revealed(one.seed, one.nonce) for one in shown]
    number = _digest("\n".join([PREFIX, *order, *lines]))
    drawn = tuple(sorted(order, key=lambda option: _digest(f"{number} {option}")))
    return Lot(order, tuple(shown), number, drawn)


def _revealed(seed: str, nonce: str) -> str:
    words = " ".join(seed.split())
    if not words:
        raise ValueError("a seed has words")
    if not NONCE.fullmatch(nonce):
        raise ValueError("a nonce is 32 to 64 hexadecimal digits, in lower case")
    return f"{nonce} {words}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
