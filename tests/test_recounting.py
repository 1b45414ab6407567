"""The recount: agrees with what was published, alone and offline; whatever is changed is found."""

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from council import i18n, records, recounting, scrutiny
from council.votes import Choice, Method
from tests.polling import Poll
from tests.test_counting import owners
from tests.test_records import in_meeting, in_secret, made
from tests.world import World

OPTIONS = (("月季", 100), ("荷花", 200), ("石榴", 900))
METHODS: dict[Method, tuple[list[Any], dict[str, int]]] = {
    Method.APPROVAL: ([["o1"], ["o1", "o2"], ["o2"]], {"limit": 2, "seats": 2}),
    Method.SCORE: ([{"o1": 5}, {"o1": 4, "o2": 1}, {"o2": 2}], {"seats": 1}),
    Method.RANKED: ([[["o2"], ["o1"]], [["o2"]], [["o3"]]], {}),
    Method.BUDGET: ([["o1"], ["o1"], ["o1"]], {"budget": 300}),
}


def by_name(world: World) -> dict[str, Any]:
    poll = Poll(world)
    poll.provisional(Choice.FOR, Choice.FOR, Choice.AGAINST)
    return made(world, poll)


def of_owners(world: World) -> dict[str, Any]:
    poll = owners(world, ((3, 2_500_00), (1, 800_00), (1, 500_10)))
    poll.step("publish_result")
    return made(world, poll)


def secret(world: World) -> dict[str, Any]:
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    in_secret(poll, ["for", "for", "against"], electorate="residents")
    return made(world, poll)


def scored(world: World) -> dict[str, Any]:
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    answers, settings = METHODS[Method.SCORE]
    in_secret(poll, answers, electorate="residents", method=Method.SCORE, options=OPTIONS,
              **settings)  # fmt: skip
    return made(world, poll)


KINDS = (by_name, of_owners, secret, scored, in_meeting)


def differs(record: Any) -> tuple[str, ...]:
    """The keys of what does not agree."""
    return tuple(line.key for line in recounting.recount(record).differing)


def forged(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose forger worked out the fingerprint of the file anew."""
    record["digest"] = scrutiny.digest(record)
    return record


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each single value."""
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in inside:
            yield from leaves(one, (*path, name))
    else:
        yield path


def other(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value[:-1]}0" if value[-1:] not in {"", "0"} else f"{value}1"
        case _:
            return 1


def changed(record: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    made = copy.deepcopy(record)
    inside: Any = made
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = other(inside[path[-1]])
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_recount_of_the_record_agrees_and_finds_every_change(
    world: World, kind: Callable[[World], dict[str, Any]], folder: Path
) -> None:
    record = kind(world)
    report = recounting.recount(record)
    assert report.differing == ()
    for path in leaves(record):
        assert differs(changed(record, path)), path
    for path in leaves(record):
        if not is_free(path):
            assert differs(forged(changed(record, path))), path

    said = report.text(lambda key: i18n.translate("en", key))
    assert alone(folder, record, "--lang", "en") == (recounting.AGREES, f"{said}\n")
    record["result"]["outcome"] = "rejected"
    status, told = alone(folder, forged(record))
    assert status == recounting.DIFFERS
    assert "result.outcome" in told


def is_free(path: tuple[Any, ...]) -> bool:
    """What only the fingerprint of the file binds: numbers on the roll, and of objections."""
    number = path[0] == "rows" and path[2:] == (0,)
    return number or path[0] in {"disputes", "digest"} or path[-1] in {"salt", "reason"} or (
        path == ("roll", "digest")
    )  # fmt: skip


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with the stand-alone file in it, and nothing else."""
    made = tmp_path_factory.mktemp("auditor")
    (made / "recount.py").write_text(records.tool(), "utf-8")
    return made


def alone(folder: Path, record: Any, *more: str) -> tuple[int, str]:
    """Run the stand-alone file without the program and without any package."""
    content = record if isinstance(record, bytes) else json.dumps(record).encode()
    (folder / "record.json").write_bytes(content)
    command = [sys.executable, "-I", "-S", "recount.py", "record.json", *more]
    found = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return found.returncode, found.stdout.decode() + found.stderr.decode()


def test_the_stand_alone_file_refuses_what_is_no_record(folder: Path) -> None:
    for content in (b"{", b"[]", b'{"format": "another"}', b"\xff"):
        status, told = alone(folder, content)
        assert status == recounting.UNREADABLE
        assert "这不是一份表决记录" in told


def test_a_record_with_a_part_missing_differs_and_nothing_breaks(world: World) -> None:
    record = by_name(world)
    for name in record:
        if name != "format":
            rest = {key: value for key, value in record.items() if key != name}
            assert recounting.recount(rest).differing, name


def test_the_stand_alone_file_needs_the_standard_library_only() -> None:
    parts = records.sources("recounting")
    for name, source in parts.items():
        for one in ast.walk(ast.parse(source)):
            names = [alias.name for alias in one.names] if isinstance(one, ast.Import) else []
            if isinstance(one, ast.ImportFrom):
                names = [one.module or ""]
            for module in names:
                top = module.partition(".")[0]
                assert top == "council" or top in sys.stdlib_module_names, (name, module)


def test_the_stand_alone_file_holds_the_sources_word_for_word() -> None:
    tool = records.tool()
    for name, source in records.sources("recounting").items():
        assert source in tool, name
    ast.parse(tool)


def test_the_report_says_exactly_where_it_differs(world: World) -> None:
    record = secret(world)
    wrong = record["openings"][0][0]
    record["openings"][0][1] = "against"
    lines = recounting.recount(forged(record)).differing
    assert wrong in {line.fields.get("c") for line in lines}
    assert "result.totals.heads.favour" in {line.fields.get("where") for line in lines}
