"""The public log: one entry for every act, in a Merkle tree that outsiders can check (RFC 6962)."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import rfc8785
from sqlalchemy import ForeignKey, LargeBinary, Select, and_, false, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import merkle
from council.db import Base, Ready

LARGEST_ENTRY = 65_535
"""Bytes of one entry (C2SP tlog-tiles: entries are prefixed by a 16-bit length)."""

SAFE = 2**53
"""Integers beyond this are not exact in JSON (RFC 8785, I-JSON): they stand as strings."""


class Head(Base):
    """How many entries there are. Taking this row is the lock that orders the log."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]


_SIZE = Ready(select(Head.size).where(Head.id == 1))


class Entry(Base):
    """One entry: its canonical bytes, and what a reader filters by, taken from those bytes."""

    __tablename__ = "audit_entry"
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(index=True)
    place_id: Mapped[int] = mapped_column(index=True)
    matter_id: Mapped[int | None] = mapped_column(index=True)


class Node(Base):
    """The hash of a leaf (level 0) or of a perfect subtree of the log."""

    __tablename__ = "audit_node"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Salt(Base):
    """The salt of one row's hashes in one entry. Deleting it erases what those hashes stood for."""

    __tablename__ = "audit_salt"
    idx: Mapped[int] = mapped_column(ForeignKey("audit_entry.idx"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass
class Draft:
    """An entry that waits for the commit, with the salts of its rows by position."""

    act: str
    at: datetime
    place_id: int
    matter_id: int | None
    body: dict[str, Any]
    salts: dict[int, bytes] = field(default_factory=dict)


def canonical(value: Any) -> Any:
    """A column's value as it stands in JSON: instants in UTC, enums as codes, money as text."""
    match value:
        case None | bool():
            return value
        case Enum():
            return value.value
        case int():
            return value if abs(value) <= SAFE else str(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return value.hex()
        case _:
            return value


def salted(salt: bytes, column: str, value: Any) -> dict[str, str]:
    """What stands in the log in place of a private value: SHA-256(salt ‖ column ‖ 00 ‖ JCS)."""
    material = salt + column.encode() + b"\0" + rfc8785.dumps(canonical(value))
    return {"h": hashlib.sha256(material).hexdigest()}


def new_salt() -> bytes:
    """Sixteen random bytes."""
    return secrets.token_bytes(16)


def append(session: Session, drafts: Sequence[Draft]) -> None:
    """Write the entries of this transaction, last before its commit, in the order of the acts.

    The row lock on the head is taken here and nowhere else. The time of an entry never runs
    backwards: it is the later of now and the time of the entry before it.
    Raises ValueError for an entry that is larger than the format allows.
    """
    size = session.scalars(select(Head.size).where(Head.id == 1).with_for_update()).one_or_none()
    if size is None:
        session.execute(insert(Head).values(id=1, size=0))
        size = 0
    last = session.scalar(select(Entry.at).where(Entry.idx == size - 1))
    store = _Nodes(session)
    entries, salts = [], []
    for position, draft in enumerate(drafts, start=size):
        last = max(draft.at, last) if last else draft.at
        content = rfc8785.dumps({"v": 1, "at": canonical(last), "act": draft.act, **draft.body})
        if len(content) > LARGEST_ENTRY:
            raise ValueError(f"log entry of {draft.act} has {len(content)} bytes")
        store.append(position, merkle.leaf_hash(content))
        entries.append(
            {
                "idx": position, "entry": content, "at": last, "act": draft.act,
                "place_id": draft.place_id, "matter_id": draft.matter_id,
            }
        )  # fmt: skip
        salts += [{"idx": position, "n": n, "salt": salt} for n, salt in draft.salts.items()]
    session.execute(insert(Entry), entries)
    store.save()
    if salts:
        session.execute(insert(Salt), salts)
    session.execute(update(Head).where(Head.id == 1).values(size=size + len(drafts)))


class _Nodes:
    """The tree's stored hashes, those of this transaction included."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: dict[tuple[int, int], bytes] = {}
        self.fresh: list[dict[str, Any]] = []

    def get(self, level: int, idx: int) -> bytes:
        if (level, idx) not in self.known:
            found = select(Node.hash).where(Node.level == level, Node.idx == idx)
            self.known[level, idx] = self.session.scalars(found).one()
        return self.known[level, idx]

    def read(self, wanted: Iterable[tuple[int, int]]) -> None:
        """Read many at once; a node that is not there is found missing by `get`."""
        found = select(Node.level, Node.idx, Node.hash)
        by: dict[int, list[int]] = {}
        for level, idx in wanted:
            by.setdefault(level, []).append(idx)
        here = or_(
            false(), *(and_(Node.level == level, Node.idx.in_(some)) for level, some in by.items())
        )
        self.known |= {
            (level, idx): value for level, idx, value in self.session.execute(found.where(here))
        }

    def append(self, size: int, leaf: bytes) -> None:
        for level, idx, value in merkle.appended(self.get, size, leaf):
            self.known[level, idx] = value
            self.fresh.append({"level": level, "idx": idx, "hash": value})

    def save(self) -> None:
        self.session.execute(insert(Node), self.fresh)


# Questions


def size(session: Session) -> int:
    """How many entries the log has."""
    row = _SIZE.run(session).fetchone()
    return row[0] if row else 0


def root(session: Session, at_size: int | None = None) -> bytes:
    """The tree's root over the first `at_size` entries (all by default): 32 bytes.

    Its perfect subtrees, one for each bit of the size, are read in one statement.
    """
    wanted = size(session) if at_size is None else at_size
    nodes = _Nodes(session)
    nodes.read([(n, (wanted >> n) - 1) for n in range(wanted.bit_length()) if wanted >> n & 1])
    return merkle.root(nodes.get, wanted)


def inclusion(session: Session, idx: int, at_size: int) -> list[bytes]:
    """The proof that entry `idx` stands in the tree of `at_size` entries (RFC 9162, 2.1.3)."""
    return merkle.inclusion(_Nodes(session).get, idx, at_size)


def inclusions(session: Session, indexes: Sequence[int], at_size: int) -> dict[int, list[bytes]]:
    """The proofs of many entries, by their number, in one statement."""
    wanted: set[tuple[int, int]] = set()

    def note(level: int, idx: int) -> bytes:
        wanted.add((level, idx))
        return b""

    for one in indexes:
        merkle.inclusion(note, one, at_size)
    nodes = _Nodes(session)
    nodes.read(wanted)
    return {one: merkle.inclusion(nodes.get, one, at_size) for one in indexes}


def entry(session: Session, idx: int) -> Entry | None:
    """One entry by its number."""
    return session.get(Entry, idx)


def entries(
    session: Session,
    *,
    before: int | None = None,
    matter_id: int | None = None,
    matter_ids: Select[int] | None = None,
    place_id: int | None = None,
    acts: Iterable[str] | None = None,
    until: datetime | None = None,
    limit: int = 50,
) -> list[Entry]:
    """The newest entries first, older than `before`, filtered; one statement, keyset paging."""
    found = select(Entry).order_by(Entry.idx.desc()).limit(limit)
    if before is not None:
        found = found.where(Entry.idx < before)
    if matter_id is not None:
        found = found.where(Entry.matter_id == matter_id)
    if matter_ids is not None:
        found = found.where(Entry.matter_id.in_(matter_ids))
    if place_id is not None:
        found = found.where(Entry.place_id == place_id)
    if acts is not None:
        found = found.where(Entry.act.in_(list(acts)))
    if until is not None:
        found = found.where(Entry.at < until)
    return list(session.scalars(found))


def since(
    session: Session, place_id: int, nouns: Iterable[str], at: datetime
) -> list[tuple[int, str, bytes]]:
    """Number, act and bytes of a place's entries about these nouns, from a moment on, in order."""
    about = or_(false(), *(Entry.act.startswith(f"{noun}.", autoescape=True) for noun in nouns))
    found = select(Entry.idx, Entry.act, Entry.entry).where(
        Entry.place_id == place_id, Entry.at >= at, about
    )
    return [(idx, act, entry) for idx, act, entry in session.execute(found.order_by(Entry.idx))]


def salts(session: Session, indexes: Iterable[int]) -> dict[tuple[int, int], bytes]:
    """The salts of some entries, by entry and position of the row."""
    found = select(Salt.idx, Salt.n, Salt.salt).where(Salt.idx.in_(list(indexes)))
    return {(idx, n): salt for idx, n, salt in session.execute(found)}


def leaves(session: Session, start: int = 0) -> Iterable[Entry]:
    """Every entry in order, read in portions, for whoever recomputes the tree."""
    while True:
        found = select(Entry).where(Entry.idx >= start).order_by(Entry.idx).limit(1000)
        portion = session.scalars(found).all()
        if not portion:
            return
        yield from portion
        start = portion[-1].idx + 1
