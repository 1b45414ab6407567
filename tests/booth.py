"""A secret vote for tests, made by hand: its roll, the ballots of those on it, its close."""

from typing import Any

from sqlalchemy import select

from council import absences, ballots, batches, receipts
from council.ballots import Receipt
from council.gate import Act, Context, through
from council.people import Constituency, Post
from council.policy import Can
from council.votes import Body, Method, Vote, VoteMode, Voter, VoteStage
from tests.world import World

Key = Post | Constituency | str

QUESTION = "您是否同意修订后的《文明养犬居民公约》？"
ROLL: tuple[Key, ...] = (
    Constituency.PARTY, Constituency.RESIDENTS, "neighbour", Constituency.COMMUNITY, Post.DELEGATE,
)  # fmt: skip
R = "00112233445566778899aabbccddeeff"


class Booth:
    """A secret vote that is open for a small roll."""

    def __init__(
        self, world: World, *, roll: tuple[Key, ...] = ROLL, more: int = 0, **changed: Any
    ) -> None:
        self.world = world
        values: dict[str, Any] = {
            "community_id": world.community.id, "title": "文明养犬公约", "question": QUESTION,
            "body": Body.DELEGATES, "mode": VoteMode.SECRET, "method": Method.MOTION,
            "options": [], "settings": {}, "about_people": False,
            "rule": {"constituencies": []}, "due": {}, "stage": VoteStage.ANNOUNCED,
        }  # fmt: skip
        self.vote = Vote(**values | changed)
        self.does(lambda: world.session.add(self.vote))
        everybody = list(enumerate([*roll, *([None] * more)], 1))
        for n in range(0, len(everybody), 100):
            self.does(lambda some=everybody[n : n + 100]: self._enrol(some))

    def _enrol(self, roll: list[tuple[int, Key | None]]) -> None:
        for number, key in roll:
            part = key if isinstance(key, Constituency) else Constituency.RESIDENTS
            self.world.session.add(
                Voter(
                    community_id=self.vote.community_id, vote_id=self.vote.id, number=number,
                    person_id=self.world.who[key] if key else None, constituency=part,
                    name=f"名册{number}", building="1 号楼", household=f"{number:03}",
                )
            )  # fmt: skip

    def does(self, what: Any, name: str = "test.vote") -> Any:
        """Change rows by hand in an act of the system."""
        return through(self.world.system(), Act(name, Can.SYSTEM), self.world.community, what)

    def opened(self) -> Vote:
        def put() -> None:
            self.vote.stage, self.vote.opened_at = VoteStage.OPEN, self.world.now
            ballots.prepare_marks(self.world.system(), self.vote)

        self.does(put)
        return self.vote

    def voter(self, number: int) -> Voter:
        found = select(Voter).where(Voter.vote_id == self.vote.id, Voter.number == number)
        return self.world.session.scalars(found).one()

    def voter_of(self, key: Key) -> Voter:
        me = self.world.who[key]
        found = select(Voter).where(Voter.vote_id == self.vote.id, Voter.person_id == me)
        return self.world.session.scalars(found).one()

    def cast(
        self, key: Key, choice: object = "for", phrase: str = "清泉 石桥", r: str = "",
        ctx: Context | None = None,
    ) -> Receipt:  # fmt: skip
        return ballots.cast(
            ctx or self.world.as_(key), self.vote, voter=self.voter_of(key), choice=choice,
            phrase=phrase, r=r or receipts.new_random(),
        )  # fmt: skip

    def everybody(self, choice: str = "for") -> list[Receipt]:
        """The rest of the roll, people without an account too: put in as the clerk would."""
        made = []
        for voter in absences.absent(self.world.session, self.vote.id, limit=10_000):
            filled = ballots.fill(
                self.vote, choice=choice, phrase=f"第{voter.number}票", r=receipts.new_random()
            )
            ctx = Context(self.world.session, None, self.world.now)
            made.append(self._drop(ctx, voter, filled))
        return made

    def _drop(self, ctx: Context, voter: Voter, filled: ballots.Filled) -> Receipt:
        assert ballots.mark(ctx.session, voter.id, ballots.MarkChannel.WEB)
        ballots.put(ctx.session, self.vote, voter, filled)
        return Receipt(self.vote.id, filled.c, filled.phrase, filled.r)

    def closed(self, stage: VoteStage = VoteStage.CLOSED) -> Vote:
        def put() -> None:
            self.vote.stage, self.vote.closed_at = stage, self.world.now

        self.does(put, "test.end")
        batches.close_box(self.world.system(), self.vote)
        return self.vote

    def at(self, stage: VoteStage) -> None:
        def put() -> None:
            self.vote.stage = stage

        self.does(put)
