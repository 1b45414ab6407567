"""The summariser's table: opinions into groups, an answer for each group, pages of fifty."""

import re

from council import summaries
from council.opinions import Stance
from council.people import Constituency, Post
from council.proposals import Proposal
from council.summaries import Response
from tests.consulting import close, consulting, counting, publish, say
from tests.web.conftest import Site

HX = {"HX-Request": "true"}


def closed(site: Site, said: int = 3) -> tuple[Proposal, list[int]]:
    world = site.world
    proposal = consulting(world)
    ids = [
        say(world.as_("neighbour"), proposal, f"第{n}条意见", list(Stance)[n % 3]).id
        for n in range(said)
    ]
    close(world, proposal)
    world.commit()
    return proposal, ids


def test_a_facilitator_makes_a_group_files_opinions_and_answers(site: Site) -> None:
    proposal, ids = closed(site)
    base, client = f"/proposals/{proposal.id}/summary", site.as_(Post.FACILITATOR)
    assert "还有 3 条意见没有归处" in client.get(base).text
    assert client.post(base + "/groups", data={"title": "灯光"}).status_code == 303
    with site.read() as session:
        [view] = summaries.groups(session, proposal.id)
    sent = {"to": view.row.id, "opinions": ids[:2], "stance": "for"}
    answer = client.post(base + "/filings", data=sent)
    assert answer.headers["location"] == f"{base}?stance=for#board"
    assert client.post(base + "/filings", data={"to": "minority", "opinions": ids[2:]})
    group = f"{base}/groups/{view.row.id}"
    assert "第0条意见" in client.get(group).text
    reply = {"title": "灯光太亮", "response": "partly", "reason": "改用灯罩。"}
    assert client.post(group, data=reply).status_code == 303
    page = client.get(base).text
    assert "每一条意见都有归处、有答复" in page
    assert "部分采纳" in page


def test_with_script_the_board_is_replaced_and_keeps_its_filter(site: Site) -> None:
    proposal, ids = closed(site)
    base, client = f"/proposals/{proposal.id}/summary", site.as_(Post.COMMUNITY_WORKER)
    answer = client.post(
        base + "/filings", data={"to": "minority", "opinions": ids[:1], "in": "all"}, headers=HX
    )
    assert answer.text.lstrip().startswith('<div id="board"')
    assert "还有 2 条意见没有归处" in answer.text
    assert "第0条意见" in answer.text
    assert '<option value="all" selected>' in answer.text


def test_everything_on_a_page_can_be_filed_at_once(site: Site) -> None:
    proposal, ids = closed(site, 53)
    base, client = f"/proposals/{proposal.id}/summary", site.as_(Post.FACILITATOR)
    page = client.get(base).text
    shown = re.findall(r'name="shown" value="(\d+)"', page)
    assert len(shown) == 50
    older = re.search(r'href="([^"]*before=\d+)"', page)
    assert older
    assert "第0条意见" in client.get(older[1]).text
    client.post(base + "/filings", data={"to": "minority", "all": "1", "shown": shown})
    assert "还有 3 条意见没有归处" in client.get(base).text
    assert len(ids) == 53


def test_lists_are_narrowed_by_stance_channel_and_place(site: Site) -> None:
    proposal, _ = closed(site)
    base, client = f"/proposals/{proposal.id}/summary", site.as_(Post.FACILITATOR)
    assert "第1条意见" not in client.get(base + "?stance=for").text
    assert "第0条意见" not in client.get(base + "?channel=phone").text
    assert "第0条意见" not in client.get(base + "?in=minority").text
    assert "第0条意见" in client.get(base + "?in=all&stance=x&channel=y&before=z").text


def test_what_is_wrong_is_said_and_ticks_are_kept(site: Site) -> None:
    proposal, ids = closed(site)
    base, client = f"/proposals/{proposal.id}/summary", site.as_(Post.FACILITATOR)
    nowhere = client.post(base + "/filings", data={"opinions": ids[:1]})
    assert nowhere.status_code == 422
    assert f'value="{ids[0]}" checked' in nowhere.text
    assert "请选要归到哪里" in nowhere.text
    none = client.post(base + "/filings", data={"to": "minority"})
    assert "请先勾选意见" in none.text
    assert client.post(base + "/groups", data={"title": ""}).status_code == 422
    with site.read() as session:
        assert summaries.groups(session, proposal.id) == []
    assert client.post(base + "/filings", data={"to": "77", "opinions": ids}).status_code == 404


def test_a_bad_answer_keeps_every_word(site: Site) -> None:
    proposal, _ = closed(site)
    row = summaries.add(site.world.as_(Post.FACILITATOR), proposal, title="灯光")
    site.world.commit()
    answer = site.as_(Post.FACILITATOR).post(
        f"/proposals/{proposal.id}/summary/groups/{row.id}", data={"title": "", "reason": "因为"}
    )
    assert answer.status_code == 422
    assert "因为" in answer.text


def test_nobody_else_sees_the_table(site: Site) -> None:
    proposal, ids = closed(site)
    base = f"/proposals/{proposal.id}/summary"
    for who in ("neighbour", Constituency.EXPERTS, Post.ADMIN):
        client = site.as_(who)
        assert client.get(base).status_code == 403
        sent = {"to": "minority", "opinions": ids}
        assert client.post(base + "/filings", data=sent).status_code == 403


def test_a_published_summary_can_only_be_read(site: Site) -> None:
    proposal, ids = closed(site)
    publish(site.world, proposal)
    site.world.commit()
    base, client = f"/proposals/{proposal.id}/summary", site.as_(Post.FACILITATOR)
    page = client.get(base + "?in=all").text
    assert "意见汇总已经公布" in page
    assert 'name="opinions"' not in page
    sent = {"to": "minority", "opinions": ids}
    assert client.post(base + "/filings", data=sent).status_code == 409


def test_the_table_costs_the_same_number_of_statements(site: Site) -> None:
    seen = []
    for size in (2, 40):
        proposal, ids = closed(site, size)
        ctx = site.world.as_(Post.FACILITATOR)
        for n in range(size // 2):
            row = summaries.add(
                ctx, proposal, title=str(n), response=Response.ACCEPTED, reason="好"
            )
            summaries.file(ctx, row, opinion_ids=[ids[n]])
        client = site.as_(Post.FACILITATOR)
        with site.read() as session, counting(session) as sql:
            page = client.get(f"/proposals/{proposal.id}/summary?in=all")
            assert page.status_code == 200
        seen.append(len(sql))
    assert seen[0] == seen[1]
