"""The log: one order, time that never runs backwards, proofs that outsiders can check."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from council import audit, merkle
from council.audit import Draft
from council.people import Channel
from tests.world import World


def test_every_entry_is_proved_to_stand_in_the_tree(world: World) -> None:
    world.matter()
    world.commit()
    session = world.session
    size, root = audit.size(session), audit.root(session)
    for entry in audit.leaves(session):
        leaf = merkle.leaf_hash(entry.entry)
        proof = audit.inclusion(session, entry.idx, size)
        merkle.verify_inclusion(entry.idx, size, leaf, proof, root)


def test_an_older_tree_is_proved_to_be_the_beginning_of_a_newer_one(world: World) -> None:
    world.commit()
    session = world.session
    old, old_root = audit.size(session), audit.root(session)
    world.matter()
    world.matter()
    world.commit()
    assert audit.size(session) > old
    assert audit.root(session, old) == old_root


def test_the_root_of_any_size_is_read_in_one_statement(world: World) -> None:
    world.commit()
    session, seen = world.session, []
    leaves = [merkle.leaf_hash(entry.entry) for entry in audit.leaves(session)]
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
    frontier = merkle.Frontier()
    for size, leaf in enumerate(leaves, start=1):
        frontier.append(leaf)
        assert audit.root(session, size) == frontier.root()
    assert len(seen) == len(leaves)
    assert audit.root(session, 0) == merkle.EMPTY_ROOT


def test_the_time_of_an_entry_never_runs_backwards(world: World) -> None:
    world.wait(days=5)
    world.matter()
    world.commit()
    world.now -= timedelta(days=3)
    world.matter()
    world.commit()
    times = world.session.scalars(select(audit.Entry.at).order_by(audit.Entry.idx)).all()
    assert list(times) == sorted(times)


def test_an_entry_that_is_too_large_is_refused(world: World) -> None:
    world.commit()
    body = {"by": {"system": True}, "place": 1, "rows": ["x" * audit.LARGEST_ENTRY]}
    with pytest.raises(ValueError, match=r"log entry of test\.large"):
        audit.append(world.session, [Draft("test.large", world.now, 1, None, body)])
    world.session.rollback()


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        (None, None),
        (True, True),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (Decimal("18.60"), "18.60"),
        (Channel.PHONE, "phone"),
        (b"\x01", "01"),
    ],
)
def test_a_value_stands_in_the_log_exactly(value: object, stands: object) -> None:
    assert audit.canonical(value) == stands


def test_the_same_words_never_give_the_same_hash() -> None:
    one, other = (audit.salted(audit.new_salt(), "title", "路灯") for _ in range(2))
    assert one != other


def test_entries_are_found_by_matter_place_act_and_time(world: World) -> None:
    matter = world.matter()
    world.commit()
    session = world.session
    of_matter = audit.entries(session, matter_id=matter.id)
    assert [one.act for one in of_matter] == ["test.move", "proposal.draft"]
    assert audit.entries(session, acts=["proposal.draft"])[0].matter_id == matter.id
    assert audit.entries(session, before=1)[0].idx == 0
    assert not audit.entries(session, until=world.now - timedelta(days=1))
    assert audit.entries(session, place_id=world.community.id, limit=2)[0].act == "test.move"
