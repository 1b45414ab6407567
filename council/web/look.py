"""What a page knows of the reader: language, type size, community, and who has signed in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from council import i18n
from council.i18n import Language
from council.people import Actor, Byline
from council.places import Place

Translations = Mapping[tuple[str, int, str], str]
"""The community's translations into English: (table, id, field) → text."""


@dataclass(frozen=True)
class Look:
    """Everything a page needs to know of the request; the handler fills it, nothing here queries.

    `path` and `query` are the address without `lang` and `size`; `base` is `https://host` for
    links that leave the site (QR codes, pictures for chat apps). `size` is "" or "elder".
    `byline` is how the signed-in person appears here in public, `name` the sign-in name that only
    that person sees, `waiting` how much waits for them. `several` is whether there are communities
    besides this one. `proposes` is whether to offer a proposal:
    to those who may write one here, and to visitors, who sign in first. `reference` is the number
    that a caller can read out on the telephone.
    """

    language: Language = "zh"
    size: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    community: Place | None = None
    several: bool = False
    actor: Actor | None = None
    byline: Byline | None = None
    name: str = ""
    waiting: int = 0
    proposes: bool = True
    csrf: str = ""
    path: str = "/"
    query: tuple[tuple[str, str], ...] = ()
    base: str = ""
    log_size: int = 0
    example: bool = False
    reference: str = ""

    @property
    def today(self) -> date:
        """The day on the community's clock."""
        return i18n.local(self.now).date()

    @property
    def tag(self) -> str:
        """The language as it stands in `lang`: zh-Hans or en."""
        return i18n.TAGS[self.language]

    @property
    def signed_in(self) -> bool:
        """Whether somebody has signed in."""
        return self.actor is not None

    @property
    def phone(self) -> str:
        """The number that stands on every page; empty before there is a community."""
        return self.community.phone if self.community else ""

    @property
    def place(self) -> str:
        """The community's name in the reader's language; empty before there is one."""
        if self.community is None:
            return ""
        english = self.language == "en" and self.community.name_en
        return english or self.community.name

    @property
    def chosen(self) -> str:
        """The community's number for an address or a form; empty where there is only one."""
        return str(self.community.id) if self.community and self.several else ""

    def at(self, address: str) -> str:
        """An address that names this community, so that it needs no cookie."""
        path, mark, place = address.partition("#")
        return f"{path}?community={self.chosen}{mark}{place}" if self.chosen else address

    def here(self, **changed: str) -> str:
        """This address with some of its query changed: `here(lang="en")` keeps the place."""
        query = [(name, value) for name, value in self.query if name not in changed]
        query += [(name, value) for name, value in changed.items() if value]
        return self.path + ("?" + urlencode(query) if query else "")

    def left_out(self, **understood: object) -> list[str]:
        """What the address asks for in vain, by name; a list says so instead of guessing."""
        asked = {name for name, value in self.query if value.strip() and name != "community"}
        return sorted(name for name in asked if not understood.get(name))


@dataclass(frozen=True)
class Sight:
    """The page that is being written: the reader's look and the translations it was given."""

    look: Look
    translations: Translations


_sight: ContextVar[Sight] = ContextVar("sight")


@contextmanager
def seen_by(look: Look, translations: Translations | None = None) -> Iterator[None]:
    """Write everything inside for this reader; macros need no argument to know the language."""
    token = _sight.set(Sight(look, translations or {}))
    try:
        yield
    finally:
        _sight.reset(token)


@contextmanager
def in_language(language: Language) -> Iterator[None]:
    """Write everything inside in another language, for the short section on refusals."""
    here = sight()
    with seen_by(replace(here.look, language=language), here.translations):
        yield


def sight() -> Sight:
    """The page under way. Raises LookupError outside `seen_by`."""
    return _sight.get()


def reader() -> Look:
    """The reader of the page under way."""
    return _sight.get().look


def of(request: Any) -> Look:
    """The look that the handler put into the request; a plain one where none was put yet."""
    found = getattr(request.state, "look", None)
    return found if isinstance(found, Look) else Look()
