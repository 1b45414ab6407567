"""Limited places on their pages: public numbers, one's own place, the list of those who asked."""

import pytest

from council import observers, people
from council.meetings import Meeting
from council.people import Constituency, Post
from tests.hall import Hall
from tests.test_observers import TALK, guests
from tests.web.conftest import statements


@pytest.fixture
def meeting(world):
    return Hall(world).notified(places=1, **TALK)


def test_a_place_is_taken_and_given_up_without_script(world, site, meeting):
    first, second = guests(world, 2)
    world.commit()
    page, address = f"/meetings/{meeting.id}", f"/meetings/{meeting.id}/places"
    shown = site.visitor().get(page).text
    assert "名额 1 个，还有 1 个" in shown
    assert site.visitor().get(address).status_code == 303
    client, other = site.as_(first), site.as_(second)
    assert "报名参加" in client.get(address).text
    sent = client.post(address, data={"wish": "take"})
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    assert "您有名额" in client.get(page).text
    assert "报名候补" in other.get(address).text
    assert other.post(address, data={"wish": "take"}).status_code == 303
    assert other.post(address, data={"wish": "take"}).status_code == 409
    waits = other.get(address).text
    assert "候补第 1 位" in waits
    assert "真名" not in waits
    assert "1 person is waiting" in site.visitor().get(f"{page}?lang=en").text
    assert "Waiting list: number 1" in other.get(f"{page}/room?lang=en").text
    assert other.post(address, data={"wish": "sell"}).status_code == 422
    assert client.post(address, data={"wish": "give_up"}).status_code == 303
    assert "您有名额" in other.get(f"{page}?lang=zh").text
    assert "参加会议" in other.get("/me").text
    assert "人候补" not in site.visitor().get(page).text


def test_a_worker_sees_the_list_and_enters_for_whoever_telephones(world, site, meeting):
    (guest,) = guests(world, 1)
    number = people.alias(world.session, world.who[guest], world.community.id).number
    world.commit()
    address, clerk = f"/meetings/{meeting.id}/places", site.as_(Post.COMMUNITY_WORKER)
    assert "还没有人报名" in clerk.get(address).text
    sent = {"for_person": str(number), "channel": "phone", "consent": "spoken", "wish": "take"}
    wrong = clerk.post(address, data=sent | {"for_person": "9876"})
    assert wrong.status_code == 422
    assert 'value="9876"' in wrong.text
    assert site.as_(Constituency.PARTY).post(address, data=sent).status_code == 403
    assert clerk.post(address, data=sent).status_code == 303
    assert f"真名{guest}" in clerk.get(address).text
    assert clerk.post(address, data=sent | {"wish": "give_up"}).status_code == 303
    with site.read() as session:
        assert observers.in_order(session, meeting.id) == []


def test_at_the_door_whoever_waits_gets_a_sentence(world, site):
    hall = Hall(world)
    first, second = guests(world, 2)
    meeting = hall.opened(places=1, **TALK)
    for one in (first, second):
        observers.take(world.as_(one), meeting)
    code = hall.code(meeting)
    world.commit()
    address = f"/meetings/{meeting.id}/door"
    waits = site.as_(second)
    shown = waits.get(address).text
    assert "候补第 1 位" in shown
    assert "disabled" in shown
    refused = waits.post(f"/meetings/{meeting.id}/observers", data={"code": code})
    assert refused.status_code == 409
    assert "名额有限" in refused.text
    sent = site.as_(first).post(f"/meetings/{meeting.id}/observers", data={"code": code})
    assert sent.status_code == 303
    clerk = site.as_(Post.COMMUNITY_WORKER)
    full = clerk.post(f"/meetings/{meeting.id}/observers", data={"heads": "1"})
    assert full.status_code == 422
    assert "名额还剩 0 个" in full.text
    assert "候补 1 人" in site.as_(Post.FACILITATOR).get(f"/meetings/{meeting.id}/console").text


def test_where_places_are_not_limited_there_is_no_such_page_and_a_plan_sets_them(world, site):
    hall = Hall(world)
    free, planned = hall.notified(**TALK), hall.planned(places=1, **TALK)
    item = hall.items(planned)[0].id
    world.commit()
    client = site.as_(Post.PARTY_LEAD)
    assert client.get(f"/meetings/{free.id}/places").status_code == 404
    assert "参会名额" not in client.get(f"/meetings/{free.id}").text
    form = client.get(f"/meetings/{planned.id}/plan").text
    assert 'name="places" type="text" inputmode="decimal" value="1"' in form
    sent = {
        "title": "说事", "starts_at": "2026-05-13T19:00", "location": "厅", "places": "zwölf",
        "chair": str(world.who[Post.FACILITATOR]), "recorder": str(world.who[Post.RECORDER]),
        "title_own1": "楼道堆物", "kind_own1": "talk", "item_own1": str(item),
    }  # fmt: skip
    wrong = client.post(f"/meetings/{planned.id}/plan", data=sent)
    assert wrong.status_code == 422
    assert 'value="zwölf"' in wrong.text
    right = client.post(f"/meetings/{planned.id}/plan", data=sent | {"places": "40"})
    assert right.status_code == 303
    with site.read() as session:
        assert session.get_one(Meeting, planned.id).places == 40


def test_the_list_takes_a_fixed_number_of_statements(world, site, meeting):
    names, clerk, counts = guests(world, 12), site.as_(Post.COMMUNITY_WORKER), []
    for some in (names[:2], names[2:]):
        for one in some:
            observers.take(world.as_(one), meeting)
        world.commit()
        seen = statements(site)
        assert clerk.get(f"/meetings/{meeting.id}/places").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
