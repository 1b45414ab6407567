"""What each constituency of a formal vote has to reach by itself: the form of those who convene."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import constituencies, gate, preparations, rulecards
from council.errors import Invalid
from council.gate import Context
from council.people import Constituency
from council.policy import Can
from council.profiles import ADVISING, SHARES
from council.thresholds import Rule
from council.votes import Method, Vote
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler

MOST = len(Constituency)


def _page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    row = preparations.of(ctx.session, vote.id)
    motion = vote.method is Method.MOTION
    return pages.page(
        request, "constituencies/form.html", 422 if form else 200, vote=vote,
        form=form or Form(**vars(constituencies.asked_of(ctx, vote))),
        shares=["none", *SHARES], motion=motion, advises=motion and row.profile in ADVISING,
        groups=[Constituency(one) for one in row.constituencies],
        card=rulecards.card(Rule.from_json(vote.rule), motion=motion),
        possible=gate.possible(ctx, "vote.ask_apart", vote),
        translations=formal.words(request, ctx, [vote]),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """What is asked of each constituency, and the rule in plain words as it stands now."""
    return _page(request, ctx, formal.vote_of(request, ctx, Can.CONVENE))


@handler(session=True, rate="write")
def ask(request: Request, ctx: Context) -> Response:
    """Ask something of each constituency."""
    vote, form = formal.vote_of(request, ctx, Can.CONVENE), form_of(request)
    try:
        with form.reading():
            need = form.integer_or_none("need", 0, MOST) or 0
            advisory = form.choices("advisory", Constituency)
        constituencies.ask_apart(
            ctx, vote, quorum=form.value("quorum"), need=need, advisory=advisory
        )
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}?saved=1", status_code=303)


routes = [
    Route("/votes/{id:int}/constituencies", show),
    Route("/votes/{id:int}/constituencies", ask, methods=["POST"]),
]
