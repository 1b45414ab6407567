"""The writer: many pieces of work, one commit, each answered after it; one failing alone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from council import audit, proposals
from council.db import Database
from council.errors import NotAllowed
from council.gate import Context
from council.people import Constituency, Post
from council.proposals import Proposal, Stage, Supporter
from council.writer import Closed, Writer
from tests.world import World


@pytest.fixture
def writer(world: World):
    world.commit()
    made = Writer(world.database)
    yield made
    made.close()


def blocked(writer: Writer) -> Event:
    """Keep the writer busy until the event is set, so that what is asked for meanwhile waits."""
    going, go = Event(), Event()

    def wait(_session):
        going.set()
        go.wait(10)

    writer.later(wait)
    going.wait(10)
    return go


def support(world: World, key, proposal_id: int):
    actor = world.as_(key).actor

    def work(session):
        found = session.get_one(Proposal, proposal_id)
        return proposals.support(Context(session, actor, world.now), found)

    return work


def supporters(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(Supporter.id)).all())


def test_work_is_answered_after_its_commit(world: World, writer: Writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    work = support(world, "neighbour", proposal.id)
    world.commit()
    writer.submit(work)
    assert supporters(world.database) == 1


def test_whatever_waits_shares_one_commit(world: World, writer: Writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    keys = (Constituency.PARTY, "neighbour", Constituency.COMMUNITY)
    works = [support(world, key, proposal.id) for key in keys]
    world.commit()
    commits = []
    event.listen(world.database._writer, "commit", lambda _: commits.append(1))
    go = blocked(writer)
    futures = [writer.later(work) for work in works]
    go.set()
    assert len({future.result(10).person_id for future in futures}) == 3
    assert len(commits) == 2
    assert world.acts()[-3:] == ["proposal.support"] * 3


def test_sixty_four_that_wait_share_one_durable_commit(world: World, writer: Writer) -> None:
    """One COMMIT on a connection whose commits wait for the disk; nobody is answered before it."""
    world.commit()
    told: list[object] = []
    durable = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}

    def asks(session):
        return session.execute(text(durable[session.get_bind().dialect.name])).scalar()

    go = blocked(writer)
    futures = [writer.later(asks) for _ in range(64)]
    event.listen(
        world.database._writer, "commit", lambda _: told.append(any(f.done() for f in futures))
    )
    go.set()
    assert {future.result(10) for future in futures} in ({2}, {"on"})
    # The first is that of the work which kept the writer busy.
    assert told == [False, False]


def test_one_that_breaks_outside_of_an_act_is_undone_alone(world: World, writer: Writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    works = [support(world, key, proposal.id) for key in ("neighbour", Constituency.PARTY)]
    world.commit()

    def breaks(session):
        session.execute(text("SELECT nothing FROM nowhere"))

    go = blocked(writer)
    futures = [writer.later(work) for work in (works[0], breaks, works[1])]
    go.set()
    assert futures[0].result(10).person_id == world.who["neighbour"]
    with pytest.raises(DBAPIError):
        futures[1].result(10)
    assert futures[2].result(10).person_id == world.who[Constituency.PARTY]
    assert supporters(world.database) == 2
    assert world.acts()[-2:] == ["proposal.support"] * 2


def test_what_one_raises_undoes_that_one_only(world: World, writer: Writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    good = support(world, "neighbour", proposal.id)
    refused = support(world, Post.ADMIN, proposal.id)
    late = support(world, Constituency.PARTY, proposal.id)
    world.commit()

    def fails_after_its_act(session):
        late(session)
        raise ValueError("too late")

    go = blocked(writer)
    futures = [writer.later(work) for work in (refused, fails_after_its_act, good)]
    go.set()
    with pytest.raises(NotAllowed):
        futures[0].result(10)
    with pytest.raises(ValueError, match="too late"):
        futures[1].result(10)
    assert futures[2].result(10).person_id == world.who["neighbour"]
    assert supporters(world.database) == 1
    assert world.acts().count("proposal.support") == 1


def test_when_the_commit_fails_everybody_is_told(world: World, writer: Writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    works = [support(world, key, proposal.id) for key in ("neighbour", Constituency.PARTY)]
    world.commit()

    class Full:
        @contextmanager
        def write(self):
            with world.database.write() as session:
                yield session
                session.rollback()
                raise OperationalError("COMMIT", {}, Exception("disk is full"))

    failing = Writer(Full())
    futures = [failing.later(work) for work in works]
    for future in futures:
        with pytest.raises(OperationalError):
            future.result(10)
    failing.close()
    assert supporters(world.database) == 0
    writer.submit(works[0])
    assert supporters(world.database) == 1


def test_a_broken_transaction_tells_everybody_and_the_next_works(world: World, writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    works = [support(world, key, proposal.id) for key in ("neighbour", Constituency.PARTY)]
    world.commit()

    def breaks(session):
        session.execute(text("ROLLBACK"))

    go = blocked(writer)
    futures = [writer.later(work) for work in (works[0], breaks, works[1])]
    go.set()
    for future in futures:
        with pytest.raises(Exception):  # noqa: B017, PT011  (each database has its own)
            future.result(10)
    assert supporters(world.database) == 0
    writer.submit(works[1])
    assert supporters(world.database) == 1


def test_the_writer_finishes_what_waits_and_then_takes_nothing(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    work = support(world, "neighbour", proposal.id)
    world.commit()
    writer = Writer(world.database)
    go = blocked(writer)
    future = writer.later(work)
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(writer.close)
        go.set()
        closing.result(10)
    assert future.result(0).person_id == world.who["neighbour"]
    with pytest.raises(Closed):
        writer.later(work)
    writer.close()


def test_what_one_event_loop_asks_for_at_once_shares_a_commit_and_each_is_answered(
    world: World, writer: Writer
) -> None:
    proposal = world.matter(Stage.ADMITTED)
    works = [support(world, key, proposal.id) for key in ("neighbour", Constituency.PARTY)]
    refused = support(world, Post.ADMIN, proposal.id)
    world.commit()
    commits = []
    event.listen(world.database._writer, "commit", lambda _: commits.append(1))

    async def crowd():
        asked = (writer.together(work) for work in (works[0], refused, works[1]))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, third = asyncio.run(crowd())
    assert isinstance(second, NotAllowed)
    assert {first.person_id, third.person_id} == {
        world.who["neighbour"], world.who[Constituency.PARTY]
    }  # fmt: skip
    assert len(commits) == 1
    writer.close()
    with pytest.raises(Closed):
        asyncio.run(writer.together(works[0]))


def test_whoever_went_away_meanwhile_hinders_nobody(world: World, writer: Writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    works = [support(world, key, proposal.id) for key in ("neighbour", Constituency.PARTY)]
    world.commit()
    go = blocked(writer)

    async def crowd():
        gone, stays = (asyncio.ensure_future(writer.together(work)) for work in works)
        await asyncio.sleep(0.01)
        gone.cancel()
        go.set()
        return await stays

    assert asyncio.run(crowd()).person_id == world.who[Constituency.PARTY]
    assert supporters(world.database) == 2


def test_a_writer_that_was_never_asked_stops_at_once(world: World) -> None:
    Writer(world.database).close()


def test_the_log_holds_an_entry_for_each_in_one_unbroken_tree(world: World, writer) -> None:
    proposal = world.matter(Stage.ADMITTED)
    keys = (Constituency.PARTY, "neighbour", Constituency.COMMUNITY)
    works = [support(world, key, proposal.id) for key in keys]
    world.commit()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(writer.submit, works))
    with world.database.read() as session:
        assert audit.root(session, audit.size(session)) == audit.root(session)
        assert session.get_one(Proposal, proposal.id).supporters == 3
