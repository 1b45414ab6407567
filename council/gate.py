"""The one door that every change passes: permission, requirements, rule, diff, log entry."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from inspect import unwrap
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import ColumnElement, event, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.types import JSON, String

from council import audit, people, policy
from council.db import Governed, UngovernedChange, hold, savepoint
from council.errors import NotAllowed, NotReady
from council.people import Actor, Behalf, Channel, Constituency
from council.policy import Can, Grant

P = ParamSpec("P")
R = TypeVar("R")


class Situated(Protocol):
    """Anything that belongs to a place can be acted on."""

    @property
    def community_id(self) -> int:
        """The place in which the act happens."""


S = TypeVar("S", bound=Situated)
Holds = bool | Callable[["Context", Any], tuple[object, ...]]
"""Whether an act holds its row, or which rows it holds."""


@dataclass
class Context:
    """Who is acting, when, in which open session, and for whom."""

    session: Session
    actor: Actor | None
    now: datetime
    behalf: Behalf | None = None

    @property
    def voice(self) -> Actor:
        """The person who speaks: the one on whose behalf a worker enters, else the actor."""
        if self.behalf:
            return self.behalf.actor
        if self.actor is None:
            raise NotAllowed("sign_in")
        return self.actor

    @property
    def person_id(self) -> int:
        """The id of the person who speaks. Raises NotAllowed for the system and for nobody."""
        if self.voice.person_id is None:
            raise NotAllowed("sign_in")
        return self.voice.person_id

    @property
    def channel(self) -> Channel:
        """How this came in."""
        return self.behalf.channel if self.behalf else Channel.WEB

    @property
    def entered_by_id(self) -> int | None:
        """The worker who enters on somebody's behalf; None when the person acts alone."""
        return self.actor.person_id if self.behalf and self.actor else None

    def capacity(self, row: Situated) -> Constituency:
        """The constituency in which the person speaks here. Raises NotAllowed without one."""
        held = self.voice.capacity(row.community_id)
        if held is None:
            raise NotAllowed("not_a_member")
        return held


Requirement = Callable[[Context, Any], bool]


@dataclass(frozen=True)
class Act:
    """A declared act: its verb in the log, who may do it, what must be true, where it stands."""

    name: str
    who: Can
    requires: tuple[Requirement, ...] = ()
    behalf: bool = False
    where: str = ""
    moves: tuple[tuple[str, str], ...] = ()
    entry: bool = True
    alone: Holds = False


ACTS: dict[str, Act] = {}
_AFTER: dict[str, list[Callable[[Context, Any], None]]] = {}


def place_of(function: Callable[..., object]) -> str:
    """Where a rule stands in the source, `council/votes.py:120`."""
    line = unwrap(function).__code__.co_firstlineno
    return f"{function.__module__.replace('.', '/')}.py:{line}"


def act(
    name: str,
    *,
    who: Can,
    requires: tuple[Requirement, ...] = (),
    behalf: bool = False,
    entry: bool = True,
    alone: Holds = False,
) -> Callable[[Callable[Concatenate[Context, S, P], R]], Callable[Concatenate[Context, S, P], R]]:
    """Declare that the function below changes the record, who may call it and when.

    `behalf` allows a worker to do it for somebody. The function takes the context and the row
    (or place) that it acts on; what it returns, if it is a governed row, is the entry's subject.
    Without `entry` its entry follows with its batch, as the order would tell who cast which secret
    ballot; it changes no governed row. `alone`: the row, or the rows
    that this function names, are held before the requirements are asked.
    """

    def declare(
        rule: Callable[Concatenate[Context, S, P], R],
    ) -> Callable[Concatenate[Context, S, P], R]:
        spec = register(Act(name, who, requires, behalf, place_of(rule), entry=entry, alone=alone))

        @wraps(rule)
        def run(ctx: Context, subject: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return through(ctx, spec, subject, lambda: rule(ctx, subject, *args, **kwargs))

        return run

    return declare


def register(spec: Act) -> Act:
    """Make an act known under its name. Raises ValueError when the name is taken."""
    if spec.name in ACTS:
        raise ValueError(f"act declared twice: {spec.name}")
    ACTS[spec.name] = spec
    return spec


def after(name: str) -> Callable[[Callable[[Context, Any], None]], Callable[[Context, Any], None]]:
    """Run the function below after the act `name`, in its transaction, with the act's subject.

    This is how a lower room is heard in a higher one without importing it.
    """

    def declare(hook: Callable[[Context, Any], None]) -> Callable[[Context, Any], None]:
        _AFTER.setdefault(name, []).append(hook)
        return hook

    return declare


def permitted(ctx: Context, spec: Act, subject: Situated) -> Grant | None:
    """In what quality the act is allowed here and now; None when it is not."""
    place_id = subject.community_id
    if ctx.behalf is None:
        return policy.grant(ctx.session, ctx.actor, spec.who, place_id, subject)
    if not spec.behalf or not policy.allows(ctx.session, ctx.behalf.actor, spec.who, place_id):
        return None
    return policy.grant(ctx.session, ctx.actor, Can.ENTER_FOR, place_id)


def unmet(ctx: Context, spec: Act, subject: Situated) -> list[str]:
    """The names of the requirements that do not hold yet."""
    return [one.__name__ for one in spec.requires if not one(ctx, subject)]


@dataclass(frozen=True)
class Possible:
    """An act that this person may do here, and what still blocks it (nothing: a live button)."""

    name: str
    needs: tuple[str, ...] = ()


def possible(ctx: Context, name: str, subject: Situated) -> Possible | None:
    """Whether the actor may do the act; for pages, so that a button says why it is not ready."""
    spec = ACTS[name]
    if permitted(ctx, spec, subject) is None:
        return None
    return Possible(name, tuple(unmet(ctx, spec, subject)))


def once(find: Callable[[], R | None], make: Callable[[], R]) -> R:
    """The row that a form made, however often it is sent.

    `find` looks for it. Of two sendings at the same moment the unique index refuses one: it finds
    the row of the other.
    """
    try:
        return find() or make()
    except NotReady as refusal:
        first = find() if refusal.key == "already_done" else None
        if first is None:
            raise
        return first


@dataclass
class _Open:
    """An act under way: the rows it touched, each with the columns it changed from what."""

    spec: Act
    subject: Situated
    allowed: Grant
    move: tuple[str, str] | None
    new: list[Governed] = field(default_factory=list)
    changed: dict[int, tuple[Governed, dict[str, Any]]] = field(default_factory=dict)
    gone: list[Governed] = field(default_factory=list)


def through(
    ctx: Context,
    spec: Act,
    subject: Situated,
    rule: Callable[[], R],
    move: tuple[str, str] | None = None,
) -> R:
    """Run one act in its fixed order, in a savepoint, and keep its log entry for the commit.

    Acts do not nest: what follows from an act is declared with `@after`.
    Raises NotAllowed, NotReady, and whatever refusal the rule itself raises.
    """
    session = ctx.session
    if session.info.get("act") is not None:
        raise RuntimeError(f"{spec.name} inside {session.info['act'].spec.name}: use @after")
    allowed = permitted(ctx, spec, subject)
    if allowed is None:
        raise NotAllowed("sign_in" if ctx.actor is None else "not_allowed", act=spec.name)
    if spec.alone:
        hold(session, *((subject,) if spec.alone is True else spec.alone(ctx, subject)))
    if needs := unmet(ctx, spec, subject):
        raise NotReady("not_ready", needs)
    drafts: list[audit.Draft] = session.info.setdefault("drafts", [])
    kept = len(drafts)
    try:
        with session.begin_nested() if spec.entry else savepoint(session):
            return _run(ctx, _Open(spec, subject, allowed, move), rule, drafts)
    except BaseException as error:
        del drafts[kept:]
        if isinstance(error, IntegrityError):
            raise NotReady("already_done") from error
        raise


def _run(ctx: Context, opened: "_Open", rule: Callable[[], R], drafts: list[audit.Draft]) -> R:
    """Rule, flush, diff, entry; then, still in the same savepoint, what follows from the act."""
    ctx.session.info["act"] = opened
    try:
        signed = _signature(ctx, opened) if opened.spec.entry else {}
        result = rule()
        ctx.session.flush()
    finally:
        ctx.session.info["act"] = None
    about = result if isinstance(result, Governed) else opened.subject
    if opened.spec.entry:
        drafts.append(_draft(ctx, opened, about, signed))
    elif touched := _touched(opened):
        raise UngovernedChange(f"{_table(touched[0][0])} in {opened.spec.name}, which has no entry")
    for hook in _AFTER.get(opened.spec.name, ()):
        hook(ctx, about)
    return result


def _signature(ctx: Context, opened: _Open) -> dict[str, Any]:
    """Who acted, pseudonymously; and for whom, through which channel, with what consent."""
    if ctx.actor is None or ctx.actor.person_id is None:
        return {"by": {"system": True}}
    place_id, allowed = opened.subject.community_id, opened.allowed
    face = people.alias(ctx.session, ctx.actor.person_id, place_id)
    by: dict[str, Any] = {"ref": face.ref}
    if allowed.post:
        by["post"] = allowed.post.value
    elif allowed.constituency:
        by["capacity"] = allowed.constituency.value
    if ctx.behalf is None or ctx.behalf.actor.person_id is None:
        return {"by": by}
    other = people.alias(ctx.session, ctx.behalf.actor.person_id, place_id)
    capacity = ctx.behalf.actor.capacity(place_id)
    return {
        "by": by,
        "for": {"ref": other.ref, "capacity": capacity.value if capacity else None},
        "channel": ctx.behalf.channel.value,
        "consent": ctx.behalf.consent.value,
    }


def _draft(ctx: Context, opened: _Open, about: object, signed: dict[str, Any]) -> audit.Draft:
    rows: list[dict[str, Any]] = []
    salts: dict[int, bytes] = {}
    for row, old in _touched(opened):
        salt = audit.new_salt()
        described, used = _described(row, old, salt)
        if used:
            salts[len(rows)] = salt
        rows.append(described)
    place_id = opened.subject.community_id
    body: dict[str, Any] = {**signed, "place": place_id, "rows": rows}
    if isinstance(about, Governed):
        body["on"] = {"t": _table(about), "id": about.id}
    if opened.move:
        body["from"], body["to"] = opened.move
    matter = matter_of(about) or matter_of(opened.subject)
    if matter:
        body["matter"] = matter
    return audit.Draft(opened.spec.name, ctx.now, place_id, matter, body, salts)


def _table(row: Governed) -> str:
    return str(inspect(type(row)).local_table.name)


def matter_of(row: object) -> int | None:
    """The matter that a row belongs to, when it belongs to one."""
    if getattr(row, "__tablename__", "") == "proposal":
        return getattr(row, "id", None)
    return getattr(row, "proposal_id", None)


def _touched(opened: _Open) -> list[tuple[Governed, dict[str, Any] | None]]:
    fresh = {id(row) for row in opened.new}
    return [
        *((row, None) for row in opened.new),
        *((row, old) for row, old in opened.changed.values() if id(row) not in fresh),
        *((row, {}) for row in opened.gone),
    ]


def _described(
    row: Governed, old: dict[str, Any] | None, salt: bytes
) -> tuple[dict[str, Any], bool]:
    """A row as it stands in the entry: every column of a new one, the changed ones of an old."""
    mapper = inspect(type(row))
    described: dict[str, Any] = {"t": _table(row), "id": row.id}
    if old == {}:
        return {**described, "gone": True}, False
    used = False
    values: dict[str, Any] = {}
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if column.primary_key or (old is not None and attribute.key not in old):
            continue
        value = getattr(row, attribute.key)
        if is_private(column) and value is not None:
            values[column.name] = audit.salted(salt, column.name, value)
            used = True
        else:
            values[column.name] = audit.canonical(value)
    return {**described, "set" if old is not None else "new": values}, used


def is_private(column: ColumnElement[Any]) -> bool:
    """Whether a column stands in the log as a salted hash: words and people do, codes do not."""
    kind = column.info.get("log")
    if kind is not None:
        return bool(kind == "hashed")
    if any(key.target_fullname == "person.id" for key in column.foreign_keys):
        return True
    enum = hasattr(column.type, "enums")
    return isinstance(column.type, JSON) or (isinstance(column.type, String) and not enum)


@event.listens_for(Session, "before_flush")
def _collect(session: Session, _flush: UOWTransaction, _objects: object) -> None:
    opened: _Open | None = session.info.get("act")
    if opened is None:
        return
    opened.new += [row for row in session.new if isinstance(row, Governed)]
    opened.gone += [row for row in session.deleted if isinstance(row, Governed)]
    for row in session.dirty:
        if isinstance(row, Governed) and session.is_modified(row):
            _, old = opened.changed.setdefault(id(row), (row, {}))
            state = inspect(row)
            for attribute in state.mapper.column_attrs:
                history = state.attrs[attribute.key].load_history()
                if history.has_changes():
                    old.setdefault(attribute.key, history.deleted[0] if history.deleted else None)


@event.listens_for(Session, "before_commit")
def _append(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if drafts := session.info.pop("drafts", None):
        session.flush()
        audit.append(session, drafts)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():  # else a savepoint: who opened it drops what was inside
        session.info.pop("drafts", None)
