"""The tree of places with units and buildings, and what an administrator adds to it."""

import pytest
from sqlalchemy import select

from council import offices, places
from council.people import Constituency, Post
from council.places import Building, Place, PlaceKind, Unit
from tests.web.conftest import Site, statements


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
