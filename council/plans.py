"""Plans of meetings: a convener fixes when and where, who leads and sits, and what is put."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from council import calendar, charter, envoys, grounds, meetings, papers, people, petitions
from council.errors import Checks, checking
from council.gate import Context, act
from council.kinds import KINDS, Kind, MeetingKind
from council.meetings import (
    AHEAD,
    LIVE,
    AgendaItem,
    ItemKind,
    Meeting,
    MeetingSeat,
    MeetingStage,
)
from council.people import Alias, Constituency, Membership, Office, Post
from council.places import Place, Unit
from council.policy import Can
from council.proposals import Proposal, Stage
from council.translations import forget

TITLE, PLACE, MOTION, REASON, SEATS, MINUTES, PLACES = 60, 100, 1000, 300, 80, 240, 2000
"""Longest title, place, motion, reason in characters; most seats, minutes for an item, places."""

KEPT = ("meeting_notice_days", "minutes", "meeting_tie", "council_quorum", "council_passing",
        "speak_seconds", "speak_turns")  # fmt: skip
"""Values of the charter that a meeting keeps as they were when it was planned."""

REVISED = (
    "title", "starts_at", "location", "accessible", "places", "chair_id", "recorder_id",
    "petition_id",
)  # fmt: skip
"""What a revised plan changes in the meeting itself."""

# Requirements


def is_being_planned(ctx: Context, meeting: Meeting) -> bool:
    """The notice has not gone out yet."""
    return meeting.stage is MeetingStage.PLANNED


def has_not_begun(ctx: Context, meeting: Meeting) -> bool:
    """The meeting has not begun."""
    return meeting.stage in AHEAD


# Acts


@dataclass(frozen=True)
class Topic:
    """One item to be: a matter with its motion, or a title of its own (a report needs no motion).

    `item_id` is the item that a revised plan keeps; 0 for a new one and for a matter.
    """

    proposal_id: int | None = None
    motion: str = ""
    title: str = ""
    kind: ItemKind = ItemKind.DECISION
    presenter: str = ""
    minutes: int = 0
    item_id: int = 0
    about_people: bool = False

    def check(self, check: Checks, field: str) -> None:
        """Note what is wrong; `field` is the end of the names under which it was typed."""
        check.text(self.motion, f"motion_{field}", limit=MOTION, required=False)
        check.text(self.presenter, f"presenter_{field}", limit=TITLE, required=False)
        check(0 <= self.minutes <= MINUTES, "out_of_range", f"minutes_{field}", low=0, high=MINUTES)
        if self.proposal_id is None:
            check.text(self.title, f"title_{field}", limit=TITLE)


@dataclass(frozen=True)
class Plan:
    """What a convener fixes: when, where, led by whom, who sits (memberships), and what is put.

    `petition_id`: the petition that it answers.
    """

    title: str
    starts_at: datetime
    location: str
    accessible: bool
    chair_id: int
    recorder_id: int
    members: tuple[int, ...] = ()
    agenda: tuple[Topic, ...] = ()
    kind: MeetingKind = MeetingKind.JOINT
    petition_id: int | None = None
    places: int | None = None

    def check(self, check: Checks, ctx: Context, place: Place, meeting_id: int | None) -> None:
        """Note everything that is wrong, before anything is written."""
        adults = not KINDS[self.kind].arrivals or grounds.adult_count(ctx.session, place.id)
        check(adults, "no_adults", "kind")
        check.text(self.title, "title", limit=TITLE)
        check.text(self.location, "location", limit=PLACE, required=False)
        check(self.starts_at > ctx.now, "in_the_past", "starts_at")
        fits = self.places is None or 0 < self.places <= PLACES
        check(fits, "out_of_range", "places", low=1, high=PLACES)
        for field, post in (("chair", Post.FACILITATOR), ("recorder", Post.RECORDER)):
            held = officers(ctx.session, place, post, ctx.now)
            named = getattr(self, f"{field}_id")
            check(named in {row.person_id for row in held}, "not_chosen", field)
        if self.petition_id is not None:
            owed = {row.id for row in petitions.owed(ctx.session, place.id, self.kind)}
            check(self.petition_id in owed, "not_owed", "petition")
        self._check_seats(check, ctx, place)
        self._check_agenda(check, ctx, place, meeting_id)

    def _check_seats(self, check: Checks, ctx: Context, place: Place) -> None:
        of = KINDS[self.kind]
        found = _members(ctx, place, self.members)
        units = [row.unit_id for row in found if row.unit_id]
        check(len(found) == len(set(self.members)), "not_found", "members")
        check(len(found) <= SEATS, "too_many_seats", "members", limit=SEATS)
        check(len({row.person_id for row in found}) == len(found), "one_seat_each", "members")
        check(len(set(units)) == len(units), "one_seat_per_unit", "members")
        chair_sits = self.chair_id in {row.person_id for row in found}
        check(of.chair_votes or not chair_sits, "chair_has_no_seat", "members")
        if of.posts:
            able = {row.id for row in holders(ctx.session, place, of, ctx.now)}
            check(able.issuperset(self.members), "not_in_office", "members")
        check(of.invites or not found, "anybody_may_come", "members")

    def _check_agenda(
        self, check: Checks, ctx: Context, place: Place, meeting_id: int | None
    ) -> None:
        of = KINDS[self.kind]
        free = {row.id for row in ready(ctx.session, place.id, meeting_id)}
        matters = {one.proposal_id for one in self.agenda if one.proposal_id is not None}
        check(free.issuperset(matters), "not_ready_for_meeting", "matters")
        check(self.kind is MeetingKind.JOINT or not matters, "matters_in_joint_only", "matters")
        own = 0
        for topic in self.agenda:
            own += topic.proposal_id is None
            put = topic.kind is ItemKind.DECISION
            end = str(topic.proposal_id or f"own{own}")
            check(of.decides or not put, "kind_only_talks", f"kind_{end}")
            topic.check(check, end)


@act("meeting.plan", who=Can.CONVENE)
def plan(ctx: Context, place: Place, *, plan: Plan) -> Meeting:
    """Plan a meeting; nobody outside the offices sees it before its notice."""
    with checking() as check:
        plan.check(check, ctx, place, None)
    made = Meeting(
        community_id=place.id, kind=plan.kind, title=plan.title, starts_at=plan.starts_at,
        location=plan.location, accessible=plan.accessible, chair_id=plan.chair_id,
        recorder_id=plan.recorder_id, rules=_rules(ctx, place),
        petition_id=plan.petition_id, entitled=_entitled(ctx, place, plan.kind), places=plan.places,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    _seat(ctx, made, _members(ctx, place, plan.members))
    _put(ctx, made, plan.agenda)
    return made


@act("meeting.revise", who=Can.CONVENE, requires=(is_being_planned,))
def revise(ctx: Context, meeting: Meeting, *, plan: Plan) -> None:
    """Change the plan before the notice; units that have not answered yet get the new date."""
    place = ctx.session.get_one(Place, meeting.community_id)
    with checking() as check:
        plan.check(check, ctx, place, meeting.id)
    for name in REVISED:
        setattr(meeting, name, getattr(plan, name))
    meeting.entitled = _entitled(ctx, place, meeting.kind)
    forget(ctx.session, meeting)
    _seat(ctx, meeting, _members(ctx, place, plan.members))
    _put(ctx, meeting, plan.agenda)


@act("meeting.appoint", who=Can.CONVENE, requires=(has_not_begun,))
def appoint(ctx: Context, meeting: Meeting, *, chair_id: int, recorder_id: int) -> None:
    """Name another chair or recorder, for example when somebody has fallen ill."""
    place = ctx.session.get_one(Place, meeting.community_id)
    seated = {row.person_id for row in meetings.seats(ctx.session, meeting.id)}
    with checking() as check:
        for field, named, post in (
            ("chair", chair_id, Post.FACILITATOR), ("recorder", recorder_id, Post.RECORDER),
        ):  # fmt: skip
            held = officers(ctx.session, place, post, ctx.now)
            check(named in {row.person_id for row in held}, "not_chosen", field)
        votes = meeting.of_kind.chair_votes
        check(votes or chair_id not in seated, "chair_has_no_seat", "chair")
    meeting.chair_id, meeting.recorder_id = chair_id, recorder_id


@act("meeting.explain", who=Can.CONVENE, requires=(has_not_begun,))
def explain(ctx: Context, meeting: Meeting, *, reason: str) -> None:
    """Say in public why a meeting that was announced will not take place."""
    with checking() as check:
        check.text(reason, "reason", limit=REASON)
    meeting.reason = reason


# Questions


def ready(session: Session, community_id: int, but: int | None = None) -> list[Proposal]:
    """The matters that wait for a meeting and stand on no other agenda, longest waiting first."""
    taken = select(AgendaItem.proposal_id).join(Meeting, Meeting.id == AgendaItem.meeting_id)
    taken = taken.where(
        Meeting.stage.in_(LIVE), Meeting.id != (but or 0), AgendaItem.proposal_id.is_not(None)
    )
    found = select(Proposal).where(
        Proposal.community_id == community_id,
        Proposal.stage == Stage.READY_FOR_MEETING,
        Proposal.id.not_in(taken),
    )
    return list(session.scalars(found.order_by(Proposal.moved_at, Proposal.id)))


def officers(session: Session, place: Place, post: Post, now: datetime) -> list[Office]:
    """Who holds a post that reaches the place."""
    found = select(Office).join(Place, Place.id == Office.community_id)
    found = found.where(Office.post == post, Office.since <= now)
    reaching = found.where(Place.id.in_([int(step) for step in place.path.split("/") if step]))
    return [row for row in session.scalars(reaching) if row.until is None or row.until > now]


def choices(ctx: Context, place: Place, post: Post) -> list[tuple[int, str]]:
    """Who can be named to a post of the meeting, by number and name, for the convener's eyes."""
    held = officers(ctx.session, place, post, ctx.now)
    known = meetings.faces(ctx.session, place.id, [row.person_id for row in held])
    return [
        (row.person_id, f"{row.number:02d} · {known[row.person_id].name}")
        for row in held
        if row.person_id in known
    ]


def candidates(
    session: Session, community_id: int, now: datetime, each: int = 40, also: Iterable[int] = ()
) -> list[Membership]:
    """Who may be invited: per constituency `each` at most, those in office first.

    `also` are memberships that come before all others, because they are chosen already.
    """
    wanted = list(also)
    holds = select(Office.id).where(
        Office.person_id == Membership.person_id, Office.community_id == community_id
    )
    found: list[Membership] = []
    for constituency in Constituency:
        rows = select(Membership).where(
            Membership.community_id == community_id, Membership.constituency == constituency,
            people.belongs(now),
        )  # fmt: skip
        chosen = Membership.id.in_(wanted)
        ordered = rows.order_by(chosen.desc(), holds.exists().desc(), Membership.id)
        found += session.scalars(ordered.limit(max(each, len(wanted))))
    return found


def holders(session: Session, place: Place, kind: Kind, now: datetime) -> list[Membership]:
    """The memberships of those whose office brings a seat in meetings of this kind."""
    person_ids = {
        row.person_id for post in kind.posts for row in officers(session, place, post, now)
    }
    found = select(Membership).where(
        Membership.community_id == place.id, Membership.person_id.in_(person_ids),
        people.belongs(now),
    )  # fmt: skip
    return list(session.scalars(found.order_by(Membership.id)))


def usual(session: Session, community_id: int) -> list[int]:
    """The memberships of those invited to the last joint meeting, to begin a plan with."""
    found = select(Meeting).where(
        Meeting.community_id == community_id, Meeting.kind == MeetingKind.JOINT
    )
    last = session.scalars(found.order_by(Meeting.id.desc()).limit(1)).first()
    return seated(session, last) if last else []


def seated(session: Session, meeting: Meeting) -> list[int]:
    """The memberships for which a meeting's seats stand."""
    same = (MeetingSeat.person_id == Membership.person_id) & (
        MeetingSeat.constituency == Membership.constituency
    )
    found = select(Membership.id).join(MeetingSeat, same)
    mine = found.where(
        MeetingSeat.meeting_id == meeting.id, Membership.community_id == meeting.community_id
    )
    return list(session.scalars(mine))


def numbered(
    session: Session, community_id: int, numbers: Iterable[int], now: datetime
) -> dict[int, int]:
    """The first membership of each person with one of these public numbers: number → membership."""
    found = select(Alias.number, Membership).join(
        Membership, Membership.person_id == Alias.person_id
    )
    rows = session.execute(
        found.where(
            Alias.community_id == community_id, Alias.number.in_(set(numbers)),
            Membership.community_id == community_id, people.belongs(now),
        )
    )  # fmt: skip
    order = list(Constituency).index
    ranked = sorted(rows, key=lambda pair: order(pair[1].constituency), reverse=True)
    return {number: member.id for number, member in ranked}


def _rules(ctx: Context, place: Place) -> dict[str, str]:
    """The charter's values that this meeting keeps, whatever the charter says later."""
    copied = charter.rules(ctx.session, place.id)
    return {key: copied[key] for key in KEPT}


def _entitled(ctx: Context, place: Place, kind: MeetingKind) -> int | None:
    """How many adults are registered, where they all have a seat."""
    counted = grounds.adult_count(ctx.session, place.id) if KINDS[kind].arrivals else None
    return counted.adults if counted else None


def _members(ctx: Context, place: Place, wanted: Iterable[int]) -> list[Membership]:
    found = select(Membership).where(
        Membership.id.in_(set(wanted)), Membership.community_id == place.id,
        people.belongs(ctx.now),
    )  # fmt: skip
    return list(ctx.session.scalars(found.order_by(Membership.id)))


def _seat(ctx: Context, meeting: Meeting, members: list[Membership]) -> None:
    wanted = {row.person_id: row for row in members}
    kept = {}
    for seat in meetings.seats(ctx.session, meeting.id):
        member = wanted.get(seat.person_id)
        if member is not None and member.constituency is seat.constituency:
            kept[seat.person_id] = seat
        else:
            ctx.session.delete(seat)
    ctx.session.flush()  # a unit's old seat goes before its new one comes
    ctx.session.add_all(
        MeetingSeat(
            community_id=meeting.community_id, meeting_id=meeting.id, person_id=row.person_id,
            constituency=row.constituency, unit_id=row.unit_id,
            votes=row.constituency not in meeting.rule.advisory,
        )
        for row in members
        if row.person_id not in kept
    )  # fmt: skip


def _put(ctx: Context, meeting: Meeting, agenda: tuple[Topic, ...]) -> None:
    there = {_of(row): row for row in meetings.items(ctx.session, meeting.id)}
    for gone in there.keys() - {_of(topic) for topic in agenda}:
        calendar.meet(ctx, there[gone])
        envoys.drop(ctx, there[gone])
        papers.forget(ctx, there[gone])
        ctx.session.delete(there.pop(gone))
    for position, topic in enumerate(agenda, start=1):
        item = there.get(_of(topic))
        if item is None:
            item = AgendaItem(
                community_id=meeting.community_id, meeting_id=meeting.id,
                proposal_id=topic.proposal_id,
            )  # fmt: skip
            ctx.session.add(item)
        item.position, item.motion, item.kind = position, topic.motion, topic.kind
        item.title, item.presenter, item.minutes = topic.title, topic.presenter, topic.minutes
        item.about_people = topic.about_people
        forget(ctx.session, item)
        ctx.session.flush()
        waits = calendar.running(ctx.session, item, "unit_answer")
        if item.proposal_id and (_of(topic) not in there or waits):
            calendar.meet(ctx, item, "unit_answer")
            _ask_unit(ctx, meeting, item)


def _of(one: Topic | AgendaItem) -> tuple[int | None, int]:
    """What makes a topic and an item the same: the matter, else the item itself."""
    own = one.item_id if isinstance(one, Topic) else one.id
    return one.proposal_id, 0 if one.proposal_id else own


def _ask_unit(ctx: Context, meeting: Meeting, item: AgendaItem) -> None:
    """The responsible unit says before the notice whether it accepts in principle."""
    proposal = ctx.session.get_one(Proposal, item.proposal_id)
    unit = ctx.session.get(Unit, proposal.unit_id) if proposal.unit_id else None
    if unit is None:
        return
    amount = f"{meeting.rules['meeting_notice_days']}d"
    asked = {"unit_id": unit.id} if unit.signs_in else {"who": Can.SCREEN}
    calendar.start_until(ctx, item, "unit_answer", meeting.notice_by, amount, **asked)
