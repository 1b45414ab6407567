"""A small example for tests: Xiema Road walked from end to end with a handful of people."""

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from council import demo
from council.db import Database
from council.demo import cast, stage
from council.settings import Settings
from tests.postgres import Server

TODAY = date(2026, 11, 24)
NUMBERS = count(1)


@dataclass(frozen=True)
class Example:
    """A loaded example: its database, and the data folder that belongs to it."""

    database: Database
    settings: Settings


def small(told: stage.Script) -> stage.Script:
    """The same road with a few opinions and three tasks, the extended and the reworked included."""
    told = copy.deepcopy(told)
    told["supporters"] = 3
    for group in told["groups"]:
        counts = {"web": 1, "hall": 1, "building": 0, "for": 1, "against": 0, "suggestion": 1}
        group.update(counts)
    told["groups"] = told["groups"][:2]
    told["statements"] = told["statements"][:2]
    told["tasks"] = [
        one
        for n, one in enumerate(told["tasks"])
        if n in {0, len(told["tasks"]) - 1} or "rework" in one or "extension" in one
    ]
    told["ratings"]["counts"] = [0, 0, 1, 2, 3]
    return told


def load(url: str, folder: Path) -> None:
    """Load the small example into an empty, migrated database."""
    told = small(stage.script("xiemalu"))
    database = Database(url)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RESIDENTS", "NEIGHBOURS", "COMRADES"):
            patch.setattr(cast, name, 12)
        patch.setattr(
            demo, "schedule", lambda on: on.enter(on.at(-170, 20), demo.to_the_end(on, told))
        )
        demo.load(database, Settings(data_dir=folder, database_url=url), today=TODAY)
    database.close()


@pytest.fixture(scope="session")
def example_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small example in SQLite, loaded once, to be copied."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copyfile(sqlite_template, folder / "council.db")
    load(f"sqlite:///{folder}/council.db", folder)
    return folder


@pytest.fixture(scope="session")
def example_postgres(
    postgres_server: Server,
    postgres_template: str,
    database_name: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Path]]:
    """The name of a PostgreSQL database with the small example, to be copied, and its folder."""
    name, folder = f"{database_name}_example", tmp_path_factory.mktemp("example")
    load(postgres_server.create(name, postgres_template), folder)
    yield name, folder
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Example]:
    """The small example, in a database and a data folder of the test's own."""
    folder = tmp_path / "data"
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("example_sqlite"), folder)
        yield from _opened(f"sqlite:///{folder}/council.db", folder)
        return
    server: Server = request.getfixturevalue("postgres_server")
    template, kept = request.getfixturevalue("example_postgres")
    shutil.copytree(kept, folder)
    name = f"{template}_{next(NUMBERS)}"
    yield from _opened(server.create(name, template), folder)
    server.drop(name)


def _opened(url: str, folder: Path) -> Iterator[Example]:
    database = Database(url)
    yield Example(database, Settings(data_dir=folder, database_url=url))
    database.close()
