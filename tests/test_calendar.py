"""Working days as they are shifted, and every promise with a date on it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, select

from council import calendar, deadlines, gate, policy
from council.calendar import Deadline
from council.deadlines import Limit
from council.errors import Invalid, NotAllowed
from council.gate import Act
from council.i18n import ZONE
from council.people import SYSTEM, Actor, Constituency, Held, Post
from council.policy import Can
from council.proposals import Stage
from tests.world import World


def start_clock(
    world: World, kind: str = "admission_draft", at: datetime | None = None, **whom: object
) -> Deadline:
    """A clock on a matter, started by the system in an act of its own."""
    matter = world.matter(Stage.SUBMITTED)
    world.now = at or world.now
    return gate.through(
        world.system(),
        Act("test.clock", Can.SYSTEM),
        matter,
        lambda: calendar.start(world.system(), matter, kind, Limit.parse("3wd"), **whom),  # type: ignore[arg-type]
    )


def test_the_shifted_days_of_2026_are_known(world: World) -> None:
    is_working = calendar.working(world.session)
    assert is_working(date(2026, 2, 14))
    assert not any(is_working(date(2026, 2, day)) for day in range(16, 24))
    assert is_working(date(2026, 10, 10))


def test_a_year_that_is_not_announced_falls_back_to_weekdays_and_says_so(world: World) -> None:
    is_working = calendar.working(world.session)
    assert is_working(date(2027, 3, 1))
    assert not is_working(date(2027, 3, 6))
    assert calendar.version(date(2026, 12, 30), date(2027, 1, 5)) == "weekdays"
    assert calendar.version(date(2026, 2, 13), date(2026, 2, 25)) == "national"


def test_three_working_days_across_the_spring_festival_end_on_the_25th(world: World) -> None:
    friday = datetime(2026, 2, 13, 10, tzinfo=ZONE).astimezone(UTC)
    clock = start_clock(world, at=friday, who=Can.SCREEN)
    assert clock.due_day == date(2026, 2, 25)
    assert clock.due_at == datetime(2026, 2, 26, tzinfo=ZONE)
    assert clock.amount == "3wd"
    assert clock.calendar == "national"


def test_an_administrator_sets_a_day_by_hand_and_it_wins(world: World) -> None:
    admin = world.as_(Post.ADMIN)
    calendar.set_day(admin, world.community, day=date(2027, 2, 6), works=True, note="调休")
    assert calendar.working(world.session)(date(2027, 2, 6))
    calendar.set_day(admin, world.community, day=date(2027, 2, 6), works=False, note="改")
    assert not calendar.working(world.session)(date(2027, 2, 6))
    assert world.acts()[-2:] == ["calendar.set_day", "calendar.set_day"]


def test_a_resident_cannot_set_a_day(world: World) -> None:
    with pytest.raises(NotAllowed):
        calendar.set_day(
            world.as_(Constituency.RESIDENTS), world.community,
            day=date(2027, 2, 6), works=True, note="",
        )  # fmt: skip


def test_a_note_that_is_too_long_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        calendar.set_day(
            world.as_(Post.ADMIN), world.community,
            day=date(2027, 2, 6), works=True, note="长" * 101,
        )  # fmt: skip


def test_a_clock_waits_for_those_who_hold_the_office(world: World) -> None:
    start_clock(world, who=Can.SCREEN)

    def kinds(key: Post | Constituency) -> list[str]:
        actor = world.as_(key).voice
        return [one.deadline.kind for one in calendar.waiting(world.session, actor, world.now)]

    assert kinds(Post.COMMUNITY_WORKER) == ["admission_draft"]
    assert kinds(Post.PARTY_LEAD) == []
    assert kinds(Constituency.RESIDENTS) == []


def test_what_waits_is_counted_in_one_statement_and_listed_in_another(world: World) -> None:
    everybody: list[Post | Constituency] = [*Post, *Constituency]
    for can in Can:
        start_clock(world, kind=can, who=can)
    start_clock(world, kind="one", person_id=world.who[Post.HANDLER])
    start_clock(world, kind="one", unit_id=world.unit.id)
    seen: list[str] = []
    event.listen(
        world.session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2])
    )
    for key in everybody:
        actor = world.as_(key).voice
        calendar.working(world.session)
        before = len(seen)
        n = calendar.waiting_count(world.session, actor)
        listed = calendar.waiting(world.session, actor, world.now)
        assert len(seen) == before + 2
        held = policy.abilities(world.session, actor, world.community.id)
        wanted = {*held} - {Can.SELF, Can.SPEAK, Can.RATE}
        kinds = [one.deadline.kind for one in listed if one.deadline.kind != "one"]
        assert set(kinds) == wanted
        assert n == len(listed) == len(wanted) + 2 * (key is Post.HANDLER)


def test_nothing_waits_for_the_clockwork_or_in_another_community(world: World) -> None:
    start_clock(world, who=Can.SCREEN)
    assert calendar.waiting_count(world.session, SYSTEM) == 0
    elsewhere = Held(Post.COMMUNITY_WORKER, 0, "/999/", None, 1)
    assert calendar.waiting_count(world.session, Actor(person_id=9999, offices=(elsewhere,))) == 0


def test_a_clock_for_one_person_or_unit_waits_for_them_only(world: World) -> None:
    start_clock(world, kind="complete", person_id=world.who["neighbour"])
    start_clock(world, kind="acknowledge", unit_id=world.unit.id)
    mine = calendar.waiting(world.session, world.as_("neighbour").voice, world.now)
    units = calendar.waiting(world.session, world.as_(Post.HANDLER).voice, world.now)
    assert [one.deadline.kind for one in mine] == ["complete"]
    assert [one.deadline.kind for one in units] == ["acknowledge"]


def test_what_is_overdue_says_by_how_many_days(world: World) -> None:
    clock = start_clock(world, who=Can.SCREEN)
    world.wait(days=10)
    (late,) = calendar.waiting(world.session, world.as_(Post.COMMUNITY_WORKER).voice, world.now)
    assert late.left.overdue
    assert late.left.days == (deadlines.local_date(world.now) - clock.due_day).days
    assert calendar.overdue(world.session, world.now, ["admission_draft"]) == [clock]


def test_a_clock_that_was_met_waits_for_nobody(world: World) -> None:
    clock = start_clock(world, who=Can.SCREEN)
    matter = world.matter()
    assert calendar.running(world.session, matter) == []
    gate.through(
        world.system(),
        Act("test.meet", Can.SYSTEM),
        clock,
        lambda: setattr(clock, "met_at", world.now),
    )
    assert not calendar.waiting(world.session, world.as_(Post.COMMUNITY_WORKER).voice, world.now)
    assert world.session.scalars(select(Deadline)).one().met_at == world.now


def test_the_public_calendar_tells_shifted_days_and_days_set_by_hand(world: World) -> None:
    admin = world.as_(Post.ADMIN)
    calendar.set_day(admin, world.community, day=date(2026, 12, 31), works=False, note="盘点")
    months = calendar.year(world.session, 2026)
    assert [len(days) for days in months[:2]] == [31, 28]
    february, last = months[1][13], months[11][30]
    assert (february.works, february.is_shifted, february.by_hand) == (True, True, False)
    assert (last.works, last.is_shifted, last.by_hand, last.note) == (False, True, True, "盘点")


def test_a_day_beyond_the_calendar_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        calendar.set_day(
            world.as_(Post.ADMIN), world.community, day=date(2100, 1, 1), works=True, note=""
        )
