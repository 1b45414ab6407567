"""People: in public a pseudonym, in the council one of five constituencies, perhaps an office."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    UniqueConstraint,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import HASHED, PLAIN, Base, Governed, Ready
from council.places import Place, Unit


class Constituency(StrEnum):
    """The five elements that are heard and counted separately."""

    PARTY = "party"
    RESIDENTS = "residents"
    COMMUNITY = "community"
    EXPERTS = "experts"
    UNITS = "units"


class Post(StrEnum):
    """Offices and functions beside membership (practice.md A11); the value is the role's code."""

    PARTY_LEAD = "party_lead"
    COMMITTEE = "committee"
    COMMUNITY_WORKER = "community_worker"
    FACILITATOR = "facilitator"
    RECORDER = "recorder"
    DELEGATE = "delegate"
    COUNCIL_MEMBER = "council_member"
    BUILDING_LEAD = "building_lead"
    GRID_WORKER = "grid_worker"
    GRID_CHIEF = "grid_chief"
    HANDLER = "handler"
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    OVERSIGHT = "oversight"
    SUBDISTRICT = "subdistrict"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Channel(StrEnum):
    """How something came in; all channels count alike and are shown apart."""

    WEB = "web"
    HALL = "hall"
    PHONE = "phone"
    DOOR = "door"
    BUILDING = "building"
    MEETING = "meeting"


class Consent(StrEnum):
    """How a person agreed that a worker enters something for them."""

    SPOKEN = "spoken"
    SIGNED = "signed"


class Person(Governed, Base):
    """A human being. The name never leaves the database without that person's consent."""

    __tablename__ = "person"
    name: Mapped[str] = mapped_column(info=HASHED)
    born: Mapped[int | None] = mapped_column(info=HASHED)


class Alias(Governed, Base):
    """A person's public face in a community: a number for people, a reference for the log."""

    __tablename__ = "alias"
    __table_args__ = (
        UniqueConstraint("person_id", "community_id"),
        UniqueConstraint("community_id", "number"),
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    number: Mapped[int]
    ref: Mapped[str] = mapped_column(unique=True, info=PLAIN)


class Membership(Governed, Base):
    """Somebody belongs to a constituency of a community; a unit's representative names the unit."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "community_id", "constituency"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    constituency: Mapped[Constituency]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"), info=HASHED)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Office(Governed, Base):
    """Somebody holds a post at a place for a term; it reaches down to every place below."""

    __tablename__ = "office"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    community_id: Mapped[int] = mapped_column("place_id", ForeignKey("place.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    post: Mapped[Post]
    number: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


@dataclass(frozen=True)
class Held:
    """An office in force: the post, where, and how far it reaches."""

    post: Post
    place_id: int
    path: str
    unit_id: int | None
    number: int


@dataclass(frozen=True)
class Actor:
    """Who acts: a person with what they hold at this moment, or the system itself.

    `chosen` is the constituency that somebody with two memberships picked, per community.
    """

    person_id: int | None
    memberships: Mapping[int, Mapping[Constituency, int | None]] = field(default_factory=dict)
    offices: tuple[Held, ...] = ()
    chosen: Constituency | None = None
    account_id: int | None = None

    @property
    def is_system(self) -> bool:
        """Whether this is the council's own clockwork (jobs) and not a person."""
        return self.person_id is None

    def constituencies(self, community_id: int) -> frozenset[Constituency]:
        """The constituencies this person belongs to in a community."""
        return frozenset(self.memberships.get(community_id, {}))

    def capacity(self, community_id: int) -> Constituency | None:
        """The constituency in which this person speaks here: the chosen one, else the first."""
        held = self.constituencies(community_id)
        if self.chosen in held:
            return self.chosen
        return next((one for one in Constituency if one in held), None)

    def unit_in(self, community_id: int) -> int | None:
        """The unit this person represents in the community, if any."""
        return self.memberships.get(community_id, {}).get(Constituency.UNITS)

    def posts(self, path: str) -> frozenset[Post]:
        """The offices that reach the place with this path."""
        return frozenset(held.post for held in self.offices if path.startswith(held.path))

    def unit_ids(self) -> frozenset[int]:
        """Every unit for which this person signs (representative or handler)."""
        mine = {unit for held in self.memberships.values() for unit in held.values() if unit}
        return frozenset(mine | {held.unit_id for held in self.offices if held.unit_id})


SYSTEM = Actor(person_id=None)


@dataclass(frozen=True)
class Behalf:
    """A worker enters something for somebody at the counter, by telephone or at the door."""

    actor: Actor
    channel: Channel
    consent: Consent


def actor(
    session: Session,
    person_id: int,
    now: datetime,
    chosen: Constituency | None = None,
    account_id: int | None = None,
) -> Actor:
    """The person with every membership and office in force at `now` (two statements)."""
    memberships: dict[int, dict[Constituency, int | None]] = {}
    belongs = _BELONGS.rows(session, person=person_id)
    for community_id, constituency, unit_id, since, until in belongs:
        if since <= now and (until is None or now < until):
            memberships.setdefault(community_id, {})[constituency] = unit_id
    holds = _HOLDS.rows(session, person=person_id)
    offices = tuple(
        Held(post, place_id, path, unit_id, number)
        for post, place_id, path, unit_id, number, since, until in holds
        if since <= now and (until is None or now < until)
    )
    return Actor(person_id, memberships, offices, chosen, account_id)


def alias(session: Session, person_id: int, community_id: int) -> Alias:
    """The person's public face in a community, made at the first need (call it inside an act).

    The number is the next free one of the community; two writers at once are stopped by the
    unique index, and there is only one writer. A session asks once for each face; one that a
    savepoint took back is in the session no more.
    """
    faces: dict[tuple[int, int], Alias] = session.info.setdefault("faces", {})
    known = faces.get((person_id, community_id))
    if known is not None and known in session:
        return known
    found = select(Alias).where(Alias.person_id == person_id, Alias.community_id == community_id)
    existing = session.scalars(found).first()
    if existing:
        faces[person_id, community_id] = existing
        return existing
    last = select(func.max(Alias.number)).where(Alias.community_id == community_id)
    made = Alias(
        person_id=person_id,
        community_id=community_id,
        number=(session.scalar(last) or 0) + 1,
        ref=secrets.token_hex(8),
    )
    session.add(made)
    session.flush()
    faces[person_id, community_id] = made
    return made


def join(
    session: Session,
    who: tuple[int, int, Constituency],
    now: datetime,
    unit_id: int | None = None,
    building_id: int | None = None,
) -> Membership | None:
    """Enter (person, community, constituency), or let somebody back in who left (inside an act).

    None when they belong there already.
    """
    person_id, community_id, constituency = who
    found = select(Membership).where(
        Membership.person_id == person_id, Membership.community_id == community_id,
        Membership.constituency == constituency,
    )  # fmt: skip
    row = session.scalars(found).first()
    if row is not None and (row.until is None or now < row.until):
        return None
    if row is None:
        row = Membership(person_id=person_id, community_id=community_id, constituency=constituency)
        session.add(row)
    row.unit_id, row.building_id, row.since, row.until = unit_id, building_id, now, None
    return row


def belongs(now: datetime) -> ColumnElement[bool]:
    """Which memberships are in force at a moment, for a question."""
    return (Membership.since <= now) & or_(Membership.until.is_(None), Membership.until > now)


@dataclass(frozen=True)
class Byline:
    """How a person appears in public: constituency and number, or post, or unit, or a real name."""

    capacity: Constituency | None
    number: int
    post: Post | None = None
    unit: str = ""
    unit_en: str = ""
    name: str = ""


def officers(
    session: Session, community_id: int, person_ids: Iterable[int], posts: Iterable[Post]
) -> dict[int, Byline]:
    """How people appear in public by an office that they hold or held here (two statements)."""
    here = session.scalars(select(Place.path).where(Place.id == community_id)).one()
    held = (
        select(Office, Place.path)
        .join(Place, Place.id == Office.community_id)
        .where(Office.person_id.in_(list(person_ids)), Office.post.in_(list(posts)))
        .order_by(Office.id)
    )
    return {
        row.person_id: Byline(None, row.number, post=row.post)
        for row, path in session.execute(held) if here.startswith(path)
    }  # fmt: skip


def bylines(
    session: Session,
    community_id: int,
    who: Iterable[tuple[int, Constituency | None]],
    named: Iterable[int] = (),
) -> dict[tuple[int, Constituency | None], Byline]:
    """How each (person, capacity) appears in public, in three statements however many they are.

    `named` are persons who consented, for this very item, to stand there with their real name.
    """
    wanted = set(who)
    ids = {person_id for person_id, _ in wanted}
    if not ids:
        return {}
    numbers = _numbers(session, community_id, ids)
    units = {
        person: (name, name_en)
        for person, name, name_en in session.execute(
            select(Membership.person_id, Unit.name, Unit.name_en)
            .join(Unit, Unit.id == Membership.unit_id)
            .where(Membership.person_id.in_(ids), Membership.community_id == community_id)
        )
    }
    names = _names(session, ids & set(named))
    return {
        (person, capacity): Byline(
            capacity,
            numbers.get(person, 0),
            unit=units.get(person, ("", ""))[0] if capacity is Constituency.UNITS else "",
            unit_en=units.get(person, ("", ""))[1] if capacity is Constituency.UNITS else "",
            name=names.get(person, ""),
        )
        for person, capacity in wanted
    }


def _numbers(session: Session, community_id: int, ids: set[int]) -> dict[int, int]:
    found = select(Alias.person_id, Alias.number).where(
        Alias.person_id.in_(ids), Alias.community_id == community_id
    )
    return dict(session.execute(found).all())


def _names(session: Session, consenting: set[int]) -> dict[int, str]:
    if not consenting:
        return {}
    found = select(Person.id, Person.name).where(Person.id.in_(consenting))
    return dict(session.execute(found).all())


# The statements behind every request, built once

_BELONGS = Ready(
    select(
        Membership.community_id, Membership.constituency, Membership.unit_id, Membership.since,
        Membership.until,
    ).where(Membership.person_id == bindparam("person"))
)  # fmt: skip
_HOLDS = Ready(
    select(
        Office.post, Office.community_id, Place.path, Office.unit_id, Office.number, Office.since,
        Office.until,
    )
    .join(Place, Place.id == Office.community_id)
    .where(Office.person_id == bindparam("person"))
)  # fmt: skip
