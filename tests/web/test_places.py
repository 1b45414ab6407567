"""The tree of places with units and buildings, and what an administrator adds to it."""

import pytest
from sqlalchemy import select

from council import charter, gate, offices, places, proposals, slips
from council.gate import Act
from council.people import Constituency, Post
from council.places import Building, Place, PlaceKind, Unit
from council.policy import Can
from council.proposals import Proposal, Stage
from tests.web.conftest import Site, statements
from tests.world import WORDS


def test_everybody_reads_the_tree_and_the_units(site: Site) -> None:
    page = site.visitor().get("/places").text.split("<main")[1]
    names = ("济南市", "市中区", "杆石桥街道", "示范社区", "经九路小学")
    order = [page.index(name) for name in names]
    assert order == sorted(order)
    assert "0531-0000 1234" in page
    assert "/units/new" not in page
    street = site.visitor().get(f"/places/{site.world.community.parent_id}").text
    assert "示范社区" in street
    assert site.visitor().get("/places/999").status_code == 404


def test_a_grid_a_unit_and_a_building_are_added(site: Site) -> None:
    client, home = site.as_(Post.ADMIN), f"/places/{site.world.community.id}"
    for kind in ("places", "units", "buildings"):
        assert client.get(f"{home}/{kind}/new").status_code == 200
    grid = {"name": "G1 东段", "name_en": "G1 East", "code": "370103003999G1", "households": "300"}
    assert client.post(f"{home}/places", data=grid).status_code == 303
    unit = {"name": "供电所", "phone": "0531-0000 1410"}
    assert client.post(f"{home}/units", data=unit).headers["location"] == f"{home}#units"
    with site.read() as session:
        made = session.scalars(select(Place).where(Place.kind == PlaceKind.GRID)).one()
        assert (made.name_en, made.households) == ("G1 East", 300)
        assert not session.scalars(select(Unit).where(Unit.name == "供电所")).one().signs_in
    building = {"name": "3 号楼", "grid": str(made.id), "households": "60"}
    assert client.post(f"{home}/buildings", data=building).status_code == 303
    page = client.get(home).text
    assert "G1 东段" in page
    assert "60 户" in page
    assert "G1 East" in client.get(f"{home}?lang=en").text
    assert client.get(f"/places/{made.id}").status_code == 200
    assert client.get(f"/places/{made.id}/places/new").status_code == 404
    assert site.world.acts()[-3:] == ["place.add", "unit.add", "building.add"]


def test_the_next_level_of_a_city_is_a_district(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    assert "加一个区" in client.get("/places/1/places/new").text
    data = {"name": "历下区", "code": "370102"}
    assert client.post("/places/1/places", data=data).status_code == 303
    assert "历下区" in site.visitor().get("/places").text


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site) -> None:
    client, home = site.as_(Post.ADMIN), f"/places/{site.world.community.id}"
    typed = {"name": "G1 东段", "code": "370100"}
    grid = client.post(f"{home}/places", data=typed | {"residents": "x"})
    assert grid.status_code == 422
    assert 'value="G1 东段"' in grid.text
    assert "请只写数字" in grid.text
    taken = client.post(f"{home}/places", data=typed)
    assert "这个代码已经有别的地方在用" in taken.text
    unit = client.post(f"{home}/units", data={"name": "绿化公司", "phone": "0531-1"})
    assert unit.status_code == 422
    assert 'value="0531-1"' in unit.text
    assert "已经有了" in unit.text
    building = client.post(f"{home}/buildings", data={"name": "3 号楼", "grid": "1"})
    assert building.status_code == 422
    assert 'value="3 号楼"' in building.text


def test_units_and_buildings_belong_to_communities_only(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    assert client.post("/places/1/units", data={"name": "x"}).status_code == 409
    assert client.post("/places/1/buildings", data={"name": "x"}).status_code == 409


@pytest.mark.parametrize("kind", ["places", "units", "buildings"])
def test_others_cannot_add_anything(site: Site, kind: str) -> None:
    client, home = site.as_(Post.PARTY_LEAD), f"/places/{site.world.community.id}"
    assert client.get(f"{home}/{kind}/new").status_code == 403
    assert client.post(f"{home}/{kind}", data={"name": "x", "code": "x"}).status_code == 403
    assert site.visitor().get(f"{home}/{kind}/new").status_code in {303, 401}
    with site.read() as session:
        assert not session.scalars(select(Building)).all()


def test_the_page_takes_as_many_statements_for_forty_grids_as_for_two(site: Site) -> None:
    world = site.world

    def add(first: int, last: int) -> None:
        admin, home = world.as_(Post.ADMIN), world.community
        for n in range(first, last):
            grid = offices.add_place(admin, home, kind=PlaceKind.GRID, code=f"g{n}", name=f"G{n}")
            offices.add_building(admin, home, name=f"{n} 号楼", grid_id=grid.id)
            offices.add_unit(admin, home, name=f"单位{n}")
        world.commit()

    seen = statements(site)
    client, counts = site.visitor(), []
    for first, last in ((0, 2), (2, 40)):
        add(first, last)
        seen.clear()
        assert f"G{last - 1}" in client.get("/places").text
        counts.append(len(seen))
    assert counts[0] == counts[1] > 0


def test_before_there_is_a_community_the_topmost_place_is_shown(site: Site) -> None:
    with site.read() as session:
        top = places.top(session)
        assert top is not None
        assert [one.place.id for one in places.tree(session)] == [top.id]
        line = places.line(session, session.get_one(Place, site.world.community.id))
    assert [one.kind for one in line] == list(PlaceKind)[:4]
    assert site.as_(Constituency.RESIDENTS).get("/places").status_code == 200


# Several communities


def second(site: Site) -> Place:
    """Another community in the same street, with a resident of its own (`there`)."""
    world, admin = site.world, site.world.as_(Post.ADMIN)
    street = world.session.get_one(Place, world.community.parent_id)
    made = offices.add_place(
        admin, street, kind=PlaceKind.COMMUNITY, code="370103003999b", name="北园社区",
        name_en="Beiyuan", phone="0531-0000 9999",
    )  # fmt: skip
    world._new("there")
    offices.enrol(admin, made, person_id=world.who["there"], constituency=Constituency.RESIDENTS)
    world.commit()
    return made


def matter_of(site: Site, community: Place, stage: Stage = Stage.CONSULTING) -> Proposal:
    """A matter of the other community, put straight at a stage."""
    world = site.world
    made = proposals.draft(world.as_("there"), community, words=WORDS)

    def move() -> None:
        made.stage, made.rules = stage, charter.rules(world.session, community.id)
        made.submitted_at = made.moved_at = world.now

    gate.through(world.system(), Act("test.move", Can.SYSTEM), made, move)
    world.commit()
    return made


def head(text: str) -> str:
    """The head of a page."""
    return text.split('<header class="top"')[1].split("</header>", maxsplit=1)[0]


def test_with_one_community_its_name_leads_home_and_addresses_stay_short(site: Site) -> None:
    page = site.visitor().get("/").text
    assert '<a class="brand" href="/">' in page
    assert "community=" not in page
    assert "示范社区" in site.visitor().get("/communities").text


def test_one_of_several_communities_is_chosen_on_a_plain_page_and_remembered(site: Site) -> None:
    other, client = second(site), site.visitor()
    assert "示范社区" in head(client.get("/proposals").text)
    assert '<a class="brand" href="/communities">' in client.get("/").text
    page = client.get("/communities").text
    assert f'href="/?community={other.id}"' in page
    assert page.index("济南市") < page.index("杆石桥街道") < page.index("0531-0000 9999")
    assert "北园社区" in head(client.get(f"/?community={other.id}").text)
    remembered = client.get("/proposals").text
    assert "北园社区" in head(remembered)
    assert f'href="/proposals?community={other.id}"' in remembered
    assert "Beiyuan" in head(client.get("/offices?lang=en").text)
    assert "0531-0000 9999" in client.get("/communities").text


@pytest.mark.parametrize("typed", ["999999", "1", "x", "9" * 20, "-1"])
def test_a_community_that_does_not_exist_is_ignored(site: Site, typed: str) -> None:
    second(site)
    answer = site.visitor().get("/proposals", params={"community": typed})
    assert answer.status_code == 200
    assert "示范社区" in head(answer.text)


def test_lists_hold_the_matters_of_the_chosen_community_only(site: Site) -> None:
    other = second(site)
    row = matter_of(site, other)
    here = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    links = [f'href="/proposals/{one.id}"' for one in (here, row)]
    for community, shown in ((site.world.community, [True, False]), (other, [False, True])):
        page = site.visitor().get(f"/proposals?community={community.id}").text
        assert [one in page for one in links] == shown


def test_a_matters_own_page_shows_its_own_community_without_a_cookie(site: Site) -> None:
    other = second(site)
    row = matter_of(site, other)
    client = site.visitor()
    for path in (f"/proposals/{row.id}", f"/proposals/{row.id}/consultation"):
        top = head(client.get(path).text)
        assert "北园社区" in top
        assert "0531-0000 9999" in top
        assert f'href="/meetings?community={other.id}"' in top
    assert "示范社区" in head(client.get("/proposals").text)  # reading chooses nothing
    away = site.visitor()
    away.get(f"/?community={other.id}")
    mine = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    assert "示范社区" in head(away.get(f"/proposals/{mine.id}").text)


def test_a_slip_for_a_matter_opens_in_the_matters_community(site: Site) -> None:
    other = second(site)
    row, world = matter_of(site, other), site.world
    offices.give(
        world.as_(Post.ADMIN), other, person_id=world.who["there"], post=Post.COMMUNITY_WORKER
    )
    code = slips.issue_matter_slip(world.as_("there"), other, row.id, world.who["there"])
    world.commit()
    assert "北园社区" in head(site.visitor().get(f"/slips/{code}").text)


def test_what_is_not_found_does_not_tell_whose_it_is(site: Site) -> None:
    row = matter_of(site, second(site), Stage.DRAFT)
    answer = site.visitor().get(f"/proposals/{row.id}")
    assert answer.status_code == 404
    assert "北园社区" not in answer.text
    assert "示范社区" in head(answer.text)


def test_whoever_belongs_elsewhere_comes_home_and_a_choice_counts_more(site: Site) -> None:
    second(site)
    client = site.as_("there")
    assert "北园社区" in head(client.get("/me").text)
    client.get(f"/?community={site.world.community.id}")
    assert "示范社区" in head(client.get("/me").text)
    assert "示范社区" in head(site.as_("neighbour").get("/").text)
    assert "示范社区" in head(site.as_(Post.ADMIN).get("/").text)


def test_a_form_goes_to_the_community_in_which_it_was_shown(site: Site) -> None:
    other, client = second(site), site.as_(Post.ADMIN)
    page = client.get(f"/offices/new?community={other.id}").text
    assert f'name="community" value="{other.id}"' in page
    with site.read() as session:
        number = offices.numbers(session, other.id, {site.world.who["there"]})
    client.get(f"/?community={site.world.community.id}")  # meanwhile, in another tab
    data = {
        "number": str(number[site.world.who["there"]]), "post": "recorder",
        "where": str(other.id), "community": str(other.id),
    }  # fmt: skip
    assert client.post("/offices", data=data).status_code == 303
    assert "北园社区" in head(client.get("/offices").text)
    with site.read() as session:
        (held,) = offices.holders(session, other.id, site.world.now)
        assert (held.post, held.person_id) == (Post.RECORDER, site.world.who["there"])


def test_an_ended_sign_in_sends_an_empty_form_to_sign_in_as_before(site: Site) -> None:
    other = second(site)
    answer = site.visitor().post("/me/capacity", data={"community": str(other.id)})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def test_the_choice_costs_the_same_number_of_statements_however_many_there_are(site: Site) -> None:
    other = second(site)
    client, seen = site.visitor(), statements(site)
    client.get(f"/communities?community={other.id}")
    few = len(seen)
    street = site.world.session.get_one(Place, site.world.community.parent_id)
    for n in range(40):
        offices.add_place(
            site.world.as_(Post.ADMIN), street, kind=PlaceKind.COMMUNITY, code=f"z{n}", name=f"Z{n}"
        )
    site.world.commit()
    seen.clear()
    assert "Z39" in client.get(f"/communities?community={other.id}").text
    assert 0 < len(seen) <= few
