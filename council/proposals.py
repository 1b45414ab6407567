"""Proposals: what residents put to the council, and who supports it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, load_only, mapped_column

from council import files, policy, translations
from council.db import PLAIN, Base, Governed
from council.errors import Checks, NotFound, checking
from council.files import Photo, Picture, Role
from council.gate import Context, act
from council.people import Actor, Channel, Consent, Constituency
from council.places import Place
from council.policy import Can

TITLE, WORDS, SHORT, PHOTOS = 30, 2000, 200, 9
"""Longest title, longest account, longest short answer, in characters; most photographs."""


class Stage(StrEnum):
    """Where a matter stands. The public sees five stages; `road` says which."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    NOT_ADMITTED = "not_admitted"
    WITHDRAWN = "withdrawn"
    ADMITTED = "admitted"
    CONSULTING = "consulting"
    SUMMARISING = "summarising"
    UNDER_REVIEW = "under_review"
    READY_FOR_MEETING = "ready_for_meeting"
    DELIBERATING = "deliberating"
    REFERRED = "referred"
    VOTING = "voting"
    ADOPTED = "adopted"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"
    IN_PROGRESS = "in_progress"
    AWAITING_ACCEPTANCE = "awaiting_acceptance"
    COMPLETED = "completed"
    RATED = "rated"


ROAD: dict[Stage, int] = {
    **dict.fromkeys(list(Stage)[:6], 1),
    Stage.CONSULTING: 2,
    Stage.SUMMARISING: 2,
    Stage.UNDER_REVIEW: 3,
    **dict.fromkeys(list(Stage)[9:16], 4),
    **dict.fromkeys(list(Stage)[16:], 5),
}
"""Which of the five public stages each state belongs to."""

PRIVATE = frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.RETURNED, Stage.WITHDRAWN})
"""States in which only the proposer and those who work with the matter may see it."""

ENDED = frozenset(
    {Stage.NOT_ADMITTED, Stage.REJECTED, Stage.TRANSFERRED, Stage.COMPLETED, Stage.RATED}
)
"""States in which the public matter has an outcome."""


class Category(StrEnum):
    """What a matter is about."""

    GREENING = "greening"
    ROADS = "roads"
    PARKING = "parking"
    FITNESS = "fitness"
    HEATING = "heating"
    LIGHTING = "lighting"
    SANITATION = "sanitation"
    PETS = "pets"
    HOUSING = "housing"
    OTHER = "other"


class OutcomeClass(StrEnum):
    """The two classes of outcomes in the source."""

    PUBLIC_AFFAIRS = "public_affairs"
    LIVELIHOOD = "livelihood"


# Tables


class Proposal(Governed, Base):
    """A matter, from first word to finished work. `hidden`: not admitted, and its text private."""

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("author_id", "form_key"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    consent: Mapped[Consent | None]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    named: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    stage: Mapped[Stage] = mapped_column(default=Stage.DRAFT, index=True)
    title: Mapped[str] = mapped_column(default="")
    situation: Mapped[str] = mapped_column(default="")
    request: Mapped[str] = mapped_column(default="")
    affected: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    category: Mapped[Category] = mapped_column(default=Category.OTHER)
    outcome_class: Mapped[OutcomeClass] = mapped_column(default=OutcomeClass.PUBLIC_AFFAIRS)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=PLAIN)
    supporters: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    moved_at: Mapped[datetime] = mapped_column(index=True)
    form_key: Mapped[str | None]

    @property
    def road(self) -> int:
        """Which of the five public stages the matter has reached, 1 to 5."""
        return ROAD[self.stage]


class Supporter(Governed, Base):
    """Somebody supports a matter; once each."""

    __tablename__ = "supporter"
    __table_args__ = (UniqueConstraint("proposal_id", "person_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


# Requirements


def is_author(ctx: Context, proposal: Proposal) -> bool:
    """Only the proposer does this, or a worker for the proposer."""
    return ctx.actor is not None and proposal.author_id == ctx.voice.person_id


def is_editable(ctx: Context, proposal: Proposal) -> bool:
    """The text can be changed only while it is a draft or was returned."""
    return proposal.stage in {Stage.DRAFT, Stage.RETURNED}


def is_complete(ctx: Context, proposal: Proposal) -> bool:
    """What, where and who is affected have been written."""
    return all(
        (proposal.title, proposal.situation, proposal.request, proposal.affected, proposal.location)
    )


def is_open_to_support(ctx: Context, proposal: Proposal) -> bool:
    """The matter has been admitted and has not come to an end."""
    return proposal.stage not in PRIVATE | ENDED


def not_yet_supported(ctx: Context, proposal: Proposal) -> bool:
    """Each person supports a matter once."""
    return ctx.actor is None or not supports(ctx.session, proposal, ctx.voice)


def is_supported(ctx: Context, proposal: Proposal) -> bool:
    """Only somebody who supports the matter can take it back."""
    return ctx.actor is not None and supports(ctx.session, proposal, ctx.voice)


# Acts


@dataclass(frozen=True)
class Words:
    """What a proposer writes. Empty answers are allowed in a draft, too long ones never."""

    title: str = ""
    situation: str = ""
    request: str = ""
    affected: str = ""
    location: str = ""
    category: Category = Category.OTHER
    outcome_class: OutcomeClass = OutcomeClass.PUBLIC_AFFAIRS
    grid_id: int | None = None
    named: bool = False

    def check(self, check: Checks, *, complete: bool) -> None:
        """Note what is wrong: every answer's length, and with `complete` what is missing."""
        for name, longest in (
            ("title", TITLE), ("situation", WORDS), ("request", WORDS),
            ("affected", SHORT), ("location", SHORT),
        ):  # fmt: skip
            check.text(getattr(self, name), name, limit=longest, required=complete)


@act("proposal.draft", who=Can.SPEAK, behalf=True)
def draft(
    ctx: Context, community: Place, *, words: Words, pictures: Iterable[Picture] = (),
    alt: str = "", form_key: str | None = None,
) -> Proposal:  # fmt: skip
    """Begin a proposal; nobody else sees it before it is submitted. `alt` says what is seen."""
    _check(ctx, community.id, words)
    made = Proposal(
        community_id=community.id, author_id=ctx.person_id, capacity=ctx.capacity(community),
        channel=ctx.channel, consent=ctx.behalf.consent if ctx.behalf else None,
        entered_by_id=ctx.entered_by_id, created_at=ctx.now, moved_at=ctx.now, form_key=form_key,
        **vars(words),
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    _keep(ctx, made, pictures, alt)
    return made


@act("proposal.revise", who=Can.SPEAK, requires=(is_author, is_editable), behalf=True)
def revise(
    ctx: Context, proposal: Proposal, *, words: Words, pictures: Iterable[Picture] = (),
    without: Collection[int] = (),
) -> None:  # fmt: skip
    """Change what was written, as a draft or after a return; `without` drops photographs."""
    _check(ctx, proposal.community_id, words)
    for name, value in vars(words).items():
        setattr(proposal, name, value)
    translations.forget(ctx.session, proposal)
    own = select(Photo).where(Photo.subject_table == "proposal", Photo.subject_id == proposal.id)
    for photo in ctx.session.scalars(own.where(Photo.id.in_(without))):
        ctx.session.delete(photo)
    _keep(ctx, proposal, pictures)
    with checking() as check:
        many = len(ctx.session.scalars(own).all()) > PHOTOS
        check(not many, "too_many_photos", "photo", limit=PHOTOS)


def _check(ctx: Context, community_id: int, words: Words) -> None:
    with checking() as check:
        words.check(check, complete=False)
        if words.grid_id is not None:
            grid = ctx.session.get(Place, words.grid_id)
            check(grid and grid.parent_id == community_id, "not_a_choice", "grid_id")


def _keep(ctx: Context, proposal: Proposal, pictures: Iterable[Picture], alt: str = "") -> None:
    for picture in pictures:
        files.attach(ctx, proposal, picture, role=Role.PLACE, alt=alt, public=True)


@act(
    "proposal.support", who=Can.SPEAK, requires=(is_open_to_support, not_yet_supported), behalf=True
)
def support(ctx: Context, proposal: Proposal) -> Supporter:
    """Support a matter, once each."""
    made = Supporter(
        community_id=proposal.community_id, proposal_id=proposal.id, person_id=ctx.person_id,
        capacity=ctx.capacity(proposal), channel=ctx.channel, entered_by_id=ctx.entered_by_id,
    )  # fmt: skip
    ctx.session.add(made)
    proposal.supporters += 1
    return made


@act("proposal.unsupport", who=Can.SPEAK, requires=(is_open_to_support, is_supported), behalf=True)
def unsupport(ctx: Context, proposal: Proposal) -> None:
    """Take one's support back."""
    found = select(Supporter).where(
        Supporter.proposal_id == proposal.id, Supporter.person_id == ctx.person_id
    )
    ctx.session.delete(ctx.session.scalars(found).one())
    proposal.supporters -= 1


# Questions


def words_of(proposal: Proposal) -> Words:
    """What stands written, for whoever changes a part of it."""
    return Words(**{field.name: getattr(proposal, field.name) for field in fields(Words)})


def drafted(ctx: Context, form_key: str) -> Proposal | None:
    """The matter that this form began already."""
    own = select(Proposal).where(Proposal.author_id == ctx.person_id, Proposal.form_key == form_key)
    return ctx.session.scalars(own).one_or_none()


def supports(session: Session, proposal: Proposal, actor: Actor) -> bool:
    """Whether this person supports the matter."""
    found = select(Supporter.id).where(
        Supporter.proposal_id == proposal.id, Supporter.person_id == actor.person_id
    )
    return session.scalars(found).first() is not None


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """Which matters this reader may see: public ones, one's own, and those one works with."""
    shown: list[ColumnElement[bool]] = [Proposal.stage.not_in(PRIVATE)]
    if ctx.actor and ctx.actor.person_id is not None:
        me = ctx.actor.person_id
        shown += [Proposal.author_id == me, Proposal.entered_by_id == me]
        desks = policy.HOLDERS[Can.SCREEN].posts | policy.HOLDERS[Can.ADMIT].posts
        for path in {held.path for held in ctx.actor.offices if held.post in desks}:
            below = select(Place.id).where(Place.path.startswith(path, autoescape=True))
            shown.append((Proposal.stage != Stage.DRAFT) & Proposal.community_id.in_(below))
    return or_(*shown)


def get(ctx: Context, proposal_id: int) -> Proposal:
    """One matter. Raises NotFound when there is none, or none that this reader may see."""
    found = select(Proposal).where(Proposal.id == proposal_id, visible_to(ctx))
    row = ctx.session.scalars(found).first()
    if row is None:
        raise NotFound("not_found")
    return row


@dataclass(frozen=True)
class Filter:
    """What a list of matters is narrowed to; `before` is the id to page from."""

    community_id: int | None = None
    road: int | None = None
    category: Category | None = None
    words: str = ""
    before: int | None = None
    limit: int = 20


def listing(ctx: Context, wanted: Filter) -> list[Proposal]:
    """Matters, newest first, with one more than `limit` so that a page knows of an older one."""
    found = select(Proposal).where(visible_to(ctx), Proposal.stage != Stage.DRAFT)
    if wanted.community_id is not None:
        found = found.where(Proposal.community_id == wanted.community_id)
    if wanted.road is not None:
        found = found.where(Proposal.stage.in_([s for s, n in ROAD.items() if n == wanted.road]))
    if wanted.category is not None:
        found = found.where(Proposal.category == wanted.category)
    if wanted.words:
        shown = Proposal.hidden.is_(False)  # nobody feels for a title that is out of sight
        found = found.where(shown, Proposal.title.contains(wanted.words, autoescape=True))
    if wanted.before is not None:
        found = found.where(Proposal.id < wanted.before)
    return list(ctx.session.scalars(found.order_by(Proposal.id.desc()).limit(wanted.limit + 1)))


def per_road(ctx: Context, community_id: int) -> dict[int, int]:
    """How many visible matters stand in each of the five stages."""
    found = select(Proposal.stage, func.count()).where(
        visible_to(ctx), Proposal.stage != Stage.DRAFT, Proposal.community_id == community_id
    )
    totals = dict.fromkeys(range(1, 6), 0)
    for stage, n in ctx.session.execute(found.group_by(Proposal.stage)):
        totals[ROAD[stage]] += n
    return totals


def similar(ctx: Context, community_id: int, title: str, but: int = 0) -> list[Proposal]:
    """At most three of the newest 500 matters under way that share two pairs of letters with it."""
    wanted = _pairs(title)
    found = select(Proposal).options(load_only(Proposal.title, Proposal.stage)).where(
        Proposal.community_id == community_id, Proposal.stage.not_in(PRIVATE | ENDED),
        Proposal.id != but,
    )  # fmt: skip
    recent = ctx.session.scalars(found.order_by(Proposal.id.desc()).limit(500)).all()
    shared = {row: len(wanted & _pairs(row.title)) for row in recent}
    near = (row for row in recent if shared[row] > 1)
    return sorted(near, key=lambda row: -shared[row])[:3]


def _pairs(words: str) -> set[str]:
    letters = "".join(one for one in words.lower() if one.isalnum())
    return {letters[n : n + 2] for n in range(len(letters) - 1)}


def mine(session: Session, person_id: int, limit: int = 50) -> list[Proposal]:
    """What this person proposed, newest first, drafts included."""
    found = select(Proposal).where(Proposal.author_id == person_id)
    return list(session.scalars(found.order_by(Proposal.id.desc()).limit(limit)))


def miscounted(session: Session) -> list[tuple[int, int, int]]:
    """Matters whose counter of supporters differs from the rows: (id, kept, counted)."""
    counted = (
        select(func.count())
        .where(Supporter.proposal_id == Proposal.id)
        .correlate(Proposal)
        .scalar_subquery()
    )
    found = select(Proposal.id, Proposal.supporters, counted).where(Proposal.supporters != counted)
    return [(row_id, kept, real) for row_id, kept, real in session.execute(found)]
