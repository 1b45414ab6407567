"""The notice board: what hangs there today, and each notice as it is printed."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import history, notices, translations
from council.errors import NotFound
from council.gate import Context
from council.notices import Notice
from council.places import Place
from council.web import pages
from council.web.handler import handler
from council.web.look import Translations


def _words(request: Request, ctx: Context, found: Sequence[Notice]) -> Translations | None:
    """The English of the notices, for the English page only."""
    if request.state.look.language != "en":
        return None
    return translations.of_rows(ctx.session, [("notice", row.id) for row in found])


@handler()
def index(request: Request, ctx: Context) -> Response:
    """What hangs on the board today, the newest first."""
    community: Place | None = request.state.look.community
    found = notices.standing(ctx.session, community, ctx.now) if community else []
    return pages.page(
        request, "notices/index.html", rows=found, ignored=request.state.look.left_out(),
        translations=_words(request, ctx, found),
    )  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """One notice, large enough for the board, with the way to its matter."""
    row = ctx.session.get(Notice, int(request.path_params["id"]))
    if row is None:
        raise NotFound("not_found")
    return pages.page(
        request, "notices/show.html", notice=row, place=ctx.session.get(Place, row.community_id),
        hangs=not notices.is_over(row, ctx.now), stamp=history.head(ctx.session),
        translations=_words(request, ctx, [row]),
    )  # fmt: skip


routes = [
    Route("/notices", index),
    Route("/notices/{id:int}", show),
]
