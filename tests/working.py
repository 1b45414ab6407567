"""A matter at work, for tests: adopted, with a task that somebody of the green firm answers for."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

from PIL import Image

from council import acceptance, commitments, deadlines
from council.commitments import Commitment, Task
from council.files import Picture, Role, decode
from council.gate import Act, through
from council.people import Post
from council.policy import Can
from council.proposals import Proposal, Stage
from tests.world import World


def picture(colour: str = "green") -> Picture:
    """A photograph of one colour."""
    drawn = BytesIO()
    Image.new("RGB", (80, 60), colour).save(drawn, "JPEG")
    return decode(drawn.getvalue())


def a_task(world: World, **changed: Any) -> Task:
    """What the convener writes; Friday 15 May 2026 is the seventh working day after START."""
    words: dict[str, Any] = {
        "title": "立灯杆、接电", "unit_id": world.unit.id, "person_id": world.who[Post.HANDLER],
        "post": "工程主管", "standard": "灯亮，杆正，线不外露。", "due_day": date(2026, 5, 15),
    }  # fmt: skip
    return Task(**words | changed)


def adopted(world: World, stage: Stage = Stage.ADOPTED) -> Proposal:
    """A matter that has been decided."""
    return world.matter(stage)


def assigned(world: World, proposal: Proposal | None = None, **changed: Any) -> Commitment:
    """A task that has been given out."""
    matter = proposal or adopted(world)
    return commitments.assign(world.as_(Post.COMMITTEE), matter, task=a_task(world, **changed))


def begun(world: World, proposal: Proposal | None = None, **changed: Any) -> Commitment:
    """A task that has been acknowledged and reported on."""
    made = assigned(world, proposal, **changed)
    commitments.acknowledge(world.as_(Post.HANDLER), made)
    commitments.progress(world.as_(Post.HANDLER), made, words="灯杆到了。")
    return made


def submitted(world: World, proposal: Proposal | None = None, **changed: Any) -> Commitment:
    """A task that waits for its check."""
    made = begun(world, proposal, **changed)
    commitments.submit(world.as_(Post.HANDLER), made)
    return made


def passed(world: World, proposal: Proposal | None = None, **changed: Any) -> Commitment:
    """A task that has been accepted, with a photograph of the result."""
    made = begun(world, proposal, **changed)
    commitments.progress(
        world.as_(Post.HANDLER), made, pictures=[picture()], role=Role.AFTER, alt="亮着的路灯"
    )
    commitments.submit(world.as_(Post.HANDLER), made)
    acceptance.accept(world.as_(Post.DELEGATE), made, words="灯亮，杆正。")
    return made


def past(world: World, commitment: Commitment) -> None:
    """Let the time pass to the morning after the due day."""
    world.now = deadlines.day_end(commitment.due_day) + timedelta(hours=9)


def completed(world: World) -> Proposal:
    """A completed matter, whose rating has just begun."""
    proposal = world.matter(Stage.COMPLETED)
    act = Act("test.complete", Can.SYSTEM)

    def mark() -> None:
        proposal.completed_at = world.now

    through(world.system(), act, proposal, mark)
    return proposal
