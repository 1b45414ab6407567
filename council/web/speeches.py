"""The floor of a meeting: hands, the speaker and the clock, points of order, both sides asked."""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import debates, meetings, orders, speeches
from council.db import Base
from council.errors import Invalid, NotFound
from council.gate import Context
from council.meetings import AgendaItem, Meeting
from council.orders import PointOfOrder
from council.speeches import WORDS, Speech
from council.turns import Side
from council.web import floor, pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler

R = TypeVar("R", bound=Base)

PLAIN: dict[str, Callable[[Context, Speech], None]] = {
    "pause": speeches.pause,
    "resume": speeches.resume,
    "extend": speeches.extend,
    "end": speeches.end,
}
"""What the chair does with a speaker at one tap."""


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _item(request: Request, ctx: Context) -> AgendaItem:
    found = meetings.item(ctx, int(request.path_params["item"]))
    if found.meeting_id != int(request.path_params["id"]):
        raise NotFound("not_found")
    return found


def _row(request: Request, ctx: Context, table: type[R]) -> R:
    """A speech or point of order of this meeting."""
    meeting = _meeting(request, ctx)
    row = ctx.session.get(table, int(request.path_params["row"]))
    if row is None or getattr(row, "meeting_id", None) != meeting.id:
        raise NotFound("not_found")
    return row


@handler()
def show(request: Request, ctx: Context) -> Response:
    """Who speaks, who waits, what was asked, and what this reader can do."""
    return _page(request, ctx, _meeting(request, ctx))


def _page(
    request: Request, ctx: Context, meeting: Meeting, status: int = 200, form: Form | None = None
) -> Response:
    item = floor.open_item(ctx, meeting)
    return pages.page(
        request, "speeches/show.html", status, meeting=meeting, form=form or Form(),
        translations=debates.english(ctx.session, meeting.id), **floor.shown(ctx, meeting, item),
    )  # fmt: skip


def _back(request: Request, meeting_id: int) -> Response:
    return pages.back(request, f"/meetings/{meeting_id}/floor")


def _wrong(request: Request, ctx: Context, form: Form, wrong: Invalid) -> Response:
    return _page(request, ctx, _meeting(request, ctx), 422, form.wrong(wrong))


# Those who speak


@handler(session=True, rate="write")
def raise_hand(request: Request, ctx: Context) -> Response:
    """Ask to speak, or enter the hand of somebody without a telephone."""
    item, form = _item(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, item.community_id)
        with form.reading():
            side = form.choice("side", Side)
        speeches.raise_hand(ctx, item, side=side)
    except Invalid as wrong:
        return _wrong(request, ctx, form, wrong)
    return _back(request, item.meeting_id)


@handler(session=True, rate="write")
def withdraw(request: Request, ctx: Context) -> Response:
    """Take one's hand down."""
    item = _item(request, ctx)
    ctx.behalf = behalf_from(request, ctx.session, item.community_id)
    speeches.withdraw_hand(ctx, item)
    return _back(request, item.meeting_id)


@handler(session=True, rate="write")
def raise_order(request: Request, ctx: Context) -> Response:
    """Raise a point of order."""
    item, form = _item(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, item.community_id)
        with form.reading():
            words = form.text("order", orders.WORDS)
        orders.raise_order(ctx, item, words=words)
    except Invalid as wrong:
        return _wrong(request, ctx, form, wrong)
    return _back(request, item.meeting_id)


# The chair


@handler(session=True, rate="write")
def call(request: Request, ctx: Context) -> Response:
    """Call the next speaker, or another one with a reason."""
    item, form = _item(request, ctx), form_of(request)
    try:
        speech_id = form.integer("speech") if form.value("speech") else None
        with form.reading():
            why = form.text("why", WORDS, required=False)
        speeches.call(ctx, item, speech_id=speech_id, why=why)
    except Invalid as wrong:
        return _wrong(request, ctx, form, wrong)
    return _back(request, item.meeting_id)


@handler(session=True, rate="write")
def lead(request: Request, ctx: Context) -> Response:
    """Stop the speaker's clock, let it run, give more time, or thank the speaker."""
    speech = _row(request, ctx, Speech)
    step = PLAIN.get(str(request.path_params["step"]))
    if step is None:
        raise NotFound("not_found")
    step(ctx, speech)
    return _back(request, speech.meeting_id)


@handler(session=True, rate="write")
def rule(request: Request, ctx: Context) -> Response:
    """Remind a speaker of the rules, cut off, or take a hand off the list; each with a reason."""
    speech, form = _row(request, ctx, Speech), form_of(request)
    does = {"warn": speeches.warn, "cut": speeches.cut, "remove": speeches.remove_hand}
    try:
        with form.reading():
            what = form.value("what")
            why = form.text("why", WORDS)
        if what not in does:
            raise NotFound("not_found")
        does[what](ctx, speech, why=why)
    except Invalid as wrong:
        return _wrong(request, ctx, form, wrong)
    return _back(request, speech.meeting_id)


@handler(session=True, rate="write")
def answer_order(request: Request, ctx: Context) -> Response:
    """Answer a point of order."""
    order, form = _row(request, ctx, PointOfOrder), form_of(request)
    try:
        with form.reading():
            words = form.text("answer", orders.WORDS)
        orders.answer(ctx, order, words=words)
    except Invalid as wrong:
        return _wrong(request, ctx, form, wrong)
    return _back(request, order.meeting_id)


@handler(session=True, rate="write")
def waive(request: Request, ctx: Context) -> Response:
    """Note that a side has nothing to add."""
    item, form = _item(request, ctx), form_of(request)
    try:
        with form.reading():
            side = form.choice("side", Side)
        speeches.waive(ctx, item, side=side)
    except Invalid as wrong:
        return _wrong(request, ctx, form, wrong)
    return _back(request, item.meeting_id)


ITEM = "/meetings/{id:int}/items/{item:int}"

routes = [
    Route("/meetings/{id:int}/floor", show),
    Route(f"{ITEM}/hands", raise_hand, methods=["POST"]),
    Route(f"{ITEM}/hands/withdrawal", withdraw, methods=["POST"]),
    Route(f"{ITEM}/orders", raise_order, methods=["POST"]),
    Route(f"{ITEM}/speeches", call, methods=["POST"]),
    Route(f"{ITEM}/waivers", waive, methods=["POST"]),
    Route("/meetings/{id:int}/speeches/{row:int}/ruling", rule, methods=["POST"]),
    Route("/meetings/{id:int}/speeches/{row:int}/{step}", lead, methods=["POST"]),
    Route("/meetings/{id:int}/orders/{row:int}/answer", answer_order, methods=["POST"]),
]
