"""The counter on the page: slips are printed, handed out against the roll, exchanged."""

import pytest

from council import paperballots
from council.people import Post
from tests.hall import Hall
from tests.polling import Poll
from tests.web.conftest import statements

WORKER = Post.COMMUNITY_WORKER


@pytest.fixture
def poll(world):
    poll = Poll(world, size=4)
    poll.opened(paper=True, secret=True)
    world.commit()
    return poll


def stock(site, poll):
    with site.read() as session:
        return paperballots.stock(session, poll.vote.id)


def test_a_worker_prints_slips_and_hands_them_out(site, poll):
    client, base = site.as_(WORKER), f"/votes/{poll.vote.id}/paper"
    assert "纸票服务台" in client.get(f"/votes/{poll.vote.id}").text
    page = client.get(base).text
    assert "还没有印纸票" in page
    assert "再印一批" in page
    sent = client.post(f"{base}/runs", data={"size": "5"})
    assert sent.status_code == 303
    sheet = client.get(sent.headers["location"])
    assert f"{paperballots.code(poll.vote.id, 5)}" in sheet.text
    found = client.get(f"{base}?asked=名册").text
    assert found.count("发一张纸票") == 4
    sent = client.post(f"{base}/slips", data={"number": "3", "asked": "3"})
    assert sent.headers["location"] == f"{base}?done=handed"
    page = client.get(f"{base}?done=handed").text
    assert "请交给他一张纸票" in page
    assert "已投票或已领票" in client.get(f"{base}?asked=3").text
    assert client.post(f"{base}/slips", data={"number": "3"}).status_code == 409
    assert stock(site, poll).handed == 1


def test_a_spoiled_slip_is_exchanged(site, poll):
    client, base = site.as_(WORKER), f"/votes/{poll.vote.id}/paper"
    client.post(f"{base}/runs", data={"size": "5"})
    client.post(f"{base}/slips", data={"number": "3"})
    code = paperballots.code(poll.vote.id, 2)
    sent = client.post(f"{base}/exchanges", data={"slip": code})
    assert sent.headers["location"] == f"{base}?done=exchanged"
    assert f"已经收回：{code}" in client.get(base).text
    assert stock(site, poll).left == 3


@pytest.mark.parametrize(
    ("way", "typed", "said"),
    [
        ("runs", {"size": "9999"}, "9999"),
        ("exchanges", {"slip": "B999-1"}, "B999-1"),
        ("exchanges", {"slip": "77"}, "77"),
        ("slips", {"number": "99", "asked": "甲"}, "甲"),
    ],
)
def test_what_cannot_be_is_refused_and_stays_written(site, poll, way, typed, said):
    client, base = site.as_(WORKER), f"/votes/{poll.vote.id}/paper"
    client.post(f"{base}/runs", data={"size": "5"})
    client.post(f"{base}/slips", data={"number": "3"})
    wrong = client.post(f"{base}/{way}", data=typed)
    assert wrong.status_code == 422
    assert f'value="{said}"' in wrong.text


def test_the_counter_is_for_those_who_work_there(world, site, poll):
    base = f"/votes/{poll.vote.id}/paper"
    assert site.visitor().get(base).status_code == 303
    assert site.as_("neighbour").get(base).status_code == 403
    assert site.as_("neighbour").post(f"{base}/slips", data={"number": "1"}).status_code == 403
    watcher = site.as_(Post.OVERSIGHT).get(f"{base}?asked=名册").text
    assert "名册1" not in watcher
    assert watcher.count("还没有印纸票") == 1


@pytest.mark.parametrize(("secret", "way"), [(True, "ballot/for"), (False, "for")])
def test_whoever_wants_help_on_the_screen_is_led_there(world, site, secret, way):
    poll = Poll(world)
    poll.opened(paper=True, secret=secret)
    world.commit()
    client, address = site.as_(WORKER), f"/votes/{poll.vote.id}"
    client.post(f"{address}/paper/runs", data={"size": "2"})
    assert f'href="{address}/{way}"' in client.get(f"{address}/paper").text
    assert client.get(f"{address}/{way}").status_code == 200


def test_other_votes_have_no_counter(world, site):
    vote = Hall(world).vote_open()
    plain = Poll(world)
    plain.opened(paper=False)
    world.commit()
    client = site.as_(WORKER)
    for one in (vote, plain.vote):
        assert client.get(f"/votes/{one.id}/paper").status_code == 404
    assert "纸票服务台" not in client.get(f"/votes/{plain.vote.id}").text


def test_many_who_are_found_take_as_many_statements_as_one(world, site):
    poll = Poll(world, size=40)
    poll.opened(paper=True, secret=True)
    world.commit()
    client, base = site.as_(WORKER), f"/votes/{poll.vote.id}/paper"
    client.post(f"{base}/runs", data={"size": "5"})

    def told(asked):
        client.get(f"{base}?asked={asked}")
        seen = statements(site)
        page = client.get(f"{base}?asked={asked}").text
        return page.count("发一张纸票"), len(seen)

    assert told("名册39")[0] == 1
    assert told("名册")[0] == paperballots.FOUND
    assert told("名册39")[1] == told("名册")[1]
