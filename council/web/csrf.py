"""No other site may make a person's browser act here: every change proves that our page sent it."""

import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request

from council.errors import NotAllowed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "csrf"


def token(secret: bytes, bound_to: str) -> str:
    """The form token of one session: nobody else's, and worth nothing after signing out."""
    return hmac.digest(secret, f"csrf:{bound_to}".encode(), "sha256").hex()


def check(request: Request, sent: str, expected: Callable[[], str], base_url: str = "") -> None:
    """Refuse a change that another site may have sent; there is no way around it.

    The browser's own word comes first (Sec-Fetch-Site), then Origin, then the form's token.
    Raises NotAllowed.
    """
    if request.method in SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    elif origin is not None:
        ours = urlsplit(origin).netloc in _hosts(request, base_url)
    else:
        token = expected()
        ours = bool(token) and hmac.compare_digest(sent.encode(), token.encode())
    if not ours:
        raise NotAllowed("foreign_form")


def _hosts(request: Request, base_url: str) -> set[str]:
    """The names under which this site is reached; an Origin of `null` is none of them."""
    return {request.headers.get("Host", ""), urlsplit(base_url).netloc} - {""}
