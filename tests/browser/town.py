"""A small community with everybody in it, a real server before it, and a clock that is moved."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.applications import Starlette

from council import i18n, jobs, people, proposals, verify
from council.db import Database
from council.demo import cast, road, stage
from council.gate import Context
from council.i18n import ZONE
from council.people import Alias, Person
from council.places import Place
from council.proposals import Proposal, Stage
from council.settings import Settings
from council.web.app import create_app

PHOTOS = Path(stage.__file__).parent / "photos"
FIRST_DAY = date(2026, 10, 12)
"""A Monday; no public holiday lies in the weeks of a story."""


class Town:
    """The community of the example without any matter: offices, seats, a few residents."""

    def __init__(self, database: Database, folder: Path, first_day: date = FIRST_DAY) -> None:
        self.database = database
        self.settings = Settings(
            data_dir=folder, database_url=database.url, secret_key="for tests only"
        )
        self.now = moment(first_day, 8)
        self.address = ""
        with database.write() as session:
            self._told = stage.Stage(session, self.settings, self.now)
            self._told.now = self.now
            cast.settle(self._told)
            self.community_id = self._told.community.id
        self.people = self._told.cast
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

    def play(self, schedule: Callable[[stage.Stage], None], until: datetime) -> None:
        """Let scenes of the example play until a moment; the clock stands there then."""
        on = self._told
        with self.database.write() as session:
            on.session, on.community = session, session.get_one(Place, self.community_id)
            on.today = i18n.local(until).date()
            schedule(on)
            on.play(until, lambda _: None)
        self.now = until
        jobs.work(self.database, self.settings, self.now)

    def open_matter(self) -> str:
        """A matter of the example goes through admission to its consultation; gives its address."""
        told = copy.deepcopy(stage.script("matters")["park"])
        told |= {"author": "resident001", "supporters": 3}

        def consulted(on: stage.Stage) -> stage.Scene:
            yield from road.propose(on, told)
            matter = road.matter_of(on, told)
            road.open_for_opinions(on, matter, proposals.words_of(matter))

        self.play(lambda on: on.enter(self.now, consulted(on)), self.now + timedelta(days=4))
        return f"/proposals/{told['id']}"

    def matter(self, stage: Stage) -> str:
        """The address of the youngest matter that stands at this stage."""
        with self.read() as session:
            found = select(Proposal.id).where(Proposal.stage == stage).order_by(Proposal.id.desc())
            return f"/proposals/{session.scalars(found).first()}"

    def name_of(self, key: str) -> str:
        """Somebody's real name, which only those who enter for others see."""
        with self.read() as session:
            return session.get_one(Person, self.people[key]).name

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


def settle(database: Database, folder: Path, first_day: date = FIRST_DAY) -> Town:
    """A town with a dozen residents who have a password, three who have none, and two comrades."""
    with pytest.MonkeyPatch.context() as patch:
        for name, number in (("RESIDENTS", 12), ("NEIGHBOURS", 3), ("COMRADES", 2)):
            patch.setattr(cast, name, number)
        return Town(database, folder, first_day)


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
