"""Signers of petitions: one row for each person, counted in public and never named."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import deadlines
from council.db import Base, Governed
from council.people import Channel

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
