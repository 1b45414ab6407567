"""Notices: written by those who publish, read by everybody."""

from council.people import Constituency, Post
from council.proposals import Proposal, Stage
from tests.web.conftest import Site
from tests.working import adopted, passed

TYPED = {"title": "关于路灯的决定", "body": "南口立一盏灯杆。\n\n物业承办。", "board": "公开栏"}


def finished(site: Site) -> Proposal:
    proposal = adopted(site.world)
    passed(site.world, proposal)
    site.world.put(proposal, Stage.AWAITING_ACCEPTANCE)
    site.world.commit()
    return proposal


def test_a_decision_is_posted_and_everybody_reads_it(site: Site) -> None:
    proposal = adopted(site.world)
    site.world.commit()
    base = f"/proposals/{proposal.id}/postings/decision"
    assert site.visitor().get(base).status_code == 404
    publisher = site.as_(Post.COMMITTEE)
    assert "公示决定" in publisher.get(f"{base}/new").text
    answer = publisher.post(base, data=TYPED)
    assert (answer.status_code, answer.headers["Location"]) == (303, base)
    page = site.visitor().get(base).text
    for words in ("关于路灯的决定", "南口立一盏灯杆。", "公示 5 月 6 日至 5 月 21 日", "有异议"):
        assert words in page
    site.world.wait(days=30)
    assert "公示期已满" in site.visitor().get(base).text


def test_the_result_is_posted_with_its_costs(site: Site) -> None:
    proposal = finished(site)
    base = f"/proposals/{proposal.id}/postings/result"
    publisher = site.as_(Post.COMMITTEE)
    wrong = publisher.post(base, data={**TYPED, "planned": "很多", "actual": ""})
    assert wrong.status_code == 422
    assert 'value="很多"' in wrong.text
    assert "物业承办。" in wrong.text
    answer = publisher.post(base, data={**TYPED, "planned": "6,000", "actual": "5480.5"})
    assert answer.status_code == 303
    assert "费用：计划 6,000 元，实际 5,480.50 元。" in site.visitor().get(base).text


def test_the_form_says_what_is_missing(site: Site) -> None:
    proposal = site.world.matter(Stage.AWAITING_ACCEPTANCE)
    site.world.commit()
    base = f"/proposals/{proposal.id}/postings/result"
    publisher = site.as_(Post.COMMITTEE)
    assert "要有一张现在的照片" in publisher.get(f"{base}/new").text
    answer = publisher.post(base, data={**TYPED, "planned": "1", "actual": "1"})
    assert answer.status_code == 409


def test_only_those_who_publish_post(site: Site) -> None:
    proposal = adopted(site.world)
    site.world.commit()
    base = f"/proposals/{proposal.id}/postings/decision"
    assert site.visitor().get(f"{base}/new").status_code == 303
    for key in (Constituency.RESIDENTS, Post.HANDLER):
        assert site.as_(key).get(f"{base}/new").status_code == 403
        assert site.as_(key).post(base, data=TYPED).status_code == 403


def test_there_are_two_kinds_of_notices_about_a_matter(site: Site) -> None:
    proposal = adopted(site.world)
    site.world.commit()
    for kind in ("meeting", "x"):
        assert site.visitor().get(f"/proposals/{proposal.id}/postings/{kind}").status_code == 404
