"""Receipt check: anybody, signed out, by the code alone; waiting, logged, counted, or not found."""

import re

import pytest
from sqlalchemy import func, select

from council import batches, receipts, sealing
from council.accounts import Attempt, SignIn
from council.checkpoint import Signer
from council.votes import VoteStage
from tests.booth import Booth, R
from tests.web.conftest import statements


@pytest.fixture
def booth(world):
    made = Booth(world, more=30)
    made.opened()
    world.commit()
    return made


def look(site, code, query=""):
    return site.visitor().post(f"/receipts{query}", data={"code": code})


def test_the_page_asks_for_a_code_and_keeps_it_out_of_every_address(site):
    page = site.visitor().get("/receipts")
    assert page.status_code == 200
    assert re.search(r'<form[^>]*method="post" action="/receipts"', page.text)
    assert "查票不用登录" in page.text
    assert "data-code" in page.text
    assert site.visitor().get("/votes").text.count('href="/receipts"') == 2  # on top, and below


def test_a_ballot_waits_then_is_logged_then_is_counted(world, site, booth):
    mine = booth.cast("neighbour", "against", "我的 小狗", R)
    world.commit()
    waiting = look(site, mine.code)
    assert waiting.status_code == 200
    assert waiting.headers["Cache-Control"] == "no-store"
    assert "等着入账" in waiting.text
    assert "凑够 10 张" in waiting.text
    assert "我的 小狗" not in waiting.text

    booth.everybody()
    batches.log_waiting(world.system(), booth.vote.id)
    world.commit()
    logged = look(site, mine.code.lower().replace("-", " "))
    place = batches.of(world.session, booth.vote.id)[0].commitments.index(mine.c) + 1
    assert f"第 1 批，35 张里的第 {place} 张" in logged.text
    entry = re.search(r'href="/log/entries/(\d+)"', logged.text)[1]
    assert mine.c in site.visitor().get(f"/log/entries/{entry}").text
    assert f"/log/proofs/{entry}" in logged.text
    assert "我的 小狗" not in logged.text

    booth.closed()
    world.commit()
    assert "和结果一起公布" in look(site, mine.c).text
    assert "我的 小狗" not in look(site, mine.c).text
    booth.at(VoteStage.PROVISIONAL)
    world.commit()
    counted = look(site, mine.c)
    for words in ("已计入总数", "我的 小狗", "反对", R, receipts.code_of(mine.c)):
        assert words in counted.text
    assert "counted" in look(site, mine.code, "?lang=en").text
    booth.at(VoteStage.VOIDED)
    world.commit()
    assert "已宣布作废" in look(site, mine.code).text


def test_what_is_no_code_and_what_is_not_found_is_said(site, booth):
    for typed in ("", "K7Q2", "纸上看不清"):
        wrong = look(site, typed)
        assert wrong.status_code == 422
        assert 'href="#f-code"' in wrong.text
    missing = look(site, "K7Q2-9MXD")
    assert missing.status_code == 200
    assert "没有查到" in missing.text
    assert "0531-0000 1234" in missing.text
    assert 'value="K7Q2-9MXD"' in missing.text


def test_nothing_is_noted_of_who_asks(world, site, booth):
    mine = booth.cast("neighbour", r=R)
    world.commit()
    look(site, mine.code)
    look(site, "K7Q2-9MXD")
    with site.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0
        assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_it_takes_as_many_statements_for_many_ballots(world, site, booth):
    counts = []
    for n in (2, 20):
        some = [booth.cast("neighbour", r=R)] if n == 2 else booth.everybody()
        batches.log_waiting(world.system(), booth.vote.id) if n > 2 else None
        world.commit()
        seen = statements(site)
        look(site, some[0].code)
        counts.append(len(seen))
    assert counts[1] - counts[0] <= 2  # the batch and its entry


def signed(site, vote_id, c, seed=None):
    """The end of a receipt's text, as a browser sends it."""
    signer = Signer(site.settings.log_origin, seed or site.settings.log_seed())
    note = sealing.note(signer.name, vote_id, c, sealing.sign(signer, vote_id, c))
    return note.replace("\n", "\r\n")


def check(site, text, query=""):
    return site.visitor().post(f"/receipts{query}", data={"whole": "yes", "receipt": text})


def test_a_whole_receipt_is_checked_by_its_signature(world, site, booth):
    mine = booth.cast("neighbour", "against", "我的 小狗", R)
    world.commit()
    text = signed(site, booth.vote.id, mine.c)
    good = check(site, f"回执 {mine.code}\r\nr = {R}\r\n\r\n{text}")
    assert good.status_code == 200
    assert good.headers["Cache-Control"] == "no-store"
    for words in ("签名属实，票在记录里", mine.code, "等着入账"):
        assert words in good.text
    assert R not in good.text  # what was sent is not repeated
    file = {"file": ("receipt.txt", text.encode(), "text/plain")}
    saved = site.visitor().post("/receipts", data={"whole": "yes", "receipt": ""}, files=file)
    assert "签名属实，票在记录里" in saved.text
    lost = check(site, signed(site, booth.vote.id, "ab" * 32), "?lang=en")
    for words in ("but not in the record", "The receipt proves it", "oversight committee"):
        assert words in lost.text
    assert "No ballot with this code" not in lost.text
    elsewhere = check(site, signed(site, booth.vote.id + 1, mine.c))
    assert "签名属实，票却不在记录里" in elsewhere.text
    false = check(site, signed(site, booth.vote.id, mine.c, bytes(32)))
    for words in ("签名不是本台账的密钥做的", "确有这个编号的票"):
        assert words in false.text
    for typed, key in (("", "还没有写"), ("K7Q2-9MXD 文字", "不像整张回执")):
        wrong = check(site, typed)
        assert wrong.status_code == 422
        assert 'href="#f-receipt"' in wrong.text
        assert key in wrong.text
        assert typed in wrong.text
    assert "K7Q2-9MXD 文字" in wrong.text
