"""A storm of voters, and the site that they vote at, over HTTP.

The site runs in a process of its own, so that a test can kill it in the middle. Of
`python -m tests.storm URL SOCKET NOW FOLDER` each line on its input forks one, because loading the
program takes longer than the storm. What votes wait for the log is logged many times a second.
"""

import asyncio
import os
import re
import signal
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette

from council import batches
from council.db import Database, load_tables
from council.errors import CouncilError
from council.gate import Context
from council.people import SYSTEM
from council.settings import Settings
from council.web.app import create_app

COPIES = 3
"""How often every ballot is sent, at the same moment."""

SHOWN = re.compile(rb'translate="no">([^<]+)</dd>')
"""What a receipt shows in full: phrase, c, r and the signed note."""

Ballot = dict[str, Any]
Answer = dict[str, Any]


async def serve(app: Starlette, path: str, now: datetime) -> None:
    """The site as `council serve` runs it, but for its address and a clockwork in a hurry."""
    config = uvicorn.Config(app, uds=path, lifespan="off", access_log=False, log_level="warning")
    clock = asyncio.create_task(clockwork(app.state.database, now))
    print(os.getpid(), flush=True)
    await uvicorn.Server(config).serve()
    clock.cancel()


async def clockwork(database: Database, now: datetime) -> None:
    while True:
        await asyncio.to_thread(log_batches, database, now)
        await asyncio.sleep(0.05)


def log_batches(database: Database, now: datetime) -> None:
    with database.read() as session:
        due = list(batches.due(Context(session, SYSTEM, now)))
    for vote_id in due:
        with suppress(CouncilError), database.write() as session:
            batches.log_waiting(Context(session, SYSTEM, now), vote_id)


class Voters:
    """Those who vote, all at once and each with three copies; they keep every answer they got."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.under_way = 0
        self.kept: list[tuple[Ballot, Answer]] = []

    async def vote(self, ballots: list[Ballot]) -> None:
        """One person's ballots, one after the other; a different one on top is always refused."""
        for ballot in ballots:
            copies = (self.send(ballot) for _ in range(COPIES))
            self.kept += [(ballot, answer) for answer in await asyncio.gather(*copies)]
        if "r" in (other := ballots[0]):
            answer = await self.send(other | {"r": "f" * 32})
            assert answer == {"status": 409}

    async def send(self, ballot: Ballot) -> Answer:
        """Send it again and again until it is answered, as a telephone in the lift does."""
        self.under_way += 1
        answer = b""
        while not answer:
            with suppress(OSError, asyncio.IncompleteReadError):
                answer = await self.once(ballot)
            if not answer:
                await asyncio.sleep(0.02)
        self.under_way -= 1
        return told(answer)

    async def once(self, ballot: Ballot) -> bytes:
        """Send it and wait for the whole answer; how often it went out stands on the ballot."""
        lines, sent = await asyncio.open_unix_connection(self.path)
        ballot["sent"] = ballot.get("sent", 0) + 1
        try:
            sent.write(request(ballot))
            return await whole(lines)
        finally:
            sent.close()


def request(ballot: Ballot) -> bytes:
    """A ballot as a browser without script sends it."""
    names = ("choice", "phrase", "r")
    form = urlencode({name: ballot[name] for name in names if name in ballot}).encode()
    where = "ballot" if "r" in ballot else "ballots"
    head = (
        f"POST /votes/{ballot['vote']}/{where} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Cookie: council={ballot['token']}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    return head.encode() + form


async def whole(lines: asyncio.StreamReader) -> bytes:
    """An answer that arrived in full. Raises IncompleteReadError for any other."""
    head = await lines.readuntil(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head)
    assert length
    return head + await lines.readexactly(int(length[1]))


def told(answer: bytes) -> Answer:
    """What an answer says: its status, and the commitment of a receipt."""
    status = int(answer.split(b" ", 2)[1])
    if status != 200:
        return {"status": status}
    phrase, c, r, _ = (one.decode() for one in SHOWN.findall(answer))
    return {"status": status, "c": c, "phrase": phrase, "r": r}


if __name__ == "__main__":
    load_tables()
    url, path, now, folder = sys.argv[1:]
    at = datetime.fromisoformat(now)
    settings = Settings(data_dir=folder, secret_key="for the storm only", log_key="00" * 32)
    site = create_app(Database(url), settings, clock=lambda: at)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            asyncio.run(serve(site, path, at))
