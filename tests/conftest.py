"""What every test can ask for: a migrated database of its own, on SQLite and on PostgreSQL."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from council import db
from tests import chromium, postgres

pytest_plugins = ("tests.world", "tests.example")

NUMBERS = count(1)
MEMORY, ROOM = Path("/dev/shm"), 2**30
ENGINES: dict[tuple[str, bool], sa.Engine] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what all workers of a run share; the controller does, before they start."""
    if not hasattr(config, "workerinput"):
        postgres.make_folder()


def pytest_collection_finish() -> None:
    """Look for garbage no more among what lives until the end: every module and every test."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Clear it away."""
    for engine in ENGINES.values():
        engine.dispose()
    if not hasattr(config, "workerinput") and postgres.FOLDER in os.environ:
        postgres.remove_folder()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    db.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """The PostgreSQL server of this run."""
    server = postgres.Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def database_name() -> str:
    """A name for databases that no other worker and no other run on the same server uses."""
    run = Path(os.environ[postgres.FOLDER]).name.removeprefix("council-tests-")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"council_{run}_{worker}".lower()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server, database_name: str) -> Iterator[str]:
    """The name of a migrated PostgreSQL database, to be copied."""
    name = f"{database_name}_template"
    db.migrate(postgres_server.create(name))
    yield name
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def postgres_scratch(
    postgres_server: postgres.Server, postgres_template: str, database_name: str
) -> Iterator[postgres.Scratch]:
    """The PostgreSQL database without a row in which one test after the other runs."""
    scratch = postgres.Scratch(postgres_server, f"{database_name}_scratch", postgres_template)
    yield scratch
    scratch.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database in which nothing is yet, not even a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = f"{request.getfixturevalue('database_name')}_empty_{next(NUMBERS)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture(scope="session")
def sqlite_place() -> Iterator[Path]:
    """Where the SQLite file of one test after the other lies: at one address, and in memory where
    there is room, since no test waits for a disk to prove that the disk was waited for."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(dir=MEMORY if roomy else None) as folder:
        yield Path(folder) / "council.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database: without a row, or for a test with `world` with its rows.

    Building a world takes ten times as long as copying one.
    """
    world = "world" in request.fixturenames
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("sqlite_place")
        for file in path.parent.iterdir():
            file.unlink()
        template = request.getfixturevalue("world_sqlite" if world else "sqlite_template")
        shutil.copyfile(template[0] if world else template, path)
        yield f"sqlite:///{path}"
        return
    if world:
        yield request.getfixturevalue("world_postgres")[0].fresh()
    else:
        yield request.getfixturevalue("postgres_scratch").fresh()


@pytest.fixture
def database(database_url: str) -> Iterator[db.Database]:
    """A migrated database without a row. Tests commit for real; nobody else sees this one."""
    opened = reopened(database_url)
    yield opened
    if database_url.startswith("sqlite"):
        opened.close()


def reopened(url: str) -> db.Database:
    """A database that knows the statements which tests before it have compiled at this address.

    A quarter of a test's time goes into compiling them. Whoever listens to it hears nothing of
    other tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        for make in (db._sqlite, db._postgresql):
            patch.setattr(db, make.__name__, partial(_again, make))
        return db.Database(url)


def _again(make: Callable[..., sa.Engine], url: str, *, writes: bool) -> sa.Engine:
    if (url, writes) not in ENGINES:
        ENGINES[url, writes] = make(url, writes=writes)
    return ENGINES[url, writes].execution_options()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; a test opens its own context in it. Fails when there is none."""
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.MISSING)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield running
        running.close()
