"""The community's translations: added beside the original, never instead of it."""

from dataclasses import replace

import pytest

from council import consultations, proposals, summaries, translations
from council.consultations import Papers
from council.errors import Invalid, NotAllowed
from council.people import Constituency, Post
from council.proposals import Stage
from tests.consulting import admitted, close, consulting, say
from tests.world import WORDS, World


def test_a_worker_adds_english_words_and_the_original_stays(world: World) -> None:
    matter = world.matter(Stage.ADMITTED)
    original = matter.title
    worker = world.as_(Post.COMMUNITY_WORKER)
    translations.add(worker, matter, field="title", words="A lamp at the south end")
    translations.add(worker, matter, field="title", words="One more lamp at the south end")
    found = translations.of_matters(world.session, [matter.id])
    assert found == {("proposal", matter.id, "title"): "One more lamp at the south end"}
    assert translations.of_rows(world.session, [("proposal", matter.id)]) == found
    assert matter.title == original
    assert world.acts()[-1] == "translation.add"


def test_a_resident_cannot_translate_for_the_community(world: World) -> None:
    matter = world.matter(Stage.ADMITTED)
    with pytest.raises(NotAllowed):
        translations.add(world.as_(Constituency.RESIDENTS), matter, field="title", words="x")


@pytest.mark.parametrize(
    ("field", "words"), [("title", " "), ("stage_of", "x"), ("title", "x" * 20_001)]
)
def test_empty_too_long_or_unknown_texts_are_refused(world: World, field: str, words: str) -> None:
    matter = world.matter(Stage.ADMITTED)
    with pytest.raises(Invalid):
        translations.add(world.as_(Post.RECORDER), matter, field=field, words=words)


# An English that no longer says what the original says


def kept(world: World, proposal_id: int) -> set[str]:
    return set(translations.of_matters(world.session, [proposal_id]).values())


def test_bettering_the_papers_drops_the_english_of_what_changed(world: World) -> None:
    matter = admitted(world)
    worker = world.as_(Post.COMMUNITY_WORKER)
    papers = Papers(summary="加灯", options=("高杆灯", "壁灯"), payer="社区")
    row = consultations.prepare(worker, matter, papers=papers)
    first, second = consultations.options(world.session, matter.id)
    for text, field, words in (
        (row, "summary", "Lamps"), (row, "payer", "The community"),
        (first, "words", "A mast"), (second, "words", "On the wall"),
    ):  # fmt: skip
        translations.add(worker, text, field=field, words=words)
    consultations.prepare(worker, matter, papers=papers)
    assert kept(world, matter.id) == {"Lamps", "The community", "A mast", "On the wall"}
    changed = replace(papers, summary="加一盏灯", options=("高杆灯",))
    consultations.prepare(worker, matter, papers=changed)
    assert kept(world, matter.id) == {"The community", "A mast"}
    assert world.acts()[-1] == "consultation.prepare"


def test_bettering_an_answer_or_a_proposal_drops_the_english_of_what_changed(world: World) -> None:
    matter = consulting(world)
    say(world.as_("neighbour"), matter)
    close(world, matter)
    chair, worker = world.as_(Post.FACILITATOR), world.as_(Post.COMMUNITY_WORKER)
    group = summaries.add(chair, matter, title="怕亮", reason="装灯罩")
    for field, words in (("title", "Too bright"), ("reason", "With a shade")):
        translations.add(worker, group, field=field, words=words)
    answer = summaries.Response.ACCEPTED
    summaries.revise(chair, group, title="怕亮", response=answer, reason="装灯罩，朝下照")
    assert kept(world, matter.id) == {"Too bright"}
    own = world.matter(Stage.RETURNED)
    translations.add(worker, own, field="title", words="A lamp")
    translations.add(worker, own, field="request", words="One lamp, please.")
    proposals.revise(
        world.as_(Constituency.RESIDENTS), own, words=replace(WORDS, title="加两盏路灯")
    )
    assert kept(world, own.id) == {"One lamp, please."}
