"""A formal vote for tests: its papers, a roll made by hand, and the way through its course."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from council import charter, course, jobs, preparations, referrals, rolls, safeguards
from council.entitlements import Entry
from council.gate import Act, through
from council.people import Channel, Constituency, Post
from council.policy import Can
from council.preparations import Plan, Preparation
from council.proposals import Proposal, Stage
from council.referrals import Subject
from council.rollcalls import Ballot
from council.votes import Choice, Voter
from council.workflow import advance
from tests.world import World

QUESTION = "您是否同意修订后的《文明养犬居民公约》？"
PEOPLE: tuple[Constituency | Post | str, ...] = ("neighbour", Post.DELEGATE, Constituency.RESIDENTS)
LEAD, WATCH = Post.PARTY_LEAD, Post.OVERSIGHT


class Poll:
    """One formal vote and the people who take it through its course."""

    def __init__(self, world: World, profile: str = "DELEGATE_ASSEMBLY", size: int = 3) -> None:
        self.world = world
        self.size = size
        self.vote = preparations.draft_alone(
            world.as_(LEAD), world.community, profile=profile, title="文明养犬公约"
        )

    @property
    def papers(self) -> Preparation:
        return preparations.of(self.world.session, self.vote.id)

    def plan(self, **changed: Any) -> Plan:
        """A complete plan: notice in time, open for ten days."""
        opens = self.world.now + timedelta(days=20)
        values: dict[str, Any] = {
            "title": "文明养犬公约", "question": QUESTION, "electorate": self.papers.electorate,
            "secret": False, "arguments_for": "孩子和老人走路放心。",
            "arguments_against": "管得太细，不好执行。", "how_to_vote": "服务站领纸票。",
            "legal_basis": "组织法第三十条", "opens_at": opens,
            "closes_at": opens + timedelta(days=10),
        }  # fmt: skip
        return Plan(**values | changed)

    def prepared(self, **changed: Any) -> None:
        preparations.prepare(self.world.as_(LEAD), self.vote, plan=self.plan(**changed))

    def studied(self) -> None:
        ctx = self.world.as_(LEAD)
        preparations.study(ctx, self.vote, on=self.world.now.date(), opinion="同意提交表决。")

    def entered(self, area: int = 0) -> None:
        """A roll of `size`; the first ones are people with an account."""
        ids = [self.world.who[key] for key in PEOPLE[: self.size]]
        entries = [
            Entry(f"名册{n}", "1 号楼", f"{n}01", area, None, ids[n] if n < len(ids) else None)
            for n in range(self.size)
        ]
        rolls.take(self.world.as_(Post.COMMUNITY_WORKER), self.vote, entries)

    def step(self, name: str, who: Post = LEAD) -> None:
        advance(self.world.as_(who), course.VOTE, self.vote, name)

    def tick(self) -> None:
        """Let the clock do what is due."""
        jobs.run_due(self.world.system())

    def published(self, **changed: Any) -> None:
        self.prepared(**changed)
        self.studied()
        self.entered(changed.get("area", 0))
        self.step("publish_roll")

    def announced(self, **changed: Any) -> None:
        self.published(**changed)
        self.world.wait(days=6)
        self.step("settle_roll")
        self.step("announce")

    def opened(self, **changed: Any) -> None:
        self.announced(**changed)
        self.checked()
        assert self.vote.opens_at is not None
        self.world.now = self.vote.opens_at
        self.tick()

    def checked(self) -> None:
        ctx, vote = self.world.as_(WATCH), self.vote
        safeguards.pass_checklist(ctx, vote, ticked=safeguards.checklist(ctx.session, vote))

    def cast(self, *choices: Choice) -> None:
        """Ballots of the first voters on the roll, put there by hand, some at a time."""
        session = self.world.session
        found = select(Voter.id).where(Voter.vote_id == self.vote.id).order_by(Voter.number)
        rows = [
            Ballot(
                community_id=self.vote.community_id, vote_id=self.vote.id, seq=1, voter_id=voter,
                choice=choice, cast_at=self.world.now, channel=Channel.WEB, entered_by_id=None,
            )
            for voter, choice in zip(session.scalars(found).all(), choices, strict=False)
        ]  # fmt: skip
        spec = Act("test.cast", Can.SYSTEM)
        for n in range(0, len(rows), 100):
            put = partial(session.add_all, rows[n : n + 100])
            through(self.world.system(), spec, self.vote, put)

    def closed(self, *choices: Choice, **changed: Any) -> None:
        self.opened(**changed)
        self.cast(*choices)
        assert self.vote.closes_at is not None
        self.world.now = self.vote.closes_at
        self.tick()

    def counted(self, *choices: Choice, **changed: Any) -> None:
        self.closed(*choices, **changed)
        self.step("tally", Post.RECORDER)

    def provisional(self, *choices: Choice, **changed: Any) -> None:
        self.counted(*choices, **changed)
        self.step("publish_result")

    def final(self, *choices: Choice, **changed: Any) -> None:
        self.provisional(*choices, **changed)
        self.world.wait(days=8)
        self.step("finish")


def numbered(world: World) -> None:
    """The charter opens the ballots by name, each under its number on the roll."""
    charter.set_value(world.as_(Post.ADMIN), world.community, key="vote_rows", value="numbers")


def referred(world: World, subject: Subject = Subject.COVENANT) -> Proposal:
    """A matter that waits for the residents' assembly, or another body."""
    matter = world.matter(Stage.REFERRED)
    referrals.settle(world.as_(LEAD), matter, subject=subject)
    return matter


def of_matter(world: World, subject: Subject = Subject.COVENANT, size: int = 3) -> Poll:
    """The formal vote about such a matter."""
    poll = Poll.__new__(Poll)
    poll.world, poll.size = world, size
    poll.vote = preparations.draft(world.as_(LEAD), referred(world, subject))
    return poll


def votes_of(n: int, m: int, k: int) -> list[Choice]:
    """So many for, against, abstaining."""
    return [Choice.FOR] * n + [Choice.AGAINST] * m + [Choice.ABSTAIN] * k
