"""The record of a vote: what it holds, the file itself, and the program that counts it again."""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import i18n, preparations, records, scrutiny, translations, votes
from council.errors import NotFound
from council.gate import Context
from council.tallies import Json
from council.votes import SHOWN, Vote
from council.web import counts, formal, pages
from council.web.handler import declare, handler
from council.web.static import FOREVER

JSON, RESULT = "application/json", "council-vote-result-v1"
"""What a file is, and the name of the format of a result."""

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
def result(request: Request, ctx: Context) -> Response:
    """The result alone as JSON, with every line of its arithmetic in both languages."""
    vote = _vote(request, ctx)
    if vote.stage not in SHOWN:
        raise NotFound("not_found")
    content = scrutiny.canonical(_told(ctx, vote))
    return _kept(ctx, vote, _file(request, content, sha256(content).hexdigest(), "", JSON))


def _told(ctx: Context, vote: Vote) -> Json:
    found, spoken = vote.result or {}, formal.english(ctx, [vote])
    address = f"/votes/{vote.id}"
    return {
        "format": RESULT, "vote": vote.id, "title": vote.title, "question": vote.question,
        "body": vote.body.value, "mode": vote.mode.value, "method": vote.method.value,
        "stage": vote.stage.value, "rule": vote.rule,
        "closed": vote.closed_at.isoformat() if vote.closed_at else None,
        "outcome": found["outcome"], "options": vote.options, "chosen": counts.chosen(vote),
        "constituencies": found.get("constituencies", []), "totals": found.get("totals"),
        "lines": {"zh": counts.lines(vote, "zh", {}), "en": counts.lines(vote, "en", spoken)},
        "page": f"{address}/result" if vote.in_meeting else address,
        "record": f"{address}/record.json",
    }  # fmt: skip


@handler()
def download(request: Request, ctx: Context) -> Response:
    """The record as canonical JSON; once nothing can change it, for ever."""
    vote = _vote(request, ctx)
    record = records.record(ctx.session, vote)
    content = scrutiny.canonical(record)
    return _kept(ctx, vote, _file(request, content, record["digest"], "record.json", JSON))


@declare(rate="read")
async def tool(request: Request) -> Response:
    """The stand-alone recount: one file that needs Python and nothing else."""
    content = records.tool().encode()
    mark = sha256(content).hexdigest()
    answer = _file(request, content, mark, "recount.py", "text/x-python")
    answer.headers["Cache-Control"] = ANEW
    return answer


def _kept(ctx: Context, vote: Vote, answer: Response) -> Response:
    """How long a copy may be kept; what somebody signed in has read is kept nowhere."""
    if ctx.actor is None:
        answer.headers["Cache-Control"] = FOREVER if records.is_fixed(vote) else ANEW
    return answer


def _file(request: Request, content: bytes, mark: str, name: str, kind: str) -> Response:
    """A file to keep, or data without a name; only its mark where the reader has it already."""
    headers = {"ETag": f'"{mark}"'}
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers={"ETag": headers["ETag"]})
    return Response(content, media_type=kind, headers=headers)


routes = [
    Route("/votes/recount.py", tool),
    Route("/votes/{id:int}/record", show),
    Route("/votes/{id:int}/record.json", download),
    Route("/votes/{id:int}/result.json", result),
]
