"""The tree against published vectors and RFC 9162's own recursive definition, then its promises."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from council.merkle import (
    EMPTY_ROOT,
    BadProof,
    Frontier,
    appended,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

DATA = Path(__file__).parent / "data" / "merkle"
VECTORS = {kind: sorted((DATA / kind).rglob("*.json")) for kind in ("inclusion", "consistency")}
SIZES = st.integers(1, 300)


class Tree:
    """Rows in a dictionary, as the database keeps them."""

    def __init__(self, size: int) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}
        self.leaves = [leaf_hash(b"entry %d" % n) for n in range(size)]
        for n, leaf in enumerate(self.leaves):
            for level, index, found in appended(self.get, n, leaf):
                assert (level, index) not in self.rows
                self.rows[level, index] = found

    def get(self, level: int, index: int) -> bytes:
        return self.rows[level, index]


FOREST = Tree(300)


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


def vector(path: Path) -> dict[str, Any]:
    def binary(value: object) -> object:
        return [b64decode(item) for item in value] if isinstance(value, list) else value or []

    found = json.loads(path.read_text())
    for name in ("root", "root1", "root2", "leafHash"):
        if name in found:
            found[name] = b64decode(found[name] or "")
    return found | {"proof": binary(found["proof"])}


def ids(path: Path) -> str:
    return str(path.relative_to(DATA).with_suffix(""))


def test_all_published_vectors_are_here() -> None:
    assert {kind: len(paths) for kind, paths in VECTORS.items()} == {
        "inclusion": 98,
        "consistency": 98,
    }


@pytest.mark.parametrize("path", VECTORS["inclusion"], ids=ids)
def test_inclusion_vectors(path: Path) -> None:
    v = vector(path)
    given_ = (v["leafIdx"], v["treeSize"], v["leafHash"], v["proof"], v["root"])
    if v["wantErr"]:
        with pytest.raises(BadProof):
            verify_inclusion(*given_)
    else:
        verify_inclusion(*given_)


@pytest.mark.parametrize("path", VECTORS["consistency"], ids=ids)
def test_consistency_vectors(path: Path) -> None:
    v = vector(path)
    given_ = (v["size1"], v["size2"], v["proof"], v["root1"], v["root2"])
    if v["wantErr"]:
        with pytest.raises(BadProof):
            verify_consistency(*given_)
    else:
        verify_consistency(*given_)


def test_the_tree_makes_the_published_roots_and_proofs() -> None:
    """The vectors are of the eight leaves of the reference tree of RFC 6962's authors."""
    leaves = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f")  # fmt: skip
    tree = Tree(0)
    for n, entry in enumerate(leaves):
        for level, index, found in appended(tree.get, n, leaf_hash(bytes.fromhex(entry))):
            tree.rows[level, index] = found
    checked = 0
    for path in VECTORS["inclusion"] + VECTORS["consistency"]:
        v = vector(path)
        if path.name != "happy-path.json":
            continue
        checked += 1
        if "treeSize" in v:
            assert root(tree.get, v["treeSize"]) == v["root"]
            assert inclusion(tree.get, v["leafIdx"], v["treeSize"]) == v["proof"]
        else:
            assert root(tree.get, v["size1"]) == v["root1"]
            assert root(tree.get, v["size2"]) == v["root2"]
            assert consistency(tree.get, v["size1"], v["size2"]) == v["proof"]
    assert checked == 10


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root(FOREST.get, 0) == Frontier().root() == EMPTY_ROOT


def test_every_size_has_the_root_that_the_rfc_defines() -> None:
    frontier = Frontier()
    for size in range(301):
        expected = defined_root(FOREST.leaves[:size])
        assert root(FOREST.get, size) == frontier.root() == expected
        assert frontier.size == size
        if size < 300:
            frontier.append(FOREST.leaves[size])


def test_a_leaf_costs_one_row_and_one_for_each_subtree_it_completes() -> None:
    assert len(FOREST.rows) == sum(300 >> level for level in range(9))


@given(SIZES, st.data())
def test_every_inclusion_proof_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(FOREST.get, index, size)
    verify_inclusion(index, size, FOREST.leaves[index], proof, root(FOREST.get, size))


@given(SIZES, st.data())
def test_every_consistency_proof_verifies(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency(FOREST.get, old, new)
    verify_consistency(old, new, proof, root(FOREST.get, old), root(FOREST.get, new))
    if old < new:
        with pytest.raises(BadProof):
            verify_consistency(old, new, proof, root(FOREST.get, new), root(FOREST.get, new))


def flipped(data: st.DataObject, hashes: list[bytes]) -> list[bytes]:
    which, bit = data.draw(st.integers(0, len(hashes) - 1)), data.draw(st.integers(0, 255))
    number = int.from_bytes(hashes[which]) ^ 1 << bit
    return [*hashes[:which], number.to_bytes(32), *hashes[which + 1 :]]


@given(SIZES, st.data())
def test_one_flipped_bit_breaks_an_inclusion_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    good = [FOREST.leaves[index], root(FOREST.get, size), *inclusion(FOREST.get, index, size)]
    leaf, top, *proof = flipped(data, good)
    with pytest.raises(BadProof):
        verify_inclusion(index, size, leaf, proof, top)


@given(SIZES.filter(lambda size: size > 1), st.data())
def test_one_flipped_bit_breaks_a_consistency_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    good = [root(FOREST.get, old), root(FOREST.get, new), *consistency(FOREST.get, old, new)]
    before, after, *proof = flipped(data, good)
    with pytest.raises(BadProof):
        verify_consistency(old, new, proof, before, after)


def test_a_flipped_bit_is_found_wherever_it_is() -> None:
    for index in range(5):
        good = [FOREST.leaves[index], root(FOREST.get, 5), *inclusion(FOREST.get, index, 5)]
        for position in range(len(good) * 256):
            broken = [*good]
            which, bit = divmod(position, 256)
            broken[which] = (int.from_bytes(good[which]) ^ 1 << bit).to_bytes(32)
            with pytest.raises(BadProof):
                verify_inclusion(index, 5, broken[0], broken[2:], broken[1])


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    for index, size in ((-1, 3), (3, 3), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion(FOREST.get, index, size)
    for old, new in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="no tree"):
            consistency(FOREST.get, old, new)
    assert consistency(FOREST.get, 0, 7) == consistency(FOREST.get, 7, 7) == []
