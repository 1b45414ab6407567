"""Without a telephone of one's own: an opinion by telephone, a slip that signs in once, and a
computer that others use afterwards."""

import pytest
from playwright.sync_api import Browser, expect

from council.slips import normal
from tests import chromium
from tests.browser.stage import Stage
from tests.browser.town import Town

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

WORDS = "我六十八了，走到一半要歇，长椅能不能带靠背？"
REFUSED = "这个码不对，或者已经用过、过期了。请再看一遍，或者打电话换一张。"


def test_a_68_year_olds_opinion_by_telephone(stage: Stage, town: Town) -> None:
    matter = town.open_matter()
    number = town.number_of("neighbour001")
    code = enter_by_telephone(stage, matter, number)
    stage.go(stage.page.url)
    expect(stage.page.locator("#code")).to_have_count(0)

    stage.enter()
    stage.go(f"/slips/{normal(code)}")
    stage.sees("口袋公园添座椅和遮阴", WORDS, "电话", "本人口头同意")
    stage.is_sound()
    assert number not in stage.text()
    stage.follow("打开这件事的页面")
    stage.sees("征求中")
    stage.go("/me")
    stage.sees("用账号和密码")

    stage.go(f"{matter}/consultation")
    opinion = stage.page.locator("#said li", has_text=WORDS)
    expect(opinion).to_contain_text(f"居民\xa0{number}")
    expect(opinion).to_contain_text("电话，社区工作者代录")
    expect(stage.page.locator("#heard .key")).to_contain_text("电话 1")
    assert town.name_of("neighbour001") not in stage.text()
    both_names_stand_in_the_log(stage, number)
    assert town.verified().broken == []


def enter_by_telephone(stage: Stage, matter: str, number: str) -> str:
    """The worker finds the caller's number by name, writes down the words, prints the slip."""
    stage.sign_in("community_worker")
    stage.go(matter)
    stage.follow("代居民录入意见")
    stage.fill("按姓名查编号", stage.town.name_of("neighbour001"))
    stage.press("查找")
    stage.sees(number)
    stage.fill("这个人的编号", number)
    stage.tick("电话", "本人口头同意")
    stage.page.get_by_role("group", name="您的看法").get_by_label("建议", exact=True).check()
    stage.fill("想说的话", WORDS)
    stage.press("录入并打印纸条")
    stage.sees("您的意见已录入", WORDS)
    stage.is_sound()
    stage.page.emulate_media(media="print")
    code = stage.page.locator("#code")
    expect(code).to_be_visible()
    expect(stage.page.get_by_role("img", name="这张纸条对应页面的二维码")).to_be_visible()
    expect(stage.page.get_by_role("navigation").first).to_be_hidden()
    stage.page.emulate_media(media="screen")
    return code.inner_text()


def both_names_stand_in_the_log(stage: Stage, number: str) -> None:
    """Who spoke and who wrote it down, by their public names, and the way it came in."""
    stage.go("/log")
    entry = stage.page.locator(".log li", has_text="电话").first
    expect(entry).to_contain_text(number)
    expect(entry).to_contain_text("社区工作者")
    entry.get_by_role("link").first.click()
    stage.sees("本人口头同意")
    assert WORDS not in stage.text()


def test_a_slip_signs_in_once(stage: Stage, town: Town) -> None:
    stage.sign_in("community_worker")
    number, first = open_an_account(stage)
    stage.enter()
    sign_in_by_slip(stage, first)
    expect(stage.page).to_have_url(f"{town.address}/me")
    stage.go("/me/password")
    stage.sees("设一个密码")

    stage.enter()
    refused(stage, first)

    stage.sign_in("community_worker")
    lost = new_slip(stage, number)
    last = new_slip(stage, number)
    stage.enter()
    refused(stage, lost)
    sign_in_by_slip(stage, last.lower().replace("-", ""))
    expect(stage.page).to_have_url(f"{town.address}/me")
    assert town.verified().broken == []


def open_an_account(stage: Stage) -> tuple[str, str]:
    """At the counter, for somebody new; gives the number and the code of the slip."""
    stage.go("/people/new")
    stage.fill("姓名", "邹桂香")
    stage.fill("出生年份", "1958")
    stage.choose("楼院", "3 号楼")
    stage.press("开账号，打印纸条")
    stage.sees("登录纸条")
    stage.is_sound()
    return str(stage.number()), stage.page.locator("#code").inner_text()


def new_slip(stage: Stage, number: str) -> str:
    """The worker makes another slip for somebody who has lost theirs."""
    stage.go(f"/people/{number}/slip")
    stage.press("换一张新纸条")
    return stage.page.locator("#code").inner_text()


def sign_in_by_slip(stage: Stage, code: str) -> None:
    """Somebody scans the slip, or types its code, and presses once."""
    stage.go("/sign-in")
    stage.fill("纸条码", code)
    stage.press("用纸条码登录")


def refused(stage: Stage, code: str) -> None:
    """The code is refused in words, and nobody is signed in."""
    sign_in_by_slip(stage, code)
    stage.sees(REFUSED)
    stage.complaints.clear()


def test_on_a_shared_computer_going_back_after_signing_out_shows_nothing_of_ones_own(
    browser: Browser, town: Town
) -> None:
    matter = town.open_matter()
    remembering = browser.browser_type.launch(
        executable_path=chromium.find(), args=list(chromium.FLAGS),
        ignore_default_args=["--disable-back-forward-cache"],
    )  # fmt: skip
    stage = Stage(remembering, town)
    stage.sign_in("resident001")
    for address in ("/", f"{matter}/consultation", "/me"):
        stage.go(address)
    stage.press("退出登录")
    stage.page.wait_for_url(f"{town.address}/")
    for _ in range(4):
        was = stage.page.url
        stage.page.evaluate("history.back()")
        stage.page.wait_for_url(lambda now, was=was: now != was)
        expect(stage.page.get_by_role("link", name="登录").first).to_be_attached()
        assert "resident001" not in stage.page.content()
    stage.leave()
    remembering.close()
