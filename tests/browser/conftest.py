"""What the browser tests share: a town with its server, and the stage before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from council.db import Database
from tests.browser import town as towns
from tests.browser.stage import Stage
from tests.browser.town import Town


@pytest.fixture
def town(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """A small community behind a real server."""
    made = towns.settle(database, tmp_path / "data", monkeypatch)
    with towns.serving(made.app) as made.address:
        yield made


@pytest.fixture
def stage(browser: Browser, town: Town) -> Iterator[Stage]:
    """A browser of 360 pixels with script; nothing may complain in its console."""
    opened = Stage(browser, town)
    yield opened
    opened.leave()
    assert opened.complaints == []
