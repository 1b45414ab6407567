"""Printouts of a vote: its notice, the slips, the tellers' sheet, the result for the board."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import (
    counting,
    disputes,
    history,
    paperballots,
    papercounts,
    papersheets,
    preparations,
    proxies,
    rolls,
    rulecards,
)
from council.errors import NotFound
from council.gate import Context
from council.places import Place
from council.policy import Can
from council.tallies import Tally, Weight
from council.thresholds import Rule
from council.votes import SHOWN, Method, Vote, VoteStage
from council.web import counts, formal, pages
from council.web.handler import handler

DESK = {Can.SCREEN, Can.KEEP_ROLL, Can.COUNT, Can.OVERSEE, Can.CONVENE}
"""Those who print what is not for the board."""

HALF, HALF_OF_SCORES = 5, 3
"""Options that fit on half a sheet, and options with six boxes each."""

LINES = 16
"""Lines of a tellers' sheet on which slips stand one by one."""


def _page(request: Request, ctx: Context, vote: Vote, name: str, **more: Any) -> Response:
    row = preparations.of(ctx.session, vote.id)
    return pages.page(
        request, f"printouts/{name}.html", vote=vote, preparation=row,
        place=ctx.session.get_one(Place, vote.community_id), stamp=history.head(ctx.session),
        options=counts.options(vote),
        translations=formal.words(request, ctx, [vote], ("preparation", row.id)), **more,
    )  # fmt: skip


@handler()
def notice(request: Request, ctx: Context) -> Response:
    """The notice of the vote, once it is out: everything somebody without a telephone needs."""
    vote = formal.vote_of(request, ctx)
    if vote.stage in preparations.PREPARING or vote.stage is VoteStage.VOIDED:
        raise NotFound("not_found")
    due = vote.due or rolls.due(ctx.session, vote)
    return _page(
        request, ctx, vote, "notice", turnout=counting.turnout(ctx.session, vote),
        card=rulecards.card(
            Rule.from_json(vote.rule), rulecards.entitled(due), motion=vote.method is Method.MOTION
        ),
        proxies=proxies.allows_proxies(ctx, vote), most=proxies.MOST,
    )  # fmt: skip


@handler(session=True)
def slips(request: Request, ctx: Context) -> Response:
    """The slips of one run, two to a sheet."""
    vote = formal.paper_vote(request, ctx, *DESK)
    run = paperballots.run(ctx.session, vote, int(request.path_params["run"]))
    codes = [paperballots.code(vote.id, n) for n in range(run.first, run.last + 1)]
    fit = HALF_OF_SCORES if vote.method is Method.SCORE else HALF
    each = 2 if len(vote.options) <= fit else 1
    return _page(
        request, ctx, vote, "slips", run=run,
        sheets=[codes[n : n + each] for n in range(0, len(codes), each)],
        by_name=paperballots.by_name(vote), sides=vote.rule.get("constituencies", []),
    )  # fmt: skip


@handler(session=True)
def sheet(request: Request, ctx: Context) -> Response:
    """The sheet on which two tellers write what they count."""
    vote = formal.paper_vote(request, ctx, *DESK)
    return _page(
        request, ctx, vote, "sheet", sides=papersheets.sides(vote), heaps=papersheets.HEAPS,
        by_heaps=papersheets.by_heaps(vote), by_name=paperballots.by_name(vote), lines=LINES,
        stock=paperballots.stock(ctx.session, vote.id),
    )  # fmt: skip


@handler()
def result(request: Request, ctx: Context) -> Response:
    """The result for the board, provisional or final, with every line of its arithmetic."""
    vote = formal.vote_of(request, ctx)
    if vote.stage not in SHOWN:
        raise NotFound("not_found")
    language = request.state.look.language
    return _page(
        request, ctx, vote, "result", turnout=counting.turnout(ctx.session, vote),
        rows=_rows(vote), paper=papercounts.of(ctx.session, vote.id),
        lines=counts.lines(vote, language, formal.words(request, ctx, [vote])),
        numbers=disputes.numbers(disputes.of(ctx.session, vote.id)),
        until=disputes.until(ctx.session, vote),
    )  # fmt: skip


def _rows(vote: Vote) -> list[tuple[Weight, str, Tally]]:
    """The lines of the table: weight, constituency (empty: all together), and their tally."""
    found = vote.reckoning
    if found is None:
        return []
    apart = found.parts if found.rule.constituencies else ()
    return [
        (weight, name, count[weight])
        for weight in found.rule.weights
        for name, count in (*((one.constituency, one.count) for one in apart), ("", found.count))
    ]


BASE = "/votes/{id:int}/print"

routes = [
    Route(f"{BASE}/notice", notice),
    Route(f"{BASE}/slips/{{run:int}}", slips),
    Route(f"{BASE}/sheet", sheet),
    Route(f"{BASE}/result", result),
]
