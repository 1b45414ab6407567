"""What waits for somebody: where it is done, which vote it is about, and how soon."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from council import i18n
from council.calendar import Deadline, Waiting
from council.disputes import Dispute
from council.envoys import Envoy
from council.meetings import AgendaItem
from council.votes import Vote

ADDRESSES = {
    "proposal": "/proposals/{matter}", "review": "/proposals/{matter}/review",
    "panelist": "/proposals/{matter}/review", "meeting": "/meetings/{row}",
    "agenda_item": "/meetings/{within}/items/{row}", "commitment": "/commitments/{row}",
    "vote": "/votes/{row}", "dispute": "/votes/{within}/disputes/{row}",
    "petition": "/petitions/{row}", "envoy": "/meetings/{within}/envoys/{row}",
}  # fmt: skip
"""Where somebody does what is due, by the table of the row that it is about."""

WITHIN: dict[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]] = {
    "agenda_item": (AgendaItem.id, AgendaItem.meeting_id), "dispute": (Dispute.id, Dispute.vote_id),
    "envoy": (Envoy.id, Envoy.meeting_id),
}  # fmt: skip
"""Rows whose page lies within that of another row, and how that one is found."""


def where(session: Session, waiting: Iterable[Waiting]) -> dict[int, str]:
    """The address at which each of these clocks is stopped, by its id (two statements at most)."""
    clocks = [one.deadline for one in waiting]
    within = _within(session, clocks)
    return {
        one.id: ADDRESSES[one.subject_table].format(
            matter=one.proposal_id, row=one.subject_id,
            within=within.get((one.subject_table, one.subject_id)),
        )
        + ("/minutes" if one.kind == "minutes" else "")
        for one in clocks
    }  # fmt: skip


def _within(session: Session, clocks: list[Deadline]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for table, (inner, outer) in WITHIN.items():
        ids = [one.subject_id for one in clocks if one.subject_table == table]
        rows = session.execute(select(inner, outer).where(inner.in_(ids))).all() if ids else []
        found |= {(table, row[0]): row[1] for row in rows}
    return found


def polls(session: Session, waiting: Iterable[Waiting]) -> dict[int, Vote]:
    """The vote that a clock is about, by the clock's id (two statements at most)."""
    clocks = [one.deadline for one in waiting if one.deadline.subject_table in {"vote", "dispute"}]
    within = _within(session, clocks)
    about = {
        one.id: within.get((one.subject_table, one.subject_id), one.subject_id) for one in clocks
    }
    found = session.scalars(select(Vote).where(Vote.id.in_(about.values()))) if about else ()
    rows = {row.id: row for row in found}
    return {clock: rows[vote_id] for clock, vote_id in about.items()}


def grouped(waiting: Iterable[Waiting], now: datetime) -> dict[str, list[Waiting]]:
    """What waits, under the heads of the page: late, today, this_week, later; no empty ones."""
    groups: dict[str, list[Waiting]] = {}
    today = i18n.local(now).date()
    for one in waiting:
        days = (one.deadline.due_day - today).days
        soon = "today" if days <= 0 else "this_week" if days < 7 else "later"
        groups.setdefault("late" if one.left.overdue else soon, []).append(one)
    return groups
