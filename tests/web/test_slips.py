"""At the counter: accounts and slips; and following a matter with a slip for it."""

import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from council import accounts, slips
from council.accounts import Account
from council.people import Alias, Channel, Constituency, Person, Post
from council.proposals import Stage
from tests.web.conftest import Site

NEWCOMER = {
    "person": "王芳", "born": "1958", "constituency": "residents", "account": "",
    "channel": "hall", "consent": "spoken",
}  # fmt: skip
CODE = re.compile(r'id="code"[^>]*>([2-9A-Z]{4}-[2-9A-Z]{4})<')


def number(site: Site, key: str) -> int:
    with site.read() as session:
        found = select(Alias.number).where(Alias.person_id == site.world.who[key])
        return session.scalars(found).one()


def slip_page(client: TestClient, **changed: str) -> str:
    answer = client.post("/people/new", data={**NEWCOMER, **changed})
    assert answer.status_code == 303
    return client.get(answer.headers["Location"]).text


# Opening an account


def test_a_worker_opens_an_account_and_the_slip_signs_in(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    text = slip_page(worker)
    code = CODE.search(text)
    assert code
    assert "<svg" in text
    visitor = site.visitor()
    assert visitor.post("/sign-in", data={"code": code[1].lower()}).status_code == 303
    assert visitor.get("/me").status_code == 200
    again = site.visitor().post("/sign-in", data={"code": code[1]})
    assert again.status_code == 422
    assert "这个码不对，或者已经用过" in again.text


def test_the_code_is_shown_once(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    answer = worker.post("/people/new", data=NEWCOMER)
    first, second = (worker.get(answer.headers["Location"]) for _ in range(2))
    assert CODE.search(first.text)
    assert not CODE.search(second.text)
    assert first.headers["Cache-Control"] == "no-store"
    assert "code" not in answer.headers["Location"]


def test_a_code_does_not_show_on_the_page_of_somebody_else(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    worker.post("/people/new", data=NEWCOMER)
    assert not CODE.search(worker.get(f"/people/{number(site, 'neighbour')}/slip").text)


def test_the_qr_code_opens_the_page_with_the_code_filled_in(site: Site) -> None:
    assert 'value="H4TM-2W8K"' in site.visitor().get("/sign-in?code=H4TM-2W8K").text


def test_a_form_that_is_wrong_comes_back_with_every_word(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    form = {**NEWCOMER, "born": "19x8", "account": "has space", "constituency": "kings"}
    answer = worker.post("/people/new", data=form)
    assert answer.status_code == 422
    for typed in ("王芳", "19x8", "has space"):
        assert f'value="{typed}"' in answer.text
    assert 'href="#f-born"' in answer.text
    with site.read() as session:
        assert session.scalars(select(Person).where(Person.name == "王芳")).first() is None


def test_an_account_name_that_is_taken_is_said_beside_its_field(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    slip_page(worker, account="wangfang")
    answer = worker.post("/people/new", data={**NEWCOMER, "account": "WangFang"})
    assert answer.status_code == 422
    assert "已经有人用了" in answer.text


def test_a_units_representative_names_the_unit(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert worker.post("/people/new", data={**NEWCOMER, "constituency": "units"}).status_code == 422
    unit = str(site.world.unit.id)
    assert CODE.search(slip_page(worker, constituency="units", unit=unit))


@pytest.mark.parametrize("key", [Constituency.RESIDENTS, Post.OVERSIGHT, Post.PARTY_LEAD])
def test_nobody_else_works_at_the_counter(site: Site, key: str) -> None:
    client, shown = site.as_(key), number(site, "neighbour")
    account = site.account("neighbour").id
    assert client.get("/people/new").status_code == 403
    assert client.post("/people/new", data=NEWCOMER).status_code == 403
    assert client.get(f"/people/{shown}/slip").status_code == 403
    assert client.post(f"/people/{shown}/slip").status_code == 403
    assert client.get(f"/people?number={shown}").status_code == 403
    assert client.post(f"/accounts/{account}/disable").status_code == 404
    assert client.post(f"/accounts/{account}/enable").status_code == 404


def test_a_visitor_is_sent_to_sign_in(site: Site) -> None:
    for path in ("/people/new", "/people?number=3", "/people/3/slip"):
        assert site.visitor().get(path).headers["Location"].startswith("/sign-in")


# Another slip


def test_a_new_slip_replaces_the_lost_one(site: Site) -> None:
    site.account("neighbour")
    worker, shown = site.as_(Post.COMMUNITY_WORKER), number(site, "neighbour")
    codes = []
    for _ in range(2):
        answer = worker.post(f"/people/{shown}/slip")
        found = CODE.search(worker.get(answer.headers["Location"]).text)
        assert found
        codes.append(found[1])
    assert site.visitor().post("/sign-in", data={"code": codes[0]}).status_code == 422
    assert site.visitor().post("/sign-in", data={"code": codes[1]}).status_code == 303


def test_a_person_is_found_by_number(site: Site) -> None:
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert worker.get("/people?number=0007").headers["Location"] == "/people/7/slip"
    for odd in ("", "x", "-1", "9" * 30, "七"):
        assert worker.get("/people", params={"number": odd}).headers["Location"] == "/people/new"
    assert worker.get("/people/99999/slip").status_code == 404


def test_an_account_is_closed_and_opened_again_at_the_counter(site: Site) -> None:
    account, client = site.account("neighbour").id, site.as_("neighbour")
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert worker.post(f"/accounts/{account}/disable").status_code == 303
    assert client.get("/me").status_code == 303
    assert worker.post(f"/accounts/{account}/disable").status_code == 409
    assert worker.post(f"/accounts/{account}/enable").status_code == 303
    with site.read() as session:
        assert not session.get_one(Account, account).disabled
    assert worker.post("/accounts/99999/disable").status_code == 404


# Following a matter


def handed_out(site: Site, stage: Stage) -> tuple[str, str]:
    world = site.world
    proposal = world.matter(stage)
    code = slips.issue_matter_slip(
        world.as_(Post.COMMUNITY_WORKER), world.community, proposal.id,
        world.who[Constituency.RESIDENTS], Channel.PHONE,
    )  # fmt: skip
    world.commit()
    return code, proposal.title


@pytest.mark.parametrize("stage", [Stage.SUBMITTED, Stage.ADMITTED])
def test_a_slip_opens_its_matter_without_signing_in(site: Site, stage: Stage) -> None:
    code, title = handed_out(site, stage)
    visitor = site.visitor()
    answer = visitor.get(f"/slips/{code.lower()}")
    assert answer.status_code == 200
    assert title in answer.text
    assert "请在南口加一盏路灯" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "council" not in visitor.cookies
    assert visitor.get("/me").status_code == 303
    assert "Entered for you" in visitor.get(f"/slips/{code}?lang=en").text


def test_a_slip_for_a_matter_does_not_sign_in_and_one_to_sign_in_opens_no_matter(
    site: Site,
) -> None:
    code, title = handed_out(site, Stage.SUBMITTED)
    visitor = site.visitor()
    typed = visitor.post("/sign-in", data={"code": code.lower().replace("-", " ")})
    assert (typed.status_code, typed.headers["location"]) == (303, f"/slips/{code}")
    assert title in visitor.get(typed.headers["location"]).text
    assert "council" not in visitor.cookies
    kept = {"code": code, "then": "/proposals/new", "kept": '[["title", "路灯"]]'}
    interrupted = visitor.post("/sign-in", data=kept)
    assert interrupted.status_code == 422
    assert "路灯" in interrupted.text
    site.account("neighbour")
    world, fresh = site.world, slips.new_code()
    slips.issue(
        world.as_(Post.ADMIN), world.community, person_id=world.who["neighbour"], code=fresh
    )
    world.commit()
    assert site.visitor().get(f"/slips/{fresh}").status_code == 404


def test_a_replaced_slip_opens_nothing(site: Site) -> None:
    code, _ = handed_out(site, Stage.SUBMITTED)
    world = site.world
    slip = slips.find(world.session, code, slips.SlipKind.MATTER)
    assert slip
    slips.issue_matter_slip(
        world.as_(Post.COMMUNITY_WORKER), world.community, slip.proposal_id or 0, slip.person_id
    )
    world.commit()
    assert site.visitor().get(f"/slips/{code}").status_code == 404
    assert site.visitor().post("/sign-in", data={"code": code}).status_code == 422


def test_guessing_codes_is_stopped(site: Site) -> None:
    world, visitor = site.world, site.visitor()
    assert visitor.get("/slips/AAAA-AAAA").status_code == 404
    for _ in range(accounts.PER_ADDRESS):
        accounts.failed(world.session, accounts.subjects("", "testclient"), world.now)
    world.commit()
    assert visitor.get("/slips/AAAA-AAAB").status_code == 429
