"""The papers of a formal vote: who writes them, what is refused, and what is fixed when."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from council import calendar, gate, people, preparations, referrals
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.gate import Context
from council.people import Constituency, Post
from council.proposals import Proposal, Stage
from council.referrals import Subject
from council.thresholds import Tie
from council.votes import Body, Method, Ranking, VoteMode, VoteStage, get
from tests.polling import LEAD, Poll, of_matter, referred
from tests.world import World


def problems(poll: Poll, **changed: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as wrong:
        poll.prepared(**changed)
    return [(one.field, one.key) for one in wrong.value.problems]


def test_the_vote_about_a_matter_takes_body_rule_and_law_from_the_router(world: World) -> None:
    poll = of_matter(world, Subject.SHARED_SPECIAL)
    assert (poll.vote.body, poll.vote.mode) == (Body.OWNERS, VoteMode.ROLL_CALL)
    assert (poll.papers.profile, poll.papers.electorate) == ("OWNERS_SPECIAL", "owners")
    assert "二百七十八条" in poll.papers.legal_basis
    assert poll.vote.title in poll.vote.question
    assert world.acts()[-1] == "vote.draft"


def test_a_draft_stops_the_clock_of_calling_the_body(world: World) -> None:
    matter = world.matter(Stage.READY_FOR_MEETING)
    ctx = world.as_(LEAD)
    referrals.settle(ctx, matter, subject=Subject.COVENANT)
    preparations.draft(ctx, matter)
    assert calendar.running(world.session, matter) == []


def test_only_a_convener_begins_a_vote_and_only_for_a_lawful_body(world: World) -> None:
    matter = referred(world, Subject.PUBLIC_LAND)
    with pytest.raises(NotAllowed):
        preparations.draft(world.as_(Post.COMMUNITY_WORKER), matter)
    with pytest.raises(NotReady) as refusal:
        preparations.draft(world.as_(LEAD), matter)
    assert refusal.value.needs == ("body_is_lawful",)
    waiting = world.matter(Stage.READY_FOR_MEETING)
    with pytest.raises(NotReady) as early:
        preparations.draft(world.as_(LEAD), waiting)
    assert early.value.needs == ("waits_for_body", "body_is_lawful")


def test_a_matter_has_one_vote_at_a_time(world: World) -> None:
    matter = referred(world)
    preparations.draft(world.as_(LEAD), matter)
    with pytest.raises(NotReady) as refusal:
        preparations.draft(world.as_(LEAD), matter)
    assert refusal.value.needs == ("no_vote_under_way",)


def test_of_two_who_begin_the_vote_of_a_matter_at_the_same_moment_one_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nobody holds the matter: the index refuses the second, with the same sentence."""
    matter_id = referred(world).id
    world.commit()
    both, meet = Barrier(2), calendar.meet

    def late(*given: Any) -> None:
        with suppress(BrokenBarrierError):
            both.wait(1)  # on SQLite the other one comes only when the first is done
        meet(*given)

    monkeypatch.setattr(gate, "hold", lambda *_: None)
    monkeypatch.setattr(calendar, "meet", late)

    def begins(who: Post) -> tuple[str, ...]:
        with world.database.write() as session:
            ctx = Context(session, people.actor(session, world.who[who], world.now), world.now)
            try:
                preparations.draft(ctx, session.get_one(Proposal, matter_id))
            except NotReady as refusal:
                return refusal.needs
            return ()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(begins, (LEAD, Post.COMMITTEE)))
    assert found == [(), ("no_vote_under_way",)]


def test_a_vote_without_a_matter_names_what_it_is(world: World) -> None:
    ctx, place = world.as_(LEAD), world.community
    made = preparations.draft_alone(ctx, place, profile="STRAW", title="花坛种什么")
    assert (made.body, made.mode, made.proposal_id) == (Body.EVERYBODY, VoteMode.SECRET, None)
    assert world.acts()[-1] == "vote.draft_alone"
    appraisal = preparations.draft_alone(ctx, place, profile="appraisal", title="年度评议")
    assert (appraisal.body, appraisal.about_people) == (Body.DELEGATES, True)
    with pytest.raises(NotAllowed):
        preparations.draft_alone(world.as_(Post.OVERSIGHT), place, profile="STRAW", title="x")
    for profile, key in (("election", "elections_elsewhere"), ("", "not_chosen"),
                         ("ELSE", "not_a_choice")):  # fmt: skip
        with pytest.raises(Invalid) as wrong:
            preparations.draft_alone(ctx, place, profile=profile, title="")
        assert [one.key for one in wrong.value.problems] == ["empty", key]


def test_a_draft_is_seen_by_those_who_prepare_and_watch_only(world: World) -> None:
    poll = Poll(world)
    for who in (Post.COMMITTEE, Post.COMMUNITY_WORKER, Post.OVERSIGHT, Post.SUBDISTRICT):
        assert get(world.as_(who), poll.vote.id) is poll.vote
    for ctx in (world.nobody(), world.as_("neighbour"), world.as_(Post.FACILITATOR)):
        with pytest.raises(NotFound):
            get(ctx, poll.vote.id)
    poll.published()
    assert get(world.nobody(), poll.vote.id) is poll.vote


def test_everything_can_be_edited_in_a_draft(world: World) -> None:
    poll = Poll(world, "STRAW")
    options = (("月季", 0), ("荷花", 0))
    poll.prepared(
        method=Method.APPROVAL, secret=True, options=options, limit=1, seats=1,
        electorate="residents", constituencies=(Constituency.PARTY, Constituency.RESIDENTS),
    )  # fmt: skip
    assert [one["id"] for one in poll.vote.options] == ["o1", "o2"]
    assert poll.vote.settings == {"limit": 1, "seats": 1}
    assert poll.vote.rule["constituencies"] == ["party", "residents"]
    written = preparations.plan_of(poll.vote, poll.papers)
    assert (written.options, written.secret, written.limit) == (options, True, 1)
    assert world.acts()[-1] == "vote.prepare"


def test_each_field_is_checked(world: World) -> None:
    poll = Poll(world)
    assert problems(poll, title="", question="问" * 301) == [
        ("title", "empty"), ("question", "too_long"),
    ]  # fmt: skip
    assert problems(poll, electorate="owners", remote=False, paper=False) == [
        ("electorate", "not_a_choice"), ("remote", "no_way_to_vote"),
    ]  # fmt: skip
    now = world.now
    assert problems(poll, opens_at=now, closes_at=now - timedelta(1), extension=8) == [
        ("closes_at", "closes_before_open"), ("extension", "out_of_range"),
    ]  # fmt: skip
    assert problems(poll, previous_id=4711) == [("previous_id", "not_a_choice")]


def test_votes_about_people_are_secret_and_owners_vote_by_name(world: World) -> None:
    assert problems(Poll(world), about_people=True) == [("secret", "people_secret")]
    owners = Poll(world, "OWNERS_ORDINARY")
    assert problems(owners, secret=True) == [("secret", "owners_by_name")]
    options = (("月季", 0), ("荷花", 0))
    wrong = problems(owners, method=Method.SCORE, secret=False, options=options)
    assert wrong == [("method", "owners_motion_only")]


def test_options_are_named_once_and_a_budget_has_costs(world: World) -> None:
    poll = Poll(world, "STRAW")
    wrong = {"secret": True, "method": Method.BUDGET, "options": (("椅", 5), ("椅", 0))}
    assert problems(poll, **wrong) == [
        ("options", "option_twice"), ("budget", "empty"), ("options", "option_cost"),
    ]  # fmt: skip
    found = problems(poll, secret=True, method=Method.APPROVAL, options=(("椅", 0),), limit=2)
    assert found == [("limit", "out_of_range")]


def test_a_method_can_be_saved_before_its_options(world: World) -> None:
    poll = Poll(world, "STRAW")
    for method in (Method.APPROVAL, Method.BUDGET):
        poll.prepared(secret=True, method=method)
        assert poll.vote.options == []
    with pytest.raises(NotReady):
        poll.announced(secret=True, method=Method.BUDGET)


def test_who_votes_is_fixed_by_the_published_roll_and_all_by_the_notice(world: World) -> None:
    poll = Poll(world)
    poll.published()
    assert problems(poll, about_people=True, secret=True) == [
        ("secret", "fixed_by_roll"), ("about_people", "fixed_by_roll"),
    ]  # fmt: skip
    poll.prepared(question="您同意新公约吗？")
    assert poll.vote.question == "您同意新公约吗？"
    world.wait(days=6)
    poll.step("settle_roll")
    poll.step("announce")
    for change in (poll.prepared, poll.studied):
        with pytest.raises(NotReady) as refusal:
            change()
        assert refusal.value.needs == ("in_preparation",)


def test_the_secretary_records_the_study(world: World) -> None:
    poll = Poll(world)
    with pytest.raises(NotAllowed):
        preparations.study(
            world.as_(Post.COMMITTEE), poll.vote, on=world.now.date(), opinion="同意。"
        )
    ctx, tomorrow = world.as_(LEAD), world.now.date() + timedelta(days=1)
    with pytest.raises(Invalid) as wrong:
        preparations.study(ctx, poll.vote, on=tomorrow, opinion="")
    assert [one.field for one in wrong.value.problems] == ["opinion", "on"]
    poll.studied()
    assert poll.papers.study_on == world.now.date()
    assert world.acts()[-1] == "vote.study"


def test_a_plan_is_only_edited_by_a_convener(world: World) -> None:
    poll = Poll(world)
    with pytest.raises(NotAllowed):
        preparations.prepare(world.as_(Post.COMMUNITY_WORKER), poll.vote, plan=poll.plan())
    assert poll.vote.stage is VoteStage.DRAFT


def test_how_ties_and_ranks_are_counted_goes_into_settings_and_rule(world: World) -> None:
    poll = Poll(world, "COUNCIL")
    options = (("月季", 0), ("荷花", 0))
    poll.prepared(method=Method.RANKED, options=options, ranking=Ranking.BORDA, tie=Tie.LOT)
    assert poll.vote.settings == {"ranking": "borda", "seats": 1, "tie": "lot"}
    assert poll.vote.rule["tie"] == "lot"
    assert preparations.plan_of(poll.vote, poll.papers).ranking is Ranking.BORDA
    ranked: dict[str, Any] = {"method": Method.RANKED, "options": options}
    wrong = problems(poll, **ranked, ranking=Ranking.IRV, seats=2, tie=Tie.CHAIR)
    assert wrong == [("tie", "tie_not_allowed"), ("seats", "out_of_range")]
    paid: dict[str, Any] = {"method": Method.BUDGET, "options": (("椅", 5),), "budget": 9}
    assert problems(poll, **paid, tie=Tie.LOT) == [("tie", "tie_not_allowed")]
    assert problems(Poll(world), tie=Tie.CHAIR) == [("tie", "tie_not_allowed")]
