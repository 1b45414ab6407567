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

from council import (
    absences,
    ballots,
    charter,
    deliberations,
    i18n,
    paperballots,
    papercounts,
    receipts,
    records,
    recounting,
    rollcalls,
    rolls,
    safeguards,
    scrutiny,
    sealing,
    ties,
)
from council.checkpoint import Signer
from council.entitlements import Entry
from council.gate import Act, through
from council.people import Constituency, Post
from council.policy import Can
from council.settings import Settings
from council.votes import Choice, How, Method, Ranking
from tests.hall import Hall
from tests.polling import Poll, numbered, votes_of
from tests.test_counting import owners
from tests.test_main import run
from tests.test_papercounts import ONE, TWO, agreed, closed, heaps, shut, watched
from tests.test_records import in_meeting, in_secret, made, plain
from tests.test_tellers import counted_by_two, in_the_room
from tests.test_ties import CHAIR, SEATS, chosen, drawn
from tests.world import World

OPTIONS = (("月季", 100), ("荷花", 200), ("石榴", 900))
METHODS: dict[Method, tuple[list[Any], dict[str, int]]] = {
    Method.APPROVAL: ([["o1"], ["o1", "o2"], ["o2"]], {"limit": 2, "seats": 2}),
    Method.SCORE: ([{"o1": 5}, {"o1": 4, "o2": 1}, {"o2": 2}], {"seats": 1}),
    Method.RANKED: ([[["o2"], ["o1"]], [["o2"]], [["o3"]]], {}),
    Method.BUDGET: ([["o1"], ["o1"], ["o1"]], {"budget": 300}),
}


def by_name(world: World) -> dict[str, Any]:
    numbered(world)
    poll = Poll(world)
    poll.provisional(Choice.FOR, Choice.FOR, Choice.AGAINST)
    return made(world, poll)


def of_owners(world: World) -> dict[str, Any]:
    """Whatever the charter says: an area would tell whose ballot it is."""
    numbered(world)
    poll = owners(world, ((3, 2_500_00), (1, 800_00), (1, 500_10)))
    poll.step("publish_result")
    found = made(world, poll)
    assert found["rows"] is None
    return found


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


def paper_by_name(world: World) -> dict[str, Any]:
    """Residents vote by telephone and on slips, one of which is spoiled."""
    numbered(world)
    poll = Poll(world, "RESIDENT_ASSEMBLY", size=6)
    poll.prepared(paper=True, secret=False)
    poll.studied()
    poll.entered()
    poll.step("publish_roll")
    opened(poll)
    poll.cast(*votes_of(1, 1, 0))
    counter = world.as_(Post.COMMUNITY_WORKER)
    paperballots.print_run(counter, poll.vote, size=4)
    for number in (3, 4, 5):
        paperballots.hand(counter, poll.vote, number=number)
    shut(poll)
    watched(poll)
    agreed(poll, [(3, "for"), (4, "against"), (5, None)], 0, 1)
    papercounts.reconcile(world.as_(ONE), poll.vote)
    poll.step("tally", ONE)
    poll.step("publish_result")
    found = made(world, poll)
    assert [row[4] for row in found["rows"]] == ["", "", "paper", "paper", "paper"]
    return found


def opened(poll: Poll) -> None:
    """From the published roll to the open vote."""
    poll.world.wait(days=6)
    for name in ("settle_roll", "announce"):
        poll.step(name)
    poll.checked()
    assert poll.vote.opens_at is not None
    poll.world.now = poll.vote.opens_at
    poll.tick()


def apart(world: World, n: int = 12, **changed: Any) -> Poll:
    """A straw poll of Party members and residents, counted by themselves, open."""
    poll = Poll(world, "STRAW")
    groups = (Constituency.PARTY, Constituency.RESIDENTS)
    poll.prepared(electorate="members", constituencies=groups, **changed)
    entries = [Entry(f"人{k}", "", f"{k}", 0, groups[k >= 5]) for k in range(n)]
    rolls.take(world.as_(Post.COMMUNITY_WORKER), poll.vote, entries)
    poll.step("publish_roll")
    opened(poll)
    return poll


def published(poll: Poll) -> dict[str, Any]:
    poll.world.wait(days=11)
    poll.tick()
    poll.step("tally", Post.RECORDER)
    poll.step("publish_result")
    return made(poll.world, poll)


def drop(poll: Poll, *choices: str) -> None:
    """Secret ballots of the last on the roll, put into the box as the counter would."""
    session = poll.world.session
    waiting = absences.absent(session, poll.vote.id)
    for voter, choice in zip(reversed(waiting), choices, strict=False):
        filled = ballots.fill(
            poll.vote, choice=choice, phrase=f"第{voter.number}票", r=receipts.new_random()
        )
        assert ballots.mark(session, voter.id, ballots.MarkChannel.WEB)
        ballots.put(session, poll.vote, voter, filled)


def by_constituency(world: World) -> dict[str, Any]:
    numbered(world)
    poll = apart(world, secret=False)
    poll.cast(*[Choice.FOR] * 6, *[Choice.AGAINST] * 4)
    return published(poll)


def together(world: World) -> dict[str, Any]:
    """So few Party members have voted in secret that all are counted as one."""
    poll = apart(world, secret=True)
    drop(poll, *["for"] * 5, *["against"] * 4)
    found = published(poll)
    assert [one["constituency"] for one in found["result"]["constituencies"]] == ["all"]
    assert found["result"]["totals"]["heads"]["due"] == 12
    assert {one[4] for one in found["openings"]} == {None}
    return found


def pooled(world: World) -> dict[str, Any]:
    """The same where the rule decides by constituencies: their ballots are published together."""
    poll = apart(world, secret=True)
    rule = poll.vote.rule | {"need": 1}
    through(world.system(), Act("vote.test", Can.SYSTEM), poll.vote,
            lambda: setattr(poll.vote, "rule", rule))  # fmt: skip
    drop(poll, *["for"] * 5, *["against"] * 4)
    found = published(poll)
    assert found["pooled"] == ["party", "residents"]
    return found


def in_sums(world: World) -> dict[str, Any]:
    """As the charter has it at first, the ballots by name are published in sums only."""
    poll = apart(world, secret=False)
    poll.cast(*[Choice.FOR] * 6, *[Choice.AGAINST] * 4)
    found = published(poll)
    assert found["rows"] is None
    assert ["party", "for", 5, 0] in found["sums"]
    return found


def tied_in_meeting(world: World) -> dict[str, Any]:
    numbered(world)
    charter.set_value(world.as_(Post.ADMIN), world.community, key="meeting_tie", value="chair")
    vote = Hall(world).vote_open()
    for key, choice in zip(SEATS, votes_of(2, 2, 0), strict=True):
        rollcalls.cast(world.as_(key), vote, choice=choice)
    deliberations.close_vote(world.as_(CHAIR), vote)
    assert not records.is_fixed(vote)
    ties.cast(world.as_(CHAIR), vote, favour=False, reason="先试行。")
    world.commit()
    return plain(records.record(world.session, vote))


def by_lot(world: World) -> dict[str, Any]:
    numbered(world)
    poll = chosen(world, Method.RANKED, [[["o1"]], [["o2"]], [["o3"]]], ranking=Ranking.IRV)
    drawn(world, poll.vote)
    poll.step("publish_result")
    return made(world, poll)


def on_paper(world: World) -> dict[str, Any]:
    poll = closed(world)
    watched(poll)
    agreed(poll, heaps(11, 4, 1, 1), 1, 2)
    papercounts.reconcile(world.as_(TWO), poll.vote)
    poll.step("tally", ONE)
    poll.step("publish_result")
    return made(world, poll)


def voided(world: World) -> dict[str, Any]:
    poll = Poll(world)
    poll.provisional(Choice.FOR, Choice.FOR, Choice.AGAINST)
    safeguards.draft_void(world.as_(Post.OVERSIGHT), poll.vote, reason="名册用错了。")
    poll.step("void", Post.SUBDISTRICT)
    return made(world, poll)


def by_hand(world: World) -> dict[str, Any]:
    vote = counted_by_two(world, How.HANDS)
    return plain(records.record(world.session, vote))


def on_slips(world: World) -> dict[str, Any]:
    vote = counted_by_two(world, How.PAPER)
    return plain(records.record(world.session, vote))


def secret_in_meeting(world: World) -> dict[str, Any]:
    vote = in_the_room(world)
    return plain(records.record(world.session, vote))


KINDS = (
    by_hand, on_slips, secret_in_meeting,
    by_name, of_owners, secret, scored, in_meeting, by_constituency, together, pooled, in_sums,
    tied_in_meeting, by_lot, on_paper, paper_by_name,
    voided,
)  # fmt: skip


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
    record["result"]["outcome"] = "referred"
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


def test_the_command_counts_from_the_database_and_from_a_file(
    world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNCIL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COUNCIL_DATABASE_URL", database_url)
    record, file, tool = by_name(world), tmp_path / "record.json", tmp_path / "recount.py"
    status, told = run("recount", str(record["vote"]), "--lang", "en")
    assert (status, told.splitlines()[-1]) == (0, "Everything agrees.")
    assert "66.67%" in told
    file.write_text(json.dumps(record), "utf-8")
    assert run("recount", "--record", str(file))[0] == 0
    record["rows"][0][2] = "against"
    file.write_text(json.dumps(record), "utf-8")
    status, told = run("recount", "--record", str(file))
    assert status == 1
    assert "result.totals.heads.favour" in told
    assert run("recount", "--record", str(tmp_path / "nothing.json"))[0] == 2
    assert run("recount", "999")[0] == 2
    assert run("recount", "--write-tool", str(tool))[0] == 0
    assert tool.read_text("utf-8") == records.tool()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_receipt_is_looked_for_in_the_record(
    world: World, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the key of the log, by the stand-alone file and by the command."""
    record = secret(world)
    monkeypatch.setenv("COUNCIL_DATA_DIR", str(tmp_path))
    settings = Settings()
    ours = Signer(settings.log_origin, settings.log_seed())
    c = record["openings"][0][0]

    def looked_for(words: str) -> tuple[int, str]:
        (folder / "receipt.txt").write_text(words, "utf-8")
        sought = ("--receipt", "receipt.txt", "--key", ours.verifier, "--lang", "en")
        return alone(folder, record, *sought)

    def receipt(signer: Signer, c: str, vote: int = record["vote"]) -> str:
        return sealing.note(signer.name, vote, c, sealing.sign(signer, vote, c))

    status, told = looked_for(receipt(ours, c))
    assert (status, told.splitlines()[-1]) == (0, "Everything agrees.")
    assert f"✓ The receipt is signed with the key of this log, {ours.name}." in told
    assert f"✓ The ballot of the receipt {receipts.code_of(c)} stands in this record." in told
    for words, wrong in (
        (receipt(ours, "ab" * 32), "proves that a ballot was taken and left out"),
        (receipt(ours, c, record["vote"] + 1), "does not stand in this record"),
        (receipt(Signer(ours.name, bytes(32)), c), "is not signed with this key"),
        ("K7Q2-9MXD", "This is no receipt of a ballot"),
    ):
        status, told = looked_for(words)
        assert status == 1
        assert wrong in told
    status, told = alone(folder, record, "--receipt", "receipt.txt")
    assert (status, "--receipt needs --key" in told) == (recounting.UNREADABLE, True)
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record), "utf-8")
    for one, status in ((c, 0), ("ab" * 32, 1)):
        (tmp_path / "receipt.txt").write_text(receipt(ours, one), "utf-8")
        sought = ("--receipt", str(tmp_path / "receipt.txt"))
        assert run("recount", "--record", str(file), *sought)[0] == status
