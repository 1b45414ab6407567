"""The commands `council person …`: accounts that only an operator can give."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from council.errors import NotFound
from council.installation import opened, stop

person = typer.Typer(help="Accounts that only an operator can give.", no_args_is_help=True)


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
    names = [part.strip() for part in place.split("/")]
    if len(names) != 4 or not all(names) or not (code.isdecimal() and len(code) == 12):
        raise stop("name four places, joined by /, and the community's code of twelve digits.")
    with opened() as (database, _), database.write() as session:
        from council import accounts, offices, people, slips
        from council.gate import Context
        from council.people import SYSTEM
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

        found, code = accounts.find_account(session, account), slips.new_code()
        if found is None:
            raise NotFound("not_found")
        now = datetime.now(UTC)
        ctx = Context(session, people.actor(session, found.person_id, now), now)
        community = session.get_one(Place, found.community_id)
        slips.issue(ctx, community, person_id=found.person_id, code=code)
        shown = found.name
    _shown_once(shown, code)
