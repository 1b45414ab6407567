"""Archives: what is published is kept as one file whose fingerprint stands in the log."""

import hashlib
import json
from io import BytesIO

import pytest
from PIL import Image

from council import archives, audit, deliberations, files, minutes, sittings
from council.errors import NotAllowed, NotReady
from council.gate import Context
from council.meetings import Meeting
from council.minutes import Minutes, Words
from council.people import SYSTEM, Constituency, Post
from tests.hall import Hall
from tests.world import World

WORDS = Words(views_for="夜里看得见路", views_against="灯光照进卧室", other="下月公示图纸")


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


@pytest.fixture
def draft(hall: Hall) -> Minutes:
    """Signed minutes with a photograph, not published yet."""
    item = hall.item_open()
    meeting = hall.world.session.get_one(Meeting, item.meeting_id)
    deliberations.agree(hall.world.as_(Post.FACILITATOR), item, text="装一盏灯")
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    row = minutes.draft(hall.world.as_(Post.RECORDER), meeting, words=WORDS)
    for one in Constituency:
        minutes.sign(hall.world.as_(one), row, revision=0)
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    sittings.photograph(
        hall.world.as_(Post.RECORDER), meeting, picture=files.decode(drawn.getvalue())
    )
    return row


def system(hall: Hall) -> Context:
    return Context(hall.world.session, SYSTEM, hall.world.now)


def test_what_is_published_is_sealed_in_the_same_moment(hall: Hall, draft: Minutes) -> None:
    minutes.publish(hall.world.as_(Post.RECORDER), draft)
    kept = archives.of_minutes(hall.world.session, draft.id)
    assert kept is not None
    assert kept.sha256 == hashlib.sha256(kept.text.encode()).hexdigest()
    assert hall.world.acts()[-2:] == ["minutes.publish", "minutes.seal"]
    hall.world.commit()
    last = audit.entry(hall.world.session, audit.size(hall.world.session) - 1)
    assert last is not None
    assert kept.sha256.encode() in last.entry
    assert "装一盏灯".encode() not in last.entry


def test_the_file_tells_what_the_page_tells_and_names_nobody(hall: Hall, draft: Minutes) -> None:
    minutes.publish(hall.world.as_(Post.RECORDER), draft)
    kept = archives.of_minutes(hall.world.session, draft.id)
    assert kept is not None
    told = json.loads(kept.text)
    assert told["format"] == archives.FORMAT
    assert told["words"] == vars(WORDS)
    assert told["items"][0]["consensus"] == "装一盏灯"
    assert told["items"][0]["result"]["outcome"] == "adopted"
    assert {one["constituency"] for one in told["signatures"]} == set(Constituency)
    assert (told["meeting"]["chair"]["post"], len(told["photographs"])) == ("facilitator", 1)
    assert "person" not in kept.text


def test_only_published_minutes_are_sealed_once_and_by_nobody(hall: Hall, draft: Minutes) -> None:
    with pytest.raises(NotReady) as early:
        archives.seal(system(hall), draft)
    assert early.value.needs == ("minutes_published",)
    minutes.publish(hall.world.as_(Post.RECORDER), draft)
    with pytest.raises(NotReady) as again:
        archives.seal(system(hall), draft)
    assert again.value.needs == ("not_sealed",)
    with pytest.raises(NotAllowed):
        archives.seal(hall.world.as_(Post.RECORDER), draft)
