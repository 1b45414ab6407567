"""The community's English: a field beside every text, for those who translate."""

from sqlalchemy import select

from council import (
    consultations,
    deliberations,
    files,
    motions,
    papers,
    statements,
    summaries,
    translations,
)
from council.people import Constituency, Post
from council.plans import Topic
from council.proposals import Stage
from council.translations import Translation
from council.workflow import advance
from tests.consulting import close, consulting, say
from tests.hall import MOTION, Hall
from tests.test_papers import PDF
from tests.world import WORDS

RESIDENT, WORKER = Constituency.RESIDENTS, Post.COMMUNITY_WORKER


def matter(site, stage=Stage.CONSULTING):
    made = site.world.matter(stage)
    site.world.commit()
    return made, f"/proposals/{made.id}/translations"


def kept(site):
    with site.read() as session:
        rows = session.scalars(select(Translation).order_by(Translation.id))
        return {(row.subject_table, row.field): row.words for row in rows}


def test_the_page_is_for_those_who_translate(site):
    _, address = matter(site)
    assert site.visitor().get(address).status_code == 303
    assert site.as_(RESIDENT).get(address).status_code == 403
    assert site.as_(RESIDENT).post(address).status_code == 403
    for key in (WORKER, Post.RECORDER):
        page = site.as_(key).get(address)
        assert page.status_code == 200
        assert WORDS.situation in page.text


def test_a_matter_that_is_not_public_is_not_found_by_a_recorder(site):
    _, address = matter(site, Stage.SUBMITTED)
    assert site.as_(Post.RECORDER).get(address).status_code == 404


def test_what_is_new_is_kept_and_stands_on_the_english_page(site):
    made, address = matter(site)
    client = site.as_(WORKER)
    sent = client.post(
        address,
        data={f"proposal-{made.id}-title": "A lamp", f"proposal-{made.id}-request": ""},
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"/proposals/{made.id}?lang=en")
    assert kept(site) == {("proposal", "title"): "A lamp"}
    assert "<h1>A lamp</h1>" in client.get(f"/proposals/{made.id}?lang=en").text
    page = client.get(address + "?lang=en").text
    assert "1 of 5 texts have an English version." in page
    assert ">\nA lamp</textarea>" in page
    before = site.world.acts().count("translation.add")
    site.world.commit()  # reading took the one writing connection
    again = client.post(address, data={f"proposal-{made.id}-title": "A lamp"})
    assert again.status_code == 303
    assert site.world.acts().count("translation.add") == before


def test_a_text_that_is_too_long_is_refused_and_stays(site):
    made, address = matter(site)
    long = "a" * (translations.LONGEST + 1)
    sent = site.as_(WORKER).post(address, data={f"proposal-{made.id}-title": long})
    assert sent.status_code == 422
    assert long in sent.text
    assert kept(site) == {}


def test_every_text_that_is_translated_has_its_label_in_both_languages():
    from council import i18n
    from council.web.translations import OWN, TEXTS

    named = [("proposal", OWN), *((kind.__tablename__, names) for kind, names, *_ in TEXTS)]
    for table, names in named:
        for language in i18n.LANGUAGES:
            assert i18n.knows(language, f"table.{table}")
            for name in names:
                assert i18n.knows(language, f"col.{table}.{name}"), (table, name)


def test_who_writes_the_papers_writes_their_english_before_anybody_else_reads_them(site):
    made, address = matter(site, Stage.ADMITTED)
    worker = site.world.as_(WORKER)
    papers = consultations.Papers(summary="这是还没公开的材料", options=("先装一盏",))
    row = consultations.prepare(worker, made, papers=papers)
    site.world.commit()
    assert "还没公开" not in site.as_(Post.RECORDER).get(address).text
    client = site.as_(WORKER)
    assert f"{address}#consultation" in client.get(
        f"/proposals/{made.id}/consultation/papers"
    ).text.replace("&#39;", "'")
    assert "这是还没公开的材料" in client.get(address).text
    client.post(address, data={f"consultation-{row.id}-summary": "Not public yet"})
    assert kept(site) == {("consultation", "summary"): "Not public yet"}
    refused = site.as_(Post.RECORDER)
    refused.post(address, data={f"consultation-{row.id}-summary": "Something else"})
    assert kept(site) == {("consultation", "summary"): "Not public yet"}
    assert "Not public yet" not in site.visitor().get(f"/proposals/{made.id}?lang=en").text


def test_the_summary_and_its_groups_are_translated_and_read_in_english(site):
    made = consulting(site.world)
    row = say(site.world.as_("neighbour"), made)
    line = statements.add(site.world.as_("neighbour"), made, body="灯要朝下照")
    close(site.world, made)
    chair = site.world.as_(Post.FACILITATOR)
    group = summaries.add(chair, made, title="怕亮", reason="装灯罩")
    summaries.file(chair, group, opinion_ids=[row.id])
    site.world.commit()
    base, client = f"/proposals/{made.id}", site.as_(WORKER)
    address = base + "/translations"
    for page in ("/summary", f"/summary/groups/{group.id}"):
        assert f"{address}#opinion_group" in client.get(base + page).text
        assert address not in site.as_(Post.FACILITATOR).get(base + page).text
    assert "怕亮" not in site.as_(Post.RECORDER).get(address).text
    data = {
        f"proposal-{made.id}-title": "A lamp",
        f"opinion_group-{group.id}-title": "Too bright",
        f"opinion_group-{group.id}-reason": "With a shade",
        f"statement-{line.id}-body": "The lamp should shine downwards",
    }
    assert client.post(address, data=data).status_code == 303
    board = client.get(base + "/summary?lang=en").text
    assert "A lamp" in board
    assert "Too bright" in board
    assert "怕亮" not in board
    assert "<h1>Too bright</h1>" in client.get(f"{base}/summary/groups/{group.id}?lang=en").text
    assert "shine downwards" in site.visitor().get(base + "/consultation?lang=en").text
    part = client.get(base + "/summary?lang=en", headers={"HX-Request": "true"}).text
    assert "Too bright" in part


def test_what_a_meeting_says_has_an_english_that_goes_with_its_original(world, site):
    hall = Hall(world)
    talk = Topic(title="口袋公园怎么用", motion=MOTION, presenter="绿化公司")
    meeting = hall.begun(agenda=(talk,))
    item = deliberations.open_item(world.as_(Post.FACILITATOR), hall.items(meeting)[0])
    main = motions.of_item(world.session, item.id)[0]
    made = motions.amend(world.as_(RESIDENT), main, text=f"{MOTION}并留出通道。")
    plan = papers.add(world.as_(Post.COMMUNITY_WORKER), item, title="平面图", file=files.paper(PDF))
    world.commit()
    address, recorder = f"/meetings/{meeting.id}/translations", site.as_(Post.RECORDER)
    assert site.as_(RESIDENT).get(address).status_code == 403
    assert site.as_(RESIDENT).post(address).status_code == 403
    assert f'href="{address}"' in recorder.get(f"/meetings/{meeting.id}").text
    assert f'href="{address}"' in recorder.get(f"/meetings/{meeting.id}/console").text
    typed = {
        f"agenda_item-{item.id}-title": "Using the pocket park",
        f"agenda_item-{item.id}-motion": "A lamp is put up.",
        f"agenda_item-{item.id}-presenter": "The greening company",
        f"item_paper-{plan.id}-title": "The ground plan",
        f"motion-{made.id}-text": "A lamp is put up, and the way stays free.",
    }
    assert "口袋公园怎么用" in recorder.get(address).text
    sent = recorder.post(address, data=typed)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/meetings/{meeting.id}?lang=en")
    base, visitor = f"/meetings/{meeting.id}", site.visitor()
    for page, words in (
        ("", ("Using the pocket park", "The greening company")),
        ("/floor", ("A lamp is put up.",)),
        ("/papers", ("Using the pocket park", "The ground plan")),
        ("/notice", ("The ground plan",)),
        ("/room", ("Using the pocket park", "A lamp is put up.")),
        (f"/items/{item.id}", ("Using the pocket park",)),
        (f"/items/{item.id}/motions", ("and the way stays free.",)),
    ):
        shown = visitor.get(f"{base}{page}?lang=en").text
        for one in words:
            assert one in shown, page
    advance(world.as_("neighbour"), motions.MOTION, made, "second")
    advance(world.as_(Post.FACILITATOR), motions.MOTION, made, "accept")
    world.commit()
    left = {one.field for one in world.session.scalars(select(Translation))}
    assert left == {"title", "presenter", "text"}
