"""Receipt check: anybody who has a code sees that the ballot is in the box, and that it counted.

From the whole text of a receipt it is told whether this log signed it. A receipt that is signed and
whose ballot is nowhere is proof against those who run the vote.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import batches, history, receipts, signatures
from council.batches import Found
from council.checkpoint import Signer
from council.errors import Invalid
from council.gate import Context
from council.votes import VoteStage
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler
from council.web.reader import settings_of

LONGEST, TEXT = 80, 4000
"""Characters of what is typed: a whole commitment has 64, a whole receipt some hundreds."""


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


@dataclass(frozen=True)
class Verdict:
    """Whether this log signed a receipt, and whether the box of its vote holds the ballot."""

    code: str
    vote_id: int
    ours: bool
    held: bool


def _page(request: Request, ctx: Context, form: Form, shown: list[Shown] | None = None,
          verdict: Verdict | None = None) -> Response:  # fmt: skip
    about = [one.found.vote for one in shown or ()]
    besides = [("vote", one.id) for one in about]
    return pages.page(
        request, "receipts/show.html", 422 if form.problems else 200, form=form, shown=shown,
        verdict=verdict, translations=formal.words(request, ctx, about, *besides),
    )  # fmt: skip


@handler()
def ask(request: Request, ctx: Context) -> Response:
    """The field for the code. A scanned receipt brings it behind the #, where no server sees it."""
    return _page(request, ctx, Form())


@handler(rate="write", private=True, reads=True)
def find(request: Request, ctx: Context) -> Response:
    """What became of the ballot with this code, or of this receipt; nothing is noted anywhere."""
    form = form_of(request)
    try:
        if form.flag("whole"):
            return _verdict(request, ctx, form)
        with form.reading():
            typed = form.line("code", LONGEST)
            start = receipts.start_of(typed)
            form.check(not typed or start is not None, "no_receipt_code", "code")
        found = batches.find(ctx, start or "")
    except Invalid as wrong:
        return _page(request, ctx, form.wrong(wrong))
    return _page(request, ctx, form, [_shown(ctx, one) for one in found])


def _verdict(request: Request, ctx: Context, form: Form) -> Response:
    """What is true of a receipt whose whole text was sent. Raises Invalid."""
    with form.reading():
        words = form.text("receipt", TEXT, required=False)
        if saved := form.files("file"):
            words = words or saved[0].file.read(TEXT).decode(errors="replace")
        signed = signatures.read(words)
        form.check(words, "empty", "receipt")
        form.check(not words or signed is not None, "no_receipt_text", "receipt")
    assert signed is not None  # noqa: S101  (else something was wrong)
    settings = settings_of(request)
    key = Signer(settings.log_origin, settings.log_seed()).verifier
    held = batches.holds(ctx.session, signed.vote_id, signed.c)
    verdict = Verdict(
        receipts.code_of(signed.c), signed.vote_id, signatures.is_signed(key, signed), held
    )
    found = [one for one in batches.find(ctx, signed.c) if one.vote.id == signed.vote_id]
    return _page(request, ctx, Form(), [_shown(ctx, one) for one in found], verdict)


routes = [
    Route("/receipts", ask),
    Route("/receipts", find, methods=["POST"]),
]
