"""A form that is too large: its words stay, its photographs are dropped, its sender is told."""

import random
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from starlette.datastructures import FormData, Headers, UploadFile

from council.people import Constituency, Post
from council.web import middleware, uploads
from tests.web.conftest import Site
from tests.web.test_drafts import picture, written
from tests.working import begun

RESIDENT = Constituency.RESIDENTS
MB = 1024 * 1024
KIND = {"Content-Type": "multipart/form-data; boundary=b"}


def part(name: str, body: bytes = b"", filename: str = "") -> bytes:
    """One part of a form, as browsers write it."""
    named = f'; filename="{filename}"' if filename else ""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + body + b"\r\n"


def streamed(*parts: bytes, megabytes: int = 0) -> Iterator[bytes]:
    """A body in portions, without a Content-Length; at its end so many MB of one photograph."""
    yield from parts
    if megabytes:
        yield part("photo", b"", "gross.jpg").removesuffix(b"\r\n")
        for _ in range(megabytes):
            yield b"x" * MB
        yield b"\r\n"
    yield b"--b--\r\n"


def endless(portion: bytes) -> Iterator[bytes]:
    """A photograph without end."""
    yield part("photo", b"", "gross.jpg").removesuffix(b"\r\n")
    while True:
        yield portion


# Words stay


def test_a_proposal_with_too_large_photographs_keeps_its_words(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    sent = client.post(
        base + "/edit/who", data={"affected": "北边三栋楼的老人", "named": "1"},
        files=[
            ("photo", ("IMG_1.jpg", b"x" * (10 * MB + 1), "image/jpeg")),
            ("photo", ("IMG_2.jpg", b"x" * (7 * MB), "image/jpeg")),
            ("photo", ("IMG_3.jpg", b"x" * (6 * MB), "image/jpeg")),
        ],
    )  # fmt: skip
    assert sent.status_code == 413
    assert "北边三栋楼的老人" in sent.text
    assert 'name="named" value="1" checked' in sent.text
    assert "照片“IMG_1.jpg”有 10.1 MB，每张最多 10 MB。" in sent.text
    assert "照片“IMG_3.jpg”放不下了，所有照片加起来最多 12 MB。" in sent.text
    assert "IMG_2" not in sent.text
    assert not site.settings.files_dir.exists()


def test_a_report_of_the_work_with_too_large_photographs_keeps_its_words(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    sent = site.as_(Post.HANDLER).post(
        f"/commitments/{made.id}/progress?lang=en",
        data={"role": "after", "words": "灯杆都立好了。", "alt": "亮着的灯"},
        files=[("photos", (f"{n}.jpg", b"x" * (5 * MB), "image/jpeg")) for n in range(6)],
    )
    assert sent.status_code == 413
    for words in ("灯杆都立好了。", "亮着的灯", "“2.jpg” did not fit", "“5.jpg” did not fit"):
        assert words in sent.text
    assert "“1.jpg”" not in sent.text


def test_words_after_the_photographs_stay_too(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    huge = part("photo", b"x" * (20 * MB), "gross.jpg")
    body = huge + part("affected", "后面的话".encode()) + b"--b--\r\n"
    sent = client.post(base + "/edit/who", content=body, headers=KIND)
    assert sent.status_code == 413
    assert "后面的话" in sent.text


def test_a_small_photograph_still_fits_after_one_that_was_left_out() -> None:
    body = streamed(part("photo", b"x" * (11 * MB), "a.jpg"), part("photo", b"y", "b.jpg"))
    with reading(body) as (first, second):
        assert isinstance(first, uploads.LeftOut)
        assert first.size == 11 * MB
        assert not isinstance(second, uploads.LeftOut)
        assert second.file.read() == b"y"


def test_a_form_with_photographs_and_without_a_declared_length_keeps_its_words(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    body = streamed(part("affected", "没有长度的话".encode()), megabytes=40)
    sent = client.post(base + "/edit/who", content=body, headers=KIND)
    assert sent.status_code == 413
    assert "没有长度的话" in sent.text
    assert "照片“gross.jpg”有 40.0 MB" in sent.text


def test_more_photographs_than_a_form_takes_are_counted_and_the_words_stay(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    many = [("photo", (f"{n}.png", picture(), "image/png")) for n in range(30)]
    sent = client.post(base + "/edit/who", data={"affected": "许多照片"}, files=many)
    assert sent.status_code == 422
    assert "最多 9 张照片。" in sent.text
    assert "许多照片" in sent.text


def test_a_file_name_shows_no_more_than_it_should(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    body = part("photo", b"x" * (11 * MB), "<b>\u202egnp.jpg" + "长" * 80) + b"--b--\r\n"
    sent = client.post(base + "/edit/who", content=body, headers=KIND)
    assert "照片“&lt;b&gt;gnp.jpg长" in sent.text
    assert 'id="f-affected-e"' in sent.text  # both are said at once
    assert "长" * 61 not in sent.text


# What is beyond every limit


def test_beyond_the_hard_cap_there_is_only_the_page_that_says_so(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    body = streamed(part("affected", "话".encode()), megabytes=65)
    sent = client.post(base + "/edit/who", content=body, headers=KIND)
    assert (sent.status_code, sent.headers["Connection"]) == (413, "close")
    assert "一张照片不超过 10 MB" in sent.text


def test_words_alone_have_a_limit_too(site: Site) -> None:
    client = site.as_(RESIDENT)
    base = written(client)
    many = b"".join(part(f"w{n}", b"x" * MB) for n in range(3))
    sent = client.post(base + "/edit/who", content=many + b"--b--\r\n", headers=KIND)
    assert sent.status_code == 413
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    long = iter([b"a=1&" * MB] * 4)
    assert client.post(base + "/edit/who", content=long, headers=plain).status_code == 413


@pytest.mark.parametrize("said", ["99999999999", "12", "²", "-1"])
def test_a_length_that_lies_changes_nothing(site: Site, said: str) -> None:
    body = endless(b"x" * MB)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(body), "more_body": True}

    assert asked(site, receive, said) == [413]


def test_a_body_that_breaks_off_is_answered_to_nobody(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert asked(site, receive, "500") == []
    assert caplog.records == []


def test_a_slow_body_is_not_held_for_ever(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    body = endless(b"x")

    async def receive() -> dict[str, Any]:
        await anyio.sleep(0.02)
        return {"type": "http.request", "body": next(body), "more_body": True}

    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.2)
    assert asked(site, receive, "5000") == [408]
    assert asked(site, receive, "99999999999") == [413]


# Memory


def test_what_is_kept_of_a_form_is_bounded_and_lies_on_disk() -> None:
    dice = random.Random(7)
    sizes = [dice.randrange(9 * MB) for _ in range(14)]
    body = streamed(*(part("photo", b"x" * size, f"{n}.jpg") for n, size in enumerate(sizes)))
    with reading(body) as sent:
        held = [one.file.seek(0, 2) for one in sent]
        assert 9 * MB < sum(held) <= uploads.LARGEST_FORM
        assert all(one._in_memory is False for one, size in zip(sent, held, strict=True) if size)
        assert len(sent) == 14
        left_out = [n for n, one in enumerate(sent) if isinstance(one, uploads.LeftOut)]
        assert [sent[n].size for n in left_out] == [sizes[n] for n in left_out]


# Helpers


@contextmanager
def reading(body: Iterator[bytes]) -> Iterator[list[UploadFile]]:
    """The photographs of the form that a body becomes."""

    async def stream() -> AsyncGenerator[bytes, None]:
        for one in body:
            yield one

    async def parse() -> FormData:
        return await uploads.Arriving(Headers(KIND), stream()).parse()

    with start_blocking_portal() as loop:
        sent = [one for one in loop.call(parse).getlist("photo") if isinstance(one, UploadFile)]
    yield sent
    for one in sent:
        one.file.close()


def asked(site: Site, receive: Callable[[], Any], said: str) -> list[int]:
    """The statuses that a form gets whose body comes from `receive`."""
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = {
        "host": "testserver", "sec-fetch-site": "same-origin", "content-length": said,
        "content-type": KIND["Content-Type"],
    }  # fmt: skip
    scope = {
        "type": "http", "method": "POST", "path": "/sign-in", "raw_path": b"/sign-in",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "server": ("testserver", 80), "client": ("test", 1), "state": {},
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()],
    }  # fmt: skip
    with start_blocking_portal() as loop:
        loop.call(site.app, scope, receive, send)
    return statuses
