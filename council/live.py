"""Live: whoever watches a meeting learns that something in it has changed, in whatever process."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import closing, suppress

import psycopg
import sqlalchemy as sa
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column

from council.db import Base, Database
from council.meetings import AgendaItem, Meeting
from council.votes import Vote

log = logging.getLogger("council")

CHANNEL = "council_meeting"
"""Where PostgreSQL tells other processes (NOTIFY); the message is `meeting:version`."""

POLL = 0.3
"""Seconds between two looks at an SQLite file that other processes write to."""

Hears = Callable[[int, int], None]
"""Somebody who is told a meeting's id and its new version."""


class Pulse(Base):
    """How often something in a meeting has changed; it tells nothing else, and decides nothing."""

    __tablename__ = "meeting_pulse"
    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meeting.id"), primary_key=True, autoincrement=False
    )
    version: Mapped[int]


_hearers: dict[int, list[Hears]] = {}
"""By the engine that writes: who in this process is told after each commit."""


def version(session: Session, meeting_id: int) -> int:
    """The meeting's version; 0 before anything has changed."""
    return session.scalar(select(Pulse.version).where(Pulse.meeting_id == meeting_id)) or 0


def versions(session: Session, meeting_ids: Iterable[int]) -> dict[int, int]:
    """The versions of these meetings that have one, in one statement."""
    found = select(Pulse.meeting_id, Pulse.version).where(Pulse.meeting_id.in_(list(meeting_ids)))
    return {row[0]: row[1] for row in session.execute(found)}


def touch(session: Session, meeting_id: int) -> None:
    """Something in this meeting changes with this transaction, without a row that tells so."""
    session.info.setdefault("meetings", set()).add(meeting_id)


# What a transaction touches


@event.listens_for(Session, "after_flush")
def _notice(session: Session, _flush: UOWTransaction) -> None:
    """Note which meetings the rows of this flush belong to."""
    for row in (*session.new, *session.dirty, *session.deleted):
        if (meeting_id := _meeting_of(session, row)) is not None:
            touch(session, meeting_id)


def _meeting_of(session: Session, row: object) -> int | None:
    if isinstance(row, Pulse):
        return None
    if isinstance(row, Meeting):
        return row.id
    if isinstance(found := getattr(row, "meeting_id", None), int):
        return found
    item_id = getattr(row, "item_id", None) or getattr(row, "agenda_item_id", None)
    if item_id is None and (vote_id := getattr(row, "vote_id", None)):
        vote = session.get(Vote, vote_id)
        item_id = vote.agenda_item_id if vote else None
    item = session.get(AgendaItem, item_id) if item_id else None
    return item.meeting_id if item else None


@event.listens_for(Session, "before_commit")
def _beat(session: Session) -> None:
    """Count the change in the same transaction; PostgreSQL tells other processes at its end."""
    if session.in_nested_transaction():
        return
    session.flush()
    meetings = session.info.pop("meetings", None)
    if not meetings:
        return
    told: list[tuple[int, int]] = []
    for meeting_id in sorted(meetings):  # one after the other: the log's head is held already
        pulse = session.get(Pulse, meeting_id, with_for_update=True)
        if pulse is None:
            pulse = Pulse(meeting_id=meeting_id, version=0)
            session.add(pulse)
        pulse.version += 1
        told.append((meeting_id, pulse.version))
    if session.get_bind().dialect.name == "postgresql":
        for meeting_id, now in told:
            session.execute(select(sa.func.pg_notify(CHANNEL, f"{meeting_id}:{now}")))
    session.info["told"] = told


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for meeting_id, now in session.info.pop("told", ()):
        for hears in _hearers.get(id(session.get_bind()), ()):
            hears(meeting_id, now)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("meetings", None)
        session.info.pop("told", None)


# Who listens


class Ears:
    """Tells one hearer of every change, by this process at once and by any other soon after."""

    def __init__(self, database: Database, hears: Hears) -> None:
        self._database, self._hears = database, hears
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to listen; safe to repeat, and in vain after `close`."""
        if self._thread is not None or self._stopped.is_set():
            return
        _hearers.setdefault(self._database.writes_with, []).append(self._hears)
        self._thread = threading.Thread(target=self._run, name="ears", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more; safe to repeat, from any thread."""
        self._stopped.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            _hearers[self._database.writes_with].remove(self._hears)
            thread.join(timeout=2)

    def _run(self) -> None:
        """Listen until closed; whatever interrupts it, such as a restart of the database, ends."""
        listen = self._poll if self._database.url.startswith("sqlite") else self._listen
        while not self._stopped.is_set():
            try:
                listen()
            except (sqlite3.Error, psycopg.Error, sa.exc.SQLAlchemyError) as error:
                log.warning("watchers of meetings are told late: %s", type(error).__name__)
                self._stopped.wait(1)

    def _poll(self) -> None:
        path = sa.make_url(self._database.url).database
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as other:
            seen = None
            while not self._stopped.wait(POLL):
                now = other.execute("PRAGMA data_version").fetchone()
                if now != seen:
                    seen = now
                    self._catch_up()

    def _listen(self) -> None:
        url = sa.make_url(self._database.url).set(drivername="postgresql")
        words = url.render_as_string(hide_password=False)
        with psycopg.connect(words, autocommit=True) as other:
            other.execute(f"LISTEN {CHANNEL}")
            self._catch_up()  # what was told while nobody listened
            while not self._stopped.is_set():
                for told in other.notifies(timeout=1, stop_after=1):
                    with suppress(ValueError):
                        meeting_id, now = told.payload.split(":")
                        self._hears(int(meeting_id), int(now))

    def _catch_up(self) -> None:
        with self._database.read() as session:
            for meeting_id, now in session.execute(select(Pulse.meeting_id, Pulse.version)):
                self._hears(meeting_id, now)
