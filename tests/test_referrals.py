"""The router: which body decides a matter, why, and what then becomes of the matter."""

from functools import partial

import pytest

from council import calendar, process, referrals, sittings
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Act, through
from council.people import Post
from council.policy import Can
from council.proposals import Stage
from council.referrals import Outside, Subject
from council.votes import Body
from tests.polling import referred
from tests.world import World


@pytest.mark.parametrize(
    ("subject", "authorised", "body", "profile"),
    [
        (Subject.COVENANT, False, Body.RESIDENTS, "RESIDENT_ASSEMBLY"),
        (Subject.COVENANT, True, Body.DELEGATES, "DELEGATE_ASSEMBLY"),
        (Subject.ALL_RESIDENTS, False, Body.RESIDENTS, "RESIDENT_ASSEMBLY"),
        (Subject.SHARED_PARTS, False, Body.OWNERS, "OWNERS_ORDINARY"),
        (Subject.SHARED_SPECIAL, False, Body.OWNERS, "OWNERS_SPECIAL"),
        (Subject.BUDGET, False, Body.COUNCIL, "COUNCIL"),
        (Subject.OVER_BUDGET, True, Body.DELEGATES, "DELEGATE_ASSEMBLY"),
    ],
)
def test_the_router_names_the_body_and_its_rule(
    subject: Subject, authorised: bool, body: Body, profile: str
) -> None:
    found = referrals.route(subject, authorised=authorised)
    assert (found.body, found.profile, found.outside) == (body, profile, None)


def test_public_land_and_other_communities_are_decided_outside() -> None:
    assert referrals.route(Subject.PUBLIC_LAND).outside is Outside.DEPARTMENT
    assert referrals.route(Subject.OTHER_COMMUNITY).outside is Outside.SUBDISTRICT
    assert referrals.route(Subject.PUBLIC_LAND).body is None


def test_a_convener_answers_and_the_answer_is_kept(world: World) -> None:
    matter = world.matter(Stage.READY_FOR_MEETING)
    with pytest.raises(NotAllowed):
        referrals.settle(world.as_(Post.COMMUNITY_WORKER), matter, subject=Subject.COVENANT)
    row = referrals.settle(world.as_(Post.PARTY_LEAD), matter, subject=Subject.COVENANT)
    assert (row.body, row.route.law) == (Body.RESIDENTS, "residents")
    again = referrals.settle(world.as_(Post.COMMITTEE), matter, subject=Subject.SHARED_PARTS)
    assert again is row
    assert row.body is Body.OWNERS
    assert world.acts()[-3:] == ["referral.settle", "proposal.send_to_body", "referral.settle"]


def test_only_what_belongs_to_the_assembly_is_left_to_the_delegates(world: World) -> None:
    matter = world.matter(Stage.READY_FOR_MEETING)
    ctx = world.as_(Post.PARTY_LEAD)
    with pytest.raises(Invalid) as wrong:
        referrals.settle(ctx, matter, subject=Subject.SHARED_PARTS, authorised=True)
    assert [one.field for one in wrong.value.problems] == ["authorised"]


def test_nobody_asks_the_router_about_a_matter_in_another_stage(world: World) -> None:
    matter = world.matter(Stage.CONSULTING)
    with pytest.raises(NotReady) as refusal:
        referrals.settle(world.as_(Post.PARTY_LEAD), matter, subject=Subject.COVENANT)
    assert refusal.value.needs == ("body_is_open",)


def test_a_matter_goes_to_its_body_once_that_is_named(world: World) -> None:
    matter = world.matter(Stage.READY_FOR_MEETING)
    ctx = world.as_(Post.PARTY_LEAD)
    with pytest.raises(NotAllowed):
        process.move(ctx, matter, "send_to_body")
    with pytest.raises(NotReady) as refusal:
        process.move(world.system(), matter, "send_to_body")
    assert refusal.value.needs == ("body_named",)
    clock = partial(sittings.await_meeting, ctx, matter)
    through(world.system(), Act("test.wait", Can.SYSTEM), matter, clock)
    referrals.settle(ctx, matter, subject=Subject.COVENANT)
    assert matter.stage is Stage.REFERRED
    assert [one.kind for one in calendar.running(world.session, matter)] == ["call_body"]
    assert world.acts()[-2:] == ["referral.settle", "proposal.send_to_body"]
    referrals.settle(ctx, matter, subject=Subject.ALL_RESIDENTS)  # again: it stays where it is
    assert world.acts()[-1] == "referral.settle"


def test_what_is_decided_outside_is_handed_over(world: World) -> None:
    matter = referred(world, Subject.PUBLIC_LAND)
    process.move(world.as_(Post.PARTY_LEAD), matter, "transfer")
    assert matter.stage is Stage.TRANSFERRED
    assert world.acts()[-1] == "proposal.transfer"
    other = referred(world)
    with pytest.raises(NotReady) as refusal:
        process.move(world.as_(Post.PARTY_LEAD), other, "transfer")
    assert refusal.value.needs == ("body_is_outside",)
