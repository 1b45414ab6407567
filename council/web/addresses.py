"""Which route an address leads to: by its words and their number, then in the order of routes."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

FOUND = "council.route"

Shape = tuple[int, str | None, str | None]
"""How many words there are, the first and the last one; None for a word that may be any."""


class Addresses(BaseRoute):
    """All routes as one. There are hundreds, of which one or two have the shape of an address."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = [(route, _shape(route)) for route in routes]
        shapes = [shape for _, shape in self._routes if shape]
        self._firsts = {first for _, first, _ in shapes}
        self._lasts = {last for _, _, last in shapes}
        self._longest = max((words for words, _, _ in shapes), default=0)
        self._alike: dict[Shape, list[BaseRoute]] = {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the address, else the first that takes it by other means."""
        partial: tuple[Match, Scope] = (Match.NONE, {})
        for route in self._of(scope["path"]):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, FOUND: route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**child, FOUND: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope[FOUND].handle(scope, receive, send)

    def _of(self, path: str) -> list[BaseRoute]:
        """The routes of this shape. Words that no route has are alike, so there are few shapes."""
        words = path.split("/")
        first, last = words[1] if len(words) > 1 else None, words[-1]
        shape = (
            min(len(words), self._longest + 1),
            first if first in self._firsts else None,
            last if last in self._lasts else None,
        )
        if shape not in self._alike:
            self._alike[shape] = [
                one for one, its in self._routes if its is None or _fits(its, shape)
            ]
        return self._alike[shape]


def _fits(its: Shape, shape: Shape) -> bool:
    """Whether a route of the first shape may take an address of the second."""
    return its[0] == shape[0] and its[1] in {shape[1], None} and its[2] in {shape[2], None}


def _shape(route: BaseRoute) -> Shape | None:
    """The shape of all addresses of a route; None when they have several."""
    if not isinstance(route, Route) or ":path}" in route.path:
        return None
    words = [None if "{" in word else word for word in route.path.split("/")]
    return len(words), words[1], words[-1]
