"""Proof of posting: a photograph of the board, with place and hour, while the notice hangs."""

from datetime import timedelta
from typing import Any

import pytest

from council import files, notices, proofs
from council.errors import Invalid, NotAllowed
from council.notices import Notice
from council.people import Constituency, Post
from tests.hall import Hall
from tests.test_files import drawn
from tests.world import World


def photograph(world: World, notice: Notice, **changed: Any) -> proofs.PostingProof:
    values: dict[str, Any] = {
        "picture": files.decode(drawn()), "place": "服务站公开栏", "taken_at": world.now,
        "alt": "会议通知贴在玻璃公开栏里",
    }  # fmt: skip
    return proofs.photograph(world.as_(Post.COMMUNITY_WORKER), notice, **values | changed)


def test_a_photograph_shows_that_the_notice_of_a_meeting_hangs(world: World) -> None:
    meeting = Hall(world).notified()
    (notice,) = notices.of_meeting(world.session, meeting.id)
    assert proofs.of_notices(world.session, [notice.id]) == {}
    world.wait(hours=2)
    photograph(world, notice)
    assert world.acts()[-1] == "notice.photograph"
    photograph(world, notice, place="3 号楼门口", taken_at=world.now - timedelta(hours=1))
    found = proofs.of_notices(world.session, [notice.id])[notice.id]
    assert [one.row.place for one in found] == ["3 号楼门口", "服务站公开栏"]
    assert found[0].photo.alt == "会议通知贴在玻璃公开栏里"
    assert found[0].photo.public
    with pytest.raises(NotAllowed):
        proofs.photograph(
            world.as_(Constituency.RESIDENTS), notice, picture=files.decode(drawn()),
            place="楼下", taken_at=world.now, alt="通知",
        )  # fmt: skip
    for changed, field, key in (
        ({"alt": ""}, "alt", "empty"),
        ({"place": ""}, "place", "empty"),
        ({"taken_at": world.now + timedelta(hours=1)}, "taken_at", "in_the_future"),
        ({"taken_at": notice.posted_at - timedelta(days=1)}, "taken_at", "not_while_hanging"),
    ):
        with pytest.raises(Invalid) as wrong:
            photograph(world, notice, **changed)
        assert [(one.field, one.key) for one in wrong.value.problems] == [(field, key)]
    world.now = meeting.starts_at + timedelta(days=3)
    with pytest.raises(Invalid) as late:
        photograph(world, notice)
    assert late.value.key == "not_while_hanging"
    for _ in range(proofs.MOST - 2):
        photograph(world, notice, taken_at=notice.posted_at)
    with pytest.raises(Invalid) as full:
        photograph(world, notice, taken_at=notice.posted_at)
    assert full.value.key == "too_many_proofs"
