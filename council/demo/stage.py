"""The stage of the example: a moved clock, everybody by a key, and scenes in one order of time."""

import heapq
import random
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from council import calendar, deadlines, files, jobs, people, translations
from council.files import Picture
from council.gate import Context, Situated
from council.i18n import ZONE
from council.people import SYSTEM, Actor, Behalf, Channel, Consent
from council.places import Place
from council.settings import Settings

HERE = Path(__file__).parent
SEED = 1259
"""The same arguments give the same record, apart from salts, codes and keys."""

Scene = Iterator[datetime]
Script = dict[str, Any]


def script(name: str) -> Script:
    """What is said and done, from a file beside this one; anew, since playing notes ids in it."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def picture(name: str) -> Picture:
    """A photograph of the example, gone through the same door as everybody's."""
    return files.decode((HERE / "photos" / f"{name}.jpg").read_bytes())


class Stage:
    """The example as it plays: who is on stage, what time it is, and what happens next."""

    def __init__(self, session: Session, settings: Settings, moment: datetime) -> None:
        self.session = session
        self.settings = settings
        self.moment = moment
        self.today = deadlines.local_date(moment)
        self.last: Scene | None = None
        """What goes on at the moment of loading; everything else stops at noon at the latest."""
        self.now = datetime.combine(self.today, time(), ZONE).astimezone(UTC)
        self.random = random.Random(SEED)
        self.cast: dict[str, int] = {}
        self.units: dict[str, int] = {}
        self.community: Place
        self._actors: dict[str, Actor] = {}
        self._scenes: list[tuple[datetime, int, Scene]] = []
        self._entered = 0

    # Who acts

    def as_(self, key: str) -> Context:
        """This person acts now."""
        return Context(self.session, self._actor(key), self.now)

    def for_(self, key: str, worker: str, channel: Channel) -> Context:
        """A worker enters something for this person now."""
        behalf = Behalf(self._actor(key), channel, Consent.SPOKEN)
        return Context(self.session, self._actor(worker), self.now, behalf)

    def system(self) -> Context:
        """The clockwork acts now."""
        return Context(self.session, SYSTEM, self.now)

    def _actor(self, key: str) -> Actor:
        if key not in self._actors:
            self._actors[key] = people.actor(self.session, self.cast[key], self.now)
        return self._actors[key]

    # When it happens

    def at(self, days: int, hour: int = 9, minute: int = 0) -> datetime:
        """An hour on the community's clock, so many days before (or after) the load day."""
        day = self.today + timedelta(days=days)
        return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)

    def later(self, days: int = 0, hour: int = 9, minute: int = 0) -> datetime:
        """An hour on a working day, at least so many working days after the present one."""
        is_working = calendar.working(self.session)
        day = deadlines.local_date(self.now)
        while days > 0 or not is_working(day):
            day += timedelta(days=1)
            days -= is_working(day)
        found = datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)
        return max(found, self.now + timedelta(minutes=5))

    def enter(self, when: datetime, scene: Scene) -> None:
        """Let a scene begin at an hour. It yields the next hour at which it goes on."""
        self._entered += 1
        heapq.heappush(self._scenes, (when, self._entered, scene))

    def play(self, until: datetime, told: Callable[[float], None]) -> None:
        """Play every scene in one order of time, each day a transaction; then stop the clock.

        `told` hears how much of the time has passed, from 0 to 1.
        """
        begins = next(self.last) if self.last else until
        until = min(until, begins)
        first = self._scenes[0][0] if self._scenes else until
        day = None
        while self._scenes and self._scenes[0][0] <= until:
            when, _, scene = heapq.heappop(self._scenes)
            self.now = max(self.now, when)
            if deadlines.local_date(when) != day:
                self.session.commit()
                day = deadlines.local_date(when)
                jobs.run_due(self.system())
                told((when - first) / max(until - first, timedelta(seconds=1)))
            following = next(scene, None)
            if following is not None:
                self.enter(following, scene)
        self.now = max(self.now, until)
        jobs.run_due(self.system())
        if self.last:
            self.now = begins
            for when in self.last:
                self.now = when
        self.session.commit()
        told(1)

    # What is shown

    def photo(self, name: str) -> Picture:
        """A photograph, kept in the data folder."""
        found = picture(name)
        files.keep(self.settings, found)
        return found

    def english(self, row: Situated, **fields: Any) -> None:
        """Add the community's English for texts of a row; what has none stays Chinese."""
        for name, words in fields.items():
            if isinstance(words, dict) and words.get("en"):
                translations.add(self.as_("community_worker"), row, field=name, words=words["en"])


def zh(words: Any) -> str:
    """The Chinese of a text of the script."""
    return str(words["zh"]) if isinstance(words, dict) else str(words)
