"""Setting up places and giving offices: who is what, where, and until when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from council import people
from council.errors import checking
from council.gate import Context, act
from council.people import Constituency, Membership, Office, Person, Post
from council.places import LEVELS, Building, Place, PlaceKind, Unit
from council.policy import Can

# Requirements


def in_force(ctx: Context, office: Office) -> bool:
    """The office has not ended yet."""
    return office.until is None or office.until > ctx.now


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
    made = Place(
        parent_id=parent.id, kind=kind, code=code, name=name, name_en=name_en, path="",
        phone=phone, address=address, households=households, residents=residents,
        is_example=is_example,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    made.path = f"{parent.path}{made.id}/"
    return made


@act("building.add", who=Can.CONFIGURE)
def add_building(
    ctx: Context, community: Place, *, name: str, grid_id: int | None = None, households: int = 0
) -> Building:
    """Add a building to a community."""
    with checking() as check:
        check.text(name, "name", limit=60)
    made = Building(community_id=community.id, name=name, grid_id=grid_id, households=households)
    ctx.session.add(made)
    return made


@act("unit.add", who=Can.CONFIGURE)
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
        check(post is not Post.HANDLER or unit_id is not None, "empty", "unit")
        apart = holds_no_other_side(ctx.session, person_id, post, ctx.now)
        check(apart, "offices_apart", "post")
    same = select(Office).where(Office.community_id == place.id, Office.post == post)
    people.alias(ctx.session, person_id, place.id)
    made = Office(
        person_id=person_id, community_id=place.id, unit_id=unit_id, post=post,
        number=len(ctx.session.scalars(same).all()) + 1, since=ctx.now, until=until,
    )  # fmt: skip
    ctx.session.add(made)
    return made


@act("office.end", who=Can.APPOINT, requires=(in_force,))
def end(ctx: Context, office: Office) -> None:
    """End an office before its term is over."""
    office.until = ctx.now


@act("membership.add", who=Can.ENROL)
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
        check(not needs_unit or unit_id is not None, "empty", "unit")
    people.alias(ctx.session, person_id, community.id)
    made = Membership(
        person_id=person_id, community_id=community.id, constituency=constituency,
        unit_id=unit_id, building_id=building_id, since=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


def holders(session: Session, place_id: int, now: datetime) -> list[Office]:
    """The offices in force at a place, in the order of the posts."""
    found = select(Office).where(Office.community_id == place_id, Office.since <= now)
    rows = [row for row in session.scalars(found) if row.until is None or row.until > now]
    return sorted(rows, key=lambda row: (list(Post).index(row.post), row.number))
