"""Meetings of other kinds in the example, and petitions that demand one."""

from datetime import timedelta
from itertools import chain, repeat

from council import (
    attendance,
    deadlines,
    deliberations,
    grounds,
    meetings,
    offices,
    petitions,
    plans,
    rollcalls,
    sittings,
    speeches,
)
from council.attendance import CheckInMethod
from council.demo.cast import TERM
from council.demo.stage import Scene, Script, Stage, script, zh
from council.grounds import PetitionGround
from council.kinds import KINDS, MeetingKind
from council.meetings import AgendaItem, Meeting, MeetingSeat
from council.people import Channel, Membership, Post
from council.plans import Plan, Topic
from council.signers import Beside
from council.turns import Side
from council.votes import Choice
from council.workflow import advance

LEAD, CHAIR, WORKER = "party_lead", "facilitator", "community_worker"
PAPER = 3
"""Every so manieth signature under a petition is on paper."""
DAYS = 4
"""The notice goes out so many days before the meeting."""


def ask(stage: Stage, told: Script) -> Scene:
    """Delegates sign for a meeting, two a day, on the phone or on a sheet."""
    keys = {person_id: key for key, person_id in stage.cast.items()}
    held = plans.officers(stage.session, stage.community, Post.DELEGATE, stage.now)
    first, *others = [keys[row.person_id] for row in held][told["skip"] :][: told["signed"]]
    petition = petitions.start(
        stage.as_(first), stage.community, ground=PetitionGround.DELEGATES,
        title=zh(told["title"]), purpose=zh(told["purpose"]),
    )  # fmt: skip
    stage.english(petition, title=told["title"], purpose=told["purpose"])
    for n, key in enumerate(others, 1):
        yield stage.at(told["begins"] + n // 2, 18 + n % 2, 10)
        if n % PAPER:
            petitions.sign(stage.as_(key), petition)
        else:
            ctx = stage.for_(key, WORKER, Channel.HALL)
            petitions.sign(ctx, petition, beside=Beside(1, n // PAPER))


def count(stage: Stage, told: Script) -> Scene:
    """The committee enters how many adults are registered, so that a tenth is a number."""
    grounds.count_adults(
        stage.as_("committee"), stage.community, adults=told["adults"],
        as_of=deadlines.local_date(stage.now), source=told["source"],
    )  # fmt: skip
    yield stage.now


def gather(stage: Stage, told: Script) -> Scene:
    """Call a meeting, sign in who comes, vote on each motion; when too few come, it falls."""
    kind = MeetingKind(told["kind"])
    if kind is MeetingKind.COUNCIL:
        _elect(stage)
    yield stage.now
    when = stage.later(DAYS, hour=19)
    meeting = _call(stage, told, kind)
    yield when - timedelta(minutes=30)
    _move(stage, meeting, "open_check_in")
    present = meetings.seats(stage.session, meeting.id)[: told["present"]]
    for seat in present:
        attendance.tick(stage.as_(CHAIR), seat, method=CheckInMethod.LIST)
    yield when
    if told.get("falls"):
        _move(stage, meeting, "fall")
        return
    _move(stage, meeting, "begin")
    for item, said in zip(meetings.items(stage.session, meeting.id), told["item"], strict=True):
        _vote(stage, item, present, said["votes"])
    yield when + timedelta(minutes=90)
    sittings.photograph(
        stage.as_("recorder"), meeting, picture=stage.photo("meeting"), alt="居民代表会议现场"
    )
    _move(stage, meeting, "adjourn")


def _elect(stage: Stage) -> None:
    """Everybody with a seat in the council is a member of it."""
    held = {row.person_id for row in plans.holders(
        stage.session, stage.community, KINDS[MeetingKind.COUNCIL], stage.now
    )}  # fmt: skip
    for one in script("cast")["officers"]:
        person_id = stage.cast[one["key"]]
        if one.get("seat") and person_id not in held:
            offices.give(
                stage.as_("admin"), stage.community, person_id=person_id,
                post=Post.COUNCIL_MEMBER, until=stage.at(TERM),
            )  # fmt: skip


def _call(stage: Stage, told: Script, kind: MeetingKind) -> Meeting:
    held = plans.holders(stage.session, stage.community, KINDS[kind], stage.now)
    owed = petitions.owed(stage.session, stage.community.id, kind)
    first: dict[int, Membership] = {row.person_id: row for row in reversed(held)}
    meeting = plans.plan(
        stage.as_(LEAD), stage.community,
        plan=Plan(
            kind=kind, title=zh(told["title"]), starts_at=stage.later(DAYS, hour=19),
            petition_id=owed[0].id if owed else None,
            location="社区服务站二楼议事厅", accessible=True, chair_id=stage.cast[CHAIR],
            recorder_id=stage.cast["recorder"], members=tuple(row.id for row in first.values()),
            agenda=tuple(
                Topic(
                    title=zh(one["title"]), motion=zh(one["motion"]),
                    presenter=zh(one["presenter"]), minutes=one["minutes"],
                )
                for one in told["item"]
            ),
        ),
    )  # fmt: skip
    stage.english(meeting, title=told["title"])
    advance(stage.as_(LEAD), sittings.MEETING, meeting, "notify")
    return meeting


def _move(stage: Stage, meeting: Meeting, name: str) -> None:
    advance(stage.as_(CHAIR), sittings.MEETING, meeting, name)


def _vote(stage: Stage, item: AgendaItem, present: list[MeetingSeat], numbers: list[int]) -> None:
    """By name, seat by seat; both sides were heard."""
    chair = stage.as_(CHAIR)
    deliberations.open_item(chair, item)
    for side in (Side.FOR, Side.AGAINST):
        speeches.waive(chair, item, side=side)
    vote = deliberations.open_vote(chair, item)
    keys = {person_id: key for key, person_id in stage.cast.items()}
    said = chain.from_iterable(repeat(one, n) for one, n in zip(Choice, numbers, strict=True))
    for seat, choice in zip(present, said, strict=True):
        rollcalls.cast(stage.as_(keys[seat.person_id]), vote, choice=choice)
    deliberations.close_vote(chair, vote)
