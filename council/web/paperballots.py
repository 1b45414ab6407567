"""Paper at the counter: slips are printed by the run, handed out against a mark, exchanged."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import gate, paperballots
from council.errors import Invalid
from council.gate import Context
from council.policy import Can
from council.votes import Vote
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler

DESK = {Can.SCREEN, Can.KEEP_ROLL, Can.COUNT, Can.OVERSEE}
"""Those who see how many slips there are."""


def _page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    session, serves = ctx.session, gate.possible(ctx, "paper_slip.hand", vote)
    asked = form.value("asked") if form else request.query_params.get("asked", "").strip()[:40]
    return pages.page(
        request, "paperballots/show.html", 422 if form else 200, vote=vote, form=form or Form(),
        stock=paperballots.stock(session, vote.id), runs=paperballots.runs(session, vote.id),
        spoiled=[paperballots.code(vote.id, n) for n in paperballots.spoiled(session, vote.id)],
        code=paperballots.code, asked=asked, by_name=paperballots.by_name(vote),
        found=paperballots.at_counter(session, vote, asked) if serves else [],
        prints=gate.possible(ctx, "paper_run.print", vote), hands=serves,
        exchanges=gate.possible(ctx, "paper_slip.exchange", vote),
        done=request.query_params.get("done", ""),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """The slips in numbers, and what the counter does with them."""
    return _page(request, ctx, formal.paper_vote(request, ctx, *DESK))


@handler(session=True, rate="write")
def print_run(request: Request, ctx: Context) -> Response:
    """Number the next slips and lead to their sheets."""
    vote, form = formal.paper_vote(request, ctx, *DESK), form_of(request)
    try:
        with form.reading():
            size = form.integer("size", 1, paperballots.MOST)
        made = paperballots.print_run(ctx, vote, size=size)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/print/slips/{made.id}", status_code=303)


@handler(session=True, rate="write")
def hand(request: Request, ctx: Context) -> Response:
    """Hand a slip to somebody on the roll; the address that follows does not say to whom."""
    vote, form = formal.paper_vote(request, ctx, *DESK), form_of(request)
    try:
        with form.reading():
            number = form.integer("number", 1)
        paperballots.hand(ctx, vote, number=number)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _to(vote, "handed")


@handler(session=True, rate="write")
def exchange(request: Request, ctx: Context) -> Response:
    """Take a spoiled slip back and hand out another."""
    vote, form = formal.paper_vote(request, ctx, *DESK), form_of(request)
    try:
        with form.reading():
            typed = form.line("slip", 20)
            number = paperballots.number_of(vote.id, typed)
            form.check(number is not None or not typed, "not_a_slip", "slip")
        paperballots.exchange(ctx, vote, number=number or 0)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _to(vote, "exchanged")


def _to(vote: Vote, done: str) -> Response:
    return RedirectResponse(f"/votes/{vote.id}/paper?done={done}", status_code=303)


BASE = "/votes/{id:int}/paper"

routes = [
    Route(BASE, show),
    Route(f"{BASE}/runs", print_run, methods=["POST"]),
    Route(f"{BASE}/slips", hand, methods=["POST"]),
    Route(f"{BASE}/exchanges", exchange, methods=["POST"]),
]
