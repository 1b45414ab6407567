"""The public log: every act in words, and what an outsider needs to check it."""

from base64 import b64encode
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from council import audit, deadlines, history, i18n, translations
from council.checkpoint import BadNote, Checkpoint, Signer, Verifier
from council.errors import NotFound
from council.gate import Context
from council.history import LogKind, Wanted
from council.settings import Settings
from council.web import pages
from council.web.forms import Form
from council.web.handler import LARGEST_ID, handler
from council.web.reader import settings_of

WORDS = 50
"""Longest search, in characters."""

FILTERS = ("kind", "matter", "q", "day", "before", "no")


@handler()
def index(request: Request, ctx: Context) -> Response:
    """The newest entries first, narrowed to what the reader looks for."""
    form = Form(dict(request.query_params))
    wanted = _wanted(form)
    found = history.page(ctx, wanted)
    entries = found[: wanted.limit]
    matters = [one.matter_id for one in entries if one.matter_id]
    return pages.page(
        request, "log/index.html", entries=entries, wanted=wanted,
        ignored=request.state.look.left_out(**{one: not form.problem(one) for one in FILTERS}),
        filter=Form(q=wanted.words, kind=wanted.kind, day=wanted.until and form.value("day")),
        older=entries[-1].index if len(found) > wanted.limit else None,
        head=_head(ctx, settings_of(request)), kinds=LogKind,
        translations=translations.of_matters(ctx.session, matters),
    )  # fmt: skip


def _wanted(form: Form) -> Wanted:
    """What the address asks for; a filter that makes no sense is left out, and the page says so."""
    kind = form.choice_or_none("kind", LogKind)
    matter = form.integer_or_none("matter", 1, LARGEST_ID)
    words = form.line("q", WORDS, required=False)
    day = form.day_or_none("day")
    before = form.integer_or_none("before", 0, LARGEST_ID)
    number = form.integer_or_none("no", 0, LARGEST_ID)
    wrong = {one.field for one in form.problems}
    if number is not None and "no" not in wrong:
        before = number + 1
    return Wanted(
        kind=kind,
        matter_id=None if "matter" in wrong else matter,
        words="" if "q" in wrong else words,
        until=deadlines.day_end(day) if day else None,
        before=None if "before" in wrong else before,
    )


@dataclass(frozen=True)
class Head:
    """The log's head as readers see it: how long it is, and the last signed checkpoint.

    `broken` says that the checkpoint was altered, or that the log is shorter than it.
    """

    size: int
    note: str
    signed: Checkpoint | None
    broken: bool


def _head(ctx: Context, settings: Settings) -> Head:
    size, path = audit.size(ctx.session), settings.checkpoint_file
    if not path.exists():
        return Head(size, "", None, broken=False)
    note = path.read_text("utf-8")
    verifier = Verifier.parse(Signer(settings.log_origin, settings.log_seed()).verifier)
    try:
        signed = Checkpoint.parse(verifier.open(note))
    except BadNote:
        return Head(size, note, None, broken=True)
    return Head(size, note, signed, broken=signed.size > size)


@handler()
def entry(request: Request, ctx: Context) -> Response:
    """One entry: its rows in words, its bytes, and where its proof is."""
    number = int(request.path_params["index"])
    found = history.detail(ctx, number)
    if found is None:
        raise NotFound("not_found")
    matter = found.history.matter_id
    return pages.page(
        request, "log/entry.html", entry=found.history, detail=found,
        head=_head(ctx, settings_of(request)),
        translations=translations.of_matters(ctx.session, [matter] if matter else []),
    )  # fmt: skip


@handler()
def checkpoint(request: Request, ctx: Context) -> Response:
    """The last signed checkpoint, word for word (C2SP tlog-checkpoint)."""
    note = _head(ctx, settings_of(request)).note
    return PlainTextResponse(note) if note else _missing(request, "no_checkpoint")


@handler()
def key(request: Request, ctx: Context) -> Response:
    """The line by which others know the log's key (C2SP signed-note)."""
    settings = settings_of(request)
    return PlainTextResponse(Signer(settings.log_origin, settings.log_seed()).verifier + "\n")


@handler()
def proof(request: Request, ctx: Context) -> Response:
    """The proof that an entry stands in the signed tree, for checking offline (C2SP tlog-proof)."""
    number = int(request.path_params["index"])
    head = _head(ctx, settings_of(request))
    if head.signed is None or head.broken or number >= head.signed.size:
        return _missing(request, "not_signed_yet")
    hashes = audit.inclusion(ctx.session, number, head.signed.size)
    lines = [b64encode(one).decode() for one in hashes]
    text = "\n".join(["c2sp.org/tlog-proof@v1", f"index {number}", *lines, "", head.note])
    name = f'attachment; filename="entry-{number}.tlog-proof"'
    return PlainTextResponse(text, headers={"Content-Disposition": name})


def _missing(request: Request, key_: str) -> Response:
    return PlainTextResponse(
        i18n.translate(request.state.look.language, f"error.{key_}") + "\n", status_code=404
    )


routes = [
    Route("/log", index),
    Route("/log/entries/{index:int}", entry),
    Route("/log/checkpoint", checkpoint),
    Route("/log/key", key),
    Route("/log/proofs/{index:int}", proof),
]
