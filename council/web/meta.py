"""About the site itself: what it is, what it stores, who answers the telephone; and is it alive."""

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from council import places
from council.gate import Context
from council.web import pages, static
from council.web.handler import declare, handler

ROBOTS = """User-agent: *
Disallow: /sign-in
Disallow: /me
Disallow: /slips/
Disallow: /people/
Disallow: /search
"""


@handler()
def about(request: Request, ctx: Context) -> Response:
    """What this is and what it proves, help, privacy and accessibility, on one page."""
    return pages.page(request, "meta/about.html")


@declare(rate="read")
def elsewhere(request: Request) -> Response:
    """Sections of the page about the site have addresses of their own."""
    where = {"/privacy": "privacy", "/accessibility": "access", "/help": "help"}
    return RedirectResponse(f"/about#{where[request.url.path]}", status_code=303)


@declare(rate="read")
def robots(request: Request) -> Response:
    """What search engines leave alone: personal pages and slips."""
    return PlainTextResponse(ROBOTS, headers={"Cache-Control": "public, max-age=86400"})


@declare(rate="read")
def icon(request: Request) -> Response:
    """Browsers ask for this address without being told to."""
    return RedirectResponse(static.asset("mark.svg"), status_code=301)


@declare(rate="read")
def alive(request: Request) -> Response:
    """Whether the process answers at all."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


@declare(rate="read")
def ready(request: Request) -> Response:
    """Whether the database answers and has its tables."""
    try:
        with request.app.state.database.read() as session:
            places.home_community(session)
    except SQLAlchemyError:
        return PlainTextResponse("the database does not answer\n", 503)
    return PlainTextResponse("ready\n", headers={"Cache-Control": "no-store"})


routes = [
    Route("/about", about),
    Route("/privacy", elsewhere),
    Route("/accessibility", elsewhere),
    Route("/help", elsewhere),
    Route("/robots.txt", robots),
    Route("/favicon.ico", icon),
    Route("/healthz", alive),
    Route("/readyz", ready),
    Route("/static/{path:path}", declare(rate="static")(static.serve)),
]
