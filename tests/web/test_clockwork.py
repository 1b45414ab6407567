"""The server's clockwork: it signs the log, one process at a time, and outlives a failed round."""

import resource

import pytest

from council import jobs
from council.web import clockwork
from tests.web.conftest import Site


def test_a_round_signs_the_log(site: Site) -> None:
    clockwork.turn(site.app)
    assert site.settings.checkpoint_file.exists()


def test_a_second_process_leaves_the_round_to_the_first(site: Site) -> None:
    with clockwork.alone(site.settings) as first:
        assert first
        clockwork.turn(site.app)
    assert not site.settings.checkpoint_file.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (jobs.ForkedLog("the log is smaller"), "the log was not signed"),
        (RuntimeError("broken"), "the clockwork stopped for this round"),
    ],
)
def test_a_failed_round_is_said_in_the_servers_log_and_tried_again(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    words: str,
) -> None:
    def failing(*_: object) -> int:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "work", failing)
        clockwork.turn(site.app)
    assert words in caplog.text
    clockwork.turn(site.app)
    assert site.settings.checkpoint_file.exists()


def test_a_server_may_open_as_many_files_as_its_watchers_need(monkeypatch):
    for usual, most, wanted in ((1024, 4096, 4096), (1024, -1, clockwork.FILES), (90_000, -1, 0)):
        given = []
        monkeypatch.setattr(resource, "getrlimit", lambda _, now=(usual, most): now)
        monkeypatch.setattr(resource, "setrlimit", lambda _, to, given=given: given.append(to))
        clockwork.make_room()
        assert given == ([(wanted, most)] if wanted else [])
