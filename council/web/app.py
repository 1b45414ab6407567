"""The application: every room's routes, what surrounds them, and the one mapping of refusals."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import import_module

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Lifespan

from council.db import Database
from council.errors import CouncilError
from council.i18n import LANGUAGES, catalogue
from council.settings import Settings
from council.web.addresses import Addresses
from council.web.finished import Finished
from council.web.handler import Declared
from council.web.live import Hub, Streams
from council.web.middleware import BodyLimit, Preferences, SecurityHeaders, Unexpected
from council.web.refusals import refuse
from council.writer import Writer

ROOMS = (
    "meta", "accounts", "slips", "files", "outcomes", "drafts", "proposals", "admissions",
    "consultations", "opinions", "statements", "summaries", "reviews", "plans", "meetings",
    "attendance", "doors", "observers", "invitations", "live", "room", "deliberations",
    "speeches", "straws", "chairing", "motions", "handcounts", "minutes", "preparations", "course",
    "disputes", "votes", "ties",
    "constituencies", "ballots", "receipts", "keepers", "absences", "paperballots", "papercounts",
    "printouts", "records", "petitions", "envoys",
    "printouts", "records", "petitions", "papers",
    "rolls", "imports", "proxies", "commitments", "assignments", "postings", "ratings", "log",
    "translations", "notices", "offices", "places", "charter", "calendar",
)  # fmt: skip
"""The modules of council.web with a list `routes`, in the order in which addresses are matched."""

WORKERS = 8
"""Threads that work on requests at once: as many as the pool has connections to read."""


def now_in_utc() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


def create_app(
    database: Database,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now_in_utc,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Assemble the application. Raises RuntimeError on a route that does not declare itself,
    and ValueError when two catalogues contradict each other.

    `lifespan` is what runs beside it; the server passes `clockwork.running`.
    """
    routes = [route for room in ROOMS for route in import_module(f"council.web.{room}").routes]
    _check(routes)
    for language in LANGUAGES:
        catalogue(language)
    app = Starlette(
        routes=[Addresses(routes)],
        middleware=[
            Middleware(Streams),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
            Middleware(SecurityHeaders),
            Middleware(Preferences),
            Middleware(Unexpected),
            Middleware(BodyLimit),
        ],
        exception_handlers={HTTPException: refuse, CouncilError: refuse},
        lifespan=lifespan,
    )
    app.state.database = database
    app.state.settings = settings
    app.state.clock = clock
    app.state.writer = Writer(database)
    app.state.finished = Finished()
    app.state.hub = Hub(database)
    app.state.limiter = anyio.CapacityLimiter(WORKERS)
    return app


def _check(routes: Iterable[BaseRoute]) -> None:
    """Refuse to start with a route that says neither who may come nor how often."""
    for route in routes:
        if isinstance(route, Mount):
            _check(route.routes)
        elif isinstance(route, Route) and not isinstance(declared_by(route), Declared):
            raise RuntimeError(f"{route.path} does not declare its session and rate")  # noqa: TRY004


def declared_by(route: Route) -> Declared | None:
    """What a route's endpoint declares."""
    found = getattr(route.endpoint, "declared", None)
    return found if isinstance(found, Declared) else None
