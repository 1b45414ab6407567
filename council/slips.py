"""Paper slips: eight characters to sign in once, or to follow what was entered for somebody."""

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, ScalarResult, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import HASHED, Base, Governed
from council.errors import NotFound
from council.gate import Context, act
from council.people import Alias, Channel, Consent
from council.places import Place
from council.policy import Can

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty characters that nobody confuses on paper: no 0 O, 1 I L, U."""

LENGTH = 8
VALID = timedelta(days=30)
"""How long a slip lets somebody sign in. A slip for a matter is valid as long as the matter."""


class SlipKind(StrEnum):
    """What a slip is good for; one that opens a matter never signs anybody in."""

    SIGN_IN = "sign_in"
    MATTER = "matter"


class Slip(Governed, Base):
    """A slip that a worker handed out. The code itself is kept nowhere, only its hash."""

    __tablename__ = "slip"
    kind: Mapped[SlipKind]
    code_hash: Mapped[str] = mapped_column(unique=True, info=HASHED)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    channel: Mapped[Channel]
    consent: Mapped[Consent]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    issued: Mapped[datetime]
    expires: Mapped[datetime | None]
    used_at: Mapped[datetime | None] = mapped_column(info=HASHED)
    replaced: Mapped[bool] = mapped_column(default=False)


# Codes


def new_code() -> str:
    """A fresh code as it stands on paper, `H4TM-2W8K`: 39 bits, from the system's randomness."""
    return shown("".join(secrets.choice(LETTERS) for _ in range(LENGTH)))


def normal(typed: str) -> str:
    """A code as typed, in one form: upper case, without dashes and spaces, narrow digits."""
    narrow = unicodedata.normalize("NFKC", typed).upper()
    return "".join(letter for letter in narrow if letter.isalnum())


def shown(code: str) -> str:
    """A code as people read it, in two groups of four."""
    plain = normal(code)
    return f"{plain[:4]}-{plain[4:]}"


def hash_of(code: str) -> str:
    """What is kept of a code: SHA-256 of its normal form, in hex."""
    return hashlib.sha256(normal(code).encode()).hexdigest()


# Requirements


def slip_still_valid(ctx: Context, slip: Slip) -> bool:
    """The slip has not been used, replaced or left to expire."""
    return is_valid(slip, ctx.now)


def own_slip(ctx: Context, slip: Slip) -> bool:
    """The slip was made out to this person."""
    return slip.person_id == ctx.person_id


# Acts


@act("slip.issue", who=Can.ENROL)
def issue(
    ctx: Context,
    community: Place,
    *,
    person_id: int,
    code: str,
    channel: Channel = Channel.HALL,
    consent: Consent = Consent.SPOKEN,
) -> Slip:
    """Hand somebody a slip to sign in with; an earlier one that was not used is void.

    Raises NotFound when the person is not known in this community.
    """
    known = select(Alias.id).where(Alias.person_id == person_id, Alias.community_id == community.id)
    if ctx.session.scalar(known) is None:
        raise NotFound("not_found")
    return add(ctx, community.id, person_id, code, channel, consent)


@act("slip.matter", who=Can.ENTER_FOR)
def issue_for_matter(
    ctx: Context,
    community: Place,
    *,
    proposal_id: int,
    person_id: int,
    code: str,
    channel: Channel = Channel.HALL,
    consent: Consent = Consent.SPOKEN,
) -> Slip:
    """Hand somebody a slip with which they follow the matter that was entered for them."""
    for slip in _open_slips(ctx.session, community.id, person_id, SlipKind.MATTER):
        slip.replaced = slip.replaced or slip.proposal_id == proposal_id
    return _made(
        ctx, community.id, person_id, code, (channel, consent),
        kind=SlipKind.MATTER, proposal_id=proposal_id,
    )  # fmt: skip


@act("slip.use", who=Can.SELF, requires=(own_slip, slip_still_valid))
def use(ctx: Context, slip: Slip) -> None:
    """Use up a slip: it signs its holder in, once. The log keeps no hour of it."""
    slip.used_at = ctx.now


def issue_matter_slip(
    ctx: Context, community: Place, proposal_id: int, person_id: int,
    channel: Channel = Channel.HALL, consent: Consent = Consent.SPOKEN,
) -> str:  # fmt: skip
    """Hand out a slip for a matter; returns the code, which is shown once and kept nowhere."""
    code = new_code()
    issue_for_matter(
        ctx, community, proposal_id=proposal_id, person_id=person_id, code=code,
        channel=channel, consent=consent,
    )  # fmt: skip
    return code


def add(
    ctx: Context, community_id: int, person_id: int, code: str, channel: Channel, consent: Consent
) -> Slip:
    """A sign-in slip, inside an act of the caller; earlier ones of that person are void."""
    for slip in _open_slips(ctx.session, community_id, person_id, SlipKind.SIGN_IN):
        slip.replaced = True
    return _made(
        ctx, community_id, person_id, code, (channel, consent),
        kind=SlipKind.SIGN_IN, expires=ctx.now + VALID,
    )  # fmt: skip


# Questions


def is_valid(slip: Slip, now: datetime) -> bool:
    """Whether the slip is still good: not used, not replaced, not expired."""
    in_time = slip.expires is None or now < slip.expires
    return slip.used_at is None and not slip.replaced and in_time


def find(session: Session, code: str, kind: SlipKind, *, lock: bool = False) -> Slip | None:
    """The slip with this code and of this kind, still valid or not.

    `lock` makes a second request with the same code wait until the first has ended.
    """
    found = select(Slip).where(Slip.code_hash == hash_of(code), Slip.kind == kind)
    return session.scalars(found.with_for_update() if lock else found).one_or_none()


def follows(session: Session, code: str, now: datetime) -> bool:
    """Whether this is the code of a slip that opens its matter."""
    slip = find(session, code, SlipKind.MATTER)
    return slip is not None and is_valid(slip, now)


def _open_slips(
    session: Session, community_id: int, person_id: int, kind: SlipKind
) -> ScalarResult[Slip]:
    """The slips of a person that are neither used nor replaced."""
    return session.scalars(
        select(Slip).where(
            Slip.community_id == community_id,
            Slip.person_id == person_id,
            Slip.kind == kind,
            Slip.used_at.is_(None),
            Slip.replaced.is_(False),
        )
    )


def _made(
    ctx: Context,
    community_id: int,
    person_id: int,
    code: str,
    how: tuple[Channel, Consent],
    *,
    kind: SlipKind,
    proposal_id: int | None = None,
    expires: datetime | None = None,
) -> Slip:
    channel, consent = how
    slip = Slip(
        kind=kind, code_hash=hash_of(code), person_id=person_id, community_id=community_id,
        proposal_id=proposal_id, channel=channel, consent=consent, issued=ctx.now,
        issued_by_id=ctx.actor.person_id if ctx.actor else None, expires=expires,
    )  # fmt: skip
    ctx.session.add(slip)
    return slip
