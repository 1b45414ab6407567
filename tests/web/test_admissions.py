"""The page on which a worker drafts the answer and the Party secretary decides."""

import pytest

from council import admissions, process, proposals
from council.admissions import Answer, Verdict
from council.people import Constituency, Post
from council.proposals import Stage
from tests.world import WORDS

RESIDENT, WORKER, LEAD = Constituency.RESIDENTS, Post.COMMUNITY_WORKER, Post.PARTY_LEAD


@pytest.fixture
def matter(site):
    made = proposals.draft(site.world.as_(RESIDENT), site.world.community, words=WORDS)
    process.move(site.world.as_(RESIDENT), made, "submit")
    site.world.commit()
    return made


def page(matter) -> str:
    return f"/proposals/{matter.id}/admission"


def admit(site) -> dict[str, str]:
    return dict.fromkeys(admissions.CHECKLIST, "1") | {
        "verdict": "admit", "unit_id": str(site.world.unit.id),
    }  # fmt: skip


def answer_of(site, matter):
    with site.read() as session:
        return admissions.of(session, matter.id)


def test_the_page_is_for_those_who_answer(site, matter):
    assert site.visitor().get(page(matter)).status_code == 303
    assert site.as_("neighbour").get(page(matter)).status_code == 404
    assert site.as_(RESIDENT).get(page(matter)).status_code == 403
    for key in (WORKER, LEAD):
        assert WORDS.situation in site.as_(key).get(page(matter)).text


def test_the_worker_sees_the_form_and_until_when_the_secretary_sees_that_nothing_is_drafted(
    site, matter
):
    worker, lead = site.as_(WORKER).get(page(matter)).text, site.as_(LEAD).get(page(matter)).text
    assert "起草受理意见" in worker
    assert "还剩 3 天" in worker
    assert '<button class="btn main">交给书记决定</button>' in worker
    assert "还没有人起草受理意见" in lead
    assert "<textarea" not in lead


def test_a_worker_drafts_and_the_secretary_admits_without_script(site, matter):
    sent = site.as_(WORKER).post(page(matter), data=admit(site))
    assert (sent.status_code, sent.headers["location"]) == (303, page(matter))
    assert answer_of(site, matter).verdict is Verdict.ADMIT
    shown = site.as_(LEAD).get(page(matter)).text
    assert "建议：受理" in shown
    assert "绿化公司" in shown
    assert "说得具体，能照着办" in shown
    assert "真名" not in shown
    action = f"/proposals/{matter.id}/transitions/admit"
    assert f'action="{action}"' in shown
    assert "transitions/refuse" not in shown
    assert site.as_(LEAD).post(action).status_code == 303
    after = site.visitor().get(f"/proposals/{matter.id}").text
    assert "已受理" in after
    assert "绿化公司" in after


def test_what_a_verdict_lacks_is_said_and_what_was_typed_stays(site, matter):
    client = site.as_(WORKER)
    sent = client.post(page(matter), data={"verdict": "refuse", "reason": "不归社区管。"})
    assert sent.status_code == 422
    for words in ("请选不予受理的理由。", "请写依据哪条法律或规定。", "请写这件事可以找谁。"):
        assert words in sent.text
    assert "不归社区管。" in sent.text
    assert 'value="refuse" checked' in sent.text.replace('id="f-verdict" ', "")
    sent = client.post(page(matter), data={"verdict": "admit", "is_lawful": "1"})
    assert "请选全程参与的承办单位。" in sent.text
    assert "有一个答“否”" in sent.text
    assert client.post(page(matter), data={}).status_code == 422
    assert answer_of(site, matter) is None


def test_only_a_worker_drafts_and_only_once_it_is_submitted(site, matter):
    assert site.as_(LEAD).post(page(matter), data=admit(site)).status_code == 403
    site.world.put(matter, Stage.ADMITTED)
    site.world.commit()
    assert site.as_(WORKER).post(page(matter), data=admit(site)).status_code == 409


def test_whoever_drafted_it_reads_why_another_must_decide(site, matter):
    from council import offices

    world = site.world
    offices.give(world.as_(Post.ADMIN), world.community, person_id=world.who[LEAD], post=WORKER)
    draft = Answer(Verdict.RETURN, reason="请写明是哪一盏灯。")
    admissions.draft(world.as_(LEAD), matter, answer=draft)
    world.commit()
    shown = site.as_(LEAD).get(page(matter)).text
    assert "答复要两个人：起草的人不能自己决定。" in shown
    assert "disabled" in shown


def test_the_page_speaks_english(site, matter):
    shown = site.as_(WORKER).get(page(matter) + "?lang=en").text
    assert "What do you suggest?" in shown
    assert "check." not in shown
