"""Proxies: in writing, three at most, never among delegates, withdrawn before the vote opens."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from council import proxies, rolls
from council.db import Base, load_tables
from council.entitlements import Entry
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.proxies import Proxy
from council.votes import Body, Vote, Voter, VoteStage
from tests.test_rolls import needs, put, vote_of
from tests.world import World

WORKER = Post.COMMUNITY_WORKER
SIGNED = date(2026, 5, 5)


class Roll:
    """A roll of seven, of whom the first is the resident."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.vote: Vote = vote_of(world)
        me = world.who[Constituency.RESIDENTS]
        first = Entry("居民", "1", "1", person_id=me)
        rest = [Entry(f"邻居{n}", "1", str(n)) for n in range(2, 8)]
        rolls.take(world.as_(WORKER), self.vote, [first, *rest])
        put(world, self.vote, stage=VoteStage.ROLL_FINAL)

    def __getitem__(self, number: int) -> Voter:
        return rolls.entry(self.world.session, self.vote.id, number)

    def record(self, principal: int, holder: int, written_on: date = SIGNED) -> Proxy:
        return proxies.record(
            self.world.as_(WORKER), self[principal], holder=self[holder], written_on=written_on
        )

    def refused(self, principal: int, holder: int, written_on: date = SIGNED) -> str:
        with pytest.raises(Invalid) as refusal:
            self.record(principal, holder, written_on)
        return refusal.value.key

    def votes_for(self) -> list[int]:
        me = self.world.who[Constituency.RESIDENTS]
        return [one.number for one in proxies.votes_for(self.world.session, self.vote.id, me)]


@pytest.fixture
def roll(world: World) -> Roll:
    return Roll(world)


def test_a_written_proxy_is_recorded_and_published_by_number(roll: Roll) -> None:
    made = roll.record(2, 1)
    assert proxies.listing(roll.world.session, roll.vote.id) == [
        proxies.Given(made.id, 2, 1, SIGNED)
    ]
    assert proxies.count(roll.world.session, roll.vote.id) == 1
    assert roll.votes_for() == [1, 2]
    assert roll.world.acts()[-1] == "proxy.record"


def test_only_a_worker_with_the_paper_records_and_withdraws(roll: Roll) -> None:
    made = roll.record(2, 1)
    for who in (Post.PARTY_LEAD, Post.OVERSIGHT, Constituency.RESIDENTS):
        with pytest.raises(NotAllowed):
            proxies.record(roll.world.as_(who), roll[3], holder=roll[1], written_on=SIGNED)
        with pytest.raises(NotAllowed):
            proxies.withdraw(roll.world.as_(who), made)


def test_one_person_votes_for_three_others_at_most(roll: Roll) -> None:
    for principal in (2, 3, 4):
        roll.record(principal, 1)
    assert roll.refused(5, 1) == "holder_full"
    proxies.withdraw(roll.world.as_(WORKER), proxies.of(roll.world.session, roll[3].id))
    assert roll.record(5, 1).slot == 2
    assert roll.votes_for() == [1, 2, 4, 5]


@pytest.mark.parametrize("slot", [1, 4])
def test_the_database_itself_refuses_a_fourth_and_a_second_in_the_same_place(
    roll: Roll, slot: int
) -> None:
    roll.record(2, 1)
    row = {
        "community_id": roll.vote.community_id, "vote_id": roll.vote.id, "slot": slot,
        "principal_id": roll[3].id, "holder_id": roll[1].id, "written_on": SIGNED,
    }  # fmt: skip
    with pytest.raises(IntegrityError):
        roll.world.session.execute(sa.insert(Proxy.__table__).values(**row))
    roll.world.session.rollback()


def test_a_vote_is_entrusted_once_and_not_passed_on(roll: Roll) -> None:
    roll.record(2, 1)
    with pytest.raises(NotReady) as twice:
        roll.record(2, 3)
    assert needs(twice) == ("has_given_no_proxy",)
    with pytest.raises(NotReady) as on:
        roll.record(1, 3)
    assert needs(on) == ("holds_no_proxy",)
    assert roll.refused(3, 2) == "holder_gave_proxy"
    assert roll.refused(3, 3) == "holder_is_principal"


def test_the_holder_stands_on_the_same_roll(roll: Roll) -> None:
    put(roll.world, roll.vote, stage=VoteStage.ROLL_PUBLISHED)
    rolls.strike(roll.world.as_(WORKER), roll[4], reason="已迁出")
    assert roll.refused(2, 4) == "not_on_roll"
    with pytest.raises(NotReady) as struck:
        roll.record(4, 1)
    assert needs(struck) == ("stands_on_roll",)
    other = Roll(roll.world)
    with pytest.raises(Invalid):
        proxies.record(roll.world.as_(WORKER), roll[2], holder=other[1], written_on=SIGNED)


def test_delegates_vote_themselves(roll: Roll) -> None:
    put(roll.world, roll.vote, body=Body.DELEGATES)
    with pytest.raises(NotReady) as refusal:
        roll.record(2, 1)
    assert needs(refusal) == ("allows_proxies",)


def test_a_candidate_holds_no_proxies(roll: Roll) -> None:
    put(roll.world, roll.vote, about_people=True, settings={"candidates": [1]})
    assert roll.refused(2, 1) == "holder_is_candidate"
    assert roll.record(1, 2).slot == 1


def test_a_paper_from_the_future_is_refused(roll: Roll) -> None:
    assert roll.refused(2, 1, roll.world.now.date() + timedelta(days=1)) == "in_the_future"


def test_from_the_opening_on_nothing_is_recorded_or_withdrawn(roll: Roll) -> None:
    made = roll.record(2, 1)
    put(roll.world, roll.vote, stage=VoteStage.OPEN)
    with pytest.raises(NotReady) as refusal:
        roll.record(3, 1)
    assert needs(refusal) == ("vote_not_opened",)
    with pytest.raises(NotReady) as late:
        proxies.withdraw(roll.world.as_(WORKER), made)
    assert needs(late) == ("proxy_not_used",)


def test_whoever_withdraws_votes_again(roll: Roll) -> None:
    made = roll.record(1, 2)
    assert roll.votes_for() == []
    proxies.withdraw(roll.world.as_(WORKER), made)
    assert roll.votes_for() == [1]
    assert roll.world.acts()[-1] == "proxy.withdraw"


def test_a_struck_principal_is_voted_for_by_nobody(roll: Roll) -> None:
    roll.record(2, 1)
    put(roll.world, roll.vote, stage=VoteStage.ROLL_PUBLISHED)
    rolls.strike(roll.world.as_(WORKER), roll[2], reason="已迁出")
    assert roll.votes_for() == [1]


def test_a_struck_holder_gives_the_vote_back(roll: Roll) -> None:
    roll.record(1, 2)
    put(roll.world, roll.vote, stage=VoteStage.ROLL_PUBLISHED)
    rolls.strike(roll.world.as_(WORKER), roll[2], reason="已迁出")
    assert roll.votes_for() == [1]


@pytest.mark.parametrize("many", [1, 3])
def test_votes_for_and_the_list_take_one_statement_each(roll: Roll, many: int) -> None:
    for principal in range(2, 2 + many):
        roll.record(principal, 1)
    vote_id, seen = roll.vote.id, list[str]()
    engine = roll.world.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    assert len(roll.votes_for()) == many + 1
    assert len(proxies.listing(roll.world.session, vote_id)) == many
    assert len(seen) == 2


def test_one_voter_is_found_without_reading_the_roll() -> None:
    load_tables()
    found = str(proxies.MINE.compile(dialect=sqlite.dialect()))
    with closing(sqlite3.connect(":memory:")) as database:
        for table in Base.metadata.sorted_tables:
            database.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        plan = database.execute(f"EXPLAIN QUERY PLAN {found}", [1] * found.count("?"))
        steps = [step for *_, step in plan]
    assert any("PRIMARY KEY" in step for step in steps)
    assert not any("SCAN" in step or "(vote_id=?)" in step for step in steps)
