"""The floor under every page: who may send a form, what each answer carries, how refusals look."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.testclient import TestClient

from council import accounts
from council.accounts import SignIn
from council.db import Database
from council.errors import Invalid, NotAllowed, NotFound, NotReady, Problem, TooMany
from council.gate import Context
from council.people import Constituency, Post
from council.settings import Settings
from council.web import app as apps
from council.web import pages
from council.web.addresses import FOUND
from council.web.handler import behalf_from, form_of, handler, prepared
from tests.web.conftest import Site

REFERENCE = re.compile(r"\b\d{3}-[2-9A-Z]{4}\d\b")


def probe(site: Site, view, path: str = "/probe", **declared) -> None:
    """Put a route of the test's own in front."""
    endpoint = handler(**declared)(view)
    site.app.router.routes.insert(0, Route(path, endpoint, methods=["GET", "POST"]))


def ok(request: Request, ctx: Context) -> Response:
    return PlainTextResponse("ok")


def never(request: Request, ctx: Context) -> Response:
    raise AssertionError("nothing is left for this view")


def bare(site: Site, client: TestClient | None = None, **headers: str) -> TestClient:
    """A browser that says nothing about where a form comes from."""
    made = client or site.visitor()
    made.headers.pop("Sec-Fetch-Site", None)
    made.headers.update(headers)
    return made


# Who may send a form


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_from_elsewhere_is_refused(site: Site, headers: dict, status: int) -> None:
    probe(site, ok)
    client = bare(site, site.as_(Constituency.RESIDENTS), **headers)
    assert client.post("/probe").status_code == status


def test_a_form_token_serves_a_browser_that_says_nothing(site: Site) -> None:
    probe(site, ok)
    client, other = (
        bare(site, site.as_(key)) for key in (Constituency.RESIDENTS, Constituency.PARTY)
    )
    token = re.search(r'name="csrf" value="(\w+)"', client.get("/me/password").text)
    assert token
    assert client.post("/probe", data={"csrf": token[1]}).status_code == 200
    assert client.post("/probe", data={"csrf": token[1][:-1]}).status_code == 403
    assert client.post("/probe", data={"csrf": ""}).status_code == 403
    assert other.post("/probe", data={"csrf": token[1]}).status_code == 403
    assert bare(site).post("/probe", data={"csrf": token[1]}).status_code == 403


def test_a_token_does_not_help_a_form_from_another_site(site: Site) -> None:
    probe(site, ok)
    client = site.as_(Constituency.RESIDENTS)
    token = re.search(r'name="csrf" value="(\w+)"', client.get("/me/password").text)
    assert token
    client.headers["Sec-Fetch-Site"] = "cross-site"
    assert client.post("/probe", data={"csrf": token[1]}).status_code == 403


def test_signing_in_takes_a_token_too(site: Site) -> None:
    client = bare(site)
    form = {"name": "nobody", "password": "wrong wrong"}
    assert client.post("/sign-in", data=form).status_code == 403
    token = re.search(r'name="csrf" value="(\w+)"', client.get("/sign-in").text)
    assert token
    assert client.post("/sign-in", data={**form, "csrf": token[1]}).status_code == 422
    assert bare(site).post("/sign-in", data={**form, "csrf": token[1]}).status_code == 403


# What every answer carries


@pytest.mark.parametrize("path", ["/sign-in", "/about", "/nothing-here", "/healthz", "/probe"])
def test_every_answer_forbids_what_is_not_ours(site: Site, path: str) -> None:
    def broken(request: Request, ctx: Context) -> Response:
        raise RuntimeError("broken")

    probe(site, broken)
    headers = site.visitor().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert "Strict-Transport-Security" not in headers


def test_pages_hold_no_inline_style_or_script(site: Site) -> None:
    for path in ("/sign-in", "/about", "/nothing-here"):
        text = site.visitor().get(path).text
        assert not re.search(r"<[^>]+ (?:style|on\w+)=", text)
        assert not re.search(r"<script(?![^>]* src=)", text)


def test_https_locks_cookies_and_itself(site: Site) -> None:
    answer = site.visitor("https://testserver").get("/sign-in?lang=en")
    assert "Strict-Transport-Security" in answer.headers
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "HttpOnly" in cookie
        assert "domain" not in cookie.lower()


def test_plain_http_uses_ordinary_cookies(site: Site) -> None:
    cookies = site.visitor().get("/sign-in?lang=en").headers.get_list("set-cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"visitor", "lang"}
    assert not any("Secure" in cookie for cookie in cookies)


# Language and type size


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [("", "zh-Hans"), ("en-GB,en;q=0.9", "en"), ("zh-CN", "zh-Hans"), ("fr", "zh-Hans"),
     ("fr, en;q=0.5", "en"), ("zh;q=0.1, en;q=0.9", "en")],
)  # fmt: skip
def test_the_browsers_language_decides_at_first(site: Site, accepted: str, tag: str) -> None:
    client = site.visitor()
    client.headers["Accept-Language"] = accepted
    answer = client.get("/about")
    assert f'<html lang="{tag}"' in answer.text
    assert answer.headers["Content-Language"] == tag
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_chosen_language_is_shown_at_once_and_remembered(site: Site) -> None:
    client = site.visitor()
    assert '<html lang="en"' in client.get("/about?lang=en").text
    assert '<html lang="en"' in client.get("/about").text
    assert '<html lang="zh-Hans"' in client.get("/about?lang=zh").text
    assert '<html lang="zh-Hans"' in client.get("/about?lang=klingon").text
    assert '<html lang="zh-Hans"' in client.get("/about").text


def test_a_chosen_type_size_is_shown_at_once_and_remembered(site: Site) -> None:
    client = site.visitor()
    assert 'data-size="elder"' in client.get("/about?size=elder").text
    assert 'data-size="elder"' in client.get("/about").text
    assert "data-size" not in client.get("/about?size=standard").text
    assert "data-size" not in client.get("/about").text
    assert "data-size" not in client.get('/about?size="><script>').text


def test_a_refusal_is_in_the_readers_language_and_shortly_in_the_other(site: Site) -> None:
    client = site.visitor()
    chinese, english = client.get("/nothing-here").text, client.get("/nothing-here?lang=en").text
    assert '<html lang="zh-Hans"' in chinese
    assert '<section lang="en"' in chinese
    assert '<html lang="en"' in english
    assert '<section lang="zh-Hans"' in english


# Refusals


REFUSALS = [
    (NotFound("not_found"), 404),
    (NotAllowed("not_allowed"), 403),
    (NotReady("not_ready", ["own_account"]), 409),
    (Invalid(Problem("empty", "title")), 422),
    (TooMany("too_many_attempts", 77), 429),
    (OperationalError("SELECT 1", {}, Exception("database is locked")), 503),
    (OperationalError("SELECT 1", {}, Exception("disk is full")), 503),
    (RuntimeError("a secret in the stack"), 500),
]


@pytest.mark.parametrize(("error", "status"), REFUSALS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_refusal_is_a_page_with_a_reference(
    site: Site, error: Exception, status: int, method: str
) -> None:
    def refusing(request: Request, ctx: Context) -> Response:
        raise error

    probe(site, refusing)
    answer = site.as_(Constituency.RESIDENTS).request(method, "/probe")
    assert answer.status_code == status
    assert REFERENCE.search(answer.text)
    assert "0531-0000 1234" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    for leak in ("Traceback", "secret in the stack", "SELECT 1", "error.", "need."):
        assert leak not in answer.text
    assert ("Retry-After" in answer.headers) == (status in {429, 503})


@pytest.mark.parametrize("error", [NotReady("not_ready"), NotAllowed("not_allowed"), KeyError()])
def test_a_refused_form_gives_back_what_was_written(site: Site, error: Exception) -> None:
    def refusing(request: Request, ctx: Context) -> Response:
        raise error

    probe(site, refusing)
    typed = {"body": "第一行\n<b>第二行</b>", "stance": "for", "password": "kein Wort davon"}
    client = site.as_(Constituency.RESIDENTS)
    text = client.post("/probe", data=typed).text
    assert '<h2 id="wrote">您写的还在' in text
    assert "第一行<br>&lt;b&gt;第二行&lt;/b&gt;" in text
    assert "kein Wort davon" not in text
    assert 'id="wrote"' not in client.post("/probe", data={"stance": "for"}).text
    assert 'id="wrote"' not in client.get("/probe").text


def test_what_still_blocks_is_said_in_words(site: Site) -> None:
    def refusing(request: Request, ctx: Context) -> Response:
        raise NotReady("not_ready", ["own_account", "account_enabled"])

    probe(site, refusing)
    text = site.as_(Constituency.RESIDENTS).post("/probe").text
    assert "只能动自己的账号" in text
    assert "这个账号已经停用" in text


def test_the_reference_of_an_unexpected_error_stands_in_the_servers_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: Request, ctx: Context) -> Response:
        raise RuntimeError("broken")

    probe(site, broken)
    text = site.visitor().get("/probe?password=not-in-the-log").text
    reference = REFERENCE.search(text)
    assert reference
    assert reference[0] in caplog.text
    assert "not-in-the-log" not in caplog.text
    assert "RuntimeError: broken" in caplog.text


def test_a_database_that_is_gone_still_gets_a_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Iterator[None]:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(site.world.database, "read", gone)
    answer = site.visitor().get("/about")
    assert answer.status_code == 503
    assert "<html" in answer.text
    assert site.visitor().get("/readyz").status_code == 503
    assert site.visitor().get("/healthz").status_code == 200


def test_htmx_gets_a_part(site: Site) -> None:
    client = site.as_(Constituency.RESIDENTS)
    client.headers["HX-Request"] = "true"
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert REFERENCE.search(answer.text)


def test_the_api_gets_json(site: Site) -> None:
    answer = site.visitor().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"


def test_a_wrong_method_is_refused_as_a_page(site: Site) -> None:
    answer = site.visitor().get("/sign-out")
    assert answer.status_code == 405
    assert REFERENCE.search(answer.text)


# Who must be signed in


def test_a_page_for_members_leads_to_signing_in_and_back(site: Site) -> None:
    probe(site, ok, session=True)
    answer = site.visitor().get("/probe?page=2&lang=en")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fprobe%3Fpage%3D2%26lang%3Den"


def test_a_form_for_members_leads_back_to_its_page(site: Site) -> None:
    probe(site, ok, session=True)
    answer = site.visitor().post("/probe", headers={"Referer": "http://testserver/proposals/12"})
    assert answer.headers["Location"] == "/sign-in?next=%2Fproposals%2F12"
    foreign = site.visitor().post("/probe", headers={"Referer": "http://evil.example/x"})
    assert foreign.headers["Location"] == "/sign-in?next=%2F"


def test_htmx_is_told_to_go_and_sign_in(site: Site) -> None:
    probe(site, ok, session=True)
    answer = site.visitor().get("/probe", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in?next=")


def test_a_visitor_who_is_not_allowed_may_sign_in_first(site: Site) -> None:
    def refusing(request: Request, ctx: Context) -> Response:
        raise NotAllowed("sign_in")

    probe(site, refusing)
    assert site.visitor().get("/probe").status_code == 303
    assert site.as_(Constituency.RESIDENTS).get("/probe").status_code == 403


# What comes in


def test_a_form_of_more_than_twelve_megabytes_is_refused(site: Site) -> None:
    probe(site, ok)
    client, large = site.as_(Constituency.RESIDENTS), b"a=1&" * (3 * 1024 * 1024 + 1)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    declared = client.post("/probe", content=large, headers=kind)
    assert declared.status_code == 413
    assert REFERENCE.search(declared.text)
    assert client.post("/probe", content=iter([large]), headers=kind).status_code == 413


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(site: Site, content: bytes, kind: str) -> None:
    probe(site, ok)
    client = site.as_(Constituency.RESIDENTS)
    answer = client.post("/probe", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert REFERENCE.search(answer.text)


def test_nul_characters_never_reach_a_rule(site: Site) -> None:
    def echo(request: Request, ctx: Context) -> Response:
        return PlainTextResponse(form_of(request).value("words") + request.query_params["q"])

    probe(site, echo)
    answer = site.as_(Constituency.RESIDENTS).post("/probe?q=%00b", data={"words": "a\0"})
    assert answer.text == "ab"
    assert site.visitor().get("/slips/a%00b").status_code == 404


def test_a_number_that_no_row_can_have_is_not_found(site: Site) -> None:
    client = site.as_(Post.COMMUNITY_WORKER)
    assert client.get(f"/people/{2**31}/slip").status_code == 404
    assert client.get(f"/people/{2**80}/slip").status_code == 404


# One request, one transaction


def rename(ctx: Context) -> None:
    ctx.session.scalars(select(SignIn)).first().device = "renamed"


def devices(site: Site) -> list[str]:
    with site.read() as session:
        return list(session.scalars(select(SignIn.device)))


def test_a_post_is_committed_before_the_answer_leaves(site: Site) -> None:
    def change(request: Request, ctx: Context) -> Response:
        rename(ctx)
        return PlainTextResponse("done")

    probe(site, change)
    assert site.as_(Constituency.RESIDENTS).post("/probe").status_code == 200
    assert devices(site) == ["renamed"]


def test_a_post_that_is_refused_changes_nothing(site: Site) -> None:
    def change(request: Request, ctx: Context) -> Response:
        rename(ctx)
        ctx.session.flush()
        raise NotReady("not_ready")

    probe(site, change)
    assert site.as_(Constituency.RESIDENTS).post("/probe").status_code == 409
    assert devices(site) == ["test"]


def test_a_get_cannot_write(site: Site) -> None:
    def change(request: Request, ctx: Context) -> Response:
        rename(ctx)
        ctx.session.flush()
        return PlainTextResponse("written")

    probe(site, change)
    assert site.as_(Constituency.RESIDENTS).get("/probe").status_code in {500, 503}
    assert devices(site) == ["test"]


def test_a_queued_form_is_written_with_others_and_answered_after_the_commit(site: Site) -> None:
    told: list[str] = []

    def change(request: Request, ctx: Context) -> Response:
        rename(ctx)
        told.extend(devices(site))
        return PlainTextResponse("done")

    probe(site, never, queued=change)
    assert site.as_(Constituency.RESIDENTS).post("/probe").text == "done"
    assert (told, devices(site)) == (["test"], ["renamed"])


def test_a_queued_form_may_leave_its_answer_to_the_view(site: Site) -> None:
    def change(request: Request, ctx: Context) -> None:
        rename(ctx)

    def view(request: Request, ctx: Context) -> Response:
        prepared(request)
        return PlainTextResponse(
            " ".join(one.device for one in ctx.session.scalars(select(SignIn)))
        )

    probe(site, view, queued=change)
    assert site.as_(Constituency.RESIDENTS).post("/probe").text == "renamed"


def test_a_queued_form_that_is_refused_changes_nothing_and_the_view_is_told(site: Site) -> None:
    def refused(request: Request, ctx: Context) -> None:
        rename(ctx)
        ctx.session.flush()
        raise NotReady("not_ready")

    def view(request: Request, ctx: Context) -> Response:
        assert devices(site) == ["test"]
        return PlainTextResponse(str(prepared(request)))

    probe(site, view, queued=refused)
    assert site.as_(Constituency.RESIDENTS).post("/probe").status_code == 409
    assert devices(site) == ["test"]


def test_a_queued_form_is_asked_what_every_form_is_asked(site: Site) -> None:
    probe(site, never, queued=never, session=True)
    assert site.visitor().post("/probe").headers["location"].startswith("/sign-in")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert site.as_(Constituency.RESIDENTS).post("/probe", headers=foreign).status_code == 403


def test_a_queued_form_notes_that_the_device_is_in_use(site: Site) -> None:
    probe(site, never, queued=lambda *_: PlainTextResponse("done"))
    client = site.as_(Constituency.RESIDENTS)
    site.world.wait(hours=1)
    assert client.post("/probe").text == "done"
    with site.read() as session:
        assert session.scalars(select(SignIn.last_seen)).all() == [site.world.now]


def test_the_view_of_a_queued_form_cannot_write_itself(site: Site) -> None:
    def change(request: Request, ctx: Context) -> Response:
        rename(ctx)
        ctx.session.flush()
        return PlainTextResponse("written")

    for declared in ({"reads": True}, {"queued": lambda *_: None}):
        probe(site, change, **declared)
        assert site.as_(Constituency.RESIDENTS).post("/probe").status_code in {500, 503}
    assert set(devices(site)) == {"test"}


def test_a_full_disk_is_said_to_whoever_waits_for_the_commit(site: Site) -> None:
    def full(request: Request, ctx: Context) -> Response:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    probe(site, never, queued=full)
    client = site.as_(Constituency.RESIDENTS)
    assert client.post("/probe").status_code == 503
    site.app.state.writer.close()
    assert client.post("/probe").status_code == 503


def test_the_servers_log_tells_no_values_of_a_statement(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(request: Request, ctx: Context) -> Response:
        ctx.session.execute(
            text("SELECT :phrase FROM nowhere"), {"phrase": form_of(request).value("phrase")}
        )
        return PlainTextResponse("done")

    probe(site, failing)
    client = site.as_(Constituency.RESIDENTS)
    assert client.post("/probe", data={"phrase": "清泉 石桥"}).status_code in {500, 503}
    assert "nowhere" in caplog.text
    assert "清泉" not in caplog.text


def test_slow_work_comes_before_the_transaction_and_its_refusal_keeps_the_form(
    site: Site,
) -> None:
    order: list[str] = []

    def slow(request: Request, session) -> str:
        order.append("slow")
        if form_of(request).value("words") == "bad":
            raise Invalid(Problem("empty", "words"))
        return "made"

    def view(request: Request, ctx: Context) -> Response:
        order.append("view")
        try:
            return PlainTextResponse(prepared(request))
        except Invalid as wrong:
            return PlainTextResponse(wrong.key, 422)

    probe(site, view, prepare=slow)
    client = site.as_(Constituency.RESIDENTS)
    assert client.post("/probe", data={"words": "good"}).text == "made"
    assert client.post("/probe", data={"words": "bad"}).status_code == 422
    assert order == ["slow", "view"] * 2


def test_a_device_is_seen_at_most_every_five_minutes(site: Site) -> None:
    client, start = site.as_(Constituency.RESIDENTS), site.world.now

    def seen() -> timedelta:
        with site.read() as session:
            return session.scalars(select(SignIn.last_seen)).one() - start

    site.world.wait(minutes=4)
    client.get("/about")
    assert seen() == timedelta()
    site.world.wait(minutes=2)
    client.get("/about")
    assert seen() == timedelta(minutes=6)


# On behalf of somebody


def entering(request: Request, ctx: Context) -> Response:
    try:
        ctx.behalf = behalf_from(request, ctx.session, request.state.look.community.id)
    except Invalid as wrong:
        return PlainTextResponse(" ".join(one.field for one in wrong.problems), 422)
    return PlainTextResponse(str(ctx.person_id))


def test_a_worker_enters_for_somebody_by_number(site: Site) -> None:
    probe(site, entering)
    with site.read() as session:
        number = session.scalars(
            select(accounts.Alias.number).where(
                accounts.Alias.person_id == site.world.who["neighbour"]
            )
        ).one()
    form = {"for_person": f"{number:04d}", "channel": "phone", "consent": "spoken"}
    worker, resident = site.as_(Post.COMMUNITY_WORKER), site.as_(Constituency.RESIDENTS)
    assert worker.post("/probe", data=form).text == str(site.world.who["neighbour"])
    assert resident.post("/probe", data=form).status_code == 403
    unknown = worker.post("/probe", data={**form, "for_person": "9999"})
    assert (unknown.status_code, unknown.text) == (422, "for_person")
    vague = worker.post("/probe", data={"for_person": f"{number}", "channel": "pigeon"})
    assert (vague.status_code, vague.text) == (422, "channel consent")
    own = worker.post("/probe", data={"for_person": ""})
    assert own.text == str(site.world.who[Post.COMMUNITY_WORKER])


def test_a_form_for_somebody_is_never_entered_for_the_worker(site: Site) -> None:
    probe(site, ok)
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert worker.post("/probe", data={"for_person": "3"}).status_code == 500


# Assembly


def test_a_route_that_does_not_declare_itself_stops_the_start(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from council.web import meta

    silent = Route("/silent", lambda request: PlainTextResponse("?"))
    monkeypatch.setattr(meta, "routes", [*meta.routes, silent])
    with pytest.raises(RuntimeError, match="/silent"):
        apps.create_app(site.world.database, site.settings)


def test_personal_pages_are_stored_nowhere(site: Site) -> None:
    client = site.as_(Constituency.RESIDENTS)
    for path in ("/me", "/me/sessions", "/me/password", "/me/proposals", "/sign-in"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_public_pages_are_stored_nowhere_for_somebody_who_has_signed_in(site: Site) -> None:
    for path in ("/", "/proposals", "/log", "/about"):
        mine = site.as_(Constituency.RESIDENTS).get(path)
        assert mine.headers["Cache-Control"] == "no-store", path
        assert "no-store" not in site.visitor().get(path).headers.get("Cache-Control", ""), path
    out = site.as_(Constituency.RESIDENTS).post("/sign-out")
    assert out.headers["Cache-Control"] == "no-store"
    assert out.headers["Clear-Site-Data"] == '"cache"'


def test_the_error_page_survives_its_own_mistake(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> str:
        raise RuntimeError("the template is broken")

    monkeypatch.setattr(pages, "render", failing)
    answer = site.visitor().get("/nothing-here")
    assert answer.status_code == 404
    assert REFERENCE.search(answer.text)


def test_after_a_refused_form_the_language_link_leads_to_the_page_it_stood_on(site: Site) -> None:
    client = site.visitor()
    sent = client.post(
        "/sign-in",
        data={"name": "", "password": ""},
        headers={"Referer": "http://testserver/sign-in?next=%2Fme"},
    )
    assert sent.status_code == 422
    assert 'href="/sign-in?next=%2Fme&amp;lang=en"' in sent.text


def test_an_address_leads_where_trying_every_route_would_lead(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="for tests only")
    [table] = apps.create_app(Database("sqlite://"), settings).router.routes
    routes = [route for route, _ in table._routes]
    samples = {re.sub(r"{[^}]*}", "7", one.path) for one in routes}
    samples |= {"", "/", "//", "/nowhere", "/votes/7/", "/votes/7/ballot/x/y", "/votes/x/ballot"}
    for path in sorted(samples):
        scope = {"type": "http", "path": path, "method": "POST", "root_path": ""}
        found = [(match, route) for route in routes if (match := route.matches(scope)[0]).value]
        best = next((one for one in found if one[0] is Match.FULL), next(iter(found), None))
        match, child = table.matches(scope)
        assert (match, child.get(FOUND)) == (best or (Match.NONE, None)), path
