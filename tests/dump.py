"""What somebody reads out of the database's own files: pages, cells, tuples, journals.

Small readers of the two formats, for the test that looks for traces of secret ballots.
"""

import json
import re
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import text

from council.db import Database

COMMITMENT = re.compile(rb"[0-9a-f]{64}")


# SQLite: https://www.sqlite.org/fileformat2.html


def path_of(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


def journal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def cells(path: Path, table: str) -> Iterator[bytes]:
    """The rows of a table as they lie in the file: within a page the oldest first."""
    with closing(sqlite3.connect(path)) as opened:
        found = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (root,) = opened.execute(found, (table,)).fetchone()
        (size,) = opened.execute("PRAGMA page_size").fetchone()
    yield from _cells(path.read_bytes(), size, root)


def _cells(stored: bytes, size: int, number: int) -> Iterator[bytes]:
    page = stored[(number - 1) * size : number * size]
    kind, count = page[0], struct.unpack_from(">H", page, 3)[0]
    inner = kind in {2, 5}
    offsets = struct.unpack_from(f">{count}H", page, 12 if inner else 8)
    ends = dict(zip(sorted(offsets), [*sorted(offsets)[1:], size], strict=True))
    if inner:
        children = [struct.unpack_from(">I", page, offset)[0] for offset in offsets]
        for child in (*children, struct.unpack_from(">I", page, 8)[0]):
            yield from _cells(stored, size, child)
    if kind != 5:
        # New cells are put in front of those that are there.
        for offset in sorted(offsets, reverse=True):
            yield page[offset + (4 if inner else 0) : ends[offset]]


def varint(cell: bytes, start: int) -> tuple[int, int]:
    """The number that stands here, and where the next one begins."""
    value = 0
    for n in range(start, start + 8):
        value = value << 7 | cell[n] & 0x7F
        if cell[n] < 0x80:
            return value, n + 1
    return value << 8 | cell[start + 8], start + 9


def row_id(cell: bytes) -> int:
    """The key of a row in a table that is kept by number."""
    _, after = varint(cell, 0)
    return varint(cell, after)[0]


def settled(path: Path, folder: Path) -> Path:
    """A copy of the file in which everything stands that was in its journal only."""
    copy = folder / "settled.db"
    shutil.copyfile(path, copy)
    shutil.copyfile(journal_of(path), journal_of(copy))
    with closing(sqlite3.connect(copy)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return copy


def states(path: Path, folder: Path) -> Iterator[sqlite3.Connection]:
    """The database as it was after each commit that its journal still holds, and as it is."""
    journal = journal_of(path).read_bytes() if journal_of(path).exists() else b""
    ends = [len(journal)]
    if journal:
        (size,) = struct.unpack_from(">I", journal, 8)
        frames = range(32, len(journal), 24 + size)
        ends = [
            at + 24 + size for at in frames if struct.unpack_from(">I", journal, at + 4)[0]
        ]  # fmt: skip
        ends.insert(0, 32)
    for n, end in enumerate(ends):
        copy = folder / f"{n}.db"
        shutil.copyfile(path, copy)
        journal_of(copy).write_bytes(journal[:end])
        with closing(sqlite3.connect(copy)) as opened:
            yield opened


# PostgreSQL: https://www.postgresql.org/docs/current/storage-page-layout.html


def tuples(database: Database, table: str) -> Iterator[tuple[int, bytes]]:
    """Every version of a row in the file, dead ones too: who wrote it, and its columns."""
    for page in _pages(database, table):
        (lower,) = struct.unpack_from("<H", page, 12)
        for (item,) in struct.iter_unpack("<I", page[24:lower]):
            offset, length = item & 0x7FFF, item >> 17
            if length:
                row = page[offset : offset + length]
                yield struct.unpack_from("<I", row)[0], row[row[22] :]


def _pages(database: Database, table: str) -> list[bytes]:
    loose = sa.create_engine(database.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with loose.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        found = text("SELECT pg_read_binary_file(pg_relation_filepath(CAST(:table AS regclass)))")
        stored = bytes(connection.execute(found, {"table": table}).scalar_one())
    return [page for n in range(0, len(stored), 8192) if any(page := stored[n : n + 8192])]


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in the order in which a dump writes them."""
    with database.read() as session:
        bind = session.get_bind()
        names = sa.inspect(bind).get_table_names()
        return {
            name: [tuple(row) for row in session.execute(text(f'SELECT * FROM "{name}"'))]
            for name in names
        }


def holding(rows: dict[str, list], *words: str) -> set[str]:
    """The tables in which any of these words stand, in text or in bytes."""
    wanted = [word.encode() for word in words]
    wanted += [json.dumps(word)[1:-1].encode() for word in words]

    def holds(value: object) -> bool:
        stored = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        return any(word in stored for word in wanted)

    return {name for name, found in rows.items() if any(holds(v) for row in found for v in row)}
