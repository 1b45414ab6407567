"""The course of a meeting: called in time, begun with a quorum, ended when all is settled."""

from sqlalchemy import select

from council import (
    answers,
    attendance,
    calendar,
    charter,
    doors,
    envoys,
    files,
    meetings,
    notices,
    plans,
)
from council.deadlines import local_date
from council.files import Picture, Role
from council.gate import Context, Possible, act
from council.kinds import DELEGATES_SHARE, MeetingKind
from council.meetings import AgendaItem, ItemKind, ItemStage, Meeting, MeetingStage
from council.notices import NoticeKind
from council.people import Post
from council.places import Place
from council.policy import Can
from council.proposals import Proposal, Stage
from council.workflow import Transition, Workflow, open_transitions

# Requirements


def has_place(ctx: Context, meeting: Meeting) -> bool:
    """The place of the meeting has been named."""
    return bool(meeting.location)


def all_five_invited(ctx: Context, meeting: Meeting) -> bool:
    """In a joint meeting each of the five constituencies has at least one seat."""
    if not meeting.rule.each_present:
        return True
    due = attendance.count(ctx.session, meeting).due
    return all(due[name] for name in meeting.rule.constituencies)


def somebody_invited(ctx: Context, meeting: Meeting) -> bool:
    """Somebody has a seat, unless anybody may come."""
    return not meeting.of_kind.invites or bool(meetings.seats(ctx.session, meeting.id))


def delegates_enough(ctx: Context, meeting: Meeting) -> bool:
    """In a delegates' assembly at least four fifths of the seats are delegates'."""
    if meeting.kind is not MeetingKind.DELEGATES:
        return True
    place = ctx.session.get_one(Place, meeting.community_id)
    held = plans.officers(ctx.session, place, Post.DELEGATE, ctx.now)
    delegates = {row.person_id for row in held}
    seats = [seat.person_id in delegates for seat in meetings.seats(ctx.session, meeting.id)]
    part, whole = DELEGATES_SHARE
    return sum(seats) * whole >= len(seats) * part


def agenda_complete(ctx: Context, meeting: Meeting) -> bool:
    """There is at least one item, and each that is to be decided has its motion in writing."""
    agenda = meetings.items(ctx.session, meeting.id)
    decided = [item for item in agenda if meeting.decides and item.kind is ItemKind.DECISION]
    return bool(agenda) and all(item.motion for item in decided)


def matters_ready(ctx: Context, meeting: Meeting) -> bool:
    """Every matter on the agenda is ready for a meeting."""
    found = select(Proposal.stage).join(AgendaItem, AgendaItem.proposal_id == Proposal.id)
    stages = ctx.session.scalars(found.where(AgendaItem.meeting_id == meeting.id))
    return set(stages) <= {Stage.READY_FOR_MEETING}


def units_answered(ctx: Context, meeting: Meeting) -> bool:
    """Each responsible unit has accepted in principle, or its silence has been noted."""
    agenda = meetings.items(ctx.session, meeting.id)
    return not answers.missing(ctx.session, meeting, agenda)


def notice_in_time(ctx: Context, meeting: Meeting) -> bool:
    """The notice goes out as many days before the meeting as charter and law ask."""
    return ctx.now < meeting.notice_by


def day_has_come(ctx: Context, meeting: Meeting) -> bool:
    """The day of the meeting has come."""
    return local_date(ctx.now) >= local_date(meeting.starts_at)


def hour_has_come(ctx: Context, meeting: Meeting) -> bool:
    """The hour of the meeting has come."""
    return ctx.now >= meeting.starts_at


def quorum_met(ctx: Context, meeting: Meeting) -> bool:
    """As many have signed in as the rule of the meeting asks."""
    return attendance.count(ctx.session, meeting).met


def quorum_missing(ctx: Context, meeting: Meeting) -> bool:
    """Too few have signed in."""
    return not quorum_met(ctx, meeting)


def every_item_settled(ctx: Context, meeting: Meeting) -> bool:
    """Every item has been agreed, voted on or postponed, and no vote is open."""
    agenda = meetings.items(ctx.session, meeting.id)
    return not any(item.stage in {ItemStage.PENDING, ItemStage.OPEN} for item in agenda)


def reason_given(ctx: Context, meeting: Meeting) -> bool:
    """The public reason has been written."""
    return bool(meeting.reason)


def has_begun(ctx: Context, meeting: Meeting) -> bool:
    """The meeting has begun."""
    return meeting.began_at is not None


# What belongs to a move itself: dates, clocks, the notice on the board


def await_meeting(ctx: Context, proposal: Proposal) -> None:
    """A joint meeting has to be called about the matter within the charter's days."""
    limit = charter.limit(proposal.rules, "meeting_call")
    calendar.start(ctx, proposal, "call_meeting", limit, who=Can.CONVENE)


def call(ctx: Context, meeting: Meeting) -> None:
    """The notice goes up on the board; everybody invited finds the meeting on their page."""
    meeting.notified_at = ctx.now
    for matter in _matters(ctx, meeting):
        calendar.meet(ctx, matter, "call_meeting")
    day = local_date(meeting.starts_at).isoformat()
    for seat in meetings.seats(ctx.session, meeting.id):
        calendar.start_until(
            ctx, meeting, "attend_meeting", meeting.starts_at, day, person_id=seat.person_id
        )
    envoys.call(ctx, meeting)
    notices.post(
        ctx, meeting, NoticeKind.MEETING, title=meeting.title, body=meeting.location,
        days=max(1, calendar.days_between(ctx.now, meeting.starts_at)),
    )  # fmt: skip


def open_door(ctx: Context, meeting: Meeting) -> None:
    """The door gets the code of the day."""
    doors.open_door(ctx, meeting)


def begin(ctx: Context, meeting: Meeting) -> None:
    """The quorum is kept as it was when the meeting began."""
    attendance.freeze(ctx.session, meeting)
    meeting.began_at = ctx.now
    _nobody_awaited(ctx, meeting)


def talk(ctx: Context, meeting: Meeting) -> None:
    """Too few came: it goes on as a talk that decides nothing; its matters are called again."""
    attendance.freeze(ctx.session, meeting)
    meeting.began_at = meeting.talk_at = ctx.now
    _nobody_awaited(ctx, meeting)
    for matter in _matters(ctx, meeting):
        await_meeting(ctx, matter)


def fall(ctx: Context, meeting: Meeting) -> None:
    """The numbers show why the meeting fell; its matters wait for another one."""
    attendance.freeze(ctx.session, meeting)
    _end_early(ctx, meeting)


def adjourn(ctx: Context, meeting: Meeting) -> None:
    """The minutes are due within the charter's days."""
    meeting.ended_at = ctx.now
    limit = charter.limit(meeting.rules, "minutes")
    calendar.start(ctx, meeting, "minutes", limit, who=Can.RECORD)


def cancel(ctx: Context, meeting: Meeting) -> None:
    """Nobody is waited for any more; what had been announced waits for another meeting."""
    for item in meetings.items(ctx.session, meeting.id):
        calendar.meet(ctx, item)
    _end_early(ctx, meeting)


# The table


class T(Transition[Meeting, MeetingStage]):
    """A row of the meeting's workflow."""


MEETING = Workflow(
    "meeting",
    MeetingStage.PLANNED,
    (
        T("notify", MeetingStage.PLANNED, MeetingStage.NOTIFIED, Can.CONVENE,
          (has_place, somebody_invited, all_five_invited, delegates_enough, agenda_complete,
           matters_ready, units_answered, notice_in_time), call),
        T("cancel", MeetingStage.PLANNED, MeetingStage.CANCELLED, Can.CONVENE,
          (), cancel),
        T("cancel", MeetingStage.NOTIFIED, MeetingStage.CANCELLED, Can.CONVENE,
          (reason_given,), cancel),
        T("open_check_in", MeetingStage.NOTIFIED, MeetingStage.CHECK_IN, Can.CHAIR,
          (day_has_come,), open_door),
        T("begin", MeetingStage.CHECK_IN, MeetingStage.IN_SESSION, Can.CHAIR,
          (quorum_met, matters_ready), begin),
        T("fall", MeetingStage.CHECK_IN, MeetingStage.FELL, Can.CHAIR,
          (hour_has_come, quorum_missing), fall),
        T("go_on_as_talk", MeetingStage.CHECK_IN, MeetingStage.IN_SESSION, Can.CHAIR,
          (hour_has_come, quorum_missing), talk),
        T("adjourn", MeetingStage.IN_SESSION, MeetingStage.ADJOURNED, Can.CHAIR,
          (every_item_settled,), adjourn),
    ),
)  # fmt: skip
"""The way of a meeting. `council rules meeting` prints it."""

# Acts


@act("meeting.photograph", who=Can.RECORD, requires=(has_begun,))
def photograph(ctx: Context, meeting: Meeting, *, picture: Picture, alt: str = "") -> None:
    """Add a photograph of the meeting; the minutes need one."""
    files.attach(ctx, meeting, picture, role=Role.MEETING, alt=alt, public=True)


# Questions


def steps(
    ctx: Context, meeting: Meeting
) -> list[tuple[Transition[Meeting, MeetingStage], Possible]]:
    """What this reader may do with the meeting now, each with what still blocks it."""
    return open_transitions(ctx, MEETING, meeting)


# Private helpers


def _matters(ctx: Context, meeting: Meeting) -> list[Proposal]:
    """The matters on the agenda that still wait for the meeting."""
    found = select(Proposal).join(AgendaItem, AgendaItem.proposal_id == Proposal.id)
    waits = (AgendaItem.meeting_id == meeting.id) & (Proposal.stage == Stage.READY_FOR_MEETING)
    return list(ctx.session.scalars(found.where(waits).order_by(AgendaItem.position)))


def _nobody_awaited(ctx: Context, meeting: Meeting) -> None:
    """Neither the invited nor the units are waited for any more."""
    calendar.meet(ctx, meeting, "attend_meeting")
    envoys.release(ctx, meeting)


def _end_early(ctx: Context, meeting: Meeting) -> None:
    """It does not take place; a plan that nobody knew of had not stopped any clock."""
    meeting.ended_at = ctx.now
    _nobody_awaited(ctx, meeting)
    if meeting.notified_at:
        for matter in _matters(ctx, meeting):
            await_meeting(ctx, matter)
