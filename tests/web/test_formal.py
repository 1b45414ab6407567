"""The page of a formal vote: days of objections, what a quorum lacks, every result as one card."""

import re

import pytest

from council import ballots, choices, disputes, rolls, safeguards, translations
from council.disputes import Ruling
from council.entitlements import Entry
from council.gate import Context
from council.people import Constituency, Post
from council.votes import Choice, Method
from tests.booth import Booth
from tests.polling import Poll, of_matter
from tests.web.conftest import statements

OPTIONS = (("健身器材", 30_000), ("感应灯", 20_000), ("长椅", 10_000))
SIDES = (Constituency.PARTY, Constituency.RESIDENTS, Constituency.COMMUNITY)


def page(site, vote, key="", more=""):
    client = site.as_(key) if key else site.visitor()
    return client.get(f"/votes/{vote.id}{more}").text


def plain(shown):
    """The words of a page alone."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", shown))


def test_while_it_is_open_the_page_says_what_the_quorum_lacks(world, site):
    poll = Poll(world)
    poll.opened()
    poll.cast(Choice.FOR)
    world.commit()
    shown = plain(page(site, poll.vote))
    assert "3 人里已有 1 人参加，占 33.33%" in shown
    assert "还差 1 人" in shown
    assert "达到 2 人，投票才有效：3 × 2/3 = 2" in shown
    assert "is-late" not in page(site, poll.vote)


def test_objections_have_their_days_on_the_course_the_roll_and_their_page(world, site):
    poll = Poll(world)
    poll.published()
    world.commit()
    for more in ("", "/roll", "/disputes"):
        shown = plain(page(site, poll.vote, more=more))
        assert "5 月 11 日 24:00" in shown
    assert "每件 3 天内答复" in plain(page(site, poll.vote))
    disputes.lodge(world.as_("neighbour"), poll.vote, words="名册上没有我。")
    world.commit()
    assert "提出 1 件，成立 0 件，不成立 0 件，未答复 1 件" in plain(
        page(site, poll.vote, more="/roll")
    )
    told = plain(page(site, poll.vote, "neighbour", "/disputes"))
    assert "5 月 9 日 前答复" in told
    assert "您已经提过异议" in told
    (row,) = disputes.of(world.session, poll.vote.id)
    watch = world.as_(Post.OVERSIGHT)
    disputes.draft_ruling(watch, row, ruling=Ruling.DISMISSED, reason="名册没有错。")
    disputes.decide(world.as_(Post.COMMITTEE), row)
    world.commit()
    assert "不成立 1 件" in plain(page(site, poll.vote, more="/roll"))


@pytest.mark.parametrize(
    ("method", "settings", "answers", "told"),
    [
        (Method.APPROVAL, {"limit": 2}, (["o1"], ["o1", "o2"], []), ("得票", "每张票最多选 2 项")),
        (Method.SCORE, {}, ({"o1": 5}, {"o1": 1, "o2": 3}, {}), ("总分", "总分 6")),
        (Method.RANKED, {}, ([["o1"], ["o2"]], [["o2"]], []), ("名次", "行里的选项")),
        (
            Method.BUDGET, {"budget": 40_000}, (["o2"], ["o2", "o3"], ["o3"]),
            ("每人最多付（元）", "只按票数", "10,000"),
        ),
    ],
)  # fmt: skip
def test_every_method_has_its_result_as_a_card_with_its_rule(
    world, site, method, settings, answers, told
):
    poll = Poll(world, "STRAW")
    filled = [choices.written(one) for one in answers]
    poll.provisional(*filled, method=method, options=OPTIONS, **settings)
    world.commit()
    shown = plain(page(site, poll.vote))
    for words in (*told, "初步结果", "入选", "表决规则", "投出的票", "这是初步结果"):
        assert words in shown
    assert "赞成和反对" not in shown
    english = page(site, poll.vote, more="?lang=en")
    assert "How it was reckoned" in english
    assert '<span lang="zh-Hans">长椅</span>' in english


def secretly(world, *sizes):
    """An open secret straw poll, apart for Party members, residents and the community."""
    poll = Poll(world, "STRAW")
    poll.prepared(secret=True, constituencies=SIDES)
    sides = [side for side, size in zip(SIDES, sizes, strict=True) for _ in range(size)]
    roll = [Entry(f"名册{n}", "", "", 0, side) for n, side in enumerate(sides)]
    rolls.take(world.as_(Post.COMMUNITY_WORKER), poll.vote, roll)
    poll.step("publish_roll")
    world.wait(days=6)
    for name in ("settle_roll", "announce"):
        poll.step(name)
    poll.checked()
    world.now = poll.vote.opens_at
    poll.tick()
    return poll


def published(world, poll):
    """Close it, count it, publish its result."""
    world.now = poll.vote.closes_at
    poll.tick()
    for name, who in (("tally", Post.RECORDER), ("publish_result", Post.PARTY_LEAD)):
        poll.step(name, who)
    world.commit()


def test_a_constituency_of_fewer_than_five_is_not_shown_apart_in_a_secret_vote(world, site):
    poll = secretly(world, 2, 6, 5)
    published(world, poll)
    shown = plain(page(site, poll.vote))
    assert "合在一起计票，不分各方公布" in shown
    assert "其中有一方不到五人" in shown


def test_where_few_of_a_constituency_voted_only_the_sum_of_all_is_shown(world, site):
    poll = secretly(world, 5, 9, 9)
    booth = Booth.__new__(Booth)
    booth.world, booth.vote = world, poll.vote
    for number in (1, 2, *range(6, 13), *range(15, 22)):
        choice = "against" if number < 6 else "for"
        filled = ballots.fill(poll.vote, choice=choice, phrase=f"第{number}票", r=f"{number:032x}")
        booth._drop(Context(world.session, None, world.now), booth.voter(number), filled)
    published(world, poll)
    shown = plain(page(site, poll.vote))
    assert "党员、居民、社区：其中有一方不到五人，或者投票的不到五人" in shown
    assert "各方" in shown
    assert "计票合计" not in shown


def test_the_texts_of_a_vote_are_translated_on_its_own_page(world, site):
    poll = Poll(world)
    poll.prepared(method=Method.APPROVAL, options=OPTIONS, limit=1, secret=True)
    poll.studied()
    poll.entered()
    poll.step("publish_roll")
    world.commit()
    address = f"/votes/{poll.vote.id}/translations"
    assert site.as_("neighbour").get(address).status_code == 403
    worker = site.as_(Post.COMMUNITY_WORKER)
    number = poll.papers.id
    world.commit()
    words = {
        f"vote-{poll.vote.id}-question": "Do you agree?",
        f"vote-{poll.vote.id}-options": "Equipment\nLamps\nBenches",
        f"preparation-{number}-arguments_for": "Walking without fear.",
    }
    assert "健身器材\n感应灯\n长椅" in worker.get(address).text
    sent = worker.post(address, data=words)
    assert sent.headers["location"] == f"/votes/{poll.vote.id}?lang=en"
    english = page(site, poll.vote, more="?lang=en")
    for said in ("Do you agree?", "Benches", "Walking without fear."):
        assert said in english
    assert "Do you agree?" in page(site, poll.vote, more="/roll?lang=en")
    poll.prepared(method=Method.APPROVAL, options=OPTIONS, limit=1, secret=True, question="再问？")
    known = translations.of_rows(world.session, [("vote", poll.vote.id)])
    assert ("vote", poll.vote.id, "question") not in known


def test_the_start_page_shows_what_is_open_and_nothing_else(world, site):
    poll = Poll(world)
    poll.announced()
    world.commit()
    assert 'id="polls"' not in site.visitor().get("/").text
    poll.checked()
    world.now = poll.vote.opens_at
    poll.tick()
    world.commit()
    shown = site.visitor().get("/").text
    assert 'id="polls"' in shown
    assert "3 人里已投 0 人" in shown


def test_the_page_takes_as_many_statements_for_a_large_roll(world, site):
    counts = []
    for size in (2, 40):
        poll = Poll(world, size=size)
        poll.opened()
        poll.cast(*[Choice.FOR] * size)
        world.commit()
        seen = statements(site)
        page(site, poll.vote)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_voided_vote_shows_the_day_it_was_voided(world, site):
    poll = Poll(world)
    poll.opened()
    world.wait(days=3)
    safeguards.draft_void(world.as_(Post.OVERSIGHT), poll.vote, reason="名册错了。")
    poll.step("void", Post.SUBDISTRICT)
    world.commit()
    shown = plain(page(site, poll.vote))
    assert "宣布作废5 月 29 日 09:00" in shown
    assert "投票截止" not in shown
    assert "5 月 29 日" in plain(site.visitor().get("/votes").text)


def test_a_matter_leads_to_its_vote_and_back(world, site):
    poll = of_matter(world)
    poll.published()
    world.commit()
    matter = site.visitor().get(f"/proposals/{poll.vote.proposal_id}").text
    assert f'href="/votes/{poll.vote.id}"' in matter
    assert "去看居民会议的投票" in matter
    assert f'href="/proposals/{poll.vote.proposal_id}"' in page(site, poll.vote)


def test_a_step_that_is_not_ready_says_what_is_missing(world, site):
    poll = Poll(world)
    world.commit()
    client = site.as_(Post.PARTY_LEAD)
    refused = client.post(f"/votes/{poll.vote.id}/transitions/publish_roll")
    assert refused.status_code == 409
    for words in ("要先录入名册。", "还没有写好名称和问题。"):
        assert words in refused.text
        assert words in client.get(f"/votes/{poll.vote.id}").text


def test_the_list_of_a_roll_is_of_the_kind_that_the_papers_name(world, site):
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    poll.prepared(electorate="households")
    world.commit()
    worker, address = site.as_(Post.COMMUNITY_WORKER), f"/votes/{poll.vote.id}/roll"
    form = worker.get(f"{address}/import").text
    assert 'name="kind" value="households"' in form
    other = worker.post(f"{address}/check", data={"kind": "residents", "pasted": "姓名,楼栋\n甲,1"})
    assert other.status_code == 422
