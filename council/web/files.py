"""Photographs by the SHA-256 of their bytes: for ever where they are public, else for few."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from council import files
from council.errors import NotFound
from council.gate import Context
from council.web.handler import handler
from council.web.reader import settings_of
from council.web.static import FOREVER


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The file, if a public photograph refers to it or the reader works with such papers."""
    sha256 = str(request.path_params["sha256"])
    path = files.path_of(settings_of(request), sha256)
    public = files.visible_to(ctx.session, ctx.actor, sha256)
    if public is None or not path.exists():
        raise NotFound("not_found")
    return FileResponse(
        path,
        media_type="image/jpeg",
        filename=f"{sha256[:12]}.jpg",
        content_disposition_type="inline",
        headers={"Cache-Control": FOREVER if public else "private, no-store"},
    )


routes = [Route("/files/{sha256}.jpg", show)]
