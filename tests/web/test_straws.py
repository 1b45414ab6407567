"""A straw poll on the page: asked, answered in one tap, its numbers after the close."""

from council.people import Post
from tests.hall import Hall


def test_a_straw_poll_is_asked_answered_and_shown_at_the_end_without_script(world, site):
    meeting = Hall(world).begun()
    world.commit()
    chair, client = site.as_(Post.FACILITATOR), site.as_("neighbour")
    page, room = f"/meetings/{meeting.id}/straws", f"/meetings/{meeting.id}/room"
    assert "还没有问过" in site.visitor().get(page).text
    wrong = chair.post(page, data={"question": "长" * 101})
    assert wrong.status_code == 422
    assert "长" * 101 in wrong.text
    assert client.post(page, data={"question": "x"}).status_code == 403
    assert chair.post(page, data={"question": "先休息十分钟吗？"}).status_code == 303
    shown = client.get(page).text
    assert "先休息十分钟吗？" in shown
    assert "不作决定" in shown
    assert client.post(f"{page}/1/answers", data={"says": "maybe"}).status_code == 422
    sent = client.post(f"{page}/1/answers", data={"says": "yes", "back": room})
    assert (sent.status_code, sent.headers["location"]) == (303, room)
    assert "您回答了：同意" in client.get(page).text
    assert "已有 1 人回答" in site.visitor().get(page).text
    assert client.post(f"{page}/1/close").status_code == 403
    assert chair.post(f"{page}/1/close").status_code == 303
    assert client.post(f"{page}/1/answers", data={"says": "no"}).status_code == 409
    assert '<strong class="num">1</strong>' in site.visitor().get(page).text
    assert site.visitor().get("/meetings/999/straws").status_code == 404
    assert chair.post(f"/meetings/{meeting.id}/straws/99/close").status_code == 404
