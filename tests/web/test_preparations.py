"""Preparing a vote on the page: who decides, the papers, the study; bad input keeps every word."""

import pytest

from council import preparations, votes
from council.people import Post
from council.proposals import Proposal, Stage
from council.votes import Body, Vote, VoteStage
from tests.polling import LEAD, QUESTION, Poll, referred

CONSTANT = {"electorate": "delegates", "method": "motion", "extension": "7", "remote": "1"}


@pytest.fixture
def poll(world):
    made = Poll(world)
    world.commit()
    return made


def test_the_router_names_the_body_and_begins_the_vote(world, site):
    matter = world.matter(Stage.READY_FOR_MEETING)
    world.commit()
    client = site.as_(LEAD)
    assert f"/votes/new?proposal={matter.id}" in client.get(f"/proposals/{matter.id}").text
    page = client.get(f"/votes/new?proposal={matter.id}").text
    assert "由谁来决定" in page
    sent = client.post("/votes", data={"proposal": matter.id, "subject": "covenant"})
    assert sent.status_code == 303
    with site.read() as session:
        made = votes.latest(session, matter.id)
        assert made.body is Body.RESIDENTS
        assert sent.headers["location"] == f"/votes/{made.id}/preparation"
        assert session.get_one(Proposal, matter.id).stage is Stage.REFERRED
    assert "居民会议" in site.visitor().get(f"/proposals/{matter.id}").text


def test_what_is_decided_outside_is_said_with_its_law(world, site):
    matter = referred(world)
    world.commit()
    client = site.as_(LEAD)
    sent = client.post("/votes", data={"proposal": matter.id, "subject": "public_land"})
    assert sent.headers["location"] == f"/votes/new?proposal={matter.id}"
    assert "主管部门" in client.get(sent.headers["location"]).text
    assert "转交社区以外决定" in client.get(f"/proposals/{matter.id}").text


def test_nothing_chosen_is_said(world, site):
    matter = referred(world)
    world.commit()
    wrong = site.as_(LEAD).post("/votes", data={"proposal": matter.id})
    assert wrong.status_code == 422
    assert 'href="#f-subject"' in wrong.text


def test_a_vote_without_a_matter_begins_here_and_an_election_does_not(world, site):
    client = site.as_(LEAD)
    assert "民意测评" in client.get("/votes/new").text
    wrong = client.post("/votes", data={"profile": "election", "title": "换届选举"})
    assert wrong.status_code == 422
    assert "选举委员会" in wrong.text
    assert 'value="换届选举"' in wrong.text
    sent = client.post("/votes", data={"profile": "appraisal", "title": "年度评议"})
    assert sent.status_code == 303
    with site.read() as session:
        made = session.query(Vote).order_by(Vote.id.desc()).first()
        assert made.about_people
        assert made.body is Body.DELEGATES


def test_only_conveners_prepare(world, site, poll):
    for who in (Post.COMMUNITY_WORKER, Post.OVERSIGHT):
        client = site.as_(who)
        assert client.get("/votes/new").status_code == 403
        assert client.get(f"/votes/{poll.vote.id}/preparation").status_code == 403
        assert client.post(f"/votes/{poll.vote.id}/preparation", data=CONSTANT).status_code == 403
    assert site.as_("neighbour").get(f"/votes/{poll.vote.id}/preparation").status_code == 404


def test_the_papers_are_saved_with_gaps(world, site, poll):
    client, address = site.as_(LEAD), f"/votes/{poll.vote.id}/preparation"
    assert 'value="文明养犬公约"' in client.get(address).text
    sent = client.post(address, data=CONSTANT | {"title": "公约", "question": QUESTION})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/votes/{poll.vote.id}?saved=1")
    page = client.get(sent.headers["location"]).text
    assert "还缺什么" in page
    assert QUESTION in page


def test_bad_input_keeps_every_word(world, site, poll):
    client, address = site.as_(LEAD), f"/votes/{poll.vote.id}/preparation"
    typed = CONSTANT | {
        "title": "", "arguments_for": "孩子走路放心。", "options": "椅子，5000\n花坛，多少钱",
        "method": "budget", "secret": "1", "opens_at": "2026-06-10T09:00",
        "closes_at": "2026-06-01T09:00",
    }  # fmt: skip
    wrong = client.post(address, data=typed)
    assert wrong.status_code == 422
    for kept in ("孩子走路放心。", "椅子，5000", "花坛，多少钱", "2026-06-01T09:00"):
        assert kept in wrong.text
    for field in ("title", "closes_at", "options"):
        assert f'href="#f-{field}"' in wrong.text


def test_the_options_of_a_budget_carry_their_cost(world, site):
    poll = Poll(world, "STRAW")
    world.commit()
    data = CONSTANT | {
        "title": "花在哪里", "electorate": "residents", "method": "budget", "secret": "1",
        "options": "长椅，5000\n花坛, 12000", "budget": "15000",
    }  # fmt: skip
    client = site.as_(LEAD)
    assert client.post(f"/votes/{poll.vote.id}/preparation", data=data).status_code == 303
    with site.read() as session:
        made = session.get_one(Vote, poll.vote.id)
        assert [(one["label"], one["cost"]) for one in made.options] == [
            ("长椅", 5000), ("花坛", 12000),
        ]  # fmt: skip
    assert "花坛，12000" in client.get(f"/votes/{poll.vote.id}/preparation").text


def test_the_secretary_records_the_study(world, site, poll):
    address = f"/votes/{poll.vote.id}/study"
    assert site.as_(Post.COMMITTEE).get(address).status_code == 403
    client = site.as_(LEAD)
    assert "先经社区党组织研究" in client.get(address).text
    wrong = client.post(address, data={"on": "2026-13-01", "opinion": "同意。"})
    assert wrong.status_code == 422
    assert "同意。" in wrong.text
    sent = client.post(address, data={"on": "2026-05-06", "opinion": "同意提交表决。"})
    assert sent.status_code == 303
    with site.read() as session:
        assert preparations.of(session, poll.vote.id).study_opinion == "同意提交表决。"


def test_after_the_notice_the_forms_say_that_nothing_changes(world, site):
    poll = Poll(world)
    poll.announced()
    world.commit()
    client = site.as_(LEAD)
    for page in ("preparation", "study"):
        shown = client.get(f"/votes/{poll.vote.id}/{page}").text
        assert "公告以后不能再改" in shown
        assert "<textarea" not in shown
    assert poll.vote.stage is VoteStage.ANNOUNCED


def test_ranks_and_ties_are_chosen_in_plain_words(world, site):
    poll = Poll(world, "COUNCIL")
    world.commit()
    client = site.as_(LEAD)
    address = f"/votes/{poll.vote.id}/preparation"
    page = client.get(address).text
    for words in ("两两比较", "逐轮淘汰", "按名次计分", "由主持人投决定票", "公开抽签"):
        assert words in page
    answers = {
        "title": "公约", "electorate": "members", "method": "ranked", "extension": "7",
        "options": "月季\n荷花", "secret": "1", "remote": "1", "ranking": "irv", "tie": "lot",
    }  # fmt: skip
    assert client.post(address, data=answers).status_code == 303
    with site.read() as session:
        made = session.get_one(Vote, poll.vote.id)
        assert made.settings == {"ranking": "irv", "seats": 1, "tie": "lot"}
        assert made.rule["tie"] == "lot"
    wrong = client.post(address, data=answers | {"tie": "chair", "seats": "2"})
    assert wrong.status_code == 422
    assert 'href="#f-tie"' in wrong.text
    assert 'href="#f-seats"' in wrong.text
    assert 'value="chair" checked' in wrong.text


def test_where_the_law_asks_for_more_than_half_nobody_breaks_a_tie(world, site):
    address = f"/votes/{Poll(world).vote.id}/preparation"
    owners = f"/votes/{Poll(world, 'OWNERS_ORDINARY').vote.id}/preparation"
    world.commit()
    client = site.as_(LEAD)
    page = client.get(address).text
    assert "法律要求过半数" in page
    assert 'value="chair"' not in page
    assert 'name="tie"' not in client.get(owners).text
    wrong = client.post(address, data=CONSTANT | {"title": "公约", "tie": "lot"})
    assert 'href="#f-tie"' in wrong.text
