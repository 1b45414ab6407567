"""A community's charter: its days and thresholds as data, copied into a matter at its start."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import PLAIN, Base, Governed
from council.deadlines import Limit
from council.errors import Invalid, Problem
from council.gate import Context, act
from council.places import Place
from council.policy import Can


@dataclass(frozen=True)
class Value:
    """One value that a charter may set: its default, and how a person's entry is read.

    `kind` is `limit` (3wd, 7d, 48h), `choice` (one of `options`), or what a whole number in its
    bounds counts: `days`, `working_days`, `people`, `seconds`, `times`. `stage` is where on a
    matter's road it counts; `by_law` says that its least is set by law.
    """

    key: str
    default: str
    kind: str
    stage: int
    least: int = 1
    most: int = 400
    by_law: bool = False
    options: tuple[str, ...] = ("yes", "no")

    def problem(self, text: str) -> Problem | None:
        """What is wrong with an entry, if anything."""
        if self.kind == "limit":
            try:
                amount = Limit.parse(text).amount
            except ValueError:
                return Problem("not_a_limit", self.key)
        elif self.kind == "choice":
            return None if text in self.options else Problem("not_a_choice", self.key)
        elif text.isascii() and text.isdigit():
            amount = int(text)
        else:
            return Problem("not_a_number", self.key)
        if not self.least <= amount <= self.most:
            return Problem("out_of_bounds", self.key, {"least": self.least, "most": self.most})
        return None


SHARES = ("half", "two_thirds", "three_quarters")
"""Shares that a charter can ask for; `profiles` reckons with them."""

# Where the law sets a limit, a charter cannot lower it. Posting:
# Organic Law of Urban Residents' Committees (2026), Art. 34: at least 15 days.
VALUES: dict[str, Value] = {
    value.key: value
    for value in (
        Value("admission", "3wd", "limit", 1),
        Value("consultation_start", "5wd", "limit", 2),
        Value("consultation_days", "7", "days", 2, least=3),
        Value("summary", "5wd", "limit", 2),
        Value("review", "10wd", "limit", 3),
        Value("may_skip_review", "yes", "choice", 3),
        Value("meeting_call", "15wd", "limit", 4),
        Value("meeting_notice_days", "3", "days", 4, least=2),
        Value("petition_days", "30", "days", 4, least=10, most=90),
        Value("minutes", "5wd", "limit", 4),
        Value("posting_days", "15", "days", 4, least=15, by_law=True),
        Value("council_quorum", "two_thirds", "choice", 4, options=SHARES),
        Value("council_passing", "half", "choice", 4, options=SHARES),
        Value("meeting_tie", "fails", "choice", 4, options=("fails", "chair")),
        Value("speak_seconds", "120", "seconds", 4, least=30, most=600),
        Value("speak_turns", "2", "times", 4, most=10),
        Value("vote_objection_days", "5", "days", 4, least=5),
        Value("vote_notice_days", "7", "days", 4, least=7),
        Value("vote_open_days", "7", "days", 4, least=3),
        Value("vote_extension_days", "7", "days", 4, most=7),
        Value("vote_result_days", "7", "days", 4, least=5),
        Value("vote_rows", "sums", "choice", 4, options=("sums", "numbers")),
        Value("vote_each", "none", "choice", 4, options=("none", *SHARES)),
        Value("vote_need", "0", "constituencies", 4, least=0, most=5),
        Value("vote_experts", "count", "choice", 4, options=("count", "advise")),
        Value("acknowledge", "1wd", "limit", 5),
        Value("acceptance", "5wd", "limit", 5),
        Value("due_soon", "1", "working_days", 5),
        Value("extension_most", "10", "working_days", 5, least=1, most=10),
        Value("rating_days", "30", "days", 5, least=7),
        Value("rating_shown_from", "5", "people", 5, least=3),
    )
}


class CharterValue(Governed, Base):
    """A value that this community's charter sets differently from the default."""

    __tablename__ = "charter_value"
    __table_args__ = (UniqueConstraint("community_id", "key"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    key: Mapped[str] = mapped_column(info=PLAIN)
    value: Mapped[str] = mapped_column(info=PLAIN)


@act("charter.set", who=Can.CONFIGURE)
def set_value(ctx: Context, place: Place, *, key: str, value: str) -> CharterValue:
    """Set a value of the charter. Running matters keep the values they started with."""
    if key not in VALUES:
        raise Invalid(Problem("not_a_choice", "key"))
    if problem := VALUES[key].problem(value):
        raise Invalid(problem)
    found = select(CharterValue).where(
        CharterValue.community_id == place.id, CharterValue.key == key
    )
    row = ctx.session.scalars(found).first()
    if row is None:
        row = CharterValue(community_id=place.id, key=key, value=value)
        ctx.session.add(row)
    row.value = value
    return row


# Questions


@dataclass(frozen=True)
class Rule:
    """A value in force, taken apart for reading: 3 working days, 15 days, yes.

    `unit` is h, wh, d, wd, or empty where nothing but people is counted; `number` is 0 for a
    choice. `is_own` says that the community set it differently from the default.
    """

    value: Value
    text: str
    number: int
    unit: str
    is_own: bool


def rule(value: Value, text: str) -> Rule:
    """A value of the charter, taken apart."""
    counted = {"days": "d", "working_days": "wd"}.get(value.kind, "")
    if value.kind == "limit":
        found = Limit.parse(text)
        number, counted = found.amount, found.unit.value
    else:
        number = 0 if value.kind == "choice" else int(text)
    return Rule(value, text, number, counted, text != value.default)


def card(session: Session, community_id: int) -> list[Rule]:
    """Every value in force in a community, in the order of the road (one statement)."""
    found = rules(session, community_id)
    return [rule(value, found[key]) for key, value in VALUES.items()]


def rules(session: Session, community_id: int) -> dict[str, str]:
    """Every value in force in a community; a matter copies this when it starts."""
    found = select(CharterValue.key, CharterValue.value).where(
        CharterValue.community_id == community_id
    )
    return {key: value.default for key, value in VALUES.items()} | dict(
        session.execute(found).all()
    )


def limit(copied: dict[str, Any], key: str) -> Limit:
    """A time limit out of the values that a matter copied."""
    return Limit.parse(copied[key])


def count(copied: dict[str, Any], key: str) -> int:
    """A number out of the values that a matter copied."""
    return int(copied[key])
