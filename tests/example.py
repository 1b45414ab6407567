"""A small example for tests: Xiema Road walked from end to end with a handful of people."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from council import demo
from council.db import Database
from council.demo import cast, stage
from council.settings import Settings

TODAY = date(2026, 11, 24)


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


def load(database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    """Load the small example into an empty, migrated database."""
    told = small(stage.script("xiemalu"))
    for name in ("RESIDENTS", "NEIGHBOURS", "COMRADES"):
        monkeypatch.setattr(cast, name, 12)
    monkeypatch.setattr(
        demo, "schedule", lambda on: on.enter(on.at(-170, 20), demo.to_the_end(on, told))
    )
    settings = Settings(data_dir=folder, database_url=database.url)
    demo.load(database, settings, today=TODAY)
    return Example(database, settings)


@pytest.fixture
def example(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Example]:
    """The small example, on SQLite and on PostgreSQL."""
    yield load(database, tmp_path / "data", monkeypatch)
