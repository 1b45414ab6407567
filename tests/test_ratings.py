"""Ratings: one from each person, changed until the window closes, shown only from five on."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from council import deadlines, notices, people, ratings
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Act, Context, through
from council.notices import NoticeKind
from council.people import Channel, Constituency, Post
from council.policy import Can
from council.proposals import Proposal, Stage
from tests.working import completed
from tests.world import World

RESIDENTS, PARTY = Constituency.RESIDENTS, Constituency.PARTY


def rated(world: World, proposal: Proposal, *scores: int) -> None:
    """One more resident for each score."""
    for n, score in enumerate(scores):
        key = f"rater{n}"
        world.person(key, RESIDENTS)
        ratings.give(world.as_(key), proposal, score=score)


def test_a_resident_rates_and_changes_the_rating(world: World) -> None:
    proposal = completed(world)
    ratings.give(world.as_(RESIDENTS), proposal, score=3)
    row = ratings.give(world.as_(RESIDENTS), proposal, score=5, words="灯很亮。")
    assert (row.score, row.words, row.capacity) == (5, "灯很亮。", RESIDENTS)
    assert ratings.section(world.session, proposal, world.now).n == 1
    assert world.acts()[-1] == "rating.give"


def test_a_worker_enters_a_rating_for_somebody(world: World) -> None:
    row = ratings.give(world.for_(RESIDENTS), completed(world), score=4)
    assert row.person_id == world.who[RESIDENTS]
    assert (row.channel, row.entered_by_id) == (Channel.PHONE, world.who[Post.COMMUNITY_WORKER])


def test_only_residents_and_party_members_rate(world: World) -> None:
    proposal = completed(world)
    ratings.give(world.as_(PARTY), proposal, score=4)
    for key in (Constituency.UNITS, Constituency.EXPERTS, Post.ADMIN, Post.HANDLER):
        with pytest.raises(NotAllowed):
            ratings.give(world.as_(key), proposal, score=1)


def test_only_a_completed_matter_is_rated_and_only_in_its_window(world: World) -> None:
    with pytest.raises(NotReady) as early:
        ratings.give(world.as_(RESIDENTS), world.matter(Stage.AWAITING_ACCEPTANCE), score=4)
    assert early.value.needs == ("is_rated_now",)
    proposal = completed(world)
    assert ratings.closes_at(world.session, proposal) == deadlines.day_end(date(2026, 6, 5))
    world.now = deadlines.day_end(date(2026, 6, 5))
    with pytest.raises(NotReady):
        ratings.give(world.as_(RESIDENTS), proposal, score=4)


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_lies_between_one_and_five(world: World, score: int) -> None:
    with pytest.raises(Invalid):
        ratings.give(world.as_(RESIDENTS), completed(world), score=score)


def test_words_are_short(world: World) -> None:
    with pytest.raises(Invalid):
        ratings.give(world.as_(RESIDENTS), completed(world), score=4, words="好" * 501)


def test_nothing_is_shown_before_five_have_rated(world: World) -> None:
    proposal = completed(world)
    rated(world, proposal, 5, 5, 4, 4)
    assert ratings.section(world.session, proposal, world.now).average is None
    assert ratings.averages(world.session, [proposal]) == {}
    ratings.give(world.as_(PARTY), proposal, score=4)
    found = ratings.section(world.session, proposal, world.now).average
    assert found is not None
    assert (found.n, found.shown) == (5, "4.4")
    assert (found.among(PARTY), found.of(4), found.of(4, PARTY), found.of(5, PARTY)) == (1, 3, 1, 0)


def test_the_average_is_rounded_half_up_from_the_exact_fraction() -> None:
    # 89 / 20 = 4.45 exactly, which a float rounds down.
    assert ratings.average({(RESIDENTS, 4): 11, (RESIDENTS, 5): 9}).shown == "4.5"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60))
def test_the_average_lies_within_a_twentieth_of_the_truth(scores: list[int]) -> None:
    counts: dict[tuple[Constituency, int], int] = {}
    for score in scores:
        counts[RESIDENTS, score] = counts.get((RESIDENTS, score), 0) + 1
    found = ratings.average(counts)
    assert abs(found.tenths * len(scores) - 10 * sum(scores)) * 2 <= len(scores)


def test_one_sees_ones_own_rating_and_whether_one_may_rate(world: World) -> None:
    proposal = completed(world)
    ratings.give(world.as_(RESIDENTS), proposal, score=2)
    mine = ratings.section(world.session, proposal, world.now, world.as_(RESIDENTS).actor)
    assert mine.mine is not None
    assert (mine.is_open, mine.may_rate, mine.mine.score) == (True, True, 2)
    visitor = ratings.section(world.session, proposal, world.now)
    assert (visitor.may_rate, visitor.mine) == (False, None)
    unit = people.actor(world.session, world.who[Constituency.UNITS], world.now)
    assert ratings.section(world.session, proposal, world.now, unit).may_rate is False


def test_a_rating_ends_with_its_days_and_with_the_posting(world: World) -> None:
    proposal = completed(world)
    assert not ratings.ratings_over(world.system(), proposal)
    world.wait(days=31)
    assert not ratings.ratings_over(world.system(), proposal)

    def post(ctx: Context) -> None:
        notices.post(
            ctx, proposal, NoticeKind.RESULT, title="结果", body="办好了", days=15,
            proposal_id=proposal.id,
        )  # fmt: skip

    ctx = world.system()
    through(ctx, Act("test.post", Can.SYSTEM), proposal, lambda: post(ctx))
    assert not ratings.ratings_over(world.system(), proposal)
    world.wait(days=16)
    assert ratings.ratings_over(world.system(), proposal)


def test_the_number_of_statements_does_not_grow_with_the_ratings(world: World) -> None:
    def statements(proposal: Proposal) -> int:
        counted: list[str] = []
        engine = world.session.get_bind()
        note = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        ratings.section(world.session, proposal, world.now, world.as_(RESIDENTS).actor)
        event.remove(engine, "before_cursor_execute", note)
        return len(counted)

    proposal = completed(world)
    rated(world, proposal, 5, 4)
    world.commit()
    few = statements(proposal)
    for n in range(12):
        world.person(f"more{n}", RESIDENTS)
        ratings.give(world.as_(f"more{n}"), proposal, score=3, words="好")
    world.commit()
    assert statements(proposal) == few
