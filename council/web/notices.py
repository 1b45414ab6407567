"""The notice board: what hangs there today, each notice as it is printed, and that it hangs."""

from collections.abc import Sequence

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import files, gate, history, notices, policy, proofs, translations
from council.errors import Invalid, NotAllowed, NotFound
from council.files import Picture
from council.gate import Context
from council.notices import Notice
from council.places import Place
from council.policy import Can
from council.web import pages, photographs
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
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
        proofs=proofs.of_notices(ctx.session, [row.id for row in found]),
    )  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """One notice, large enough for the board, with the way to its matter."""
    return _page(request, ctx, _notice(request, ctx.session))


def _notice(request: Request, session: Session) -> Notice:
    row = session.get(Notice, int(request.path_params["id"]))
    if row is None:
        raise NotFound("not_found")
    return row


def _page(request: Request, ctx: Context, row: Notice, form: Form | None = None) -> Response:
    return pages.page(
        request, "notices/show.html", 422 if form else 200, notice=row,
        place=ctx.session.get(Place, row.community_id), stamp=history.head(ctx.session),
        hangs=not notices.is_over(row, ctx.now), translations=_words(request, ctx, [row]),
        proofs=proofs.of_notices(ctx.session, [row.id]).get(row.id, []),
        shows=gate.possible(ctx, "notice.photograph", row),
        form=form or Form(place=row.board, taken_at=ctx.now),
    )  # fmt: skip


def picture(request: Request, session: Session) -> Picture | None:
    """Draw the photograph anew and keep it on disk, before the transaction (slow)."""
    row, actor = _notice(request, session), request.state.look.actor
    if not policy.allows(session, actor, Can.PUBLISH, row.community_id):
        raise NotAllowed("not_allowed")
    return photographs.one(request, "photo")


@handler(session=True, rate="write", prepare=picture)
def photograph(request: Request, ctx: Context) -> Response:
    """Show that the notice hangs on a board."""
    row, form = _notice(request, ctx.session), form_of(request)
    try:
        drawn: Picture | None = prepared(request)
        with form.reading():
            place, alt = form.line("place", proofs.PLACE), form.line("alt", files.ALT)
            taken_at = form.moment("taken_at")
            form.check(drawn is not None, "empty", "photo")
        if drawn is not None:
            proofs.photograph(ctx, row, picture=drawn, place=place, taken_at=taken_at, alt=alt)
    except Invalid as wrong:
        return _page(request, ctx, row, form.wrong(wrong))
    return pages.back(request, f"/notices/{row.id}")


routes = [
    Route("/notices", index),
    Route("/notices/{id:int}", show),
    Route("/notices/{id:int}/photos", photograph, methods=["POST"]),
]
