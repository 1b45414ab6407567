"""Meetings as pages ask for them: which are coming and past, and how a matter was settled."""

from datetime import timedelta

from sqlalchemy import event

from council import deliberations, meetings
from council.decisions import Outcome
from council.meetings import ItemStage
from council.people import Post
from council.proposals import Stage
from tests.hall import Hall
from tests.world import World


def test_the_notice_is_due_days_before(world: World) -> None:
    meeting = Hall(world).planned()
    assert meeting.starts_at - meeting.notice_by == timedelta(days=2, hours=19)


def test_coming_meetings_stand_in_their_order_and_past_ones_newest_first(world: World) -> None:
    hall = Hall(world)
    community = world.community.id
    later = hall.notified()
    sooner = hall.notified(
        world.matter(Stage.READY_FOR_MEETING), starts_at=later.starts_at - timedelta(days=1)
    )
    nobody = world.nobody()
    assert meetings.coming(nobody, community) == [sooner, later]
    assert meetings.past(nobody, community) == []
    world.now = sooner.starts_at
    for meeting in (sooner, later):
        world.now = meeting.starts_at
        hall.move(Post.FACILITATOR, meeting, "open_check_in")
        hall.move(Post.FACILITATOR, meeting, "fall")
    assert meetings.coming(nobody, community) == []
    assert meetings.past(nobody, community) == [sooner, later]
    assert meetings.past(nobody, community, before=sooner.id) == [later]


def test_a_matter_has_no_section_before_its_meeting_is_announced(world: World) -> None:
    hall = Hall(world)
    assert meetings.section(world.session, hall.matter) is None
    hall.planned()
    assert meetings.section(world.session, hall.matter) is None


def test_the_section_tells_every_meeting_that_took_the_matter_up(world: World) -> None:
    hall = Hall(world)
    first = hall.begun()
    deliberations.postpone(
        world.as_(Post.FACILITATOR), hall.items(first)[0], reason="等供电公司的方案"
    )
    hall.move(Post.FACILITATOR, first, "adjourn")
    world.put(hall.matter, Stage.READY_FOR_MEETING)
    vote = hall.vote_open()
    deliberations.close_vote(world.as_(Post.FACILITATOR), vote)
    found = meetings.section(world.session, hall.matter)
    assert found is not None
    newest, oldest = found.decided
    assert newest.vote is vote
    assert newest.result is not None
    assert newest.result.outcome is Outcome.REJECTED
    assert (oldest.item.stage, oldest.result) == (ItemStage.POSTPONED, None)


def test_the_section_takes_two_statements_however_many_meetings(world: World) -> None:
    hall = Hall(world)
    for _ in range(4):
        meeting = hall.opened()
        hall.move(Post.FACILITATOR, meeting, "fall")
    seen: list[str] = []
    event.listen(world.session.get_bind(), "before_cursor_execute", lambda *a: seen.append(a[2]))
    found = meetings.section(world.session, hall.matter)
    assert found is not None
    assert len(found.decided) == 4
    assert len(seen) == 2
