"""Signing in and out, My page, devices and passwords, as a browser sees them."""

import html
import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from council import accounts, deliberations, disputes, i18n, passwords, process
from council.accounts import Account, Attempt, SignIn
from council.audit import Entry
from council.people import Constituency, Post
from council.proposals import Stage
from tests.hall import Hall
from tests.polling import Poll
from tests.test_reviews import under_review
from tests.web.conftest import Site
from tests.working import assigned

PASSWORD = "三个 字 加 empty words"
HASHED = passwords.accept(PASSWORD)
RESIDENT = {"name": "residents", "password": PASSWORD}


@pytest.fixture
def home(site: Site) -> Site:
    """The site; the resident has an account with a password."""
    account, world = site.account(Constituency.RESIDENTS), site.world
    accounts.set_password(world.as_(Constituency.RESIDENTS), account, HASHED)
    world.commit()
    return site


def signed_in(home: Site) -> TestClient:
    client = home.visitor()
    assert client.post("/sign-in", data=RESIDENT).status_code == 303
    return client


def without_token(text: str) -> str:
    return re.sub(r'name="csrf" value="\w+"|\d{3}-[2-9A-Z]{4}\d', "", text)


# Signing in


def test_the_page_to_sign_in_offers_both_ways_in_both_languages(home: Site) -> None:
    for language, words in (("zh", "用纸条上的码"), ("en", "With the code on your slip")):
        text = home.visitor().get(f"/sign-in?lang={language}").text
        assert words in text
        assert {"name", "password", "code", "next", "csrf", "keep"} <= set(
            re.findall(r' name="([^"]+)"', text)
        )


def test_name_and_password_lead_to_my_page(home: Site) -> None:
    client = home.visitor()
    answer = client.post("/sign-in", data={**RESIDENT, "name": " Residents "})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    assert client.get("/me").status_code == 200


def test_one_comes_back_to_where_one_was(home: Site) -> None:
    answer = home.visitor().post("/sign-in", data={**RESIDENT, "next": "/proposals/12?page=2"})
    assert answer.headers["Location"] == "/proposals/12?page=2"


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "evil.example", "", "/\t/evil.example",
    ],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(home: Site, way: str) -> None:
    answer = home.visitor().post("/sign-in", data={**RESIDENT, "next": way})
    assert answer.headers["Location"] == "/me"
    assert "x=y" not in str(answer.headers)
    shown = home.visitor().get("/sign-in", params={"next": way}).text
    assert 'name="next" value="/me"' in shown


def test_an_unknown_name_and_a_wrong_password_are_answered_alike(home: Site) -> None:
    answers = [
        home.visitor().post("/sign-in", data={"name": "residents", "password": "wrong wrong"}),
        home.visitor().post("/sign-in", data={"name": "residentz", "password": "wrong wrong"}),
        home.visitor().post("/sign-in", data={"name": "residents", "password": ""}),
    ]
    assert {answer.status_code for answer in answers} == {422}
    texts = {without_token(answer.text.replace("residentz", "residents")) for answer in answers}
    assert len(texts) == 1
    assert "账号或密码不对" in texts.pop()


def test_a_refused_form_keeps_the_name_and_never_shows_the_password(home: Site) -> None:
    form = {"name": "residents", "password": "wrong wrong", "next": "/proposals/3"}
    text = home.visitor().post("/sign-in", data=form).text
    assert 'value="residents"' in text
    assert 'value="/proposals/3"' in text
    assert "wrong wrong" not in text


def test_a_closed_account_cannot_sign_in_and_is_signed_out_at_once(home: Site) -> None:
    client, world = signed_in(home), home.world
    account = world.session.scalars(select(Account).where(Account.name == "residents")).one()
    accounts.disable(world.as_(Post.ADMIN), account)
    world.commit()
    assert client.get("/me").status_code == 303
    assert home.visitor().post("/sign-in", data=RESIDENT).status_code == 422


def test_signing_in_gives_a_new_token_and_ends_the_old_one(home: Site) -> None:
    client = signed_in(home)
    first = client.cookies["council"]
    client.post("/sign-in", data=RESIDENT)
    second = client.cookies["council"]
    assert first != second
    old = home.visitor()
    old.cookies.set("council", first)
    assert old.get("/me").status_code == 303
    assert client.get("/me").status_code == 200


def test_a_token_that_a_visitor_brings_along_is_never_adopted(home: Site) -> None:
    client = home.visitor()
    client.cookies.set("council", "chosen-by-somebody-else")
    answer = client.post("/sign-in", data=RESIDENT)
    given = answer.headers["set-cookie"]
    assert "council=" in given
    assert "chosen-by-somebody-else" not in given
    fixed = home.visitor()
    fixed.cookies.set("council", "chosen-by-somebody-else")
    assert fixed.get("/me").status_code == 303


def test_the_cookie_is_kept_for_thirty_days_only_when_asked(home: Site) -> None:
    def cookie(**more: str) -> str:
        answer = home.visitor().post("/sign-in", data={**RESIDENT, **more})
        return next(c for c in answer.headers.get_list("set-cookie") if c.startswith("council="))

    assert "Max-Age" not in cookie()
    assert f"Max-Age={30 * 24 * 3600}" in cookie(keep="1")
    assert "HttpOnly" in cookie()
    assert "SameSite=lax" in cookie()


def test_ten_wrong_passwords_stop_the_account_for_a_while(home: Site) -> None:
    client = home.visitor()
    for _ in range(10):
        wrong = client.post("/sign-in", data={"name": "residents", "password": "wrong wrong"})
        assert wrong.status_code == 422
    stopped = client.post("/sign-in", data=RESIDENT)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["Retry-After"]) <= 900
    assert "council" not in client.cookies
    home.world.wait(minutes=15)
    assert client.post("/sign-in", data=RESIDENT).status_code == 303


def test_a_failed_attempt_is_counted_though_the_form_was_refused(home: Site) -> None:
    home.visitor().post("/sign-in", data={"name": "residents", "password": "wrong wrong"})
    with home.read() as session:
        assert len(session.scalars(select(Attempt)).all()) == 2


def test_signing_in_and_out_leaves_nothing_in_the_public_log(home: Site) -> None:
    def size() -> int:
        with home.read() as session:
            return len(session.scalars(select(Entry.idx)).all())

    before = size()
    client = signed_in(home)
    client.get("/me")
    client.post("/sign-out")
    assert size() == before


def test_a_get_neither_signs_in_nor_out(home: Site) -> None:
    client = signed_in(home)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/me").status_code == 200
    visitor = home.visitor()
    visitor.get("/sign-in", params=RESIDENT)
    assert "council" not in visitor.cookies


def test_signing_out_ends_the_sign_in_on_the_server_too(home: Site) -> None:
    client = signed_in(home)
    token = client.cookies["council"]
    assert client.post("/sign-out").headers["Location"] == "/"
    assert "council" not in client.cookies
    client.cookies.set("council", token)
    assert client.get("/me").status_code == 303


# A form that outlived its sign-in


def test_what_was_typed_survives_an_expired_sign_in(home: Site) -> None:
    client = signed_in(home)
    home.world.wait(hours=13)
    form = {"capacity": "residents", "words": "<b>路灯</b> & 树"}
    expired = client.post("/me/capacity", data=form, headers={"Referer": "http://testserver/me"})
    assert expired.status_code == 401
    kept = dict(re.findall(r'name="(then|kept|next)" value="([^"]*)"', expired.text))
    assert kept["then"] == "/me/capacity"
    assert "<b>" not in expired.text
    again = client.post(
        "/sign-in", data={**RESIDENT, **{name: html.unescape(v) for name, v in kept.items()}}
    )
    assert again.status_code == 200
    assert 'action="/me/capacity"' in again.text
    assert 'name="words" value="&lt;b&gt;路灯&lt;/b&gt; &amp; 树"' in again.text
    assert "<blockquote>&lt;b&gt;路灯&lt;/b&gt; &amp; 树</blockquote>" in again.text
    assert "<blockquote>residents" not in again.text  # codes and ticks are kept, not shown
    assert client.post("/me/capacity", data=form).status_code == 303


def test_a_password_is_never_kept_over_a_sign_in(home: Site) -> None:
    client = signed_in(home)
    home.world.wait(hours=13)
    answer = client.post("/me/password", data={"old": PASSWORD, "password": "ganz neue worte"})
    assert answer.status_code == 303
    assert PASSWORD not in answer.text


def test_what_is_kept_leads_to_this_site_only(home: Site) -> None:
    form = {**RESIDENT, "then": "https://evil.example/", "kept": '[["a", "b"]]'}
    assert "evil.example" not in home.visitor().post("/sign-in", data=form).text
    for nonsense in ("{nonsense", "[" * 100_000):
        broken = {**RESIDENT, "then": "/proposals", "kept": nonsense}
        assert home.visitor().post("/sign-in", data=broken).status_code == 303


# My page


def test_my_page_says_that_nothing_waits(home: Site) -> None:
    assert "没有事等您办" in signed_in(home).get("/me").text
    assert "Nothing waits for you" in signed_in(home).get("/me?lang=en").text


def test_my_page_shows_what_waits_with_its_deadline(home: Site) -> None:
    world = home.world
    proposal = world.matter(Stage.DRAFT)
    process.move(world.as_(Constituency.RESIDENTS), proposal, "submit")
    world.commit()
    text = home.as_(Post.COMMUNITY_WORKER).get("/me").text
    assert "1 件事等您办" in text
    assert f'href="/proposals/{proposal.id}"' in text
    assert "due." not in text


def test_what_waits_is_counted_in_the_head_of_every_page(home: Site) -> None:
    world = home.world
    assert 'class="count"' not in home.as_(Post.COMMUNITY_WORKER).get("/meetings").text
    for _ in range(2):
        proposal = world.matter(Stage.DRAFT)
        process.move(world.as_(Constituency.RESIDENTS), proposal, "submit")
    world.commit()
    assert 'class="count">2<' in home.as_(Post.COMMUNITY_WORKER).get("/meetings").text
    assert 'class="count"' not in home.visitor().get("/meetings").text


def test_whoever_has_a_seat_finds_the_meeting_on_my_page(home: Site) -> None:
    meeting = Hall(home.world).notified()
    home.world.commit()
    text = home.as_("neighbour").get("/me").text
    assert f'href="/meetings/{meeting.id}"' in text
    assert text.count("参加会议") == 1
    assert "Attend the meeting" in home.as_("neighbour").get("/me?lang=en").text


def test_every_clock_leads_to_the_page_on_which_it_is_stopped(home: Site) -> None:
    world, hall = home.world, Hall(home.world)
    ended = hall.begun()
    deliberations.postpone(world.as_(Post.FACILITATOR), hall.items(ended)[0], reason="等图纸")
    hall.move(Post.FACILITATOR, ended, "adjourn")
    planned = hall.planned()
    review = under_review(world)
    task = assigned(world, world.matter(Stage.ADOPTED))
    poll = Poll(world)
    poll.published()
    objection = disputes.lodge(world.as_("neighbour"), poll.vote, words="少了我爱人。")
    world.commit()
    vote = f"/votes/{poll.vote.id}"
    item, matter = hall.items(planned)[0].id, review.proposal_id
    for who, kind, address in (
        (Post.HANDLER, "due.unit_answer", f"/meetings/{planned.id}/items/{item}"),
        (Post.RECORDER, "due.minutes", f"/meetings/{ended.id}/minutes"),
        (Post.PARTY_LEAD, "due.call_meeting", f"/proposals/{hall.matter.id}"),
        (Post.PARTY_LEAD, "due.invite_panel", f"/proposals/{matter}/review"),
        (Post.HANDLER, "due.acknowledge", f"/commitments/{task.id}"),
        (Post.PARTY_LEAD, "due.settle_roll", vote),
        (Post.OVERSIGHT, "due.draft_ruling", f"{vote}/disputes/{objection.id}"),
    ):
        client = home.as_(who)
        mine = client.get("/me").text
        entry = next(one for one in mine.split("<li>") if i18n.translate("zh", kind) in one)
        assert f'href="{address}"' in entry
        assert (poll.vote.title in entry) == (vote in address)
        assert client.get(address).status_code == 200


def test_my_page_opens_for_everybody_in_both_languages(home: Site) -> None:
    Hall(home.world).notified()
    home.world.commit()
    for key in (*Post, *Constituency):
        client = home.as_(key)
        for query in ("?lang=zh", "?lang=en&size=elder"):
            assert client.get("/me" + query).status_code == 200


def test_an_officer_is_named_by_the_number_of_the_office(home: Site) -> None:
    text = home.as_(Post.COMMUNITY_WORKER).get("/me").text.replace("&nbsp;", " ")
    assert "社区工作者 01" in text


def test_the_counter_is_shown_to_those_who_work_there(home: Site) -> None:
    assert 'href="/people/new"' in home.as_(Post.COMMUNITY_WORKER).get("/me").text
    assert 'href="/people/new"' not in signed_in(home).get("/me").text


def test_my_proposals_are_listed_drafts_included(home: Site) -> None:
    proposal = home.world.matter()
    home.world.commit()
    client = signed_in(home)
    assert f'href="/proposals/{proposal.id}"' in client.get("/me/proposals").text
    other = home.as_("neighbour").get("/me/proposals").text
    assert f'href="/proposals/{proposal.id}"' not in other


def test_somebody_with_two_memberships_chooses_in_which_to_speak(home: Site) -> None:
    home.world.join(Constituency.PARTY, Constituency.RESIDENTS)
    home.world.commit()
    client = home.as_(Constituency.PARTY)
    assert 'name="capacity" value="residents" aria-pressed="false"' in client.get("/me").text
    assert client.post("/me/capacity", data={"capacity": "residents"}).status_code == 303
    assert 'name="capacity" value="residents" aria-pressed="true"' in client.get("/me").text


@pytest.mark.parametrize("capacity", ["party", "experts", "", "king"])
def test_nobody_speaks_for_a_constituency_of_others(home: Site, capacity: str) -> None:
    answer = signed_in(home).post("/me/capacity", data={"capacity": capacity})
    assert answer.status_code == 404


def test_my_page_needs_somebody(home: Site) -> None:
    for path in ("/me", "/me/proposals", "/me/sessions", "/me/password"):
        assert home.visitor().get(path).headers["Location"].startswith("/sign-in?next=%2Fme")


# Devices


def test_other_devices_are_listed_and_signed_out(home: Site) -> None:
    phone, laptop = signed_in(home), signed_in(home)
    text = phone.get("/me/sessions").text
    (wanted,) = re.findall(r'action="/me/sessions/(\d+)/revoke"', text)
    assert "就是这台" in text
    assert phone.post(f"/me/sessions/{wanted}/revoke").status_code == 303
    assert laptop.get("/me").status_code == 303
    assert phone.get("/me").status_code == 200


def test_nobody_signs_out_the_device_of_somebody_else(home: Site) -> None:
    resident, other = signed_in(home), home.as_("neighbour")
    with home.read() as session:
        name = select(SignIn.id).join(Account, Account.id == SignIn.account_id)
        wanted = session.scalars(name.where(Account.name == "residents")).one()
    assert other.post(f"/me/sessions/{wanted}/revoke").status_code == 404
    assert resident.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 12) Chrome/98 MicroMessenger/8.0", "微信 WeChat · Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537 Edg/120", "Edge · Windows"),
        ("curl/8.1", "curl/8.1"),
    ],
)
def test_a_device_has_a_name_that_people_know(home: Site, sent: str, words: str) -> None:
    client = home.visitor()
    client.headers["User-Agent"] = sent
    client.post("/sign-in", data=RESIDENT)
    assert words in client.get("/me/sessions").text


def test_the_name_of_a_device_is_escaped(home: Site) -> None:
    client = home.visitor()
    client.headers["User-Agent"] = "<script>alert(1)</script>"
    client.post("/sign-in", data=RESIDENT)
    text = client.get("/me/sessions").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


# Passwords


def test_a_new_password_signs_other_devices_out_and_works(home: Site) -> None:
    client, other = signed_in(home), signed_in(home)
    answer = client.post("/me/password", data={"old": PASSWORD, "password": "ganz neue worte"})
    assert answer.status_code == 303
    assert client.get("/me").status_code == 200
    assert other.get("/me").status_code == 303
    assert home.visitor().post("/sign-in", data=RESIDENT).status_code == 422
    fresh = {"name": "residents", "password": "ganz neue worte"}
    assert home.visitor().post("/sign-in", data=fresh).status_code == 303


@pytest.mark.parametrize(
    ("old", "password", "words"),
    [
        ("wrong wrong", "ganz neue worte", "原来的密码不对"),
        (PASSWORD, "short", "密码至少 8 个字符"),
        (PASSWORD, "88888888", "这个密码太多人用"),
        (PASSWORD, "residents2026", "密码里不要带账号名"),
        (PASSWORD, "", "这一栏还没有写"),
    ],
)
def test_a_password_that_is_refused_changes_nothing(
    home: Site, old: str, password: str, words: str
) -> None:
    client = signed_in(home)
    answer = client.post("/me/password", data={"old": old, "password": password})
    assert answer.status_code == 422
    assert words in answer.text
    assert home.visitor().post("/sign-in", data=RESIDENT).status_code == 303


def test_guessing_the_old_password_is_counted(home: Site) -> None:
    client = signed_in(home)
    form = {"old": "wrong wrong", "password": "ganz neue worte"}
    for _ in range(10):
        assert client.post("/me/password", data=form).status_code == 422
    assert client.post("/me/password", data=form).status_code == 429


def test_somebody_who_came_with_a_slip_chooses_a_password_without_an_old_one(site: Site) -> None:
    client = site.as_("neighbour")
    assert 'name="old"' not in client.get("/me/password").text
    assert client.post("/me/password", data={"password": "ganz neue worte"}).status_code == 303
    form = {"name": "neighbour", "password": "ganz neue worte"}
    assert site.visitor().post("/sign-in", data=form).status_code == 303
