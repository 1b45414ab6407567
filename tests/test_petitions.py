"""Petitions: with the last signature that is needed, a meeting is owed, and its notice answers."""

from datetime import date, timedelta

import pytest

from council import calendar, gate, grounds, jobs, offices, petitions, plans, signers, sittings
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Act
from council.grounds import PetitionGround
from council.kinds import MeetingKind
from council.meetings import Meeting
from council.people import Constituency, Post
from council.petitions import Petition, PetitionStage
from council.plans import Plan, Topic
from council.policy import Can
from council.signers import Beside
from council.votes import Body, Vote, VoteStage
from council.workflow import advance
from tests.world import World

WORDS = {"title": "请开居民代表会议", "purpose": "请讨论活动室收费，去年以来收费没有向居民说明。"}


def begun(world: World, ground: PetitionGround, key: Post | str) -> Petition:
    return petitions.start(world.as_(key), world.community, ground=ground, **WORDS)


def counted(world: World, adults: int) -> None:
    grounds.count_adults(
        world.as_(Post.COMMITTEE), world.community, adults=adults, as_of=date(2026, 5, 1),
        source="户籍登记",
    )  # fmt: skip


def planned(world: World, petition: Petition) -> Meeting:
    held = plans.holders(
        world.session, world.community, plans.KINDS[MeetingKind.DELEGATES], world.now
    )
    plan = Plan(
        kind=petition.right.kind, title="居民代表会议", starts_at=world.now + timedelta(days=5),
        location="二楼", accessible=True, chair_id=world.who[Post.FACILITATOR],
        recorder_id=world.who[Post.RECORDER], petition_id=petition.id,
        members=tuple(row.id for row in held if row.person_id != world.who[Post.COMMITTEE]),
        agenda=(Topic(title="活动室收费", motion="公布去年的收费。"),),
    )  # fmt: skip
    return plans.plan(world.as_(Post.PARTY_LEAD), world.community, plan=plan)


def test_a_tenth_of_the_adults_on_the_phone_at_the_counter_and_on_paper(world: World) -> None:
    with pytest.raises(Invalid) as unknown:
        begun(world, PetitionGround.RESIDENTS, "neighbour")
    assert unknown.value.key == "no_whole"
    counted(world, 31)
    with pytest.raises(Invalid) as stranger:
        begun(world, PetitionGround.RESIDENTS, Constituency.UNITS)
    assert stranger.value.key == "cannot_petition"
    petition = begun(world, PetitionGround.RESIDENTS, "neighbour")
    assert world.acts()[-1] == "petition.start"
    assert (petition.whole, petition.needed) == (31, 4)
    with pytest.raises(Invalid) as twice:
        begun(world, PetitionGround.RESIDENTS, "neighbour")
    assert twice.value.key == "petition_running"
    with pytest.raises(NotReady) as own:
        petitions.sign(world.for_("neighbour"), petition, beside=Beside(1, 1))
    assert own.value.needs == ("not_signed_yet",)
    with pytest.raises(NotReady) as unit:
        petitions.sign(world.as_(Constituency.UNITS), petition)
    assert unit.value.needs == ("may_sign_it",)
    with pytest.raises(NotAllowed):
        petitions.sign(world.nobody(), petition)
    petitions.sign(world.as_(Constituency.RESIDENTS), petition)
    assert world.acts()[-1] == "petition.sign"
    petitions.unsign(world.as_(Constituency.RESIDENTS), petition)
    assert world.acts()[-1] == "petition.unsign"
    with pytest.raises(NotReady) as gone:
        petitions.unsign(world.as_(Constituency.RESIDENTS), petition)
    assert gone.value.needs == ("has_signed",)
    petitions.sign(world.for_(Constituency.RESIDENTS), petition, beside=Beside(1, 3))
    for sheet, line, wrong in ((1, 3, "line_taken"), (1, None, "empty"), (1, 16, "out_of_range")):
        with pytest.raises(Invalid) as refused:
            petitions.sign(world.for_(Post.DELEGATE), petition, beside=Beside(sheet, line))
        assert refused.value.key == wrong
    world.wait(days=1)
    petitions.sign(world.as_(Post.DELEGATE), petition)
    found = signers.tally(world.session, petition.id)
    assert (found.total, found.paper, [n for _, n in found.days]) == (3, 1, [2, 1])
    assert petition.stage is PetitionStage.GATHERING
    petitions.sign(world.as_(Post.COUNCIL_MEMBER), petition)
    assert world.acts()[-2:] == ["petition.sign", "petition.reach"]
    clock = calendar.running(world.session, petition, "call_petitioned")[0]
    assert (clock.amount, clock.who) == ("15wd", "convene")
    for act in (petitions.sign, petitions.unsign):
        with pytest.raises(NotReady) as closed:
            act(world.as_(Post.DELEGATE), petition)
        assert "is_gathering" in closed.value.needs
    with pytest.raises(NotReady) as fixed:
        advance(world.as_("neighbour"), petitions.PETITION, petition, "withdraw")
    assert fixed.value.key == "no_such_step"


def test_the_notice_of_a_meeting_that_names_the_petition_answers_it_and_a_cancelling_undoes_that(
    world: World,
) -> None:
    petition = begun(world, PetitionGround.DELEGATES, Post.DELEGATE)
    assert petition.stage is PetitionStage.REACHED
    assert (petition.whole, petition.needed) == (1, 1)
    lead = world.as_(Post.PARTY_LEAD)
    owed = petitions.owed(world.session, world.community.id, MeetingKind.DELEGATES)
    assert [row.id for row in owed] == [petition.id]
    assert not petitions.owed(world.session, world.community.id, MeetingKind.COUNCIL)
    meeting = planned(world, petition)
    assert meeting.petition_id == petition.id
    assert petition.stage is PetitionStage.REACHED
    advance(lead, sittings.MEETING, meeting, "notify")
    assert world.acts()[-1] == "petition.meet"
    assert petition.stage is PetitionStage.MET
    assert not calendar.running(world.session, petition)
    with pytest.raises(Invalid) as again:
        planned(world, petition)
    assert again.value.key == "not_owed"
    plans.explain(lead, meeting, reason="停电")
    advance(lead, sittings.MEETING, meeting, "cancel")
    assert world.acts()[-1] == "petition.await_again"
    assert calendar.running(world.session, petition, "call_petitioned")


def test_a_petition_is_withdrawn_by_its_starter_or_lapses_when_its_days_are_over(
    world: World,
) -> None:
    counted(world, 4213)
    first = begun(world, PetitionGround.RESIDENTS, "neighbour")
    assert first.needed == 422
    with pytest.raises(NotReady) as other:
        advance(world.as_(Constituency.RESIDENTS), petitions.PETITION, first, "withdraw")
    assert other.value.needs == ("is_starter",)
    advance(world.as_("neighbour"), petitions.PETITION, first, "withdraw")
    assert world.acts()[-1] == "petition.withdraw"
    second = begun(world, PetitionGround.RESIDENTS, "neighbour")
    world.wait(days=30)
    jobs.run_due(world.system())
    assert second.stage is PetitionStage.GATHERING
    world.wait(days=1)
    with pytest.raises(NotReady) as late:
        petitions.sign(world.as_(Post.DELEGATE), second)
    assert late.value.needs == ("is_gathering",)
    jobs.run_due(world.system())
    assert world.acts()[-1] == "petition.lapse"
    listed = petitions.listing(world.session, world.community.id)
    assert [row.stage for row in listed] == [PetitionStage.LAPSED, PetitionStage.WITHDRAWN]
    assert petitions.get(world.nobody(), first.id) is first


def test_each_household_signs_once_through_its_representative_at_the_counter(
    world: World,
) -> None:
    counted(world, 60)
    with pytest.raises(Invalid) as unknown:
        begun(world, PetitionGround.HOUSEHOLDS, "neighbour")
    assert unknown.value.key == "no_whole"
    grounds.count_adults(
        world.as_(Post.COMMITTEE), world.community, adults=60, as_of=date(2026, 5, 1),
        source="户籍登记", households=20,
    )  # fmt: skip
    house = offices.add_building(world.as_(Post.ADMIN), world.community, name="3 号楼")
    petition = begun(world, PetitionGround.HOUSEHOLDS, "neighbour")
    assert (petition.whole, petition.needed) == (20, 2)
    assert signers.tally(world.session, petition.id).total == 0
    home = Beside(building_id=house.id, door="2 单元 301 室")
    with pytest.raises(NotReady) as alone:
        petitions.sign(world.as_("neighbour"), petition, beside=home)
    assert alone.value.needs == ("a_worker_checks_households",)
    petitions.sign(world.for_("neighbour"), petition, beside=home)
    for wrong, field in (
        (Beside(building_id=house.id, door="2-301"), "door"),
        (Beside(building_id=house.id), "door"),
        (Beside(building_id=999, door="2-302"), "building"),
    ):
        with pytest.raises(Invalid) as refused:
            petitions.sign(world.for_(Post.DELEGATE), petition, beside=wrong)
        assert refused.value.problems[0].field == field
    second = Beside(1, 1, house.id, "2-302")
    petitions.sign(world.for_(Post.DELEGATE), petition, beside=second)
    assert petition.stage is PetitionStage.REACHED


def assembly(world: World, stage: VoteStage, body: Body = Body.RESIDENTS) -> Vote:
    """A formal vote of all residents, as if it had been prepared and announced."""
    made = Vote(
        community_id=world.community.id, title="居民会议表决", question="同意吗？", body=body,
        stage=stage, rule={}, due={}, opens_at=world.now + timedelta(days=10),
    )  # fmt: skip
    spec = Act("test.vote", Can.SYSTEM)
    gate.through(world.system(), spec, world.community, lambda: world.session.add(made))
    return made


def test_an_assembly_of_thousands_is_a_formal_vote_that_answers_until_it_is_void(
    world: World,
) -> None:
    counted(world, 10)
    petition = begun(world, PetitionGround.RESIDENTS, "neighbour")
    lead = world.as_(Post.PARTY_LEAD)
    assert petition.stage is PetitionStage.REACHED
    for stage, body in (
        (VoteStage.DRAFT, Body.RESIDENTS), (VoteStage.OPEN, Body.OWNERS),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            petitions.answer(lead, petition, vote_id=assembly(world, stage, body).id)
        assert refused.value.key == "not_an_assembly"
    vote = assembly(world, VoteStage.ANNOUNCED)
    with pytest.raises(NotAllowed):
        petitions.answer(world.as_("neighbour"), petition, vote_id=vote.id)
    petitions.answer(lead, petition, vote_id=vote.id)
    assert world.acts()[-2:] == ["petition.answer", "petition.meet"]
    assert petitions.answered_by(world.session, petition) == vote.id
    with pytest.raises(NotReady) as again:
        petitions.answer(lead, petition, vote_id=vote.id)
    assert again.value.needs == ("meeting_is_owed",)
    petitions.follow_void(world.system(), vote)
    assert petition.stage is PetitionStage.REACHED
    assert petitions.answered_by(world.session, petition) is None
    assert calendar.running(world.session, petition, "call_petitioned")


def test_the_way_of_a_petition_has_no_flaw() -> None:
    assert petitions.PETITION.flaws(PetitionStage) == []
