"""The tree over the public log: whoever keeps one short hash can prove that no entry was changed.

A Merkle tree as in RFC 6962 and RFC 9162, with SHA-256, free of any storage: hashes are 32 bytes, a
`Get` returns the stored hash of the perfect subtree `index` of 2^level leaves (level 0 holds leaf
hashes). A tree of `size` leaves stores every perfect subtree that it contains.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

Get = Callable[[int, int], bytes]
Row = tuple[int, int, bytes]

EMPTY_ROOT = sha256(b"").digest()


class BadProof(ValueError):
    """A proof does not prove what it claims."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf: SHA-256(00 ‖ entry), RFC 9162 section 2.1.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees: SHA-256(01 ‖ left ‖ right), RFC 9162 section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def appended(get: Get, size: int, leaf: bytes) -> list[Row]:
    """Return the rows (level, index, hash) to store when leaf hash `leaf` joins `size` leaves.

    One row for the leaf, and one for each perfect subtree that it completes.
    """
    level, index, found = 0, size, leaf
    rows = [(level, index, found)]
    while index & 1:
        found = node_hash(get(level, index - 1), found)
        level, index = level + 1, index >> 1
        rows.append((level, index, found))
    return rows


def root(get: Get, size: int) -> bytes:
    """Return the root of the first `size` leaves; the empty tree has EMPTY_ROOT."""
    return _range_hash(get, 0, size) if size else EMPTY_ROOT


def inclusion(get: Get, index: int, size: int) -> list[bytes]:
    """Return the proof, from the leaf up, that leaf `index` is in the tree of `size` leaves.

    RFC 9162 section 2.1.3.1. ValueError unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(get, middle, end))
            end = middle
        else:
            proof.append(_range_hash(get, start, middle))
            start = middle
    return proof[::-1]


def consistency(get: Get, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves.

    RFC 9162 section 2.1.4.1; empty when there is nothing to prove (old = 0 or old = new).
    ValueError unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} within {new}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(get, middle, end))
            end = middle
        else:
            proof.append(_range_hash(get, start, middle))
            start = middle
    if start:
        proof.append(_range_hash(get, start, end))
    return proof[::-1]


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise BadProof unless leaf hash `leaf` is number `index` of the `size` leaves under `root`.

    RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} among {size}")
    _require_hashes(leaf, root, *proof)
    path, last, found = index, size - 1, leaf
    for step in proof:
        if not last:
            raise BadProof("the proof is too long")
        if path & 1 or path == last:
            found = node_hash(step, found)
            path, last = _climb(path, last)
        else:
            found = node_hash(found, step)
        path, last = path >> 1, last >> 1
    if last or found != root:
        raise BadProof("the proof leads to another root")


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Raise BadProof unless `new_root` (of `new` leaves) extends `old_root` (of `old` leaves).

    RFC 9162 section 2.1.4.2. A proof from the empty tree proves nothing and is refused.
    """
    if not 0 < old <= new:
        raise BadProof(f"nothing to prove between {old} and {new}")
    if old == new:
        if proof or old_root != new_root:
            raise BadProof("two roots for one size")
        return
    _require_hashes(old_root, new_root, *proof)
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not proof:
        raise BadProof("the proof is empty")
    path, last = old - 1, new - 1
    while path & 1:
        path, last = path >> 1, last >> 1
    found_old = found_new = steps[0]
    for step in steps[1:]:
        if not last:
            raise BadProof("the proof is too long")
        if path & 1 or path == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            path, last = _climb(path, last)
        else:
            found_new = node_hash(found_new, step)
        path, last = path >> 1, last >> 1
    if last or found_old != old_root or found_new != new_root:
        raise BadProof("the proof leads to other roots")


class Frontier:
    """The root of a stream of leaf hashes, one after the other, in memory for log2(size) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # perfect subtrees from left to right, as the bits of size

    def append(self, leaf: bytes) -> None:
        """Add the next leaf hash."""
        bits = self.size
        while bits & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            bits >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the leaves so far."""
        return _bagged(self._peaks) if self._peaks else EMPTY_ROOT


def _split(size: int) -> int:
    """Return the largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(get: Get, start: int, end: int) -> bytes:
    """Return the root of leaves start … end - 1, where start is aligned to the tree's splits."""
    peaks: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(get(level, start >> level))
        start += 1 << level
    return _bagged(peaks)


def _bagged(peaks: Sequence[bytes]) -> bytes:
    found = peaks[-1]
    for peak in peaks[-2::-1]:
        found = node_hash(peak, found)
    return found


def _climb(path: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the rightmost path has no sibling."""
    while path and not path & 1:
        path, last = path >> 1, last >> 1
    return path, last


def _require_hashes(*hashes: bytes) -> None:
    if any(len(found) != sha256().digest_size for found in hashes):
        raise BadProof("a hash has 32 bytes")
