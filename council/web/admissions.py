"""The answer to a submitted matter: a worker drafts it, the Party secretary decides."""

from dataclasses import replace
from typing import Any

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
from council.admissions import CHECKLIST, Admission, Answer, RefusalReason, Verdict
from council.errors import Invalid, NotAllowed
from council.gate import Context
from council.people import Byline, Post
from council.places import Place, Unit
from council.policy import Can
from council.proposals import SHORT, WORDS, Proposal
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler
from council.web.words import label_key

DECISIONS = {Verdict.ADMIT: "admit", Verdict.RETURN: "return", Verdict.REFUSE: "refuse"}


def _matter(request: Request, ctx: Context) -> Proposal:
    """The matter, for those who draft its answer or decide. Raises NotFound and NotAllowed."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    able = policy.abilities(ctx.session, ctx.actor, proposal.community_id)
    if not able & {Can.SCREEN, Can.ADMIT}:
        raise NotAllowed("not_allowed")
    return proposal


def _form_of(draft: Admission | None) -> Form:
    """The form with what was drafted; empty for the first draft."""
    if draft is None:
        return Form()
    return Form(None, **{name: getattr(draft, name) for name in Answer.__dataclass_fields__})


def _options(request: Request, units: list[Unit]) -> dict[str, Any]:
    """What can be chosen, in the reader's language."""
    language = request.state.look.language
    return {
        "verdict": [(one.value, i18n.translate(language, label_key(one))) for one in Verdict],
        "reason_code": [
            (one.value, i18n.translate(language, label_key(one))) for one in RefusalReason
        ],
        "unit": [(one.id, (language == "en" and one.name_en) or one.name) for one in units],
    }


def _drafted_by(ctx: Context, draft: Admission | None) -> Byline | None:
    """Under which public face the draft stands."""
    if draft is None:
        return None
    face = (draft.drafted_by_id, None)
    faces = people.bylines(ctx.session, draft.community_id, [face])
    return replace(faces[face], post=Post.COMMUNITY_WORKER)


def _page(request: Request, ctx: Context, proposal: Proposal, form: Form | None = None) -> Response:
    session, draft = ctx.session, admissions.of(ctx.session, proposal.id)
    steps = {one.name: can for one, can in process.steps(ctx, proposal)}
    fitting = DECISIONS[draft.verdict] if draft else ""
    units, pair = places.units(session, proposal.community_id), ("proposal", proposal.id)
    return pages.page(
        request, "admissions/show.html", 422 if form else 200, proposal=proposal, draft=draft,
        text=proposals.words_of(proposal), form=form or _form_of(draft),
        may_draft=gate.possible(ctx, "admission.draft", proposal), checklist=CHECKLIST,
        decisions=[
            (name, can) for name, can in steps.items()
            if name in DECISIONS.values() and (not fitting or name == fitting)
        ],
        options=_options(request, units), unit={one.id: one for one in units},
        byline=_drafted_by(ctx, draft), photos=files.photos(session, [pair], private=True),
        grid=session.get(Place, proposal.grid_id) if proposal.grid_id else None,
        clocks=calendar.running(session, proposal, "admission_draft", "admission"),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """The matter beside its checklist; for the secretary the draft and the decision."""
    return _page(request, ctx, _matter(request, ctx))


@handler(session=True, rate="write")
def draft(request: Request, ctx: Context) -> Response:
    """Draft the answer, or change the draft."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        with form.reading():
            answer = Answer(
                verdict=form.choice("verdict", Verdict),
                unit_id=form.integer_or_none("unit_id"),
                reason_code=form.choice_or_none("reason_code", RefusalReason),
                reason=form.text("reason", WORDS, required=False),
                legal_basis=form.text("legal_basis", SHORT, required=False),
                instead=form.text("instead", SHORT, required=False),
                hides_text=form.flag("hides_text"),
                **{question: form.flag(question) for question in CHECKLIST},
            )
        admissions.draft(ctx, proposal, answer=answer)
    except Invalid as wrong:
        return _page(request, ctx, proposal, form.wrong(wrong))
    return RedirectResponse(f"/proposals/{proposal.id}/admission", status_code=303)


routes = [
    Route("/proposals/{id:int}/admission", show),
    Route("/proposals/{id:int}/admission", draft, methods=["POST"]),
]
