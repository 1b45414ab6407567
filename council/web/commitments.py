"""Tasks: the public list, and one task with everything that can be done about it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    acceptance,
    commitments,
    delays,
    files,
    gate,
    implementation,
    places,
    translations,
)
from council.commitments import Commitment, CommitmentStage
from council.errors import Invalid, NotAllowed, Problem
from council.files import Picture, Role
from council.gate import Context
from council.implementation import Filter, Show
from council.proposals import WORDS
from council.web import pages, photographs
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler, prepared

MOST_PHOTOS = 6
PAGE = 20
ROLES = (Role.PROGRESS, Role.BEFORE, Role.AFTER)

# The public list


@handler()
def index(request: Request, ctx: Context) -> Response:
    """Every task that the public may see, the most urgent first."""
    look = request.state.look
    place_id = look.community.id if look.community else 0
    units = places.units(ctx.session, place_id)
    wanted, ignored = _asked(request, place_id, {one.id for one in units})
    found = implementation.listing(ctx, wanted)
    shown, more = found[:PAGE], len(found) > PAGE
    name = "commitments/_list.html" if pages.is_partial(request) else "commitments/index.html"
    last = shown[-1].commitment if more else None
    return pages.page(
        request, name, lines=shown, wanted=wanted, ignored=ignored, units=units,
        totals=implementation.totals(ctx, wanted),
        older=f"{last.due_day:%Y%m%d}-{last.id}" if last else "",
        translations=translations.of_matters(ctx.session, {one.proposal.id for one in shown}),
    )  # fmt: skip


def _asked(request: Request, place_id: int, units: set[int]) -> tuple[Filter, list[str]]:
    """The filter of the address; `stage` names a list or a state. And what does not exist."""
    query = request.query_params
    state = query.get("stage", "")
    show = next((one for one in Show if one.value == state), None)
    stage = None if show else next((one for one in CommitmentStage if one.value == state), None)
    unit = query.get("unit", "")
    unit_id = int(unit) if unit.isascii() and unit.isdigit() and len(unit) < 10 else None
    after = _place_in_list(query.get("after", ""))
    wanted = Filter(
        place_id, show=show or (Show.ALL if stage else Show.OPEN), stage=stage,
        unit_id=unit_id if unit_id in units else None, after=after, limit=PAGE,
    )  # fmt: skip
    look = request.state.look
    return wanted, look.left_out(stage=show or stage, unit=wanted.unit_id, after=after)


def _place_in_list(text: str) -> Any:
    """The (due day, id) to page from, `20260515-12`; None for anything else."""
    form = Form(day=f"{text[:4]}-{text[4:6]}-{text[6:8]}", id=text[9:])
    day, row_id = form.day_or_none("day"), form.integer_or_none("id", 1, 2**31 - 1)
    return None if form.problems or text[8:9] != "-" else (day, row_id)


# One task


@handler()
def show(request: Request, ctx: Context) -> Response:
    """One task: its standard, its clock, every report and check, and what the reader may do."""
    return _page(request, ctx, _task(request, ctx))


def _task(request: Request, ctx: Context) -> Commitment:
    return commitments.get(ctx, int(request.path_params["id"]))


def _page(
    request: Request, ctx: Context, row: Commitment, status: int = 200, **forms: Form
) -> Response:
    """The page, or for htmx the part that changes, with the form that was wrong."""
    part = pages.is_partial(request)
    found = implementation.detail(replace(ctx, behalf=None), row)
    asks = "commitment.ask_extension" in found.may
    return pages.page(
        request, "commitments/_task.html" if part else "commitments/show.html", status,
        task=found, line=found.line, forms=forms, roles=ROLES, bylines=acceptance.byline,
        latest=delays.latest(ctx, row) if asks else None,
        first=Form(role=Role.PROGRESS, channel="phone", consent="spoken"),
        translations=translations.of_matters(ctx.session, [row.proposal_id]),
    )  # fmt: skip


def _does(name: str, rule: Callable[[Request, Context, Commitment, Form], None]) -> Any:
    """A handler that does one thing to a task and shows it again; `name` is the form's."""

    def view(request: Request, ctx: Context) -> Response:
        row, form = _task(request, ctx), form_of(request)
        try:
            ctx.behalf = behalf_from(request, ctx.session, row.community_id)
            rule(request, ctx, row, form)
        except Invalid as wrong:
            return _page(request, ctx, row, 422, **{name: form.wrong(wrong)})
        if pages.is_partial(request):
            return _page(request, ctx, row)
        return RedirectResponse(f"/commitments/{row.id}", status_code=303)

    view.__doc__ = rule.__doc__
    return view


def _acknowledge(_request: Request, ctx: Context, row: Commitment, _form: Form) -> None:
    """Take the task on."""
    commitments.acknowledge(ctx, row)


def _decline(_request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Give the task back with a reason."""
    commitments.decline(ctx, row, reason=form.text("reason", WORDS, required=False))


def _progress(request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Report what has been done."""
    with form.reading():
        words = form.text("words", WORDS, required=False)
        role = form.choice("role", Role)
        alt = form.line("alt", files.ALT, required=False)
    commitments.progress(ctx, row, words=words, pictures=prepared(request), role=role, alt=alt)


def _submit(_request: Request, ctx: Context, row: Commitment, _form: Form) -> None:
    """Hand the finished work over."""
    commitments.submit(ctx, row)


def _check(_request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Accept the work or send it back."""
    seen = form.text("seen", WORDS, required=False)
    rule = acceptance.accept if form.value("verdict") == "passed" else acceptance.send_back
    rule(ctx, row, words=seen)


def _ask(_request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Ask for a later date."""
    with form.reading():
        why = form.text("reason", WORDS)
        day = form.day("new_day")
    delays.ask_extension(ctx, row, reason=why, new_day=day)


def _answer(_request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Grant the later date or refuse it."""
    answer = form.text("answer", WORDS, required=False)
    rule = delays.grant_extension if form.value("granted") else delays.refuse_extension
    rule(ctx, row, answer=answer)


def _explain(_request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Explain a delay in public."""
    delays.explain(ctx, row, words=form.text("words", WORDS, required=False))


def _name(_request: Request, ctx: Context, row: Commitment, form: Form) -> None:
    """Let one's name stand beside the task, or not."""
    commitments.show_name(ctx, row, shown=form.flag("shown"))


def pictures(request: Request, session: Session) -> list[Picture]:
    """Draw the photographs anew and keep them on disk, before the transaction (slow).

    Only for those who may report on this task: nobody else can fill the disk.
    """
    look, form = request.state.look, form_of(request)
    ctx = Context(session, look.actor, look.now)
    row = _task(request, ctx)
    ctx.behalf = behalf_from(request, session, row.community_id)
    if gate.possible(ctx, "commitment.progress", row) is None:
        raise NotAllowed("not_allowed")
    sent = form.files("photos")
    if len(sent) > MOST_PHOTOS:
        raise Invalid(Problem("too_many_photos", "photos", {"limit": MOST_PHOTOS}))
    return photographs.drawn(request, "photos", MOST_PHOTOS)


DOES: tuple[tuple[str, str, Callable[[Request, Context, Commitment, Form], None]], ...] = (
    ("acknowledgement", "acknowledge", _acknowledge),
    ("return", "decline", _decline),
    ("progress", "progress", _progress),
    ("submission", "submit", _submit),
    ("checks", "check", _check),
    ("extension", "ask", _ask),
    ("extension/answer", "answer", _answer),
    ("explanations", "explain", _explain),
    ("name", "name", _name),
)

routes = [
    Route("/commitments", index),
    Route("/commitments/{id:int}", show),
    *(
        Route(
            f"/commitments/{{id:int}}/{address}",
            handler(session=True, rate="write", prepare=pictures if name == "progress" else None)(
                _does(name, rule)
            ),
            methods=["POST"],
        )
        for address, name, rule in DOES
    ),
]
