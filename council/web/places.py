"""Where things belong: the communities, the tree with units and buildings; and adding to it."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import offices, places, policy
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.places import LEVELS, Place, PlaceKind
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

COUNTED = 10**7


@handler()
def index(request: Request, ctx: Context) -> Response:
    """The whole tree, with the units and buildings of the community."""
    place = request.state.look.community or places.top(ctx.session)
    return _page(request, ctx, "places/index.html", place, tree=places.tree(ctx.session))


@handler()
def show(request: Request, ctx: Context) -> Response:
    """One place, with what lies in it."""
    place = _place(request, ctx)
    found = places.tree(ctx.session, place.path)
    above = places.line(ctx.session, place)[:-1]
    return _page(request, ctx, "places/show.html", place, tree=found[0].below, above=above)


@handler()
def communities(request: Request, ctx: Context) -> Response:
    """Every community of the installation, to choose one; the choice is kept on this device."""
    found = places.communities(ctx.session)
    return pages.page(
        request, "places/communities.html", communities=found,
        above=places.above(ctx.session, found),
    )  # fmt: skip


def _page(request: Request, ctx: Context, name: str, place: Place | None, **data: Any) -> Response:
    home = place.id if place and place.kind is PlaceKind.COMMUNITY else 0
    return pages.page(
        request, name, place=place, below=_below(place), units=places.units(ctx.session, home),
        houses=_by_grid(places.grids(ctx.session, home), places.buildings(ctx.session, home)),
        may=place is not None
        and policy.allows(ctx.session, ctx.actor, Can.CONFIGURE, place.id),
        **data,
    )  # fmt: skip


def _below(place: Place | None) -> PlaceKind | None:
    """The level below a place's own; None below a grid."""
    if place is None or place.kind is PlaceKind.GRID:
        return None
    return LEVELS[LEVELS.index(place.kind) + 1]


def _by_grid(
    grids: Iterable[Place], buildings: Iterable[places.Building]
) -> list[tuple[Place | None, list[places.Building]]]:
    """The buildings under their grids, those without one at the end."""
    found = {one.id: (one, list[places.Building]()) for one in grids}
    loose: list[places.Building] = []
    for one in buildings:
        (found[one.grid_id][1] if one.grid_id in found else loose).append(one)
    under = [(grid, inside) for grid, inside in found.values() if inside]
    return [*under, (None, loose)] if loose else list(under)


def _place(request: Request, ctx: Context) -> Place:
    place = ctx.session.get(Place, int(request.path_params["id"]))
    if place is None:
        raise NotFound("not_found")
    return place


def _to_configure(request: Request, ctx: Context) -> Place:
    """The place in the address, for those who set it up. Raises NotFound and NotAllowed."""
    place = _place(request, ctx)
    if not policy.allows(ctx.session, ctx.actor, Can.CONFIGURE, place.id):
        raise NotAllowed("not_allowed")
    return place


def _form(request: Request, name: str, place: Place, form: Form, **data: Any) -> Response:
    status = 422 if form.problems else 200
    return pages.page(request, f"places/{name}.html", status, place=place, form=form, **data)


# Adding a place below another


@handler(session=True)
def new_place(request: Request, ctx: Context) -> Response:
    """The form for a place of the next level."""
    place = _to_configure(request, ctx)
    return _place_form(request, place, Form())


def _place_form(request: Request, place: Place, form: Form) -> Response:
    if _below(place) is None:
        raise NotFound("not_found")
    return _form(request, "new_place", place, form, kind=_below(place))


@handler(session=True, rate="write")
def add_place(request: Request, ctx: Context) -> Response:
    """Add a place below this one."""
    place, form = _to_configure(request, ctx), form_of(request)
    kind = _below(place)
    if kind is None:
        raise NotFound("not_found")
    try:
        with form.reading():
            told = {
                "name": form.line("name", 60),
                "name_en": form.line("name_en", 80, required=False),
                "code": form.line("code", 30),
                "phone": form.line("phone", 30, required=False),
                "address": form.line("address", 100, required=False),
            }
            households = form.integer_or_none("households", high=COUNTED)
            residents = form.integer_or_none("residents", high=COUNTED)
        offices.add_place(
            ctx, place, kind=kind, households=households or 0, residents=residents or 0,
            is_example=place.is_example, **told,
        )  # fmt: skip
    except Invalid as wrong:
        return _place_form(request, place, form.wrong(wrong))
    return RedirectResponse(f"/places/{place.id}", status_code=303)


# Adding a unit


@handler(session=True)
def new_unit(request: Request, ctx: Context) -> Response:
    """The form for a unit of the area."""
    return _form(request, "new_unit", _to_configure(request, ctx), Form(signs_in=True))


@handler(session=True, rate="write")
def add_unit(request: Request, ctx: Context) -> Response:
    """Add a unit to a community."""
    place, form = _to_configure(request, ctx), form_of(request)
    try:
        with form.reading():
            name, name_en = form.line("name", 60), form.line("name_en", 80, required=False)
            phone = form.line("phone", 30, required=False)
        offices.add_unit(
            ctx, place, name=name, name_en=name_en, phone=phone, signs_in=form.flag("signs_in")
        )
    except Invalid as wrong:
        return _form(request, "new_unit", place, form.wrong(wrong))
    return RedirectResponse(f"/places/{place.id}#units", status_code=303)


# Adding a building


@handler(session=True)
def new_building(request: Request, ctx: Context) -> Response:
    """The form for a building."""
    place = _to_configure(request, ctx)
    return _form(request, "new_building", place, Form(), grids=places.grids(ctx.session, place.id))


@handler(session=True, rate="write")
def add_building(request: Request, ctx: Context) -> Response:
    """Add a building to a community."""
    place, form = _to_configure(request, ctx), form_of(request)
    try:
        with form.reading():
            name, grid_id = form.line("name", 60), form.integer_or_none("grid")
            households = form.integer_or_none("households", high=COUNTED)
        offices.add_building(ctx, place, name=name, grid_id=grid_id, households=households or 0)
    except Invalid as wrong:
        grids = places.grids(ctx.session, place.id)
        return _form(request, "new_building", place, form.wrong(wrong), grids=grids)
    return RedirectResponse(f"/places/{place.id}#buildings", status_code=303)


routes = [
    Route("/communities", communities),
    Route("/places", index),
    Route("/places/{id:int}", show),
    Route("/places/{id:int}/places/new", new_place),
    Route("/places/{id:int}/places", add_place, methods=["POST"]),
    Route("/places/{id:int}/units/new", new_unit),
    Route("/places/{id:int}/units", add_unit, methods=["POST"]),
    Route("/places/{id:int}/buildings/new", new_building),
    Route("/places/{id:int}/buildings", add_building, methods=["POST"]),
]
