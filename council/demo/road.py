"""One matter of the example on its road, from first word to review, through the real acts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from council import (
    admissions,
    calendar,
    consultations,
    findings,
    opinions,
    process,
    proposals,
    reviews,
    statements,
    summaries,
)
from council.admissions import Answer, RefusalReason, Verdict
from council.consultations import Papers
from council.demo.stage import Scene, Script, Stage, zh
from council.findings import HEADINGS, MARKED, Answers, Conclusion, Mark
from council.opinions import Stance
from council.people import Channel
from council.proposals import Category, OutcomeClass, Proposal, Words
from council.statements import Reaction
from council.summaries import Response

TEXTS = ("title", "situation", "request", "affected", "location")
Seats = dict[str, reviews.Panelist]

WAYS = ("web", "hall", "building")
STANCES = ("for", "against", "suggestion")
BEHALF = {Channel.HALL: "community_worker", Channel.BUILDING: "building_lead"}


def propose(stage: Stage, told: Script) -> Iterator[datetime]:
    """Stage 1: written and submitted; drafted by a worker; decided by the secretary."""
    author = told["author"]
    words = Words(
        title=zh(told["title"]), situation=zh(told["situation"]), request=zh(told["request"]),
        affected=zh(told["affected"]), location=zh(told["location"]),
        category=Category(told["category"]),
        outcome_class=OutcomeClass(told["outcome_class"]),
    )  # fmt: skip
    channel = Channel(told.get("channel", "web"))
    speak = (
        stage.as_
        if channel is Channel.WEB
        else lambda key: stage.for_(key, BEHALF[channel], channel)
    )
    pictures = [stage.photo(told["photo"])] if "photo" in told else []
    matter = proposals.draft(
        speak(author), stage.community, words=words, pictures=pictures,
        alt=told.get("photo_alt", ""),
    )  # fmt: skip
    told["id"] = matter.id
    process.move(speak(author), matter, "submit")
    yield stage.later(1, hour=10)
    admissions.draft(stage.as_("community_worker"), matter, answer=_answer(stage, told))
    stage.english(matter, **{name: told[name] for name in TEXTS})
    yield stage.later(1, hour=15)
    if "refusal" in told:
        process.move(stage.as_("party_lead"), matter, "refuse")
        answer = admissions.of(stage.session, matter.id)
        if answer:
            stage.english(
                answer, **{k: told["refusal"][k] for k in ("reason", "legal_basis", "instead")}
            )
        return
    process.move(stage.as_("party_lead"), matter, "admit")
    for key in _some(stage, told.get("supporters", 8)):
        if key != author:
            proposals.support(stage.as_(key), matter)


def _answer(stage: Stage, told: Script) -> Answer:
    if "refusal" in told:
        said = told["refusal"]
        return Answer(
            Verdict.REFUSE, reason_code=RefusalReason(said["code"]), reason=zh(said["reason"]),
            legal_basis=zh(said["legal_basis"]), instead=zh(said["instead"]), is_lawful=True,
        )  # fmt: skip
    return admissible(stage.units[told["unit"]])


def admissible(unit_id: int) -> Answer:
    """The suggestion to admit: every question of the checklist answered yes."""
    return Answer(
        Verdict.ADMIT, in_competence=True, is_concrete=True, is_lawful=True, is_not_personal=True,
        unit_id=unit_id,
    )  # fmt: skip


def matter_of(stage: Stage, told: Script) -> Proposal:
    """The matter that this script became."""
    return stage.session.get_one(Proposal, told["id"])


def _some(stage: Stage, n: int) -> list[str]:
    """So many residents, another choice each time."""
    crowd = [key for key in stage.cast if key.startswith(("resident0", "resident1"))]
    return stage.random.sample(crowd, n)


# Stage 2


def consult(stage: Stage, told: Script, opens: datetime | None = None) -> Scene:
    """Stage 2: papers, and the window with everybody's opinions; it may open at a given hour."""
    matter = matter_of(stage, told)
    yield stage.later(1, hour=11)
    _prepare(stage, matter, told)
    yield opens or stage.later(1, hour=9)
    process.move(stage.as_("party_lead"), matter, "open_consultation")
    yield from _speak(stage, matter, told)


def _prepare(stage: Stage, matter: Proposal, told: Script) -> None:
    said = told["papers"]
    papers = consultations.prepare(
        stage.as_("community_worker"), matter,
        papers=Papers(
            summary=zh(said["summary"]), options=tuple(zh(one) for one in said["options"]),
            if_nothing=zh(said["if_nothing"]), cost_low=said["cost_low"],
            cost_high=said["cost_high"], payer=zh(said["payer"]),
            channels=[Channel(one) for one in said["channels"]], offline=zh(said["offline"]),
        ),
    )  # fmt: skip
    stage.english(
        papers, **{name: said[name] for name in ("summary", "if_nothing", "payer", "offline")}
    )
    rows = consultations.options(stage.session, matter.id)
    for row, one in zip(rows, said["options"], strict=True):
        stage.english(row, words=one)


def _speak(stage: Stage, matter: Proposal, told: Script) -> Scene:
    """Everybody speaks, spread over the days of the window."""
    for one in told.get("statements", ()):
        made = statements.add(stage.as_(_some(stage, 1)[0]), matter, body=zh(one))
        stage.english(made, body=one)
        one["id"] = made.id
    voices = list(_voices(stage, told))
    row = consultations.of(stage.session, matter.id)
    closes = row.closes_at if row and row.closes_at else stage.now
    days = max(1, calendar.days_between(stage.now, closes) - 1)
    for day in range(days):
        hour = 9 + stage.random.randint(0, 9)
        yield max(stage.now, stage.at(calendar.days_between(stage.at(0), stage.now), hour))
        for voice in voices[day::days]:
            _say(stage, matter, *voice)
        _react(stage, told, per_day=max(1, 60 // days))
        yield stage.at(calendar.days_between(stage.at(0), stage.now) + 1, 8)
    yield closes


def _voices(stage: Stage, told: Script) -> Iterator[tuple[Script, str, Stance, Channel, str]]:
    """Every opinion of the script: its group, who speaks, for or against, how, and the words."""
    people = [key for key in stage.cast if key[-1].isdigit() and not key.startswith("expert")]
    stage.random.shuffle(people)
    voices = [voice for group in told.get("groups", ()) for voice in _of_group(stage, told, group)]
    voices += [
        (one, Stance(one["stance"]), Channel(one["channel"]), zh(one))
        for one in told.get("minority", ())
    ]
    stage.random.shuffle(voices)
    for n, (group, stance, channel, body) in enumerate(voices):
        yield group, people[n % len(people)], stance, channel, body


def _of_group(
    stage: Stage, told: Script, group: Script
) -> Iterator[tuple[Script, Stance, Channel, str]]:
    """The opinions of one group: channels and stances in their numbers, phrases in turn."""
    ways = [Channel(name) for name in WAYS for _ in range(group.get(name, 0))]
    sides = [Stance(name) for name in STANCES for _ in range(group.get(name, 0))]
    stage.random.shuffle(sides)
    phrases, tails = group["phrases"], told.get("tails", [""])
    for n, (channel, stance) in enumerate(zip(ways, sides, strict=True)):
        tail = tails[n % len(tails)] if n >= len(phrases) else ""
        yield group, stance, channel, phrases[n % len(phrases)] + tail


def _say(
    stage: Stage,
    matter: Proposal,
    group: Script,
    key: str,
    stance: Stance,
    channel: Channel,
    body: str,
) -> None:
    worker = BEHALF.get(channel)
    ctx = stage.for_(key, worker, channel) if worker else stage.as_(key)
    made = opinions.give(ctx, matter, stance=stance, body=body)
    group.setdefault("ids", []).append(made.id)
    if "en" in group:
        stage.english(made, body=group)
    if "answer" in group:
        said = opinions.answer(stage.as_("community_worker"), made, body=zh(group["answer"]))
        stage.english(said, body=group["answer"])


def _react(stage: Stage, told: Script, per_day: int) -> None:
    """Some residents answer every statement, one at a time."""
    for key in _some(stage, per_day // 4 + 1):
        for one in told.get("statements", ()):
            row = stage.session.get_one(statements.Statement, one["id"])
            draw = stage.random.random()
            agrees = one["agree"]
            reaction = Reaction.AGREE if draw < agrees else Reaction.DISAGREE
            if draw > agrees + (1 - agrees) * 0.7:
                reaction = Reaction.UNSURE
            statements.vote(stage.as_(key), row, reaction=reaction)


def summarise(stage: Stage, told: Script) -> Scene:
    """Every opinion into one answered group, or verbatim as a minority view."""
    matter = matter_of(stage, told)
    yield stage.later(1, hour=9)
    desk = "facilitator"
    for group in told.get("groups", ()):
        made = summaries.add(
            stage.as_(desk), matter, title=zh(group["title"]),
            response=Response(group["response"]), reason=zh(group["reason"]),
        )  # fmt: skip
        ids = group.get("ids", [])
        for start in range(0, len(ids), 100):
            summaries.file(stage.as_(desk), made, opinion_ids=ids[start : start + 100])
        stage.english(made, title=group["title"], reason=group["reason"])
        yield stage.now
    kept = [opinion_id for one in told.get("minority", ()) for opinion_id in one.get("ids", ())]
    if kept:
        summaries.keep_as_minority(stage.as_(desk), matter, opinion_ids=kept)
    yield stage.later(1, hour=16)


# Stage 3


def review(stage: Stage, told: Script) -> Scene:
    """Stage 3: panel, interests, finding, signatures, publication; or skipped, with the reason."""
    matter = matter_of(stage, told)
    if "skip_review" in told:
        made = reviews.skip(stage.as_("party_lead"), matter, reason=zh(told["skip_review"]))
        stage.english(made, skip_reason=told["skip_review"])
        process.move(stage.as_("party_lead"), matter, "skip_review")
        return
    process.move(stage.as_("facilitator"), matter, "send_to_review")
    yield stage.later(1, hour=10)
    found = reviews.of(stage.session, matter.id)
    if found is None:
        return
    said = told["finding"]
    seats = {}
    for one in said["panel"]:
        seats[one["who"]] = reviews.invite(
            stage.as_("party_lead"), found, person_id=stage.cast[one["who"]],
            profession=zh(one["profession"]),
        )  # fmt: skip
        stage.english(seats[one["who"]], profession=one["profession"])
    yield stage.later(1, hour=14)
    for one in said["panel"]:
        reviews.declare_interest(
            stage.as_(one["who"]), seats[one["who"]], conflict="interest" in one,
            interest=zh(one.get("interest", "")),
        )  # fmt: skip
        stage.english(seats[one["who"]], interest=one.get("interest", ""))
    yield stage.later(2, hour=15)
    yield from _find(stage, matter, found, told, seats)


def _find(
    stage: Stage, matter: Proposal, found: reviews.Review, told: Script, seats: Seats
) -> Scene:
    said = told["finding"]
    first = next(one["who"] for one in said["panel"] if "interest" not in one)
    made = findings.draft_finding(
        stage.as_(first), found,
        answers=_answers(said),
    )  # fmt: skip
    stage.english(made, **{name: said[name] for name in HEADINGS})
    yield stage.later(1, hour=11)
    for one in said["panel"]:
        if "dissent" in one:
            findings.dissent(stage.as_(one["who"]), seats[one["who"]], words=zh(one["dissent"]))
            stage.english(seats[one["who"]], dissent=one["dissent"])
        elif "interest" not in one:
            findings.sign(stage.as_(one["who"]), seats[one["who"]], revision=made.revision)
    findings.publish(stage.as_("party_lead"), found)
    yield stage.later(1, hour=10)
    process.move(stage.as_("party_lead"), matter, "finish_review")


def _answers(said: Script) -> Answers:
    marks = {f"{name}_mark": Mark(said[f"{name}_mark"]) for name in MARKED}
    words = {name: zh(said[name]) for name in HEADINGS}
    given: dict[str, Any] = {**words, **marks}
    return Answers(
        **given, cost_low=said["cost_low"], cost_high=said["cost_high"],
        conclusion=Conclusion(said["conclusion"]),
    )  # fmt: skip


def open_for_opinions(stage: Stage, matter: Proposal, words: Words) -> None:
    """Open the consultation on a generated matter with the least that its papers need."""
    papers = Papers(
        summary=words.situation, options=(words.request, "维持现状"), if_nothing="问题照旧。",
        cost_low=5_000, cost_high=20_000, payer="社区公益金", channels=[Channel.HALL],
        offline="社区服务站一楼意见箱，工作日开放。",
    )  # fmt: skip
    consultations.prepare(stage.as_("community_worker"), matter, papers=papers)
    process.move(stage.as_("party_lead"), matter, "open_consultation")
