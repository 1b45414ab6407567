"""One small world for tests: a community, a person per constituency and office, and a clock."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from council import audit, charter, gate, offices, people
from council.db import Database
from council.gate import Act, Context
from council.people import SYSTEM, Behalf, Channel, Consent, Constituency, Person, Post
from council.places import Place, PlaceKind, Unit
from council.policy import Can
from council.proposals import Proposal, Stage, Words, draft
from tests.postgres import Scratch, Server

START = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
"""A Wednesday, 09:00 in Shanghai, after the May holiday."""

WORDS = Words(
    title="斜马路南口加一盏路灯",
    situation="晚上八点以后南口没有灯，下晚自习的孩子看不见路。",
    request="请在南口加一盏路灯。",
    affected="3 号楼、4 号楼约 60 户",
    location="斜马路南口",
)

HOME = {
    Post.PARTY_LEAD: Constituency.PARTY,
    Post.COMMITTEE: Constituency.COMMUNITY,
    Post.COMMUNITY_WORKER: Constituency.COMMUNITY,
    Post.FACILITATOR: Constituency.COMMUNITY,
    Post.RECORDER: Constituency.COMMUNITY,
}


Who = dict[Post | Constituency | str, int]


@dataclass(frozen=True)
class Known:
    """What a world that was built once remembers, so that a copy of it can be opened."""

    who: Who
    community_id: int
    unit_ids: tuple[int, int]


class World:
    """A community with everybody in it, in one open write session; `now` is the clock."""

    def __init__(self, database: Database, session: Session, known: Known | None = None) -> None:
        self.database = database
        self.session = session
        self.now = START
        self.who: Who = dict(known.who) if known else {}
        if known is None:
            self._build()
        else:
            self.community = session.get_one(Place, known.community_id)
            self.unit, self.other_unit = (session.get_one(Unit, one) for one in known.unit_ids)

    def _build(self) -> None:
        """Found the community through the real acts."""
        session = self.session
        system = Context(session, SYSTEM, self.now)
        city = offices.found(system, offices.Nowhere(), code="370100", name="济南市")
        first = offices.first_administrator(system, city, name="管理员甲")
        self.who[Post.ADMIN] = first.person_id
        place, codes = city, ("370103", "370103003", "370103003999")
        names = ("市中区", "杆石桥街道", "示范社区")
        for kind, code, name in zip(list(PlaceKind)[1:4], codes, names, strict=True):
            place = offices.add_place(
                self.as_(Post.ADMIN), place, kind=kind, code=code, name=name, phone="0531-0000 1234"
            )
        self.community = place
        self.unit = offices.add_unit(self.as_(Post.ADMIN), place, name="绿化公司")
        self.other_unit = offices.add_unit(self.as_(Post.ADMIN), place, name="经九路小学")
        for constituency in Constituency:
            self.person(constituency, constituency)
        self.person("neighbour", Constituency.RESIDENTS)
        self.person("expert2", Constituency.EXPERTS)
        for post in Post:
            if post is not Post.ADMIN:
                self.officer(post)

    def person(self, key: Post | Constituency | str, constituency: Constituency) -> int:
        """Enrol a new person in a constituency and remember them under `key`."""
        self._new(key)
        self.join(key, constituency)
        return self.who[key]

    def _new(self, key: Post | Constituency | str) -> None:
        person = Person(name=f"真名{key}")
        system = Context(self.session, SYSTEM, self.now)
        spec = Act("test.person", Can.SYSTEM)
        gate.through(system, spec, self.community, lambda: self.session.add(person))
        self.who[key] = person.id

    def join(self, key: Post | Constituency | str, constituency: Constituency) -> None:
        """Enter somebody in one more constituency."""
        unit = self.other_unit.id if constituency is Constituency.UNITS else None
        offices.enrol(
            self.as_(Post.ADMIN), self.community, person_id=self.who[key],
            constituency=constituency, unit_id=unit,
        )  # fmt: skip

    def officer(self, post: Post) -> int:
        """Somebody new who holds the post in the community."""
        self._new(post)
        if post in HOME:
            self.join(post, HOME[post])
        elif post in {Post.DELEGATE, Post.BUILDING_LEAD, Post.COUNCIL_MEMBER}:
            self.join(post, Constituency.RESIDENTS)
        unit = self.unit.id if post is Post.HANDLER else None
        offices.give(
            self.as_(Post.ADMIN), self.community, person_id=self.who[post], post=post, unit_id=unit
        )
        return self.who[post]

    def as_(self, key: Post | Constituency | str, chosen: Constituency | None = None) -> Context:
        """A context in which this person acts now."""
        actor = people.actor(self.session, self.who[key], self.now, chosen)
        return Context(self.session, actor, self.now)

    def system(self) -> Context:
        """The clockwork's context."""
        return Context(self.session, SYSTEM, self.now)

    def nobody(self) -> Context:
        """A visitor's context."""
        return Context(self.session, None, self.now)

    def for_(
        self,
        key: Post | Constituency | str,
        worker: Post = Post.COMMUNITY_WORKER,
        channel: Channel = Channel.PHONE,
    ) -> Context:
        """A context in which a worker enters something for somebody."""
        ctx = self.as_(worker)
        ctx.behalf = Behalf(
            people.actor(self.session, self.who[key], self.now), channel, Consent.SPOKEN
        )
        return ctx

    def wait(self, **span: float) -> None:
        """Let time pass: `wait(days=3)`."""
        self.now += timedelta(**span)

    def matter(self, stage: Stage = Stage.SUBMITTED, words: Words = WORDS) -> Proposal:
        """A proposal of the resident, put straight at a stage (with the rules of the charter)."""
        made = draft(self.as_(Constituency.RESIDENTS), self.community, words=words)
        self.put(made, stage)
        return made

    def put(self, proposal: Proposal, stage: Stage) -> None:
        """Put a matter at a stage without walking there; for tests of one room only."""

        def move() -> None:
            proposal.stage = stage
            proposal.rules = charter.rules(self.session, proposal.community_id)
            proposal.submitted_at = proposal.submitted_at or self.now
            proposal.moved_at = self.now
            proposal.unit_id = proposal.unit_id or self.unit.id

        gate.through(self.system(), Act("test.move", Can.SYSTEM), proposal, move)

    def commit(self) -> None:
        """Commit, so that other sessions (the web) see what happened."""
        self.session.commit()

    def acts(self) -> list[str]:
        """The acts of the log so far, in order; commits first."""
        self.commit()
        return list(self.session.scalars(select(audit.Entry.act).order_by(audit.Entry.idx)))


def build(url: str) -> Known:
    """Build a world in an empty, migrated database and say what it remembers."""
    database = Database(url)
    with database.write() as session:
        made = World(database, session)
    database.close()
    return Known(made.who, made.community.id, (made.unit.id, made.other_unit.id))


@pytest.fixture(scope="session")
def world_sqlite(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Known]:
    """A SQLite file with a world, built once, to be copied."""
    path = tmp_path_factory.mktemp("world") / "world.db"
    shutil.copyfile(sqlite_template, path)
    return path, build(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def world_postgres(
    postgres_server: Server, postgres_template: str, database_name: str
) -> Iterator[tuple[Scratch, Known]]:
    """A PostgreSQL database with a world, built once and put back before each test."""
    template = f"{database_name}_world"
    known = build(postgres_server.create(template, postgres_template))
    scratch = Scratch(postgres_server, f"{template}_scratch", template)
    yield scratch, known
    scratch.close()
    postgres_server.drop(template)


@pytest.fixture
def world(database: Database, request: pytest.FixtureRequest) -> Iterator[World]:
    """A world in a database of its own, on SQLite and on PostgreSQL.

    `database_url` (conftest.py) copies a database in which the world stands already.
    """
    kind = "sqlite" if database.url.startswith("sqlite") else "postgres"
    _, known = request.getfixturevalue(f"world_{kind}")
    with database.write() as session:
        yield World(database, session, known)
