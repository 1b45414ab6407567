"""Rating the result, and entering a rating for somebody."""

from council import people, ratings
from council.people import Constituency, Post
from council.proposals import Proposal, Stage
from tests.web.conftest import Site
from tests.working import completed

RESIDENTS = Constituency.RESIDENTS


def rated_by(site: Site, proposal: Proposal, key: str | Constituency) -> ratings.Rating | None:
    with site.read() as session:
        return ratings.given_by(session, proposal.id, site.world.who[key])


def number_of(site: Site, key: str | Constituency) -> int:
    world = site.world
    found = people.alias(world.session, world.who[key], world.community.id).number
    world.commit()
    return found


def test_a_resident_rates_without_script_and_changes_it(site: Site) -> None:
    proposal = completed(site.world)
    site.world.commit()
    resident, page = site.as_(RESIDENTS), f"/proposals/{proposal.id}/rating"
    assert "很满意" in resident.get(page).text
    answer = resident.post(page, data={"score": "4", "words": "灯很亮。"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/proposals/{proposal.id}#rating"
    again = resident.get(page).text
    assert "改我的评价" in again
    assert 'value="4" checked' in again
    resident.post(page, data={"score": "5"})
    row = rated_by(site, proposal, RESIDENTS)
    assert row is not None
    assert (row.score, row.words) == (5, "")


def test_htmx_gets_the_part_that_changed(site: Site) -> None:
    proposal = completed(site.world)
    site.world.commit()
    answer = site.as_(RESIDENTS).post(
        f"/proposals/{proposal.id}/rating", data={"score": "4"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert 'id="rating"' in answer.text
    assert "您评了 4 分" in answer.text


def test_what_was_typed_stays_when_no_score_was_chosen(site: Site) -> None:
    proposal = completed(site.world)
    site.world.commit()
    for score in ("", "9", "x"):
        answer = site.as_(RESIDENTS).post(
            f"/proposals/{proposal.id}/rating", data={"score": score, "words": "还可以"}
        )
        assert answer.status_code == 422
        assert "还可以" in answer.text
    assert rated_by(site, proposal, RESIDENTS) is None


def test_those_who_may_not_rate_are_refused(site: Site) -> None:
    proposal = completed(site.world)
    early = site.world.matter(Stage.IN_PROGRESS)
    site.world.commit()
    page = f"/proposals/{proposal.id}/rating"
    assert site.visitor().get(page).status_code == 303
    assert site.as_(Constituency.UNITS).get(page).status_code == 403
    assert site.as_(Constituency.UNITS).post(page, data={"score": "5"}).status_code == 403
    soon = site.as_(RESIDENTS).get(f"/proposals/{early.id}/rating")
    assert "议题已经办结，评价还没有截止。" in soon.text
    answer = site.as_(RESIDENTS).post(f"/proposals/{early.id}/rating", data={"score": "5"})
    assert answer.status_code == 409


def test_a_worker_enters_a_rating_and_hands_out_a_slip(site: Site) -> None:
    proposal = completed(site.world)
    number = number_of(site, "neighbour")
    worker, page = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal.id}/rating/for"
    assert "替人录入评价" in worker.get(page).text
    form = {"for_person": str(number), "channel": "phone", "consent": "spoken", "score": "4"}
    answer = worker.post(page, data=form)
    assert answer.status_code == 303
    slip = worker.get(answer.headers["Location"])
    assert 'id="code"' in slip.text
    assert 'id="code"' not in worker.get(answer.headers["Location"]).text
    row = rated_by(site, proposal, "neighbour")
    assert row is not None
    assert row.entered_by_id == site.world.who[Post.COMMUNITY_WORKER]
    assert site.as_(RESIDENTS).get(answer.headers["Location"]).status_code == 404


def test_a_rating_for_somebody_names_the_person_and_the_way(site: Site) -> None:
    proposal = completed(site.world)
    number = number_of(site, "neighbour")
    worker, page = site.as_(Post.COMMUNITY_WORKER), f"/proposals/{proposal.id}/rating/for"
    form = {"for_person": str(number), "channel": "phone", "consent": "spoken", "score": "4"}
    for wrong in ({"for_person": ""}, {"for_person": "99999"}, {"channel": "web"}, {"score": ""}):
        answer = worker.post(page, data={**form, **wrong, "words": "写好的"})
        assert answer.status_code == 422
        assert "写好的" in answer.text
    assert rated_by(site, proposal, "neighbour") is None


def test_only_workers_enter_for_others_and_only_in_time(site: Site) -> None:
    proposal = completed(site.world)
    site.world.commit()
    page = f"/proposals/{proposal.id}/rating/for"
    assert site.as_(RESIDENTS).get(page).status_code == 403
    site.world.wait(days=40)
    assert site.as_(Post.COMMUNITY_WORKER).get(page).status_code == 409
