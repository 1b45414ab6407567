"""Setting up places and giving offices: who is what, where, and until when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from council import people, places, policy
from council.errors import Checks, Invalid, Problem, checking
from council.gate import Context, act
from council.people import Alias, Constituency, Membership, Office, Person, Post
from council.places import LEVELS, Building, Place, PlaceKind, Unit
from council.policy import Can

# Requirements


def in_force(ctx: Context, office: Office) -> bool:
    """The office has not ended yet."""
    return office.until is None or office.until > ctx.now


def still_belongs(ctx: Context, membership: Membership) -> bool:
    """The person still belongs to this constituency."""
    return membership.until is None or membership.until > ctx.now


def leaves_an_administrator(ctx: Context, office: Office) -> bool:
    """Somebody else still administers the installation."""
    if office.post is not Post.ADMIN:
        return True
    others = select(Office.id).where(
        Office.post == Post.ADMIN, Office.id != office.id, _in_force(ctx.now)
    )
    return ctx.session.scalars(others).first() is not None


def is_a_community(ctx: Context, place: Place) -> bool:
    """The place is a community."""
    return place.kind is PlaceKind.COMMUNITY


def holds_no_other_side(session: Session, person_id: int, post: Post, now: datetime) -> bool:
    """Whether the oversight committee and the residents' committee stay apart (Art. 36)."""
    apart = {
        Post.OVERSIGHT: {Post.COMMITTEE, Post.PARTY_LEAD},
        Post.COMMITTEE: {Post.OVERSIGHT},
        Post.PARTY_LEAD: {Post.OVERSIGHT},
    }.get(post, set())
    held = select(Office).where(Office.person_id == person_id, Office.post.in_(apart))
    return all(row.until is not None and row.until <= now for row in session.scalars(held))


# Acts


@dataclass(frozen=True)
class Nowhere:
    """Where the very first act happens: before there is any place."""

    community_id: int = 0


NOWHERE = Nowhere()


@act("place.found", who=Can.SYSTEM)
def found(ctx: Context, nowhere: Nowhere, *, code: str, name: str, name_en: str = "") -> Place:
    """Found an empty installation: its topmost place. The clockwork does it, once."""
    made = Place(kind=PlaceKind.CITY, code=code, name=name, name_en=name_en, path="")
    ctx.session.add(made)
    ctx.session.flush()
    made.path = f"/{made.id}/"
    return made


def has_no_administrator(ctx: Context, place: Place) -> bool:
    """Nobody administers the installation yet."""
    return not ctx.session.scalars(select(Office.id).where(Office.post == Post.ADMIN)).first()


@act("office.first", who=Can.SYSTEM, requires=(has_no_administrator,))
def first_administrator(ctx: Context, place: Place, *, name: str) -> Office:
    """Make the first administrator of an installation; every later office is given by one."""
    person = Person(name=name)
    ctx.session.add(person)
    ctx.session.flush()
    people.alias(ctx.session, person.id, place.id)
    made = Office(
        person_id=person.id, community_id=place.id, post=Post.ADMIN, number=1, since=ctx.now
    )
    ctx.session.add(made)
    return made


@act("place.add", who=Can.CONFIGURE)
def add_place(
    ctx: Context,
    parent: Place,
    *,
    kind: PlaceKind,
    code: str,
    name: str,
    name_en: str = "",
    phone: str = "",
    address: str = "",
    households: int = 0,
    residents: int = 0,
    is_example: bool = False,
) -> Place:
    """Add a place below another: a district to a city, down to the grids of a community."""
    with checking() as check:
        check.text(name, "name", limit=60)
        check.text(code, "code", limit=30)
        below = LEVELS.index(kind) == LEVELS.index(parent.kind) + 1
        check(below, "wrong_level", "kind")
        same = select(Place.id).where(Place.code == code)
        check(ctx.session.scalars(same).first() is None, "exists", "code")
    made = Place(
        parent_id=parent.id, kind=kind, code=code, name=name, name_en=name_en, path="",
        phone=phone, address=address, households=households, residents=residents,
        is_example=is_example,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    made.path = f"{parent.path}{made.id}/"
    return made


@act("building.add", who=Can.CONFIGURE, requires=(is_a_community,))
def add_building(
    ctx: Context, community: Place, *, name: str, grid_id: int | None = None, households: int = 0
) -> Building:
    """Add a building to a community."""
    with checking() as check:
        check.text(name, "name", limit=60)
        same = select(Building.id).where(
            Building.community_id == community.id, Building.name == name
        )
        check(ctx.session.scalars(same).first() is None, "exists", "name")
        grid = ctx.session.get(Place, grid_id) if grid_id is not None else None
        own = grid is not None and grid.parent_id == community.id
        check(grid_id is None or own, "not_a_choice", "grid")
    made = Building(community_id=community.id, name=name, grid_id=grid_id, households=households)
    ctx.session.add(made)
    return made


@act("unit.add", who=Can.CONFIGURE, requires=(is_a_community,))
def add_unit(
    ctx: Context,
    community: Place,
    *,
    name: str,
    name_en: str = "",
    phone: str = "",
    signs_in: bool = True,
) -> Unit:
    """Add a unit of the area, or a department that only answers in writing."""
    with checking() as check:
        check.text(name, "name", limit=60)
        same = select(Unit.id).where(Unit.community_id == community.id, Unit.name == name)
        check(ctx.session.scalars(same).first() is None, "exists", "name")
    made = Unit(
        community_id=community.id, name=name, name_en=name_en, phone=phone, signs_in=signs_in
    )
    ctx.session.add(made)
    return made


@act("office.give", who=Can.APPOINT)
def give(
    ctx: Context,
    place: Place,
    *,
    person_id: int,
    post: Post,
    until: datetime | None = None,
    unit_id: int | None = None,
) -> Office:
    """Give somebody an office at a place, for a term. Offices are numbered per place and post."""
    with checking() as check:
        check(ctx.session.get(Person, person_id), "not_found", "person")
        check(until is None or until > ctx.now, "in_the_past", "until")
        check(post is not Post.HANDLER or unit_id is not None, "not_chosen", "unit")
        _check_unit(ctx, check, place, unit_id)
        apart = holds_no_other_side(ctx.session, person_id, post, ctx.now)
        check(apart, "offices_apart", "post")
        held = select(Office.id).where(
            Office.person_id == person_id, Office.community_id == place.id, Office.post == post,
            Office.unit_id == unit_id, _in_force(ctx.now),
        )  # fmt: skip
        check(ctx.session.scalars(held).first() is None, "holds_it_already", "post")
    same = select(Office).where(Office.community_id == place.id, Office.post == post)
    people.alias(ctx.session, person_id, place.id)
    made = Office(
        person_id=person_id, community_id=place.id, unit_id=unit_id, post=post,
        number=len(ctx.session.scalars(same).all()) + 1, since=ctx.now, until=until,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("office.end", who=Can.APPOINT, requires=(in_force, leaves_an_administrator))
def end(ctx: Context, office: Office) -> None:
    """End an office before its term is over."""
    office.until = ctx.now


@act("membership.add", who=Can.ENROL, requires=(is_a_community,))
def enrol(
    ctx: Context,
    community: Place,
    *,
    person_id: int,
    constituency: Constituency,
    unit_id: int | None = None,
    building_id: int | None = None,
) -> Membership:
    """Enter somebody in a constituency; somebody may belong to two, such as Party and residents."""
    with checking() as check:
        check(ctx.session.get(Person, person_id), "not_found", "person")
        needs_unit = constituency is Constituency.UNITS
        check(not needs_unit or unit_id is not None, "not_chosen", "unit")
        _check_unit(ctx, check, community, unit_id)
        house = ctx.session.get(Building, building_id) if building_id is not None else None
        own = house is not None and house.community_id == community.id
        check(building_id is None or own, "not_a_choice", "building")
    people.alias(ctx.session, person_id, community.id)
    who = (person_id, community.id, constituency)
    made = people.join(ctx.session, who, ctx.now, unit_id, building_id)
    if made is None:
        raise Invalid(Problem("belongs_already", "constituency"))
    return made


@act("membership.end", who=Can.ENROL, requires=(still_belongs,))
def leave(ctx: Context, membership: Membership) -> None:
    """Note that somebody no longer belongs to a constituency; what they said there still counts."""
    membership.until = ctx.now


# Questions


def holders(session: Session, place_id: int, now: datetime) -> list[Office]:
    """The offices in force at a place, in the order of the posts."""
    found = select(Office).where(Office.community_id == place_id, _in_force(now))
    return sorted(session.scalars(found), key=_rank)


@dataclass(frozen=True)
class Holding:
    """An office in force as everybody may see it: post and number, where, for which unit."""

    office: Office
    place: Place
    unit: Unit | None


def responsible(session: Session, place: Place, now: datetime) -> dict[Post, list[Holding]]:
    """Who is responsible at a place: offices there, below it, and above, which reach down.

    By post; a post without which a matter cannot go on stands there even when nobody holds it.
    One statement.
    """
    above = [int(one) for one in place.path.strip("/").split("/")]
    found = (
        select(Office, Place, Unit)
        .join(Place, Place.id == Office.community_id)
        .outerjoin(Unit, Unit.id == Office.unit_id)
        .where(
            _in_force(now),
            or_(Place.id.in_(above), Place.path.startswith(place.path, autoescape=True)),
        )
    )
    rows = [Holding(*row) for row in session.execute(found).all()]
    needed = frozenset[Post]().union(*(held.posts for held in policy.HOLDERS.values()))
    by_post: dict[Post, list[Holding]] = {post: [] for post in Post if post in needed}
    for row in sorted(rows, key=lambda row: (row.place.path, _rank(row.office))):
        by_post.setdefault(row.office.post, []).append(row)
    return {post: by_post[post] for post in Post if post in by_post}


@dataclass(frozen=True)
class Joined:
    """A membership in force, with the unit for which it is held."""

    row: Membership
    unit: Unit | None


def numbers(session: Session, community_id: int, person_ids: set[int]) -> dict[int, int]:
    """The public numbers of people in a community, for those who appoint (one statement)."""
    found = select(Alias.person_id, Alias.number).where(
        Alias.community_id == community_id, Alias.person_id.in_(person_ids)
    )
    return dict(session.execute(found).all())


def numbered(session: Session, community_id: int, number: int) -> int | None:
    """The person with this public number in a community."""
    found = select(Alias.person_id).where(
        Alias.community_id == community_id, Alias.number == number
    )
    return session.scalar(found)


def belongings(session: Session, community_id: int, person_id: int, now: datetime) -> list[Joined]:
    """The constituencies to which somebody belongs at this moment (one statement)."""
    found = (
        select(Membership, Unit)
        .outerjoin(Unit, Unit.id == Membership.unit_id)
        .where(
            Membership.community_id == community_id, Membership.person_id == person_id,
            people.belongs(now),
        )
        .order_by(Membership.since, Membership.id)
    )  # fmt: skip
    return [Joined(*row) for row in session.execute(found).all()]


def within_reach(ctx: Context, place: Place) -> list[Place]:
    """Where the actor may give an office, seen from a place: there, in its grids, and above it."""
    around = [*places.line(ctx.session, place), *places.grids(ctx.session, place.id)]
    return [one for one in around if policy.allows(ctx.session, ctx.actor, Can.APPOINT, one.id)]


# Private helpers


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(Office.since <= now, or_(Office.until.is_(None), Office.until > now))


def _rank(office: Office) -> tuple[int, int]:
    return list(Post).index(office.post), office.number


def _check_unit(ctx: Context, check: Checks, place: Place, unit_id: int | None) -> None:
    unit = ctx.session.get(Unit, unit_id) if unit_id is not None else None
    own = unit is not None and unit.community_id == place.id
    check(unit_id is None or own, "not_a_choice", "unit")
