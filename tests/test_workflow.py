"""Workflows as data: sound tables, one writer of the stage, refusals that say what is missing."""

from enum import StrEnum

import pytest

from council import process
from council.errors import NotAllowed, NotReady
from council.gate import ACTS
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import Stage
from council.workflow import Transition, Workflow, open_transitions
from tests.world import World


class Light(StrEnum):
    """A stage of a table that is wrong on purpose."""

    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


def undocumented(_ctx: object, _row: object) -> bool:
    return True


def test_a_flawed_table_is_found_out() -> None:
    table = Workflow(
        "light",
        Light.RED,
        (
            Transition("go", Light.RED, Light.GREEN, Can.SYSTEM, (undocumented,)),
            Transition("go", Light.RED, Light.GREEN, Can.SYSTEM),
        ),
    )
    flaws = table.flaws(Light)
    del ACTS["light.go"]
    assert any("unreachable" in flaw for flaw in flaws)
    assert any("declared twice" in flaw for flaw in flaws)
    assert any("no docstring: undocumented" in flaw for flaw in flaws)


def test_the_proposals_road_has_no_flaw() -> None:
    assert process.PROPOSAL.flaws(Stage) == []


def test_a_step_that_does_not_leave_from_here_is_refused(world: World) -> None:
    matter = world.matter(Stage.ADMITTED)
    with pytest.raises(NotReady) as refusal:
        process.move(world.as_(Post.PARTY_LEAD), matter, "admit")
    assert refusal.value.key == "no_such_step"
    with pytest.raises(NotReady):
        process.move(world.as_(Post.PARTY_LEAD), matter, "no such thing")


def test_the_wrong_role_moves_nothing(world: World) -> None:
    matter = world.matter(Stage.ADMITTED)
    with pytest.raises(NotAllowed):
        process.move(world.as_(Constituency.RESIDENTS), matter, "open_consultation")
    assert matter.stage is Stage.ADMITTED


def test_a_page_learns_what_blocks_a_step(world: World) -> None:
    matter = world.matter(Stage.ADMITTED)
    ((step, possible),) = process.steps(world.as_(Post.PARTY_LEAD), matter)
    assert step.name == "open_consultation"
    assert possible.needs == ("papers_ready", "offline_channel_planned")
    assert process.steps(world.as_(Constituency.RESIDENTS), matter) == []


def test_the_log_says_from_where_to_where(world: World) -> None:
    matter = world.matter(Stage.DRAFT)
    process.move(world.as_(Constituency.RESIDENTS), matter, "submit")
    assert world.acts()[-1] == "proposal.submit"
    table = open_transitions(world.as_(Constituency.RESIDENTS), process.PROPOSAL, matter)
    assert [step.name for step, _ in table] == ["withdraw"]
