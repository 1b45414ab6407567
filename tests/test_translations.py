"""The community's translations: added beside the original, never instead of it."""

import pytest

from council import translations
from council.errors import Invalid, NotAllowed
from council.people import Constituency, Post
from council.proposals import Stage
from tests.world import World


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
