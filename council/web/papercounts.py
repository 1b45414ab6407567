"""Counting paper: the bundles, what one person keys, where two differ, the account of the slips."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import gate, paperballots, papercounts, papersheets
from council import safeguards as guards
from council.errors import Invalid
from council.gate import Context
from council.papercounts import REASON, At
from council.papersheets import HEAPS, HIGHEST, Sheet
from council.policy import Can
from council.safeguards import Watching
from council.tallies import ALL
from council.votes import Method, Vote
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler

MOTION = {
    "1": "for", "2": "against", "3": "abstain",
    "赞成": "for", "反对": "against", "弃权": "abstain",
}  # fmt: skip
"""How a motion is keyed one by one, by name."""

LONGEST = 40_000
"""Characters of a bundle that is keyed one by one."""


def _vote(request: Request, ctx: Context) -> Vote:
    """A vote with paper, for those who count and watch."""
    return formal.paper_vote(request, ctx, Can.COUNT, Can.OVERSEE)


def _page(request: Request, ctx: Context, vote: Vote, form: Form | None = None) -> Response:
    session = ctx.session
    rows = papercounts.batches(session, vote.id)
    there = [one.watching for one in guards.witnesses(session, vote.id)]
    listed = not papersheets.by_heaps(vote) and not paperballots.by_name(vote)
    return pages.page(
        request, "papercounts/index.html", 422 if form else 200, vote=vote, form=form or Form(),
        rows=rows, figures=papercounts.figures(session, vote.id),
        keyed=papercounts.keyed(session, vote.id),
        sides=papersheets.sides(vote) if listed else (), account=papercounts.of(session, vote.id),
        reconciled=papercounts.paper_reconciled(ctx, vote),
        begins=gate.possible(ctx, "paper_batch.begin", vote),
        reconciles=gate.possible(ctx, "paper_count.reconcile", vote),
        explains=gate.possible(ctx, "paper_count.explain", vote),
        missing=papercounts.slips_are_missing(ctx, vote),
        tellers=there.count(Watching.TELLER), observers=there.count(Watching.OBSERVER),
    )  # fmt: skip


@handler(session=True)
def index(request: Request, ctx: Context) -> Response:
    """The bundles and how far each is, and whether the slips are accounted for."""
    return _page(request, ctx, _vote(request, ctx))


@handler(session=True, rate="write")
def begin(request: Request, ctx: Context) -> Response:
    """Begin a bundle."""
    vote, form = _vote(request, ctx), form_of(request)
    try:
        made = papercounts.begin(ctx, vote, side=form.value("side") or ALL)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _to(vote, f"/{made.number}")


@handler(session=True, rate="write")
def reconcile(request: Request, ctx: Context) -> Response:
    """State that every slip is accounted for."""
    vote = _vote(request, ctx)
    papercounts.reconcile(ctx, vote)
    return _to(vote)


@handler(session=True, rate="write")
def explain(request: Request, ctx: Context) -> Response:
    """Say why slips never came back."""
    vote, form = _vote(request, ctx), form_of(request)
    try:
        with form.reading():
            reason = form.text("reason", REASON)
        papercounts.explain(ctx, vote, reason=reason)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _to(vote)


# One bundle


def _at(request: Request, ctx: Context) -> At:
    return papercounts.batch(ctx.session, _vote(request, ctx), int(request.path_params["batch"]))


def _bundle(request: Request, ctx: Context, at: At, form: Form | None = None) -> Response:
    session, vote, row = ctx.session, at.vote, at.batch
    me = ctx.actor.person_id if ctx.actor else None
    current = papercounts.entries(session, row, row.round)
    return pages.page(
        request, "papercounts/show.html", 422 if form else 200, vote=vote, row=row,
        form=form or Form(), keyed=len(current), mine=any(one.person_id == me for one in current),
        differs=papercounts.differs(session, row), by_heaps=papersheets.by_heaps(vote),
        by_name=paperballots.by_name(vote), sides=papersheets.sides(vote), heaps=HEAPS,
        enters=gate.possible(ctx, "paper_entry.enter", at),
        recounts=gate.possible(ctx, "paper_batch.recount", at),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """One bundle: the form for whoever has not keyed it, and where two differed."""
    return _bundle(request, ctx, _at(request, ctx))


@handler(session=True, rate="write")
def enter(request: Request, ctx: Context) -> Response:
    """Key a bundle."""
    at, form = _at(request, ctx), form_of(request)
    try:
        with form.reading():
            content: Any = _heaps(at.vote, form)
            if not papersheets.by_heaps(at.vote):
                content = _lines(at.vote, form)
            spoiled = form.integer("spoiled", 0, HIGHEST)
            unused = form.integer("unused", 0, HIGHEST)
        papercounts.enter(ctx, at, sheet=Sheet(content, spoiled, unused))
    except Invalid as wrong:
        return _bundle(request, ctx, at, form.wrong(wrong))
    return _to(at.vote, f"/{at.batch.number}")


@handler(session=True, rate="write")
def recount(request: Request, ctx: Context) -> Response:
    """Count a bundle again."""
    at = _at(request, ctx)
    papercounts.recount(ctx, at)
    return _to(at.vote, f"/{at.batch.number}")


def _heaps(vote: Vote, form: Form) -> dict[str, dict[str, int]]:
    """How many slips lie on each heap, by constituency."""
    if not papersheets.by_heaps(vote):
        return {}
    return {
        side: {heap: form.integer(f"{side}_{heap}", 0, HIGHEST) for heap in HEAPS}
        for side in papersheets.sides(vote)
    }


def _lines(vote: Vote, form: Form) -> list[tuple[int, Any]]:
    """Ballots one by one: in each line the number, a space, and what stands on the slip."""
    found = list(enumerate(form.text("content", LONGEST, required=False).splitlines(), 1))
    return list(_read(vote, form, [(n, line) for n, line in found if line.strip()]))


def _read(vote: Vote, form: Form, lines: list[tuple[int, str]]) -> Iterator[tuple[int, Any]]:
    for n, line in lines:
        words = re.split(r"[\s,、]+", unicodedata.normalize("NFKC", line).strip())
        number = paperballots.number_of(vote.id, words[0])
        try:
            answer = _answer(vote, words[1:])
        except (ValueError, KeyError, IndexError):
            number = None
        if form.check(number is not None, "line_unread", "content", line=n):
            yield number or 0, answer


def _answer(vote: Vote, words: list[str]) -> Any:
    """What stands on one slip; None when it is spoiled. Raises ValueError, KeyError, IndexError."""
    if [one.lower() for one in words] in (["x"], ["废票"]):
        return None
    ids = [str(one["id"]) for one in vote.options]

    def option(word: str) -> str:
        return ids[_place(word)]

    match vote.method:
        case Method.MOTION:
            (word,) = words
            return MOTION[word]
        case Method.SCORE:
            pairs = zip(ids, words, strict=True)
            return {one: int(word) for one, word in pairs if word != "-"}
        case Method.RANKED:
            return [[option(one) for one in word.split("=")] for word in words]
        case _:
            return [option(one) for one in words]


def _place(word: str) -> int:
    """Where the option stands that is typed as 1, 2, 3 and so on."""
    if int(word) < 1:
        raise ValueError(word)
    return int(word) - 1


def _to(vote: Vote, more: str = "") -> Response:
    return RedirectResponse(f"/votes/{vote.id}/count{more}", status_code=303)


BASE = "/votes/{id:int}/count"

routes = [
    Route(BASE, index),
    Route(BASE, begin, methods=["POST"]),
    Route(f"{BASE}/reconciliation", reconcile, methods=["POST"]),
    Route(f"{BASE}/explanation", explain, methods=["POST"]),
    Route(f"{BASE}/{{batch:int}}", show),
    Route(f"{BASE}/{{batch:int}}", enter, methods=["POST"]),
    Route(f"{BASE}/{{batch:int}}/recounts", recount, methods=["POST"]),
]
