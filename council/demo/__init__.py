"""The example community: fictional, loaded through the real acts and jobs with a moved clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from council import deadlines, jobs
from council.db import Database
from council.demo import cast, generated, halls, live, polls, road, work
from council.demo.stage import Scene, Script, Stage, script
from council.i18n import ZONE
from council.people import Person
from council.settings import Settings

Told = Callable[[float], None]


class NotEmpty(RuntimeError):
    """There is something in the database already: an example is never mixed with real matters."""


def load(
    database: Database,
    settings: Settings,
    *,
    today: date | None = None,
    size: int = 0,
    told: Told = lambda _: None,
) -> None:
    """Load the example into an empty database; with `size` also that many generated matters.

    `today` is the load day (the present moment by default, else a quarter to one on that day);
    `told` hears the progress from 0 to 1. Raises NotEmpty.
    """
    if not is_empty(database):
        raise NotEmpty("the database is not empty")
    now = datetime.now(UTC) if today is None else deadlines.day_end(today) - timedelta(hours=11.25)
    with database.write() as session:
        stage = Stage(session, settings, now)
        stage.now = stage.at(-420)
        cast.settle(stage)
        schedule(stage)
        generated.schedule(stage, size)
        stage.play(min(now, stage.at(0, 12)), told)
    jobs.sign(database, settings)


def is_empty(database: Database) -> bool:
    """Whether nobody is in the database yet."""
    with database.read() as session:
        return not session.scalar(select(func.count()).select_from(Person))


def schedule(stage: Stage) -> None:
    """When each matter of the example begins, in days before the load day."""
    told = script("matters")
    stage.enter(stage.at(-400, 9), polls.elect(stage))
    stage.enter(stage.at(-399, 16), work.photograph_board(stage))
    stage.enter(stage.at(-152, 20), to_the_end(stage, script("xiemalu")))
    stage.enter(_festival(stage), road.propose(stage, told["pipe"]))
    stage.enter(stage.at(-125, 19), to_the_end(stage, told["toilet"]))
    stage.enter(stage.at(-75, 8), _to_the_meeting(stage, told["parking"]))
    stage.enter(stage.at(-100, 21), to_the_end(stage, told["lamps"]))
    stage.enter(stage.at(-150, 18), _by_the_owners(stage, script("fitness")))
    stage.enter(stage.at(-132, 10), _to_the_assembly(stage, script("lunch")))
    stage.enter(stage.at(-60, 12), _to_readiness(stage, told["lift"]))
    stage.enter(stage.at(-75, 9), polls.decide(stage, script("appraisal")))
    stage.enter(stage.at(-56, 19), _to_the_vote(stage, script("covenant")))
    stage.enter(stage.at(-12, 18), _to_consultation(stage, told["park"]))
    shared = script("sharing")
    stage.enter(stage.at(-45, 9), _to_today(stage, shared))
    stage.last = live.hold(stage, shared)
    halls_of = script("halls")
    stage.enter(stage.at(-70, 10), halls.count(stage, halls_of["adults"]))
    for one in halls_of["petition"]:
        stage.enter(stage.at(one["begins"], 18), halls.ask(stage, one))
    stage.enter(stage.at(-48, 9), halls.gather(stage, halls_of["council"]))
    stage.enter(stage.at(-9, 9), halls.gather(stage, halls_of["assembly"]))
    for n, one in enumerate(told["early"]):
        stage.enter(stage.at(-7 + n, 19, 7 * n), road.propose(stage, one))


def _festival(stage: Stage) -> datetime:
    """P10 comes in on the Friday before the Spring Festival, when that lies in this time."""
    friday = datetime(2026, 2, 13, 10, tzinfo=ZONE).astimezone(UTC)
    return friday if stage.at(-400) < friday < stage.at(-20) else stage.at(-280, 10)


def _to_consultation(stage: Stage, told: Script) -> Scene:
    """The window opens on the day before the load day, whatever the calendar did in between."""
    yield from road.propose(stage, told)
    yield from road.consult(stage, told, opens=stage.at(-1, 9))


def _to_review(stage: Stage, told: Script) -> Scene:
    yield from road.propose(stage, told)
    yield from road.consult(stage, told)
    yield from road.summarise(stage, told)
    yield from road.review(stage, told)


def _to_today(stage: Stage, told: Script) -> Scene:
    yield from _to_review(stage, told)
    yield from live.call(stage, told)


def _to_readiness(stage: Stage, told: Script) -> Scene:
    yield from _to_review(stage, told)
    yield stage.at(-1, 10)
    work.call(stage, told, stage.at(4, 19))


def _to_the_meeting(stage: Stage, told: Script) -> Scene:
    yield from _to_review(stage, told)
    yield from work.meet(stage, told)


def _to_the_vote(stage: Stage, told: Script) -> Scene:
    """Without a joint meeting to the body that decides."""
    yield from _to_review(stage, told)
    yield from polls.decide(stage, told)


def _by_the_owners(stage: Stage, told: Script) -> Scene:
    """The owners vote a second time before the work begins."""
    yield from _to_the_vote(stage, told)
    yield from work.carry_out(stage, told)


def _to_the_assembly(stage: Stage, told: Script) -> Scene:
    """One constituency is unanimously against; the delegates decide, and the work begins."""
    yield from _to_the_meeting(stage, told)
    yield from polls.decide(stage, told)
    yield from work.carry_out(stage, told)


def to_the_end(stage: Stage, told: Script) -> Scene:
    """The whole road, from first word to rating."""
    yield from _to_the_meeting(stage, told)
    yield from work.carry_out(stage, told)
    yield from work.rate(stage, told)
