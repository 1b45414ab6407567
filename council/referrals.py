"""Referrals: which body decides a matter, found by a few questions, with its reason and law."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, and_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import PLAIN, Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.policy import Can
from council.proposals import Proposal, Stage
from council.votes import DECIDED, LAWFUL, Body, Vote, VoteStage


class Subject(StrEnum):
    """What a matter touches: the first question of the router (practice.md A12)."""

    COVENANT = "covenant"
    ALL_RESIDENTS = "all_residents"
    SHARED_PARTS = "shared_parts"
    SHARED_SPECIAL = "shared_special"
    PUBLIC_LAND = "public_land"
    BUDGET = "budget"
    OVER_BUDGET = "over_budget"
    OTHER_COMMUNITY = "other_community"


class Outside(StrEnum):
    """Who decides when no body of the community may."""

    DEPARTMENT = "department"
    SUBDISTRICT = "subdistrict"


ASSEMBLY = frozenset({Subject.COVENANT, Subject.ALL_RESIDENTS, Subject.OVER_BUDGET})
"""Matters of the residents' assembly, or of the delegates when it has authorised them."""


@dataclass(frozen=True)
class Route:
    """Who decides: a body with the code of its rule, or somebody outside; why, under which law.

    `why` names the sentence `route.why.<why>`, `law` the reference `route.law.<law>`.
    """

    body: Body | None
    profile: str
    outside: Outside | None
    why: str
    law: str


def route(subject: Subject, *, authorised: bool = False) -> Route:
    """Find who decides. `authorised`: the assembly has authorised the delegates to decide this."""
    if subject in ASSEMBLY and authorised:
        return Route(Body.DELEGATES, "DELEGATE_ASSEMBLY", None, subject.value, "delegates")
    if subject in ASSEMBLY:
        return Route(Body.RESIDENTS, "RESIDENT_ASSEMBLY", None, subject.value, "residents")
    return {
        Subject.SHARED_PARTS: Route(Body.OWNERS, "OWNERS_ORDINARY", None, subject.value, "owners"),
        Subject.SHARED_SPECIAL: Route(
            Body.OWNERS, "OWNERS_SPECIAL", None, subject.value, "owners_special"
        ),
        Subject.BUDGET: Route(Body.COUNCIL, "COUNCIL", None, subject.value, "council"),
        Subject.PUBLIC_LAND: Route(None, "", Outside.DEPARTMENT, subject.value, "department"),
        Subject.OTHER_COMMUNITY: Route(None, "", Outside.SUBDISTRICT, subject.value, "subdistrict"),
    }[subject]


# Table


class Referral(Governed, Base):
    """The answer to the question who decides a matter, as it was given last."""

    __tablename__ = "referral"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    subject: Mapped[Subject]
    authorised: Mapped[bool] = mapped_column(default=False)
    body: Mapped[Body | None]
    outside: Mapped[Outside | None]
    profile: Mapped[str] = mapped_column(default="", info=PLAIN)
    settled_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime]

    @property
    def route(self) -> Route:
        """Who decides, why, under which law."""
        return route(self.subject, authorised=self.authorised)


UNDER_WAY = and_(
    Vote.agenda_item_id.is_(None), Vote.body != Body.EVERYBODY,
    Vote.stage.not_in((*sorted(DECIDED), VoteStage.VOIDED)),
)  # fmt: skip
"""A formal vote that decides, from its draft until it has ended: of a matter there is one."""

Index(
    "ix_vote_under_way", Vote.proposal_id, unique=True, sqlite_where=UNDER_WAY,
    postgresql_where=UNDER_WAY,
)  # fmt: skip


# Requirements


def body_is_open(ctx: Context, proposal: Proposal) -> bool:
    """The matter is ready for a meeting, or waits for the body that decides."""
    return proposal.stage in {Stage.READY_FOR_MEETING, Stage.REFERRED}


def body_named(ctx: Context, proposal: Proposal) -> bool:
    """The router has been asked which body decides."""
    return of(ctx.session, proposal.id) is not None


def body_is_lawful(ctx: Context, proposal: Proposal) -> bool:
    """The router has named a body of the community that decides by a vote of its own."""
    found = of(ctx.session, proposal.id)
    return found is not None and found.body in LAWFUL


def body_is_outside(ctx: Context, proposal: Proposal) -> bool:
    """The router has named somebody outside the community."""
    found = of(ctx.session, proposal.id)
    return found is not None and found.outside is not None


def no_vote_under_way(ctx: Context, proposal: Proposal) -> bool:
    """No other vote of this matter is being prepared or under way."""
    found = select(Vote.id).where(Vote.proposal_id == proposal.id, UNDER_WAY)
    return ctx.session.scalars(found.limit(1)).first() is None


# Acts


@act("referral.settle", who=Can.CONVENE, requires=(body_is_open,))
def settle(
    ctx: Context, proposal: Proposal, *, subject: Subject, authorised: bool = False
) -> Referral:
    """Answer which body decides the matter; answering again replaces the answer."""
    with checking() as check:
        check(subject in ASSEMBLY or not authorised, "authorised_only_assembly", "authorised")
    found = route(subject, authorised=authorised)
    row = of(ctx.session, proposal.id)
    if row is None:
        row = Referral(community_id=proposal.community_id, proposal_id=proposal.id)
        ctx.session.add(row)
    row.subject, row.authorised = subject, authorised
    row.body, row.outside, row.profile = found.body, found.outside, found.profile
    row.settled_by_id, row.settled_at = ctx.person_id, ctx.now
    return row


# Questions


def of(session: Session, proposal_id: int) -> Referral | None:
    """Who decides the matter, if that was asked."""
    return session.scalars(select(Referral).where(Referral.proposal_id == proposal_id)).first()
