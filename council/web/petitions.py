"""Petitions on their pages: what is asked for, how many have signed, and the signing."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    calendar,
    gate,
    grounds,
    meetings,
    people,
    petitions,
    places,
    policy,
    signers,
    translations,
)
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.grounds import SOURCE, PetitionGround
from council.meetings import Meeting
from council.petitions import PURPOSE, TITLE, Petition
from council.places import Place
from council.policy import Can
from council.signers import DOOR, LINES, SHEETS, Beside
from council.web import counter, pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler
from council.web.look import Translations
from council.workflow import advance


def _community(request: Request) -> Place:
    found: Place | None = request.state.look.community
    if found is None:
        raise NotFound("not_found")
    return found


def _petition(request: Request, ctx: Context) -> Petition:
    return petitions.get(ctx, int(request.path_params["id"]))


def _words(
    request: Request, ctx: Context, ids: list[int], called: list[Meeting] | None = None
) -> Translations:
    """The community's English texts; nothing is asked for on a Chinese page."""
    if request.state.look.language == "zh":
        return {}
    rows = [("petition", one) for one in ids] + [("meeting", one.id) for one in called or ()]
    return translations.of_rows(ctx.session, rows)


# The list


def _index(request: Request, ctx: Context, form: Form) -> Response:
    place = _community(request)
    found = petitions.listing(ctx.session, place.id)
    ids = [row.id for row in found]
    return pages.page(
        request, "petitions/index.html", 422 if form.problems else 200, found=found, form=form,
        signed=signers.signed(ctx.session, ids), may=gate.possible(ctx, "petition.start", place),
        counts=gate.possible(ctx, "petition.count_adults", place),
        counted=grounds.adult_count(ctx.session, place.id), rights=grounds.RIGHTS,
        convenes=policy.allows(ctx.session, ctx.actor, Can.CONVENE, place.id),
        translations=_words(request, ctx, ids),
    )  # fmt: skip


@handler()
def index(request: Request, ctx: Context) -> Response:
    """Every petition, and who can demand which meeting."""
    return _index(request, ctx, Form())


@handler(session=True, rate="write")
def count_adults(request: Request, ctx: Context) -> Response:
    """Enter how many registered residents have come of age."""
    form = form_of(request)
    try:
        with form.reading():
            adults, as_of = form.integer("adults"), form.day("as_of")
            source = form.line("source", SOURCE)
            households = form.integer_or_none("households", 1)
        grounds.count_adults(
            ctx, _community(request), adults=adults, as_of=as_of, source=source,
            households=households,
        )  # fmt: skip
    except Invalid as wrong:
        return _index(request, ctx, form.wrong(wrong))
    return RedirectResponse("/petitions#adults", status_code=303)


# A new one


def _new(request: Request, ctx: Context, form: Form) -> Response:
    place = _community(request)
    if gate.possible(ctx, "petition.start", place) is None:
        raise NotAllowed("not_allowed")
    mine = [one for one in PetitionGround if grounds.entitled(ctx, place.id, one)]
    wholes = {one: grounds.whole_of(ctx.session, place.id, one, ctx.now) for one in mine}
    return pages.page(
        request, "petitions/new.html", 422 if form.problems else 200, form=form,
        lines={one: grounds.arithmetic(one, n, 0)[0] for one, n in wholes.items() if n},
        missing=[one for one, n in wholes.items() if not n],
    )  # fmt: skip


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The form: which meeting, and what it shall be about."""
    return _new(request, ctx, Form())


@handler(session=True, rate="write")
def start(request: Request, ctx: Context) -> Response:
    """Start a petition."""
    form = form_of(request)
    try:
        with form.reading():
            ground = form.choice("ground", PetitionGround)
            title, purpose = form.line("title", TITLE), form.text("purpose", PURPOSE)
        made = petitions.start(
            ctx, _community(request), ground=ground, title=title, purpose=purpose
        )
    except Invalid as wrong:
        return _new(request, ctx, form.wrong(wrong))
    return RedirectResponse(f"/petitions/{made.id}", status_code=303)


# One petition


def _shown(
    request: Request, ctx: Context, petition: Petition, called: list[Meeting] | None = None
) -> dict[str, Any]:
    """What the page and the printed sheet show."""
    who = [(petition.starter_id, petition.capacity)]
    found = signers.tally(ctx.session, petition.id)
    return {
        "petition": petition, "tally": found,
        "lines": grounds.arithmetic(petition.ground, petition.whole, found.total),
        "starter": people.bylines(ctx.session, petition.community_id, who)[who[0]],
        "counted": petitions.counted(ctx.session, petition), "called": called,
        "translations": _words(request, ctx, [petition.id], called),
    }  # fmt: skip


@handler()
def show(request: Request, ctx: Context) -> Response:
    """One petition: how many have signed, how many are needed and why."""
    return _page(request, ctx, _petition(request, ctx), Form())


def _page(request: Request, ctx: Context, petition: Petition, form: Form) -> Response:
    reader = ctx.actor.person_id if ctx.actor else None
    called = meetings.answering(ctx, petition.id)
    return pages.page(
        request, "petitions/show.html", 422 if form.problems else 200, form=form,
        answers=gate.possible(ctx, "petition.answer", petition),
        assemblies=petitions.assemblies(ctx, petition),
        vote_id=petitions.answered_by(ctx.session, petition),
        **_shown(request, ctx, petition, called),
        signs=gate.possible(ctx, "petition.sign", petition),
        signed=reader is not None and petitions.has_signed(ctx, petition),
        unsigns=gate.possible(ctx, "petition.unsign", petition),
        steps=[one for one in petitions.steps(ctx, petition) if not one[1].needs],
        enters=policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, petition.community_id),
        convenes=policy.allows(ctx.session, ctx.actor, Can.CONVENE, petition.community_id),
        gathers=petitions.is_gathering(ctx, petition),
        clocks=calendar.running(ctx.session, petition),
    )  # fmt: skip


@handler(session=True, rate="write")
def answer(request: Request, ctx: Context) -> Response:
    """Name the formal vote as which the assembly is held."""
    petition, form = _petition(request, ctx), form_of(request)
    try:
        with form.reading():
            vote_id = form.integer("vote")
        petitions.answer(ctx, petition, vote_id=vote_id)
    except Invalid as wrong:
        return _page(request, ctx, petition, form.wrong(wrong))
    return RedirectResponse(f"/petitions/{petition.id}", status_code=303)


@handler()
def sheet(request: Request, ctx: Context) -> Response:
    """A sheet for signatures on paper."""
    petition = _petition(request, ctx)
    return pages.page(request, "petitions/sheet.html", **_shown(request, ctx, petition), rows=LINES)


@handler(session=True, rate="write")
def sign(request: Request, ctx: Context) -> Response:
    """Sign for oneself; a second click finds what the first one did."""
    petition = _petition(request, ctx)
    if not petitions.has_signed(ctx, petition):
        petitions.sign(ctx, petition)
    return RedirectResponse(f"/petitions/{petition.id}#sign", status_code=303)


@handler(session=True, rate="write")
def unsign(request: Request, ctx: Context) -> Response:
    """Take one's own signature back."""
    petition = _petition(request, ctx)
    if petitions.has_signed(ctx, petition):
        petitions.unsign(ctx, petition)
    return RedirectResponse(f"/petitions/{petition.id}#sign", status_code=303)


@handler(session=True, rate="write")
def transition(request: Request, ctx: Context) -> Response:
    """Withdraw one's petition."""
    petition = _petition(request, ctx)
    advance(ctx, petitions.PETITION, petition, str(request.path_params["name"]))
    return RedirectResponse(f"/petitions/{petition.id}", status_code=303)


# Entered by a worker


def _entry(request: Request, ctx: Context, petition: Petition, form: Form) -> Response:
    own = replace(ctx, behalf=None)
    return pages.page(
        request, "petitions/for.html", 422 if form.problems else 200, petition=petition, form=form,
        asked=counter.asked(request, own, petition.community_id), lines=LINES,
        gathers=petitions.is_gathering(own, petition),
        buildings=places.buildings(ctx.session, petition.community_id),
        total=signers.tally(ctx.session, petition.id).total,
        translations=_words(request, ctx, [petition.id]),
    )  # fmt: skip


@handler(session=True)
def entry(request: Request, ctx: Context) -> Response:
    """The form at the counter; the next line of the same sheet stands there already."""
    sheet, _, line = request.query_params.get("after", "").partition("-")
    form = counter.blank()
    if sheet.isdecimal() and line.isdecimal() and len(sheet + line) < 8:
        following = {"sheet": sheet, "line": int(line) % LINES + 1}
        form = Form(channel="hall", consent="signed", **following)
    return _entry(request, ctx, _petition(request, ctx), form)


@handler(session=True, rate="write")
def enter(request: Request, ctx: Context) -> Response:
    """Enter a signature for somebody, from a paper or at the counter."""
    petition, form = _petition(request, ctx), form_of(request)
    try:
        form.check(form.value("for_person"), "empty", "for_person")
        with form.reading():
            ctx.behalf = behalf_from(request, ctx.session, petition.community_id)
            sheet = form.integer_or_none("sheet", 1, SHEETS)
            beside = Beside(
                sheet, form.integer_or_none("line", 1, LINES),
                form.integer_or_none("building"), form.line("door", DOOR, required=False),
            )  # fmt: skip
            twice = petitions.has_signed(ctx, petition)
            form.check(not twice, "signed_already", "for_person")
            able = petitions.may_sign_it(ctx, petition)
            form.check(able, "cannot_sign", "for_person")
        petitions.sign(ctx, petition, beside=beside)
    except Invalid as wrong:
        return _entry(request, ctx, petition, form.wrong(wrong))
    after = f"?after={sheet}-{beside.line}" if sheet else ""
    return RedirectResponse(f"/petitions/{petition.id}/for{after}", status_code=303)


routes = [
    Route("/petitions", index),
    Route("/petitions", start, methods=["POST"]),
    Route("/petitions/new", new),
    Route("/petitions/adults", count_adults, methods=["POST"]),
    Route("/petitions/{id:int}", show),
    Route("/petitions/{id:int}/sheet", sheet),
    Route("/petitions/{id:int}/answer", answer, methods=["POST"]),
    Route("/petitions/{id:int}/for", entry),
    Route("/petitions/{id:int}/for", enter, methods=["POST"]),
    Route("/petitions/{id:int}/signatures", sign, methods=["POST"]),
    Route("/petitions/{id:int}/signatures/remove", unsign, methods=["POST"]),
    Route("/petitions/{id:int}/transitions/{name}", transition, methods=["POST"]),
]
