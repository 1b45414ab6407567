"""Ballots a second at 1, 16 and 64 voters, beside the limits of the same run.

`PYTHONPATH=. .venv/bin/python bench/ballots.py [ballots at each]`
"""

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from bench import limits, poll
from bench.poll import Poll, Seat
from bench.serving import Run, free_port, pressed, served
from council import ballots, people, receipts
from council.ballots import Receipt
from council.gate import Context
from council.proxies import Entitled
from council.votes import Vote, Voter
from council.writer import Writer

VOTERS = (1, 16, 64)
Work = Callable[[Session], Receipt]


def direct(found: Poll, seats: list[Seat], voters: int) -> Run:
    """Casts as the site makes them, without HTTP: everything from the writer's queue on."""
    ready = works(found, seats)
    # What was prepared here is no part of a server: the collector need not walk through it.
    gc.collect()
    gc.freeze()
    delays: list[float] = []
    writer = Writer(found.database)

    async def lane(mine: list[Work]) -> None:
        for work in mine:
            start = time.perf_counter()
            await asyncio.wrap_future(writer.later(work))
            delays.append(time.perf_counter() - start)

    async def lanes() -> None:
        await asyncio.gather(*(lane(ready[n::voters]) for n in range(voters)))

    start, before = time.perf_counter(), time.process_time()
    asyncio.run(lanes())
    run = Run(len(ready), time.perf_counter() - start, time.process_time() - before, delays)
    writer.close()
    return run


def works(found: Poll, seats: list[Seat]) -> list[Work]:
    """The cast of each of them, ready for the writer."""
    now = datetime.now(UTC)
    with found.database.read() as session:
        vote = session.get_one(Vote, found.vote_id)
        return [_work(session, vote, seat, now) for seat in seats]


def _work(session: Session, vote: Vote, seat: Seat, now: datetime) -> Work:
    voter = session.get_one(Voter, seat.voter_id)
    actor = people.actor(session, seat.person_id, now)
    filled = ballots.fill(vote, choice="for", phrase="清泉 石桥", r=receipts.new_random())
    entry = Entitled(vote, voter)
    return lambda own: ballots.drop(Context(own, actor, now), entry, filled=filled)


def over_http(process: int, port: int, found: Poll, seats: list[Seat], voters: int) -> Run:
    """Casts as a browser sends them: signed in, the form, and the receipt for an answer."""
    lanes = [[_request(found.vote_id, seat) for seat in seats[n::voters]] for n in range(voters)]
    return pressed(process, port, lanes)


def _request(vote_id: int, seat: Seat) -> bytes:
    form = urlencode(
        {"choice": "for", "phrase": "清泉 石桥", "r": receipts.new_random(), "csrf": ""}
    ).encode()
    head = (
        f"POST /votes/{vote_id}/ballot HTTP/1.1\r\nHost: localhost\r\nAccept-Language: zh\r\n"
        f"Cookie: council={seat.token}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    return head.encode() + form


def main(each: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = poll.opened(folder, 2 * each * len(VOTERS) + 64)
        l2 = limits.routed_hello().per_cpu_second
        l4 = limits.durable_rows(folder, together=1, ballots=500)
        l4_64 = limits.durable_rows(folder, together=64, ballots=6400)
        print(f"L2 routed hello        {l2:8.0f} per CPU-s")
        print(f"L4 SQLite, one each    {l4:8.0f} ballots/s, 64 together {l4_64:.0f}")
        for voters in VOTERS:
            run = direct(found, list(islice(found.seats, each)), voters)
            show("writer", voters, run, l2, l4)
        port = free_port()
        settings = {"COUNCIL_DATA_DIR": name, "COUNCIL_SECRET_KEY": "for the benchmark only"}
        command = ("-m", "council", "serve", "--port", str(port))
        with served(*command, port=port, **settings) as process:
            over_http(process, port, found, list(islice(found.seats, 64)), 64)
            for voters in VOTERS:
                run = over_http(process, port, found, list(islice(found.seats, each)), voters)
                show("HTTP", voters, run, l2, l4)
        found.database.close()


def show(how: str, voters: int, run: Run, l2: float, l4: float) -> None:
    """One line of the result."""
    ratios = f"{run.per_cpu_second / l2:.3f} L2"
    if voters == 1:
        ratios += f", {run.per_second / l4:.3f} L4"
    print(
        f"{how:6} {voters:3} voters     {run.per_second:8.0f} ballots/s, "
        f"{run.per_cpu_second:6.0f} per CPU-s, p95 {run.p95:6.1f} ms: {ratios}",
        flush=True,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
