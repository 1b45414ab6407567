"""The page of a public consultation: its papers, who has spoken, what was said and answered."""

from typing import Any

from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    consultations,
    gate,
    opinions,
    policy,
    proposals,
    statements,
    summaries,
)
from council.consultations import MOST_OPTIONS, OFFLINE, Consultation, Papers
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.opinions import PAGE, Stance, Wanted
from council.people import Channel
from council.places import Unit
from council.policy import Can
from council.proposals import SHORT, WORDS, Proposal
from council.web import pages, reader
from council.web.forms import Form
from council.web.handler import form_of, handler

# The public page


@handler()
def show(request: Request, ctx: Context) -> Response:
    """What it is about, until when one may speak, who has spoken, and what was said."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    row = consultations.of(ctx.session, proposal.id)
    me = ctx.actor.person_id if ctx.actor else None
    asked = request.query_params.get("statement", "")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    has_begun = row is not None and row.opens_at is not None
    return pages.page(
        request, "consultations/show.html", proposal=proposal, consultation=row,
        options=consultations.options(ctx.session, proposal.id),
        unit=ctx.session.get(Unit, proposal.unit_id) if proposal.unit_id else None,
        readable=has_begun or _prepares(ctx, proposal), is_open=bool(row and row.is_open(ctx.now)),
        section=summaries.section(ctx.session, proposal), form=Form(), just=None,
        card=statements.card(ctx.session, proposal, me, wanted),
        given=statements.mine(ctx.session, proposal.id, me),
        answered=statements.channels(ctx.session, proposal.id),
        tallies=statements.tallies(ctx.session, proposal.id) if row and row.closed_at else [],
        may=_may(ctx, proposal), translations=reader.english(request, ctx.session, proposal.id),
        **_said(request, ctx, proposal, row),
    )  # fmt: skip


def _said(
    request: Request, ctx: Context, proposal: Proposal, row: Consultation | None
) -> dict[str, Any]:
    """One page of opinions, as the tabs and the address narrow them."""
    query = request.query_params
    stances = {one.value: one for one in Stance}
    stance, place = stances.get(query.get("stance", "")), query.get("in", "")
    also: list[ColumnElement[bool]] = []
    if place and row and row.published_at and (place == "minority" or place.isdecimal()):
        also.append(summaries.in_group(None if place == "minority" else int(place[:9])))
    before = query.get("before", "")
    wanted = Wanted(stance, before=int(before[:10]) if before.isdecimal() else None)
    found = opinions.listing(ctx.session, proposal.id, wanted, *also)
    return {
        "said_here": opinions.threads(ctx.session, proposal.community_id, found[:PAGE]),
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "stance": stance,
        "place": place if also else "",
        "ignored": bool(query.get("stance")) and stance is None,
    }


def _may(ctx: Context, proposal: Proposal) -> dict[str, bool]:
    """What this reader could do here, for the buttons."""
    return {
        "speak": policy.allows(ctx.session, ctx.actor, Can.SPEAK, proposal.community_id),
        "answer": policy.allows(ctx.session, ctx.actor, Can.SUMMARISE, proposal.community_id),
        "enter": policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, proposal.community_id),
        "prepare": gate.possible(ctx, "consultation.prepare", proposal) is not None,
    }


def _prepares(ctx: Context, proposal: Proposal) -> bool:
    """Whether this reader works on the papers, and so may read them before everybody else."""
    return any(
        policy.allows(ctx.session, ctx.actor, can, proposal.community_id)
        for can in (Can.SCREEN, Can.CONVENE)
    )


# The papers


@handler(session=True)
def edit_papers(request: Request, ctx: Context) -> Response:
    """The form of the opening papers."""
    proposal = _to_prepare(request, ctx)
    row = consultations.of(ctx.session, proposal.id)
    if row is None:
        return _papers_page(request, ctx, proposal, Form())
    written = {
        f"option{one.position}": one.words
        for one in consultations.options(ctx.session, proposal.id)
    }
    names = ("summary", "if_nothing", "cost_low", "cost_high", "payer", "channels", "offline")
    form = Form(**written, **{name: getattr(row, name) for name in names})
    return _papers_page(request, ctx, proposal, form)


def _to_prepare(request: Request, ctx: Context) -> Proposal:
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    if gate.possible(ctx, "consultation.prepare", proposal) is None:
        raise NotAllowed("not_allowed")
    return proposal


def _papers_page(request: Request, ctx: Context, proposal: Proposal, form: Form) -> Response:
    possible = gate.possible(ctx, "consultation.prepare", proposal)
    written = consultations.of(ctx.session, proposal.id) is not None
    return pages.page(
        request, "consultations/papers.html", 422 if form.problems else 200, form=form,
        translations=reader.english(request, ctx.session, proposal.id),
        may_translate=written
        and policy.allows(ctx.session, ctx.actor, Can.TRANSLATE, proposal.community_id),
        proposal=proposal, most=MOST_OPTIONS, offline=OFFLINE,
        needs=possible.needs if possible else (),
        missing=[
            need.__name__
            for need in (consultations.papers_ready, consultations.offline_channel_planned)
            if not need(ctx, proposal)
        ],
    )  # fmt: skip


@handler(session=True, rate="write")
def prepare(request: Request, ctx: Context) -> Response:
    """Keep the opening papers, with gaps if there are any."""
    proposal, form = _to_prepare(request, ctx), form_of(request)
    try:
        with form.reading():
            lines = [
                form.line(f"option{n}", SHORT, required=False) for n in range(1, MOST_OPTIONS + 1)
            ]
            papers = Papers(
                summary=form.text("summary", WORDS, required=False),
                options=tuple(line for line in lines if line),
                if_nothing=form.line("if_nothing", SHORT, required=False),
                cost_low=form.integer_or_none("cost_low"),
                cost_high=form.integer_or_none("cost_high"),
                payer=form.line("payer", SHORT, required=False),
                channels=form.choices("channels", Channel),
                offline=form.line("offline", SHORT, required=False),
            )
        consultations.prepare(ctx, proposal, papers=papers)
    except Invalid as wrong:
        return _papers_page(request, ctx, proposal, form.wrong(wrong))
    return RedirectResponse(f"/proposals/{proposal.id}/consultation", status_code=303)


@handler()
def sheet(request: Request, ctx: Context) -> Response:
    """The consultation on one sheet of paper, to fill in by hand."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    row = consultations.of(ctx.session, proposal.id)
    if row is None or (row.opens_at is None and not _prepares(ctx, proposal)):
        raise NotFound("not_found")
    return pages.page(
        request, "consultations/sheet.html", proposal=proposal, consultation=row,
        options=consultations.options(ctx.session, proposal.id), stances=tuple(Stance),
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip


routes = [
    Route("/proposals/{id:int}/consultation", show),
    Route("/proposals/{id:int}/consultation/papers", edit_papers),
    Route("/proposals/{id:int}/consultation/papers", prepare, methods=["POST"]),
    Route("/proposals/{id:int}/consultation/sheet", sheet),
]
