"""Who can stand on a roll: out of a list that was read, or out of who belongs and holds office."""

from datetime import timedelta

import pytest

from council import accounts, entitlements, imports, offices, slips
from council.accounts import Newcomer
from council.entitlements import Checked, Entry, RollKind
from council.gate import Act, through
from council.people import Constituency, Person, Post
from council.policy import Can
from tests.world import World

RESIDENT = Constituency.RESIDENTS


def checked(world: World, written: str, kind: RollKind = RollKind.RESIDENTS) -> Checked:
    needed = entitlements.NEEDED[kind]
    report = imports.check(imports.read_text(written), needed)
    return entitlements.checked(world.session, world.community.id, world.now, kind, report)


def faults(found: Checked) -> list[tuple[int, str, str]]:
    return [(one.line, one.problem.field, one.problem.key) for one in found.report.faults]


def account(world: World, key: Post | Constituency | str, name: str) -> accounts.Account:
    who = Newcomer(person_id=world.who[key], constituency=None)
    return accounts.open_account(
        world.as_(Post.ADMIN), world.community, who, name=name, code=slips.new_code()
    )


def drawn(world: World, kind: RollKind, *sides: Constituency) -> list[Entry]:
    return entitlements.drawn(world.session, world.community.id, world.now, kind, sides)


def test_an_account_in_a_list_leads_to_its_person(world: World) -> None:
    account(world, RESIDENT, "wang")
    found = checked(world, "姓名,楼栋,账号\n王芳,3,WANG\n张三,3,\n")
    assert found.good
    assert found.entries == (
        Entry("王芳", "3", person_id=world.who[RESIDENT]), Entry("张三", "3"),
    )  # fmt: skip


def test_an_account_that_is_unknown_closed_or_of_somebody_elsewhere_is_a_fault(
    world: World,
) -> None:
    accounts.disable(world.as_(Post.ADMIN), account(world, RESIDENT, "closed"))
    account(world, Post.SUBDISTRICT, "elsewhere")
    found = checked(world, "姓名,楼栋,账号\n甲,1,closed\n乙,1,elsewhere\n丙,1,nobody\n")
    assert faults(found) == [(n, "account", "cell_no_account") for n in (2, 3, 4)]
    assert not found.good


def test_two_accounts_of_one_person_are_one_voter(world: World) -> None:
    account(world, RESIDENT, "first")
    account(world, RESIDENT, "second")
    found = checked(world, "姓名,楼栋,账号\n甲,1,first\n乙,1,second\n丙,2,second\n")
    assert faults(found) == [
        (3, "account", "cell_same_person"), (4, "account", "cell_repeated"),
    ]  # fmt: skip
    assert found.report.faults[0].problem.fields == {"first": 2}


def test_a_household_votes_once(world: World) -> None:
    written = "姓名,楼栋,户号\n甲,1,501\n乙,1,501\n丙,2,501\n丙,2,501\n"
    assert faults(checked(world, written, RollKind.HOUSEHOLDS)) == [
        (3, "household", "cell_same_household"), (5, "name", "cell_repeated"),
    ]  # fmt: skip
    assert faults(checked(world, written)) == [(5, "name", "cell_repeated")]


def test_the_delegates_assembly_is_delegates_and_committee_each_once(world: World) -> None:
    both = offices.give(
        world.as_(Post.ADMIN), world.community, person_id=world.who[Post.DELEGATE],
        post=Post.COMMITTEE,
    )  # fmt: skip
    found = drawn(world, RollKind.DELEGATES)
    assert both.person_id == world.who[Post.DELEGATE]
    assert {one.person_id for one in found} == {world.who[Post.DELEGATE], world.who[Post.COMMITTEE]}
    assert len(found) == 2
    world.wait(days=1)
    for row in offices.holders(world.session, world.community.id, world.now):
        if row.post in {Post.DELEGATE, Post.COMMITTEE}:
            offices.end(world.as_(Post.ADMIN), row)
    world.wait(days=1)
    assert drawn(world, RollKind.DELEGATES) == []


def test_members_stand_there_by_constituency_and_a_unit_once(world: World) -> None:
    world.person("second", Constituency.UNITS)
    world.join(Constituency.PARTY, RESIDENT)
    found = drawn(world, RollKind.MEMBERS, Constituency.UNITS, RESIDENT, Constituency.PARTY)
    sides = [one.constituency for one in found]
    assert sides == sorted(sides, key=list(Constituency).index)
    assert sides.count(Constituency.UNITS) == 1
    assert sum(one.person_id == world.who[Constituency.PARTY] for one in found) == 1


def test_residents_with_an_account_who_are_of_age_stand_there(world: World) -> None:
    account(world, RESIDENT, "adult")
    account(world, "neighbour", "child")

    def young() -> None:
        world.session.get_one(Person, world.who["neighbour"]).born = world.now.year - 17

    through(world.system(), Act("test.young", Can.SYSTEM), world.community, young)
    assert [one.person_id for one in drawn(world, RollKind.RESIDENTS)] == [world.who[RESIDENT]]


@pytest.mark.parametrize("kind", [RollKind.HOUSEHOLDS, RollKind.OWNERS])
def test_households_and_owners_need_a_list(world: World, kind: RollKind) -> None:
    world.now += timedelta(days=1)
    assert drawn(world, kind) == []
