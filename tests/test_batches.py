"""Batches: ballots enter the log many at a time, and after the close no order is left anywhere."""

import json
from types import SimpleNamespace

import pytest
from sqlalchemy import inspect, text

from council import absences, audit, ballots, batches, jobs, receipts
from council.ballots import MarkChannel, SecretBallot
from council.errors import NotAllowed, NotReady
from council.people import Constituency, Post
from council.proposals import Stage
from council.settings import Settings
from council.votes import VoteStage
from tests.booth import Booth
from tests.world import World


@pytest.fixture
def booth(world: World) -> Booth:
    made = Booth(world, more=20)
    made.opened()
    return made


def some(booth: Booth, n: int) -> list[str]:
    """Ballots of the next n voters on the roll."""
    session = booth.world.session
    made = []
    for voter in absences.absent(session, booth.vote.id, limit=n):
        filled = ballots.fill(
            booth.vote, choice="for", phrase=f"第{voter.number}票", r=receipts.new_random()
        )
        booth._drop(booth.world.system(), voter, filled)
        made.append(filled.c)
    return made


def test_ballots_wait_until_ten_are_there(booth: Booth) -> None:
    some(booth, 9)
    assert list(batches.due(booth.world.system())) == []
    with pytest.raises(NotReady) as refusal:
        batches.log(booth.world.system(), booth.vote)
    assert refusal.value.needs == ("enough_wait",)
    some(booth, 1)
    assert list(batches.due(booth.world.system())) == [booth.vote.id]


def test_a_batch_is_one_entry_with_the_sorted_commitments(booth: Booth) -> None:
    cast = some(booth, 12)
    jobs.run_due(booth.world.system())
    assert booth.world.acts()[-1] == "ballot_batch.log"
    (entry,) = audit.entries(booth.world.session, limit=1)
    (row,) = json.loads(entry.entry)["rows"]
    assert row["new"]["commitments"] == sorted(cast)
    assert json.loads(entry.entry)["by"] == {"system": True}
    assert list(batches.due(booth.world.system())) == []


def test_only_the_clock_logs_a_batch(booth: Booth) -> None:
    some(booth, 12)
    with pytest.raises(NotAllowed):
        batches.log(booth.world.as_(Post.ADMIN), booth.vote)


def test_a_batch_is_at_most_as_large_as_an_entry_allows(world: World, monkeypatch) -> None:
    monkeypatch.setattr(batches, "LARGEST", 12)
    booth = Booth(world, more=40)
    booth.opened()
    some(booth, 40)
    batches.log_waiting(world.system(), booth.vote.id)
    sizes = [len(one.commitments) for one in batches.of(world.session, booth.vote.id)]
    assert sizes == [12, 12, 12]
    booth.closed()
    sizes = [len(one.commitments) for one in batches.of(world.session, booth.vote.id)]
    assert sizes == [12, 12, 12, 4]


def test_four_hundred_ballots_fit_one_entry(world: World) -> None:
    booth = Booth(world, more=400)
    booth.opened()
    some(booth, 405)
    batches.log_waiting(world.system(), booth.vote.id)
    world.commit()
    (entry,) = audit.entries(world.session, limit=1)
    assert len(entry.entry) < audit.LARGEST_ENTRY / 2


def test_the_close_logs_the_rest_whatever_its_number(booth: Booth) -> None:
    cast = some(booth, 12)
    batches.log_waiting(booth.world.system(), booth.vote.id)
    cast += some(booth, 3)
    booth.closed()
    logged = batches.of(booth.world.session, booth.vote.id)
    assert [(one.number, len(one.commitments)) for one in logged] == [(1, 12), (2, 3)]
    assert sorted(cast) == sorted(c for one in logged for c in one.commitments)
    assert batches.faults(booth.world.session, booth.vote) == []


def test_an_empty_box_is_closed_without_a_batch(booth: Booth) -> None:
    booth.closed()
    booth.closed()
    assert batches.of(booth.world.session, booth.vote.id) == []
    assert batches.faults(booth.world.session, booth.vote) == []


def test_every_fault_of_a_closed_box_is_found(booth: Booth) -> None:
    session = booth.world.session
    cast = some(booth, 11)
    booth.closed()
    session.execute(text("DELETE FROM secret_ballot WHERE c = :c"), {"c": cast[0]})
    session.execute(
        text("UPDATE secret_ballot SET c = :z WHERE c = :c"), {"c": cast[1], "z": "0" * 64}
    )
    told = "\n".join(batches.faults(session, booth.vote))
    assert f"ballot {cast[0]} is in the log only" in told
    assert f"ballot {'0' * 64} is not in the log" in told
    assert f"ballot {'0' * 64} does not say what was committed to" in told
    assert "11 voters are marked and 10 ballots lie in the box" in told


def test_paper_is_marked_and_no_fault(booth: Booth) -> None:
    some(booth, 3)
    ballots.mark(booth.world.session, booth.voter(9).id, MarkChannel.PAPER)
    booth.closed()
    assert batches.faults(booth.world.session, booth.vote) == []


# What a dump tells: see test_secrecy.py


def test_the_box_has_no_row_numbers_on_sqlite() -> None:
    assert inspect(SecretBallot).local_table.dialect_options["sqlite"]["with_rowid"] is False


def test_the_clock_writes_the_files_anew_once_for_each_close(world, booth, monkeypatch, tmp_path):
    settings = Settings(data_dir=tmp_path / "d")
    settings.data_dir.mkdir()
    times: list[int] = []
    monkeypatch.setattr(batches, "blur", lambda _: not times.append(1))
    some(booth, 3)
    world.commit()
    jobs.work(world.database, settings, world.now)
    assert times == []
    booth.closed()
    world.commit()
    jobs.work(world.database, settings, world.now)
    jobs.work(world.database, settings, world.now)
    assert times == [1]


# Looking for a ballot


def test_a_receipt_leads_to_its_ballot_and_batch(booth: Booth) -> None:
    reader = booth.world.nobody()
    receipt = booth.cast("neighbour", "against", "我的 小狗")
    start = receipts.start_of(receipt.code)
    assert start is not None
    (found,) = batches.find(reader, start)
    assert (found.c, found.batch, found.opening) == (receipt.c, None, None)
    assert found.vote is booth.vote
    booth.closed()
    (found,) = batches.find(reader, receipt.c)
    assert found.batch is not None
    assert found.batch.number == 1
    assert found.opening is None
    booth.at(VoteStage.PROVISIONAL)
    (found,) = batches.find(reader, receipt.c)
    assert found.opening is not None
    assert (found.opening.choice, found.opening.phrase) == ("against", "我的 小狗")
    assert batches.find(reader, "0" * 10) == []


def test_a_receipt_leads_nowhere_for_whoever_may_not_see_the_matter(world: World) -> None:
    booth = Booth(world, proposal_id=world.matter(Stage.DRAFT).id)
    booth.opened()
    receipt = booth.cast("neighbour", "for", "清泉 石桥")
    assert batches.find(world.nobody(), receipt.c) == []


# Small cells


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"party": 9, "residents": 9}, set()),
        ({"party": 9, "residents": 3}, {"party", "residents"}),
        ({"party": 9, "residents": 3, "community": 30}, {"party", "residents"}),
        (
            {"party": 1, "residents": 2, "community": 7, "units": 8},
            {"party", "residents", "community"},
        ),
        ({"party": 2, "residents": 4, "community": 7}, {"party", "residents"}),
        ({"party": 1}, {"party"}),
        ({"party": 0, "residents": 6}, set()),
    ],
)
def test_a_small_constituency_hides_among_others(world, monkeypatch, sizes, hidden) -> None:
    told = {Constituency(part): (n, max(n, 1)) for part, n in sizes.items()}
    monkeypatch.setattr(ballots, "turnout", lambda *_: told)
    vote = SimpleNamespace(id=1)
    assert batches.pooled(world.session, vote) == {Constituency(one) for one in hidden}


def test_what_is_published_does_not_say_whose_a_small_constituencys_ballots_are(world) -> None:
    roll = (*(Constituency.PARTY, Constituency.COMMUNITY), "neighbour")
    booth = Booth(world, roll=roll, more=12, rule={"constituencies": ["party", "residents"]})

    def enrol() -> None:
        for number in (3, 4, 5):
            booth.voter(number).constituency = Constituency.PARTY

    booth.does(enrol)
    booth.opened()
    booth.everybody()
    booth.closed()
    shown = batches.published(world.session, booth.vote)
    assert {one.constituency for one in shown} == {None, Constituency.RESIDENTS}
    assert sum(one.constituency is None for one in shown) == 5
