"""Corrections: what minutes said before, and what co-signers say that they have wrong."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.people import Constituency
from council.policy import Can

WORDS = 500
"""Longest correction and longest answer, in characters."""

# Tables


class MinutesVersion(Governed, Base):
    """A wording of the minutes as it stood; each change keeps the one before it in sight."""

    __tablename__ = "minutes_version"
    __table_args__ = (UniqueConstraint("minutes_id", "revision"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"))
    revision: Mapped[int]
    views_for: Mapped[str]
    views_against: Mapped[str]
    other: Mapped[str]
    written_at: Mapped[datetime]


class Correction(Governed, Base):
    """A co-signer notes what is wrong; the recorder accepts it, or says in public why not."""

    __tablename__ = "minutes_correction"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"), index=True)
    constituency: Mapped[Constituency]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str]
    noted_at: Mapped[datetime]
    accepted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]


# Requirements


def correction_waits(ctx: Context, correction: Correction) -> bool:
    """The correction has not been answered yet."""
    return correction.accepted is None


# Acts


@act("correction.answer", who=Can.RECORD, requires=(correction_waits,), alone=True)
def answer(ctx: Context, correction: Correction, *, accepts: bool, words: str) -> Correction:
    """Accept a correction, and then change the text, or say in public why not."""
    with checking() as check:
        check.text(words, "words", limit=WORDS, required=not accepts)
    correction.accepted, correction.answer, correction.answered_at = accepts, words, ctx.now
    return correction


# Questions


def versions(session: Session, minutes_id: int) -> list[MinutesVersion]:
    """The wordings of the minutes, the first one first."""
    found = select(MinutesVersion).where(MinutesVersion.minutes_id == minutes_id)
    return list(session.scalars(found.order_by(MinutesVersion.revision)))


def noted(session: Session, minutes_id: int) -> list[Correction]:
    """The corrections that co-signers noted, in their order."""
    found = select(Correction).where(Correction.minutes_id == minutes_id)
    return list(session.scalars(found.order_by(Correction.id)))


def waiting(session: Session, minutes_id: int) -> list[Correction]:
    """The corrections that have not been answered."""
    return [one for one in noted(session, minutes_id) if one.accepted is None]


# What a room above does inside its own acts


class Text(Protocol):
    """The minutes, as far as this room knows them."""

    id: int
    community_id: int
    revision: int
    views_for: str
    views_against: str
    other: str


def keep(ctx: Context, minutes: Text) -> None:
    """Keep this wording beside those before it."""
    ctx.session.add(
        MinutesVersion(
            community_id=minutes.community_id, minutes_id=minutes.id, revision=minutes.revision,
            views_for=minutes.views_for, views_against=minutes.views_against, other=minutes.other,
            written_at=ctx.now,
        )
    )  # fmt: skip


def add(ctx: Context, minutes: Text, constituency: Constituency | None, words: str) -> Correction:
    """Note a correction for whoever sat at the meeting."""
    made = Correction(
        community_id=minutes.community_id, minutes_id=minutes.id, constituency=constituency,
        person_id=ctx.person_id, words=words, noted_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(made)
    return made
