"""The record of a vote: what it holds, the file itself, and the program that counts it again."""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import i18n, preparations, records, scrutiny, translations, votes
from council.errors import NotFound
from council.gate import Context
from council.votes import Vote
from council.web import pages
from council.web.handler import declare, handler

FOREVER = "public, max-age=31536000, immutable"
ANEW = "public, no-cache"
"""A copy may be kept, and is asked after each time."""


def _vote(request: Request, ctx: Context) -> Vote:
    """A vote whose record this reader may have. Raises NotFound."""
    vote = votes.get(ctx, int(request.path_params["id"]))
    if not records.is_open_to(ctx, vote):
        raise NotFound("not_found")
    return vote


@handler()
def show(request: Request, ctx: Context) -> Response:
    """How anybody counts a vote again, and what its record tells and does not tell."""
    vote = _vote(request, ctx)
    record = records.record(ctx.session, vote)
    language = request.state.look.language
    row = None if vote.in_meeting else preparations.of(ctx.session, vote.id)
    about = [("vote", vote.id), *([("preparation", row.id)] if row else [])]
    words = translations.of_rows(ctx.session, about) if language == "en" else {}
    return pages.page(
        request, "records/show.html", vote=vote, record=record, preparation=row,
        fixed=records.is_fixed(vote), size=len(scrutiny.canonical(record)), translations=words,
        pooled=[i18n.translate(language, f"constituency.{one}") for one in record["pooled"]],
    )  # fmt: skip


@handler()
def download(request: Request, ctx: Context) -> Response:
    """The record as canonical JSON; once nothing can change it, for ever."""
    vote = _vote(request, ctx)
    record = records.record(ctx.session, vote)
    keep = FOREVER if records.is_fixed(vote) else ANEW
    answer = _file(
        request, scrutiny.canonical(record), record["digest"], "record.json",
        "application/json",
    )  # fmt: skip
    if ctx.actor is None:  # what somebody signed in has read is kept nowhere
        answer.headers["Cache-Control"] = keep
    return answer


@declare(rate="read")
async def tool(request: Request) -> Response:
    """The stand-alone recount: one file that needs Python and nothing else."""
    content = records.tool().encode()
    mark = sha256(content).hexdigest()
    answer = _file(request, content, mark, "recount.py", "text/x-python")
    answer.headers["Cache-Control"] = ANEW
    return answer


def _file(request: Request, content: bytes, mark: str, name: str, kind: str) -> Response:
    """A file to keep; nothing but its mark when the reader has it already."""
    headers = {"ETag": f'"{mark}"', "Content-Disposition": f'attachment; filename="{name}"'}
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers={"ETag": headers["ETag"]})
    return Response(content, media_type=kind, headers=headers)


routes = [
    Route("/votes/recount.py", tool),
    Route("/votes/{id:int}/record", show),
    Route("/votes/{id:int}/record.json", download),
]
