"""Every page that can be reached by a link opens, and escapes what people wrote."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa
from sqlalchemy import inspect
from starlette.testclient import TestClient

from council import deadlines, verify
from council.db import APPEND_ONLY
from council.demo.cast import PASSWORD
from council.gate import is_private
from council.i18n import TAGS, Language
from council.web.app import create_app
from tests.example import TODAY, Example

MARK = "<b data-planted>'\"`"
"""Planted in everything that people wrote; it must never come out as markup."""

READERS = ("", "resident001", "community_worker", "party_lead", "facilitator", "recorder",
           "expert", "handler_street", "oversight", "admin")  # fmt: skip


FOR_MEMBERS = {"/proposals/new"}
"""Linked for everybody; somebody without a constituency, such as the administrator, is refused."""


class Links(HTMLParser):
    """The addresses of this site that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.planted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.planted |= "data-planted" in given
        href = given.get("href") or ""
        if tag == "a" and href.startswith("/") and not href.startswith("//"):
            self.found.append(href.split("#")[0])


def plant(example: Example) -> None:
    """Write the mark behind every text that somebody wrote, past the gate."""
    with example.database.write() as session:
        for kind in verify.governed():
            table = inspect(kind).local_table
            words = [
                one
                for one in table.columns
                if isinstance(one.type, sa.String)
                and not isinstance(one.type, sa.Enum)
                and is_private(one)
                and not one.name.endswith("_hash")
                and table.name != "account"
                and table.name not in APPEND_ONLY
            ]
            for column in words:
                session.execute(
                    sa.update(table).where(column != "").values({column.name: column + MARK})
                )


def client(example: Example, reader: str) -> TestClient:
    """A browser without script, perhaps signed in."""
    app = create_app(example.database, example.settings, clock=lambda: deadlines.day_end(TODAY))
    made = TestClient(app, follow_redirects=False)
    made.headers["Sec-Fetch-Site"] = "same-origin"
    if reader:
        sent = made.post("/sign-in", data={"name": reader, "password": PASSWORD})
        assert sent.status_code == 303
    return made


def shape(address: str) -> str:
    """An address without its numbers: one of each kind is enough."""
    return re.sub(r"\d+", "0", address)


def crawl(made: TestClient, most: int = 250) -> Iterator[tuple[str, str]]:
    """Every kind of page, from the start page on, with its text."""
    todo, seen = ["/"], {"/"}
    while todo and most:
        address = todo.pop(0)
        most -= 1
        answer = made.get(address)
        refused = answer.status_code == 403 and address in FOR_MEMBERS
        assert answer.status_code in {200, 303} or refused, (address, answer.status_code)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        yield address, answer.text
        links = Links()
        links.feed(answer.text)
        assert not links.planted, f"{address} lets somebody's words through as markup"
        for link in links.found:
            if shape(link) not in seen and "lang=" not in link and "size=" not in link:
                seen.add(shape(link))
                todo.append(link)


@pytest.mark.parametrize("reader", READERS, ids=lambda one: one or "visitor")
def test_every_page_opens_and_escapes_what_people_wrote(example: Example, reader: str) -> None:
    """In Chinese on PostgreSQL, in English on SQLite: each page on both, and in both languages.

    The templates do not know the database, and a page asks the same questions in either language;
    the one question of English, for its translations, is tested on both (test_translations).
    """
    plant(example)
    made = client(example, reader)
    language: Language = "en" if example.database.url.startswith("sqlite") else "zh"
    made.get(f"/?lang={language}")
    pages = dict(crawl(made))
    assert len(pages) > 15, sorted(pages)
    for address, text in pages.items():
        assert f'lang="{TAGS[language]}"' in text, address
        assert "Traceback" not in text
