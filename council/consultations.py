"""Public consultation: papers that everybody can read, and days in which everybody is heard."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import charter, deadlines, gate, translations
from council.db import PLAIN, Base, Governed
from council.errors import Checks, NotReady, checking
from council.gate import Context, act
from council.people import Channel
from council.policy import Can
from council.proposals import SHORT, WORDS, Proposal, Stage

OFFLINE = tuple(one for one in Channel if one is not Channel.WEB)
"""The ways of being heard without a screen; at least one is planned for every consultation."""

MOST_OPTIONS = 6
MOST_YUAN = 1_000_000_000

# Tables


class Consultation(Governed, Base):
    """The opening papers of a matter, and the window in which everybody is heard about it."""

    __tablename__ = "consultation"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    summary: Mapped[str] = mapped_column(default="")
    if_nothing: Mapped[str] = mapped_column(default="")
    cost_low: Mapped[int | None]
    cost_high: Mapped[int | None]
    payer: Mapped[str] = mapped_column(default="")
    channels: Mapped[list[str]] = mapped_column(default=list, info=PLAIN)
    offline: Mapped[str] = mapped_column(default="")
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        """Whether everybody may speak at this moment."""
        closes = self.closes_at
        return (
            self.opens_at is not None and self.closed_at is None and bool(closes and now < closes)
        )


class ConsultationOption(Governed, Base):
    """One of the things that could be done; doing nothing is always another."""

    __tablename__ = "consultation_option"
    __table_args__ = (UniqueConstraint("consultation_id", "position"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    position: Mapped[int]
    words: Mapped[str]


# Requirements


def awaits_consultation(ctx: Context, proposal: Proposal) -> bool:
    """The matter has been admitted and its consultation has not begun."""
    return proposal.stage is Stage.ADMITTED


def papers_ready(ctx: Context, proposal: Proposal) -> bool:
    """The opening papers say what it is about, what could be done or left alone, cost and payer."""
    row = of(ctx.session, proposal.id)
    return (
        row is not None
        and bool(row.summary and row.if_nothing and row.payer)
        and row.cost_high is not None
        and bool(options(ctx.session, proposal.id))
    )


def offline_channel_planned(ctx: Context, proposal: Proposal) -> bool:
    """At least one way of being heard without a screen is planned, with place and hours."""
    row = of(ctx.session, proposal.id)
    return row is not None and bool(row.channels and row.offline)


def window_open(ctx: Context, row: gate.Situated) -> bool:
    """The consultation is open at this moment."""
    found = of(ctx.session, gate.matter_of(row) or 0)
    return found is not None and found.is_open(ctx.now)


def window_over(ctx: Context, proposal: Proposal) -> bool:
    """The days of the consultation have passed."""
    row = of(ctx.session, proposal.id)
    return row is not None and row.closes_at is not None and ctx.now >= row.closes_at


def summary_unpublished(ctx: Context, row: gate.Situated) -> bool:
    """The consultation has begun and its summary has not been published yet."""
    found = of(ctx.session, gate.matter_of(row) or 0)
    return found is not None and found.opens_at is not None and found.published_at is None


def summary_pending(ctx: Context, row: gate.Situated) -> bool:
    """The consultation has closed and its summary has not been published yet."""
    found = of(ctx.session, gate.matter_of(row) or 0)
    return found is not None and found.closed_at is not None and found.published_at is None


# Acts


@dataclass(frozen=True)
class Papers:
    """What everybody can read before speaking. Gaps are allowed until the consultation opens."""

    summary: str = ""
    options: tuple[str, ...] = ()
    if_nothing: str = ""
    cost_low: int | None = None
    cost_high: int | None = None
    payer: str = ""
    channels: Collection[Channel] = ()
    offline: str = ""

    def check(self, check: Checks) -> None:
        """Note what is too long or does not fit together."""
        check.text(self.summary, "summary", limit=WORDS, required=False)
        for name in ("if_nothing", "payer", "offline"):
            check.text(getattr(self, name), name, limit=SHORT, required=False)
        check(len(self.options) <= MOST_OPTIONS, "too_many", "options", limit=MOST_OPTIONS)
        for words in self.options:
            check.text(words, "options", limit=SHORT)
        check(all(one in OFFLINE for one in self.channels), "not_a_choice", "channels")
        low, high = self.cost_low, self.cost_high
        for name, yuan in (("cost_low", low), ("cost_high", high)):
            fits = yuan is None or 0 <= yuan <= MOST_YUAN
            check(fits, "out_of_range", name, low=0, high=MOST_YUAN)
        check(low is None or high is not None, "empty", "cost_high")
        check(low is None or high is None or low <= high, "below_low", "cost_high")


@act("consultation.prepare", who=Can.SCREEN, requires=(awaits_consultation,))
def prepare(ctx: Context, proposal: Proposal, *, papers: Papers) -> Consultation:
    """Write the opening papers; they can be bettered until the consultation opens."""
    with checking() as check:
        papers.check(check)
    row = of(ctx.session, proposal.id)
    if row is None:
        row = Consultation(community_id=proposal.community_id, proposal_id=proposal.id)
        ctx.session.add(row)
        ctx.session.flush()
    for name in ("summary", "if_nothing", "payer", "offline", "cost_low", "cost_high"):
        setattr(row, name, getattr(papers, name))
    if row.cost_low is None and row.cost_high is not None:
        row.cost_low = row.cost_high
    row.channels = [one.value for one in OFFLINE if one in papers.channels]
    translations.forget(ctx.session, row)
    _write_options(ctx, row, papers.options)
    return row


# Effects: the proposal's workflow calls these inside its own act


def open_window(ctx: Context, proposal: Proposal) -> None:
    """Everybody may speak from now on, for as many whole days as the matter's rules say."""
    row = _needed(ctx, proposal)
    days = charter.count(proposal.rules, "consultation_days")
    row.opens_at, row.closes_at = ctx.now, deadlines.window_end(ctx.now, days)


def close_window(ctx: Context, proposal: Proposal) -> None:
    """Nobody can speak any more; what was said is summarised."""
    _needed(ctx, proposal).closed_at = ctx.now


# Questions


def of(session: Session, proposal_id: int) -> Consultation | None:
    """The papers and the window of a matter, if anybody has begun to write them."""
    found = select(Consultation).where(Consultation.proposal_id == proposal_id)
    return session.scalars(found).first()


def options(session: Session, proposal_id: int) -> list[ConsultationOption]:
    """What could be done about a matter, in the order of the papers."""
    found = select(ConsultationOption).where(ConsultationOption.proposal_id == proposal_id)
    return list(session.scalars(found.order_by(ConsultationOption.position)))


def _needed(ctx: Context, proposal: Proposal) -> Consultation:
    row = of(ctx.session, proposal.id)
    if row is None:
        raise NotReady("not_ready", (papers_ready.__name__,))
    return row


def _write_options(ctx: Context, row: Consultation, words: tuple[str, ...]) -> None:
    written = options(ctx.session, row.proposal_id)
    before = {one.position: one for one in written}
    for position, text in enumerate(words, 1):
        if position in before:
            before.pop(position).words = text
            continue
        made = ConsultationOption(
            community_id=row.community_id, proposal_id=row.proposal_id, consultation_id=row.id,
            position=position, words=text,
        )  # fmt: skip
        ctx.session.add(made)
    for left_over in before.values():
        ctx.session.delete(left_over)
    translations.forget(ctx.session, *written)
