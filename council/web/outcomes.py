"""The start page and the list of outcomes: what was decided and done, what failed, what is late."""

from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import deadlines, outcomes, translations
from council.gate import Context
from council.meetings import Meeting
from council.outcomes import Card, Filter, OutcomeKind, Running
from council.places import Place
from council.proposals import OutcomeClass
from council.web import pages
from council.web.handler import handler

E = TypeVar("E", bound=StrEnum)

FIRST_YEAR = 2000
PAGE = 12


@handler()
def home(request: Request, ctx: Context) -> Response:
    """What was done, failed or is late; what is under discussion today; the next meeting."""
    place: Place | None = request.state.look.community
    if place is None:
        return pages.page(
            request, "outcomes/first_week.html", running=[], totals=None, meeting=None
        )
    totals = outcomes.totals(ctx.session, place.id, ctx.now)
    running = outcomes.running(ctx.session, place.id)
    meeting = outcomes.next_meeting(ctx, place.id)
    if not totals.all:
        return pages.page(
            request, "outcomes/first_week.html", running=running, totals=totals, meeting=meeting,
            translations=_words(ctx, [], running, meeting),
        )  # fmt: skip
    wanted = Filter(place.id)
    found = outcomes.cards(ctx.session, wanted, ctx.now)
    year, quarter = outcomes.quarter_of(deadlines.local_date(ctx.now))
    return pages.page(
        request, "outcomes/home.html", totals=totals, running=running, meeting=meeting,
        year=year, quarter=quarter, since=outcomes.period(year, quarter)[0],
        **_listed(found, wanted), translations=_words(ctx, found, running, meeting),
    )  # fmt: skip


@handler()
def index(request: Request, ctx: Context) -> Response:
    """The outcomes of a time, a class or a kind; what the address asks for stands in the form."""
    place: Place | None = request.state.look.community
    wanted, ignored = _asked(request, place.id if place else 0)
    found = outcomes.cards(ctx.session, wanted, ctx.now)
    this_year = deadlines.local_date(ctx.now).year
    return pages.page(
        request, "outcomes/index.html", wanted=wanted, ignored=ignored,
        years=range(this_year, this_year - 6, -1), **_listed(found, wanted),
        translations=_words(ctx, found, []),
    )  # fmt: skip


def _asked(request: Request, community_id: int) -> tuple[Filter, list[str]]:
    """The filter that the address asks for, and the names of what it asks that does not exist."""
    query = request.query_params
    number = {
        name: int(query[name]) if query.get(name, "").isascii() and query[name].isdigit() else None
        for name in ("year", "quarter")
        if query.get(name)
    }
    year, quarter = number.get("year"), number.get("quarter")
    year = year if year and FIRST_YEAR <= year <= 9000 else None
    wanted = Filter(
        community_id, year=year, quarter=quarter if year and quarter in {1, 2, 3, 4} else None,
        outcome_class=_member(OutcomeClass, query.get("class", "")),
        kind=_member(OutcomeKind, query.get("kind", "")),
        before=outcomes.place_in_list(query.get("before", "")), limit=PAGE,
    )  # fmt: skip
    understood = {
        "year": wanted.year, "quarter": wanted.quarter, "class": wanted.outcome_class,
        "kind": wanted.kind, "before": wanted.before,
    }  # fmt: skip
    asked = {name for name, value in query.items() if value and name not in {"lang", "size"}}
    return wanted, sorted(name for name in asked if not understood.get(name))


def _member(kind: type[E], value: str) -> E | None:
    return next((one for one in kind if one.value == value), None)


def _listed(found: list[Card], wanted: Filter) -> dict[str, Any]:
    """The cards of one page, and the place from which the older ones follow."""
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    older = outcomes.cursor(shown[-1].at, shown[-1].proposal.id) if more else ""
    return {"cards": shown, "older": older}


def _words(
    ctx: Context, cards: list[Card], running: list[Running], meeting: Meeting | None = None
) -> translations.Words:
    matters = [card.proposal.id for card in cards] + [one.proposal.id for one in running]
    words = translations.of_matters(ctx.session, matters)
    if meeting:
        words |= translations.of_rows(ctx.session, [("meeting", meeting.id)])
    return words


routes = [
    Route("/", home),
    Route("/outcomes", index),
]
