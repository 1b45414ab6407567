"""The ballot box: seal it, keep it, and open it by two codes typed at one screen."""

import re

import pytest

from council import keepers
from council.people import Constituency, Post
from council.votes import VoteMode, VoteStage
from tests.booth import Booth, R

KEEPERS = (Post.OVERSIGHT, Post.RECORDER)


@pytest.fixture
def booth(world):
    made = Booth(world, stage=VoteStage.ROLL_FINAL)
    world.commit()
    return made


@pytest.fixture
def address(booth):
    return f"/votes/{booth.vote.id}"


def sealed(site, booth):
    with site.read() as session:
        return keepers.is_sealed(session.get_one(type(booth.vote), booth.vote.id))


def code_in(page):
    found = re.search(r'id="code"[^>]*>([^<]+)<br>([^<]+)<', page.text)
    return f"{found[1]}-{found[2]}"


def keep(site, address, post):
    client = site.as_(post)
    sent = client.post(f"{address}/keepers")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{address}/keepers")
    return code_in(client.get(f"{address}/keepers")), client


def test_everybody_sees_whether_the_box_is_sealed(site, booth, address):
    page = site.visitor().get(f"{address}/keepers")
    assert page.status_code == 200
    assert "没有加封" in page.text
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]


def test_a_vote_by_name_has_no_box(world, site):
    booth = Booth(world, mode=VoteMode.ROLL_CALL)
    world.commit()
    assert site.visitor().get(f"/votes/{booth.vote.id}/keepers").status_code == 404


def test_the_convener_chooses_whether_it_is_sealed(site, booth, address):
    client = site.as_(Post.PARTY_LEAD)
    assert "由保管人封存" in client.get(f"{address}/keepers").text
    assert client.post(f"{address}/box", data={"sealed": "1"}).status_code == 303
    assert sealed(site, booth)
    assert "还差 2 名" in client.get(f"{address}/keepers").text
    client.post(f"{address}/box", data={"sealed": "0"})
    assert not sealed(site, booth)
    assert site.as_("neighbour").post(f"{address}/box").status_code == 403


def test_a_keeper_sees_the_code_once(site, booth, address):
    site.as_(Post.PARTY_LEAD).post(f"{address}/box", data={"sealed": "1"})
    code, client = keep(site, address, Post.OVERSIGHT)
    assert re.fullmatch(r"(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}", code)
    again = client.get(f"{address}/keepers")
    assert code[:9] not in again.text
    assert "还差 1 名" in again.text
    assert client.post(f"{address}/keepers").status_code == 409
    assert site.as_("neighbour").post(f"{address}/keepers").status_code == 403
    assert site.visitor().get(f"{address}/keepers").text.count("居务监督委员会") == 1


def test_two_keepers_open_the_box_at_one_screen(world, site, booth, address):
    site.as_(Post.PARTY_LEAD).post(f"{address}/box", data={"sealed": "1"})
    codes = [keep(site, address, post)[0] for post in KEEPERS]
    world.session.expire_all()
    booth.opened()
    booth.cast("neighbour", "for", "我的 小狗", R)
    world.commit()
    client = site.as_(Post.RECORDER)
    assert 'name="code2"' not in client.get(f"{address}/keepers").text
    booth.closed()
    world.commit()
    assert 'name="code2"' in client.get(f"{address}/keepers").text
    sent = {"number1": "1", "code1": codes[0], "number2": "2", "code2": codes[0]}
    wrong = client.post(f"{address}/box/opening", data=sent)
    assert wrong.status_code == 422
    assert 'href="#f-code2"' in wrong.text
    assert codes[0] not in wrong.text
    assert client.post(f"{address}/box/opening", data={}).status_code == 422
    same = client.post(f"{address}/box/opening", data=sent | {"number2": "1"})
    assert "两名不同的保管人" in same.text
    sent["code2"] = codes[1].lower().replace("-", " ")
    assert (
        site.as_(Constituency.RESIDENTS).post(f"{address}/box/opening", data=sent).status_code
        == 403
    )
    assert client.post(f"{address}/box/opening", data=sent).status_code == 303
    assert "已打开" in client.get(f"{address}/keepers").text
    assert client.post(f"{address}/box/opening", data=sent).status_code == 409
