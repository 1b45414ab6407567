"""The page of the minutes: written by the recorder, signed by each, published for everybody."""

import hashlib
from io import BytesIO

import pytest
from PIL import Image

from council import corrections, deliberations, files, meetings, minutes, sittings
from council.minutes import MinutesStage, Words
from council.people import Constituency, Post
from tests.hall import Hall

HTMX = {"HX-Request": "true"}
TYPED = {"views_for": "夜里看得见路", "views_against": "灯光照进卧室", "other": ""}


@pytest.fixture
def hall(world):
    return Hall(world)


@pytest.fixture
def meeting(world, hall):
    item = hall.item_open()
    deliberations.object_to(world.as_(Constituency.EXPERTS), item, words="线路要先查")
    deliberations.agree(world.as_(Post.FACILITATOR), item, text="装一盏灯")
    made = world.session.get_one(meetings.Meeting, item.meeting_id)
    hall.move(Post.FACILITATOR, made, "adjourn")
    world.commit()
    return made


def png():
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return drawn.getvalue()


def address(meeting):
    return f"/meetings/{meeting.id}/minutes"


def test_before_the_end_there_are_none(world, site, hall):
    meeting = hall.notified()
    world.commit()
    assert "散会以后整理纪要" in site.visitor().get(address(meeting)).text


def test_the_rows_are_public_before_the_text_is(world, site, hall, meeting):
    minutes.draft(world.as_(Post.RECORDER), meeting, words=Words(**TYPED))
    world.commit()
    shown = site.visitor().get(address(meeting)).text
    for words in ("装一盏灯", "线路要先查", "还没有公布", "还剩"):
        assert words in shown
    assert "夜里看得见路" not in shown
    assert "真名" not in shown
    assert "夜里看得见路" in site.as_("neighbour").get(address(meeting)).text


def test_the_recorder_writes_without_script_and_too_much_is_kept(world, site, hall, meeting):
    client = site.as_(Post.RECORDER)
    wrong = client.post(address(meeting), data=TYPED | {"other": "长" * 2001})
    assert wrong.status_code == 422
    assert "长" * 2001 in wrong.text
    sent = client.post(address(meeting), data=TYPED)
    assert (sent.status_code, sent.headers["location"]) == (303, address(meeting))
    assert client.post(address(meeting), data=TYPED | {"other": "又加一句"}).status_code == 303
    assert "又加一句" in client.get(address(meeting)).text
    assert site.as_("neighbour").post(address(meeting), data=TYPED).status_code == 403


def test_those_present_sign_and_htmx_gets_the_part(world, site, hall, meeting):
    row = minutes.draft(world.as_(Post.RECORDER), meeting, words=Words(**TYPED))
    world.commit()
    client = site.as_("neighbour")
    assert "代表您这一方签字" in client.get(address(meeting)).text
    stale = client.post(f"{address(meeting)}/signatures", data={"revision": "7"})
    assert stale.status_code == 422
    sent = client.post(
        f"{address(meeting)}/signatures", data={"revision": str(row.revision)}, headers=HTMX
    )
    assert sent.text.lstrip().startswith('<div id="minutes"')
    assert "居民 · 本人签字" in sent.text
    assert site.as_(Post.DELEGATE).post(
        f"{address(meeting)}/signatures", data={"revision": "0"}
    ).status_code == 404  # fmt: skip


def test_a_paper_signature_with_its_photograph(world, site, hall, meeting):
    minutes.draft(world.as_(Post.RECORDER), meeting, words=Words(**TYPED))
    world.commit()
    client = site.as_(Post.RECORDER)
    go = f"{address(meeting)}/paper-signatures"
    sent = {"constituency": "units", "note": "副校长代签"}
    wrong = client.post(go, data=sent)
    assert wrong.status_code == 422
    assert "副校长代签" in wrong.text
    done = client.post(go, data=sent, files={"photo": ("s.png", png(), "image/png")})
    assert done.status_code == 303
    assert "纸面签字 · 副校长代签" in client.get(address(meeting)).text


def test_a_correction_is_noted_answered_and_both_wordings_stay(world, site, hall, meeting):
    row = minutes.draft(world.as_(Post.RECORDER), meeting, words=Words(**TYPED))
    world.commit()
    neighbour, recorder = site.as_("neighbour"), site.as_(Post.RECORDER)
    empty = neighbour.post(f"{address(meeting)}/corrections", data={"words": ""})
    assert empty.status_code == 422
    sent = neighbour.post(f"{address(meeting)}/corrections", data={"words": "是三盏灯"})
    assert sent.status_code == 303
    with site.read() as session:
        made = corrections.noted(session, row.id)[0].id
    waits = f"{address(meeting)}/corrections/{made}/answer"
    assert "等记录员答复" in recorder.get(address(meeting)).text
    silent = recorder.post(waits, data={f"says_{made}": "declined", f"answer_{made}": ""})
    assert silent.status_code == 422
    assert recorder.post(f"{waits[:-7]}9/answer", data={}).status_code == 404
    agreed = recorder.post(waits, data={f"says_{made}": "accepted", f"answer_{made}": "已改"})
    assert agreed.status_code == 303
    recorder.post(address(meeting), data=TYPED | {"views_for": "夜里都看得见路"})
    shown = neighbour.get(address(meeting)).text
    for words in ("是三盏灯", "已改", "第 2 稿", "夜里", "都</ins>看得见路"):
        assert words in shown


def test_publishing_says_what_is_missing_and_then_everybody_reads_it(world, site, hall, meeting):
    row = minutes.draft(world.as_(Post.RECORDER), meeting, words=Words(**TYPED))
    world.commit()
    client = site.as_(Post.RECORDER)
    assert client.get(f"{address(meeting)}.json").status_code == 404
    refused = client.post(f"{address(meeting)}/publication")
    assert refused.status_code == 409
    assert "有一张会议照片" in refused.text
    for one in Constituency:
        minutes.sign(world.as_(one), row, revision=0)
    sittings.photograph(world.as_(Post.RECORDER), meeting, picture=files.decode(png()), alt="会场")
    world.commit()
    assert client.post(f"{address(meeting)}/publication").status_code == 303
    shown = site.visitor().get(address(meeting)).text
    assert "夜里看得见路" in shown
    assert "已公布" in shown
    sealed = site.visitor().get(f"{address(meeting)}.json")
    assert (sealed.status_code, sealed.headers["content-type"]) == (200, "application/json")
    assert hashlib.sha256(sealed.content).hexdigest() in shown
    with site.read() as session:
        assert minutes.of_meeting(session, meeting.id).stage is MinutesStage.PUBLISHED
