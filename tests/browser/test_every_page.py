"""Every kind of page, as its readers see it: axe is silent, nothing spills over or complains."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from council.demo.cast import PASSWORD
from council.proposals import Stage as Matter
from tests.browser.axe import spilling, violations
from tests.browser.stage import Stage, empty
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

NO_PAGE = re.compile(r"\.(ics|jpg|json|py|txt)$|^/log/(checkpoint|key|proofs)")

ROOMS = re.compile(r"^/(proposals|meetings|commitments)/\d+$")
"""Each of these is opened: a matter in another stage is another page."""

OTHERS = 3
"""How many of every other kind of address are opened."""

Parts = dict[str, set[str]]
"""What pages are made of, by the shape of their address."""


class Eyes:
    """One reader, three times: in Chinese, in English, and with large type.

    The three browsers serve one reader after the other; each begins with empty ones.
    """

    def __init__(self, browser: Browser, town: Town) -> None:
        self.reader = ""
        self.loud: list[str] = []
        contexts = (browser.new_context(base_url=town.address, locale="zh-CN") for _ in FULL)
        self.pages = {name: self._page(one) for name, one in zip(FULL, contexts, strict=True)}

    def open(self, reader: str) -> None:
        """Look with the eyes of this reader from now on."""
        self.reader = reader
        for page in self.pages.values():
            empty(page)
        if reader:
            self._sign_in(self.pages["zh"], reader)
            for page in self.pages.values():
                page.context.add_cookies(self.pages["zh"].context.cookies())  # type: ignore[arg-type]
        self.pages["en"].goto("/about?lang=en")
        self.pages["elder"].goto("/about?size=elder")
        self.loud.clear()

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
        for page in self.pages.values():
            page.context.close()


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


def page_of(address: str) -> str:
    """Which page an address opens: by whatever it is filtered, it is the same template."""
    return shape(address).partition("?")[0]


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


@pytest.fixture(scope="module")
def open_eyes(browser: Browser, busy: Town) -> Iterator[Eyes]:
    """The browsers for every reader."""
    opened = Eyes(browser, busy)
    yield opened
    opened.close()


@pytest.fixture(params=READERS[1:])
def eyes(request: pytest.FixtureRequest, open_eyes: Eyes) -> Eyes:
    """Each reader who signs in."""
    open_eyes.open(request.param)
    return open_eyes


@pytest.fixture(scope="module")
def public(browser: Browser, busy: Town) -> list[tuple[str, Anatomy]]:
    """Every page that a visitor finds."""
    visitor = browser.new_context(base_url=busy.address, locale="zh-CN")
    found = list(walk(visitor, ""))
    visitor.close()
    return found


@pytest.fixture(scope="module")
def looked_at(public: list[tuple[str, Anatomy]]) -> Parts:
    """What readers who have signed in need not look at again: what every visitor sees."""
    known: Parts = {}
    for address, page in public:
        known.setdefault(page_of(address), set()).update(page.parts)
    return known


REFUSED = (
    ("", "/sign-in", "登录"),
    ("resident001", "/proposals/new", "下一步：在哪里"),
    ("resident001", "{consulting}/consultation", "发表"),
    ("community_worker", "{consulting}/opinions/for", "录入并打印纸条"),
    ("community_worker", "/people/new", "开账号，打印纸条"),
    ("community_worker", "{submitted}/admission", "交给书记决定"),
    ("party_lead", "/meetings/new?kind=joint", "保存安排"),
    ("party_lead", "{in_progress}/commitments/new", "派这项任务"),
)
"""Forms sent empty: who, where, and the button."""


@pytest.fixture(scope="module")
def front(browser: Browser, busy: Town) -> Iterator[Stage]:
    """The stage before the busy town."""
    opened = Stage(browser, busy)
    yield opened
    opened.leave()


@pytest.mark.parametrize(("reader", "address", "button"), REFUSED)
def test_a_refused_form_is_as_sound_as_any_page(
    front: Stage, busy: Town, reader: str, address: str, button: str
) -> None:
    if reader:
        front.sign_in(reader)
    else:
        front.enter()
    front.go(address.format(**{one.value: busy.matter(one) for one in Matter}))
    front.press(button)
    expect(front.page.locator(".errs")).to_be_focused()
    front.is_sound()


@pytest.mark.parametrize("view", FULL)
def test_a_visitor_sees_sound_pages(
    open_eyes: Eyes, public: list[tuple[str, Anatomy]], view: str
) -> None:
    """In one test for each way of looking, so that two workers share the longest walk of all."""
    open_eyes.open("")
    check(open_eyes, public, {}, view)


def test_axe_is_silent_and_nothing_spills_over(eyes: Eyes, looked_at: Parts) -> None:
    check(eyes, walk(eyes.pages["zh"].context, eyes.reader), looked_at)


def check(
    eyes: Eyes, found: Iterable[tuple[str, Anatomy]], already: Parts, view: str | None = None
) -> None:
    """Look at every page that has parts which were not looked at before.

    A list that is filtered is the same page as the list: it is looked at again where it brings
    other parts, and else the first look was enough.
    """
    wrong: dict[str, object] = {}
    for address, page in found:
        known = already.setdefault(page_of(address), set())
        if not page.parts <= known:
            views = AGAIN if known else FULL
            wrong |= eyes.look(address, {k: v for k, v in views.items() if view in {None, k}})
            known |= page.parts
    assert not wrong, json.dumps(wrong, ensure_ascii=False, indent=1)
    assert eyes.loud == []
