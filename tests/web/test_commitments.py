"""The list of tasks and the page of one: read by everybody, changed by those concerned."""

from datetime import date
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import event

from council import acceptance, commitments, delays
from council.commitments import Commitment, CommitmentStage
from council.people import Constituency, Post
from council.proposals import Stage
from tests.web.conftest import Site
from tests.working import adopted, assigned, begun, passed, past, submitted

HTMX = {"HX-Request": "true"}


def jpeg() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (90, 60), "teal").save(drawn, "JPEG")
    return drawn.getvalue()


def stage_of(site: Site, row: Commitment) -> CommitmentStage:
    with site.read() as session:
        return session.get_one(Commitment, row.id).stage


def test_everybody_sees_every_task_and_what_is_late_first(site: Site) -> None:
    world = site.world
    late = begun(world, due_day=date(2026, 5, 8))
    later = assigned(world, due_day=date(2026, 5, 29))
    past(world, late)
    delays.explain(world.as_(Post.PARTY_LEAD), late, words="连下三天雨。")
    world.commit()
    page = site.visitor().get("/commitments")
    assert page.status_code == 200
    assert page.text.index(f"/commitments/{late.id}") < page.text.index(f"/commitments/{later.id}")
    for words in ("逾期 1 天", "连下三天雨。", "绿化公司", "工程主管", "没办完的 2", "逾期 1"):
        assert words in page.text
    assert "真名" not in page.text


def test_the_list_is_there_in_english(site: Site) -> None:
    assigned(site.world)
    site.world.commit()
    page = site.visitor().get("/commitments?lang=en").text
    assert "Who does what by when" in page
    assert "Assigned</span>" in page


def test_before_the_first_task_the_list_says_what_will_stand_there(site: Site) -> None:
    assert "还没有派任务" in site.visitor().get("/commitments").text


@pytest.mark.parametrize(
    ("query", "n"),
    [("", 2), ("stage=passed", 1), ("stage=all", 3), ("stage=submitted", 1), ("stage=overdue", 0),
     ("stage=acknowledged", 0), ("stage=assigned", 1)],
)  # fmt: skip
def test_the_list_is_narrowed_by_state(site: Site, query: str, n: int) -> None:
    assigned(site.world)
    submitted(site.world)
    passed(site.world)
    site.world.commit()
    page = site.visitor().get(f"/commitments?{query}").text
    assert page.count('<div class="when">') == n
    assert "已略过" not in page


def test_the_list_is_narrowed_by_unit(site: Site) -> None:
    made = assigned(site.world)
    site.world.commit()
    client = site.visitor()
    assert f"/commitments/{made.id}" in client.get(f"/commitments?unit={made.unit_id}").text
    other = client.get(f"/commitments?unit={site.world.other_unit.id}").text
    assert "没有符合的任务" in other or "还没有派任务" in other


@pytest.mark.parametrize(
    "query", ["stage=lost", "unit=999", "unit=x", "after=2026", "after=20269999-1", "sort=due"]
)
def test_a_filter_that_does_not_exist_is_left_out_with_a_note(site: Site, query: str) -> None:
    assigned(site.world)
    site.world.commit()
    page = site.visitor().get(f"/commitments?{query}")
    assert page.status_code == 200
    assert "已略过" in page.text
    assert page.text.count('<div class="when">') == 1


def test_the_list_goes_on_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("council.web.commitments.PAGE", 2)
    for _ in range(3):
        assigned(site.world)
    site.world.commit()
    first = site.visitor().get("/commitments").text
    address = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = site.visitor().get(address.replace("&amp;", "&")).text
    assert (first.count('<div class="when">'), second.count('<div class="when">')) == (2, 1)


def test_htmx_gets_the_list_alone(site: Site) -> None:
    page = site.visitor().get("/commitments", headers=HTMX).text
    assert page.strip().startswith('<div class="stack" id="tasks">')


def test_a_visitor_reads_a_task_and_has_nothing_to_press(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    page = site.visitor().get(f"/commitments/{made.id}")
    assert page.status_code == 200
    assert "灯亮，杆正，线不外露。" in page.text
    assert "灯杆到了。" in page.text
    assert "/progress" not in page.text
    assert "真名" not in page.text


def test_a_task_of_a_hidden_matter_does_not_exist(site: Site) -> None:
    proposal = adopted(site.world)
    made = assigned(site.world, proposal)
    site.world.put(proposal, Stage.SUBMITTED)
    site.world.commit()
    assert site.visitor().get(f"/commitments/{made.id}").status_code == 404
    assert site.visitor().get("/commitments/999").status_code == 404


def test_the_handler_walks_a_task_to_its_end_without_script(site: Site) -> None:
    made = assigned(site.world)
    site.world.commit()
    handler, base = site.as_(Post.HANDLER), f"/commitments/{made.id}"
    for address, form in (
        ("acknowledgement", {}), ("progress", {"words": "灯杆立好了。", "role": "progress"}),
        ("submission", {}),
    ):  # fmt: skip
        answer = handler.post(f"{base}/{address}", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, base)
    assert stage_of(site, made) is CommitmentStage.SUBMITTED
    answer = site.as_(Post.DELEGATE).post(
        f"{base}/checks", data={"seen": "灯亮，杆正。", "verdict": "passed"}
    )
    assert answer.status_code == 303
    assert stage_of(site, made) is CommitmentStage.PASSED
    assert "居民代表&nbsp;01" in site.visitor().get(base).text


def test_photographs_come_with_a_report(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    answer = site.as_(Post.HANDLER).post(
        f"/commitments/{made.id}/progress", data={"role": "after", "alt": "亮着的灯"},
        files=[("photos", ("a.jpg", jpeg(), "image/jpeg"))],
    )  # fmt: skip
    assert answer.status_code == 303
    page = site.visitor().get(f"/commitments/{made.id}").text
    assert 'alt="亮着的灯"' in page
    source = page.split('<a href="/files/')[1].split('"')[0]
    assert site.visitor().get(f"/files/{source}").status_code == 200


def test_a_file_that_is_no_picture_is_refused_and_the_words_stay(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    answer = site.as_(Post.HANDLER).post(
        f"/commitments/{made.id}/progress", data={"role": "after", "words": "写好的话"},
        files=[("photos", ("a.jpg", b"not a picture", "image/jpeg"))],
    )  # fmt: skip
    assert answer.status_code == 422
    assert "写好的话" in answer.text
    assert 'href="#f-photos"' in answer.text


def test_too_many_photographs_are_refused(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    answer = site.as_(Post.HANDLER).post(
        f"/commitments/{made.id}/progress", data={"role": "after"},
        files=[("photos", (f"{n}.jpg", jpeg(), "image/jpeg")) for n in range(7)],
    )  # fmt: skip
    assert answer.status_code == 422
    assert "最多放 6 张" in answer.text


def test_nobody_else_can_put_pictures_on_the_disk(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    answer = site.as_(Constituency.RESIDENTS).post(
        f"/commitments/{made.id}/progress", data={"role": "after"},
        files=[("photos", ("a.jpg", jpeg(), "image/jpeg"))],
    )  # fmt: skip
    assert answer.status_code == 403
    assert not site.settings.files_dir.exists()


def test_an_empty_report_is_shown_again(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    answer = site.as_(Post.HANDLER).post(
        f"/commitments/{made.id}/progress", data={"words": " ", "role": "before"}
    )
    assert answer.status_code == 422
    assert "请写几句" in answer.text


def test_htmx_gets_the_part_that_changed(site: Site) -> None:
    made = assigned(site.world)
    site.world.commit()
    answer = site.as_(Post.HANDLER).post(f"/commitments/{made.id}/acknowledgement", headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div class="stack loose" id="task">')
    assert "已签收" in answer.text


def test_a_step_that_is_not_ones_own_is_refused(site: Site) -> None:
    made = assigned(site.world)
    site.world.commit()
    base = f"/commitments/{made.id}"
    assert site.as_(Constituency.UNITS).post(f"{base}/acknowledgement").status_code == 409
    assert site.as_(Constituency.RESIDENTS).post(f"{base}/acknowledgement").status_code == 403
    assert site.visitor().post(f"{base}/acknowledgement").status_code == 303
    assert stage_of(site, made) is CommitmentStage.ASSIGNED


def test_a_task_is_given_back_with_a_reason(site: Site) -> None:
    made = assigned(site.world)
    site.world.commit()
    handler = site.as_(Post.HANDLER)
    empty = handler.post(f"/commitments/{made.id}/return", data={"reason": ""})
    assert empty.status_code == 422
    assert "请写明理由" in empty.text
    handler.post(f"/commitments/{made.id}/return", data={"reason": "归供电单位管。"})
    assert "归供电单位管。" in site.visitor().get(f"/commitments/{made.id}").text


def test_a_later_date_is_asked_for_and_answered(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    base = f"/commitments/{made.id}/extension"
    handler, convener = site.as_(Post.HANDLER), site.as_(Post.COMMITTEE)
    late = handler.post(base, data={"reason": "晚到", "new_day": "2026-07-01"})
    assert late.status_code == 422
    assert "最晚只能延到 2026-05-29" in late.text
    assert 'value="2026-07-01"' in late.text
    handler.post(base, data={"reason": "灯杆晚到。", "new_day": "2026-05-20"})
    assert "同意延期" in convener.get(f"/commitments/{made.id}").text
    refused = convener.post(f"{base}/answer", data={"answer": ""})
    assert refused.status_code == 422
    convener.post(f"{base}/answer", data={"granted": "1", "answer": "只这一次。"})
    page = site.visitor().get(f"/commitments/{made.id}").text
    assert "延期一次：原定" in page
    assert "只这一次。" in page


def test_work_is_sent_back_with_what_is_missing(site: Site) -> None:
    made = submitted(site.world)
    site.world.commit()
    delegate = site.as_(Post.DELEGATE)
    empty = delegate.post(f"/commitments/{made.id}/checks", data={"verdict": "rework"})
    assert empty.status_code == 422
    delegate.post(f"/commitments/{made.id}/checks", data={"verdict": "rework", "seen": "线外露。"})
    assert stage_of(site, made) is CommitmentStage.REWORK


def test_the_secretary_explains_a_delay(site: Site) -> None:
    made = begun(site.world)
    past(site.world, made)
    site.world.commit()
    secretary = site.as_(Post.PARTY_LEAD)
    assert "公开说明" in secretary.get(f"/commitments/{made.id}").text
    secretary.post(f"/commitments/{made.id}/explanations", data={"words": "供电接口没谈定。"})
    assert "供电接口没谈定。" in site.visitor().get(f"/commitments/{made.id}").text


def test_a_name_appears_when_its_bearer_agrees_and_goes_when_not(site: Site) -> None:
    made = assigned(site.world)
    site.world.commit()
    handler, page = site.as_(Post.HANDLER), f"/commitments/{made.id}"
    handler.post(f"{page}/name", data={"shown": "1"})
    assert "真名handler" in site.visitor().get(page).text
    handler.post(f"{page}/name", data={"shown": "0"})
    assert "真名" not in site.visitor().get(page).text


def test_a_worker_enters_a_report_for_a_unit_that_telephones(site: Site) -> None:
    made = begun(site.world)
    site.world.commit()
    worker, page = site.as_(Post.COMMUNITY_WORKER), f"/commitments/{made.id}"
    shown = worker.get(page).text
    number = shown.split('name="for_person" value="')[1].split('"')[0]
    form = {"for_person": number, "channel": "phone", "consent": "spoken", "role": "progress"}
    assert worker.post(f"{page}/progress", data={**form, "words": "灯装好了。"}).status_code == 303
    seen = site.visitor().get(page).text
    assert "灯装好了。" in seen
    assert "代录" in seen


def test_words_are_shown_as_they_were_written_and_never_as_markup(site: Site) -> None:
    made = begun(site.world, title="<b>灯</b>", standard="<script>1</script>")
    acceptance_words = "<img src=x>"
    commitments.submit(site.world.as_(Post.HANDLER), made)
    acceptance.accept(site.world.as_(Post.DELEGATE), made, words=acceptance_words)
    site.world.commit()
    for address in ("/commitments?stage=all", f"/commitments/{made.id}"):
        page = site.visitor().get(address).text
        assert "&lt;b&gt;灯&lt;/b&gt;" in page
        assert "<script>1" not in page
        assert acceptance_words not in page


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(site: Site) -> None:
    def statements() -> int:
        counted: list[str] = []
        engine = site.world.database._reader
        note = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        assert site.visitor().get("/commitments").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(counted)

    for _ in range(2):
        assigned(site.world)
    site.world.commit()
    few = statements()
    for _ in range(16):
        assigned(site.world)
    site.world.commit()
    assert statements() == few
