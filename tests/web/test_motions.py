"""The page of an item's motions: moving, seconding, accepting, voting; what differs is marked."""

import pytest
from sqlalchemy import select

from council import motions
from council.meetings import AgendaItem
from council.people import Alias, Constituency, Post
from tests.hall import MOTION, Hall
from tests.test_motions import OTHER, THIRD, amended, debated
from tests.web.conftest import statements

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hall(world):
    return Hall(world)


def page(item):
    return f"/meetings/{item.meeting_id}/items/{item.id}/motions"


def inner(site, item):
    with site.read() as session:
        return motions.of_item(session, item.id)[-1]


def test_an_amendment_goes_from_a_seat_to_the_motion_without_script(world, site, hall):
    item = hall.item_open()
    main = motions.stack(world.session, item.id)[0]
    world.commit()
    seat, other, chair = (
        site.as_("neighbour"),
        site.as_(Constituency.PARTY),
        site.as_(Post.FACILITATOR),
    )
    wrong = seat.post(page(item), data={"motion": main.id, "text": "灯" * 1001})
    assert wrong.status_code == 422
    assert "灯" * 1001 in wrong.text
    same = seat.post(page(item), data={"motion": main.id, "text": MOTION})
    assert "与原文相同" in same.text
    sent = seat.post(page(item), data={"motion": main.id, "text": OTHER})
    assert (sent.status_code, sent.headers["location"]) == (303, page(item))
    shown = site.visitor().get(page(item))
    assert "增加" in shown.text
    assert "</span>两</ins>" in shown.text
    assert "</span>一</del>" in shown.text
    assert "真名" not in shown.text
    assert "<form" not in shown.text.split('id="main"')[1].split("<footer")[0]
    step = f"{page(item)}/{inner(site, item).id}/transitions"
    assert seat.post(f"{step}/second").status_code == 409
    back = f"/meetings/{item.meeting_id}/room"
    seconded = other.post(f"{step}/second", data={"back": back})
    assert seconded.headers["location"] == back
    assert other.post(f"{step}/accept").status_code == 403
    assert "无异议" in chair.get(page(item)).text
    assert chair.post(f"{step}/accept").status_code == 303
    assert OTHER in site.visitor().get(f"/meetings/{item.meeting_id}/items/{item.id}").text
    with site.read() as session:
        assert session.get_one(AgendaItem, item.id).motion == OTHER


def test_a_vote_on_an_amendment_has_its_own_page_and_leaves_the_item_open(world, site, hall):
    item = hall.item_open()
    made = debated(hall, item)
    world.commit()
    chair = site.as_(Post.FACILITATOR)
    assert chair.post(f"{page(item)}/{made.id}/transitions/put").status_code == 303
    with site.read() as session:
        vote = motions.of_votes(session, [made.id])[made.id]
    assert f"/votes/{vote.id}/close" in chair.get(page(item)).text
    seat = site.as_("neighbour")
    assert f'href="/votes/{vote.id}"' in seat.get(page(item)).text
    assert "这次表决的是修正案" in seat.get(f"/votes/{vote.id}").text
    assert chair.post(f"/votes/{vote.id}/close").status_code == 303
    told = site.visitor().get(page(item)).text
    assert f"/votes/{vote.id}/result" in told
    assert "这次表决的是修正案" in site.visitor().get(f"/votes/{vote.id}/result").text
    assert inner(site, item).stage is motions.MotionStage.LOST


def test_a_worker_moves_and_seconds_for_those_at_the_meeting(world, site, hall):
    item = hall.item_open()
    main = motions.stack(world.session, item.id)[0]
    number = {
        key: world.session.scalar(select(Alias.number).where(Alias.person_id == world.who[key]))
        for key in ("neighbour", Constituency.PARTY)
    }
    world.commit()
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert "代为提出修正案" in worker.get(page(item)).text
    sent = {"channel": "meeting", "consent": "spoken", "for_person": number["neighbour"]}
    moved = worker.post(page(item), data={**sent, "motion": main.id, "text": OTHER})
    assert moved.status_code == 303
    assert "代为附议" in worker.get(page(item)).text
    step = f"{page(item)}/{inner(site, item).id}/transitions/second"
    assert worker.post(step, data={**sent, "for_person": 9999}).status_code in {404, 422}
    second = worker.post(step, data={**sent, "for_person": number[Constituency.PARTY]})
    assert second.status_code == 303
    assert inner(site, item).stage is motions.MotionStage.DEBATING


def test_steps_of_the_machine_itself_and_of_another_item_are_not_found(world, site, hall):
    item = hall.item_open()
    made = amended(hall, item)
    world.commit()
    chair = site.as_(Post.FACILITATOR)
    assert chair.post(f"{page(item)}/{made.id}/transitions/carry").status_code == 404
    assert chair.post(f"{page(item)}/{made.id + 9}/transitions/drop").status_code == 404
    wrong = page(item).replace(f"/meetings/{item.meeting_id}/", f"/meetings/{item.meeting_id + 1}/")
    assert chair.get(wrong).status_code == 404


def test_the_page_costs_the_same_however_much_was_moved(world, site, hall):
    item = hall.item_open()
    debated(hall, item)
    world.commit()
    client = site.as_("neighbour")
    seen = statements(site)
    client.get(page(item))
    few = len(seen)
    for n in range(8):
        open_ = motions.stack(world.session, item.id)[-1]
        motions.advance(world.as_("neighbour"), motions.MOTION, open_, "withdraw")
        debated(hall, item, THIRD + str(n))
    world.commit()
    seen.clear()
    shown = client.get(page(item), headers=HTMX)
    assert len(seen) <= few
    assert shown.text.lstrip().startswith('<div id="motions-phone"')


def test_the_three_views_of_the_room_show_the_amendment_and_lead_back(world, site, hall):
    item = hall.item_open()
    debated(hall, item)
    world.commit()
    base = f"/meetings/{item.meeting_id}"
    console = site.as_(Post.FACILITATOR).get(f"{base}/console").text
    assert "就修正案表决" in console
    assert f'name="back" value="{base}/console"' in console
    assert "撤回我的修正案" in site.as_("neighbour").get(f"{base}/room").text
    screen = site.visitor().get(f"{base}/screen").text
    assert "</span>两</ins>" in screen
