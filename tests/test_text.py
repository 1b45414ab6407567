"""What people type: cleaned, counted, rendered, and never slow."""

import re
import time
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from council.text import (
    DEEPEST,
    LONGEST,
    MOST_LINES,
    TooComplex,
    clean,
    clean_line,
    excerpt,
    length,
    render,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
KISS = "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468\U0001f3fe"
MARKS = [
    *"[]()!*_`\\<>&#|\na中 ",
    "](http://a",
    "**",
    "__",
    "&#",
    "# ",
    "- ",
    "1. ",
    "> ",
    "|-|",
    "    ",
]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  修路\n", "修路"),
        ("a\r\nb\rc\u2028d\u2029e\x85f", "a\nb\nc\nd\ne\nf"),
        ("修\x00路", "修路"),
        ("a\x01\x08\x0b\x0c\x1f\x7f\x9fb\tc", "ab\tc"),
        ("安全\u202eexe.gpj\u202c", "安全exe.gpj"),
        ("a\u2066b\u2069c\u200ed\u200fe\u061cf", "abcdef"),
        ("a\u200bb\u200cc\u200dd\ufeffe\u2060f\xadg", "abcdefg"),
        ("e\u0301", "é"),
        ("e\u200d\u0301", "é"),
        ("井盖\U0002000b\U0001f6b8", "井盖\U0002000b\U0001f6b8"),  # four bytes each in UTF-8
        (FAMILY + KISS, FAMILY + KISS),
        ("\U0001f468\u200d\u200b\U0001f469", "\U0001f468\U0001f469"),
        ("\u200d\U0001f468\u200d", "\U0001f468"),
        ("half \ud83d of a pair", "half  of a pair"),
        ("\u3000\u2800\u3164\u200b", ""),
        ("\U000e0041\U000e0042a", "a"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_a_line_is_one_line() -> None:
    assert clean_line(" 修\r\n 路\u3000\t灯\x00 \n") == "修 路 灯"
    assert clean_line("\u202e\u200b") == ""


@given(st.text(st.characters() | st.sampled_from("\u200d\u200b\u202e\r\n\ufe0f\U0001f468\u0301 ")))
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    kept = clean(typed)
    assert clean(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert not {unicodedata.category(letter) for letter in kept} & {"Cs"}
    assert not {letter for letter in kept if unicodedata.category(letter) == "Cc"} - {"\n", "\t"}
    assert clean_line(clean_line(typed)) == clean_line(typed)
    kept.encode()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("修路灯", 3),
        ("a\nb", 3),
        ("𠀋", 1),
        ("e\u0301", 1),
        (FAMILY, 1),
        (KISS, 1),
        ("👍🏽👍", 2),
        ("🇨🇳🇨🇳🇨", 3),
        ("1\ufe0f\u20e3", 1),
        ("❤\ufe0f", 1),
        ("a" + "\u0301" * 31, 2),  # a pile of accents is not free
    ],
)
def test_characters_are_counted_as_a_person_counts_them(text: str, count: int) -> None:
    assert length(text) == count


@pytest.mark.parametrize(
    ("text", "n", "expected"),
    [
        ("修路", 2, "修路"),
        ("修好路灯", 3, "修好…"),
        ("## 标题\n\n请看[说明](http://a.b)，**重要**", 20, "标题 请看说明，重要"),
        ("> - 一\n1. 二", 20, "- 一 二"),
        ("repair the street lamps", 14, "repair the…"),
        ("repair the street lamps", 11, "repair the…"),
        ("repair", 4, "rep…"),
        (FAMILY * 3, 3, FAMILY * 3),
        (FAMILY * 4, 3, FAMILY * 2 + "…"),
        ("", 5, ""),
    ],
)
def test_an_excerpt_is_short_and_plain(text: str, n: int, expected: str) -> None:
    assert excerpt(text, n) == expected
    assert length(excerpt(text, n)) <= n


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("一\n二\n\n三", "<p>一<br>\n二</p>\n<p>三</p>"),
        ("**重点：**请*看*", "<p><strong>重点：</strong>请<em>看</em></p>"),
        ("***a*** **b *c* d** *e **f** g*", "<p><strong><em>a</em></strong> <strong>b <em>c</em> d"
         "</strong> <em>e <strong>f</strong> g</em></p>"),
        ("2 * 3 * 4, a_b_c, 姓名____, _x_ __y__", "<p>2 * 3 * 4, a_b_c, 姓名____, <em>x</em> "
         "<strong>y</strong></p>"),
        (r"\*a\* \[b\](http://c) \`d\`", "<p>*a* [b](http://c) `d`</p>"),
        ("`a *b* <c> &amp;`", "<p><code>a *b* &lt;c&gt; &amp;amp;</code></p>"),
        ("# A\n## B\n### C\n#### D\n##### E", "<h3>A</h3>\n<h3>B</h3>\n<h3>C</h3>\n<h4>D</h4>\n"
         "<h4>E</h4>"),
        ("#3号楼漏水", "<p>#3号楼漏水</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("a\n\n- - - - - - - - - - - -\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("    缩进", "<p>缩进</p>"),
        ("a < b & c &lt; d", "<p>a &lt; b &amp; c &lt; d</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_markdown_becomes_a_few_harmless_tags(markdown: str, html: str) -> None:
    assert render(markdown) == html


def test_a_table_keeps_its_alignment() -> None:
    assert '<td align="right">2</td>' in render("a|b\n-|-:\n1|2")


@pytest.mark.parametrize(
    ("markdown", "address"),
    [
        ("[a](https://a.b/c?x=1&y=2#z)", "https://a.b/c?x=1&amp;y=2#z"),
        ("[a](HTTP://a.b/c_(d)_e)", "HTTP://a.b/c_(d)_e"),
        ("[0531-12345](tel:0531-12345)", "tel:0531-12345"),
        ("[a](mailto:a@b.c)", "mailto:a@b.c"),
        ("<https://a.b>", "https://a.b"),
        ("![路灯](https://a.b/c.png)", "https://a.b/c.png"),
    ],
)
def test_a_link_leads_out_and_says_so(markdown: str, address: str) -> None:
    assert f'<a href="{address}" rel="nofollow noopener">' in render(markdown)
    assert "<img" not in render(markdown)


HARMLESS = re.compile(
    r"</?(p|code|table|thead|tbody|tr|th|td)>|<br>|</a>"
    r'|<a href="http://a[^"<>]*" rel="nofollow noopener">'
)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>a</b>",
        "<!-- a --><svg/onload=alert(1)>",
        "<style>*{display:none}</style>",
        "[a](javascript:alert(1))",
        "[a](java\u200bscript:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](java&#8203;script:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](//evil.example)",
        "[a](/sign-out)",
        "<javascript:alert(1)>",
        '[a](http://a"onmouseover="alert(1))',
        '[a](http://a "b" onclick="alert(1))',
        "\x02wzxhzdk:0\x03 \x02klzzwxh:0000\x03",
        "`<script>`alert(1)`</script>`",
        "|<script>|\n|-|\n|<img src=x>|",
    ],
)
def test_nothing_that_acts_comes_through(markdown: str) -> None:
    html = render(markdown)
    for tag in re.findall(r"<[^>]*>", html):
        assert HARMLESS.fullmatch(tag), html


def test_a_direction_mark_written_as_an_entity_is_taken_out_too() -> None:
    assert render("a&#8238;b&#x202E;c&rlm;d&#0;") == "<p>abcd\ufffd</p>"
    assert "\u202e" not in render("[a](http://a/&#8238;b)")


def test_four_byte_characters_and_joined_emoji_survive() -> None:
    assert render(f"𠀋 {FAMILY}") == f"<p>𠀋 {FAMILY}</p>"


def test_too_long_or_too_deep_is_refused() -> None:
    assert render("修" * LONGEST)
    assert render("\n".join("a" * MOST_LINES))
    for text, why in (
        ("修" * (LONGEST + 1), "long"),
        ("\n".join("a" * (MOST_LINES + 1)), "long"),
        (">" * (DEEPEST + 1) + " a", "deep"),
        ("- " * (DEEPEST + 1) + "a", "deep"),
        ("> 1. " * DEEPEST + "a", "deep"),
        ("- * " * 5000, "deep"),
    ):
        with pytest.raises(TooComplex) as refusal:
            render(text)
        assert refusal.value.args == (why,)
    assert render(">" * DEEPEST + " a").count("<blockquote>") == DEEPEST


SLOW = [
    *("[", "![", "[]", "[a](", "[a](http://", "[a](http://(", "[a](http://b)", "- [\n"),
    *("`", "`a", "``'\\", "\\", "*", "*a", "**a", "a**", "***a", "*a**a", "_", "_a ", "__a_"),
    *("<", "<a", "<http://", "<!--", "<![CDATA[", "&", "&#", "#", "\t", " ", "\n"),
    *("# a\n", "***\n", "- a\n", "- a\n\n", "1. a\n", "> a\n", "> ***\n", "a\n-\n"),
    *("|", "|a|\n|-|\n"),
]


def seconds(text: str) -> float:
    """CPU time of rendering what fits into the limits of a text."""
    text = "\n".join(text[:LONGEST].split("\n")[:MOST_LINES])
    begun = time.process_time()
    with suppress(TooComplex):
        render(text)
    return time.process_time() - begun


@pytest.mark.parametrize("part", SLOW)
def test_no_text_is_slow(part: str) -> None:
    """Half a second at most where this was written; the limit here leaves room for a slow day."""
    assert seconds(part * LONGEST) < 3
    assert seconds(part * 400 + "\\" * LONGEST) < 3


@given(st.lists(st.sampled_from(MARKS), max_size=6).map("".join), st.integers(1, LONGEST))
def test_no_mixture_of_marks_is_slow_or_fails(part: str, times: int) -> None:
    assert seconds(part * min(times, 500)) < 3


def test_nesting_by_indentation_is_answered_quickly() -> None:
    text = "\n\n".join("    " * n + "- a" for n in range(90))
    assert seconds(text) < 3
