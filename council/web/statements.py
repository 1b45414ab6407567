"""Statements: put a sentence to everybody, answer one after the other, or enter for somebody."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import proposals, statements
from council.consultations import window_open
from council.errors import Invalid, NotFound, NotReady
from council.gate import Context
from council.proposals import Proposal
from council.statements import LONGEST, Reaction, Statement, StatementVote
from council.web import counter, pages, reader
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
        translations=reader.english(request, ctx.session, proposal.id),
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
            request, "statements/new.html", 422, proposal=proposal, form=form.wrong(wrong),
            translations=reader.english(request, ctx.session, proposal.id),
        )  # fmt: skip
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


# For somebody at the counter, on the telephone or at the door


def _for_page(request: Request, ctx: Context, proposal: Proposal, form: Form) -> Response:
    asked = counter.asked(request, ctx, proposal.community_id)
    if not window_open(ctx, proposal):
        raise NotReady("not_ready", [window_open.__name__])
    return pages.page(
        request, "statements/for.html", 422 if form.problems else 200, proposal=proposal,
        form=form, asked=asked, rows=statements.listing(ctx.session, proposal.id),
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip


@handler(session=True)
def new_for(request: Request, ctx: Context) -> Response:
    """Every sentence at once, to be read out to somebody."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    return _for_page(request, ctx, proposal, counter.blank())


def _answers(ctx: Context, proposal: Proposal, form: Form) -> list[tuple[Statement, Reaction]]:
    """What was ticked, at least one; what was left open is no answer."""
    rows = statements.listing(ctx.session, proposal.id)
    with form.reading():
        read = [(one, form.choice_or_none(f"answer-{one.id}", Reaction)) for one in rows]
        found = [(one, reaction) for one, reaction in read if reaction]
        form.check(found or form.problems, "not_chosen", "answers")
    return found


@handler(session=True, rate="write")
def answer_for(request: Request, ctx: Context) -> Response:
    """Enter somebody's answers and make out a slip with which they can follow the matter."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    form = form_of(request)
    try:
        ctx.behalf = behalf = counter.caller(request, ctx, proposal.community_id)
        rows = [
            statements.vote(ctx, row, reaction=reaction)
            for row, reaction in _answers(ctx, proposal, form)
        ]
    except Invalid as wrong:
        ctx.behalf = None
        return _for_page(request, ctx, proposal, form.wrong(wrong))
    code = counter.matter_slip(ctx, proposal.community_id, proposal.id, behalf)
    address = f"/proposals/{proposal.id}/statements/votes/{rows[0].id}/slip"
    return counter.to_slip(request, address, f"answers-{rows[0].id}", code)


@handler(session=True)
def slip(request: Request, ctx: Context) -> Response:
    """The slip that was just made, to print: its code and the answers are shown once."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    row = ctx.session.get(StatementVote, int(request.path_params["vote"]))
    if row is None or row.proposal_id != proposal.id or row.entered_by_id != ctx.person_id:
        raise NotFound("not_found")
    code = counter.code_for(request, f"answers-{row.id}")
    response = pages.page(
        request, "statements/slip.html", proposal=proposal, row=row, code=code,
        given=statements.mine(ctx.session, proposal.id, row.person_id, entered=True),
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip
    return counter.shown_once(request, response)


routes = [
    Route("/proposals/{id:int}/statements", add, methods=["POST"]),
    Route("/proposals/{id:int}/statements/for", new_for),
    Route("/proposals/{id:int}/statements/for", answer_for, methods=["POST"]),
    Route("/proposals/{id:int}/statements/votes/{vote:int}/slip", slip),
    Route("/proposals/{id:int}/statements/{statement:int}/votes", vote, methods=["POST"]),
]
