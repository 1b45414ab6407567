"""A secret vote that is open, with as many voters as one likes, all of them signed in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from council import accounts, db
from council.accounts import Account, SignIn
from council.db import Database
from council.people import Constituency, Membership, Person, Post
from council.preparations import Preparation
from council.votes import Voter
from tests.booth import Booth
from tests.world import World


@dataclass(frozen=True)
class Seat:
    """Somebody on the roll: their entry, the person, the token of their sign-in."""

    voter_id: int
    person_id: int
    token: str


@dataclass(frozen=True)
class Poll:
    """The database, the vote, and everybody on its roll."""

    database: Database
    vote_id: int
    seats: Iterator[Seat]


def opened(folder: Path, voters: int) -> Poll:
    """Found a community, put so many people on the roll, and open the vote.

    Rows of people are written past the gate, in bulk: what is measured begins after that.
    """
    db.load_tables()
    url = f"sqlite:///{folder}/council.db"
    db.migrate(url)
    database = Database(url)
    now = datetime.now(UTC)
    with database.write() as session:
        world = World(database, session)
        world.now = now
        booth = Booth(world, roll=(), more=voters)
        papers = Preparation(
            community_id=world.community.id, vote_id=booth.vote.id, profile="DELEGATE_ASSEMBLY",
            electorate="delegates", days={}, drafted_by_id=world.who[Post.PARTY_LEAD],
            drafted_at=now,
        )  # fmt: skip
        booth.does(lambda: session.add(papers))
        booth.opened()
        found = select(Voter.id).where(Voter.vote_id == booth.vote.id).order_by(Voter.number)
        seats = newcomers(session, world.community.id, session.scalars(found).all(), now)
        vote_id = booth.vote.id
    return Poll(database, vote_id, iter(seats))


def newcomers(
    session: Session, community_id: int, voter_ids: Sequence[int], now: datetime
) -> list[Seat]:
    """Residents, signed in already; each takes one of these entries of a roll."""
    write = session.connection().execute
    first = write(select(Person.id).order_by(Person.id.desc()).limit(1)).scalar_one() + 1
    seats = [Seat(v, first + n, f"token-{n}") for n, v in enumerate(voter_ids)]
    day = timedelta(days=1)
    people_table, members = Person.__table__, Membership.__table__
    write(insert(people_table), [{"id": s.person_id, "name": f"居民{s.person_id}"} for s in seats])
    write(
        insert(members),
        [
            {
                "person_id": s.person_id, "community_id": community_id, "since": now - day,
                "constituency": Constituency.RESIDENTS,
            }
            for s in seats
        ],
    )  # fmt: skip
    write(
        insert(Account.__table__),
        [
            {
                "id": s.person_id, "person_id": s.person_id, "community_id": community_id,
                "name": f"u{s.person_id}", "disabled": False,
            }
            for s in seats
        ],
    )  # fmt: skip
    write(
        insert(SignIn.__table__),
        [
            {
                "token_hash": accounts._hash(s.token), "account_id": s.person_id, "device": "",
                "person_id": s.person_id, "created": now, "last_seen": now + day,
                "expires": now + 10 * day,
            }
            for s in seats
        ],
    )  # fmt: skip
    for s in seats:
        write(
            update(Voter.__table__).where(Voter.__table__.c.id == s.voter_id),
            {"person_id": s.person_id},
        )
    return seats
