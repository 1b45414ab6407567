"""Who watches a meeting is told of each change; a late or returning one skips to the newest."""

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest

from council import live
from council.people import Post
from council.web.live import Hub, Watcher
from tests.browser.town import serving
from tests.hall import Hall

EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def meeting(world):
    made = Hall(world).opened()
    world.commit()
    return made


@contextmanager
def watching(address, meeting_id, since="", **headers):
    """An answer that stays open; `told` reads the next version from it."""
    host = address.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=8)) as asking:
        asking.request("GET", f"/meetings/{meeting_id}/live{since}", headers=EVENTS | headers)
        yield asking.getresponse()


def told(answer):
    """The next version that a watcher is sent."""
    while not (line := answer.readline()).startswith(b"data: "):
        assert line, "the answer has ended"
    return int(line[6:].split()[0])


def change(world, meeting):
    live.touch(world.session, meeting.id)
    world.commit()


def test_the_page_says_the_version_to_whoever_may_see_the_meeting(world, site, meeting):
    version = live.version(world.session, meeting.id)
    page = f"/meetings/{meeting.id}/live"
    assert site.visitor().get(page).text == str(version)
    assert site.visitor().get("/meetings/999/live").status_code == 404
    planned = Hall(world).planned()
    world.commit()
    hidden = f"/meetings/{planned.id}/live"
    for headers in ({}, EVENTS):
        assert site.visitor().get(hidden, headers=headers).status_code == 404


def test_everybody_who_watches_is_told_once_for_each_change(world, site, meeting):
    before = live.version(world.session, meeting.id)
    with serving(site.app) as address:
        with watching(address, meeting.id) as one, watching(address, meeting.id) as two:
            assert one.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert "default-src 'self'" in one.headers["Content-Security-Policy"]
            assert (told(one), told(two)) == (before, before)
            change(world, meeting)
            assert (told(one), told(two)) == (before + 1, before + 1)
        back = {"Last-Event-ID": str(before)}
        change(world, meeting)
        with watching(address, meeting.id, **back) as returned:
            assert told(returned) == before + 2
        with watching(address, meeting.id, f"?since={before + 2}") as waits:
            change(world, meeting)
            assert told(waits) == before + 3
        site.app.state.hub.stop()


def test_a_slow_watcher_is_sent_the_newest_alone(site):
    hub = Hub(site.world.database)
    for version in (3, 5, 4):
        hub.tell(1, version)
    assert (hub.version(1), hub.version(2)) == (5, 0)
    assert hub.message(1)["body"] == b"id: 5\nevent: version\ndata: 5 0\n\n"


def test_when_there_is_no_room_the_answer_says_when_to_come_back(site, meeting, monkeypatch):
    monkeypatch.setattr("council.web.live.MOST_FROM_ONE", 1)
    with serving(site.app) as address, watching(address, meeting.id) as one:
        told(one)
        with watching(address, meeting.id) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
            assert "asks again" in refused.read().decode()
        monkeypatch.setattr("council.web.live.MOST", 1)
        assert not site.app.state.hub.enter(meeting.id, Watcher("198.51.100.7", -1))
        site.app.state.hub.stop()


def test_who_goes_away_is_forgotten_and_a_stop_lets_all_go(world, site, meeting):
    hub = site.app.state.hub
    with serving(site.app) as address:
        with watching(address, meeting.id) as one:
            told(one)
            assert hub.watchers == 1
            one.fp.raw._sock.shutdown(socket.SHUT_RDWR)
        wait(lambda: hub.watchers == 0)
        with watching(address, meeting.id) as other:
            told(other)
            start = time.monotonic()
            threading.Timer(0.1, hub.stop).start()
            assert other.read() == b"\n"  # the rest of the last frame, and then its end
            assert time.monotonic() - start < 2
    wait(lambda: hub.watchers == 0)
    assert site.as_(Post.FACILITATOR).get(f"/meetings/{meeting.id}/live").status_code == 200


def wait(true):
    give_up = time.monotonic() + 5
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_server_of_its_own_hears_of_changes_comes_back_and_stops_at_once(
    world, meeting, tmp_path
):
    """The test itself is the other process: what it commits, the server's watchers are told."""
    before = live.version(world.session, meeting.id)
    with served(world.database.url, tmp_path) as (server, address):
        with watching(address, meeting.id) as one, watching(address, meeting.id) as two:
            assert (told(one), told(two)) == (before, before)
            change(world, meeting)
            assert (told(one), told(two)) == (before + 1, before + 1)
        server.kill()
        server.wait()
    change(world, meeting)
    with served(world.database.url, tmp_path) as (server, address):
        back = {"Last-Event-ID": str(before + 1)}
        with watching(address, meeting.id, **back) as returned:
            assert told(returned) == before + 2
            start = time.monotonic()
            server.terminate()
            server.wait(timeout=15)
            assert time.monotonic() - start < 5
            returned.read()


@contextmanager
def served(url, folder):
    """The server as its command starts it; gives the process and the address."""
    settings = {
        "COUNCIL_DATABASE_URL": url, "COUNCIL_DATA_DIR": str(folder),
        "COUNCIL_SECRET_KEY": "for tests only",
    }  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "council", "serve", "--port", "0"], env=os.environ | settings,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with server, server.stdout as said:
        try:
            yield server, re.search(r"http://[\d.]+:\d+", said.readline()).group()
        finally:
            server.kill()
