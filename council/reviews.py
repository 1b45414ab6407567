"""Expert review: who is asked, and what interests they declare before they see the form."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, charter, deadlines, people
from council.db import PLAIN, Base, Governed
from council.deadlines import Limit, Unit
from council.errors import NotFound, NotReady, checking
from council.gate import Context, act
from council.people import Alias, Constituency, Membership, Person
from council.policy import Can
from council.proposals import Proposal, Stage

WORDS, SHORT, PROFESSION = 2000, 500, 30
"""Longest text of a heading, longest reason or interest, longest profession, in characters."""

INVITE = Limit(2, Unit.WORKING_DAY)
"""How soon the panel is invited, and how soon an expert answers the invitation."""

EXTENSION = Limit(10, Unit.WORKING_DAY)
"""The one extension (practice.md A12 (1))."""


class PanelStatus(StrEnum):
    """How an expert stands to the invitation."""

    INVITED = "invited"
    DECLARED = "declared"
    RECUSED = "recused"
    DECLINED = "declined"
    RELEASED = "released"


# Tables


class Review(Governed, Base):
    """The expert review of one matter; or, with `skip_reason`, why there was none."""

    __tablename__ = "review"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    started_at: Mapped[datetime | None]
    amount: Mapped[str] = mapped_column(default="", info=PLAIN)
    due_at: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    extension_reason: Mapped[str] = mapped_column(default="")
    skip_reason: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None]


class Panelist(Governed, Base):
    """An expert's seat on the panel. The interest is declared before the form is ever seen."""

    __tablename__ = "panelist"
    __table_args__ = (UniqueConstraint("review_id", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    profession: Mapped[str]
    invited_at: Mapped[datetime]
    status: Mapped[PanelStatus] = mapped_column(default=PanelStatus.INVITED)
    conflict: Mapped[bool | None]
    interest: Mapped[str] = mapped_column(default="")
    named: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[datetime | None]
    dissent: Mapped[str] = mapped_column(default="")
    dissented_at: Mapped[datetime | None]

    @property
    def is_pending(self) -> bool:
        """Whether the panel still waits for this expert's answer, signature or dissent."""
        if self.status is PanelStatus.DECLARED:
            return self.signed_at is None and self.dissented_at is None
        return self.status is PanelStatus.INVITED


# Requirements


def review_may_be_skipped(ctx: Context, proposal: Proposal) -> bool:
    """The charter lets a simple matter skip expert review."""
    return bool(proposal.rules.get("may_skip_review") == "yes")


def opinions_are_being_summarised(ctx: Context, proposal: Proposal) -> bool:
    """Whether experts are needed is decided after the public consultation, before the meeting."""
    return proposal.stage is Stage.SUMMARISING


def skip_reasoned(ctx: Context, proposal: Proposal) -> bool:
    """The public reason for skipping expert review has been written."""
    review = of(ctx.session, proposal.id)
    return review is not None and bool(review.skip_reason)


def finding_published(ctx: Context, proposal: Proposal) -> bool:
    """The experts' signed finding has been published."""
    review = of(ctx.session, proposal.id)
    return review is not None and review.published_at is not None


def review_under_way(ctx: Context, row: Review | Panelist) -> bool:
    """The review has begun and its finding is not published yet."""
    review = review_of(ctx, row)
    return review.started_at is not None and review.published_at is None


def review_not_yet_extended(ctx: Context, review: Review) -> bool:
    """The time can be extended once."""
    return review.extended_at is None


def is_own_seat(ctx: Context, seat: Panelist) -> bool:
    """Each expert answers and signs only for themselves."""
    return ctx.actor is not None and ctx.voice.person_id == seat.person_id


def interest_not_yet_declared(ctx: Context, seat: Panelist) -> bool:
    """The interest is declared once, before anything else."""
    return seat.status is PanelStatus.INVITED


def declared_no_conflict(ctx: Context, row: Review | Panelist) -> bool:
    """Only an expert on the panel who has declared to have no conflict of interest."""
    seat = row if isinstance(row, Panelist) else seat_of(ctx, row)
    return seat is not None and seat.status is PanelStatus.DECLARED


def seat_still_open(ctx: Context, seat: Panelist) -> bool:
    """The expert has not signed, dissented, recused themselves or left the panel."""
    return seat.is_pending


# Acts


@act("review.skip", who=Can.ADMIT, requires=(review_may_be_skipped, opinions_are_being_summarised))
def skip(ctx: Context, proposal: Proposal, *, reason: str) -> Review:
    """Write the public reason why a simple matter needs no expert review."""
    with checking() as check:
        check.text(reason, "reason", limit=SHORT)
    made = of(ctx.session, proposal.id) or _new_review(ctx, proposal)
    made.skip_reason = reason
    return made


@act("review.invite", who=Can.CONVENE, requires=(review_under_way,))
def invite(ctx: Context, review: Review, *, person_id: int, profession: str) -> Panelist:
    """Invite an expert of this community onto the panel, with the profession to be shown."""
    with checking() as check:
        check.text(profession, "profession", limit=PROFESSION)
        free = any(one.person_id == person_id for one in candidates(ctx, review))
        check(free, "not_an_expert", "person_id")
    made = Panelist(
        community_id=review.community_id, proposal_id=review.proposal_id, review_id=review.id,
        person_id=person_id, profession=profession, invited_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    calendar.meet(ctx, review, "invite_panel")
    calendar.start(ctx, made, "declare_interest", INVITE, person_id=person_id)
    return made


@act(
    "review.declare_interest",
    who=Can.REVIEW,
    requires=(review_under_way, is_own_seat, interest_not_yet_declared),
)
def declare_interest(
    ctx: Context, seat: Panelist, *, conflict: bool, interest: str, named: bool = False
) -> None:
    """Declare one's interest before seeing the form; with a conflict one is out, publicly."""
    with checking() as check:
        check.text(interest, "interest", limit=SHORT, required=conflict)
    seat.conflict, seat.interest, seat.named = conflict, interest, named
    seat.answered_at = ctx.now
    calendar.meet(ctx, seat, "declare_interest")
    if conflict:
        seat.status = PanelStatus.RECUSED
        _seek_another(ctx, seat)
    else:
        seat.status = PanelStatus.DECLARED
        await_signature(ctx, seat)


@act("review.decline", who=Can.REVIEW, requires=(review_under_way, is_own_seat, seat_still_open))
def decline(ctx: Context, seat: Panelist, *, reason: str = "") -> None:
    """Decline the invitation, or leave the panel before signing."""
    with checking() as check:
        check.text(reason, "reason", limit=SHORT, required=False)
    _leave(ctx, seat, PanelStatus.DECLINED, reason)


@act("review.release", who=Can.CONVENE, requires=(review_under_way, seat_still_open))
def release(ctx: Context, seat: Panelist, *, reason: str) -> None:
    """Release an expert who does not answer, with a public reason: nobody blocks the rest."""
    with checking() as check:
        check.text(reason, "reason", limit=SHORT)
    _leave(ctx, seat, PanelStatus.RELEASED, reason)


@act("review.extend", who=Can.CONVENE, requires=(review_under_way, review_not_yet_extended))
def extend(ctx: Context, review: Review, *, reason: str) -> None:
    """Give the experts ten more working days, once, with a public reason."""
    with checking() as check:
        check.text(reason, "reason", limit=SHORT)
    last = _due(review) - timedelta(microseconds=1)
    due_at = deadlines.due(last, EXTENSION, calendar.working(ctx.session))
    review.due_at, review.extended_at, review.extension_reason = due_at, ctx.now, reason
    waiting: list[Review | Panelist] = [review, *panel(ctx.session, review.id)]
    for row in waiting:
        for waits in calendar.running(ctx.session, row, "review", "finding"):
            waits.met_at = ctx.now
            calendar.start_until(
                ctx, row, waits.kind, due_at, str(EXTENSION),
                who=waits.who, person_id=waits.person_id,
            )  # fmt: skip


def begin_review(ctx: Context, proposal: Proposal) -> None:
    """Begin the review and its clocks; called by the transition itself, inside its act."""
    review = of(ctx.session, proposal.id) or _new_review(ctx, proposal)
    limit = charter.limit(proposal.rules, "review")
    review.started_at, review.amount, review.skip_reason = ctx.now, str(limit), ""
    review.due_at = calendar.start(ctx, review, "review", limit, who=Can.CONVENE).due_at
    calendar.start(ctx, review, "invite_panel", INVITE, who=Can.CONVENE)


def await_signature(ctx: Context, seat: Panelist) -> None:
    """Start the clock of an expert who has to sign; called inside an act."""
    review = review_of(ctx, seat)
    calendar.start_until(
        ctx, seat, "finding", _due(review), review.amount, person_id=seat.person_id
    )


# Questions


def review_of(ctx: Context, row: Review | Panelist) -> Review:
    """The review itself, or the one that a seat belongs to."""
    if isinstance(row, Review):
        return row
    return ctx.session.get_one(Review, row.review_id)


def of(session: Session, proposal_id: int) -> Review | None:
    """The review of a matter, or the note why it was skipped."""
    return session.scalars(select(Review).where(Review.proposal_id == proposal_id)).first()


def panel(session: Session, review_id: int) -> list[Panelist]:
    """Everybody who was invited, in the order of the invitations."""
    found = select(Panelist).where(Panelist.review_id == review_id)
    return list(session.scalars(found.order_by(Panelist.id)))


def seat_of(ctx: Context, review: Review) -> Panelist | None:
    """The seat of the person who speaks, if they were invited."""
    if ctx.actor is None or ctx.voice.person_id is None:
        return None
    found = select(Panelist).where(
        Panelist.review_id == review.id, Panelist.person_id == ctx.voice.person_id
    )
    return ctx.session.scalars(found).first()


def seat(ctx: Context, review: Review, seat_id: int) -> Panelist:
    """One seat of this review's panel. Raises NotFound when there is none."""
    found = ctx.session.get(Panelist, seat_id)
    if found is None or found.review_id != review.id:
        raise NotFound("not_found")
    return found


@dataclass(frozen=True)
class Candidate:
    """An expert who can be invited, as the convener knows them. Never shown in public."""

    person_id: int
    number: int
    name: str


def candidates(ctx: Context, review: Review) -> list[Candidate]:
    """The experts of the community who are not on the panel yet (one statement)."""
    invited = select(Panelist.person_id).where(Panelist.review_id == review.id)
    found = (
        select(Person.id, Alias.number, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(
            Alias,
            (Alias.person_id == Person.id) & (Alias.community_id == Membership.community_id),
        )
        .where(
            Membership.community_id == review.community_id,
            Membership.constituency == Constituency.EXPERTS,
            people.belongs(ctx.now),
            Person.id.not_in(invited),
        )
        .order_by(Alias.number)
    )
    return [Candidate(*row) for row in ctx.session.execute(found)]


def _new_review(ctx: Context, proposal: Proposal) -> Review:
    made = Review(community_id=proposal.community_id, proposal_id=proposal.id)
    ctx.session.add(made)
    ctx.session.flush()
    return made


def _due(review: Review) -> datetime:
    if review.due_at is None:
        raise NotReady("not_ready", [review_under_way.__name__])
    return review.due_at


def _seek_another(ctx: Context, seat: Panelist) -> None:
    review = review_of(ctx, seat)
    if not calendar.running(ctx.session, review, "invite_panel"):
        calendar.start(ctx, review, "invite_panel", INVITE, who=Can.CONVENE)


def _leave(ctx: Context, seat: Panelist, status: PanelStatus, reason: str) -> None:
    seat.status, seat.reason, seat.answered_at = status, reason, ctx.now
    calendar.meet(ctx, seat)
    _seek_another(ctx, seat)
