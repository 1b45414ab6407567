"""Half a year of the example with few people: in the end a matter stands in every stage."""

import copy
from datetime import date, timedelta
from itertools import islice

from sqlalchemy import select

from council import (
    attendance,
    commitments,
    deliberations,
    meetings,
    offices,
    opinions,
    plans,
    proposals,
    reviews,
    rollcalls,
    sittings,
    speeches,
    votes,
)
from council.attendance import CheckInMethod
from council.commitments import Commitment, Task
from council.demo import polls, road, stage, to_the_end, work
from council.demo.stage import Scene, Script
from council.meetings import AgendaItem, Meeting, MeetingStage
from council.opinions import Stance
from council.people import Post
from council.places import Place
from council.plans import Plan
from council.proposals import Category, OutcomeClass, Proposal, Stage, Words
from council.reviews import Panelist, PanelStatus
from council.turns import Side
from council.votes import Choice
from council.workflow import advance
from tests.browser.town import Town, moment

FIRST_DAY = date(2026, 5, 11)
TODAY = date(2026, 11, 24)
RESIDENTS = 12


def few(told: Script) -> Script:
    """The same matter with a handful of opinions and statements."""
    told = copy.deepcopy(told)
    told["author"] = f"resident{int(told['author'][-3:]) % RESIDENTS + 1:03}"
    told["supporters"] = min(told["supporters"], 3)
    for group in told.get("groups", ()):
        group |= {"web": 1, "hall": 1, "building": 0, "for": 1, "against": 0, "suggestion": 1}
    for name in ("groups", "statements"):
        told[name] = told.get(name, [])[:2]
    if "ratings" in told:
        told["ratings"]["counts"] = [0, 0, 1, 2, 3]
    return told


def play(town: Town) -> None:
    """Play until the evening of today, when the joint meeting about the lift votes."""
    town.play(schedule, moment(TODAY, 18))
    lift_is_voted_on(town)
    lamps_have_more_tasks(town)
    more_lies_on_the_desks(town)


def schedule(on: stage.Stage) -> None:
    """When each matter begins, in days before today."""
    told = {name: few(one) for name, one in stage.script("matters").items() if "author" in one}
    early = [few(one) for one in stage.script("matters")["early"]]
    on.enter(on.at(-160, 20), to_the_end(on, few(stage.script("xiemalu"))))
    on.enter(on.at(-150, 10), road.propose(on, told["pipe"]))
    on.enter(on.at(-92, 9), to_the_end(on, told["toilet"]))
    on.enter(on.at(-100, 21), to_the_end(on, told["lamps"]))
    on.enter(on.at(-60, 12), to_the_notice(on, told["lift"]))
    on.enter(on.at(-50, 9), to_the_experts(on, told["parking"]))
    drains = few(stage.script("matters")["park"]) | {"title": "口袋公园下雨积水"}
    on.enter(on.at(-40, 9), to_the_summary(on, drains))
    on.enter(on.at(-9, 18), to_the_consultation(on, told["park"]))
    on.enter(on.at(-7, 10), road.propose(on, early[1]))
    on.enter(on.at(-1, 15), road.propose(on, early[2]))
    on.enter(on.at(0, 9), road.propose(on, early[3]))
    appraisal = stage.script("appraisal")["vote"][1]
    on.enter(on.at(-60, 9), delegates_vote(on, appraisal | {"votes": [4, 1, 1]}))
    now = {"opens": -2, "closes": 8, "votes": [2, 1, 0], "paper": True}
    on.enter(on.at(-20, 9), polls.decide(on, {"vote": [appraisal | now]}))


def delegates_vote(on: stage.Stage, said: Script) -> Scene:
    """Six are elected, and vote about people in secret."""
    for n in range(1, 7):
        offices.give(
            on.as_("admin"), on.community, person_id=on.cast[f"resident{n:03}"],
            post=Post.DELEGATE, until=on.at(400),
        )  # fmt: skip
    yield from polls.decide(on, {"vote": [said]})


def to_the_consultation(on: stage.Stage, told: Script) -> Scene:
    yield from road.propose(on, told)
    yield on.at(-2, 10)
    yield from road.consult(on, told)


def to_the_summary(on: stage.Stage, told: Script) -> Scene:
    """Some opinions are filed, the others wait."""
    yield from road.propose(on, told)
    yield from road.consult(on, told)
    yield from islice(road.summarise(on, told), 2)


def to_the_experts(on: stage.Stage, told: Script) -> Scene:
    """The panel is invited and has not answered."""
    yield from road.propose(on, told)
    yield from road.consult(on, told)
    yield from road.summarise(on, told)
    yield from islice(road.review(on, told), 2)


def to_the_notice(on: stage.Stage, told: Script) -> Scene:
    yield from road.propose(on, told)
    yield from road.consult(on, told)
    yield from road.summarise(on, told)
    yield from road.review(on, told)
    yield on.at(-7, 10)
    work.call(on, told, moment(TODAY, 19))


def lift_is_voted_on(town: Town) -> None:
    """Everybody is there, one objects, the vote is open and half of the seats have voted."""
    with town.read() as session:
        meeting_id = session.scalars(
            select(Meeting.id).where(Meeting.stage == MeetingStage.NOTIFIED)
        ).one()
    keys = {person_id: key for key, person_id in town.people.items()}
    with town.as_("facilitator") as ctx:
        advance(ctx, sittings.MEETING, meetings.get(ctx, meeting_id), "open_check_in")
        seats = meetings.seats(ctx.session, meeting_id)
        for seat in seats[:-2]:
            attendance.tick(ctx, seat, method=CheckInMethod.LIST)
    town.until(TODAY, 19, 10)
    with town.as_("facilitator") as ctx:
        advance(ctx, sittings.MEETING, meetings.get(ctx, meeting_id), "begin")
        (item,) = meetings.items(ctx.session, meeting_id)
        deliberations.open_item(ctx, item)
    with town.as_("delegate") as ctx:
        deliberations.object_to(ctx, ctx.session.get_one(AgendaItem, item.id), words="一楼怕挡光。")
    with town.as_("facilitator") as ctx:
        for side in (Side.FOR, Side.AGAINST):
            speeches.waive(ctx, ctx.session.get_one(AgendaItem, item.id), side=side)
        vote = deliberations.open_vote(ctx, ctx.session.get_one(AgendaItem, item.id))
    for seat in seats[: len(seats) // 2]:
        with town.as_(keys[seat.person_id]) as ctx:
            rollcalls.cast(ctx, votes.get(ctx, vote.id), choice=Choice.FOR)


def lamps_have_more_tasks(town: Town) -> None:
    """Beside the overdue task one was just given out, one waits for its check, one came back."""
    with town.read() as session:
        late = session.scalars(
            select(Commitment).where(
                Commitment.flagged_at.is_not(None), Commitment.passed_at.is_(None)
            )
        ).one()
    for n, title in enumerate(("换感应开关", "给每层贴检修电话", "清走楼道杂物")):
        with town.as_("party_lead") as ctx:
            task = Task(
                title=title, unit_id=late.unit_id, person_id=late.person_id, post="电工",
                standard="每层都亮，声控三秒内有反应。", due_day=TODAY + timedelta(days=3 + n),
            )  # fmt: skip
            made = commitments.assign(ctx, proposals.get(ctx, late.proposal_id), task=task)
        with town.as_("handler_committee") as ctx:
            row = commitments.get(ctx, made.id)
            if n == 1:
                commitments.acknowledge(ctx, row)
                commitments.progress(ctx, row, words="每层都贴好了。")
                commitments.submit(ctx, row)
            elif n == 2:
                commitments.decline(ctx, row, reason="清杂物归物业。")


def more_lies_on_the_desks(town: Town) -> None:
    """An expert has declared, a meeting is planned, a resident has spoken and begun a draft."""
    keys = {person_id: key for key, person_id in town.people.items()}
    with town.read() as session:
        invited = select(Panelist).where(Panelist.status == PanelStatus.INVITED)
        seat = session.scalars(invited.order_by(Panelist.id)).first()
        assert seat
    with town.as_(keys[seat.person_id]) as ctx:
        own = ctx.session.get_one(Panelist, seat.id)
        reviews.declare_interest(ctx, own, conflict=False, interest="")
    with town.as_("party_lead") as ctx:
        plan = Plan(
            title="十二月联席会议", starts_at=moment(TODAY + timedelta(days=9), 19), location="",
            accessible=True, chair_id=town.people["facilitator"],
            recorder_id=town.people["recorder"],
        )  # fmt: skip
        plans.plan(ctx, ctx.session.get_one(Place, town.community_id), plan=plan)
    with town.as_("resident001") as ctx:
        matter = select(Proposal).where(Proposal.stage == Stage.CONSULTING)
        opinions.give(
            ctx, ctx.session.scalars(matter).one(), stance=Stance.FOR, body="椅子要有扶手。"
        )
        told = stage.script("matters")["early"][0]
        words = Words(
            title=stage.zh(told["title"]),
            situation=stage.zh(told["situation"]),
            request=stage.zh(told["request"]),
            category=Category(told["category"]),
            outcome_class=OutcomeClass(told["outcome_class"]),
        )
        proposals.draft(ctx, ctx.session.get_one(Place, town.community_id), words=words)
