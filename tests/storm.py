"""A storm of voters, and the small server that they vote at: it casts as the site does.

The server runs in a process of its own, so that a test can kill it in the middle. Of
`python -m tests.storm URL SOCKET NOW` each line on its input forks one, because loading the program
takes longer than the storm. A line of JSON on the socket is a ballot, and so is the answer to it.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from council import ballots, batches, people, rollcalls
from council.ballots import Entitled
from council.db import Database, load_tables
from council.errors import CouncilError
from council.gate import Context
from council.people import SYSTEM
from council.votes import Choice, Vote, Voter
from council.writer import Writer

COPIES = 3
"""How often every ballot is sent, at the same moment."""

Ballot = dict[str, Any]
Work = Callable[[Any], dict[str, Any]]


class Server:
    """Reads and checks in threads; writes through the writer, answers after its commit."""

    def __init__(self, url: str, now: datetime) -> None:
        self.database = Database(url)
        self.writer = Writer(self.database)
        self.now = now

    async def serve(self, path: str) -> None:
        server = await asyncio.start_unix_server(self.talk, path)
        clock = asyncio.create_task(self.clockwork())
        print(os.getpid(), flush=True)
        async with server:
            await server.serve_forever()
        clock.cancel()

    async def clockwork(self) -> None:
        """What waits goes into the log meanwhile, as every minute on the site."""
        while True:
            await asyncio.to_thread(self.log_batches)
            await asyncio.sleep(0.05)

    def log_batches(self) -> None:
        with self.database.read() as session:
            due = list(batches.due(Context(session, SYSTEM, self.now)))
        for vote_id in due:
            with suppress(CouncilError), self.database.write() as session:
                batches.log_waiting(Context(session, SYSTEM, self.now), vote_id)

    async def talk(self, lines: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        while line := await lines.readline():
            answers.write(json.dumps(await self.answer(json.loads(line))).encode() + b"\n")
        answers.close()

    async def answer(self, asked: Ballot) -> dict[str, Any]:
        try:
            work = await asyncio.to_thread(self.prepared, asked)
            return await asyncio.wrap_future(self.writer.later(work))
        except CouncilError as refusal:
            return {"refused": refusal.key}

    def prepared(self, asked: Ballot) -> Work:
        """Everything before the transaction: who votes, on what, what the ballot says."""
        with self.database.read() as session:
            vote = session.get_one(Vote, asked["vote"])
            voter = session.get_one(Voter, asked["voter"])
            actor = people.actor(session, asked["person"], self.now)

        def by_name(session: Any) -> dict[str, Any]:
            ctx = Context(session, actor, self.now)
            row = rollcalls.cast(
                ctx, session.get_one(Vote, vote.id), choice=Choice(asked["choice"])
            )
            return {"seq": row.seq, "choice": row.choice}

        if "r" not in asked:
            return by_name
        said = {name: asked[name] for name in ("choice", "phrase", "r")}
        filled = ballots.fill(vote, **said)

        def in_secret(session: Any) -> dict[str, Any]:
            ctx = Context(session, actor, self.now)
            return vars(ballots.drop(ctx, Entitled(vote, voter), filled=filled))

        return in_secret


class Voters:
    """Those who vote, all at once and each with three copies; they keep every answer they got."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.under_way = 0
        self.kept: list[tuple[Ballot, dict[str, Any]]] = []

    async def vote(self, ballots: list[Ballot]) -> None:
        """One person's ballots, one after the other; a different one on top is always refused."""
        for ballot in ballots:
            copies = (self.send(ballot) for _ in range(COPIES))
            self.kept += [(ballot, answer) for answer in await asyncio.gather(*copies)]
        if "r" in (other := ballots[0]):
            answer = await self.send(other | {"r": "f" * 32})
            assert answer == {"refused": "already_voted"}

    async def send(self, ballot: Ballot) -> dict[str, Any]:
        """Send it again and again until it is answered, as a telephone in the lift does."""
        self.under_way += 1
        while True:
            try:
                lines, sent = await asyncio.open_unix_connection(self.path)
                sent.write(json.dumps(ballot).encode() + b"\n")
                answer = await lines.readline()
                sent.close()
            except OSError:
                answer = b""
            if answer:
                self.under_way -= 1
                return json.loads(answer)
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    load_tables()
    url, path, now = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            asyncio.run(Server(url, datetime.fromisoformat(now)).serve(path))
