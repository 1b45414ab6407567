"""What the browser tests share: a town with its server, and the stage before it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from council.db import Database
from tests.browser import busy_days
from tests.browser import town as towns
from tests.browser.stage import Stage
from tests.browser.town import Town


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Iterator[Town]:
    """A small community behind a real server."""
    made = towns.settle(database, tmp_path / "data")
    with towns.serving(made.app) as made.address:
        yield made


@pytest.fixture
def stage(browser: Browser, town: Town) -> Iterator[Stage]:
    """A browser of 360 pixels with script; nothing may complain in its console."""
    opened = Stage(browser, town)
    yield opened
    opened.leave()
    assert opened.complaints == []


@pytest.fixture(scope="session")
def busy(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A community with a matter in every stage, behind a real server; tests leave it as it was."""
    folder = tmp_path_factory.mktemp("busy")
    shutil.copyfile(sqlite_template, folder / "council.db")
    database = Database(f"sqlite:///{folder}/council.db")
    made = towns.settle(database, folder, busy_days.FIRST_DAY)
    busy_days.play(made)
    with towns.serving(made.app) as made.address:
        yield made
    database.close()
