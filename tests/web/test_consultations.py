"""The consultation's page: papers, the window, who was heard, for visitors and for workers."""

import re
from dataclasses import replace

import pytest

from council import consultations, opinions, statements, summaries
from council.opinions import Stance
from council.people import Constituency, Post
from council.proposals import Stage
from council.statements import Reaction
from council.summaries import Response
from tests.consulting import PAPERS, admitted, close, consulting, counting, crowd, publish, say
from tests.web.conftest import Site


def test_a_visitor_reads_the_papers_and_who_has_spoken(site: Site) -> None:
    proposal = consulting(site.world)
    say(site.world.for_("neighbour"), proposal, "灯要朝下照。")
    site.world.commit()
    page = site.visitor().get(f"/proposals/{proposal.id}/consultation").text
    for words in ("您怎么看", "立一盏太阳能灯杆", "什么都不做", "3,000 元", "灯要朝下照。", "电话"):
        assert words in page
    assert f"/sign-in?next=/proposals/{proposal.id}/consultation" in page
    assert 'name="body"' not in page
    english = site.visitor().get(f"/proposals/{proposal.id}/consultation?lang=en").text
    assert "What do you think?" in english
    assert '<p lang="zh-Hans">灯要朝下照。</p>' in english


def test_no_real_name_stands_on_the_page(site: Site) -> None:
    proposal = consulting(site.world)
    say(site.world.as_("neighbour"), proposal)
    site.world.commit()
    page = site.as_("neighbour").get(f"/proposals/{proposal.id}/consultation").text
    assert "真名" not in page
    assert re.search(r"居民&nbsp;\d{4}", page)


def test_a_private_matter_has_no_page(site: Site) -> None:
    proposal = site.world.matter(Stage.SUBMITTED)
    site.world.commit()
    for path in ("consultation", "consultation/sheet"):
        assert site.visitor().get(f"/proposals/{proposal.id}/{path}").status_code == 404


def test_papers_are_read_by_those_who_work_on_them_before_everybody_else(site: Site) -> None:
    proposal = admitted(site.world)
    site.world.commit()
    address = f"/proposals/{proposal.id}/consultation"
    for client, may in (
        (site.visitor(), False), (site.as_("neighbour"), False),
        (site.as_(Post.COMMUNITY_WORKER), True), (site.as_(Post.PARTY_LEAD), True),
    ):  # fmt: skip
        page = client.get(address).text
        assert "征求民意还没有开始" in page
        assert ("立一盏太阳能灯杆" in page) is may
    assert site.visitor().get(address + "/sheet").status_code == 404
    assert site.as_(Post.PARTY_LEAD).get(address + "/sheet").status_code == 200


def test_a_worker_writes_the_papers_and_is_told_what_is_missing(site: Site) -> None:
    proposal = site.world.matter(Stage.ADMITTED)
    site.world.commit()
    worker = site.as_(Post.COMMUNITY_WORKER)
    address = f"/proposals/{proposal.id}/consultation/papers"
    assert "开始征求民意之前" in worker.get(address).text
    sent = {
        "summary": "南口没有灯。", "option1": "立灯", "option4": "装壁灯", "if_nothing": "继续黑。",
        "cost_low": "３０００", "cost_high": "8,000", "payer": "社区", "channels": ["hall", "door"],
        "offline": "服务站每天",
    }  # fmt: skip
    answer = worker.post(address, data=sent)
    assert answer.status_code == 303
    with site.read() as session:
        row = consultations.of(session, proposal.id)
        assert row is not None
        assert (row.cost_low, row.cost_high, row.channels) == (3000, 8000, ["hall", "door"])
        written = consultations.options(session, proposal.id)
        assert [one.words for one in written] == ["立灯", "装壁灯"]
    again = worker.get(address).text
    assert "开始征求民意之前" not in again
    assert "装壁灯" in again


def test_wrong_papers_are_shown_again_with_every_word(site: Site) -> None:
    proposal = site.world.matter(Stage.ADMITTED)
    site.world.commit()
    answer = site.as_(Post.COMMUNITY_WORKER).post(
        f"/proposals/{proposal.id}/consultation/papers",
        data={"summary": "南口没有灯。", "cost_low": "9000", "cost_high": "abc"},
    )
    assert answer.status_code == 422
    assert "南口没有灯。" in answer.text
    assert 'value="9000"' in answer.text


@pytest.mark.parametrize("who", ["neighbour", Post.PARTY_LEAD])
def test_nobody_else_writes_papers(site: Site, who: str) -> None:
    proposal = site.world.matter(Stage.ADMITTED)
    site.world.commit()
    address = f"/proposals/{proposal.id}/consultation/papers"
    assert site.as_(who).get(address).status_code == 403
    assert site.as_(who).post(address, data={}).status_code == 403


def test_open_papers_stand_still(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    worker = site.as_(Post.COMMUNITY_WORKER)
    address = f"/proposals/{proposal.id}/consultation/papers"
    assert "开场资料现在不能改" in worker.get(address).text
    assert worker.post(address, data={"summary": "x"}).status_code == 409


def test_the_sheet_of_paper_has_boxes_and_the_code_of_the_page(site: Site) -> None:
    proposal = consulting(site.world)
    site.world.commit()
    page = site.visitor().get(f"/proposals/{proposal.id}/consultation/sheet").text
    assert page.count("<li><i></i>") == 3
    assert "<svg" in page
    assert "服务站每天 8:30–17:30" in page


def test_tabs_narrow_and_pages_follow_each_other(site: Site) -> None:
    proposal = consulting(site.world)
    for n in range(25):
        say(site.world.as_("neighbour"), proposal, f"第{n}条")
    say(site.world.as_("neighbour"), proposal, "我反对", Stance.AGAINST)
    site.world.commit()
    client, address = site.visitor(), f"/proposals/{proposal.id}/consultation"
    first = client.get(address).text
    assert "第24条" in first
    assert "第5条" not in first
    older = re.search(r'href="([^"]*before=\d+)#said"', first)
    assert older
    second = client.get(older[1].replace("&amp;", "&")).text
    assert "第5条" in second
    assert "我反对" not in second
    against = client.get(address + "?stance=against").text
    assert "我反对" in against
    assert "第24条" not in against
    assert "没有这种看法" in client.get(address + "?stance=nonsense&before=x&in=y").text


def test_a_published_summary_shows_groups_answers_and_minority_views(site: Site) -> None:
    world = site.world
    proposal = consulting(world)
    one, two = (say(world.as_("neighbour"), proposal, words) for words in ("太亮", "少数的话"))
    close(world, proposal)
    ctx = world.as_(Post.FACILITATOR)
    group = summaries.add(
        ctx, proposal, title="灯光", response=Response.PARTLY, reason="改用灯罩。"
    )
    summaries.file(ctx, group, opinion_ids=[one.id])
    summaries.keep_as_minority(ctx, proposal, opinion_ids=[two.id])
    world.commit()
    client, address = site.visitor(), f"/proposals/{proposal.id}/consultation"
    before = client.get(address).text
    assert "正在汇总" in before
    assert "改用灯罩。" not in before
    assert "太亮" in client.get(f"{address}?in=minority").text  # not yet a public filter
    publish(world, proposal)
    world.commit()
    after = client.get(address).text
    for words in ("灯光", "部分采纳", "改用灯罩。", "少数意见"):
        assert words in after
    assert "<p>太亮</p>" not in client.get(f"{address}?in=minority").text
    assert "<p>太亮</p>" in client.get(f"{address}?in={group.id}").text


def test_totals_of_statements_stand_there_after_the_window_only(site: Site) -> None:
    world = site.world
    proposal = consulting(world)
    row = statements.add(world.as_("neighbour"), proposal, body="要朝下照")
    for key in crowd(world, 6):
        statements.vote(world.as_(key), row, reaction=Reaction.DISAGREE)
    world.commit()
    address = f"/proposals/{proposal.id}/consultation"
    assert "五方的共同点" not in site.visitor().get(address).text
    close(world, proposal)
    world.commit()
    page = site.visitor().get(address).text
    assert "五方的共同点" in page
    assert '<td class="n">6</td>' in page


def test_the_matters_own_page_has_the_section(site: Site) -> None:
    proposal = consulting(site.world)
    say(site.world.as_("neighbour"), proposal, "要", Stance.FOR)
    site.world.commit()
    page = site.visitor().get(f"/proposals/{proposal.id}")
    assert page.status_code == 200
    assert '<section id="opinions">' in page.text


def test_the_page_costs_the_same_number_of_statements(site: Site) -> None:
    world, seen = site.world, []
    for size in (2, 40):
        proposal = consulting(world)
        keys = ["neighbour", Constituency.PARTY] if size == 2 else crowd(world, 40)
        for key in keys:
            row = say(world.as_(key), proposal)
            opinions.answer(world.as_(Post.FACILITATOR), row, body="已看")
            put = statements.add(world.as_(key), proposal, body=f"要 {key}")
            statements.vote(world.as_("neighbour"), put, reaction=Reaction.AGREE)
        world.commit()
        client = site.as_(Constituency.RESIDENTS)
        with site.read() as session, counting(session) as sql:
            address = f"/proposals/{proposal.id}/consultation?lang=en"
            assert client.get(address).status_code == 200
        seen.append(len(sql))
    assert seen[0] == seen[1]


def test_papers_keep_markup_as_text(site: Site) -> None:
    proposal = admitted(site.world, replace(PAPERS, summary="<b>粗</b>"))
    site.world.commit()
    page = site.as_(Post.PARTY_LEAD).get(f"/proposals/{proposal.id}/consultation").text
    assert "&lt;b&gt;粗" in page
