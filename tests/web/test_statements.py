"""One sentence at a time: three buttons that work without script, then the next one."""

import re

from council import statements
from council.people import Channel, Constituency, Post
from council.statements import Reaction
from tests.consulting import admitted, consulting
from tests.web.conftest import Site

HX = {"HX-Request": "true"}


def two(site: Site) -> tuple[int, list[int]]:
    proposal = consulting(site.world)
    ctx = site.world.as_("neighbour")
    ids = [statements.add(ctx, proposal, body=f"第{n}句话").id for n in (1, 2)]
    site.world.commit()
    return proposal.id, ids


def test_one_answers_and_the_next_sentence_comes(site: Site) -> None:
    proposal_id, ids = two(site)
    client, page = site.as_(Constituency.PARTY), f"/proposals/{proposal_id}/consultation"
    first = client.get(page).text
    assert "<blockquote>第1句话</blockquote>" in first
    assert first.count('name="reaction"') == 3
    votes = f"/proposals/{proposal_id}/statements/{ids[0]}/votes"
    answer = client.post(votes, data={"reaction": "agree"})
    assert answer.status_code == 303
    assert answer.headers["location"] == page + "#statement"
    second = client.get(page).text
    assert "<blockquote>第2句话</blockquote>" in second
    again = client.get(f"{page}?statement={ids[0]}").text
    assert "<blockquote>第1句话</blockquote>" in again
    assert 'aria-pressed="true"' in again


def test_with_script_only_the_card_is_sent(site: Site) -> None:
    proposal_id, ids = two(site)
    client = site.as_(Constituency.PARTY)
    for one in ids:
        answer = client.post(
            f"/proposals/{proposal_id}/statements/{one}/votes",
            data={"reaction": "unsure"}, headers=HX,
        )  # fmt: skip
        assert answer.text.lstrip().startswith('<section id="statement"')
    assert "您已对每一句表了态" in answer.text


def test_one_puts_a_sentence_to_everybody(site: Site) -> None:
    proposal_id, _ = two(site)
    client, address = site.as_(Constituency.PARTY), f"/proposals/{proposal_id}/statements"
    assert client.post(address, data={"statement": "我的一句"}).status_code == 303
    part = client.post(address, data={"statement": "又一句"}, headers=HX)
    assert "第 1 条，共 4 条" in part.text
    for headers, start in (({}, "<!DOCTYPE"), (HX, '<section id="statement"')):
        wrong = client.post(address, data={"statement": "我的一句"}, headers=headers)
        assert wrong.status_code == 422
        assert wrong.text.lstrip().startswith(start)
        assert "我的一句" in wrong.text
        assert "已经有人写过" in wrong.text


def test_a_wrong_answer_an_outsider_and_another_matter_are_refused(site: Site) -> None:
    proposal_id, ids = two(site)
    votes = f"/proposals/{proposal_id}/statements/{ids[0]}/votes"
    client = site.as_(Constituency.PARTY)
    assert client.post(votes, data={"reaction": "shout"}).status_code == 422
    assert site.as_(Post.ADMIN).post(votes, data={"reaction": "agree"}).status_code == 403
    assert client.post(votes.replace(f"/{ids[0]}/", "/999/")).status_code == 404


def test_a_visitor_sees_the_sentence_and_the_way_in(site: Site) -> None:
    proposal_id, _ = two(site)
    page = site.visitor().get(f"/proposals/{proposal_id}/consultation").text
    assert "第1句话" in page
    assert 'name="reaction"' not in page
    assert "登录后表态" in page


# For somebody at the counter


def test_a_worker_reads_the_sentences_out_and_enters_the_answers(site: Site) -> None:
    proposal_id, ids = two(site)
    worker, address = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal_id}/statements/for"
    assert address in worker.get(f"/proposals/{proposal_id}/consultation").text
    page = worker.get(address + "?who=neigh").text
    assert "第1句话" in page
    assert "第2句话" in page
    number = re.search(r'<strong class="num">(\d{4})</strong>', page)
    assert number
    sent = {
        "for_person": number[1], "channel": "door", "consent": "spoken",
        f"answer-{ids[0]}": "disagree", f"answer-{ids[1]}": "",
    }  # fmt: skip
    answer = worker.post(address, data=sent)
    assert answer.status_code == 303
    slip = worker.get(answer.headers["location"])
    assert slip.headers["Cache-Control"] == "no-store"
    code = re.search(r'<p class="code"[^>]*>([^<]+)</p>', slip.text)
    assert code
    assert "不同意</strong> · 第1句话" in slip.text
    again = worker.get(answer.headers["location"]).text
    assert code[1] not in again
    assert "第1句话" not in again
    assert "不同意</strong> · 第1句话" in site.visitor().get(f"/slips/{code[1]}").text
    with site.read() as session:
        given = statements.mine(session, proposal_id, site.world.who["neighbour"])
        assert [(one.row.id, one.reaction) for one in given] == [(ids[0], Reaction.DISAGREE)]
        assert statements.channels(session, proposal_id) == {Channel.DOOR: 1}
    public = site.visitor().get(f"/proposals/{proposal_id}/consultation").text
    assert "逐句表态从哪里来" in public
    assert "<span>上门 <strong>1</strong></span>" in public


def test_what_is_wrong_with_the_answers_is_said_and_the_ticks_are_kept(site: Site) -> None:
    proposal_id, ids = two(site)
    worker, address = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal_id}/statements/for"
    good = {"for_person": "7", "channel": "phone", "consent": "spoken"}
    ticked = {f"answer-{ids[0]}": "unsure"}
    for wrong in ({"for_person": ""}, {"for_person": "9999"}, {"channel": "web"}):
        answer = worker.post(address, data=good | ticked | wrong)
        assert answer.status_code == 422
        assert re.search(r'value="unsure"[^>]* checked', answer.text)
    nothing = worker.post(address, data=good)
    assert nothing.status_code == 422
    assert "请至少录入一句话的态度" in nothing.text
    odd = worker.post(address, data=good | {f"answer-{ids[0]}": "shout"})
    assert odd.status_code == 422


def test_nobody_else_enters_answers_nor_reads_the_slip(site: Site) -> None:
    proposal_id, ids = two(site)
    ctx = site.world.for_("neighbour")
    row = statements.get(ctx.session, proposal_id, ids[0])
    given = statements.vote(ctx, row, reaction=Reaction.AGREE)
    early = admitted(site.world)
    site.world.commit()
    base = f"/proposals/{proposal_id}/statements"
    for who in ("neighbour", Post.FACILITATOR):
        client = site.as_(who)
        assert client.get(base + "/for?who=真").status_code == 403
        assert client.post(base + "/for", data={"for_person": "7"}).status_code == 403
        assert client.get(f"{base}/votes/{given.id}/slip").status_code == 404
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert "不会保存" in worker.get(f"{base}/votes/{given.id}/slip").text
    assert worker.get(f"/proposals/{early.id}/statements/for").status_code == 409


def test_without_any_sentence_there_is_nothing_to_read_out(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    worker, base = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal.id}"
    assert "/statements/for" not in worker.get(base + "/consultation").text
    assert "还没有人写下" in worker.get(base + "/statements/for").text
