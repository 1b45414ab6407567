"""Signers of petitions: one row for each person, counted in public and never named."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import deadlines
from council.db import Base, Governed
from council.errors import Checks
from council.people import Channel
from council.places import Building

LINES, SHEETS, DOOR = 9, 10_000, 20
"""Lines of a printed sheet for signatures, its highest number; longest door in characters."""

# Table


class PetitionSignature(Governed, Base):
    """Somebody has signed, once; on paper with the numbers of the sheet and of the line.

    `household` is set where households count: building and door, each of them once.
    """

    __tablename__ = "petition_signature"
    __table_args__ = (
        UniqueConstraint("petition_id", "person_id"),
        UniqueConstraint("petition_id", "sheet", "line"),
        UniqueConstraint("petition_id", "household"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    sheet: Mapped[int | None]
    line: Mapped[int | None]
    household: Mapped[str | None]
    at: Mapped[datetime]


# What a worker notes


@dataclass(frozen=True)
class Beside:
    """What a worker notes beside a signature: sheet and line of a paper, building and door."""

    sheet: int | None = None
    line: int | None = None
    building_id: int | None = None
    door: str = ""

    @property
    def household(self) -> str | None:
        """Building and door, however the door is written: 2 单元 301 is 2-301."""
        letters = [one for one in self.door.casefold() if one.isascii() and one.isalnum()]
        return f"{self.building_id}-{''.join(letters)}" if self.building_id else None

    def check(self, check: Checks, session: Session, petition_id: int) -> None:
        """Note what is wrong with sheet and line."""
        check(self.sheet is None or 1 <= self.sheet <= SHEETS, "out_of_range", "sheet",
              low=1, high=SHEETS)  # fmt: skip
        within = self.line is None or 1 <= self.line <= LINES
        check(within, "out_of_range", "line", low=1, high=LINES)
        check(self.sheet is None or self.line is not None, "empty", "line")
        check(self.line is None or self.sheet is not None, "empty", "sheet")
        used = taken(session, petition_id, sheet=self.sheet, line=self.line)
        check(not used, "line_taken", "line")

    def check_home(
        self, check: Checks, session: Session, petition_id: int, community_id: int
    ) -> None:
        """Note what is wrong with the household."""
        place = session.get(Building, self.building_id or 0)
        here = place is not None and place.community_id == community_id
        check(here, "not_a_choice", "building")
        check((self.household or "-")[-1] != "-", "empty", "door")
        check.text(self.door, "door", limit=DOOR)
        used = taken(session, petition_id, household=self.household)
        check(not used, "household_signed", "door")


ALONE = Beside()


# Questions


def signed(session: Session, petition_ids: Iterable[int]) -> dict[int, int]:
    """How many have signed each of these petitions, in one statement."""
    found = select(PetitionSignature.petition_id, func.count())
    found = found.where(PetitionSignature.petition_id.in_(list(petition_ids)))
    return dict(session.execute(found.group_by(PetitionSignature.petition_id)).all())


@dataclass(frozen=True)
class Tally:
    """How many have signed: in all, on paper, and by day; never who."""

    total: int
    paper: int
    days: tuple[tuple[date, int], ...]


def tally(session: Session, petition_id: int) -> Tally:
    """How many have signed a petition, in one statement."""
    found = select(PetitionSignature.at, PetitionSignature.sheet)
    rows = session.execute(found.where(PetitionSignature.petition_id == petition_id)).all()
    days = Counter(deadlines.local_date(at) for at, _ in rows)
    paper = sum(sheet is not None for _, sheet in rows)
    return Tally(len(rows), paper, tuple(sorted(days.items())))


def of_person(
    session: Session, petition_id: int, person_id: int | None
) -> PetitionSignature | None:
    """Somebody's signature under a petition."""
    found = select(PetitionSignature).where(
        PetitionSignature.petition_id == petition_id, PetitionSignature.person_id == person_id
    )
    return session.scalars(found).first()


def taken(session: Session, petition_id: int, **these: object) -> bool:
    """Whether a signature has this line of a sheet, or is of this household."""
    found = select(PetitionSignature.id).where(PetitionSignature.petition_id == petition_id)
    return None not in these.values() and bool(session.scalars(found.filter_by(**these)).all())
