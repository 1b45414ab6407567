"""What people write: kept as they meant it, without what cannot be seen, and shown without harm."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

# Elements are made here, no XML is read.
from xml.etree.ElementTree import Element  # nosec B405

import nh3
from markdown import Markdown
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString, code_escape

LONGEST = 20_000  # characters of Markdown
MOST_LINES = 1_000
DEEPEST = 8  # lists and quotations within each other

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell instead of showing it, in wide characters too."""

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "h3", "h4", "a", "code", "hr"}
_TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
_ADDRESS = r"(?i:https?://|tel:|mailto:)(?:[^()\s]|\([^()\s]*\))+"
_HEADINGS = {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4"}

# Control characters; marks that change the direction of reading; what has no width at all.
# A zero-width joiner stays between two emoji, which it makes one.
_EMOJI = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff"
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0"
    "\ufff9-\ufffc\ufffe\uffff"
    f"\U000e0000-\U000e0fff]|\u200d(?![{_EMOJI}])|(?<![{_EMOJI}])\u200d"
)
_NEWLINE = re.compile("\r\n|[\r\x85\u2028\u2029]")

# Every pattern stops at the next of its own marks, so that reading stays linear. The library's own
# for links, code and emphasis try again from every mark: '[' * 20000 took three minutes.
_LINK = rf"!?\[([^\[\]]+)\]\(({_ADDRESS})\)"
_CODE = r"(?<![\\`])`([^`\n]+)`(?!`)"
_EMPHASIS = (
    (r"(\*\*)(?=\S)((?:[^*\n]|\*(?!\*))+\*?)(?<=\S)\*\*", "strong"),
    (r"(?<!\w)(__)(?=\S)([^_\n]+)(?<=\S)__(?!\w)", "strong"),
    (r"(\*)(?=\S)([^*\n]+)(?<=\S)\*", "em"),
    (r"(?<!\w)(_)(?=\S)([^_\n]+)(?<=\S)_(?!\w)", "em"),
)
_NOT_OURS = ("backtick", "reference", "link", "image_link", "image_reference", "short_reference",
             "short_image_ref", "automail", "html", "entity", "em_strong")  # fmt: skip
_HEADER = re.compile(r"(?:^|\n)(?P<level>#{1,6})[ \t]+(?P<header>[^\n]*?)#*(?:\n|$)")
_MARKER = re.compile(r"[ \t]*(?:>|[-+*](?=[ \t])|[0-9]{1,9}\.(?=[ \t]))")
_LABEL = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(r"^[ \t]*(?:#{1,6}|>|[-+*]|[0-9]{1,9}\.)[ \t]+|\*\*|__|`", re.MULTILINE)


class TooComplex(ValueError):
    """A text that is too long, or nested too deeply, to be shown; the first argument says which."""


def clean(value: str) -> str:
    """Return a text of several lines as it is kept: NFC, newlines as LF, nothing around it.

    NUL and other control characters, zero-width characters, marks that turn the direction of
    reading, and halves of characters are taken out (safety.md section 3); tabs and newlines stay.
    """
    value = _INVISIBLE.sub("", _NEWLINE.sub("\n", value))
    return unicodedata.normalize("NFC", value).strip()


def clean_line(value: str) -> str:
    """Return a text of one line as it is kept: as `clean` does, and every space a single one."""
    return " ".join(clean(value).split())


def length(value: str) -> int:
    """Return the number of characters as a person counts them: a family of emoji is 1."""
    return len(value) if value.isascii() else sum(1 for _ in _characters(value))


def excerpt(text: str, n: int) -> str:
    """Return the beginning of a text, plain or Markdown, on one line and at most `n` characters.

    What was cut off ends in "…", after a whole word where words are spaced.
    """
    line = clean_line(_MARKS.sub("", _LABEL.sub(r"\1", text)))
    letters = list(islice(_characters(line), n + 1))
    if len(letters) <= n:
        return line
    kept = "".join(letters[: n - 1])
    if re.match(r"[A-Za-z0-9]", letters[n - 1]):
        kept = re.sub(r"[A-Za-z0-9]+$", "", kept) or kept
    return kept.rstrip() + "…"


def safe_cell(value: object) -> str:
    """Return a cell of a table that a spreadsheet shows and never runs."""
    said = str(value)
    return f"'{said}" if said.startswith(FORMULA) else said


def render(markdown: str) -> str:
    """Return Markdown as HTML of a few harmless tags; raw HTML stands there as text.

    A newline breaks the line, a heading becomes h3 or h4, a picture a link to it; links lead to
    http, https, tel and mailto only. Raises TooComplex above LONGEST, MOST_LINES or DEEPEST.

    No separate process is needed: of some 8,000 texts built to be slow, full of brackets, stars,
    backticks, rules, lists and quotations, the worst took 0.45 s of CPU (a rule on every line),
    ordinary ones of the same length 0.05 s; the library alone took 180 s for '[' * 20000.
    """
    source = clean(markdown)
    _require_simple(source)
    try:
        html = _parser().convert(source)
    except RecursionError:
        raise TooComplex("deep") from None
    html = nh3.clean(
        html,
        tags=_TAGS | _TABLE,
        attributes=_ATTRIBUTES,
        attribute_filter=_filtered,
        url_schemes={"http", "https", "tel", "mailto"},
        link_rel="nofollow noopener",
    )
    return _INVISIBLE.sub("", html)  # written as &#8238; it has come this far


def _require_simple(source: str) -> None:
    lines = source.split("\n")
    if len(source) > LONGEST or len(lines) > MOST_LINES:
        raise TooComplex("long")
    if any(_depth(line) > DEEPEST for line in lines):
        raise TooComplex("deep")


def _depth(line: str) -> int:
    """Return how many lists and quotations a line opens; a rule such as "- - -" opens none."""
    if set(line.replace(" ", "").replace("\t", "")) in ({"-"}, {"*"}, {"_"}):
        return 0
    depth, end = 0, 0
    while found := _MARKER.match(line, end):
        depth, end = depth + 1, found.end()
    return depth


class _Link(InlineProcessor):  # type: ignore[misc]
    """[words](address), and a picture as a link to it."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # noqa: N802
        found = Element("a", href=self.unescape(m[2]))
        found.text = m[1]
        return found, m.start(0), m.end(0)


class _Code(InlineProcessor):  # type: ignore[misc]
    """`code`, in which nothing else has a meaning."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # noqa: N802
        found = Element("code")
        found.text = AtomicString(code_escape(m[1]))
        return found, m.start(0), m.end(0)


class _Headings(Treeprocessor):  # type: ignore[misc]
    """A text's own headings stand below those of the page."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            element.tag = _HEADINGS.get(element.tag, element.tag)


def _parser() -> Markdown:
    tables = TableExtension(use_align_attribute=True)
    parser = Markdown(extensions=["nl2br", "sane_lists", tables], output_format="html")
    parser.preprocessors.deregister("html_block")
    parser.treeprocessors.register(_Headings(parser), "headings", 5)
    blocks, inline = parser.parser.blockprocessors, parser.inlinePatterns
    for name in ("code", "reference"):
        blocks.deregister(name)
    blocks["hashheader"].RE = _HEADER
    for name in _NOT_OURS:
        inline.deregister(name)
    inline.register(_Code(_CODE, parser), "code", 190)
    inline.register(_Link(_LINK, parser), "link", 160)
    for n, (pattern, tag) in enumerate(_EMPHASIS):
        inline.register(SimpleTagInlineProcessor(pattern, tag), f"emphasis{n}", 60 - n)
    return parser


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or re.match(_ADDRESS, value) else None


def _characters(value: str) -> Iterator[str]:
    """Yield characters as a person sees them, of up to 16 code points each."""
    found = ""
    for letter in value:
        if found and len(found) < 16 and _joins(found[-1], letter, len(found)):
            found += letter
            continue
        if found:
            yield found
        found = letter
    if found:
        yield found


def _joins(before: str, letter: str, so_far: int) -> bool:
    if "\u200d" in (before, letter) or "\U0001f3fb" <= letter <= "\U0001f3ff":
        return True
    if "\U0001f1e6" <= letter <= "\U0001f1ff":  # two regional letters make one flag
        return so_far == 1 and "\U0001f1e6" <= before <= "\U0001f1ff"
    return unicodedata.category(letter)[0] == "M"
