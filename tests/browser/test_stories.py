"""Whole journeys, as people walk them: in Chinese, through the pages, with and without script."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser

from council import doors, meetings, minutes, opinions, proposals, rollcalls, votes
from council.gate import Context
from council.meetings import Meeting, MeetingSeat
from council.opinions import Stance
from council.proposals import Proposal
from council.votes import Choice
from tests.browser.stage import Stage
from tests.browser.town import PHOTOS, Town

pytestmark = pytest.mark.browser

TITLE = "斜马路南口装一盏路灯"
MEETING_DAY = date(2026, 11, 12)
SEATS = {
    "party1": "乔玉洁", "delegate": "万福生", "council_member": "倪秋云", "res1": "关子明",
    "community_worker": "安小雨", "expert": "古维真", "unit_member": "时敏",
}  # fmt: skip
"""Who sits at the meeting, with the names that only those who convene see."""


@pytest.mark.parametrize(
    ("database_url", "script"),
    [("sqlite", True), ("postgresql", False)],
    indirect=["database_url"],
    ids=["script", "no-script"],
)
def test_a_new_matter_from_first_word_to_rating(
    browser: Browser, town: Town, *, script: bool
) -> None:
    """With script on the one database, without script on the other.

    A browser cannot tell the databases apart: twice covers both, and a third time found nothing.
    What htmx is answered on PostgreSQL is tested in tests/web, on both.
    """
    stage = Stage(browser, town, script=script)
    matter = propose(stage)
    admit(stage, matter)
    consult(stage, matter)
    summarise(stage, matter)
    review(stage, matter)
    meeting = call_a_meeting(stage, matter)
    deliberate(stage, meeting)
    write_minutes(stage, meeting)
    task = decide_and_assign(stage, matter)
    work(stage, task)
    complete(stage, matter)
    rate(stage, matter)
    look_back(stage, matter)
    stage.leave()
    assert stage.complaints == []
    assert town.verified().broken == []


# Stage 1


def propose(stage: Stage) -> str:
    """A resident proposes in five steps, with a photograph."""
    stage.sign_in("resident001")
    stage.go("/proposals")
    stage.follow("提出议题")
    stage.fill("一句话说清这件事", TITLE)
    stage.fill("现在是什么样", "路灯坏了三个月，晚上看不见台阶，上周有老人摔倒。")
    stage.fill("您希望怎么办", "请在南口装一盏路灯，照到台阶。")
    stage.tick("公共事务：道路、供暖、公厕、照明")
    stage.choose("说的是什么", "照明")
    stage.press("下一步：在哪里")
    stage.fill("用您的话说说地方", "斜马路南口，三号楼东边的台阶")
    stage.choose("网格", "G1")
    stage.press("下一步：谁会受影响")
    stage.fill("谁会受影响", "三号楼、四号楼约 60 户，多是老人")
    stage.attach("现场照片", PHOTOS / "lamp-now.jpg")
    stage.press("下一步：核对")
    stage.sees(TITLE, "照到台阶")
    matter = f"/proposals/{stage.number()}"
    stage.press("提交议题")
    stage.sees("您的议题收到了", "P-0001")
    stage.is_sound()
    return matter


def admit(stage: Stage, matter: str) -> None:
    """A worker drafts the answer, the secretary admits, a neighbour supports."""
    stage.town.later(hours=2)
    stage.sign_in("community_worker")
    stage.go(matter)
    stage.follow("起草受理意见")
    stage.page.get_by_role("radio", name="受理", exact=True).check()
    stage.tick(
        "属于社区能议的事",
        "说得具体，能照着办",
        "不违法，也不损害别人的权利",
        "不是一个人或一家的私事",
    )
    stage.choose("承办单位", "城建科")
    stage.press("交给书记决定")
    stage.sees("建议：受理")
    stage.town.later(days=1)
    stage.sign_in("party_lead")
    stage.go(matter)
    stage.follow("看受理意见，作决定")
    stage.press("受理")
    stage.go(matter)
    stage.sees("已受理")
    stage.sign_in("resident002")
    stage.go(matter)
    stage.press("我附议")
    stage.sees("1 人附议", "您已附议")


# Stage 2


def consult(stage: Stage, matter: str) -> None:
    """Papers, the window, opinions for and against, a sentence that others answer."""
    stage.sign_in("community_worker")
    stage.go(matter)
    stage.follow("准备开场资料")
    stage.fill("用平常话说明这件事", "南口的路灯坏了。装新灯还是修旧灯，请您说说。")
    stage.fill("方案 1", "装一盏新的 LED 路灯")
    stage.fill("方案 2", "修好旧灯")
    stage.fill("什么都不做会怎样", "晚上看不见台阶，还会有人摔倒。")
    stage.fill("最少（元）", "3000")
    stage.fill("最多（元）", "8000")
    stage.fill("谁出钱", "社区公益金")
    stage.tick("服务站", "楼下")
    stage.fill("地点和时间", "服务站一楼意见箱，每天 8:30 到 17:30。")
    stage.press("保存资料")
    stage.town.later(days=1)
    stage.sign_in("party_lead")
    stage.go(matter)
    stage.press("开始征求民意")
    stage.sees("征求中")
    stage.sign_in("resident002")
    stage.go(f"{matter}/consultation")
    stage.unfold("我也提一句，请大家表态")
    stage.fill("一句话，一个意思", "灯要朝下照，不晃眼。")
    stage.press("请大家表态")
    stage.go(f"{matter}/consultation")
    say(stage, "赞成", "台阶那里太黑，装灯我举双手赞成。")
    stage.sign_in("resident003")
    stage.go(f"{matter}/consultation")
    stage.sees("灯要朝下照，不晃眼。")
    stage.press("同意")
    stage.sees("您已对每一句表了态，谢谢您。")
    say(stage, "反对", "灯正对着我家窗户，晚上睡不着。")
    for key, words in (
        ("party_member", "党员可以帮着看工。"),
        ("unit_member", "学校放学晚，支持。"),
    ):
        with stage.town.as_(key) as ctx:
            opinions.give(ctx, row(matter, ctx), stance=Stance.FOR, body=words)


def say(stage: Stage, stance: str, words: str) -> None:
    """Give an opinion on the page."""
    stage.page.get_by_role("group", name="您的看法").get_by_label(stance, exact=True).check()
    stage.fill("想说的话", words)
    stage.press("发表")
    stage.sees(words)


def summarise(stage: Stage, matter: str) -> None:
    """The window closes by itself; every opinion gets its place and its answer."""
    stage.town.later(days=8)
    stage.sign_in("facilitator")
    stage.go(matter)
    stage.sees("汇总中")
    stage.follow("汇总和答复意见")
    stage.fill("新的一组", "支持装灯")
    stage.press("新建这一组")
    stage.follow("支持装灯")
    stage.tick("部分采纳")
    stage.fill("理由", "装一盏朝下照的灯，灯杆离窗户八米以上。")
    stage.press("保存答复")
    stage.go(f"{matter}/summary")
    stage.page.get_by_label("晚上睡不着").check()
    stage.choose("归到", "少数意见")
    stage.press("把勾选的归到这里")
    stage.choose("归到", "支持装灯")
    stage.press("本页 3 条全部归到这里")
    stage.sees("每一条意见都有归处、有答复。")
    stage.go(matter)
    stage.press("公布汇总，送专家论证")
    stage.sees("论证中")


# Stage 3


def review(stage: Stage, matter: str) -> None:
    """Two experts are asked; one has an interest and withdraws, the other finds and signs."""
    stage.sign_in("party_lead")
    stage.go(f"{matter}/review")
    for name, profession in (("古维真", "道路照明"), ("路衡", "交通工程")):
        stage.choose("专家", name)
        stage.fill("专业（公开显示）", profession)
        stage.press("发出邀请")
        stage.sees(f"（{profession}）")
    stage.sign_in("expert2")
    stage.go(f"{matter}/review")
    stage.tick("会：我回避")
    stage.fill("要让大家知道的情况", "我所在的公司卖路灯。")
    stage.press("申报")
    stage.sees("有利害关系：我所在的公司卖路灯。")
    stage.sign_in("expert")
    stage.go(f"{matter}/review")
    stage.tick("不会，没有利害关系")
    stage.press("申报")
    stage.follow("写意见")
    find(stage)
    stage.press("签名")
    stage.sees("已签名")
    stage.town.later(days=2)
    stage.sign_in("party_lead")
    stage.go(f"{matter}/review")
    stage.press("公布专家意见")
    stage.sees("有条件可行")
    stage.go(matter)
    stage.press("结束论证，准备上会")
    stage.sees("待上会")


def find(stage: Stage) -> None:
    """The form of the finding, filled in and saved."""
    asked = {
        "可行性": ("能不能做？需要什么条件？", "能做，要先查清地下管线。", "有条件"),
        "安全": ("做的时候、做好以后，安全吗？", "灯杆基础避开燃气管。", "没有问题"),
        "法规": ("要办哪些手续，依据哪条规定？", "占道施工须报备。", "没有问题"),
        "造价": ("钱花在哪里？可以不填数字。", "灯杆、灯头、接线。", "没有问题"),
    }
    for heading, (question, words, mark) in asked.items():
        stage.fill(question, words)
        stage.mark(heading, mark)
    stage.fill("最低（元）", "4000")
    stage.fill("最高（元）", "6500")
    stage.fill("谁受益，谁受影响？", "两栋楼的老人受益；一楼窗户要避光。")
    stage.fill("还有别的办法吗？包括不做。", "修旧灯便宜，但照不到台阶。")
    stage.mark("结论", "有条件可行")
    stage.press("保存意见")


# Stage 4


def call_a_meeting(stage: Stage, matter: str) -> str:
    """The secretary plans, the unit accepts in principle, the notice goes out."""
    stage.go(matter)
    stage.follow("召集联席会议")
    stage.fill("会议名称", "十一月联席会议")
    stage.page.get_by_label("时间", exact=True).fill(f"{MEETING_DAY:%Y-%m-%d}T19:00")
    stage.fill("地点", "服务站二楼议事厅")
    stage.tick("有坡道或电梯，轮椅能到", TITLE, *SEATS.values())
    stage.choose("主持人", "温文")
    stage.choose("记录员", "牧思琪")
    stage.press("保存安排")
    meeting = f"/meetings/{stage.number()}"
    stage.sign_in("handler_street")
    stage.go(f"{meeting}/items/1")
    stage.tick("原则上同意承办")
    stage.fill("要让大家知道的情况", "同意承办，线路由供电所配合。")
    stage.press("提交答复")
    stage.sees("同意承办，线路由供电所配合。")
    stage.sign_in("party_lead")
    stage.go(meeting)
    stage.press("发出会议通知")
    stage.sees("十一月联席会议")
    return meeting


def deliberate(stage: Stage, meeting: str) -> None:
    """Sign in, object, vote, close: the seats decide by roll call."""
    town = stage.town
    town.until(MEETING_DAY, 18, 30)
    stage.sign_in("facilitator")
    stage.go(meeting)
    stage.press("开始签到")
    stage.sign_in("party1")
    stage.go(meeting)
    stage.follow("用会场的签到码签到")
    with town.as_("party1") as ctx:
        code = doors.valid_code(ctx.session, sitting(meeting, ctx).id, ctx.now)
    stage.fill("会场签到码", code)
    stage.press("我到了，签到")
    stage.sees("您已签到")
    stage.sign_in("facilitator")
    stage.go(meeting)
    stage.follow("管理签到名单")
    stage.fill("按公开编号签到", town.number_of("delegate"))
    stage.press("签到")
    stage.sees("签到 2 / 7 席")
    for key in set(SEATS) - {"party1", "delegate"}:
        with town.as_(key) as ctx:
            doors.sign_in(ctx, seat(meeting, ctx), code=code)
    town.until(MEETING_DAY, 19)
    stage.go(meeting)
    stage.press("宣布开会")
    stage.go(f"{meeting}/items/1")
    stage.press("开始议这一项")
    stage.sign_in("delegate")
    stage.go(f"{meeting}/items/1")
    stage.unfold("我反对")
    stage.fill("为什么，用您自己的话写", "先修旧灯，省钱。")
    stage.press("提出反对")
    stage.sees("先修旧灯，省钱。")
    stage.sign_in("facilitator")
    stage.go(f"{meeting}/items/1")
    stage.sees("有人反对，没有一致。")
    stage.go(f"{meeting}/floor")
    for side in ("赞成", "反对"):
        stage.press(f"{side}：没有人要说")
    stage.go(f"{meeting}/items/1")
    stage.press("开启表决")
    vote(stage, meeting)


def vote(stage: Stage, meeting: str) -> None:
    """One votes on the page, the others at the same moment; the facilitator closes."""
    stage.sign_in("council_member")
    stage.go(meeting)
    stage.follow("去投票")
    ballot = f"/votes/{stage.number()}"
    stage.tick("同意按动议办")
    stage.press("下一步：核对我的选择")
    stage.sees("您投的是", "赞成")
    stage.is_sound()
    stage.press("投出这一票")
    stage.sees("您已投票：赞成。")
    for key in set(SEATS) - {"council_member"}:
        with stage.town.as_(key) as ctx:
            open_vote = votes.get(ctx, int(ballot.rpartition("/")[2]))
            choice = Choice.AGAINST if key == "delegate" else Choice.FOR
            rollcalls.cast(ctx, open_vote, choice=choice)
    stage.town.later(minutes=40)
    stage.sign_in("facilitator")
    stage.go(f"{ballot}/close")
    stage.sees("7 席里已投 7 席。")
    stage.press("关闭表决")
    stage.sees("通过")
    stage.go(meeting)
    stage.press("宣布散会")


def write_minutes(stage: Stage, meeting: str) -> None:
    """A photograph, the recorder's words, a signature for each of the five, one on paper."""
    stage.sign_in("recorder")
    stage.go(meeting)
    stage.unfold("上传会议照片")
    stage.attach("照片", PHOTOS / "meeting.jpg")
    stage.fill("照片里是什么", "议事厅里七个人围着长桌")
    stage.press("上传照片")
    stage.go(f"{meeting}/minutes")
    stage.fill("赞成的主要意见", "台阶太黑，已经有人摔倒。")
    stage.fill("反对的主要意见", "修旧灯更省钱。")
    stage.press("保存草稿")
    stage.sees("台阶太黑，已经有人摔倒。")
    stage.town.later(hours=14)
    stage.sign_in("party1")
    stage.go(f"{meeting}/minutes")
    stage.press("签字")
    stage.sees("党员 · 本人签字")
    for key in ("council_member", "community_worker", "expert"):
        with stage.town.as_(key) as ctx:
            found = minutes.get(ctx, sitting(meeting, ctx))
            minutes.sign(ctx, found, revision=found.revision)
    stage.sign_in("recorder")
    stage.go(f"{meeting}/minutes")
    stage.unfold("录入纸面签字")
    stage.page.get_by_role("radio", name="区域单位").check()
    stage.fill("代签的，写明身份", "学校副校长")
    stage.attach("签字照片", PHOTOS / "signature.jpg")
    stage.press("录入签字")
    stage.sees("学校副校长")
    stage.press("公布纪要")
    stage.sees("已公布")


# Stage 5


def decide_and_assign(stage: Stage, matter: str) -> str:
    """The decision hangs on the board; a task has a unit, a post, a day and a standard."""
    stage.sign_in("party_lead")
    stage.go(matter)
    stage.follow("公示决定")
    stage.is_sound()
    stage.fill("标题", "关于斜马路南口装路灯的决定")
    stage.fill("正文", "联席会议通过：在南口装一盏朝下照的路灯。")
    stage.press("公示决定")
    stage.go(matter)
    stage.follow("分派任务")
    stage.fill("要做什么", "装灯、接线、验电")
    stage.choose("承办单位和经办人", "费承建")
    stage.fill("经办人的岗位", "城建科干事")
    stage.fill("期限", f"{MEETING_DAY + timedelta(days=12):%Y-%m-%d}")
    stage.fill("验收标准", "夜里站在台阶上看得清字，灯不照进窗户。")
    stage.press("派这项任务")
    with stage.page.expect_navigation():
        stage.page.locator("#given, .tbl").get_by_role("link", name="装灯、接线、验电").click()
    task = f"/commitments/{stage.number()}"
    stage.go(matter)
    stage.press("开始落实")
    stage.sees("落实中")
    return task


def work(stage: Stage, task: str) -> None:
    """Acknowledged, reported with a photograph, checked: sent back once, then passed."""
    stage.town.later(hours=4)
    stage.sign_in("handler_street")
    stage.go(task)
    stage.press("签收")
    stage.town.later(days=4)
    stage.sign_in("handler_street")
    stage.go(task)
    report(stage, "灯杆立好了，正在接线。", photo=True)
    stage.press("做完了，请验收")
    stage.sees("待验收")
    stage.sign_in("oversight")
    stage.go(task)
    stage.fill("对照标准，逐项写明看到的情况", "灯头歪了，照进二楼窗户。")
    stage.press("返工")
    stage.sees("灯头歪了，照进二楼窗户。")
    stage.town.later(days=1)
    stage.sign_in("handler_street")
    stage.go(task)
    report(stage, "灯头已经调正，加了遮光罩。", photo=False)
    stage.press("做完了，请验收")
    stage.sign_in("oversight")
    stage.go(task)
    stage.fill("对照标准，逐项写明看到的情况", "夜里去看过：台阶看得清字，窗户没有光。")
    stage.press("验收合格")
    stage.sees("夜里去看过：台阶看得清字，窗户没有光。")


def report(stage: Stage, words: str, *, photo: bool) -> None:
    """The handler says what has been done."""
    stage.fill("做了什么", words)
    if photo:
        stage.attach("照片", PHOTOS / "lamp-now.jpg")
        stage.fill("照片上是什么", "南口新立的灯杆")
        stage.tick("完工后")
    stage.press("报进展")
    stage.sees(words)


def complete(stage: Stage, matter: str) -> None:
    """The result is posted with its cost, and the matter is completed."""
    stage.town.later(days=1)
    stage.sign_in("party_lead")
    stage.go(matter)
    stage.sees("待验收")
    stage.follow("公布结果")
    stage.is_sound()
    stage.fill("标题", "斜马路南口路灯装好了")
    stage.fill("正文", "新灯已亮，台阶看得清。")
    stage.fill("计划费用（元）", "6500")
    stage.fill("实际费用（元）", "6120")
    stage.press("公示结果")
    stage.go(matter)
    stage.press("办结")
    stage.sees("办结")


def rate(stage: Stage, matter: str) -> None:
    """A resident rates the result; after thirty days the clockwork closes the rating."""
    stage.town.later(days=3)
    stage.sign_in("resident001")
    stage.go(matter)
    stage.follow("评价结果")
    stage.is_sound()
    stage.page.get_by_role("radio", name="很满意", exact=True).check()
    stage.fill("想说的话，可以不写", "晚上出门不怕了。")
    stage.press("评价")
    stage.sees("您评了 5 分。")
    stage.town.later(days=35)


def look_back(stage: Stage, matter: str) -> None:
    """Everybody sees how it went, in both languages, without signing in."""
    stage.enter()
    stage.go("/")
    stage.sees(TITLE)
    stage.go(matter)
    stage.sees("已评议", "联席会议协商意见", "装灯、接线、验电", "有条件可行")
    stage.unfold("大家怎么说")
    stage.sees("支持装灯", "部分采纳", "灯正对着我家窗户，晚上睡不着。")
    stage.go(f"{matter}?lang=en")
    stage.sees("Rated", "How it was settled", "Who does what by when", "What the experts say")
    stage.go("/log?lang=zh")
    stage.sees(TITLE)
    with stage.town.read() as session:
        assert session.get_one(Proposal, int(matter.rpartition("/")[2])).stage == "rated"


# Rows that an act without a browser needs


def row(matter: str, ctx: Context) -> Proposal:
    """The matter of an address."""
    return proposals.get(ctx, int(matter.rpartition("/")[2]))


def sitting(address: str, ctx: Context) -> Meeting:
    """The meeting of an address."""
    return meetings.get(ctx, int(address.rpartition("/")[2]))


def seat(address: str, ctx: Context) -> MeetingSeat:
    """One's own seat at the meeting of an address."""
    found = meetings.seat_of(ctx.session, sitting(address, ctx).id, ctx.person_id)
    assert found
    return found
