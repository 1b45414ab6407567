"""The database's own journal: it keeps what was written lately, casts of a secret vote too.

Which mark and which ballot were written together stands there until it is emptied. SQLite's is
emptied by the program; PostgreSQL's (pg_wal) by somebody who may, once a vote has closed.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from council import batches
from council.db import Database
from council.votes import Vote, VoteMode, VoteStage

BUSY = "somebody still reads an older state of the database; try again in a minute."
GRANTS = (
    "the role of the database may not empty its journal. Let a superuser run "
    "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {role}; GRANT pg_monitor, pg_checkpoint TO {role}"
    " (before PostgreSQL 15 only a superuser may), and try again."
)
HELD = (
    "{left} segments of the journal from before the close are still kept: look into "
    "pg_replication_slots, wal_keep_size and archive_command, and try again."
)
COPIED = (
    "the journal here has forgotten, but it is copied elsewhere ({where}): "
    "remove from those copies what was written while the vote was open."
)
OPEN = " A secret vote is still open: do this again after its close."

SEGMENT = re.compile(r"[0-9A-F]{24}")
CHECKPOINTS = 3
"""How often a checkpoint is asked for before what is left counts as kept by somebody."""


def forget(database: Database) -> str:
    """Leave nothing of a closed secret vote's casts in the journal; returns what was done.

    Raises RuntimeError, saying who or what is in the way.
    """
    if not batches.blur(database):
        raise RuntimeError(BUSY)
    if database.url.startswith("sqlite"):
        done = "SQLite's journal is emptied, and nothing deleted is left in the file."
    else:
        done = _forget_segments(database.url)
    return done + (OPEN if _still_open(database) else "")


def _still_open(database: Database) -> bool:
    found = select(Vote.id).where(Vote.mode == VoteMode.SECRET, Vote.stage == VoteStage.OPEN)
    with database.read() as session:
        return session.scalars(found.limit(1)).first() is not None


def _forget_segments(url: str) -> str:
    engine = sa.create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, hide_parameters=True
    )
    with engine.connect() as connection:
        try:
            before = _emptied(connection)
        except DBAPIError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            role = connection.scalar(select(func.current_user()))
            raise RuntimeError(GRANTS.format(role=role)) from error
        if copies := _copies(connection):
            raise RuntimeError(COPIED.format(where=", ".join(copies)))
    return f"PostgreSQL's journal is emptied: nothing older than segment {before} is left."


def _emptied(connection: Connection) -> str:
    """Begin a new segment, have the older ones removed, write over those that are kept for reuse.

    A checkpoint gives old segments away, or renames them, as they are, to be written later: nobody
    has to change `wal_recycle`. Returns the first segment that was not there before.
    """
    last = _segment(connection)
    _pass_by(connection, last)
    left: list[str] = []
    for _ in range(CHECKPOINTS):
        connection.exec_driver_sql("CHECKPOINT")
        left = [one for one in _segments(connection) if one <= last]
        if not left:
            break
        _pass_by(connection, _segment(connection))
    if left:
        raise RuntimeError(HELD.format(left=len(left)))
    first = _segment(connection)
    _pass_by(connection, max(_segments(connection)))
    return first


def _pass_by(connection: Connection, last: str) -> None:
    """Go on to a segment after this one; PostgreSQL fills with zeros what it leaves empty."""
    ask: Callable[[str], object] = connection.exec_driver_sql
    while _segment(connection) <= last:
        ask(
            "SELECT pg_logical_emit_message(false, 'council', 'forget')"
        )  # else it stays where it is
        ask("SELECT pg_switch_wal()")


def _segment(connection: Connection) -> str:
    """The segment that is written now, as its number: the name without the timeline."""
    here = func.pg_walfile_name(func.pg_current_wal_insert_lsn())
    return str(connection.scalar(select(here)))[8:]


def _segments(connection: Connection) -> list[str]:
    rows = connection.exec_driver_sql("SELECT name FROM pg_ls_waldir()").scalars()
    return [name[8:24] for name in rows if SEGMENT.match(name)]


def _copies(connection: Connection) -> list[str]:
    """Where else the journal goes: its archive, other servers."""
    archived = connection.scalar(select(func.current_setting("archive_mode"))) != "off"
    sent = connection.exec_driver_sql("SELECT count(*) FROM pg_stat_replication").scalar()
    return [*(["archive_mode"] if archived else ()), *(["pg_stat_replication"] if sent else ())]
