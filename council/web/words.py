"""The words that templates use: messages, dates, money, deadlines, people's texts, QR codes."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any
from urllib.parse import urljoin

import segno
from markupsafe import Markup, escape

from council import deadlines, derivations, i18n
from council.errors import Problem
from council.i18n import Phrase
from council.people import Constituency
from council.web.look import in_language, reader, sight

ALL = Fraction(1)
CJK = re.compile(r"[\u3400-\u9fff]")
PARAGRAPHS = re.compile(r"\n\s*\n")


def gettext(message: str, **fields: Any) -> str:
    """The message in the reader's language; a field that is Markup stays markup."""
    language = reader().language
    if not any(isinstance(value, Markup) for value in fields.values()):
        return i18n.translate(language, message, **fields)
    return _with_markup(i18n.translate(language, message), fields)


def ngettext(one: str, many: str, n: int, **fields: Any) -> str:
    """The message for this number of things; {n} is the number, with separators."""
    language = reader().language
    if not any(isinstance(value, Markup) for value in fields.values()):
        return i18n.ntranslate(language, one, many, n, **fields)
    kept = {name: "{" + name + "}" for name in fields}
    text = i18n.ntranslate(language, one, many, n, **kept)
    return _with_markup(text, {"n": i18n.number(n), **fields})


def _with_markup(text: str, fields: dict[str, Any]) -> Markup:
    said = {
        name: value.to(reader().language) if isinstance(value, Phrase) else value
        for name, value in fields.items()
    }
    return Markup(escape(text)).format(**said)  # noqa: S704 (escaped)


def other_language() -> str:
    """The language that the page is not written in."""
    return "en" if reader().language == "zh" else "zh"


def in_other(message: str, **fields: Any) -> str:
    """The message in the other language, for the short section at the end of a refusal."""
    with in_language("en" if reader().language == "zh" else "zh"):
        return gettext(message, **fields)


def known(message: str) -> bool:
    """Whether the reader's language has this message."""
    return i18n.knows(reader().language, message)


def label(member: Enum) -> str:
    """An enum's member in words: 党员, Party members."""
    return gettext(label_key(member))


def label_key(member: Enum) -> str:
    """The key of an enum's member, `class_name.value`: `constituency.party`, `place_kind.grid`."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(member).__name__).lower()
    return f"{kind}.{member.value}"


def sentence(problem: Problem) -> str:
    """What is wrong, in words: `error.<field>_<key>` where there is one, else `error.<key>`."""
    own = f"error.{problem.field}_{problem.key}"
    fields = dict(problem.fields)
    now, limit = fields.get("now"), fields.get("limit")
    if isinstance(now, int) and isinstance(limit, int):
        fields["over"] = abs(now - limit)
    return gettext(own if problem.field and known(own) else f"error.{problem.key}", **fields)


def need(name: str) -> str:
    """The sentence of a requirement that does not hold yet."""
    key = f"need.{name}"
    return gettext(key)


def number(value: float) -> str:
    """A number with separators: 18,204; a fraction keeps up to two places."""
    return i18n.number(value) if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(part: int, whole: int) -> str:
    """A share as the arithmetic of a result writes it: two places, and 100% for all alone."""
    return derivations.percent(part, whole, ALL)


def money(yuan: float) -> str:
    """An amount in yuan, as people say it: 18.6 万元; ¥186,000."""
    if reader().language == "en":
        return f"¥{number(yuan)}"
    return f"{number(float(yuan) / 10000)} 万元" if yuan >= 10000 else f"{number(yuan)} 元"


def day(moment: date | datetime) -> str:
    """A day in words, with the year when it is another year."""
    return i18n.day(reader().language, moment, reader().today)


def weekday(moment: date | datetime) -> str:
    """The day of the week: 周二, Tuesday."""
    return i18n.weekday(reader().language, moment)


def ends(due: datetime) -> str:
    """When something ends: 11 月 24 日 24:00."""
    return i18n.ends(reader().language, due, reader().today)


def iso(moment: date | datetime) -> str:
    """A moment for `<time datetime>`, on the community's clock."""
    if isinstance(moment, datetime):
        return i18n.local(moment).isoformat(timespec="minutes")
    return moment.isoformat()


def is_over(due: datetime) -> bool:
    """Whether the deadline has passed."""
    return reader().now >= due


def days_left(due: datetime) -> int:
    """Days until the last day of a deadline; negative when it has passed."""
    found = deadlines.left(reader().now, due, _every_day)
    return -found.days if found.overdue else found.days


def _every_day(_day: date) -> bool:
    return True


def left(due: datetime) -> str:
    """How long a deadline has left, in words: 还剩 3 天, 今天截止, 逾期 4 天."""
    found = deadlines.left(reader().now, due, _every_day)
    if found.overdue and found.days:
        return ngettext("{n} day overdue", "{n} days overdue", found.days)
    if found.overdue:
        return gettext("Overdue since today")
    if found.days:
        return ngettext("{n} day left", "{n} days left", found.days)
    if found.hours:
        return ngettext("{n} hour left", "{n} hours left", found.hours)
    return gettext("Less than an hour left")


def last_day(due: datetime) -> date:
    """The day to print for a deadline: 24:00 belongs to the day that ends then."""
    return deadlines.last_day(due)


def closing(due: datetime) -> str:
    """When a deadline ends, in words for a sentence: 周五 18:00; with the date after six days."""
    last = deadlines.last_day(due)
    near = 0 <= (last - reader().today).days <= 6
    hour = i18n.clock(due) if i18n.clock(due) != "00:00" else "24:00"
    return f"{weekday(last) if near else day(last)} {hour}"


def said(row: Any, name: str, *, table: str = "") -> Markup:
    """A person's words in one line, escaped, with their language where it is not the page's.

    On the English page the community's translation stands in, if the page was given one.
    """
    text, lang = _words(row, name, table)
    return Markup('<span lang="{}">{}</span>').format(lang, text) if lang else escape(text)


def said_block(row: Any, name: str, *, table: str = "") -> Markup:
    """A person's words in paragraphs: an empty line parts them, a line end stays one."""
    text, lang = _words(row, name, table)
    opening = Markup('<p lang="{}">').format(lang) if lang else Markup("<p>")
    parts = (part.strip() for part in PARAGRAPHS.split(text.replace("\r\n", "\n")))
    return Markup("\n").join(
        opening + Markup("<br>").join(escape(line) for line in part.split("\n")) + Markup("</p>")
        for part in parts
        if part
    )


def said_html(row: Any, name: str, *, table: str = "") -> Markup:
    """A person's Markdown as it was rendered on save (`<name>_html`), or its translation."""
    text, lang = _words(row, name, table)
    if text != getattr(row, name):
        return said_block(row, name, table=table)
    body = Markup(getattr(row, f"{name}_html"))  # noqa: S704 (cleaned by council.text on save)
    return Markup('<div lang="{}">{}</div>').format(lang, body) if lang else body


def _words(row: Any, name: str, table: str) -> tuple[str, str]:
    """The words to show and, when the page is in another language, the `lang` they need."""
    here = sight()
    if getattr(row, "hidden", False):
        return gettext("(text kept out of sight)"), ""
    text = str(getattr(row, name))
    if here.look.language == "zh":
        return text, ""
    key = (table or getattr(row, "__tablename__", ""), getattr(row, "id", 0), name)
    translated = here.translations.get(key, "")
    if translated:
        return translated, ""
    return text, "zh-Hans" if CJK.search(text) else ""


def named(row: Any) -> Markup:
    """A name that has an English form of its own (places, units): `name_en` on the English page."""
    english = getattr(row, "name_en", "") if reader().language == "en" else ""
    return escape(english) if english else said(row, "name")


def listed(words: Iterable[str]) -> str:
    """A list in words: 党员、居民."""
    return i18n.joined(reader().language, words)


def absolute(path: str) -> str:
    """The whole address of a page, for QR codes and chat apps."""
    return urljoin(reader().base + "/", path)


def qr(path: str) -> Markup:
    """A QR code of a page as an inline picture, without fixed size; say beside it what it opens.

    The mask is fixed: trying all eight takes five times as long and gives hardly a better picture.
    """
    code = segno.make(absolute(path), error="m", micro=False, mask=2)
    return Markup(code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None))  # noqa: S704


def telephone(shown: str) -> str:
    """A telephone number as an address: tel:053100001234."""
    return "tel:" + re.sub(r"[^0-9+]", "", shown)


FILTERS: dict[str, Callable[..., Any]] = {
    "day": day, "weekday": weekday, "clock": i18n.clock, "ends": ends, "left": left, "iso": iso,
    "number": number, "money": money, "label": label, "listed": listed,
}  # fmt: skip

GLOBALS: dict[str, Any] = {
    **FILTERS,
    "_": gettext, "ngettext": ngettext, "in_other": in_other, "other_language": other_language,
    "known": known, "need": need, "sentence": sentence, "percent": percent, "closing": closing,
    "is_over": is_over, "days_left": days_left, "last_day": last_day, "reader": reader,
    "said": said, "said_block": said_block, "said_html": said_html, "named": named,
    "absolute": absolute, "qr": qr, "tel": telephone, "Constituency": Constituency,
}  # fmt: skip
