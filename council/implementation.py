"""Implementation: every promise with its clock, its photographs and its explanations, in public."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, true, tuple_, union_all
from sqlalchemy.orm import Session

from council import (
    acceptance,
    calendar,
    charter,
    commitments,
    deadlines,
    files,
    gate,
    notices,
    people,
    policy,
)
from council.acceptance import Check
from council.commitments import (
    COMMITMENT,
    Commitment,
    CommitmentStage,
    Progress,
    signs_for_it,
)
from council.db import Governed
from council.deadlines import Remaining
from council.delays import Explanation, Extension
from council.files import Photo, PhotoView, Role, StoredFile
from council.gate import Context, Possible
from council.notices import Notice
from council.people import (
    Actor,
    Alias,
    Behalf,
    Channel,
    Consent,
    Membership,
    Office,
    Person,
)
from council.places import Unit
from council.policy import Can
from council.proposals import Proposal, Stage, visible_to
from council.workflow import open_transitions

R = TypeVar("R", bound=Governed)


class Show(StrEnum):
    """Which tasks a list shows."""

    OPEN = "open"
    OVERDUE = "overdue"
    SUBMITTED = "submitted"
    PASSED = "passed"
    ALL = "all"


# One task as everybody sees it


@dataclass(frozen=True)
class Line:
    """A task with its matter, unit and clock. `name` is there only with the person's consent.

    `left` counts to the due date: from now, or from the handing over when the work is done.
    """

    commitment: Commitment
    proposal: Proposal
    unit: Unit
    left: Remaining
    is_soon: bool
    name: str
    extension: Extension | None
    explanations: tuple[Explanation, ...]

    @property
    def is_done(self) -> bool:
        """Whether the work has been handed over."""
        return self.commitment.submitted_at is not None

    @property
    def is_overdue(self) -> bool:
        """Whether the date has passed and the work has not been handed over."""
        return self.left.overdue and not self.is_done


def lines(session: Session, found: Sequence[Commitment], now: datetime) -> list[Line]:
    """The tasks as lines, in at most eight statements however many they are."""
    if not found:
        return []
    ids = [row.id for row in found]
    matters = _by_id(session, Proposal, {row.proposal_id for row in found})
    units = _by_id(session, Unit, {row.unit_id for row in found})
    names = _by_id(session, Person, {row.person_id for row in found if row.named})
    asked = select(Extension).where(Extension.commitment_id.in_(ids))
    extensions = {row.commitment_id: row for row in session.scalars(asked)}
    explained: dict[int, list[Explanation]] = {}
    told = select(Explanation).where(Explanation.commitment_id.in_(ids)).order_by(Explanation.id)
    for one in session.scalars(told):
        explained.setdefault(one.commitment_id, []).append(one)
    is_working = calendar.working(session)
    soon = charter.count(charter.rules(session, found[0].community_id), "due_soon")
    made = []
    for row in found:
        left = deadlines.left(row.submitted_at or now, row.due_at, is_working)
        made.append(
            Line(
                row, matters[row.proposal_id], units[row.unit_id], left,
                is_soon=not left.overdue and left.working_days <= soon,
                name=names[row.person_id].name if row.named else "",
                extension=extensions.get(row.id),
                explanations=tuple(explained.get(row.id, ())),
            )
        )  # fmt: skip
    return made


@dataclass(frozen=True)
class Report:
    """One report of the work with its photographs."""

    progress: Progress
    photos: tuple[PhotoView, ...]


@dataclass(frozen=True)
class Detail:
    """One task with everything that is known about it, and what this reader may do.

    `enters_for` is the named person's public number when the reader is a worker who may enter for
    that person (`may` then holds that person's buttons too), else 0.
    """

    line: Line
    reports: tuple[Report, ...]
    checks: tuple[Check, ...]
    may: dict[str, Possible]
    enters_for: int


PERSONAL = {"is_handler", "signs_for_it", "checker_is_another"}
"""Requirements about who somebody is: a button that lacks one of them is not shown at all."""

ASIDE = (
    "commitment.show_name", "commitment.ask_extension", "commitment.grant_extension",
    "commitment.refuse_extension", "commitment.explain",
)  # fmt: skip
MOMENTS = {"extension_waits", "no_extension_asked", "is_under_way", "is_late"}
"""Requirements about the moment: a button that lacks one of them would only puzzle."""


def detail(ctx: Context, commitment: Commitment) -> Detail:
    """Everything about one task, in a fixed number of statements."""
    found = select(Progress).where(Progress.commitment_id == commitment.id)
    reports = list(ctx.session.scalars(found.order_by(Progress.id.desc())))
    shown = files.photos(ctx.session, [("progress", row.id) for row in reports])
    may, enters_for = _may(ctx, commitment), _enters_for(ctx, commitment)
    if enters_for:
        handler = people.actor(ctx.session, commitment.person_id, ctx.now)
        behalf = Behalf(handler, Channel.PHONE, Consent.SPOKEN)
        may = _may(replace(ctx, behalf=behalf), commitment) | may
    return Detail(
        lines(ctx.session, [commitment], ctx.now)[0],
        tuple(Report(row, tuple(shown.get(("progress", row.id), ()))) for row in reports),
        tuple(acceptance.of(ctx.session, commitment.id)),
        may,
        enters_for,
    )


def _may(ctx: Context, commitment: Commitment) -> dict[str, Possible]:
    steps = [one for _, one in open_transitions(ctx, COMMITMENT, commitment)]
    aside = [gate.possible(ctx, name, commitment) for name in ASIDE]
    found = {one.name: one for one in [*steps, *aside] if one and not PERSONAL & set(one.needs)}
    return {name: one for name, one in found.items() if not MOMENTS & set(one.needs)}


def _enters_for(ctx: Context, commitment: Commitment) -> int:
    worker = policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, commitment.community_id)
    if not worker or signs_for_it(ctx, commitment):
        return 0
    found = select(Alias.number).where(
        Alias.person_id == commitment.person_id, Alias.community_id == commitment.community_id
    )
    return ctx.session.scalar(found) or 0


# Lists


@dataclass(frozen=True)
class Filter:
    """What a list of tasks is narrowed to; `after` is the (due day, id) to page from."""

    community_id: int
    show: Show = Show.OPEN
    stage: CommitmentStage | None = None
    unit_id: int | None = None
    after: tuple[date, int] | None = None
    limit: int = 20


def listing(ctx: Context, wanted: Filter) -> list[Line]:
    """Tasks, the most urgent first (done ones: the latest first), with one more than `limit`."""
    found = select(Commitment).where(_visible(ctx, wanted), _shown(ctx, wanted))
    key = (Commitment.due_day, Commitment.id)
    newest = wanted.show in {Show.PASSED, Show.ALL}
    if wanted.after:
        page = tuple_(*key)
        found = found.where(page < wanted.after if newest else page > wanted.after)
    ordered = found.order_by(*(one.desc() if newest else one for one in key))
    return lines(ctx.session, list(ctx.session.scalars(ordered.limit(wanted.limit + 1))), ctx.now)


def totals(ctx: Context, wanted: Filter) -> dict[Show, int]:
    """How many tasks each list holds, of the chosen unit or of all; one statement."""
    late = func.count().filter(commitments.overdue(ctx.now))
    found = select(Commitment.stage, func.count(), late).where(_visible(ctx, wanted))
    rows = ctx.session.execute(found.group_by(Commitment.stage)).all()
    of = {stage: n for stage, n, _ in rows}
    passed, everything = of.get(CommitmentStage.PASSED, 0), sum(of.values())
    return {
        Show.OPEN: everything - passed,
        Show.OVERDUE: sum(n for _, _, n in rows),
        Show.SUBMITTED: of.get(CommitmentStage.SUBMITTED, 0),
        Show.PASSED: passed,
        Show.ALL: everything,
    }


def _visible(ctx: Context, wanted: Filter) -> ColumnElement[bool]:
    public = Commitment.proposal_id.in_(select(Proposal.id).where(visible_to(ctx)))
    here = Commitment.community_id == wanted.community_id
    of_unit = Commitment.unit_id == wanted.unit_id if wanted.unit_id else true()
    return public & here & of_unit


def _shown(ctx: Context, wanted: Filter) -> ColumnElement[bool]:
    if wanted.stage:
        return Commitment.stage == wanted.stage
    return {
        Show.OPEN: Commitment.stage != CommitmentStage.PASSED,
        Show.OVERDUE: commitments.overdue(ctx.now),
        Show.SUBMITTED: Commitment.stage == CommitmentStage.SUBMITTED,
        Show.PASSED: Commitment.stage == CommitmentStage.PASSED,
        Show.ALL: true(),
    }[wanted.show]


# The part of a matter's page


@dataclass(frozen=True)
class Shot:
    """A photograph of the place, and when it came in."""

    photo: PhotoView
    at: datetime


@dataclass(frozen=True)
class Section:
    """Who does what by when in a matter, with its notices and the place before and now."""

    lines: tuple[Line, ...]
    notices: tuple[Notice, ...]
    before: Shot | None
    after: Shot | None
    may_assign: bool
    may_post: bool


def section(
    session: Session, proposal: Proposal, now: datetime, actor: Actor | None = None
) -> Section:
    """The work of a matter as a reader sees it, in a fixed number of statements."""
    before, after = shots(session, [proposal]).get(proposal.id, (None, None))
    place = proposal.community_id
    at_work = proposal.stage in {Stage.ADOPTED, Stage.IN_PROGRESS}
    posting = at_work or proposal.stage is Stage.AWAITING_ACCEPTANCE
    return Section(
        tuple(lines(session, commitments.of(session, proposal.id), now)),
        tuple(one for one in notices.of(session, proposal.id) if one.kind.value != "meeting"),
        before,
        after,
        may_assign=at_work and policy.allows(session, actor, Can.CONVENE, place),
        may_post=posting and policy.allows(session, actor, Can.PUBLISH, place),
    )


def shots(
    session: Session, proposals: Iterable[Proposal]
) -> dict[int, tuple[Shot | None, Shot | None]]:
    """The place before and as it is now, for many matters in one statement.

    Before: the newest photograph marked so, else the first that the proposer sent in. Now: the
    newest one marked as after, else the newest of the work.
    """
    since = {row.id: row.submitted_at or row.created_at for row in proposals}
    wanted = (Role.BEFORE, Role.PLACE, Role.PROGRESS, Role.AFTER)
    found = (
        select(Proposal.id, Photo, StoredFile, Progress.reported_at)
        .join(Photo, Photo.proposal_id == Proposal.id)
        .join(StoredFile, StoredFile.id == Photo.file_id)
        .outerjoin(
            Progress, (Photo.subject_table == "progress") & (Photo.subject_id == Progress.id)
        )
        .where(Proposal.id.in_(since), Photo.public.is_(True), Photo.role.in_(wanted))
        .order_by(Photo.id)
    )
    kept: dict[int, dict[Role, Shot]] = {}
    for proposal_id, photo, file, at in session.execute(found):
        roles = kept.setdefault(proposal_id, {})
        if photo.role is not Role.PLACE or Role.PLACE not in roles:
            roles[photo.role] = Shot(_view(photo, file), at or since[proposal_id])
    return {
        key: (
            roles.get(Role.BEFORE) or roles.get(Role.PLACE),
            roles.get(Role.AFTER) or roles.get(Role.PROGRESS),
        )
        for key, roles in kept.items()
    }


# Who can be named for a task


@dataclass(frozen=True)
class Holder:
    """Somebody who can be named for a task; only the convener sees the name."""

    unit: Unit
    person_id: int
    number: int
    name: str


def holders(session: Session, community_id: int, now: datetime) -> list[Holder]:
    """Everybody who signs for a unit of the community at this moment, by unit; one statement."""
    signing = union_all(
        *(
            select(kind.unit_id, kind.person_id, kind.since, kind.until).where(
                kind.community_id == community_id, kind.unit_id.is_not(None)
            )
            for kind in (Office, Membership)
        )
    ).subquery()
    known = (Alias.person_id == signing.c.person_id) & (Alias.community_id == community_id)
    found = (
        select(Unit, signing.c.person_id, Alias.number, Person.name)
        .join(signing, signing.c.unit_id == Unit.id)
        .join(Alias, known)
        .join(Person, Person.id == signing.c.person_id)
        .where(signing.c.since <= now, signing.c.until.is_(None) | (signing.c.until > now))
        .distinct()
        .order_by(Unit.id, Alias.number)
    )
    return [Holder(*row) for row in session.execute(found)]


# Private helpers


def _by_id(session: Session, kind: type[R], ids: set[int]) -> dict[int, R]:
    """Rows by their id, in one statement; none at all for no ids."""
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(select(kind).where(kind.id.in_(ids)))}


def _view(photo: Photo, file: StoredFile) -> PhotoView:
    return PhotoView(
        photo.id, photo.role, photo.alt, photo.public,
        file.sha256, file.thumb_sha256, file.width, file.height,
    )  # fmt: skip
