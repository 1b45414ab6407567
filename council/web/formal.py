"""The page of a formal vote: its course, what its reader can do, how it stands, how it came out."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from council import (
    ballots,
    calendar,
    counting,
    course,
    deadlines,
    disputes,
    gate,
    notices,
    policy,
    preparations,
    proofs,
    proposals,
    records,
    referrals,
    rolls,
    rulecards,
    safeguards,
    translations,
    votes,
)
from council.derivations import Line
from council.errors import NotAllowed, NotFound
from council.gate import Context
from council.notices import Notice, NoticeKind
from council.people import Constituency
from council.policy import Can
from council.preparations import Preparation
from council.reckoning import TOGETHER
from council.safeguards import Watching
from council.thresholds import Rule
from council.translations import Words
from council.votes import BEFORE_OPENING, SHOWN, Method, Vote, VoteMode, VoteStage
from council.web import counts, pages
from council.web.forms import Form
from council.web.rollcalls import Booth, booth

COUNTERS = {Can.COUNT, Can.OVERSEE}
BY_HAND = {"void"}
"""Steps that have a page of their own."""

WORK: tuple[tuple[Can, frozenset[VoteStage], str], ...] = (
    (Can.CONVENE, preparations.PREPARING, "preparation"),
    (Can.CONVENE, preparations.PREPARING, "constituencies"),
    (Can.ADMIT, preparations.PREPARING, "study"),
    (Can.KEEP_ROLL, frozenset({VoteStage.DRAFT, VoteStage.ROLL_PUBLISHED}), "roll"),
    (Can.OVERSEE, frozenset({VoteStage.ANNOUNCED}), "checklist"),
    (Can.CONVENE, BEFORE_OPENING, "keepers"),
    (Can.COUNT, BEFORE_OPENING | {VoteStage.CLOSED}, "keepers"),
    (Can.KEEP_ROLL, frozenset({VoteStage.OPEN}), "absent"),
    (Can.ENTER_FOR, frozenset({VoteStage.OPEN}), "absent"),
    (Can.SCREEN, frozenset({VoteStage.ANNOUNCED, VoteStage.OPEN}), "paper"),
    (Can.COUNT, frozenset({VoteStage.CLOSED, VoteStage.PROVISIONAL}), "count"),
)
"""Where those who work with a vote go from its page; `vote_work.<name>` says it in words."""

OF_PAPER = {"paper", "count"}
"""Pages of a vote that offers paper."""


def vote_of(request: Request, ctx: Context, *able: Can) -> Vote:
    """The formal vote of the address, for those who hold one of these permissions, if any is named.

    Raises NotFound, NotAllowed.
    """
    vote = votes.get(ctx, int(request.path_params["id"]))
    if vote.in_meeting:
        raise NotFound("not_found")
    if able and not policy.abilities(ctx.session, ctx.actor, vote.community_id) & set(able):
        raise NotAllowed("not_allowed")
    return vote


def paper_vote(request: Request, ctx: Context, *able: Can) -> Vote:
    """The same, of a vote that offers paper. Raises NotFound, NotAllowed."""
    vote = vote_of(request, ctx, *able)
    if not preparations.of(ctx.session, vote.id).paper:
        raise NotFound("not_found")
    return vote


def secret_vote(request: Request, ctx: Context) -> Vote:
    """The secret vote of the address. Raises NotFound for one that is by name."""
    vote = votes.get(ctx, int(request.path_params["id"]))
    if vote.mode is not VoteMode.SECRET:
        raise NotFound("not_found")
    return vote


def page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    """The page of a formal vote, for everybody; what the reader can do stands first."""
    session, row = ctx.session, preparations.of(ctx.session, vote.id)
    me = ctx.actor.person_id if ctx.actor else None
    matter = proposals.get(ctx, vote.proposal_id) if vote.proposal_id else None
    spoken = words(request, ctx, [vote], ("preparation", row.id))
    language = request.state.look.language
    hands, shown = _hands(ctx, vote, row), vote.stage in SHOWN
    hung = notices.of_vote(session, vote.id)
    return pages.page(
        request, "votes/formal.html", 422 if form else 200, vote=vote, preparation=row,
        form=form or Form(), proposal=matter, booth=_booth(request, ctx, vote, form),
        standing=ballots.standing(session, vote, me) if vote.mode is VoteMode.SECRET else None,
        referral=referrals.of(session, matter.id) if matter else None,
        turnout=counting.turnout(session, vote), line=_line(vote, row, hung),
        options=counts.options(vote),
        quorum=counting.quorum(session, vote)[1] if vote.is_open else (),
        numbers=disputes.numbers(disputes.of(session, vote.id)),
        until=disputes.until(session, vote), hung=hung,
        proofs=proofs.of_notices(session, [one.id for one in hung]),
        waits=calendar.running(session, vote), saved="saved" in request.query_params,
        card=_rule(ctx, vote), hidden=_hidden(vote, row),
        shown=shown, recounts=records.is_open_to(ctx, vote),
        successor=course.successor(ctx, vote),
        counted=counts.of(vote, language, spoken) if shown else None,
        broken=counts.broken(vote, language, spoken) if shown else (),
        method=counts.method(vote, language), **hands,
        translations=spoken,
    )  # fmt: skip


def words(request: Request, ctx: Context, rows: list[Vote], *besides: tuple[str, int]) -> Words:
    """The English of matters, votes and other rows (table, id), for the English page only."""
    zh = request.state.look.language == "zh"
    return {} if zh else english(ctx, rows, *besides)


def english(ctx: Context, rows: list[Vote], *besides: tuple[str, int]) -> Words:
    """The English of matters, votes and other rows; that of options where they stand alone."""
    about = [*(("vote", one.id) for one in rows), *besides]
    ids = [one.proposal_id for one in rows if one.proposal_id]
    found = translations.of_matters(ctx.session, ids) | translations.of_rows(ctx.session, about)
    for one in rows if besides or len(rows) == 1 else ():
        lines = found.get(("vote", one.id, "options"), "").split("\n")
        if len(lines) == len(one.options):
            found |= {("option", n, "label"): line for n, line in enumerate(lines, 1)}
    return found


def _booth(request: Request, ctx: Context, vote: Vote, form: Form | None) -> Booth:
    """For whom the reader votes by name; the form that was wrong, or the address, says for whom."""
    asked = form.value("entry") if form else request.query_params.get("entry", "")
    return booth(replace(ctx, behalf=None), vote, asked) if vote.is_open else Booth()


# The course


def _line(vote: Vote, row: Preparation, hung: list[Notice]) -> list[dict[str, Any]]:
    """The steps of the course with their days, and until when anybody may object."""
    results = [one for one in hung if one.kind is NoticeKind.VOTE_RESULT]
    hangs = deadlines.day_end(results[-1].until) if results else None
    taken: dict[VoteStage, tuple[datetime | None, datetime | None]] = {
        VoteStage.ROLL_PUBLISHED: (row.roll_published_at, None),
        VoteStage.ROLL_FINAL: (row.roll_final_at, disputes.roll_until(row)),
        VoteStage.ANNOUNCED: (row.announced_at, None),
        VoteStage.OPEN: (vote.opened_at, vote.opens_at),
        VoteStage.CLOSED: (vote.closed_at, vote.closes_at),
        VoteStage.COUNTED: (row.counted_at, None),
        VoteStage.PROVISIONAL: (row.published_at, None),
        VoteStage.FINAL: (row.final_at, disputes.result_until(row)),
        VoteStage.ARCHIVED: (hangs if vote.stage is VoteStage.ARCHIVED else None, hangs),
    }
    until = {
        VoteStage.ROLL_PUBLISHED: disputes.roll_until(row),
        VoteStage.PROVISIONAL: disputes.result_until(row),
    }
    if vote.stage is VoteStage.VOIDED:
        taken = {stage: days for stage, days in taken.items() if days[0]}
        taken[VoteStage.VOIDED] = (row.voided_at, None)
    return [
        {
            "stage": stage, "at": at, "planned": planned, "now": stage is vote.stage,
            "until": until.get(stage),
        }
        for stage, (at, planned) in taken.items()
    ]  # fmt: skip


def _hands(ctx: Context, vote: Vote, row: Preparation) -> dict[str, Any]:
    """What those who work with the vote can do, and what is missing for it."""
    able = policy.abilities(ctx.session, ctx.actor, vote.community_id)
    there = [one.watching for one in safeguards.witnesses(ctx.session, vote.id)]
    watch = {"teller": "vote.tell", "observer": "vote.observe"}
    possible = {name: gate.possible(ctx, act, vote) for name, act in watch.items()}
    return {
        "steps": [(one, can) for one, can in course.steps(ctx, vote) if one.name not in BY_HAND],
        "work": [
            (f"vote_work.{name}", f"/{name}")
            for can, stages, name in WORK
            if can in able and vote.stage in stages and (row.paper or name not in OF_PAPER)
            and (row.constituencies or name != "constituencies")
            and (name != "keepers" or vote.mode is VoteMode.SECRET)
        ],
        "translates": Can.TRANSLATE in able and vote.stage is not VoteStage.DRAFT,
        "voids": Can.OVERSEE in able and safeguards.can_be_voided(ctx, vote),
        "counting_now": bool(able & COUNTERS) and safeguards.count_is_due(ctx, vote),
        "watch": [(name, can) for name, can in possible.items() if can and not can.needs],
        "tellers": there.count(Watching.TELLER), "observers": there.count(Watching.OBSERVER),
    }  # fmt: skip


# The rule and the result


def _rule(ctx: Context, vote: Vote) -> tuple[Line, ...]:
    """The rule in plain words, with its numbers as far as they are known."""
    if vote.stage in SHOWN and (found := vote.reckoning):
        return rulecards.card(found.rule, found.counts)
    due = vote.due or rolls.due(ctx.session, vote)
    motion = vote.method is Method.MOTION
    return rulecards.card(Rule.from_json(vote.rule), rulecards.entitled(due), motion=motion)


def _hidden(vote: Vote, row: Preparation) -> list[Constituency]:
    """The constituencies whose split would tell who voted how, so that all are counted together."""
    told = Rule.from_json(vote.rule).constituencies
    before = vote.stage in preparations.PREPARING
    if before or (told and not vote.settings.get(TOGETHER)):
        return []
    return [Constituency(one) for one in row.constituencies]
