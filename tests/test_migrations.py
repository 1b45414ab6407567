"""Migrations lead to the schema of the code and back, on both databases."""

import re

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from council import db


def config_for(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(db.home("alembic")).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def tables_in(url: str) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    return set(sa.inspect(engine).get_table_names())


def triggers_in(url: str) -> set[str]:
    """The names of the tables that have triggers of ours."""
    question = {
        "sqlite": "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger "
        "WHERE NOT tgisinternal",
    }
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return set(connection.exec_driver_sql(question[engine.dialect.name]).scalars())


def test_migrations_lead_to_the_tables_of_the_code(empty_url: str) -> None:
    db.migrate(empty_url)
    db.load_tables()
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.Base.metadata) == []


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    db.migrate(empty_url)
    before = tables_in(empty_url), triggers_in(empty_url)
    db.migrate(empty_url)
    assert (tables_in(empty_url), triggers_in(empty_url)) == before


def test_every_migration_can_be_taken_back_and_made_again(empty_url: str) -> None:
    db.migrate(empty_url)
    there = tables_in(empty_url)
    command.downgrade(config_for(empty_url), "base")
    assert tables_in(empty_url) <= {"alembic_version"}
    db.migrate(empty_url)
    assert tables_in(empty_url) == there


def test_append_only_tables_are_guarded_by_the_database_itself(database_url: str) -> None:
    guarded = triggers_in(database_url)
    assert set(db.APPEND_ONLY) & tables_in(database_url) == guarded
    assert guarded, "no table is guarded"


def test_triggers_that_a_migration_lost_come_back(empty_url: str) -> None:
    # SQLite alters a table by copying it, and the copy has no triggers.
    db.migrate(empty_url)
    before = triggers_in(empty_url)
    table = min(before)
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            names = connection.exec_driver_sql(
                f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
            ).scalars()
            for name in names.all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_append_only ON {table}")
    assert triggers_in(empty_url) == before - {table}
    db.migrate(empty_url)
    assert triggers_in(empty_url) == before


def test_a_migration_that_leaves_lost_references_is_refused(tmp_path) -> None:
    # SQLite only: there foreign keys sleep while tables are altered, so somebody must look after.
    url = f"sqlite:///{tmp_path}/council.db"
    db.migrate(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))")
        connection.exec_driver_sql("INSERT INTO child VALUES (7)")
    with pytest.raises(RuntimeError, match="child"):
        db.migrate(url)


def test_the_history_is_one_line_of_dated_files() -> None:
    history = ScriptDirectory.from_config(Config(toml_file="pyproject.toml"))
    assert len(history.get_heads()) == 1
    names = [path.name for path in db.home("alembic").glob("versions/*.py")]
    assert [name for name in names if not re.match(r"\d{4}_\d\d_\d\d_\w+\.py$", name)] == []
