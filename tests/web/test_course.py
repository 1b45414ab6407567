"""The course on the page: what is missing before each step, the checklist, the count, voiding."""

import pytest

from council.people import Post
from council.votes import Choice, Vote, VoteStage
from tests.hall import Hall
from tests.polling import LEAD, WATCH, Poll
from tests.web.test_disputes import hidden

MANY = (Choice.FOR, Choice.FOR, Choice.AGAINST)


@pytest.fixture
def poll(world):
    return Poll(world)


def stage(site, poll):
    with site.read() as session:
        return session.get_one(Vote, poll.vote.id).stage


def test_the_page_says_what_is_missing_and_takes_the_step(world, site, poll):
    poll.prepared(question="")
    world.commit()
    client, address = site.as_(LEAD), f"/votes/{poll.vote.id}"
    page = client.get(address).text
    assert "还没有写好名称和问题" in page
    assert "公示名册" in page
    assert client.post(f"{address}/transitions/publish_roll").status_code == 409
    poll.prepared()
    poll.entered()
    world.commit()
    sent = client.post(f"{address}/transitions/publish_roll")
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    assert stage(site, poll) is VoteStage.ROLL_PUBLISHED
    assert site.as_("neighbour").post(f"{address}/transitions/settle_roll").status_code == 403
    assert site.visitor().post(f"{address}/transitions/settle_roll").status_code == 303


def test_an_unknown_step_is_refused(world, site, poll):
    world.commit()
    sent = site.as_(LEAD).post(f"/votes/{poll.vote.id}/transitions/whatever")
    assert sent.status_code == 409


def test_the_checklist_is_passed_point_by_point(world, site, poll):
    poll.announced()
    world.commit()
    address = f"/votes/{poll.vote.id}/checklist"
    assert "由居务监督委员会检查" in site.as_(LEAD).get(address).text
    assert site.as_("neighbour").get(address).status_code == 403
    client = site.as_(WATCH)
    assert "名册核对过" in client.get(address).text
    wrong = client.post(address, data={"roll": "1"})
    assert wrong.status_code == 422
    assert 'href="#f-text"' in wrong.text
    assert 'id="f-roll" name="roll" value="1" checked' in wrong.text
    every = dict.fromkeys(("roll", "text", "help", "phone"), "1")
    assert client.post(address, data=every).status_code == 303
    assert "检查通过" in client.get(address).text
    assert site.as_(LEAD).post(address, data=every).status_code == 403


def test_tellers_and_an_observer_sign_in_before_paper_is_counted(world, site, poll):
    poll.closed(*MANY, paper=True)
    world.commit()
    address = f"/votes/{poll.vote.id}"
    recorder = site.as_(Post.RECORDER)
    assert "两名计票人" in recorder.get(address).text
    for who, watching in ((Post.RECORDER, "teller"), (Post.FACILITATOR, "teller"),
                          (WATCH, "observer")):  # fmt: skip
        sent = site.as_(who).post(f"{address}/witnesses", data={"watching": watching})
        assert sent.status_code == 303
    assert "计票人 2 名，监督人 1 名" in recorder.get(address).text
    assert recorder.post(f"{address}/transitions/tally").status_code == 303
    assert stage(site, poll) is VoteStage.COUNTED


def test_one_writes_why_it_is_void_and_another_confirms(world, site, poll):
    poll.opened()
    world.commit()
    address = f"/votes/{poll.vote.id}/void"
    assert site.as_(LEAD).get(address).status_code == 403
    client = site.as_(WATCH)
    assert "为什么作废" in client.get(address).text
    assert client.post(address, data={"reason": ""}).status_code == 422
    assert client.post(address, data={"reason": "名册用错了。"}).status_code == 303
    own = client.get(address).text
    assert "写理由的人不能自己确认" in own
    step = f"/votes/{poll.vote.id}/transitions/void"
    assert client.post(step, data={"read": hidden(own)}).status_code == 409
    other = site.as_(Post.SUBDISTRICT)
    assert "确认作废" in other.get(address).text
    read = {"read": hidden(other.get(address).text)}
    assert site.as_(LEAD).post(step, data=read).status_code == 403
    assert client.post(address, data={"reason": "名册用错了，缺一栋楼。"}).status_code == 303
    late = other.post(step, data=read)
    assert late.status_code == 409
    assert "草稿在您读过以后又改了" in late.text
    read = {"read": hidden(other.get(address).text)}
    assert other.post(step, data=read).status_code == 303
    shown = site.visitor().get(f"/votes/{poll.vote.id}").text
    assert "已经作废" in shown
    assert "名册用错了，缺一栋楼。" in shown


def test_a_vote_in_a_meeting_has_no_such_pages(world, site):
    vote = Hall(world).vote_open()
    world.commit()
    client = site.as_(WATCH)
    for page in ("checklist", "void"):
        assert client.get(f"/votes/{vote.id}/{page}").status_code == 404
