"""The list of matters and the page of one: for everybody, at every stage, in both languages."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from council import admissions, offices, process, proposals, translations
from council.admissions import Answer, RefusalReason, Verdict
from council.files import Picture
from council.people import Alias, Constituency, Post
from council.proposals import Category, Stage, Supporter, Words
from tests.hall import Hall
from tests.working import assigned
from tests.world import WORDS

RESIDENT, NEIGHBOUR = Constituency.RESIDENTS, "neighbour"
WORKER, LEAD = Post.COMMUNITY_WORKER, Post.PARTY_LEAD
PARTIAL = {"HX-Request": "true"}
REFUSE = Answer(
    Verdict.REFUSE, reason_code=RefusalReason.PERSONAL, reason="这是一家的水管。",
    legal_basis="第三十二条", instead="水电维修窗口", hides_text=True,
)  # fmt: skip


def statements(site, client, path) -> int:
    """How many statements a page asks."""
    asked = []

    def note(*seen):
        asked.append(seen[2])

    engine = site.world.database._reader
    event.listen(engine, "before_cursor_execute", note)
    assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def refused(world):
    made = proposals.draft(
        world.as_(RESIDENT), world.community, words=replace(WORDS, title="修我家水管"),
        pictures=[Picture(b"large", b"small", 40, 30)],
    )  # fmt: skip
    process.move(world.as_(RESIDENT), made, "submit")
    admissions.draft(world.as_(WORKER), made, answer=REFUSE)
    process.move(world.as_(LEAD), made, "refuse")
    world.commit()
    return made


def test_the_list_shows_public_matters_with_their_stages_and_no_draft(site):
    world = site.world
    world.matter(Stage.CONSULTING)
    world.matter(Stage.RATED, replace(WORDS, title="文明养犬"))
    world.matter(Stage.DRAFT, replace(WORDS, title="还没写完"))
    world.matter(Stage.SUBMITTED, replace(WORDS, title="还没受理"))
    world.commit()
    page = site.visitor().get("/proposals").text
    assert WORDS.title in page
    assert "文明养犬" in page
    assert "还没写完" not in page
    assert "还没受理" not in page
    assert "征求民意 1" in page
    assert "落实跟踪 1" in page


def test_the_list_says_in_words_until_when_something_must_be_done(site):
    made = proposals.draft(site.world.as_(RESIDENT), site.world.community, words=WORDS)
    process.move(site.world.as_(RESIDENT), made, "submit")
    site.world.commit()
    assert "还剩" in site.as_(WORKER).get("/proposals").text


def test_the_list_is_narrowed_and_an_unknown_filter_is_left_out_with_a_note(site):
    world = site.world
    world.matter(Stage.CONSULTING)
    world.matter(Stage.RATED, Words(title="文明养犬", category=Category.PETS))
    world.commit()
    client = site.visitor()
    assert "文明养犬" not in client.get("/proposals?stage=2").text
    assert WORDS.title not in client.get("/proposals?category=pets").text
    assert WORDS.title not in client.get("/proposals?q=养犬").text
    note = "已略过"
    assert note not in client.get("/proposals?stage=2&q=&lang=zh").text
    for address in ("?stage=9", "?category=cats", "?order=title", "?before=x", "?stage=²"):
        page = client.get("/proposals" + address)
        assert page.status_code == 200
        assert note in page.text
        assert WORDS.title in page.text
    assert "没有找到" in client.get("/proposals?q=没有这个词").text


def test_an_empty_list_suggests_to_propose(site):
    page = site.visitor().get("/proposals").text
    assert "还没有人提过议题" in page
    assert 'href="/proposals/new"' in page


@pytest.mark.parametrize("address", ["/", "/proposals", "/me/proposals", "/meetings"])
def test_proposing_is_offered_to_nobody_who_would_be_refused(site, address):
    offer = 'href="/proposals/new"'
    assert offer in site.as_(RESIDENT).get(address).text
    assert offer not in site.as_(Post.ADMIN).get(address).text
    assert offer not in site.as_(Post.HANDLER).get(address).text
    if not address.startswith("/me"):
        assert offer in site.visitor().get(address).text


def test_whoever_only_writes_down_for_others_is_offered_that(site):
    world, outsider = site.world, Post.AUDITOR
    offices.give(world.as_(Post.ADMIN), world.community, person_id=world.who[outsider], post=WORKER)
    page = site.as_(outsider).get("/proposals").text
    assert 'href="/proposals/new?for="' in page
    assert 'href="/proposals/new"' not in page


def test_the_list_is_turned_page_by_page(site):
    for n in range(25):
        site.world.matter(Stage.CONSULTING, Words(title=f"第 {n:02d} 件"))
    site.world.commit()
    client = site.visitor()
    first = client.get("/proposals?stage=2").text
    assert "第 24 件" in first
    assert "第 04 件" not in first
    older = re.search(r'href="([^"]*before=\d+[^"]*)"', first)[1].replace("&amp;", "&")
    second = client.get(older).text
    assert "第 04 件" in second
    assert "第 24 件" not in second
    assert "stage=2" in older


def test_the_list_asks_as_many_statements_for_forty_matters_as_for_two(site):
    client = site.visitor()

    def fill(n):
        for _ in range(n):
            made = site.world.matter(Stage.CONSULTING)
            proposals.support(site.world.as_(NEIGHBOUR), made)
        site.world.commit()

    fill(2)
    few = statements(site, client, "/proposals?lang=en")
    fill(38)
    assert statements(site, client, "/proposals?lang=en") == few


def test_the_page_of_a_matter_asks_as_many_statements_for_forty_supporters_as_for_two(site):
    world = site.world
    made = world.matter(Stage.CONSULTING)
    address = f"/proposals/{made.id}"

    def more(names):
        for n in names:
            world.person(f"p{n}", RESIDENT)
            proposals.support(world.as_(f"p{n}"), made)
        world.commit()

    more(range(2))
    client = site.as_(NEIGHBOUR)
    few = statements(site, client, address)
    more(range(2, 40))
    assert statements(site, client, address) == few


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_stage_has_its_page_for_every_reader(site, language):
    made = {stage: site.world.matter(stage) for stage in Stage if stage is not Stage.DRAFT}
    site.world.commit()
    involved = [site.as_(key) for key in (RESIDENT, WORKER, LEAD)]
    others = [site.visitor(), site.as_(NEIGHBOUR), site.as_(Post.FACILITATOR)]
    for stage, row in made.items():
        address = f"/proposals/{row.id}?lang={language}"
        for client in involved:
            page = client.get(address)
            assert page.status_code == 200, stage
            assert WORDS.title in page.text
            assert not re.search(r"\b(now|work|due|need|do|road)\.[a-z_]+", page.text), stage
        for client in others:
            expected = 404 if stage in proposals.PRIVATE else 200
            assert client.get(address).status_code == expected, stage


def test_a_draft_leads_its_proposer_to_the_check_and_nobody_else_anywhere(site):
    made = site.world.matter(Stage.DRAFT)
    site.world.commit()
    address = f"/proposals/{made.id}"
    found = site.as_(RESIDENT).get(address)
    assert (found.status_code, found.headers["location"]) == (303, f"{address}/check")
    for client in (site.visitor(), site.as_(WORKER)):
        assert client.get(address).status_code == 404


def test_the_page_says_whose_turn_it_is_and_whom_to_telephone(site):
    made = proposals.draft(site.world.as_(RESIDENT), site.world.community, words=WORDS)
    process.move(site.world.as_(RESIDENT), made, "submit")
    site.world.commit()
    page = site.as_(RESIDENT).get(f"/proposals/{made.id}").text
    assert "社区工作者</strong>要在" in page
    assert "前起草受理意见。" in page
    assert "tel:053100001234" in page
    worker = site.as_(WORKER).get(f"/proposals/{made.id}").text
    assert f'<a class="btn main" href="/proposals/{made.id}/admission">起草受理意见</a>' in worker


def test_the_proposer_stands_there_by_number_and_by_name_only_with_consent(site):
    made = site.world.matter(Stage.CONSULTING)
    named = site.world.matter(Stage.CONSULTING, replace(WORDS, named=True))
    site.world.commit()
    client = site.visitor()
    assert "真名residents" not in client.get(f"/proposals/{made.id}").text
    assert "真名residents" in client.get(f"/proposals/{named.id}").text


def test_the_page_carries_what_chat_apps_show(site):
    made = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    page = site.visitor().get(f"/proposals/{made.id}").text
    assert f'<meta property="og:title" content="{WORDS.title}">' in page
    assert "正在征求民意，人人都可以说。 请在南口加一盏路灯。" in page
    assert "share." in re.search(r'og:image" content="([^"]+)"', page)[1]


def test_words_are_escaped(site):
    made = site.world.matter(Stage.CONSULTING, replace(WORDS, title="<b onclick=x>"))
    site.world.commit()
    for path in ("/proposals", f"/proposals/{made.id}"):
        page = site.visitor().get(path).text
        assert "<b onclick" not in page
        assert "&lt;b onclick=x&gt;" in page


def test_a_refusal_is_public_with_its_reason_and_without_a_private_text(site):
    made = refused(site.world)
    client = site.visitor()
    page = client.get(f"/proposals/{made.id}").text
    for words in ("个人或一家的私事", "这是一家的水管。", "第三十二条", "水电维修窗口"):
        assert words in page
    for path in (
        f"/proposals/{made.id}",
        "/proposals",
        "/proposals?q=水管",
        f"/log?matter={made.id}",
    ):
        assert "修我家水管" not in client.get(path).text
        assert "/files/" not in client.get(path).text
    for key in (RESIDENT, WORKER):
        assert "修我家水管" in site.as_(key).get(f"/proposals/{made.id}").text


def test_the_english_page_shows_the_communitys_translation(site):
    made = site.world.matter(Stage.CONSULTING)
    translations.add(site.world.as_(WORKER), made, field="title", words="A lamp for Xiema Road")
    site.world.commit()
    page = site.visitor().get(f"/proposals/{made.id}?lang=en").text
    assert "<h1>A lamp for Xiema Road</h1>" in page
    assert 'lang="zh-Hans">请在南口加一盏路灯。' in page


# Transitions


def test_a_transition_moves_the_matter_without_script(site):
    made = proposals.draft(site.world.as_(RESIDENT), site.world.community, words=WORDS)
    process.move(site.world.as_(RESIDENT), made, "submit")
    site.world.commit()
    sent = site.as_(RESIDENT).post(f"/proposals/{made.id}/transitions/withdraw")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/proposals/{made.id}")
    page = site.as_(RESIDENT).get(f"/proposals/{made.id}").text
    assert "提出人撤回了这件议题。" in page


def test_a_transition_that_is_not_ready_or_not_theirs_is_refused(site):
    made = site.world.matter(Stage.SUBMITTED)
    site.world.commit()
    address = f"/proposals/{made.id}/transitions/"
    assert site.visitor().post(address + "admit").status_code == 303
    assert site.as_(NEIGHBOUR).post(address + "admit").status_code == 404
    assert site.as_(WORKER).post(address + "admit").status_code == 403
    waiting = site.as_(LEAD).post(address + "admit")
    assert waiting.status_code == 409
    assert "四个问题都答“是”" in waiting.text
    assert site.as_(LEAD).post(address + "no_such_step").status_code == 409


# Supporters


def support(site, client, made, path="", **sent):
    return client.post(f"/proposals/{made.id}/supporters{path}", data=sent.pop("data", {}), **sent)


def test_a_neighbour_supports_with_and_without_script(site):
    made = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    client = site.as_(NEIGHBOUR)
    sent = support(site, client, made)
    assert (sent.status_code, sent.headers["location"]) == (
        303, f"/proposals/{made.id}#supporters",
    )  # fmt: skip
    part = support(site, client, made, "/remove", headers=PARTIAL)
    assert part.status_code == 200
    assert part.text.lstrip().startswith('<div class="stack tight" id="supporters">')
    assert "我附议" in part.text
    part = support(site, client, made, headers=PARTIAL)
    assert "1 人附议" in part.text
    assert "您已附议" in part.text
    assert (
        support(site, client, made).status_code == 303
    )  # a second click finds what the first one did


def test_a_visitor_is_asked_to_sign_in_before_supporting(site):
    made = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    sent = support(site, site.visitor(), made)
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/sign-in?next=")


def test_a_worker_writes_down_support_for_somebody(site):
    made = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    with site.read() as session:
        who = select(Alias.number).where(Alias.person_id == site.world.who[NEIGHBOUR])
        number = session.scalars(who).first()
    form = {"on_behalf": "1", "for_person": str(number), "channel": "phone", "consent": "spoken"}
    assert support(site, site.as_(WORKER), made, data=form).status_code == 303
    with site.read() as session:
        row = session.scalars(select(Supporter)).one()
        assert row.person_id == site.world.who[NEIGHBOUR]
        assert row.entered_by_id == site.world.who[WORKER]
    assert support(site, site.as_(NEIGHBOUR), made, data=form).status_code == 403


@pytest.mark.parametrize("headers", [{}, PARTIAL])
def test_a_number_that_nobody_has_is_kept_and_explained(site, headers):
    made = site.world.matter(Stage.CONSULTING)
    site.world.commit()
    client = site.as_(WORKER)
    for number in ("", "9999"):
        form = {"on_behalf": "1", "for_person": number, "channel": "phone", "consent": "spoken"}
        sent = support(site, client, made, data=form, headers=headers)
        assert sent.status_code == 422
        assert 'id="f-for_person-e"' in sent.text
        assert f'name="for_person" type="text" inputmode="decimal" value="{number}"' in sent.text
    with site.read() as session:
        assert session.scalars(select(Supporter)).all() == []


def test_the_page_leads_to_the_meeting_that_is_called(site):
    hall = Hall(site.world)
    meeting = hall.notified()
    site.world.commit()
    for client in (site.visitor(), site.as_(LEAD)):
        page = client.get(f"/proposals/{hall.matter.id}").text
        assert f'<a class="btn main" href="/meetings/{meeting.id}">看会议</a>' in page
        assert "meetings/new" not in page


def test_the_page_shows_the_tasks_of_the_work(site):
    made = site.world.matter(Stage.IN_PROGRESS)
    assigned(site.world, made)
    site.world.commit()
    page = site.visitor().get(f"/proposals/{made.id}").text
    assert 'id="work"' in page
    assert "立灯杆、接电" in page
