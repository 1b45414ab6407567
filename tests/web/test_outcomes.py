"""The start page and the list of outcomes, as a visitor sees them."""

import codecs
import csv
import re
from datetime import date, datetime
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event

from council import files, i18n, outcomes
from council.files import Role
from council.gate import Act, through
from council.people import Post
from council.policy import Can
from council.proposals import Proposal, Stage, Words
from council.web import outcomes as web_outcomes
from tests.test_outcomes import ended
from tests.web.conftest import Site, statements
from tests.working import assigned, picture
from tests.world import START, World

ATOM = "{http://www.w3.org/2005/Atom}"


def photographed(world: World, row: Proposal) -> None:
    def attach() -> None:
        for role, colour in ((Role.PLACE, "red"), (Role.AFTER, "green")):
            files.attach(world.system(), row, picture(colour), role=role, public=True)

    through(world.system(), Act("test.photo", Can.SYSTEM), row, attach)


def filled(site: Site) -> tuple[Proposal, Proposal, Proposal]:
    """A completed matter with photographs, an overdue one and a rejected one."""
    world = site.world
    world.now = START
    done = ended(world, Stage.COMPLETED)
    photographed(world, done)
    late = world.matter(Stage.IN_PROGRESS)
    assigned(world, late, due_day=date(2026, 5, 7))
    lost = ended(world, Stage.REJECTED)
    world.matter(Stage.CONSULTING)
    world.wait(days=5)
    world.commit()
    return done, late, lost


def test_the_first_week_explains_how_a_matter_travels(site: Site) -> None:
    page = site.visitor().get("/")
    assert page.status_code == 200
    for words in ("第一件，等您来提。", "一件事怎么走", "还没有议题", "还没有定下次会议"):
        assert words in page.text


def test_the_start_page_says_what_was_done_what_failed_and_what_is_late(site: Site) -> None:
    done, late, lost = filled(site)
    page = site.visitor().get("/").text
    assert "本季度议了 " in page
    for row in (done, late, lost):
        assert f'id="outcome-{row.id}"' in page
    assert page.count("<figcaption>之前</figcaption>") == 1
    for words in ("办结</span>", "逾期</span>", "未通过</span>", "逾期 4 天", "还没有说明原因"):
        assert words in page
    assert "year=2026&amp;quarter=2&amp;kind=done" in page
    assert "真名" not in page


def test_the_start_page_is_there_in_english(site: Site) -> None:
    filled(site)
    page = site.visitor().get("/?lang=en").text
    assert "This quarter we discussed" in page
    assert "Completed</span>" in page


@pytest.mark.parametrize(
    ("query", "n"),
    [("", 3), ("kind=done", 1), ("kind=overdue", 1), ("kind=failed", 1), ("kind=discussed", 4),
     ("year=2026&quarter=2", 3), ("year=2026&quarter=1", 0), ("class=livelihood", 0)],
)  # fmt: skip
def test_each_number_leads_to_its_list(site: Site, query: str, n: int) -> None:
    filled(site)
    page = site.visitor().get(f"/outcomes?{query}")
    assert page.status_code == 200
    assert page.text.count('<article class="outcome">') == n
    assert ("没有符合的" in page.text) is (n == 0)


@pytest.mark.parametrize(
    "query",
    ["kind=nonsense", "year=99999999999", "quarter=2", "year=2026&quarter=9", "before=x", "sort=1",
     "class=%F0%9F%98%80", "year=%EF%BC%91"],
)  # fmt: skip
def test_a_filter_that_does_not_exist_is_left_out_with_a_note(site: Site, query: str) -> None:
    filled(site)
    page = site.visitor().get(f"/outcomes?{query}")
    assert page.status_code == 200
    assert "已略过" in page.text
    assert page.text.count('<article class="outcome">') == 3


def test_older_outcomes_follow_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("council.web.outcomes.PAGE", 2)
    filled(site)
    first = site.visitor().get("/outcomes?kind=&year=2026").text
    assert "更早的结果" in first
    address = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = site.visitor().get(address.replace("&amp;", "&")).text
    assert second.count('<article class="outcome">') == 1
    assert "更早的结果" not in second


def test_a_hidden_text_never_shows(site: Site) -> None:
    world = site.world
    row = world.matter(Stage.NOT_ADMITTED, Words(title="骂人的话", situation="x"))
    through(world.system(), Act("test.hide", Can.SYSTEM), row, lambda: setattr(row, "hidden", True))
    world.commit()
    for address in ("/", "/outcomes", "/outcomes?lang=en"):
        page = site.visitor().get(address).text
        assert "骂人的话" not in page
        assert f'id="outcome-{row.id}"' in page


def test_the_start_page_asks_the_same_number_of_questions_however_full_it_is(site: Site) -> None:
    def asked() -> int:
        counted: list[str] = []
        engine = site.world.database._reader
        note = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        assert site.visitor().get("/").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(counted)

    filled(site)
    few = asked()
    for _ in range(10):
        filled(site)
    assert asked() == few


def table_of(site: Site, query: str = "") -> tuple[list[str], list[list[str]]]:
    sent = site.visitor().get(f"/outcomes.csv?{query}")
    assert sent.status_code == 200
    assert sent.headers["content-type"] == "text/csv; charset=utf-8"
    assert sent.content.startswith(codecs.BOM_UTF8)
    head, *lines = csv.reader(StringIO(sent.content.decode("utf-8-sig"), newline=""))
    return head, lines


def feed_of(site: Site, query: str = "") -> ET.Element:
    sent = site.visitor().get(f"/outcomes.atom?{query}")
    assert sent.status_code == 200
    assert sent.headers["content-type"].startswith("application/atom+xml")
    return ET.fromstring(sent.content)


FILTERS = ("", "kind=done", "kind=overdue", "kind=failed", "kind=discussed", "year=2026&quarter=1")


@pytest.mark.parametrize("query", FILTERS)
def test_table_and_feed_hold_what_the_page_holds(site: Site, query: str) -> None:
    filled(site)
    site.world.matter(Stage.DRAFT)
    site.world.commit()
    page = site.visitor().get(f"/outcomes?{query}").text
    ids = [f"http://testserver/proposals/{one}" for one in re.findall(r'id="outcome-(\d+)"', page)]
    assert [line[1] for line in table_of(site, query)[1]] == ids
    entries = feed_of(site, query).findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}id") for one in entries] == ids


def test_the_table_speaks_both_languages_and_has_a_name_for_each_column(site: Site) -> None:
    filled(site)
    head, lines = table_of(site, "lang=zh")
    assert head[:5] == ["编号", "网址", "标题", "类别", "状态"]
    assert {len(line) for line in lines} == {len(head)}
    assert {line[4] for line in lines} == {"办结", "逾期", "未通过"}
    for language in i18n.LANGUAGES:
        assert all(i18n.knows(language, one) for one in web_outcomes.COLUMNS)
    assert table_of(site, "lang=en")[0][:5] == ["No.", "Address", "Title", "Class", "Status"]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "＝"])
def test_a_spreadsheet_never_runs_what_somebody_wrote(site: Site, first: str) -> None:
    site.world.matter(Stage.REJECTED, Words(title=f'{first}HYPERLINK("x";"<b>")', situation="x"))
    site.world.commit()
    (line,) = table_of(site)[1]
    assert line[2] == f"""'{first}HYPERLINK("x";"<b>")"""
    (entry,) = feed_of(site).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == f"""未通过 · {first}HYPERLINK("x";"<b>")"""


def test_the_feed_says_when_and_where_everything_stands(site: Site) -> None:
    assert feed_of(site).findall(f"{ATOM}entry") == []
    done, _, _ = filled(site)
    feed = feed_of(site, "kind=done&lang=en")
    assert feed.findtext(f"{ATOM}id") == "http://testserver/outcomes.atom?kind=done"
    links = {one.get("rel"): one.get("href") for one in feed.findall(f"{ATOM}link")}
    assert links["alternate"] == "http://testserver/outcomes?kind=done&lang=en"
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == f"Completed · {done.title}"
    moments = [one.text or "" for one in feed.iter(f"{ATOM}updated")]
    assert all(datetime.fromisoformat(one).tzinfo and len(one) == 25 for one in moments)


def test_a_hidden_text_is_in_no_table_and_no_feed(site: Site) -> None:
    world = site.world
    row = world.matter(Stage.NOT_ADMITTED, Words(title="骂人的话", situation="x"))
    through(world.system(), Act("test.hide", Can.SYSTEM), row, lambda: setattr(row, "hidden", True))
    world.commit()
    for address in ("/outcomes.csv", "/outcomes.atom"):
        text = site.visitor().get(address).text
        assert "骂人的话" not in text
        assert f"/proposals/{row.id}" in text


def test_a_long_table_says_where_the_rest_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("council.web.outcomes.EXPORT", 2)
    filled(site)
    more = site.visitor().get("/outcomes.csv?year=2026").headers["Link"]
    assert more.startswith("<http://testserver/outcomes.csv?year=2026&before=")
    rest = site.visitor().get(more[1:].split(">")[0].removeprefix("http://testserver"))
    assert len(rest.text.strip().splitlines()) == 2
    assert "Link" not in rest.headers


@pytest.mark.parametrize("address", ["/outcomes.csv", "/outcomes.atom"])
def test_the_number_of_questions_does_not_grow_with_table_or_feed(site: Site, address: str) -> None:
    filled(site)
    seen = statements(site)
    site.visitor().get(address)
    few = len(seen)
    for _ in range(13):
        filled(site)
    site.visitor().get(address)
    assert len(seen) == 2 * few


def test_the_list_names_its_table_and_its_feed(site: Site) -> None:
    page = site.visitor().get("/outcomes?kind=done&lang=en").text
    for address in ("/outcomes.csv?kind=done&amp;lang=en", "/outcomes.atom?kind=done&amp;lang=en"):
        assert page.count(f'href="{address}"') == 2
    filled(site)
    assert 'href="/outcomes.atom?lang=zh"' in site.visitor().get("/").text


def test_everybody_sees_the_same_start_page(site: Site) -> None:
    filled(site)
    assert site.as_(Post.HANDLER).get("/").text.count('<article class="outcome">') == 3
    assert outcomes.STRIP > 0
