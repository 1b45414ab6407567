"""Refusals: each becomes one page or part in the reader's language, with what to do next."""

import json
import logging
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode, urlsplit

import anyio
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from council import slips
from council.errors import CouncilError, Invalid, NotAllowed, NotFound, NotReady, TooMany
from council.web import cookies, csrf, pages, reader
from council.web.forms import Form
from council.web.handler import SignInNeeded
from council.web.look import Look
from council.writer import Closed

log = logging.getLogger("council")

NOT_KEPT = frozenset({csrf.FIELD, "password", "old"})

SECRETS = re.compile(r"/votes/[0-9]+/(ballot|box)(/|$)")
"""Addresses whose forms hold a secret ballot or a keeper's code: no page repeats what was sent."""

LONGEST_KEPT = 60_000
"""Characters of a form that are carried over a sign-in."""

RETRY_AFTER = 10
"""Seconds after which the database may be back."""


@dataclass(frozen=True)
class Refusal:
    """What the error page says: a status, a sentence with its fields, and what is still missing."""

    status: int
    key: str
    fields: dict[str, object] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    seconds: int = 0


KINDS: dict[type[Exception], int] = {
    NotFound: 404, SignInNeeded: 401, NotAllowed: 403, NotReady: 409, TooMany: 429, Invalid: 422,
    PoolTimeout: 503, InterfaceError: 503, OperationalError: 503, Closed: 503,
}  # fmt: skip
KEYS = {404: "not_found", 405: "wrong_method", 413: "too_large"}


def refusal_of(error: Exception) -> Refusal:
    """The one mapping from what was raised to what the reader is told."""
    if isinstance(error, HTTPException):
        return Refusal(error.status_code, KEYS.get(error.status_code, "bad_request"))
    status = next((code for kind, code in KINDS.items() if isinstance(error, kind)), 500)
    if not isinstance(error, CouncilError):
        known = status == 503
        return Refusal(
            status, "unavailable" if known else "unexpected", seconds=RETRY_AFTER * known
        )
    needs = error.needs if isinstance(error, NotReady) else ()
    seconds = error.seconds if isinstance(error, TooMany) else 0
    return Refusal(status, error.key, error.fields, needs, seconds)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer a refusal, in a worker thread because the page names the community."""
    work = partial(_answer, request, error)
    limiter: anyio.CapacityLimiter = request.app.state.limiter
    response: Response = await anyio.to_thread.run_sync(work, limiter=limiter)
    return response


def _answer(request: Request, error: Exception) -> Response:
    refusal = refusal_of(error)
    request.state.reference = f"{refusal.status}-{slips.new_code()[:4]}{secrets.randbelow(10)}"
    if refusal.status >= 500:
        reference = request.state.reference
        log.error("%s %s %s", reference, request.method, _logged(request), exc_info=error)
    headers = {"Cache-Control": "no-store"}
    if refusal.seconds:
        headers["Retry-After"] = str(refusal.seconds)
    response = _body(request, refusal)
    response.headers.update(headers)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


def _logged(request: Request) -> str:
    """The address as it may stand in a log file: no query, no line breaks."""
    return repr(request.url.path)


def _body(request: Request, refusal: Refusal) -> Response:
    if _wants_json(request):
        body = {"error": refusal.key, "reference": request.state.reference}
        return JSONResponse(body, status_code=refusal.status)
    nobody = refusal.status == 401 or (refusal.status == 403 and _nobody(request))
    if nobody and refusal.key != "foreign_form":
        return _to_sign_in(request)
    request.state.look = look = _look(request)
    if refusal.status == 404 and look.several:
        # What is not found tells nothing, not even whose it is.
        look = replace(look, community=request.state.usual)
    name = "error_part.html" if pages.is_partial(request) else "error.html"
    data = {
        "status": refusal.status, "key": refusal.key, "fields": refusal.fields,
        "needs": refusal.needs, "reference": look.reference,
        "written": [] if refusal.key == "foreign_form" else sentences(typed_in(request)),
    }  # fmt: skip
    try:
        shown = pages.render(look, name, data, None)
    except Exception:
        # The page that explains a mistake must not fail because of another one.
        log.exception("the error page failed")
        return PlainTextResponse(f"{refusal.status} {look.reference}", refusal.status)
    headers = {"Vary": pages.VARY, "Content-Language": look.tag}
    return HTMLResponse(shown, refusal.status, headers)


def _nobody(request: Request) -> bool:
    look = getattr(request.state, "look", None)
    return isinstance(look, Look) and look.actor is None


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return request.url.path.startswith("/api/") or accepted.startswith("application/json")


def _to_sign_in(request: Request) -> Response:
    """The way to sign in and back: 303 for a page; htmx is told to go there itself.

    A form that was filled in is kept: it can be sent again after signing in.
    """
    address = "/sign-in?" + urlencode({"next": way_back(request)})
    if pages.is_partial(request):
        return Response(status_code=401, headers={"HX-Redirect": address})
    typed = typed_in(request)
    if not any(name != cookies.COMMUNITY for name, _ in typed):
        return RedirectResponse(address, status_code=303)
    request.state.look = _look(request)
    form = Form(next=way_back(request), then=request.url.path, kept=json.dumps(typed))
    response = pages.page(request, "accounts/sign_in.html", 401, form=form)
    cookies.put(request.scope, response, cookies.VISITOR, reader.visitor_of(request))
    return response


def typed_in(request: Request) -> list[tuple[str, str]]:
    """What somebody typed whose sign-in has ended meanwhile; it is kept for after signing in."""
    if SECRETS.match(request.url.path):
        return []
    sent = getattr(request.state, "form", None)
    pairs = sent.multi_items() if isinstance(sent, FormData) else []
    typed = [(k, v) for k, v in pairs if isinstance(v, str) and v.strip() and k not in NOT_KEPT]
    return typed if sum(len(value) for _, value in typed) <= LONGEST_KEPT else []


def sentences(typed: list[tuple[str, str]]) -> list[str]:
    """The sentences of a form, for people to see again; codes, numbers and ticks are none."""
    values = (value.strip() for _, value in typed)
    return [value for value in values if not re.fullmatch(r"[!-~]{1,40}", value)]


def way_back(request: Request) -> str:
    """The local address to return to: this page, or the page whose form was sent."""
    if request.method in csrf.SAFE:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.headers.get("Host", ""):
        return "/"
    return came.path + (f"?{came.query}" if came.query else "")


def _look(request: Request) -> Look:
    """The look that the handler filled, else one from the database, else a plain one."""
    reference = request.state.reference
    found = getattr(request.state, "look", None)
    if isinstance(found, Look):
        return replace(found, reference=reference)
    now = datetime.now(UTC)
    try:
        with request.app.state.database.read() as session:
            reader.meet(request, session, now)
        met: Look = request.state.look
        return replace(met, reference=reference)
    except SQLAlchemyError:
        return reader.plain_look(request, now)
