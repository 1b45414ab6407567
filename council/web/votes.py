"""Votes: the list, the page of each; three large choices, a check, the vote, the result."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    ballots,
    choices,
    counting,
    debates,
    deliberations,
    gate,
    outcomes,
    policy,
    preparations,
    proposals,
    rollcalls,
    rulecards,
    tellers,
    votes,
)
from council.ballots import Standing
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.people import Consent
from council.places import Place
from council.policy import Can
from council.votes import Vote, VoteMode, Voter
from council.web import choices as filled
from council.web import counter, formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
from council.web.rollcalls import booth, is_entering, sent

PAGE = 20


@handler()
def index(request: Request, ctx: Context) -> Response:
    """What is open, what is coming, and how the others came out."""
    here: Place | None = request.state.look.community
    place_id = here.id if here else 0
    before = outcomes.place_in_list(request.query_params.get("before", ""))
    found = votes.past(ctx, place_id, before, PAGE)
    last = found[PAGE - 1] if len(found) > PAGE else None
    running = [] if before else votes.under_way(ctx, place_id)
    me = ctx.actor.person_id if ctx.actor else None
    open_now = [row for row in running if row.is_open]
    voided = preparations.voided(ctx.session, [row.id for row in found])
    return pages.page(
        request, "votes/index.html", past=found[:PAGE], before=before, open_votes=open_now,
        coming=[row for row in running if not row.is_open],
        ended={row.id: voided.get(row.id, row.ended) for row in found},
        older=outcomes.cursor(last.ended, last.id) if last else None,
        turnouts=counting.turnouts(ctx.session, open_now),
        mine=votes.entitled(ctx.session, me, [row.id for row in running]) if me else set(),
        convenes=policy.allows(ctx.session, ctx.actor, Can.CONVENE, place_id),
        ignored=request.state.look.left_out(before=before),
        translations=formal.words(request, ctx, [*running, *found[:PAGE]]),
    )  # fmt: skip


# A vote of any kind


def _vote(request: Request, ctx: Context) -> Vote:
    return votes.get(ctx, int(request.path_params["id"]))


def _data(request: Request, ctx: Context, vote: Vote) -> dict[str, Any]:
    """What every page of a vote shows; before the close the turnout only."""
    if not vote.in_meeting:
        return _plain(request, ctx, vote)
    item = ctx.session.get_one(AgendaItem, vote.agenda_item_id)
    mine = booth(replace(ctx, behalf=None), vote)
    return {
        "vote": vote, "item": item, "meeting": ctx.session.get_one(Meeting, item.meeting_id),
        "proposal": proposals.get(ctx, item.proposal_id) if item.proposal_id else None,
        "turnout": counting.turnout_in_room(ctx.session, vote), "booth": mine,
        "standing": _secret(ctx, vote), "desk": tellers.desk(ctx, vote),
        "closes": gate.possible(ctx, "vote.close", vote) if vote.is_open else None,
        "enters": policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id),
        "translations": debates.of_vote(ctx.session, vote, item),
    }  # fmt: skip


def _secret(ctx: Context, vote: Vote) -> Standing | None:
    """For whom this reader votes in a secret vote; None where votes are by name or counted."""
    me = ctx.actor.person_id if ctx.actor else None
    return ballots.standing(ctx.session, vote, me) if vote.mode is VoteMode.SECRET else None


def _plain(request: Request, ctx: Context, vote: Vote) -> dict[str, Any]:
    """What the pages of the choice need of a formal vote."""
    papers = ("preparation", preparations.of(ctx.session, vote.id).id)
    return {"vote": vote, "translations": formal.words(request, ctx, [vote], papers)}


def _page(
    request: Request, ctx: Context, vote: Vote, form: Form | None = None, name: str = ""
) -> Response:
    if not vote.in_meeting and not name.startswith("for"):
        return formal.page(request, ctx, vote, form)
    shown = form or Form()
    if pages.is_partial(request):
        name = "_turnout"
    status = 422 if shown.problems else 200
    data = _data(request, ctx, vote)
    if name == "for":
        data["asked"] = counter.asked(request, ctx, vote.community_id)
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
        mine = sent(request, ctx, vote, form)
        answer = choices.checked(vote, filled.answer(form, vote))
    except Invalid as wrong:
        return _again(request, ctx, vote, form.wrong(wrong))
    if mine.here is None:
        raise NotAllowed("not_allowed")
    data = _data(request, ctx, vote) | {"booth": mine}
    fields = filled.fields(form, vote)
    return pages.page(request, "votes/check.html", answer=answer, sent=fields, form=form, **data)


def _cast(request: Request, ctx: Context) -> Response | None:
    """Cast the vote: one's own, a principal's, or as a worker that of somebody at the counter."""
    vote, form = _vote(request, ctx), form_of(request)
    mine = sent(request, ctx, vote, form)
    if mine.asked and mine.here is None:
        raise NotReady("not_ready", ("on_the_roll",))
    entry = ctx.session.get(Voter, mine.here.voter.id) if mine.asked and mine.here else None
    rollcalls.cast(ctx, vote, choice=filled.answer(form, vote), entry=entry)
    if pages.is_partial(request):
        return None
    go = "/for?entered=1" if is_entering(form) else "?cast=1"
    return RedirectResponse(f"/votes/{vote.id}{go}", status_code=303)


@handler(session=True, rate="write", queued=_cast)
def cast(request: Request, ctx: Context) -> Response:
    """The vote with the new turnout for htmx; or what is wrong, with all that was typed."""
    vote, form = _vote(request, ctx), form_of(request)
    try:
        sent(request, ctx, vote, form)
        prepared(request)
    except Invalid as wrong:
        return _again(request, ctx, vote, form.wrong(wrong))
    return _page(request, ctx, vote)


def _again(request: Request, ctx: Context, vote: Vote, form: Form) -> Response:
    """The page from which a form came, with what is wrong in it."""
    return _page(request, ctx, vote, form, "for" if is_entering(form) else "show")


@handler(session=True)
def enter(request: Request, ctx: Context) -> Response:
    """The form with which a worker enters the vote of somebody without a telephone."""
    vote = _vote(request, ctx)
    if not policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id):
        raise NotAllowed("not_allowed")
    if vote.mode is VoteMode.SECRET:
        return RedirectResponse(f"/votes/{vote.id}/ballot/for", status_code=303)
    number = request.query_params.get("person", "")[:9]
    return _page(request, ctx, vote, Form(consent=Consent.SPOKEN, for_person=number), "for")


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
    return pages.back(request, f"/votes/{vote.id}/result")


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
