"""Ratings: for thirty days after completion, residents say what they think of the result."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import charter, deadlines, notices, policy
from council.db import Base, Governed
from council.errors import checking
from council.gate import Context, act
from council.notices import NoticeKind
from council.people import Actor, Channel, Consent, Constituency
from council.policy import Can
from council.proposals import Proposal, Stage

LOWEST, HIGHEST = 1, 5
WORDS = 500
VOICES = 10
"""How many of the newest words a matter's page shows."""

# Table


class Rating(Governed, Base):
    """What one person thinks of a matter's result; it can be changed until the window closes."""

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("proposal_id", "person_id"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    score: Mapped[int]
    words: Mapped[str] = mapped_column(default="")
    capacity: Mapped[Constituency]
    channel: Mapped[Channel]
    consent: Mapped[Consent | None]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]


# Requirements


def is_rated_now(ctx: Context, proposal: Proposal) -> bool:
    """The matter has been completed and its days of rating have not passed."""
    over = closes_at(ctx.session, proposal)
    return proposal.stage is Stage.COMPLETED and over is not None and ctx.now < over


def ratings_over(ctx: Context, proposal: Proposal) -> bool:
    """The days of rating have passed, and the result has hung on the board for its days."""
    over = closes_at(ctx.session, proposal)
    result = notices.posted(ctx.session, proposal.id, NoticeKind.RESULT)
    posted = result is not None and notices.is_over(result, ctx.now)
    return over is not None and ctx.now >= over and posted


# Acts


@act("rating.give", who=Can.RATE, requires=(is_rated_now,), behalf=True)
def give(ctx: Context, proposal: Proposal, *, score: int, words: str = "") -> Rating:
    """Rate the result from 1 to 5, or change one's rating while the window is open."""
    with checking() as check:
        check(LOWEST <= score <= HIGHEST, "out_of_range", "score", low=LOWEST, high=HIGHEST)
        check.text(words, "words", limit=WORDS, required=False)
    row = given_by(ctx.session, proposal.id, ctx.person_id)
    if row is None:
        row = Rating(
            community_id=proposal.community_id, proposal_id=proposal.id, person_id=ctx.person_id
        )
        ctx.session.add(row)
    row.score, row.words, row.given_at = score, words, ctx.now
    row.capacity, row.channel = ctx.capacity(proposal), ctx.channel
    row.consent = ctx.behalf.consent if ctx.behalf else None
    row.entered_by_id = ctx.entered_by_id
    return row


# Questions


@dataclass(frozen=True)
class Average:
    """What all ratings of a matter say together; `tenths` is the average, times ten."""

    n: int
    tenths: int
    counts: dict[tuple[Constituency, int], int]

    @property
    def shown(self) -> str:
        """The average with one decimal: 4.5."""
        return f"{self.tenths // 10}.{self.tenths % 10}"

    def of(self, score: int, capacity: Constituency | None = None) -> int:
        """How many gave this score, of one constituency or of all."""
        return sum(
            n for (who, what), n in self.counts.items() if what == score and capacity in {None, who}
        )

    def among(self, capacity: Constituency) -> int:
        """How many of a constituency rated."""
        return sum(n for (who, _), n in self.counts.items() if who is capacity)


def average(counts: dict[tuple[Constituency, int], int]) -> Average:
    """The average, rounded half up from the exact fraction: 4.45 is 4.5."""
    n = sum(counts.values())
    total = sum(score * times for (_, score), times in counts.items())
    tenths = int(Fraction(total * 10, n) + Fraction(1, 2)) if n else 0
    return Average(n, tenths, counts)


def averages(session: Session, proposals: Iterable[Proposal]) -> dict[int, Average]:
    """The averages of many matters in one statement; only of those with enough ratings to show."""
    least = {row.id: shown_from(row) for row in proposals}
    found = (
        select(Rating.proposal_id, Rating.capacity, Rating.score, func.count())
        .where(Rating.proposal_id.in_(least))
        .group_by(Rating.proposal_id, Rating.capacity, Rating.score)
    )
    counts: dict[int, dict[tuple[Constituency, int], int]] = {}
    for proposal_id, capacity, score, n in session.execute(found):
        counts.setdefault(proposal_id, {})[capacity, score] = n
    made = {proposal_id: average(each) for proposal_id, each in counts.items()}
    return {key: one for key, one in made.items() if one.n >= least[key]}


@dataclass(frozen=True)
class Section:
    """What a matter's page says about its ratings.

    `average` is None, and no words are shown, while too few have rated.
    """

    is_open: bool
    closes_at: datetime | None
    n: int
    shown_from: int
    average: Average | None
    may_rate: bool
    enters_for: bool
    mine: Rating | None
    voices: tuple[Rating, ...]


def section(
    session: Session, proposal: Proposal, now: datetime, actor: Actor | None = None
) -> Section:
    """The ratings of a matter as a reader sees them, in a fixed number of statements."""
    over = closes_at(session, proposal)
    is_open = proposal.stage is Stage.COMPLETED and over is not None and now < over
    n = session.scalar(select(func.count()).where(Rating.proposal_id == proposal.id)) or 0
    least, place = shown_from(proposal), proposal.community_id
    said = select(Rating).where(Rating.proposal_id == proposal.id, Rating.words != "")
    newest = session.scalars(said.order_by(Rating.given_at.desc(), Rating.id).limit(VOICES))
    me = actor.person_id if actor else None
    return Section(
        is_open=is_open,
        closes_at=over,
        n=n,
        shown_from=least,
        average=averages(session, [proposal]).get(proposal.id),
        may_rate=is_open and policy.allows(session, actor, Can.RATE, place),
        enters_for=is_open and policy.allows(session, actor, Can.ENTER_FOR, place),
        mine=given_by(session, proposal.id, me) if me else None,
        voices=tuple(newest) if n >= least else (),
    )


def given_by(session: Session, proposal_id: int, person_id: int) -> Rating | None:
    """What this person gave the matter."""
    found = select(Rating).where(Rating.proposal_id == proposal_id, Rating.person_id == person_id)
    return session.scalars(found).first()


def closes_at(session: Session, proposal: Proposal) -> datetime | None:
    """When the window closes: at 24:00, the charter's days after completion."""
    if proposal.completed_at is None:
        return None
    values = charter.rules(session, proposal.community_id) | proposal.rules
    return deadlines.window_end(proposal.completed_at, charter.count(values, "rating_days"))


def shown_from(proposal: Proposal) -> int:
    """From how many ratings on an average is shown, so that nobody's own is guessed from it."""
    key = "rating_shown_from"
    return charter.count(proposal.rules, key) if key in proposal.rules else _LEAST


_LEAST = int(charter.VALUES["rating_shown_from"].default)
