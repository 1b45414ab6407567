"""Server-sent events: one frame for each change of a meeting, the same for all who watch it.

An answer that stays open for an hour is kept in front of all other layers (raw ASGI): who may see
the meeting is asked there once, through the page that says its version; then only frames go out.
"""

import asyncio
import random
import re
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from council import live, meetings
from council.db import Database
from council.gate import Context
from council.live import Ears
from council.web.handler import handler

ADDRESS = re.compile(r"/meetings/([0-9]{1,9})/live")
EVENTS = "text/event-stream"
HEARTBEAT = (15.0, 25.0)
"""Seconds of silence after which a line is sent, so that nobody between closes the connection."""

MOST = 20_000
"""Watchers that one process keeps; one address may have all of them, as a hall has one."""

RETRY = b"retry: 2000\n\n"
SILENCE = b":\n\n"


class Hub:
    """What this process knows of the meetings that somebody here watches."""

    def __init__(self, database: Database) -> None:
        self.watchers = 0
        self.closed = False
        self._ears = Ears(database, self._hear)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._versions: dict[int, int] = {}
        self._frames: dict[int, bytes] = {}
        self._next: dict[int, asyncio.Future[None]] = {}

    def open(self) -> None:
        """Begin to listen, in the loop in which the watchers are."""
        self._loop = asyncio.get_running_loop()
        self._ears.open()

    def close(self) -> None:
        """Let every watcher go, since the server stops; from a signal handler or the loop."""
        self.closed = True
        for waiting in list(self._next.values()):
            if not waiting.done():
                waiting.set_result(None)

    def stop(self) -> None:
        """Listen no more."""
        self.close()
        self._ears.close()

    def version(self, meeting_id: int) -> int:
        """The newest version that is known here."""
        return self._versions.get(meeting_id, 0)

    def frame(self, meeting_id: int) -> bytes:
        """What everybody who watches the meeting is sent: made once for each version."""
        return self._frames.get(meeting_id, SILENCE)

    def tell(self, meeting_id: int, version: int) -> None:
        """Note a version, in the loop, and wake who waits for it; an old one changes nothing."""
        if version <= self.version(meeting_id):
            return
        self._versions[meeting_id] = version
        self._frames[meeting_id] = b"id: %d\nevent: version\ndata: %d\n\n" % (version, version)
        waiting = self._next.pop(meeting_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def news(self, meeting_id: int) -> asyncio.Future[None]:
        """What all who watch the meeting wait for together."""
        found = self._next.get(meeting_id)
        if found is None or found.done():
            found = self._next[meeting_id] = asyncio.get_running_loop().create_future()
        return found

    def _hear(self, meeting_id: int, version: int) -> None:
        """From any thread: a transaction has been committed."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self.tell, meeting_id, version)


class Streams:
    """In front of all other layers: who asks for events of a meeting is served from here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the page for permission and version, then stream; all else goes its usual way."""
        found = ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        wanted = EVENTS in Headers(scope=scope).get("accept", "") if found else False
        if found is None or not wanted:
            await self.app(scope, receive, send)
            return
        hub: Hub = scope["app"].state.hub
        hub.open()
        page = Page()
        await self.app(scope, receive, page.keep)
        if page.status != 200 or hub.watchers >= MOST or hub.closed:
            await page.pass_on(send, full=page.status == 200)
            return
        meeting_id = int(found[1])
        hub.tell(meeting_id, int(page.body))
        seen = Headers(scope=scope).get("last-event-id", "")
        hub.watchers += 1
        try:
            await _stream(
                hub, meeting_id, page, int(seen) if seen.isdecimal() else 0, receive, send
            )
        finally:
            hub.watchers -= 1


class Page:
    """The answer of the page that says the version, kept instead of sent."""

    def __init__(self) -> None:
        self.start: dict[str, Any] = {}
        self.body = b""

    async def keep(self, message: Message) -> None:
        """Keep one message."""
        if message["type"] == "http.response.start":
            self.start = dict(message)
        else:
            self.body += message.get("body", b"")

    @property
    def status(self) -> int:
        """The status with which the page answered."""
        found: int = self.start["status"]
        return found

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The page's headers but for those that describe its body."""
        own = {b"content-type", b"content-length", b"cache-control", b"content-encoding"}
        return [(name, value) for name, value in self.start["headers"] if name.lower() not in own]

    async def pass_on(self, send: Send, *, full: bool) -> None:
        """Send it after all; 503 when there is no room for another watcher."""
        if full:
            head = [*self.headers(), (b"retry-after", b"10"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 503, "headers": head})
            await send({"type": "http.response.body", "body": b""})
            return
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


async def _stream(
    hub: Hub, meeting_id: int, page: Page, seen: int, receive: Receive, send: Send
) -> None:
    """Send the newest version whenever there is one that this watcher has not been sent."""
    head = [
        *page.headers(), (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await _send(send, RETRY)
    gone = asyncio.ensure_future(_left(receive))
    try:
        while not (hub.closed or gone.done()):
            news = hub.news(meeting_id)
            if hub.version(meeting_id) > seen:  # also what came while this one was slow
                seen = hub.version(meeting_id)
                await _send(send, hub.frame(meeting_id))
                continue
            silence = random.uniform(*HEARTBEAT)  # noqa: S311  (no secret)
            done, _ = await asyncio.wait(
                (news, gone), timeout=silence, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                await _send(send, SILENCE)
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(send: Send, frame: bytes) -> None:
    await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _left(receive: Receive) -> None:
    """Ends when the watcher has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


@handler(private=True)
def version(request: Request, ctx: Context) -> Response:
    """The meeting's version. Whoever accepts events is sent each new one (`Streams`)."""
    meeting = meetings.get(ctx, int(request.path_params["id"]))
    return PlainTextResponse(str(live.version(ctx.session, meeting.id)))


routes = [Route("/meetings/{id:int}/live", version)]
