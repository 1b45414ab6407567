"""Server-sent events: one frame for each change of a meeting, the same for all who watch it.

An answer that stays open for an hour is kept in front of all other layers (raw ASGI): who may see
the meeting is asked there once, through the page that says its version; then only frames go out.
"""

import asyncio
import random
import re
from collections import Counter
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

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
"""Watchers that one process keeps."""

MOST_FROM_ONE = 6_000
"""Watchers at one address: a whole hall, all of it behind the same one."""

TOGETHER = 100
"""Watchers that are woken in one turn of the loop."""

CHANCE = random.SystemRandom()
"""Its own, as others count on the order of the numbers that the common one gives."""

RETRY = (1000, 4000)
"""Milliseconds after which a browser comes back: they do not all come in the same moment."""

FULL = b"Too many watch at the moment: the page asks again every few seconds by itself.\n"

NUMBER = re.compile(r"[0-9]{1,18}")


class Watcher:
    """Somebody who watches a meeting: what they were sent last, and what they wait for."""

    __slots__ = ("address", "gone", "news", "seen")

    def __init__(self, address: str, seen: int) -> None:
        self.address, self.seen = address, seen
        self.gone = False
        self.news: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """There is something to send, or nothing more; whoever is still busy looks anyway."""
        if self.news is not None and not self.news.done():
            self.news.set_result(None)

    def leave(self, _left: object) -> None:
        """The connection has ended."""
        self.gone = True
        self.wake()


class Hub:
    """What this process knows of the meetings that somebody here watches."""

    def __init__(self, database: Database) -> None:
        self.closed = False
        self._ears = Ears(database, self._hear)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._versions: dict[int, int] = {}
        self._messages: dict[int, Message] = {}
        self._there: dict[int, set[Watcher]] = {}
        self._addresses: Counter[str] = Counter()

    def open(self) -> None:
        """Begin to listen, in the loop in which the watchers are."""
        self._ears.open()
        if (loop := asyncio.get_running_loop()) is not self._loop:
            self._loop = loop
            self._beat()

    def close(self) -> None:
        """Let every watcher go, since the server stops; from a signal handler or the loop."""
        self.closed = True
        for watchers in list(self._there.values()):
            for watcher in list(watchers):
                watcher.wake()

    def stop(self) -> None:
        """Listen no more."""
        self.close()
        self._ears.close()

    @property
    def watchers(self) -> int:
        """How many watch, whatever meeting."""
        return self._addresses.total()

    def enter(self, meeting_id: int, watcher: Watcher) -> bool:
        """Whether there is room for another watcher at this address; then it is told of changes."""
        full = self.watchers >= MOST or self._addresses[watcher.address] >= MOST_FROM_ONE
        if full or self.closed:
            return False
        self._addresses[watcher.address] += 1
        self._there.setdefault(meeting_id, set()).add(watcher)
        return True

    def leave(self, meeting_id: int, watcher: Watcher) -> None:
        """One watcher less."""
        self._there[meeting_id].discard(watcher)
        self._addresses[watcher.address] -= 1
        if not self._addresses[watcher.address]:
            del self._addresses[watcher.address]

    def version(self, meeting_id: int) -> int:
        """The newest version that is known here."""
        return self._versions.get(meeting_id, 0)

    def message(self, meeting_id: int) -> Message:
        """What everybody who watches the meeting is sent: made once for each version.

        It says the version, and how many watch, so that they spread their questions over time.
        """
        if meeting_id not in self._messages:
            version = self.version(meeting_id)
            frame = b"id: %d\nevent: version\ndata: %d %d\n\n" % (version, version, self.watchers)
            self._messages[meeting_id] = _body(frame)
        return self._messages[meeting_id]

    def tell(self, meeting_id: int, version: int) -> None:
        """Note a version, in the loop, and wake who waits for it; an old one changes nothing."""
        if version <= self.version(meeting_id):
            return
        self._versions[meeting_id] = version
        self._messages.pop(meeting_id, None)
        _wake(list(self._there.get(meeting_id, ())))

    def _beat(self) -> None:
        """Everybody is sent the newest once more, so that nobody between closes the connection."""
        for watchers in list(self._there.values()):
            _wake(list(watchers))
        if self._loop is not None and not self.closed:
            self._loop.call_later(CHANCE.uniform(*HEARTBEAT), self._beat)

    def _hear(self, meeting_id: int, version: int) -> None:
        """From any thread: a transaction has been committed."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self.tell, meeting_id, version)


def _wake(watchers: list[Watcher]) -> None:
    """Wake them a few at a time: what they are sent leaves before the next, and others get by."""
    for watcher in watchers[:TOGETHER]:
        watcher.wake()
    if rest := watchers[TOGETHER:]:
        asyncio.get_running_loop().call_soon(_wake, rest)


class Streams:
    """In front of all other layers: who asks for events of a meeting is served from here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the page for permission and version, then stream; all else goes its usual way."""
        watched = ADDRESS.fullmatch(scope["path"]) if _wants_events(scope) else None
        if watched is None:
            await self.app(scope, receive, send)
            return
        hub: Hub = scope["app"].state.hub
        hub.open()
        page = Page()
        await self.app(scope, receive, page.keep)
        if page.status != 200:
            await page.pass_on(send)
            return
        meeting_id = int(watched[1])
        watcher = Watcher(scope["client"][0] if scope.get("client") else "", _seen(scope))
        if not hub.enter(meeting_id, watcher):
            await page.refuse(send)
            return
        hub.tell(meeting_id, int(page.body))
        gone = asyncio.ensure_future(_left(receive))
        gone.add_done_callback(watcher.leave)
        try:
            await send(page.opening())
            await _stream(hub, meeting_id, watcher, send)
        finally:
            gone.cancel()
            hub.leave(meeting_id, watcher)


def _wants_events(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return EVENTS in Headers(scope=scope).get("accept", "")


def _seen(scope: Scope) -> int:
    """What the watcher was sent last: by an earlier answer, else with its page (`?since=`)."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("since", [""])[0]
    seen = Headers(scope=scope).get("last-event-id") or asked
    return int(seen) if NUMBER.fullmatch(seen) else -1


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

    def opening(self) -> Message:
        """The beginning of an answer that stays open."""
        head = [
            *self.headers(), (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"),
        ]  # fmt: skip
        return {"type": "http.response.start", "status": 200, "headers": head}

    async def refuse(self, send: Send) -> None:
        """There is no room for another watcher; pages still ask again by themselves."""
        length = str(len(FULL)).encode()
        kind = (b"content-type", b"text/plain; charset=utf-8")
        head = [*self.headers(), (b"retry-after", b"10"), kind, (b"content-length", length)]
        await send({"type": "http.response.start", "status": 503, "headers": head})
        await send({"type": "http.response.body", "body": FULL})

    async def pass_on(self, send: Send) -> None:
        """Send it after all."""
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


async def _stream(hub: Hub, meeting_id: int, watcher: Watcher, send: Send) -> None:
    """Send the newest version whenever there is one that this watcher has not been sent."""
    await send(_body(b"retry: %d\n\n" % CHANCE.randint(*RETRY)))
    woken = False
    while not (hub.closed or watcher.gone):
        if woken or hub.version(meeting_id) != watcher.seen:  # also while this one was slow
            watcher.seen = hub.version(meeting_id)
            await send(hub.message(meeting_id))
        if hub.version(meeting_id) == watcher.seen and not (hub.closed or watcher.gone):
            watcher.news = asyncio.get_running_loop().create_future()
            await watcher.news
            woken = True
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _body(frame: bytes) -> Message:
    return {"type": "http.response.body", "body": frame, "more_body": True}


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
