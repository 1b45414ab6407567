"""The convener's task table."""

from council import commitments
from council.people import Constituency, Post
from council.proposals import Stage
from tests.web.conftest import Site
from tests.working import adopted, assigned

TYPED = {
    "title": "立灯杆、接电", "post": "工程主管", "due_day": "2026-05-15",
    "standard": "灯亮，杆正。",
}  # fmt: skip


def typed(site: Site) -> dict[str, str]:
    world = site.world
    return {**TYPED, "holder": f"{world.unit.id}-{world.who[Post.HANDLER]}"}


def test_the_convener_gives_out_tasks_one_after_the_other(site: Site) -> None:
    proposal = adopted(site.world)
    site.world.commit()
    convener, page = site.as_(Post.COMMITTEE), f"/proposals/{proposal.id}/commitments/new"
    empty = convener.get(page)
    assert empty.status_code == 200
    assert "第一项" in empty.text
    assert "真名handler" in empty.text
    assert f'value="{proposal.title}"' in empty.text  # the decision is the first task already
    assert f'<option value="{typed(site)["holder"]}" selected' in empty.text
    for n in (1, 2):
        answer = convener.post(f"/proposals/{proposal.id}/commitments", data=typed(site))
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(page + "#task-")
        assert convener.get(page).text.count('<tr id="task-') == n
    with site.read() as session:
        assert len(commitments.of(session, proposal.id)) == 2


def test_what_was_typed_stays_when_something_is_wrong(site: Site) -> None:
    proposal = adopted(site.world)
    site.world.commit()
    convener = site.as_(Post.COMMITTEE)
    for wrong, words in (
        ({"due_day": "2026-05-06"}, "期限要在今天以后"), ({"holder": ""}, "请选承办单位和经办人"),
        ({"holder": "9-9"}, "请从名单里选"), ({"holder": "x"}, "立灯杆、接电"),
        ({"standard": ""}, "立灯杆、接电"), ({"due_day": "nonsense"}, "立灯杆、接电"),
    ):  # fmt: skip
        answer = convener.post(
            f"/proposals/{proposal.id}/commitments", data={**typed(site), **wrong}
        )
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="立灯杆、接电"' in answer.text


def test_only_the_convener_has_the_table(site: Site) -> None:
    proposal = adopted(site.world)
    site.world.commit()
    page = f"/proposals/{proposal.id}/commitments/new"
    for key in (Post.HANDLER, Post.ADMIN, Constituency.RESIDENTS):
        assert site.as_(key).get(page).status_code == 403
    assert site.visitor().get(page).status_code == 303
    answer = site.as_(Post.HANDLER).post(f"/proposals/{proposal.id}/commitments", data=typed(site))
    assert answer.status_code == 403


def test_before_there_is_a_decision_the_table_says_what_is_missing(site: Site) -> None:
    proposal = site.world.matter(Stage.VOTING)
    site.world.commit()
    page = site.as_(Post.COMMITTEE).get(f"/proposals/{proposal.id}/commitments/new")
    assert "议题已经通过，工作还没有结束。" in page.text
    answer = site.as_(Post.COMMITTEE).post(
        f"/proposals/{proposal.id}/commitments", data=typed(site)
    )
    assert answer.status_code == 409


def test_a_task_that_came_back_is_given_to_somebody_else(site: Site) -> None:
    world = site.world
    made = assigned(world)
    world.commit()
    convener, page = site.as_(Post.COMMITTEE), f"/commitments/{made.id}/reassignment"
    assert convener.get(page).status_code == 409
    commitments.decline(world.as_(Post.HANDLER), made, reason="归学校管。")
    world.commit()
    shown = convener.get(page).text
    assert "归学校管。" in shown
    assert 'value="立灯杆、接电"' in shown
    other = f"{world.other_unit.id}-{world.who[Constituency.UNITS]}"
    wrong = convener.post(page, data={**typed(site), "title": "", "holder": other})
    assert wrong.status_code == 422
    answer = convener.post(page, data={**typed(site), "holder": other})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/commitments/{made.id}")
    assert "经九路小学" in site.visitor().get(f"/commitments/{made.id}").text
