"""A change of a meeting on its way to 200, 1,000 and 5,000 watchers, beside bare asyncio.

`PYTHONPATH=. .venv/bin/python bench/meeting.py [watchers …]`
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import select
from starlette.applications import Starlette

from bench import poll
from bench.poll import Seat
from bench.serving import free_port, running
from council import db, live
from council.__main__ import application as council
from council.db import Database
from council.people import Membership
from tests.hall import SEATS, Hall
from tests.world import World

CROWDS = (200, 1000, 5000)
ACTS = 12
"""Sign-ins of which each fan-out is measured; as many again come all at once at the end."""

PAGE = os.sysconf("SC_PAGE_SIZE")
TIMES = "BENCH_TIMES"
"""Names the file in which a server notes when a version was there to be told."""


# The two servers, each in a process of its own


def note(_meeting_id: int, version: int) -> None:
    """Note when a change was committed, by the clock that all processes share."""
    with Path(os.environ[TIMES]).open("a") as times:
        times.write(f"{version} {time.monotonic()}\n")


def application() -> Starlette:
    """Council as it is served, noting when each change was committed."""
    app = council()
    live._hearers.setdefault(app.state.database.writes_with, []).append(note)
    return app


class Bare(asyncio.Protocol):
    """The least there can be: whoever sends anything makes all others hear a frame."""

    there: set[Any]
    version = 0

    def connection_made(self, transport: Any) -> None:
        """One more."""
        self.transport = transport
        Bare.there.add(transport)

    def data_received(self, data: bytes) -> None:
        """Tell everybody."""
        Bare.version += 1
        note(0, Bare.version)
        frame = b"id: %d\nevent: version\ndata: %d 1\n\n" % (Bare.version, Bare.version)
        for one in Bare.there:
            one.write(frame)

    def connection_lost(self, error: Exception | None) -> None:
        """One less."""
        Bare.there.discard(self.transport)


async def bare(port: int) -> None:
    """Serve the bare one."""
    Bare.there = set()
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


# Those who watch


@dataclass
class Crowd:
    """Watchers in one process, and when each of them heard of each version."""

    heard: dict[int, list[float]] = field(default_factory=dict)
    newest: dict[int, int] = field(default_factory=dict)

    async def come(self, port: int, request: bytes, many: int) -> None:
        """So many connect, fifty at a time, and are told how things stand."""
        loop = asyncio.get_running_loop()
        for first in range(0, many, 50):
            names = range(first, min(first + 50, many))
            await asyncio.gather(
                *(
                    loop.create_connection(lambda n=n: Watcher(self, n, request), "127.0.0.1", port)
                    for n in names
                )
            )
            if request:
                await self.all_heard(0, names[-1] + 1)

    async def all_heard(self, version: int, many: int, *, patience: float = 10) -> None:
        """Wait until everybody has heard of a version, or a later one."""
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            if sum(one >= version for one in self.newest.values()) >= many:
                return
            await asyncio.sleep(0.02)


class Watcher(asyncio.Protocol):
    """One of them."""

    def __init__(self, crowd: Crowd, name: int, request: bytes) -> None:
        self.crowd, self.name, self.request = crowd, name, request

    def connection_made(self, transport: Any) -> None:
        """Ask, where one has to ask."""
        if self.request:
            transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Note the version, and when it came."""
        at = data.rfind(b"\ndata: ")
        if at < 0:
            return
        version = int(data[at + 7 :].split(None, 1)[0])
        if self.crowd.newest.get(self.name) != version:
            self.crowd.newest[self.name] = version
            self.crowd.heard.setdefault(version, []).append(time.monotonic())


@dataclass(frozen=True)
class Told:
    """What came of it."""

    p95: float
    whole: float
    kib: float
    missed: int
    stop: float


async def watched(
    process: int, port: int, request: bytes, many: int, acts: list[bytes], times: Path
) -> tuple[float, float, float, int]:
    """Milliseconds from commit and from request to watchers (p95), KiB of each, missed ones."""
    crowd, warm = Crowd(), Crowd()
    await warm.come(port, request, 50)
    before = memory(process)
    await crowd.come(port, request, many)
    kib = (memory(process) - before) / 1024 / many
    from_commit: list[float] = []
    from_request: list[float] = []
    for act in acts[:ACTS]:
        start = time.monotonic()
        await sent(port, act)
        version, committed = last_noted(times)
        await crowd.all_heard(version, many)
        from_commit += [at - committed for at in crowd.heard[version]]
        from_request += [at - start for at in crowd.heard[version]]
        await asyncio.sleep(0.1)
    await asyncio.gather(*(sent(port, act) for act in acts[ACTS:]))
    version, _ = last_noted(times)
    await crowd.all_heard(version, many)
    missed = many - sum(one == version for one in crowd.newest.values())
    return p95(from_commit), p95(from_request), kib, missed


def p95(delays: list[float]) -> float:
    """The delay in milliseconds that 95 of 100 stay below."""
    return sorted(delays)[len(delays) * 95 // 100 - 1] * 1000


def memory(process: int) -> int:
    """Bytes that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE


def last_noted(times: Path) -> tuple[int, float]:
    """The newest version, and when it was there to be told."""
    lines = [line.split() for line in times.read_text().splitlines()]
    version = int(lines[-1][0])
    return version, min(float(at) for number, at in lines if int(number) == version)


async def sent(port: int, act: bytes) -> None:
    """Send an act and wait for the answer, as far as there is one."""
    lines, out = await asyncio.open_connection("127.0.0.1", port)
    out.write(act)
    head = await lines.readline()
    if head.startswith(b"HTTP") and not head.startswith(b"HTTP/1.1 303"):
        raise SystemExit(head.decode() + (await lines.read(2000)).decode())
    out.close()


# The meeting


def prepared(folder: Path) -> tuple[int, str, Iterator[Seat]]:
    """A meeting with many seats, whose holders stand at the door; and the code that hangs there."""
    db.load_tables()
    url = f"sqlite:///{folder}/council.db"
    db.migrate(url)
    database = Database(url)
    with database.write() as session:
        world = World(database, session)
        world.now = datetime.now(UTC) - timedelta(days=7, hours=10)
        hall = Hall(world)
        many = 2 * ACTS * len(CROWDS)
        seats = poll.newcomers(session, world.community.id, range(-many, 0), world.now)
        people = [one.person_id for one in seats]
        members = session.scalars(select(Membership.id).where(Membership.person_id.in_(people)))
        meeting = hall.opened(members=(*hall.member_ids(*SEATS), *members))
        meeting_id, code = meeting.id, hall.code(meeting)
    database.close()
    return meeting_id, code, iter(seats)


def sign_in(meeting_id: int, code: str, seat: Seat) -> bytes:
    """What a browser sends when somebody signs in at the meeting."""
    sent = f"csrf=&code={code}"
    return (
        f"POST /meetings/{meeting_id}/door HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: council={seat.token}\r\nSec-Fetch-Site: same-origin\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(sent)}\r\n\r\n{sent}"
    ).encode()


def measure(kind: str, many: int, request: bytes, acts: list[bytes], folder: Path) -> Told:
    """Start a server, let so many watch it, and stop it while they do."""
    times, port = folder / f"times-{kind}-{many}", free_port()
    settings = {
        "COUNCIL_DATA_DIR": str(folder), "COUNCIL_SECRET_KEY": "for the benchmark only",
        TIMES: str(times),
    }  # fmt: skip

    async def both() -> Told:
        with running("-m", "bench.meeting", kind, str(port), port=port, **settings) as server:
            found = await watched(server.pid, port, request, many, acts, times)
            start = time.monotonic()
            server.terminate()
            await asyncio.to_thread(server.wait)
            return Told(*found, stop=time.monotonic() - start)

    return asyncio.run(both())


def main(crowds: tuple[int, ...]) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        meeting_id, code, seats = prepared(folder)
        request = (
            f"GET /meetings/{meeting_id}/live HTTP/1.1\r\nHost: localhost\r\n"
            "Accept: text/event-stream\r\n\r\n"
        ).encode()
        for many in crowds:
            limit = measure("bare", many, b"", [b"go\n"] * (2 * ACTS), folder)
            acts = [sign_in(meeting_id, code, next(seats)) for _ in range(2 * ACTS)]
            found = measure("council", many, request, acts, folder)
            print(
                f"{many:5} watchers  bare {limit.p95:6.1f} ms  council {found.p95:6.1f} ms: "
                f"{found.p95 / limit.p95:.2f} L8;  with the act {found.whole:6.1f} ms;  "
                f"{found.kib:.1f} KiB each;  {found.missed} missed;  stops in {found.stop:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        asyncio.run(bare(int(sys.argv[2])))
    elif sys.argv[1:2] == ["council"]:
        uvicorn.run(
            "bench.meeting:application", factory=True, port=int(sys.argv[2]), log_level="error",
            access_log=False, timeout_graceful_shutdown=5,
        )  # fmt: skip
    else:
        main(tuple(map(int, sys.argv[1:])) or CROWDS)
