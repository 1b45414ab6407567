"""The responsible unit accepts in principle before the notice; silence is noted, and flagged."""

from io import BytesIO

import pytest
from PIL import Image

from council import answers, calendar, deliberations, files
from council.answers import UnitSays
from council.errors import Invalid, NotAllowed, NotReady
from council.files import Picture
from council.people import Constituency, Post
from tests.hall import Hall
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


@pytest.fixture
def letter() -> Picture:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return files.decode(drawn.getvalue())


def test_the_handler_accepts_for_the_unit(hall: Hall) -> None:
    meeting = hall.planned()
    item = hall.items(meeting)[0]
    made = answers.give(hall.world.as_(Post.HANDLER), item, accepts=True, words="")
    assert (made.says, made.letter, made.unit_id) == (
        UnitSays.ACCEPTS, False, hall.world.unit.id,
    )  # fmt: skip
    assert calendar.running(hall.world.session, item, "unit_answer") == []
    assert answers.missing(hall.world.session, meeting, [item]) == []
    assert hall.world.acts()[-1] == "unit_answer.give"


def test_a_unit_that_declines_says_why_and_can_change_its_mind(hall: Hall) -> None:
    meeting = hall.planned()
    item = hall.items(meeting)[0]
    ctx = hall.world.as_(Post.HANDLER)
    with pytest.raises(Invalid):
        answers.give(ctx, item, accepts=False, words="")
    answers.give(ctx, item, accepts=False, words="今年没有预算")
    assert answers.missing(hall.world.session, meeting, [item]) == [item]
    answers.give(ctx, item, accepts=True, words="预算已调整")
    assert answers.missing(hall.world.session, meeting, [item]) == []


def test_another_unit_does_not_answer(hall: Hall) -> None:
    item = hall.items(hall.planned())[0]
    with pytest.raises(NotReady) as refusal:
        answers.give(hall.world.as_(Constituency.UNITS), item, accepts=True, words="")
    assert refusal.value.needs == ("signs_for_unit",)
    with pytest.raises(NotAllowed):
        answers.give(hall.world.as_(Constituency.RESIDENTS), item, accepts=True, words="")


def test_a_worker_enters_a_letter_with_its_photograph(hall: Hall, letter: Picture) -> None:
    item = hall.items(hall.planned())[0]
    ctx = hall.world.as_(Post.COMMUNITY_WORKER)
    with pytest.raises(Invalid):
        answers.record(ctx, item, says=UnitSays.ACCEPTS, words="复函同意")
    made = answers.record(ctx, item, says=UnitSays.ACCEPTS, words="复函同意", letter=letter)
    pair = ("unit_answer", made.id)
    assert made.letter
    assert files.photos(hall.world.session, [pair]) == {}
    assert len(files.photos(hall.world.session, [pair], private=True)[pair]) == 1
    assert hall.world.acts()[-1] == "unit_answer.record"


def test_silence_is_noted_and_the_matter_goes_on(hall: Hall) -> None:
    meeting = hall.planned()
    item = hall.items(meeting)[0]
    ctx = hall.world.as_(Post.COMMUNITY_WORKER)
    with pytest.raises(Invalid):
        answers.record(ctx, item, says=UnitSays.NO_REPLY, words="")
    answers.record(ctx, item, says=UnitSays.NO_REPLY, words="5 月 6 日、8 日两次去函")
    assert answers.missing(hall.world.session, meeting, [item]) == []


def test_a_recorder_does_not_enter_letters(hall: Hall) -> None:
    item = hall.items(hall.planned())[0]
    with pytest.raises(NotAllowed):
        answers.record(hall.world.as_(Post.RECORDER), item, says=UnitSays.NO_REPLY, words="x")


def test_a_settled_item_takes_no_more_answers(hall: Hall) -> None:
    item = hall.item_open()
    deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text="装一盏")
    with pytest.raises(NotReady) as refusal:
        answers.give(hall.world.as_(Post.HANDLER), item, accepts=True, words="")
    assert refusal.value.needs == ("item_not_settled",)
    with pytest.raises(NotReady) as refused:
        answers.record(
            hall.world.as_(Post.COMMUNITY_WORKER), item, says=UnitSays.NO_REPLY, words="x"
        )
    assert refused.value.needs == ("item_not_settled",)
