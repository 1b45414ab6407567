"""The convener's task table: who does what until when, one task after the other."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import commitments, gate, implementation, proposals, translations
from council.commitments import POST, TITLE, Commitment, CommitmentStage, Task
from council.errors import Invalid, NotAllowed, NotReady
from council.gate import Context
from council.proposals import WORDS, Proposal
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The task table of a decision: what has been given out, and the form for the next one."""
    proposal = _matter(request, ctx)
    return _table(request, ctx, proposal, _first(ctx, proposal))


@handler(session=True, rate="write")
def assign(request: Request, ctx: Context) -> Response:
    """Give out one more task, and come back for the next."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        made = commitments.assign(ctx, proposal, task=_read(form))
    except Invalid as wrong:
        return _table(request, ctx, proposal, form.wrong(wrong))
    address = f"/proposals/{proposal.id}/commitments/new#task-{made.id}"
    return RedirectResponse(address, status_code=303)


@handler(session=True)
def edit(request: Request, ctx: Context) -> Response:
    """The form to give a returned task to another unit or person."""
    row = _task(request, ctx)
    first = Form(title=row.title, post=row.post, standard=row.standard, due_day=row.due_day)
    return _table(request, ctx, proposals.get(ctx, row.proposal_id), first, row)


@handler(session=True, rate="write")
def reassign(request: Request, ctx: Context) -> Response:
    """Give a returned task to another unit or person."""
    row, form = _task(request, ctx), form_of(request)
    try:
        commitments.reassign(ctx, row, task=_read(form))
    except Invalid as wrong:
        return _table(request, ctx, proposals.get(ctx, row.proposal_id), form.wrong(wrong), row)
    return RedirectResponse(f"/commitments/{row.id}", status_code=303)


def _matter(request: Request, ctx: Context) -> Proposal:
    return proposals.get(ctx, int(request.path_params["id"]))


def _task(request: Request, ctx: Context) -> Commitment:
    row = commitments.get(ctx, int(request.path_params["id"]))
    if row.stage is not CommitmentStage.DECLINED:
        raise NotReady("not_ready", ["was_declined"])
    return row


def _first(ctx: Context, proposal: Proposal) -> Form:
    """A decision becomes its first task in one step: the unit named at admission stands there."""
    if proposal.unit_id is None or commitments.of(ctx.session, proposal.id):
        return Form()
    signing = implementation.holders(ctx.session, proposal.community_id, ctx.now)
    ours = [one for one in signing if one.unit.id == proposal.unit_id]
    first = {"holder": f"{ours[0].unit.id}-{ours[0].person_id}"} if ours else {}
    return Form(title=proposal.title[:TITLE], **first)


def _table(
    request: Request, ctx: Context, proposal: Proposal, form: Form, row: Commitment | None = None
) -> Response:
    """The table with the form for one more task, or for `row`, which came back."""
    may = gate.possible(ctx, "commitment.assign", proposal)
    if may is None:
        raise NotAllowed("not_allowed")
    given = commitments.of(ctx.session, proposal.id)
    return pages.page(
        request, "commitments/new.html", 422 if form.problems else 200,
        proposal=proposal, form=form, row=row, needs=() if row else may.needs,
        lines=implementation.lines(ctx.session, given, ctx.now),
        holders=implementation.holders(ctx.session, proposal.community_id, ctx.now),
        translations=translations.of_matters(ctx.session, [proposal.id]),
    )  # fmt: skip


def _read(form: Form) -> Task:
    """The task as typed; one choice names the unit and the person."""
    with form.reading():
        title = form.line("title", TITLE)
        unit_id, person_id = _holder(form)
        post = form.line("post", POST)
        due_day = form.day("due_day")
        standard = form.text("standard", WORDS)
    return Task(title, unit_id, person_id, post, standard, due_day)


def _holder(form: Form) -> tuple[int, int]:
    typed = form.value("holder")
    if not form.check(typed, "not_chosen", "holder"):
        return 0, 0
    parts = typed.split("-")
    known = all(one.isascii() and one.isdigit() and len(one) < 10 for one in parts)
    if not form.check(known and len(parts) == 2, "not_a_choice", "holder"):
        return 0, 0
    return int(parts[0]), int(parts[1])


routes = [
    Route("/proposals/{id:int}/commitments/new", new),
    Route("/proposals/{id:int}/commitments", assign, methods=["POST"]),
    Route("/commitments/{id:int}/reassignment", edit),
    Route("/commitments/{id:int}/reassignment", reassign, methods=["POST"]),
]
