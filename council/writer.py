"""The one who writes for many at once: whatever waits goes into one transaction and one commit.

A disk confirms a commit no faster for one ballot than for sixty-four. So those who vote at the
same moment share a commit, and nobody waits for company: who comes alone is written alone.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Generic, Protocol, TypeVar

from psycopg.pq import TransactionStatus
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from council.db import savepoint

T = TypeVar("T")

MOST = 256
"""Pieces of work in one transaction, so that no answer waits for an endless one."""


class Writes(Protocol):
    """A database that gives a session which commits at its end."""

    def write(self) -> AbstractContextManager[Session]:
        """Open the session; what is raised inside rolls everything back."""


class Closed(RuntimeError):
    """The writer has stopped and takes no more work."""


class _Job(Generic[T]):
    """One piece of work, what came of it, and the promise to say so after the commit."""

    def __init__(
        self, work: Callable[[Session], T], future: "Future[T] | asyncio.Future[T]"
    ) -> None:
        self.work = work
        self.future = future
        self.done: list[T] = []
        self.error: BaseException | None = None

    def run(self, session: Session) -> None:
        """Do it in a savepoint of its own: what it raises undoes this piece and no other."""
        drafts = session.info.setdefault("drafts", [])
        kept = len(drafts)
        try:
            with savepoint(session):
                self.done.append(self.work(session))
                session.flush()
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told to who asked)
            session.expunge_all()
            del drafts[kept:]
            self.error = error
            _still_whole(session)

    def answer(self, failure: BaseException | None) -> None:
        """Say what came of it. `failure` is why nothing at all was committed."""
        if self.future.cancelled():
            return
        if error := self.error or failure:
            self.future.set_exception(error)
        else:
            self.future.set_result(self.done[0])


class Writer:
    """One thread with a queue. Work is acknowledged after its commit, never before.

    Work must be short, touches only the session that it is given, changes rows in acts, and never
    commits. The session lets go of all its rows when a piece of work was undone.
    """

    def __init__(self, database: Writes) -> None:
        self._database = database
        self._queue: SimpleQueue[list[_Job[Any]] | None] = SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Job[Any]]] = {}
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False

    def submit(self, work: Callable[[Session], T]) -> T:
        """Have it done and wait for the commit; raises what the work or the commit raised."""
        return self.later(work).result()

    def later(self, work: Callable[[Session], T]) -> Future[T]:
        """Have it done; the future is fulfilled after the commit. Raises Closed after `close`."""
        future: Future[T] = Future()
        self._put([_Job(work, future)])
        return future

    async def together(self, work: Callable[[Session], T]) -> T:
        """The same for who waits in an event loop: whatever one turn of it brings, comes at once.

        So sixty-four who vote at the same moment change to the writer's thread and back once.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        gathered = self._gathered.setdefault(loop, [])
        gathered.append(_Job(work, future))
        if len(gathered) == 1:
            loop.call_soon(self._hand_over, loop)
        return await future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = self._gathered.pop(loop)
        try:
            self._put(jobs)
        except Closed as closed:
            _tell(jobs, closed)

    def _put(self, jobs: list[_Job[Any]]) -> None:
        with self._lock:
            if self._closed:
                raise Closed("the writer has stopped")
            if self._thread is None:
                self._thread = Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._queue.put(jobs)

    def close(self) -> None:
        """Finish what waits and stop; safe to repeat."""
        with self._lock:
            self._closed = True
            if self._thread is None:
                return
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        ending = False
        while not ending:
            found = self._queue.get()
            jobs: list[_Job[Any]] = []
            while found is not None:
                jobs += found
                if len(jobs) >= MOST:
                    break
                try:
                    found = self._queue.get_nowait()
                except Empty:
                    break
            ending = found is None
            while jobs:
                self._turn(jobs[:MOST])
                del jobs[:MOST]

    def _turn(self, jobs: list[_Job[Any]]) -> None:
        """One transaction for all of them; the answers leave after its commit."""
        failure: BaseException | None = None
        try:
            with self._database.write() as session:
                for job in jobs:
                    job.run(session)
                _still_whole(session)
        except Exception as error:  # noqa: BLE001  (whatever it is, all of them are told)
            failure = error
        _answer(jobs, failure)


def _answer(jobs: list[_Job[Any]], failure: BaseException | None) -> None:
    """Say to each what came of it; to those in the same event loop all at once."""
    waiting: dict[asyncio.AbstractEventLoop, list[_Job[Any]]] = {}
    for job in jobs:
        if isinstance(job.future, Future):
            job.answer(failure)
        else:
            waiting.setdefault(job.future.get_loop(), []).append(job)
    for loop, some in waiting.items():
        with suppress(RuntimeError):  # the loop has been closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell, some, failure)


def _tell(jobs: list[_Job[Any]], failure: BaseException | None) -> None:
    for job in jobs:
        job.answer(failure)


def _still_whole(session: Session) -> None:
    """Raise unless the transaction that was begun for all of them still stands.

    A full disk makes SQLite undo all of it without a word. Then nothing of this turn was kept,
    nobody may be told otherwise, and nothing more may be written outside of any transaction. (An
    own savepoint around everything would tell it too, but makes SQLite copy each page for each.)
    """
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        whole = driver.in_transaction
    else:
        whole = driver.info.transaction_status is TransactionStatus.INTRANS
    if not whole:
        raise OperationalError("COMMIT", {}, RuntimeError("the transaction was undone"))
