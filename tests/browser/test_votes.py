"""One vote of the residents' assembly from its papers to its archive, and counted again at home."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from council import ballots, receipts, recounting, votes
from council.votes import Choice
from tests.browser.stage import Stage
from tests.browser.town import FIRST_DAY, Town

pytestmark = pytest.mark.browser

TITLE = "《文明养犬居民公约》"
QUESTION = "您是否同意修订后的《文明养犬居民公约》？"
PHRASE = "我家的 老槐树"
ROLL = [f"resident{n:03}" for n in range(1, 13)]
KEEPERS = ("recorder", "oversight")


@pytest.mark.parametrize(
    ("database_url", "script"),
    [("sqlite", True), ("postgresql", False)],
    indirect=["database_url"],
    ids=["script", "no-script"],
)
def test_a_secret_vote_from_its_papers_to_its_archive(
    browser: Browser, town: Town, tmp_path: Path, *, script: bool
) -> None:
    stage = Stage(browser, town, script=script)
    vote = prepare(stage)
    enter_the_roll(stage, vote)
    codes = [keep(stage, vote, key) for key in KEEPERS]
    announce(stage, vote)
    check(stage, vote)
    open_it(stage)
    code = cast(stage, vote)
    nobody_votes_twice(stage, vote)
    everybody_else(town, vote)
    receipt(stage, code, "已入账：第 1 批，10 张里的第", "投票还在进行")
    open_the_box(stage, vote, codes)
    count(stage, vote)
    receipt(stage, code, "公布的结果里有这张票。", PHRASE)
    object_to_it(stage, vote)
    answer(stage, vote)
    finish(stage, vote)
    take_home(stage, vote, tmp_path)
    recount(tmp_path)
    stage.leave()
    assert stage.complaints == []
    assert town.verified().broken == []


# Before the vote


def prepare(stage: Stage) -> str:
    """The secretary drafts it, writes its papers and the study, and has the box sealed."""
    stage.sign_in("party_lead")
    stage.go("/votes")
    stage.follow("起草投票")
    stage.tick("居民会议")
    stage.fill("标题", TITLE)
    stage.press("开始起草")
    vote = f"/votes/{stage.number()}"
    stage.go(vote)
    stage.follow("投票材料")
    stage.fill("问题原文", QUESTION)
    stage.fill("赞成的理由", "孩子和老人走路放心。")
    stage.fill("反对的理由", "管得太细，不好执行。")
    stage.tick("无记名投票")
    stage.page.get_by_label("纸票，在社区服务站").uncheck()
    stage.fill("不用手机怎么投", "服务站代投，每天 8:30 到 17:30。")
    for label, days in (("开始", 20), ("截止", 30)):
        stage.fill(label, f"{FIRST_DAY + timedelta(days=days)}T09:00")
    stage.is_sound()
    stage.press("保存")
    stage.sees("已保存。还缺什么，写在下面。")
    stage.follow("社区党组织研究")
    stage.fill("研究意见", "同意提交居民会议表决。")
    stage.press("记录研究意见")
    stage.follow("票箱与保管人")
    stage.press("由保管人封存")
    stage.sees("已封存")
    return vote


def enter_the_roll(stage: Stage, vote: str) -> None:
    """The worker pastes a list; it is published, nobody objects, it is settled."""
    lines = [f"{stage.town.name_of(key)}\t3 号楼\t{key}" for key in ROLL]
    stage.sign_in("community_worker")
    stage.go(vote)
    stage.follow("名册")
    stage.follow("录入名册")
    stage.fill("或者把名册粘贴在这里", "\n".join(["姓名\t楼栋\t账号", *lines]))
    stage.press("检查名册")
    stage.sees("名册可以录入")
    stage.is_sound()
    stage.press("录入名册")
    stage.is_sound()
    stage.sign_in("party_lead")
    stage.go(vote)
    stage.press("公示名册")
    stage.is_sound()
    stage.town.later(days=6)


def keep(stage: Stage, vote: str, key: str) -> str:
    """Somebody becomes a keeper, and sees the code once."""
    stage.sign_in(key)
    stage.go(vote)
    stage.follow("票箱与保管人")
    stage.press("担任票箱保管人")
    stage.is_sound()
    code = stage.page.locator("#code").inner_text()
    stage.go(f"{vote}/keepers")
    expect(stage.page.locator("#code")).to_have_count(0)
    return code


def announce(stage: Stage, vote: str) -> None:
    """The notice hangs; nothing of the vote changes any more."""
    stage.sign_in("party_lead")
    stage.go(vote)
    stage.press("确定名册")
    stage.press("发出公告")
    stage.sees("已公告")
    stage.is_sound()


def check(stage: Stage, vote: str) -> None:
    """The oversight committee goes through the list."""
    stage.sign_in("oversight")
    stage.go(vote)
    stage.follow("开始前逐项检查")
    for one in stage.page.locator("main input[type=checkbox]").all():
        one.check()
    stage.is_sound()
    stage.press("检查通过")


# The vote


def open_it(stage: Stage) -> None:
    """The clock opens it at its hour."""
    stage.town.later(days=14, hours=4)


def cast(stage: Stage, vote: str) -> str:
    """A resident chooses, checks and casts; gives the code of the receipt."""
    stage.sign_in("resident001")
    stage.go(vote)
    stage.sees("您怎么投，谁也看不到。")
    stage.is_sound()
    stage.follow("去投我的票")
    stage.is_sound()
    stage.tick("同意按动议办")
    stage.press("下一步：核对我的选择")
    stage.sees("赞成", "投出后不能改。")
    stage.fill("您的暗语", PHRASE)
    stage.is_sound()
    stage.press("投出这一票")
    stage.sees("您的票已经投进票箱")
    stage.is_sound()
    return stage.page.locator("#code").inner_text()


def nobody_votes_twice(stage: Stage, vote: str) -> None:
    """A second ballot is refused with its sentence, also from a page that was left open."""
    sent: dict[str, str | float | bool] = {
        "entry": "1",
        "choice": "against",
        "phrase": "再投一次",
        "r": receipts.new_random(),
    }
    answer = stage.page.request.post(
        f"{vote}/ballot", form=sent, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status == 409
    assert "您已经投过票了" in answer.text()
    stage.go(f"{vote}/ballot")
    stage.sees("您已经投过票了", "票箱里的那张票保持原样。")
    stage.is_sound()


def everybody_else(town: Town, vote: str) -> None:
    """Nine more vote, three against; with ten in the box a batch is logged, and a day passes."""
    for n, key in enumerate(ROLL[1:10]):
        with town.as_(key) as ctx:
            row = votes.get(ctx, int(vote.rpartition("/")[2]))
            (voter,) = ballots.standing(ctx.session, row, ctx.person_id).open
            ballots.cast(
                ctx, row, voter=voter, choice=Choice.AGAINST if n < 3 else Choice.FOR,
                phrase=receipts.new_phrase("zh"), r=receipts.new_random(),
            )  # fmt: skip
    town.later(days=1)


def receipt(stage: Stage, code: str, *words: str) -> None:
    """Signed out: with script the address of the QR code is enough, else the code is typed."""
    stage.enter()
    if stage.script:
        stage.go(f"/receipts#{code}")
    else:
        stage.go("/receipts")
        stage.fill("回执号", code)
        stage.press("查找")
    stage.sees(code, *words)
    stage.is_sound()


# The count


def open_the_box(stage: Stage, vote: str, codes: list[str]) -> None:
    """After the close two keepers type their codes at one screen; a wrong one opens nothing."""
    stage.town.later(days=10)
    stage.sign_in("recorder")
    stage.go(vote)
    stage.follow("票箱与保管人")
    stage.is_sound()
    for second in (codes[0], codes[1]):
        for field, number, code in (("第一名", 1, codes[0]), ("第二名", 2, second)):
            stage.fill(f"{field}保管人的编号", str(number))
            stage.fill(f"{field}保管人的密码", code)
        stage.press("打开票箱")
        stage.is_sound()
    stage.sees("已打开")
    stage.complaints.clear()


def count(stage: Stage, vote: str) -> None:
    """The recorder counts; the secretary publishes the provisional result."""
    stage.go(vote)
    stage.press("计票")
    stage.is_sound()
    stage.sign_in("party_lead")
    stage.go(vote)
    stage.press("公示初步结果")
    stage.sees("这是初步结果。")
    stage.is_sound()


def object_to_it(stage: Stage, vote: str) -> None:
    """A resident objects to the result."""
    stage.sign_in("resident002")
    stage.go(vote)
    stage.follow("提出异议，或查看异议")
    stage.fill("哪里不对，怎么知道的", "我觉得少计了一张票。")
    stage.is_sound()
    stage.press("提出异议")
    stage.sees("您的异议已经收到。")
    stage.is_sound()


def answer(stage: Stage, vote: str) -> None:
    """The oversight committee drafts the answer, the secretary confirms it, everybody reads it."""
    stage.sign_in("oversight")
    stage.sees("起草对异议的答复")
    stage.go(f"{vote}/disputes")
    stage.follow("我觉得少计了一张票。")
    stage.tick("不成立")
    stage.fill("公开的理由", "票箱里十张，计票十张，每张都公布了。")
    stage.is_sound()
    stage.press("保存答复草稿")
    stage.sign_in("party_lead")
    stage.go(f"{vote}/disputes")
    stage.follow("我觉得少计了一张票。")
    stage.sees("票箱里十张，计票十张")
    stage.press("确认答复")
    stage.enter()
    stage.go(f"{vote}/disputes")
    stage.sees("票箱里十张，计票十张")
    stage.misses("我觉得少计了一张票。")
    stage.is_sound()


def finish(stage: Stage, vote: str) -> None:
    """When nobody can object any more the result stands; when it has hung, the vote is archived."""
    stage.town.later(days=8)
    stage.sign_in("party_lead")
    stage.go(vote)
    stage.press("公告最终结果")
    stage.sees("通过")
    stage.town.later(days=31)
    stage.enter()
    stage.go(vote)
    stage.sees("公示期满，归档")
    stage.is_sound()


# At home


def take_home(stage: Stage, vote: str, folder: Path) -> None:
    """Somebody who is not signed in downloads the record and the program."""
    stage.follow("表决记录和计票程序")
    stage.is_sound()
    for words, name in (("表决记录", "record.json"), ("计票程序", "recount.py")):
        with stage.page.expect_download() as coming:
            stage.page.locator("main").get_by_role("link", name=words).first.click()
        assert coming.value.suggested_filename == name
        coming.value.save_as(folder / name)


def recount(folder: Path) -> None:
    """In a folder of its own the program agrees; with one digit changed it does not."""
    command = [sys.executable, "-I", "-S", "recount.py", "record.json"]
    record = folder / "record.json"
    true = record.read_text("utf-8")
    told = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert told.returncode == recounting.AGREES, told
    assert "全部相符" in told.stdout.decode()
    record.write_text(true.replace('"favour":7', '"favour":8'), "utf-8")
    assert record.read_text("utf-8") != true
    told = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert told.returncode == recounting.DIFFERS, told
