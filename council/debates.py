"""Debates: what was moved about an item, how its text would change, and who may do what now."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from council import differences, gate, motions, policy, translations
from council.differences import Piece
from council.gate import Context, Possible
from council.meetings import AgendaItem, MeetingSeat
from council.motions import LIVE, Motion, MotionStage
from council.papers import ItemPaper
from council.people import Constituency
from council.policy import Can
from council.straws import Straw
from council.translations import Translation
from council.votes import Vote
from council.workflow import Transition


@dataclass(frozen=True)
class Told:
    """A motion or an amendment: by whom, what changes, and the vote on it, if any."""

    row: Motion
    mover: Constituency | None
    seconder: Constituency | None
    vote: Vote | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Debate:
    """What is open about an item, the innermost last, what is settled, and what one may do."""

    item: AgendaItem
    open: tuple[Told, ...]
    settled: tuple[Told, ...]
    steps: tuple[tuple[Transition[Motion, MotionStage], Possible], ...]
    amend: Possible | None
    closes: Possible | None
    enters: bool

    @property
    def inner(self) -> Told | None:
        """The one that is settled first."""
        return self.open[-1] if self.open else None

    @property
    def voting(self) -> Told | None:
        """The amendment that is being voted on."""
        inner = self.inner
        return inner if inner and inner.vote and inner.vote.is_open else None


def told(session: Session, item_ids: list[int]) -> list[Told]:
    """All that was moved about these items, in the order in which it was; three statements."""
    rows = motions.of_items(session, item_ids)
    cast = motions.of_votes(session, [row.id for row in rows])
    ids = {one for row in rows for one in (row.mover_seat_id, row.seconder_seat_id)} - {None}
    found = select(MeetingSeat.id, MeetingSeat.constituency).where(MeetingSeat.id.in_(ids))
    seats: dict[int | None, Constituency] = {
        row.id: row.constituency for row in session.execute(found)
    }
    return [
        Told(
            row, seats.get(row.mover_seat_id), seats.get(row.seconder_seat_id), cast.get(row.id),
            differences.pieces(row.before, row.text),
        )
        for row in rows
    ]  # fmt: skip


def of(ctx: Context, item: AgendaItem) -> Debate:
    """The debate about an item, for whoever reads it."""
    rows = told(ctx.session, [item.id])
    going = tuple(one for one in rows if one.row.stage in LIVE)
    inner = going[-1] if going else None
    vote = inner.vote if inner else None
    return Debate(
        item,
        going,
        tuple(one for one in rows if one.row.depth and one.row.stage not in LIVE),
        tuple(motions.steps(ctx, inner.row)) if inner else (),
        gate.possible(ctx, "motion.amend", inner.row) if inner else None,
        gate.possible(ctx, "vote.close", vote) if vote and vote.is_open else None,
        policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, item.community_id),
    )


def english(session: Session, meeting_id: int) -> translations.Words:
    """The community's English of a meeting, its agenda, matters and amendments (one statement)."""
    agenda = select(AgendaItem).where(AgendaItem.meeting_id == meeting_id)
    own: dict[str, Any] = {
        "meeting": [meeting_id],
        "agenda_item": agenda.with_only_columns(AgendaItem.id),
        "motion": select(Motion.id).where(Motion.meeting_id == meeting_id),
        "item_paper": select(ItemPaper.id).where(ItemPaper.meeting_id == meeting_id),
        "straw_poll": select(Straw.id).where(Straw.meeting_id == meeting_id),
    }
    return translations.where(
        session,
        or_(
            Translation.proposal_id.in_(agenda.with_only_columns(AgendaItem.proposal_id)),
            *(
                (Translation.subject_table == table) & Translation.subject_id.in_(ids)
                for table, ids in own.items()
            ),
        ),
    )


def of_vote(session: Session, vote: Vote, item: AgendaItem) -> translations.Words:
    """The English of a vote in a meeting: its question is what was moved, and is said alike."""
    found = english(session, item.meeting_id)
    moved = ("agenda_item", item.id, "motion")
    asked = found.get(("motion", vote.motion_id, "text") if vote.motion_id else moved, "")
    return found | {("vote", vote.id, "question"): asked} if asked else found
