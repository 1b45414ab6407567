"""How often the disk is made to confirm: `fdatasync` calls beside commits and ballots (SQLite).

`kill -9` cannot show a missing sync, so they are counted, by strace:
`PYTHONPATH=. .venv/bin/python bench/syncs.py [ballots] [voters]`
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import event

from bench import poll
from bench.ballots import works
from bench.poll import Poll, Seat
from council.db import Database, load_tables
from council.writer import Writer


def cast(folder: str, vote_id: int, voters: int, seats: Sequence[str]) -> None:
    """Inside strace: everybody votes; says how many were answered after how many commits."""
    load_tables()
    found = Poll(Database(f"sqlite:///{folder}/council.db"), vote_id, iter(()))
    pairs = [one.split(":") for one in seats]
    ready = works(found, [Seat(int(voter), int(person), "") for voter, person in pairs])
    commits: list[int] = []
    event.listen(found.database._writer, "commit", lambda _: commits.append(1))
    writer = Writer(found.database)
    with ThreadPoolExecutor(voters) as pool:
        answered = len(list(pool.map(writer.submit, ready)))
    print(answered, len(commits), flush=True)
    os._exit(0)  # closing the file would sync once more


def main(ballots: int, voters: int) -> None:
    """Prepare a vote, have it cast under strace, count and print."""
    strace = shutil.which("strace")
    if strace is None:
        raise SystemExit("strace is not installed here.")
    with tempfile.TemporaryDirectory() as folder:
        found = poll.opened(Path(folder), ballots)
        found.database.close()
        seats = [f"{seat.voter_id}:{seat.person_id}" for seat in found.seats]
        traced = Path(folder) / "strace"
        command = [
            strace, "-f", "-y", "-e", "trace=fdatasync,fsync", "-o", str(traced),
            sys.executable, __file__, "cast", folder, str(found.vote_id), str(voters), *seats,
        ]  # fmt: skip
        told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        answered, commits = map(int, told.stdout.split())
        lines = traced.read_text().splitlines()
    journal = sum("council.db-wal>" in line for line in lines)
    rest = sum("sync(" in line for line in lines) - journal
    print(f"{answered} ballots of {voters} voters, {commits} commits")
    print(f"syncs of the journal {journal}, of other files {rest} (checkpoints)")
    print(f"{journal / commits:.2f} for each commit, {journal / answered:.3f} for each ballot")
    if journal < commits:
        raise SystemExit("a commit was acknowledged before the disk confirmed it")


if __name__ == "__main__":
    if sys.argv[1:2] == ["cast"]:
        cast(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
    else:
        main(*(int(one) for one in sys.argv[1:3] or (640, 64)))
