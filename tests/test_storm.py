"""A storm over HTTP: 64 voters, three copies of each ballot at once, `kill -9` five times.

What is checked is section 2 of the promises about safety, from the answers that the voters kept:
every acknowledged ballot is in the box and in the log exactly once, nobody voted twice, a retry got
the same receipt, the tree and the tally follow from the rows, and the database is whole.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select, text

from council import accounts, audit, ballots, batches, counting
from council.accounts import Account
from council.ballots import Mark, SecretBallot
from council.db import Base
from council.people import Constituency, Membership, Person
from council.rollcalls import Ballot
from council.settings import Settings
from council.verify import verify
from council.votes import Choice, VoteMode, Voter, VoteStage
from tests.booth import Booth
from tests.storm import COPIES, Voters
from tests.world import World

ROOT = Path(__file__).parent.parent
VOTERS, SECRET, NAMED, KILLS = 64, 2, 1, 5


def people_of(world: World, booth: Booth) -> dict[int, str]:
    """Residents with their sign-in, some in each act, since an entry has a largest size."""
    made: list[Account] = []

    def enrol(numbers: range) -> None:
        fresh = [Person(name=f"居民{n}") for n in numbers]
        world.session.add_all(fresh)
        world.session.flush()
        world.session.add_all(
            Membership(
                person_id=one.id, community_id=world.community.id, since=world.now,
                constituency=Constituency.RESIDENTS,
            )
            for one in fresh
        )  # fmt: skip
        accounts_of = [
            Account(person_id=one.id, community_id=world.community.id, name=one.name)
            for one in fresh
        ]
        world.session.add_all(accounts_of)
        made.extend(accounts_of)

    for start in range(0, VOTERS, 32):
        booth.does(partial(enrol, range(start, start + 32)))
    session, now = world.session, world.now
    return {
        one.person_id: accounts.sign_in(session, one, now, device="", keep=True) for one in made
    }


def with_people(booth: Booth, ids: Iterable[int]) -> dict[int, int]:
    """Put these people on the roll; gives their entries."""
    found = select(Voter).where(Voter.vote_id == booth.vote.id).order_by(Voter.number)
    rows = booth.world.session.scalars(found).all()

    def name() -> None:
        for row, person_id in zip(rows, ids, strict=True):
            row.person_id = person_id

    booth.does(name)
    return {row.person_id: row.id for row in rows if row.person_id}


class Storm:
    """The votes, everybody's ballots, and the server that is killed."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        secret = [Booth(world, roll=(), more=VOTERS) for _ in range(SECRET)]
        named = [Booth(world, roll=(), more=VOTERS, mode=VoteMode.ROLL_CALL) for _ in range(NAMED)]
        people = people_of(world, secret[0])
        turns = [secret[0], *named, *secret[1:]]
        rolls = [(booth, with_people(booth, people)) for booth in turns]
        for booth in secret:
            booth.opened()
        for booth in named:
            booth.at(VoteStage.OPEN)
        self.secret, self.named = secret, named
        self.ballots = [self._of(n, *one, rolls) for n, one in enumerate(people.items())]
        world.commit()
        self.voters = Voters(str(folder / "socket"))
        self.killed = 0

    def _of(self, n, person_id, token, rolls) -> list[dict]:
        """What one person votes: everybody something else, in secret and by name in turn."""
        made = []
        for k, (booth, entries) in enumerate(rolls):
            choice = list(Choice)[(n * (k + 3) + n // 5) % 3].value
            ballot = {
                "vote": booth.vote.id, "voter": entries[person_id], "token": token,
                "choice": choice,
            }  # fmt: skip
            if booth in self.secret:
                ballot |= {"phrase": f"第{n}位", "r": f"{k:08x}{n:024x}"}
            made.append(ballot)
        return made

    async def rage(self) -> None:
        """Everybody votes; each time another sixth was acknowledged, the server is killed."""
        url, now = self.world.database.url, (self.world.now + timedelta(hours=1)).isoformat()
        loaded = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.storm", url, self.voters.path, now, str(self.folder),
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        server = await self.start(loaded)
        crowd = asyncio.gather(*(self.voters.vote(ballots) for ballots in self.ballots))
        everything = VOTERS * (SECRET + NAMED) * COPIES
        try:
            while not crowd.done():
                due = everything * (self.killed + 1) // (KILLS + 1)
                if self.killed < KILLS and len(self.voters.kept) >= due:
                    assert self.voters.under_way > 0
                    os.kill(server, signal.SIGKILL)
                    self.killed += 1
                    server = await self.start(loaded)
                await asyncio.sleep(0.002)
            await crowd
        finally:
            os.kill(server, signal.SIGKILL)
            loaded.kill()
            await loaded.wait()

    async def start(self, loaded: asyncio.subprocess.Process) -> int:
        """Start the server; gives its process."""
        assert loaded.stdin
        assert loaded.stdout
        loaded.stdin.write(b"start\n")
        return int(await loaded.stdout.readline())

    def acknowledged(self) -> dict[tuple[int, int], list[dict]]:
        """The answers that the voters kept, by vote and entry on its roll."""
        found = defaultdict(list)
        for ballot, answer in self.voters.kept:
            found[ballot["vote"], ballot["voter"]].append(answer)
        return found

    def said(self, booth: Booth) -> Counter[str]:
        """What was voted, as the voters know it."""
        return Counter(
            ballot["choice"]
            for ballots in self.ballots
            for ballot in ballots
            if ballot["vote"] == booth.vote.id
        )


@pytest.fixture
def storm(world: World, tmp_path: Path) -> Storm:
    made = Storm(world, tmp_path)
    asyncio.run(made.rage())
    for booth in made.secret:
        booth.closed()
    world.commit()
    return made


def test_nothing_is_lost_and_nothing_counts_twice(storm: Storm) -> None:
    assert storm.killed == KILLS
    acknowledged = storm.acknowledged()
    assert len(acknowledged) == VOTERS * (SECRET + NAMED)
    assert {len(answers) for answers in acknowledged.values()} == {COPIES}
    with storm.world.database.read() as session:
        for booth in storm.secret:
            check_secret(session, booth, acknowledged, storm.said(booth))
        for booth in storm.named:
            check_by_name(session, booth, storm)
        check_whole(session)
    settings = Settings(data_dir=storm.folder / "data", log_key="00" * 32)
    assert verify(storm.world.database, settings).broken == []


def check_secret(session, booth: Booth, acknowledged, said: Counter[str]) -> None:
    vote_id = booth.vote.id
    # A retry got the same receipt, and no voter has two.
    receipts = {}
    for (vote, voter), answers in acknowledged.items():
        if vote == vote_id:
            assert all(answer == answers[0] for answer in answers)
            receipts[voter] = answers[0]["c"]
    # Each acknowledged ballot lies in the box once, nothing else does, and as many are marked.
    box = session.scalars(select(SecretBallot.c).where(SecretBallot.vote_id == vote_id)).all()
    assert sorted(box) == sorted(receipts.values())
    done = select(Mark.voter_id).where(Mark.vote_id == vote_id, Mark.done)
    assert set(session.scalars(done)) == set(receipts)
    # Each stands in the log once, in a batch; several batches were logged in the storm.
    entries = [json.loads(one.entry) for one in logged(session, "ballot_batch.log")]
    rows = [row["new"] for one in entries for row in one["rows"]]
    mine = [row["commitments"] for row in rows if row["vote_id"] == vote_id]
    assert sorted(c for batch in mine for c in batch) == sorted(box)
    assert batches.faults(session, booth.vote) == []
    # The tally follows from the box.
    assert Counter(one.choice for one in ballots.openings(session, booth.vote)) == said
    assert {pile.choice: pile.voters for pile in counting.ballots(session, booth.vote)} == said


def check_by_name(session, booth: Booth, storm: Storm) -> None:
    vote_id, acknowledged, said = booth.vote.id, storm.acknowledged(), storm.said(booth)
    rows = session.execute(
        select(Ballot.id, Ballot.voter_id, Ballot.seq, Ballot.choice).where(
            Ballot.vote_id == vote_id
        )
    ).all()
    # Each cast that was acknowledged is there, and none that was not sent; all say the same.
    mine = [one for ballots in storm.ballots for one in ballots if one["vote"] == vote_id]
    for ballot in mine:
        kept = sorted((seq, choice) for _, voter, seq, choice in rows if voter == ballot["voter"])
        assert kept == [(n + 1, ballot["choice"]) for n in range(len(kept))]
        answers = acknowledged[vote_id, ballot["voter"]]
        assert answers == [{"status": 303}] * COPIES
        assert COPIES <= len(kept) <= ballot["sent"]
    # Each stands in the log once.
    entries = [json.loads(one.entry) for one in logged(session, "ballot.cast")]
    ids = Counter(row["id"] for one in entries for row in one["rows"] if row["t"] == "ballot")
    assert {ids[row_id] for row_id, *_ in rows} == {1}
    # One counts of each voter, and it is what they said.
    assert {pile.choice: pile.voters for pile in counting.ballots(session, booth.vote)} == said
    assert sum(said.values()) == len({voter for _, voter, *_ in rows}) == VOTERS


def logged(session, act: str) -> list[audit.Entry]:
    return [entry for entry in audit.leaves(session) if entry.act == act]


def check_whole(session) -> None:
    """The database's own check passes, and every index is there and enforced."""
    bind = session.get_bind()
    inspector = sa.inspect(bind)
    for table in Base.metadata.sorted_tables:
        wanted = {index.name for index in table.indexes}
        assert wanted <= {one["name"] for one in inspector.get_indexes(table.name)}
    if bind.dialect.name == "sqlite":
        assert session.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        return
    broken = text("SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)")
    assert session.scalar(broken) == 0
    for table in ("mark", "secret_ballot", "ballot", "audit_entry"):
        count = select(func.count()).select_from(text(table))
        session.execute(text("SET LOCAL enable_seqscan = off"))
        by_index = session.scalar(count)
        session.execute(text("SET LOCAL enable_seqscan = on"))
        assert session.scalar(count) == by_index
