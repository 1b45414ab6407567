"""The installation that a command works on: its database, and how a command says what is wrong."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import SQLAlchemyError

from council.db import Database, load_tables
from council.errors import CouncilError, Invalid
from council.i18n import translate
from council.settings import Settings

BROKEN, COULD_NOT_RUN = 1, 2

NO_DATABASE = re.compile(r"unable to open database|no such table|relation .* does not exist")


def sentence(error: Exception) -> str:
    """What went wrong, in one line."""
    match error:
        case Invalid():
            words = (translate("en", f"error.{one.key}", **one.fields) for one in error.problems)
            return " ".join(words)
        case CouncilError():
            return translate("en", f"error.{error.key}", **error.fields)
        case SQLAlchemyError():
            first = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            if NO_DATABASE.search(first):
                return "there is no database here yet; `council migrate` makes one."
            return f"the database says: {first}"
    return " ".join(str(error).split()) or type(error).__name__


def stop(words: str, status: int = 1) -> typer.Exit:
    """Say why it cannot be done; the caller raises what this returns."""
    typer.echo(f"council: {words}", err=True)
    return typer.Exit(status)


@contextmanager
def opened() -> Iterator[tuple[Database, Settings]]:
    """The installation's database, with the modules of all its tables."""
    settings = Settings()
    load_tables()
    database = Database(settings.url)
    try:
        yield database, settings
    finally:
        database.close()


@contextmanager
def progress(words: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal, silence in a pipe; the function takes a share from 0 to 1."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(words, total=1.0)
        yield lambda share: bar.update(task, completed=share)
