"""The pages of expert review: for the public, for conveners, for experts."""

import pytest
from sqlalchemy import event

from council import findings, gate, reviews
from council.gate import Act
from council.people import Constituency, Post
from council.policy import Can
from council.proposals import Stage
from council.reviews import PanelStatus
from tests.test_findings import WHOLE, panel_of_two, published
from tests.test_reviews import EXPERT, declared, invited, under_review

HTMX = {"HX-Request": "true"}
TYPED = {
    "feasibility": "电源就在路口。", "feasibility_mark": "ok",
    "safety": "灯杆离人行道 0.5 米以上。", "safety_mark": "conditional",
    "law": "须报路灯管理处。", "law_mark": "conditional",
    "cost": "灯具和电缆。", "cost_mark": "ok", "cost_low": "18,000", "cost_high": "24000",
    "affected": "约 60 户。", "alternatives": "太阳能灯，亮度不够。", "maintenance": "",
    "conclusion": "conditional", "revision": "0",
}  # fmt: skip


@pytest.fixture
def review(world):
    return under_review(world)


def page(review) -> str:
    return f"/proposals/{review.proposal_id}/review"


def seat_of(site, review):
    with site.read() as session:
        return reviews.panel(session, review.id)[-1]


def test_everybody_sees_who_was_asked_and_what_they_declared(world, site, review):
    seat = invited(world, review)
    reviews.declare_interest(
        world.as_("expert2"), seat, conflict=True, interest="本单位<b>供应</b>灯具"
    )
    world.commit()
    answer = site.visitor().get(page(review))
    assert answer.status_code == 200
    assert "道路照明" in answer.text
    assert "本单位&lt;b&gt;供应&lt;/b&gt;灯具" in answer.text
    assert "真名" not in answer.text
    assert "<form" not in answer.text.split('id="main"')[1].split("<footer")[0]


def test_a_matter_that_is_not_public_has_no_review_page(world, site):
    private = world.matter(Stage.SUBMITTED)
    world.commit()
    assert site.visitor().get(f"/proposals/{private.id}/review").status_code == 404


def test_a_refused_matter_whose_text_is_private_has_no_review_page(world, site):
    proposal = world.matter(Stage.NOT_ADMITTED)
    spec = Act("test.hide", Can.SYSTEM)
    gate.through(world.system(), spec, proposal, lambda: setattr(proposal, "hidden", True))
    world.commit()
    assert site.visitor().get(f"/proposals/{proposal.id}/review").status_code == 404


def test_before_it_begins_the_page_says_so(world, site):
    proposal = world.matter(Stage.CONSULTING)
    world.commit()
    assert "还没有请专家" in site.visitor().get(f"/proposals/{proposal.id}/review").text


def test_the_convener_invites_from_the_page(world, site, review):
    browser = site.as_(Post.PARTY_LEAD)
    shown = browser.get(page(review))
    assert "真名expert2" in shown.text
    sent = {"person_id": str(world.who["expert2"]), "profession": "道路照明"}
    answer = browser.post(page(review) + "/panel", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, page(review))
    assert seat_of(site, review).person_id == world.who["expert2"]


def test_with_htmx_the_part_that_changed_comes_back(world, site, review):
    sent = {"person_id": str(world.who["expert2"]), "profession": "道路照明"}
    browser = site.as_(Post.PARTY_LEAD)
    answer = browser.post(page(review) + "/panel", data=sent, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div id="review"')
    assert "道路照明" in answer.text


def test_an_invitation_that_is_wrong_keeps_what_was_typed(world, site, review):
    sent = {"person_id": "", "profession": "道路照明和其他专业"}
    answer = site.as_(Post.PARTY_LEAD).post(page(review) + "/panel", data=sent)
    assert answer.status_code == 422
    assert "道路照明和其他专业" in answer.text
    assert 'href="#f-person_id"' in answer.text


def test_a_resident_is_refused(world, site, review):
    sent = {"person_id": str(world.who["expert2"]), "profession": "道路照明"}
    assert (
        site.as_(Constituency.RESIDENTS).post(page(review) + "/panel", data=sent).status_code == 403
    )
    assert site.visitor().post(page(review) + "/panel", data=sent).status_code in {303, 401}


def test_an_expert_declares_first_and_only_then_sees_the_form(world, site, review):
    seat = invited(world, review)
    world.commit()
    browser = site.as_("expert2")
    assert browser.get(page(review) + "/finding").status_code == 403
    assert "/interest" in browser.get(page(review)).text
    address = f"{page(review)}/panel/{seat.id}/interest"
    wrong = browser.post(address, data={"conflict": "", "interest": "认识承办单位的人"})
    assert wrong.status_code == 422
    assert "认识承办单位的人" in wrong.text
    assert browser.post(address, data={"conflict": "no", "interest": ""}).status_code == 303
    assert browser.get(page(review) + "/finding").status_code == 200


def test_a_conflict_needs_its_words_and_closes_the_form(world, site, review):
    seat = invited(world, review)
    world.commit()
    browser = site.as_("expert2")
    address = f"{page(review)}/panel/{seat.id}/interest"
    assert browser.post(address, data={"conflict": "yes", "interest": ""}).status_code == 422
    sent = {"conflict": "yes", "interest": "本单位供应灯具"}
    assert browser.post(address, data=sent).status_code == 303
    assert seat_of(site, review).status is PanelStatus.RECUSED
    assert browser.get(page(review) + "/finding").status_code == 403


def test_nobody_declares_for_somebody_else(world, site, review):
    seat = invited(world, review)
    world.commit()
    address = f"{page(review)}/panel/{seat.id}/interest"
    answer = site.as_(EXPERT).post(address, data={"conflict": "no"})
    assert answer.status_code == 409


def test_an_expert_declines_from_the_page(world, site, review):
    seat = invited(world, review)
    world.commit()
    address = f"{page(review)}/panel/{seat.id}/decline"
    assert site.as_("expert2").post(address, data={"reason": "出差"}).status_code == 303
    assert seat_of(site, review).reason == "出差"


def test_the_convener_releases_a_silent_expert(world, site, review):
    seat = invited(world, review)
    world.commit()
    browser = site.as_(Post.COMMITTEE)
    address = f"{page(review)}/panel/{seat.id}/release"
    wrong = browser.post(address, data={"reason": " "})
    assert wrong.status_code == 422
    assert 'id="f-reason"' in wrong.text
    assert browser.post(address, data={"reason": "没有回话"}).status_code == 303
    assert seat_of(site, review).status is PanelStatus.RELEASED


def test_the_finding_is_written_saved_and_signed(world, site, review):
    seat = declared(world, review)
    world.commit()
    browser = site.as_("expert2")
    assert browser.post(page(review) + "/finding", data=TYPED).status_code == 303
    shown = browser.get(page(review)).text
    assert "灯杆离人行道" in shown
    assert "1.8 万元至 2.4 万元" in shown
    assert "灯杆离人行道" not in site.visitor().get(page(review)).text
    assert "灯杆离人行道" not in site.as_(Post.PARTY_LEAD).get(page(review)).text
    address = f"{page(review)}/panel/{seat.id}/signature"
    assert browser.post(address, data={"revision": "0"}).status_code == 409
    assert browser.post(address, data={"revision": "1"}).status_code == 303
    assert seat_of(site, review).signed_at is not None


def test_a_finding_that_is_wrong_keeps_every_word(world, site, review):
    declared(world, review)
    world.commit()
    long = "长" * 2001
    sent = TYPED | {"safety": long, "cost_low": "很多"}
    answer = site.as_("expert2").post(page(review) + "/finding", data=sent)
    assert answer.status_code == 422
    for words in (
        long,
        'value="很多"',
        "须报路灯管理处。",
        'href="#f-safety"',
        'href="#f-cost_low"',
    ):
        assert words in answer.text


def test_a_text_changed_meanwhile_is_shown_beside_what_was_typed(world, site, review):
    declared(world, review, EXPERT)
    declared(world, review, "expert2")
    findings.draft_finding(world.as_(EXPERT), review, answers=WHOLE)
    world.commit()
    browser = site.as_("expert2")
    sent = TYPED | {"safety": "我写的另一种看法。"}
    answer = browser.post(page(review) + "/finding", data=sent)
    assert answer.status_code == 422
    assert "我写的另一种看法。" in answer.text
    assert "两天可以装好" in answer.text
    assert 'name="revision" value="1"' in answer.text
    assert browser.post(page(review) + "/finding", data=sent | {"revision": "1"}).status_code == 303


def test_the_form_shows_what_was_saved(world, site, review):
    declared(world, review)
    findings.draft_finding(world.as_("expert2"), review, answers=WHOLE)
    world.commit()
    shown = site.as_("expert2").get(page(review) + "/finding").text
    assert "两天可以装好" in shown
    assert 'value="18000"' in shown
    assert 'name="revision" value="1"' in shown


def test_dissent_is_recorded_and_published_beside_the_finding(world, site):
    review, one, two = panel_of_two(world)
    text = findings.draft_finding(world.as_("expert2"), review, answers=WHOLE)
    findings.sign(world.as_("expert2"), one, revision=text.revision)
    world.commit()
    browser = site.as_(EXPERT)
    address = f"{page(review)}/panel/{two.id}/dissent"
    assert browser.post(address, data={"dissent": ""}).status_code == 422
    assert browser.post(address, data={"dissent": "造价估低了。"}).status_code == 303
    assert "造价估低了" not in site.visitor().get(page(review)).text
    published_now = site.as_(Post.PARTY_LEAD).post(page(review) + "/publication")
    assert published_now.status_code == 303
    shown = site.visitor().get(page(review)).text
    assert "造价估低了" in shown
    assert "灯杆离人行道" in shown


def test_a_finding_that_is_not_ready_says_what_is_missing(world, site, review):
    declared(world, review)
    world.commit()
    browser = site.as_(Post.PARTY_LEAD)
    assert "还没有专家签名" in browser.get(page(review)).text
    answer = browser.post(page(review) + "/publication")
    assert answer.status_code == 409
    assert "还没有专家签名" in answer.text


def test_the_time_is_extended_from_the_page(world, site, review):
    browser = site.as_(Post.PARTY_LEAD)
    wrong = browser.post(page(review) + "/extension", data={"reason": ""})
    assert wrong.status_code == 422
    sent = {"reason": "要现场测光"}
    assert browser.post(page(review) + "/extension", data=sent).status_code == 303
    declared(world, review)
    world.commit()
    assert "要现场测光" in site.visitor().get(page(review)).text


def test_the_secretary_writes_why_no_experts_are_needed(world, site):
    proposal = world.matter(Stage.SUMMARISING)
    world.commit()
    address = f"/proposals/{proposal.id}/review"
    browser = site.as_(Post.PARTY_LEAD)
    assert "可以不请专家吗" in browser.get(address).text
    assert "可以不请专家吗" not in site.as_(Post.COMMITTEE).get(address).text
    assert browser.post(address + "/skip-reason", data={"reason": ""}).status_code == 422
    assert browser.post(address + "/skip-reason", data={"reason": "改动很小"}).status_code == 303
    assert "改动很小" in site.visitor().get(address).text


def test_the_page_speaks_english(world, site):
    review = published(world)
    world.commit()
    shown = site.visitor().get(page(review) + "?lang=en").text
    assert "Feasible with conditions" in shown
    assert '<p lang="zh-Hans">' in shown
    assert "¥18,000 to ¥24,000" in shown


def test_an_infeasible_matter_is_flagged(world, site, review):
    seat = declared(world, review)
    from dataclasses import replace

    answers = replace(WHOLE, conclusion=findings.Conclusion.INFEASIBLE)
    text = findings.draft_finding(world.as_("expert2"), review, answers=answers)
    findings.sign(world.as_("expert2"), seat, revision=text.revision)
    findings.publish(world.as_("expert2"), review)
    world.commit()
    assert "专家认为不可行" in site.visitor().get(page(review)).text


def test_an_unknown_seat_and_another_matters_seat_are_not_found(world, site, review):
    seat = invited(world, under_review(world))
    world.commit()
    browser = site.as_("expert2")
    for id_ in (seat.id, 999):
        answer = browser.post(f"{page(review)}/panel/{id_}/decline", data={"reason": ""})
        assert answer.status_code == 404


def statements(site, browser, address) -> int:
    counted = []
    listener = lambda *args: counted.append(args[2])  # noqa: E731
    engine = site.world.database._reader
    event.listen(engine, "before_cursor_execute", listener)
    assert browser.get(address).status_code == 200
    event.remove(engine, "before_cursor_execute", listener)
    return len(counted)


def test_the_page_needs_as_many_statements_for_forty_experts_as_for_two(world, site, review):
    declared(world, review, "expert2")
    declared(world, review, EXPERT)
    world.commit()
    browser = site.as_(Post.PARTY_LEAD)
    few = statements(site, browser, page(review))
    for number in range(38):
        world.person(f"expert{number + 3}", EXPERT)
        invited(world, review, f"expert{number + 3}")
    world.commit()
    assert statements(site, browser, page(review)) == few
