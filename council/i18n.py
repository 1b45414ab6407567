"""Both languages of the council: Chinese first, English complete, dates and numbers in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.pofile import read_po

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
TAGS: dict[Language, str] = {"zh": "zh-Hans", "en": "en"}
FOLDERS: dict[Language, str] = {"zh": "zh_Hans", "en": "en"}
ZONE = ZoneInfo("Asia/Shanghai")
CATALOGUES = Path(__file__).parent / "locale"

WEEKDAYS_ZH = "一二三四五六日"


@dataclass(frozen=True)
class Phrase:
    """A sentence that is put into words later, when the reader's language is known."""

    key: str
    fields: dict[str, object] = field(default_factory=dict)

    def to(self, language: Language) -> str:
        """The sentence in one language; fields that are phrases are put into words too."""
        return translate(language, self.key, **self.fields)


@cache
def catalogue(language: Language) -> dict[str, str | tuple[str, ...]]:
    """Every message of a language, merged from one file per noun. A message stands in one only.

    Raises ValueError when two files translate the same message differently.
    """
    merged: dict[str, str | tuple[str, ...]] = {}
    first: dict[str, str] = {}
    for path in sorted((CATALOGUES / FOLDERS[language]).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source):
                if not message.id or not message.string:
                    continue
                key = message.id if isinstance(message.id, str) else message.id[0]
                text = message.string if isinstance(message.string, str) else tuple(message.string)
                said = first.setdefault(key, path.name)
                if merged.setdefault(key, text) != text:
                    raise ValueError(f"{said} and {path.name} translate {key!r} differently")
    return merged


def translate(language: Language, message: str, **fields: object) -> str:
    """Say `message` (an English sentence or a dotted key) in `language`, filling {named} gaps."""
    found = catalogue(language).get(message, message)
    text = found if isinstance(found, str) else found[0]
    return text.format_map(_worded(language, fields)) if fields else text


def ntranslate(language: Language, one: str, many: str, n: int, **fields: object) -> str:
    """Like `translate`, with a form for one and a form for many; {n} is the number."""
    found = catalogue(language).get(one)
    if isinstance(found, tuple):
        text = found[0 if n == 1 or len(found) == 1 else 1]
    else:
        text = found or (one if n == 1 else many)
    return text.format_map(_worded(language, {"n": number(n), **fields}))


def _worded(language: Language, fields: dict[str, object]) -> dict[str, object]:
    return {
        name: value.to(language) if isinstance(value, Phrase) else value
        for name, value in fields.items()
    }


def knows(language: Language, message: str) -> bool:
    """Whether the language has this message; English prose is its own translation."""
    if message in catalogue(language):
        return True
    return language == "en" and not is_key(message)


def is_key(message: str) -> bool:
    """Whether a message is a dotted key (`act.proposal.support`) and not an English sentence."""
    return "." in message.strip(".") and " " not in message


@lru_cache(maxsize=256)
def negotiate(header: str, default: Language = "zh") -> Language:
    """The reader's language from an Accept-Language header (RFC 9110, 12.5.4).

    zh, zh-CN, zh-SG and zh-Hans are Chinese, en-* English; the first that we speak wins.
    """
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), position, tag.strip().lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return default


def number(value: int) -> str:
    """A whole number with separators, the same in both languages: 18,204."""
    return f"{value:,}"


def local(moment: datetime) -> datetime:
    """An instant on the community's clock (Asia/Shanghai)."""
    return moment.astimezone(ZONE)


def day(language: Language, moment: date | datetime, today: date | None = None) -> str:
    """A day in words, `11 月 24 日` or `24 November`; with the year when it is another year."""
    shown = local(moment).date() if isinstance(moment, datetime) else moment
    year = today is None or shown.year != today.year
    if language == "zh":
        return (
            f"{shown.year} 年 {shown.month} 月 {shown.day} 日"
            if year
            else f"{shown.month} 月 {shown.day} 日"
        )
    return format_date(shown, "d MMMM y" if year else "d MMMM", locale="en_GB")


def weekday(language: Language, moment: date | datetime) -> str:
    """The day of the week: 周二, Tuesday."""
    shown = local(moment).date() if isinstance(moment, datetime) else moment
    if language == "zh":
        return "周" + WEEKDAYS_ZH[shown.weekday()]
    return format_date(shown, "EEEE", locale="en_GB")


def clock(moment: datetime) -> str:
    """The hour on the community's clock; midnight at the end of a day is said as 24:00."""
    return local(moment).strftime("%H:%M")


def ends(language: Language, due: datetime, today: date | None = None) -> str:
    """When something ends: midnight belongs to the day before it and is said as 24:00."""
    shown = local(due)
    if (shown.hour, shown.minute) == (0, 0):
        return f"{day(language, shown.date() - timedelta(days=1), today)} 24:00"
    return f"{day(language, shown, today)} {clock(due)}"


def joined(language: Language, words: Iterable[str]) -> str:
    """A list in words: 党员、居民; Party members, Residents."""
    return ("、" if language == "zh" else ", ").join(words)
