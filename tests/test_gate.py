"""The gate: nothing changes without permission, requirements and a log entry."""

import pytest
from sqlalchemy import select, text, update

from council import audit, gate, proposals
from council.db import UngovernedChange
from council.errors import NotAllowed, NotReady
from council.gate import Act
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import Proposal, Stage, Supporter
from tests.world import WORDS, World


def test_an_act_leaves_one_entry_with_the_pseudonym_and_without_the_words(world: World) -> None:
    proposal = proposals.draft(world.as_(Constituency.RESIDENTS), world.community, words=WORDS)
    world.commit()
    entry = audit.entries(world.session)[0]
    assert entry.act == "proposal.draft"
    assert entry.matter_id == proposal.id
    assert "路灯".encode() not in entry.entry
    assert "真名".encode() not in entry.entry
    assert b'"capacity":"residents"' in entry.entry


def test_a_change_outside_the_gate_is_refused(world: World) -> None:
    proposal = world.matter()
    world.commit()
    proposal.title = "x"
    with pytest.raises(UngovernedChange):
        world.session.flush()
    world.session.rollback()
    with pytest.raises(UngovernedChange):
        world.session.execute(update(Proposal).values(title="x"))


def test_a_reading_session_cannot_write(world: World) -> None:
    world.commit()
    with world.database.read() as session, pytest.raises(Exception, match=r"(?i)read-?only"):
        session.execute(text("UPDATE place SET name = 'x'"))


def test_the_wrong_role_is_refused_and_leaves_nothing(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    before = world.acts()
    with pytest.raises(NotAllowed):
        proposals.support(world.as_(Post.ADMIN), proposal)
    assert world.acts() == before
    assert proposal.supporters == 0


def test_nobody_is_asked_to_sign_in(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    with pytest.raises(NotAllowed) as refusal:
        proposals.support(world.nobody(), proposal)
    assert refusal.value.key == "sign_in"


def test_an_unmet_requirement_is_named(world: World) -> None:
    proposal = world.matter(Stage.SUBMITTED)
    with pytest.raises(NotReady) as refusal:
        proposals.support(world.as_("neighbour"), proposal)
    assert refusal.value.needs == ("is_open_to_support",)


def test_the_second_click_is_refused_and_counts_once(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    proposals.support(world.as_("neighbour"), proposal)
    with pytest.raises(NotReady):
        proposals.support(world.as_("neighbour"), proposal)
    world.commit()
    assert len(world.session.scalars(select(Supporter)).all()) == 1
    assert proposal.supporters == 1


def test_acting_on_behalf_names_both_and_counts_alike(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    made = proposals.support(world.for_("neighbour"), proposal)
    world.commit()
    entry = audit.entries(world.session)[0].entry
    assert made.person_id == world.who["neighbour"]
    assert made.entered_by_id == world.who[Post.COMMUNITY_WORKER]
    for said in (b'"channel":"phone"', b'"for":', b'"consent":"spoken"'):
        assert said in entry


def test_only_a_worker_or_building_head_enters_for_somebody(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    with pytest.raises(NotAllowed):
        proposals.support(world.for_("neighbour", worker=Post.FACILITATOR), proposal)


def test_a_failed_act_leaves_no_entry_for_what_it_undid(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    world.commit()
    size = audit.size(world.session)
    with pytest.raises(NotReady):
        proposals.unsupport(world.as_("neighbour"), proposal)
    proposals.support(world.as_("neighbour"), proposal)
    world.commit()
    assert audit.size(world.session) == size + 1


def test_a_refusal_keeps_the_entries_of_the_acts_before_it(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    world.commit()

    def too_late():
        proposal.title = "x"
        world.session.flush()
        raise ValueError("too late")

    proposals.support(world.as_("neighbour"), proposal)
    with pytest.raises(ValueError, match="too late"):
        gate.through(world.system(), Act("test.late", Can.SYSTEM), proposal, too_late)
    world.commit()
    assert world.acts().count("proposal.support") == proposal.supporters == 1


def test_the_database_itself_refuses_to_change_the_log(world: World) -> None:
    world.commit()
    for statement in ("UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_node"):
        with pytest.raises(Exception, match="append-only"):
            world.session.execute(text(statement))
        world.session.rollback()
