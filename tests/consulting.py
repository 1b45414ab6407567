"""Short ways into a consultation, for the tests of what is said in it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session

from council import consultations, gate, opinions, people, summaries
from council.consultations import Papers
from council.gate import Act, Context
from council.opinions import Opinion, Stance
from council.people import Channel, Constituency, Post
from council.policy import Can
from council.proposals import Proposal, Stage
from tests.world import World

R = TypeVar("R")

PAPERS = Papers(
    summary="南口晚上没有灯。可以立一盏灯杆，也可以在墙上装壁灯。",
    options=("立一盏太阳能灯杆", "在 3 号楼外墙装壁灯"),
    if_nothing="南口晚上继续没有灯。",
    cost_low=3000,
    cost_high=8000,
    payer="社区公共资金",
    channels=(Channel.HALL, Channel.BUILDING),
    offline="服务站每天 8:30–17:30；楼院长周六上门。",
)


def inside(world: World, proposal: Proposal, stage: Stage, effect: Callable[..., None]) -> None:
    """Move a matter with one effect of the workflow, as the workflow itself does."""

    def move() -> None:
        effect(world.system(), proposal)
        proposal.stage = stage

    gate.through(world.system(), Act("test.effect", Can.SYSTEM), proposal, move)


def admitted(world: World, papers: Papers = PAPERS) -> Proposal:
    """An admitted matter with its opening papers."""
    proposal = world.matter(Stage.ADMITTED)
    consultations.prepare(world.as_(Post.COMMUNITY_WORKER), proposal, papers=papers)
    return proposal


def consulting(world: World) -> Proposal:
    """A matter about which everybody may speak now."""
    proposal = admitted(world)
    inside(world, proposal, Stage.CONSULTING, consultations.open_window)
    return proposal


def close(world: World, proposal: Proposal) -> None:
    """Let the days pass and close the consultation."""
    world.wait(days=8)
    inside(world, proposal, Stage.SUMMARISING, consultations.close_window)


def publish(world: World, proposal: Proposal) -> None:
    """Publish the summary."""
    inside(world, proposal, Stage.UNDER_REVIEW, summaries.publish_summary)


def say(
    ctx: Context, proposal: Proposal, body: str = "灯要朝下照。", stance: Stance = Stance.SUGGESTION
) -> Opinion:
    """Give an opinion."""
    return opinions.give(ctx, proposal, stance=stance, body=body)


def crowd(world: World, size: int) -> list[str]:
    """So many more residents; returns the keys under which the world knows them."""
    keys = [f"crowd{n}" for n in range(size)]
    for key in keys:
        world.person(key, Constituency.RESIDENTS)
    return keys


@contextmanager
def counting(session: Session) -> Iterator[list[str]]:
    """Collect the SQL statements that run inside."""
    seen: list[str] = []
    engine = session.get_bind()

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def at_once(
    world: World, who: Constituency | str, find: Callable[[Context], R | None],
    make: Callable[[Context], R],
) -> list[R]:  # fmt: skip
    """Send a form twice, in two threads: both look before either writes. Gives what each led to.

    On SQLite there is one writer, so that the second looks when the first is done.
    """
    world.commit()
    both = Barrier(2)

    def send(_: int) -> R:
        looked = count()
        with world.database.write() as session:
            actor = people.actor(session, world.who[who], world.now)
            ctx = Context(session, actor, world.now)

            def look() -> R | None:
                found = find(ctx)
                if not next(looked):
                    with suppress(BrokenBarrierError):
                        both.wait(1)
                return found

            return gate.once(look, lambda: make(ctx))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(send, range(2)))
