"""Pages in both languages and sizes, people's words, forms that keep what was typed."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request

from council.errors import Invalid, Problem
from council.i18n import Language
from council.people import Constituency
from council.places import PlaceKind
from council.web import look as looks
from council.web import pages, words
from council.web.forms import Form
from council.web.look import Look
from tests.web.gallery import NOW, PLACE, gallery, look


class Tags(HTMLParser):
    """Everything in a page: elements with their attributes, and the ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.found if "id" in attrs]


def asked(seen_by: Look | None = None, **headers: str) -> Request:
    sent = [(name.encode().lower().replace(b"_", b"-"), v.encode()) for name, v in headers.items()]
    state = {"look": seen_by} if seen_by else {}
    return Request({"type": "http", "method": "GET", "headers": sent, "state": state})


def say(function: object, *args: object, language: Language = "zh", **fields: object) -> str:
    with looks.seen_by(look(language)):
        return str(function(*args, **fields))  # type: ignore[operator]


# The page


@pytest.mark.parametrize("size", ["", "elder"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_macro_is_shown_in_both_languages_and_sizes(language: Language, size: str) -> None:
    html = gallery(look(language, size=size, signed_in=True))
    tags = Tags(html)
    root = tags.all("html")[0]
    assert root == {"lang": {"zh": "zh-Hans", "en": "en"}[language]} | (
        {"data-size": size} if size else {}
    )
    assert len(tags.ids) == len(set(tags.ids))
    assert "{{" not in html


def test_every_field_is_tied_to_its_label_hint_and_problem() -> None:
    tags = Tags(gallery(look()))
    ids = set(tags.ids)
    named = [attrs["for"] for attrs in tags.all("label") if "for" in attrs]
    described = [attrs.get("aria-describedby") or "" for _, attrs in tags.found]
    links = [
        attrs["href"] or "" for attrs in tags.all("a") if (attrs["href"] or "").startswith("#")
    ]
    assert {name for name in named if name} <= ids
    assert set(" ".join(described).split()) <= ids
    assert {link[1:] for link in links} <= ids


def test_a_wrong_form_says_so_in_the_title_and_names_each_field() -> None:
    html = gallery(look())
    assert re.search(r"<title>请改正：", html)
    assert "标题：最多 20 个字，现在 23 个字，请删掉 3 个。" in html
    assert "&lt;b&gt;上学日最堵&lt;/b&gt;" in html
    assert "hidden" not in [attrs.get("value") for attrs in Tags(html).all("input")]


def test_the_language_link_keeps_the_place() -> None:
    assert 'href="/gallery?q=%E5%81%9C%E8%BD%A6&amp;lang=en"' in gallery(look("zh"))
    assert 'href="/gallery?q=%E5%81%9C%E8%BD%A6&amp;lang=zh"' in gallery(look("en"))


def test_the_large_type_link_leads_there_and_back() -> None:
    assert "size=elder" in gallery(look())
    assert "size=normal" in gallery(look(size="elder"))


def test_chat_apps_get_a_title_a_sentence_and_a_picture() -> None:
    meta = {one.get("property"): one.get("content") for one in Tags(gallery(look())).all("meta")}
    assert meta["og:title"] == "斜马路改造"
    assert meta["og:description"]
    assert (meta["og:image"] or "").startswith("http://council.test/static/share.")
    assert meta["og:url"] == "http://council.test/gallery"


def test_every_page_has_the_telephone_and_the_size_of_the_log() -> None:
    html = gallery(look())
    assert html.count('href="tel:053100001234"') >= 2
    assert "公开台账 18,204 条" in html


def test_an_example_community_says_so_on_every_page() -> None:
    assert "这是演示。" in gallery(look())


def test_the_mark_travels_inside_the_page() -> None:
    icons = [one["href"] for one in Tags(gallery(look())).all("link") if one["rel"] == "icon"]
    assert [icon[:19] for icon in icons if icon] == ["data:image/svg+xml,"]


def test_only_who_has_signed_in_can_sign_out() -> None:
    assert 'action="/sign-out"' in gallery(look(signed_in=True))
    assert 'action="/sign-out"' not in gallery(look())


def test_the_page_works_before_there_is_a_community() -> None:
    html = pages.render(Look(), "layout.html", {}, None)
    assert "居民议事会" in html
    assert "tel:" not in html


def test_a_blocked_step_is_a_disabled_button_with_its_reason() -> None:
    tags = Tags(gallery(look()))
    forms = [one["action"] for one in tags.all("form")]
    assert "/proposals/12/transitions/admit" in forms
    blocked = [one for one in tags.all("button") if "disabled" in one]
    assert [one["aria-describedby"] for one in blocked] == [
        "why--proposals-12-transitions-return_",
        "why--proposals-12-supports",
    ]


def test_every_changing_form_carries_the_token() -> None:
    html = gallery(look(signed_in=True))
    posts = re.findall(r'<form[^>]*method="post".*?</form>', html, re.DOTALL)
    assert len(posts) >= 4
    assert all('name="csrf" value="token"' in one for one in posts)


def test_a_page_names_what_it_depends_on() -> None:
    response = pages.page(asked(look("en")), "layout.html")
    assert response.headers["Vary"] == "HX-Request, Accept-Language, Cookie"
    assert response.headers["Content-Language"] == "en"


def test_an_answer_is_the_part_for_htmx_and_303_for_others() -> None:
    part = pages.answer(asked(look(), HX_Request="true"), "layout.html", "/there")
    assert part.status_code == 200
    other = pages.answer(asked(look()), "layout.html", "/there")
    assert (other.status_code, other.headers["Location"]) == (303, "/there")


# Refusals


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_a_refusal_says_what_next_in_both_languages(status: int, language: Language) -> None:
    data = {
        "status": status,
        "key": "too_many",
        "fields": {"seconds": 60},
        "needs": ("x",),
        "written": [],
    }
    for name in ("error.html", "error_part.html"):
        html = pages.render(look(language), name, data | {"reference": "409-7KX3"}, None)
        assert "409-7KX3" in html
        assert "60" in html
    html = pages.render(look(language), "error.html", data | {"reference": "409-7KX3"}, None)
    assert f'<section lang="{ {"zh": "en", "en": "zh-Hans"}[language] }"' in html
    assert "0531-0000 1234" in html


def test_a_refusal_leads_back_to_its_matter() -> None:
    here = look()
    moved = Look(community=PLACE, path="/proposals/12/transitions/admit")
    data = {"status": 409, "key": "not_ready", "fields": {}, "needs": (), "reference": "1"}
    data["written"] = []
    assert 'class="btn main" href="/proposals/12"' in pages.render(moved, "error.html", data, None)
    assert 'class="btn main" href="/"' in pages.render(here, "error.html", data, None)


# Words


def row(text: str, **more: object) -> SimpleNamespace:
    return SimpleNamespace(__tablename__="proposal", id=12, body=text, **more)


def test_peoples_words_are_escaped_and_carry_their_language() -> None:
    chinese = row("<b>路灯</b>")
    assert say(words.said, chinese, "body") == "&lt;b&gt;路灯&lt;/b&gt;"
    english = say(words.said, chinese, "body", language="en")
    assert english == '<span lang="zh-Hans">&lt;b&gt;路灯&lt;/b&gt;</span>'
    assert say(words.said, row("plain <i>"), "body", language="en") == "plain &lt;i&gt;"


def test_the_english_page_takes_the_communitys_translation() -> None:
    with looks.seen_by(look("en"), {("proposal", 12, "body"): "A <lamp>"}):
        assert words.said(row("路灯"), "body") == "A &lt;lamp&gt;"
        core = SimpleNamespace(id=12, body="路灯")
        assert words.said(core, "body", table="proposal") == "A &lt;lamp&gt;"
        assert (
            words.said_html(row("路灯", body_html="<p>路灯</p>"), "body") == "<p>A &lt;lamp&gt;</p>"
        )
    with looks.seen_by(look("zh"), {("proposal", 12, "body"): "A lamp"}):
        assert words.said(row("路灯"), "body") == "路灯"


def test_a_long_text_keeps_its_paragraphs() -> None:
    text = "一\r\n二\n\n\n三<"
    assert say(words.said_block, row(text), "body") == "<p>一<br>二</p>\n<p>三&lt;</p>"
    assert say(words.said_block, row(text), "body", language="en").startswith('<p lang="zh-Hans">')


def test_markdown_was_rendered_when_it_was_saved() -> None:
    kept = row("**路灯**", body_html="<p><strong>路灯</strong></p>")
    assert say(words.said_html, kept, "body") == "<p><strong>路灯</strong></p>"
    assert say(words.said_html, kept, "body", language="en").startswith('<div lang="zh-Hans"><p>')


def test_markup_in_a_sentence_stays_and_words_do_not() -> None:
    link = Markup("<a>1</a>")
    said = say(words.gettext, "Telephone {phone}", phone=link)
    assert said == "电话 <a>1</a>"
    assert "&lt;a&gt;" in say(words.ngettext, "{n} {x}", "{n} {x}", 2, x="<a>", y=link)


def test_enums_are_labelled_by_class_and_value() -> None:
    assert say(words.label, Constituency.UNITS) == "区域单位"
    assert say(words.label, Constituency.UNITS, language="en") == "Unit members"
    assert words.label_key(PlaceKind.GRID) == "place_kind.grid"


@pytest.mark.parametrize(
    ("after", "zh", "en"),
    [
        (timedelta(days=3), "还剩 3 天", "3 days left"),
        (timedelta(hours=5), "还剩 5 小时", "5 hours left"),
        (timedelta(minutes=5), "不到 1 小时", "Less than an hour left"),
        (timedelta(minutes=-5), "今天到期，已过时", "Overdue since today"),
        (timedelta(days=-4), "逾期 4 天", "4 days overdue"),
    ],
)
def test_a_deadline_says_how_long_is_left(after: timedelta, zh: str, en: str) -> None:
    assert say(words.left, NOW + after) == zh
    assert say(words.left, NOW + after, language="en") == en


def test_midnight_belongs_to_the_day_that_ends() -> None:
    midnight = datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert say(words.closing, midnight) == "周五 24:00"
    assert say(words.closing, midnight + timedelta(days=10)) == "12 月 7 日 24:00"
    assert say(words.left, midnight) == "还剩 3 天"
    assert say(words.ends, midnight) == "11 月 27 日 24:00"


def test_a_share_is_cut_and_never_rounded_up() -> None:
    assert words.percent(19, 21) == "90.48%"
    assert words.percent(99999, 100000) == "99.999%"
    assert words.percent(0, 0) == "0.00%"
    assert words.percent(3, 4) == "75.00%"


def test_money_is_said_as_people_say_it() -> None:
    assert say(words.money, 186_000) == "18.6 万元"
    assert say(words.money, Decimal("500.50")) == "500.5 元"
    assert say(words.money, 186_000, language="en") == "¥186,000"


def test_a_qr_code_holds_the_whole_address_and_no_inline_style() -> None:
    code = say(words.qr, "/meetings/1")
    assert code.startswith("<svg")
    assert "style" not in code
    assert say(words.absolute, "/meetings/1") == "http://council.test/meetings/1"


def test_a_problem_may_have_a_sentence_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(words.sentence, Problem("empty", "headline")) == "这一栏还没有写。"
    monkeypatch.setattr(words, "known", lambda key: key == "error.headline_empty")
    assert say(words.sentence, Problem("empty", "headline")) == "error.headline_empty"


def test_a_page_outside_a_request_is_a_mistake() -> None:
    with pytest.raises(LookupError):
        looks.reader()


# Forms


class Kind(StrEnum):
    """Something to choose from."""

    ONE = "one"
    TWO = "two"


def sent(*pairs: tuple[str, str]) -> Form:
    return Form(FormData(list(pairs)))


def test_a_form_gives_clean_values() -> None:
    form = sent(
        ("title", "  路灯\t坏了 "), ("body", "一\r\n二 "), ("kind", "two"), ("n", "１，２００"),
        ("cost", "18.5"), ("day", "2026-11-24"), ("at", "2026-11-24T10:00"), ("yes", "1"),
        ("tags", "two"), ("tags", "one"),
    )  # fmt: skip
    with form.reading():
        assert form.line("title", 30) == "路灯 坏了"
        assert form.text("body") == "一\n二"
        assert form.choice("kind", Kind) is Kind.TWO
        assert form.integer("n") == 1200
        assert form.decimal("cost") == Decimal("18.5")
        assert form.day("day") == date(2026, 11, 24)
        assert form.moment("at") == NOW
        assert form.flag("yes")
        assert not form.flag("no")
        assert form.choices("tags", Kind) == [Kind.ONE, Kind.TWO]
        assert form.files("photos") == []


def test_a_form_lists_everything_that_is_wrong_at_once() -> None:
    form = sent(("title", "长" * 31), ("kind", "three"), ("n", "x"), ("day", "2026-02-30"))
    with pytest.raises(Invalid) as refused, form.reading():  # noqa: PT012 (all at once)
        form.line("title", 30)
        form.text("body")
        form.choice("kind", Kind)
        form.choice("other", Kind)
        form.integer("n")
        form.day("day")
        form.moment("at")
        form.decimal("cost")
    found = [(one.key, one.field) for one in refused.value.problems]
    assert found == [
        ("too_long", "title"), ("empty", "body"), ("not_a_choice", "kind"), ("not_chosen", "other"),
        ("not_a_number", "n"), ("not_a_date", "day"), ("empty", "at"), ("empty", "cost"),
    ]  # fmt: skip
    assert form.value("title") == "长" * 31


@pytest.mark.parametrize("typed", ["-1", "1001", "1.5", "1e3", "9" * 40, "٣"])
def test_a_number_out_of_range_is_refused(typed: str) -> None:
    form = sent(("n", typed))
    with pytest.raises(Invalid), form.reading():
        form.integer("n", 0, 1000)


def test_what_may_be_empty_is_nothing() -> None:
    form = sent(("n", ""), ("kind", ""))
    with form.reading():
        assert form.integer_or_none("n") is None
        assert form.choice_or_none("kind", Kind) is None
        assert form.day_or_none("day") is None
        assert form.moment_or_none("at") is None
        assert form.decimal("cost", required=False) is None
        assert form.line("title", required=False) == ""


def test_a_form_shows_stored_values_as_they_are_typed() -> None:
    form = Form(kind=Kind.TWO, at=NOW, day=date(2026, 11, 24), yes=True, no=False, n=3, tags=[1, 2])
    shown = {name: form.value(name) for name in ("kind", "at", "day", "yes", "no", "n", "missing")}
    assert shown == {
        "kind": "two", "at": "2026-11-24T10:00", "day": "2026-11-24", "yes": "1", "no": "",
        "n": "3", "missing": "",
    }  # fmt: skip
    assert form.values("tags") == ["1", "2"]


def test_a_form_after_a_refusal_by_the_rule_keeps_the_words() -> None:
    form = sent(("title", "路灯")).wrong(Invalid(Problem("already_done", "title")))
    assert form.value("title") == "路灯"
    assert form.problem("title") is not None
    assert form.problem("body") is None
