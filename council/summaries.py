"""Opinion summaries: every opinion gets an answer in a group, or stands as a minority view."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, and_, exists, func, or_, select, union
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import consultations, opinions, translations
from council.consultations import Consultation, summary_pending
from council.db import Base, Governed
from council.errors import Invalid, NotFound, Problem, checking
from council.gate import Context, Situated, act
from council.opinions import Counts, Opinion, Said, Stance, Wanted
from council.people import Channel, Constituency
from council.policy import Can
from council.proposals import Proposal
from council.statements import Statement, StatementVote

TITLE = 60
REASON = 1000
MOST_AT_ONCE = 200
MINORITY_SHOWN = 10
"""How many minority views stand on the matter's own page; all stand on the consultation's."""


class Response(StrEnum):
    """What becomes of the opinions in a group."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    NOT_ACCEPTED = "not_accepted"


# Tables


class OpinionGroup(Governed, Base):
    """Opinions that say the same, under one title, with the answer to all of them."""

    __tablename__ = "opinion_group"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    title: Mapped[str]
    response: Mapped[Response | None]
    reason: Mapped[str] = mapped_column(default="")


class Filing(Governed, Base):
    """Where one opinion stands in the summary; without a group it stands as a minority view."""

    __tablename__ = "filing"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinion.id"), unique=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("opinion_group.id"), index=True)


# Requirements


def every_opinion_answered(ctx: Context, proposal: Proposal) -> bool:
    """Every opinion stands in a group with an answer and a reason, or as a minority view."""
    answered = (
        select(Filing.id)
        .outerjoin(OpinionGroup, OpinionGroup.id == Filing.group_id)
        .where(
            Filing.opinion_id == Opinion.id,
            or_(
                Filing.group_id.is_(None),
                and_(OpinionGroup.response.is_not(None), OpinionGroup.reason != ""),
            ),
        )
    )
    open_ones = select(Opinion.id).where(
        Opinion.proposal_id == proposal.id, Opinion.withdrawn_at.is_(None), ~exists(answered)
    )
    return ctx.session.scalars(open_ones.limit(1)).first() is None


# Acts


@act("group.add", who=Can.SUMMARISE, requires=(summary_pending,))
def add(
    ctx: Context,
    proposal: Proposal,
    *,
    title: str,
    response: Response | None = None,
    reason: str = "",
) -> OpinionGroup:
    """Begin a group of opinions that say the same; the answer may come later."""
    _check(title, reason)
    made = OpinionGroup(
        community_id=proposal.community_id, proposal_id=proposal.id, title=title.strip(),
        response=response, reason=reason.strip(),
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("group.revise", who=Can.SUMMARISE, requires=(summary_pending,))
def revise(
    ctx: Context, group: OpinionGroup, *, title: str, response: Response | None, reason: str
) -> None:
    """Better a group's title, and answer it: accepted, partly, or not accepted, and why."""
    _check(title, reason)
    group.title, group.response, group.reason = title.strip(), response, reason.strip()
    translations.forget(ctx.session, group)


@act("opinion.file", who=Can.SUMMARISE, requires=(summary_pending,))
def file(ctx: Context, group: OpinionGroup, *, opinion_ids: Collection[int]) -> None:
    """Put opinions into a group; one that stood elsewhere moves."""
    _place(ctx, group, group.proposal_id, opinion_ids, group.id)


@act("opinion.keep_as_minority", who=Can.SUMMARISE, requires=(summary_pending,))
def keep_as_minority(ctx: Context, proposal: Proposal, *, opinion_ids: Collection[int]) -> None:
    """Let opinions stand word for word as minority views."""
    _place(ctx, proposal, proposal.id, opinion_ids, None)


def _check(title: str, reason: str) -> None:
    with checking() as check:
        check.text(title, "title", limit=TITLE)
        check.text(reason, "reason", limit=REASON, required=False)


def _place(
    ctx: Context,
    row: Situated,
    proposal_id: int,
    opinion_ids: Collection[int],
    group_id: int | None,
) -> None:
    wanted = set(opinion_ids)
    if not wanted:
        raise Invalid(Problem("not_chosen", "opinions"))
    if len(wanted) > MOST_AT_ONCE:
        raise Invalid(Problem("too_many", "opinions", {"limit": MOST_AT_ONCE}))
    known = select(func.count()).where(
        Opinion.id.in_(wanted), Opinion.proposal_id == proposal_id, Opinion.withdrawn_at.is_(None)
    )
    if ctx.session.scalar(known) != len(wanted):
        raise Invalid(Problem("not_a_choice", "opinions"))
    for filing in ctx.session.scalars(select(Filing).where(Filing.opinion_id.in_(wanted))):
        filing.group_id = group_id
        wanted.remove(filing.opinion_id)
    for opinion_id in sorted(wanted):
        made = Filing(
            community_id=row.community_id, proposal_id=proposal_id, opinion_id=opinion_id,
            group_id=group_id,
        )  # fmt: skip
        ctx.session.add(made)


# Effect: the proposal's workflow calls it inside its own act


def publish_summary(ctx: Context, proposal: Proposal) -> None:
    """The answers to all opinions stand in public from now on."""
    row = consultations.of(ctx.session, proposal.id)
    if row is not None:
        row.published_at = ctx.now


# Questions


@dataclass(frozen=True)
class GroupView:
    """A group with the number of its opinions, by constituency, channel and stance."""

    row: OpinionGroup
    counts: Counts

    @property
    def answered(self) -> bool:
        """Whether it has its answer and the reason for it."""
        return self.row.response is not None and bool(self.row.reason)


def groups(session: Session, proposal_id: int) -> list[GroupView]:
    """The groups of a matter with their numbers, the largest first (two statements)."""
    rows = session.scalars(select(OpinionGroup).where(OpinionGroup.proposal_id == proposal_id))
    found = (
        select(Filing.group_id, Opinion.capacity, Opinion.channel, Opinion.stance, func.count())
        .join(Opinion, Opinion.id == Filing.opinion_id)
        .where(Filing.proposal_id == proposal_id, Opinion.withdrawn_at.is_(None))
        .group_by(Filing.group_id, Opinion.capacity, Opinion.channel, Opinion.stance)
    )
    cells: dict[int | None, dict[tuple[Constituency, Channel, Stance], int]] = {}
    for group_id, who, how, stance, n in session.execute(found):
        cells.setdefault(group_id, {})[who, how, stance] = n
    views = [GroupView(row, Counts(cells.get(row.id, {}))) for row in rows]
    return sorted(views, key=lambda view: (-view.counts.total, view.row.id))


def get(session: Session, proposal_id: int, group_id: int) -> OpinionGroup:
    """One group of a matter. Raises NotFound."""
    row = session.get(OpinionGroup, group_id)
    if row is None or row.proposal_id != proposal_id:
        raise NotFound("not_found")
    return row


def unfiled() -> ColumnElement[bool]:
    """Opinions that stand nowhere in the summary yet; for `opinions.listing`."""
    return ~exists(select(Filing.id).where(Filing.opinion_id == Opinion.id))


def in_group(group_id: int | None) -> ColumnElement[bool]:
    """Opinions of one group, or (None) the minority views; for `opinions.listing`."""
    place = Filing.group_id.is_(None) if group_id is None else Filing.group_id == group_id
    return exists(select(Filing.id).where(Filing.opinion_id == Opinion.id, place))


def count(session: Session, proposal_id: int, where: ColumnElement[bool]) -> int:
    """How many opinions are `unfiled()` or `in_group(…)`."""
    found = select(func.count()).select_from(Opinion).where(
        Opinion.proposal_id == proposal_id, Opinion.withdrawn_at.is_(None), where
    )  # fmt: skip
    return session.scalar(found) or 0


def participation(
    session: Session, proposal_ids: Iterable[int]
) -> dict[int, dict[Constituency, int]]:
    """How many people of each constituency said something about each matter (one statement).

    Opinions, statements and answers to statements count; each person once per constituency.
    """
    ids = list(proposal_ids)
    heard = union(
        select(Opinion.proposal_id, Opinion.capacity, Opinion.person_id).where(
            Opinion.proposal_id.in_(ids), Opinion.withdrawn_at.is_(None)
        ),
        *(
            select(kind.proposal_id, kind.capacity, kind.person_id).where(kind.proposal_id.in_(ids))
            for kind in (Statement, StatementVote)
        ),
    ).subquery()
    found = select(heard.c.proposal_id, heard.c.capacity, func.count()).group_by(
        heard.c.proposal_id, heard.c.capacity
    )
    made: dict[int, dict[Constituency, int]] = {one: dict.fromkeys(Constituency, 0) for one in ids}
    for proposal_id, capacity, n in session.execute(found):
        made[proposal_id][capacity] = n
    return made


@dataclass(frozen=True)
class Line:
    """One constituency: how many people spoke, and how many opinions of each stance."""

    who: Constituency
    people: int
    stances: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Section:
    """What the matter's own page says of its consultation; groups only once they are published."""

    consultation: Consultation | None
    counts: Counts
    people: dict[Constituency, int]
    groups: tuple[GroupView, ...] = ()
    minority: tuple[Said, ...] = ()
    more_minority: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether anybody could speak yet."""
        return self.consultation is not None and self.consultation.opens_at is not None

    @property
    def lines(self) -> list[Line]:
        """The table of the five constituencies."""
        return [
            Line(
                who, self.people[who], tuple(self.counts.of(who, stance=one) for one in Stance),
                self.counts.of(who),
            )
            for who in Constituency
        ]  # fmt: skip

    @property
    def by_stance(self) -> dict[Stance, int]:
        """How many opinions of each stance."""
        return {one: self.counts.of(stance=one) for one in Stance}


def section(session: Session, proposal: Proposal) -> Section:
    """How the consultation stands, for the matter's page (a fixed number of statements)."""
    row = consultations.of(session, proposal.id)
    heard = opinions.counts(session, proposal.id)
    faces = participation(session, [proposal.id])[proposal.id]
    if row is None or row.published_at is None:
        return Section(row, heard, faces)
    shown = [view for view in groups(session, proposal.id) if view.counts.total]
    own = opinions.listing(session, proposal.id, Wanted(limit=MINORITY_SHOWN), in_group(None))
    said = opinions.threads(session, proposal.community_id, own[:MINORITY_SHOWN])
    more = len(own) > MINORITY_SHOWN
    return Section(row, heard, faces, tuple(shown), tuple(said), more)
