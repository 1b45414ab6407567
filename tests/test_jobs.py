"""The clockwork: what the calendar makes due is done once, late or twice, and the log is signed."""

from pathlib import Path

import pytest

from council import audit, jobs
from council.checkpoint import Checkpoint, Signer, Verifier
from council.proposals import Proposal, Stage
from council.settings import Settings
from tests.consulting import consulting
from tests.world import World


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own."""
    return Settings(data_dir=tmp_path)


def stage_of(world: World, matter: Proposal) -> Stage:
    """Where the matter stands for somebody who looks now."""
    with world.database.read() as session:
        return session.get_one(Proposal, matter.id).stage


def test_a_window_that_is_over_is_closed_and_only_then(world: World, settings: Settings) -> None:
    matter = consulting(world)
    world.commit()
    assert jobs.work(world.database, settings, world.now) == 0
    world.wait(days=9)
    assert jobs.work(world.database, settings, world.now) == 1
    assert stage_of(world, matter) is Stage.SUMMARISING
    with world.database.read() as session:
        assert audit.entries(session)[0].act == "proposal.close_consultation"
        assert b'"by":{"system":true}' in audit.entries(session)[0].entry


def test_running_twice_does_no_harm(world: World, settings: Settings) -> None:
    consulting(world)
    world.commit()
    world.wait(days=9)
    assert jobs.work(world.database, settings, world.now) == 1
    assert jobs.work(world.database, settings, world.now) == 0


def test_the_signed_note_opens_with_the_logs_key_and_holds_the_tree(
    world: World, settings: Settings
) -> None:
    world.commit()
    note = jobs.sign(world.database, settings)
    assert note is not None
    key = Signer(settings.log_origin, settings.log_seed()).verifier
    signed = Checkpoint.parse(Verifier.parse(key).open(note))
    with world.database.read() as session:
        assert (signed.size, signed.root) == (audit.size(session), audit.root(session))
    assert settings.checkpoint_file.read_text("utf-8") == note


def test_nothing_is_signed_twice(world: World, settings: Settings) -> None:
    world.commit()
    assert jobs.sign(world.database, settings)
    assert jobs.sign(world.database, settings) is None
    world.matter()
    world.commit()
    assert jobs.sign(world.database, settings)
