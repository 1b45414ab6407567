"""Printouts of a vote: notice, slips, tellers' sheet, result, in both languages."""

import re
from html import unescape

import pytest

from council import counting, i18n, notices, paperballots, records, recounting
from council.meetings import AgendaItem, Meeting
from council.people import Post
from council.votes import Method, Vote
from tests.hall import Hall
from tests.polling import Poll, votes_of
from tests.test_records import in_meeting

WORKER = Post.COMMUNITY_WORKER


def test_the_notice_says_everything_that_somebody_without_a_telephone_needs(world, site):
    poll = Poll(world)
    poll.published(paper=True, secret=True, helpers="孙姐，周一到周五")
    world.commit()
    address = f"/votes/{poll.vote.id}/print/notice"
    assert site.visitor().get(address).status_code == 404
    world.wait(days=6)
    poll.step("settle_roll")
    poll.step("announce")
    world.commit()
    page = site.visitor().get(address).text
    told = (
        "投票通知公告", "您是否同意修订后的", "服务站领纸票。", "孙姐", "孩子和老人走路放心。",
        "管得太细", "0531-0000 1234", "/receipts", "公开台账",
    )  # fmt: skip
    for words in told:
        assert words in page
    assert "print/notice" in site.visitor().get(f"/votes/{poll.vote.id}").text
    assert "Notice of a vote" in site.visitor().get(f"{address}?lang=en").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "打两个、不打或写别的字，算废票"),
        ({"secret": False}, "名册编号（由服务台填写）"),
        (
            {"method": Method.APPROVAL, "limit": 2, "options": (("长椅", 0), ("路灯", 0))},
            "最多选 2 个",
        ),
        ({"method": Method.SCORE, "options": (("长椅", 0), ("路灯", 0))}, "选一个分数"),
        ({"method": Method.RANKED, "options": (("长椅", 0), ("路灯", 0))}, "写名次"),
        (
            {
                "method": Method.BUDGET,
                "budget": 90000,
                "options": (("长椅", 50000), ("路灯", 40000)),
            },
            "9 万元",
        ),
    ],
)
def test_slips_are_numbered_two_to_a_sheet_and_fit_the_method(world, site, changed, said):
    poll = Poll(world, "STRAW")
    poll.announced(**{"paper": True, "secret": True} | changed)
    run = paperballots.print_run(world.as_(WORKER), poll.vote, size=5)
    world.commit()
    address = f"/votes/{poll.vote.id}/print/slips/{run.id}"
    client = site.as_(WORKER)
    page = client.get(address).text
    assert said in page
    assert page.count('class="a4"') == 3
    assert page.count("沿线裁开</p>") == 2
    assert paperballots.code(poll.vote.id, 5) in page
    assert "登记表" in client.get(f"/votes/{poll.vote.id}/print/sheet").text
    assert site.as_("neighbour").get(address).status_code == 403
    assert client.get(f"/votes/{poll.vote.id}/print/slips/99").status_code == 404
    assert "Ballot paper" in client.get(f"{address}?lang=en").text


def test_the_result_is_printed_with_every_line_of_its_arithmetic(world, site):
    poll = Poll(world)
    poll.counted(*votes_of(2, 1, 0))
    world.commit()
    address = f"/votes/{poll.vote.id}/print/result"
    assert site.visitor().get(address).status_code == 404
    poll.step("publish_result")
    world.commit()
    page = site.visitor().get(address).text
    assert "初步统计结果公示" in page
    assert "监票人" in page
    assert "以前，谁都可以在网上" in page
    world.wait(days=8)
    poll.step("finish")
    world.commit()
    page = site.visitor().get(address).text
    assert "投票结果公告" in page
    assert "没有人提出异议" in page
    assert "Result of a vote" in site.visitor().get(f"{address}?lang=en").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_printout_notice_and_recount_say_the_same_lines(world, site, language):
    poll = Poll(world)
    poll.final(*votes_of(2, 1, 0))
    world.commit()

    def translate(key: str) -> str:
        return i18n.translate(language, key)

    address = f"/votes/{poll.vote.id}"
    pages = [
        site.visitor().get(f"{path}?lang={language}").text
        for path in (address, f"{address}/print/result", f"/notices/{notice(world, poll)}")
    ]
    record = records.of(world.session, poll.vote.id)
    pages.append(recounting.recount(record).text(translate))
    lines = counting.sentences(poll.vote, translate)
    assert len(lines) == len(record["result"]["lines"]) == 2
    told = site.visitor().get(f"{address}/result.json")
    assert told.headers["Cache-Control"] == "public, no-cache"
    assert told.json()["lines"][language] == lines
    for page in pages:
        shown = re.sub(r"<[^>]+>|\s", "", unescape(page))
        assert all(re.sub(r"\s", "", line) in shown for line in lines)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_meeting_s_result_minutes_recount_and_json_say_the_same_lines(world, site, language):
    record = in_meeting(world)
    vote = world.session.get_one(Vote, record["vote"])
    meeting = world.session.get_one(AgendaItem, vote.agenda_item_id).meeting_id
    Hall(world).move(Post.FACILITATOR, world.session.get_one(Meeting, meeting), "adjourn")
    world.commit()
    told = site.visitor().get(f"/votes/{vote.id}/result.json")
    assert "immutable" in told.headers["Cache-Control"]
    lines = told.json()["lines"][language]
    assert len(lines) == len(record["result"]["lines"]) > 2
    pages = [
        site.visitor().get(f"{path}?lang={language}").text
        for path in (f"/votes/{vote.id}/result", f"/meetings/{meeting}/minutes")
    ]
    pages.append(recounting.recount(record).text(lambda key: i18n.translate(language, key)))
    for page in pages:
        shown = re.sub(r"<[^>]+>|\s", "", unescape(page))
        assert all(re.sub(r"\s", "", line) in shown for line in lines)


def test_the_result_is_data_only_once_it_is_published(world, site):
    poll = Poll(world)
    options = (("月季", 0), ("荷花", 0))
    poll.counted(method=Method.APPROVAL, options=options, limit=1, seats=1)
    world.commit()
    address = f"/votes/{poll.vote.id}/result.json"
    assert site.visitor().get(address).status_code == 404
    assert site.as_(Post.RECORDER).get(address).status_code == 404
    poll.step("publish_result")
    world.commit()
    found = site.visitor().get(address).json()
    assert (found["outcome"], found["chosen"]) == (poll.vote.outcome, [])
    assert found["options"] == poll.vote.options


def notice(world, poll):
    return notices.of_vote(world.session, poll.vote.id)[-1].id


def test_a_vote_without_paper_has_no_sheets(world, site):
    poll = Poll(world)
    poll.announced(paper=False)
    world.commit()
    assert site.as_(WORKER).get(f"/votes/{poll.vote.id}/print/sheet").status_code == 404
