"""Proposing in five steps that work without script: what, where, who, check, and the receipt."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    admissions,
    calendar,
    files,
    gate,
    i18n,
    people,
    places,
    policy,
    process,
    proposals,
)
from council.errors import Invalid, NotAllowed, NotFound, Problem
from council.files import PhotoView, Picture
from council.gate import Context, Possible
from council.people import Behalf, Channel, Consent
from council.places import Place
from council.policy import Can
from council.proposals import SHORT, TITLE, WORDS, Category, OutcomeClass, Proposal, Stage, Words
from council.web import counter, pages, photographs
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler, prepared
from council.web.words import label_key

STEPS = ("what", "where", "who")


def draft_of(request: Request, ctx: Context) -> Proposal:
    """The text that its proposer still may change, or the worker who wrote it down.

    From here on that worker acts for the proposer. Raises NotFound for everybody else.
    """
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    me = ctx.actor.person_id if ctx.actor else None
    if proposal.author_id != me and proposal.entered_by_id == me and proposal.consent:
        author = people.actor(ctx.session, proposal.author_id, ctx.now)
        ctx.behalf = Behalf(author, proposal.channel, proposal.consent)
    if me is None or me not in {proposal.author_id, proposal.entered_by_id}:
        raise NotFound("not_found")
    return proposal


# Writing


def _community(request: Request, ctx: Context) -> Place:
    """The community, for those who may propose here or write down a proposal for somebody."""
    community: Place | None = request.state.look.community
    if community is None:
        raise NotFound("not_found")
    if not policy.abilities(ctx.session, ctx.actor, community.id) & {Can.SPEAK, Can.ENTER_FOR}:
        raise NotAllowed("not_a_member")
    return community


def _step(
    request: Request, ctx: Context, step: str, form: Form, proposal: Proposal | None
) -> Response:
    """The page of one step, filled with the form."""
    community_id = proposal.community_id if proposal else _community(request, ctx).id
    title = form.value("title") if step == "what" or proposal is None else proposal.title
    return pages.page(
        request, f"drafts/{step}.html", 422 if form.problems else 200, form=form,
        proposal=proposal, n=STEPS.index(step) + 1, options=_options(request, ctx, community_id),
        photos=photos_of(ctx, proposal) if step == "who" else [],
        similar=proposals.similar(ctx, community_id, title, proposal.id if proposal else 0),
        on_behalf=form.flag("on_behalf") and proposal is None,
        may_enter_for=policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, community_id),
    )  # fmt: skip


def _options(request: Request, ctx: Context, community_id: int) -> dict[str, Any]:
    """What can be chosen, in the reader's language."""
    language = request.state.look.language
    kinds: dict[str, Iterable[StrEnum]] = {
        "channel": [one for one in Channel if one is not Channel.WEB],
        "consent": Consent,
        "category": Category,
    }
    grids = places.grids(ctx.session, community_id)
    return {
        name: [(one.value, i18n.translate(language, label_key(one))) for one in kind]
        for name, kind in kinds.items()
    } | {"grid": [(one.id, (language == "en" and one.name_en) or one.name) for one in grids]}


def photos_of(ctx: Context, proposal: Proposal | None) -> list[PhotoView]:
    """The photographs of the text, for the one who writes it."""
    pair = ("proposal", proposal.id if proposal else 0)
    return files.photos(ctx.session, [pair], private=True).get(pair, [])


def _read(form: Form, step: str, words: Words) -> Words:
    """The words with this step's answers in place. A draft that is only kept may lack some."""
    needed = not form.flag("keep")
    with form.reading():
        if step == "what":
            return replace(
                words, title=form.line("title", TITLE, required=needed),
                situation=form.text("situation", WORDS, required=needed),
                request=form.text("request", WORDS, required=needed),
                outcome_class=form.choice_or_none("outcome_class", OutcomeClass, required=needed)
                or words.outcome_class,
                category=form.choice_or_none("category", Category, required=needed)
                or words.category,
            )  # fmt: skip
        if step == "where":
            return replace(
                words, location=form.text("location", SHORT, required=needed),
                grid_id=form.integer_or_none("grid_id"),
            )  # fmt: skip
        affected = form.text("affected", SHORT, required=needed)
        return replace(words, affected=affected, named=form.flag("named"))


def _onward(form: Form, proposal: Proposal, step: str) -> Response:
    """Where a saved step leads: the next one, back to the check, or one's own list."""
    if form.flag("keep"):
        return RedirectResponse("/me/proposals", status_code=303)
    last = step == STEPS[-1] or form.value("back") == "check"
    ahead = "check" if last else f"edit/{STEPS[STEPS.index(step) + 1]}"
    return RedirectResponse(f"/proposals/{proposal.id}/{ahead}", status_code=303)


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The first step, empty; with `?for=` a worker writes for somebody."""
    wanted = request.query_params.get("for")
    form = Form() if wanted is None else Form(on_behalf="1", for_person=wanted)
    return _step(request, ctx, "what", form, None)


@handler(session=True, rate="write")
def create(request: Request, ctx: Context) -> Response:
    """Keep the first step as a draft; from here on it is in the database, once for each form."""
    form, community = form_of(request), _community(request, ctx)
    try:
        form.check(form.value("for_person") or not form.flag("on_behalf"), "empty", "for_person")
        words = _read(form, "what", Words())
        ctx.behalf = behalf_from(request, ctx.session, community.id)
        key = form.key("title", "situation", "request", "outcome_class", "category")
        made = gate.once(
            lambda: proposals.drafted(ctx, key),
            lambda: proposals.draft(ctx, community, words=words, form_key=key),
        )
    except Invalid as wrong:
        return _step(request, ctx, "what", form.wrong(wrong), None)
    if made.stage is not Stage.DRAFT:
        return RedirectResponse(f"/proposals/{made.id}/check", status_code=303)
    return _onward(form, made, "what")


@handler(session=True)
def edit(request: Request, ctx: Context) -> Response:
    """One step of a draft, as it was kept."""
    proposal, step = draft_of(request, ctx), str(request.path_params["step"])
    if step not in STEPS:
        raise NotFound("not_found")
    words = proposals.words_of(proposal)
    chosen = bool(words.title)
    first = vars(words) | ({} if chosen else {"category": "", "outcome_class": ""})
    back = "check" if request.query_params.get("back") == "check" else ""
    return _step(request, ctx, step, Form(None, **first, back=back), proposal)


def pictures(request: Request, session: Session) -> list[Picture]:
    """Draw the photographs anew and keep them on disk, before the transaction (slow)."""
    look = request.state.look
    draft_of(request, Context(session, look.actor, look.now))
    sent = form_of(request).files("photo")
    if len(sent) > proposals.PHOTOS:
        raise Invalid(Problem("too_many_photos", "photo", {"limit": proposals.PHOTOS}))
    return photographs.drawn(request, "photo", proposals.PHOTOS)


@handler(session=True, rate="write", prepare=pictures)
def revise(request: Request, ctx: Context) -> Response:
    """Keep one step of a draft."""
    proposal, step, form = draft_of(request, ctx), request.path_params["step"], form_of(request)
    if step not in STEPS:
        raise NotFound("not_found")
    try:
        words = _read(form, step, proposals.words_of(proposal))
        without = [int(one) for one in form.values("without") if one.isdecimal() and len(one) < 10]
        proposals.revise(ctx, proposal, words=words, pictures=prepared(request), without=without)
    except Invalid as wrong:
        return _step(request, ctx, step, form.wrong(wrong), proposal)
    return _onward(form, proposal, step)


@handler(session=True)
def similar(request: Request, ctx: Context) -> Response:
    """Matters that sound like the title that is being written."""
    community, title = _community(request, ctx), request.query_params.get("title", "")
    found = proposals.similar(ctx, community.id, title[:200])
    return pages.page(request, "drafts/_similar.html", similar=found)


# Checking, submitting, the receipt


def _possible(ctx: Context, proposal: Proposal, name: str) -> Possible | None:
    return next((can for one, can in process.steps(ctx, proposal) if one.name == name), None)


@handler(session=True)
def check(request: Request, ctx: Context) -> Response:
    """Everything that was written, each answer with a way to change it, and the button."""
    proposal = draft_of(request, ctx)
    if proposal.stage not in {Stage.DRAFT, Stage.RETURNED}:
        return RedirectResponse(f"/proposals/{proposal.id}", status_code=303)
    grid = ctx.session.get(Place, proposal.grid_id) if proposal.grid_id else None
    pair = (proposal.author_id, proposal.capacity)
    named = [proposal.author_id] if proposal.named else []
    faces = people.bylines(ctx.session, proposal.community_id, [pair], named)
    return pages.page(
        request, "drafts/check.html", proposal=proposal, grid=grid, byline=faces[pair],
        photos=photos_of(ctx, proposal), submit=_possible(ctx, proposal, "submit"),
        withdraw=_possible(ctx, proposal, "withdraw"),
        answer=admissions.of(ctx.session, proposal.id),
    )  # fmt: skip


@handler(session=True, rate="write")
def submit(request: Request, ctx: Context) -> Response:
    """Submit; a slip is made for a person for whom a worker entered it.

    A second click is no second proposal: it leads to the same receipt.
    """
    proposal = draft_of(request, ctx)
    if proposal.stage is Stage.SUBMITTED:
        return RedirectResponse(f"/proposals/{proposal.id}/submitted", status_code=303)
    process.move(ctx, proposal, "submit")
    return _to_receipt(request, ctx, proposal)


@handler(session=True, rate="write")
def slip(request: Request, ctx: Context) -> Response:
    """Make another slip for the person; the earlier one is void."""
    return _to_receipt(request, ctx, draft_of(request, ctx))


def _to_receipt(request: Request, ctx: Context, proposal: Proposal) -> Response:
    address = f"/proposals/{proposal.id}/submitted"
    if ctx.behalf is None:
        return RedirectResponse(address, status_code=303)
    code = counter.matter_slip(ctx, proposal.community_id, proposal.id, ctx.behalf)
    ctx.behalf = None
    return counter.to_slip(request, address, f"P{proposal.id}", code)


@handler(session=True)
def submitted(request: Request, ctx: Context) -> Response:
    """The receipt: its number, what happens next and until when, whom to telephone."""
    proposal = draft_of(request, ctx)
    if proposal.submitted_at is None:
        return RedirectResponse(f"/proposals/{proposal.id}/check", status_code=303)
    clocks = calendar.running(ctx.session, proposal, "admission_draft", "admission")
    response = pages.page(
        request, "drafts/submitted.html", proposal=proposal, clock=clocks[0] if clocks else None,
        code=counter.code_for(request, f"P{proposal.id}"), entered=ctx.behalf is not None,
        may_issue=gate.permitted(
            Context(ctx.session, ctx.actor, ctx.now), gate.ACTS["slip.matter"], proposal
        ) is not None,
    )  # fmt: skip
    return counter.shown_once(request, response)


routes = [
    Route("/proposals/new", new),
    Route("/proposals/new", create, methods=["POST"]),
    Route("/proposals/similar", similar),
    Route("/proposals/{id:int}/edit/{step}", edit),
    Route("/proposals/{id:int}/edit/{step}", revise, methods=["POST"]),
    Route("/proposals/{id:int}/check", check),
    Route("/proposals/{id:int}/check", submit, methods=["POST"]),
    Route("/proposals/{id:int}/submitted", submitted),
    Route("/proposals/{id:int}/slips", slip, methods=["POST"]),
]
