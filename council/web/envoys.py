"""Units asked to come to a meeting: who is asked about what, what they answer, who came."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import envoys, gate, meetings, minutes, places, translations
from council.envoys import ROLE, WORDS, Asked, EnvoySays
from council.errors import Invalid, NotFound
from council.gate import Context
from council.meetings import Meeting
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _words(ctx: Context, meeting: Meeting, matter_ids: list[int]) -> translations.Words:
    """The community's English of the meeting and its matters."""
    rows = translations.of_rows(ctx.session, [("meeting", meeting.id)])
    return translations.of_matters(ctx.session, matter_ids) | rows


def _index(request: Request, ctx: Context, meeting: Meeting, form: Form) -> Response:
    record = minutes.record(ctx.session, meeting)
    asks = [gate.possible(ctx, "envoy.ask", line.item) for line in record.lines]
    return pages.page(
        request, "envoys/index.html", 422 if form.problems else 200, meeting=meeting, form=form,
        record=record, envoys=envoys.of_meeting(ctx.session, meeting.id),
        asks=any(one is not None and not one.needs for one in asks),
        units=places.units(ctx.session, meeting.community_id),
        translations=_words(ctx, meeting, record.matter_ids),
    )  # fmt: skip


@handler()
def index(request: Request, ctx: Context) -> Response:
    """The units asked about each item; conveners ask further ones."""
    return _index(request, ctx, _meeting(request, ctx), Form())


@handler(session=True, rate="write")
def ask(request: Request, ctx: Context) -> Response:
    """Ask a unit to send somebody."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        with form.reading():
            item_id, unit_id = form.integer("item"), form.integer("unit")
        item = meetings.item(ctx, item_id)
        if item.meeting_id != meeting.id:
            raise NotFound("not_found")
        envoys.ask(ctx, item, unit_id=unit_id)
    except Invalid as wrong:
        return _index(request, ctx, meeting, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/envoys")


# One unit


def _asked(request: Request, ctx: Context) -> tuple[Meeting, Asked]:
    meeting, wanted = _meeting(request, ctx), int(request.path_params["envoy"])
    for rows in envoys.of_meeting(ctx.session, meeting.id).values():
        for one in rows:
            if one.envoy.id == wanted:
                return meeting, one
    raise NotFound("not_found")


def _page(
    request: Request, ctx: Context, meeting: Meeting, asked: Asked, form: Form | None = None
) -> Response:
    record = minutes.record(ctx.session, meeting)
    row = asked.envoy
    first = Form(says=row.says or "", role=row.role, words=row.words, reason=row.reason)
    return pages.page(
        request, "envoys/show.html", 422 if form else 200, meeting=meeting, asked=asked,
        line=next(one for one in record.lines if one.item.id == row.item_id), form=form or first,
        gives=gate.possible(ctx, "envoy.answer", row), notes=gate.possible(ctx, "envoy.note", row),
        records=gate.possible(ctx, "envoy.record", row),
        translations=_words(ctx, meeting, record.matter_ids),
    )  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """One unit: what it is asked about, its answer, and whether somebody came."""
    return _page(request, ctx, *_asked(request, ctx))


@handler(session=True, rate="write")
def answer(request: Request, ctx: Context) -> Response:
    """The unit answers; or a convener enters what it said by telephone or letter."""
    (meeting, asked), form = _asked(request, ctx), form_of(request)
    own = envoys.signs_for_envoy(ctx, asked.envoy)
    try:
        with form.reading():
            says = form.choice("says", EnvoySays)
            role = form.line("role", ROLE, required=says is EnvoySays.ACCEPTED)
            words = form.text("words", WORDS, required=says is EnvoySays.DECLINED)
        act = envoys.answer if own else envoys.record
        act(ctx, asked.envoy, says=says, role=role, words=words)
    except Invalid as wrong:
        return _page(request, ctx, meeting, asked, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/envoys/{asked.envoy.id}")


@handler(session=True, rate="write")
def note(request: Request, ctx: Context) -> Response:
    """The door notes whether somebody came."""
    (meeting, asked), form = _asked(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.line("reason", WORDS, required=False)
        envoys.note(ctx, asked.envoy, came=form.flag("came"), reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, meeting, asked, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/envoys")


routes = [
    Route("/meetings/{id:int}/envoys", index),
    Route("/meetings/{id:int}/envoys", ask, methods=["POST"]),
    Route("/meetings/{id:int}/envoys/{envoy:int}", show),
    Route("/meetings/{id:int}/envoys/{envoy:int}/answer", answer, methods=["POST"]),
    Route("/meetings/{id:int}/envoys/{envoy:int}/came", note, methods=["POST"]),
]
