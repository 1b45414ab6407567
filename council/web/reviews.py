"""Expert review: the panel and its interests, the form of the finding, signatures, publication."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import findings, gate, proposals, reviews, translations
from council.errors import Invalid, NotAllowed, NotFound
from council.findings import HEADINGS, MARKED, MOST_YUAN, Answers, Conclusion, Finding, Mark
from council.gate import Context
from council.proposals import Proposal
from council.reviews import PROFESSION, SHORT, WORDS, Panelist, PanelStatus, Review
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

PANEL_ACTS = ("review.invite", "review.extend", "review.publish")
SEAT_ACTS = ("review.sign", "review.dissent", "review.decline")

# The page


@handler()
def show(request: Request, ctx: Context) -> Response:
    """Where the experts' review stands: the panel, the interests, the finding, what I can do."""
    return _page(request, ctx, _matter(request, ctx))


def _matter(request: Request, ctx: Context) -> Proposal:
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    if proposal.hidden:
        raise NotFound("not_found")
    return proposal


def _review(request: Request, ctx: Context) -> tuple[Proposal, Review]:
    proposal = _matter(request, ctx)
    review = reviews.of(ctx.session, proposal.id)
    if review is None:
        raise NotFound("not_found")
    return proposal, review


def _seat(request: Request, ctx: Context) -> tuple[Proposal, Panelist]:
    proposal, review = _review(request, ctx)
    return proposal, reviews.seat(ctx, review, int(request.path_params["seat"]))


def _page(
    request: Request, ctx: Context, proposal: Proposal, status: int = 200, **forms: Form
) -> Response:
    """The page, or for htmx its part that changes, with the form that was wrong."""
    name = "reviews/_body.html" if pages.is_partial(request) else "reviews/show.html"
    return pages.page(request, name, status, **_data(ctx, proposal, forms))


def _answer(request: Request, ctx: Context, proposal: Proposal) -> Response:
    if pages.is_partial(request):
        return _page(request, ctx, proposal)
    return RedirectResponse(f"/proposals/{proposal.id}/review", status_code=303)


def _data(ctx: Context, proposal: Proposal, forms: dict[str, Form]) -> dict[str, Any]:
    found = findings.section(ctx.session, proposal)
    review = found.review if found else None
    open_ = review is not None and reviews.review_under_way(ctx, review)
    seat = reviews.seat_of(ctx, review) if review and open_ else None
    may = {"review.skip": gate.possible(ctx, "review.skip", proposal)}
    if review and open_:
        may |= {name: gate.possible(ctx, name, review) for name in PANEL_ACTS}
    if seat:
        may |= {name: gate.possible(ctx, name, seat) for name in SEAT_ACTS}
    writes = seat is not None and seat.status is PanelStatus.DECLARED
    convenes = may.get("review.invite") is not None
    return {
        "proposal": proposal, "review": found, "open": open_, "seat": seat, "may": may,
        "draft": findings.draft_of(ctx.session, review.id) if review and writes else None,
        "candidates": _names(ctx, review) if review and convenes else [], "convenes": convenes,
        "forms": forms, "blank": Form(),
        "translations": translations.of_matters(ctx.session, [proposal.id]),
    }  # fmt: skip


def _names(ctx: Context, review: Review) -> list[tuple[int, str]]:
    """Whom the convener can invite, by number and name: they have to know whom they ask."""
    found = reviews.candidates(ctx, review)
    return [(one.person_id, f"{one.number:04d} · {one.name}") for one in found]


# What the conveners do


@handler(session=True, rate="write")
def skip(request: Request, ctx: Context) -> Response:
    """Write why a simple matter needs no experts."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", SHORT)
        reviews.skip(ctx, proposal, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, skip=form.wrong(wrong))
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def invite(request: Request, ctx: Context) -> Response:
    """Invite an expert onto the panel."""
    (proposal, review), form = _review(request, ctx), form_of(request)
    try:
        with form.reading():
            person_id = form.integer("person_id", 1)
            profession = form.line("profession", PROFESSION)
        reviews.invite(ctx, review, person_id=person_id, profession=profession)
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, invite=form.wrong(wrong))
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def extend(request: Request, ctx: Context) -> Response:
    """Give the experts ten more working days, once."""
    (proposal, review), form = _review(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", SHORT)
        reviews.extend(ctx, review, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, extend=form.wrong(wrong))
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def release(request: Request, ctx: Context) -> Response:
    """Release an expert who does not answer."""
    (proposal, seat), form = _seat(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", SHORT)
        reviews.release(ctx, seat, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, **{f"release-{seat.id}": form.wrong(wrong)})
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def publish(request: Request, ctx: Context) -> Response:
    """Publish the signed finding."""
    proposal, review = _review(request, ctx)
    findings.publish(ctx, review)
    return _answer(request, ctx, proposal)


# What an expert does


@handler(session=True, rate="write")
def declare_interest(request: Request, ctx: Context) -> Response:
    """Declare one's interest; only then the form can be seen."""
    (proposal, seat), form = _seat(request, ctx), form_of(request)
    try:
        with form.reading():
            answer = form.value("conflict")
            form.check(answer in {"yes", "no"}, "not_chosen", "conflict")
            interest = form.text("interest", SHORT, required=answer == "yes")
        reviews.declare_interest(
            ctx, seat, conflict=answer == "yes", interest=interest, named=form.flag("named")
        )
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, interest=form.wrong(wrong))
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def decline(request: Request, ctx: Context) -> Response:
    """Decline the invitation, or leave the panel before signing."""
    (proposal, seat), form = _seat(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", SHORT, required=False)
        reviews.decline(ctx, seat, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, decline=form.wrong(wrong))
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def sign(request: Request, ctx: Context) -> Response:
    """Sign the finding that stood on the page."""
    proposal, seat = _seat(request, ctx)
    findings.sign(ctx, seat, revision=form_of(request).integer("revision"))
    return _answer(request, ctx, proposal)


@handler(session=True, rate="write")
def dissent(request: Request, ctx: Context) -> Response:
    """Disagree instead of signing."""
    (proposal, seat), form = _seat(request, ctx), form_of(request)
    try:
        with form.reading():
            words = form.text("dissent", WORDS)
        findings.dissent(ctx, seat, words=words)
    except Invalid as wrong:
        return _page(request, ctx, proposal, 422, dissent=form.wrong(wrong))
    return _answer(request, ctx, proposal)


# The form of the finding


@handler(session=True)
def show_form(request: Request, ctx: Context) -> Response:
    """The form, for experts on the panel who have declared to have no conflict."""
    proposal, review = _review(request, ctx)
    _check_writer(ctx, review)
    found = findings.draft_of(ctx.session, review.id)
    return _form_page(request, proposal, _filled(found), found)


@handler(session=True, rate="write")
def save(request: Request, ctx: Context) -> Response:
    """Save the finding, finished or not."""
    (proposal, review), form = _review(request, ctx), form_of(request)
    try:
        with form.reading():
            answers = _read(form)
        findings.draft_finding(ctx, review, answers=answers)
    except Invalid as wrong:
        found = findings.draft_of(ctx.session, review.id)
        return _form_page(request, proposal, form.wrong(wrong), found, 422)
    return RedirectResponse(f"/proposals/{proposal.id}/review", status_code=303)


def _check_writer(ctx: Context, review: Review) -> None:
    open_ = reviews.review_under_way(ctx, review)
    if not open_ or not reviews.declared_no_conflict(ctx, review):
        raise NotAllowed("not_allowed")


def _filled(found: Finding | None) -> Form:
    if found is None:
        return Form()
    fields = (
        *HEADINGS,
        *(f"{name}_mark" for name in MARKED),
        "cost_low",
        "cost_high",
        "conclusion",
    )
    return Form(**{name: getattr(found, name) for name in fields})


def _read(form: Form) -> Answers:
    read: dict[str, Any] = {name: form.text(name, WORDS, required=False) for name in HEADINGS}
    for name in MARKED:
        read[f"{name}_mark"] = form.choice_or_none(f"{name}_mark", Mark)
    for name in ("cost_low", "cost_high"):
        read[name] = form.integer_or_none(name, 0, MOST_YUAN)
    read["conclusion"] = form.choice_or_none("conclusion", Conclusion)
    return Answers(**read, revision=form.integer_or_none("revision") or 0)


def _form_page(
    request: Request, proposal: Proposal, form: Form, found: Finding | None, status: int = 200
) -> Response:
    """The form again. After a change by another expert it stands beside the words typed here."""
    now = found.revision if found else 0
    changed = any(one.key == "finding_changed" for one in form.problems)
    typed = form.value("revision") if form.problems and not changed else str(now)
    return pages.page(
        request, "reviews/finding.html", status, proposal=proposal, form=form, marked=MARKED,
        headings=HEADINGS, marks=Mark, conclusions=Conclusion, revision=typed,
        other=found if changed else None,
    )  # fmt: skip


ADDRESS = "/proposals/{id:int}/review"
SEAT = ADDRESS + "/panel/{seat:int}"

routes = [
    Route(ADDRESS, show),
    Route(ADDRESS + "/skip-reason", skip, methods=["POST"]),
    Route(ADDRESS + "/panel", invite, methods=["POST"]),
    Route(ADDRESS + "/extension", extend, methods=["POST"]),
    Route(ADDRESS + "/publication", publish, methods=["POST"]),
    Route(ADDRESS + "/finding", show_form),
    Route(ADDRESS + "/finding", save, methods=["POST"]),
    Route(SEAT + "/release", release, methods=["POST"]),
    Route(SEAT + "/interest", declare_interest, methods=["POST"]),
    Route(SEAT + "/decline", decline, methods=["POST"]),
    Route(SEAT + "/signature", sign, methods=["POST"]),
    Route(SEAT + "/dissent", dissent, methods=["POST"]),
]
