"""Counting paper on the page: two clerks disagree, see only where, agree; the slips add up."""

import pytest

from council import paperballots, papercounts
from council.people import Post
from council.votes import Method, Vote, VoteStage
from tests.polling import WATCH, Poll
from tests.web.conftest import statements

ONE, TWO, THREE = Post.RECORDER, Post.FACILITATOR, Post.DELEGATE


def closed(world, handed=3, **changed):
    poll = Poll(world, "STRAW" if changed else "DELEGATE_ASSEMBLY", size=5)
    poll.opened(**{"paper": True, "secret": True} | changed)
    ctx = world.as_(Post.COMMUNITY_WORKER)
    paperballots.print_run(ctx, poll.vote, size=6)
    for number in range(1, handed + 1):
        paperballots.hand(ctx, poll.vote, number=number)
    paperballots.exchange(ctx, poll.vote, number=1)
    world.now = poll.vote.closes_at
    poll.tick()
    world.commit()
    return poll


def numbers(*heaps, spoiled=1, unused=2):
    names = ("all_for", "all_against", "all_abstain", "all_spoiled")
    typed = zip((*names, "spoiled", "unused"), (*heaps, spoiled, unused), strict=True)
    return {name: str(n) for name, n in typed}


def test_two_clerks_disagree_see_where_and_agree(world, site):
    poll = closed(world)
    base = f"/votes/{poll.vote.id}/count"
    one, two, watch = site.as_(ONE), site.as_(TWO), site.as_(WATCH)
    for client, watching in ((one, "teller"), (two, "teller"), (watch, "observer")):
        client.post(f"/votes/{poll.vote.id}/witnesses", data={"watching": watching})
    assert f'href="/votes/{poll.vote.id}"' in one.get("/me").text
    assert "清点纸票" in one.get(f"/votes/{poll.vote.id}").text
    assert one.post(base).headers["location"] == f"{base}/1"
    assert one.post(f"{base}/1", data=numbers(2, 1, 0, 0)).status_code == 303
    assert "您的一份录好了" in one.get(f"{base}/1").text
    hidden = two.get(f"{base}/1").text
    assert "您看不到他的数" in hidden
    assert 'value="2"' not in hidden
    two.post(f"{base}/1", data=numbers(1, 2, 0, 0))
    shown = one.get(f"{base}/1").text
    assert "两人录的有 2 处不同" in shown
    assert "合计 · 赞成" in shown
    assert "合计 · 弃权" not in shown
    assert one.post(f"{base}/reconciliation").status_code == 409
    for client in (two, one):
        client.post(f"{base}/1", data=numbers(2, 1, 0, 0))
    assert "两人数的一样" in one.get(f"{base}/1").text
    assert "印发" in one.get(base).text
    assert one.post(f"{base}/reconciliation").status_code == 303
    assert "印发 6 张 = 用掉 3 张 + 写坏收回 1 张 + 剩下 2 张" in one.get(base).text
    assert one.post(f"/votes/{poll.vote.id}/transitions/tally").status_code == 303
    with site.read() as session:
        vote = session.get_one(Vote, poll.vote.id)
        assert vote.stage is VoteStage.COUNTED
        assert vote.reckoning.totals.favour == 2


def test_an_account_that_is_off_by_one_names_the_numbers(world, site):
    poll = closed(world)
    base = f"/votes/{poll.vote.id}/count"
    one, two = site.as_(ONE), site.as_(TWO)
    one.post(base)
    for client in (one, two):
        client.post(f"{base}/1", data=numbers(2, 1, 0, 0, unused=1))
    wrong = one.post(f"{base}/reconciliation")
    assert wrong.status_code == 409
    assert "印发 6 张，用掉 3 张、写坏收回 1 张、剩下 1 张" in wrong.text


def test_a_slip_that_never_came_back_is_explained_by_those_who_watch(world, site):
    poll = closed(world)
    base = f"/votes/{poll.vote.id}/count"
    one, two, watch = site.as_(ONE), site.as_(TWO), site.as_(WATCH)
    one.post(base)
    for client in (one, two):
        client.post(f"{base}/1", data=numbers(1, 1, 0, 0))
    assert "发出的纸票有 1 张没有投进票箱" in one.get(base).text
    assert watch.post(f"{base}/explanation", data={"reason": ""}).status_code == 422
    assert one.post(f"{base}/explanation", data={"reason": "带回家了。"}).status_code == 403
    assert watch.post(f"{base}/explanation", data={"reason": "带回家了。"}).status_code == 303
    page = watch.get(base).text
    assert "没有投回 1 张" in page
    assert "带回家了。" in page


def test_a_gap_is_refused_and_what_was_typed_stays(world, site):
    poll = closed(world)
    base = f"/votes/{poll.vote.id}/count"
    client = site.as_(ONE)
    client.post(base)
    wrong = client.post(f"{base}/1", data=numbers(2, 1, 0, 0) | {"unused": "", "all_for": "17"})
    assert wrong.status_code == 422
    assert 'value="17"' in wrong.text
    assert client.get(f"{base}/9").status_code == 404
    assert site.as_("neighbour").get(base).status_code == 403
    assert site.visitor().get(base).status_code == 303


OPTIONS = (("健身角", 0), ("长椅", 0), ("路灯", 0))
LINES = {
    Method.APPROVAL: ("2 1,3\n3 2\n4 x", [[2, ["o1", "o3"]], [3, ["o2"]], [4, None]]),
    Method.SCORE: ("2 5 0 -\n3 1 2 3\n4 废票", [
        [2, {"o1": 5, "o2": 0}], [3, {"o1": 1, "o2": 2, "o3": 3}], [4, None],
    ]),
    Method.RANKED: ("2 3 1=2\n3 2\n4 x", [[2, [["o3"], ["o1", "o2"]]], [3, [["o2"]]], [4, None]]),
}  # fmt: skip


@pytest.mark.parametrize("method", LINES)
def test_other_methods_are_keyed_line_by_line(world, site, method):
    poll = closed(world, method=method, limit=2, options=OPTIONS)
    base = f"/votes/{poll.vote.id}/count"
    typed, meant = LINES[method]
    one, two = site.as_(ONE), site.as_(TWO)
    assert one.post(base, data={"side": "nobody"}).status_code == 422
    one.post(base)
    wrong = one.post(f"{base}/1", data={"content": "2 9\n谁", "spoiled": "1", "unused": "2"})
    assert wrong.status_code == 422
    assert "第 2 行看不懂" in wrong.text
    for client in (one, two):
        sent = client.post(f"{base}/1", data={"content": typed, "spoiled": "1", "unused": "2"})
        assert sent.status_code == 303
    with site.read() as session:
        vote = session.get_one(Vote, poll.vote.id)
        assert papercounts.batches(session, vote.id)[0].content == meant
        assert [one.settled_at is None for one in papercounts.batches(session, vote.id)] == [False]


def test_owners_are_keyed_by_their_number(world, site):
    poll = closed(world, method=Method.MOTION, secret=False)
    base = f"/votes/{poll.vote.id}/count"
    one, two = site.as_(ONE), site.as_(TWO)
    one.post(base)
    assert "名册编号，空一格" in one.get(f"{base}/1").text
    for client, typed in ((one, "1 1\n2 反对\n3 3"), (two, "1 1\n2 2\n3 x")):
        client.post(f"{base}/1", data={"content": typed, "spoiled": "1", "unused": "2"})
    shown = two.get(f"{base}/1").text
    assert "名册 3 号" in shown
    assert "名册 2 号" not in shown


def test_nobody_counts_a_bundle_again_without_an_order(world, site):
    poll = closed(world)
    base = f"/votes/{poll.vote.id}/count"
    client = site.as_(ONE)
    client.post(base)
    assert client.post(f"{base}/1/recounts").status_code == 409


def test_many_bundles_take_as_many_statements_as_one(world, site):
    poll = closed(world)
    base = f"/votes/{poll.vote.id}/count"
    client = site.as_(ONE)

    def told():
        client.get(base)
        seen = statements(site)
        client.get(base)
        return len(seen)

    client.post(base)
    few = told()
    for _ in range(7):
        client.post(base)
    assert client.get(base).text.count("还没有人录") == 8
    assert told() == few
