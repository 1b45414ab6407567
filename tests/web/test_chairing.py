"""Handing over the chair on the page."""

from council import offices
from council.people import Post
from tests.hall import Hall


def test_the_chair_is_handed_over_on_the_console_and_everybody_sees_who_leads(world, site):
    other = world.who["neighbour"]
    offices.give(world.as_(Post.ADMIN), world.community, person_id=other, post=Post.FACILITATOR)
    item = Hall(world).item_open()
    world.commit()
    base = f"/meetings/{item.meeting_id}/items/{item.id}"
    chair = site.as_(Post.FACILITATOR)
    assert "自己要发言：先交出主持" in chair.get(f"/meetings/{item.meeting_id}/floor").text
    assert chair.post(f"{base}/chair", data={"to": "999"}).status_code == 422
    assert site.as_(Post.RECORDER).post(f"{base}/chair", data={"to": other}).status_code == 403
    wrong = f"/meetings/{item.meeting_id + 1}/items/{item.id}/chair"
    assert chair.post(wrong, data={"to": other}).status_code == 404
    assert chair.post(f"{base}/chair", data={"to": other}).status_code == 303
    assert "现在主持" in site.visitor().get(f"/meetings/{item.meeting_id}/floor").text
    assert chair.post(f"{base}/waivers", data={"side": "for"}).status_code == 409
    assert chair.post(f"{base}/hands", data={"side": "for"}).status_code == 303
