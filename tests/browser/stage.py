"""Somebody before the screen: they sign in, read, press what they see, and write into fields."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from council.demo.cast import PASSWORD
from tests.browser import axe
from tests.browser.town import Town

SWAPS = """document.addEventListener("htmx:after:swap", () => {
  document.documentElement.dataset.swaps = Number(document.documentElement.dataset.swaps || 0) + 1;
});"""
"""Counts the parts of a page that htmx has exchanged, so that a story waits for no hour."""

PATIENCE = 10_000
"""Milliseconds until a word or a button that does not come is missed."""


class Stage:
    """One person after the other in a browser of their own; whoever came last is on stage."""

    def __init__(
        self, browser: Browser, town: Town, *, script: bool = True, width: int = 360
    ) -> None:
        self.browser = browser
        self.town = town
        self.script = script
        self.width = width
        self.complaints: list[str] = []
        self.context: BrowserContext | None = None
        self.language = ""
        self.page: Page

    # Who is there

    def sign_in(self, key: str) -> None:
        """This person signs in by name and password, through the page for it."""
        self.enter()
        self.go("/sign-in")
        self.fill("账号", key)
        self.fill("密码", PASSWORD)
        self.press("登录")
        expect(self.page).to_have_url(f"{self.town.address}/me")

    def enter(self, language: str = "zh-CN") -> None:
        """Somebody comes whom nobody knows, with an empty browser.

        Whoever came before leaves nothing in it: emptying it takes a tenth of the time that a new
        one needs, since for each of them Chromium starts new processes.
        """
        if self.context and self.language == language:
            empty(self.page)
            return
        self.leave()
        self.language = language
        self.context = self.browser.new_context(
            base_url=self.town.address, locale=language, java_script_enabled=self.script,
            viewport={"width": self.width, "height": 740},
        )  # fmt: skip
        self.context.add_init_script(SWAPS)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda one: self.complaints.append(one.text) if one.type == "error" else None,
        )

    def leave(self) -> None:
        """The browser is closed."""
        if self.context:
            self.context.close()
        self.context = None

    # Where to

    def go(self, address: str) -> Response:
        """Open an address; the page must be there."""
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == 200, (answer.status, address, self.page.title())
        return answer

    def follow(self, words: str) -> None:
        """Follow the link that says this."""
        link = self.page.get_by_role("link", name=words, exact=True).first
        with self.page.expect_navigation():
            link.click()

    def number(self) -> int:
        """The first number in the address of this page."""
        found = re.search(r"/(\d+)", urlsplit(self.page.url).path)
        assert found, self.page.url
        return int(found.group(1))

    # What is done

    def fill(self, label: str, words: str) -> None:
        """Write into the field with this label."""
        self.page.get_by_label(label, exact=True).fill(words)

    def tick(self, *labels: str) -> None:
        """Tick the boxes, or choose the radio buttons, whose words hold these."""
        picks = self.page.locator("input[type=radio], input[type=checkbox]")
        for words in labels:
            picks.and_(self.page.get_by_label(words)).check()

    def mark(self, heading: str, words: str) -> None:
        """Choose among the radio buttons under this heading."""
        box = self.page.get_by_role("region", name=heading, exact=True)
        box.get_by_label(words, exact=True).check()

    def choose(self, label: str, words: str) -> None:
        """Choose the line with these words in a list."""
        field = self.page.get_by_label(label, exact=True)
        value = field.locator("option", has_text=words).first.get_attribute("value")
        field.select_option(value)

    def attach(self, label: str, photo: Path) -> None:
        """Choose a photograph."""
        self.page.get_by_label(label, exact=True).set_input_files(photo)

    def unfold(self, words: str) -> None:
        """Open what is folded away under these words."""
        self.page.locator("summary", has_text=words).first.click()

    def press(self, words: str) -> None:
        """Press the button that says this, and wait for what comes of it."""
        button = self.page.get_by_role("button", name=words, exact=True).first
        if self._swaps(button):
            root = self.page.locator("html")
            before = root.get_attribute("data-swaps") or ""
            button.click()
            if before:
                expect(root).not_to_have_attribute("data-swaps", before)
            else:
                expect(root).to_have_attribute("data-swaps", re.compile(r"\d"))
            return
        with self.page.expect_navigation():
            button.click()

    def _swaps(self, button: Locator) -> bool:
        """Whether htmx answers this button with a part of the page."""
        asked = "one => Boolean(one.form && one.form.hasAttribute('hx-post'))"
        return self.script and bool(button.evaluate(asked))

    # What is seen

    def sees(self, *words: str) -> None:
        """These words stand on the page, where one can see them."""
        for one in words:
            expect(self.page.get_by_text(one).locator("visible=true").first).to_be_visible()

    def misses(self, *words: str) -> None:
        """These words do not stand on the page."""
        for one in words:
            expect(self.page.get_by_text(one)).to_have_count(0)

    def is_sound(self) -> None:
        """Axe finds nothing on this page, and nothing spills over its edge."""
        if self.script:
            assert axe.violations(self.page) == {}, self.page.url
            assert axe.spilling(self.page) == [], self.page.url

    def text(self) -> str:
        """Everything that stands on the page."""
        return self.page.locator("main").inner_text()


def empty(page: Page) -> None:
    """Clear everything that a site has left in a browser: cookies, storage, cache and history."""
    at = urlsplit(page.url)
    if at.scheme in {"http", "https"}:
        page.evaluate("sessionStorage.clear()")
        page.goto("about:blank")
        tools = page.context.new_cdp_session(page)
        site = {"origin": f"{at.scheme}://{at.netloc}", "storageTypes": "all"}
        tools.send("Storage.clearDataForOrigin", site)
        tools.send("Network.clearBrowserCache")
        tools.send("Page.resetNavigationHistory")
        tools.detach()
    page.context.clear_cookies()
