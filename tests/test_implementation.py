"""Implementation: what everybody sees of a task, its clock above all."""

from datetime import date

import pytest
from sqlalchemy import event

from council import acceptance, calendar, commitments, delays, files, implementation, postings
from council.commitments import CommitmentStage
from council.files import Role
from council.gate import Act, through
from council.implementation import Filter, Show
from council.people import Constituency, Post
from council.policy import Can
from council.postings import Words
from council.proposals import Stage
from tests.working import adopted, assigned, begun, passed, past, picture, submitted
from tests.world import World


def the_line(world: World, row: commitments.Commitment) -> implementation.Line:
    return implementation.lines(world.session, [row], world.now)[0]


def test_days_left_are_counted_across_shifted_holidays(world: World) -> None:
    # Saturday 9 May 2026 is a working day; Sunday 10 May is not.
    assert calendar.working(world.session)(date(2026, 5, 9))
    found = the_line(world, assigned(world, due_day=date(2026, 5, 11)))
    assert (found.left.days, found.left.working_days) == (5, 4)
    assert (found.is_soon, found.is_overdue) == (False, False)


def test_a_task_is_due_soon_one_working_day_before(world: World) -> None:
    made = assigned(world, due_day=date(2026, 5, 11))
    world.wait(days=3)
    assert the_line(world, made).is_soon
    past(world, made)
    found = the_line(world, made)
    assert (found.is_soon, found.is_overdue, found.left.days) == (False, True, 1)


def test_the_clock_stands_still_when_the_work_is_handed_over(world: World) -> None:
    made = submitted(world)
    past(world, made)
    found = the_line(world, made)
    assert found.is_done
    assert not found.is_overdue
    assert (found.left.overdue, found.left.days) == (False, 9)


def test_a_name_appears_only_with_consent(world: World) -> None:
    made = begun(world)
    assert the_line(world, made).name == ""
    commitments.show_name(world.as_(Post.HANDLER), made, shown=True)
    assert the_line(world, made).name == "真名handler"


def test_a_task_shows_its_reports_checks_extension_and_explanations(world: World) -> None:
    made = begun(world)
    delays.ask_extension(
        world.as_(Post.HANDLER), made, reason="灯杆晚到。", new_day=date(2026, 5, 20)
    )
    delays.grant_extension(world.as_(Post.COMMITTEE), made)
    past(world, made)
    delays.explain(world.as_(Post.PARTY_LEAD), made, words="下雨。")
    commitments.progress(world.as_(Post.HANDLER), made, pictures=[picture()], role=Role.AFTER)
    commitments.submit(world.as_(Post.HANDLER), made)
    acceptance.send_back(world.as_(Post.DELEGATE), made, words="线外露。")
    found = implementation.detail(world.nobody(), made)
    assert [len(one.photos) for one in found.reports] == [1, 0]
    assert [one.words for one in found.checks] == ["线外露。"]
    assert found.line.extension is not None
    assert found.line.extension.old_day == date(2026, 5, 15)
    assert [one.words for one in found.line.explanations] == ["下雨。"]
    assert found.may == {}


def test_buttons_are_there_for_those_who_can_press_them(world: World) -> None:
    def may(key: Post | Constituency, row: commitments.Commitment) -> set[str]:
        return set(implementation.detail(world.as_(key), row).may)

    made = assigned(world)
    name = "commitment.show_name"
    assert may(Post.HANDLER, made) == {"commitment.acknowledge", "commitment.decline", name}
    assert may(Constituency.UNITS, made) == set()
    commitments.acknowledge(world.as_(Post.HANDLER), made)
    commitments.progress(world.as_(Post.HANDLER), made, words="开工。")
    working = {"commitment.progress", "commitment.submit", "commitment.ask_extension", name}
    assert may(Post.HANDLER, made) == working
    commitments.submit(world.as_(Post.HANDLER), made)
    assert may(Post.HANDLER, made) == {name}
    assert may(Post.DELEGATE, made) == {"commitment.pass", "commitment.send_back"}
    assert may(Post.PARTY_LEAD, made) == set()


def test_a_worker_has_the_buttons_of_the_person_for_whom_they_enter(world: World) -> None:
    made = assigned(world)
    found = implementation.detail(world.as_(Post.COMMUNITY_WORKER), made)
    assert found.enters_for > 0
    assert set(found.may) == {
        "commitment.acknowledge", "commitment.decline", "commitment.show_name",
    }  # fmt: skip
    assert implementation.detail(world.as_(Post.HANDLER), made).enters_for == 0
    assert implementation.detail(world.nobody(), made).enters_for == 0


def test_lists_are_filtered_and_the_most_urgent_stands_first(world: World) -> None:
    late = assigned(world, due_day=date(2026, 5, 8))
    later = assigned(world, due_day=date(2026, 5, 29))
    done = passed(world)
    waits = submitted(world, due_day=date(2026, 5, 12))
    past(world, late)
    ctx, place = world.nobody(), world.community.id

    def ids(**wanted: object) -> list[int]:
        found = implementation.listing(ctx, Filter(place, **wanted))  # type: ignore[arg-type]
        return [one.commitment.id for one in found]

    assert ids() == [late.id, waits.id, later.id]
    assert ids(show=Show.OVERDUE) == [late.id]
    assert ids(show=Show.SUBMITTED) == [waits.id]
    assert ids(show=Show.PASSED) == [done.id]
    assert ids(show=Show.ALL) == [later.id, done.id, waits.id, late.id]
    assert ids(show=Show.ALL, stage=CommitmentStage.ASSIGNED) == [later.id, late.id]
    assert ids(unit_id=world.other_unit.id) == []
    totals = implementation.totals(ctx, Filter(place))
    assert [totals[one] for one in Show] == [3, 1, 1, 1, 4]


def test_lists_are_paged_by_day_and_id(world: World) -> None:
    ctx, place = world.nobody(), world.community.id
    made = [assigned(world, due_day=date(2026, 5, 12)).id for _ in range(5)]
    for show in (Show.OPEN, Show.ALL):
        seen: list[int] = []
        after = None
        while True:
            page = implementation.listing(ctx, Filter(place, show=show, after=after, limit=2))
            seen += [one.commitment.id for one in page[:2]]
            if len(page) <= 2:
                break
            after = (page[1].commitment.due_day, page[1].commitment.id)
        assert seen == (made if show is Show.OPEN else made[::-1])


def test_tasks_of_hidden_matters_are_not_listed(world: World) -> None:
    proposal = adopted(world)
    assigned(world, proposal)
    world.put(proposal, Stage.SUBMITTED)
    assert implementation.listing(world.nobody(), Filter(world.community.id)) == []
    assert set(implementation.totals(world.nobody(), Filter(world.community.id)).values()) == {0}


def test_the_section_shows_the_place_before_and_now(world: World) -> None:
    proposal = adopted(world)

    def attach() -> None:
        for colour in ("red", "blue"):
            files.attach(
                world.system(), proposal, picture(colour), role=Role.PLACE, alt=colour, public=True
            )

    through(world.system(), Act("test.photo", Can.SYSTEM), proposal, attach)
    row = begun(world, proposal)
    empty = implementation.section(world.session, proposal, world.now)
    assert empty.before is not None
    assert (empty.before.photo.alt, empty.after) == ("red", None)
    world.wait(days=1)
    handler = world.as_(Post.HANDLER)
    commitments.progress(handler, row, pictures=[picture("gray")], alt="施工")
    commitments.progress(handler, row, pictures=[picture("white")], alt="旧", role=Role.BEFORE)
    found = implementation.section(world.session, proposal, world.now)
    assert found.before is not None
    assert found.after is not None
    assert (found.before.photo.alt, found.after.photo.alt) == ("旧", "施工")
    assert found.after.at == world.now


def test_the_section_tells_who_may_do_what(world: World) -> None:
    proposal = adopted(world)
    postings.post_decision(world.as_(Post.COMMITTEE), proposal, words=Words("决定", "立灯杆。"))

    def may(key: Post | Constituency) -> tuple[bool, bool]:
        found = implementation.section(world.session, proposal, world.now, world.as_(key).actor)
        return found.may_assign, found.may_post

    assert may(Post.COMMITTEE) == (True, True)
    assert may(Post.COMMUNITY_WORKER) == (False, True)
    assert may(Constituency.RESIDENTS) == (False, False)
    assert len(implementation.section(world.session, proposal, world.now).notices) == 1


def test_everybody_who_signs_for_a_unit_can_be_named(world: World) -> None:
    found = implementation.holders(world.session, world.community.id, world.now)
    assert [(one.unit.id, one.person_id) for one in found] == [
        (world.unit.id, world.who[Post.HANDLER]),
        (world.other_unit.id, world.who[Constituency.UNITS]),
    ]


@pytest.mark.parametrize("page", ["listing", "section", "detail"])
def test_the_number_of_statements_does_not_grow(world: World, page: str) -> None:
    proposal = adopted(world)

    def statements() -> int:
        world.commit()
        world.session.expire_all()
        counted: list[str] = []
        row = commitments.of(world.session, proposal.id)[0]
        engine, ctx = world.session.get_bind(), world.as_(Post.HANDLER)
        note = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        match page:
            case "listing":
                implementation.listing(ctx, Filter(world.community.id, limit=50))
            case "section":
                implementation.section(world.session, proposal, world.now)
            case _:
                implementation.detail(ctx, row)
        event.remove(engine, "before_cursor_execute", note)
        return len(counted)

    def more(n: int) -> None:
        for _ in range(n):
            row = begun(world, proposal)
            commitments.show_name(world.as_(Post.HANDLER), row, shown=True)
        for _ in range(n):
            first = commitments.of(world.session, proposal.id)[0]
            commitments.progress(world.as_(Post.HANDLER), first, pictures=[picture()])

    more(2)
    few = statements()
    more(10)
    assert statements() == few
