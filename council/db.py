"""The database: one writer, and the guard that no governed row changes outside an act."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    mapped_column,
    sessionmaker,
)

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

PLAIN: dict[str, Any] = {"log": "plain"}
"""A column whose value may stand in the public log as it is: a code, never a person's words."""

HASHED: dict[str, Any] = {"log": "hashed"}
"""A column that stands in the public log as a salted hash only."""

TABLES = (
    "places", "people", "audit", "accounts", "offices", "charter", "calendar", "files", "notices",
    "translations", "proposals", "admissions", "consultations", "opinions", "statements",
    "summaries", "reviews", "findings", "votes", "referrals", "preparations", "rolls", "proxies",
    "disputes", "safeguards", "rollcalls", "keepers", "ballots", "batches", "paperballots",
    "papercounts", "handcounts", "ties", "commitments", "acceptance", "delays", "ratings",
    "grounds", "petitions", "meetings", "attendance", "envoys", "doors", "observers", "invitations",
    "answers", "motions", "deliberations", "corrections", "chairing", "speeches", "orders",
    "straws", "minutes", "reasons", "archives", "screens", "notes", "live", "consoles", "papers",
    "proofs", "signers",
)  # fmt: skip
"""The modules that define tables."""

CHEAP = 64 * 1024 * 1024
"""Bytes up to which an SQLite file is written anew after a secret vote; it takes about a second."""

PATIENCE = 10_000
"""Milliseconds that a connection to SQLite waits for another."""

APPEND_ONLY = ("audit_entry", "audit_node", "ballot")
"""Tables in which the database itself refuses every UPDATE and DELETE."""


class Utc(sa.TypeDecorator[datetime]):
    """An instant, stored as UTC without a zone, read back as an aware datetime."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive datetimes: nobody can know which clock they came from."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Give the instant its zone back."""
        return value.replace(tzinfo=UTC) if value is not None else None


def _values(kind: type[Enum]) -> list[str]:
    return [str(member.value) for member in kind]


class Base(DeclarativeBase):
    """Every table of the council."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Utc,
        date: sa.Date,
        str: sa.Text,
        StrEnum: sa.Enum(StrEnum, native_enum=False, length=40, values_callable=_values),
        dict[str, Any]: sa.JSON,
        list[str]: sa.JSON,
        list[dict[str, Any]]: sa.JSON,
    }


class Governed:
    """Mixin: rows that change only inside an act (gate.py), so that each change is logged."""

    id: Mapped[int] = mapped_column(primary_key=True)


class UngovernedChange(RuntimeError):
    """A programmer's mistake, never a user's: a governed row changed without an act."""


def _guard(session: Session, _context: UOWTransaction, _objects: object) -> None:
    if session.info.get("act") is not None:
        return
    for row in [*session.new, *session.deleted, *session.dirty]:
        if isinstance(row, Governed) and (row not in session.dirty or session.is_modified(row)):
            raise UngovernedChange(type(row).__name__)


def _guard_bulk(state: ORMExecuteState) -> None:
    changing = state.is_insert or state.is_update or state.is_delete
    if changing and state.bind_mapper and issubclass(state.bind_mapper.class_, Governed):
        raise UngovernedChange(state.bind_mapper.class_.__name__)


class Database:
    """One database: a pool that only reads, and the one way to write.

    On SQLite there is exactly one writing connection, which begins with BEGIN IMMEDIATE
    (docs/decisions/0002: four times the throughput of many writers, and no time-outs).
    No error tells the values of its statement: a log file must not say what a ballot says.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        sqlite = url.startswith("sqlite")
        self._reader = _sqlite(url, writes=False) if sqlite else _postgresql(url, writes=False)
        self._writer = _sqlite(url, writes=True) if sqlite else _postgresql(url, writes=True)
        self._reads = sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        self._writes = sessionmaker(self._writer, expire_on_commit=False)
        for made in (self._reads, self._writes):
            event.listen(made, "after_begin", _begun)
            event.listen(made, "after_transaction_end", _ended)
        event.listen(self._writes, "before_flush", _guard)
        event.listen(self._writes, "do_orm_execute", _guard_bulk)

    @property
    def writes_with(self) -> int:
        """What tells this database's sessions that write from those of another one."""
        return id(self._writer)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that cannot write: the database itself refuses."""
        with self._reads() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back everything when something is raised."""
        with self._writes() as session:
            yield session
            session.commit()

    def rewrite(self, *tables: tuple[str, str]) -> bool:
        """Write these tables anew, so that no older copy of their rows is left in the files.

        Each comes with one of its booleans. False when a reader hindered it: try again later. On
        SQLite the journal is emptied too; the whole file is written anew while that is cheap.
        """
        if self._writer.dialect.name == "sqlite":
            with closing(self._writer.raw_connection()) as raw:
                return _empty(raw)
        for table, column in tables:
            with self._writer.begin() as connection:
                connection.exec_driver_sql(_ANEW.format(table=table, column=column))
        return True

    def close(self) -> None:
        """Give all connections back."""
        self._reader.dispose()
        self._writer.dispose()


class savepoint:  # noqa: N801  (it reads like a function)
    """Undo what is raised inside, if it touches no row of the session or lets go of all of them."""

    def __init__(self, session: Session) -> None:
        self._run = _line(session)[0].execute

    def __enter__(self) -> None:
        self._run("SAVEPOINT light")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._run("ROLLBACK TO SAVEPOINT light")
        self._run("RELEASE SAVEPOINT light")


def hold(session: Session, *rows: object) -> None:
    """Lock rows and read them anew: whoever else holds one waits until the commit."""
    for row in rows:
        session.refresh(row, with_for_update={"key_share": True})


class Ready:
    """A statement of the hot path: compiled once for each kind of database, run by its driver.

    Where many vote at once this costs a tenth of the way through the session. To `run` values go
    in and come out as the driver knows them: enums by their value. `rows` takes and gives ours.
    """

    def __init__(self, statement: sa.Executable) -> None:
        self._statement: Any = statement
        self._made: dict[str, Any] = {}

    def run(self, session: Session, **values: Any) -> Any:
        """Run it in the session's transaction; returns the driver's cursor."""
        return self._run(_line(session), values)

    def rows(self, session: Session, **values: Any) -> list[list[Any]]:
        """The rows that it finds, each as the list of its columns; what waits is flushed first."""
        if session.autoflush:
            session.flush()
        line = _line(session)
        _, _, _, into, out_of = self._compiled(line[1].dialect)
        given = {name: into[name](one) if name in into else one for name, one in values.items()}
        found = [list(row) for row in self._run(line, given)]
        for place, read in out_of:
            for row in found:
                row[place] = read(row[place])
        return found

    def _run(self, line: Any, values: dict[str, Any]) -> Any:
        driver, connection = line
        words, names, fixed, _, _ = self._compiled(connection.dialect)
        given: Any = fixed | values if fixed else values
        for listener in connection.dispatch.before_cursor_execute:  # whoever counts statements
            listener(connection, None, words, given, None, False)
        if names is not None:
            given = [given[name] for name in names]
        try:
            return driver.execute(words, given)
        except connection.dialect.loaded_dbapi.Error as error:
            kind, dialect = connection.dialect.loaded_dbapi.Error, connection.dialect
            made = partial(DBAPIError.instance, hide_parameters=True, dialect=dialect)
            raise made(words, None, error, kind) from error

    def _compiled(self, dialect: sa.Dialect) -> Any:
        """Words, order and fixed values of the parameters; how values go in and come out."""
        if dialect.name not in self._made:
            made = self._statement.compile(dialect=dialect)
            open_ones = {name: None for bind, name in made.bind_names.items() if bind.required}
            whole = made.construct_expanded_state(open_ones)
            kinds = {n: bind.type.dialect_impl(dialect) for bind, n in made.bind_names.items()}
            into = {n: do for n, kind in kinds.items() if (do := kind.bind_processor(dialect))}
            into |= whole.processors
            fixed = {n: into[n](v) if n in into else v for n, v in whole.parameters.items()}
            columns = getattr(self._statement, "selected_columns", ())
            reads = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
            out_of = [(n, do) for n, do in enumerate(reads) if do]
            self._made[dialect.name] = whole.statement, whole.positiontup, fixed, into, out_of
        return self._made[dialect.name]


def _line(session: Session) -> Any:
    """The driver's connection and ours, kept while a transaction lasts, as asking takes a while."""
    if "line" not in session.info:
        session.connection()
    return session.info["line"]


def _begun(session: Session, _transaction: object, connection: sa.Connection) -> None:
    session.info["line"] = connection.connection.driver_connection, connection


def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("line", None)


def _sqlite(url: str, *, writes: bool) -> sa.Engine:
    pool: dict[str, Any] = (
        {"pool_size": 1, "max_overflow": 0, "pool_timeout": 30}
        if writes
        else {"pool_size": 8, "max_overflow": 0}
    )
    made = sa.create_engine(
        url, poolclass=sa.QueuePool, hide_parameters=True,
        connect_args={"check_same_thread": False}, **pool,
    )  # fmt: skip
    pragmas = [
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={PATIENCE}",
    ]
    pragmas.append("secure_delete=ON" if writes else "query_only=ON")

    @event.listens_for(made, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, see below
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return made


def _empty(connection: Any) -> bool:
    """Leave nothing deleted in an SQLite file: no free pages when it is small, no journal.

    False when somebody still reads an older state, which has to stay in the journal for them.
    """
    cursor = connection.cursor()
    pages, size = (cursor.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "page_size"))
    if pages * size <= CHEAP:
        cursor.execute("VACUUM")
    cursor.execute("PRAGMA busy_timeout=500")  # whoever writes meanwhile has to wait
    hindered, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
    return not hindered


_ANEW = "ALTER TABLE {table} ALTER COLUMN {column} TYPE boolean USING {column} IS TRUE"
"""PostgreSQL writes the whole table anew for it, as one transaction. Unlike a vacuum it leaves out
every dead row, also those that a long transaction could still see."""


def _postgresql(url: str, *, writes: bool) -> sa.Engine:
    # What was acknowledged is on the disk, whatever the server's own default is.
    durable = {"options": "-c synchronous_commit=on"} if writes else {}
    made = sa.create_engine(
        url, pool_size=8, max_overflow=0, pool_pre_ping=True, hide_parameters=True,
        connect_args=durable,
    )  # fmt: skip
    return made if writes else made.execution_options(postgresql_readonly=True)


def load_tables() -> None:
    """Import every module with tables, so that the metadata is complete."""
    for name in TABLES:
        import_module(f"council.{name}")


def home(folder: str) -> Path:
    """Where `templates`, `static` or `alembic` lie: in the wheel, else in the checkout."""
    packed = Path(__file__).parent / folder
    return packed if packed.is_dir() else Path(__file__).parent.parent / folder


def migrate(url: str) -> None:
    """Bring the database up to date; safe to repeat. Creates an SQLite file's folder.

    Raises RuntimeError for a database that a version with other migrations made.
    """
    location = sa.make_url(url)
    if location.drivername.startswith("sqlite") and location.database:
        Path(location.database).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(home("alembic")).replace("%", "%%"))
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise RuntimeError(
            f"this database was made by another version of Council ({error}): "
            "go on with that version, or set the database aside and begin a new one."
        ) from error


def install_triggers(connection: sa.Connection) -> None:
    """Make the database refuse UPDATE and DELETE on append-only tables; safe to repeat.

    SQLite's batch migrations drop triggers, so this runs after every migration.
    """
    existing = sa.inspect(connection).get_table_names()
    for table in (name for name in APPEND_ONLY if name in existing):
        for statement in _TRIGGERS[connection.dialect.name]:
            connection.exec_driver_sql(statement.format(table=table))


_TRIGGERS = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS {{table}}_no_{verb} BEFORE {verb} ON {{table}} "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION council_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$",
        "CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON {table} FOR EACH STATEMENT EXECUTE FUNCTION council_append_only()",
    ),
}
