"""The roll of a vote: its size for everybody, the own entry, and names for those who keep it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import accounts, disputes, gate, policy, preparations, proxies, rolls, votes
from council.disputes import DisputeAbout
from council.entitlements import Entry
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.imports import LARGEST_AREA, LONGEST
from council.offices import numbers
from council.people import Constituency
from council.policy import Can
from council.rolls import REASON, Wanted
from council.votes import Vote, Voter, VoteStage
from council.web import formal, pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _vote(request: Request, ctx: Context) -> Vote:
    """The vote of the address. A vote in a meeting has no roll of its own: NotFound."""
    vote = votes.get(ctx, int(request.path_params["id"]))
    if vote.in_meeting:
        raise NotFound("not_found")
    return vote


def _with_names(request: Request, ctx: Context) -> Vote:
    """The same, for those who keep the roll or watch over votes. Raises NotAllowed."""
    vote = _vote(request, ctx)
    if not _sees_names(ctx, vote):
        raise NotAllowed("not_allowed")
    return vote


def _sees_names(ctx: Context, vote: Vote) -> bool:
    may = policy.abilities(ctx.session, ctx.actor, vote.community_id)
    return bool(may & {Can.KEEP_ROLL, Can.OVERSEE})


def _keeps(ctx: Context, vote: Vote) -> bool:
    return policy.allows(ctx.session, ctx.actor, Can.KEEP_ROLL, vote.community_id)


@handler()
def show(request: Request, ctx: Context) -> Response:
    """How many are entitled and where they live, never who; and the reader's own entry."""
    vote = _vote(request, ctx)
    me = ctx.actor.person_id if ctx.actor else None
    return pages.page(
        request, "rolls/show.html", vote=vote, size=rolls.size(ctx.session, vote.id),
        own=votes.voter(ctx.session, vote.id, me) if me else None,
        sees_names=_sees_names(ctx, vote), proxies=proxies.count(ctx.session, vote.id),
        enters=gate.possible(ctx, "roll.enter", vote), adds=gate.possible(ctx, "roll.add", vote),
        **_objecting(ctx, vote), translations=formal.words(request, ctx, [vote]),
        entered=request.query_params.get("entered", "") == "1",
    )  # fmt: skip


def _objecting(ctx: Context, vote: Vote) -> dict[str, Any]:
    """Until when anybody may object to the roll, how many have, and within how many days it is
    answered.
    """
    papers = preparations.find(ctx.session, vote.id)
    if papers is None:
        return {"until": None, "objections": None, "ruling": 0}
    told = disputes.numbers(disputes.of(ctx.session, vote.id))[DisputeAbout.ROLL]
    return {
        "until": disputes.roll_until(papers) if vote.stage is VoteStage.ROLL_PUBLISHED else None,
        "objections": told if told.lodged else None, "ruling": papers.day("ruling"),
    }  # fmt: skip


@handler(session=True)
def listing(request: Request, ctx: Context) -> Response:
    """Every entry with its name, page by page, for those who keep the roll."""
    vote = _with_names(request, ctx)
    asked = request.query_params
    after = asked.get("after", "")
    wanted = Wanted(
        asked.get("name", "").strip()[:LONGEST],
        int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0,
    )
    found = rolls.listing(ctx.session, vote.id, wanted)
    more = len(found) > wanted.limit
    look = request.state.look
    return pages.page(
        request, "rolls/list.html", vote=vote, rows=found[: wanted.limit], wanted=wanted,
        next=look.here(after=str(found[wanted.limit - 1].number)) if more else "",
        first=look.here(after="") if wanted.after else "",
        adds=gate.possible(ctx, "roll.add", vote),
        left_out=look.left_out(name=True, after=wanted.after),
    )  # fmt: skip


# One entry


def _entry_page(
    request: Request, ctx: Context, vote: Vote, row: Voter, form: Form | None = None
) -> Response:
    shown = form or _first(ctx, vote, row)
    given = proxies.of(ctx.session, row.id)
    acts = ("roll.correct", "roll.strike", "roll.restore", "roll.link")
    return pages.page(
        request, "rolls/entry.html", 422 if shown.problems else 200, vote=vote, row=row,
        form=shown, possible={name: gate.possible(ctx, name, row) for name in acts}, proxy=given,
        number=_number(ctx, vote, row), published=vote.stage is not VoteStage.DRAFT,
    )  # fmt: skip


def _number(ctx: Context, vote: Vote, row: Voter) -> int | None:
    """The public number of the person to whom an entry is linked."""
    known = {row.person_id} if row.person_id else set[int]()
    return numbers(ctx.session, vote.community_id, known).get(row.person_id or 0)


def _first(ctx: Context, vote: Vote, row: Voter) -> Form:
    """The form of an entry before anybody typed."""
    area = f"{row.area // 100}.{row.area % 100:02}" if row.area else ""
    return Form(
        name=row.name, building=row.building, household=row.household, area=area,
        constituency=row.constituency, number=_number(ctx, vote, row),
    )  # fmt: skip


@handler(session=True)
def entry(request: Request, ctx: Context) -> Response:
    """One entry: mend it, strike it, say which person it is."""
    vote = _with_names(request, ctx)
    return _entry_page(request, ctx, vote, _row(request, ctx, vote))


def _row(request: Request, ctx: Context, vote: Vote) -> Voter:
    return rolls.entry(ctx.session, vote.id, int(request.path_params["number"]))


def _read(form: Form) -> Entry:
    """An entry as it was typed; the area comes in square metres. Raises Invalid."""
    with form.reading():
        area = form.decimal("area", required=False) or 0
        cents = int(area * 100)
        form.check(cents <= LARGEST_AREA, "out_of_range", "area", low=0, high=LARGEST_AREA // 100)
        return Entry(
            form.line("name", LONGEST), form.line("building", LONGEST, required=False),
            form.line("household", LONGEST, required=False), cents,
            form.choice_or_none("constituency", Constituency),
        )  # fmt: skip


def _reason(form: Form) -> str:
    return form.line("reason", REASON, required=False)


def _changed(request: Request, ctx: Context, act: str) -> Response:
    """Do one act to the entry of the address; a refusal of what was typed shows the page again."""
    vote = _with_names(request, ctx)
    row, form = _row(request, ctx, vote), form_of(request)
    try:
        if act == "correct":
            rolls.correct(ctx, row, entry=_read(form), reason=_reason(form))
        elif act == "strike":
            rolls.strike(ctx, row, reason=_reason(form))
        elif act == "restore":
            rolls.restore(ctx, row, reason=_reason(form))
        else:
            rolls.link(ctx, row, person_id=_person(ctx, vote, form))
    except Invalid as wrong:
        again = form if act == "correct" else _first(ctx, vote, row)
        return _entry_page(request, ctx, vote, row, _kept(again, form).wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/roll/{row.number}", status_code=303)


def _kept(again: Form, sent: Form) -> Form:
    """A page has several forms: what was typed into this one stands beside the others' values."""
    names = ("name", "building", "household", "area", "constituency", "number")
    first: dict[str, Any] = {name: again.value(name) for name in names}
    first |= {name: sent.value(name) for name in (*names, "reason") if sent.values(name)}
    return Form(first)


def _person(ctx: Context, vote: Vote, form: Form) -> int | None:
    """The person with the public number that was typed; None when the field was emptied."""
    with form.reading():
        number = form.integer_or_none("number", low=1)
    if number is None:
        return None
    return accounts.resolve_person(ctx.session, vote.community_id, number, ctx.now).person_id


@handler(session=True, rate="write")
def correct(request: Request, ctx: Context) -> Response:
    """Mend an entry."""
    return _changed(request, ctx, "correct")


@handler(session=True, rate="write")
def strike(request: Request, ctx: Context) -> Response:
    """Strike somebody who is not entitled."""
    return _changed(request, ctx, "strike")


@handler(session=True, rate="write")
def restore(request: Request, ctx: Context) -> Response:
    """Put back somebody who was struck."""
    return _changed(request, ctx, "restore")


@handler(session=True, rate="write")
def link(request: Request, ctx: Context) -> Response:
    """Say which person an entry is."""
    return _changed(request, ctx, "link")


# Somebody who was left out


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The form for somebody who was left out."""
    vote = _with_names(request, ctx)
    if not _keeps(ctx, vote):
        raise NotAllowed("not_allowed")
    return _new_page(request, vote, Form())


def _new_page(request: Request, vote: Vote, form: Form) -> Response:
    return pages.page(
        request, "rolls/new.html", 422 if form.problems else 200, vote=vote, form=form,
        published=vote.stage is not VoteStage.DRAFT,
    )  # fmt: skip


@handler(session=True, rate="write")
def add(request: Request, ctx: Context) -> Response:
    """Add somebody who was left out."""
    vote, form = _with_names(request, ctx), form_of(request)
    try:
        made = rolls.add(ctx, vote, entry=_read(form), reason=_reason(form))
    except Invalid as wrong:
        return _new_page(request, vote, form.wrong(wrong))
    return RedirectResponse(f"/votes/{vote.id}/roll/{made.number}", status_code=303)


routes = [
    Route("/votes/{id:int}/roll", show),
    Route("/votes/{id:int}/roll/list", listing),
    Route("/votes/{id:int}/roll/new", new),
    Route("/votes/{id:int}/roll/entries", add, methods=["POST"]),
    Route("/votes/{id:int}/roll/{number:int}", entry),
    Route("/votes/{id:int}/roll/{number:int}/corrections", correct, methods=["POST"]),
    Route("/votes/{id:int}/roll/{number:int}/strikes", strike, methods=["POST"]),
    Route("/votes/{id:int}/roll/{number:int}/restorations", restore, methods=["POST"]),
    Route("/votes/{id:int}/roll/{number:int}/links", link, methods=["POST"]),
]
