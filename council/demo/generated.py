"""Generated matters for trying the council with many: each with a short history of real acts."""

from datetime import timedelta

from council import admissions, opinions, proposals
from council.demo.road import admissible, open_for_opinions
from council.demo.stage import Scene, Stage, script
from council.opinions import Stance
from council.process import move
from council.proposals import Category, OutcomeClass, Words

SPAN = 380
"""Days before the load day over which the generated matters are spread."""


def schedule(stage: Stage, size: int) -> None:
    """Enter so many generated matters, spread evenly over the time of the example."""
    for n in range(size):
        when = stage.at(-SPAN, 7) + timedelta(days=SPAN - 5) * n / max(size, 1)
        stage.enter(when, _matter(stage, n))


def _matter(stage: Stage, n: int) -> Scene:
    """A matter with a few supporters; every third one is consulted on, and some are returned."""
    told = script("matters")["generated"]
    kind = told["kinds"][n % len(told["kinds"])]
    kinds, places = len(told["kinds"]), len(told["places"])
    place = told["places"][(n * 7 + n // kinds) % places]
    round_ = n // (kinds * places)
    words = Words(
        title=kind["title"].format(place=place) + (f"（{round_ + 1}）" if round_ else ""),
        situation=kind["situation"].format(place=place), request=kind["request"],
        affected=f"{place}一带的住户", location=place, category=Category(kind["category"]),
        outcome_class=OutcomeClass(kind["outcome_class"]),
    )  # fmt: skip
    author = stage.as_(f"resident{n % 200 + 1:03}")
    made = proposals.draft(author, stage.community, words=words)
    move(author, made, "submit")
    yield stage.later(1, hour=10)
    answer = admissible(list(stage.units.values())[n % len(stage.units)])
    admissions.draft(stage.as_("community_worker"), made, answer=answer)
    yield stage.later(1, hour=15)
    move(stage.as_("party_lead"), made, "admit")
    for step in range(n % 5):
        proposals.support(stage.as_(f"resident{(n + step + 1) % 200 + 1:03}"), made)
    if n % 3:
        return
    yield stage.later(1, hour=9)
    open_for_opinions(stage, made, words)
    yield stage.now + timedelta(hours=10)
    said = told["opinions"]
    for step in range(2 + n % 7):
        opinions.give(
            stage.as_(f"resident{(n * 7 + step) % 200 + 1:03}"), made,
            stance=list(Stance)[step % 3], body=said[(n + step) % len(said)],
        )  # fmt: skip
