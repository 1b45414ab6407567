"""Cookies: a few small ones, hidden from scripts, locked to this host under https."""

import secrets
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

SESSION, VISITOR, LANGUAGE, SIZE, SLIP = "council", "visitor", "lang", "size", "slip"
COMMUNITY = "community"
YEAR = 365 * 24 * 3600
SENT = "council.cookies"
"""Where the cookies of a request stand for all its layers."""


def is_secure(scope: Scope) -> bool:
    """Whether the reader came by https, directly or through a proxy (then BASE_URL says so)."""
    settings = scope["app"].state.settings
    return scope["scheme"] in {"https", "wss"} or settings.base_url.startswith("https:")


def full_name(scope: Scope, name: str) -> str:
    """The cookie's name: `__Host-` binds it to this very host; browsers allow it under https."""
    return f"__Host-{name}" if is_secure(scope) else name


def get(request: HTTPConnection, name: str) -> str:
    """A cookie's value; empty when it was not sent. They are parsed once for each request."""
    scope = request.scope
    if SENT not in scope:
        scope[SENT] = request.cookies
    found: str = scope[SENT].get(full_name(scope, name), "")
    return found


def put(
    scope: Scope,
    response: Response,
    name: str,
    value: str,
    *,
    max_age: int | None = None,
    samesite: Literal["lax", "strict"] = "lax",
) -> None:
    """Set a cookie; without `max_age` it ends with the browser's session."""
    response.set_cookie(
        full_name(scope, name), value, max_age=max_age, path="/", secure=is_secure(scope),
        httponly=True, samesite=samesite,
    )  # fmt: skip


def drop(scope: Scope, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        full_name(scope, name), path="/", secure=is_secure(scope), httponly=True, samesite="lax"
    )


def fresh() -> str:
    """A random value that nobody guesses."""
    return secrets.token_urlsafe(24)
