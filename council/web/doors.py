"""The door of a hall: the code on a telephone, the sheet with its square, the kiosk's keypad."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import (
    accounts,
    arrivals,
    attendance,
    doors,
    gate,
    grounds,
    meetings,
    observers,
    policy,
)
from council.attendance import CheckInMethod
from council.errors import Invalid, NotAllowed, Problem
from council.gate import Context
from council.meetings import Meeting, MeetingSeat
from council.people import Constituency
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

DIGITS = 6
"""Longest public number that the keypad takes."""


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


def _kept(request: Request, ctx: Context) -> Meeting:
    """The meeting, for those who keep its door. Raises NotAllowed."""
    meeting = _meeting(request, ctx)
    if not policy.allows(ctx.session, ctx.actor, Can.DOOR, meeting.community_id):
        raise NotAllowed("not_allowed")
    return meeting


# On one's own telephone


def _page(request: Request, ctx: Context, meeting: Meeting, form: Form) -> Response:
    seat = meetings.seat_of(ctx.session, meeting.id, ctx.person_id)
    return pages.page(
        request, "doors/show.html", 422 if form.problems else 200, meeting=meeting, seat=seat,
        form=form, here=attendance.of_seat(ctx.session, seat.id) if seat else None,
        opened=doors.is_open(meeting), count=attendance.count(ctx.session, meeting),
        company=observers.company(ctx.session, meeting.id), speaks=observers.may_speak(meeting),
        watching=observers.of_person(ctx.session, meeting.id, ctx.person_id),
        places=observers.standing(ctx.session, meeting, ctx.person_id),
        joins=None if seat else gate.possible(ctx, "observer.come", meeting),
        takes=None if seat else gate.possible(ctx, "seat.take", meeting),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Where the square at the door leads to: one tap to sign in, or why it cannot be."""
    meeting, code = _meeting(request, ctx), request.query_params.get("code", "")[:20]
    form = Form(code=code)
    if code and (wrong := doors.fault(ctx.session, meeting.id, code, ctx.now)):
        form.wrong(Invalid(Problem(wrong, "code")))
    return _page(request, ctx, meeting, form)


@handler(session=True, rate="sign_in")
def sign_in(request: Request, ctx: Context) -> Response:
    """Sign in with the code; wrong ones are counted."""
    meeting, form = _meeting(request, ctx), form_of(request)
    seat = meetings.seat_of(ctx.session, meeting.id, ctx.person_id)
    if seat is None and not meeting.of_kind.arrivals:
        raise NotAllowed("not_invited_here")
    return _with_code(
        request, ctx, meeting, form,
        lambda code: doors.sign_in(ctx, seat, code=code)
        if seat
        else arrivals.take(ctx, meeting, code=code),
    )  # fmt: skip


def _with_code(
    request: Request, ctx: Context, meeting: Meeting, form: Form, come: Callable[[str], object]
) -> Response:
    """Let somebody come in with the code; wrong ones are counted."""
    counted = accounts.tries(f"door {meeting.id} {ctx.person_id}")
    accounts.check_attempts(ctx.session, counted, ctx.now)
    try:
        with form.reading():
            code = form.line("code", 20)
        come(code)
    except Invalid as wrong:
        accounts.failed(ctx.session, counted, ctx.now)
        return _page(request, ctx, meeting, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/door")


@handler(session=True, rate="sign_in")
def observe(request: Request, ctx: Context) -> Response:
    """Sign in as an observer with the code; or, keeping the door, add heads without an account."""
    meeting, form = _meeting(request, ctx), form_of(request)
    if not form.value("heads"):
        return _with_code(
            request, ctx, meeting, form, lambda code: observers.come(ctx, meeting, code=code)
        )
    try:
        with form.reading():
            heads = form.integer("heads")
        observers.count(ctx, meeting, heads=heads)
    except Invalid as wrong:
        return _sheet(request, ctx, meeting, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/door/code")


# Those who keep the door


@handler(session=True)
def code(request: Request, ctx: Context) -> Response:
    """The code with its square, to hang up at the door."""
    return _sheet(request, ctx, _kept(request, ctx), Form())


def _sheet(request: Request, ctx: Context, meeting: Meeting, form: Form) -> Response:
    return pages.page(
        request, "doors/code.html", 422 if form.problems else 200, meeting=meeting, form=form,
        door=doors.current(ctx.session, meeting.id, ctx.now), opened=doors.is_open(meeting),
        company=observers.company(ctx.session, meeting.id),
    )  # fmt: skip


@handler(session=True, rate="write")
def renew(request: Request, ctx: Context) -> Response:
    """Give the door a new code."""
    meeting = _meeting(request, ctx)
    doors.renew(ctx, meeting)
    return pages.back(request, f"/meetings/{meeting.id}/door/code")


# The kiosk


def _kiosk(
    request: Request, ctx: Context, meeting: Meeting, typed: str, *, asked: bool
) -> Response:
    seat = _seat(ctx, meeting, typed) if asked else None
    comes = arrivals.numbered(ctx.session, meeting, int(typed)) if asked and not seat else None
    adult = comes and grounds.is_adult(ctx.session, meeting.community_id, comes, ctx.now)
    return pages.page(
        request, "doors/kiosk.html", meeting=meeting, typed=typed, asked=asked, seat=seat,
        whose=seat.constituency if seat else Constituency.RESIDENTS if adult else None,
        here=attendance.of_seat(ctx.session, seat.id) if seat else None,
        opened=doors.is_open(meeting),
    )  # fmt: skip


def _seat(ctx: Context, meeting: Meeting, typed: str) -> MeetingSeat | None:
    return doors.seat_numbered(ctx.session, meeting, int(typed)) if typed else None


def _digits(text: str) -> str:
    return "".join(one for one in text if one in "0123456789")[:DIGITS]


def _is_locked(request: Request, meeting: Meeting) -> bool:
    """Whether this device does nothing else: then nobody leaves it for an officer's pages."""
    found: bool = request.state.sign_in.kiosk_id == meeting.id
    return found


@handler(session=True)
def kiosk(request: Request, ctx: Context) -> Response:
    """A keypad for the public number: each key is a button of a plain form, no list is shown."""
    meeting = _kept(request, ctx)
    if not _is_locked(request, meeting):
        return pages.page(request, "doors/lock.html", meeting=meeting)
    typed = _digits(request.query_params.get("typed", ""))
    pressed = request.query_params.get("press", "")
    typed = typed[:-1] if pressed == "back" else _digits(typed + pressed)
    return _kiosk(request, ctx, meeting, typed, asked=pressed == "go" and bool(typed))


@handler(session=True, rate="write")
def lock(request: Request, ctx: Context) -> Response:
    """Make this device the kiosk of the meeting, and nothing else."""
    meeting = _kept(request, ctx)
    accounts.lock(ctx.session, request.state.sign_in.id, meeting.id, ctx.now)
    return pages.back(request, f"/meetings/{meeting.id}/kiosk")


@handler(session=True, rate="write")
def kiosk_sign_in(request: Request, ctx: Context) -> Response:
    """The number is right: sign its holder in."""
    meeting = _kept(request, ctx)
    if not _is_locked(request, meeting):
        raise NotAllowed("not_a_kiosk")
    typed = _digits(form_of(request).value("number"))
    seat = _seat(ctx, meeting, typed)
    if seat and attendance.of_seat(ctx.session, seat.id) is None:
        attendance.tick(ctx, seat, method=CheckInMethod.KIOSK)
    elif not seat and typed and (comes := arrivals.numbered(ctx.session, meeting, int(typed))):
        arrivals.give(ctx, meeting, person_id=comes, method=CheckInMethod.KIOSK)
    return pages.back(request, f"/meetings/{meeting.id}/kiosk?typed={typed}&press=go")


routes = [
    Route("/meetings/{id:int}/door", show),
    Route("/meetings/{id:int}/door", sign_in, methods=["POST"]),
    Route("/meetings/{id:int}/observers", observe, methods=["POST"]),
    Route("/meetings/{id:int}/door/code", code),
    Route("/meetings/{id:int}/door/renew", renew, methods=["POST"]),
    Route("/meetings/{id:int}/kiosk", kiosk),
    Route("/meetings/{id:int}/kiosk", kiosk_sign_in, methods=["POST"]),
    Route("/meetings/{id:int}/kiosk/lock", lock, methods=["POST"]),
]
