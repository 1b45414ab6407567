"""One item of a meeting: what its unit says, objections, consensus, postponing, opening a vote."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import (
    answers,
    debates,
    deliberations,
    gate,
    meetings,
    minutes,
    papers,
    policy,
    reasons,
)
from council.answers import UnitSays
from council.deliberations import TEXT
from council.errors import Invalid, NotAllowed, NotFound
from council.files import Picture
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.policy import Can
from council.votes import How
from council.web import pages, photographs
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler, prepared

ACTS = (
    "unit_answer.give", "unit_answer.record", "item.open", "item.object",
    "item.withdraw_objection", "item.consensus", "item.hear", "item.postpone", "vote.open",
)  # fmt: skip


def _item(request: Request, ctx: Context) -> AgendaItem:
    found = meetings.item(ctx, int(request.path_params["item"]))
    if found.meeting_id != int(request.path_params["id"]):
        raise NotFound("not_found")
    return found


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The motion, what its unit says, who objects, and what comes next."""
    return _page(request, ctx, _item(request, ctx))


def _page(
    request: Request, ctx: Context, item: AgendaItem, status: int = 200, **forms: Form
) -> Response:
    """The page, or for htmx its part that changes, with the form that was wrong."""
    name = "deliberations/_item.html" if pages.is_partial(request) else "deliberations/show.html"
    meeting = ctx.session.get_one(Meeting, item.meeting_id)
    record = minutes.record(ctx.session, meeting)
    line = next(one for one in record.lines if one.item.id == item.id)
    return pages.page(
        request, name, status, meeting=meeting, item=item, line=line, record=record, forms=forms,
        papers=papers.of_meeting(ctx.session, meeting).get(item.id, []),
        blank=Form(), may={one: gate.possible(ctx, one, item) for one in ACTS},
        closes=gate.possible(ctx, "vote.close", line.vote) if line.vote else None,
        enters=policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, item.community_id),
        assigns=gate.possible(ctx, "commitment.assign", line.proposal) if line.proposal else None,
        why=reasons.of_items(ctx.session, [item.id]).get(item.id),
        explains=gate.possible(ctx, "item.explain", item),
        test=deliberations.agreement(ctx.session, item),
        translations=debates.english(ctx.session, meeting.id),
    )  # fmt: skip


def _answer(request: Request, ctx: Context, item: AgendaItem) -> Response:
    if pages.is_partial(request):
        return _page(request, ctx, item)
    return pages.back(request, f"/meetings/{item.meeting_id}/items/{item.id}")


# What the responsible unit says


@handler(session=True, rate="write")
def give(request: Request, ctx: Context) -> Response:
    """The unit accepts in principle, or does not and says why."""
    item, form = _item(request, ctx), form_of(request)
    try:
        with form.reading():
            accepts = form.choice("says", UnitSays) is UnitSays.ACCEPTS
            words = form.text("words", answers.WORDS, required=not accepts)
        answers.give(ctx, item, accepts=accepts, words=words)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, give=form.wrong(wrong))
    return _answer(request, ctx, item)


def letter(request: Request, session: Session) -> Picture | None:
    """Draw the photograph of the letter anew and keep it on disk, before the transaction (slow)."""
    look = request.state.look
    item = _item(request, Context(session, look.actor, look.now))
    if not policy.allows(session, look.actor, Can.SCREEN, item.community_id):
        raise NotAllowed("not_allowed")
    return photographs.one(request, "letter")


@handler(session=True, rate="write", prepare=letter)
def record(request: Request, ctx: Context) -> Response:
    """Enter a department's letter, or that it has not replied."""
    item, form = _item(request, ctx), form_of(request)
    try:
        found: Picture | None = prepared(request)
        with form.reading():
            says = form.choice("says", UnitSays)
            words = form.text("words", answers.WORDS)
        answers.record(ctx, item, says=says, words=words, letter=found)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, record=form.wrong(wrong))
    return _answer(request, ctx, item)


# What the meeting does


@handler(session=True, rate="write")
def open_item(request: Request, ctx: Context) -> Response:
    """Call the item."""
    item = _item(request, ctx)
    deliberations.open_item(ctx, item)
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def object_to(request: Request, ctx: Context) -> Response:
    """Object to the motion, or enter the objection of somebody at the meeting."""
    item, form = _item(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, item.community_id)
        with form.reading():
            words = form.text("words", deliberations.WORDS)
        deliberations.object_to(ctx, item, words=words)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, object=form.wrong(wrong))
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def withdraw(request: Request, ctx: Context) -> Response:
    """Take one's objection back."""
    item, form = _item(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, item.community_id)
        deliberations.withdraw_objection(ctx, item)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, withdraw=form.wrong(wrong))
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def agree(request: Request, ctx: Context) -> Response:
    """Record that all agree, and on what."""
    item, form = _item(request, ctx), form_of(request)
    try:
        with form.reading():
            text = form.text("text", TEXT)
        deliberations.agree(ctx, item, text=text)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, consensus=form.wrong(wrong))
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def hear(request: Request, ctx: Context) -> Response:
    """Close a report or a talk."""
    item = _item(request, ctx)
    deliberations.hear(ctx, item)
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def postpone(request: Request, ctx: Context) -> Response:
    """Leave the item for another meeting."""
    item, form = _item(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", deliberations.WORDS)
        deliberations.postpone(ctx, item, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, postpone=form.wrong(wrong))
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def open_vote(request: Request, ctx: Context) -> Response:
    """Put the motion to the vote, in the way that the chair chose."""
    item, form = _item(request, ctx), form_of(request)
    try:
        with form.reading():
            how = form.choice_or_none("how", How) or How.PHONES
        deliberations.open_vote(ctx, item, how=how)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, open=form.wrong(wrong))
    return _answer(request, ctx, item)


@handler(session=True, rate="write")
def explain(request: Request, ctx: Context) -> Response:
    """Explain the decision to those whose view did not prevail."""
    item, form = _item(request, ctx), form_of(request)
    try:
        with form.reading():
            words = form.text("words", reasons.WORDS)
        reasons.explain(ctx, item, words=words)
    except Invalid as wrong:
        return _page(request, ctx, item, 422, explain=form.wrong(wrong))
    return _answer(request, ctx, item)


BASE = "/meetings/{id:int}/items/{item:int}"

routes = [
    Route(BASE, show),
    Route(f"{BASE}/answers", give, methods=["POST"]),
    Route(f"{BASE}/letters", record, methods=["POST"]),
    Route(f"{BASE}/opening", open_item, methods=["POST"]),
    Route(f"{BASE}/hearing", hear, methods=["POST"]),
    Route(f"{BASE}/objections", object_to, methods=["POST"]),
    Route(f"{BASE}/objections/withdrawal", withdraw, methods=["POST"]),
    Route(f"{BASE}/consensus", agree, methods=["POST"]),
    Route(f"{BASE}/postponement", postpone, methods=["POST"]),
    Route(f"{BASE}/explanation", explain, methods=["POST"]),
    Route(f"{BASE}/votes", open_vote, methods=["POST"]),
]
