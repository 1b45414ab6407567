"""The server's own clockwork: every minute it does what is due, and signs the log."""

import fcntl
import logging
import resource
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

import anyio
from starlette.applications import Starlette

from council import jobs
from council.settings import Settings
from council.web.live import MOST

log = logging.getLogger("council")

EVERY = 60.0
"""Seconds between two rounds."""

FILES = MOST + 1000
"""Open files that a server may need: each watcher of a meeting is one of them."""


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[None]:
    """Keep the clockwork going while the server runs; at the end write what waits, and let go."""
    _let_go_at_the_end(app)
    make_room()
    async with anyio.create_task_group() as group:
        group.start_soon(_rounds, app)
        yield
        group.cancel_scope.cancel()
    await anyio.to_thread.run_sync(app.state.hub.stop)
    await anyio.to_thread.run_sync(app.state.writer.close)
    app.state.database.close()


def _let_go_at_the_end(app: Starlette) -> None:
    """Those who watch a meeting are let go at once when the server is told to stop.

    Else it would wait for them, since an open answer counts as work that is not done.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        usual = signal.getsignal(number)

        def stop(number: int, frame: FrameType | None, usual: Any = usual) -> None:
            app.state.hub.close()
            if callable(usual):
                usual(number, frame)

        signal.signal(number, stop)


def make_room() -> None:
    """Let this process open as many files as its watchers need, or as many as it may."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    may = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if usual != resource.RLIM_INFINITY and usual < may:
        resource.setrlimit(resource.RLIMIT_NOFILE, (may, most))


async def _rounds(app: Starlette) -> None:
    while True:
        await anyio.to_thread.run_sync(turn, app)
        await anyio.sleep(EVERY)


def turn(app: Starlette) -> None:
    """One round, by one process of the machine at a time; a failed one is tried again later."""
    state = app.state
    with alone(state.settings) as first:
        if not first:
            return
        try:
            jobs.work(state.database, state.settings, state.clock())
        except jobs.ForkedLog as fork:
            log.critical("the log was not signed: %s (see docs/audit.md)", fork)
        except Exception:
            log.exception("the clockwork stopped for this round")


@contextmanager
def alone(settings: Settings) -> Iterator[bool]:
    """Whether no other process of this machine is at it; true for the whole block."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "clockwork.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
