"""Who is responsible: offices without names, giving and ending one, a further constituency."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from council import i18n, offices, people
from council.people import Constituency, Membership, Office, Post
from tests.web.conftest import Site, statements


def number_of(site: Site, key: Post | Constituency | str) -> int:
    world = site.world
    found = offices.numbers(world.session, world.community.id, {world.who[key]})
    world.commit()
    return found[world.who[key]]


def in_force(site: Site, post: Post) -> list[Office]:
    with site.read() as session:
        held = offices.holders(session, site.world.community.id, site.world.now)
        return [one for one in held if one.post is post]


def test_everybody_reads_offices_and_never_a_name_or_number(site: Site) -> None:
    page = site.visitor().get("/offices")
    assert page.status_code == 200
    assert "社区党组织书记 01" in page.text
    assert "绿化公司" in page.text  # whose handler it is
    assert "编号" not in page.text
    assert "/offices/new" not in page.text
    with site.read() as session:
        names = [one.name for one in session.scalars(select(people.Person))]
    assert [name for name in names if name in page.text] == []


def test_a_needed_office_that_nobody_holds_is_said_to_be_vacant(site: Site) -> None:
    (lead,) = in_force(site, Post.PARTY_LEAD)
    assert site.as_(Post.ADMIN).post(f"/offices/{lead.id}/end").status_code == 303
    site.world.wait(seconds=1)
    assert "现在没有人担任" in site.visitor().get("/offices").text
    assert "Nobody holds this office now" in site.visitor().get("/offices?lang=en").text


def test_the_administrator_gives_an_office_for_a_term(site: Site) -> None:
    client, number = site.as_(Post.ADMIN), number_of(site, "neighbour")
    assert "任命" in client.get("/offices/new?post=delegate").text
    data = {
        "number": str(number), "post": "delegate",
        "where": str(site.world.community.id), "until": "2027-12-31",
    }  # fmt: skip
    answer = client.post("/offices", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/offices#post-delegate")
    made = in_force(site, Post.DELEGATE)[-1]
    assert made.person_id == site.world.who["neighbour"]
    assert made.until == datetime(2027, 12, 31, 16, tzinfo=UTC)
    page = client.get("/offices").text
    assert "2027 年 12 月 31 日" in page
    assert f"编号 {number:04d}" in page
    again = client.post("/offices", data=data)
    assert again.status_code == 422
    assert "已经在这里担任" in again.text


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    wrong = client.post(
        "/offices", data={"number": "９９９", "post": "", "where": "1", "until": "x"}
    )
    assert wrong.status_code == 422
    assert 'value="９９９"' in wrong.text
    assert "没有编号 999 的人" in wrong.text
    handler = client.post(
        "/offices",
        data={
            "number": str(number_of(site, "neighbour")), "post": "handler",
            "where": str(site.world.community.id), "until": "2020-01-01",
        },
    )  # fmt: skip
    assert handler.status_code == 422
    assert "请选一个单位" in handler.text
    assert "任期的最后一天要在今天或以后" in handler.text


def test_an_office_is_ended_only_after_a_second_look(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    (office,) = in_force(site, Post.RECORDER)
    page = client.get(f"/offices/{office.id}/end").text
    assert "记录员 01" in page
    assert in_force(site, Post.RECORDER)
    assert client.post(f"/offices/{office.id}/end").status_code == 303
    site.world.wait(seconds=1)
    assert not in_force(site, Post.RECORDER)
    assert client.get(f"/offices/{office.id}/end").status_code == 409
    assert site.world.acts()[-1] == "office.end"


def test_the_last_administrator_stays(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    with site.read() as session:
        mine = session.scalars(select(Office).where(Office.post == Post.ADMIN)).one()
    page = client.get(f"/offices/{mine.id}/end").text
    assert "还有别的系统管理员" in page
    assert "<form" not in page.split("<main")[1].split("</main")[0]
    assert client.post(f"/offices/{mine.id}/end").status_code == 409


def test_a_worker_enters_somebody_in_a_further_constituency(site: Site) -> None:
    client, number = site.as_(Post.COMMUNITY_WORKER), number_of(site, "neighbour")
    assert client.get("/memberships/new").status_code == 200
    data = {"number": str(number), "constituency": "party"}
    answer = client.post("/memberships", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people/{number}/slip")
    with site.read() as session:
        held = select(Membership.constituency).where(
            Membership.person_id == site.world.who["neighbour"]
        )
        assert set(session.scalars(held)) == {Constituency.PARTY, Constituency.RESIDENTS}
    again = client.post("/memberships", data=data)
    assert again.status_code == 422
    assert "已经登记在这一方" in again.text
    assert f'value="{number}"' in again.text
    unit = client.post("/memberships", data={"number": str(number), "constituency": "units"})
    assert "请选一个单位" in unit.text


def test_a_membership_is_ended_on_the_persons_page_after_a_second_look(site: Site) -> None:
    client, number = site.as_(Post.COMMUNITY_WORKER), number_of(site, "neighbour")
    assert 'action="/people"' in client.get("/memberships/new").text
    page = client.get(f"/people/{number}/slip").text
    with site.read() as session:
        held = select(Membership.id).where(Membership.person_id == site.world.who["neighbour"])
        member = session.scalars(held).one()
    assert f"/memberships/{member}/end" in page
    asked = client.get(f"/memberships/{member}/end").text
    assert f"{number:04d}" in asked
    assert "照样算数" in asked
    answer = client.post(f"/memberships/{member}/end")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/people/{number}/slip#memberships"
    site.world.wait(seconds=1)
    assert "不属于五方中的任何一方" in client.get(f"/people/{number}/slip").text
    assert client.get(f"/memberships/{member}/end").status_code == 409
    assert client.post(f"/memberships/{member}/end").status_code == 409
    log = site.visitor().get("/log").text
    assert "结束了一位成员在五方之一的资格" in log
    back = client.post("/memberships", data={"number": str(number), "constituency": "residents"})
    assert back.status_code == 303
    assert f"/memberships/{member}/end" in client.get(f"/people/{number}/slip").text
    assert site.world.acts()[-2:] == ["membership.end", "membership.add"]


def test_others_end_no_membership(site: Site) -> None:
    for who in (Constituency.RESIDENTS, Post.FACILITATOR):
        assert site.as_(who).get("/memberships/1/end").status_code == 403
        assert site.as_(who).post("/memberships/1/end").status_code == 403
    assert site.as_(Post.ADMIN).get("/memberships/999999/end").status_code == 404
    assert site.visitor().get("/memberships/1/end").status_code in {303, 401}


@pytest.mark.parametrize("address", ["/offices/new", "/offices/1/end", "/memberships/new"])
def test_others_cannot_set_up_offices(site: Site, address: str) -> None:
    assert site.as_(Constituency.RESIDENTS).get(address).status_code == 403
    assert site.visitor().get(address).status_code in {303, 401}
    assert site.as_(Constituency.RESIDENTS).post("/offices", data={}).status_code == 403
    assert site.as_(Constituency.RESIDENTS).post("/memberships", data={}).status_code == 403
    assert site.as_(Constituency.RESIDENTS).post("/offices/1/end").status_code == 403
    assert site.as_(Post.ADMIN).get("/offices/999999/end").status_code == 404


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_post_says_what_it_does(language: i18n.Language) -> None:
    assert [post for post in Post if not i18n.knows(language, f"duty.{post}")] == []


def test_the_page_takes_as_many_statements_for_forty_offices_as_for_two(site: Site) -> None:
    world = site.world
    client = site.as_(Post.ADMIN)
    seen = statements(site)
    client.get("/offices")
    few = len(seen)
    for n in range(40):
        world.person(f"p{n}", Constituency.RESIDENTS)
        offices.give(
            world.as_(Post.ADMIN), world.community, person_id=world.who[f"p{n}"],
            post=Post.DELEGATE,
        )  # fmt: skip
    world.commit()
    seen.clear()
    page = client.get("/offices").text
    assert "41 人担任" in page
    assert 0 < len(seen) <= few
