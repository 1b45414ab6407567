"""The community's English: a field beside every text of a matter that its translator may read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, true
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import meetings, policy, proposals, translations, votes
from council.admissions import Admission
from council.commitments import Commitment
from council.consultations import Consultation, ConsultationOption
from council.db import Governed
from council.disputes import Dispute
from council.errors import Invalid, NotAllowed
from council.findings import HEADINGS, Finding
from council.gate import Context
from council.meetings import AgendaItem, ItemStage, Meeting
from council.motions import Motion
from council.notices import Notice
from council.papers import ItemPaper
from council.policy import Can
from council.preparations import Preparation
from council.proposals import Proposal
from council.reviews import Review
from council.statements import Statement
from council.straws import Straw
from council.summaries import OpinionGroup
from council.translations import LONGEST
from council.votes import Vote, VoteStage
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

OPENED = select(Consultation.id).where(Consultation.opens_at.is_not(None))
PUBLISHED = select(Consultation.proposal_id).where(Consultation.published_at.is_not(None))
REVIEWED = select(Review.id).where(Review.published_at.is_not(None))


class Text(NamedTuple):
    """The texts of one table: from when everybody reads them, and who works on them before."""

    kind: type[Any]
    names: tuple[str, ...]
    public: ColumnElement[bool]
    before: tuple[Can, ...] = ()


PREPARE = (Can.SCREEN, Can.CONVENE)

NOTICES = Text(Notice, ("title", "body"), true())

OF_VOTE = (
    Text(Vote, ("title", "question", "options"), Vote.agenda_item_id.is_(None)
         & (Vote.stage != VoteStage.DRAFT), PREPARE),
    Text(
        Preparation,
        ("arguments_for", "arguments_against", "how_to_vote", "helpers", "legal_basis",
         "study_opinion"),
        Preparation.roll_published_at.is_not(None), PREPARE,
    ),
    Text(Preparation, ("void_reason",), Preparation.voided_at.is_not(None)),
    Text(Dispute, ("reason",), Dispute.decided_at.is_not(None)),
)  # fmt: skip
"""Which texts of a formal vote are translated."""

TEXTS = (
    Text(Admission, ("reason", "legal_basis", "instead"), Admission.decided_at.is_not(None)),
    Text(
        Consultation, ("summary", "if_nothing", "payer", "offline"), Consultation.id.in_(OPENED),
        PREPARE,
    ),
    Text(
        ConsultationOption, ("words",), ConsultationOption.consultation_id.in_(OPENED), PREPARE
    ),
    Text(Statement, ("body",), true()),
    Text(
        OpinionGroup, ("title", "reason"), OpinionGroup.proposal_id.in_(PUBLISHED),
        (Can.SUMMARISE,),
    ),
    Text(Finding, HEADINGS, Finding.review_id.in_(REVIEWED)),
    Text(AgendaItem, ("motion", "consensus", "reason"), AgendaItem.stage != ItemStage.PENDING),
    Text(Commitment, ("title", "standard", "post"), true()),
    *OF_VOTE,
    NOTICES,
)  # fmt: skip
"""Which texts of a matter are translated, besides its own; none that the translator cannot read."""

OF_MEETING = (
    Text(Meeting, ("title", "location", "reason"), true()),
    Text(AgendaItem, ("title", "presenter", "motion", "consensus", "reason"), true()),
    Text(ItemPaper, ("title",), true()),
    Text(Motion, ("text",), Motion.depth > 0),
    Text(Straw, ("question",), true()),
)  # fmt: skip
"""Which texts of a meeting are translated: its agenda, amendments as they read, straw polls."""

OWN = ("title", "situation", "request", "affected", "location")


Subject = Proposal | Vote | Meeting
GET: dict[str, Callable[[Context, int], Subject]] = {
    "proposals": proposals.get, "votes": votes.get, "meetings": meetings.get,
}  # fmt: skip
"""What has an English of its own, by the first word of its address."""


@dataclass(frozen=True)
class Piece:
    """One text with its English, if there is any; `name` is its field in the form."""

    row: Any
    table: str
    field: str
    english: str

    @property
    def name(self) -> str:
        """The field of the form."""
        return f"{self.table}-{self.row.id}-{self.field}"

    @property
    def original(self) -> str:
        """What was written; the options of a vote stand one a line."""
        said = getattr(self.row, self.field)
        return "\n".join(one["label"] for one in said) if isinstance(said, list) else str(said)


def pieces(ctx: Context, subject: Subject) -> list[Piece]:
    """Every text of a matter in the order of its road, of a vote, a meeting; one statement each."""
    rows: list[tuple[Governed, tuple[str, ...]]] = []
    able = policy.abilities(ctx.session, ctx.actor, subject.community_id)
    if isinstance(subject, Proposal):
        rows.append((subject, OWN))
    for kind, names, public, before in _of(subject):
        shown = true() if able.intersection(before) else public
        found = select(kind).where(_own(kind, subject), shown).order_by(kind.id)
        rows += [(row, names) for row in ctx.session.scalars(found)]
    return _with_english(ctx, rows)


def _of(subject: Subject) -> tuple[Text, ...]:
    if isinstance(subject, Proposal):
        return TEXTS
    return OF_MEETING if isinstance(subject, Meeting) else (*OF_VOTE, NOTICES)


def _own(kind: type[Any], subject: Subject) -> ColumnElement[bool]:
    """What belongs to the matter, the vote or the meeting."""
    if kind is type(subject):
        column = kind.id
    elif isinstance(subject, Proposal):
        column = kind.proposal_id
    else:
        column = kind.meeting_id if isinstance(subject, Meeting) else kind.vote_id
    found: ColumnElement[bool] = column == subject.id
    return found


def _with_english(ctx: Context, rows: list[tuple[Governed, tuple[str, ...]]]) -> list[Piece]:
    """Each text that is not empty, with its English; rows of every kind in one statement."""
    about = [(row.__tablename__, row.id) for row, _ in rows]  # type: ignore[attr-defined]
    known = translations.of_rows(ctx.session, about)
    return [
        Piece(row, row.__tablename__, name, known.get((row.__tablename__, row.id, name), ""))  # type: ignore[attr-defined]
        for row, names in rows
        for name in names
        if getattr(row, name)
    ]


def _subject(request: Request, ctx: Context) -> Subject:
    """What is translated, for those who translate. Raises NotFound and NotAllowed."""
    noun = request.url.path.split("/")[1]
    found = GET[noun](ctx, int(request.path_params["id"]))
    if not policy.allows(ctx.session, ctx.actor, Can.TRANSLATE, found.community_id):
        raise NotAllowed("not_allowed")
    return found


def _noun(subject: Subject) -> str:
    return f"{subject.__tablename__}s"


def _page(request: Request, ctx: Context, subject: Subject, form: Form | None = None) -> Response:
    found = pieces(ctx, subject)
    shown = form or Form(None, **{one.name: one.english for one in found})
    return pages.page(
        request, "translations/show.html", 422 if form else 200, subject=subject, form=shown,
        pieces=found, done=sum(1 for one in found if one.english), noun=_noun(subject),
        address=f"/{_noun(subject)}/{subject.id}",
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Every public text of the matter, vote or meeting, each with a field for its English."""
    return _page(request, ctx, _subject(request, ctx))


@handler(session=True, rate="write")
def keep(request: Request, ctx: Context) -> Response:
    """Keep every translation that is new or was changed."""
    subject, form = _subject(request, ctx), form_of(request)
    try:
        with form.reading():
            typed = [
                (one, form.text(one.name, LONGEST, required=False)) for one in pieces(ctx, subject)
            ]
        for one, english in typed:
            if english and english != one.english:
                translations.add(ctx, one.row, field=one.field, words=english)
    except Invalid as wrong:
        return _page(request, ctx, subject, form.wrong(wrong))
    return RedirectResponse(f"/{_noun(subject)}/{subject.id}?lang=en", status_code=303)


routes = [
    Route("/proposals/{id:int}/translations", show),
    Route("/proposals/{id:int}/translations", keep, methods=["POST"]),
    Route("/votes/{id:int}/translations", show),
    Route("/votes/{id:int}/translations", keep, methods=["POST"]),
    Route("/meetings/{id:int}/translations", show),
    Route("/meetings/{id:int}/translations", keep, methods=["POST"]),
]
