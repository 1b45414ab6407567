"""Handing over the chair in order to speak."""

from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import chairing, meetings
from council.errors import NotFound
from council.gate import Context
from council.meetings import AgendaItem
from council.web import pages
from council.web.handler import form_of, handler


class Answer(StrEnum):
    """What somebody answers who is asked to take the chair."""

    YES = "yes"
    NO = "no"


@handler(session=True, rate="write")
def hand_over(request: Request, ctx: Context) -> Response:
    """Ask somebody to take the chair of this item."""
    item = _item(request, ctx)
    form = form_of(request)
    with form.reading():
        to_id = form.integer("to")
    chairing.hand_over(ctx, item, to_id=to_id)
    return pages.back(request, f"/meetings/{item.meeting_id}/floor")


@handler(session=True, rate="write")
def answer(request: Request, ctx: Context) -> Response:
    """Take the chair of this item, or say that one does not want it."""
    item = _item(request, ctx)
    form = form_of(request)
    with form.reading():
        takes = form.choice("answer", Answer) is Answer.YES
    if takes:
        chairing.accept(ctx, item)
    else:
        chairing.decline(ctx, item)
    return pages.back(request, f"/meetings/{item.meeting_id}/floor")


def _item(request: Request, ctx: Context) -> AgendaItem:
    item = meetings.item(ctx, int(request.path_params["item"]))
    if item.meeting_id != int(request.path_params["id"]):
        raise NotFound("not_found")
    return item


_CHAIR = "/meetings/{id:int}/items/{item:int}/chair"

routes = [
    Route(_CHAIR, hand_over, methods=["POST"]),
    Route(f"{_CHAIR}/answer", answer, methods=["POST"]),
]
