"""A roll from a list: a file or pasted words, a report row by row, then the roll is entered."""

import csv
from dataclasses import dataclass
from io import StringIO
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import entitlements, imports, policy, preparations, rolls, votes
from council.entitlements import DRAWN, NEEDED, Checked, RollKind
from council.errors import Invalid, NotAllowed, NotFound, NotReady, Problem
from council.gate import Context
from council.imports import Column, Sheet
from council.people import Constituency
from council.policy import Can
from council.text import safe_cell
from council.votes import Vote
from council.web import pages
from council.web import words as say
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
from council.web.look import seen_by

SHOWN, FIRST = 100, 5
"""Faults that the page shows (the file has them all), and good rows as a sample."""

SAMPLES: dict[Column, tuple[str, str]] = {
    Column.NAME: ("张三", "李四"),
    Column.BUILDING: ("3 号楼", "3 号楼"),
    Column.HOUSEHOLD: ("2 单元 501", "2 单元 502"),
    Column.AREA: ("89.53", "102.00"),
    Column.CONSTITUENCY: ("居民", "党员"),
    Column.ACCOUNT: ("", "lisi"),
}
"""What a list may look like."""


@dataclass(frozen=True)
class Read:
    """A list that was sent, as cells; of which kind of roll."""

    sheet: Sheet
    kind: RollKind


def _vote(request: Request, ctx: Context) -> Vote:
    """The vote of the address, for those who keep its roll. Raises NotFound and NotAllowed."""
    vote = votes.get(ctx, int(request.path_params["id"]))
    if vote.in_meeting:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, Can.KEEP_ROLL, vote.community_id):
        raise NotAllowed("not_allowed")
    return vote


def _draft(request: Request, ctx: Context) -> Vote:
    """The same, while its roll can be entered. Raises NotReady."""
    vote = _vote(request, ctx)
    if not rolls.roll_in_draft(ctx, vote):
        raise NotReady("not_ready", ("roll_in_draft",))
    return vote


def _kinds(ctx: Context, vote: Vote) -> tuple[RollKind, ...]:
    """The kind of roll that the papers of the vote name; without papers all that its body has."""
    papers, known = preparations.find(ctx.session, vote.id), rolls.KINDS[vote.body]
    return tuple(one for one in known if papers and one == papers.electorate) or known


def _page(request: Request, ctx: Context, vote: Vote, form: Form) -> Response:
    kinds = _kinds(ctx, vote)
    return pages.page(
        request, "imports/new.html", 422 if form.problems else 200, vote=vote, form=form,
        kinds=kinds, drawn=[one for one in kinds if one in DRAWN], needed=NEEDED,
        earlier=rolls.earlier(ctx.session, vote), stands=rolls.size(ctx.session, vote.id).heads,
    )  # fmt: skip


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """Where the roll comes from: a list, those in office, or an earlier vote."""
    vote = _draft(request, ctx)
    return _page(request, ctx, vote, Form(kind=_kinds(ctx, vote)[0]))


def _read(request: Request, session: Session) -> Read:
    """The list as it was sent: packed from the page before, a file, or pasted. Raises Invalid."""
    look = request.state.look
    _draft(request, Context(session, look.actor, look.now))
    form = form_of(request)
    with form.reading():
        kind = form.choice("kind", RollKind)
    if packed := form.value("packed"):
        return Read(imports.unpack(packed), kind)
    if sent := form.files("file"):
        return Read(imports.read(sent[0].file.read(imports.LARGEST + 1)), kind)
    if not form.value("pasted").strip():
        raise Invalid(Problem("list_missing", "file"))
    try:
        return Read(imports.read_text(form.value("pasted")), kind)
    except Invalid as wrong:
        raise Invalid(*(Problem(one.key, "pasted", one.fields) for one in wrong.problems)) from None


def _checked(ctx: Context, vote: Vote, read: Read) -> Checked:
    """The list against the kind of roll and the accounts. Raises Invalid."""
    if read.kind not in _kinds(ctx, vote):
        raise Invalid(Problem("not_a_choice", "kind"))
    report = imports.check(read.sheet, NEEDED[read.kind])
    return entitlements.checked(ctx.session, vote.community_id, ctx.now, read.kind, report)


def _report(request: Request, vote: Vote, read: Read, found: Checked) -> Response:
    """The report of a dry run; nothing is written."""
    area = sum(one.area for one in found.entries)
    homes = {(one.building, one.household) for one in found.entries if one.household}
    return pages.page(
        request, "imports/report.html", 200 if found.good else 422, vote=vote, kind=read.kind,
        report=found.report, faults=found.report.faults[:SHOWN], notes=read.sheet.notes,
        sample=found.entries[:FIRST], homes=len(homes), area=area,
        linked=sum(one.person_id is not None for one in found.entries),
        packed=imports.pack(read.sheet),
    )  # fmt: skip


@handler(session=True, rate="write", prepare=_read)
def check(request: Request, ctx: Context) -> Response:
    """Read the list and say what is wrong with it, row by row."""
    vote, form = _draft(request, ctx), form_of(request)
    try:
        read: Read = prepared(request)
        found = _checked(ctx, vote, read)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _report(request, vote, read, found)


@handler(session=True, rate="write", prepare=_read)
def as_file(request: Request, ctx: Context) -> Response:
    """Every fault of a list as a table for spreadsheets, to be mended row by row."""
    vote, form = _draft(request, ctx), form_of(request)
    try:
        read: Read = prepared(request)
        found = _checked(ctx, vote, read)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    with seen_by(request.state.look):
        rows = [[say.gettext("Row"), say.gettext("Column"), say.gettext("What is wrong")]]
        for one in found.report.faults:
            column = say.gettext(f"column.{one.problem.field}")
            rows.append([str(one.line), column, say.sentence(one.problem)])
    return _csv(request, "report.csv", rows)


@handler(session=True, rate="write", prepare=_read)
def enter(request: Request, ctx: Context) -> Response:
    """Enter the list that was checked; it is checked once more, and taken whole or not at all."""
    vote, form = _draft(request, ctx), form_of(request)
    try:
        read: Read = prepared(request)
        found = _checked(ctx, vote, read)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    if not found.good:
        return _report(request, vote, read, found)
    rolls.take(ctx, vote, found.entries)
    return _entered(vote)


@handler(session=True, rate="write")
def draw(request: Request, ctx: Context) -> Response:
    """Make the roll of those who belong to the community or hold an office."""
    vote, form = _draft(request, ctx), form_of(request)
    try:
        with form.reading():
            kind = form.choice("drawn", RollKind)
            form.check(kind in _kinds(ctx, vote) and kind in DRAWN, "not_a_choice", "drawn")
            chosen = form.choices("constituencies", Constituency)
            needs = kind is RollKind.MEMBERS
            form.check(chosen or not needs, "not_chosen", "constituencies")
        rolls.draw(ctx, vote, kind, chosen)
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _entered(vote)


@handler(session=True, rate="write")
def take_over(request: Request, ctx: Context) -> Response:
    """Take the roll of an earlier vote."""
    vote, form = _draft(request, ctx), form_of(request)
    known = {one.id: one for one in rolls.earlier(ctx.session, vote)}
    try:
        with form.reading():
            earlier = form.integer("earlier")
            form.check(earlier in known, "not_a_choice", "earlier")
        rolls.take_over(ctx, vote, known[earlier])
    except Invalid as wrong:
        return _page(request, ctx, vote, form.wrong(wrong))
    return _entered(vote)


def _entered(vote: Vote) -> Response:
    return RedirectResponse(f"/votes/{vote.id}/roll?entered=1", status_code=303)


@handler(session=True)
def sample(request: Request, ctx: Context) -> Response:
    """A list as it may look, to be filled in."""
    vote = _vote(request, ctx)
    asked = request.query_params.get("kind", "")
    kind = next((one for one in RollKind if one == asked), _kinds(ctx, vote)[0])
    columns = [one for one in Column if one in {*NEEDED[kind], *_besides(kind)}]
    with seen_by(request.state.look):
        heading = [say.gettext(f"column.{one}") for one in columns]
    rows = [[SAMPLES[one][n] for one in columns] for n in (0, 1)]
    return _csv(request, f"{kind}.csv", [heading, *rows])


def _besides(kind: RollKind) -> tuple[Column, ...]:
    """Columns that help without being needed."""
    if kind in {RollKind.DELEGATES, RollKind.MEMBERS}:
        return (Column.BUILDING, Column.ACCOUNT)
    return (Column.BUILDING, Column.HOUSEHOLD, Column.ACCOUNT)


def _csv(request: Request, name: str, rows: list[list[str]]) -> Response:
    """Rows as CSV (RFC 4180), after the mark by which spreadsheets know UTF-8."""
    written = StringIO()
    csv.writer(written).writerows([safe_cell(cell) for cell in row] for row in rows)
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": request.state.look.tag,
    }
    return Response("\ufeff" + written.getvalue(), media_type="text/csv", headers=headers)


routes = [
    Route("/votes/{id:int}/roll/import", new),
    Route("/votes/{id:int}/roll/check", check, methods=["POST"]),
    Route("/votes/{id:int}/roll/report", as_file, methods=["POST"]),
    Route("/votes/{id:int}/roll", enter, methods=["POST"]),
    Route("/votes/{id:int}/roll/draw", draw, methods=["POST"]),
    Route("/votes/{id:int}/roll/take-over", take_over, methods=["POST"]),
    Route("/votes/{id:int}/roll/sample.csv", sample),
]
