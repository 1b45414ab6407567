"""Which route an address leads to: looked up by its first word, then in the order of the routes."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

FOUND = "council.route"


class Addresses(BaseRoute):
    """All routes as one. There are hundreds, of which a dozen begin with the same word."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        firsts = {_first(route) for route in routes}
        self._begin = {
            first: [route for route in routes if _first(route) in {first, None}] for first in firsts
        }
        self._begin.setdefault(None, [])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the address, else the first that takes it by other means."""
        first = str(scope["path"]).split("/", 2)[1] if "/" in scope["path"] else None
        partial: tuple[Match, Scope] = (Match.NONE, {})
        for route in self._begin.get(first, self._begin[None]):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, FOUND: route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**child, FOUND: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope[FOUND].handle(scope, receive, send)


def _first(route: BaseRoute) -> str | None:
    """The word with which every address of a route begins; None when it is any word."""
    if not isinstance(route, Route):
        return None
    word = route.path.split("/", 2)[1]
    return None if "{" in word else word
