"""The course of a formal vote: roll, notice, opening, close, count, objections, final result."""

from datetime import datetime, timedelta

from sqlalchemy import select

from council import (
    announcements,
    ballots,
    batches,
    calendar,
    counting,
    deadlines,
    disputes,
    keepers,
    notices,
    papercounts,
    preparations,
    rollcalls,
    rolls,
    safeguards,
    ties,
    votes,
)
from council.deadlines import Limit
from council.disputes import DisputeAbout, Remedy
from council.gate import Context, Possible, after
from council.notices import NoticeKind
from council.policy import Can
from council.preparations import ASSEMBLIES, Preparation
from council.safeguards import checklist_passed, tellers_present, void_by_another, void_drafted
from council.thresholds import Rule
from council.votes import Method, Vote, VoteMode, VoteStage, before_the_close
from council.workflow import Transition, Workflow, advance, open_transitions

# Requirements


def is_formal(ctx: Context, vote: Vote) -> bool:
    """A vote in a meeting is opened and closed by its chair."""
    return not vote.in_meeting


def question_ready(ctx: Context, vote: Vote) -> bool:
    """The question is written, word for word."""
    return bool(vote.title and vote.question)


def options_ready(ctx: Context, vote: Vote) -> bool:
    """There are at least two options; a motion needs none."""
    return vote.method is Method.MOTION or len(vote.options) > 1


def people_in_secret(ctx: Context, vote: Vote) -> bool:
    """A vote about persons is secret, always."""
    return vote.mode is VoteMode.SECRET or not vote.about_people


def arguments_ready(ctx: Context, vote: Vote) -> bool:
    """What speaks for it and what speaks against it have both been written."""
    row = preparations.of(ctx.session, vote.id)
    return bool(row.arguments_for and row.arguments_against)


def offline_way_named(ctx: Context, vote: Vote) -> bool:
    """It has been written how somebody votes without a telephone."""
    return bool(preparations.of(ctx.session, vote.id).how_to_vote)


def study_recorded(ctx: Context, vote: Vote) -> bool:
    """Before an assembly votes, the Party organisation has studied the matter (Art. 30)."""
    return vote.body not in ASSEMBLIES or preparations.of(ctx.session, vote.id).study_on is not None


def times_set(ctx: Context, vote: Vote) -> bool:
    """It has been fixed when the vote opens and closes."""
    return vote.opens_at is not None and vote.closes_at is not None


def notice_days_left(ctx: Context, vote: Vote) -> bool:
    """The notice goes out as many days before the opening as law and charter ask."""
    days = preparations.of(ctx.session, vote.id).day("notice")
    return vote.opens_at is None or ctx.now < deadlines.notice_by(vote.opens_at, days)


def open_long_enough(ctx: Context, vote: Vote) -> bool:
    """It stays open for the charter's days; a vote on paper only may be shorter."""
    row = preparations.of(ctx.session, vote.id)
    if vote.opens_at is None or vote.closes_at is None or not row.remote:
        return True
    return vote.closes_at - vote.opens_at >= timedelta(days=row.day("open"))


def roll_objections_over(ctx: Context, vote: Vote) -> bool:
    """The days in which anybody may object to the roll have passed."""
    closes = disputes.roll_until(preparations.of(ctx.session, vote.id))
    return closes is not None and ctx.now >= closes


def roll_objections_answered(ctx: Context, vote: Vote) -> bool:
    """Every objection to the roll has been answered."""
    return not disputes.waiting(disputes.of(ctx.session, vote.id), DisputeAbout.ROLL)


def hour_to_open(ctx: Context, vote: Vote) -> bool:
    """The hour of the opening has come."""
    return vote.opens_at is not None and ctx.now >= vote.opens_at


def hour_to_close(ctx: Context, vote: Vote) -> bool:
    """The hour of the close has come."""
    return vote.closes_at is not None and ctx.now >= vote.closes_at


def not_yet_extended(ctx: Context, vote: Vote) -> bool:
    """A vote is extended once at most."""
    return vote.in_meeting or preparations.of(ctx.session, vote.id).extended_at is None


def participation_low(ctx: Context, vote: Vote) -> bool:
    """Fewer have taken part so far than the rule asks for."""
    return vote.in_meeting or not counting.quorum(ctx.session, vote)[0]


def result_objections_over(ctx: Context, vote: Vote) -> bool:
    """The days in which anybody may object to the provisional result have passed."""
    closes = disputes.result_until(preparations.of(ctx.session, vote.id))
    return closes is not None and ctx.now >= closes


def result_objections_answered(ctx: Context, vote: Vote) -> bool:
    """Every objection to the result has been answered."""
    return not disputes.waiting(disputes.of(ctx.session, vote.id), DisputeAbout.RESULT)


def box_opened(ctx: Context, vote: Vote) -> bool:
    """Two keepers have opened the sealed box; an unsealed one needs nobody."""
    return vote.mode is not VoteMode.SECRET or not keepers.is_shut(vote)


def recount_ordered(ctx: Context, vote: Vote) -> bool:
    """An objection was upheld from which a recount follows."""
    return disputes.ordered(ctx.session, vote.id, Remedy.RECOUNT)


def nothing_ordered(ctx: Context, vote: Vote) -> bool:
    """No recount and no voiding that follows from an objection is still to be done."""
    still = (Remedy.RECOUNT, Remedy.VOID)
    return not any(disputes.ordered(ctx.session, vote.id, one) for one in still)


def posting_over(ctx: Context, vote: Vote) -> bool:
    """The result has hung on the board for its days."""
    hung = notices.of_vote(ctx.session, vote.id)
    final = [one for one in hung if one.kind is NoticeKind.VOTE_RESULT]
    return bool(final) and notices.is_over(final[-1], ctx.now)


# What belongs to a step itself: dates, clocks, notices


def publish_roll(ctx: Context, vote: Vote) -> None:
    """Everybody sees how large the roll is, and each person their own entry; objections run."""
    row = preparations.of(ctx.session, vote.id)
    row.roll_published_at = ctx.now
    _wait(ctx, vote, "settle_roll", disputes.roll_until(row), Can.CONVENE)


def settle_roll(ctx: Context, vote: Vote) -> None:
    """The roll is final: nobody is added or struck from here on."""
    row = preparations.of(ctx.session, vote.id)
    row.roll_final_at = ctx.now
    disputes.settle(ctx, vote, Remedy.CORRECT)
    calendar.meet(ctx, vote, "settle_roll")


def announce(ctx: Context, vote: Vote) -> None:
    """Question and rule are frozen, the notice goes up; the checklist waits to be passed.

    A secret vote with a small constituency is counted together only: no split tells who voted how.
    """
    row = preparations.of(ctx.session, vote.id)
    small = vote.mode is VoteMode.SECRET and safeguards.small_cells(ctx.session, vote)
    vote.rule = preparations.rule(ctx.session, row, together=bool(small)).to_json()
    row.announced_at = ctx.now
    announcements.announce(ctx, vote)
    _wait(ctx, vote, "pass_checklist", vote.opens_at, Can.OVERSEE)


def begin(ctx: Context, vote: Vote) -> None:
    """The roll is frozen with its numbers and its fingerprint, and voting begins.

    A vote that opens late still stays open for all its days.
    """
    row = preparations.of(ctx.session, vote.id)
    vote.opened_at = ctx.now
    vote.due = rolls.due(ctx.session, vote)
    row.roll_digest = rolls.seal(ctx, vote)
    if row.remote and vote.closes_at is not None:
        least = deadlines.window_end(ctx.now, row.day("open"))
        late = vote.closes_at - ctx.now < timedelta(days=row.day("open")) - timedelta(hours=1)
        vote.closes_at = least if late else vote.closes_at
    if vote.mode is VoteMode.SECRET:
        ballots.prepare_marks(ctx, vote)
    else:
        vote.settings = vote.settings | rollcalls.listing(
            ctx.session, vote.community_id, Rule.from_json(vote.rule)
        )
        if row.paper:
            ballots.prepare_roll(ctx, vote)
    calendar.meet(ctx, vote, "pass_checklist")


def extend(ctx: Context, vote: Vote) -> None:
    """The vote stays open some days longer, once."""
    row = preparations.of(ctx.session, vote.id)
    assert vote.closes_at is not None  # noqa: S101  (it was announced with its close)
    vote.closes_at += timedelta(days=row.day("extension"))
    row.extended_at = ctx.now
    announcements.extend(ctx, vote)


def end(ctx: Context, vote: Vote) -> None:
    """Nobody votes any more. Writing the stage locks the vote: a cast beside it comes too late."""
    ctx.session.flush()
    vote.closed_at = ctx.now
    disputes.await_count(ctx, vote)


def tally(ctx: Context, vote: Vote) -> None:
    """The result is reckoned from the ballots and frozen with its arithmetic."""
    row = preparations.of(ctx.session, vote.id)
    counting.count(ctx, vote)
    row.counted_at = ctx.now
    disputes.settle(ctx, vote, Remedy.RECOUNT)
    calendar.meet(ctx, vote, "count_vote", "finish_vote")
    limit = Limit.parse(f"{row.day('publish')}wd")
    calendar.start(ctx, vote, "publish_result", limit, who=Can.CONVENE)


def publish_result(ctx: Context, vote: Vote) -> None:
    """Everybody sees the provisional result and may object to it."""
    row = preparations.of(ctx.session, vote.id)
    row.published_at = ctx.now
    announcements.publish(ctx, vote)
    calendar.meet(ctx, vote, "publish_result")
    _wait(ctx, vote, "finish_vote", disputes.result_until(row), Can.CONVENE)


def finish(ctx: Context, vote: Vote) -> None:
    """The result stands."""
    preparations.of(ctx.session, vote.id).final_at = ctx.now
    announcements.conclude(ctx, vote)
    calendar.meet(ctx, vote)


def void(ctx: Context, vote: Vote) -> None:
    """The vote does not count; it has to be begun anew as another vote."""
    preparations.of(ctx.session, vote.id).voided_at = ctx.now
    disputes.settle(ctx, vote, Remedy.VOID)
    calendar.meet(ctx, vote)


def _wait(ctx: Context, vote: Vote, kind: str, since: datetime | None, who: Can) -> None:
    """Somebody has to act within the days of a ruling after this moment."""
    if since is not None:
        days = preparations.of(ctx.session, vote.id).day("ruling")
        late = 0 if kind == "pass_checklist" else days
        calendar.start_until(ctx, vote, kind, since + timedelta(days=late), f"{days}d", who=who)


# The table


class T(Transition[Vote, VoteStage]):
    """A row of the workflow of a vote."""


S = VoteStage

VOTE = Workflow(
    "vote",
    S.DRAFT,
    (
        T("publish_roll", S.DRAFT, S.ROLL_PUBLISHED, Can.CONVENE,
          (rolls.roll_entered, rolls.nobody_twice, question_ready, people_in_secret),
          publish_roll),
        T("settle_roll", S.ROLL_PUBLISHED, S.ROLL_FINAL, Can.CONVENE,
          (roll_objections_over, roll_objections_answered), settle_roll),
        T("announce", S.ROLL_FINAL, S.ANNOUNCED, Can.CONVENE,
          (question_ready, options_ready, people_in_secret, arguments_ready, offline_way_named,
           study_recorded, times_set, notice_days_left, open_long_enough,
           keepers.keepers_ready), announce),
        T("begin", S.ANNOUNCED, S.OPEN, Can.SYSTEM,
          (checklist_passed, keepers.keepers_ready, hour_to_open), begin),
        T("extend", S.OPEN, S.OPEN, Can.CONVENE,
          (is_formal, not_yet_extended, before_the_close, participation_low), extend),
        T("end", S.OPEN, S.CLOSED, Can.SYSTEM, (is_formal, hour_to_close), end),
        T("end_by_hand", S.OPEN, S.CLOSED, Can.CONVENE, (is_formal, hour_to_close), end),
        T("tally", S.CLOSED, S.COUNTED, Can.COUNT,
          (tellers_present, box_opened, papercounts.paper_reconciled), tally),
        T("publish_result", S.COUNTED, S.PROVISIONAL, Can.CONVENE,
          (ties.tie_broken,), publish_result),
        T("recount", S.PROVISIONAL, S.COUNTED, Can.COUNT,
          (recount_ordered, tellers_present, box_opened, papercounts.paper_reconciled), tally),
        T("finish", S.PROVISIONAL, S.FINAL, Can.CONVENE,
          (result_objections_over, result_objections_answered, nothing_ordered), finish),
        T("archive", S.FINAL, S.ARCHIVED, Can.SYSTEM, (is_formal, posting_over)),
        *(
            T("void", stage, S.VOIDED, Can.OVERSEE,
              (is_formal, void_drafted, void_by_another), void)
            for stage in list(S)[: list(S).index(S.ARCHIVED)]
        ),
    ),
)  # fmt: skip
"""The way of a formal vote. `council rules vote` prints it."""


@after("vote.end")
@after("vote.end_by_hand")
@after("vote.void")
@after("vote.close")
def close_box(ctx: Context, vote: Vote) -> None:
    """The last batch of a secret vote is logged with its close, and every order is forgotten."""
    if vote.mode is VoteMode.SECRET and vote.opened_at is not None:
        batches.close_box(ctx, vote)


@after("paper_count.reconcile")
@after("paper_count.explain")
def reckon_again(ctx: Context, vote: Vote) -> None:
    """Paper that was counted again changes the result in the same moment, never beside it."""
    if vote.stage is VoteStage.PROVISIONAL:
        advance(ctx, VOTE, vote, "recount")


CLOCK = {one.source: one for one in VOTE.transitions if one.who is Can.SYSTEM}
"""The steps that the clock takes."""

# Questions


def successor(ctx: Context, vote: Vote) -> Vote | None:
    """The vote that was begun anew on the same question, once this reader may see it."""
    later = Preparation.previous_id == vote.id
    found = votes.seen(ctx).join(Preparation, Preparation.vote_id == Vote.id).where(later)
    return ctx.session.scalars(found.order_by(Vote.id.desc()).limit(1)).first()


def steps(ctx: Context, vote: Vote) -> list[tuple[Transition[Vote, VoteStage], Possible]]:
    """What this reader may do with the vote now, each with what still blocks it."""
    return open_transitions(ctx, VOTE, vote)


def due(ctx: Context) -> list[int]:
    """The votes that the clock moves on now."""
    found = select(Vote).where(Vote.stage.in_(CLOCK), Vote.agenda_item_id.is_(None))
    return [
        vote.id
        for vote in ctx.session.scalars(found.order_by(Vote.id))
        if all(need(ctx, vote) for need in CLOCK[vote.stage].requires)
    ]


def tick(ctx: Context, vote_id: int) -> None:
    """Move a vote on by the clock; its requirements are asked again."""
    vote = ctx.session.get_one(Vote, vote_id)
    advance(ctx, VOTE, vote, CLOCK[vote.stage].name)
