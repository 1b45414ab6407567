"""The secret ballot: one question, a check, a receipt as the answer; once, and the same again."""

import html
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from council import ballots, proxies, receipts, signatures
from council.ballots import Mark, MarkChannel, SecretBallot
from council.checkpoint import Signer
from council.gate import Act, through
from council.offices import numbers
from council.people import Constituency, Post
from council.policy import Can
from council.votes import Method, Voter
from tests.polling import QUESTION, Poll
from tests.web.conftest import statements

R = "00112233445566778899aabbccddeeff"
ANSWER = {"entry": "1", "choice": "for", "phrase": "清泉 石桥", "r": R}
PROJECTS = [
    {"id": "1", "label": "路灯", "cost": 300}, {"id": "2", "label": "长椅", "cost": 200},
    {"id": "3", "label": "凉亭", "cost": 900},
]  # fmt: skip


@pytest.fixture
def poll(world):
    made = Poll(world)
    made.opened(secret=True)
    world.commit()
    return made


@pytest.fixture
def address(poll):
    return f"/votes/{poll.vote.id}/ballot"


def boxed(site):
    with site.read() as session:
        return session.scalar(select(func.count()).select_from(SecretBallot))


def marks(site):
    with site.read() as session:
        return list(session.scalars(select(Mark.channel).where(Mark.done)))


def number(world, key):
    """The public number of somebody in the world."""
    return str(numbers(world.session, world.community.id, {world.who[key]})[world.who[key]])


def turn_into(world, poll, method):
    """Let the vote have projects to choose from."""

    def change():
        poll.vote.method, poll.vote.options = method, PROJECTS
        poll.vote.settings = poll.vote.settings | {"limit": 2, "budget": 1000}

    through(world.system(), Act("test.vote", Can.SYSTEM), poll.vote, change)
    world.commit()


def code_in(page):
    return re.search(r'id="code"[^>]*>([0-9A-Z]{4}-[0-9A-Z]{4})<', page.text)[1]


def test_one_question_three_choices_and_what_is_promised(world, site, poll, address):
    page = site.as_("neighbour").get(address)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.text.count('name="choice"') == 3
    for words in (QUESTION, "投出后不能改", "这些做不到", "没有由保管人封存", "怎么计票"):
        assert words in page.text
    assert "data-draft" not in page.text
    assert site.visitor().get(address).headers["location"].startswith("/sign-in")


def test_the_choice_is_checked_with_a_phrase_and_nothing_is_written(world, site, poll, address):
    client = site.as_("neighbour")
    page = client.post(f"{address}/check", data={"entry": "1", "choice": "against"})
    assert page.status_code == 200
    assert "核对" in page.text
    phrase = re.search(r'name="phrase" value="([^"]+)"', page.text)[1]
    assert len(phrase.split()) == 2
    assert receipts.is_random(re.search(r'name="r" value="([0-9a-f]+)"', page.text)[1])
    assert 'name="choice" value="against"' in page.text
    assert boxed(site) == 0
    assert client.get(f"{address}/check").headers["location"] == address


def test_the_receipt_is_the_answer_and_sent_again_it_is_the_same(world, site, poll, address):
    client = site.as_("neighbour")
    first = client.post(address, data=ANSWER)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-store"
    assert "location" not in first.headers
    c = receipts.commit(poll.vote.id, "for", "清泉 石桥", R)
    assert code_in(first) == receipts.code_of(c)
    for words in (c, R, "清泉 石桥", "/receipts", "data:text/plain"):
        assert words in first.text
    note = html.unescape(re.search(r"签过名的文字</dt><dd[^>]*>([^<]+)<", first.text)[1])
    signed = signatures.read(note)
    assert (signed.vote_id, signed.c) == (poll.vote.id, c)
    verifier = Signer(site.settings.log_origin, site.settings.log_seed()).verifier
    assert signatures.is_signed(verifier, signed)
    again = client.post(address, data=ANSWER)
    assert (again.status_code, code_in(again)) == (200, code_in(first))
    assert boxed(site) == 1
    assert marks(site) == [MarkChannel.WEB]


def test_the_same_receipt_comes_even_when_the_vote_has_closed_meanwhile(world, site, poll, address):
    client = site.as_("neighbour")
    first = client.post(address, data=ANSWER)
    world.now = poll.vote.closes_at
    poll.tick()
    world.commit()
    client = site.as_("neighbour")
    assert code_in(client.post(address, data=ANSWER)) == code_in(first)
    late = client.post(address, data=ANSWER | {"choice": "against"})
    assert late.status_code == 409
    assert "投票已经截止" in late.text


def test_whoever_has_voted_is_led_to_the_receipt_check(world, site, poll, address):
    client = site.as_("neighbour")
    client.post(address, data=ANSWER)
    for page in (
        client.post(address, data=ANSWER | {"choice": "against"}),
        client.post(f"{address}/check", data=ANSWER),
    ):
        assert page.status_code == 409
        assert "您已经投过票了" in page.text
        assert 'href="/receipts"' in page.text
    page = client.get(address)
    assert "您已经投过票了" in page.text
    assert 'name="choice"' not in page.text
    assert boxed(site) == 1


def test_two_casts_at_once_leave_one_ballot(world, site, poll, address, monkeypatch):
    client = site.as_("neighbour")
    client.post(address, data=ANSWER)
    monkeypatch.setattr(
        ballots.Standing, "open", property(lambda self: [voter for voter, _ in self.entries])
    )
    with site.read() as session:
        voter = session.scalars(select(Voter).where(Voter.number == 1)).one()
    monkeypatch.setattr(ballots, "standing", lambda *_: ballots.Standing(((voter, False),)))
    late = client.post(address, data=ANSWER | {"choice": "against"})
    assert late.status_code == 409
    assert "您已经投过票了" in late.text
    assert boxed(site) == 1


def test_what_is_wrong_is_said_and_the_words_stay(world, site, poll, address):
    client = site.as_("neighbour")
    for sent in ({}, {"choice": "maybe"}):
        wrong = client.post(f"{address}/check", data={"entry": "1"} | sent)
        assert wrong.status_code == 422
        assert 'href="#f-choice"' in wrong.text
    wrong = client.post(address, data=ANSWER | {"phrase": "很" * 30})
    assert wrong.status_code == 422
    assert "很" * 30 in wrong.text
    assert f'name="r" value="{R}"' in wrong.text
    assert 'name="choice" value="for"' in wrong.text
    assert client.post(address, data=ANSWER | {"r": "kurz"}).status_code == 422
    assert boxed(site) == 0


def test_whoever_is_not_on_the_roll_has_no_ballot(world, site, poll, address):
    client = site.as_(Constituency.PARTY)
    assert "您不在这份名册上" in client.get(address).text
    assert client.post(f"{address}/check", data=ANSWER).status_code == 409
    assert client.post(address, data=ANSWER).status_code == 409
    assert site.visitor().post(address, data=ANSWER).status_code in {303, 401}
    assert boxed(site) == 0


def test_a_vote_by_name_has_no_such_page(world, site):
    poll = Poll(world)
    poll.opened()
    world.commit()
    client = site.as_("neighbour")
    assert client.get(f"/votes/{poll.vote.id}/ballot").status_code == 404
    assert client.post(f"/votes/{poll.vote.id}/ballot", data=ANSWER).status_code == 404
    assert client.get("/votes/99/ballot").status_code == 404


def test_a_holder_of_a_written_proxy_casts_each_ballot(world, site):
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    poll.announced(secret=True)
    entries = world.session.scalars(select(Voter).order_by(Voter.number)).all()
    ctx = world.as_(Post.COMMUNITY_WORKER)
    proxies.record(ctx, entries[1], holder=entries[0], written_on=world.now.date())
    poll.checked()
    world.now = poll.vote.opens_at
    poll.tick()
    world.commit()
    address = f"/votes/{poll.vote.id}/ballot"
    client = site.as_("neighbour")
    page = client.get(address).text
    assert "名册第 2 号，书面委托您投" in page
    first = client.post(address, data=ANSWER)
    assert "还有 1 张受托的票没有投" in first.text
    assert "替名册第 2 号投" in client.post(f"{address}/check", data=ANSWER | {"entry": "2"}).text
    second = client.post(address, data=ANSWER | {"entry": "2", "r": R[::-1]})
    assert code_in(second) != code_in(first)
    assert boxed(site) == 2
    assert "您已经投过票了" in client.get(address).text
    assert "您不在这份名册上" in site.as_(Post.DELEGATE).get(address).text


@pytest.mark.parametrize(
    ("method", "sent", "answer", "words"),
    [
        (Method.APPROVAL, {"choice": ["1", "3"]}, ["1", "3"], "路灯"),
        (Method.APPROVAL, {}, [], "空白票"),
        (Method.SCORE, {"score-1": "5", "score-2": ""}, {"1": 5}, "路灯"),
        (Method.RANKED, {"rank-2": "1", "rank-1": "3"}, [["2"], ["1"]], "第 2 位"),
        (Method.BUDGET, {"choice": ["1", "2"]}, ["1", "2"], "合计 500 元"),
    ],
)  # fmt: skip
def test_every_method_has_its_form(world, site, poll, address, method, sent, answer, words):
    turn_into(world, poll, method)
    client = site.as_("neighbour")
    assert "凉亭" in client.get(address).text
    checked = client.post(f"{address}/check", data={"entry": "1", **sent})
    assert checked.status_code == 200
    assert words in checked.text
    again = re.findall(r'name="((?:choice|score|rank)[^"]*)" value="([^"]*)"', checked.text)
    posted = {"entry": "1", "phrase": "清泉 石桥", "r": R}
    for name, value in again:
        posted.setdefault(name, []).append(value)
    done = client.post(address, data=posted)
    assert receipts.commit(poll.vote.id, answer, "清泉 石桥", R) in done.text


@pytest.mark.parametrize(
    ("method", "sent", "words"),
    [
        (Method.APPROVAL, {"choice": ["1", "2", "3"]}, "最多选 2 项"),
        (Method.BUDGET, {"choice": ["1", "3"]}, "超出预算 200 元"),
        (Method.SCORE, {"score-1": "9"}, "分数从 0 到 5"),
        (Method.RANKED, {"rank-1": "x"}, "f-choice"),
    ],
)
def test_too_many_or_too_dear_is_said(world, site, poll, address, method, sent, words):
    turn_into(world, poll, method)
    wrong = site.as_("neighbour").post(f"{address}/check", data={"entry": "1", **sent})
    assert wrong.status_code == 422
    assert words in wrong.text


def test_a_worker_votes_for_somebody_at_the_counter_and_hands_over_the_receipt(
    world, site, poll, address
):
    mine = number(world, "neighbour")
    sent = {"entering": "1", "channel": "hall", "consent": "spoken", "choice": "for"}
    client = site.as_(Post.COMMUNITY_WORKER)
    page = client.get(f"{address}/for?person={mine}")
    assert page.status_code == 200
    assert f'value="{mine}"' in page.text
    checked = client.post(f"{address}/check", data=sent | {"for_person": mine})
    assert "替名册第 1 号投" in checked.text
    done = client.post(address, data=sent | ANSWER | {"for_person": mine})
    assert done.status_code == 200
    assert "请打印出来交给本人" in done.text
    assert marks(site) == [MarkChannel.COUNTER]
    assert code_in(client.post(address, data=sent | ANSWER | {"for_person": mine})) == code_in(done)
    other = client.post(address, data=sent | ANSWER | {"for_person": mine, "r": R[::-1]})
    assert "这位居民已经投过票了" in other.text
    assert "您已经投过票了" in site.as_("neighbour").get(address).text


def test_at_the_counter_whoever_is_not_on_the_roll_is_named(world, site, poll, address):
    sent = {"entering": "1", "channel": "hall", "consent": "spoken", "choice": "for"}
    stranger = number(world, Constituency.PARTY)
    client = site.as_(Post.COMMUNITY_WORKER)
    for typed, words in (("", "f-for_person"), ("9999", "f-for_person"),
                          (stranger, "不在这次投票的名册上")):  # fmt: skip
        for where in (address, f"{address}/check"):
            wrong = client.post(where, data=sent | ANSWER | {"for_person": typed})
            assert wrong.status_code == 422
            assert words in wrong.text
    assert site.as_("neighbour").get(f"{address}/for").status_code == 403
    refused = site.as_("neighbour").post(address, data=sent | ANSWER | {"for_person": "1"})
    assert refused.status_code == 403
    assert boxed(site) == 0


def test_the_form_takes_as_many_statements_for_a_long_roll(world, site):
    counts = []
    for size in (2, 40):
        poll = Poll(world, size=size)
        poll.opened(secret=True)
        world.commit()
        client = site.as_("neighbour")
        seen = statements(site)
        client.get(f"/votes/{poll.vote.id}/ballot")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_votes_page_says_what_waits_for_its_reader(world, site, poll, address):
    page = f"/votes/{poll.vote.id}"
    assert f'href="{address}"' in site.as_("neighbour").get(page).text
    site.as_("neighbour").post(address, data=ANSWER)
    voted = site.as_("neighbour").get(page).text
    assert "您已投票" in voted
    assert f'href="{address}"' not in voted
    assert "您的账号不在这份名册上" in site.as_(Constituency.PARTY).get(page).text
    assert "/sign-in?next=" in site.visitor().get(page).text


def test_those_who_work_with_the_vote_find_its_pages(world, site):
    poll = Poll(world)
    poll.announced(secret=True)
    world.commit()
    page = f"/votes/{poll.vote.id}"
    for post in (Post.PARTY_LEAD, Post.OVERSIGHT):
        assert f"{page}/keepers" in site.as_(post).get(page).text
    poll.checked()
    world.now = poll.vote.opens_at
    poll.tick()
    world.commit()
    worker = site.as_(Post.COMMUNITY_WORKER).get(page).text
    assert worker.count(f"{page}/absent") == 1
    assert f"{page}/absent" not in site.as_("neighbour").get(page).text


def test_no_page_repeats_a_ballot_after_the_sign_in_has_ended(world, site, poll, address):
    late = site.visitor().post(address, data=ANSWER)
    assert (late.status_code, late.headers["location"].split("=")[0]) == (303, "/sign-in?next")
    assert "清泉" not in late.text
    box = site.visitor().post(f"/votes/{poll.vote.id}/box/opening", data={"code1": "H4TM-2W8K"})
    assert box.status_code == 303


def test_the_servers_log_tells_nothing_of_a_ballot_that_could_not_be_written(
    world, site, poll, address, monkeypatch, caplog
):
    client = site.as_("neighbour")
    before = caplog.text

    def full(*_):
        raise OperationalError("INSERT INTO secret_ballot", {}, Exception("disk is full"))

    monkeypatch.setattr(ballots, "mark", full)
    lost = client.post(address, data=ANSWER)
    assert lost.status_code == 503
    assert "清泉" not in lost.text
    told = caplog.text[len(before) :]
    assert "secret_ballot" in told
    for secret in ("清泉", R, receipts.commit(poll.vote.id, "for", "清泉 石桥", R)):
        assert secret not in told
    monkeypatch.undo()
    assert code_in(client.post(address, data=ANSWER))
    assert boxed(site) == 1


def test_the_english_page_is_english(world, site, poll, address):
    client = site.as_("neighbour")
    page = client.post(f"{address}?lang=en", data=ANSWER).text
    assert "Your ballot is in the box" in page
    assert "Keep no copy" not in page
    assert "What is promised, and what is not" in page
