"""The course of a meeting: what each step needs, who takes it, and what the public is told."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from council import calendar, deliberations, files, meetings, notices, plans, rollcalls, sittings
from council.decisions import Outcome
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Act, through
from council.kinds import MeetingKind
from council.meetings import ItemKind, Meeting, MeetingStage
from council.notices import NoticeKind
from council.people import Constituency, Post
from council.plans import Topic
from council.policy import Can
from council.proposals import Stage
from council.votes import Choice
from tests.hall import SEATS, Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


def refused(hall: Hall, who: Post, meeting: Meeting, name: str) -> tuple[str, ...]:
    with pytest.raises(NotReady) as refusal:
        hall.move(who, meeting, name)
    return refusal.value.needs


def test_the_table_has_no_flaw() -> None:
    assert sittings.MEETING.flaws(MeetingStage) == []


def test_the_notice_goes_out_in_time_and_hangs_on_the_board(hall: Hall) -> None:
    meeting = hall.notified()
    assert meeting.stage is MeetingStage.NOTIFIED
    assert meeting.notified_at == hall.world.now
    board = notices.standing(hall.world.session, hall.world.community, hall.world.now)
    assert [(one.kind, one.title) for one in board] == [(NoticeKind.MEETING, meeting.title)]
    assert hall.world.acts()[-1] == "meeting.notify"


def clocks(hall: Hall, meeting: Meeting) -> tuple[list[str], int]:
    """The open clocks of the hall's matter, and how many people a meeting waits for."""
    session = hall.world.session
    attending = calendar.running(session, meeting, "attend_meeting")
    return [one.kind for one in calendar.running(session, hall.matter)], len(attending)


def asked_for(hall: Hall) -> None:
    """The clock runs until a meeting about the hall's matter is called."""
    spec = Act("test.clock", Can.SYSTEM)
    ctx = hall.world.system()
    through(ctx, spec, hall.matter, lambda: sittings.await_meeting(ctx, hall.matter))


def test_the_notice_calls_everybody_who_has_a_seat_and_nobody_else(hall: Hall) -> None:
    asked_for(hall)
    meeting = hall.planned()
    assert clocks(hall, meeting) == (["call_meeting"], 0)
    hall.answered(meeting)
    hall.move(Post.PARTY_LEAD, meeting, "notify")
    assert clocks(hall, meeting) == ([], len(SEATS))
    session, now = hall.world.session, hall.world.now
    (mine,) = calendar.waiting(session, hall.world.as_("neighbour").voice, now)
    assert (mine.deadline.kind, mine.deadline.due_at) == ("attend_meeting", meeting.starts_at)
    assert not calendar.waiting(session, hall.world.as_(Post.OVERSIGHT).voice, now)


def test_nobody_is_waited_for_once_the_meeting_has_begun(hall: Hall) -> None:
    asked_for(hall)
    meeting = hall.begun()
    assert clocks(hall, meeting) == ([], 0)


def test_when_an_announced_meeting_does_not_take_place_another_has_to_be_called(
    hall: Hall,
) -> None:
    asked_for(hall)
    fell = hall.opened()
    hall.world.wait(minutes=31)
    hall.move(Post.FACILITATOR, fell, "fall")
    assert clocks(hall, fell) == (["call_meeting"], 0)
    (again,) = calendar.running(hall.world.session, hall.matter)
    assert (again.started_at, again.who) == (hall.world.now, Can.CONVENE)
    called_off = hall.notified()
    assert clocks(hall, called_off) == ([], len(SEATS))
    plans.explain(hall.world.as_(Post.PARTY_LEAD), called_off, reason="停电")
    hall.move(Post.PARTY_LEAD, called_off, "cancel")
    assert clocks(hall, called_off) == (["call_meeting"], 0)


def test_the_notice_needs_place_five_constituencies_and_motions(hall: Hall) -> None:
    bare = hall.planned(location="", members=hall.member_ids("neighbour"), agenda=())
    assert refused(hall, Post.PARTY_LEAD, bare, "notify") == (
        "has_place", "all_five_invited", "agenda_complete",
    )  # fmt: skip
    silent = hall.planned(agenda=(Topic(hall.matter.id),))
    assert "agenda_complete" in refused(hall, Post.PARTY_LEAD, silent, "notify")


def test_the_notice_waits_for_the_responsible_unit(hall: Hall) -> None:
    meeting = hall.planned()
    assert refused(hall, Post.PARTY_LEAD, meeting, "notify") == ("units_answered",)


def test_the_notice_needs_matters_that_are_ready(hall: Hall) -> None:
    meeting = hall.planned()
    hall.answered(meeting)
    hall.world.put(hall.matter, Stage.CONSULTING)
    assert refused(hall, Post.PARTY_LEAD, meeting, "notify") == ("matters_ready",)


def test_a_late_notice_is_refused(hall: Hall) -> None:
    meeting = hall.planned()
    hall.answered(meeting)
    hall.world.now = meeting.notice_by - timedelta(seconds=1)
    assert sittings.notice_in_time(hall.world.as_(Post.PARTY_LEAD), meeting)
    hall.world.now = meeting.notice_by
    assert refused(hall, Post.PARTY_LEAD, meeting, "notify") == ("notice_in_time",)


def test_only_a_convener_sends_the_notice(hall: Hall) -> None:
    meeting = hall.planned()
    with pytest.raises(NotAllowed):
        hall.move(Post.FACILITATOR, meeting, "notify")


def test_check_in_opens_on_the_day(hall: Hall) -> None:
    meeting = hall.notified()
    assert refused(hall, Post.FACILITATOR, meeting, "open_check_in") == ("day_has_come",)
    hall.world.now = meeting.starts_at - timedelta(hours=1)
    with pytest.raises(NotAllowed):
        hall.move(Post.PARTY_LEAD, meeting, "open_check_in")
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    assert meeting.stage is MeetingStage.CHECK_IN
    assert hall.world.acts()[-1] == "meeting.open_check_in"


def test_a_meeting_begins_with_a_quorum(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, *SEATS[:5])
    assert refused(hall, Post.FACILITATOR, meeting, "begin") == ("quorum_met",)
    hall.come(meeting, Constituency.UNITS)
    with pytest.raises(NotAllowed):
        hall.move(Post.RECORDER, meeting, "begin")
    hall.move(Post.FACILITATOR, meeting, "begin")
    assert meeting.began_at == hall.world.now
    assert meeting.quorum is not None
    assert meeting.quorum["met"]
    assert "meeting.begin" in hall.world.acts()


def test_a_matter_that_has_moved_on_holds_up_the_beginning(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, *SEATS)
    hall.world.put(hall.matter, Stage.DELIBERATING)
    assert refused(hall, Post.FACILITATOR, meeting, "begin") == ("matters_ready",)


def test_a_meeting_without_a_quorum_falls_and_its_matters_wait(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, Constituency.PARTY)
    hall.world.wait(minutes=-1)
    assert refused(hall, Post.FACILITATOR, meeting, "fall") == ("hour_has_come",)
    hall.world.wait(minutes=31)
    with pytest.raises(NotAllowed):
        hall.move(Post.PARTY_LEAD, meeting, "fall")
    hall.move(Post.FACILITATOR, meeting, "fall")
    assert meeting.stage is MeetingStage.FELL
    assert meeting.quorum is not None
    assert not meeting.quorum["met"]
    assert hall.world.acts()[-1] == "meeting.fall"
    assert plans.ready(hall.world.session, hall.world.community.id) == [hall.matter]


def test_a_meeting_with_a_quorum_does_not_fall(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, *SEATS)
    assert refused(hall, Post.FACILITATOR, meeting, "fall") == ("quorum_missing",)


def test_a_meeting_ends_when_every_item_is_settled(hall: Hall) -> None:
    meeting = hall.begun()
    assert refused(hall, Post.FACILITATOR, meeting, "adjourn") == ("every_item_settled",)
    ctx = hall.world.as_(Post.FACILITATOR)
    deliberations.postpone(ctx, hall.items(meeting)[0], reason="等方案")
    with pytest.raises(NotAllowed):
        hall.move(Post.PARTY_LEAD, meeting, "adjourn")
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    assert meeting.ended_at == hall.world.now
    due = calendar.running(hall.world.session, meeting, "minutes")
    assert [(one.amount, one.who) for one in due] == [("5wd", "record")]
    assert hall.world.acts()[-1] == "meeting.adjourn"


def test_an_announced_meeting_is_called_off_with_a_reason(hall: Hall) -> None:
    meeting = hall.notified()
    assert refused(hall, Post.PARTY_LEAD, meeting, "cancel") == ("reason_given",)
    plans.explain(hall.world.as_(Post.PARTY_LEAD), meeting, reason="停电")
    with pytest.raises(NotAllowed):
        hall.move(Post.FACILITATOR, meeting, "cancel")
    hall.move(Post.PARTY_LEAD, meeting, "cancel")
    assert meeting.stage is MeetingStage.CANCELLED
    assert hall.world.acts()[-1] == "meeting.cancel"
    assert meetings.get(hall.world.nobody(), meeting.id) is meeting


def test_a_plan_is_dropped_without_ado(hall: Hall) -> None:
    asked_for(hall)
    meeting = hall.planned()
    hall.move(Post.PARTY_LEAD, meeting, "cancel")
    assert clocks(hall, meeting) == (["call_meeting"], 0)
    assert calendar.running(hall.world.session, hall.items(meeting)[0]) == []


def test_the_recorder_adds_photographs_once_it_has_begun(hall: Hall) -> None:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    picture = files.decode(drawn.getvalue())
    meeting = hall.opened()
    with pytest.raises(NotReady) as refusal:
        sittings.photograph(hall.world.as_(Post.RECORDER), meeting, picture=picture)
    assert refusal.value.needs == ("has_begun",)
    hall.come(meeting, *SEATS)
    hall.move(Post.FACILITATOR, meeting, "begin")
    with pytest.raises(NotAllowed):
        sittings.photograph(hall.world.as_("neighbour"), meeting, picture=picture)
    sittings.photograph(hall.world.as_(Post.RECORDER), meeting, picture=picture, alt="会场")
    assert hall.world.acts()[-1] == "meeting.photograph"


def test_whoever_may_take_a_step_is_told_what_is_missing(hall: Hall) -> None:
    meeting = hall.planned()
    steps = sittings.steps(hall.world.as_(Post.PARTY_LEAD), meeting)
    assert {step.name: possible.needs for step, possible in steps} == {
        "notify": ("units_answered",), "cancel": (),
    }  # fmt: skip
    assert sittings.steps(hall.world.as_("neighbour"), meeting) == []


def test_too_few_go_on_as_a_talk_that_decides_nothing(hall: Hall) -> None:
    meeting = hall.opened()
    hall.come(meeting, Constituency.PARTY)
    with pytest.raises(NotAllowed):
        hall.move(Post.PARTY_LEAD, meeting, "go_on_as_talk")
    hall.move(Post.FACILITATOR, meeting, "go_on_as_talk")
    assert (meeting.stage, meeting.talk_at) == (MeetingStage.IN_SESSION, hall.world.now)
    assert not meeting.decides
    assert meeting.quorum is not None
    assert not meeting.quorum["met"]
    assert hall.matter.stage is Stage.READY_FOR_MEETING
    assert calendar.running(hall.world.session, hall.matter, "call_meeting")
    chair = hall.world.as_(Post.FACILITATOR)
    (item,) = hall.items(meeting)
    deliberations.open_item(chair, item)
    with pytest.raises(NotReady) as refusal:
        deliberations.open_vote(chair, item)
    assert "item_decides" in refusal.value.needs
    deliberations.hear(chair, item)
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    assert plans.ready(hall.world.session, hall.world.community.id) == [hall.matter]
    assert "meeting.go_on_as_talk" in hall.world.acts()


def test_a_talk_hall_has_no_seats_and_begins_freely(hall: Hall) -> None:
    talk = Topic(title="楼道堆物怎么办", kind=ItemKind.TALK)
    of = {"kind": MeetingKind.TALK_HALL, "seats": ()}
    meeting = hall.begun(agenda=(talk,), present=(), **of)
    assert (meeting.decides, meeting.stage) == (False, MeetingStage.IN_SESSION)
    for wrong, key in (
        ({"seats": SEATS}, "anybody_may_come"),
        ({"agenda": (Topic(hall.matter.id),)}, "matters_in_joint_only"),
        ({"agenda": (Topic(title="开会"),)}, "kind_only_talks"),
        ({"kind": MeetingKind.RESIDENTS}, "no_adults"),
    ):
        with pytest.raises(Invalid) as refusal:
            hall.planned(**{"agenda": (talk,)} | of | wrong)
        assert key in {one.key for one in refusal.value.problems}


def test_a_delegates_assembly_seats_delegates_four_fifths_and_the_chair_keeps_the_vote(
    hall: Hall,
) -> None:
    report = Topic(title="年度报告", motion="通过年度报告。")
    of = {"kind": MeetingKind.DELEGATES, "agenda": (report,)}
    with pytest.raises(Invalid) as refusal:
        hall.planned(seats=("neighbour",), **of)
    assert [one.key for one in refusal.value.problems] == ["not_in_office"]
    few = hall.planned(seats=(Post.COMMITTEE, Post.DELEGATE), **of)
    with pytest.raises(NotReady) as blocked:
        hall.move(Post.PARTY_LEAD, few, "notify")
    assert blocked.value.needs == ("delegates_enough",)
    nobody = hall.planned(seats=(), **of)
    with pytest.raises(NotReady) as blocked:
        hall.move(Post.PARTY_LEAD, nobody, "notify")
    assert blocked.value.needs == ("somebody_invited",)
    meeting = hall.begun(seats=(Post.DELEGATE,), present=(Post.DELEGATE,), **of)
    vote = deliberations.open_vote(
        hall.world.as_(Post.FACILITATOR),
        hall.asked(
            deliberations.open_item(hall.world.as_(Post.FACILITATOR), hall.items(meeting)[0])
        ),
    )
    rollcalls.cast(hall.world.as_(Post.DELEGATE), vote, choice=Choice.FOR)
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)
    assert vote.outcome is Outcome.ADOPTED
    assert vote.due == {"all": 1}
