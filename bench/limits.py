"""The limits that everything is compared with, measured in the same run (docs: bench/README.md).

L2 is what a routed hello of Starlette costs; L4 what SQLite does when all that is written is a
ballot, a row of the log and a counter, durably.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bench.serving import Run, free_port, pressed, served


async def hello(_: Request) -> PlainTextResponse:
    """The least that a page can be."""
    return PlainTextResponse("hello")


app = Starlette(routes=[Route("/", hello)])
"""What L2 serves."""


def routed_hello(requests: int = 6400) -> Run:
    """L2: a hello by uvicorn and Starlette's router, for 64 clients."""
    port = free_port()
    command = ("-m", "uvicorn", "bench.limits:app", "--port", str(port), "--no-access-log")
    with served(*command, "--log-level", "error", port=port) as process:
        lane = [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"]
        pressed(process, port, [lane * 20] * 64)
        return pressed(process, port, [lane * (requests // 64)] * 64)


def durable_rows(folder: Path, *, together: int, ballots: int) -> float:
    """L4: ballots a second by bare SQLite, so many in each commit."""
    path = folder / f"limit-{together}.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "CREATE TABLE ballot (c TEXT PRIMARY KEY, opening BLOB) WITHOUT ROWID;"
            "CREATE TABLE entry (idx INTEGER PRIMARY KEY, entry BLOB);"
            "CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER);"
            "INSERT INTO counter VALUES (1, 0);"
        )
        start = time.perf_counter()
        for first in range(0, ballots, together):
            database.execute("BEGIN IMMEDIATE")
            for n in range(first, first + together):
                database.execute("INSERT INTO ballot VALUES (?, ?)", (f"{n:064x}", bytes(100)))
                database.execute("INSERT INTO entry VALUES (?, ?)", (n, bytes(300)))
                database.execute("UPDATE counter SET n = n + 1 WHERE id = 1")
            database.execute("COMMIT")
        return ballots / (time.perf_counter() - start)
