"""The start page and the list of outcomes: what was decided and done, what failed, what is late."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from io import StringIO
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import absences, counting, deadlines, outcomes, translations, votes
from council.gate import Context
from council.meetings import ItemStage, Meeting
from council.outcomes import Card, Filter, OutcomeKind, Running
from council.places import Place
from council.proposals import OutcomeClass
from council.text import safe_cell
from council.votes import Vote
from council.web import pages
from council.web import words as say
from council.web.handler import handler
from council.web.look import seen_by

E = TypeVar("E", bound=StrEnum)

FIRST_YEAR = 2000
PAGE = 12
EXPORT, FEED = 5000, 50
"""Most lines of a table, most entries of a feed; what is older follows under `before`."""


@handler()
def home(request: Request, ctx: Context) -> Response:
    """What was done, failed or is late; what is under discussion today; the next meeting."""
    place: Place | None = request.state.look.community
    if place is None:
        return pages.page(
            request,
            "outcomes/first_week.html",
            running=[],
            totals=None,
            meeting=None,
            open_votes=[],
        )
    totals = outcomes.totals(ctx.session, place.id, ctx.now)
    running = outcomes.running(ctx.session, place.id)
    meeting = outcomes.next_meeting(ctx, place.id)
    polls = votes.open_now(ctx, place.id)
    voting: dict[str, Any] = {"open_votes": polls, "turnouts": {}, "mine": set[int]()}
    if polls:
        voting["turnouts"] = counting.turnouts(ctx.session, polls)
    me = ctx.actor.person_id if ctx.actor else None
    if not totals.all:
        return pages.page(
            request, "outcomes/first_week.html", running=running, totals=totals, meeting=meeting,
            translations=_words(ctx, [], running, meeting, polls), **voting,
        )  # fmt: skip
    wanted = Filter(place.id)
    found = outcomes.cards(ctx.session, wanted, ctx.now)
    year, quarter = outcomes.quarter_of(deadlines.local_date(ctx.now))
    return pages.page(
        request, "outcomes/home.html", totals=totals, running=running, meeting=meeting,
        year=year, quarter=quarter, since=outcomes.period(year, quarter)[0],
        ballots=sum(one.waiting for one in absences.own(ctx.session, me)) if me else 0,
        **_listed(found, wanted), translations=_words(ctx, found, running, meeting, polls),
        **voting,
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


# The same list for spreadsheets and feed readers


@handler()
def as_table(request: Request, ctx: Context) -> Response:
    """The list as CSV (RFC 4180), in UTF-8 with the mark by which spreadsheets know it."""
    found, words = _export(request, ctx, EXPORT)
    look, written = request.state.look, StringIO()
    with seen_by(look, words):
        lines = csv.writer(written)
        lines.writerow(say.gettext(one) for one in COLUMNS)
        lines.writerows([safe_cell(cell) for cell in _cells(card)] for card in found[:EXPORT])
    headers = {
        "Vary": pages.VARY, "Content-Language": look.tag,
        "Content-Disposition": 'attachment; filename="outcomes.csv"',
    }  # fmt: skip
    if len(found) > EXPORT:
        last = found[EXPORT - 1]
        older = look.here(before=outcomes.cursor(last.at, last.proposal.id))
        headers["Link"] = f'<{look.base}{older}>; rel="next"'
    return Response("\ufeff" + written.getvalue(), media_type="text/csv", headers=headers)


@handler()
def as_feed(request: Request, ctx: Context) -> Response:
    """The list as an Atom feed (RFC 4287)."""
    found, words = _export(request, ctx, FEED)
    look = request.state.look
    text = pages.render(look, "outcomes/feed.xml", {"cards": found[:FEED]}, words)
    return Response(
        text, media_type="application/atom+xml",
        headers={"Vary": pages.VARY, "Content-Language": look.tag},
    )  # fmt: skip


def _export(request: Request, ctx: Context, limit: int) -> tuple[list[Card], translations.Words]:
    place: Place | None = request.state.look.community
    wanted, _ = _asked(request, place.id if place else 0)
    found = outcomes.cards(ctx.session, replace(wanted, limit=limit), ctx.now)
    return found, _words(ctx, found, [])


COLUMNS = (
    "column.number", "column.address", "Title", "Class", "column.status", "column.day",
    "column.days", "Responsible unit", "vote.for", "vote.against", "vote.abstain", "vote.present",
    "vote.due", "Rating",
)  # fmt: skip


def _cells(card: Card) -> Iterator[object]:
    """One outcome as a line of the table; what there is not stays empty."""
    row, votes = card.proposal, card.result
    voted = votes is not None and card.item is not None and card.item.stage is ItemStage.VOTED
    yield row.id
    yield say.absolute(f"/proposals/{row.id}")
    yield say.said(row, "title").striptags()
    yield say.label(row.outcome_class)
    yield say.label(card.kind if card.kind is OutcomeKind.OVERDUE else row.stage)
    yield deadlines.local_date(card.at).isoformat()
    yield card.days
    yield say.named(card.unit).striptags() if card.unit else ""
    for name in ("favour", "against", "abstain"):
        yield getattr(votes.totals, name) if votes and voted else ""
    for name in ("present", "due"):
        yield sum(getattr(one.tally, name) for one in votes.parts) if votes else ""
    yield card.rating.shown if card.rating else ""


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
    return wanted, request.state.look.left_out(**understood)


def _member(kind: type[E], value: str) -> E | None:
    return next((one for one in kind if one.value == value), None)


def _listed(found: list[Card], wanted: Filter) -> dict[str, Any]:
    """The cards of one page, and the place from which the older ones follow."""
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    older = outcomes.cursor(shown[-1].at, shown[-1].proposal.id) if more else ""
    return {"cards": shown, "older": older}


def _words(
    ctx: Context, cards: list[Card], running: list[Running], meeting: Meeting | None = None,
    polls: Iterable[Vote] = (),
) -> translations.Words:  # fmt: skip
    matters = [card.proposal.id for card in cards] + [one.proposal.id for one in running]
    words = translations.of_matters(ctx.session, matters)
    about = [("vote", one.id) for one in polls]
    if meeting:
        about.append(("meeting", meeting.id))
    if about:
        words |= translations.of_rows(ctx.session, about)
    return words


routes = [
    Route("/", home),
    Route("/outcomes", index),
    Route("/outcomes.csv", as_table),
    Route("/outcomes.atom", as_feed),
]
