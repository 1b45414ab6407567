"""Pages: one environment; a whole page or the part that changed, in the reader's language."""

import re
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from council.db import home
from council.web import look as looks
from council.web import static, words
from council.web.look import Look, Translations

__all__ = ["Look", "answer", "back", "environment", "page", "render"]

VARY = "HX-Request, Accept-Language, Cookie"


class Pages(Environment):
    """Templates that share one dictionary of words, where Jinja makes a chain for each of them.

    Whatever a page includes or imports copies these words: from a chain that takes ten times as
    long.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The words of every template; a template has none of its own."""
        return super().make_globals(d) if d else self.globals


@cache
def environment() -> Environment:
    """The one environment: everything is escaped, and an unknown name is an error."""
    made = Pages(
        loader=FileSystemLoader(home("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
    )
    made.globals.update(words.GLOBALS)
    made.globals.update(asset=static.asset, inline=static.inline)
    made.filters.update(words.FILTERS)
    return made


def render(
    look: Look, name: str, data: Mapping[str, Any], translations: Translations | None
) -> str:
    """A template in the reader's language; `look` is there for every template."""
    with looks.seen_by(look, translations):
        return environment().get_template(name).render(**data, look=look)


def page(
    request: Request,
    name: str,
    status: int = 200,
    *,
    translations: Translations | None = None,
    **data: Any,
) -> HTMLResponse:
    """Answer with a template (a page, or a part) filled with data.

    `translations` are the community's English texts of users' words: (table, id, field) → text.
    """
    look = looks.of(request)
    return HTMLResponse(
        render(look, name, data, translations),
        status_code=status,
        headers={"Vary": VARY, "Content-Language": look.tag},
    )


def answer(request: Request, part: str, go: str, **data: Any) -> Response:
    """Answer after a change: htmx gets the part that changed, other browsers are sent to `go`."""
    if is_partial(request):
        return page(request, part, **data)
    return RedirectResponse(go, status_code=303, headers={"Vary": VARY})


ROOMS = re.compile(r"/meetings/[0-9]{1,9}/(room|console)")


def back(request: Request, go: str) -> Response:
    """Lead on after a change: to the room or console whose form says so (`back`), else to `go`."""
    asked = str(getattr(request.state, "form", {}).get("back", ""))
    go = asked if ROOMS.fullmatch(asked) else go
    return RedirectResponse(go, status_code=303, headers={"Vary": VARY})


def is_partial(request: Request) -> bool:
    """Whether htmx asks and wants only the part that changed."""
    return request.headers.get("HX-Request") == "true"
