"""Limited places on their page: how many are free, one's own, and the list of those who asked."""

from dataclasses import dataclass, replace
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import gate, meetings, observers, policy
from council.errors import Invalid, NotFound
from council.gate import Context
from council.meetings import Face, Meeting
from council.observers import PlaceWish
from council.policy import Can
from council.web import counter, pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler


class Wish(StrEnum):
    """What the form of a place asks for."""

    TAKE = "take"
    GIVE_UP = "give_up"


@dataclass(frozen=True)
class Asker:
    """Somebody who wants a place, as those who keep the door see them; `position` 0 has one."""

    wish: PlaceWish
    face: Face
    position: int


def _meeting(request: Request, ctx: Context) -> Meeting:
    """The meeting. Raises NotFound where places are not limited."""
    meeting = meetings.get(ctx, int(request.path_params["id"]))
    if meeting.places is None:
        raise NotFound("not_found")
    return meeting


def _askers(ctx: Context, meeting: Meeting, left: int) -> list[Asker]:
    """Everybody who asked, in two statements."""
    found = observers.in_order(ctx.session, meeting.id)
    known = meetings.faces(ctx.session, meeting.community_id, [row.person_id for row in found])
    return [
        Asker(row, known[row.person_id], max(0, rank - left)) for rank, row in enumerate(found, 1)
    ]


def _page(request: Request, ctx: Context, meeting: Meeting, form: Form | None = None) -> Response:
    me, own = ctx.actor.person_id if ctx.actor else None, replace(ctx, behalf=None)
    places = observers.standing(ctx.session, meeting, me)
    keeps = policy.allows(ctx.session, ctx.actor, Can.DOOR, meeting.community_id)
    enters = policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, meeting.community_id)
    return pages.page(
        request, "observers/show.html", 422 if form else 200, meeting=meeting, places=places,
        may={name: gate.possible(own, name, meeting) for name in ("place.take", "place.give_up")},
        keeps=keeps, askers=_askers(ctx, meeting, places.left) if keeps and places else [],
        asked=counter.asked(request, own, meeting.community_id) if enters else None,
        form=form or counter.blank(),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """How the places are given, and mine."""
    return _page(request, ctx, _meeting(request, ctx))


@handler(session=True, rate="write")
def ask(request: Request, ctx: Context) -> Response:
    """Take a place or give it up, for oneself or for somebody who telephoned."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf_from(request, ctx.session, meeting.community_id)
        with form.reading():
            wish = form.choice("wish", Wish)
        (observers.take if wish is Wish.TAKE else observers.give_up)(ctx, meeting)
    except Invalid as wrong:
        return _page(request, ctx, meeting, form.wrong(wrong))
    return pages.back(request, f"/meetings/{meeting.id}/places")


routes = [
    Route("/meetings/{id:int}/places", show),
    Route("/meetings/{id:int}/places", ask, methods=["POST"]),
]
