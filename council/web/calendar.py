"""The calendar of working days, which every time limit is counted on; and setting a day by hand."""

from datetime import date
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import calendar, places, policy
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.places import Place
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


class DayKind(StrEnum):
    """What a day is set to."""

    WORKING = "working"
    CLOSED = "closed"


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The twelve months of a year."""
    return _page(request, ctx, Form())


def _page(request: Request, ctx: Context, form: Form) -> Response:
    look = request.state.look
    typed = request.query_params.get("year", "")
    known = typed.isascii() and typed.isdecimal() and int(typed[:5]) in calendar.YEARS
    year = int(typed) if known else look.today.year
    place = _here(request, ctx)
    return pages.page(
        request, "calendar/show.html", 422 if form.problems else 200, year=year, form=form,
        months=calendar.year(ctx.session, year), is_guess=calendar.is_guess(date(year, 7, 1)),
        ignored=look.left_out(year=known), kinds_of_day=list(DayKind),
        may=place is not None
        and policy.allows(ctx.session, ctx.actor, Can.CONFIGURE, place.id),
    )  # fmt: skip


def _here(request: Request, ctx: Context) -> Place | None:
    """The community; before there is one, the topmost place."""
    return request.state.look.community or places.top(ctx.session)


@handler(session=True, rate="write")
def set_day(request: Request, ctx: Context) -> Response:
    """Make a day a working day, or a day on which the offices are closed."""
    place, form = _here(request, ctx), form_of(request)
    if place is None:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, Can.CONFIGURE, place.id):
        raise NotAllowed("not_allowed")
    try:
        with form.reading():
            day = form.day("day")
            works = form.choice("works", DayKind) is DayKind.WORKING
            note = form.line("note", 100, required=False)
        calendar.set_day(ctx, place, day=day, works=works, note=note)
    except Invalid as wrong:
        return _page(request, ctx, form.wrong(wrong))
    return RedirectResponse(f"/calendar?year={day.year}#month-{day.month}", status_code=303)


routes = [
    Route("/calendar", show),
    Route("/calendar/days", set_day, methods=["POST"]),
]
