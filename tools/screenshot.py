"""Take the README's pictures of a freshly loaded example: start page, result, console of a meeting.

`make screenshot`.
"""

import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from playwright.sync_api import Page, sync_playwright

from council import deadlines, demo
from council.db import Database, migrate
from council.demo.cast import PASSWORD
from council.settings import Settings
from council.web.app import create_app
from tests import chromium

TARGET = Path(__file__).parent.parent / "docs" / "images"
FAILED_ON_AREA_ALONE = "北门内绿地改作健身场地"
IN_SESSION = "联席会议：错时停车"


def main() -> None:
    """Load, serve on a free port, photograph, stop."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        migrate(settings.url)
        database = Database(settings.url)
        demo.load(database, settings, today=deadlines.local_date(datetime.now(UTC)))
        server = uvicorn.Server(
            uvicorn.Config(create_app(database, settings), port=0, log_level="error")
        )
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        _photograph(f"http://127.0.0.1:{port}")
        server.should_exit = True
        database.close()


def _photograph(site: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=list(chromium.FLAGS)
        )
        page = browser.new_page(viewport={"width": 1200, "height": 1212})
        page.goto(f"{site}/?lang=zh")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=TARGET / "home.png")
        page.goto(f"{site}/votes")
        page.get_by_role("link", name=FAILED_ON_AREA_ALONE).click()
        page.wait_for_load_state("networkidle")
        page.locator("#result-card").screenshot(path=TARGET / "result.png")
        _sign_in(page, site)
        page.goto(f"{site}/meetings")
        page.get_by_role("link", name=IN_SESSION).first.click()
        page.goto(f"{page.url}/console")
        page.wait_for_load_state("domcontentloaded")
        page.screenshot(path=TARGET / "console.png")
        browser.close()


def _sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-in")
    page.locator("[name=name]").fill("facilitator")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/me")


if __name__ == "__main__":
    main()
