"""A secret ballot as a resident casts it, and its receipt as anybody checks it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from council import ballots, preparations, receipts
from council.gate import Act, Context, through
from council.people import SYSTEM
from council.places import Place
from council.policy import Can
from council.votes import Method, Vote, VoteMode, Voter, VoteStage
from tests.browser.stage import Stage
from tests.browser.town import Town

pytestmark = pytest.mark.browser

QUESTION = "今年的公益金先做哪几件？"
PROJECTS = [
    {"id": "1", "label": "三号楼前加装路灯", "cost": 30000},
    {"id": "2", "label": "北门搭一座凉亭", "cost": 90000},
]


def open_vote(town: Town, *names: str) -> int:
    """A secret budget vote that is open for three days, with these accounts on its roll."""
    with town.as_("party_lead") as ctx:
        session = ctx.session
        place = session.get_one(Place, town.community_id)
        vote = preparations.draft_alone(
            ctx, place, profile="DELEGATE_ASSEMBLY", title="公益金花在哪里"
        )
        system = Context(session, SYSTEM, town.now)

        def put() -> None:
            vote.question, vote.mode, vote.method = QUESTION, VoteMode.SECRET, Method.BUDGET
            vote.options, vote.settings = PROJECTS, {"budget": 100000}
            vote.stage, vote.opened_at = VoteStage.OPEN, town.now
            vote.closes_at = town.now + timedelta(days=3)
            vote.due = {"all": {"heads": len(names)}}
            for number, name in enumerate(names, 1):
                session.add(
                    Voter(
                        community_id=place.id, vote_id=vote.id, number=number, name=name,
                        person_id=town.people[name],
                    )
                )  # fmt: skip
            ballots.prepare_marks(system, vote)

        through(system, Act("test.vote", Can.SYSTEM), place, put)
        return vote.id


@pytest.mark.parametrize(
    ("database_url", "script"),
    [("sqlite", True), ("postgresql", False)],
    indirect=["database_url"],
    ids=["script", "no-script"],
)
def test_a_resident_votes_in_secret_and_anybody_checks_the_receipt(
    browser: Browser, town: Town, *, script: bool
) -> None:
    vote_id = open_vote(town, "resident001", "resident002")
    stage = Stage(browser, town, script=script)
    stage.sign_in("resident001")
    page = stage.page
    stage.follow("公益金花在哪里")
    stage.is_sound()
    page.get_by_label("三号楼前加装路灯").check()
    if script:
        expect(page.get_by_text("已选 30,000 元，还剩 70,000 元")).to_be_visible()
        page.get_by_label("北门搭一座凉亭").check()
        expect(page.get_by_text("超出 20,000 元")).to_be_visible()
        page.get_by_label("北门搭一座凉亭").uncheck()
    with page.expect_response("**/ballot/check") as answer:
        stage.press("下一步：核对我的选择")
    served = answer.value.text().split('name="r" value="')[1][:32]
    drawn = page.locator("[name=r]").input_value()
    assert receipts.is_random(drawn)
    assert (drawn != served) is script  # the browser draws its own, where it can
    stage.is_sound()
    stage.fill("您的暗语", "我家的 小花")
    stage.press("投出这一票")
    stage.is_sound()
    code = page.locator("#code").inner_text()
    page.reload()
    expect(page.locator("#code")).to_have_text(code)

    stage.enter()
    if script:
        stage.go(f"/receipts#{code}")
    else:
        stage.go("/receipts")
        stage.fill("回执号", code.lower().replace("-", " "))
        stage.press("查找")
    expect(stage.page.get_by_role("heading", name="在票箱里")).to_be_visible()
    expect(stage.page.get_by_text("等着入账")).to_be_visible()
    assert code not in stage.page.url
    stage.is_sound()

    town.later(days=4)
    stage.enter()
    stage.go("/receipts")
    stage.fill("回执号", code)
    stage.press("查找")
    expect(stage.page.get_by_text("第 1 批，1 张里的第 1 张")).to_be_visible()
    expect(stage.page.get_by_text("我家的 小花")).to_have_count(0)
    stage.leave()
    assert stage.complaints == []
    with town.read() as session:
        assert session.get_one(Vote, vote_id).stage is VoteStage.CLOSED
    assert town.verified().broken == []
