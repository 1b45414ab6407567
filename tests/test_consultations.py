"""Consultations: papers for everybody, at least one way without a screen, and whole days."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from council import consultations
from council.consultations import Papers
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Channel, Constituency, Post
from council.proposals import Stage
from tests.consulting import PAPERS, admitted, close, consulting, inside
from tests.world import World


def test_a_worker_prepares_the_papers_and_betters_them(world: World) -> None:
    proposal = admitted(world)
    better = replace(PAPERS, options=("立一盏灯杆",), cost_low=None)
    row = consultations.prepare(world.as_(Post.COMMUNITY_WORKER), proposal, papers=better)
    assert [one.words for one in consultations.options(world.session, proposal.id)] == [
        "立一盏灯杆"
    ]
    assert (row.cost_low, row.cost_high) == (8000, 8000)
    assert row.channels == ["hall", "building"]
    assert world.acts()[-2:] == ["consultation.prepare", "consultation.prepare"]


def test_a_resident_cannot_prepare_the_papers(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    with pytest.raises(NotAllowed):
        consultations.prepare(world.as_(Constituency.RESIDENTS), proposal, papers=PAPERS)


def test_the_papers_stand_still_once_the_consultation_is_open(world: World) -> None:
    proposal = consulting(world)
    with pytest.raises(NotReady) as refusal:
        consultations.prepare(world.as_(Post.COMMUNITY_WORKER), proposal, papers=PAPERS)
    assert refusal.value.needs == ("awaits_consultation",)


@pytest.mark.parametrize(
    ("field", "papers"),
    [
        ("summary", replace(PAPERS, summary="长" * 2001)),
        ("options", replace(PAPERS, options=("",))),
        ("options", replace(PAPERS, options=tuple("abcdefg"))),
        ("cost_high", replace(PAPERS, cost_low=9000)),
        ("cost_high", replace(PAPERS, cost_high=None)),
        ("cost_low", replace(PAPERS, cost_low=-1)),
        ("channels", replace(PAPERS, channels=(Channel.WEB,))),
    ],
)
def test_papers_that_do_not_fit_together_are_refused(
    world: World, field: str, papers: Papers
) -> None:
    proposal = world.matter(Stage.ADMITTED)
    with pytest.raises(Invalid) as refusal:
        consultations.prepare(world.as_(Post.COMMUNITY_WORKER), proposal, papers=papers)
    assert [problem.field for problem in refusal.value.problems] == [field]


@pytest.mark.parametrize(
    "missing",
    [
        {"summary": ""}, {"options": ()}, {"if_nothing": ""}, {"payer": ""},
        {"cost_low": None, "cost_high": None},
    ],
)  # fmt: skip
def test_papers_with_a_gap_are_kept_but_not_ready(world: World, missing: dict[str, Any]) -> None:
    proposal = admitted(world)
    assert consultations.papers_ready(world.system(), proposal)
    consultations.prepare(
        world.as_(Post.COMMUNITY_WORKER), proposal, papers=replace(PAPERS, **missing)
    )
    assert not consultations.papers_ready(world.system(), proposal)


@pytest.mark.parametrize("missing", [{"channels": ()}, {"offline": ""}])
def test_a_way_without_a_screen_needs_its_place_and_hours(
    world: World, missing: dict[str, Any]
) -> None:
    proposal = admitted(world)
    assert consultations.offline_channel_planned(world.system(), proposal)
    consultations.prepare(
        world.as_(Post.COMMUNITY_WORKER), proposal, papers=replace(PAPERS, **missing)
    )
    assert not consultations.offline_channel_planned(world.system(), proposal)


def test_without_papers_nothing_is_ready_and_nothing_opens(world: World) -> None:
    proposal = world.matter(Stage.ADMITTED)
    ctx = world.system()
    assert not consultations.papers_ready(ctx, proposal)
    assert not consultations.offline_channel_planned(ctx, proposal)
    assert not consultations.window_over(ctx, proposal)
    with pytest.raises(NotReady) as refusal:
        inside(world, proposal, Stage.CONSULTING, consultations.open_window)
    assert refusal.value.needs == ("papers_ready",)


def test_the_window_lasts_the_whole_days_that_the_matter_took_from_the_charter(
    world: World,
) -> None:
    proposal = consulting(world)
    row = consultations.of(world.session, proposal.id)
    assert row is not None
    assert row.closes_at == datetime(2026, 5, 13, 16, tzinfo=UTC)  # 13 May, 24:00 in Shanghai
    assert row.is_open(world.now)
    assert not consultations.window_over(world.system(), proposal)
    world.wait(days=8)
    assert consultations.window_over(world.system(), proposal)
    assert not row.is_open(world.now)


def test_a_closed_consultation_waits_for_its_summary(world: World) -> None:
    proposal = consulting(world)
    assert not consultations.summary_pending(world.system(), proposal)
    close(world, proposal)
    assert consultations.summary_pending(world.system(), proposal)
    assert consultations.summary_unpublished(world.system(), proposal)
    assert not consultations.window_open(world.system(), proposal)
