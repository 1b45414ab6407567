"""Rating the result of a matter: one's own, and for somebody at the counter or on the telephone."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import gate, proposals, ratings, translations
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.gate import Context
from council.proposals import Proposal
from council.ratings import HIGHEST, LOWEST, WORDS, Rating
from council.web import counter, pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _matter(request: Request, ctx: Context) -> Proposal:
    return proposals.get(ctx, int(request.path_params["id"]))


def _read(form: Form) -> tuple[int, str]:
    with form.reading():
        form.check(form.value("score"), "not_chosen", "score")
        score = form.integer_or_none("score", LOWEST, HIGHEST) or LOWEST
        return score, form.text("words", WORDS, required=False)


def _data(ctx: Context, proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal": proposal,
        "section": ratings.section(ctx.session, proposal, ctx.now, ctx.actor),
        "translations": translations.of_matters(ctx.session, [proposal.id]),
    }


# One's own


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Five large choices and a few words; what one gave before stands there already."""
    proposal = _matter(request, ctx)
    data = _data(ctx, proposal)
    mine: Rating | None = data["section"].mine
    form = Form(score=mine.score, words=mine.words) if mine else Form()
    return pages.page(request, "ratings/new.html", form=form, may=_may(ctx, proposal), **data)


def _may(ctx: Context, proposal: Proposal) -> gate.Possible:
    may = gate.possible(ctx, "rating.give", proposal)
    if may is None:
        raise NotAllowed("not_allowed")
    return may


@handler(session=True, rate="write")
def give(request: Request, ctx: Context) -> Response:
    """Rate, or change one's rating."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        score, words = _read(form)
        ratings.give(ctx, proposal, score=score, words=words)
    except Invalid as wrong:
        name = "ratings/_form.html" if pages.is_partial(request) else "ratings/new.html"
        return pages.page(
            request, name, 422, form=form.wrong(wrong), may=_may(ctx, proposal),
            **_data(ctx, proposal),
        )  # fmt: skip
    return pages.answer(
        request, "ratings/_section.html", f"/proposals/{proposal.id}#rating",
        **_data(ctx, proposal),
    )  # fmt: skip


# For somebody at the counter, on the telephone or at the door


def _for_page(request: Request, ctx: Context, proposal: Proposal, form: Form) -> Response:
    asked = counter.asked(request, ctx, proposal.community_id)
    if not ratings.is_rated_now(ctx, proposal):
        raise NotReady("not_ready", [ratings.is_rated_now.__name__])
    return pages.page(
        request, "ratings/for.html", 422 if form.problems else 200, form=form, asked=asked,
        **_data(ctx, proposal),
    )  # fmt: skip


@handler(session=True)
def new_for(request: Request, ctx: Context) -> Response:
    """The form to enter what somebody thinks of the result."""
    return _for_page(request, ctx, _matter(request, ctx), counter.blank())


@handler(session=True, rate="write")
def give_for(request: Request, ctx: Context) -> Response:
    """Enter somebody's rating and make out a slip with which they can follow the matter."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf = counter.caller(request, ctx, proposal.community_id)
        score, words = _read(form)
        row = ratings.give(ctx, proposal, score=score, words=words)
    except Invalid as wrong:
        ctx.behalf = None
        return _for_page(request, ctx, proposal, form.wrong(wrong))
    code = counter.matter_slip(ctx, proposal.community_id, proposal.id, behalf)
    address = f"/proposals/{proposal.id}/ratings/{row.id}/slip"
    return counter.to_slip(request, address, f"rating-{row.id}", code)


@handler(session=True)
def slip(request: Request, ctx: Context) -> Response:
    """The slip that was just made, to print: its code is shown once."""
    proposal = _matter(request, ctx)
    row = ctx.session.get(Rating, int(request.path_params["rating"]))
    if row is None or row.proposal_id != proposal.id or row.entered_by_id != ctx.person_id:
        raise NotFound("not_found")
    code = counter.code_for(request, f"rating-{row.id}")
    response = pages.page(request, "ratings/slip.html", row=row, code=code, **_data(ctx, proposal))
    return counter.shown_once(request, response)


routes = [
    Route("/proposals/{id:int}/rating", show),
    Route("/proposals/{id:int}/rating", give, methods=["POST"]),
    Route("/proposals/{id:int}/rating/for", new_for),
    Route("/proposals/{id:int}/rating/for", give_for, methods=["POST"]),
    Route("/proposals/{id:int}/ratings/{rating:int}/slip", slip),
]
