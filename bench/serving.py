"""A server in a process of its own, clients that press it, and the processor time that it took."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """What came of a run: how many were answered, in how long, for how much processor time."""

    answered: int
    seconds: float
    cpu: float
    delays: Sequence[float]

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return self.answered / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Answers for a second of the server's processor time."""
        return self.answered / self.cpu

    @property
    def p95(self) -> float:
        """The delay in milliseconds that 95 of 100 stay below."""
        return sorted(self.delays)[len(self.delays) * 95 // 100 - 1] * 1000


def cpu_of(process: int) -> float:
    """Seconds of processor time of a process with all its children."""
    spent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sum(map(int, spent[11:15])) / TICK + sum(cpu_of(int(child)) for child in children)


@contextmanager
def served(*arguments: str, port: int, **environment: str) -> Iterator[int]:
    """A Python server that listens on the port; gives its process."""
    with running(*arguments, port=port, **environment) as process:
        yield process.pid


@contextmanager
def running(*arguments: str, port: int, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The same, as a process that can be stopped."""
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | environment,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _listens(port):
            if process.poll() is not None:
                raise SystemExit(f"the server {arguments} did not start")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        found: int = asked.getsockname()[1]
    return found


def pressed(process: int, port: int, lanes: Sequence[Sequence[bytes]]) -> Run:
    """Send the requests of every lane one after the other, all lanes at once."""
    delays: list[float] = []
    before, start = cpu_of(process), time.perf_counter()
    asyncio.run(_all(port, lanes, delays))
    seconds = time.perf_counter() - start
    return Run(len(delays), seconds, cpu_of(process) - before, delays)


async def _all(port: int, lanes: Sequence[Sequence[bytes]], delays: list[float]) -> None:
    await asyncio.gather(*(_lane(port, requests, delays) for requests in lanes))


async def _lane(port: int, requests: Sequence[bytes], delays: list[float]) -> None:
    lines, sent = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        start = time.perf_counter()
        sent.write(request)
        head = (await lines.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(head.decode())
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await lines.readexactly(length)
        delays.append(time.perf_counter() - start)
    sent.close()
