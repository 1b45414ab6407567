"""Roll-call: by name, seat by seat, appended and never changed; the last cast of each counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, exists, func, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from council import charter, choices, decisions, lots, profiles, proxies
from council.db import Base, Governed
from council.decisions import Result
from council.errors import NotReady, checking
from council.gate import Context, act
from council.people import Channel, Constituency
from council.policy import Can
from council.proxies import Entitled
from council.receipts import Answer
from council.safeguards import SMALL
from council.tallies import ALL, Tally, Weight, heads
from council.thresholds import Rule
from council.votes import (
    Choice,
    How,
    Vote,
    VoteMode,
    Voter,
    VoteStage,
    before_the_close,
    vote_is_open,
    voter,
)

ROWS, NUMBERS, SUMS = "rows", "numbers", "sums"
"""Setting of a vote: whether its record lists each ballot by its number, or only the sums.

A vote in a meeting lists its seats: there everybody sees who raises a hand, and the log alone is
enough to count it again (votes-and-log.md, 2A).
"""

MODE_OF = {
    How.PHONES: VoteMode.ROLL_CALL, How.HANDS: VoteMode.COUNTED, How.PAPER: VoteMode.COUNTED,
    How.SECRET: VoteMode.SECRET,
}  # fmt: skip
"""What is kept of a vote in a meeting, by how it is taken."""

# Table


class Ballot(Governed, Base):
    """One cast for one voter; the highest `seq` counts. The database refuses to change a ballot.

    `choice` is what `choices.written` makes of the answer to any method. It stands in the log as a
    salted hash until the close, so that nobody counts along.
    """

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("voter_id", "seq"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), index=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"))
    seq: Mapped[int]
    choice: Mapped[str]
    cast_at: Mapped[datetime]
    channel: Mapped[Channel]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


# Requirements


def is_voter(ctx: Context, vote: Vote) -> bool:
    """In a meeting only a seat that was present when the vote opened votes; the chair has none."""
    if not vote.in_meeting:
        return True
    if ctx.actor is None:
        return False
    mine = voter(ctx.session, vote.id, ctx.voice.person_id)
    return mine is not None and not mine.struck


def by_name(ctx: Context, vote: Vote) -> bool:
    """The vote is not secret; a secret ballot goes into the box."""
    return vote.mode is not VoteMode.SECRET


def on_telephones(ctx: Context, vote: Vote) -> bool:
    """The vote is not taken by hands or slips, which tellers count in the room."""
    return vote.mode is not VoteMode.COUNTED


# Acts


@act(
    "ballot.cast",
    who=Can.SPEAK,
    requires=(vote_is_open, before_the_close, by_name, on_telephones, is_voter),
    behalf=True,
)
def cast(ctx: Context, vote: Vote, *, choice: object, entry: Voter | None = None) -> Ballot:
    """Vote, or change the vote before the close: every cast is kept, the last one counts.

    `entry` is the principal's, when the vote was entrusted in writing; without it one's own.
    """
    answer = choices.checked(vote, choice)
    _hold(ctx.session, vote)
    mine = entry or voter(ctx.session, vote.id, ctx.person_id)
    if mine is None or not proxies.on_the_roll(ctx, Entitled(vote, mine)):
        raise NotReady("not_ready", ("on_the_roll",))
    last = select(func.max(Ballot.seq)).where(Ballot.voter_id == mine.id)
    made = Ballot(
        community_id=vote.community_id, vote_id=vote.id, voter_id=mine.id,
        seq=(ctx.session.scalar(last) or 0) + 1, choice=choices.written(answer), cast_at=ctx.now,
        channel=ctx.channel, entered_by_id=ctx.entered_by_id,
    )  # fmt: skip
    ctx.session.add(made)
    return made


# Opening and closing: called by a meeting inside its own acts


@dataclass(frozen=True)
class Seat:
    """A seat that is taken at the moment when a vote opens."""

    seat_id: int
    person_id: int
    constituency: Constituency
    unit_id: int | None
    votes: bool


def start(
    ctx: Context,
    *,
    community_id: int,
    proposal_id: int | None,
    agenda_item_id: int,
    motion_id: int | None = None,
    title: str = "",
    question: str,
    rule: Rule,
    due: Mapping[str, int],
    seats: Sequence[Seat],
    how: How = How.PHONES,
    about_people: bool = False,
) -> Vote:
    """Open a vote with the rule and the seats as they are now; `due` counts all seats invited.

    Raises Invalid for a secret vote that would tell how somebody voted, and for an open one about
    people.
    """
    with checking() as check:
        check(how is How.SECRET or not about_people, "people_secret", "how")
    if how is How.SECRET:
        rule, due, seats = in_secret(rule, due, seats)
    made = Vote(
        community_id=community_id, proposal_id=proposal_id, agenda_item_id=agenda_item_id,
        motion_id=motion_id, title=title, question=question, rule=rule.to_json(), due=dict(due),
        opened_at=ctx.now, stage=VoteStage.OPEN, mode=MODE_OF[how], about_people=about_people,
        settings={ROWS: NUMBERS if how is How.PHONES else SUMS, "how": how.value},
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    ctx.session.add_all(
        Voter(community_id=made.community_id, vote_id=made.id, number=number, **vars(seat))
        for number, seat in enumerate(seats, 1)
    )
    return made


def in_secret(
    rule: Rule, due: Mapping[str, int], seats: Sequence[Seat]
) -> tuple[Rule, Mapping[str, int], Sequence[Seat]]:
    """Rule, seats invited and seats present of a secret vote.

    Who only advises does not vote in secret. Where the rule asks something of each constituency
    its sums are published, so it needs five voters who count: fewer could be seen through.
    """
    kept = profiles.in_secret(rule)
    if kept.constituencies != rule.constituencies:
        counted = [one for one in seats if one.constituency.value in rule.counted]
        return kept, {ALL: sum(due.get(name, 0) for name in rule.counted)}, counted
    there = Counter(one.constituency.value for one in seats)
    with checking() as check:
        clear = all(not 0 < there[name] < SMALL for name in kept.counted)
        check(clear, "secret_small", "how", least=SMALL)
    return kept, due, seats


def finish(ctx: Context, vote: Vote) -> None:
    """Close a vote and freeze what its rows add up to. No total is ever entered by anybody."""
    reckon(ctx, vote)
    vote.closed_at, vote.stage = ctx.now, VoteStage.FINAL


def reckon(ctx: Context, vote: Vote) -> None:
    """Freeze what the rows of a vote add up to, with the tie as it was broken, if it was."""
    apart = bool(vote.rule["constituencies"])
    listed = [
        [one.voter_id, one.constituency if apart else None, one.choice and one.choice.value]
        for one in _current(ctx.session, vote.id)
    ]
    seats = {} if vote.settings.get(ROWS) == SUMS else {"seats": listed}
    kept = {name: told for name, told in (vote.result or {}).items() if name == "tie"}
    found = recount(ctx.session, vote)
    vote.result = found.to_json() | seats | kept
    vote.outcome = found.outcome


def _hold(session: Session, vote: Vote) -> None:
    """Lock the vote beside others who vote: its close waits. Raises NotReady when it is closed."""
    session.refresh(vote, with_for_update={"read": True})
    if not vote.is_open:
        raise NotReady("not_ready", ("vote_is_open",))


# Questions


def listing(session: Session, community_id: int, rule: Rule) -> dict[str, str]:
    """How the record of a formal vote that opens now lists its ballots, as the charter has it.

    Sums always where floor area counts: whoever knows the area of a flat would know its ballot.
    """
    if Weight.AREA in rule.weights:
        return {ROWS: SUMS}
    return {ROWS: charter.rules(session, community_id)["vote_rows"]}


@dataclass(frozen=True)
class Standing:
    """An entry for which somebody votes, and what was said for it so far."""

    voter: Voter
    given: Answer | None


def standing(session: Session, vote: Vote, person_id: int | None) -> list[Standing]:
    """For whom this person votes, their own entry first (two statements); nobody else is told."""
    if person_id is None:
        return []
    entries = proxies.votes_for(session, vote.id, person_id)
    said = dict(
        session.execute(
            select(Ballot.voter_id, Ballot.choice)
            .where(Ballot.voter_id.in_([one.id for one in entries]))
            .order_by(Ballot.seq)
        ).all()
    )
    return [
        Standing(one, choices.read(vote.method, said[one.id]) if one.id in said else None)
        for one in entries
    ]


@dataclass(frozen=True)
class Turnout:
    """How many seats have voted, of those present; nothing else is told before the close."""

    cast: int
    present: int
    by: dict[Constituency, tuple[int, int]]


def turnout(session: Session, vote_id: int) -> Turnout:
    """How many seats of each constituency have voted, of those present."""
    by = dict.fromkeys(Constituency, (0, 0))
    for one in _current(session, vote_id):
        if one.constituency is not None:
            done, there = by[one.constituency]
            by[one.constituency] = done + (one.choice is not None), there + 1
    return Turnout(sum(done for done, _ in by.values()), sum(all_ for _, all_ in by.values()), by)


def recount(session: Session, vote: Vote) -> Result:
    """The result as the ballots add up to it under the frozen rule."""
    seats = _current(session, vote.id)

    def count(name: str, choice: Choice | None = None) -> int:
        mine = [one for one in seats if name in {ALL, one.constituency}]
        return sum(choice is None or one.choice is choice for one in mine)

    rule = Rule.from_json(vote.rule)
    return decisions.decide(
        rule,
        heads({
            name: Tally(
                vote.due.get(name, 0), count(name), count(name, Choice.FOR),
                count(name, Choice.AGAINST), count(name, Choice.ABSTAIN),
            )
            for name in rule.constituencies or (ALL,)
        }),
        casting=lots.broken(vote.result).casting,
    )  # fmt: skip


def miscomputed(session: Session) -> list[int]:
    """The closed votes whose frozen result is not what their ballots add up to, for `verify`."""
    in_meetings = (
        Vote.agenda_item_id.is_not(None) & (Vote.stage == VoteStage.FINAL)
        & (Vote.mode == VoteMode.ROLL_CALL)
    )  # fmt: skip
    closed = session.scalars(select(Vote).where(in_meetings).order_by(Vote.id))
    return [row.id for row in closed if row.reckoning != recount(session, row)]


def counts() -> ColumnElement[bool]:
    """Whether a cast is the last one for its entry: the one that counts."""
    later = aliased(Ballot)
    return ~exists().where(later.voter_id == Ballot.voter_id, later.seq > Ballot.seq)


@dataclass(frozen=True)
class _Said:
    """How a seat has voted so far; None when it has not."""

    voter_id: int
    constituency: Constituency | None
    choice: Choice | None


def _current(session: Session, vote_id: int) -> list[_Said]:
    """Every voter with the choice that counts, in one statement."""
    found = (
        select(Voter.id, Voter.constituency, Ballot.choice)
        .outerjoin(Ballot, (Ballot.voter_id == Voter.id) & counts())
        .where(Voter.vote_id == vote_id)
        .order_by(Voter.id)
    )
    return [
        _Said(voter_id, constituency, Choice(said) if said else None)
        for voter_id, constituency, said in session.execute(found)
    ]
