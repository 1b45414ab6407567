"""Whatever is clicked in whatever order, no rule of order is broken: a machine of clicks."""

import shutil
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from council import (
    attendance,
    chairing,
    deliberations,
    gate,
    meetings,
    motions,
    offices,
    orders,
    rollcalls,
    sittings,
    speeches,
    turns,
    votes,
)
from council.attendance import CheckInMethod
from council.db import Database
from council.decisions import Outcome
from council.errors import CouncilError
from council.gate import Act, Context
from council.meetings import AgendaItem, ItemStage, Meeting, MeetingSeat, MeetingStage
from council.motions import MOTION, MotionStage
from council.people import Constituency, Post
from council.policy import Can
from council.turns import Side
from council.votes import Choice, Vote
from council.workflow import advance
from tests.hall import MOTION as TEXT
from tests.hall import SEATS, Hall, Key
from tests.world import Known, World

R = TypeVar("R")

TURNS = 2
"""How often each speaks to a motion, by default (practice.md A5, rule 7)."""

LATE = 25
"""After so many clicks an item may be agreed or postponed: else hardly a debate would be seen."""

Lead = Key | None
BY_LIST = CheckInMethod.LIST

LEADS: tuple[Lead, ...] = (None, None, None, Post.FACILITATOR, "neighbour", Constituency.PARTY)
"""Who clicks where the chair does: mostly whoever presides, at times somebody who could."""

chairs, seats = st.sampled_from(LEADS), st.sampled_from(SEATS)
people = st.sampled_from((*SEATS, Post.FACILITATOR))
sides, choices = st.sampled_from(Side), st.sampled_from(Choice)
keen = st.sampled_from(("neighbour", Constituency.UNITS))
"""Two seats that often ask to speak, and often are asked to take the chair."""
which = st.integers(0, 5)
"""0 is something stale, anything else what is under way."""


def offered(holds: Callable[["Clicks"], object], of: str = "items") -> Callable[["Clicks"], bool]:
    """A click on one `of` these that a fresh page offers; at times a stale page offers it as well.

    Without it most clicks would be refused, and hardly any debate would come to its vote.
    """
    return lambda it: bool(getattr(it, of) and (holds(it) or it.clicks % 3 == 0))


class Clicks(RuleBasedStateMachine):
    """A meeting in session with six seats and two matters, the first of them called.

    A rule is a click that a page offers, or that a stale page still offers; what is refused changes
    nothing. What must hold is kept here once more, apart from the code under test: who has come,
    who led which item, and whether enough were there when a vote opened.
    """

    def __init__(self, path: Path, known: Known, meeting_id: int) -> None:
        super().__init__()
        self.database = Database(f"sqlite:///{path}")
        self.opened = self.database.write()
        self.session = self.opened.__enter__()
        self.world = World(self.database, self.session, known)
        self.keys = {person: key for key, person in self.world.who.items()}
        self.meeting = self.session.get_one(Meeting, meeting_id)
        self.world.now = self.meeting.starts_at
        self.items = meetings.items(self.session, meeting_id)
        self.here = set(SEATS)
        self.presides = {one.id: self.meeting.chair_id for one in self.items}
        self.led = {one.id: {self.meeting.chair_id} for one in self.items}
        self.quorate: dict[int, bool] = {}
        self.carried: set[int] = set()
        self.actors = {key: self.world.as_(key).actor for key in self.world.who}
        self.clicks = self.last = 0
        self.look()

    def teardown(self) -> None:
        """Nothing is kept."""
        self.session.rollback()
        self.opened.__exit__(None, None, None)
        self.database.close()

    # What the rules share

    def click(self, who: Key | None, done: Callable[[Context], R]) -> R | None:
        """What the click of somebody gave; None when it was refused."""
        self.world.wait(seconds=1)
        self.clicks += 1
        try:
            key = who or self.keys[self.presides[self.item(1).id]]
            found = done(Context(self.session, self.actors[key], self.world.now))
            self.last = self.world.who[key]
        except CouncilError:
            return None
        self.moved = True
        return found

    def seat(self, key: Key) -> MeetingSeat:
        found = meetings.seat_of(self.session, self.meeting.id, self.world.who[key])
        assert found is not None
        return found

    def quorum(self) -> bool:
        """Half of the seats, and one of each constituency (practice.md, correction 5)."""
        there = {self.seat(key).constituency for key in self.here}
        return len(self.here) * 2 >= len(SEATS) and there == set(Constituency)

    def item(self, n: int) -> AgendaItem:
        """The item that is open; sometimes another, as on a page that was not loaded again."""
        now = next((one for one in self.items if one.stage is ItemStage.OPEN), self.items[1])
        return now if n else self.items[0]

    def look(self) -> None:
        """What is to be seen now; the innermost motion that is open is the last."""
        self.moved = False
        rows = motions.of_item(self.session, self.item(1).id)
        self.motions = sorted(rows, key=lambda row: (row.stage in motions.LIVE, row.id))
        self.speeches = speeches.of_meeting(self.session, self.meeting.id)
        self.votes = list(self.session.scalars(select(Vote).order_by(Vote.id)))
        self.debated = self.item(1).stage is ItemStage.OPEN
        self.pending = self.items[1].stage is ItemStage.PENDING
        self.voting = any(vote.is_open for vote in self.votes)
        self.depth = self.motions[-1].depth if self.debated else 0
        self.waiting = any(not one.called_at and not one.ended_at for one in self.speeches)
        self.heard = speeches.speaking(self.speeches)

    def note_opening(self) -> None:
        self.look()
        self.quorate.setdefault(self.votes[-1].id, self.quorum())

    @initialize(asked=st.booleans())
    def both_sides_are_asked(self, *, asked: bool) -> None:
        if asked:
            self.waive_both_sides(None, 1)

    # Who comes and goes

    @precondition(offered(lambda self: len(self.here) < len(SEATS) and self.clicks % 3 == 0))
    @rule(key=seats)
    def check_in(self, key: Key) -> None:
        tick = attendance.tick
        if self.click(Post.RECORDER, lambda ctx: tick(ctx, self.seat(key), method=BY_LIST)):
            self.here.add(key)

    @precondition(lambda self: len(self.here) == len(SEATS) and self.clicks % 4 == 0)
    @rule(key=seats)
    def leave(self, key: Key) -> None:
        if gone := attendance.of_seat(self.session, self.seat(key).id):
            spec, system = Act("test.leave", Can.SYSTEM), self.world.system()
            gate.through(system, spec, self.meeting, lambda: self.session.delete(gone))
            self.here.remove(key)

    # Items

    @precondition(offered(lambda self: not self.pending and not self.debated))
    @rule(who=chairs)
    def adjourn(self, who: Lead) -> None:
        self.click(who, lambda ctx: advance(ctx, sittings.MEETING, self.meeting, "adjourn"))

    @precondition(offered(lambda self: self.pending and not self.debated))
    @rule(who=chairs)
    def call_next(self, who: Lead) -> None:
        self.click(who, lambda ctx: deliberations.open_item(ctx, self.items[1]))

    @precondition(lambda self: self.debated and self.clicks > LATE)
    @rule(who=chairs, n=which)
    def agree(self, who: Lead, n: int) -> None:
        self.click(who, lambda ctx: deliberations.agree(ctx, self.item(n), text=TEXT))

    @precondition(lambda self: self.debated and self.clicks > LATE)
    @rule(who=chairs, n=which)
    def postpone(self, who: Lead, n: int) -> None:
        self.click(who, lambda ctx: deliberations.postpone(ctx, self.item(n), reason="再议"))

    @precondition(offered(lambda self: self.debated and len(self.led[self.item(1).id]) == 1))
    @rule(who=chairs, to=st.one_of(keen, people), n=which)
    def hand_over_the_chair(self, who: Lead, to: Key, n: int) -> None:
        item, to_id = self.item(n), self.world.who[to]
        self.click(who, lambda ctx: chairing.hand_over(ctx, item, to_id=to_id))
        if n != 1 and self.click(to, lambda ctx: chairing.accept(ctx, item)):
            assert to_id not in self.led[item.id]
            self.presides[item.id] = to_id
            self.led[item.id].add(to_id)

    # The floor

    @precondition(offered(lambda self: self.debated and not self.voting))
    @rule(who=people, side=sides, n=which)
    def raise_hand(self, who: Key, side: Side, n: int) -> None:
        item = self.item(n)
        if self.click(who, lambda ctx: speeches.raise_hand(ctx, item, side=side)):
            assert self.world.who[who] != self.presides[item.id]

    @precondition(offered(lambda self: self.debated and not self.voting))
    @rule(who=keen, side=sides)
    def speak_to_the_end(self, who: Key, side: Side) -> None:
        """Somebody who is quick to raise a hand, time and again."""
        item = self.item(1)
        self.click(who, lambda ctx: speeches.raise_hand(ctx, item, side=side))
        if called := self.click(None, lambda ctx: speeches.call(ctx, item)):
            self.click(None, lambda ctx: speeches.end(ctx, called))

    @precondition(offered(lambda self: self.waiting, "speeches"))
    @rule(who=people, n=which)
    def take_hand_down(self, who: Key, n: int) -> None:
        self.click(who, lambda ctx: speeches.withdraw_hand(ctx, self.item(n)))

    @precondition(offered(lambda self: self.waiting, "speeches"))
    @rule(who=chairs, n=which)
    def call_speaker(self, who: Lead, n: int) -> None:
        self.click(who, lambda ctx: speeches.call(ctx, self.item(n)))

    @precondition(offered(lambda self: self.heard, "speeches"))
    @rule(who=chairs, cuts=st.booleans(), n=which)
    def end_turn(self, who: Lead, n: int, *, cuts: bool) -> None:
        row = (n and self.heard) or self.speeches[-1]
        if cuts:
            self.click(who, lambda ctx: speeches.cut(ctx, row, why="请就事论事"))
        else:
            self.click(who, lambda ctx: speeches.end(ctx, row))

    @precondition(offered(lambda self: self.debated and not self.voting))
    @rule(who=chairs, n=which)
    def waive_both_sides(self, who: Lead, n: int) -> None:
        item = self.item(n)
        for side in turns.OTHER:
            self.click(who, lambda ctx, side=side: speeches.waive(ctx, item, side=side))

    @precondition(offered(lambda self: self.debated))
    @rule(who=people, n=which)
    def point_of_order(self, who: Key, n: int) -> None:
        self.click(who, lambda ctx: orders.raise_order(ctx, self.item(n), words="请守时"))

    # Motions

    @precondition(offered(lambda self: self.debated and not self.voting, "motions"))
    @rule(who=people, other=seats, text=which, n=which)
    def amend_and_second(self, who: Key, other: Key, text: int, n: int) -> None:
        row = self.motions[-1 if n else 0]
        made = self.click(who, lambda ctx: motions.amend(ctx, row, text=f"{TEXT}{text}"))
        if made and n > 1:
            self.click(other, lambda ctx: advance(ctx, MOTION, made, "second"))
            assert made.seconder_seat_id != made.mover_seat_id

    @precondition(offered(lambda self: self.depth and not self.voting, "motions"))
    @rule(who=people, name=st.sampled_from(("second", "withdraw")), n=which)
    def second_or_withdraw(self, who: Key, name: str, n: int) -> None:
        row = self.motions[-1 if n else 0]
        self.click(who, lambda ctx: advance(ctx, MOTION, row, name))

    @precondition(offered(lambda self: self.depth and not self.voting, "motions"))
    @rule(who=chairs, name=st.sampled_from(("put", "accept", "accept")), n=which)
    def put_or_accept(self, who: Lead, name: str, n: int) -> None:
        row = self.motions[-1 if n else 0]
        self.click(who, lambda ctx: advance(ctx, MOTION, row, name))
        if row.stage is MotionStage.QUESTION:
            self.note_opening()

    @precondition(offered(lambda self: self.depth and not self.voting, "motions"))
    @rule(who=chairs, name=st.sampled_from(("drop", "carry")), n=which)
    def drop_or_carry(self, who: Lead, name: str, n: int) -> None:
        row = self.motions[-1 if n else 0]
        self.click(who, lambda ctx: advance(ctx, MOTION, row, name))

    # Votes

    @precondition(offered(lambda self: self.debated and not self.voting))
    @rule(who=chairs, n=which)
    def open_vote(self, who: Lead, n: int) -> None:
        if self.click(who, lambda ctx: deliberations.open_vote(ctx, self.item(n))):
            self.note_opening()
            item = self.item(1)
            assert self.last not in self.led[item.id] - {self.presides[item.id]}

    @precondition(offered(lambda self: self.voting, "votes"))
    @rule(who=people, choice=choices)
    def cast(self, who: Key, choice: Choice) -> None:
        vote = self.votes[-1]
        if self.click(who, lambda ctx: rollcalls.cast(ctx, vote, choice=choice)):
            assert vote.is_open
            assert self.world.who[who] not in self.led[vote.agenda_item_id or 0]

    @precondition(offered(lambda self: self.voting, "votes"))
    @rule(who=chairs)
    def all_vote_and_it_is_closed(self, who: Lead) -> None:
        vote = self.votes[-1]
        for key in SEATS:
            self.click(key, lambda ctx: rollcalls.cast(ctx, vote, choice=Choice.FOR))
        self.click(who, lambda ctx: deliberations.close_vote(ctx, vote))

    # What is true at every moment

    @invariant()
    def the_rules_of_order_hold(self) -> None:
        if self.moved:
            self.look()
            self.one_thing_at_a_time()
            self.whoever_leads_has_no_vote()
            self.nothing_is_decided_below_quorum()
            self.no_result_before_the_close()
            self.one_speaks_at_a_time_and_no_third_time()

    def one_thing_at_a_time(self) -> None:
        stacks = [motions.stack(self.session, item.id) for item in self.items]
        assert sum(item.stage is ItemStage.OPEN for item in self.items) <= 1
        assert sum(bool(stack) for stack in stacks) <= 1
        for stack in stacks:
            assert [row.depth for row in stack] == list(range(len(stack)))
            assert all(row.stage is MotionStage.DEBATING for row in stack[:-1])
        assert sum(vote.is_open for vote in self.votes) <= 1
        for item in self.items:
            main = motions.of_item(self.session, item.id)[:1]
            if any(row.stage in {MotionStage.CARRIED, MotionStage.LOST} for row in main):
                assert item.stage in {ItemStage.CONSENSUS, ItemStage.VOTED}
        if self.meeting.stage is MeetingStage.ADJOURNED:
            assert not self.voting
            assert not any(stacks)

    def whoever_leads_has_no_vote(self) -> None:
        for vote in self.votes:
            presides = self.presides[vote.agenda_item_id or 0]
            assert not vote.is_open or votes.voter(self.session, vote.id, presides) is None

    def nothing_is_decided_below_quorum(self) -> None:
        of_motion = {vote.motion_id: vote for vote in self.votes}
        of_item = {vote.agenda_item_id: vote for vote in self.votes if vote.on_item}
        for row in motions.of_items(self.session, [item.id for item in self.items]):
            if row.stage is MotionStage.CARRIED and row.id not in self.carried:
                self.carried.add(row.id)
                vote = of_motion.get(row.id) if row.depth else of_item.get(row.item_id)
                assert self.quorate[vote.id] if vote else self.quorum()
        for vote in self.votes:
            assert vote.is_open or self.quorate[vote.id] or vote.outcome is Outcome.NO_QUORUM

    def no_result_before_the_close(self) -> None:
        for vote in self.votes:
            assert (vote.result is None) is vote.is_open
            assert (vote.outcome is None) is vote.is_open

    def one_speaks_at_a_time_and_no_third_time(self) -> None:
        called = [row for row in self.speeches if row.called_at]
        now = [row for row in called if row.ended_at is None]
        assert len(now) <= 1
        assert all(row.person_id != self.presides[row.item_id] for row in now)
        spoken = Counter((row.item_id, row.person_id) for row in called)
        assert all(count <= TURNS for count in spoken.values())


def test_no_order_of_clicks_breaks_the_rules_of_order(
    world_sqlite: tuple[Path, Known], tmp_path: Path
) -> None:
    begun = tmp_path / "begun.db"
    shutil.copyfile(world_sqlite[0], begun)
    database = Database(f"sqlite:///{begun}")
    with database.write() as session:
        world = World(database, session, world_sqlite[1])
        admin, neighbour = world.as_(Post.ADMIN), world.who["neighbour"]
        offices.give(admin, world.community, person_id=neighbour, post=Post.FACILITATOR)
        hall = Hall(world)
        meeting = hall.begun(hall.matter, world.matter(hall.matter.stage))
        deliberations.open_item(world.as_(Post.FACILITATOR), hall.items(meeting)[0])
        meeting_id, known = meeting.id, Known(world.who, *_places(world))
    database.close()
    numbers = count()

    def machine() -> Clicks:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copyfile(begun, path)
        return Clicks(path, known, meeting_id)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=45, stateful_step_count=50, derandomize=True, deadline=None, database=None,
            phases=(Phase.generate, Phase.shrink), suppress_health_check=[*HealthCheck],
        ),
    )  # fmt: skip


def _places(world: World) -> tuple[int, tuple[int, int]]:
    return world.community.id, (world.unit.id, world.other_unit.id)
