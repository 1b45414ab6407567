"""The command `council`: serve, migrate, load the example, verify, and an operator's few acts."""

import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from council import db
from council.db import Database
from council.errors import CouncilError, Invalid, NotFound
from council.i18n import Language, translate
from council.settings import Settings

BROKEN, COULD_NOT_RUN = 1, 2

council = typer.Typer(
    name="council",
    help="A residents' council that deliberates in the open, from proposal to finished work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
person = typer.Typer(help="Accounts that only an operator can give.", no_args_is_help=True)
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
    from council.db import load_tables

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
    except Exception as error:
        raise stop(sentence(error), COULD_NOT_RUN) from error
    report = recounting.recount(found)
    typer.echo(report.text(partial(translate, lang)))
    if report.differing:
        raise typer.Exit(BROKEN)


@council.command()
def work() -> None:
    """Do once what the calendar makes due, and sign the log."""
    from council import jobs

    with opened() as (database, settings):
        done = jobs.work(database, settings, datetime.now(UTC))
    if sys.stdout.isatty():
        typer.echo(f"{done} things done.")


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


# People


def _shown_once(account: str, code: str) -> None:
    typer.echo(
        f"Account {account}\nCode    {code}\nThe code signs in once, within 30 days, at /sign-in."
    )


@person.command()
def admin(
    name: Annotated[str, typer.Argument(help="The administrator's own name; it stays private.")],
    place: Annotated[
        str, typer.Option(prompt="City / district / subdistrict / community", help="Joined by /.")
    ],
    code: Annotated[
        str, typer.Option(prompt="Twelve-digit code of the community", help="Its official code.")
    ],
    phone: Annotated[str, typer.Option(help="The number on every page.")] = "",
    account: Annotated[str, typer.Option(help="Name to sign in with.")] = "admin",
) -> None:
    """Found an empty installation: its places and the first administrator, with a slip."""
    from council.people import SYSTEM

    names = [part.strip() for part in place.split("/")]
    if len(names) != 4 or not all(names) or not (code.isdecimal() and len(code) == 12):
        raise stop("name four places, joined by /, and the community's code of twelve digits.")
    with opened() as (database, _), database.write() as session:
        from council import accounts, offices, people, slips
        from council.gate import Context
        from council.places import PlaceKind

        now, fresh = datetime.now(UTC), slips.new_code()
        system = Context(session, SYSTEM, now)
        top = offices.found(system, offices.NOWHERE, code=code[:4] + "00", name=names[0])
        office = offices.first_administrator(system, top, name=name)
        ctx = Context(session, people.actor(session, office.person_id, now), now)
        below = zip(list(PlaceKind)[1:4], (code[:6], code[:9], code), names[1:], strict=True)
        for kind, part, words in below:
            top = offices.add_place(ctx, top, kind=kind, code=part, name=words, phone=phone)
        newcomer = accounts.Newcomer(person_id=office.person_id, constituency=None)
        made = accounts.open_account(ctx, top, newcomer, name=account, code=fresh)
        shown = made.name
    _shown_once(shown, fresh)


@person.command()
def slip(account: Annotated[str, typer.Argument(help="The account's name.")]) -> None:
    """Make a new slip for an administrator who lost the password."""
    with opened() as (database, _), database.write() as session:
        from council import accounts, people, slips
        from council.gate import Context
        from council.places import Place

        found, code, now = (
            accounts.find_account(session, account),
            slips.new_code(),
            datetime.now(UTC),
        )
        if found is None:
            raise NotFound("not_found")
        ctx = Context(session, people.actor(session, found.person_id, now), now)
        community = session.get_one(Place, found.community_id)
        slips.issue(ctx, community, person_id=found.person_id, code=code)
        shown = found.name
    _shown_once(shown, code)


if __name__ == "__main__":
    main()
