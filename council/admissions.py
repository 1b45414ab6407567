"""Admission: within three working days the core says whether a proposal is taken up, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar
from council.db import Base, Governed
from council.errors import Checks, checking
from council.files import Photo
from council.gate import Context, act
from council.places import Unit
from council.policy import Can
from council.proposals import SHORT, WORDS, Proposal, Stage


class Verdict(StrEnum):
    """What a worker suggests for a submitted matter."""

    ADMIT = "admit"
    RETURN = "return"
    REFUSE = "refuse"


class RefusalReason(StrEnum):
    """The fixed list of reasons for which a matter is not admitted."""

    PERSONAL = "personal"
    OUTSIDE = "outside"
    UNLAWFUL = "unlawful"
    NOT_CONCRETE = "not_concrete"
    DECIDED = "decided"


CHECKLIST = ("in_competence", "is_concrete", "is_lawful", "is_not_personal")
"""The questions that every admission answers (practice.md A12 (1))."""

# Table


class Admission(Governed, Base):
    """A worker's draft of the answer to a submitted matter, for the Party secretary to decide."""

    __tablename__ = "admission"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    verdict: Mapped[Verdict]
    in_competence: Mapped[bool]
    is_concrete: Mapped[bool]
    is_lawful: Mapped[bool]
    is_not_personal: Mapped[bool]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    reason_code: Mapped[RefusalReason | None]
    reason: Mapped[str] = mapped_column(default="")
    legal_basis: Mapped[str] = mapped_column(default="")
    instead: Mapped[str] = mapped_column(default="")
    hides_text: Mapped[bool] = mapped_column(default=False)
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]


# Requirements


def awaits_answer(ctx: Context, proposal: Proposal) -> bool:
    """The matter has been submitted and waits for its answer."""
    return proposal.stage is Stage.SUBMITTED


def admission_drafted(ctx: Context, proposal: Proposal) -> bool:
    """A worker has drafted the admission, every question of the checklist answered yes."""
    answer = _waiting(ctx, proposal)
    return (
        answer is not None
        and answer.verdict is Verdict.ADMIT
        and all(getattr(answer, question) for question in CHECKLIST)
    )


def unit_named(ctx: Context, proposal: Proposal) -> bool:
    """The responsible unit that will take part throughout has been named."""
    answer = _waiting(ctx, proposal)
    return answer is not None and answer.unit_id is not None


def refusal_drafted(ctx: Context, proposal: Proposal) -> bool:
    """A worker has drafted the refusal with its reason, legal basis and where to go instead."""
    answer = _waiting(ctx, proposal)
    return (
        answer is not None
        and answer.verdict is Verdict.REFUSE
        and answer.reason_code is not None
        and bool(answer.reason and answer.legal_basis and answer.instead)
    )


def return_drafted(ctx: Context, proposal: Proposal) -> bool:
    """A worker has written what has to be added."""
    answer = _waiting(ctx, proposal)
    return answer is not None and answer.verdict is Verdict.RETURN and bool(answer.reason)


def drafted_by_another(ctx: Context, proposal: Proposal) -> bool:
    """Somebody else drafted it: an answer needs two people."""
    answer = _waiting(ctx, proposal)
    return answer is None or ctx.actor is None or answer.drafted_by_id != ctx.actor.person_id


# Acts


@dataclass(frozen=True)
class Answer:
    """A worker's suggested answer to a submitted matter."""

    verdict: Verdict
    in_competence: bool = False
    is_concrete: bool = False
    is_lawful: bool = False
    is_not_personal: bool = False
    unit_id: int | None = None
    reason_code: RefusalReason | None = None
    reason: str = ""
    legal_basis: str = ""
    instead: str = ""
    hides_text: bool = False

    def check(self, check: Checks) -> None:
        """Note what the chosen verdict lacks."""
        refuse = self.verdict is Verdict.REFUSE
        check.text(self.reason, "reason", limit=WORDS, required=self.verdict is not Verdict.ADMIT)
        check.text(self.legal_basis, "legal_basis", limit=SHORT, required=refuse)
        check.text(self.instead, "instead", limit=SHORT, required=refuse)
        check(self.reason_code or not refuse, "empty", "reason_code")
        if self.verdict is Verdict.ADMIT:
            check(self.unit_id, "empty", "unit_id")
            for question in CHECKLIST:
                check(getattr(self, question), "checklist_no", question)


@act("admission.draft", who=Can.SCREEN, requires=(awaits_answer,))
def draft(ctx: Context, proposal: Proposal, *, answer: Answer) -> Admission:
    """Draft the answer to a submitted matter against the checklist; drafting again replaces it."""
    with checking() as check:
        answer.check(check)
        if answer.unit_id is not None:
            unit = ctx.session.get(Unit, answer.unit_id)
            check(unit and unit.community_id == proposal.community_id, "not_a_choice", "unit_id")
    made = of(ctx.session, proposal.id)
    by = {"drafted_by_id": ctx.person_id, "drafted_at": ctx.now, "decided_at": None}
    if made is None:
        made = Admission(
            community_id=proposal.community_id, proposal_id=proposal.id, **vars(answer), **by
        )
        ctx.session.add(made)
    for name, value in (vars(answer) | by).items():
        setattr(made, name, value)
    for waits in calendar.running(ctx.session, proposal, "admission_draft"):
        waits.met_at = ctx.now
        calendar.start_until(ctx, proposal, "admission", waits.due_at, waits.amount, who=Can.ADMIT)
    return made


def note_decision(ctx: Context, proposal: Proposal) -> None:
    """Note who decided; called by the transition itself, inside its act."""
    draft = of(ctx.session, proposal.id)
    if draft is not None:
        draft.decided_by_id, draft.decided_at = ctx.person_id, ctx.now
        if proposal.stage is Stage.NOT_ADMITTED and draft.hides_text:
            _hide(ctx, proposal)
    calendar.meet(ctx, proposal, "admission_draft", "admission")


def _waiting(ctx: Context, proposal: Proposal) -> Admission | None:
    """The draft that waits for a decision; after a return it has to be drafted anew."""
    answer = of(ctx.session, proposal.id)
    return answer if answer and answer.decided_at is None else None


def _hide(ctx: Context, proposal: Proposal) -> None:
    """Take the matter's text and photographs out of public sight; the reason stays public."""
    proposal.hidden = True
    own = select(Photo).where(Photo.subject_table == "proposal", Photo.subject_id == proposal.id)
    for photo in ctx.session.scalars(own):
        photo.public = False


# Questions


def of(session: Session, proposal_id: int) -> Admission | None:
    """The drafted or decided answer to a matter."""
    return session.scalars(select(Admission).where(Admission.proposal_id == proposal_id)).first()
