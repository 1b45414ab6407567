"""The summariser's table: opinions on one side, groups with their answers on the other."""

from urllib.parse import urlencode

from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import consultations, opinions, policy, proposals, summaries
from council.errors import Invalid, NotAllowed, Problem
from council.gate import Context
from council.opinions import Stance, Wanted
from council.people import Channel
from council.policy import Can
from council.proposals import Proposal
from council.summaries import REASON, TITLE, OpinionGroup
from council.summaries import Response as Answer
from council.web import pages, reader
from council.web.forms import Form
from council.web.handler import form_of, handler

SHOWN = 50
FILTERS = ("stance", "channel", "in", "before")


def _matter(request: Request, ctx: Context) -> Proposal:
    """The matter, for those who summarise it."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    if not policy.allows(ctx.session, ctx.actor, Can.SUMMARISE, proposal.community_id):
        raise NotAllowed("not_allowed")
    return proposal


def _may_translate(ctx: Context, proposal: Proposal) -> bool:
    return policy.allows(ctx.session, ctx.actor, Can.TRANSLATE, proposal.community_id)


def _place(value: str) -> list[ColumnElement[bool]]:
    """Which opinions: unfiled ones (unless asked otherwise), all, minority views, or a group's."""
    if value == "all":
        return []
    if value == "minority":
        return [summaries.in_group(None)]
    if value.isdecimal():
        return [summaries.in_group(int(value[:9]))]
    return [summaries.unfiled()]


def _board(request: Request, ctx: Context, proposal: Proposal, form: Form) -> Response:
    """The whole table; filters come from the address, or from the form that was just sent."""
    query = {name: form.value(name) or request.query_params.get(name, "") for name in FILTERS}
    stances = {one.value: one for one in Stance}
    channels = {one.value: one for one in Channel}
    before = int(query["before"][:10]) if query["before"].isdecimal() else None
    wanted = Wanted(stances.get(query["stance"]), channels.get(query["channel"]), before, SHOWN)
    session = ctx.session
    found = opinions.listing(session, proposal.id, wanted, *_place(query["in"]))
    return pages.page(
        request, "summaries/_board.html" if pages.is_partial(request) else "summaries/show.html",
        422 if form.problems else 200, proposal=proposal,
        may_translate=_may_translate(ctx, proposal),
        translations=reader.english(request, ctx.session, proposal.id), form=form, query=query,
        consultation=consultations.of(session, proposal.id),
        said_here=opinions.threads(session, proposal.community_id, found[:SHOWN]),
        older=found[SHOWN - 1].id if len(found) > SHOWN else None,
        groups=summaries.groups(session, proposal.id), counts=opinions.counts(session, proposal.id),
        left=summaries.count(session, proposal.id, summaries.unfiled()),
        minority=summaries.count(session, proposal.id, summaries.in_group(None)),
        pending=consultations.summary_pending(ctx, proposal),
        done=summaries.every_opinion_answered(ctx, proposal),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """The table, beginning with the opinions that stand nowhere yet."""
    return _board(request, ctx, _matter(request, ctx), Form())


@handler(session=True, rate="write")
def file(request: Request, ctx: Context) -> Response:
    """Put the ticked opinions, or all on this page, into a group or among the minority views."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        _file(ctx, proposal, form)
    except Invalid as wrong:
        return _board(request, ctx, proposal, form.wrong(wrong))
    return _after(request, ctx, proposal, form)


def _file(ctx: Context, proposal: Proposal, form: Form) -> None:
    sent = form.values("shown" if form.flag("all") else "opinions")
    ids = [int(one) for one in sent if one.isdecimal() and len(one) < 10]
    to = form.value("to")
    if to == "minority":
        summaries.keep_as_minority(ctx, proposal, opinion_ids=ids)
    elif to.isdecimal():
        group = summaries.get(ctx.session, proposal.id, int(to[:9]))
        summaries.file(ctx, group, opinion_ids=ids)
    else:
        raise Invalid(Problem("not_chosen", "to"))


@handler(session=True, rate="write")
def add_group(request: Request, ctx: Context) -> Response:
    """Begin a group."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        with form.reading():
            title = form.line("title", TITLE)
        summaries.add(ctx, proposal, title=title)
    except Invalid as wrong:
        return _board(request, ctx, proposal, form.wrong(wrong))
    return _after(request, ctx, proposal, form)


def _after(request: Request, ctx: Context, proposal: Proposal, form: Form) -> Response:
    if pages.is_partial(request):
        kept = {name: form.value(name) for name in FILTERS}
        return _board(request, ctx, proposal, Form(**kept))
    kept = {name: form.value(name) for name in FILTERS if form.value(name)}
    query = "?" + urlencode(kept) if kept else ""
    return RedirectResponse(f"/proposals/{proposal.id}/summary{query}#board", status_code=303)


# One group and its answer


def _group(request: Request, ctx: Context) -> tuple[Proposal, OpinionGroup]:
    proposal = _matter(request, ctx)
    return proposal, summaries.get(ctx.session, proposal.id, int(request.path_params["group"]))


def _group_page(
    request: Request, ctx: Context, proposal: Proposal, row: OpinionGroup, form: Form
) -> Response:
    found = opinions.listing(
        ctx.session, proposal.id, Wanted(limit=SHOWN), summaries.in_group(row.id)
    )
    return pages.page(
        request, "summaries/group.html", 422 if form.problems else 200, proposal=proposal,
        may_translate=_may_translate(ctx, proposal),
        translations=reader.english(request, ctx.session, proposal.id),
        group=row, form=form, responses=tuple(Answer), more=len(found) > SHOWN,
        said_here=opinions.threads(ctx.session, proposal.community_id, found[:SHOWN]),
    )  # fmt: skip


@handler(session=True)
def edit_group(request: Request, ctx: Context) -> Response:
    """A group's title and answer, beside what it answers."""
    proposal, row = _group(request, ctx)
    form = Form(title=row.title, response=row.response, reason=row.reason)
    return _group_page(request, ctx, proposal, row, form)


@handler(session=True, rate="write")
def revise_group(request: Request, ctx: Context) -> Response:
    """Better the title, answer the group."""
    (proposal, row), form = _group(request, ctx), form_of(request)
    try:
        with form.reading():
            title = form.line("title", TITLE)
            response = form.choice_or_none("response", Answer)
            reason = form.text("reason", REASON, required=False)
        summaries.revise(ctx, row, title=title, response=response, reason=reason)
    except Invalid as wrong:
        return _group_page(request, ctx, proposal, row, form.wrong(wrong))
    return RedirectResponse(f"/proposals/{proposal.id}/summary#groups", status_code=303)


routes = [
    Route("/proposals/{id:int}/summary", show),
    Route("/proposals/{id:int}/summary/filings", file, methods=["POST"]),
    Route("/proposals/{id:int}/summary/groups", add_group, methods=["POST"]),
    Route("/proposals/{id:int}/summary/groups/{group:int}", edit_group),
    Route("/proposals/{id:int}/summary/groups/{group:int}", revise_group, methods=["POST"]),
]
