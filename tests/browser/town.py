"""A small community with everybody in it, a real server before it, and a clock that is moved."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.applications import Starlette

from council import jobs, people, verify
from council.db import Database
from council.demo import cast, stage
from council.gate import Context
from council.i18n import ZONE
from council.people import Alias
from council.settings import Settings
from council.web.app import create_app

PHOTOS = Path(stage.__file__).parent / "photos"
FIRST_DAY = date(2026, 10, 12)
"""A Monday; no public holiday lies in the weeks of a story."""


class Town:
    """The community of the example without any matter: offices, seats, a few residents."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.settings = Settings(
            data_dir=folder, database_url=database.url, secret_key="for tests only"
        )
        self.now = moment(FIRST_DAY, 8)
        self.address = ""
        with database.write() as session:
            moved_in = stage.Stage(session, self.settings, FIRST_DAY)
            moved_in.now = self.now
            cast.settle(moved_in)
            self.people = moved_in.cast
        self.app = create_app(database, self.settings, clock=lambda: self.now)

    def later(self, *, days: int = 0, hours: int = 0, minutes: int = 0) -> None:
        """Move the clock, and let the clockwork do what has become due."""
        self.now += timedelta(days=days, hours=hours, minutes=minutes)
        jobs.work(self.database, self.settings, self.now)

    def until(self, day: date, hour: int, minute: int = 0) -> None:
        """Move the clock to an hour of a day."""
        self.later(minutes=int((moment(day, hour, minute) - self.now).total_seconds() // 60))

    @contextmanager
    def as_(self, key: str) -> Iterator[Context]:
        """Somebody acts without a browser: for the tenth sign-in, not for the first."""
        with self.database.write() as session:
            yield Context(session, people.actor(session, self.people[key], self.now), self.now)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """What has been committed."""
        with self.database.read() as session:
            yield session

    def number_of(self, key: str) -> str:
        """Somebody's public number."""
        with self.read() as session:
            found = select(Alias.number).where(Alias.person_id == self.people[key])
            return f"{session.scalars(found).one():04d}"

    def verified(self) -> verify.Report:
        """The whole record, computed again after the log was signed."""
        jobs.sign(self.database, self.settings)
        return verify.verify(self.database, self.settings)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """An hour on the community's clock."""
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
    return local.astimezone(UTC)


def settle(database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town with five residents who have a password, three who have none, and two comrades."""
    for name, number in (("RESIDENTS", 5), ("NEIGHBOURS", 3), ("COMRADES", 2)):
        monkeypatch.setattr(cast, name, number)
    return Town(database, folder)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve the application on a free port, as in production, in a thread; gives the address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", access_log=False, ws="none",
        lifespan="off", timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
