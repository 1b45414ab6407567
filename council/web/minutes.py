"""The minutes of a meeting: composed from its rows, written, signed and published on one page."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    archives,
    corrections,
    debates,
    envoys,
    gate,
    history,
    meetings,
    minutes,
    notes,
    policy,
    proceedings,
    reasons,
    translations,
)
from council.corrections import MinutesVersion
from council.differences import Piece, pieces
from council.errors import Invalid, NotAllowed, NotFound, Problem
from council.files import Picture
from council.gate import Context
from council.meetings import Meeting
from council.minutes import NOTE, WORDS, Minutes, Words
from council.people import Constituency
from council.places import Place
from council.policy import Can
from council.web import pages, photographs
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler, prepared

ACTS = (
    "minutes.revise", "minutes.sign", "minutes.correct", "minutes.sign_on_paper",
    "minutes.publish",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A later wording of the minutes, and how each text that it changed became what it is."""

    version: MinutesVersion
    texts: dict[str, tuple[Piece, ...]]


class Says(StrEnum):
    """The recorder's answer to a correction, as the form sends it."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


def _meeting(request: Request, ctx: Context) -> Meeting:
    return meetings.get(ctx, int(request.path_params["id"]))


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The minutes; before they are published, what is known from the rows and when they are due."""
    return _page(request, ctx, _meeting(request, ctx))


def _page(
    request: Request, ctx: Context, meeting: Meeting, status: int = 200, **forms: Form
) -> Response:
    """The page, or for htmx its part that changes, with the form that was wrong."""
    name = "minutes/_body.html" if pages.is_partial(request) else "minutes/show.html"
    record = minutes.record(ctx.session, meeting)
    row = minutes.readable(ctx, meeting)
    items = [line.item.id for line in record.lines]
    records = policy.allows(ctx.session, ctx.actor, Can.RECORD, meeting.community_id)
    words = translations.of_rows(ctx.session, [("minutes", row.id)]) if row else {}
    return pages.page(
        request, name, status, meeting=meeting, record=record, minutes=row, forms=forms,
        blank=Form(), place=ctx.session.get_one(Place, meeting.community_id),
        pictures=minutes.pictures(ctx.session, meeting.id),
        reasons=reasons.of_items(ctx.session, items),
        envoys=envoys.of_meeting(ctx.session, meeting.id),
        courses=proceedings.of_items(ctx.session, meeting.id, items),
        notes=notes.of_meeting(ctx.session, meeting.id) if records else [],
        clock=minutes.due(ctx.session, meeting), stamp=history.head(ctx.session),
        drafts=gate.possible(ctx, "minutes.draft", meeting),
        records=records,
        translations=words | debates.english(ctx.session, meeting.id),
        **_signing(ctx, row),
    )  # fmt: skip


def _signing(ctx: Context, row: Minutes | None) -> dict[str, Any]:
    """Who has signed, who has not, and what this reader may do about it."""
    if row is None:
        nothing: dict[str, Any] = {"signatures": [], "unsigned": [], "may": dict.fromkeys(ACTS)}
        return nothing | {"corrections": [], "changes": [], "archive": None}
    return {
        "signatures": minutes.signatures(ctx.session, row),
        "unsigned": minutes.unsigned(ctx.session, row),
        "corrections": corrections.noted(ctx.session, row.id),
        "changes": _changes(ctx, row),
        **_sealed(ctx, row),
        "may": {one: gate.possible(ctx, one, row) for one in ACTS},
    }


def _sealed(ctx: Context, row: Minutes) -> dict[str, Any]:
    """The sealed file of published minutes, and the entry of the log that holds its fingerprint."""
    kept = archives.of_minutes(ctx.session, row.id)
    if kept is None:
        return {"archive": None}
    entry = history.entry_of(ctx.session, "minutes.seal", row, since=kept.sealed_at)
    return {"archive": kept, "entry": entry}


@handler()
def download(request: Request, ctx: Context) -> Response:
    """The sealed file of published minutes, byte for byte."""
    row = minutes.get(ctx, _meeting(request, ctx))
    kept = archives.of_minutes(ctx.session, row.id)
    if kept is None:
        raise NotFound("not_found")
    headers = {"Content-Disposition": f'attachment; filename="minutes-{row.meeting_id}.json"'}
    return Response(kept.text.encode(), media_type="application/json", headers=headers)


def _changes(ctx: Context, row: Minutes) -> list[Change]:
    """What each wording changed of the one before it, the newest first."""
    kept = corrections.versions(ctx.session, row.id)
    found = [
        Change(
            new,
            {
                name: pieces(getattr(old, name), getattr(new, name))
                for name in vars(Words())
                if getattr(old, name) != getattr(new, name)
            },
        )
        for old, new in pairwise(kept)
    ]
    return found[::-1]


def _answer(request: Request, ctx: Context, meeting: Meeting) -> Response:
    if pages.is_partial(request):
        return _page(request, ctx, meeting)
    return RedirectResponse(f"/meetings/{meeting.id}/minutes", status_code=303)


@handler(session=True, rate="write")
def write(request: Request, ctx: Context) -> Response:
    """Draft the minutes, or change their text."""
    meeting, form = _meeting(request, ctx), form_of(request)
    try:
        with form.reading():
            words = Words(
                **{
                    name: form.text(name, WORDS, required=False)
                    for name in ("views_for", "views_against", "other")
                }
            )
        row = minutes.of_meeting(ctx.session, meeting.id)
        if row is None:
            minutes.draft(ctx, meeting, words=words)
        else:
            minutes.revise(ctx, row, words=words)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, write=form.wrong(wrong))
    return _answer(request, ctx, meeting)


@handler(session=True, rate="write")
def sign(request: Request, ctx: Context) -> Response:
    """Sign for one's constituency."""
    meeting, form = _meeting(request, ctx), form_of(request)
    row = minutes.get(ctx, meeting)
    try:
        with form.reading():
            revision = form.integer("revision")
        minutes.sign(ctx, row, revision=revision)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, sign=form.wrong(wrong))
    return _answer(request, ctx, meeting)


def picture(request: Request, session: Session) -> Picture:
    """Draw the photograph of the signature anew and keep it, before the transaction (slow)."""
    look = request.state.look
    meeting = _meeting(request, Context(session, look.actor, look.now))
    if not policy.allows(session, look.actor, Can.RECORD, meeting.community_id):
        raise NotAllowed("not_allowed")
    found = photographs.one(request, "photo")
    if found is None:
        raise Invalid(Problem("empty", "photo"))
    return found


@handler(session=True, rate="write", prepare=picture)
def sign_on_paper(request: Request, ctx: Context) -> Response:
    """Enter a signature on paper."""
    meeting, form = _meeting(request, ctx), form_of(request)
    row = minutes.get(ctx, meeting)
    try:
        with form.reading():
            constituency = form.choice("constituency", Constituency)
            note = form.line("note", NOTE, required=False)
        drawn: Picture = prepared(request)
        minutes.sign_on_paper(ctx, row, constituency=constituency, note=note, picture=drawn)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, paper=form.wrong(wrong))
    return _answer(request, ctx, meeting)


@handler(session=True, rate="write")
def correct(request: Request, ctx: Context) -> Response:
    """Note what is wrong, instead of signing."""
    meeting, form = _meeting(request, ctx), form_of(request)
    row = minutes.get(ctx, meeting)
    try:
        ctx.behalf = behalf_from(request, ctx.session, meeting.community_id)
        with form.reading():
            words = form.text("words", corrections.WORDS)
        minutes.correct(ctx, row, words=words)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, correct=form.wrong(wrong))
    return _answer(request, ctx, meeting)


@handler(session=True, rate="write")
def answer(request: Request, ctx: Context) -> Response:
    """Accept a correction, or say why not."""
    meeting, form = _meeting(request, ctx), form_of(request)
    row, wanted = minutes.get(ctx, meeting), int(request.path_params["correction"])
    found = [one for one in corrections.noted(ctx.session, row.id) if one.id == wanted]
    if not found:
        raise NotFound("not_found")
    try:
        with form.reading():
            accepts = form.choice(f"says_{wanted}", Says) is Says.ACCEPTED
            words = form.text(f"answer_{wanted}", corrections.WORDS, required=not accepts)
        corrections.answer(ctx, found[0], accepts=accepts, words=words)
    except Invalid as wrong:
        return _page(request, ctx, meeting, 422, **{f"answer_{wanted}": form.wrong(wrong)})
    return _answer(request, ctx, meeting)


@handler(session=True, rate="write")
def publish(request: Request, ctx: Context) -> Response:
    """Publish the signed minutes."""
    meeting = _meeting(request, ctx)
    minutes.publish(ctx, minutes.get(ctx, meeting))
    return _answer(request, ctx, meeting)


routes = [
    Route("/meetings/{id:int}/minutes.json", download),
    Route("/meetings/{id:int}/minutes", show),
    Route("/meetings/{id:int}/minutes", write, methods=["POST"]),
    Route("/meetings/{id:int}/minutes/signatures", sign, methods=["POST"]),
    Route("/meetings/{id:int}/minutes/corrections", correct, methods=["POST"]),
    Route(
        "/meetings/{id:int}/minutes/corrections/{correction:int}/answer", answer, methods=["POST"]
    ),
    Route("/meetings/{id:int}/minutes/paper-signatures", sign_on_paper, methods=["POST"]),
    Route("/meetings/{id:int}/minutes/publication", publish, methods=["POST"]),
]
