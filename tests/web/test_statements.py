"""One sentence at a time: three buttons that work without script, then the next one."""

from council import statements
from council.people import Constituency, Post
from tests.consulting import consulting
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
