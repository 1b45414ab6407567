"""What happens around every request: language and type size, limits, headers, unexpected errors."""

import math
import re
from urllib.parse import parse_qsl

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from council import i18n
from council.web import cookies, uploads
from council.web.refusals import refuse

BODY_SECONDS = 600
"""A form that takes longer to arrive is given up: 12 MB take four minutes at 50 kB a second."""

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TRANSPORT = "max-age=31536000; includeSubDomains"

_PLAIN = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_SECURE = [*_PLAIN, (b"strict-transport-security", TRANSPORT.encode())]

SIZES = ("elder",)
NUMBER = re.compile(r"[0-9]{1,9}")
CLOSE = {"Connection": "close"}


class SecurityHeaders:
    """Every answer tells the browser to run nothing but our own files."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers that a route has not set itself."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                ours = _SECURE if cookies.is_secure(scope) else _PLAIN
                more = [one for one in ours if one[0] not in own]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, receive, with_headers)


class Preferences:
    """Language, type size, community: `?lang=en`, `?size=elder`, `?community=5` become cookies.

    Without a choice the browser's Accept-Language decides. `request.state.language`,
    `request.state.size` and `request.state.community` (as typed) hold the result.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the choice, and remember a new one."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        asks = scope["query_string"]
        query = dict(parse_qsl(asks.decode("latin-1"))) if asks else {}
        chosen = query.get("lang") if query.get("lang") in i18n.LANGUAGES else None
        sized = query.get("size")
        size = cookies.get(request, cookies.SIZE) if sized is None else sized
        state = scope.setdefault("state", {})
        state["language"] = chosen or _language(request)
        state["size"] = size if size in SIZES else ""
        asked = query.get("community", "")
        known = cookies.get(request, cookies.COMMUNITY)
        state["community"] = asked if NUMBER.fullmatch(asked) else known
        choices = {
            cookies.LANGUAGE: chosen or "",
            cookies.SIZE: "" if sized is None else state["size"] or "normal",
            cookies.COMMUNITY: state["community"] if state["community"] != known else "",
        }
        if not any(choices.values()):
            await self.app(scope, receive, send)
            return

        kept = Response()
        for name, value in choices.items():
            if value:
                cookies.put(scope, kept, name, value, max_age=cookies.YEAR)

        async def remembering(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for value in kept.headers.getlist("set-cookie"):
                    headers.append("set-cookie", value)
            await send(message)

        await self.app(scope, receive, remembering)


def _language(request: Request) -> str:
    """The language chosen before, else the best of those that the browser asks for."""
    known = cookies.get(request, cookies.LANGUAGE)
    if known in i18n.LANGUAGES:
        return known
    usual: i18n.Language = "en" if request.app.state.settings.locale.startswith("en") else "zh"
    return i18n.negotiate(request.headers.get("Accept-Language", ""), usual)


class BodyLimit:
    """No body is longer, or takes longer, than we wait for; declared, or counted as it comes.

    A form with photographs may have 64 MB, because `uploads` drops on the way what does not fit;
    anything else 12 MB.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 413; the rest of an upload that was declared too large is read and dropped,
        so that a browser shows the refusal.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        photographs = uploads.is_multipart(headers.get("content-type", ""))
        limit = uploads.LARGEST_UPLOAD if photographs else uploads.LARGEST_FORM
        total, deadline = 0, anyio.current_time() + BODY_SECONDS

        async def counting() -> Message:
            nonlocal total, deadline
            with anyio.CancelScope(deadline=deadline) as waiting:
                message = await receive()
            if waiting.cancelled_caught:
                raise HTTPException(408, headers=CLOSE)
            total += len(message.get("body", b""))
            if total > limit:
                raise HTTPException(413, headers=CLOSE)
            if not message.get("more_body"):
                deadline = math.inf
            return message

        if not declared.isdecimal() or int(declared) <= limit:
            await self.app(scope, counting, send)
            return
        limit = uploads.LARGEST_UPLOAD
        try:
            while (await counting()).get("more_body"):
                pass
        except HTTPException:
            pass
        response = await refuse(Request(scope), HTTPException(413, headers=CLOSE))
        await response(scope, receive, send)


class Unexpected:
    """What nobody expected becomes a page with a reference number; the log has the stack."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless the answer has begun already."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            response = await refuse(Request(scope), error)
            await response(scope, receive, send)
