"""Voting on the page: choose, check, cast; turnout only before the close; then the arithmetic."""

import pytest
from sqlalchemy import select

from council import deliberations, meetings, proxies, rollcalls, votes
from council.people import Constituency, Post
from council.votes import Choice, Method
from tests.hall import MOTION, Hall
from tests.polling import QUESTION, Poll
from tests.web.conftest import statements

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hall(world):
    return Hall(world)


@pytest.fixture
def vote(world, hall):
    made = hall.vote_open()
    world.commit()
    return made


def given(site, vote, world, key):
    with site.read() as session:
        row = session.get_one(votes.Vote, vote.id)
        (mine,) = rollcalls.standing(session, row, world.who[key])
        return mine.given


def test_a_visitor_sees_the_question_and_the_turnout_only(world, site, hall, vote):
    rollcalls.cast(world.as_("neighbour"), vote, choice=Choice.AGAINST)
    world.commit()
    shown = site.visitor().get(f"/votes/{vote.id}")
    assert shown.status_code == 200
    assert MOTION in shown.text
    assert "1<small> / 6" in shown.text
    assert 'name="choice"' not in shown.text
    assert "您已投票" not in shown.text
    assert site.visitor().get(f"/votes/{vote.id}/result").status_code == 303


def test_a_seat_chooses_checks_and_casts_without_script(world, site, hall, vote):
    client = site.as_("neighbour")
    assert client.get(f"/votes/{vote.id}").text.count('name="choice"') == 3
    checked = client.post(f"/votes/{vote.id}/check", data={"choice": "for"})
    assert "投出这一票" in checked.text
    assert given(site, vote, world, "neighbour") is None
    sent = client.post(f"/votes/{vote.id}/ballots", data={"choice": "for"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/votes/{vote.id}?cast=1")
    assert given(site, vote, world, "neighbour") is Choice.FOR
    assert "您已投票：赞成" in client.get(f"/votes/{vote.id}").text
    client.post(f"/votes/{vote.id}/ballots", data={"choice": "abstain"})
    assert given(site, vote, world, "neighbour") is Choice.ABSTAIN


def test_nothing_chosen_or_something_else_is_said(world, site, hall, vote):
    client = site.as_("neighbour")
    for address in ("check", "ballots"):
        for sent in ({}, {"choice": "maybe"}):
            wrong = client.post(f"/votes/{vote.id}/{address}", data=sent)
            assert wrong.status_code == 422
            assert 'href="#f-choice"' in wrong.text


def test_whoever_has_no_seat_is_refused(world, site, hall, vote):
    client = site.as_(Post.DELEGATE)
    assert 'name="choice"' not in client.get(f"/votes/{vote.id}").text
    assert client.post(f"/votes/{vote.id}/check", data={"choice": "for"}).status_code == 403
    assert client.post(f"/votes/{vote.id}/ballots", data={"choice": "for"}).status_code == 409
    sent = site.visitor().post(f"/votes/{vote.id}/ballots", data={"choice": "for"})
    assert sent.status_code in {303, 401}


def test_htmx_gets_the_turnout_back(world, site, hall, vote):
    sent = site.as_("neighbour").post(
        f"/votes/{vote.id}/ballots", data={"choice": "for"}, headers=HTMX
    )
    assert sent.text.lstrip().startswith('<section class="stack tight" id="turnout"')
    assert "1<small> / 6" in sent.text


def test_a_worker_enters_the_vote_of_somebody_without_a_telephone(world, site, hall, vote):
    faces = meetings.faces(world.session, world.community.id, [world.who["neighbour"]])
    number = faces[world.who["neighbour"]].number
    client = site.as_(Post.COMMUNITY_WORKER)
    assert client.get(f"/votes/{vote.id}/for").status_code == 200
    sent = {"entering": "1", "channel": "meeting", "consent": "spoken", "choice": "against"}
    wrong = client.post(f"/votes/{vote.id}/ballots", data=sent | {"for_person": ""})
    assert wrong.status_code == 422
    assert "替没有手机的人录入一票" in wrong.text
    done = client.post(f"/votes/{vote.id}/ballots", data=sent | {"for_person": str(number)})
    assert done.status_code == 303
    assert given(site, vote, world, "neighbour") is Choice.AGAINST
    assert site.as_("neighbour").get(f"/votes/{vote.id}/for").status_code == 403


def test_the_chair_confirms_the_close_with_the_number_of_votes(world, site, hall, vote):
    rollcalls.cast(world.as_("neighbour"), vote, choice=Choice.FOR)
    world.commit()
    client = site.as_(Post.FACILITATOR)
    assert "6 席里已投 1 席" in client.get(f"/votes/{vote.id}/close").text
    assert site.as_("neighbour").get(f"/votes/{vote.id}/close").status_code == 403
    assert site.as_("neighbour").post(f"/votes/{vote.id}/close").status_code == 403
    sent = client.post(f"/votes/{vote.id}/close", data={"for": "40", "against": "0"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/votes/{vote.id}/result")
    assert client.post(f"/votes/{vote.id}/close").status_code == 409
    with site.read() as session:
        made = session.get_one(votes.Vote, vote.id)
        assert made.reckoning.totals.favour == 1


def test_the_result_shows_every_line_of_the_arithmetic(world, site, hall, vote):
    for key in (Constituency.PARTY, Constituency.COMMUNITY, "neighbour", Constituency.EXPERTS):
        rollcalls.cast(world.as_(key), vote, choice=Choice.FOR)
    deliberations.close_vote(world.as_(Post.FACILITATOR), vote)
    world.commit()
    moved = site.visitor().get(f"/votes/{vote.id}")
    assert moved.headers["location"] == f"/votes/{vote.id}/result"
    shown = site.visitor().get(f"/votes/{vote.id}/result").text
    for words in ("通过", "到会 6 席", "6 ÷ 2 = 3", "赞成 3 席", "只提意见，不计票"):
        assert words in shown
    assert "真名" not in shown
    english = site.visitor().get(f"/votes/{vote.id}/result?lang=en").text
    assert "Professional teams" in english


def test_a_vote_on_a_matter_that_is_not_public_is_not_found(world, site, hall):
    assert site.visitor().get("/votes/77").status_code == 404


# Formal votes


MANY = (Choice.FOR, Choice.FOR, Choice.AGAINST)


def test_the_list_shows_what_is_open_with_its_turnout_and_what_was_decided(world, site):
    empty = site.visitor().get("/votes").text
    assert "现在没有正在进行的投票" in empty
    done, open_ = Poll(world), Poll(world)
    done.final(*MANY)
    open_.opened()
    open_.cast(Choice.FOR)
    Poll(world)
    world.commit()
    page = site.visitor().get("/votes").text
    assert "3 人里已投 1 人" in page
    assert page.count("文明养犬公约") == 2
    assert "去投我的票" not in page
    assert "去投我的票" in site.as_("neighbour").get("/votes").text
    assert site.as_(Post.PARTY_LEAD).get("/votes").text.count("文明养犬公约") == 3


def test_the_list_has_older_pages(world, site, monkeypatch):
    monkeypatch.setattr("council.web.votes.PAGE", 1)
    for _ in range(2):
        Poll(world).final(*MANY)
    world.commit()
    first = site.visitor().get("/votes").text
    older = first.partition('href="/votes?before=')[2].partition('"')[0]
    assert older.endswith("-2")
    assert 'href="/votes/1"' in site.visitor().get(f"/votes?before={older}").text
    assert "before" in site.visitor().get("/votes?before=x").text


def test_the_list_takes_as_many_statements_for_many_votes(world, site):
    counts = []
    for n in (2, 8):
        for _ in range(n):
            Poll(world).opened()
        world.commit()
        seen = statements(site)
        site.visitor().get("/votes")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_an_open_vote_shows_question_rule_and_turnout_and_no_result(world, site):
    poll = Poll(world)
    poll.opened()
    poll.cast(Choice.FOR, Choice.AGAINST)
    world.commit()
    page = site.visitor().get(f"/votes/{poll.vote.id}").text
    for words in (QUESTION, "孩子和老人走路放心。", "管得太细，不好执行。", "2<small> / 3",
                  "居民代表会议", "投票通知公告"):  # fmt: skip
        assert words in page
    assert 'name="choice"' not in page
    assert 'id="outcome"' not in page


def test_a_voter_on_the_roll_votes_by_name_without_script(world, site):
    poll = Poll(world)
    poll.opened()
    world.commit()
    client, address = site.as_("neighbour"), f"/votes/{poll.vote.id}"
    assert client.get(address).text.count('name="choice"') == 3
    assert client.post(f"{address}/check", data={}).status_code == 422
    assert "投出这一票" in client.post(f"{address}/check", data={"choice": "for"}).text
    assert client.post(f"{address}/ballots", data={"choice": "for"}).status_code == 303
    assert "您已投票：赞成" in client.get(address).text
    assert client.get(f"{address}/result").headers["location"] == address


def test_whoever_is_not_on_the_roll_has_no_ballot(world, site):
    poll = Poll(world)
    poll.opened()
    world.commit()
    client = site.as_(Constituency.PARTY)
    assert "您的账号不在这份名册上" in client.get(f"/votes/{poll.vote.id}").text
    address = f"/votes/{poll.vote.id}"
    assert client.post(f"{address}/check", data={"choice": "for"}).status_code == 403
    assert client.post(f"{address}/ballots", data={"choice": "for"}).status_code == 409


def test_a_secret_vote_takes_no_ballot_by_name(world, site):
    poll = Poll(world)
    poll.opened(secret=True)
    world.commit()
    client, address = site.as_("neighbour"), f"/votes/{poll.vote.id}"
    page = client.get(address).text
    assert f"{address}/ballot" in page
    assert 'name="choice"' not in page
    assert client.post(f"{address}/ballots", data={"choice": "for"}).status_code == 409


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_result_is_shown_when_it_is_published_with_its_arithmetic(world, site, language):
    poll = Poll(world)
    poll.counted(*MANY)
    world.commit()
    address = f"/votes/{poll.vote.id}?lang={language}"
    assert 'id="outcome"' not in site.visitor().get(address).text
    poll.step("publish_result")
    world.commit()
    page = site.visitor().get(address).text
    assert 'id="outcome"' in page
    assert ("通过" if language == "zh" else "Adopted") in page
    assert "名册0" not in page


def test_a_draft_is_not_found_by_the_public(world, site):
    poll = Poll(world)
    world.commit()
    assert site.visitor().get(f"/votes/{poll.vote.id}").status_code == 404
    assert site.as_(Post.OVERSIGHT).get(f"/votes/{poll.vote.id}").status_code == 200


# By name: every method, for oneself and for others


def entrusted(world):
    """An open vote in which the neighbour votes for three others too."""
    poll = Poll(world, "OWNERS_ORDINARY", size=5)
    poll.prepared()
    poll.entered(10_050)
    roll = {one.number: one for one in world.session.scalars(select(votes.Voter))}
    worker = world.as_(Post.COMMUNITY_WORKER)
    for number in (3, 4, 5):
        on = world.now.date()
        proxies.record(worker, roll[number], holder=roll[1], written_on=on)
    poll.step("publish_roll")
    world.wait(days=6)
    for name in ("settle_roll", "announce"):
        poll.step(name)
    poll.checked()
    world.now = poll.vote.opens_at
    poll.tick()
    world.commit()
    return poll.vote


def answers(site, world, vote, key="neighbour"):
    with site.read() as session:
        found = rollcalls.standing(session, session.get_one(votes.Vote, vote.id), world.who[key])
        return {one.voter.number: one.given for one in found}


def test_whoever_holds_proxies_sees_for_whom_and_votes_for_each(world, site):
    vote = entrusted(world)
    client, address = site.as_("neighbour"), f"/votes/{vote.id}"
    page = client.get(address).text
    assert "您本人，还有别人书面委托您的 3 票" in page
    assert f"{address}?entry=4#ballot" in page
    chosen = {"choice": "for", "entry": "4"}
    checked = client.post(f"{address}/check", data=chosen).text
    assert "替名册第 4 号投" in checked
    assert client.post(f"{address}/ballots", data=chosen).status_code == 303
    client.post(f"{address}/ballots", data=chosen | {"choice": "against"})
    client.post(f"{address}/ballots", data={"choice": "for"})
    assert answers(site, world, vote) == {1: "for", 3: None, 4: "against", 5: None}
    assert client.post(f"{address}/ballots", data=chosen | {"entry": "2"}).status_code == 409
    assert client.post(f"{address}/check", data=chosen | {"entry": "2"}).status_code == 403
    assert 'name="choice"' not in client.get(f"{address}?entry=2").text
    assert answers(site, world, vote)[1] == "for"
    wrong = client.post(f"{address}/check", data={"entry": "5"})
    assert wrong.status_code == 422
    assert 'name="entry" value="5"' in wrong.text


def test_at_the_counter_a_worker_enters_each_of_these_votes(world, site):
    vote = entrusted(world)
    faces = meetings.faces(world.session, world.community.id, [world.who["neighbour"]])
    number = str(faces[world.who["neighbour"]].number)
    client, address = site.as_(Post.COMMUNITY_WORKER), f"/votes/{vote.id}"
    blank = client.get(f"{address}/for?person={number}").text
    assert 'name="entry"' in blank
    assert f'value="{number}"' in blank
    sent = {"entering": "1", "channel": "hall", "consent": "spoken", "choice": "for"}
    wrong = client.post(f"{address}/ballots", data=sent | {"for_person": number, "entry": "2"})
    assert wrong.status_code == 422
    assert 'href="#f-entry"' in wrong.text
    assert 'value="2"' in wrong.text
    done = client.post(f"{address}/ballots", data=sent | {"for_person": number, "entry": "3"})
    assert (done.status_code, done.headers["location"]) == (303, f"{address}/for?entered=1")
    assert "这一票已录入" in client.get(done.headers["location"]).text
    assert answers(site, world, vote)[3] == "for"
    other = meetings.faces(world.session, world.community.id, [world.who[Constituency.UNITS]])
    stranger = str(other[world.who[Constituency.UNITS]].number)
    world.commit()
    refused = client.post(f"{address}/ballots", data=sent | {"for_person": stranger})
    assert 'href="#f-for_person"' in refused.text


@pytest.mark.parametrize(
    ("method", "settings", "sent", "given"),
    [
        (Method.APPROVAL, {"limit": 2}, {"choice": ["o1", "o2"]}, ["o1", "o2"]),
        (Method.SCORE, {}, {"score-o1": "5", "score-o2": "0"}, {"o1": 5, "o2": 0}),
        (Method.RANKED, {}, {"rank-o2": "1", "rank-o1": "2"}, [["o2"], ["o1"]]),
        (Method.BUDGET, {"budget": 300}, {"choice": ["o2"]}, ["o2"]),
    ],
)
def test_every_method_is_filled_in_checked_and_cast_by_name(
    world, site, method, settings, sent, given
):
    poll = Poll(world)
    options = (("月季", 100), ("荷花", 200))
    poll.opened(method=method, options=options, **settings)
    world.commit()
    client, address = site.as_("neighbour"), f"/votes/{poll.vote.id}"
    assert "月季" in client.get(address).text
    checked = client.post(f"{address}/check", data=sent)
    assert checked.status_code == 200
    for name in sent:
        assert f'name="{name}"' in checked.text
    assert client.post(f"{address}/ballots", data=sent).status_code == 303
    assert answers(site, world, poll.vote)[1] == given
    page = client.get(address).text
    assert "您已投票" in page
    assert 'value="for"' not in page
