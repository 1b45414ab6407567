"""Places and offices: who sets them up, how far they reach, and what must stay apart."""

import pytest

from council import offices, opinions, people, policy
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.places import PlaceKind
from council.policy import Can
from tests.consulting import consulting, say
from tests.world import World


def test_an_installation_begins_with_one_place_and_one_administrator(world: World) -> None:
    assert world.acts()[:2] == ["place.found", "office.first"]
    with pytest.raises(NotReady) as refusal:
        offices.first_administrator(world.system(), world.community, name="又一个")
    assert refusal.value.needs == ("has_no_administrator",)


def test_nobody_but_the_clockwork_founds_an_installation(world: World) -> None:
    with pytest.raises(NotAllowed):
        offices.found(world.as_(Post.ADMIN), offices.Nowhere(), code="x", name="x")


def test_an_office_reaches_down_from_where_it_is_held(world: World) -> None:
    street = world.community.parent_id
    assert street is not None
    holder = world.person("street", Constituency.RESIDENTS)
    place = world.session.get_one(offices.Place, street)
    offices.give(world.as_(Post.ADMIN), place, person_id=holder, post=Post.SUBDISTRICT)
    actor = world.as_("street").voice
    assert policy.allows(world.session, actor, Can.SUPERVISE, world.community.id)
    city = world.session.get_one(offices.Place, 1)
    assert not policy.allows(world.session, actor, Can.SUPERVISE, city.id)


def test_an_office_ends_with_its_term_and_can_be_ended_before(world: World) -> None:
    admin = world.as_(Post.ADMIN)
    office = next(
        one
        for one in offices.holders(world.session, world.community.id, world.now)
        if one.post is Post.FACILITATOR
    )
    offices.end(admin, office)
    assert world.acts()[-1] == "office.end"
    world.wait(seconds=1)
    actor = world.as_(Post.FACILITATOR).voice
    assert not policy.allows(world.session, actor, Can.CHAIR, world.community.id)
    with pytest.raises(NotReady) as refusal:
        offices.end(world.as_(Post.ADMIN), office)
    assert refusal.value.needs == ("in_force",)


def test_oversight_and_residents_committee_stay_apart(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        offices.give(
            world.as_(Post.ADMIN), world.community,
            person_id=world.who[Post.COMMITTEE], post=Post.OVERSIGHT,
        )  # fmt: skip
    assert refusal.value.problems[0].key == "offices_apart"


def test_a_handler_needs_a_unit_and_a_unit_member_too(world: World) -> None:
    who = world.who["neighbour"]
    with pytest.raises(Invalid):
        offices.give(world.as_(Post.ADMIN), world.community, person_id=who, post=Post.HANDLER)
    with pytest.raises(Invalid):
        offices.enrol(
            world.as_(Post.ADMIN), world.community, person_id=who,
            constituency=Constituency.UNITS,
        )  # fmt: skip


def test_only_the_administrator_sets_up_places_units_and_offices(world: World) -> None:
    lead = world.as_(Post.PARTY_LEAD)
    with pytest.raises(NotAllowed):
        offices.add_unit(lead, world.community, name="x")
    with pytest.raises(NotAllowed):
        offices.add_building(lead, world.community, name="x")
    with pytest.raises(NotAllowed):
        offices.add_place(lead, world.community, kind=PlaceKind.GRID, code="g1", name="G1")
    with pytest.raises(NotAllowed):
        offices.give(lead, world.community, person_id=world.who["neighbour"], post=Post.DELEGATE)
    with pytest.raises(NotAllowed):
        offices.enrol(
            lead, world.community, person_id=world.who["neighbour"],
            constituency=Constituency.PARTY,
        )  # fmt: skip


def test_a_place_of_the_wrong_level_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        offices.add_place(
            world.as_(Post.ADMIN), world.community, kind=PlaceKind.CITY, code="c", name="C"
        )


def test_grids_and_buildings_are_entered_in_the_log(world: World) -> None:
    admin = world.as_(Post.ADMIN)
    grid = offices.add_place(admin, world.community, kind=PlaceKind.GRID, code="g1", name="G1")
    offices.add_building(admin, world.community, name="3 号楼", grid_id=grid.id, households=60)
    assert world.acts()[-2:] == ["place.add", "building.add"]
    assert grid.path == f"{world.community.path}{grid.id}/"
    assert {"unit.add", "office.give", "membership.add"} <= set(world.acts())


def test_somebody_may_belong_to_two_constituencies_and_chooses(world: World) -> None:
    world.join("neighbour", Constituency.PARTY)
    first = world.as_("neighbour").capacity(world.community)
    chosen = world.as_("neighbour", Constituency.RESIDENTS).capacity(world.community)
    assert (first, chosen) == (Constituency.PARTY, Constituency.RESIDENTS)


def test_the_last_administrator_cannot_be_ended(world: World) -> None:
    (mine,) = offices.holders(world.session, 1, world.now)
    with pytest.raises(NotReady) as refusal:
        offices.end(world.as_(Post.ADMIN), mine)
    assert refusal.value.needs == ("leaves_an_administrator",)
    offices.give(
        world.as_(Post.ADMIN), world.community, person_id=world.who["neighbour"], post=Post.ADMIN
    )
    offices.end(world.as_(Post.ADMIN), mine)


def test_units_buildings_and_members_belong_to_communities(world: World) -> None:
    admin, city = world.as_(Post.ADMIN), world.session.get_one(offices.Place, 1)
    for refused in (
        lambda: offices.add_unit(admin, city, name="x"),
        lambda: offices.add_building(admin, city, name="x"),
        lambda: offices.enrol(
            admin, city, person_id=world.who["neighbour"], constituency=Constituency.PARTY
        ),
    ):
        with pytest.raises(NotReady) as refusal:
            refused()
        assert refusal.value.needs == ("is_a_community",)


def test_nothing_is_entered_twice_or_for_another_community(world: World) -> None:
    admin, home = world.as_(Post.ADMIN), world.community
    offices.add_building(admin, home, name="3 号楼")
    street = world.session.get_one(offices.Place, home.parent_id)
    other = offices.add_place(
        admin, street, kind=PlaceKind.COMMUNITY, code="370103003998", name="另一个社区"
    )
    foreign = offices.add_unit(admin, other, name="另一个单位")
    who = world.who["neighbour"]
    for refused, key in (
        (lambda: offices.add_unit(admin, home, name="绿化公司"), "exists"),
        (lambda: offices.add_building(admin, home, name="3 号楼"), "exists"),
        (
            lambda: offices.add_building(admin, home, name="4 号楼", grid_id=1),
            "not_a_choice",
        ),
        (
            lambda: offices.give(admin, home, person_id=who, post=Post.HANDLER, unit_id=foreign.id),
            "not_a_choice",
        ),
        (
            lambda: offices.give(
                admin, home, person_id=world.who[Post.RECORDER], post=Post.RECORDER
            ),
            "holds_it_already",
        ),
        (
            lambda: offices.enrol(admin, home, person_id=who, constituency=Constituency.RESIDENTS),
            "belongs_already",
        ),
    ):
        with pytest.raises(Invalid) as refusal:
            refused()
        assert [one.key for one in refusal.value.problems] == [key]


def test_who_is_responsible_reaches_up_and_down_and_shows_what_is_vacant(world: World) -> None:
    found = offices.responsible(world.session, world.community, world.now)
    assert found[Post.ADMIN][0].place.kind is PlaceKind.CITY
    handler = found[Post.HANDLER][0]
    assert handler.unit is world.unit
    offices.end(world.as_(Post.ADMIN), found[Post.PARTY_LEAD][0].office)
    offices.end(world.as_(Post.ADMIN), found[Post.AUDITOR][0].office)
    world.wait(seconds=1)
    later = offices.responsible(world.session, world.community, world.now)
    assert later[Post.PARTY_LEAD] == []  # nobody can admit a proposal
    assert Post.AUDITOR not in later  # nothing waits for one


def test_offices_are_given_where_one_may_appoint(world: World) -> None:
    offices.add_place(
        world.as_(Post.ADMIN), world.community, kind=PlaceKind.GRID, code="g1", name="G1"
    )
    kinds = [one.kind for one in offices.within_reach(world.as_(Post.ADMIN), world.community)]
    assert kinds == list(PlaceKind)
    assert offices.within_reach(world.as_(Post.PARTY_LEAD), world.community) == []


def test_a_public_number_leads_to_a_person_and_back(world: World) -> None:
    who, home = world.who["neighbour"], world.community.id
    number = offices.numbers(world.session, home, {who})[who]
    assert offices.numbered(world.session, home, number) == who
    assert offices.numbered(world.session, home, 10**6) is None


def membership_of(world: World, key: str, constituency: Constituency) -> people.Membership:
    """What somebody belongs to."""
    found = offices.belongings(world.session, world.community.id, world.who[key], world.now)
    return next(one.row for one in found if one.row.constituency is constituency)


def test_somebody_leaves_a_constituency_and_what_they_said_still_counts(world: World) -> None:
    proposal = consulting(world)
    said = say(world.as_("neighbour"), proposal)
    row = membership_of(world, "neighbour", Constituency.RESIDENTS)
    world.wait(hours=1)
    offices.leave(world.as_(Post.COMMUNITY_WORKER), row)
    assert world.acts()[-1] == "membership.end"
    assert row.until == world.now
    assert not people.actor(world.session, world.who["neighbour"], world.now).memberships
    with pytest.raises(NotAllowed):
        say(world.as_("neighbour"), proposal)
    assert opinions.counts(world.session, proposal.id).of(Constituency.RESIDENTS) == 1
    [thread] = opinions.threads(world.session, world.community.id, [said])
    assert (thread.by.capacity, thread.by.number > 0) == (Constituency.RESIDENTS, True)
    assert opinions.callers(world.session, world.community.id, "neighbour", world.now) == []


def test_a_membership_ends_once_and_a_worker_or_the_administrator_ends_it(world: World) -> None:
    row = membership_of(world, "neighbour", Constituency.RESIDENTS)
    for who in ("neighbour", Post.PARTY_LEAD, Post.FACILITATOR):
        with pytest.raises(NotAllowed):
            offices.leave(world.as_(who), row)
    offices.leave(world.as_(Post.ADMIN), row)
    with pytest.raises(NotReady) as refusal:
        offices.leave(world.as_(Post.ADMIN), row)
    assert refusal.value.needs == ("still_belongs",)


def test_whoever_left_can_come_back_in_the_same_row(world: World) -> None:
    row = membership_of(world, "neighbour", Constituency.RESIDENTS)
    number = offices.numbers(world.session, world.community.id, {row.person_id})
    offices.leave(world.as_(Post.ADMIN), row)
    world.wait(days=1)
    world.join("neighbour", Constituency.RESIDENTS)
    assert (row.since, row.until) == (world.now, None)
    assert offices.numbers(world.session, world.community.id, {row.person_id}) == number
    assert world.as_("neighbour").capacity(world.community) is Constituency.RESIDENTS


def test_leaving_one_constituency_leaves_the_other(world: World) -> None:
    world.join("neighbour", Constituency.PARTY)
    offices.leave(world.as_(Post.ADMIN), membership_of(world, "neighbour", Constituency.PARTY))
    found = offices.belongings(world.session, world.community.id, world.who["neighbour"], world.now)
    assert [one.row.constituency for one in found] == [Constituency.RESIDENTS]
