"""After the close nothing in the database joins a secret ballot to its voter.

What was tried, each time against ballots that were cast one by one in a known order, each in a
transaction of its own, which is the worst case (at the same moment several share one):

- **Keys and columns**: neither table knows the other, an hour, a number in order or an address.
- **Order of rows** in a dump, and their **place on the disk**: in SQLite's pages a newer cell
  stands before an older one; in PostgreSQL the heap is in the order of writing.
- **Who wrote a row**: PostgreSQL keeps with each version the number of its transaction, and the
  mark and the ballot of one voter were written by the same. Dead versions keep it too, also when a
  long transaction elsewhere hinders the vacuum.
- **Older states**: every commit that SQLite's journal (WAL) holds is played back and compared with
  the one before; free pages and the gaps within pages are searched for ballots.
- **The log**: a batch holds ten ballots or more in sorted order, and names no voter; casting writes
  no entry, so that no time and no order in the log belongs to one ballot. Only the batch that is
  logged at the close can be smaller.
- **Everything else in the database** (sessions, attempts to sign in, deadlines …), by comparing
  every table before and after a cast, and by searching all of it for the ballot's words.
- **What the program writes to its own log**, at the finest level, and what it says of an error.
  The server keeps no access log.

That the attempts work is shown too: without `batches.blur`, and without the rows being written anew
at the close, they find the voters.

Not covered, and not promised: whoever controls the running server while people vote; copies of the
files or disks that were made before the close; PostgreSQL's own journal (pg_wal), whose segments
keep each cast until `council forget-casts` (tests/test_journals.py), and every archive of it;
somebody who watches the turnout or the network while the vote is open.
"""

import json
import logging
import random
import struct
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from council import audit, ballots, batches, db, jobs
from council.db import Database
from council.errors import NotReady
from council.gate import Context
from council.proxies import Entitled
from council.settings import Settings
from council.writer import Writer
from tests import dump
from tests.booth import Booth
from tests.dump import COMMITMENT
from tests.world import World

Pairs = set[tuple[int, str]]

CHANCE = 5
"""So many voters may be guessed right by luck; of a random order one is, on average."""


class Polled:
    """A secret vote in which everybody in the world has voted, in an order that we remember."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder, self.database = world, folder, world.database
        self.booth = Booth(world, roll=tuple(world.who))
        self.booth.opened()
        world.commit()
        batches.blur(self.database)  # the journal begins with the first ballot
        self.order: list[tuple[int, str]] = []
        keys = list(world.who)
        random.Random(7).shuffle(keys)
        for n, key in enumerate(keys):
            said = ("for", "against")[n % 2]
            cast = self.booth.cast(key, said, f"第{n}票", f"{n * 7919:032x}")
            self.order.append((self.booth.voter_of(key).id, cast.c))
            world.commit()
        self.sqlite = self.database.url.startswith("sqlite")

    def close(self) -> None:
        """The close, and a round of the clockwork."""
        self.booth.closed()
        self.world.commit()
        self.world.session.close()
        self.round()

    def round(self) -> None:
        """One round of the clockwork."""
        settings = Settings(data_dir=self.folder, log_key="00" * 32)
        jobs.work(self.database, settings, self.world.now)

    def right(self, pairs: Pairs) -> int:
        """How many voters were joined to their ballot."""
        return len(pairs & set(self.order))

    # What was tried

    def by_time(self) -> Pairs:
        """Marks and ballots that were written together, as far as the files tell."""
        return self._by_journal() if self.sqlite else self._by_transaction()

    def _by_journal(self) -> Pairs:
        found: Pairs = set()
        seen = [
            (
                {row[0] for row in state.execute("SELECT voter_id FROM mark WHERE done")},
                {row[0] for row in state.execute("SELECT c FROM secret_ballot")},
            )
            for state in dump.states(dump.path_of(self.database), self.folder)
        ]
        for (marks, box), (later_marks, later_box) in pairwise(seen):
            voters, cast = later_marks - marks, later_box - box
            if len(voters) == len(cast) == 1:
                found.add((voters.pop(), cast.pop()))
        return found

    def _by_transaction(self) -> Pairs:
        voters: dict[int, set[int]] = {}
        cast: dict[int, set[str]] = {}
        for writer, row in dump.tuples(self.database, "mark"):
            voter_id, done = struct.unpack_from("<i4x?", row)
            if done:
                voters.setdefault(writer, set()).add(voter_id)
        for writer, row in dump.tuples(self.database, "secret_ballot"):
            cast.setdefault(writer, set()).update(c.decode() for c in COMMITMENT.findall(row))
        return {
            (min(voters[n]), min(cast[n]))
            for n in voters.keys() & cast.keys()
            if len(voters[n]) == len(cast[n]) == 1
        }

    def places(self) -> tuple[list[int], list[str]]:
        """Voters who are marked, and ballots, as they lie on the disk, the oldest first."""
        known = {voter_id for voter_id, _ in self.order}
        if self.sqlite:
            path = dump.settled(dump.path_of(self.database), self.folder)
            marks = [dump.row_id(cell) for cell in dump.cells(path, "mark")]
            cast = [COMMITMENT.search(cell) for cell in dump.cells(path, "secret_ballot")]
            return [one for one in marks if one in known], [c.group().decode() for c in cast if c]
        with self.database.read() as session:
            marks = session.scalars(text("SELECT voter_id FROM mark ORDER BY ctid")).all()
            cast = session.scalars(text("SELECT c FROM secret_ballot ORDER BY ctid")).all()
        return [one for one in marks if one in known], list(cast)

    def by_place(self) -> Pairs:
        """The first mark with the first ballot, and so on, as they lie on the disk."""
        return set(zip(*self.places(), strict=True))

    def agreement(self) -> float:
        """How far the places of marks or ballots follow the order of casting: 1 wholly, 0 not."""
        marks, cast = self.places()
        voters, commitments = zip(*self.order, strict=True)
        return max(agreement(voters, marks), agreement(commitments, cast))

    def copies(self) -> set[int]:
        """How often a ballot's own words lie in the files of the database."""
        if self.sqlite:
            path = dump.path_of(self.database)
            stored = path.read_bytes() + dump.journal_of(path).read_bytes()
        else:
            stored = b"".join(row for _, row in dump.tuples(self.database, "secret_ballot"))
        return {stored.count(f"{n * 7919:032x}".encode()) for n in range(len(self.order))}


def agreement(one: Sequence, other: Sequence) -> float:
    """Kendall's tau, without its sign."""
    pairs = [other.index(a) < other.index(b) for a, b in combinations(one, 2)]
    return abs(2 * sum(pairs) / len(pairs) - 1)


@pytest.fixture
def polled(world: World, tmp_path: Path) -> Polled:
    return Polled(world, tmp_path)


@pytest.mark.parametrize("cheap", [db.CHEAP, 0])
def test_after_the_close_no_attempt_joins_a_ballot_to_its_voter(
    polled: Polled, monkeypatch, cheap
) -> None:
    """Neither in a file that is written anew as a whole, nor in one that is too large for it."""
    monkeypatch.setattr(db, "CHEAP", cheap)
    polled.close()
    assert polled.by_time() == set()
    assert polled.right(polled.by_place()) <= CHANCE
    assert polled.agreement() < 0.4
    assert polled.copies() == {1}
    marks, cast = polled.places()
    assert marks == sorted(marks)
    assert cast == sorted(cast)


def test_without_the_last_step_the_files_tell_it(polled: Polled, monkeypatch) -> None:
    """`blur` is what is missing here; so the attempts above are worth something."""
    monkeypatch.setattr(batches, "blur", lambda _: True)
    polled.close()
    assert polled.right(polled.by_time()) == len(polled.order)
    assert max(polled.copies()) > 1


def test_without_rows_written_anew_their_places_tell_it(polled: Polled, monkeypatch) -> None:
    monkeypatch.setattr(batches, "_rewrite", lambda *_: None)
    monkeypatch.setattr(batches, "blur", lambda _: True)
    polled.close()
    assert polled.agreement() > 0.5


def test_a_long_transaction_elsewhere_hinders_nothing_for_good(polled: Polled) -> None:
    with polled.database.read() as session:
        if not polled.sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.execute(text("SELECT count(*) FROM place"))
        polled.close()
        # PostgreSQL needs no vacuum for it; SQLite keeps the journal for the reader, and waits.
        assert (polled.by_time() == set()) is not polled.sqlite
    polled.round()
    assert polled.by_time() == set()
    assert polled.copies() == {1}


def test_a_cast_changes_a_mark_and_the_box_and_nothing_else(world: World) -> None:
    booth = Booth(world)
    booth.opened()
    world.commit()
    before = dump.everything(world.database)
    cast = booth.cast("neighbour", phrase="我的 小狗")
    world.commit()
    after = dump.everything(world.database)
    assert {name for name in after if after[name] != before[name]} == {"mark", "secret_ballot"}
    assert dump.holding(after, cast.c, cast.phrase, cast.r) == {"secret_ballot"}


def test_after_the_close_only_the_box_and_the_log_know_a_commitment(polled: Polled) -> None:
    polled.close()
    rows = dump.everything(polled.database)
    c, r = polled.order[3][1], f"{3 * 7919:032x}"
    assert dump.holding(rows, c) == {"secret_ballot", "ballot_batch", "audit_entry"}
    assert dump.holding(rows, r) == dump.holding(rows, "第3票") == {"secret_ballot"}


def test_the_log_names_ten_ballots_or_more_together_and_no_voter(polled: Polled) -> None:
    batches.log_waiting(polled.world.system(), polled.booth.vote.id)
    polled.world.commit()
    entries = [json.loads(one.entry) for one in audit.leaves(polled.world.session)]
    assert {one["act"] for one in entries} & {"secret_ballot.cast"} == set()
    (batch,) = (one for one in entries if one["act"] == "ballot_batch.log")
    assert batch["by"] == {"system": True}
    ((row, *others),) = (one["rows"] for one in entries if one["act"] == "ballot_batch.log")
    assert others == []
    assert row["new"]["commitments"] == sorted(c for _, c in polled.order)
    assert len(polled.order) >= ballots.MIN_BATCH


def test_the_program_writes_nothing_of_a_ballot_into_its_own_log(world: World, caplog) -> None:
    booth = Booth(world)
    vote, voter = booth.opened(), booth.voter_of("neighbour")
    actor = world.as_("neighbour").actor
    world.commit()
    filled = ballots.fill(vote, choice="for", phrase="我的 小狗", r="ab" * 16)
    other = ballots.fill(vote, choice="against", phrase="我的 小狗", r="cd" * 16)

    def drop(session, one):
        return ballots.drop(Context(session, actor, world.now), Entitled(vote, voter), filled=one)

    def fails(session):
        drop(session, filled)
        session.execute(text("SELECT nothing FROM nowhere"))

    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy"):
        database = Database(world.database.url)
        writer = Writer(database)
        with pytest.raises(DBAPIError) as failure:
            writer.submit(fails)
        assert writer.submit(lambda session: drop(session, filled)).c == filled.c
        with pytest.raises(NotReady):
            writer.submit(lambda session: drop(session, other))
        writer.close()
        database.close()
    told = "\n".join([*(record.getMessage() for record in caplog.records), str(failure.value)])
    assert caplog.records
    assert not any(word in told for word in (filled.c, other.c, "我的", "ab" * 16, "cd" * 16))
