"""A tie is broken on one page that everybody sees: the chair's casting vote, or a public lot."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import counting, gate, i18n, lots, people, ties, votes
from council.decisions import Outcome
from council.errors import Invalid, NotFound
from council.gate import Context
from council.policy import HOLDERS, Can
from council.ties import REASON, WORDS
from council.votes import Choice, Vote
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

SIDES = (Choice.FOR, Choice.AGAINST)


def _vote(request: Request, ctx: Context) -> Vote:
    """A vote that is tied, or was. Raises NotFound."""
    vote = votes.get(ctx, int(request.path_params["id"]))
    if vote.outcome is not Outcome.TIED and "tie" not in (vote.result or {}):
        raise NotFound("not_found")
    return vote


def _page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    me = ctx.actor.person_id if ctx.actor else None
    shares, language = ties.shares(ctx.session, vote.id), request.state.look.language
    away = ties.left_out(ctx.session, vote.id)
    ids, posts = [one.person_id for one in away], HOLDERS[Can.COUNT].posts
    labels = {str(one["id"]): str(one["label"]) for one in vote.options}
    return pages.page(
        request, "ties/show.html", 422 if form else 200, vote=vote, form=form or Form(),
        awaited=vote.outcome is Outcome.TIED, shares=shares, sides=SIDES,
        mine=next((one for one in shares if one.person_id == me), None),
        casting=ties.casting(ctx.session, vote.id), broken=lots.broken(vote.result),
        equals=[labels.get(one) or one for one in ties.equals(vote)] if vote.options else [],
        lines=counting.drawn(vote, lambda key: i18n.translate(language, key)),
        cast=gate.possible(ctx, "tie.cast", vote), commit=gate.possible(ctx, "tie.commit", vote),
        reveal=gate.possible(ctx, "tie.reveal", vote), until=ties.until(ctx.session, vote),
        left_out=away, faces=people.officers(ctx.session, vote.community_id, ids, posts),
    )  # fmt: skip


def _to(vote: Vote) -> Response:
    return RedirectResponse(f"/votes/{vote.id}/tie", status_code=303)


@handler()
def show(request: Request, ctx: Context) -> Response:
    """What is tied, how the rule ends it, and how far that has come."""
    return _page(request, ctx, _vote(request, ctx))


@handler(session=True, rate="write")
def cast(request: Request, ctx: Context) -> Response:
    """The chair's casting vote."""
    vote, form = _vote(request, ctx), form_of(request)
    try:
        with form.reading():
            side, reason = form.choice("side", Choice), form.text("reason", REASON)
            form.check(side in SIDES, "not_a_choice", "side")
        ties.cast(ctx, vote, favour=side is Choice.FOR, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _to(vote)


def _with_words(request: Request, ctx: Context, act: Callable[..., object]) -> Response:
    vote, form = _vote(request, ctx), form_of(request)
    try:
        with form.reading():
            seed = form.line("seed", WORDS)
        act(ctx, vote, seed=seed)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _to(vote)


@handler(session=True, rate="write")
def commit(request: Request, ctx: Context) -> Response:
    """Commit to words; they are kept nowhere."""
    return _with_words(request, ctx, ties.commit)


@handler(session=True, rate="write")
def reveal(request: Request, ctx: Context) -> Response:
    """Reveal one's words; the last one draws the lot."""
    return _with_words(request, ctx, ties.reveal)


BASE = "/votes/{id:int}/tie"

routes = [
    Route(BASE, show),
    Route(f"{BASE}/casting", cast, methods=["POST"]),
    Route(f"{BASE}/commitments", commit, methods=["POST"]),
    Route(f"{BASE}/reveals", reveal, methods=["POST"]),
]
