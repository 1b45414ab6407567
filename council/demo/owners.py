"""The rolls of the example: the delegates in office, and the owners from a list with their area."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from sqlalchemy import select

from council import deadlines, entitlements, imports, proxies, rolls
from council.accounts import Account
from council.demo.stage import HERE, Script, Stage, script
from council.entitlements import NEEDED, Entry, RollKind
from council.people import Person
from council.rolls import Wanted
from council.votes import Choice, Vote, Voter

WORKER = "community_worker"
GONE = ("蓝文博", "仇美兰", "纪长河")
"""Delegates of last year."""

Said = tuple[Voter, str, Choice]
"""An entry of the roll, who votes for it, and how."""


def enter(stage: Stage, vote: Vote, said: Script, previous: Vote | None) -> None:
    """Enter the roll of a vote, as its script says whose it is."""
    ctx, kind = stage.as_(WORKER), said.get("roll", "delegates")
    if kind == "owners":
        sheet = imports.read("\n".join(_list(stage)).encode("utf-8-sig"))
        report = imports.check(sheet, NEEDED[RollKind.OWNERS])
        found = entitlements.checked(
            stage.session, vote.community_id, stage.now, RollKind.OWNERS, report
        )
        rolls.take(ctx, vote, found.entries)
    elif kind == "again" and previous:
        rolls.take_over(ctx, vote, previous)
    elif kind == "outdated":
        now = entitlements.drawn(stage.session, vote.community_id, stage.now, RollKind.DELEGATES)
        rolls.take(ctx, vote, [*now[: -len(GONE)], *(Entry(name) for name in GONE)])
    else:
        rolls.draw(ctx, vote, RollKind.DELEGATES)


@cache
def _flats() -> list[dict[str, str]]:
    """Every flat of the compound, with how its owner votes the first and the second time."""
    with (HERE / "owners.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _list(stage: Stage) -> Iterator[str]:
    """The list as property management keeps it; whoever ever votes has an account."""
    names = script("cast")["names"]
    ids = [
        person_id
        for key, person_id in stage.cast.items()
        if key.startswith(("resident", "neighbour")) and key[-1].isdigit()
    ]
    found = select(Account.name, Person).join(Person, Person.id == Account.person_id)
    known = iter(stage.session.execute(found.where(Person.id.in_(ids)).order_by(Account.id)).all())
    yield "姓名,楼栋,户号,建筑面积,账号"
    for n, flat in enumerate(_flats()):
        surname = names["surnames"][n % len(names["surnames"])]
        name, account = f"{surname}{names['given'][n % len(names['given'])]}", ""
        if flat["first"] or flat["second"]:
            account, person = next(known)
            name = person.name
        yield ",".join((name, flat["楼栋"], flat["户号"], flat["建筑面积"], account))


def entrust(stage: Stage, vote: Vote, said: Script) -> None:
    """Some who cannot come entrust their vote to another owner in writing."""
    if "proxies" not in said:
        return
    voting = [row for row, _, _ in ballots(stage, vote, said)]
    day = deadlines.local_date(stage.now) - timedelta(days=1)
    for n in range(said["proxies"]):
        # every three of them have one holder, the owner who stands just before the first
        holder = voting[40 * (n // 3)]
        principal = voting[40 * (n // 3) + 1 + n % 3]
        proxies.record(stage.as_(WORKER), principal, holder=holder, written_on=day)


def ballots(stage: Stage, vote: Vote, said: Script) -> list[Said]:
    """How everybody on the roll votes who does: by name from the list, or so many of each."""
    keys = {person_id: key for key, person_id in stage.cast.items()}
    roll = rolls.listing(stage.session, vote.id, Wanted(limit=1000))
    if "column" in said:
        return [
            (row, keys[row.person_id], Choice(flat[said["column"]]))
            for row, flat in zip(roll, _flats(), strict=True)
            if flat[said["column"]] and row.person_id
        ]
    voters = [(row, keys[row.person_id]) for row in roll if row.person_id]
    if said["closes"] > 0:
        # whoever tries the example with one of its accounts can still vote
        voters = [(row, key) for row, key in voters if key[-1].isdigit()]
    stage.random.shuffle(voters)
    choices = [one for one, n in zip(Choice, said["votes"], strict=True) for _ in range(n)]
    return [(*who, choice) for who, choice in zip(voters, choices, strict=False)]
