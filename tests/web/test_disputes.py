"""Objecting on the page: the form while the days run, the answer by two people, numbers for all."""

import re

import pytest

from council import disputes, offices
from council.people import Post
from council.votes import Choice
from tests.polling import LEAD, WATCH, Poll

WORDS = "名册里少了我爱人。"


@pytest.fixture
def poll(world):
    made = Poll(world)
    made.published()
    world.commit()
    return made


def rows(site, poll):
    with site.read() as session:
        return disputes.of(session, poll.vote.id)


def test_a_resident_objects_without_script(world, site, poll):
    address = f"/votes/{poll.vote.id}/disputes"
    client = site.as_("neighbour")
    assert 'name="words"' in client.get(address).text
    wrong = client.post(address, data={"words": " "})
    assert wrong.status_code == 422
    assert 'href="#f-words"' in wrong.text
    sent = client.post(address, data={"words": WORDS})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{address}?sent=1")
    page = client.get(sent.headers["location"]).text
    assert "您的异议已经收到" in page
    assert WORDS in page
    assert client.post(address, data={"words": "再来"}).status_code == 409


def test_a_visitor_sees_numbers_and_the_way_to_sign_in(world, site, poll):
    address = f"/votes/{poll.vote.id}/disputes"
    disputes.lodge(world.as_("neighbour"), poll.vote, words=WORDS)
    world.commit()
    page = site.visitor().get(address).text
    assert WORDS not in page
    assert "/sign-in?next=" in page
    assert 'name="words"' not in page
    assert site.visitor().post(address, data={"words": "x"}).status_code in {303, 401}


def test_a_worker_enters_it_for_somebody(world, site, poll):
    address = f"/votes/{poll.vote.id}/disputes"
    client = site.as_(Post.COMMUNITY_WORKER)
    assert "替别人录入异议" in client.get(address).text
    with site.read() as session:
        number = offices.numbers(session, world.community.id, {world.who["neighbour"]})
    sent = client.post(address, data={
        "words": WORDS, "for_person": str(number[world.who["neighbour"]]), "channel": "phone",
        "consent": "spoken",
    })  # fmt: skip
    assert sent.status_code == 303
    assert rows(site, poll)[0].person_id == world.who["neighbour"]


def hidden(page):
    """The draft that a form confirms."""
    return re.search(r'name="read" value="([^"]*)"', page)[1]


def test_one_drafts_the_answer_and_another_confirms_it(world, site, poll):
    row = disputes.lodge(world.as_("neighbour"), poll.vote, words=WORDS)
    world.commit()
    base = f"/votes/{poll.vote.id}/disputes/{row.id}"
    watch, lead = site.as_(WATCH), site.as_(LEAD)
    assert WORDS in watch.get(base).text
    assert site.as_(Post.FACILITATOR).get(base).status_code == 404
    wrong = watch.post(f"{base}/ruling", data={"ruling": "upheld", "reason": "确实漏了。"})
    assert wrong.status_code == 422
    assert "确实漏了。" in wrong.text
    assert 'href="#f-remedy"' in wrong.text
    data = {"ruling": "dismissed", "reason": "已在名册 7 号。", "remedy": ""}
    assert watch.post(f"{base}/ruling", data=data).status_code == 303
    assert "已在名册" not in site.visitor().get(f"/votes/{poll.vote.id}/disputes").text
    assert lead.post(f"{base}/ruling", data=data).status_code == 403
    assert "确认答复" in lead.get(base).text
    read = hidden(lead.get(base).text)
    world.wait(hours=1)
    again = data | {"reason": "已在名册 7 号。请看。"}
    assert watch.post(f"{base}/ruling", data=again).status_code == 303
    late = lead.post(f"{base}/decision", data={"read": read})
    assert late.status_code == 409
    assert "草稿在您读过以后又改了" in late.text
    assert lead.post(f"{base}/decision").status_code == 409
    read = hidden(lead.get(base).text)
    assert lead.post(f"{base}/decision", data={"read": read}).status_code == 303
    public = site.visitor().get(f"/votes/{poll.vote.id}/disputes").text
    assert "已在名册 7 号。请看。" in public
    assert WORDS not in public
    assert "已在名册 7 号。" in site.as_("neighbour").get(base).text


def test_outside_the_days_there_is_no_form(world, site, poll):
    world.wait(days=6)
    world.commit()
    page = site.as_("neighbour").get(f"/votes/{poll.vote.id}/disputes").text
    assert 'name="words"' not in page
    assert "现在不是提异议的时候" in page


def test_the_result_is_objected_to_in_the_same_place(world, site):
    poll = Poll(world)
    poll.provisional(Choice.FOR, Choice.FOR)
    world.commit()
    sent = site.as_("neighbour").post(f"/votes/{poll.vote.id}/disputes", data={"words": "数错了"})
    assert sent.status_code == 303
    assert rows(site, poll)[0].about == "result"
