"""The council's clockwork: what the calendar makes due, and the signing of the log."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from council import (
    audit,
    batches,
    commitments,
    consultations,
    course,
    merkle,
    petitions,
    process,
    ratings,
    ties,
)
from council.checkpoint import Checkpoint, Signer, Verifier
from council.db import Database
from council.errors import CouncilError
from council.gate import Context
from council.people import SYSTEM
from council.proposals import Proposal, Stage
from council.settings import Settings


class ForkedLog(RuntimeError):
    """The tree is smaller than the last signed one, or another: signing it would be a lie."""


def work(database: Database, settings: Settings, now: datetime) -> int:
    """Do everything that is due and sign the log; returns how many things were done.

    Each thing is a transaction of its own and asks its requirements again at this moment, so
    that running twice, or late, or in two places does no harm.
    """
    done = 0
    with database.read() as session:
        ctx = Context(session, SYSTEM, now)
        found = [(act, list(due(ctx))) for due, act in _DUE]
    for act, ids in found:
        for row_id in ids:
            with suppress(CouncilError), database.write() as session:
                act(Context(session, SYSTEM, now), row_id)
                done += 1
    _forget_order(database, settings)
    sign(database, settings)
    return done


def run_due(ctx: Context) -> None:
    """Do everything that is due in one session, for a clock that is moved by hand."""
    for due, act in _DUE:
        for row_id in list(due(ctx)):
            with suppress(CouncilError):
                act(ctx, row_id)


def _windows_over(ctx: Context) -> Iterable[int]:
    return _at(ctx, Stage.CONSULTING, consultations.window_over)


def _ratings_over(ctx: Context) -> Iterable[int]:
    return _at(ctx, Stage.COMPLETED, ratings.ratings_over)


def _at(ctx: Context, stage: Stage, holds: Callable[[Context, Proposal], bool]) -> list[int]:
    found = select(Proposal).where(Proposal.stage == stage)
    return [row.id for row in ctx.session.scalars(found) if holds(ctx, row)]


def _move(name: str) -> Callable[[Context, int], None]:
    def move(ctx: Context, proposal_id: int) -> None:
        process.move(ctx, ctx.session.get_one(Proposal, proposal_id), name)

    return move


def _flag(ctx: Context, commitment_id: int) -> None:
    commitments.flag_overdue(ctx, ctx.session.get_one(commitments.Commitment, commitment_id))


def _forget_order(database: Database, settings: Settings) -> None:
    """After the close of a secret vote, until it worked: leave no trace of an order on the disk."""
    with database.read() as session:
        closed = batches.closed(session)
    kept = settings.data_dir / "closed_boxes"
    known = {int(one) for one in kept.read_text("utf-8").split()} if kept.exists() else set()
    if closed - known and batches.blur(database):
        _replace(kept, " ".join(str(one) for one in sorted(closed)))


_DUE: tuple[tuple[Callable[[Context], Iterable[int]], Callable[[Context, int], None]], ...] = (
    (_windows_over, _move("close_consultation")),
    (commitments.newly_overdue, _flag),
    (_ratings_over, _move("close_rating")),
    (batches.due, batches.log_waiting),
    (course.due, course.tick),
    (petitions.lapsing, petitions.lapse),
    (ties.lapsing, ties.lapse),
)


# Signing


def sign(database: Database, settings: Settings) -> str | None:
    """Sign the log's head and keep the note outside the database; None when there is nothing new.

    The root is computed again from the entries' own bytes; a smaller tree than the last signed
    one, or one that does not contain it, is never signed. Raises ForkedLog.
    """
    signer = Signer(settings.log_origin, settings.log_seed())
    last = last_signed(settings)
    with database.read() as session:
        if last is not None and audit.size(session) == last.size:
            return None
        size, root = _recomputed(session, last)
    note = signer.sign(Checkpoint(settings.log_origin, size, root).text())
    _replace(settings.checkpoint_file, note)
    return note


def last_signed(settings: Settings) -> Checkpoint | None:
    """The last checkpoint that was signed, from its file. Raises BadNote when it was altered."""
    if not settings.checkpoint_file.exists():
        return None
    verifier = Verifier.parse(Signer(settings.log_origin, settings.log_seed()).verifier)
    return Checkpoint.parse(verifier.open(settings.checkpoint_file.read_text("utf-8")))


def _recomputed(session: Session, last: Checkpoint | None) -> tuple[int, bytes]:
    tree = merkle.Frontier()
    size = 0
    consistent = last is None or last.size == 0
    for entry in audit.leaves(session):
        tree.append(merkle.leaf_hash(entry.entry))
        size += 1
        if last is not None and size == last.size:
            consistent = tree.root() == last.root
    if not consistent:
        raise ForkedLog("the log does not contain the last signed checkpoint")
    if tree.root() != audit.root(session, size) or size != audit.size(session):
        raise ForkedLog("the stored tree does not follow from its entries")
    return size, tree.root()


def _replace(path: Path, words: str) -> None:
    """Replace a file in one step, on the disk before it counts."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as target:
        target.write(words)
        target.flush()
        os.fsync(target.fileno())
    fresh.replace(path)
