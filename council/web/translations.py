"""The community's English: a field beside every text of a matter that its translator may read."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, true
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import policy, proposals, translations
from council.admissions import Admission
from council.commitments import Commitment
from council.consultations import Consultation, ConsultationOption
from council.db import Governed
from council.errors import Invalid, NotAllowed
from council.findings import HEADINGS, Finding
from council.gate import Context
from council.meetings import AgendaItem, ItemStage
from council.notices import Notice
from council.policy import Can
from council.proposals import Proposal
from council.reviews import Review
from council.statements import Statement
from council.summaries import OpinionGroup
from council.translations import LONGEST
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
    Text(Notice, ("title", "body"), true()),
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
        """What was written."""
        return str(getattr(self.row, self.field))


def pieces(ctx: Context, proposal: Proposal) -> list[Piece]:
    """Every text of the matter in the order of its road, a statement per table."""
    known = translations.of_matters(ctx.session, [proposal.id])
    rows: list[tuple[Governed, tuple[str, ...]]] = [(proposal, OWN)]
    able = policy.abilities(ctx.session, ctx.actor, proposal.community_id)
    for kind, names, public, before in TEXTS:
        shown = true() if able.intersection(before) else public
        found = select(kind).where(kind.proposal_id == proposal.id, shown).order_by(kind.id)
        rows += [(row, names) for row in ctx.session.scalars(found)]
    return [
        Piece(row, row.__tablename__, name, known.get((row.__tablename__, row.id, name), ""))  # type: ignore[attr-defined]
        for row, names in rows
        for name in names
        if getattr(row, name)
    ]


def _matter(request: Request, ctx: Context) -> Proposal:
    """The matter, for those who translate. Raises NotFound and NotAllowed."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    if not policy.allows(ctx.session, ctx.actor, Can.TRANSLATE, proposal.community_id):
        raise NotAllowed("not_allowed")
    return proposal


def _page(request: Request, ctx: Context, proposal: Proposal, form: Form | None = None) -> Response:
    found = pieces(ctx, proposal)
    shown = form or Form(None, **{one.name: one.english for one in found})
    return pages.page(
        request, "translations/show.html", 422 if form else 200, proposal=proposal, form=shown,
        pieces=found, done=sum(1 for one in found if one.english),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """Every public text of the matter, each with a field for its English."""
    return _page(request, ctx, _matter(request, ctx))


@handler(session=True, rate="write")
def keep(request: Request, ctx: Context) -> Response:
    """Keep every translation that is new or was changed."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        with form.reading():
            typed = [
                (one, form.text(one.name, LONGEST, required=False))
                for one in pieces(ctx, proposal)
            ]  # fmt: skip
        for one, english in typed:
            if english and english != one.english:
                translations.add(ctx, one.row, field=one.field, words=english)
    except Invalid as wrong:
        return _page(request, ctx, proposal, form.wrong(wrong))
    return RedirectResponse(f"/proposals/{proposal.id}?lang=en", status_code=303)


routes = [
    Route("/proposals/{id:int}/translations", show),
    Route("/proposals/{id:int}/translations", keep, methods=["POST"]),
]
