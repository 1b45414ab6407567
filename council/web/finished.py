"""Finished pages: written once for all who see the same, each reader's own words spliced in.

What many people are shown at the same moment, such as the receipt of a ballot, differs in a few
words. The page is written once with a mark in the place of each of them; every answer after that
is these bytes, joined with the reader's own. As every change of the record is in the log, the size
of the log is part of what a page is kept under: nothing of it is ever shown after a change.
"""

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from markupsafe import escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from council.people import Actor
from council.web import look as looks
from council.web import pages
from council.web.look import Look

T = TypeVar("T")

MOST = 64
"""Pages that are kept in memory at a time, about 20 KB each."""

MINUTE = 60
"""Seconds for which a page stays as it is, as it may say how much time is left."""

SOMEBODY = Actor(person_id=0)
"""Who reads a page that is the same for everybody: nothing of a person is found in it."""

_SECRET = secrets.token_hex(8)
_MARK = re.compile(f"mark{_SECRET}([a-z]+)0")
"""Nobody can write a mark, as nobody knows this server's secret."""


def mark(name: str) -> str:
    """What stands in a kept page in the place of a reader's own words."""
    return f"mark{_SECRET}{name}0"


class Finished:
    """The kept pages of one server: each as its pieces, encoded, and the marks between them."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[list[bytes], list[str]]] = {}
        self._known: tuple[int, dict[Hashable, Any]] = (0, {})

    def known(self, log_size: int, about: Hashable, ask: Callable[[], T]) -> T:
        """What everybody sees alike, asked once until the log grows; for reading only."""
        size, found = self._known
        if size != log_size:
            found = {}
            self._known = (log_size, found)
        if about not in found:
            found[about] = ask()
        kept: T = found[about]
        return kept

    def page(
        self,
        request: Request,
        name: str,
        about: Hashable,
        own: Mapping[str, str],
        data: Callable[[], dict[str, Any]],
    ) -> HTMLResponse:
        """Answer with a page of which `own` is this reader's, under lower-case names.

        `about` tells apart what the template makes different pages of; everything else that is
        shown is in the log. `data` is asked for when the page is written, and may hold
        `translations`.
        """
        look = looks.of(request)
        key = (name, about, *_seen(look))
        kept = self._kept.get(key)
        if kept is None:
            written = _MARK.split(_written(look, name, own, data()))
            kept = [piece.encode() for piece in written[::2]], written[1::2]
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = kept
        pieces, marks = kept
        shown = {word: escape(value).encode() for word, value in own.items()}
        shown |= {"name": escape(look.name).encode(), "csrf": escape(look.csrf).encode()}
        body = [b""] * (len(pieces) + len(marks))
        body[::2], body[1::2] = pieces, [shown[word] for word in marks]
        headers = {"Vary": pages.VARY, "Content-Language": look.tag}
        return HTMLResponse(b"".join(body), headers=headers)


def _written(look: Look, name: str, own: Mapping[str, str], data: dict[str, Any]) -> str:
    everybody = replace(
        look, name=mark("name"), csrf=mark("csrf"), byline=None,
        actor=SOMEBODY if look.signed_in else None,
    )  # fmt: skip
    spoken = data.pop("translations", None)
    return pages.render(everybody, name, data | {word: mark(word) for word in own}, spoken)


def _seen(look: Look) -> tuple[Hashable, ...]:
    """What the frame of a page shows of its reader, besides name and form token."""
    return (
        look.log_size, int(look.now.timestamp()) // MINUTE, look.language, look.size,
        look.community.id if look.community else 0, look.several, look.signed_in, look.proposes,
        look.waiting, look.path, look.query, look.base,
    )  # fmt: skip
