"""Pages of meetings: the list, one meeting, its steps, notice, calendar file and photographs."""

from io import BytesIO

import icalendar
import pytest
from PIL import Image
from sqlalchemy import event

from council import deliberations, meetings, places, plans
from council.meetings import MeetingStage
from council.people import Constituency, Post
from council.proposals import Stage
from tests.hall import MOTION, SEATS, Hall

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hall(world):
    return Hall(world)


def stage(site, meeting):
    with site.read() as session:
        return session.get_one(meetings.Meeting, meeting.id).stage


def photograph():
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return {"photo": ("hall.png", drawn.getvalue(), "image/png")}


def statements(site, client, address):
    seen = []
    engine = site.world.database._reader
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert client.get(address).status_code == 200
    return len(seen)


def test_before_any_meeting_the_list_says_what_will_be_here(world, site):
    shown = site.visitor().get("/meetings")
    assert shown.status_code == 200
    assert "还没有安排会议" in shown.text
    assert "还没有开过会" in shown.text
    assert "/meetings/new" not in shown.text
    assert "/meetings/new" in site.as_(Post.PARTY_LEAD).get("/meetings").text


def test_the_list_shows_what_is_coming_and_what_is_past(world, site, hall):
    fallen = hall.opened(title="四月联席会议")
    hall.move(Post.FACILITATOR, fallen, "fall")
    hall.notified()
    world.commit()
    shown = site.visitor().get("/meetings").text
    assert shown.index("五月联席会议") < shown.index("四月联席会议")
    assert "流会" in shown
    assert hall.matter.title in shown
    english = site.visitor().get("/meetings?lang=en").text
    assert "Fell, no quorum" in english


def test_a_filter_that_does_not_exist_is_left_out_with_a_note(world, site, hall):
    hall.notified()
    world.commit()
    browser = site.visitor()
    for query in ("before=x", "stage=4"):
        shown = browser.get(f"/meetings?{query}")
        assert shown.status_code == 200
        assert f"已略过：{query.partition('=')[0]}<" in shown.text
        assert "五月联席会议" in shown.text
    assert "已略过" not in browser.get("/meetings?before=&lang=zh&size=elder").text


def test_a_planned_meeting_is_not_public(world, site, hall):
    meeting = hall.planned()
    world.commit()
    assert site.visitor().get(f"/meetings/{meeting.id}").status_code == 404
    assert "五月联席会议" not in site.visitor().get("/meetings").text
    assert site.as_(Post.HANDLER).get(f"/meetings/{meeting.id}").status_code == 200


def test_everybody_sees_the_agenda_and_nobody_s_name(world, site, hall):
    meeting = hall.notified()
    world.commit()
    shown = site.visitor().get(f"/meetings/{meeting.id}")
    assert shown.status_code == 200
    assert MOTION in shown.text
    assert "原则上同意承办" in shown.text
    assert "真名" not in shown.text
    assert "党员 1、居民 2" in shown.text
    assert "<form" not in shown.text.split('id="main"')[1].split("<footer")[0]


def test_the_convener_is_told_what_the_notice_still_needs(world, site, hall):
    meeting = hall.planned(location="")
    world.commit()
    client = site.as_(Post.PARTY_LEAD)
    shown = client.get(f"/meetings/{meeting.id}").text
    assert "责任单位原则上同意承办，或已记录未答复" in shown
    assert "会议地点已经写明" in shown
    refused = client.post(f"/meetings/{meeting.id}/transitions/notify")
    assert refused.status_code == 409
    assert "会议地点已经写明" in refused.text
    assert stage(site, meeting) is MeetingStage.PLANNED


def test_the_notice_goes_out_without_script(world, site, hall):
    meeting = hall.planned()
    hall.answered(meeting)
    world.commit()
    sent = site.as_(Post.PARTY_LEAD).post(f"/meetings/{meeting.id}/transitions/notify")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/meetings/{meeting.id}")
    assert stage(site, meeting) is MeetingStage.NOTIFIED


def test_htmx_gets_the_part_that_changed(world, site, hall):
    meeting = hall.opened()
    hall.come(meeting, *SEATS)
    world.commit()
    sent = site.as_(Post.FACILITATOR).post(
        f"/meetings/{meeting.id}/transitions/begin", headers=HTMX
    )
    assert sent.status_code == 200
    assert sent.text.lstrip().startswith('<div id="meeting"')
    assert "开会中" in sent.text


def test_somebody_else_is_refused(world, site, hall):
    meeting = hall.opened()
    world.commit()
    client = site.as_(Constituency.RESIDENTS)
    assert client.post(f"/meetings/{meeting.id}/transitions/begin").status_code == 403
    sent = site.visitor().post(f"/meetings/{meeting.id}/transitions/begin")
    assert sent.status_code in {303, 401}


def test_calling_off_needs_its_reason_and_keeps_what_was_typed(world, site, hall):
    meeting = hall.notified()
    world.commit()
    client = site.as_(Post.PARTY_LEAD)
    address = f"/meetings/{meeting.id}/transitions/cancel"
    wrong = client.post(address, data={"reason": "停" * 301})
    assert wrong.status_code == 422
    assert "停" * 301 in wrong.text
    assert client.post(address, data={"reason": "停电"}).status_code == 303
    assert "停电" in site.visitor().get(f"/meetings/{meeting.id}").text


def test_another_recorder_is_named_from_the_page(world, site, hall):
    meeting = hall.notified()
    world.officer(Post.RECORDER)
    world.commit()
    client = site.as_(Post.COMMITTEE)
    sent = {"chair": str(meeting.chair_id), "recorder": str(world.who[Post.RECORDER])}
    address = f"/meetings/{meeting.id}/officers"
    assert client.post(address, data=sent).status_code == 303
    assert client.post(address, data={"chair": "x", "recorder": ""}).status_code == 422


def test_the_recorder_adds_a_photograph(world, site, hall):
    meeting = hall.begun()
    world.commit()
    client = site.as_(Post.RECORDER)
    address = f"/meetings/{meeting.id}/photos"
    assert client.post(address, data={"alt": "会场"}).status_code == 422
    assert client.post(address, data={"alt": ""}, files=photograph()).status_code == 422
    assert client.post(address, data={"alt": "会场"}, files=photograph()).status_code == 303
    assert 'alt="会场"' in site.visitor().get(f"/meetings/{meeting.id}").text
    other = site.as_("neighbour").post(address, data={"alt": "x"}, files=photograph())
    assert other.status_code == 403


def test_the_notice_prints_with_time_place_agenda_and_code(world, site, hall):
    meeting = hall.notified()
    world.commit()
    shown = site.visitor().get(f"/meetings/{meeting.id}/notice").text
    for words in ("联席会议通知", "社区服务站二楼议事厅", "绿化公司", "共 6 席", "<svg", "0531"):
        assert words in shown
    assert "真名" not in shown
    assert (
        "Notice: Joint meeting" in site.visitor().get(f"/meetings/{meeting.id}/notice?lang=en").text
    )


def test_the_calendar_file_holds_the_hour(world, site, hall):
    meeting = hall.notified()
    world.commit()
    sent = site.visitor().get(f"/meetings/{meeting.id}.ics")
    assert sent.headers["content-type"].startswith("text/calendar")
    entry = next(iter(icalendar.Calendar.from_ical(sent.content).walk("VEVENT")))
    assert entry.decoded("dtstart") == meeting.starts_at
    assert str(entry["location"]) == meeting.location
    assert str(entry["status"]) == "CONFIRMED"
    plans.explain(world.as_(Post.PARTY_LEAD), meeting, reason="停电")
    hall.move(Post.PARTY_LEAD, meeting, "cancel")
    world.commit()
    assert "STATUS:CANCELLED" in site.visitor().get(f"/meetings/{meeting.id}.ics").text


def test_a_fallen_and_an_ended_meeting_say_what_became_of_them(world, site, hall):
    meeting = hall.begun()
    deliberations.postpone(world.as_(Post.FACILITATOR), hall.items(meeting)[0], reason="等方案")
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    world.commit()
    shown = site.visitor().get(f"/meetings/{meeting.id}").text
    assert "下次再议：等方案" in shown
    assert "纪要正在整理、签字" in shown
    assert "到会 6 席" in shown


def test_pages_take_as_many_statements_for_two_rows_as_for_forty(world, site, hall):
    counts = []
    for size in (2, 40):
        matters = [world.matter(Stage.READY_FOR_MEETING) for _ in range(size)]
        meeting = hall.planned(*matters, title=f"{size} 项")
        hall.answered(meeting)
        hall.move(Post.PARTY_LEAD, meeting, "notify")
        world.commit()
        counts.append(statements(site, site.visitor(), f"/meetings/{meeting.id}"))
    assert counts[0] == counts[1]


def test_before_the_first_community_the_list_is_empty_and_no_dead_end(site, monkeypatch):
    monkeypatch.setattr(places, "home_community", lambda session: None)
    page = site.visitor().get("/meetings")
    assert page.status_code == 200
    assert "还没有" in page.text
