"""The formal votes of the example, from the roll to the result, through the real acts."""

from datetime import datetime, timedelta
from typing import Any

from council import (
    ballots,
    course,
    deadlines,
    offices,
    preparations,
    process,
    receipts,
    referrals,
    rollcalls,
    rolls,
    safeguards,
)
from council.demo.cast import TERM
from council.demo.road import matter_of
from council.demo.stage import Scene, Script, Stage, zh
from council.entitlements import RollKind
from council.people import Channel, Post
from council.preparations import Plan
from council.proposals import Proposal
from council.proposals import Stage as Where
from council.referrals import Subject
from council.rolls import Wanted
from council.votes import Choice, Vote, VoteMode, Voter
from council.workflow import advance

LEAD, WORKER, WATCH = "party_lead", "community_worker", "oversight"
BODY = {Post.COMMITTEE: 6, Post.DELEGATE: 44}
"""With the two who have an account of their own: 45 delegates and a committee of seven."""

WORDS = ("arguments_for", "arguments_against", "how_to_vote", "helpers", "legal_basis")
SAID = tuple(Choice)
EVERY = 6
"""Every so manieth voter comes to the counter."""


def elect(stage: Stage) -> Scene:
    """The delegates and the rest of the committee begin their term."""
    crowd = [key for key in stage.cast if key.startswith("resident") and key[-1].isdigit()]
    people = iter(crowd[-sum(BODY.values()) :])
    for post, number in BODY.items():
        for _ in range(number):
            offices.give(
                stage.as_("admin"), stage.community, person_id=stage.cast[next(people)],
                post=post, until=stage.at(TERM),
            )  # fmt: skip
    yield stage.now


def decide(stage: Stage, told: Script) -> Scene:
    """The matter goes to the body that decides; it votes, and again if it falls short."""
    matter = matter_of(stage, told)
    for said in told["vote"]:
        yield stage.at(said["opens"] - 16, 10)
        _refer(stage, matter, said)
        yield from hold(stage, said, matter)


def _refer(stage: Stage, matter: Proposal, said: Script) -> None:
    ctx = stage.as_(LEAD)
    if referrals.of(stage.session, matter.id) is None:
        subject = Subject(said["subject"])
        referrals.settle(ctx, matter, subject=subject, authorised=said.get("authorised", False))
    if matter.stage is Where.READY_FOR_MEETING:
        process.move(ctx, matter, "send_to_body")


def hold(stage: Stage, said: Script, matter: Proposal | None = None) -> Scene:
    """A formal vote, from its draft to its result, in days before the load day."""
    yield stage.at(said["opens"] - 15, 10)
    vote = _draft(stage, said, matter)
    said["id"] = vote.id
    rolls.draw(stage.as_(WORKER), vote, RollKind.DELEGATES)
    yield stage.at(said["opens"] - 15, 15)
    _step(stage, vote, "publish_roll")
    yield stage.at(said["opens"] - 9, 10)
    _step(stage, vote, "settle_roll")
    _step(stage, vote, "announce")
    yield stage.at(said["opens"] - 2, 16)
    wanted = safeguards.checklist(stage.session, vote)
    safeguards.pass_checklist(stage.as_(WATCH), vote, ticked=wanted)
    yield stage.at(said["opens"], 9, 5)
    if vote.id in course.due(stage.system()):
        course.tick(stage.system(), vote.id)
    yield from _vote(stage, vote, said)
    yield stage.at(said["closes"] + 1, 10)
    _step(stage, vote, "tally", "recorder")
    yield stage.at(said["closes"] + 2, 10)
    _step(stage, vote, "publish_result")
    yield stage.at(said["closes"] + 10, 10)
    _step(stage, vote, "finish")


def _step(stage: Stage, vote: Vote, name: str, key: str = LEAD) -> None:
    advance(stage.as_(key), course.VOTE, vote, name)


def _draft(stage: Stage, said: Script, matter: Proposal | None) -> Vote:
    ctx = stage.as_(LEAD)
    vote = (
        preparations.draft(ctx, matter)
        if matter
        else preparations.draft_alone(
            ctx, stage.community, profile=said["profile"], title=zh(said["title"]),
            about_people=said.get("about_people", False),
        )
    )  # fmt: skip
    papers = preparations.of(stage.session, vote.id)
    words: dict[str, Any] = {name: zh(said[name]) for name in WORDS}
    plan = Plan(
        title=zh(said["title"]), question=zh(said["question"]), electorate=papers.electorate,
        secret=said.get("secret", False), about_people=vote.about_people,
        paper=said.get("paper", False), opens_at=stage.at(said["opens"]),
        closes_at=deadlines.day_end(deadlines.local_date(stage.at(said["closes"]))),
        **words,
    )  # fmt: skip
    preparations.prepare(ctx, vote, plan=plan)
    stage.english(vote, title=said["title"], question=said["question"])
    stage.english(papers, **{name: said[name] for name in WORDS})
    if "study_opinion" in said:
        day = deadlines.local_date(stage.now) - timedelta(days=1)
        preparations.study(ctx, vote, on=day, opinion=zh(said["study_opinion"]))
        stage.english(papers, study_opinion=said["study_opinion"])
    return vote


def _vote(stage: Stage, vote: Vote, said: Script) -> Scene:
    """So many vote for, against and abstain, spread over the days in which the vote is open."""
    keys = {person_id: key for key, person_id in stage.cast.items()}
    roll = rolls.listing(stage.session, vote.id, Wanted(limit=1000))
    voters = [(row, keys[row.person_id]) for row in roll if row.person_id in keys]
    if said["closes"] > 0:
        # whoever tries the example with one of its accounts can still vote
        voters = [(row, key) for row, key in voters if key[-1].isdigit()]
    choices = [one for one, n in zip(SAID, said["votes"], strict=True) for _ in range(n)]
    stage.random.shuffle(voters)
    days = max(1, min(0, said["closes"]) - said["opens"])
    for day in range(days):
        yield _evening(stage, said["opens"] + day)
        for n in range(day, len(choices), days):
            _cast(stage, vote, *voters[n], choices[n], at_counter=n % EVERY == 0)


def _evening(stage: Stage, day: int) -> datetime:
    return max(stage.at(day, 18), stage.now)


def _cast(
    stage: Stage, vote: Vote, voter: Voter, key: str, choice: Choice, *, at_counter: bool
) -> None:
    ctx = stage.for_(key, WORKER, Channel.HALL) if at_counter else stage.as_(key)
    if vote.mode is VoteMode.ROLL_CALL:
        rollcalls.cast(ctx, vote, choice=choice)
        return
    ballots.cast(
        ctx, vote, voter=voter, choice=choice.value, phrase=receipts.new_phrase("zh"),
        r=receipts.new_random(),
    )  # fmt: skip
