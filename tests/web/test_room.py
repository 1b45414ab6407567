"""The three views of a meeting: a telephone, the console, the screen on the wall."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from council import deliberations, meetings, motions, speeches, straws
from council.people import Constituency, Post
from council.plans import Topic
from council.proposals import Stage
from council.turns import Side
from council.votes import Choice
from council.workflow import advance
from tests.hall import MOTION, SEATS, Hall
from tests.test_outcomes import ended

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hall(world):
    return Hall(world)


def at(meeting_id, view):
    return f"/meetings/{meeting_id}/{view}"


def test_before_the_notice_there_is_no_room(world, site, hall):
    meeting = hall.planned()
    world.commit()
    for view in ("room", "screen"):
        assert site.visitor().get(at(meeting.id, view)).status_code == 404


def test_whoever_arrives_signs_in_and_comes_back_to_the_room(world, site, hall):
    meeting = hall.opened()
    world.commit()
    room = at(meeting.id, "room")
    client = site.as_("neighbour")
    shown = client.get(room)
    assert "请先签到" in shown.text
    assert '<main id="room"' in shown.text
    assert f'data-live="/meetings/{meeting.id}/live"' in shown.text
    assert '<meta http-equiv="refresh" content="5">' in shown.text
    assert f'href="/meetings/{meeting.id}/door"' in shown.text
    code = hall.code(meeting)
    world.commit()
    door = f"/meetings/{meeting.id}/door"
    sent = client.post(door, data={"code": code, "back": room})
    assert (sent.status_code, sent.headers["location"]) == (303, room)
    again = client.get(room, headers=HTMX)
    assert again.text.lstrip().startswith('<main id="room"')
    assert "您已签到" in again.text
    assert "请先签到" not in again.text


def test_a_form_leads_back_to_a_room_only(world, site, hall):
    meeting = hall.opened()
    world.commit()
    code = hall.code(meeting)
    world.commit()
    door = f"/meetings/{meeting.id}/door"
    sent = site.as_("neighbour").post(door, data={"code": code, "back": "//elsewhere.example/room"})
    assert sent.headers["location"] == door


def test_whoever_has_no_seat_follows_and_is_told_so(world, site, hall):
    item = hall.item_open()
    world.commit()
    shown = site.as_(Post.DELEGATE).get(at(item.meeting_id, "room"))
    assert "您在这次会议没有席位" in shown.text
    assert MOTION in shown.text
    seen = site.visitor().get(at(item.meeting_id, "room")).text
    assert "/sign-in?next=/meetings/" in seen
    assert "<form" not in seen.split('id="room"')[1]


def test_one_votes_in_three_large_buttons_and_sees_the_result_after_the_close(world, site, hall):
    vote = hall.vote_open()
    meeting_id = world.session.get_one(meetings.AgendaItem, vote.agenda_item_id).meeting_id
    world.commit()
    client = site.as_("neighbour")
    shown = client.get(at(meeting_id, "room")).text
    for choice in Choice:
        assert f'name="choice" value="{choice}"' in shown
    number = shown.split('name="entry" value="')[1].split('"')[0]
    check = client.post(f"/votes/{vote.id}/check", data={"entry": number, "choice": "against"})
    assert check.status_code == 200
    client.post(f"/votes/{vote.id}/ballots", data={"entry": number, "choice": "against"})
    assert "您已投票：反对" in client.get(at(meeting_id, "room")).text
    for view in (site.visitor(), site.as_(Constituency.PARTY)):
        for page in ("room", "screen"):
            assert "未通过" not in view.get(at(meeting_id, page)).text
    console = at(meeting_id, "console")
    chair = site.as_(Post.FACILITATOR)
    asked = chair.get(f"{console}?ask=close").text
    assert "现在关闭表决吗？" in asked
    assert "6 席里已投 1 席" in asked
    closed = chair.post(f"/votes/{vote.id}/close", data={"back": console})
    assert (closed.status_code, closed.headers["location"]) == (303, console)
    for page in ("room", "screen", "console"):
        assert "未通过" in chair.get(at(meeting_id, page)).text
    assert "居民 0" not in site.visitor().get(at(meeting_id, "screen")).text


def test_the_facilitator_leads_from_the_console(world, site, hall):
    meeting = hall.begun()
    item = hall.items(meeting)[0]
    world.commit()
    console = at(meeting.id, "console")
    chair = site.as_(Post.FACILITATOR)
    assert "开始第 1 项" in chair.get(console).text
    base = f"/meetings/{meeting.id}/items/{item.id}"
    opened = chair.post(f"{base}/opening", data={"back": console})
    assert opened.headers["location"] == console
    assert "收回：这一项还没开始" in chair.get(console).text
    assert chair.post(f"{base}/recall").headers["location"] == console
    assert "开始第 1 项" in chair.get(console).text
    assert chair.post(f"/meetings/{meeting.id + 1}/items/{item.id}/recall").status_code == 404


def test_to_open_a_vote_is_asked_once_more(world, site, hall):
    item = hall.asked(hall.item_open())
    world.commit()
    console = at(item.meeting_id, "console")
    chair = site.as_(Post.FACILITATOR)
    assert f'href="{console}?ask=open#sure"' in chair.get(console).text
    asked = chair.get(f"{console}?ask=open").text
    assert "现在开启表决吗？" in asked
    assert 'http-equiv="refresh"' not in asked
    base = f"/meetings/{item.meeting_id}/items/{item.id}"
    chair.post(f"{base}/votes", data={"back": console})
    part = chair.get(console, headers=HTMX).text
    assert part.lstrip().startswith('<main id="room"')
    assert "6 席里已投 0 席" in part


def test_the_console_settles_an_item_without_a_vote_and_lists_what_happened(world, site, hall):
    meeting = hall.begun(hall.matter, world.matter(Stage.READY_FOR_MEETING))
    first, second = hall.items(meeting)
    lead = world.as_(Post.FACILITATOR)
    deliberations.open_item(lead, first)
    main = motions.of_item(world.session, first.id)[0]
    amended = motions.amend(world.as_(Constituency.PARTY), main, text=f"{MOTION}并留出通道。")
    advance(world.as_("neighbour"), motions.MOTION, amended, "second")
    advance(lead, motions.MOTION, amended, "accept")
    speeches.raise_hand(world.as_("neighbour"), first, side=Side.AGAINST)
    said = speeches.call(lead, first)
    straws.close(lead, straws.ask(lead, meeting, question="先休息十分钟？"))
    world.commit()
    console, chair = at(meeting.id, "console"), site.as_(Post.FACILITATOR)
    shown = chair.get(console).text
    for words in (
        "第 1 项：居民发言，反对", "第 1 项：提出修正案", "第 1 项：修正案了结，通过",
        "现场意向：先休息十分钟？", "现场意向已结束：先休息十分钟？", "一人发言时，其他人听完",
    ):  # fmt: skip
        assert words in shown
    chair.post(f"/meetings/{meeting.id}/speeches/{said.id}/end", data={"back": console})
    base = f"/meetings/{meeting.id}/items"
    assert f'action="{base}/{first.id}/consensus"' in chair.get(console).text
    wrong = chair.post(f"{base}/{first.id}/consensus", data={"text": "", "back": console})
    assert wrong.status_code == 422
    agreed = chair.post(f"{base}/{first.id}/consensus", data={"text": MOTION, "back": console})
    assert (agreed.status_code, agreed.headers["location"]) == (303, console)
    chair.post(f"{base}/{second.id}/opening", data={"back": console})
    assert f'action="{base}/{second.id}/postponement"' in chair.get(console).text
    left = chair.post(
        f"{base}/{second.id}/postponement", data={"reason": "再听听", "back": console}
    )
    assert left.headers["location"] == console
    assert "第 2 项：留到下次再议" in chair.get(console).text


def test_the_console_is_for_those_who_lead_and_record(world, site, hall):
    meeting = hall.begun()
    world.commit()
    console = at(meeting.id, "console")
    assert site.visitor().get(console).status_code == 303
    assert site.as_("neighbour").get(console).status_code == 403
    recorder = site.as_(Post.RECORDER)
    assert "主持台在另一台设备上也开着" not in recorder.get(console).text
    shown = recorder.get(console).text
    assert "记录员补记" in shown
    assert 'name="view"' not in shown
    assert "主持台在另一台设备上也开着" in site.as_(Post.FACILITATOR).get(console).text


def test_the_recorder_keeps_notes_and_loses_no_word(world, site, hall):
    meeting = hall.begun()
    world.commit()
    recorder = site.as_(Post.RECORDER)
    long = "好" * 501
    wrong = recorder.post(at(meeting.id, "notes"), data={"words": long})
    assert wrong.status_code == 422
    assert long in wrong.text
    kept = recorder.post(at(meeting.id, "notes"), data={"words": "两位居民问噪声"})
    assert (kept.status_code, kept.headers["location"]) == (303, at(meeting.id, "console"))
    assert "两位居民问噪声" in recorder.get(at(meeting.id, "console")).text
    for view in ("room", "screen"):
        assert "两位居民问噪声" not in site.visitor().get(at(meeting.id, view)).text
    assert (
        site.as_("neighbour").post(at(meeting.id, "notes"), data={"words": "x"}).status_code == 403
    )


def test_the_screen_shows_what_the_facilitator_chose(world, site, hall):
    meeting = hall.opened()
    world.commit()
    wall = site.visitor()
    assert "扫码进入会场" in wall.get(at(meeting.id, "screen")).text
    chair = site.as_(Post.FACILITATOR)
    assert chair.post(at(meeting.id, "screen"), data={"view": "elsewhere"}).status_code == 422
    assert chair.post(at(meeting.id, "screen"), data={"view": "blank"}).status_code == 303
    shown = wall.get(at(meeting.id, "screen"))
    assert 'data-ground="projector"' in shown.text
    assert "扫码进入会场" not in shown.text
    assert "撤回：改回" in chair.get(at(meeting.id, "console")).text
    assert (
        site.as_("neighbour").post(at(meeting.id, "screen"), data={"view": "item"}).status_code
        == 403
    )


def test_the_start_page_leads_to_a_meeting_in_session_and_the_wall_shows_six_items(
    world, site, hall
):
    topics = tuple(Topic(title=f"第 {n} 件", motion="同意") for n in range(1, 9))
    ended(world, Stage.COMPLETED)
    meeting = hall.begun(agenda=topics)
    world.commit()
    reader = site.visitor()
    assert f'<a class="btn" href="/meetings/{meeting.id}">' in reader.get("/").text
    assert "正在开会" in reader.get("/").text
    wall = reader.get(at(meeting.id, "screen")).text
    assert ("第 6 件" in wall, "第 7 件" in wall) == (True, False)
    for item in hall.items(meeting)[:4]:
        chair = world.as_(Post.FACILITATOR)
        deliberations.postpone(chair, item, reason="下次再议")
    world.commit()
    wall = reader.get(at(meeting.id, "screen")).text
    assert ("第 3 件" in wall, "第 4 件" in wall, "第 8 件" in wall) == (False, True, True)


def test_each_view_takes_a_fixed_number_of_statements(world, site, hall):
    keys = [f"resident{n}" for n in range(34)]
    for key in keys:
        world.person(key, Constituency.RESIDENTS)
    few = hall.begun()
    later = few.starts_at + timedelta(days=9)
    many = hall.begun(
        world.matter(Stage.READY_FOR_MEETING), seats=(*SEATS, *keys), present=(*SEATS, *keys),
        starts_at=later,
    )  # fmt: skip
    for meeting, times in ((few, 1), (many, 12)):
        item = deliberations.open_item(world.as_(Post.FACILITATOR), hall.items(meeting)[0])
        for key in ("neighbour", *keys)[:times]:
            speeches.raise_hand(world.as_(key), item, side=Side.FOR)
            spoken = speeches.call(world.as_(Post.FACILITATOR), item)
            speeches.end(world.as_(Post.FACILITATOR), spoken)
    world.commit()
    clients = {"room": Constituency.PARTY, "console": Post.FACILITATOR, "screen": Post.DELEGATE}
    for view, who in clients.items():
        client, counts = site.as_(who), []
        for meeting in (few, many):
            seen = []

            def note(*args, seen=seen):
                seen.append(args[2])

            assert client.get(at(meeting.id, view)).status_code == 200
            event.listen(world.database._reader, "before_cursor_execute", note)
            client.get(at(meeting.id, view))
            event.remove(world.database._reader, "before_cursor_execute", note)
            counts.append(len(seen))
        assert counts[0] == counts[1]
