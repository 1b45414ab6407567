"""Who has not voted yet, with the way to vote for them at the counter; never how the others did."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import absences, policy
from council.errors import NotFound
from council.gate import Context
from council.offices import numbers
from council.policy import Can
from council.votes import VoteMode
from council.web import formal, pages
from council.web.handler import handler

SEES = {Can.KEEP_ROLL, Can.CONVENE, Can.ENTER_FOR}
"""Those who invite people to vote, and who serve at the counter."""


@handler(session=True)
def listing(request: Request, ctx: Context) -> Response:
    """The names page by page."""
    vote = formal.vote_of(request, ctx, *SEES)
    if vote.opened_at is None:
        raise NotFound("not_found")
    serves = policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, vote.community_id)
    asked = request.query_params.get("after", "")
    after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 0
    found = absences.absent(ctx.session, vote.id, after=after, limit=absences.PAGE + 1)
    rows, look = found[: absences.PAGE], request.state.look
    people = {one.person_id for one in rows if one.person_id is not None}
    desk = "/ballot/for" if vote.mode is VoteMode.SECRET else "/for"
    return pages.page(
        request, "absences/list.html", vote=vote, rows=rows,
        desk=desk if vote.is_open and serves else "",
        numbers=numbers(ctx.session, vote.community_id, people),
        next=look.here(after=str(rows[-1].number)) if len(found) > len(rows) else "",
        first=look.here(after="") if after else "", left_out=look.left_out(after=after),
        translations=formal.words(request, ctx, [vote]),
    )  # fmt: skip


routes = [Route("/votes/{id:int}/absent", listing)]
