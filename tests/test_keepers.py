"""Keepers: any two open a sealed box after the close, nobody alone, and no code is kept."""

import pytest

from council import audit, ballots, keepers
from council.errors import Invalid, NotAllowed, NotReady
from council.keepers import Code
from council.people import Constituency, Post
from council.votes import VoteStage
from tests.booth import Booth
from tests.polling import Poll
from tests.test_ballots import inside
from tests.world import World


def sealed(world: World) -> tuple[Booth, list[Code]]:
    booth = Booth(world, settings={"sealed": True})
    codes = []
    for number, who in enumerate((Post.OVERSIGHT, Post.RECORDER, Post.DELEGATE), 1):
        code = keepers.new_code()
        keepers.take(world.as_(who), booth.vote, code=code)
        codes.append(Code(number, code))
    booth.opened()
    return booth, codes


def test_a_sealed_box_is_opened_by_any_two_keepers(world: World) -> None:
    booth, codes = sealed(world)
    booth.cast("neighbour", "for")
    booth.cast(Constituency.PARTY, "against")
    assert all(b"for" not in one.opening and b"against" not in one.opening for one in inside(booth))
    assert len({len(one.opening) for one in inside(booth)}) == 1
    with pytest.raises(NotReady) as refusal:
        ballots.open_box(world.as_(Post.RECORDER), booth.vote, codes=(codes[0], codes[2]))
    assert refusal.value.needs == ("box_is_closed",)
    booth.closed()
    with pytest.raises(NotReady) as refusal:
        ballots.openings(world.session, booth.vote)
    assert refusal.value.needs == ("box_opened",)
    with pytest.raises(NotAllowed):
        ballots.open_box(world.as_("neighbour"), booth.vote, codes=(codes[0], codes[2]))
    typed = Code(3, codes[2].code.lower().replace("-", " "))
    ballots.open_box(world.as_(Post.RECORDER), booth.vote, codes=(codes[0], typed))
    assert {one.choice for one in ballots.openings(world.session, booth.vote)} == {"for", "against"}
    assert world.acts()[-1] == "box.open"
    with pytest.raises(NotReady) as refusal:
        ballots.open_box(world.as_(Post.RECORDER), booth.vote, codes=(codes[0], codes[1]))
    assert refusal.value.needs == ("box_is_sealed",)


def test_one_keeper_alone_or_a_wrong_code_opens_nothing(world: World) -> None:
    booth, codes = sealed(world)
    booth.cast("neighbour", "for")
    booth.closed()
    for pair, field in (
        ((codes[0], codes[0]), "code2"),
        ((codes[0], Code(2, "WRONG-CODE")), "code2"),
        ((Code(9, codes[0].code), codes[1]), "code1"),
    ):
        with pytest.raises(Invalid) as refusal:
            ballots.open_box(world.as_(Post.RECORDER), booth.vote, codes=pair)
        assert field in {one.field for one in refusal.value.problems}
    assert keepers.is_shut(booth.vote)


def test_a_keeper_keeps_a_box_once_and_its_code_nowhere(world: World) -> None:
    booth = Booth(world, settings={"sealed": True})
    assert not keepers.keepers_ready(world.system(), booth.vote)
    code = keepers.new_code()
    keepers.take(world.as_(Post.OVERSIGHT), booth.vote, code=code)
    assert world.acts()[-1] == "keeper.take"
    assert code.encode() not in audit.entries(world.session)[0].entry
    with pytest.raises(NotReady) as refusal:
        keepers.take(world.as_(Post.OVERSIGHT), booth.vote, code=code)
    assert refusal.value.needs == ("not_yet_keeper",)
    with pytest.raises(NotAllowed):
        keepers.take(world.as_("neighbour"), booth.vote, code=code)
    keepers.take(world.as_(Post.RECORDER), booth.vote, code=keepers.new_code())
    assert keepers.keepers_ready(world.system(), booth.vote)
    booth.at(VoteStage.OPEN)
    with pytest.raises(NotReady) as refusal:
        keepers.take(world.as_(Post.FACILITATOR), booth.vote, code=code)
    assert refusal.value.needs == ("box_to_be_sealed",)


def test_a_box_in_the_light_mode_has_no_keepers(world: World) -> None:
    booth = Booth(world)
    assert keepers.keepers_ready(world.system(), booth.vote)
    with pytest.raises(NotReady):
        keepers.take(world.as_(Post.OVERSIGHT), booth.vote, code=keepers.new_code())


def test_the_convener_decides_before_the_notice_whether_the_box_is_sealed(world: World) -> None:
    booth = Booth(world, stage=VoteStage.ROLL_FINAL)
    keepers.choose(world.as_(Post.PARTY_LEAD), booth.vote, sealed=True)
    assert keepers.is_sealed(booth.vote)
    keepers.choose(world.as_(Post.PARTY_LEAD), booth.vote, sealed=False)
    assert not keepers.is_sealed(booth.vote)
    assert world.acts()[-2:] == ["box.choose", "box.choose"]
    with pytest.raises(NotAllowed):
        keepers.choose(world.as_(Post.OVERSIGHT), booth.vote, sealed=True)
    booth.at(VoteStage.ANNOUNCED)
    with pytest.raises(NotReady) as refusal:
        keepers.choose(world.as_(Post.PARTY_LEAD), booth.vote, sealed=True)
    assert refusal.value.needs == ("box_not_yet_announced",)


def test_a_sealed_vote_is_announced_when_it_has_two_keepers(world: World) -> None:
    poll = Poll(world)
    poll.published(secret=True)
    keepers.choose(world.as_(Post.PARTY_LEAD), poll.vote, sealed=True)
    world.wait(days=6)
    poll.step("settle_roll")
    keepers.take(world.as_(Post.OVERSIGHT), poll.vote, code=keepers.new_code())
    with pytest.raises(NotReady) as refusal:
        poll.step("announce")
    assert refusal.value.needs == ("keepers_ready",)
    keepers.take(world.as_(Post.RECORDER), poll.vote, code=keepers.new_code())
    poll.step("announce")
