"""Proof of posting: a photograph shows that a notice hangs on a board, where and since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import files
from council.db import Base, Governed
from council.deadlines import local_date
from council.errors import checking
from council.files import ALT, PhotoView, Picture, Role
from council.gate import Context, act
from council.notices import Notice
from council.policy import Can

PLACE, MOST = 60, 12
"""Longest name of a board, in characters; most photographs of one notice."""

# Table


class PostingProof(Governed, Base):
    """A photograph of a notice on a board: at which place, taken when. The picture is a Photo."""

    __tablename__ = "posting_proof"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    place: Mapped[str]
    taken_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


# Act


@act("notice.photograph", who=Can.PUBLISH, alone=True)
def photograph(
    ctx: Context, notice: Notice, *, picture: Picture, place: str, taken_at: datetime, alt: str
) -> PostingProof:
    """Show that the notice hangs: a photograph taken between its first and its last day."""
    there = select(func.count(PostingProof.id)).where(PostingProof.notice_id == notice.id)
    with checking() as check:
        check.text(place, "place", limit=PLACE)
        check.text(alt, "alt", limit=ALT)
        check(ctx.session.scalars(there).one() < MOST, "too_many_proofs", "photo", limit=MOST)
        if check(taken_at <= ctx.now, "in_the_future", "taken_at"):
            hangs = local_date(notice.posted_at) <= local_date(taken_at) <= notice.until
            check(hangs, "not_while_hanging", "taken_at")
    made = PostingProof(
        community_id=notice.community_id, notice_id=notice.id, place=place, taken_at=taken_at,
        entered_at=ctx.now, by_id=ctx.person_id,
    )  # fmt: skip
    ctx.session.add(made)
    files.attach(ctx, made, picture, role=Role.POSTED, alt=alt, public=True)
    return made


# Questions


@dataclass(frozen=True)
class Proof:
    """A photograph of a notice on a board, with place and hour."""

    row: PostingProof
    photo: PhotoView


def of_notices(session: Session, notice_ids: Iterable[int]) -> dict[int, list[Proof]]:
    """The photographs of many notices, in two statements; a notice without one is missing."""
    found = select(PostingProof).where(PostingProof.notice_id.in_(list(notice_ids)))
    rows = list(session.scalars(found.order_by(PostingProof.taken_at, PostingProof.id)))
    pictures = files.photos(session, [("posting_proof", row.id) for row in rows])
    by: dict[int, list[Proof]] = {}
    for row in rows:
        for photo in pictures.get(("posting_proof", row.id), ()):
            by.setdefault(row.notice_id, []).append(Proof(row, photo))
    return by
