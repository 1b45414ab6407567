"""The page of one item: the unit's word, objections, consensus, postponing, opening the vote."""

from io import BytesIO

import pytest
from PIL import Image

from council import answers, deliberations, meetings
from council.meetings import ItemStage
from council.people import Constituency, Post
from tests.hall import MOTION, SEATS, Hall
from tests.test_reasons import voted

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hall(world):
    return Hall(world)


def base(item):
    return f"/meetings/{item.meeting_id}/items/{item.id}"


def now(site, item):
    with site.read() as session:
        return session.get_one(meetings.AgendaItem, item.id)


def letter():
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return {"letter": ("letter.png", drawn.getvalue(), "image/png")}


def test_everybody_reads_an_item_of_an_announced_meeting(world, site, hall):
    item = hall.items(hall.notified())[0]
    world.commit()
    shown = site.visitor().get(base(item))
    assert shown.status_code == 200
    assert MOTION in shown.text
    assert "<form" not in shown.text.split('id="main"')[1].split("<footer")[0]


def test_an_item_of_a_plan_or_of_another_meeting_is_not_found(world, site, hall):
    item = hall.items(hall.planned())[0]
    world.commit()
    assert site.visitor().get(base(item)).status_code == 404
    wrong = f"/meetings/{item.meeting_id + 1}/items/{item.id}"
    assert site.as_(Post.PARTY_LEAD).get(wrong).status_code == 404


def test_the_unit_answers_without_script(world, site, hall):
    item = hall.items(hall.planned())[0]
    world.commit()
    client = site.as_(Post.HANDLER)
    assert "您单位能承办这件事吗" in client.get(base(item)).text
    wrong = client.post(f"{base(item)}/answers", data={"says": "declines", "words": ""})
    assert wrong.status_code == 422
    sent = client.post(f"{base(item)}/answers", data={"says": "accepts", "words": "可以办"})
    assert (sent.status_code, sent.headers["location"]) == (303, base(item))
    assert "原则上同意承办" in client.get(base(item)).text


def test_somebody_of_another_unit_is_refused(world, site, hall):
    item = hall.items(hall.notified())[0]
    world.commit()
    sent = {"says": "accepts", "words": ""}
    client = site.as_(Constituency.UNITS)
    assert client.post(f"{base(item)}/answers", data=sent).status_code == 409


def test_a_worker_enters_a_letter_or_silence(world, site, hall):
    item = hall.items(hall.planned())[0]
    world.commit()
    client = site.as_(Post.COMMUNITY_WORKER)
    sent = {"says": "accepts", "words": "复函同意，编号 17"}
    wrong = client.post(f"{base(item)}/letters", data=sent)
    assert wrong.status_code == 422
    assert "复函同意，编号 17" in wrong.text
    assert "请附上复函的照片" in wrong.text
    done = client.post(f"{base(item)}/letters", data=sent, files=letter())
    assert done.status_code == 303
    silent = {"says": "no_reply", "words": "两次去函"}
    assert client.post(f"{base(item)}/letters", data=silent).status_code == 303
    with site.read() as session:
        found = answers.of_meeting(session, item.meeting_id)
        assert found[item.proposal_id].says is answers.UnitSays.NO_REPLY
    other = site.as_("neighbour").post(f"{base(item)}/letters", data=silent)
    assert other.status_code in {403, 404}


def test_the_chair_leads_an_item_from_call_to_consensus(world, site, hall):
    item = hall.items(hall.begun())[0]
    world.commit()
    client = site.as_(Post.FACILITATOR)
    assert client.post(f"{base(item)}/opening").status_code == 303
    wrong = client.post(f"{base(item)}/consensus", data={"text": ""})
    assert wrong.status_code == 422
    sent = client.post(f"{base(item)}/consensus", data={"text": "装一盏灯"}, headers=HTMX)
    assert sent.text.lstrip().startswith('<div id="item"')
    assert "装一盏灯" in sent.text
    assert now(site, item).stage is ItemStage.CONSENSUS


def test_an_objection_is_raised_shown_without_a_name_and_taken_back(world, site, hall):
    item = hall.item_open()
    world.commit()
    client = site.as_("neighbour")
    wrong = client.post(f"{base(item)}/objections", data={"words": "亮" * 301})
    assert wrong.status_code == 422
    assert "亮" * 301 in wrong.text
    assert client.post(f"{base(item)}/objections", data={"words": "灯太亮"}).status_code == 303
    shown = site.visitor().get(base(item)).text
    assert "灯太亮" in shown
    assert "真名" not in shown
    chair = site.as_(Post.FACILITATOR)
    assert chair.post(f"{base(item)}/consensus", data={"text": "装"}).status_code == 409
    assert client.post(f"{base(item)}/objections/withdrawal").status_code == 303
    assert chair.post(f"{base(item)}/consensus", data={"text": "装"}).status_code == 303


def test_a_worker_enters_an_objection_for_somebody(world, site, hall):
    item = hall.item_open()
    world.commit()
    faces = meetings.faces(world.session, world.community.id, [world.who["neighbour"]])
    sent = {
        "for_person": str(faces[world.who["neighbour"]].number), "channel": "meeting",
        "consent": "spoken", "words": "灯太亮",
    }  # fmt: skip
    client = site.as_(Post.COMMUNITY_WORKER)
    assert client.post(f"{base(item)}/objections", data=sent).status_code == 303
    with site.read() as session:
        made = deliberations.objections(session, [item.id])[item.id][0]
        assert made.person_id == world.who["neighbour"]
        assert made.entered_by_id == world.who[Post.COMMUNITY_WORKER]


def test_an_item_is_postponed_with_its_reason(world, site, hall):
    item = hall.item_open()
    world.commit()
    client = site.as_(Post.FACILITATOR)
    assert client.post(f"{base(item)}/postponement", data={"reason": ""}).status_code == 422
    sent = client.post(f"{base(item)}/postponement", data={"reason": "等方案"})
    assert sent.status_code == 303
    assert "等方案" in site.visitor().get(base(item)).text
    assert now(site, item).stage is ItemStage.POSTPONED


def test_the_chair_opens_the_vote(world, site, hall):
    item = hall.asked(hall.item_open(present=SEATS))
    world.commit()
    assert site.as_("neighbour").post(f"{base(item)}/votes").status_code == 403
    assert site.as_(Post.FACILITATOR).post(f"{base(item)}/votes").status_code == 303
    assert "/votes/1" in site.visitor().get(base(item)).text


def test_a_decision_is_explained_on_the_items_page_and_everybody_reads_it(world, site):
    item = voted(world, against=1)
    world.commit()
    page = f"/meetings/{item.meeting_id}/items/{item.id}"
    secretary = site.as_(Post.PARTY_LEAD)
    assert "向投另一边的人说明理由" in secretary.get(page).text
    assert "向投另一边的人说明理由" not in site.as_("neighbour").get(page).text
    empty = secretary.post(f"{page}/explanation", data={"words": ""})
    assert empty.status_code == 422
    assert site.as_("neighbour").post(f"{page}/explanation", data={"words": "x"}).status_code == 403
    sent = secretary.post(f"{page}/explanation", data={"words": "路灯朝下照，不照窗户。"})
    assert sent.status_code == 303
    for where in (page, f"/proposals/{item.proposal_id}"):
        assert "不照窗户" in site.visitor().get(where).text
