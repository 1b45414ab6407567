"""The first view on a cheap telephone: small, few requests, nothing from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from council.proposals import Stage as Matter
from tests.browser.town import Town

pytestmark = pytest.mark.browser

MOST_BYTES, MOST_REQUESTS = 60 * 1024, 6

BELOW = """() => [...document.querySelectorAll("img[loading=lazy]")].filter(
  (one) => one.getBoundingClientRect().top > innerHeight).map((one) => one.currentSrc)"""
"""The pictures below the first view that need not be there at once."""


@dataclass
class Traffic:
    """What a browser fetches, as it travels."""

    asked: list[str] = field(default_factory=list)
    bytes: dict[str, int] = field(default_factory=dict)
    packed: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def leave_out(self, later: list[str]) -> None:
        """What Chromium fetches ahead, for somebody who scrolls, is not part of the first view."""
        self.asked = [url for url in self.asked if url not in later]
        self.bytes = {url: size for url, size in self.bytes.items() if url not in later}

    def on_request(self, event: dict[str, Any]) -> None:
        """Note an address; what travels inside the page is no request."""
        url = event["request"]["url"]
        if not url.startswith("data:"):
            self.asked.append(url)
            self.urls[event["requestId"]] = url

    def on_response(self, event: dict[str, Any]) -> None:
        """Note how it was packed."""
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        self.packed[event["response"]["url"]] = headers.get("content-encoding", "")

    def on_finished(self, event: dict[str, Any]) -> None:
        """Note the bytes with their headers."""
        if url := self.urls.get(event["requestId"]):
            self.bytes[url] = int(event["encodedDataLength"])


@pytest.fixture
def context(browser: Browser, busy: Town) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        base_url=busy.address, locale="zh-CN", viewport={"width": 360, "height": 740}
    )
    yield opened
    opened.close()


def first_view(context: BrowserContext, address: str) -> Traffic:
    """Open a page with an empty cache, and wait until nothing is fetched any more."""
    page, traffic = context.new_page(), Traffic()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.requestWillBeSent", traffic.on_request)
    devtools.on("Network.responseReceived", traffic.on_response)
    devtools.on("Network.loadingFinished", traffic.on_finished)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    traffic.leave_out(page.evaluate(BELOW))
    return traffic


@pytest.mark.parametrize("stage", [None, Matter.VOTING, Matter.RATED])
def test_the_first_view_is_small(context: BrowserContext, busy: Town, stage: Matter | None) -> None:
    traffic = first_view(context, busy.matter(stage) if stage else "/")
    print(f"{sum(traffic.bytes.values())} bytes in {len(traffic.asked)} requests")
    assert all(url.startswith(busy.address) for url in traffic.asked)
    assert len(traffic.asked) <= MOST_REQUESTS, traffic.asked
    assert sum(traffic.bytes.values()) <= MOST_BYTES, traffic.bytes


def test_what_is_text_travels_packed_once(context: BrowserContext, busy: Town) -> None:
    traffic = first_view(context, "/")
    for url, packed in traffic.packed.items():
        picture = url.endswith((".jpg", ".png"))
        assert packed == ("" if picture else "gzip"), url
