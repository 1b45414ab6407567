"""Who lives in the example community: places, units, people, offices and their accounts."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from council import accounts, offices, passwords, people, slips
from council.accounts import Account, Newcomer
from council.demo.stage import Script, Stage, script
from council.gate import Context
from council.meetings import Meeting, MeetingStage
from council.offices import NOWHERE
from council.people import Constituency, Post
from council.places import Place, PlaceKind

PASSWORD = "council-demo"
RESIDENTS = 200
"""Example residents with a password: resident001 … resident200."""
NEIGHBOURS = 150
"""Residents who only ever came to the counter or were visited at the door."""

COMRADES = 40
"""Party members of the branch."""

TERM = 4 * 365
"""Days after the load day for which every office is held."""

LEVELS = ("district", "street", "community")


def greeting(session: Session) -> str:
    """The accounts, one for each role, with their password, and who opens what of the meeting."""
    kept = select(Account.name).where(Account.password_hash.is_not(None)).order_by(Account.id)
    names = [one for one in session.scalars(kept) if one.isidentifier() and not one[-1].isdigit()]
    told = f"Example accounts, all with the password {PASSWORD}:\n  {'  '.join(names)}"
    running = select(Meeting.id).where(Meeting.stage == MeetingStage.IN_SESSION)
    for number in session.scalars(running.limit(1)):
        told += (
            f"\nA meeting is in session: /meetings/{number}/console as facilitator,"
            f" /meetings/{number}/room as council_member, /meetings/{number}/screen for anybody."
        )
    return told if names else ""


def settle(stage: Stage) -> None:
    """Found the community and let everybody move in, through the real acts."""
    told = script("cast")
    _places(stage, told)
    hashed = passwords.accept(PASSWORD)
    for one in told["officers"]:
        _officer(stage, one, hashed)
    for key, name, constituency in _crowd(stage, told):
        _move_in(stage, key, name, constituency, hashed if key.startswith("resident") else None)
    stage.session.commit()


def _places(stage: Stage, told: Script) -> None:
    city = offices.found(stage.system(), NOWHERE, **told["places"]["city"])
    first = offices.first_administrator(stage.system(), city, name=told["places"]["admin"])
    stage.cast["admin"] = first.person_id
    place: Place = city
    for level in LEVELS:
        place = offices.add_place(
            stage.as_("admin"), place, kind=PlaceKind(level),
            is_example=level == "community", **told["places"][level],
        )  # fmt: skip
    stage.community = place
    grids = {
        one["code"]: offices.add_place(stage.as_("admin"), place, kind=PlaceKind.GRID, **one).id
        for one in told["grids"]
    }
    for one in told["buildings"]:
        offices.add_building(
            stage.as_("admin"), place, name=one["name"], households=one["households"],
            grid_id=grids[one["grid"]],
        )  # fmt: skip
    for one in told["units"]:
        stage.units[one["key"]] = offices.add_unit(
            stage.as_("admin"), place, name=one["zh"], name_en=one["en"], phone=one["phone"],
            signs_in=one["signs_in"],
        ).id  # fmt: skip


def _officer(stage: Stage, one: Script, hashed: passwords.Hashed) -> None:
    """Somebody with an office: enrolled, given the post, and an account under the role's code."""
    key, unit = one["key"], stage.units.get(one.get("unit", ""))
    constituency = Constituency(one["constituency"]) if one.get("constituency") else None
    if key == "admin":
        newcomer = Newcomer(person_id=stage.cast["admin"], constituency=None)
    else:
        newcomer = Newcomer(
            one["zh"], born=one.get("born"), constituency=constituency, unit_id=unit
        )
    account = _account(stage, newcomer, key, hashed)
    stage.cast[key] = account.person_id
    for post in one.get("posts", ()):
        place = stage.community
        if post == Post.SUBDISTRICT:
            place = stage.session.get_one(Place, stage.community.parent_id)
        offices.give(
            stage.as_("admin"), place, person_id=account.person_id, post=Post(post), unit_id=unit,
            until=stage.at(TERM),
        )  # fmt: skip
    for more in one.get("also", ()):
        offices.enrol(
            stage.as_("admin"), stage.community, person_id=account.person_id,
            constituency=Constituency(more),
        )  # fmt: skip


def _account(
    stage: Stage, newcomer: Newcomer, name: str, hashed: passwords.Hashed | None
) -> Account:
    made = accounts.open_account(
        stage.as_("admin"), stage.community, newcomer, name=name, code=slips.new_code()
    )
    if hashed:
        own = people.actor(stage.session, made.person_id, stage.now)
        accounts.set_password(Context(stage.session, own, stage.now), made, hashed)
    return made


def _move_in(
    stage: Stage,
    key: str,
    name: str,
    constituency: Constituency,
    hashed: passwords.Hashed | None,
) -> None:
    born = stage.random.randint(1938, 2005)
    account = _account(
        stage, Newcomer(name, born=born, constituency=constituency),
        key if hashed else "", hashed,
    )  # fmt: skip
    stage.cast[key] = account.person_id


def _crowd(stage: Stage, told: Script) -> Iterator[tuple[str, str, Constituency]]:
    """The other residents and Party members, by invented names."""
    names = told["names"]

    def somebody() -> str:
        return f"{stage.random.choice(names['surnames'])}{stage.random.choice(names['given'])}"

    for n in range(1, RESIDENTS + 1):
        yield f"resident{n:03}", somebody(), Constituency.RESIDENTS
    for n in range(1, NEIGHBOURS + 1):
        yield f"neighbour{n:03}", somebody(), Constituency.RESIDENTS
    for n in range(1, COMRADES + 1):
        yield f"comrade{n:03}", somebody(), Constituency.PARTY
