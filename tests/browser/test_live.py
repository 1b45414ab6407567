"""A page that follows a meeting exchanges what differs, and nothing that somebody has in hand."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parent.parent.parent / "static"

ITEM = (
    "<h1>第 {version} 项</h1><details><summary>规则</summary><p>多数</p></details>"
    '<p role="timer" data-left="90">1:30</p>'
)
BANNER = '<p class="banner">表决已开启</p>'
FORM = '<form method="post"><label>补记 <textarea name="words"></textarea></label></form>'
CHOICES = '<form method="post"><button name="choice" value="for">赞成</button></form>'
PART = (
    '<main id="room" tabindex="-1" data-live="/meetings/1/live" data-version="{version}">'
    '<div><span class="st is-off" data-link data-on="已连接" data-off="重新连接中" '
    'data-back="又连上了"><span>19:0{version}</span></span>'
    '<p data-stale hidden><button type="button">点此更新</button></p></div>'
    '<div>{item}<section id="do">{form}</section></div></main>'
)
PAGE = (
    '<!DOCTYPE html><html lang="zh-Hans"><title>会场</title><script src="/site.js" defer></script>'
    '<script src="/room.js" defer></script><body>{part}<div id="notice"></div></body></html>'
)


@dataclass
class Meeting:
    """What a server would answer: a stream that ends and is asked for again, and the page."""

    version: int = 1
    down: bool = False
    parts: dict[int, tuple[str, str]] = field(default_factory=dict)

    def answer(self, route: Route) -> None:
        path = route.request.url.partition("council.test")[2].partition("?")[0]
        if self.down:
            route.abort("connectionrefused")
        elif path.endswith(".js"):
            names = ("htmx.min.js", "council.js") if path == "/site.js" else ("room.js",)
            body = ";\n".join((STATIC / name).read_text("utf-8") for name in names)
            route.fulfill(body=body, content_type="text/javascript; charset=utf-8")
        elif path.endswith("/live"):
            frame = f"retry: 200\n\nid: {self.version}\nevent: version\ndata: {self.version} 1\n\n"
            route.fulfill(body=frame, content_type="text/event-stream")
        else:
            item, form = self.parts[self.version]
            part = PART.format(version=self.version, item=item, form=form)
            whole = route.request.headers.get("hx-request") != "true"
            body = PAGE.format(part=part) if whole else part
            route.fulfill(body=body, content_type="text/html; charset=utf-8")


def test_what_somebody_has_in_hand_stays_while_the_meeting_goes_on(browser: Browser) -> None:
    first, second = ITEM.format(version=1), ITEM.format(version=2)
    meeting = Meeting(parts={1: (first, FORM), 2: (BANNER + second, FORM), 3: (second, CHOICES)})
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(8000)
        page.route("**/*", meeting.answer)
        page.goto("http://council.test/meetings/1/room")
        line, title = page.locator("[data-link] span"), page.locator("h1")
        expect(page.get_by_role("timer")).to_have_text(re.compile(r"^1:2\d$"))
        page.locator("summary").click()
        page.locator("textarea").fill("我的话")

        meeting.version = 2
        expect(title).to_have_text("第 2 项")
        expect(page.get_by_text("表决已开启")).to_be_visible()
        expect(page.get_by_text("多数")).to_be_visible()
        expect(page.locator("textarea")).to_have_value("我的话")
        expect(page.locator("textarea")).to_be_focused()
        stale = page.get_by_role("button", name="点此更新")
        expect(stale).to_be_hidden()

        meeting.version = 3
        expect(stale).to_be_visible()
        expect(page.get_by_text("表决已开启")).to_have_count(0)
        expect(page.get_by_text("多数")).to_be_visible()
        expect(page.locator("textarea")).to_have_value("我的话")
        stale.click()
        expect(page.get_by_role("button", name="赞成")).to_be_visible()
        expect(line).not_to_have_text(re.compile("^19:"))  # the page was loaded anew, script too

        meeting.down = True
        expect(line).to_have_text("重新连接中")
        meeting.version, meeting.down = 2, False
        expect(title).to_have_text("第 2 项")
        expect(page.get_by_text("表决已开启")).to_be_visible()
