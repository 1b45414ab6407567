"""Outcomes: what was done, what failed and what is late have equal place."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event

from council import commitments, outcomes, proposals, ratings
from council.gate import Act, through
from council.outcomes import Filter, OutcomeKind
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import OutcomeClass, Proposal, Stage
from tests.working import assigned, begun, past
from tests.world import World

RESIDENTS = Constituency.RESIDENTS


def ended(world: World, stage: Stage) -> Proposal:
    """A matter that came to its end now."""
    made = world.matter(stage)

    def mark() -> None:
        if stage in outcomes.DONE:
            made.completed_at = world.now

    through(world.system(), Act("test.end", Can.SYSTEM), made, mark)
    return made


def late(world: World) -> Proposal:
    """A matter whose task is overdue since 9 May 2026."""
    made = world.matter(Stage.IN_PROGRESS)
    assigned(world, made, due_day=date(2026, 5, 8))
    return made


def found(world: World, **wanted: object) -> list[outcomes.Card]:
    filled = Filter(world.community.id, **wanted)  # type: ignore[arg-type]
    return outcomes.cards(world.session, filled, world.now)


def ids(world: World, **wanted: object) -> list[int]:
    return [card.proposal.id for card in found(world, **wanted)]


def test_done_failed_and_late_matters_stand_side_by_side_newest_first(world: World) -> None:
    overdue = late(world)
    done = ended(world, Stage.COMPLETED)
    world.wait(days=1)
    rejected = ended(world, Stage.REJECTED)
    world.matter(Stage.CONSULTING)
    world.matter(Stage.SUBMITTED)
    assert ids(world) == [rejected.id, done.id]
    world.wait(days=3)
    cards = found(world)
    assert [card.proposal.id for card in cards] == [overdue.id, rejected.id, done.id]
    assert [card.kind.value for card in cards] == ["overdue", "failed", "done"]
    assert cards[0].worst.left.days == 2
    assert [card.days for card in cards] == [4, 0, 0]


@pytest.mark.parametrize("stage", sorted(outcomes.FAILED))
def test_every_way_to_fail_is_shown(world: World, stage: Stage) -> None:
    row = ended(world, stage)
    assert ids(world, kind=OutcomeKind.FAILED) == [row.id]


def test_a_rated_matter_keeps_the_day_it_was_completed(world: World) -> None:
    row = ended(world, Stage.COMPLETED)
    at = world.now
    world.wait(days=31)
    world.put(row, Stage.RATED)
    assert [(card.at, card.kind) for card in found(world)] == [(at, OutcomeKind.DONE)]


def test_work_that_was_handed_over_is_not_late(world: World) -> None:
    proposal = world.matter(Stage.IN_PROGRESS)
    made = begun(world, proposal, due_day=date(2026, 5, 8))
    commitments.submit(world.as_(Post.HANDLER), made)
    past(world, made)
    assert ids(world) == []


def test_the_sentence_counts_this_quarter(world: World) -> None:
    ended(world, Stage.COMPLETED)
    world.now = datetime(2026, 7, 6, 1, 0, tzinfo=UTC)
    ended(world, Stage.COMPLETED)
    ended(world, Stage.NOT_ADMITTED)
    world.matter(Stage.CONSULTING)
    world.matter(Stage.SUBMITTED)
    row = world.matter(Stage.IN_PROGRESS)
    assigned(world, row, due_day=date(2026, 7, 7))
    world.wait(days=2)
    counted = outcomes.totals(world.session, world.community.id, world.now)
    assert counted == outcomes.Totals(discussed=4, done=1, failed=1, overdue=1, running=1, all=4)
    place = world.community.id
    for kind, n in ((OutcomeKind.DISCUSSED, 4), (OutcomeKind.DONE, 1), (OutcomeKind.FAILED, 1)):
        assert len(ids(world, kind=kind, year=2026, quarter=3, limit=50)) == n
    assert outcomes.cards(world.session, Filter(place + 1), world.now) == []


def test_a_list_is_narrowed_by_class_and_time(world: World) -> None:
    row = ended(world, Stage.COMPLETED)
    words = {"outcome_class": OutcomeClass.LIVELIHOOD}
    assert ids(world, **words) == []
    assert ids(world, year=2026) == [row.id]
    assert ids(world, year=2026, quarter=2) == [row.id]
    assert ids(world, year=2026, quarter=1) == []
    assert ids(world, year=2025) == []


def test_quarters_begin_and_end_in_shanghai() -> None:
    start, end = outcomes.period(2026, 4)
    assert (start, end) == (
        datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC),
    )  # fmt: skip
    assert outcomes.period(2026, None)[1] == end
    assert outcomes.quarter_of(date(2026, 3, 31)) == (2026, 1)


def test_a_list_is_paged_by_moment_and_id(world: World) -> None:
    made = [ended(world, Stage.COMPLETED).id for _ in range(5)][::-1]
    seen: list[int] = []
    before = None
    while True:
        page = found(world, before=before, limit=2)
        seen += [card.proposal.id for card in page[:2]]
        if len(page) <= 2:
            break
        text = outcomes.cursor(page[1].at, page[1].proposal.id)
        before = outcomes.place_in_list(text)
        assert before == (page[1].at, page[1].proposal.id)
    assert seen == made


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1-", "-1", "１-２", "9" * 30 + "-1", "1-99999999999"]
)
def test_a_broken_place_in_a_list_is_ignored(text: str) -> None:
    assert outcomes.place_in_list(text) is None


def test_a_card_says_who_took_part_and_how_it_was_rated(world: World) -> None:
    row = world.matter(Stage.ADMITTED)
    proposals.support(world.as_("neighbour"), row)
    proposals.support(world.as_(Constituency.PARTY), row)
    world.put(row, Stage.COMPLETED)

    def mark() -> None:
        row.completed_at = world.now

    through(world.system(), Act("test.end", Can.SYSTEM), row, mark)
    for n in range(5):
        world.person(f"r{n}", RESIDENTS)
        ratings.give(world.as_(f"r{n}"), row, score=5)
    card = found(world)[0]
    assert (card.took["residents"], card.took["party"], card.took["units"]) == (1, 1, 0)
    assert card.rating is not None
    assert card.rating.shown == "5.0"
    assert card.unit is not None
    assert card.unit.id == world.unit.id


def test_matters_under_discussion_say_what_can_be_done_today(world: World) -> None:
    row = world.matter(Stage.ADMITTED)
    ended(world, Stage.COMPLETED)
    shown = outcomes.running(world.session, world.community.id)
    assert [one.proposal.id for one in shown] == [row.id]
    assert (shown[0].speaks_until, shown[0].meeting) == (None, None)


def test_there_may_be_no_next_meeting(world: World) -> None:
    assert outcomes.next_meeting(world.nobody(), world.community.id) is None


def test_the_number_of_statements_does_not_grow_with_the_cards(world: World) -> None:
    def statements() -> int:
        world.commit()
        counted: list[str] = []
        engine = world.session.get_bind()
        note = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        place, now = world.community.id, world.now
        outcomes.totals(world.session, place, now)
        outcomes.cards(world.session, Filter(place, limit=50), now)
        outcomes.running(world.session, place, limit=50)
        event.remove(engine, "before_cursor_execute", note)
        return len(counted)

    def more(n: int) -> None:
        for _ in range(n):
            assigned(world, world.matter(Stage.IN_PROGRESS), due_day=date(2026, 5, 25))
            ended(world, Stage.COMPLETED)
            ended(world, Stage.REJECTED)
            world.matter(Stage.CONSULTING)

    more(2)
    world.wait(days=30)
    few = statements()
    world.now = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
    more(10)
    world.wait(days=31)
    assert statements() == few
