"""Proxies on the page: by number for everybody, entered by a worker with the paper."""

import pytest

from council import proxies, rolls
from council.entitlements import Entry
from council.people import Constituency, Post
from council.votes import Body, VoteStage
from tests.test_rolls import LIST, put, vote_of
from tests.web.conftest import Site

WORKER = Post.COMMUNITY_WORKER
SENT = {"principal": "1", "holder": "2", "written_on": "2026-05-05"}


@pytest.fixture
def base(site: Site) -> str:
    vote = vote_of(site.world)
    rolls.take(site.world.as_(WORKER), vote, [*LIST, Entry("赵六")])
    put(site.world, vote, stage=VoteStage.ROLL_FINAL)
    site.world.commit()
    return f"/votes/{vote.id}/proxies"


def count(site: Site) -> int:
    with site.read() as session:
        return proxies.count(session, 1)


def test_a_worker_records_a_proxy_and_everybody_reads_it_by_number(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    assert "登记书面委托" in worker.get(base).text
    assert worker.post(base, data=SENT).status_code == 303
    page = site.visitor().get(base)
    assert "2026" in page.text or "5 月 5 日" in page.text
    assert "张三" not in page.text
    assert "登记书面委托" not in page.text
    assert count(site) == 1


def test_what_was_typed_stays_when_it_is_refused(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    page = worker.post(base, data=SENT | {"principal": "77"})
    assert page.status_code == 422
    assert 'value="77"' in page.text
    assert 'value="2026-05-05"' in page.text
    assert worker.post(base, data=SENT | {"holder": "1"}).status_code == 422
    assert worker.post(base, data={}).status_code == 422
    assert worker.post(base, data=SENT).status_code == 303
    assert worker.post(base, data=SENT | {"holder": "3"}).status_code == 409


def test_a_proxy_is_withdrawn_before_the_opening(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    worker.post(base, data=SENT)
    assert f"{base}/1/withdrawals" in worker.get(base).text
    assert site.as_(Post.OVERSIGHT).post(f"{base}/1/withdrawals").status_code == 403
    assert worker.post("/votes/99/proxies/1/withdrawals").status_code == 404
    assert worker.post(f"{base}/99/withdrawals").status_code == 404
    assert worker.post(f"{base}/1/withdrawals").status_code == 303
    assert count(site) == 0


def test_nobody_else_records(site: Site, base: str) -> None:
    for who in (Post.PARTY_LEAD, Post.OVERSIGHT, Constituency.RESIDENTS):
        assert site.as_(who).post(base, data=SENT).status_code == 403
    assert site.visitor().post(base, data=SENT).status_code == 401
    assert count(site) == 0


def test_delegates_are_told_that_they_vote_themselves(site: Site, base: str) -> None:
    put(site.world, site.world.session.get_one(rolls.Vote, 1), body=Body.DELEGATES)
    site.world.commit()
    page = site.as_(WORKER).get(base).text
    assert "要亲自投票" in page
    assert "登记书面委托" not in page


def test_after_the_opening_the_page_says_that_it_is_over(site: Site, base: str) -> None:
    put(site.world, site.world.session.get_one(rolls.Vote, 1), stage=VoteStage.OPEN)
    site.world.commit()
    page = site.as_(WORKER).get(f"{base}?lang=en").text
    assert "neither recorded nor withdrawn" in page
    assert site.as_(WORKER).post(base, data=SENT).status_code == 409


def test_a_vote_in_a_meeting_has_no_proxies(site: Site) -> None:
    assert site.visitor().get("/votes/4711/proxies").status_code == 404
