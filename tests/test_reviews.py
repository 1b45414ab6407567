"""Expert review: inviting, declaring interests, time, and skipping it with a public reason."""

from datetime import date

import pytest
from sqlalchemy import select

from council import calendar, gate, reviews
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.gate import Act
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import Stage
from council.reviews import PanelStatus
from tests.world import World

EXPERT = Constituency.EXPERTS


def under_review(world: World):
    """A matter whose review has just begun."""
    proposal = world.matter(Stage.UNDER_REVIEW)
    spec = Act("test.begin", Can.SYSTEM)
    gate.through(
        world.system(), spec, proposal, lambda: reviews.begin_review(world.system(), proposal)
    )
    return reviews.of(world.session, proposal.id)


def invited(world: World, review, key="expert2", profession="道路照明"):
    ctx = world.as_(Post.PARTY_LEAD)
    return reviews.invite(ctx, review, person_id=world.who[key], profession=profession)


def declared(world: World, review, key="expert2"):
    seat = invited(world, review, key)
    reviews.declare_interest(world.as_(key), seat, conflict=False, interest="")
    return seat


def clocks(world: World, row):
    return {one.kind: one for one in calendar.running(world.session, row)}


def needs(caught) -> tuple[str, ...]:
    return caught.value.needs


def test_a_review_begins_with_its_clock_and_a_panel_to_invite(world):
    review = under_review(world)
    waiting = clocks(world, review)
    assert set(waiting) == {"review", "invite_panel"}
    assert {one.who for one in waiting.values()} == {Can.CONVENE}
    assert waiting["review"].due_day == date(2026, 5, 19)
    assert waiting["invite_panel"].due_day == date(2026, 5, 8)
    assert review.due_at == waiting["review"].due_at


def test_the_convener_invites_an_expert_who_then_has_two_working_days_to_answer(world):
    review = under_review(world)
    seat = invited(world, review)
    assert seat.status is PanelStatus.INVITED
    assert "invite_panel" not in clocks(world, review)
    waits = clocks(world, seat)["declare_interest"]
    assert (waits.person_id, waits.due_day) == (world.who["expert2"], date(2026, 5, 8))
    assert "review.invite" in world.acts()


def test_only_the_convener_invites(world):
    review = under_review(world)
    for key in (EXPERT, Constituency.RESIDENTS, Post.FACILITATOR):
        with pytest.raises(NotAllowed):
            reviews.invite(world.as_(key), review, person_id=world.who[EXPERT], profession="古建")
    reviews.invite(
        world.as_(Post.COMMITTEE), review, person_id=world.who[EXPERT], profession="古建"
    )


def test_only_experts_of_the_community_are_invited_and_nobody_twice(world):
    review = under_review(world)
    invited(world, review, "expert2")
    for key in (Constituency.RESIDENTS, "expert2"):
        with pytest.raises(Invalid) as caught:
            invited(world, review, key)
        assert [(one.key, one.field) for one in caught.value.problems] == [
            ("not_an_expert", "person_id")
        ]


def test_an_invitation_names_the_profession(world):
    review = under_review(world)
    for words, key in (("", "empty"), ("长" * 31, "too_long")):
        with pytest.raises(Invalid) as caught:
            invited(world, review, profession=words)
        assert caught.value.problems[0].key == key


def test_nobody_is_invited_before_the_review_begins_or_after_it_ends(world):
    proposal = world.matter(Stage.SUMMARISING)
    review = reviews.skip(world.as_(Post.PARTY_LEAD), proposal, reason="改动很小")
    with pytest.raises(NotReady) as caught:
        invited(world, review)
    assert needs(caught) == ("review_under_way",)


def test_an_expert_without_conflict_may_write_and_has_a_clock(world):
    review = under_review(world)
    seat = declared(world, review)
    assert seat.status is PanelStatus.DECLARED
    assert seat.conflict is False
    waits = clocks(world, seat)
    assert set(waits) == {"finding"}
    assert waits["finding"].due_at == review.due_at
    assert "review.declare_interest" in world.acts()


def test_an_expert_with_a_conflict_is_out_and_another_is_sought(world):
    review = under_review(world)
    seat = invited(world, review)
    with pytest.raises(Invalid):
        reviews.declare_interest(world.as_("expert2"), seat, conflict=True, interest=" ")
    reviews.declare_interest(world.as_("expert2"), seat, conflict=True, interest="本单位供应灯具")
    assert seat.status is PanelStatus.RECUSED
    assert clocks(world, seat) == {}
    assert "invite_panel" in clocks(world, review)
    invited(world, review, EXPERT)
    assert "invite_panel" not in clocks(world, review)


def test_an_interest_is_declared_by_the_expert_alone_and_once(world):
    review = under_review(world)
    seat = invited(world, review)
    with pytest.raises(NotAllowed):
        reviews.declare_interest(world.as_(Post.PARTY_LEAD), seat, conflict=False, interest="")
    with pytest.raises(NotReady) as caught:
        reviews.declare_interest(world.as_(EXPERT), seat, conflict=False, interest="")
    assert needs(caught) == ("is_own_seat",)
    reviews.declare_interest(world.as_("expert2"), seat, conflict=False, interest="")
    with pytest.raises(NotReady) as caught:
        reviews.declare_interest(world.as_("expert2"), seat, conflict=False, interest="")
    assert needs(caught) == ("interest_not_yet_declared",)


def test_an_expert_declines_or_leaves_before_signing(world):
    review = under_review(world)
    seat = invited(world, review)
    with pytest.raises(NotReady) as caught:
        reviews.decline(world.as_(EXPERT), seat)
    assert needs(caught) == ("is_own_seat",)
    reviews.decline(world.as_("expert2"), seat, reason="出差")
    assert (seat.status, seat.reason) == (PanelStatus.DECLINED, "出差")
    assert "invite_panel" in clocks(world, review)
    with pytest.raises(NotReady) as caught:
        reviews.decline(world.as_("expert2"), seat)
    assert needs(caught) == ("seat_still_open",)
    assert "review.decline" in world.acts()


def test_an_expert_who_does_not_answer_is_released_with_a_reason(world):
    review = under_review(world)
    seat = invited(world, review)
    with pytest.raises(NotAllowed):
        reviews.release(world.as_("expert2"), seat, reason="不回话")
    with pytest.raises(Invalid):
        reviews.release(world.as_(Post.COMMITTEE), seat, reason="")
    reviews.release(world.as_(Post.COMMITTEE), seat, reason="三次联系没有回话")
    assert seat.status is PanelStatus.RELEASED
    assert clocks(world, seat) == {}
    assert "review.release" in world.acts()


def test_the_time_is_extended_once_by_ten_working_days_with_a_reason(world):
    review = under_review(world)
    seat = declared(world, review)
    with pytest.raises(NotAllowed):
        reviews.extend(world.as_("expert2"), review, reason="要现场测光")
    with pytest.raises(Invalid):
        reviews.extend(world.as_(Post.PARTY_LEAD), review, reason="")
    reviews.extend(world.as_(Post.PARTY_LEAD), review, reason="要现场测光")
    assert clocks(world, review)["review"].due_day == date(2026, 6, 2)
    assert clocks(world, seat)["finding"].due_at == review.due_at
    with pytest.raises(NotReady) as caught:
        reviews.extend(world.as_(Post.PARTY_LEAD), review, reason="还要")
    assert needs(caught) == ("review_not_yet_extended",)
    assert "review.extend" in world.acts()


def test_the_secretary_skips_the_review_of_a_simple_matter_with_a_public_reason(world):
    proposal = world.matter(Stage.SUMMARISING)
    assert not reviews.skip_reasoned(world.system(), proposal)
    with pytest.raises(NotAllowed):
        reviews.skip(world.as_(Post.COMMITTEE), proposal, reason="改动很小")
    with pytest.raises(Invalid):
        reviews.skip(world.as_(Post.PARTY_LEAD), proposal, reason="")
    reviews.skip(world.as_(Post.PARTY_LEAD), proposal, reason="改动很小")
    assert reviews.skip_reasoned(world.system(), proposal)
    assert "review.skip" in world.acts()


def test_nothing_is_skipped_where_the_charter_forbids_it_or_at_another_stage(world):
    proposal = world.matter(Stage.CONSULTING)
    proposal.rules["may_skip_review"] = "no"
    with pytest.raises(NotReady) as caught:
        reviews.skip(world.as_(Post.PARTY_LEAD), proposal, reason="改动很小")
    assert needs(caught) == ("review_may_be_skipped", "opinions_are_being_summarised")


def test_a_matter_that_goes_to_the_experts_after_all_is_not_skipped(world):
    proposal = world.matter(Stage.SUMMARISING)
    reviews.skip(world.as_(Post.PARTY_LEAD), proposal, reason="改动很小")
    spec = Act("test.begin", Can.SYSTEM)
    gate.through(
        world.system(), spec, proposal, lambda: reviews.begin_review(world.system(), proposal)
    )
    assert not reviews.skip_reasoned(world.system(), proposal)
    assert not reviews.finding_published(world.system(), proposal)


def test_a_seat_belongs_to_its_review(world):
    review, other = under_review(world), under_review(world)
    seat = invited(world, review)
    assert reviews.seat(world.nobody(), review, seat.id) is seat
    with pytest.raises(NotFound):
        reviews.seat(world.nobody(), other, seat.id)
    assert reviews.seat_of(world.as_("expert2"), review) is seat
    assert reviews.seat_of(world.nobody(), review) is None
    assert reviews.seat_of(world.system(), review) is None


def test_the_convener_chooses_among_experts_who_are_not_on_the_panel(world):
    review = under_review(world)
    ctx = world.as_(Post.PARTY_LEAD)
    everybody = {one.person_id for one in reviews.candidates(ctx, review)}
    assert everybody == {world.who[EXPERT], world.who["expert2"]}
    invited(world, review)
    assert [one.person_id for one in reviews.candidates(ctx, review)] == [world.who[EXPERT]]


def test_what_experts_wrote_stands_in_the_log_as_fingerprints(world):
    review = under_review(world)
    seat = invited(world, review)
    reviews.declare_interest(world.as_("expert2"), seat, conflict=True, interest="本单位供应灯具")
    world.commit()
    from council.audit import Entry

    entries = world.session.scalars(select(Entry.entry)).all()
    assert not any("供应灯具".encode() in one or "道路照明".encode() in one for one in entries)
    assert any(b'"status":"recused"' in one for one in entries)
