"""A formal vote is prepared: which body decides, its papers, the Party's study."""

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    gate,
    i18n,
    policy,
    preparations,
    profiles,
    proposals,
    referrals,
    rolls,
    translations,
)
from council.errors import Invalid, NotAllowed, NotFound
from council.files import Picture
from council.gate import Context
from council.people import Constituency
from council.places import Place
from council.policy import Can
from council.preparations import QUESTION, SHORT, TITLE, WORDS, Plan
from council.proposals import Proposal
from council.referrals import Subject
from council.thresholds import Tie
from council.votes import Method, Ranking, Vote, VoteStage
from council.web import formal, pages, photographs
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared

FREE = ("STRAW", preparations.APPRAISAL, "DELEGATE_ASSEMBLY", "RESIDENT_ASSEMBLY",
        "OWNERS_ORDINARY", "OWNERS_SPECIAL", "COUNCIL", "PARTY_REVIEW", "election")  # fmt: skip
"""What can be voted on without a matter; an election is not run here, and the form says where."""


def _to(vote: Vote, more: str = "") -> Response:
    return RedirectResponse(f"/votes/{vote.id}{more}", status_code=303)


# Which body decides, and the draft


def _asked(ctx: Context, form: Form) -> Proposal | None:
    """The matter about which the vote is, if the form or the address names one."""
    named = form.value("proposal")
    known = named.isascii() and named.isdigit() and len(named) < 10
    return proposals.get(ctx, int(named)) if known else None


def _new_page(request: Request, ctx: Context, form: Form) -> Response:
    place: Place | None = request.state.look.community
    matter = _asked(ctx, form)
    where = matter.community_id if matter else place.id if place else 0
    if not policy.allows(ctx.session, ctx.actor, Can.CONVENE, where):
        raise NotAllowed("not_allowed")
    found = referrals.of(ctx.session, matter.id) if matter else None
    if found and not form.values("subject") and not form.problems:
        form = Form(proposal=found.proposal_id, subject=found.subject, authorised=found.authorised)
    return pages.page(
        request, "preparations/new.html", 422 if form.problems else 200, form=form, proposal=matter,
        referral=found, subjects=list(Subject), free=FREE,
        drafts=gate.possible(ctx, "vote.draft", matter) if matter else None,
        translations=translations.of_matters(ctx.session, [matter.id] if matter else []),
    )  # fmt: skip


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """Which body decides a matter; or what is to be voted on without one."""
    return _new_page(request, ctx, Form(proposal=request.query_params.get("proposal", "")))


@handler(session=True, rate="write")
def create(request: Request, ctx: Context) -> Response:
    """Settle who decides and begin the vote; a matter decided outside goes back to its page."""
    form, place = form_of(request), request.state.look.community
    matter = _asked(ctx, form)
    if place is None:
        raise NotFound("not_found")
    try:
        if matter is None:
            with form.reading():
                chosen = form.value("profile")
                title = form.line("title", TITLE)
            vote = preparations.draft_alone(ctx, place, profile=chosen, title=title)
            return _to(vote, "/preparation")
        with form.reading():
            subject = form.choice("subject", Subject)
        found = referrals.settle(ctx, matter, subject=subject, authorised=form.flag("authorised"))
    except Invalid as wrong:
        return _new_page(request, ctx, form.wrong(wrong))
    if found.body is None:
        return RedirectResponse(f"/votes/new?proposal={matter.id}", status_code=303)
    return _to(preparations.draft(ctx, matter), "/preparation")


# The papers


def _first(vote: Vote) -> dict[str, Any]:
    """Options as they are typed: one a line, a cost behind the last comma."""
    costs = vote.method is Method.BUDGET
    rows = [f"{one['label']}，{one['cost']}" if costs else one["label"] for one in vote.options]
    return {"options": "\n".join(rows)}


def _papers_page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    row = preparations.of(ctx.session, vote.id)
    plan = vars(preparations.plan_of(vote, row)) | _first(vote)
    language = request.state.look.language
    needed = profiles.conditions(row.profile)
    kinds = [
        (one.value, i18n.translate(language, f"roll_kind.{one.value}"))
        for one in needed.electorates
    ]
    ties = {*needed.ties_of(motion=True), *needed.ties_of(motion=False)}
    return pages.page(
        request, "preparations/form.html", 422 if form else 200, vote=vote, preparation=row,
        form=form or Form(**plan), kinds=kinds, methods=list(Method), rankings=list(Ranking),
        ties=[one for one in Tie if one in ties], breaks=len(needed.ties) > 1,
        constituencies=list(Constituency), fixed=vote.stage is not VoteStage.DRAFT,
        earlier=rolls.earlier(ctx.session, vote),
        possible=gate.possible(ctx, "vote.prepare", vote),
        assembly=vote.body in preparations.ASSEMBLIES,
    )  # fmt: skip


@handler(session=True)
def papers(request: Request, ctx: Context) -> Response:
    """The form with everything about a vote."""
    return _papers_page(request, ctx, formal.vote_of(request, ctx, Can.CONVENE))


def _options(form: Form, method: Method) -> tuple[tuple[str, int], ...]:
    """The options, one a line; of a budget each with its cost behind the last comma."""
    lines = [one.strip() for one in form.text("options", 3000, required=False).split("\n")]
    found = []
    for line in filter(None, lines):
        label, comma, cost = line.replace("，", ",").rpartition(",")
        if method is Method.BUDGET and comma and cost.strip().isdecimal():
            found.append((label.strip(), int(cost[:10])))
        else:
            found.append((line, 0))
    return tuple(found)


def _plan(form: Form) -> Plan:
    with form.reading():
        method = form.choice("method", Method)
        return Plan(
            title=form.line("title", TITLE, required=False),
            question=form.text("question", QUESTION, required=False),
            electorate=form.value("electorate"), method=method,
            constituencies=tuple(form.choices("constituencies", Constituency)),
            secret=form.flag("secret"), about_people=form.flag("about_people"),
            options=_options(form, method), limit=form.integer_or_none("limit", 1, 30),
            seats=form.integer_or_none("seats", 1, 30),
            budget=form.integer_or_none("budget", 1),
            ranking=form.choice_or_none("ranking", Ranking) or Ranking.SCHULZE,
            tie=form.choice_or_none("tie", Tie) or Tie.FAILS,
            arguments_for=form.text("arguments_for", WORDS, required=False),
            arguments_against=form.text("arguments_against", WORDS, required=False),
            how_to_vote=form.text("how_to_vote", SHORT, required=False),
            helpers=form.text("helpers", SHORT, required=False),
            legal_basis=form.text("legal_basis", SHORT, required=False),
            remote=form.flag("remote"), paper=form.flag("paper"),
            previous_id=form.integer_or_none("previous_id", 1),
            opens_at=form.moment_or_none("opens_at"), closes_at=form.moment_or_none("closes_at"),
            extension=form.integer("extension", 1, 7),
        )  # fmt: skip


@handler(session=True, rate="write")
def prepare(request: Request, ctx: Context) -> Response:
    """Save the papers; gaps are allowed, the vote's page says what is still missing."""
    vote, form = formal.vote_of(request, ctx, Can.CONVENE), form_of(request)
    try:
        preparations.prepare(ctx, vote, plan=_plan(form))
    except Invalid as wrong:
        return _papers_page(request, ctx, vote, form.wrong(wrong))
    return _to(vote, "?saved=1")


# The Party organisation's study


def _study_page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    row = preparations.of(ctx.session, vote.id)
    first = Form(on=row.study_on or request.state.look.today, opinion=row.study_opinion)
    return pages.page(
        request, "preparations/study.html", 422 if form else 200, vote=vote, form=form or first,
        possible=gate.possible(ctx, "vote.study", vote),
        translations=formal.words(request, ctx, [vote]),
    )  # fmt: skip


@handler(session=True)
def study_form(request: Request, ctx: Context) -> Response:
    """The form in which the Party secretary records the study."""
    return _study_page(request, ctx, formal.vote_of(request, ctx, Can.ADMIT))


def letter(request: Request, session: Session) -> Picture | None:
    """Draw the photograph of the paper anew and keep it, before the transaction (slow)."""
    look = request.state.look
    formal.vote_of(request, Context(session, look.actor, look.now), Can.ADMIT)
    return photographs.one(request, "letter")


@handler(session=True, rate="write", prepare=letter)
def study(request: Request, ctx: Context) -> Response:
    """Record when the Party organisation studied the matter, and what it thinks."""
    vote, form = formal.vote_of(request, ctx, Can.ADMIT), form_of(request)
    try:
        found: Picture | None = prepared(request)
        with form.reading():
            on, opinion = form.day("on"), form.text("opinion", WORDS)
        preparations.study(ctx, vote, on=on, opinion=opinion, letter=found)
    except Invalid as wrong:
        return _study_page(request, ctx, vote, form.wrong(wrong))
    return _to(vote)


BASE = "/votes/{id:int}"

routes = [
    Route("/votes/new", new),
    Route("/votes", create, methods=["POST"]),
    Route(f"{BASE}/preparation", papers),
    Route(f"{BASE}/preparation", prepare, methods=["POST"]),
    Route(f"{BASE}/study", study_form),
    Route(f"{BASE}/study", study, methods=["POST"]),
]
