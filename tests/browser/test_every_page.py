"""Every kind of page, as its readers see it: axe is silent, nothing spills over or complains."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from council.demo.cast import PASSWORD
from council.proposals import Stage as Matter
from tests.browser.axe import spilling, violations
from tests.browser.stage import Stage
from tests.browser.town import Town

pytestmark = pytest.mark.browser

READERS = (
    "", "resident001", "community_worker", "party_lead", "facilitator", "recorder", "expert2",
    "handler_committee", "oversight", "admin",
)  # fmt: skip
NARROW, WIDE = 360, 1280
Views = dict[str, tuple[int, ...]]
FULL: Views = {"zh": (NARROW, WIDE), "en": (NARROW, WIDE), "elder": (NARROW,)}
AGAIN: Views = {"zh": (NARROW,), "en": (WIDE,)}
"""How a kind of page is looked at: at first, and where it comes again with other parts."""

PAGES = {200, 403}
"""A page that refuses in words is looked at like any other."""

UNLINKED = {"": ("/notices",), "community_worker": ("/people/2/slip",)}
"""Pages to which a form leads, or an address on paper."""

NO_PAGE = re.compile(r"\.(ics|jpg|txt)$|^/log/(checkpoint|key|proofs)")

ROOMS = re.compile(r"^/(proposals|meetings|commitments)/\d+$")
"""Each of these is opened: a matter in another stage is another page."""

OTHERS = 3
"""How many of every other kind of address are opened."""

Parts = dict[str, set[str]]
"""What pages are made of, by the shape of their address."""


class Eyes:
    """One reader, three times: in Chinese, in English, and with large type."""

    def __init__(self, browser: Browser, town: Town, reader: str) -> None:
        self.reader = reader
        self.loud: list[str] = []
        first = browser.new_context(base_url=town.address, locale="zh-CN")
        if reader:
            self._sign_in(first.new_page(), reader)
        state = first.storage_state()
        first.close()
        self.contexts = [
            browser.new_context(
                base_url=town.address, locale="zh-CN", storage_state=state
            )
            for _ in FULL
        ]  # fmt: skip
        opened = (self._page(context) for context in self.contexts)
        self.pages = dict(zip(FULL, opened, strict=True))
        self.pages["en"].goto("/about?lang=en")
        self.pages["elder"].goto("/about?size=elder")

    def _sign_in(self, page: Page, reader: str) -> None:
        page.goto("/sign-in")
        page.fill("#f-name", reader)
        page.fill("#f-password", PASSWORD)
        with page.expect_navigation():
            page.get_by_role("button", name="登录", exact=True).click()

    def _page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.loud.append(f"{page.url}: {error}"))
        page.on("console", self._hear)
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"} and "status of 403" not in said.text:
            self.loud.append(f"{said.location.get('url')}: {said.text}")

    def look(self, address: str, views: Views) -> dict[str, object]:
        """What is wrong with a page, by reader and width."""
        wrong: dict[str, object] = {}
        for name, widths in views.items():
            page = self.pages[name]
            page.set_viewport_size({"width": widths[0], "height": 740})
            page.goto(address)
            for width in widths:
                page.set_viewport_size({"width": width, "height": 740})
                found = {"axe": violations(page), "wide": spilling(page)}
                wrong |= {f"{address} {name} {width} {key}": v for key, v in found.items() if v}
        return wrong

    def close(self) -> None:
        """Shut them."""
        for context in self.contexts:
            context.close()


class Anatomy(HTMLParser):
    """What a page is made of between head and foot, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside = False
        self.parts: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element by its names, and a link by its address."""
        given = dict(attrs)
        names = f"{tag} {given.get('class')} {given.get('id')} {given.get('type')}"
        self.inside |= tag == "main"
        if self.inside:
            self.parts.add(re.sub(r"\d+", "0", names))
        href = (given.get("href") or "").split("#")[0]
        if tag == "a" and href.startswith("/") and not NO_PAGE.search(href):
            self.links.append(href)

    def handle_endtag(self, tag: str) -> None:
        """Below the end of the text every page is the same."""
        self.inside &= tag != "main"


def shape(address: str) -> str:
    """An address without its numbers and what it filters by."""
    return re.sub(r"=[^&]*", "=", re.sub(r"\d+", "0", address))


def walk(context: BrowserContext, reader: str) -> Iterator[tuple[str, Anatomy]]:
    """Every kind of page that links lead to."""
    todo = ["/", *UNLINKED.get(reader, ())]
    known, opened = set(todo), Counter[str]()
    while todo:
        address = todo.pop(0)
        answer = context.request.get(address)
        assert answer.status in PAGES, (address, answer.status)
        page = Anatomy(answer.text())
        yield address, page
        for link in page.links:
            kind = shape(link)
            if link in known or "lang=" in link or "size=" in link:
                continue
            known.add(link)
            opened[kind] += 1
            if ROOMS.match(link) or opened[kind] <= OTHERS:
                todo.append(link)


@pytest.fixture(params=READERS, ids=lambda one: one or "visitor")
def eyes(request: pytest.FixtureRequest, browser: Browser, busy: Town) -> Iterator[Eyes]:
    opened = Eyes(browser, busy, request.param)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def looked_at(browser: Browser, busy: Town) -> Parts:
    """What readers who have signed in need not look at again: what every visitor sees."""
    public: Parts = {}
    visitor = browser.new_context(base_url=busy.address, locale="zh-CN")
    for address, page in walk(visitor, ""):
        public.setdefault(shape(address), set()).update(page.parts)
    visitor.close()
    return public


REFUSED = (
    ("", "/sign-in", "登录"),
    ("resident001", "/proposals/new", "下一步：在哪里"),
    ("resident001", "{consulting}/consultation", "发表"),
    ("community_worker", "{consulting}/opinions/for", "录入并打印纸条"),
    ("community_worker", "/people/new", "开账号，打印纸条"),
    ("community_worker", "{submitted}/admission", "交给书记决定"),
    ("party_lead", "/meetings/new", "保存安排"),
    ("party_lead", "{in_progress}/commitments/new", "派这项任务"),
)
"""Forms sent empty: who, where, and the button."""


@pytest.mark.parametrize(("reader", "address", "button"), REFUSED)
def test_a_refused_form_is_as_sound_as_any_page(
    browser: Browser, busy: Town, reader: str, address: str, button: str
) -> None:
    stage = Stage(browser, busy)
    if reader:
        stage.sign_in(reader)
    else:
        stage.enter()
    stage.go(address.format(**{one.value: busy.matter(one) for one in Matter}))
    stage.press(button)
    expect(stage.page.locator(".errs")).to_be_focused()
    stage.is_sound()
    stage.leave()


def test_axe_is_silent_and_nothing_spills_over(eyes: Eyes, looked_at: Parts) -> None:
    wrong: dict[str, object] = {}
    already: Parts = looked_at if eyes.reader else {}
    for address, page in walk(eyes.contexts[0], eyes.reader):
        known = already.setdefault(shape(address), set())
        if not page.parts <= known:
            wrong |= eyes.look(address, AGAIN if known else FULL)
            known |= page.parts
    assert not wrong, json.dumps(wrong, ensure_ascii=False, indent=1)
    assert eyes.loud == []
