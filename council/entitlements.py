"""Entitlements: who can stand on a roll, from a list that was read or from who is in office."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, case, null, or_, select
from sqlalchemy.orm import Session

from council import i18n, people, places
from council.accounts import Account
from council.errors import Problem
from council.imports import Column, Fault, Line, Report
from council.people import Alias, Constituency, Membership, Office, Person, Post
from council.places import Building, Place

ADULT = 18
"""Who votes has come of age (Organic Law 2026, Art. 16)."""
MANY = 500
"""Names that one statement asks for."""


class RollKind(StrEnum):
    """From whom a roll is made; every row is one head."""

    RESIDENTS = "residents"
    HOUSEHOLDS = "households"
    OWNERS = "owners"
    DELEGATES = "delegates"
    MEMBERS = "members"


NEEDED: Mapping[RollKind, tuple[Column, ...]] = {
    RollKind.RESIDENTS: (Column.NAME, Column.BUILDING),
    RollKind.HOUSEHOLDS: (Column.NAME, Column.HOUSEHOLD),
    RollKind.OWNERS: (Column.NAME, Column.HOUSEHOLD, Column.AREA),
    RollKind.DELEGATES: (Column.NAME,),
    RollKind.MEMBERS: (Column.NAME, Column.CONSTITUENCY),
}
"""What each row of a list must say."""

DRAWN = (RollKind.RESIDENTS, RollKind.DELEGATES, RollKind.MEMBERS)
"""Rolls that follow from who belongs to the community and who holds an office."""


@dataclass(frozen=True)
class Entry:
    """A row to be: `area` in hundredths of a square metre; without a person it has no account."""

    name: str
    building: str = ""
    household: str = ""
    area: int = 0
    constituency: Constituency | None = None
    person_id: int | None = None
    unit_id: int | None = None


@dataclass(frozen=True)
class Checked:
    """A report with everything that the community knows besides, and the entries it leads to."""

    report: Report
    entries: tuple[Entry, ...]

    @property
    def good(self) -> bool:
        """Whether the list can be taken; it is taken whole or not at all."""
        return self.report.good


def checked(
    session: Session, community_id: int, now: datetime, kind: RollKind, report: Report
) -> Checked:
    """A list that was read, against the accounts of the community and the kind of roll."""
    lines, known = report.lines, _accounts(session, community_id, now, report.lines)
    faults = [
        *report.faults,
        *(
            _fault(line, Column.ACCOUNT, "cell_no_account", now=line.account)
            for line in lines
            if line.account and line.account not in known
        ),
    ]
    whose = ((line, known[line.account]) for line in lines if line.account in known)
    repeated = {(one.line, one.problem.field) for one in report.faults}
    faults += [
        _fault(line, Column.ACCOUNT, "cell_same_person", first=first)
        for line, first in _again(whose)
        if (line.number, Column.ACCOUNT) not in repeated
    ]
    if kind is RollKind.HOUSEHOLDS:
        homes = ((line, (line.building, line.household)) for line in lines if line.household)
        faults += [
            _fault(line, Column.HOUSEHOLD, "cell_same_household", first=first)
            for line, first in _again(homes)
            if (line.number, Column.NAME) not in repeated
        ]
    ordered = tuple(sorted(faults, key=lambda one: one.line))
    return Checked(replace(report, faults=ordered), tuple(_entry(one, known) for one in lines))


def drawn(
    session: Session,
    community_id: int,
    now: datetime,
    kind: RollKind,
    constituencies: Collection[Constituency] = (),
) -> list[Entry]:
    """Who is entitled as things stand, by public number: delegates with the committee (Art. 28),
    residents with an account, or members of constituencies. Children and second seats of a unit
    are left out; whoever belongs to two constituencies stands there once.
    """
    if kind is RollKind.DELEGATES:
        found = _in_office(session, community_id, now)
    elif kind in DRAWN:
        found = _members(community_id, now, kind, constituencies)
    else:
        return []
    entries: dict[int, Entry] = {}
    units: set[int] = set()
    for person, constituency, unit_id, building in session.execute(found):
        child = person.born is not None and i18n.local(now).year - person.born < ADULT
        if child or person.id in entries or unit_id in units:
            continue
        if unit_id is not None:
            units.add(unit_id)
        entries[person.id] = Entry(
            person.name, building or "", "", 0, constituency, person.id, unit_id
        )
    return list(entries.values())


def _entry(line: Line, known: Mapping[str, int]) -> Entry:
    side = Constituency(line.constituency) if line.constituency else None
    person_id = known.get(line.account)
    return Entry(line.name, line.building, line.household, line.area, side, person_id)


def _fault(line: Line, column: Column, key: str, **fields: object) -> Fault:
    return Fault(line.number, Problem(key, column, fields))


def _again(keyed: Iterable[tuple[Line, object]]) -> list[tuple[Line, int]]:
    """The lines whose key an earlier line had, with that line's number."""
    seen: dict[object, int] = {}
    return [
        (line, first)
        for line, key in keyed
        if (first := seen.setdefault(key, line.number)) != line.number
    ]


def _accounts(
    session: Session, community_id: int, now: datetime, lines: Sequence[Line]
) -> dict[str, int]:
    """Whose the accounts in a list are; only those of people who belong to the community."""
    here = select(Membership.person_id).where(
        Membership.community_id == community_id, people.belongs(now)
    )
    names = sorted({line.account for line in lines if line.account})
    found: dict[str, int] = {}
    for n in range(0, len(names), MANY):
        asked = select(Account.name, Account.person_id).where(
            Account.name.in_(names[n : n + MANY]), Account.disabled.is_(False),
            Account.person_id.in_(here),
        )  # fmt: skip
        found |= dict(session.execute(asked).all())
    return found


def _in_office(session: Session, community_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    """Delegates and the committee, here or in a grid below."""
    path = places.path(session, community_id)
    below = select(Place.id).where(Place.path.startswith(path, autoescape=True))
    home = _home(community_id, now).where(Membership.constituency == Constituency.RESIDENTS)
    lives = home.with_only_columns(Membership.person_id, Building.name.label("house")).subquery()
    return (
        select(Person, null(), null(), lives.c.house)
        .join(Office, Office.person_id == Person.id)
        .join(Alias, (Alias.person_id == Person.id) & (Alias.community_id == community_id))
        .outerjoin(lives, lives.c.person_id == Person.id)
        .where(
            Office.post.in_((Post.DELEGATE, Post.COMMITTEE)), Office.community_id.in_(below),
            Office.since <= now, or_(Office.until.is_(None), Office.until > now),
        )
        .order_by(Alias.number)
    )  # fmt: skip


def _members(
    community_id: int, now: datetime, kind: RollKind, constituencies: Collection[Constituency]
) -> Select[*tuple[Any, ...]]:
    """Members of these constituencies in their order, or residents who have an account."""
    residents = kind is RollKind.RESIDENTS
    wanted = [Constituency.RESIDENTS] if residents else sorted(constituencies, key=ORDER.index)
    found = (
        _home(community_id, now)
        .join(Person, Person.id == Membership.person_id)
        .join(Alias, (Alias.person_id == Person.id) & (Alias.community_id == community_id))
        .where(Membership.constituency.in_(wanted))
        .with_only_columns(Person, Membership.constituency, Membership.unit_id, Building.name)
    )
    if residents:
        open_ = select(Account.person_id).where(Account.disabled.is_(False))
        found = found.where(Person.id.in_(open_))
    rank = case({one.value: n for n, one in enumerate(ORDER)}, value=Membership.constituency)
    return found.order_by(rank, Alias.number)


def _home(community_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(Membership)
        .outerjoin(Building, Building.id == Membership.building_id)
        .where(Membership.community_id == community_id, people.belongs(now))
    )


ORDER = tuple(Constituency)
