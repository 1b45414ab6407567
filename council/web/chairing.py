"""Handing over the chair in order to speak."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import chairing, meetings
from council.errors import NotFound
from council.gate import Context
from council.web import pages
from council.web.handler import form_of, handler


@handler(session=True, rate="write")
def hand_over(request: Request, ctx: Context) -> Response:
    """Hand the chair to another facilitator for this item."""
    item = meetings.item(ctx, int(request.path_params["item"]))
    if item.meeting_id != int(request.path_params["id"]):
        raise NotFound("not_found")
    form = form_of(request)
    with form.reading():
        to_id = form.integer("to")
    chairing.hand_over(ctx, item, to_id=to_id)
    return pages.back(request, f"/meetings/{item.meeting_id}/floor")


routes = [Route("/meetings/{id:int}/items/{item:int}/chair", hand_over, methods=["POST"])]
