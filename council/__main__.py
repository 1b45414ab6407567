"""The command `council`: serve, migrate, load the example, verify, and an operator's few acts."""

import socket
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from council import db
from council.administrators import person
from council.db import Database
from council.i18n import Language, translate
from council.installation import BROKEN, COULD_NOT_RUN, opened, progress, sentence, stop
from council.settings import Settings

council = typer.Typer(
    name="council",
    help="A residents' council that deliberates in the open, from proposal to finished work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
council.add_typer(person, name="person")


def main() -> None:
    """Run the command; what goes wrong is one sentence on stderr and a status that is not zero."""
    try:
        council()
    except Exception as error:
        if Settings().debug:
            raise
        typer.echo(f"council: {sentence(error)}", err=True)
        sys.exit(1)


# Serving


def application() -> Starlette:
    """What uvicorn runs, once in each worker."""
    from council.db import load_tables
    from council.web.app import create_app
    from council.web.clockwork import running

    settings = Settings()
    load_tables()
    return create_app(Database(settings.url), settings, lifespan=running)


@council.command()
def serve(
    host: Annotated[str, typer.Option(envvar="HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; PostgreSQL only.")] = 1,
    migrate: Annotated[bool, typer.Option("--migrate", help="Migrate first.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Load the example when the database is empty.")
    ] = False,
) -> None:
    """Serve the site until Ctrl-C."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    settings = Settings()
    if workers > 1 and settings.url.startswith("sqlite"):
        raise stop("SQLite has one writing process; set COUNCIL_DATABASE_URL to use more workers.")
    try:
        listening = _listen(host, port)
    except OSError as error:
        raise stop(f"cannot listen on {host}:{port}: {error.strerror}.") from error
    if migrate:
        db.migrate(settings.url)
    if example:
        _example_when_empty()
    config = uvicorn.Config(
        "council.__main__:application", factory=True, host=host, port=port, workers=workers,
        log_level="debug" if settings.debug else "warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    _greet(listening)
    try:
        if workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            server.run(sockets=[listening])
    except KeyboardInterrupt:
        return
    if workers == 1 and not server.started:
        raise typer.Exit(3)


def _listen(host: str, port: int) -> socket.socket:
    """The socket, taken first, so that a port in use is said before any work is done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(True)
    return listening


def _greet(listening: socket.socket) -> None:
    """Take calls from now on; print the address, and the example accounts where they exist."""
    listening.listen(2048)
    host, port = listening.getsockname()[:2]
    typer.echo(f"Council: http://{f'[{host}]' if ':' in host else host}:{port}  (Ctrl-C stops it)")
    if told := _example():
        typer.echo(told)
    sys.stdout.flush()


def _example() -> str:
    """The accounts of an example database, if this is one."""
    from council import places

    try:
        with opened() as (database, _), database.read() as session:
            community = places.home_community(session)
            if community is None or not community.is_example:
                return ""
            from council.demo import cast

            return cast.greeting(session)
    except SQLAlchemyError:
        return ""


# The database


@council.command()
def migrate() -> None:
    """Bring the database up to date; safe to repeat."""
    db.migrate(Settings().url)


def _example_when_empty() -> None:
    from council import demo

    with opened() as (database, settings):
        if demo.is_empty(database):
            with progress("Loading the example") as told:
                demo.load(database, settings, told=told)


@council.command(name="demo")
def load_demo(
    size: Annotated[int, typer.Option(min=0, help="Generated proposals beside the told ones.")] = 0,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that counts as today.")
    ] = None,
) -> None:
    """Load the fictional example community into an empty database."""
    from council import demo

    db.migrate(Settings().url)
    with opened() as (database, settings):
        if not demo.is_empty(database):
            raise stop("the database is not empty; the example is never mixed with real matters.")
        with progress("Loading the example") as told:
            demo.load(
                database, settings, today=today.date() if today else None, size=size, told=told
            )


@council.command()
def verify(
    source: Annotated[str | None, typer.Argument(help="A folder or address of a log.")] = None,
) -> None:
    """Recompute the log, the rows and the tallies: 0 holds, 1 is broken, 2 could not run."""
    if source is not None:
        raise stop("verifying an exported or remote log is not built yet.", COULD_NOT_RUN)
    try:
        from council.verify import verify as verified

        with opened() as (database, settings):
            report = verified(database, settings)
    except Exception as error:
        raise stop(sentence(error), COULD_NOT_RUN) from error
    for one in report.broken:
        typer.echo(one)
    if report.broken:
        raise typer.Exit(BROKEN)
    signed = "never signed" if report.signed_size is None else f"signed up to {report.signed_size}"
    typer.echo(
        f"Holds: {report.size} entries ({signed}), {report.rows} rows of {report.tables} tables.\n"
        f"Root {report.root.hex()}"
    )


@council.command()
def recount(
    vote: Annotated[int, typer.Argument(help="Number of a vote in the database.")] = 0,
    record: Annotated[Path | None, typer.Option(help="A file with the record instead.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="A receipt to look for in it.")] = None,
    write_tool: Annotated[Path | None, typer.Option(help="Write recount.py and stop.")] = None,
    lang: Language = "zh",
) -> None:
    """Count a vote again from its record: 0 agrees, 1 differs, 2 could not run."""
    from council import records, recounting

    try:
        if write_tool:
            write_tool.write_text(records.tool(), "utf-8")
            return
        if record:
            found = recounting.read(record.read_text("utf-8"))
        else:
            with opened() as (database, _), database.read() as session:
                found = records.of(session, vote)
        sought = recounting.Receipt(receipt.read_text("utf-8"), _key()) if receipt else None
    except Exception as error:
        raise stop(sentence(error), COULD_NOT_RUN) from error
    report = recounting.recount(found, sought)
    typer.echo(report.text(partial(translate, lang)))
    if report.differing:
        raise typer.Exit(BROKEN)


def _key() -> str:
    """The line by which others know the key with which this installation signs."""
    from council.checkpoint import Signer

    settings = Settings()
    return Signer(settings.log_origin, settings.log_seed()).verifier


@council.command()
def work() -> None:
    """Do once what the calendar makes due, and sign the log."""
    from council import jobs

    with opened() as (database, settings):
        done = jobs.work(database, settings, datetime.now(UTC))
    if sys.stdout.isatty():
        typer.echo(f"{done} things done.")


@council.command(name="forget-casts")
def forget_casts() -> None:
    """Empty the database's own journal after the close of a secret vote: it keeps each cast."""
    from council import journals

    with opened() as (database, _):
        typer.echo(journals.forget(database))


# What holds here


@council.command()
def rules(
    word: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    document: Annotated[
        bool, typer.Option("--document", help="Print docs/process.md instead.")
    ] = False,
) -> None:
    """Print every act and transition: who, from where to where, what it needs, file and line."""
    from council import rules as listed

    shown = listed.document() if document else listed.text(word)
    if not shown:
        raise stop(f"no rule has {word!r} in its name.")
    typer.echo(shown)


@council.command()
def settings() -> None:
    """Print every setting with its value and where it comes from; secrets are not shown."""
    from sqlalchemy import make_url

    found = Settings()
    for name in Settings.model_fields:
        value = getattr(found, name)
        if name in {"secret_key", "log_key", "smtp_url"} and value:
            value = "(set)"
        if name == "database_url":
            value = make_url(found.url).render_as_string(hide_password=True)
        typer.echo(f"COUNCIL_{name.upper()} = {value}  ({found.source(name)})")


if __name__ == "__main__":
    main()
