"""Voting on the page: choose, check, cast; turnout only before the close; then the arithmetic."""

import pytest

from council import deliberations, meetings, rollcalls, votes
from council.people import Constituency, Post
from council.votes import Choice
from tests.hall import MOTION, Hall

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
        mine = votes.voter(session, vote.id, world.who[key])
        return rollcalls.choice_of(session, mine)


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
