"""A meeting hall for tests: a matter, a plan for it, and the way to a meeting in session."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from council import (
    answers,
    attendance,
    deliberations,
    doors,
    meetings,
    plans,
    sittings,
    speeches,
)
from council.attendance import CheckInMethod
from council.meetings import AgendaItem, Meeting
from council.people import Constituency, Membership, Post
from council.plans import Plan, Topic
from council.proposals import Proposal, Stage
from council.turns import Side
from council.votes import Vote
from council.workflow import advance
from tests.world import World

Key = Post | Constituency | str

SEATS: tuple[Key, ...] = (
    Constituency.PARTY, Constituency.RESIDENTS, "neighbour", Constituency.COMMUNITY,
    Constituency.EXPERTS, Constituency.UNITS,
)  # fmt: skip

MOTION = "在斜马路南口加装一盏路灯，由绿化公司承办，6 月底前装好。"


class Hall:
    """One matter that is ready for a meeting, and acts of a meeting about it by those who may."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.matter = world.matter(Stage.READY_FOR_MEETING)

    def member_ids(self, *keys: Key) -> tuple[int, ...]:
        """The first membership of each of these people."""
        found = select(Membership.id, Membership.person_id).order_by(Membership.id)
        ids = {person: row for row, person in reversed(self.world.session.execute(found).all())}
        return tuple(ids[self.world.who[key]] for key in keys)

    def plan(self, *matters: Proposal, seats: tuple[Key, ...] = SEATS, **changed: Any) -> Plan:
        """A complete plan for 19:00 in seven days, about the hall's matter by default."""
        values: dict[str, Any] = {
            "title": "五月联席会议",
            "starts_at": self.world.now + timedelta(days=7, hours=10),
            "location": "社区服务站二楼议事厅",
            "accessible": True,
            "chair_id": self.world.who[Post.FACILITATOR],
            "recorder_id": self.world.who[Post.RECORDER],
            "members": self.member_ids(*seats),
            "agenda": tuple(Topic(one.id, MOTION) for one in matters or (self.matter,)),
        }
        return Plan(**values | changed)

    def planned(self, *matters: Proposal, **changed: Any) -> Meeting:
        return plans.plan(
            self.world.as_(Post.PARTY_LEAD), self.world.community,
            plan=self.plan(*matters, **changed),
        )  # fmt: skip

    def items(self, meeting: Meeting) -> list[AgendaItem]:
        return meetings.items(self.world.session, meeting.id)

    def answered(self, meeting: Meeting) -> None:
        for item in self.items(meeting):
            if item.proposal_id is None:
                continue
            answers.give(self.world.as_(Post.HANDLER), item, accepts=True, words="可以办")

    def move(self, who: Post, meeting: Meeting, name: str) -> None:
        advance(self.world.as_(who), sittings.MEETING, meeting, name)

    def notified(self, *matters: Proposal, **changed: Any) -> Meeting:
        meeting = self.planned(*matters, **changed)
        self.answered(meeting)
        self.move(Post.PARTY_LEAD, meeting, "notify")
        return meeting

    def opened(self, *matters: Proposal, **changed: Any) -> Meeting:
        """Check-in is open, and it is the hour of the meeting."""
        meeting = self.notified(*matters, **changed)
        self.world.now = meeting.starts_at
        self.move(Post.FACILITATOR, meeting, "open_check_in")
        return meeting

    def code(self, meeting: Meeting) -> str:
        """The code that hangs in the hall now."""
        return doors.valid_code(self.world.session, meeting.id, self.world.now)

    def come(self, meeting: Meeting, *keys: Key) -> None:
        for seat in meetings.seats(self.world.session, meeting.id):
            if seat.person_id in {self.world.who[key] for key in keys}:
                ctx = self.world.as_(Post.FACILITATOR)
                attendance.tick(ctx, seat, method=CheckInMethod.LIST)

    def begun(
        self, *matters: Proposal, present: tuple[Key, ...] = SEATS, **changed: Any
    ) -> Meeting:
        meeting = self.opened(*matters, **changed)
        self.come(meeting, *present)
        self.move(Post.FACILITATOR, meeting, "begin")
        return meeting

    def item_open(self, **changed: Any) -> AgendaItem:
        """The only item of a meeting in session, under deliberation."""
        item = self.items(self.begun(**changed))[0]
        return deliberations.open_item(self.world.as_(Post.FACILITATOR), item)

    def asked(self, item: AgendaItem) -> AgendaItem:
        """Both sides were asked and have nothing to add."""
        for side in (Side.FOR, Side.AGAINST):
            speeches.waive(self.world.as_(Post.FACILITATOR), item, side=side)
        return item

    def vote_open(self, **changed: Any) -> Vote:
        """A vote on the only item of a meeting in session."""
        item = self.asked(self.item_open(**changed))
        return deliberations.open_vote(self.world.as_(Post.FACILITATOR), item)

    def seat(self, meeting: Meeting, key: Key) -> meetings.MeetingSeat:
        found = meetings.seat_of(self.world.session, meeting.id, self.world.who[key])
        assert found is not None
        return found
