"""The form of a meeting's plan: what can be chosen, what is kept when it is wrong."""

import pytest

from council import meetings
from council.people import Constituency, Post
from council.proposals import Stage
from tests.hall import MOTION, SEATS, Hall


@pytest.fixture
def hall(world):
    return Hall(world)


def typed(hall, **changed):
    sent = {
        "title": "五月联席会议", "starts_at": "2026-05-13T19:00", "location": "议事厅",
        "accessible": "1", "chair": str(hall.world.who[Post.FACILITATOR]),
        "recorder": str(hall.world.who[Post.RECORDER]), "matters": [str(hall.matter.id)],
        f"motion_{hall.matter.id}": MOTION,
        "members": [str(one) for one in hall.member_ids(*SEATS)], "numbers": "",
    }  # fmt: skip
    hall.world.commit()
    return sent | changed


def only(site):
    with site.read() as session:
        meeting = session.scalars(meetings.select(meetings.Meeting)).one()
        return (
            meeting,
            meetings.items(session, meeting.id),
            meetings.seats(session, meeting.id),
        )


def test_the_form_offers_matters_officers_and_members(world, site, hall):
    shown = site.as_(Post.PARTY_LEAD).get("/meetings/new?kind=joint")
    assert shown.status_code == 200
    assert hall.matter.title in shown.text
    assert hall.matter.request in shown.text
    assert "真名neighbour" in shown.text


def test_whoever_comes_from_a_matter_finds_it_ticked_with_its_request_as_the_motion(
    world, site, hall
):
    other = world.matter(Stage.READY_FOR_MEETING)
    world.commit()
    page = site.as_(Post.PARTY_LEAD).get(f"/meetings/new?proposal={hall.matter.id}").text
    assert f'name="matters" value="{hall.matter.id}" checked' in page
    assert f'name="matters" value="{other.id}">' in page
    assert page.count(hall.matter.request) == 2
    for nonsense in ("x", "0", "%F0%9F%98%80"):
        shown = site.as_(Post.PARTY_LEAD).get(f"/meetings/new?proposal={nonsense}")
        assert shown.status_code == 200
        assert 'name="matters" value' in shown.text


@pytest.mark.parametrize("who", [Post.FACILITATOR, Constituency.RESIDENTS])
def test_only_conveners_see_it(world, site, hall, who):
    client = site.as_(who)
    assert client.get("/meetings/new?kind=joint").status_code == 403
    assert client.post("/meetings", data=typed(hall)).status_code == 403


def test_a_plan_is_saved_without_script(world, site, hall):
    sent = site.as_(Post.PARTY_LEAD).post("/meetings", data=typed(hall))
    meeting, items, seats = only(site)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/meetings/{meeting.id}")
    assert [item.motion for item in items] == [MOTION]
    assert len(seats) == len(SEATS)
    assert meeting.starts_at.isoformat() == "2026-05-13T11:00:00+00:00"


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(world, site, hall):
    hall.world.person("colleague", Constituency.UNITS)
    members = [str(one) for one in hall.member_ids(Constituency.UNITS, "colleague")]
    sent = typed(hall, title="", members=members, location="议事厅东侧", numbers="9999")
    world.commit()
    wrong = site.as_(Post.PARTY_LEAD).post("/meetings", data=sent)
    assert wrong.status_code == 422
    assert "没有这样的公开编号：9999" in wrong.text
    assert "议事厅东侧" in wrong.text
    assert MOTION in wrong.text
    again = site.as_(Post.PARTY_LEAD).post("/meetings", data=sent | {"title": "会", "numbers": ""})
    assert again.status_code == 422
    assert "一个单位只有一席" in again.text
    assert again.text.count("checked") >= len(members)


def test_somebody_not_listed_is_invited_by_number(world, site, hall):
    world.commit()
    face = meetings.faces(world.session, world.community.id, [world.who[Post.DELEGATE]])
    number = face[world.who[Post.DELEGATE]].number
    sent = site.as_(Post.PARTY_LEAD).post("/meetings", data=typed(hall, numbers=f"{number:04d}，"))
    assert sent.status_code == 303
    _, _, seats = only(site)
    assert world.who[Post.DELEGATE] in {seat.person_id for seat in seats}


def test_a_plan_is_changed_and_those_invited_last_time_are_ticked(world, site, hall):
    meeting = hall.planned()
    other = world.matter(Stage.READY_FOR_MEETING)
    world.commit()
    client = site.as_(Post.COMMITTEE)
    shown = client.get(f"/meetings/{meeting.id}/plan").text
    assert MOTION in shown
    assert "2026-05-13T19:00" in shown
    sent = typed(hall, title="改名", matters=[str(other.id)], **{f"motion_{other.id}": "新动议"})
    assert client.post(f"/meetings/{meeting.id}/plan", data=sent).status_code == 303
    again, items, _ = only(site)
    assert again.title == "改名"
    assert [item.motion for item in items] == ["新动议"]
    assert client.get("/meetings/new?kind=joint").text.count("checked") == len(SEATS)


def test_after_the_notice_the_plan_stands(world, site, hall):
    meeting = hall.notified()
    world.commit()
    sent = site.as_(Post.PARTY_LEAD).post(f"/meetings/{meeting.id}/plan", data=typed(hall))
    assert sent.status_code == 409


def test_the_kind_comes_first_and_its_form_asks_what_it_needs(world, site, hall):
    client = site.as_(Post.PARTY_LEAD)
    page = client.get("/meetings/new").text
    assert page.count("/meetings/new?kind=") == 9
    assert "居民代表会议" in page
    assert "分几天投票" in page
    hearing = client.get("/meetings/new?kind=talk_hall").text
    assert 'name="members"' not in hearing
    assert "真名delegate" in client.get("/meetings/new?kind=delegates").text
    sent = typed(hall, kind="talk_hall", members=[], matters=[], title_own1="楼道堆物",
                 kind_own1="decision", minutes_own1="20", presenter_own1="楼院长")  # fmt: skip
    wrong = client.post("/meetings", data=sent)
    assert wrong.status_code == 422
    assert "楼道堆物" in wrong.text
    assert client.post("/meetings", data=sent | {"kind_own1": "talk"}).status_code == 303
    meeting, (item,), seats = only(site)
    assert (meeting.kind, item.title, item.minutes, seats) == ("talk_hall", "楼道堆物", 20, [])
    assert "楼院长" in client.get(f"/meetings/{meeting.id}/plan").text
    assert "20 分钟" in client.get(f"/meetings/{meeting.id}").text
