"""Proxies of a vote: published by number; entered and withdrawn by a worker who has the paper."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import policy, proxies, rolls, votes
from council.errors import Invalid, NotFound
from council.gate import Context
from council.policy import Can
from council.proxies import Proxy
from council.votes import Vote, Voter
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _vote(request: Request, ctx: Context) -> Vote:
    vote = votes.get(ctx, int(request.path_params["id"]))
    if vote.in_meeting:
        raise NotFound("not_found")
    return vote


def _page(request: Request, ctx: Context, vote: Vote, form: Form) -> Response:
    ready = proxies.allows_proxies(ctx, vote) and rolls.vote_not_opened(ctx, vote)
    return pages.page(
        request, "proxies/show.html", 422 if form.problems else 200, vote=vote, form=form,
        given=proxies.listing(ctx.session, vote.id), most=proxies.MOST,
        allowed=proxies.allows_proxies(ctx, vote), ready=ready,
        records=policy.allows(ctx.session, ctx.actor, Can.SCREEN, vote.community_id),
        translations=formal.words(request, ctx, [vote]),
    )  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """Who votes for whom, by the numbers on the roll."""
    return _page(request, ctx, _vote(request, ctx), Form())


@handler(session=True, rate="write")
def record(request: Request, ctx: Context) -> Response:
    """Record a proxy whose paper lies before the worker."""
    vote, form = _vote(request, ctx), form_of(request)
    try:
        with form.reading():
            principal = _entry(ctx, vote, form, "principal")
            holder = _entry(ctx, vote, form, "holder")
            written_on = form.day("written_on")
        assert principal is not None  # noqa: S101  (the reading would have raised)
        assert holder is not None  # noqa: S101
        proxies.record(ctx, principal, holder=holder, written_on=written_on)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/proxies", status_code=303)


def _entry(ctx: Context, vote: Vote, form: Form, name: str) -> Voter | None:
    """The entry whose number was typed; a number that is not on the roll is noted."""
    number = form.integer(name, low=1)
    try:
        return rolls.entry(ctx.session, vote.id, number)
    except NotFound:
        form.check(form.problem(name) is not None, "not_on_roll", name)
        return None


@handler(session=True, rate="write")
def withdraw(request: Request, ctx: Context) -> Response:
    """Note that somebody takes a proxy back."""
    vote = _vote(request, ctx)
    row = ctx.session.get(Proxy, int(request.path_params["proxy"]))
    if row is None or row.vote_id != vote.id:
        raise NotFound("not_found")
    proxies.withdraw(ctx, row)
    return RedirectResponse(f"/votes/{vote.id}/proxies", status_code=303)


routes = [
    Route("/votes/{id:int}/proxies", show),
    Route("/votes/{id:int}/proxies", record, methods=["POST"]),
    Route("/votes/{id:int}/proxies/{proxy:int}/withdrawals", withdraw, methods=["POST"]),
]
