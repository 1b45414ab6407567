"""Whatever is clicked in whatever order: one motion at a time, no vote of the chair, a quorum."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from council import attendance, deliberations, gate, motions, rollcalls, votes
from council.errors import CouncilError
from council.gate import Act
from council.meetings import AgendaItem, ItemStage, Meeting
from council.motions import MOTION, MotionStage
from council.people import Constituency, Post
from council.policy import Can
from council.votes import Choice, Vote
from council.workflow import advance
from tests.hall import MOTION as TEXT
from tests.hall import Hall, Key
from tests.world import World

CLICKERS: tuple[Key, ...] = (Post.FACILITATOR, "neighbour", Constituency.PARTY, "expert2")
STEPS = ("second", "withdraw", "accept", "put", "drop", "carry")
ACTS = (
    "open",
    "amend",
    "agree",
    "vote",
    "cast",
    "close",
    "postpone",
    *STEPS,
    "amend",
    "second",
    "put",
    "close",
)


def click(hall: Hall, items: list[AgendaItem], what: str, who: Key, n: int) -> None:
    """One click of somebody on something; what is refused changes nothing."""
    session, ctx = hall.world.session, hall.world.as_(who)
    item = items[n == 0]
    rows = motions.of_item(session, item.id)
    row = rows[-1 if n % 2 else 0] if rows else None
    cast = list(session.scalars(select(Vote).order_by(Vote.id.desc()).limit(1)))
    acts: dict[str, Callable[[], object]] = {
        "open": lambda: deliberations.open_item(ctx, item),
        "amend": lambda: row and motions.amend(ctx, row, text=f"{TEXT}{n}"),
        "agree": lambda: deliberations.agree(ctx, item, text=TEXT),
        "vote": lambda: deliberations.open_vote(ctx, item),
        "cast": lambda: cast and rollcalls.cast(ctx, cast[0], choice=list(Choice)[n % 3]),
        "close": lambda: cast and deliberations.close_vote(ctx, cast[0]),
        "postpone": lambda: deliberations.postpone(ctx, item, reason="再议"),
    }
    try:
        if what in acts:
            acts[what]()
        elif row:
            advance(ctx, MOTION, row, what)
    except CouncilError:
        return


def holds(hall: Hall, items: list[AgendaItem], *, quorum: bool) -> None:
    """What is true of a meeting, whatever happened."""
    session = hall.world.session
    stacks = [motions.stack(session, item.id) for item in items]
    assert sum(bool(stack) for stack in stacks) <= 1
    assert sum(item.stage is ItemStage.OPEN for item in items) <= 1
    for stack in stacks:
        assert [row.depth for row in stack] == list(range(len(stack)))
        assert sum(row.stage is MotionStage.QUESTION for row in stack) <= 1
        assert all(row.stage is MotionStage.DEBATING for row in stack[:-1])
    chair = hall.world.who[Post.FACILITATOR]
    for vote in session.scalars(select(Vote)):
        assert votes.voter(session, vote.id, chair) is None
    if not quorum:
        rows = [row for item in items for row in motions.of_item(session, item.id)]
        assert all(row.stage is not MotionStage.CARRIED for row in rows)
        assert all(item.stage is not ItemStage.CONSENSUS for item in items)


def leave(hall: Hall, item: AgendaItem, key: Key) -> None:
    """Somebody who had signed in is gone again."""
    meeting = hall.world.session.get_one(Meeting, item.meeting_id)
    gone = attendance.of_seat(hall.world.session, hall.seat(meeting, key).id)
    spec = Act("test.leave", Can.SYSTEM)
    gate.through(hall.world.system(), spec, item, lambda: hall.world.session.delete(gone))


def test_no_order_of_clicks_breaks_the_rules_of_order(world: World) -> None:
    hall = Hall(world)
    items = hall.items(hall.begun(hall.matter, world.matter(hall.matter.stage)))
    hall.asked(deliberations.open_item(world.as_(Post.FACILITATOR), items[0]))
    one = st.tuples(st.sampled_from(ACTS), st.sampled_from(CLICKERS), st.integers(0, 5))

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(st.booleans(), st.lists(one, min_size=8, max_size=25))
    def clicks(quorum: bool, found: list[tuple[str, Key, int]]) -> None:
        before = world.session.begin_nested()
        if not quorum:
            leave(hall, items[0], Constituency.UNITS)
        for what, who, n in found:
            click(hall, items, what, who, n)
            holds(hall, items, quorum=quorum)
        before.rollback()

    clicks()
