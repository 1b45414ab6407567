"""Votes: the list, the page of each; three large choices, a check, the vote, the result."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    calendar,
    counting,
    course,
    deliberations,
    disputes,
    gate,
    i18n,
    notices,
    policy,
    preparations,
    proposals,
    referrals,
    rollcalls,
    rolls,
    rulecards,
    safeguards,
    translations,
    votes,
)
from council.errors import Invalid, NotAllowed
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.people import Channel
from council.places import Place
from council.policy import Can
from council.preparations import Preparation
from council.safeguards import Watching
from council.thresholds import Rule
from council.votes import SHOWN, Choice, Vote, VoteMode, Voter, VoteStage
from council.web import pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler

PAGE = 20
COUNTERS = {Can.COUNT, Can.OVERSEE}
BY_HAND = {"void"}
"""Steps that have a page of their own."""

WORK: tuple[tuple[Can, frozenset[VoteStage], str], ...] = (
    (Can.CONVENE, frozenset(preparations.PREPARING), "preparation"),
    (Can.ADMIT, frozenset(preparations.PREPARING), "study"),
    (Can.KEEP_ROLL, frozenset({VoteStage.DRAFT, VoteStage.ROLL_PUBLISHED}), "roll"),
    (Can.OVERSEE, frozenset({VoteStage.ANNOUNCED}), "checklist"),
)
"""Where those who work with a vote go from its page; `vote_work.<name>` says it in words."""


@handler()
def index(request: Request, ctx: Context) -> Response:
    """What is open, what is coming, and how the others came out."""
    here: Place | None = request.state.look.community
    place_id = here.id if here else 0
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    found = votes.past(ctx, place_id, before, PAGE)
    running = [] if before else votes.under_way(ctx, place_id)
    me = ctx.actor.person_id if ctx.actor else None
    return pages.page(
        request, "votes/index.html", running=running, past=found[:PAGE], before=before,
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        turnouts=counting.turnouts(ctx.session, [row for row in running if row.is_open]),
        mine=votes.entitled(ctx.session, me, [row.id for row in running]) if me else set(),
        convenes=policy.allows(ctx.session, ctx.actor, Can.CONVENE, place_id),
        ignored=request.state.look.left_out(before=before),
        translations=_words(request, ctx, [*running, *found[:PAGE]]),
    )  # fmt: skip


def _words(request: Request, ctx: Context, rows: list[Vote]) -> Any:
    """The English of the matters and votes, for the English page only."""
    if request.state.look.language == "zh":
        return {}
    about = translations.of_rows(ctx.session, [("vote", row.id) for row in rows])
    ids = [row.proposal_id for row in rows if row.proposal_id]
    return translations.of_matters(ctx.session, ids) | about


# A formal vote


def _line(vote: Vote, row: Preparation) -> list[dict[str, Any]]:
    """The steps of the course with their days."""
    taken: dict[VoteStage, tuple[datetime | None, datetime | None]] = {
        VoteStage.ROLL_PUBLISHED: (row.roll_published_at, None),
        VoteStage.ROLL_FINAL: (row.roll_final_at, disputes.roll_until(row)),
        VoteStage.ANNOUNCED: (row.announced_at, None),
        VoteStage.OPEN: (vote.opened_at, vote.opens_at),
        VoteStage.CLOSED: (vote.closed_at, vote.closes_at),
        VoteStage.COUNTED: (row.counted_at, None),
        VoteStage.PROVISIONAL: (row.published_at, None),
        VoteStage.FINAL: (row.final_at, disputes.result_until(row)),
    }
    return [
        {"stage": stage, "at": at, "planned": planned, "now": stage is vote.stage}
        for stage, (at, planned) in taken.items()
    ]


def _formal(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    """The page of a formal vote, for everybody; what the reader can do stands first."""
    session, row = ctx.session, preparations.of(ctx.session, vote.id)
    me = ctx.actor.person_id if ctx.actor else None
    mine = votes.voter(session, vote.id, me) if me else None
    matter = proposals.get(ctx, vote.proposal_id) if vote.proposal_id else None
    language = request.state.look.language
    shown = vote.stage in SHOWN
    return pages.page(
        request, "votes/formal.html", 422 if form else 200, vote=vote, preparation=row,
        form=form or Form(), proposal=matter, voter=_standing(mine),
        given=_given(ctx, vote, mine), shown=shown,
        referral=referrals.of(session, matter.id) if matter else None,
        turnout=counting.turnout(session, vote), line=_line(vote, row),
        quorum=counting.quorum(session, vote)[1] if vote.is_open else (),
        lines=counting.sentences(vote, lambda key: i18n.translate(language, key)) if shown else [],
        numbers=disputes.numbers(disputes.of(session, vote.id)),
        until=disputes.until(session, vote), hung=notices.of_vote(session, vote.id),
        waits=calendar.running(session, vote), saved="saved" in request.query_params,
        card=rulecards.card(
            Rule.from_json(vote.rule), rulecards.entitled(vote.due or rolls.due(session, vote))
        ),
        translations=_words(request, ctx, [vote]), **_hands(ctx, vote),
    )  # fmt: skip


def _standing(mine: Voter | None) -> Voter | None:
    return mine if mine and not mine.struck else None


def _given(ctx: Context, vote: Vote, mine: Voter | None) -> Choice | None:
    """How the reader has voted, where that is kept: never in a secret vote."""
    if mine is None or vote.mode is VoteMode.SECRET:
        return None
    return rollcalls.choice_of(ctx.session, mine)


def _hands(ctx: Context, vote: Vote) -> dict[str, Any]:
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
            if can in able and vote.stage in stages
        ],
        "voids": Can.OVERSEE in able and safeguards.can_be_voided(ctx, vote),
        "counting_now": bool(able & COUNTERS) and safeguards.count_is_due(ctx, vote),
        "watch": [(name, can) for name, can in possible.items() if can and not can.needs],
        "tellers": there.count(Watching.TELLER), "observers": there.count(Watching.OBSERVER),
    }  # fmt: skip


# A vote of any kind


def _vote(request: Request, ctx: Context) -> Vote:
    return votes.get(ctx, int(request.path_params["id"]))


def _data(request: Request, ctx: Context, vote: Vote) -> dict[str, Any]:
    """What every page of a vote shows; before the close the turnout only."""
    if not vote.in_meeting:
        return _plain(ctx, vote)
    item = ctx.session.get_one(AgendaItem, vote.agenda_item_id)
    me = ctx.actor.person_id if ctx.actor else None
    mine = votes.voter(ctx.session, vote.id, me) if me else None
    return {
        "vote": vote, "item": item, "meeting": ctx.session.get_one(Meeting, item.meeting_id),
        "proposal": proposals.get(ctx, item.proposal_id),
        "turnout": rollcalls.turnout(ctx.session, vote.id), "voter": mine,
        "given": rollcalls.choice_of(ctx.session, mine) if mine else None,
        "closes": gate.possible(ctx, "vote.close", vote) if vote.is_open else None,
        "enters": policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id),
        "translations": translations.of_matters(ctx.session, [item.proposal_id]),
    }  # fmt: skip


def _plain(ctx: Context, vote: Vote) -> dict[str, Any]:
    """What the pages of the choice need of a formal vote."""
    me = ctx.actor.person_id if ctx.actor else None
    mine = _standing(votes.voter(ctx.session, vote.id, me) if me else None)
    enters = policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id)
    return {"vote": vote, "voter": mine, "given": _given(ctx, vote, mine), "enters": enters}


def _page(
    request: Request, ctx: Context, vote: Vote, form: Form | None = None, name: str = ""
) -> Response:
    if not vote.in_meeting and not name.startswith("for"):
        return _formal(request, ctx, vote, form)
    shown = form or Form()
    if pages.is_partial(request):
        name = "_turnout"
    status = 422 if shown.problems else 200
    data = _data(request, ctx, vote)
    return pages.page(request, f"votes/{name or 'show'}.html", status, form=shown, **data)


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The question, the choices for whoever has a vote, and how many have voted."""
    vote = _vote(request, ctx)
    if vote.in_meeting and not vote.is_open:
        return RedirectResponse(f"/votes/{vote.id}/result", status_code=303)
    return _page(request, ctx, vote)


@handler(session=True, rate="write")
def check(request: Request, ctx: Context) -> Response:
    """The choice once more, before it is cast; nothing is written here."""
    vote, form = _vote(request, ctx), form_of(request)
    try:
        with form.reading():
            choice = form.choice("choice", Choice)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    data = _data(request, ctx, vote)
    if data["voter"] is None:
        raise NotAllowed("not_allowed")
    return pages.page(request, "votes/check.html", choice=choice, **data)


@handler(session=True, rate="write")
def cast(request: Request, ctx: Context) -> Response:
    """Cast the vote, one's own or, as a worker, that of somebody at the meeting."""
    vote, form = _vote(request, ctx), form_of(request)
    entering = bool(form.value("for_person").strip()) or form.flag("entering")
    try:
        with form.reading():
            choice = form.choice("choice", Choice)
            form.check(not entering or form.value("for_person").strip(), "empty", "for_person")
        ctx.behalf = behalf_from(request, ctx.session, vote.community_id)
        rollcalls.cast(ctx, vote, choice=choice)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong), "for" if entering else "show")
    if pages.is_partial(request):
        return _page(request, ctx, vote)
    go = f"/votes/{vote.id}/for?entered=1" if entering else f"/votes/{vote.id}?cast=1"
    return RedirectResponse(go, status_code=303)


@handler(session=True)
def enter(request: Request, ctx: Context) -> Response:
    """The form with which a worker enters the vote of somebody without a telephone."""
    vote = _vote(request, ctx)
    if not policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id):
        raise NotAllowed("not_allowed")
    return _page(request, ctx, vote, Form(channel=Channel.MEETING), "for")


@handler(session=True)
def closing(request: Request, ctx: Context) -> Response:
    """Before the close: how many have voted, and that a closed vote never reopens."""
    vote = _vote(request, ctx)
    if not policy.allows(ctx.session, ctx.actor, Can.CHAIR, vote.community_id):
        raise NotAllowed("not_allowed")
    return _page(request, ctx, vote, None, "close")


@handler(session=True, rate="write")
def close(request: Request, ctx: Context) -> Response:
    """Close the vote."""
    vote = _vote(request, ctx)
    deliberations.close_vote(ctx, vote)
    return RedirectResponse(f"/votes/{vote.id}/result", status_code=303)


@handler()
def result(request: Request, ctx: Context) -> Response:
    """How it came out, by constituency, with every line of the arithmetic."""
    vote = _vote(request, ctx)
    if vote.is_open or not vote.in_meeting:
        return RedirectResponse(f"/votes/{vote.id}", status_code=303)
    card = rulecards.card(found.rule, found.counts) if (found := vote.reckoning) else ()
    return pages.page(request, "votes/result.html", card=card, **_data(request, ctx, vote))


routes = [
    Route("/votes", index),
    Route("/votes/{id:int}", show),
    Route("/votes/{id:int}/check", check, methods=["POST"]),
    Route("/votes/{id:int}/ballots", cast, methods=["POST"]),
    Route("/votes/{id:int}/for", enter),
    Route("/votes/{id:int}/close", closing),
    Route("/votes/{id:int}/close", close, methods=["POST"]),
    Route("/votes/{id:int}/result", result),
]
