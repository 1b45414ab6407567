"""Putting the decision and the result of a matter on the board, and reading them there."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import gate, notices, postings, proofs, proposals, translations
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.notices import NoticeKind
from council.postings import BODY, TITLE, Words
from council.proposals import Proposal
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

ACTS = {NoticeKind.DECISION: "decision.post", NoticeKind.RESULT: "result.post"}


def _matter(request: Request, ctx: Context) -> tuple[Proposal, NoticeKind]:
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    kind = next((one for one in ACTS if one.value == request.path_params["kind"]), None)
    if kind is None:
        raise NotFound("not_found")
    return proposal, kind


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The notice as it hangs on the board."""
    proposal, kind = _matter(request, ctx)
    notice = notices.posted(ctx.session, proposal.id, kind)
    if notice is None:
        raise NotFound("not_found")
    return pages.page(
        request, "postings/show.html", proposal=proposal, notice=notice,
        hangs=not notices.is_over(notice, ctx.now), **_words(ctx, proposal),
        proofs=proofs.of_notices(ctx.session, [notice.id]).get(notice.id, []),
        shows=gate.possible(ctx, "notice.photograph", notice),
    )  # fmt: skip


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The form for a notice."""
    proposal, kind = _matter(request, ctx)
    return _form(request, ctx, proposal, kind, Form())


def _form(
    request: Request, ctx: Context, proposal: Proposal, kind: NoticeKind, form: Form
) -> Response:
    may = gate.possible(ctx, ACTS[kind], proposal)
    if may is None:
        raise NotAllowed("not_allowed")
    return pages.page(
        request, "postings/new.html", 422 if form.problems else 200,
        proposal=proposal, kind=kind, form=form, needs=may.needs, **_words(ctx, proposal),
    )  # fmt: skip


@handler(session=True, rate="write")
def post(request: Request, ctx: Context) -> Response:
    """Put the notice on the board."""
    proposal, kind = _matter(request, ctx)
    form = form_of(request)
    try:
        with form.reading():
            words = Words(
                form.line("title", TITLE),
                form.text("body", BODY),
                form.line("board", TITLE, required=False),
            )
            result = kind is NoticeKind.RESULT
            planned, actual = (
                form.decimal(name, required=result) for name in ("planned", "actual")
            )
        if planned is not None and actual is not None and result:
            postings.post_result(ctx, proposal, words=words, planned=planned, actual=actual)
        else:
            postings.post_decision(ctx, proposal, words=words)
    except Invalid as wrong:
        return _form(request, ctx, proposal, kind, form.wrong(wrong))
    return RedirectResponse(f"/proposals/{proposal.id}/postings/{kind.value}", status_code=303)


def _words(ctx: Context, proposal: Proposal) -> dict[str, Any]:
    return {"translations": translations.of_matters(ctx.session, [proposal.id])}


routes = [
    Route("/proposals/{id:int}/postings/{kind}", show),
    Route("/proposals/{id:int}/postings/{kind}/new", new),
    Route("/proposals/{id:int}/postings/{kind}", post, methods=["POST"]),
]
