"""The road of a matter as everybody sees it: who of the five took part, and what it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, literal, select, union
from sqlalchemy.orm import Session

from council import (
    admissions,
    findings,
    implementation,
    meetings,
    policy,
    ratings,
    reasons,
    summaries,
    votes,
)
from council.admissions import Admission
from council.attendance import CheckIn
from council.calendar import Deadline
from council.commitments import CommitmentStage
from council.consultations import Consultation
from council.decisions import Outcome
from council.gate import Context
from council.i18n import Phrase
from council.meetings import LIVE, AgendaItem, Decided, ItemStage, MeetingSeat, MeetingStage
from council.opinions import Opinion
from council.people import Constituency, Post
from council.places import Unit
from council.proposals import ENDED, Proposal, Stage, Supporter
from council.reasons import Reason
from council.reviews import Panelist
from council.statements import Statement, StatementVote
from council.votes import SHOWN, Vote

PASSED = CommitmentStage.PASSED

# Questions


def participation(
    session: Session, proposal_ids: Iterable[int]
) -> dict[int, dict[Constituency, int]]:
    """How many people of each constituency took part in each matter (one statement).

    Proposing, supporting, saying something, signing a finding and coming to the meeting count;
    each person once per matter and constituency.
    """
    ids = list(proposal_ids)
    experts = literal(Constituency.EXPERTS, Proposal.capacity.type)
    kinds = (Supporter, Statement, StatementVote)
    came = select(AgendaItem.proposal_id, MeetingSeat.constituency, MeetingSeat.person_id).join(
        MeetingSeat, MeetingSeat.meeting_id == AgendaItem.meeting_id
    )
    took = union(
        select(Proposal.id, Proposal.capacity, Proposal.author_id).where(Proposal.id.in_(ids)),
        *(
            select(kind.proposal_id, kind.capacity, kind.person_id).where(kind.proposal_id.in_(ids))
            for kind in kinds
        ),
        select(Opinion.proposal_id, Opinion.capacity, Opinion.person_id).where(
            Opinion.proposal_id.in_(ids), Opinion.withdrawn_at.is_(None)
        ),
        select(Panelist.proposal_id, experts, Panelist.person_id).where(
            Panelist.proposal_id.in_(ids), Panelist.signed_at.is_not(None)
        ),
        came.join(CheckIn, CheckIn.seat_id == MeetingSeat.id).where(
            AgendaItem.proposal_id.in_(ids)
        ),
    ).subquery()
    found = select(took.c.id, took.c.capacity, func.count()).group_by(took.c.id, took.c.capacity)
    made: dict[int, dict[Constituency, int]] = {one: dict.fromkeys(Constituency, 0) for one in ids}
    for proposal_id, capacity, n in session.execute(found):
        made[proposal_id][capacity] = n
    return made


@dataclass(frozen=True)
class Wait:
    """Something that must still be done in a matter, and by whom: posts, a unit, or one person."""

    deadline: Deadline
    unit: Unit | None

    @property
    def whose(self) -> list[Post | Constituency]:
        """The posts, and without any the constituencies, that may do it."""
        holders = policy.HOLDERS[self.deadline.who] if self.deadline.who else policy.Holders()
        posts = [one for one in Post if one in holders.posts]
        return [*posts] or [one for one in Constituency if one in holders.constituencies]


def waits(session: Session, proposal_ids: Iterable[int]) -> dict[int, list[Wait]]:
    """What each matter waits for, the earliest first, in one statement; nothing once it ended."""
    found = (
        select(Deadline, Unit)
        .join(Proposal, Proposal.id == Deadline.proposal_id)
        .outerjoin(Unit, Unit.id == Deadline.unit_id)
        .where(
            Proposal.id.in_(list(proposal_ids)),
            Proposal.stage.not_in(ENDED | {Stage.WITHDRAWN}),
            Deadline.met_at.is_(None),
        )
        .order_by(Deadline.due_at, Deadline.id)
    )
    made: dict[int, list[Wait]] = {}
    for deadline, unit in session.execute(found):
        made.setdefault(deadline.proposal_id or 0, []).append(Wait(deadline, unit))
    return made


def windows(session: Session, proposal_ids: Iterable[int]) -> dict[int, datetime]:
    """Until when everybody can speak, for the matters that are open to it; in one statement."""
    found = select(Consultation.proposal_id, Consultation.closes_at).where(
        Consultation.proposal_id.in_(list(proposal_ids)),
        Consultation.opens_at.is_not(None),
        Consultation.closed_at.is_(None),
        Consultation.closes_at.is_not(None),
    )
    return {proposal_id: closes for proposal_id, closes in session.execute(found) if closes}


def returned(session: Session, proposal_id: int) -> list[datetime]:
    """When the matter was returned to be completed: each return started that clock."""
    found = select(Deadline.started_at).where(
        Deadline.subject_table == "proposal",
        Deadline.subject_id == proposal_id,
        Deadline.kind == "complete",
    )
    return list(session.scalars(found.order_by(Deadline.id)))


# The five stages of one matter


@dataclass(frozen=True)
class Note:
    """A line about a stage: a sentence, the part of the page it leads to, the day it happened."""

    words: Phrase
    anchor: str = ""
    on: datetime | None = None


@dataclass(frozen=True)
class Step:
    """One of the five stages: when, with what result (a message), and what went back."""

    n: int
    at: str
    begun: datetime | None = None
    ended: datetime | None = None
    planned: datetime | None = None
    kind: str = "ok"
    result: str = ""
    notes: tuple[Note, ...] = ()
    loops: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Parts:
    """What each room says about the matter."""

    admission: Admission | None
    consultation: summaries.Section
    review: findings.Section | None
    meetings: meetings.Section | None
    reasons: dict[int, Reason]
    votes: list[Vote]
    work: implementation.Section
    rating: ratings.Section


def parts(ctx: Context, proposal: Proposal) -> Parts:
    """What each room says about the matter, in a fixed number of statements."""
    session, now, actor = ctx.session, ctx.now, ctx.actor
    return Parts(
        admissions.of(session, proposal.id),
        summaries.section(session, proposal),
        findings.section(session, proposal),
        meetings.section(session, proposal),
        reasons.of_matter(session, proposal.id),
        votes.of_matter(ctx, proposal.id),
        implementation.section(session, proposal, now, actor),
        ratings.section(session, proposal, now, actor),
    )


def steps(
    proposal: Proposal, known: Parts, open_now: list[Wait], returns: list[datetime]
) -> list[Step]:
    """The five stages with their dates, results and loops; nothing that went back is left out."""
    own = [one.deadline for one in open_now if one.deadline.subject_table == "proposal"]
    due = own[0].due_at if own else None
    made = [
        _proposed(proposal, known.admission, returns),
        _consulted(known.consultation),
        _reviewed(known.review),
        _met(proposal, known.meetings, known.votes),
        _worked(proposal, known.work),
    ]
    over = proposal.stage in ENDED | {Stage.WITHDRAWN}
    here = proposal.road
    for one in made:
        done = one.n < here or (one.n == here and over)
        at = "done" if done else "now" if one.n == here else "todo"
        next_one = proposal.stage is Stage.ADMITTED and one.n == 2
        waits_here = (at == "now" and one.ended is None) or next_one
        planned = one.planned or (due if waits_here else None)
        made[one.n - 1] = replace(one, at=at, planned=planned)
    return made


def _proposed(proposal: Proposal, answer: Admission | None, returns: list[datetime]) -> Step:
    refused = proposal.stage is Stage.NOT_ADMITTED
    decided = answer is not None and answer.decided_at is not None
    result = (
        "stage.admitted" if proposal.admitted_at
        else f"stage.{proposal.stage.value}" if refused or proposal.stage is Stage.WITHDRAWN
        else ""
    )  # fmt: skip
    return Step(
        1, "", proposal.submitted_at,
        proposal.admitted_at or (proposal.decided_at if refused else None),
        kind="ok" if proposal.admitted_at else "off", result=result,
        notes=(Note(Phrase("road.by_secretary")),) if decided else (),
        loops=tuple(Note(Phrase("road.returned"), on=moment) for moment in returns),
    )  # fmt: skip


def _consulted(found: summaries.Section) -> Step:
    row = found.consultation
    if row is None or row.opens_at is None:
        return Step(2, "")
    n = Phrase("road.opinions", {"n": found.counts.total})
    return Step(
        2, "", row.opens_at, row.closed_at, row.closes_at,
        result="road.may_be_discussed" if row.published_at else "",
        notes=(Note(n, "opinions"),),
    )  # fmt: skip


def _reviewed(found: findings.Section | None) -> Step:
    if found is None:
        return Step(3, "")
    row, finding = found.review, found.finding
    if row.skip_reason:
        return Step(3, "", kind="off", result="road.skipped", notes=(
            Note(Phrase("road.skip_reason"), "findings"),
        ))  # fmt: skip
    signed = sum(1 for seat, _ in found.panel if seat.signed_at)
    more = (Note(Phrase("road.extended"), on=row.extended_at),) if row.extended_at else ()
    note = Note(Phrase("road.signatures", {"n": signed}), "findings")
    return Step(
        3, "", row.started_at, row.published_at, row.due_at,
        kind="late" if found.is_flagged else "ok",
        result=f"conclusion.{finding.conclusion.value}" if finding and finding.conclusion else "",
        notes=(note,) if finding else (), loops=more,
    )  # fmt: skip


def _met(proposal: Proposal, found: meetings.Section | None, formal: list[Vote]) -> Step:
    held = list(reversed(found.decided)) if found else []
    counted = [one for one in reversed(formal) if one.stage in SHOWN]
    loops = [
        Note(Phrase("road.fell" if one.meeting.stage is MeetingStage.FELL else "road.postponed"),
             "result", one.meeting.starts_at)
        for one in held
        if one.meeting.stage is MeetingStage.FELL or one.item.stage is ItemStage.POSTPONED
    ]  # fmt: skip
    loops += [
        Note(Phrase("road.referred"), "result", one.meeting.starts_at)
        for one in held if one.vote and one.vote.outcome is Outcome.REFERRED
    ]  # fmt: skip
    loops += [
        Note(_by("road.not_by", one), "body", one.ended)
        for one in counted if one.outcome is not Outcome.ADOPTED
    ]  # fmt: skip
    last = counted[-1] if counted and counted[-1].outcome is Outcome.ADOPTED else None
    decided = proposal.decided_at if proposal.admitted_at or held else None
    result = {
        Stage.REJECTED: ("off", "stage.rejected"), Stage.TRANSFERRED: ("info", "stage.transferred"),
    }.get(proposal.stage, ("ok", "stage.adopted") if decided else ("ok", ""))  # fmt: skip
    begun = [one.meeting.began_at for one in held if one.meeting.began_at]
    ahead = coming(found)
    by = (
        (Note(_by("road.by", last), "body"),) if last
        else (Note(Phrase("road.result"), "result"),) if decided and held
        else ()
    )  # fmt: skip
    return Step(
        4, "", begun[0] if begun else None, decided,
        ahead.meeting.starts_at if ahead and not ahead.meeting.began_at else None, *result,
        notes=by, loops=tuple(loops),
    )  # fmt: skip


def _by(key: str, vote: Vote) -> Phrase:
    """A sentence about the body that has voted."""
    return Phrase(key, {"body": Phrase(f"body.{vote.body.value}")})


def coming(found: meetings.Section | None) -> Decided | None:
    """The meeting that is called for the matter or going on, if any."""
    live = [one for one in found.decided if one.meeting.stage in LIVE] if found else []
    return live[0] if live else None


def _worked(proposal: Proposal, found: implementation.Section) -> Step:
    if not found.lines:
        return Step(5, "")
    rows = [one.commitment for one in found.lines]
    late = sum(1 for one in found.lines if one.is_overdue)
    counts: dict[str, object] = {
        "n": len(rows),
        "passed": sum(1 for row in rows if row.stage is PASSED),
        "late": late,
    }
    key = "road.tasks_late" if late else "road.tasks"
    return Step(
        5, "", proposal.decided_at, proposal.completed_at, max(row.due_at for row in rows),
        result="stage.completed" if proposal.completed_at else "",
        notes=(Note(Phrase(key, counts), "work"),),
    )  # fmt: skip
