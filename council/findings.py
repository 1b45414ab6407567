"""The experts' finding: fixed headings, signed by each of them, dissent published beside it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, people, reviews
from council.db import Base, Governed
from council.errors import Checks, NotReady, checking
from council.gate import Context, act
from council.people import Byline, Constituency
from council.policy import Can
from council.proposals import Proposal
from council.reviews import (
    WORDS,
    Panelist,
    Review,
    await_signature,
    declared_no_conflict,
    is_own_seat,
    panel,
    review_of,
    review_under_way,
)  # fmt: skip

MOST_YUAN = 2_000_000_000


class Mark(StrEnum):
    """What the experts say under one heading."""

    OK = "ok"
    CONDITIONAL = "conditional"
    NO = "no"


class Conclusion(StrEnum):
    """What the experts say on the whole. They advise: an infeasible matter may go on, flagged."""

    FEASIBLE = "feasible"
    CONDITIONAL = "conditional"
    INFEASIBLE = "infeasible"


MARKED = ("feasibility", "safety", "law", "cost")
"""The headings that carry a mark."""

HEADINGS = (*MARKED, "affected", "alternatives", "maintenance")
"""The fixed headings of every finding, in their order; the last one may stay empty."""

# Table


class Finding(Governed, Base):
    """What the experts found, under fixed headings. `revision` counts the changes of the text."""

    __tablename__ = "finding"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), unique=True)
    feasibility: Mapped[str] = mapped_column(default="")
    feasibility_mark: Mapped[Mark | None]
    safety: Mapped[str] = mapped_column(default="")
    safety_mark: Mapped[Mark | None]
    law: Mapped[str] = mapped_column(default="")
    law_mark: Mapped[Mark | None]
    cost: Mapped[str] = mapped_column(default="")
    cost_mark: Mapped[Mark | None]
    cost_low: Mapped[int | None]
    cost_high: Mapped[int | None]
    affected: Mapped[str] = mapped_column(default="")
    alternatives: Mapped[str] = mapped_column(default="")
    maintenance: Mapped[str] = mapped_column(default="")
    conclusion: Mapped[Conclusion | None]
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)

    @property
    def is_complete(self) -> bool:
        """Whether every heading but maintenance is written, every mark set, and the conclusion."""
        texts = all(getattr(self, name) for name in HEADINGS if name != "maintenance")
        return texts and self.conclusion is not None and all(self.marks().values())

    def marks(self) -> dict[str, Mark | None]:
        """The marks by their heading."""
        return {name: getattr(self, f"{name}_mark") for name in MARKED}


# Requirements


def seat_not_signed(ctx: Context, seat: Panelist) -> bool:
    """The expert has not signed yet."""
    return seat.signed_at is None


def finding_complete(ctx: Context, row: Review | Panelist) -> bool:
    """Every heading of the finding is written and marked, and the conclusion is chosen."""
    finding = draft_of(ctx.session, review_of(ctx, row).id)
    return finding is not None and finding.is_complete


def every_panelist_answered(ctx: Context, review: Review) -> bool:
    """Every expert on the panel has signed, dissented, recused themselves or left."""
    return not any(seat.is_pending for seat in panel(ctx.session, review.id))


def finding_signed(ctx: Context, review: Review) -> bool:
    """At least one expert has signed the finding."""
    return any(seat.signed_at for seat in panel(ctx.session, review.id))


# Acts


@dataclass(frozen=True)
class Answers:
    """What an expert writes; a draft may be unfinished. `revision` is the text that it changes."""

    feasibility: str = ""
    feasibility_mark: Mark | None = None
    safety: str = ""
    safety_mark: Mark | None = None
    law: str = ""
    law_mark: Mark | None = None
    cost: str = ""
    cost_mark: Mark | None = None
    cost_low: int | None = None
    cost_high: int | None = None
    affected: str = ""
    alternatives: str = ""
    maintenance: str = ""
    conclusion: Conclusion | None = None
    revision: int = 0

    def check(self, check: Checks) -> None:
        """Note what is too long, out of bounds, or contradicts itself."""
        for name in HEADINGS:
            check.text(getattr(self, name), name, limit=WORDS, required=False)
        low, high = self.cost_low, self.cost_high
        check((low is None) == (high is None), "both_or_neither", "cost_high")
        check((low or 0) <= (high or low or 0), "wrong_order", "cost_high")
        for name in ("cost_low", "cost_high"):
            within = 0 <= (getattr(self, name) or 0) <= MOST_YUAN
            check(within, "out_of_range", name, low=0, high=MOST_YUAN)
        refused = any(getattr(self, f"{name}_mark") is Mark.NO for name in MARKED)
        agrees = not (refused and self.conclusion is Conclusion.FEASIBLE)
        check(agrees, "contradicts_marks", "conclusion")


@act("review.draft_finding", who=Can.REVIEW, requires=(review_under_way, declared_no_conflict))
def draft_finding(ctx: Context, review: Review, *, answers: Answers) -> Finding:
    """Write or change the panel's finding; a change asks everybody who has signed to sign again."""
    found = draft_of(ctx.session, review.id)
    with checking() as check:
        answers.check(check)
        check(answers.revision == (found.revision if found else 0), "finding_changed")
    words = {name: value for name, value in vars(answers).items() if name != "revision"}
    if found and all(getattr(found, name) == value for name, value in words.items()):
        return found
    made = found or Finding(
        community_id=review.community_id, proposal_id=review.proposal_id, review_id=review.id,
    )  # fmt: skip
    for name, value in words.items():
        setattr(made, name, value)
    made.drafted_by_id, made.drafted_at = ctx.person_id, ctx.now
    made.revision = answers.revision + 1
    ctx.session.add(made)
    for seat in panel(ctx.session, review.id):
        if seat.signed_at:
            seat.signed_at = None
            await_signature(ctx, seat)
    return made


@act(
    "review.sign",
    who=Can.REVIEW,
    requires=(
        review_under_way, is_own_seat, declared_no_conflict, finding_complete, seat_not_signed,
    ),
)  # fmt: skip
def sign(ctx: Context, seat: Panelist, *, revision: int) -> None:
    """Sign the finding as it was read: `revision` is the text that the expert had in view."""
    finding = draft_of(ctx.session, seat.review_id)
    if finding is None or finding.revision != revision:
        raise NotReady("finding_changed")
    seat.signed_at, seat.dissent, seat.dissented_at = ctx.now, "", None
    calendar.meet(ctx, seat, "finding")


@act(
    "review.dissent",
    who=Can.REVIEW,
    requires=(review_under_way, is_own_seat, declared_no_conflict, finding_complete),
)
def dissent(ctx: Context, seat: Panelist, *, words: str) -> None:
    """Disagree instead of signing; the text is published beside the finding."""
    with checking() as check:
        check.text(words, "dissent", limit=WORDS)
    seat.dissent, seat.dissented_at, seat.signed_at = words, ctx.now, None
    calendar.meet(ctx, seat, "finding")


@act(
    "review.publish",
    who=Can.PUBLISH_FINDING,
    requires=(review_under_way, finding_complete, finding_signed, every_panelist_answered),
)
def publish(ctx: Context, review: Review) -> None:
    """Publish the finding with its signatures, dissent and declared interests."""
    review.published_at = ctx.now
    calendar.meet(ctx, review)
    for seat in panel(ctx.session, review.id):
        calendar.meet(ctx, seat)


# Questions


def draft_of(session: Session, review_id: int) -> Finding | None:
    """The finding, published or not: for those who write it. `section` is for everybody."""
    return session.scalars(select(Finding).where(Finding.review_id == review_id)).first()


@dataclass(frozen=True)
class Section:
    """A review as everybody may see it; the finding only once it is published."""

    review: Review
    panel: list[tuple[Panelist, Byline]]
    finding: Finding | None

    @property
    def is_flagged(self) -> bool:
        """Whether the experts found the matter infeasible, and it goes on all the same."""
        return self.finding is not None and self.finding.conclusion is Conclusion.INFEASIBLE


def section(session: Session, proposal: Proposal) -> Section | None:
    """The review of a matter for its page, in at most six statements; None before it begins."""
    review = reviews.of(session, proposal.id)
    if review is None:
        return None
    seats = panel(session, review.id)
    faces = people.bylines(
        session,
        review.community_id,
        [(seat.person_id, Constituency.EXPERTS) for seat in seats],
        named=[seat.person_id for seat in seats if seat.named],
    )
    return Section(
        review,
        [(seat, faces[seat.person_id, Constituency.EXPERTS]) for seat in seats],
        draft_of(session, review.id) if review.published_at else None,
    )
