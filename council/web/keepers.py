"""The ballot box: sealed or not, who keeps it, and its opening by two of them at one screen."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import ballots, gate, keepers
from council.errors import Invalid
from council.gate import Context
from council.keepers import Code
from council.votes import Vote
from council.web import counter, formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler

LONGEST = 40
"""Characters of what is typed as a code."""


def _page(request: Request, ctx: Context, vote: Vote, form: Form, code: str = "") -> Response:
    found = keepers.of(ctx.session, vote.id)
    me = ctx.actor.person_id if ctx.actor else None
    return pages.page(
        request, "keepers/show.html", 422 if form.problems else 200, vote=vote, form=form,
        keepers=keepers.faces(ctx.session, vote), code=code,
        mine=next((one.number for one in found if one.person_id == me), None),
        sealed=keepers.is_sealed(vote), shut=keepers.is_shut(vote), needed=keepers.NEEDED,
        chooses=gate.possible(ctx, "box.choose", vote),
        takes=gate.possible(ctx, "keeper.take", vote),
        opens=gate.possible(ctx, "box.open", vote), translations=formal.words(request, ctx, [vote]),
    )  # fmt: skip


def _about(vote: Vote) -> str:
    """What the fresh code in the cookie belongs to."""
    return f"box-{vote.id}"


@handler()
def show(request: Request, ctx: Context) -> Response:
    """Whether the box is sealed, and who keeps it; a fresh code is shown once, to its keeper."""
    vote = formal.secret_vote(request, ctx)
    code = counter.code_for(request, _about(vote)) if ctx.actor else ""
    response = _page(request, ctx, vote, Form(), code)
    return counter.shown_once(request, response) if code else response


@handler(session=True, rate="write")
def choose(request: Request, ctx: Context) -> Response:
    """Decide whether the ballots of this vote lie sealed."""
    vote = formal.secret_vote(request, ctx)
    keepers.choose(ctx, vote, sealed=form_of(request).flag("sealed"))
    return RedirectResponse(f"/votes/{vote.id}/keepers", status_code=303)


@handler(session=True, rate="write")
def take(request: Request, ctx: Context) -> Response:
    """Become a keeper; the code is shown once, on the next page."""
    vote, code = formal.secret_vote(request, ctx), keepers.new_code()
    keepers.take(ctx, vote, code=code)
    return counter.to_slip(request, f"/votes/{vote.id}/keepers", _about(vote), code)


@handler(session=True, rate="write")
def unseal(request: Request, ctx: Context) -> Response:
    """Open the box with the codes of two keepers."""
    vote, form = formal.secret_vote(request, ctx), form_of(request)
    try:
        with form.reading():
            first, second = (
                Code(form.integer(f"number{n}", low=1), form.line(f"code{n}", LONGEST))
                for n in (1, 2)
            )
        ballots.open_box(ctx, vote, codes=(first, second))
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/keepers", status_code=303)


routes = [
    Route("/votes/{id:int}/keepers", show),
    Route("/votes/{id:int}/keepers", take, methods=["POST"]),
    Route("/votes/{id:int}/box", choose, methods=["POST"]),
    Route("/votes/{id:int}/box/opening", unseal, methods=["POST"]),
]
