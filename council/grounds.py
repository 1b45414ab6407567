"""Grounds: who can demand a meeting, and how many of how many have to sign for it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from sqlalchemy import ForeignKey, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import deadlines, derivations, i18n, people, places
from council.db import PLAIN, Base, Governed
from council.derivations import Field, Line
from council.entitlements import ADULT
from council.errors import checking
from council.gate import Context, act
from council.kinds import MeetingKind
from council.people import Constituency, Membership, Office, Person, Post
from council.places import Place
from council.policy import Can
from council.tallies import Base as Whole
from council.thresholds import Share

SOURCE, MOST = 100, 100_000
"""Longest source in characters; most adults of a community."""


class PetitionGround(StrEnum):
    """Who may ask for which meeting: the law's shares, and the council's own."""

    RESIDENTS = "residents"
    HOUSEHOLDS = "households"
    ASSEMBLY_DELEGATES = "assembly_delegates"
    DELEGATES = "delegates"
    COUNCIL = "council"


@dataclass(frozen=True)
class Right:
    """What a petition on one ground asks for, and which share of whom must sign.

    `post` is the office of those who sign; None for all residents who have come of age. `homes`:
    one adult signs for each household.
    """

    kind: MeetingKind
    part: Fraction
    post: Post | None = None
    homes: bool = False

    @property
    def share(self) -> Share:
        """以上: the number itself is enough (Civil Code Art. 1259)."""
        return Share(self.part, strict=False, base=Whole.ENTITLED)


# Organic Law of Urban Residents' Committees (2026): the residents' assembly has to be called when a
# tenth of the residents of eighteen years, or of the households' representatives, or a third of the
# delegates ask (Art. 26), the delegates' assembly when a fifth of the delegates do (Art. 28). Half
# of the council's members: usual rules of residents' councils, local and no law (practice.md A3).
RIGHTS = MappingProxyType(
    {
        PetitionGround.RESIDENTS: Right(MeetingKind.RESIDENTS, Fraction(1, 10)),
        PetitionGround.HOUSEHOLDS: Right(MeetingKind.RESIDENTS, Fraction(1, 10), homes=True),
        PetitionGround.ASSEMBLY_DELEGATES: Right(
            MeetingKind.RESIDENTS, Fraction(1, 3), Post.DELEGATE
        ),
        PetitionGround.DELEGATES: Right(MeetingKind.DELEGATES, Fraction(1, 5), Post.DELEGATE),
        PetitionGround.COUNCIL: Right(MeetingKind.COUNCIL, Fraction(1, 2), Post.COUNCIL_MEMBER),
    }
)
"""Every ground on which a meeting has to be called."""

# Table


class AdultCount(Governed, Base):
    """How many registered residents have come of age, and of how many households, if that is known:
    the whole of which a tenth may petition.
    """

    __tablename__ = "adult_count"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    adults: Mapped[int]
    households: Mapped[int | None]
    as_of: Mapped[date]
    source: Mapped[str] = mapped_column(info=PLAIN)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Act


@act("petition.count_adults", who=Can.CONVENE)
def count_adults(
    ctx: Context, place: Place, *, adults: int, as_of: date, source: str,
    households: int | None = None,
) -> AdultCount:  # fmt: skip
    """Enter how many registered residents have come of age, with the day and the source."""
    with checking() as check:
        check(1 <= adults <= MOST, "out_of_range", "adults", low=1, high=MOST)
        fits = households is None or 1 <= households <= MOST
        check(fits, "out_of_range", "households", low=1, high=MOST)
        check(as_of <= deadlines.local_date(ctx.now), "in_the_future", "as_of")
        check.text(source, "source", limit=SOURCE)
    made = AdultCount(
        community_id=place.id, adults=adults, households=households, as_of=as_of,
        source=source, at=ctx.now, by_id=ctx.person_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Questions


def arithmetic(ground: PetitionGround, whole: int, got: int) -> tuple[Line, Line]:
    """How many are needed and why, and how many there are: two sentences with their numbers."""
    right = RIGHTS[ground]
    needed = right.share.needed(whole)
    short = max(0, needed - got)
    unit = "households" if right.homes else "heads"
    told: dict[str, Field] = {"unit": unit, "needed": needed, "got": got}
    share: dict[str, Field] = {
        "fraction": str(right.part), "strict": False, "whole": f"{whole:,}",
        "exact": derivations.exact(right.part * whole),
    }  # fmt: skip
    return (
        Line(f"petition.needed.{ground}", ok=True, fields={**told, **share}),
        Line("petition.signed", ok=not short, fields={**told, "short": short}),
    )


def adult_count(session: Session, community_id: int) -> AdultCount | None:
    """The newest number of adults that the committee has entered."""
    found = select(AdultCount).where(AdultCount.community_id == community_id)
    return session.scalars(found.order_by(AdultCount.id.desc()).limit(1)).first()


def whole_of(session: Session, community_id: int, ground: PetitionGround, now: datetime) -> int:
    """Of how many a share must sign; 0 while nobody knows or nobody holds the office."""
    right = RIGHTS[ground]
    if right.post is not None:
        return len(holders(session, community_id, right.post, now))
    counted = adult_count(session, community_id)
    if counted is None:
        return 0
    return (counted.households or 0) if right.homes else counted.adults


def entitled(ctx: Context, community_id: int, ground: PetitionGround) -> bool:
    """Whether whoever speaks counts for this ground here."""
    who, post = ctx.voice, RIGHTS[ground].post
    if who.person_id is None:
        return False
    if post is not None:
        return who.person_id in holders(ctx.session, community_id, post, ctx.now)
    return is_adult(ctx.session, community_id, who.person_id, ctx.now)


def is_adult(session: Session, community_id: int, person_id: int, now: datetime) -> bool:
    """Whether somebody belongs to the residents and has come of age, as far as is known."""
    found = select(Person.born).join(Membership, Membership.person_id == Person.id)
    mine = found.where(
        Membership.community_id == community_id, Membership.person_id == person_id,
        Membership.constituency == Constituency.RESIDENTS, people.belongs(now),
    )  # fmt: skip
    rows = session.scalars(mine).all()
    return any(born is None or i18n.local(now).year - born >= ADULT for born in rows)


def holders(session: Session, community_id: int, post: Post, now: datetime) -> set[int]:
    """Who holds an office here or in a grid below."""
    path = places.path(session, community_id)
    below = select(Place.id).where(Place.path.startswith(path, autoescape=True))
    found = select(Office.person_id).where(
        Office.post == post, Office.community_id.in_(below), Office.since <= now,
        or_(Office.until.is_(None), Office.until > now),
    )  # fmt: skip
    return set(session.scalars(found))
