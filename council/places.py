"""Where things belong: city, district, street, community and its grids, buildings and units."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import PLAIN, Base, Governed


class PlaceKind(StrEnum):
    """The levels of administration; a grid is part of a community."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"


LEVELS = tuple(PlaceKind)


class Place(Governed, Base):
    """A place in the tree of administration. `path` lists the ids from the city down: /1/2/3/."""

    __tablename__ = "place"
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"), index=True)
    kind: Mapped[PlaceKind]
    code: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    name: Mapped[str] = mapped_column(info=PLAIN)
    name_en: Mapped[str] = mapped_column(default="", info=PLAIN)
    path: Mapped[str] = mapped_column(index=True, info=PLAIN)
    households: Mapped[int] = mapped_column(default=0)
    residents: Mapped[int] = mapped_column(default=0)
    phone: Mapped[str] = mapped_column(default="", info=PLAIN)
    address: Mapped[str] = mapped_column(default="", info=PLAIN)
    is_example: Mapped[bool] = mapped_column(default=False)

    @property
    def community_id(self) -> int:
        """The place in which an act about this place happens."""
        return self.id


class Building(Governed, Base):
    """A building in a community, by its everyday name."""

    __tablename__ = "building"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    name: Mapped[str] = mapped_column(info=PLAIN)
    households: Mapped[int] = mapped_column(default=0)


class Unit(Governed, Base):
    """An organisation in or around the community: school, firm, hospital, office, department.

    `signs_in` is false for departments and outside bodies: a worker enters their written replies.
    """

    __tablename__ = "unit"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    name: Mapped[str] = mapped_column(info=PLAIN)
    name_en: Mapped[str] = mapped_column(default="", info=PLAIN)
    phone: Mapped[str] = mapped_column(default="", info=PLAIN)
    signs_in: Mapped[bool] = mapped_column(default=True)


def path(session: Session, place_id: int) -> str:
    """The path of a place, `/1/2/3/`; empty for a place that does not exist.

    Asked for with every permission: a session reads it once, as no place moves.
    """
    known: dict[int, str] = session.info.setdefault("paths", {})
    if place_id not in known:
        place = session.get(Place, place_id)
        if place is None or not place.path:
            return ""
        known[place_id] = place.path
    return known[place_id]


def communities(session: Session) -> list[Place]:
    """Every community, by code."""
    found = select(Place).where(Place.kind == PlaceKind.COMMUNITY).order_by(Place.code)
    return list(session.scalars(found))


def home_community(session: Session) -> Place | None:
    """The community that the site shows when nobody chose one: the first by code."""
    return next(iter(first_communities(session, 1)), None)


def first_communities(session: Session, most: int = 2) -> list[Place]:
    """The first communities by code: whether there are several, without reading them all."""
    return list(session.scalars(_FIRST, {"most": most}))


def grids(session: Session, community_id: int) -> list[Place]:
    """The grids of a community, by code."""
    found = select(Place).where(Place.parent_id == community_id, Place.kind == PlaceKind.GRID)
    return list(session.scalars(found.order_by(Place.code)))


def buildings(session: Session, community_id: int) -> list[Building]:
    """The buildings of a community in the order of their entry."""
    found = select(Building).where(Building.community_id == community_id)
    return list(session.scalars(found.order_by(Building.id)))


def units(session: Session, community_id: int) -> list[Unit]:
    """The units of a community in the order of their entry."""
    found = select(Unit).where(Unit.community_id == community_id)
    return list(session.scalars(found.order_by(Unit.id)))


@dataclass(frozen=True)
class Branch:
    """A place with the places below it."""

    place: Place
    below: "tuple[Branch, ...]"


def tree(session: Session, root: str = "") -> list[Branch]:
    """Every place below its parent, by code, from the top down (one statement).

    `root` is the path of the place to begin with; empty for the whole installation.
    """
    found = select(Place).where(Place.path.startswith(root, autoescape=True)).order_by(Place.code)
    below: dict[int | None, list[Place]] = {}
    rows = session.scalars(found).all()
    ids = {row.id for row in rows}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in ids else None, []).append(row)

    def grown(place: Place) -> Branch:
        return Branch(place, tuple(grown(one) for one in below.get(place.id, ())))

    return [grown(place) for place in below.get(None, ())]


def top(session: Session) -> Place | None:
    """The topmost place: the only one there is when an installation begins."""
    found = select(Place).where(Place.parent_id.is_(None)).order_by(Place.id).limit(1)
    return session.scalars(found).first()


def above(session: Session, found: Iterable[Place]) -> dict[int, list[Place]]:
    """The places above each of these, from the top down, by the place's id (one statement)."""
    lines = {one.id: [int(n) for n in one.path.strip("/").split("/")][:-1] for one in found}
    wanted = {n for ids in lines.values() for n in ids}
    known = {one.id: one for one in session.scalars(select(Place).where(Place.id.in_(wanted)))}
    return {place_id: [known[n] for n in ids] for place_id, ids in lines.items()}


def line(session: Session, place: Place) -> list[Place]:
    """The places above a place and itself, from the top down (one statement)."""
    ids = [int(one) for one in place.path.strip("/").split("/")]
    return list(session.scalars(select(Place).where(Place.id.in_(ids)).order_by(Place.path)))


_FIRST = (
    select(Place)
    .where(Place.kind == PlaceKind.COMMUNITY)
    .order_by(Place.code)
    .limit(bindparam("most"))
)
