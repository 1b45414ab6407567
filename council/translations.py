"""The community's translations of what residents wrote; the original stays the record."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, inspect, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from council.db import PLAIN, Base, Governed
from council.errors import checking
from council.gate import Context, Situated, act
from council.policy import Can

LONGEST = 20_000


class Translation(Governed, Base):
    """One text of one row, in English, entered by a worker or recorder."""

    __tablename__ = "translation"
    __table_args__ = (UniqueConstraint("subject_table", "subject_id", "field"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    subject_table: Mapped[str] = mapped_column(info=PLAIN)
    subject_id: Mapped[int]
    field: Mapped[str] = mapped_column(info=PLAIN)
    words: Mapped[str]


Words = dict[tuple[str, int, str], str]


@act("translation.add", who=Can.TRANSLATE)
def add(ctx: Context, row: Situated, *, field: str, words: str) -> Translation:
    """Add or better the English of one text; the original is untouched and stays the record."""
    with checking() as check:
        check.text(words, field, limit=LONGEST)
        check(isinstance(getattr(row, field, None), str | list), "not_a_choice", "field")
    return put(ctx.session, row, field, words)


def put(session: Session, row: Situated, field: str, words: str) -> Translation:
    """Note the English of one text of a row that was flushed (call it inside an act)."""
    table: str = row.__tablename__  # type: ignore[attr-defined]
    row_id: int = row.id  # type: ignore[attr-defined]
    matter = row_id if table == "proposal" else getattr(row, "proposal_id", None)
    found = select(Translation).where(
        Translation.subject_table == table,
        Translation.subject_id == row_id,
        Translation.field == field,
    )
    made = session.scalars(found).first()
    if made is None:
        made = Translation(
            community_id=row.community_id, proposal_id=matter, subject_table=table,
            subject_id=row_id, field=field, words=words,
        )  # fmt: skip
        session.add(made)
    made.words = words
    return made


def forget(session: Session, *rows: Base) -> None:
    """Drop the English of every text that was just changed or taken out (call it inside an act).

    Call it before the changes are flushed; a translation never says what its original does not.
    """
    changed = {
        (row.__tablename__, kept.identity[0], one.key)
        for row in rows
        if (kept := inspect(row)).identity
        for one in kept.attrs
        if row in session.deleted or one.history.has_changes()
    }
    if not changed:
        return
    about = {(table, row_id) for table, row_id, _ in changed}
    found = select(Translation).where(
        tuple_(Translation.subject_table, Translation.subject_id).in_(about)
    )
    for made in session.scalars(found):
        if (made.subject_table, made.subject_id, made.field) in changed:
            session.delete(made)


def of_matters(session: Session, proposal_ids: Iterable[int]) -> Words:
    """Every translation that belongs to these matters, in one statement."""
    return where(session, Translation.proposal_id.in_(list(proposal_ids)))


def of_rows(session: Session, rows: Iterable[tuple[str, int]]) -> Words:
    """Every translation of these rows (table, id), in one statement."""
    pairs = list(rows)
    return where(session, tuple_(Translation.subject_table, Translation.subject_id).in_(pairs))


def where(session: Session, holds: ColumnElement[bool]) -> Words:
    """Every translation of which this holds, in one statement."""
    return {
        (row.subject_table, row.subject_id, row.field): row.words
        for row in session.scalars(select(Translation).where(holds))
    }
