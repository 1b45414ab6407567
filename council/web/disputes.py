"""Objections to a roll or a result: the list in numbers, the form, the answer by two people."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import calendar, deadlines, disputes, gate, policy, preparations
from council.deadlines import Limit
from council.disputes import REMEDIES, WORDS, Dispute, Remedy, Ruling
from council.errors import Invalid
from council.gate import Context
from council.policy import Can
from council.preparations import Preparation
from council.votes import Vote
from council.web import counter, formal, pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler


def _page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    rows = disputes.of(ctx.session, vote.id)
    papers = preparations.of(ctx.session, vote.id)
    enters = policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id)
    helps = enters and disputes.objections_open(ctx, vote)
    return pages.page(
        request, "disputes/index.html", 422 if form else 200, vote=vote,
        form=form or counter.blank(), numbers=disputes.numbers(rows),
        decided=[one for one in rows if one.decided_at],
        readable=[one for one in rows if disputes.reads(ctx, one)],
        until=disputes.until(ctx.session, vote), lodges=gate.possible(ctx, "dispute.lodge", vote),
        asked=counter.asked(request, ctx, vote.community_id) if helps else None,
        ruling=papers.day("ruling"), roll_until=disputes.roll_until(papers),
        result_until=disputes.result_until(papers), answer_by=_answering(ctx, papers),
        sent=request.query_params.get("sent", "") == "1",
        translations=formal.words(request, ctx, [vote], *(("dispute", one.id) for one in rows)),
    )  # fmt: skip


def _answering(ctx: Context, papers: Preparation) -> Callable[[Dispute], datetime]:
    """Until when an objection has to be answered, for each of them."""
    limit, working = Limit.parse(f"{papers.day('ruling')}d"), calendar.working(ctx.session)
    return lambda row: deadlines.due(row.lodged_at, limit, working)


@handler()
def index(request: Request, ctx: Context) -> Response:
    """How many objected and what became of it; the form while the days run."""
    return _page(request, ctx, formal.vote_of(request, ctx))


@handler(session=True, rate="write")
def lodge(request: Request, ctx: Context) -> Response:
    """Object, for oneself or, as a worker, for somebody at the counter."""
    vote, form = formal.vote_of(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, vote.community_id)
        with form.reading():
            words = form.text("words", WORDS)
        disputes.lodge(ctx, vote, words=words)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/disputes?sent=1", status_code=303)


# One objection, for those who answer it and for its author


def _one(request: Request, ctx: Context) -> tuple[Vote, Dispute]:
    vote = formal.vote_of(request, ctx)
    return vote, disputes.get(ctx, vote, int(request.path_params["dispute"]))


def _answer_page(
    request: Request, ctx: Context, vote: Vote, row: Dispute, form: Form | None = None
) -> Response:
    first: dict[str, Any] = {"ruling": row.ruling, "remedy": row.remedy, "reason": row.reason}
    return pages.page(
        request, "disputes/show.html", 422 if form else 200, vote=vote, row=row,
        form=form or Form(**first), remedies=REMEDIES[row.about], rulings=list(Ruling),
        answer_by=_answering(ctx, preparations.of(ctx.session, vote.id))(row),
        translations=formal.words(request, ctx, [vote], ("dispute", row.id)),
        drafts=gate.possible(ctx, "dispute.draft_ruling", row),
        decides=gate.possible(ctx, "dispute.decide", row), read=disputes.pin(row),
        staff=bool(
            policy.abilities(ctx.session, ctx.actor, row.community_id) & {Can.OVERSEE, Can.CONVENE}
        ),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """The objection in its author's words, and its answer."""
    return _answer_page(request, ctx, *_one(request, ctx))


@handler(session=True, rate="write")
def draft(request: Request, ctx: Context) -> Response:
    """Draft the answer."""
    (vote, row), form = _one(request, ctx), form_of(request)
    try:
        with form.reading():
            ruling = form.choice("ruling", Ruling)
            remedy = form.choice_or_none("remedy", Remedy)
            reason = form.text("reason", WORDS)
        fits = remedy if ruling is Ruling.UPHELD else None
        disputes.draft_ruling(ctx, row, ruling=ruling, reason=reason, remedy=fits)
    except Invalid as wrong:
        return _answer_page(request, ctx, vote, row, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/disputes/{row.id}", status_code=303)


@handler(session=True, rate="write")
def decide(request: Request, ctx: Context) -> Response:
    """Confirm the drafted answer; ruling and reason are public from here on."""
    vote, row = _one(request, ctx)
    disputes.decide(ctx, row, read=form_of(request).value("read"))
    return RedirectResponse(f"/votes/{vote.id}/disputes", status_code=303)


BASE = "/votes/{id:int}/disputes"

routes = [
    Route(BASE, index),
    Route(BASE, lodge, methods=["POST"]),
    Route(f"{BASE}/{{dispute:int}}", show),
    Route(f"{BASE}/{{dispute:int}}/ruling", draft, methods=["POST"]),
    Route(f"{BASE}/{{dispute:int}}/decision", decide, methods=["POST"]),
]
