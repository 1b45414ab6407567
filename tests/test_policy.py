"""Who may do what: the whole table, read once as a table."""

import pytest

from council import policy
from council.people import Constituency, Post
from council.policy import HOLDERS, Can
from tests.world import World

EVERYBODY = [*Constituency, *Post]


def test_every_permission_says_who_holds_it() -> None:
    assert set(HOLDERS) == set(Can)


@pytest.mark.parametrize("can", [one for one in Can if one is not Can.SELF], ids=str)
def test_a_permission_is_held_by_those_in_the_table_and_nobody_else(world: World, can: Can) -> None:
    holders = HOLDERS[can]
    for key in EVERYBODY:
        actor = world.as_(key).voice
        held = policy.allows(world.session, actor, can, world.community.id)
        member = bool(actor.constituencies(world.community.id) & holders.constituencies)
        office = key in holders.posts
        assert held == (member or office), (key, can)


def test_nobody_who_has_not_signed_in_may_do_anything(world: World) -> None:
    assert policy.abilities(world.session, None, world.community.id) == frozenset()


def test_the_system_does_only_what_is_the_systems(world: World) -> None:
    able = policy.abilities(world.session, world.system().voice, world.community.id)
    assert able == {Can.SYSTEM}


def test_the_administrator_decides_speaks_and_votes_nowhere(world: World) -> None:
    able = policy.abilities(world.session, world.as_(Post.ADMIN).voice, world.community.id)
    assert able == {Can.SELF, Can.ENROL, Can.APPOINT, Can.CONFIGURE}


def test_a_membership_of_one_community_is_worth_nothing_in_another(world: World) -> None:
    street = world.community.parent_id or 0
    actor = world.as_(Constituency.RESIDENTS).voice
    assert not policy.allows(world.session, actor, Can.SPEAK, street)
