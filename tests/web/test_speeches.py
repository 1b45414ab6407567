"""The floor on the page: a hand with a side, the chair's buttons, a point of order, both sides."""

import pytest

from council import meetings, speeches
from council.people import Constituency, Post
from council.turns import Side
from tests.hall import Hall


@pytest.fixture
def hall(world):
    return Hall(world)


def base(item):
    return f"/meetings/{item.meeting_id}/items/{item.id}"


def hands(site, item):
    with site.read() as session:
        return speeches.queue(session, session.get_one(meetings.AgendaItem, item.id))


def test_a_hand_is_raised_with_a_side_and_taken_down_without_script(world, site, hall):
    item = hall.item_open()
    world.commit()
    floor, client = f"/meetings/{item.meeting_id}/floor", site.as_("neighbour")
    assert "先说明您的立场" in client.get(floor).text
    wrong = client.post(f"{base(item)}/hands")
    assert wrong.status_code == 422
    assert 'id="errs"' in wrong.text
    sent = client.post(f"{base(item)}/hands", data={"side": "for"})
    assert (sent.status_code, sent.headers["location"]) == (303, floor)
    assert "您已举手，排第 1 位" in client.get(floor).text
    seen = site.visitor().get(floor).text
    assert "排第 1 位" not in seen
    assert "真名" not in seen
    back = client.post(
        f"{base(item)}/hands/withdrawal", data={"back": f"/meetings/{item.meeting_id}/room"}
    )
    assert back.headers["location"] == f"/meetings/{item.meeting_id}/room"
    assert client.post(f"{base(item)}/hands/withdrawal").status_code == 409
    assert site.as_(Post.ADMIN).post(f"{base(item)}/hands", data={"side": "for"}).status_code == 403


def test_the_chair_calls_stops_extends_and_thanks_in_one_tap_each(world, site, hall):
    item = hall.item_open()
    speeches.raise_hand(world.as_("neighbour"), item, side=Side.FOR)
    world.commit()
    chair, turn = site.as_(Post.FACILITATOR), f"/meetings/{item.meeting_id}/speeches/1"
    assert site.as_("neighbour").post(f"{base(item)}/speeches").status_code == 403
    assert chair.post(f"{base(item)}/speeches").status_code == 303
    console = f"/meetings/{item.meeting_id}/console"
    shown = chair.get(f"/meetings/{item.meeting_id}/floor").text
    assert 'data-left="' in shown
    assert "加 30 秒" in shown
    for step in ("pause", "extend", "resume"):
        assert chair.post(f"{turn}/{step}", data={"back": console}).headers["location"] == console
    assert chair.post(f"{turn}/dance").status_code == 404
    kept = chair.post(f"{turn}/ruling", data={"what": "warn", "why": "长" * 101})
    assert kept.status_code == 422
    assert (
        chair.post(f"{turn}/ruling", data={"what": "warn", "why": "对事不对人"}).status_code == 303
    )
    assert "主持人：对事不对人" in site.visitor().get(f"/meetings/{item.meeting_id}/floor").text
    assert chair.post(f"{turn}/end").status_code == 303
    assert chair.post(f"{turn}/end").status_code == 409
    assert chair.post(f"/meetings/{item.meeting_id + 1}/speeches/1/end").status_code == 404


def test_somebody_is_called_out_of_turn_or_taken_off_the_list_with_a_reason(world, site, hall):
    item = hall.item_open()
    speeches.raise_hand(world.as_("neighbour"), item, side=Side.FOR)
    world.wait(seconds=1)
    later = speeches.raise_hand(world.as_(Constituency.UNITS), item, side=Side.ASK)
    first = speeches.queue(world.session, item)[0]
    world.commit()
    chair = site.as_(Post.FACILITATOR)
    assert chair.post(f"{base(item)}/speeches", data={"speech": later.id}).status_code == 422
    sent = chair.post(f"{base(item)}/speeches", data={"speech": later.id, "why": "单位先答"})
    assert sent.status_code == 303
    gone = {"what": "remove", "why": "已离场"}
    where = f"/meetings/{item.meeting_id}/speeches/{first.id}/ruling"
    assert chair.post(where, data=gone).status_code == 303
    assert hands(site, item) == []


def test_a_point_of_order_is_raised_and_answered(world, site, hall):
    item = hall.item_open()
    world.commit()
    client = site.as_("neighbour")
    assert client.post(f"{base(item)}/orders", data={"order": ""}).status_code == 422
    assert client.post(f"{base(item)}/orders", data={"order": "超时了"}).status_code == 303
    assert "超时了" in site.visitor().get(f"/meetings/{item.meeting_id}/floor").text
    answer = f"/meetings/{item.meeting_id}/orders/1/answer"
    chair = site.as_(Post.FACILITATOR)
    assert chair.post(answer, data={"answer": ""}).status_code == 422
    assert chair.post(answer, data={"answer": "成立"}).status_code == 303
    assert "超时了" not in site.visitor().get(f"/meetings/{item.meeting_id}/floor").text


def test_both_sides_are_asked_before_the_vote_and_a_worker_raises_a_hand_for_somebody(
    world, site, hall
):
    item = hall.item_open()
    who = world.who["neighbour"]
    number = meetings.faces(world.session, world.community.id, [who])[who].number
    world.commit()
    chair, worker = site.as_(Post.FACILITATOR), site.as_(Post.COMMUNITY_WORKER)
    assert chair.post(f"{base(item)}/votes").status_code == 409
    assert chair.post(f"{base(item)}/waivers", data={"side": "ask"}).status_code == 422
    for side in ("for", "against"):
        assert chair.post(f"{base(item)}/waivers", data={"side": side}).status_code == 303
    assert "正反双方都已发言，或没有要说的" in chair.get(f"/meetings/{item.meeting_id}/floor").text
    sent = {
        "for_person": str(number), "channel": "meeting",
        "consent": "spoken", "side": "ask",
    }  # fmt: skip
    assert "替没有手机的人举手" in worker.get(f"/meetings/{item.meeting_id}/floor").text
    assert worker.post(f"{base(item)}/hands", data=sent).status_code == 303
    assert [one.side for one in hands(site, item)] == [Side.ASK]
    assert chair.post(f"{base(item)}/votes").status_code == 303
