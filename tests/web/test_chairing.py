"""Handing over the chair on the page."""

from council.people import Constituency, Post
from tests.hall import Hall


def test_the_chair_is_offered_and_taken_and_everybody_sees_who_leads(world, site):
    item = Hall(world).item_open()
    other = world.who[Constituency.PARTY]
    world.commit()
    base, floor = (
        f"/meetings/{item.meeting_id}/items/{item.id}",
        f"/meetings/{item.meeting_id}/floor",
    )
    chair, party = site.as_(Post.FACILITATOR), site.as_(Constituency.PARTY)
    assert "自己要发言：先交出主持" in chair.get(floor).text
    assert chair.post(f"{base}/chair", data={"to": "999"}).status_code == 422
    assert site.as_(Post.RECORDER).post(f"{base}/chair", data={"to": other}).status_code == 403
    wrong = f"/meetings/{item.meeting_id + 1}/items/{item.id}/chair"
    assert chair.post(wrong, data={"to": other}).status_code == 404
    assert chair.post(f"{base}/chair", data={"to": other}).status_code == 303
    assert "已请代为主持" in chair.get(floor).text
    assert "主持人请您主持这一项" in party.get(f"/meetings/{item.meeting_id}/room").text
    assert "主持人请您主持这一项" not in site.as_("neighbour").get(floor).text
    refused = site.as_("neighbour").post(f"{base}/chair/answer", data={"answer": "yes"})
    assert refused.status_code == 409
    assert party.post(f"{base}/chair/answer", data={"answer": "no"}).status_code == 303
    chair.post(f"{base}/chair", data={"to": other})
    assert party.post(f"{base}/chair/answer", data={"answer": ""}).status_code == 422
    assert party.post(f"{base}/chair/answer", data={"answer": "yes"}).status_code == 303
    assert "现在主持" in site.visitor().get(floor).text
    assert chair.post(f"{base}/waivers", data={"side": "for"}).status_code == 409
    assert chair.post(f"{base}/hands", data={"side": "for"}).status_code == 303
    assert "这一项由您主持" in party.get(f"/meetings/{item.meeting_id}/room").text
    assert f'action="{base}/waivers"' in party.get(floor).text
    assert party.post(f"{base}/waivers", data={"side": "against"}).status_code == 303
    assert "表决" in party.get(base).text
    assert party.get(f"/meetings/{item.meeting_id}/console").status_code == 403
