"""People in public: a number, not a name; two capacities, and the one that was chosen."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from council import people
from council.errors import NotReady
from council.gate import Act, through
from council.people import Constituency, Post
from council.places import Place
from council.policy import Can
from tests.world import World


def test_in_public_people_are_a_constituency_and_a_number(world: World) -> None:
    who = world.who[Constituency.RESIDENTS]
    found = people.bylines(world.session, world.community.id, [(who, Constituency.RESIDENTS)])
    shown = found[who, Constituency.RESIDENTS]
    assert shown.number > 0
    assert shown.name == ""


def test_a_real_name_is_shown_only_with_consent_for_this_item(world: World) -> None:
    who = world.who[Constituency.RESIDENTS]
    key = (who, Constituency.RESIDENTS)
    found = people.bylines(world.session, world.community.id, [key], named=[who])
    assert found[key].name.startswith("真名")


def test_a_units_representative_appears_as_the_unit(world: World) -> None:
    key = (world.who[Constituency.UNITS], Constituency.UNITS)
    found = people.bylines(world.session, world.community.id, [key])
    assert found[key].unit == world.other_unit.name


def test_numbers_and_references_are_one_person_each(world: World) -> None:
    first = people.alias(world.session, world.who["neighbour"], world.community.id)
    again = people.alias(world.session, world.who["neighbour"], world.community.id)
    other = people.alias(world.session, world.who[Constituency.PARTY], world.community.id)
    assert first is again
    assert first.number != other.number
    assert first.ref != other.ref


def test_a_number_that_a_refused_act_took_is_given_anew(world: World) -> None:
    place = world.session.get_one(Place, world.community.parent_id)
    seen = []

    def meet() -> None:
        seen.append(people.alias(world.session, world.who["neighbour"], place.id))
        if len(seen) == 1:
            raise NotReady("not_ready")

    with pytest.raises(NotReady):
        through(world.system(), Act("test.meet", Can.SYSTEM), place, meet)
    through(world.system(), Act("test.meet", Can.SYSTEM), place, meet)
    lost, made = seen
    assert made is not lost
    assert made in world.session


def test_a_session_asks_once_for_each_face(world: World) -> None:
    asked: list[str] = []
    event.listen(world.session.get_bind(), "before_cursor_execute", lambda *it: asked.append(it[2]))
    first, again = (
        people.alias(world.session, world.who["neighbour"], world.community.id) for _ in range(2)
    )
    assert first is again
    assert len(asked) <= 1


def test_an_office_counts_only_within_its_term(world: World) -> None:
    path = world.community.path
    before = world.now - timedelta(days=1)
    early = people.actor(world.session, world.who[Post.FACILITATOR], before)
    now = people.actor(world.session, world.who[Post.FACILITATOR], world.now)
    assert early.posts(path) == frozenset()
    assert now.posts(path) == {Post.FACILITATOR}
