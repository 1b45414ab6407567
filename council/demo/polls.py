"""The formal votes of the example, from the roll to the result, through the real acts."""

from datetime import timedelta
from typing import Any

from council import (
    ballots,
    course,
    deadlines,
    disputes,
    offices,
    preparations,
    proxies,
    receipts,
    referrals,
    rollcalls,
    rolls,
    safeguards,
)
from council.demo import owners
from council.demo.cast import TERM
from council.demo.road import matter_of
from council.demo.stage import Scene, Script, Stage, zh
from council.disputes import Ruling
from council.people import Channel, Post
from council.preparations import Plan
from council.proposals import Proposal
from council.referrals import Subject
from council.votes import Choice, Vote, VoteMode, Voter
from council.workflow import advance

LEAD, WORKER, WATCH = "party_lead", "community_worker", "oversight"
BODY = {Post.COMMITTEE: 6, Post.DELEGATE: 44}
"""With the two who have an account of their own: 45 delegates and a committee of seven."""

WORDS = ("arguments_for", "arguments_against", "how_to_vote", "helpers", "legal_basis")
CLOSING = 20
"""The hour at which a vote closes; it opens at nine."""
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
    """One vote after the other; a matter goes to the body that decides, again if it falls short."""
    matter = matter_of(stage, told) if "id" in told else None
    previous = None
    for said in told["vote"]:
        if matter is not None:
            yield stage.at(said["opens"] - 16, 10)
            _refer(stage, matter, said)
        yield from hold(stage, said, matter, previous)
        previous = stage.session.get_one(Vote, said["id"])


def _refer(stage: Stage, matter: Proposal, said: Script) -> None:
    ctx = stage.as_(LEAD)
    if referrals.of(stage.session, matter.id) is None:
        subject = Subject(said["subject"])
        referrals.settle(ctx, matter, subject=subject, authorised=said.get("authorised", False))


def hold(stage: Stage, said: Script, matter: Proposal | None, previous: Vote | None) -> Scene:
    """A formal vote, from its draft to its result, in days before the load day."""
    yield stage.at(said["opens"] - 15, 10)
    vote = _draft(stage, said, matter, previous)
    said["id"] = vote.id
    owners.enter(stage, vote, said, previous)
    yield stage.at(said["opens"] - 15, 15)
    _step(stage, vote, "publish_roll")
    yield stage.at(said["opens"] - 9, 10)
    _step(stage, vote, "settle_roll")
    _step(stage, vote, "announce")
    yield stage.at(said["opens"] - 2, 16)
    owners.entrust(stage, vote, said)
    wanted = safeguards.checklist(stage.session, vote)
    safeguards.pass_checklist(stage.as_(WATCH), vote, ticked=wanted)
    yield stage.at(said["opens"])
    _tick(stage, vote)
    yield from _vote(stage, vote, said)
    if "void" in said:
        yield stage.at(said["stops"], 11)
        _void(stage, vote, said)
        return
    yield stage.at(said["closes"], CLOSING)
    _tick(stage, vote)
    yield stage.at(said["closes"] + 1, 10)
    _step(stage, vote, "tally", "recorder")
    yield stage.at(said["closes"] + 2, 10)
    _step(stage, vote, "publish_result")
    if "dispute" in said:
        yield stage.at(said["closes"] + 3, 20)
        yield from _dispute(stage, vote, said)
    yield stage.at(said["closes"] + 10, 10)
    _step(stage, vote, "finish")


def _tick(stage: Stage, vote: Vote) -> None:
    """The clock opens and closes a vote, unless it has done so with what else was due."""
    if vote.id in course.due(stage.system()):
        course.tick(stage.system(), vote.id)


def _step(stage: Stage, vote: Vote, name: str, key: str = LEAD) -> None:
    advance(stage.as_(key), course.VOTE, vote, name)


def _draft(stage: Stage, said: Script, matter: Proposal | None, previous: Vote | None) -> Vote:
    ctx = stage.as_(LEAD)
    vote = (
        preparations.draft(ctx, matter)
        if matter
        else preparations.draft_alone(
            ctx, stage.community, profile=said["profile"], title=zh(said["title"])
        )
    )
    papers = preparations.of(stage.session, vote.id)
    words: dict[str, Any] = {name: zh(said[name]) for name in WORDS}
    plan = Plan(
        title=zh(said["title"]), question=zh(said["question"]), electorate=papers.electorate,
        secret=said.get("secret", False), about_people=vote.about_people,
        paper=said.get("paper", False), previous_id=previous.id if previous else None,
        opens_at=stage.at(said["opens"]),
        closes_at=stage.at(said["closes"], CLOSING),
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
    planned = owners.ballots(stage, vote, said)
    holders = _holders(stage, vote)
    days = max(1, said.get("stops", min(0, said["closes"])) - said["opens"])
    for day in range(days):
        yield stage.at(said["opens"] + day, 18)
        for n in range(day, len(planned), days):
            row, key, choice = planned[n]
            whose = holders.get(row.number, key)
            at_counter = whose.startswith("neighbour") or n % EVERY == 0
            _cast(stage, vote, row, whose, choice, at_counter=at_counter)


def _holders(stage: Stage, vote: Vote) -> dict[int, str]:
    """Who votes for those who have entrusted their vote, by number on the roll."""
    keys = {person_id: key for key, person_id in stage.cast.items()}
    given = proxies.listing(stage.session, vote.id)
    rows = {one.holder: rolls.entry(stage.session, vote.id, one.holder) for one in given}
    return {one.principal: keys[rows[one.holder].person_id or 0] for one in given}


def _cast(
    stage: Stage, vote: Vote, voter: Voter, key: str, choice: Choice, *, at_counter: bool
) -> None:
    ctx = stage.for_(key, WORKER, Channel.HALL) if at_counter else stage.as_(key)
    if vote.mode is VoteMode.ROLL_CALL:
        rollcalls.cast(ctx, vote, choice=choice.value, entry=voter)
        return
    ballots.cast(
        ctx, vote, voter=voter, choice=choice.value, phrase=receipts.new_phrase("zh"),
        r=receipts.new_random(),
    )  # fmt: skip


def _void(stage: Stage, vote: Vote, said: Script) -> None:
    """The oversight committee writes the reason, the subdistrict confirms it."""
    safeguards.draft_void(stage.as_(WATCH), vote, reason=zh(said["void"]))
    stage.english(preparations.of(stage.session, vote.id), void_reason=said["void"])
    _step(stage, vote, "void", "subdistrict")


def _dispute(stage: Stage, vote: Vote, said: Script) -> Scene:
    """An owner objects to the result; two people answer with the reason."""
    against = (one for one in owners.ballots(stage, vote, said) if one[2] is Choice.AGAINST)
    who = next(key for _, key, _ in against if key.startswith("resident"))
    made = disputes.lodge(stage.as_(who), vote, words=said["dispute"]["words"])
    yield stage.now + timedelta(days=1)
    reason = said["dispute"]["reason"]
    disputes.draft_ruling(stage.as_(WATCH), made, ruling=Ruling.DISMISSED, reason=zh(reason))
    stage.english(made, reason=reason)
    yield stage.now + timedelta(days=1)
    disputes.decide(stage.as_(LEAD), made)
