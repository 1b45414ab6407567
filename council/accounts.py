"""Accounts: how somebody signs in, on which devices, and how a worker opens one at the counter."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ForeignKey, bindparam, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import passwords, people, slips
from council.db import HASHED, PLAIN, Base, Governed, Ready
from council.errors import Invalid, NotFound, Problem, TooMany, checking
from council.gate import Context, act
from council.passwords import Hashed
from council.people import Actor, Alias, Channel, Consent, Constituency, Person
from council.places import Building, Place, Unit
from council.policy import Can
from council.slips import SlipKind

NAME = re.compile(r"[^\s\x00-\x1f/@:]{2,40}")

DAY = timedelta(hours=12)
"""How long somebody stays signed in on a shared device."""

KEPT = timedelta(days=30)
"""How long on a device that only one person uses."""

SEEN_EVERY = timedelta(minutes=5)

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 50
"""Failed attempts within the window; then one may try again. Nobody is locked out for ever."""


class Account(Governed, Base):
    """A way to sign in. One person may have several, such as a private and an office one."""

    __tablename__ = "account"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    name: Mapped[str] = mapped_column(unique=True, info=HASHED)
    password_hash: Mapped[str | None] = mapped_column(info=HASHED)
    disabled: Mapped[bool] = mapped_column(default=False)


class SignIn(Base):
    """Somebody is signed in on a device. Operational: the public log knows nothing of it.

    Only the SHA-256 of the random token is kept; the token itself is in that device's cookie.
    `kiosk_id`: the device does nothing but sign people in at this meeting.
    """

    __tablename__ = "sign_in"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    device: Mapped[str]
    chosen: Mapped[Constituency | None]
    created: Mapped[datetime]
    last_seen: Mapped[datetime]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))


class Attempt(Base):
    """A sign-in that failed, by hash of the name or of the address; counted, then deleted."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(index=True, info=PLAIN)
    at: Mapped[datetime] = mapped_column(index=True)


# Requirements


def own_account(ctx: Context, account: Account) -> bool:
    """The account is one's own."""
    return account.person_id == ctx.person_id


def account_enabled(ctx: Context, account: Account) -> bool:
    """The account is not closed."""
    return not account.disabled


def account_disabled(ctx: Context, account: Account) -> bool:
    """The account is closed."""
    return account.disabled


# Acts


@dataclass(frozen=True)
class Newcomer:
    """Who gets an account: a person the council does not know yet, or one it knows (`person_id`).

    Without a constituency nobody is entered in one; offices are given separately.
    """

    name: str = ""
    person_id: int | None = None
    born: int | None = None
    constituency: Constituency | None = Constituency.RESIDENTS
    unit_id: int | None = None
    building_id: int | None = None


@act("account.open", who=Can.ENROL)
def open_account(
    ctx: Context,
    community: Place,
    newcomer: Newcomer,
    *,
    name: str = "",
    code: str,
    channel: Channel = Channel.HALL,
    consent: Consent = Consent.SPOKEN,
) -> Account:
    """Open an account for somebody at the counter, with a slip to sign in for the first time.

    `code` comes from `slips.new_code()` and is shown once. An empty `name` becomes u and the
    person's number, such as u0231. Raises Invalid.
    """
    _check_newcomer(ctx, community, newcomer, name)
    person_id = newcomer.person_id or _new_person(ctx, newcomer)
    face = people.alias(ctx.session, person_id, community.id)
    _enter(ctx, community, person_id, newcomer)
    account = Account(
        person_id=person_id, community_id=community.id,
        name=name.strip().lower() or _free_name(ctx.session, face),
    )  # fmt: skip
    ctx.session.add(account)
    slips.add(ctx, community.id, person_id, code, channel, consent)
    return account


@act("account.set_password", who=Can.SELF, requires=(own_account, account_enabled))
def set_password(ctx: Context, account: Account, password: Hashed) -> None:
    """Choose a password for one's own account."""
    account.password_hash = password.value


@act("account.disable", who=Can.ENROL, requires=(account_enabled,))
def disable(ctx: Context, account: Account) -> None:
    """Close an account; whoever is signed in with it is signed out at once."""
    account.disabled = True
    revoke_all(ctx.session, account.id, ctx.now)


@act("account.enable", who=Can.ENROL, requires=(account_disabled,))
def enable(ctx: Context, account: Account) -> None:
    """Open a closed account again."""
    account.disabled = False


def _check_newcomer(ctx: Context, community: Place, who: Newcomer, name: str) -> None:
    session, now = ctx.session, ctx.now
    with checking() as check:
        if who.person_id is None:
            check.text(who.name, "person", limit=40)
        else:
            check(session.get(Person, who.person_id), "not_found", "person")
        if who.born is not None:
            check(1900 <= who.born <= now.year, "not_a_year", "born")
        if who.constituency is Constituency.UNITS:
            unit = session.get(Unit, who.unit_id) if who.unit_id else None
            known = unit is not None and unit.community_id == community.id
            check(known, "not_chosen", "unit")
        if who.building_id is not None:
            building = session.get(Building, who.building_id)
            known = building is not None and building.community_id == community.id
            check(known, "not_a_choice", "building")
        if name.strip() and check(NAME.fullmatch(name.strip()), "account_name", "account"):
            check(find_account(session, name) is None, "account_taken", "account")


def _new_person(ctx: Context, newcomer: Newcomer) -> int:
    person = Person(name=newcomer.name.strip(), born=newcomer.born)
    ctx.session.add(person)
    ctx.session.flush()
    return person.id


def _enter(ctx: Context, community: Place, person_id: int, newcomer: Newcomer) -> None:
    """Enter the person in the constituency, unless they stand there already."""
    if newcomer.constituency is None:
        return
    who = (person_id, community.id, newcomer.constituency)
    people.join(ctx.session, who, ctx.now, newcomer.unit_id, newcomer.building_id)


def _free_name(session: Session, face: Alias) -> str:
    name = f"u{face.number:04d}"
    return name if find_account(session, name) is None else f"{name}.{face.community_id}"


# Signing in. These rows are operational: they are written outside acts and never logged.


def verified(session: Session, name: str, password: str) -> Account | None:
    """The open account with this name and password (slow). Same time for a name that nobody has."""
    account = find_account(session, name)
    right = passwords.matches(password, account.password_hash if account else None)
    return account if account and right and not account.disabled else None


def sign_in(session: Session, account: Account, now: datetime, *, device: str, keep: bool) -> str:
    """Sign somebody in on a device; returns the new token for its cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=_hash(token), account_id=account.id, person_id=account.person_id,
            device=device[:200], created=now, last_seen=now, expires=now + (KEPT if keep else DAY),
        )
    )  # fmt: skip
    return token


def use_slip(session: Session, code: str, now: datetime) -> Account | None:
    """Use up a slip and give the account that it opens; None when the code is not good."""
    slip = slips.find(session, code, SlipKind.SIGN_IN, lock=True)
    if slip is None or not slips.is_valid(slip, now):
        return None
    account = account_of(session, slip.person_id)
    if account is None:
        return None
    holder = people.actor(session, slip.person_id, now, account_id=account.id)
    slips.use(Context(session, holder, now), slip)
    return account


def lock(session: Session, sign_in_id: int, meeting_id: int, now: datetime) -> None:
    """From now on this device is the kiosk of a meeting; there is no way back but a new sign-in."""
    row = session.get_one(SignIn, sign_in_id)
    row.kiosk_id, row.expires = meeting_id, min(row.expires, now + DAY)


def choose_capacity(session: Session, sign_in_id: int, chosen: Constituency | None) -> None:
    """In which constituency somebody with two memberships speaks from now on, on this device."""
    row = session.get_one(SignIn, sign_in_id)
    row.chosen = chosen


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the sign-in of one device."""
    found = current(session, token, now)
    if found:
        session.get_one(SignIn, found.id).revoked = now


def revoke(session: Session, sign_in_id: int, account_id: int, now: datetime) -> None:
    """End the sign-in of another device of the same account. Raises NotFound for anybody else's."""
    row = session.get(SignIn, sign_in_id)
    if row is None or row.account_id != account_id:
        raise NotFound("not_found")
    row.revoked = row.revoked or now


def revoke_all(session: Session, account_id: int, now: datetime, *, but: int | None = None) -> None:
    """End every sign-in with an account, perhaps but the one that asks."""
    found = select(SignIn).where(SignIn.account_id == account_id, SignIn.revoked.is_(None))
    for row in session.scalars(found):
        if row.id != but:
            row.revoked = now


def seen(session: Session, sign_in_id: int, now: datetime) -> None:
    """Note that a device is still in use."""
    session.get_one(SignIn, sign_in_id).last_seen = now


# Throttling


def subjects(name: str, address: str) -> dict[str, int]:
    """What failed attempts are counted by, each with its limit."""
    counted = {_hash(f"address:{address}"): PER_ADDRESS}
    if name:
        counted[_hash(f"account:{_normal(name)}")] = PER_ACCOUNT
    return counted


def tries(what: str) -> dict[str, int]:
    """The same for guesses at something else than a password, for example a meeting's door code."""
    return {_hash(f"try:{what}"): PER_ACCOUNT}


def check_attempts(session: Session, counted: dict[str, int], now: datetime) -> None:
    """Refuse when too many attempts failed within the last quarter of an hour. Raises TooMany."""
    found = (
        select(Attempt.subject, func.count(), func.min(Attempt.at))
        .where(Attempt.subject.in_(counted), Attempt.at > now - WINDOW)
        .group_by(Attempt.subject)
    )
    for subject, failed, first in session.execute(found):
        if failed >= counted[subject]:
            raise TooMany("too_many_attempts", max(1, int((first + WINDOW - now).total_seconds())))


def failed(session: Session, counted: dict[str, int], now: datetime) -> None:
    """Note a failed attempt, and forget those that no longer count."""
    session.execute(delete(Attempt).where(Attempt.at <= now - WINDOW))
    session.add_all(Attempt(subject=subject, at=now) for subject in counted)


# Questions


@dataclass(frozen=True)
class Current:
    """The sign-in behind a request, with its account."""

    id: int
    account_id: int
    person_id: int
    name: str
    chosen: Constituency | None
    last_seen: datetime
    token_hash: str
    kiosk_id: int | None


def current(session: Session, token: str, now: datetime) -> Current | None:
    """Who is signed in with this token; None when it ended or the account was closed."""
    rows = _CURRENT.rows(session, token=_hash(token), now=now)
    return Current(*rows[0]) if rows else None


def devices(session: Session, account_id: int, now: datetime) -> list[SignIn]:
    """Where somebody is signed in with this account, the latest first."""
    found = select(SignIn).where(
        SignIn.account_id == account_id, SignIn.revoked.is_(None), SignIn.expires > now
    )
    return list(session.scalars(found.order_by(SignIn.last_seen.desc(), SignIn.id.desc())))


def find_account(session: Session, name: str) -> Account | None:
    """The account with this name, in whatever case it is written."""
    return session.scalars(select(Account).where(Account.name == _normal(name))).one_or_none()


def accounts_of(session: Session, person_id: int) -> list[Account]:
    """Every account of a person, closed ones included."""
    found = select(Account).where(Account.person_id == person_id)
    return list(session.scalars(found.order_by(Account.id)))


def account_of(session: Session, person_id: int) -> Account | None:
    """The first open account of a person."""
    return next((one for one in accounts_of(session, person_id) if not one.disabled), None)


def resolve_person(
    session: Session, community_id: int, number: int, now: datetime | None = None
) -> Actor:
    """The person with this public number in the community, with what they hold. Raises Invalid."""
    found = select(Alias.person_id).where(
        Alias.community_id == community_id, Alias.number == number
    )
    person_id = session.scalar(found)
    if person_id is None:
        raise Invalid(Problem("no_such_person", "for_person", {"number": number}))
    return people.actor(session, person_id, now or datetime.now(UTC))


def _normal(name: str) -> str:
    return name.strip().lower()


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


# The statement behind every request, built once

_CURRENT = Ready(
    select(
        SignIn.id, SignIn.account_id, SignIn.person_id, Account.name, SignIn.chosen,
        SignIn.last_seen, SignIn.token_hash, SignIn.kiosk_id,
    )
    .join(Account, Account.id == SignIn.account_id)
    .where(
        SignIn.token_hash == bindparam("token"), SignIn.revoked.is_(None),
        SignIn.expires > bindparam("now"), Account.disabled.is_(False),
    )
)  # fmt: skip
