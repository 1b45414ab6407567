"""Notices hang at least fifteen days."""

from council import deadlines, gate, notices
from council.gate import Act
from council.notices import Notice, NoticeKind
from council.policy import Can
from council.proposals import Stage
from tests.world import World


def hang(world: World, kind: NoticeKind, days: int) -> Notice:
    """A notice about an adopted matter."""
    matter = world.matter(Stage.ADOPTED)
    return gate.through(
        world.system(),
        Act("test.post", Can.SYSTEM),
        matter,
        lambda: notices.post(
            world.system(), matter, kind, title="决定", body="同意。", days=days,
            proposal_id=matter.id,
        ),
    )  # fmt: skip


def test_a_decision_hangs_fifteen_days_even_when_somebody_asks_for_fewer(world: World) -> None:
    notice = hang(world, NoticeKind.DECISION, 3)
    assert notice.days == 15
    assert (notice.until - deadlines.local_date(world.now)).days == 15


def test_the_days_are_over_at_the_end_of_the_last_one(world: World) -> None:
    notice = hang(world, NoticeKind.RESULT, 15)
    assert not notices.is_over(notice, deadlines.day_start(notice.until))
    assert notices.is_over(notice, deadlines.day_end(notice.until))


def test_the_board_shows_what_hangs_today_and_a_matter_its_own(world: World) -> None:
    notice = hang(world, NoticeKind.DECISION, 15)
    assert notices.standing(world.session, world.community, world.now) == [notice]
    assert notices.of(world.session, notice.proposal_id or 0) == [notice]
    assert notices.posted(world.session, notice.proposal_id or 0, NoticeKind.DECISION) == notice
    assert notices.posted(world.session, notice.proposal_id or 0, NoticeKind.RESULT) is None
    world.wait(days=17)
    assert notices.standing(world.session, world.community, world.now) == []
