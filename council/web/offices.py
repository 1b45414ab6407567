"""Who is responsible: the offices in force, given and ended; and who belongs where."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import deadlines, gate, offices, places, policy
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.gate import Context
from council.people import Constituency, Membership, Office, Post
from council.places import Place, Unit
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler


def _here(request: Request, ctx: Context) -> Place | None:
    """The community; before there is one, the topmost place."""
    return request.state.look.community or places.top(ctx.session)


def _allowed(request: Request, ctx: Context, can: Can) -> Place:
    """The same, for somebody who may do this there. Raises NotFound and NotAllowed."""
    place = _here(request, ctx)
    if place is None:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, can, place.id):
        raise NotAllowed("not_allowed")
    return place


@handler()
def index(request: Request, ctx: Context) -> Response:
    """Every office in force, by post; never a name."""
    place = _here(request, ctx)
    found = offices.responsible(ctx.session, place, ctx.now) if place else {}
    may = policy.abilities(ctx.session, ctx.actor, place.id) if place else frozenset()
    numbers = {}
    if place and Can.APPOINT in may:
        ids = {one.office.person_id for held in found.values() for one in held}
        numbers = offices.numbers(ctx.session, place.id, ids)
    return pages.page(
        request, "offices/index.html", place=place, posts=found, numbers=numbers,
        may_appoint=Can.APPOINT in may, may_enrol=Can.ENROL in may,
    )  # fmt: skip


# Giving an office


def _give_page(request: Request, ctx: Context, place: Place, form: Form) -> Response:
    return pages.page(
        request, "offices/new.html", 422 if form.problems else 200, form=form,
        posts=list(Post),
        where=offices.within_reach(ctx, place), units=places.units(ctx.session, place.id),
    )  # fmt: skip


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The form for giving an office."""
    place = _allowed(request, ctx, Can.APPOINT)
    asked = request.query_params.get("post", "")
    return _give_page(request, ctx, place, Form(where=place.id, post=asked))


@handler(session=True, rate="write")
def give(request: Request, ctx: Context) -> Response:
    """Give an office to somebody, known by the public number."""
    place, form = _allowed(request, ctx, Can.APPOINT), form_of(request)
    within = {one.id: one for one in offices.within_reach(ctx, place)}
    try:
        with form.reading():
            person_id = _read_person(ctx, place, form)
            post = form.choice("post", Post)
            where = form.integer("where")
            form.check(where in within, "not_a_choice", "where")
            unit_id = form.integer_or_none("unit")
            until = form.day_or_none("until")
        offices.give(
            ctx, within[where], person_id=person_id, post=post,
            until=deadlines.day_end(until) if until else None,
            unit_id=unit_id if post is Post.HANDLER else None,
        )  # fmt: skip
    except Invalid as wrong:
        return _give_page(request, ctx, place, form.wrong(wrong))
    return RedirectResponse(f"/offices#post-{post}", status_code=303)


def _read_person(ctx: Context, place: Place, form: Form) -> int:
    """The person whose public number was typed."""
    number = form.integer("number", low=1, high=10**6)
    person_id = offices.numbered(ctx.session, place.id, number)
    if form.problem("number") is None:
        form.check(person_id is not None, "no_such_person", "number", number=number)
    return person_id or 0


# Ending one


def _office(request: Request, ctx: Context) -> Office:
    """The office in the address, for those who appoint there. Raises NotFound and NotAllowed."""
    office = ctx.session.get(Office, int(request.path_params["id"]))
    if office is None:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, Can.APPOINT, office.community_id):
        raise NotAllowed("not_allowed")
    return office


@handler(session=True)
def ending(request: Request, ctx: Context) -> Response:
    """Whether this office shall really end now."""
    office = _office(request, ctx)
    possible = gate.possible(ctx, "office.end", office)
    if possible is None or "in_force" in possible.needs:
        raise NotReady("not_ready", ["in_force"])
    place = ctx.session.get_one(Place, office.community_id)
    home = _here(request, ctx) or place
    numbers = offices.numbers(ctx.session, home.id, {office.person_id})
    return pages.page(
        request, "offices/end.html", office=office, place=place, needs=possible.needs,
        number=numbers.get(office.person_id, 0),
    )  # fmt: skip


@handler(session=True, rate="write")
def end(request: Request, ctx: Context) -> Response:
    """End an office."""
    office = _office(request, ctx)
    offices.end(ctx, office)
    return RedirectResponse(f"/offices#post-{office.post}", status_code=303)


# Entering somebody in a further constituency


def _enrol_page(request: Request, ctx: Context, place: Place, form: Form) -> Response:
    return pages.page(
        request, "offices/enrol.html", 422 if form.problems else 200, form=form,
        units=places.units(ctx.session, place.id),
        buildings=places.buildings(ctx.session, place.id),
    )  # fmt: skip


@handler(session=True)
def enrolling(request: Request, ctx: Context) -> Response:
    """The form for entering somebody in a further constituency."""
    return _enrol_page(request, ctx, _allowed(request, ctx, Can.ENROL), Form())


@handler(session=True, rate="write")
def enrol(request: Request, ctx: Context) -> Response:
    """Enter somebody whom the council knows in a further constituency."""
    place, form = _allowed(request, ctx, Can.ENROL), form_of(request)
    try:
        with form.reading():
            person_id = _read_person(ctx, place, form)
            constituency = form.choice("constituency", Constituency)
            unit_id, building_id = form.integer_or_none("unit"), form.integer_or_none("building")
        offices.enrol(
            ctx, place, person_id=person_id, constituency=constituency,
            unit_id=unit_id if constituency is Constituency.UNITS else None,
            building_id=building_id,
        )  # fmt: skip
    except Invalid as wrong:
        return _enrol_page(request, ctx, place, form.wrong(wrong))
    return RedirectResponse(f"/people/{form.integer('number')}/slip", status_code=303)


# Leaving one


def _membership(request: Request, ctx: Context) -> tuple[Membership, int]:
    """The membership in the address, and the person's public number. Raises NotFound."""
    row = ctx.session.get(Membership, int(request.path_params["id"]))
    if row is None:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, Can.ENROL, row.community_id):
        raise NotAllowed("not_allowed")
    numbers = offices.numbers(ctx.session, row.community_id, {row.person_id})
    return row, numbers[row.person_id]


@handler(session=True)
def leaving(request: Request, ctx: Context) -> Response:
    """Whether somebody shall really leave this constituency now."""
    row, number = _membership(request, ctx)
    if not offices.still_belongs(ctx, row):
        raise NotReady("not_ready", ["still_belongs"])
    unit = ctx.session.get(Unit, row.unit_id) if row.unit_id else None
    return pages.page(request, "offices/leave.html", row=row, number=number, unit=unit)


@handler(session=True, rate="write")
def leave(request: Request, ctx: Context) -> Response:
    """Note that somebody no longer belongs to a constituency."""
    row, number = _membership(request, ctx)
    offices.leave(ctx, row)
    return RedirectResponse(f"/people/{number}/slip#memberships", status_code=303)


routes = [
    Route("/offices", index),
    Route("/offices", give, methods=["POST"]),
    Route("/offices/new", new),
    Route("/offices/{id:int}/end", ending),
    Route("/offices/{id:int}/end", end, methods=["POST"]),
    Route("/memberships/new", enrolling),
    Route("/memberships", enrol, methods=["POST"]),
    Route("/memberships/{id:int}/end", leaving),
    Route("/memberships/{id:int}/end", leave, methods=["POST"]),
]
