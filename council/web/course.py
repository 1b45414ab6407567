"""The course of a formal vote: its checklist, who watches the count, voiding it, its steps."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import course, gate, preparations, safeguards
from council.errors import Invalid
from council.gate import Context
from council.policy import Can
from council.safeguards import REASON, Check
from council.votes import Vote
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler
from council.workflow import advance


def _to(vote: Vote, more: str = "") -> Response:
    return RedirectResponse(f"/votes/{vote.id}{more}", status_code=303)


def _checklist_page(
    request: Request, ctx: Context, vote: Vote, form: Form | None = None
) -> Response:
    row = preparations.of(ctx.session, vote.id)
    return pages.page(
        request, "course/checklist.html", 422 if form else 200, vote=vote, preparation=row,
        form=form or Form(**dict.fromkeys(row.checks, "1")),
        checks=safeguards.checklist(ctx.session, vote),
        small=safeguards.small_cells(ctx.session, vote),
        possible=gate.possible(ctx, "vote.pass_checklist", vote),
        translations=formal.words(request, ctx, [vote]),
    )  # fmt: skip


@handler(session=True)
def checklist(request: Request, ctx: Context) -> Response:
    """What has to be looked at before the vote opens."""
    return _checklist_page(request, ctx, formal.vote_of(request, ctx, Can.OVERSEE, Can.CONVENE))


@handler(session=True, rate="write")
def pass_checklist(request: Request, ctx: Context) -> Response:
    """Pass the checklist."""
    vote, form = formal.vote_of(request, ctx, Can.OVERSEE), form_of(request)
    try:
        ticked = [one for one in Check if form.flag(one.value)]
        safeguards.pass_checklist(ctx, vote, ticked=ticked)
    except Invalid as wrong:
        return _checklist_page(request, ctx, vote, form.wrong(wrong))
    return _to(vote)


@handler(session=True, rate="write")
def witness(request: Request, ctx: Context) -> Response:
    """Be present at the count: as a teller, or as an observer of the oversight committee."""
    vote = formal.vote_of(request, ctx, Can.COUNT, Can.OVERSEE)
    if form_of(request).value("watching") == "observer":
        safeguards.observe(ctx, vote)
    else:
        safeguards.tell(ctx, vote)
    return _to(vote)


@handler(session=True)
def voiding(request: Request, ctx: Context) -> Response:
    """Why the vote is void: one writes it, another confirms it."""
    return _void_page(request, ctx, formal.vote_of(request, ctx, Can.OVERSEE))


def _void_page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    row = preparations.of(ctx.session, vote.id)
    step = next((can for one, can in course.steps(ctx, vote) if one.name == "void"), None)
    return pages.page(
        request, "course/void.html", 422 if form else 200, vote=vote, preparation=row,
        form=form or Form(reason=row.void_reason), confirms=step, read=safeguards.pin(row),
        possible=gate.possible(ctx, "vote.draft_void", vote),
        translations=formal.words(request, ctx, [vote], ("preparation", row.id)),
    )  # fmt: skip


@handler(session=True, rate="write")
def draft_void(request: Request, ctx: Context) -> Response:
    """Write why the vote is void."""
    vote, form = formal.vote_of(request, ctx, Can.OVERSEE), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", REASON)
        safeguards.draft_void(ctx, vote, reason=reason)
    except Invalid as wrong:
        return _void_page(request, ctx, vote, form.wrong(wrong))
    return _to(vote, "/void")


@handler(session=True, rate="write")
def transition(request: Request, ctx: Context) -> Response:
    """Take a step of the course."""
    name = str(request.path_params["name"])
    void = name == "void"
    vote = formal.vote_of(request, ctx, *((Can.OVERSEE,) if void else ()))
    if void:
        safeguards.as_read(ctx, vote, form_of(request).value("read"))
    advance(ctx, course.VOTE, vote, name)
    return _to(vote)


BASE = "/votes/{id:int}"

routes = [
    Route(f"{BASE}/checklist", checklist),
    Route(f"{BASE}/checklist", pass_checklist, methods=["POST"]),
    Route(f"{BASE}/witnesses", witness, methods=["POST"]),
    Route(f"{BASE}/void", voiding),
    Route(f"{BASE}/void", draft_void, methods=["POST"]),
    Route(f"{BASE}/transitions/{{name}}", transition, methods=["POST"]),
]
