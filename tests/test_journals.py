"""After `council forget-casts` the database's own journal holds nothing of a secret ballot."""

import re
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import text
from typer.testing import CliRunner

from council import __main__ as command
from council import journals, receipts
from tests import dump
from tests.booth import Booth


def run() -> tuple[int, str]:
    result = CliRunner().invoke(command.council, ["forget-casts"])
    said = str(result.exception) if isinstance(result.exception, RuntimeError) else result.output
    return result.exit_code, said


@contextmanager
def loose(url):
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def in_journal(database, cast) -> bool:
    """Whether the ballot's commitment or random digits stand anywhere in the journal.

    Of PostgreSQL's segments only those are read that were written in the last minutes.
    """
    if database.url.startswith("sqlite"):
        stored = dump.journal_of(dump.path_of(database)).read_bytes()
        return any(words.encode() in stored for words in (cast.c, cast.r))
    found = """
        SELECT count(*) FROM pg_ls_waldir(),
        LATERAL (SELECT pg_read_binary_file('pg_wal/' || name, true) AS stored) AS segment
        WHERE modification > now() - interval '5 minutes'
        AND (position(CAST(:c AS bytea) IN stored) > 0 OR position(CAST(:r AS bytea) IN stored) > 0)
    """
    with loose(database.url) as connection:
        return bool(connection.scalar(text(found), {"c": cast.c.encode(), "r": cast.r.encode()}))


@pytest.fixture
def closed(world, monkeypatch, tmp_path):
    """What one has cast in a secret vote that is just closed; where the command finds it."""
    monkeypatch.setenv("COUNCIL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COUNCIL_DATABASE_URL", world.database.url)
    booth = Booth(world)
    booth.opened()
    world.commit()
    cast = booth.cast("neighbour", r=receipts.new_random())
    world.commit()
    assert in_journal(world.database, cast)
    booth.closed()
    world.commit()
    world.session.close()
    return cast


def test_the_journal_forgets_the_casts_of_a_closed_vote(world, closed) -> None:
    with world.database.read() as session:  # SQLite keeps the journal for whoever reads
        session.execute(text("SELECT count(*) FROM place"))
        if world.database.url.startswith("sqlite"):
            assert run() == (1, journals.BUSY)
    for _ in range(2):  # it can be done again at any time
        status, said = run()
        assert status == 0, said
        assert "journal is emptied" in said
        assert "still open" not in said
    assert not in_journal(world.database, closed)
    Booth(world, title="另一次").opened()
    world.commit()
    assert run()[1].strip().endswith("do this again after its close.")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_it_says_which_rights_are_missing_and_who_keeps_the_journal(
    world, closed, monkeypatch
) -> None:
    url = sa.make_url(world.database.url)
    role = f"{url.database}_plain"
    with loose(url) as connection:
        does = connection.exec_driver_sql
        assert journals._copies(connection) == []
        does(f"CREATE ROLE {role} IN ROLE pg_read_all_data")
        does("SELECT pg_create_physical_replication_slot(%s, true)", (role,))
        try:
            plain = url.update_query_dict({"options": f"-c role={role}"})
            monkeypatch.setenv("COUNCIL_DATABASE_URL", plain.render_as_string(hide_password=False))
            assert run() == (1, journals.GRANTS.format(role=role))
            for grant in re.findall(r"GRANT .+? TO \w+", run()[1]):
                does(grant)
            status, said = run()
            assert status == 1
            assert "segments of the journal from before the close are still kept" in said
            assert in_journal(world.database, closed)
            does("SELECT pg_drop_replication_slot(%s)", (role,))
            monkeypatch.setattr(journals, "_copies", lambda _: ["archive_mode"])
            assert run() == (1, journals.COPIED.format(where="archive_mode"))
            assert not in_journal(world.database, closed)
        finally:
            does("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                 " WHERE slot_name = %s", (role,))  # fmt: skip
            does(f"DROP OWNED BY {role}")
            does(f"DROP ROLE {role}")
