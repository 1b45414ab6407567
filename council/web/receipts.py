"""Receipt check: anybody who has a code sees that the ballot is in the box, and that it counted."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import batches, history, receipts
from council.batches import Found
from council.errors import Invalid
from council.gate import Context
from council.votes import VoteStage
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler

LONGEST = 80
"""Characters of what is typed: a whole commitment has 64."""


@dataclass(frozen=True)
class Shown:
    """A ballot that was found, its place in its batch and the log's entry of that batch."""

    found: Found
    place: int | None = None
    entry: int | None = None

    @property
    def code(self) -> str:
        """The short code."""
        return receipts.code_of(self.found.c)

    @property
    def waits_for(self) -> int:
        """How many ballots enter the log together."""
        return batches.least(self.found.vote)

    @property
    def voided(self) -> bool:
        """Whether its vote does not count at all."""
        return self.found.vote.stage is VoteStage.VOIDED


def _shown(ctx: Context, found: Found) -> Shown:
    batch = found.batch
    if batch is None:
        return Shown(found)
    entry = history.entry_of(ctx.session, "ballot_batch.log", batch, since=batch.at)
    return Shown(found, batch.commitments.index(found.c) + 1, entry)


@handler()
def ask(request: Request, ctx: Context) -> Response:
    """The field for the code. A scanned receipt brings it behind the #, where no server sees it."""
    return pages.page(request, "receipts/show.html", form=Form(), shown=None)


@handler(rate="write", private=True, reads=True)
def find(request: Request, ctx: Context) -> Response:
    """What became of the ballot with this code; nothing is noted anywhere."""
    form = form_of(request)
    try:
        with form.reading():
            typed = form.line("code", LONGEST)
            start = receipts.start_of(typed)
            form.check(not typed or start is not None, "no_receipt_code", "code")
        found = batches.find(ctx, start or "")
    except Invalid as wrong:
        return pages.page(request, "receipts/show.html", 422, form=form.wrong(wrong), shown=None)
    shown = [_shown(ctx, one) for one in found]
    about = [one.found.vote for one in shown]
    besides = [("vote", one.id) for one in about]
    return pages.page(
        request, "receipts/show.html", form=form, shown=shown,
        translations=formal.words(request, ctx, about, *besides),
    )  # fmt: skip


routes = [
    Route("/receipts", ask),
    Route("/receipts", find, methods=["POST"]),
]
