"""Who has not voted yet: for those who keep, prepare or serve; the way to the counter beside it."""

import re

import pytest

from council import absences
from council.people import Constituency, Post
from council.votes import Choice
from tests.booth import Booth
from tests.polling import Poll
from tests.web.conftest import statements


@pytest.mark.parametrize("post", [Post.PARTY_LEAD, Post.COMMITTEE, Post.COMMUNITY_WORKER])
def test_those_who_keep_or_prepare_see_who_is_absent_and_never_how(world, site, post):
    booth = Booth(world, more=2)
    booth.opened()
    booth.cast("neighbour", "against")
    world.commit()
    page = site.as_(post).get(f"/votes/{booth.vote.id}/absent")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "名册1" in page.text
    assert "名册3" not in page.text
    assert "反对" not in page.text
    links = page.text.count(f"/votes/{booth.vote.id}/ballot/for?person=")
    assert links == (4 if post is Post.COMMUNITY_WORKER else 0)


def test_others_do_not_see_it(world, site):
    booth = Booth(world)
    world.commit()
    assert site.as_(Post.PARTY_LEAD).get(f"/votes/{booth.vote.id}/absent").status_code == 404
    booth.opened()
    world.commit()
    for key in ("neighbour", Post.FACILITATOR, Constituency.PARTY):
        assert site.as_(key).get(f"/votes/{booth.vote.id}/absent").status_code == 403
    assert site.visitor().get(f"/votes/{booth.vote.id}/absent").status_code == 303


def test_a_vote_by_name_leads_to_its_own_form(world, site):
    poll = Poll(world)
    poll.opened()
    poll.cast(Choice.FOR)
    world.commit()
    client = site.as_(Post.COMMUNITY_WORKER)
    links = re.findall(
        r'href="(/votes/\d+/for\?person=(\d+))"', client.get(f"/votes/{poll.vote.id}/absent").text
    )
    assert len(links) == 2
    assert f'value="{links[0][1]}"' in client.get(links[0][0]).text


def test_the_list_goes_page_by_page_with_as_many_statements(world, site, monkeypatch):
    monkeypatch.setattr(absences, "PAGE", 20)
    booth = Booth(world, more=40)
    booth.opened()
    world.commit()
    client, address = site.as_(Post.PARTY_LEAD), f"/votes/{booth.vote.id}/absent"
    counts = []
    for query in ("", "?after=44", "?after=20"):
        seen = statements(site)
        page = client.get(address + query).text
        counts.append(len(seen))
    assert len(set(counts)) == 1
    assert "从头开始" in page
    assert f"{address}?after=40" in page
    assert "after" in client.get(f"{address}?after=x").text


def test_my_page_names_the_votes_that_wait(world, site):
    booth = Booth(world)
    booth.opened()
    world.commit()
    mine = site.as_("neighbour").get("/me").text
    assert "等您投的票" in mine
    assert f"/votes/{booth.vote.id}/ballot" in mine
    assert "<h1>1 张待投</h1>" in mine
    booth.cast("neighbour")
    world.commit()
    voted = site.as_("neighbour").get("/me").text
    assert "<h1>没有事等您办</h1>" in voted
    assert "1 张待投" not in voted
    assert "已投" in voted
    assert "等您投的票" not in site.as_(Constituency.EXPERTS).get("/me").text
