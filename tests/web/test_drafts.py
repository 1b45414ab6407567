"""Proposing in five steps, with and without script; nothing that was typed is lost."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from council import proposals, slips
from council.files import Photo
from council.people import Alias, Channel, Constituency, Post
from council.proposals import Proposal, Stage
from council.slips import SlipKind
from tests.world import WORDS

RESIDENT, NEIGHBOUR, WORKER = Constituency.RESIDENTS, "neighbour", Post.COMMUNITY_WORKER
WHAT = {
    "title": WORDS.title, "situation": WORDS.situation, "request": WORDS.request,
    "outcome_class": "public_affairs", "category": "lighting",
}  # fmt: skip


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(drawn, "PNG")
    return drawn.getvalue()


def row_of(site) -> Proposal:
    with site.read() as session:
        return session.scalars(select(Proposal).order_by(Proposal.id.desc())).first()


def number_of(site, key) -> int:
    with site.read() as session:
        found = select(Alias.number).where(Alias.person_id == site.world.who[key])
        return session.scalars(found).first()


def started(client, **more):
    sent = client.post("/proposals/new", data=WHAT | more)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"].removesuffix("/edit/where")


def written(client):
    """A draft in which everything stands."""
    base = started(client)
    client.post(base + "/edit/where", data={"location": WORDS.location})
    client.post(base + "/edit/who", data={"affected": WORDS.affected})
    return base


def test_a_visitor_is_asked_to_sign_in_and_somebody_outside_cannot_propose(site):
    sent = site.visitor().get("/proposals/new")
    assert (sent.status_code, sent.headers["location"]) == (
        303, "/sign-in?next=%2Fproposals%2Fnew",
    )  # fmt: skip
    assert site.as_(Post.ADMIN).get("/proposals/new").status_code == 403
    assert site.as_(Post.ADMIN).post("/proposals/new", data=WHAT).status_code == 403


def test_five_steps_lead_from_the_first_word_to_the_receipt(site):
    client = site.as_(RESIDENT)
    assert "第 1 步，共 5 步" in client.get("/proposals/new").text
    base = started(client)
    assert row_of(site).stage is Stage.DRAFT
    assert "第 2 步，共 5 步" in client.get(base + "/edit/where").text
    sent = client.post(base + "/edit/where", data={"location": WORDS.location, "grid_id": ""})
    assert sent.headers["location"] == base + "/edit/who"
    sent = client.post(
        base + "/edit/who", data={"affected": WORDS.affected},
        files=[("photo", ("a.png", picture(), "image/png")), ("photo", ("", b"", ""))],
    )  # fmt: skip
    assert sent.headers["location"] == base + "/check"
    page = client.get(base + "/check").text
    for words in (WORDS.title, WORDS.situation, WORDS.location, WORDS.affected, "照明", "/files/"):
        assert words in page
    sent = client.post(base + "/check")
    assert (sent.status_code, sent.headers["location"]) == (303, base + "/submitted")
    assert row_of(site).stage is Stage.SUBMITTED
    page = client.get(base + "/submitted").text
    assert "P-0001" in page
    assert "5 月 9 日 24:00" in page
    assert "0531-0000 1234" in page
    assert client.get(base + "/check").headers["location"] == base


def test_what_is_wrong_is_said_and_what_was_typed_stays(site):
    client = site.as_(RESIDENT)
    long = "路" * 35
    sent = client.post("/proposals/new", data=WHAT | {"title": long, "request": ""})
    assert sent.status_code == 422
    assert "现在 35 个字，请删掉 5 个字。" in sent.text
    assert "请写明您希望怎么办。" in sent.text
    assert long in sent.text
    assert WORDS.situation in sent.text
    assert '<option value="lighting" selected>' in sent.text
    assert row_of(site) is None
    base = started(client)
    for step, field in (("what", "title"), ("where", "location"), ("who", "affected")):
        sent = client.post(f"{base}/edit/{step}", data={field: ""})
        assert sent.status_code == 422
        assert f'id="f-{field}-e"' in sent.text
    assert row_of(site).title == WORDS.title


def test_a_form_that_is_sent_twice_leads_to_the_same_draft(site):
    client = site.as_(RESIDENT)
    number = re.search(r'name="once" value="([^"]+)"', client.get("/proposals/new").text)[1]
    base = started(client, once=number)
    assert started(client, once=number) == base
    client.post(base + "/edit/where", data={"location": WORDS.location})
    assert started(client, once=number) == base
    assert row_of(site).location == WORDS.location
    again = started(client, once=number, title="另一件事")
    assert again != base  # another page of the browser's memory, with other words
    assert started(client, once="another page") not in {base, again}


def test_a_form_of_a_matter_that_was_submitted_leads_to_the_matter(site):
    client = site.as_(RESIDENT)
    base = written(client)
    client.post(base + "/check")
    sent = client.post("/proposals/new", data=WHAT)
    assert (sent.status_code, sent.headers["location"]) == (303, base + "/check")
    assert client.get(base + "/check").headers["location"] == base


def test_a_draft_is_kept_unfinished_and_found_again(site):
    client = site.as_(RESIDENT)
    sent = client.post("/proposals/new", data={"title": "路灯", "keep": "1"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/me/proposals")
    assert "路灯" in client.get("/me/proposals").text
    made = row_of(site)
    assert 'value="1" name' not in client.get(f"/proposals/{made.id}/edit/what").text
    page = client.get(f"/proposals/{made.id}/check").text
    assert "先写完：什么事、在哪里、谁受影响。" in page
    assert "还没有写" in page
    assert client.post(f"/proposals/{made.id}/check").status_code == 409


def test_an_answer_is_changed_from_the_check_and_leads_back_to_it(site):
    client = site.as_(RESIDENT)
    base = written(client)
    page = client.get(base + "/edit/where?back=check").text
    assert 'name="back" value="check"' in page
    sent = client.post(base + "/edit/where", data={"location": "北口", "back": "check"})
    assert sent.headers["location"] == base + "/check"
    assert "北口" in client.get(base + "/check").text


def test_a_photograph_is_taken_away_again(site):
    client = site.as_(RESIDENT)
    base = written(client)
    client.post(
        base + "/edit/who", data={"affected": "大家"}, files={"photo": ("a.png", picture())}
    )
    with site.read() as session:
        [photo] = session.scalars(select(Photo)).all()
    assert f'name="without" value="{photo.id}"' in client.get(base + "/edit/who").text
    client.post(base + "/edit/who", data={"affected": "大家", "without": str(photo.id)})
    with site.read() as session:
        assert session.scalars(select(Photo)).all() == []


def test_what_is_no_picture_is_refused_and_the_words_stay(site):
    client = site.as_(RESIDENT)
    base = written(client)
    sent = client.post(
        base + "/edit/who", data={"affected": "北边三栋"}, files={"photo": ("a.jpg", b"no picture")}
    )
    assert sent.status_code == 422
    assert 'id="f-photo-e"' in sent.text
    assert "北边三栋" in sent.text


def test_a_matter_takes_no_more_photographs_than_its_limit(site):
    client = site.as_(RESIDENT)
    base = written(client)
    many = [("photo", (f"{n}.png", picture(), "image/png")) for n in range(10)]
    sent = client.post(base + "/edit/who", data={"affected": "大家"}, files=many)
    assert sent.status_code == 422
    assert "最多 9 张照片。" in sent.text


def test_a_draft_is_nobody_elses(site):
    base = written(site.as_(RESIDENT))
    for key in (NEIGHBOUR, WORKER):
        client = site.as_(key)
        for path in ("/check", "/edit/what", "/submitted"):
            assert client.get(base + path).status_code == 404
        assert client.post(base + "/edit/what", data=WHAT).status_code == 404
        assert client.post(base + "/check").status_code == 404
    assert site.as_(RESIDENT).get(base + "/edit/how").status_code == 404
    assert site.as_(RESIDENT).post(base + "/edit/how").status_code == 404


def test_what_was_submitted_cannot_be_changed_any_more(site):
    client = site.as_(RESIDENT)
    base = written(client)
    client.post(base + "/check")
    assert client.post(base + "/edit/what", data=WHAT).status_code == 409
    again = client.post(base + "/check")
    assert (again.status_code, again.headers["location"]) == (303, base + "/submitted")


def test_after_an_expired_session_signing_in_leads_on_with_what_was_typed(site):
    base = written(site.as_(RESIDENT))
    came = {"Referer": "http://testserver" + base + "/edit/where"}
    sent = site.visitor().post(base + "/edit/where", data={"location": "北口"}, headers=came)
    assert sent.status_code == 401
    assert 'name="kept"' in sent.text
    assert f'value="{base}/edit/where"' in sent.text
    assert row_of(site).location == WORDS.location


def test_a_draft_is_given_up(site):
    client = site.as_(RESIDENT)
    base = written(client)
    assert "不要这份草稿了" in client.get(base + "/check").text
    assert client.post(base + "/transitions/withdraw").status_code == 303
    assert row_of(site).stage is Stage.WITHDRAWN


def test_similar_matters_are_shown_while_the_title_is_written_and_after(site):
    lamp = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    client = site.as_(NEIGHBOUR)
    part = client.get("/proposals/similar", params={"title": "南口要一盏路灯"})
    assert part.text.lstrip().startswith('<div id="similar">')
    assert f'action="/proposals/{lamp.id}/supporters"' in part.text
    assert "supporters" not in client.get("/proposals/similar?title=文明养犬").text
    base = started(client)
    assert "有人提过相近的事" in client.get(base + "/edit/where").text
    assert site.visitor().get("/proposals/similar?title=路灯").status_code == 303


def test_the_name_is_shown_with_consent_only(site):
    client = site.as_(RESIDENT)
    base = written(client)
    assert "真名" not in client.get(base + "/check").text
    client.post(base + "/edit/who", data={"affected": "大家", "named": "1"})
    assert "真名residents" in client.get(base + "/check").text


# A worker writes it down for somebody


def behalf(site, **changed):
    return {
        "on_behalf": "1", "for_person": str(number_of(site, RESIDENT)), "channel": "phone",
        "consent": "spoken",
    } | changed  # fmt: skip


def test_a_worker_writes_for_a_resident_and_prints_a_slip(site):
    client = site.as_(WORKER)
    page = client.get(f"/proposals/new?for={number_of(site, RESIDENT)}").text
    assert "替谁提" in page
    base = started(client, **behalf(site))
    made = row_of(site)
    assert (made.author_id, made.entered_by_id, made.channel) == (
        site.world.who[RESIDENT], site.world.who[WORKER], Channel.PHONE,
    )  # fmt: skip
    client.post(base + "/edit/where", data={"location": WORDS.location})
    client.post(base + "/edit/who", data={"affected": WORDS.affected})
    assert client.post(base + "/check").headers["location"] == base + "/submitted"
    assert row_of(site).stage is Stage.SUBMITTED
    page = client.get(base + "/submitted").text
    code = page.split('id="code" translate="no">')[1][:9]
    with site.read() as session:
        slip = slips.find(session, code, SlipKind.MATTER)
        assert (slip.proposal_id, slip.person_id) == (made.id, site.world.who[RESIDENT])
    assert 'id="code"' not in client.get(base + "/submitted").text
    assert client.post(base + "/slips").status_code == 303
    with site.read() as session:
        assert slips.find(session, code, SlipKind.MATTER).replaced
    assert site.as_(RESIDENT).get(base + "/submitted").status_code == 200


def test_a_worker_gives_up_a_draft_for_somebody(site):
    client = site.as_(WORKER)
    base = started(client, **behalf(site))
    assert client.post(base + "/transitions/withdraw").status_code == 303
    assert row_of(site).stage is Stage.WITHDRAWN


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"for_person": ""}, "for_person"), ({"for_person": "9999"}, "for_person"),
        ({"channel": ""}, "channel"), ({"consent": "x"}, "consent"),
    ],
)  # fmt: skip
def test_for_whom_and_how_they_agreed_must_be_known(site, changed, field):
    sent = site.as_(WORKER).post("/proposals/new", data=WHAT | behalf(site, **changed))
    assert sent.status_code == 422
    assert f'id="f-{field}-e"' in sent.text
    assert WORDS.title in sent.text
    assert row_of(site) is None


def test_only_workers_write_for_others(site):
    sent = site.as_(NEIGHBOUR).post("/proposals/new", data=WHAT | behalf(site))
    assert sent.status_code == 403
    assert "代居民提" not in site.as_(NEIGHBOUR).get("/proposals/new").text
    assert "代居民提" in site.as_(WORKER).get("/proposals/new").text


def test_a_returned_matter_is_completed_and_submitted_again(site):
    made = site.world.matter(Stage.RETURNED)
    site.world.commit()
    client = site.as_(RESIDENT)
    page = client.get(f"/proposals/{made.id}").text
    assert f'href="/proposals/{made.id}/check">补充后再提交' in page
    assert client.post(f"/proposals/{made.id}/check").status_code == 303
    assert row_of(site).stage is Stage.SUBMITTED
    assert proposals.words_of(row_of(site)) == WORDS
