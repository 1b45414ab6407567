"""The experts' finding: written under fixed headings, signed by each, published with dissent."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from council import calendar, findings, people, reviews
from council.errors import Invalid, NotAllowed, NotReady
from council.findings import Answers, Conclusion, Mark
from council.people import Constituency, Post
from council.proposals import Proposal
from tests.test_reviews import EXPERT, declared, invited, needs, under_review

WHOLE = Answers(
    feasibility="电源就在路口，两天可以装好。", feasibility_mark=Mark.OK,
    safety="灯杆离人行道 0.5 米以上。", safety_mark=Mark.CONDITIONAL,
    law="市政道路，须报路灯管理处。", law_mark=Mark.CONDITIONAL,
    cost="灯具和电缆。", cost_mark=Mark.OK, cost_low=18_000, cost_high=24_000,
    affected="3 号楼、4 号楼约 60 户。", alternatives="太阳能灯，亮度不够。",
    conclusion=Conclusion.CONDITIONAL,
)  # fmt: skip


def panel_of_two(world):
    review = under_review(world)
    return review, declared(world, review, "expert2"), declared(world, review, EXPERT)


def written(world, review, key="expert2", **changed):
    answers = replace(WHOLE, **changed)
    return findings.draft_finding(world.as_(key), review, answers=answers)


def published(world):
    review, one, two = panel_of_two(world)
    text = written(world, review)
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    findings.dissent(world.as_(EXPERT), two, words="造价估低了。")
    findings.publish(world.as_(EXPERT), review)
    return review


def test_the_form_opens_only_after_the_declaration(world):
    review = under_review(world)
    seat = invited(world, review, "expert2")
    with pytest.raises(NotReady) as caught:
        written(world, review)
    assert needs(caught) == ("declared_no_conflict",)
    reviews.declare_interest(world.as_("expert2"), seat, conflict=False, interest="")
    assert written(world, review).is_complete
    assert "review.draft_finding" in world.acts()


def test_an_expert_with_a_conflict_neither_writes_nor_signs(world):
    review = under_review(world)
    seat = invited(world, review, "expert2")
    reviews.declare_interest(world.as_("expert2"), seat, conflict=True, interest="本单位供货")
    with pytest.raises(NotReady):
        written(world, review)
    declared(world, review, EXPERT)
    text = written(world, review, EXPERT)
    with pytest.raises(NotReady) as caught:
        findings.sign(world.as_("expert2"), seat, revision=text.revision)
    assert needs(caught) == ("declared_no_conflict",)


def test_nobody_else_writes_the_finding(world):
    review, _, _ = panel_of_two(world)
    for key in (Constituency.RESIDENTS, Post.PARTY_LEAD):
        with pytest.raises(NotAllowed):
            written(world, review, key)


def test_a_draft_may_be_unfinished_and_is_not_signed_so(world):
    review, seat, _ = panel_of_two(world)
    text = written(world, review, law="", law_mark=None)
    assert not text.is_complete
    with pytest.raises(NotReady) as caught:
        findings.sign(world.as_("expert2"), seat, revision=text.revision)
    assert needs(caught) == ("finding_complete",)
    with pytest.raises(NotReady) as caught:
        findings.dissent(world.as_("expert2"), seat, words="不同意")
    assert needs(caught) == ("finding_complete",)


def test_maintenance_may_stay_empty(world):
    review, _, _ = panel_of_two(world)
    assert written(world, review, maintenance="").is_complete


@pytest.mark.parametrize(
    ("changed", "field", "key"),
    [
        ({"safety": "长" * 2001}, "safety", "too_long"),
        ({"cost_low": 5, "cost_high": None}, "cost_high", "both_or_neither"),
        ({"cost_low": 9, "cost_high": 5}, "cost_high", "wrong_order"),
        ({"cost_low": -1}, "cost_low", "out_of_range"),
        (
            {"safety_mark": Mark.NO, "conclusion": Conclusion.FEASIBLE},
            "conclusion",
            "contradicts_marks",
        ),
        ({"revision": 4}, "", "finding_changed"),
    ],
)
def test_what_is_wrong_with_a_finding_is_said(world, changed, field, key):
    review, _, _ = panel_of_two(world)
    with pytest.raises(Invalid) as caught:
        written(world, review, **changed)
    assert [(one.field, one.key) for one in caught.value.problems] == [(field, key)]


def test_two_experts_who_write_at_once_do_not_overwrite_each_other(world):
    review, _, _ = panel_of_two(world)
    first = written(world, review)
    with pytest.raises(Invalid):
        written(world, review, EXPERT, safety="另一份")
    assert written(world, review, EXPERT, revision=first.revision, safety="另一份").revision == 2


def test_each_expert_signs_what_was_in_view(world):
    review, one, two = panel_of_two(world)
    text = written(world, review)
    with pytest.raises(NotReady) as caught:
        findings.sign(world.as_("expert2"), one, revision=text.revision - 1)
    assert caught.value.key == "finding_changed"
    with pytest.raises(NotReady) as caught:
        findings.sign(world.as_("expert2"), two, revision=text.revision)
    assert needs(caught) == ("is_own_seat",)
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    assert one.signed_at == world.now
    assert calendar.running(world.session, one) == []
    with pytest.raises(NotReady) as caught:
        findings.sign(world.as_("expert2"), one, revision=text.revision)
    assert needs(caught) == ("seat_not_signed",)
    with pytest.raises(NotAllowed):
        findings.sign(world.as_(Post.PARTY_LEAD), two, revision=text.revision)
    assert "review.sign" in world.acts()


def test_changing_the_text_asks_everybody_to_sign_again(world):
    review, one, _ = panel_of_two(world)
    text = written(world, review)
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    written(world, review, EXPERT, revision=1)
    assert one.signed_at is not None, "the same text again changes nothing"
    written(world, review, EXPERT, revision=1, law="不用报批。", law_mark=Mark.OK)
    assert one.signed_at is None
    assert [waits.kind for waits in calendar.running(world.session, one)] == ["finding"]


def test_an_expert_who_disagrees_says_so_beside_the_finding(world):
    review, _, two = panel_of_two(world)
    text = written(world, review)
    with pytest.raises(Invalid):
        findings.dissent(world.as_(EXPERT), two, words=" ")
    with pytest.raises(NotAllowed):
        findings.dissent(world.as_(Post.PARTY_LEAD), two, words="造价估低了。")
    findings.dissent(world.as_(EXPERT), two, words="造价估低了。")
    assert not two.is_pending
    findings.sign(world.as_(EXPERT), two, revision=text.revision)
    assert (two.dissent, two.dissented_at) == ("", None), "whoever signs no longer dissents"
    findings.dissent(world.as_(EXPERT), two, words="还是估低了。")
    assert two.signed_at is None
    assert "review.dissent" in world.acts()


def test_a_finding_is_published_when_everybody_has_answered(world):
    review, one, two = panel_of_two(world)
    ctx = world.as_(Post.PARTY_LEAD)
    with pytest.raises(NotReady) as caught:
        findings.publish(ctx, review)
    assert needs(caught) == ("finding_complete", "finding_signed", "every_panelist_answered")
    text = written(world, review)
    findings.dissent(world.as_(EXPERT), two, words="造价估低了。")
    with pytest.raises(NotReady) as caught:
        findings.publish(ctx, review)
    assert needs(caught) == ("finding_signed", "every_panelist_answered")
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    with pytest.raises(NotAllowed):
        findings.publish(world.as_(Constituency.RESIDENTS), review)
    findings.publish(ctx, review)
    proposal = world.session.get(Proposal, review.proposal_id)
    assert reviews.finding_published(ctx, proposal)
    assert calendar.running(world.session, review) == []
    assert "review.publish" in world.acts()


def test_a_silent_expert_blocks_until_released(world):
    review = under_review(world)
    one = declared(world, review, "expert2")
    silent = invited(world, review, EXPERT)
    text = written(world, review)
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    with pytest.raises(NotReady) as caught:
        findings.publish(world.as_("expert2"), review)
    assert needs(caught) == ("every_panelist_answered",)
    reviews.release(world.as_(Post.PARTY_LEAD), silent, reason="没有回话")
    findings.publish(world.as_("expert2"), review)


def test_after_publication_nothing_changes_any_more(world):
    review = published(world)
    with pytest.raises(NotReady) as caught:
        written(world, review, revision=1, safety="改一改")
    assert needs(caught) == ("review_under_way",)


def test_the_public_sees_the_finding_only_once_it_is_published(world):
    review, _, _ = panel_of_two(world)
    written(world, review)
    proposal = world.session.get(Proposal, review.proposal_id)
    seen = findings.section(world.session, proposal)
    assert seen.finding is None
    assert len(seen.panel) == 2
    assert not seen.is_flagged
    assert findings.section(world.session, world.matter()) is None


def test_an_infeasible_finding_flags_the_matter(world):
    review, one, two = panel_of_two(world)
    text = written(world, review, conclusion=Conclusion.INFEASIBLE)
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    findings.sign(world.as_(EXPERT), two, revision=text.revision)
    findings.publish(world.as_(EXPERT), review)
    proposal = world.session.get(Proposal, review.proposal_id)
    assert findings.section(world.session, proposal).is_flagged


def test_an_expert_stands_under_a_number_unless_they_consent_to_their_name(world):
    review = under_review(world)
    declared(world, review, EXPERT)
    seat = invited(world, review, "expert2")
    reviews.declare_interest(world.as_("expert2"), seat, conflict=False, interest="", named=True)
    proposal = world.session.get(Proposal, review.proposal_id)
    faces = [face for _, face in findings.section(world.session, proposal).panel]
    assert [bool(face.name) for face in faces] == [False, True]
    assert all(face.number for face in faces)


def statements(world, proposal) -> int:
    counted = []
    engine = world.session.get_bind()
    listener = lambda *args: counted.append(args[2])  # noqa: E731
    world.session.expire_all()
    world.session.refresh(proposal)
    event.listen(engine, "before_cursor_execute", listener)
    findings.section(world.session, proposal)
    event.remove(engine, "before_cursor_execute", listener)
    return len(counted)


def test_a_large_panel_needs_no_more_statements_than_a_small_one(world):
    review, _, _ = panel_of_two(world)
    proposal = world.session.get(Proposal, review.proposal_id)
    few = statements(world, proposal)
    for number in range(38):
        world.person(f"expert{number + 3}", EXPERT)
        invited(world, review, f"expert{number + 3}")
    assert len(findings.section(world.session, proposal).panel) == 40
    assert statements(world, proposal) == few <= 6
    assert people.bylines(world.session, review.community_id, []) == {}
