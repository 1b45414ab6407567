"""How migrations run: in one transaction, with foreign keys asleep, triggers put back at the end."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import event

from council import db
from council.settings import Settings


def open_engine(url: str) -> sa.Engine:
    """Connect without a pool.

    On SQLite foreign keys stay OFF, which is its default: altering a table there means to copy it
    and drop the old one, and with foreign keys ON that drop deletes the rows that refer to it.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # we begin transactions ourselves, see below
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA busy_timeout=10000")

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types as what they are in the database.

    A migration must keep its meaning when the code around it changes.
    """
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def wait_for_others(connection: sa.Connection) -> None:
    """Let one migration run at a time; on SQLite, BEGIN IMMEDIATE has done so already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.func.pg_advisory_xact_lock(20_260_101).select())


def check_references(connection: sa.Connection) -> None:
    """Refuse to commit rows whose reference leads nowhere. Raises RuntimeError naming the tables."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            tables = ", ".join(sorted({row[0] for row in broken}))
            raise RuntimeError(f"the migration left references that lead nowhere, in: {tables}")


def run() -> None:
    """Migrate the database that council.db.migrate names, else the one of the settings."""
    db.load_tables()
    engine = open_engine(context.config.attributes.get("url") or Settings().url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.Base.metadata,
            render_as_batch=True,  # SQLite alters tables only by copying them
            render_item=render,
            transactional_ddl=True,  # true on SQLite as well, since we begin ourselves
        )
        with context.begin_transaction():
            wait_for_others(connection)
            context.run_migrations()
            db.install_triggers(connection)
            check_references(connection)
    engine.dispose()


run()
