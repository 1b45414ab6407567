"""Checking everything: the log's tree, its signed checkpoint, every governed row against it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from council import audit, batches, counting, db, merkle, proposals, rollcalls, rolls
from council.checkpoint import BadNote, Checkpoint, Signer, Verifier
from council.db import Base, Database, Governed
from council.files import StoredFile
from council.gate import is_private
from council.preparations import Preparation
from council.settings import Settings
from council.votes import Vote


@dataclass(frozen=True)
class Broken:
    """One thing that does not hold: in words, with the entry or the table and row it is about."""

    words: str
    index: int | None = None
    table: str = ""
    row: int | None = None

    def __str__(self) -> str:
        """The sentence that `council verify` prints."""
        if self.table:
            return f"{self.table} row {self.row}: {self.words}"
        return self.words if self.index is None else f"entry {self.index}: {self.words}"


@dataclass
class Report:
    """What a verification saw."""

    size: int = 0
    root: bytes = merkle.EMPTY_ROOT
    rows: int = 0
    tables: int = 0
    signed_size: int | None = None
    broken: list[Broken] = field(default_factory=list)


@dataclass
class _Said:
    """What the log says of one row: each column's last logged value, or where its salt lies."""

    columns: dict[str, tuple[Any, int, int]] = field(default_factory=dict)
    gone: bool = False


Ledger = dict[tuple[str, int], _Said]
Salts = dict[tuple[int, int], bytes]

UNREADABLE = (LookupError, ValueError, TypeError)
"""What SQLAlchemy's types raise for a value that their column cannot hold."""


def verify(database: Database, settings: Settings) -> Report:
    """Recompute everything in one reading transaction. Never writes."""
    db.load_tables()
    report = Report()
    with database.read() as session:
        checkpoint = _last_signed(settings, report)
        ledger = read_log(session, report, checkpoint)
        _check_rows(session, ledger, report)
        report.broken += [Broken(words, table=t, row=i) for t, i, words in _derived(session)]
        _check_files(session, settings, report)
    return report


# The tree


def _last_signed(settings: Settings, report: Report) -> Checkpoint | None:
    """The checkpoint kept outside the database, its signature checked with the log's own key."""
    if not settings.checkpoint_file.exists():
        return None
    verifier = Verifier.parse(Signer(settings.log_origin, settings.log_seed()).verifier)
    try:
        found = Checkpoint.parse(verifier.open(settings.checkpoint_file.read_text("utf-8")))
    except (BadNote, ValueError):
        report.broken.append(Broken("the last checkpoint does not carry this log's signature"))
        return None
    report.signed_size = found.size
    return found


def read_log(session: Session, report: Report, signed: Checkpoint | None) -> Ledger:
    """Rebuild the tree from the entries' bytes and collect what they say of every row."""
    ledger: Ledger = {}
    tree = merkle.Frontier()
    nodes = _Nodes(session)
    for expected, entry in enumerate(audit.leaves(session)):
        if signed and expected == signed.size:
            _compare_signed(signed, tree.root(), report)
        if entry.idx != expected:
            report.broken.append(Broken("the entry before it is missing", index=entry.idx))
            break
        tree.append(merkle.leaf_hash(entry.entry))
        if not nodes.holds(expected, entry.entry):
            report.broken.append(Broken("its hash is not the one in the tree", index=expected))
        _collect(session, entry, ledger, report)
        report.size = expected + 1
    report.root = tree.root()
    if audit.size(session) != report.size:
        report.broken.append(Broken(f"the head counts {audit.size(session)} entries"))
    if signed and signed.size >= report.size:
        if signed.size > report.size:
            report.broken.append(Broken(f"a tree of {signed.size} entries was signed before"))
        else:
            _compare_signed(signed, report.root, report)
    return ledger


def _compare_signed(signed: Checkpoint, root: bytes, report: Report) -> None:
    if signed.root != root:
        report.broken.append(Broken("the signed checkpoint belongs to another history"))


class _Nodes:
    """Compares the stored hashes with those that follow from the entries."""

    def __init__(self, session: Session) -> None:
        found = session.execute(select(audit.Node.level, audit.Node.idx, audit.Node.hash))
        self.stored = {(level, idx): value for level, idx, value in found}
        self.made: dict[tuple[int, int], bytes] = {}

    def holds(self, size: int, content: bytes) -> bool:
        fresh = merkle.appended(
            lambda level, idx: self.made[level, idx], size, merkle.leaf_hash(content)
        )
        self.made.update({(level, idx): value for level, idx, value in fresh})
        return all(self.stored.get((level, idx)) == value for level, idx, value in fresh)


def _collect(session: Session, entry: audit.Entry, ledger: Ledger, report: Report) -> None:
    try:
        body = json.loads(entry.entry)
        rows = body["rows"]
        shown = (body["act"], body["place"], body.get("matter"), body["at"])
    except (ValueError, KeyError):
        report.broken.append(Broken("it cannot be read", index=entry.idx))
        return
    if shown != (entry.act, entry.place_id, entry.matter_id, audit.canonical(entry.at)):
        report.broken.append(Broken("its index columns differ from its bytes", index=entry.idx))
    for position, row in enumerate(rows):
        said = ledger.setdefault((row["t"], row["id"]), _Said())
        said.gone = bool(row.get("gone"))
        for column, value in (row.get("new") or row.get("set") or {}).items():
            said.columns[column] = (value, entry.idx, position)


# The rows


def governed() -> list[type[Governed]]:
    """Every class of rows that change only inside an act."""
    return [
        mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Governed)
    ]


def _check_rows(session: Session, ledger: Ledger, report: Report) -> None:
    known = salts(session)
    for kind in governed():
        report.tables += 1
        report.broken += check_table(session, kind, ledger, known)
    report.rows = len(ledger) - sum(said.gone for said in ledger.values())


def salts(session: Session) -> Salts:
    """The salt of each row's hashes, by entry and position."""
    found = session.execute(select(audit.Salt.idx, audit.Salt.n, audit.Salt.salt))
    return {(idx, n): salt for idx, n, salt in found}


def check_table(
    session: Session, kind: type[Governed], ledger: Ledger, known: Salts
) -> Iterator[Broken]:
    """What in one table differs from the log: rows, columns, rows too many or too few."""
    table = inspect(kind).local_table
    seen = set()
    for row_id, row in _rows(session, table):
        seen.add(row_id)
        if words := _difference(table, row, ledger.get((table.name, row_id)), known):
            yield Broken(words, table=table.name, row=row_id)
    for (name, row_id), said in ledger.items():
        if name == table.name and row_id not in seen and not said.gone:
            yield Broken("the log has this row, the database has not", table=name, row=row_id)


def _rows(session: Session, table: sa.FromClause) -> Iterator[tuple[int, Any]]:
    """Every row by id; a row with a value that cannot even be read comes as None."""
    try:
        rows = session.execute(select(table).order_by(table.c.id)).all()
    except UNREADABLE:
        for row_id in session.scalars(select(table.c.id).order_by(table.c.id)).all():
            yield row_id, _row(session, table, row_id)
    else:
        yield from ((row.id, row) for row in rows)


def _row(session: Session, table: sa.FromClause, row_id: int) -> Any:
    try:
        return session.execute(select(table).where(table.c.id == row_id)).one()
    except UNREADABLE:
        return None


def _difference(table: sa.FromClause, row: Any, said: _Said | None, known: Salts) -> str:
    """What differs between a row and the log, as a sentence; empty when nothing does."""
    if said is None or said.gone:
        return "the database has this row, the log has not"
    if row is None:
        return "a value cannot be read"
    for column in table.columns:
        if column.primary_key:
            continue
        live = row._mapping[column]  # noqa: SLF001  (SQLAlchemy's public name for it)
        if column.name not in said.columns and live in {None, _given(column)}:
            continue  # a migration added the column after the row was written
        if column.name not in said.columns:
            return f"the log does not know the column {column.name}"
        value, idx, n = said.columns[column.name]
        if is_private(column) and live is not None:
            salt = known.get((idx, n))
            if salt is None:
                return f"the salt of {column.name} (entry {idx}) is missing"
            expected: Any = audit.salted(salt, column.name, live)
        else:
            expected = json.loads(json.dumps(audit.canonical(live)))
        if expected != value:
            return f"{column.name} differs from entry {idx}"
    return ""


def _given(column: sa.ColumnElement[Any]) -> Any:
    """What a migration writes into a column that it adds to rows; None where it leaves it empty."""
    given = getattr(column, "server_default", None)
    if given is None:
        return None
    if isinstance(column.type, sa.Enum) and column.type.enum_class:
        return column.type.enum_class(given.arg)
    return column.type.python_type(given.arg)


# What is computed from rows


def _derived(session: Session) -> Iterator[tuple[str, int, str]]:
    """Counters and results that do not follow from the rows they are computed from."""
    for row_id, kept, counted in proposals.miscounted(session):
        yield "proposal", row_id, f"supporters says {kept}, there are {counted}"
    for row_id in (*rollcalls.miscomputed(session), *counting.miscomputed(session)):
        yield "vote", row_id, "its result does not follow from its ballots"
    for vote_id in sorted(batches.closed(session)):
        for words in batches.faults(session, session.get_one(Vote, vote_id)):
            yield "vote", vote_id, words
    for row in session.scalars(select(Preparation).where(Preparation.roll_digest != "")):
        again = rolls.digest_again(session, session.get_one(Vote, row.vote_id))
        if again not in {None, row.roll_digest}:
            yield "vote", row.vote_id, "its roll is not the one that was frozen when it opened"


def _check_files(session: Session, settings: Settings, report: Report) -> None:
    """Every photograph lies in the data folder with the bytes that its name says."""
    for stored in session.scalars(select(StoredFile)):
        for digest in (stored.sha256, stored.thumb_sha256):
            path = settings.files_dir / digest[:2] / digest
            if not path.exists():
                report.broken.append(
                    Broken("its file is missing", table="stored_file", row=stored.id)
                )
            elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                report.broken.append(
                    Broken("its file was changed", table="stored_file", row=stored.id)
                )
