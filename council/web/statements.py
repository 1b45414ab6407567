"""Statements: put a sentence to everybody, and answer one after the other."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import proposals, statements
from council.errors import Invalid
from council.gate import Context
from council.proposals import Proposal
from council.statements import LONGEST, Reaction
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _card(
    request: Request, ctx: Context, proposal: Proposal, form: Form, status: int = 200
) -> Response:
    """The next statement to answer, as the part of the page that changes."""
    return pages.page(
        request, "statements/_card.html", status, proposal=proposal, form=form, is_open=True,
        card=statements.card(ctx.session, proposal, ctx.person_id), may={"speak": True},
        given=statements.mine(ctx.session, proposal.id, ctx.person_id),
    )  # fmt: skip


def _next(request: Request, ctx: Context, proposal: Proposal) -> Response:
    if pages.is_partial(request):
        return _card(request, ctx, proposal, Form())
    address = f"/proposals/{proposal.id}/consultation#statement"
    return RedirectResponse(address, status_code=303)


@handler(session=True, rate="write")
def add(request: Request, ctx: Context) -> Response:
    """Put a sentence to everybody."""
    proposal, form = proposals.get(ctx, int(request.path_params["id"])), form_of(request)
    try:
        with form.reading():
            body = form.line("statement", LONGEST)
        statements.add(ctx, proposal, body=body)
    except Invalid as wrong:
        if pages.is_partial(request):
            return _card(request, ctx, proposal, form.wrong(wrong), 422)
        return pages.page(
            request, "statements/new.html", 422, proposal=proposal, form=form.wrong(wrong)
        )
    return _next(request, ctx, proposal)


@handler(session=True, rate="write")
def vote(request: Request, ctx: Context) -> Response:
    """Agree, disagree, or be unsure; then comes the next one."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    row = statements.get(ctx.session, proposal.id, int(request.path_params["statement"]))
    form = form_of(request)
    with form.reading():
        reaction = form.choice("reaction", Reaction)
    statements.vote(ctx, row, reaction=reaction)
    return _next(request, ctx, proposal)


routes = [
    Route("/proposals/{id:int}/statements", add, methods=["POST"]),
    Route("/proposals/{id:int}/statements/{statement:int}/votes", vote, methods=["POST"]),
]
