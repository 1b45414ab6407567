"""The recount of a million ballots, beside the scan of an index that holds all a tally needs.

`PYTHONPATH=. .venv/bin/python bench/tally.py [ballots]`
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from bench import poll
from council import counting
from council.db import Database
from council.votes import Choice, Vote

SIDES = ("party", "residents", "community", "experts", "units")
CHOICES = tuple(choice.value for choice in Choice)
TIMES = 3


def filled(path: Path, vote_id: int, ballots: int) -> None:
    """Put a roll, ballots by name and ballots of a box into the file, past the program."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        (place,) = database.execute("SELECT community_id FROM vote").fetchone()
        named = vote_id + 1
        database.execute("CREATE TEMP TABLE copy AS SELECT * FROM vote WHERE id = ?", (vote_id,))
        database.execute("UPDATE copy SET id = ?, mode = 'roll_call', stage = 'closed'", (named,))
        database.execute("INSERT INTO vote SELECT * FROM copy")
        database.execute("UPDATE vote SET stage = 'closed' WHERE id = ?", (vote_id,))
        database.executemany(
            "INSERT INTO voter (id, community_id, vote_id, number, constituency, name, building,"
            " household, area, votes, struck, reason)"
            " VALUES (?, ?, ?, ?, ?, '', '', '', 0, 1, 0, '')",
            ((100 + n, place, named, n, SIDES[n % 5]) for n in range(ballots)),
        )
        database.executemany(
            "INSERT INTO ballot (community_id, vote_id, voter_id, seq, choice, cast_at, channel)"
            " VALUES (?, ?, ?, 1, ?, '2026-05-06 01:00:00', 'web')",
            ((place, named, 100 + n, CHOICES[n * n % 3]) for n in range(ballots)),
        )
        database.executemany(
            "INSERT INTO secret_ballot VALUES (?, ?, NULL, ?, 1)", _openings(vote_id, ballots)
        )
        database.commit()


def _openings(vote_id: int, ballots: int) -> Iterator[tuple[str, int, bytes]]:
    for n in range(ballots):
        said = {"choice": CHOICES[n * n % 3], "phrase": "清泉 石桥", "r": f"{n:032x}"}
        opening = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        yield f"{n * 2654435761 % 2**64:064x}", vote_id, opening


def scanned(path: Path, vote_id: int) -> float:
    """The limit: the last cast of everybody, counted along an index that holds all it takes."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE INDEX covering ON ballot (vote_id, voter_id, seq, choice)")
        last = "SELECT voter_id, choice, max(seq) FROM ballot INDEXED BY covering WHERE vote_id = ?"
        found = f"SELECT choice, count(*) FROM ({last} GROUP BY voter_id) GROUP BY choice"
        spent = timed(lambda: database.execute(found, (vote_id,)).fetchall())
        database.execute("DROP INDEX covering")
    return spent


def timed(work: Callable[[], object]) -> float:
    """The median of a few times, in seconds."""
    found = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return median(found)


def main(ballots: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = poll.opened(folder, 20)
        made.database.close()
        filled(folder / "council.db", made.vote_id, ballots)
        limit = scanned(folder / "council.db", made.vote_id + 1)
        print(f"covering-index scan    {limit:7.3f} s for {ballots} ballots")
        database = Database(made.database.url)
        for how, vote_id in (("by name", made.vote_id + 1), ("in secret", made.vote_id)):
            with database.read() as session:
                vote = session.get_one(Vote, vote_id)
                spent = timed(lambda vote=vote, session=session: counting.ballots(session, vote))
                told = sum(pile.voters for pile in counting.ballots(session, vote))
            if told != ballots:
                raise SystemExit(f"{told} of {ballots} were counted")
            print(f"recount {how:10}     {spent:7.3f} s: {spent / limit:5.2f} times the scan")
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
