"""The log's entries are canonical JSON: the library that writes them meets RFC 8785's vectors."""

import json
from pathlib import Path

import pytest
import rfc8785

DATA = Path(__file__).parent / "data" / "jcs"
NAMES = ("arrays", "french", "structures", "unicode", "values", "weird")


def canonical(name: str) -> bytes:
    return rfc8785.dumps(json.loads((DATA / "input" / f"{name}.json").read_bytes()))


def test_all_published_vectors_are_here() -> None:
    assert sorted(path.stem for path in (DATA / "input").iterdir()) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_input_gives_the_published_output(name: str) -> None:
    assert canonical(name) == (DATA / "output" / f"{name}.json").read_bytes()
    assert canonical(name) == bytes.fromhex((DATA / "outhex" / f"{name}.txt").read_text())


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: 2}])
def test_what_json_cannot_hold_exactly_is_refused(value: object) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        rfc8785.dumps(value)  # type: ignore[arg-type]
