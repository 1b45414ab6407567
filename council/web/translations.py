"""The community's English: a field beside every text of a matter that its translator may read."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, true
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import policy, proposals, translations, votes
from council.admissions import Admission
from council.commitments import Commitment
from council.consultations import Consultation, ConsultationOption
from council.db import Governed
from council.disputes import Dispute
from council.errors import Invalid, NotAllowed
from council.findings import HEADINGS, Finding
from council.gate import Context
from council.meetings import AgendaItem, ItemStage
from council.notices import Notice
from council.policy import Can
from council.preparations import Preparation
from council.proposals import Proposal
from council.reviews import Review
from council.statements import Statement
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

OWN = ("title", "situation", "request", "affected", "location")


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


def pieces(ctx: Context, subject: Proposal | Vote) -> list[Piece]:
    """Every text of a matter in the order of its road, or of a vote; a statement per table."""
    rows: list[tuple[Governed, tuple[str, ...]]] = []
    able = policy.abilities(ctx.session, ctx.actor, subject.community_id)
    of_matter = isinstance(subject, Proposal)
    if of_matter:
        rows.append((subject, OWN))
    for kind, names, public, before in TEXTS if of_matter else (*OF_VOTE, NOTICES):
        shown = true() if able.intersection(before) else public
        found = select(kind).where(_own(kind, subject), shown).order_by(kind.id)
        rows += [(row, names) for row in ctx.session.scalars(found)]
    return _with_english(ctx, rows)


def _own(kind: type[Any], subject: Proposal | Vote) -> ColumnElement[bool]:
    """What belongs to the matter or to the vote."""
    if isinstance(subject, Proposal):
        found: ColumnElement[bool] = kind.proposal_id == subject.id
    else:
        found = (kind.id if kind is Vote else kind.vote_id) == subject.id
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


def _subject(request: Request, ctx: Context) -> Proposal | Vote:
    """The matter or the vote, for those who translate. Raises NotFound and NotAllowed."""
    number = int(request.path_params["id"])
    of_vote = request.url.path.startswith("/votes/")
    found = votes.get(ctx, number) if of_vote else proposals.get(ctx, number)
    if not policy.allows(ctx.session, ctx.actor, Can.TRANSLATE, found.community_id):
        raise NotAllowed("not_allowed")
    return found


def _address(subject: Proposal | Vote) -> str:
    return f"/{'votes' if isinstance(subject, Vote) else 'proposals'}/{subject.id}"


def _page(
    request: Request, ctx: Context, subject: Proposal | Vote, form: Form | None = None
) -> Response:
    found = pieces(ctx, subject)
    shown = form or Form(None, **{one.name: one.english for one in found})
    return pages.page(
        request, "translations/show.html", 422 if form else 200, subject=subject, form=shown,
        pieces=found, done=sum(1 for one in found if one.english), address=_address(subject),
        of_vote=isinstance(subject, Vote),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Every public text of the matter or vote, each with a field for its English."""
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
    return RedirectResponse(f"{_address(subject)}?lang=en", status_code=303)


routes = [
    Route("/proposals/{id:int}/translations", show),
    Route("/proposals/{id:int}/translations", keep, methods=["POST"]),
    Route("/votes/{id:int}/translations", show),
    Route("/votes/{id:int}/translations", keep, methods=["POST"]),
]
