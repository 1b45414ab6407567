"""The command `council`: each subcommand, its statuses, and one sentence where it refuses."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, update
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from council import __main__ as command
from council import db, installation
from council.audit import Node
from council.errors import Invalid, NotReady, Problem
from council.settings import Settings

PLACES = ["--place", "济南市/市中区/杆石桥街道/示范社区", "--code", "370103003999"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own with an empty, migrated SQLite database."""
    monkeypatch.setenv("COUNCIL_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COUNCIL_DATABASE_URL", raising=False)
    db.migrate(f"sqlite:///{tmp_path}/council.db")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command.council, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("unable to open database file", "council migrate"),
        ("no such table: place", "council migrate"),
        ('relation "place" does not exist', "council migrate"),
        ("disk I/O error", "the database says: disk I/O error"),
    ],
)
def test_without_a_database_one_is_told_how_to_make_it(said: str, told: str) -> None:
    assert told in installation.sentence(OperationalError("SELECT 1", {}, Exception(said)))


def test_a_database_of_another_version_is_left_alone_with_a_sentence(folder: Path) -> None:
    other = create_engine(f"sqlite:///{folder}/council.db")
    with other.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'abcdef'")
    with pytest.raises(RuntimeError, match="made by another version of Council") as refused:
        run("migrate")
    assert "abcdef" in installation.sentence(refused.value)


def test_an_empty_installation_gets_an_administrator_whose_slip_signs_in(folder: Path) -> None:
    status, text = run("person", "admin", "张三", *PLACES, "--phone", "0531-0000 1234")
    assert status == 0
    assert re.search(r"^Code +[2-9A-Z]{4}-[2-9A-Z]{4}$", text, re.MULTILINE)
    assert "张三" not in text
    assert run("verify")[0] == 0


def test_an_installation_is_founded_once(folder: Path) -> None:
    run("person", "admin", "张三", *PLACES)
    with pytest.raises(NotReady):
        run("person", "admin", "李四", *PLACES)


@pytest.mark.parametrize(
    "arguments", [["--place", "a/b/c", "--code", "370103003999"], [*PLACES[:2], "--code", "12"]]
)
def test_places_that_make_no_sense_are_refused(folder: Path, arguments: list[str]) -> None:
    status, text = run("person", "admin", "张三", *arguments)
    assert status == 1
    assert "four places" in text


def test_an_administrator_who_lost_everything_gets_a_new_slip(folder: Path) -> None:
    run("person", "admin", "张三", *PLACES)
    status, text = run("person", "slip", "admin")
    assert status == 0
    assert "Code" in text


def test_verify_says_what_holds_and_finds_a_flipped_bit(folder: Path) -> None:
    assert run("verify")[0] == 0
    run("person", "admin", "张三", *PLACES)
    status, text = run("verify")
    assert status == 0
    assert text.startswith("Holds: ")
    database = db.Database(f"sqlite:///{folder}/council.db")
    with database.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_node_no_update")
        session.execute(update(Node).where(Node.level == 0, Node.idx == 0).values(hash=b"x" * 32))
    database.close()
    assert run("verify")[0] == 1


def test_verify_that_could_not_run_says_so_with_status_two(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNCIL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert run("verify")[0] == 2
    assert run("verify", "some/folder")[0] == 2


def test_work_signs_the_log(folder: Path) -> None:
    run("person", "admin", "张三", *PLACES)
    assert run("work")[0] == 0
    assert (folder / "checkpoint").exists()
    assert "signed up to" in run("verify")[1]


def test_rules_lists_acts_with_who_and_where() -> None:
    status, text = run("rules", "account.open")
    assert status == 0
    assert re.search(
        r"^account\.open  \[admin, community_worker\]  council/accounts\.py:\d+$",
        text,
        re.MULTILINE,
    )
    assert run("rules", "no such rule")[0] == 1
    assert "stateDiagram" in run("rules", "--document")[1]


def test_settings_are_listed_with_their_source_and_without_secrets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNCIL_SECRET_KEY", "very secret")
    monkeypatch.setenv("COUNCIL_DATABASE_URL", "postgresql://me:hidden@host/name")
    _, text = run("settings")
    assert "COUNCIL_SECRET_KEY = (set)  (environment)" in text
    assert "COUNCIL_TIMEZONE = Asia/Shanghai  (default)" in text
    assert "very secret" not in text
    assert "hidden" not in text


def test_whoever_asks_at_the_first_start_gets_the_same_key_of_the_log(folder: Path) -> None:
    with ThreadPoolExecutor(16) as together:
        for n in range(40):
            settings = Settings(data_dir=folder / str(n), log_key="")
            found = set(together.map(lambda one: one.log_seed(), [settings] * 16))
            assert [len(key) for key in found] == [32]
            assert [path.name for path in settings.data_dir.iterdir()] == ["log.key"]


def test_the_example_is_not_mixed_with_real_matters(folder: Path) -> None:
    run("person", "admin", "张三", *PLACES)
    status, text = run("demo")
    assert status == 1
    assert "not empty" in text


def test_several_workers_on_sqlite_are_refused_with_a_sentence(folder: Path) -> None:
    status, text = run("serve", "--workers", "2", "--port", "0")
    assert status == 1
    assert "SQLite has one writing process" in text


def test_a_port_that_is_taken_is_said_before_any_work(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, text = run("serve", "--port", str(taken.getsockname()[1]))
    assert status == 1
    assert "cannot listen" in text


def test_what_goes_wrong_is_one_sentence_on_stderr(folder: Path) -> None:
    wrong = subprocess.run(
        [sys.executable, "-m", "council", "person", "slip", "nobody"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    assert len(wrong.stderr.splitlines()) == 1
    assert wrong.stderr.startswith("council: ")


def test_a_refusal_is_said_in_words() -> None:
    refusal = Invalid(Problem("account_taken", "account"), Problem("not_a_year", "born"))
    assert installation.sentence(refusal).startswith("Somebody has this account name already.")
    assert installation.sentence(ValueError("line one\nline two")) == "line one line two"
    assert installation.sentence(ValueError()) == "ValueError"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_server_starts_answers_and_stops_cleanly(folder: Path, how: signal.Signals) -> None:
    run("person", "admin", "张三", *PLACES)
    server = subprocess.Popen(
        [sys.executable, "-m", "council", "serve", "--migrate", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    try:
        assert server.stdout
        address = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert address
        with urllib.request.urlopen(f"{address[0]}/readyz", timeout=30) as answer:
            assert answer.status == 200
            assert "server" not in {name.lower() for name in answer.headers}
        waited = time.monotonic()
        while not (folder / "checkpoint").exists() and time.monotonic() - waited < 20:
            time.sleep(0.1)
    finally:
        server.send_signal(how)
        output, errors = server.communicate(timeout=15)
    assert (folder / "checkpoint").exists()
    assert server.returncode in {0, -how}
    assert "Traceback" not in output + errors
