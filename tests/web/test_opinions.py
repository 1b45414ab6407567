"""Giving, changing and answering opinions in the browser, and entering one for a caller."""

import re

from sqlalchemy import func, select

from council import opinions
from council.opinions import Reply, Stance
from council.people import Channel, Constituency, Post
from tests.consulting import admitted, close, consulting, say
from tests.web.conftest import Site

HX = {"HX-Request": "true"}


def test_without_script_one_is_sent_back_to_the_page(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    client = site.as_("neighbour")
    assert 'name="body"' in client.get(f"/proposals/{proposal.id}/consultation").text
    answer = client.post(
        f"/proposals/{proposal.id}/opinions", data={"stance": "for", "body": "要\n\n朝下照"}
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/proposals/{proposal.id}/consultation#opinion-")
    page = client.get(f"/proposals/{proposal.id}/consultation").text
    assert "<p>朝下照</p>" in page


def test_a_second_click_is_no_second_opinion(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    address, sent = f"/proposals/{proposal.id}/opinions", {"stance": "for", "body": "要"}
    client = site.as_("neighbour")
    first, again = client.post(address, data=sent), client.post(address, data=sent)
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
    with site.read() as session:
        assert opinions.counts(session, proposal.id).total == 1
    other = client.post(address, data={"stance": "against", "body": "要"})
    assert other.headers["location"] != first.headers["location"]


def test_the_same_words_can_be_said_of_two_matters(site: Site) -> None:
    first, second = consulting(site.world), consulting(site.world)
    site.world.commit()
    client = site.as_("neighbour")
    for one in (first, second):
        sent = client.post(f"/proposals/{one.id}/opinions", data={"stance": "for", "body": "要"})
        assert sent.status_code == 303
        with site.read() as session:
            assert opinions.counts(session, one.id).total == 1


def test_each_form_of_an_opinion_has_its_own_number(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    client, number = site.as_("neighbour"), r'name="once" value="([^"]+)"'
    pages = [client.get(f"/proposals/{proposal.id}/consultation").text for _ in range(2)]
    first, second = (re.findall(number, page) for page in pages)
    assert len(first) == len(second) == 1
    assert first != second
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert re.search(number, worker.get(f"/proposals/{proposal.id}/opinions/for").text)
    wrong = client.post(f"/proposals/{proposal.id}/opinions", data={"once": first[0], "body": ""})
    assert re.findall(number, wrong.text) == first


def test_with_script_the_form_is_replaced_and_says_thank_you(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    answer = site.as_("neighbour").post(
        f"/proposals/{proposal.id}/opinions", data={"stance": "for", "body": "要"}, headers=HX
    )
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section id="say"')
    assert "您的意见已发表" in answer.text


def test_a_bad_opinion_keeps_every_word(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    client, long = site.as_("neighbour"), "长" * 1001
    for headers, start in (({}, "<!DOCTYPE"), (HX, '<section id="say"')):
        answer = client.post(
            f"/proposals/{proposal.id}/opinions", data={"body": long}, headers=headers
        )
        assert answer.status_code == 422
        assert answer.text.lstrip().startswith(start)
        assert long in answer.text
        assert "请选您的看法" in answer.text


def test_outsiders_latecomers_and_visitors_are_refused(site: Site) -> None:
    early = admitted(site.world)
    proposal = consulting(site.world)
    site.world.commit()
    sent = {"stance": "for", "body": "要"}
    address = f"/proposals/{proposal.id}/opinions"
    assert site.as_(Post.ADMIN).post(address, data=sent).status_code == 403
    assert site.visitor().post(address, data=sent).status_code in {303, 401}
    client = site.as_("neighbour")
    assert client.post(f"/proposals/{early.id}/opinions", data=sent).status_code == 409
    assert client.post("/proposals/999/opinions", data=sent).status_code == 404


def test_one_changes_and_takes_back_ones_own_opinion(site: Site) -> None:
    proposal = consulting(site.world)
    row = say(site.world.as_("neighbour"), proposal, "先这么说")
    site.world.commit()
    base, client = f"/proposals/{proposal.id}/opinions/{row.id}", site.as_("neighbour")
    assert "先这么说" in client.get(base + "/edit").text
    wrong = client.post(base + "/edit", data={"stance": "against", "body": ""})
    assert wrong.status_code == 422
    assert (
        client.post(base + "/edit", data={"stance": "against", "body": "改了"}).status_code == 303
    )
    assert "改过" in client.get(f"/proposals/{proposal.id}/consultation").text
    assert client.post(base + "/withdrawal").status_code == 303
    assert client.get(base).status_code == 404


def test_somebody_elses_opinion_is_not_changed(site: Site) -> None:
    proposal = consulting(site.world)
    row = say(site.world.as_("neighbour"), proposal)
    site.world.commit()
    base, other = f"/proposals/{proposal.id}/opinions/{row.id}", site.as_(Constituency.RESIDENTS)
    assert other.get(base + "/edit").status_code == 403
    assert other.post(base + "/edit", data={"stance": "for", "body": "x"}).status_code == 409
    assert other.post(base + "/withdrawal").status_code == 409


def test_residents_reply_and_officers_answer(site: Site) -> None:
    proposal = consulting(site.world)
    row = say(site.world.as_("neighbour"), proposal)
    site.world.commit()
    base = f"/proposals/{proposal.id}/opinions/{row.id}"
    assert "您的答复" in site.as_(Constituency.PARTY).get(base).text
    for who, words in ((Constituency.PARTY, "同感"), (Post.FACILITATOR, "会一并看")):
        client = site.as_(who)
        assert client.post(base + "/replies", data={"reply": ""}).status_code == 422
        assert client.post(base + "/replies", data={"reply": words}).status_code == 303
    page = site.visitor().get(f"/proposals/{proposal.id}/consultation").text
    assert page.count("正式答复") == 1
    assert "会一并看" in page
    assert site.as_(Post.ADMIN).post(base + "/replies", data={"reply": "x"}).status_code == 403


def test_a_worker_enters_a_caller_and_hands_out_a_slip(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    worker, base = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal.id}/opinions"
    found = worker.get(base + "/for?who=neigh").text
    number = re.search(r'<strong class="num">(\d{4})</strong>', found)
    assert number
    sent = {
        "for_person": number[1], "channel": "phone", "consent": "spoken", "stance": "against",
        "body": "夜里太亮",
    }  # fmt: skip
    answer = worker.post(base + "/for", data=sent)
    assert answer.status_code == 303
    slip = worker.get(answer.headers["location"]).text
    code = re.search(r'<p class="code"[^>]*>([^<]+)</p>', slip)
    assert code
    assert "夜里太亮" in slip
    assert code[1] not in worker.get(answer.headers["location"]).text
    assert "夜里太亮" in site.visitor().get(f"/slips/{code[1]}").text
    with site.read() as session:
        [row] = opinions.listing(session, proposal.id, opinions.Wanted())
        assert row.channel is Channel.PHONE
        assert row.person_id == site.world.who["neighbour"]


def test_what_is_wrong_with_an_entry_is_said_and_the_words_are_kept(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    worker, address = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal.id}/opinions/for"
    for wrong in ({}, {"for_person": "9999"}, {"for_person": "7", "channel": "web"}):
        sent = {"channel": "phone", "consent": "spoken", "stance": "for", "body": "原话"} | wrong
        answer = worker.post(address, data=sent)
        assert answer.status_code == 422
        assert "原话" in answer.text


def test_nobody_else_enters_for_others_or_searches_names(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    address = f"/proposals/{proposal.id}/opinions/for"
    for who in ("neighbour", Post.FACILITATOR):
        assert site.as_(who).get(address + "?who=真").status_code == 403
        assert site.as_(who).post(address, data={"for_person": "7"}).status_code == 403


def test_a_slip_is_shown_only_to_the_one_who_made_it(site: Site) -> None:
    proposal = consulting(site.world)
    row = say(site.world.for_("neighbour"), proposal)
    site.world.commit()
    address = f"/proposals/{proposal.id}/opinions/{row.id}/slip"
    assert site.as_(Post.BUILDING_LEAD).get(address).status_code == 404
    assert "不会保存" in site.as_(Post.COMMUNITY_WORKER).get(address).text


def test_after_the_window_the_edit_is_refused_in_words(site: Site) -> None:
    proposal = consulting(site.world)
    row = say(site.world.as_("neighbour"), proposal)
    close(site.world, proposal)
    site.world.commit()
    answer = site.as_("neighbour").post(
        f"/proposals/{proposal.id}/opinions/{row.id}/edit", data={"stance": Stance.FOR, "body": "x"}
    )
    assert answer.status_code == 409
    assert "现在不在征求民意的时间内" in answer.text


def test_an_answer_that_was_sent_twice_counts_once(site: Site) -> None:
    world = site.world
    matter = consulting(world)
    row = opinions.give(
        world.as_(Constituency.RESIDENTS), matter, stance=Stance.FOR, body="早该有灯了。"
    )
    world.commit()
    client = site.as_("neighbour")
    for _ in range(2):
        sent = client.post(
            f"/proposals/{matter.id}/opinions/{row.id}/replies", data={"reply": "同意您说的。"}
        )
        assert sent.status_code == 303
    with site.read() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1
