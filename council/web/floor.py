"""What the views of a meeting show of the floor: who speaks, who waits, and what can be done."""

from dataclasses import dataclass
from typing import Any

from council import chairing, gate, meetings, orders, people, plans, policy, speeches, straws
from council.gate import Context, Possible
from council.meetings import AgendaItem, Meeting
from council.orders import PointOfOrder
from council.people import Byline, Constituency, Post
from council.places import Place
from council.policy import Can
from council.speeches import Speech
from council.straws import Says, Straw, StrawAnswer
from council.turns import Side

ACTS = (
    "hand.raise", "hand.withdraw", "order.raise", "speech.call", "side.waive", "chair.hand_over",
    "chair.accept",
)  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """A raised hand or a speaker, as the public sees them, and how often they have spoken."""

    row: Speech
    by: Byline
    spoken: int


@dataclass(frozen=True)
class Floor:
    """The floor of an item. `place` is the reader's in the queue, 0 without a raised hand."""

    item: AgendaItem
    speaking: Turn | None
    left: int
    queue: list[Turn]
    orders: list[tuple[PointOfOrder, Byline]]
    unheard: list[Side]
    place: int
    limits: tuple[int, int]
    may: dict[str, Possible | None]
    leads: bool
    enters: bool
    deputy: Byline | None
    presides: bool
    offered: Byline | None
    successors: list[tuple[int, Byline]]


def of(ctx: Context, meeting: Meeting, item: AgendaItem | None) -> Floor | None:
    """The floor of the item that is open, in a fixed number of statements; None without one."""
    if item is None:
        return None
    limits = speeches.limits(ctx.session, meeting.id)
    found = speeches.of_meeting(ctx.session, meeting.id)
    here = [one for one in found if one.item_id == item.id]
    waiting = speeches.in_order(found, item.id, limits[1])
    raised = orders.waiting(ctx.session, item.id)
    who: set[tuple[int, Constituency | None]] = {
        *((one.person_id, one.constituency) for one in here),
        *((one.person_id, one.constituency) for one in raised),
    }
    by = people.bylines(ctx.session, meeting.community_id, who)
    heard = [one.person_id for one in here if one.how in speeches.HEARD]

    def turn(row: Speech) -> Turn:
        byline = by[row.person_id, row.constituency]
        return Turn(row, byline, heard.count(row.person_id))

    speaker = speeches.speaking(here)
    me = ctx.actor.person_id if ctx.actor else None
    may = {name: gate.possible(ctx, name, item) for name in ACTS}
    leads = may["side.waive"] is not None
    after = chairing.successors(ctx, item) if leads else []
    mine = [n for n, one in enumerate(waiting, 1) if one.person_id == me]
    return Floor(
        item, turn(speaker) if speaker else None, speaker.left(ctx.now) if speaker else 0,
        [turn(one) for one in waiting],
        [(one, by[one.person_id, one.constituency]) for one in raised],
        speeches.unheard(ctx.session, item), mine[0] if mine else 0, limits, may, leads,
        policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, meeting.community_id),
        _deputy(ctx, meeting, item), me is not None and item.chair_id == me,
        dict(after).get(item.offered_id or 0), after,
    )  # fmt: skip


def _deputy(ctx: Context, meeting: Meeting, item: AgendaItem) -> Byline | None:
    """Who leads in place of the chair: a seat as the public sees it, or a facilitator."""
    if item.chair_id is None:
        return None
    if seat := meetings.seat_of(ctx.session, meeting.id, item.chair_id):
        who = (seat.person_id, seat.constituency)
        return people.bylines(ctx.session, meeting.community_id, [who])[who]
    place = ctx.session.get_one(Place, meeting.community_id)
    held = plans.officers(ctx.session, place, Post.FACILITATOR, ctx.now)
    number = next((one.number for one in held if one.person_id == item.chair_id), 0)
    return Byline(None, number, post=Post.FACILITATOR)


@dataclass(frozen=True)
class Asked:
    """The last straw poll: the numbers only once it is closed, the reader's own answer always."""

    row: Straw | None
    answered: int
    counts: dict[Says, int] | None
    mine: StrawAnswer | None
    may: dict[str, Possible | None]


def straw(ctx: Context, meeting: Meeting) -> Asked:
    """The straw poll of a meeting, in a fixed number of statements."""
    row = straws.latest(ctx.session, meeting.id)
    chairs = ctx.actor is not None and ctx.actor.offices  # the chair is an office: else unasked
    may = {"straw.ask": gate.possible(ctx, "straw.ask", meeting) if chairs else None}
    if row is None:
        return Asked(None, 0, None, None, may)
    for name in ("straw.answer", "straw.close"):
        may[name] = gate.possible(ctx, name, row)
    given = straws.counts(ctx.session, row)
    me = ctx.actor.person_id if ctx.actor else None
    mine = straws.of_person(ctx.session, row.id, me) if me else None
    return Asked(row, sum(given.values()), given if row.closed_at else None, mine, may)


def shown(ctx: Context, meeting: Meeting, item: AgendaItem | None) -> dict[str, Any]:
    """What the parts of speeches, straws and chairing need: `floor` and `straw`."""
    return {"floor": of(ctx, meeting, item), "straw": straw(ctx, meeting)}


def open_item(ctx: Context, meeting: Meeting) -> AgendaItem | None:
    """The item that is under deliberation."""
    agenda = meetings.items(ctx.session, meeting.id)
    return next((one for one in agenda if one.stage is meetings.ItemStage.OPEN), None)
