"""Meetings: what is coming, one meeting's page, its plan, its notice and its calendar file."""

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlsplit

import icalendar
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import (
    attendance,
    envoys,
    gate,
    history,
    kinds,
    meetings,
    minutes,
    notices,
    observers,
    papers,
    plans,
    policy,
    proofs,
    rulecards,
    sittings,
    translations,
)
from council.derivations import Line
from council.errors import Invalid, NotAllowed, NotFound, Problem
from council.files import ALT, Picture
from council.gate import Context
from council.meetings import Meeting, MeetingStage
from council.people import Post
from council.places import Place
from council.plans import REASON
from council.policy import Can
from council.web import hall, pages, photographs
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
from council.web.look import Translations
from council.workflow import advance

PAGE = 20
LASTS = timedelta(hours=2)

# The list and the page


@handler()
def index(request: Request, ctx: Context) -> Response:
    """The next meetings, and those that are over."""
    here: Place | None = request.state.look.community
    place_id = here.id if here else 0
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    past = meetings.past(ctx, place_id, before, PAGE)
    coming = [] if before else meetings.coming(ctx, place_id)
    shown = past[:PAGE]
    agendas = meetings.agendas(ctx.session, [row.id for row in (*coming, *shown)])
    matters = [one.id for agenda in agendas.values() for _, one in agenda if one]
    about = [("meeting", row.id) for row in (*coming, *shown)]
    about += [("agenda_item", item.id) for agenda in agendas.values() for item, _ in agenda]
    return pages.page(
        request, "meetings/index.html", coming=coming, past=shown, agendas=agendas, before=before,
        ignored=request.state.look.left_out(before=before),
        older=past[PAGE - 1].id if len(past) > PAGE else None,
        convenes=policy.allows(ctx.session, ctx.actor, Can.CONVENE, place_id),
        translations=_words(request, ctx, matters, about),
    )  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """A meeting: when, where, who, what was put, what came of it, and what I can do."""
    return _page(request, ctx, _meeting(request, ctx))


def _community(request: Request) -> Place:
    found: Place | None = request.state.look.community
    if found is None:
        raise NotFound("not_found")
    return found


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _words(
    request: Request, ctx: Context, matters: list[int], about: list[tuple[str, int]]
) -> Translations:
    """The community's English texts; nothing is asked for on a Chinese page."""
    if request.state.look.language == "zh":
        return {}
    return translations.of_matters(ctx.session, matters) | translations.of_rows(ctx.session, about)


def _page(
    request: Request, ctx: Context, meeting: Meeting, status: int = 200, **forms: Form
) -> Response:
    """The page, or for htmx its part that changes, with the form that was wrong."""
    name = "meetings/_body.html" if pages.is_partial(request) else "meetings/show.html"
    record = minutes.record(ctx.session, meeting)
    return pages.page(
        request, name, status, meeting=meeting, record=record, forms=forms, blank=Form(),
        translations=hall.words(request, ctx, meeting),
        pictures=minutes.pictures(ctx.session, meeting.id), **_mine(ctx, meeting),
        papers=papers.of_meeting(ctx.session, meeting),
    )  # fmt: skip


def _mine(ctx: Context, meeting: Meeting) -> dict[str, Any]:
    """What this reader can do at the meeting."""
    me = ctx.actor.person_id if ctx.actor else None
    seat = meetings.seat_of(ctx.session, meeting.id, me) if me else None
    place = ctx.session.get_one(Place, meeting.community_id)
    appoints = gate.possible(ctx, "meeting.appoint", meeting)
    choices = {}
    if appoints and not appoints.needs:
        choices = {
            "chairs": plans.choices(ctx, place, Post.FACILITATOR),
            "recorders": plans.choices(ctx, place, Post.RECORDER),
        }
    hung = notices.of_meeting(ctx.session, meeting.id)
    return {
        "hung": hung, "proofs": proofs.of_notices(ctx.session, [one.id for one in hung]),
        "place": place, "card": _card(meeting), "seat": seat, "choices": choices,
        "places": observers.standing(ctx.session, meeting, me),
        "envoys": envoys.of_meeting(ctx.session, meeting.id),
        "here": bool(seat and attendance.of_seat(ctx.session, seat.id)),
        "steps": sittings.steps(ctx, meeting),
        "publishes": policy.allows(ctx.session, ctx.actor, Can.PUBLISH, place.id),
        "convenes": policy.allows(ctx.session, ctx.actor, Can.CONVENE, place.id),
        "chairs": policy.allows(ctx.session, ctx.actor, Can.CHAIR, place.id),
        "records": policy.allows(ctx.session, ctx.actor, Can.RECORD, place.id),
        "translates": policy.allows(ctx.session, ctx.actor, Can.TRANSLATE, place.id),
        "units": ctx.actor.unit_ids() if ctx.actor else frozenset(),
        "minutes": minutes.readable(ctx, meeting),
        "clock": minutes.due(ctx.session, meeting),
    }  # fmt: skip


def _card(meeting: Meeting) -> tuple[Line, ...]:
    """What holds for a meeting of its kind and how it decides, in plain words."""
    decides = rulecards.card(meeting.rule) if meeting.of_kind.decides else ()
    return (*kinds.card(meeting.kind, meeting.rules), *decides)


def _answer(request: Request, ctx: Context, meeting: Meeting) -> Response:
    if pages.is_partial(request):
        return _page(request, ctx, meeting)
    return pages.back(request, f"/meetings/{meeting.id}")


# Steps


@handler(session=True, rate="write")
def transition(request: Request, ctx: Context) -> Response:
    """Take a step; calling off what was announced needs its public reason."""
    meeting, form = _meeting(request, ctx), form_of(request)
    name = str(request.path_params["name"])
    try:
        if name == "cancel" and meeting.stage is MeetingStage.NOTIFIED:
            with form.reading():
                reason = form.text("reason", REASON)
            plans.explain(ctx, meeting, reason=reason)
        advance(ctx, sittings.MEETING, meeting, name)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, cancel=form.wrong(wrong))
    return _answer(request, ctx, meeting)


@handler(session=True, rate="write")
def appoint(request: Request, ctx: Context) -> Response:
    """Name another chair or recorder."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        with form.reading():
            chair, recorder = form.integer("chair"), form.integer("recorder")
        plans.appoint(ctx, meeting, chair_id=chair, recorder_id=recorder)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, appoint=form.wrong(wrong))
    return _answer(request, ctx, meeting)


def picture(request: Request, session: Session) -> Picture:
    """Draw the photograph anew and keep it on disk, before the transaction (slow)."""
    look = request.state.look
    meeting = meetings.get(Context(session, look.actor, look.now), int(request.path_params["id"]))
    if not policy.allows(session, look.actor, Can.RECORD, meeting.community_id):
        raise NotAllowed("not_allowed")
    found = photographs.one(request, "photo")
    if found is None:
        raise Invalid(Problem("empty", "photo"))
    return found


@handler(session=True, rate="write", prepare=picture)
def photograph(request: Request, ctx: Context) -> Response:
    """Add a photograph of the meeting."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        found: Picture = prepared(request)
        with form.reading():
            alt = form.line("alt", ALT)
        sittings.photograph(ctx, meeting, picture=found, alt=alt)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, photo=form.wrong(wrong))
    return _answer(request, ctx, meeting)


# On paper and in calendars


@handler()
def notice(request: Request, ctx: Context) -> Response:
    """The notice of the meeting, to print and hang up."""
    meeting = _meeting(request, ctx)
    record = minutes.record(ctx.session, meeting)
    return pages.page(
        request, "meetings/notice.html", meeting=meeting, record=record, card=_card(meeting),
        envoys=envoys.of_meeting(ctx.session, meeting.id),
        papers=papers.of_meeting(ctx.session, meeting),
        place=ctx.session.get_one(Place, meeting.community_id), stamp=history.head(ctx.session),
        translations=hall.words(request, ctx, meeting),
    )  # fmt: skip


@handler()
def calendar_file(request: Request, ctx: Context) -> Response:
    """The meeting as a calendar file (RFC 5545)."""
    meeting = _meeting(request, ctx)
    address = f"{request.state.look.base}/meetings/{meeting.id}"
    entry = icalendar.Event()
    entry.add("uid", f"meeting-{meeting.id}@{urlsplit(address).netloc}")
    entry.add("dtstamp", (meeting.notified_at or ctx.now).astimezone(UTC))
    entry.add("dtstart", meeting.starts_at.astimezone(UTC))
    entry.add("dtend", (meeting.ended_at or meeting.starts_at + LASTS).astimezone(UTC))
    entry.add("summary", meeting.title)
    entry.add("location", meeting.location)
    entry.add("url", address)
    gone = meeting.stage in {MeetingStage.CANCELLED, MeetingStage.FELL}
    entry.add("status", "CANCELLED" if gone else "CONFIRMED")
    agenda = meetings.agendas(ctx.session, [meeting.id]).get(meeting.id, [])
    entry.add("description", "\n".join([(of or one).title for one, of in agenda] + [address]))
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//council//meetings//ZH")
    calendar.add("version", "2.0")
    calendar.add_component(entry)
    return Response(
        calendar.to_ical(), media_type="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="meeting-{meeting.id}.ics"'},
    )  # fmt: skip


routes = [
    Route("/meetings", index),
    Route("/meetings/{id:int}.ics", calendar_file),
    Route("/meetings/{id:int}", show),
    Route("/meetings/{id:int}/notice", notice),
    Route("/meetings/{id:int}/officers", appoint, methods=["POST"]),
    Route("/meetings/{id:int}/photos", photograph, methods=["POST"]),
    Route("/meetings/{id:int}/transitions/{name}", transition, methods=["POST"]),
]
