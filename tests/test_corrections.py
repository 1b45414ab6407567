"""Corrections: noted by who sat there, answered in public, and every wording stays in sight."""

import pytest

from council import corrections, minutes
from council.errors import Invalid, NotAllowed, NotReady
from council.minutes import Minutes, Words
from council.people import Constituency, Post
from tests.hall import Hall
from tests.test_minutes import drafted
from tests.world import World


@pytest.fixture
def row(world: World) -> Minutes:
    return drafted(Hall(world))


def test_who_sat_there_notes_a_correction_and_waits_for_its_answer(
    world: World, row: Minutes
) -> None:
    made = minutes.correct(world.as_("neighbour"), row, words="路灯是三盏")
    assert (made.constituency, made.accepted) == (Constituency.RESIDENTS, None)
    assert world.acts()[-1] == "minutes.correct"
    with pytest.raises(NotReady) as again:
        minutes.correct(world.as_("neighbour"), row, words="还有一处")
    assert again.value.needs == ("no_correction_waits",)
    with pytest.raises(NotReady) as absent:
        minutes.correct(world.as_(Post.DELEGATE), row, words="我不在")
    assert absent.value.needs == ("sat_at_meeting",)
    with pytest.raises(NotAllowed):
        minutes.correct(world.as_(Post.ADMIN), row, words="管理员")
    with pytest.raises(Invalid):
        minutes.correct(world.as_(Constituency.PARTY), row, words="长" * (corrections.WORDS + 1))


def test_the_recorder_answers_once_and_a_refusal_needs_its_reason(
    world: World, row: Minutes
) -> None:
    made = minutes.correct(world.as_("neighbour"), row, words="路灯是三盏")
    with pytest.raises(NotAllowed):
        corrections.answer(world.as_("neighbour"), made, accepts=True, words="")
    with pytest.raises(Invalid):
        corrections.answer(world.as_(Post.RECORDER), made, accepts=False, words="")
    corrections.answer(world.as_(Post.RECORDER), made, accepts=False, words="图纸上是两盏")
    assert world.acts()[-1] == "correction.answer"
    with pytest.raises(NotReady) as twice:
        corrections.answer(world.as_(Post.RECORDER), made, accepts=True, words="")
    assert twice.value.needs == ("correction_waits",)


def test_nothing_is_published_while_a_correction_waits(world: World, row: Minutes) -> None:
    made = minutes.correct(world.as_("neighbour"), row, words="路灯是三盏")
    with pytest.raises(NotReady) as refusal:
        minutes.publish(world.as_(Post.RECORDER), row)
    assert "corrections_answered" in refusal.value.needs
    corrections.answer(world.as_(Post.RECORDER), made, accepts=True, words="")
    with pytest.raises(NotReady) as later:
        minutes.publish(world.as_(Post.RECORDER), row)
    assert "corrections_answered" not in later.value.needs


def test_every_wording_is_kept(world: World, row: Minutes) -> None:
    minutes.revise(world.as_(Post.RECORDER), row, words=Words(views_for="看得见路"))
    minutes.revise(world.as_(Post.RECORDER), row, words=Words(views_for="看得见路"))
    kept = corrections.versions(world.session, row.id)
    assert [(one.revision, one.views_for) for one in kept] == [(0, "夜里看得见路"), (1, "看得见路")]
