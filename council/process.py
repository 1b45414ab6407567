"""The road of a proposal, in the order of the three questions that the whole process answers."""

from dataclasses import replace

from council import (
    admissions,
    calendar,
    charter,
    commitments,
    consultations,
    meetings,
    postings,
    proposals,
    ratings,
    reasons,
    referrals,
    reviews,
    sittings,
    speeches,
    summaries,
    votes,
)
from council.chairing import ChairTurn
from council.commitments import Commitment
from council.deadlines import Limit
from council.decisions import Outcome
from council.gate import Context, Possible, after
from council.meetings import AgendaItem, Meeting
from council.people import SYSTEM
from council.policy import Can
from council.proposals import Proposal, Stage
from council.referrals import Referral
from council.votes import DECIDED, LAWFUL, Vote, VoteStage
from council.workflow import Transition, Workflow, advance, open_transitions

# What belongs to a move itself: dates and clocks


def start_answer_clock(ctx: Context, proposal: Proposal) -> None:
    """From here the charter's days run in which the core answers (three working days)."""
    proposal.rules = charter.rules(ctx.session, proposal.community_id)
    proposal.submitted_at = proposal.submitted_at or ctx.now
    calendar.meet(ctx, proposal, "complete")
    limit = charter.limit(proposal.rules, "admission")
    calendar.start(ctx, proposal, "admission_draft", limit, who=Can.SCREEN)
    proposal.moved_at = ctx.now


def give_back(ctx: Context, proposal: Proposal) -> None:
    """The proposer has fifteen days to add what is missing."""
    admissions.note_decision(ctx, proposal)
    calendar.start(ctx, proposal, "complete", Limit.parse("15d"), person_id=proposal.author_id)
    proposal.moved_at = ctx.now


def take_on(ctx: Context, proposal: Proposal) -> None:
    """The matter becomes public, its responsible unit is named and stays with it throughout."""
    admissions.note_decision(ctx, proposal)
    answer = admissions.of(ctx.session, proposal.id)
    proposal.unit_id = answer.unit_id if answer else None
    proposal.admitted_at = proposal.moved_at = ctx.now
    limit = charter.limit(proposal.rules, "consultation_start")
    calendar.start(ctx, proposal, "open_consultation", limit, who=Can.CONVENE)


def turn_down(ctx: Context, proposal: Proposal) -> None:
    """The answer is given; its reason is public."""
    admissions.note_decision(ctx, proposal)
    proposal.decided_at = proposal.moved_at = ctx.now


def open_window(ctx: Context, proposal: Proposal) -> None:
    """Everybody can speak from now on, for the charter's days."""
    calendar.meet(ctx, proposal, "open_consultation")
    consultations.open_window(ctx, proposal)
    proposal.moved_at = ctx.now


def close_window(ctx: Context, proposal: Proposal) -> None:
    """The window is over; the clock of the summary runs."""
    consultations.close_window(ctx, proposal)
    limit = charter.limit(proposal.rules, "summary")
    calendar.start(ctx, proposal, "summary", limit, who=Can.SUMMARISE)
    proposal.moved_at = ctx.now


def ask_experts(ctx: Context, proposal: Proposal) -> None:
    """The summary is published and the experts' clock runs."""
    calendar.meet(ctx, proposal, "summary")
    summaries.publish_summary(ctx, proposal)
    reviews.begin_review(ctx, proposal)
    proposal.moved_at = ctx.now


def go_straight_to_meeting(ctx: Context, proposal: Proposal) -> None:
    """The summary is published and a meeting has to be called."""
    calendar.meet(ctx, proposal, "summary")
    summaries.publish_summary(ctx, proposal)
    call_meeting(ctx, proposal)


def call_meeting(ctx: Context, proposal: Proposal) -> None:
    """A joint meeting has to be called; the notice of the meeting stops the clock."""
    sittings.await_meeting(ctx, proposal)
    proposal.moved_at = ctx.now


def decide(ctx: Context, proposal: Proposal) -> None:
    """There is a decision; it has to be posted and its tasks given out."""
    proposal.decided_at = proposal.moved_at = ctx.now
    if proposal.stage is Stage.ADOPTED:
        calendar.start(ctx, proposal, "post_decision", Limit.parse("5wd"), who=Can.PUBLISH)
        calendar.start(ctx, proposal, "assign_tasks", Limit.parse("5wd"), who=Can.CONVENE)


def await_body(ctx: Context, proposal: Proposal) -> None:
    """The body that decides has to be asked, no meeting; the draft of its vote stops the clock."""
    calendar.meet(ctx, proposal, "call_meeting")
    limit = charter.limit(proposal.rules, "meeting_call")
    calendar.start(ctx, proposal, "call_body", limit, who=Can.CONVENE)
    proposal.decided_at, proposal.moved_at = None, ctx.now


def begin_anew(ctx: Context, proposal: Proposal) -> None:
    """The decision is void: nothing of it waits any more, the body has to be asked again."""
    calendar.meet(ctx, proposal)
    await_body(ctx, proposal)


def leave(ctx: Context, proposal: Proposal) -> None:
    """It ends here, without a decision to carry out."""
    calendar.meet(ctx, proposal)
    proposal.decided_at = proposal.moved_at = ctx.now


def begin_work(ctx: Context, proposal: Proposal) -> None:
    """The work runs; the posting of the decision runs beside it."""
    calendar.meet(ctx, proposal, "assign_tasks", "post_decision")
    proposal.moved_at = ctx.now


def all_done(ctx: Context, proposal: Proposal) -> None:
    """Every task is done and checked; the result has to be posted."""
    calendar.start(ctx, proposal, "post_result", Limit.parse("5wd"), who=Can.PUBLISH)
    proposal.moved_at = ctx.now


def end_early(ctx: Context, proposal: Proposal) -> None:
    """The proposer has taken it back; nothing waits any more."""
    calendar.meet(ctx, proposal)
    proposal.moved_at = ctx.now


def finish(ctx: Context, proposal: Proposal) -> None:
    """The matter is completed; residents rate it while the result hangs on the board."""
    calendar.meet(ctx, proposal)
    proposal.completed_at = proposal.moved_at = ctx.now


def moved(ctx: Context, proposal: Proposal) -> None:
    """The matter has moved on."""
    proposal.moved_at = ctx.now


# What the last vote said


def vote_adopts(ctx: Context, proposal: Proposal) -> bool:
    """The vote has passed every test of its rule."""
    return _outcome(ctx, proposal) is Outcome.ADOPTED


def vote_rejects(ctx: Context, proposal: Proposal) -> bool:
    """The vote has failed, or too few were present."""
    return _outcome(ctx, proposal) in {Outcome.REJECTED, Outcome.NO_QUORUM}


def vote_refers(ctx: Context, proposal: Proposal) -> bool:
    """One constituency is unanimously against: the lawful body decides."""
    return _outcome(ctx, proposal) is Outcome.REFERRED


def vote_falls_short(ctx: Context, proposal: Proposal) -> bool:
    """The body that decides has not adopted it, or its vote was voided."""
    return vote_voided(ctx, proposal) or _outcome(ctx, proposal) not in {None, Outcome.ADOPTED}


def vote_voided(ctx: Context, proposal: Proposal) -> bool:
    """The vote that decided has been voided."""
    vote = votes.latest(ctx.session, proposal.id)
    return vote is not None and vote.stage is VoteStage.VOIDED


def body_has_rejected(ctx: Context, proposal: Proposal) -> bool:
    """The body that decides has voted, and has not adopted it."""
    vote = votes.latest(ctx.session, proposal.id)
    done = vote is not None and vote.body in LAWFUL and vote.stage in DECIDED
    return done and vote_falls_short(ctx, proposal)


def _outcome(ctx: Context, proposal: Proposal) -> Outcome | None:
    vote = votes.latest(ctx.session, proposal.id)
    return vote.outcome if vote else None


# The table

T = Transition[Proposal, Stage]


PROPOSAL = Workflow(
    "proposal",
    Stage.DRAFT,
    (
        T("submit", Stage.DRAFT, Stage.SUBMITTED, Can.SPEAK,
          (proposals.is_author, proposals.is_complete), start_answer_clock, behalf=True),
        T("submit", Stage.RETURNED, Stage.SUBMITTED, Can.SPEAK,
          (proposals.is_author, proposals.is_complete), start_answer_clock, behalf=True),
        T("withdraw", Stage.DRAFT, Stage.WITHDRAWN, Can.SPEAK,
          (proposals.is_author,), end_early, behalf=True),
        T("withdraw", Stage.SUBMITTED, Stage.WITHDRAWN, Can.SPEAK,
          (proposals.is_author,), end_early, behalf=True),
        T("withdraw", Stage.RETURNED, Stage.WITHDRAWN, Can.SPEAK,
          (proposals.is_author,), end_early, behalf=True),
        T("return", Stage.SUBMITTED, Stage.RETURNED, Can.ADMIT,
          (admissions.return_drafted, admissions.drafted_by_another), give_back),
        T("refuse", Stage.SUBMITTED, Stage.NOT_ADMITTED, Can.ADMIT,
          (admissions.refusal_drafted, admissions.drafted_by_another), turn_down),
        T("admit", Stage.SUBMITTED, Stage.ADMITTED, Can.ADMIT,
          (admissions.admission_drafted, admissions.unit_named, admissions.drafted_by_another),
          take_on),
        # 事前能不能议: may it be discussed?
        T("open_consultation", Stage.ADMITTED, Stage.CONSULTING, Can.CONVENE,
          (consultations.papers_ready, consultations.offline_channel_planned), open_window),
        T("close_consultation", Stage.CONSULTING, Stage.SUMMARISING, Can.SYSTEM,
          (consultations.window_over,), close_window),
        # 事中议不议成: can it be agreed?
        T("send_to_review", Stage.SUMMARISING, Stage.UNDER_REVIEW, Can.SUMMARISE,
          (summaries.every_opinion_answered,), ask_experts),
        T("skip_review", Stage.SUMMARISING, Stage.READY_FOR_MEETING, Can.ADMIT,
          (summaries.every_opinion_answered, reviews.review_may_be_skipped, reviews.skip_reasoned),
          go_straight_to_meeting),
        T("finish_review", Stage.UNDER_REVIEW, Stage.READY_FOR_MEETING, Can.CONVENE,
          (reviews.finding_published,), call_meeting),
        T("take_up", Stage.READY_FOR_MEETING, Stage.DELIBERATING, Can.SYSTEM, (), moved),
        T("postpone", Stage.DELIBERATING, Stage.READY_FOR_MEETING, Can.SYSTEM, (), call_meeting),
        T("adopt_by_consensus", Stage.DELIBERATING, Stage.ADOPTED, Can.SYSTEM, (), decide),
        T("open_vote", Stage.DELIBERATING, Stage.VOTING, Can.SYSTEM, (), moved),
        T("adopt", Stage.VOTING, Stage.ADOPTED, Can.SYSTEM, (vote_adopts,), decide),
        T("reject", Stage.VOTING, Stage.REJECTED, Can.SYSTEM, (vote_rejects,), decide),
        # another body of the community decides, or somebody outside
        T("refer", Stage.VOTING, Stage.REFERRED, Can.SYSTEM, (vote_refers,), await_body),
        T("send_to_body", Stage.READY_FOR_MEETING, Stage.REFERRED, Can.SYSTEM,
          (referrals.body_named,), await_body),
        T("transfer", Stage.REFERRED, Stage.TRANSFERRED, Can.CONVENE,
          (referrals.body_is_outside, referrals.no_vote_under_way), leave),
        T("open_vote", Stage.REFERRED, Stage.VOTING, Can.SYSTEM, (), moved),
        T("fall_short", Stage.VOTING, Stage.REFERRED, Can.SYSTEM, (vote_falls_short,), await_body),
        T("annul", Stage.ADOPTED, Stage.REFERRED, Can.SYSTEM, (vote_voided,), begin_anew),
        T("end_rejected", Stage.REFERRED, Stage.REJECTED, Can.CONVENE,
          (body_has_rejected, referrals.no_vote_under_way), leave),
        # 事后能否干成: will it be done?
        T("start_work", Stage.ADOPTED, Stage.IN_PROGRESS, Can.CONVENE,
          (commitments.has_tasks, postings.decision_posted), begin_work),
        T("finish_work", Stage.IN_PROGRESS, Stage.AWAITING_ACCEPTANCE, Can.SYSTEM,
          (commitments.all_passed,), all_done),
        T("complete", Stage.AWAITING_ACCEPTANCE, Stage.COMPLETED, Can.CONVENE,
          (postings.result_posted,), finish),
        T("close_rating", Stage.COMPLETED, Stage.RATED, Can.SYSTEM,
          (ratings.ratings_over,), moved),
    ),
)  # fmt: skip
"""The constitution of a matter's road. `council rules proposal` prints it."""


# What lower rooms do moves the matter, in their transaction, as the system


def _move(ctx: Context, proposal_id: int | None, name: str) -> None:
    if proposal_id is None:  # an item of its own, without a matter
        return
    proposal = ctx.session.get_one(Proposal, proposal_id)
    advance(replace(ctx, actor=SYSTEM, behalf=None), PROPOSAL, proposal, name)


@after("meeting.begin")
def take_up_agenda(ctx: Context, meeting: Meeting) -> None:
    """A meeting that has begun, and decides, takes up every matter on its agenda."""
    for item in meetings.items(ctx.session, meeting.id) if meeting.decides else ():
        _move(ctx, item.proposal_id, "take_up")


@after("chair.accept")
def take_hands_down(ctx: Context, turn: ChairTurn) -> None:
    """Whoever takes the chair is no longer among those who speak."""
    for one in speeches.of_item(ctx.session, turn.item_id):
        if one.person_id == turn.to_id and one.ended_at is None:
            speeches.lapse(replace(ctx, actor=SYSTEM, behalf=None), one)


@after("item.consensus")
def adopt_by_consensus(ctx: Context, item: AgendaItem) -> None:
    """What nobody objects to is adopted."""
    _move(ctx, item.proposal_id, "adopt_by_consensus")


@after("item.postpone")
def postpone(ctx: Context, item: AgendaItem) -> None:
    """A postponed matter waits for another meeting; one that was only talked about does already."""
    if ctx.session.get_one(Meeting, item.meeting_id).decides:
        _move(ctx, item.proposal_id, "postpone")


@after("referral.settle")
def send_to_body(ctx: Context, referral: Referral) -> None:
    """A matter that waited for a meeting waits for its body, once that is named."""
    if ctx.session.get_one(Proposal, referral.proposal_id).stage is Stage.READY_FOR_MEETING:
        _move(ctx, referral.proposal_id, "send_to_body")


@after("vote.open")
def open_vote(ctx: Context, vote: Vote) -> None:
    """While the vote is open the matter is being voted on."""
    if vote.proposal_id is not None:
        _move(ctx, vote.proposal_id, "open_vote")


OF_OUTCOME = {
    Outcome.ADOPTED: "adopt",
    Outcome.REJECTED: "reject",
    Outcome.NO_QUORUM: "reject",
    Outcome.REFERRED: "refer",
}


@after("vote.close")
@after("tie.cast")
def follow_vote(ctx: Context, vote: Vote) -> None:
    """The outcome that the rule computed moves the matter; a tie awaits the chair first."""
    if vote.on_item and vote.outcome in OF_OUTCOME and vote.proposal_id is not None:
        _move(ctx, vote.proposal_id, OF_OUTCOME[vote.outcome])


@after("vote.close")
@after("tie.cast")
def await_reason(ctx: Context, vote: Vote) -> None:
    """Those who voted the other way than a meeting are owed an explanation."""
    if vote.on_item and vote.outcome in OF_OUTCOME and reasons.losers(vote):
        item = ctx.session.get_one(AgendaItem, vote.agenda_item_id)
        reasons.await_reason(replace(ctx, actor=SYSTEM, behalf=None), item)


@after("vote.begin")
def open_formal_vote(ctx: Context, vote: Vote) -> None:
    """While a formal vote that decides is open, its matter is being voted on."""
    if vote.proposal_id is not None and vote.body in LAWFUL:
        _move(ctx, vote.proposal_id, "open_vote")


@after("vote.finish")
def follow_formal_vote(ctx: Context, vote: Vote) -> None:
    """Adopted, or back to the committee, which asks again or ends the matter."""
    if vote.proposal_id is not None and vote.body in LAWFUL:
        adopted = vote.outcome is Outcome.ADOPTED
        _move(ctx, vote.proposal_id, "adopt" if adopted else "fall_short")


@after("vote.void")
def follow_void(ctx: Context, vote: Vote) -> None:
    """A matter whose vote is void waits for another vote; work that has begun goes on."""
    if vote.proposal_id is None or vote.body not in LAWFUL:
        return
    proposal = ctx.session.get_one(Proposal, vote.proposal_id)
    step = {Stage.VOTING: "fall_short", Stage.ADOPTED: "annul"}.get(proposal.stage)
    if step:
        _move(ctx, proposal.id, step)


@after("commitment.pass")
def finish_work(ctx: Context, commitment: Commitment) -> None:
    """When the last task has passed its check, the matter awaits acceptance."""
    proposal = ctx.session.get_one(Proposal, commitment.proposal_id)
    if proposal.stage is Stage.IN_PROGRESS and commitments.all_passed(ctx, proposal):
        _move(ctx, proposal.id, "finish_work")


# Questions


def steps(ctx: Context, proposal: Proposal) -> list[tuple[Transition[Proposal, Stage], Possible]]:
    """What this reader may do with the matter now, each with what still blocks it."""
    return open_transitions(ctx, PROPOSAL, proposal)


def move(ctx: Context, proposal: Proposal, name: str) -> None:
    """Move the matter along the transition of this name."""
    advance(ctx, PROPOSAL, proposal, name)
