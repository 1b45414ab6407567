"""Archives: published minutes as one sealed file; its fingerprint stands in the public log."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import corrections, minutes, proceedings, scrutiny
from council.db import PLAIN, Base, Governed
from council.gate import Context, act, after
from council.meetings import Meeting
from council.minutes import Line, Minutes, MinutesStage
from council.people import SYSTEM, Byline
from council.policy import Can
from council.proceedings import Proceedings
from council.tallies import Json

FORMAT = "council-minutes-v1"
"""The name of the format, for whoever reads such a file in years."""

# Table


class MinutesArchive(Governed, Base):
    """The file of published minutes, word for word, with its SHA-256; nobody writes it again."""

    __tablename__ = "minutes_archive"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"), unique=True)
    sha256: Mapped[str] = mapped_column(info=PLAIN)
    text: Mapped[str]
    sealed_at: Mapped[datetime]


# Requirements


def minutes_published(ctx: Context, minutes: Minutes) -> bool:
    """The minutes have been published."""
    return minutes.stage is MinutesStage.PUBLISHED


def not_sealed(ctx: Context, minutes: Minutes) -> bool:
    """The minutes are not sealed yet."""
    return of_minutes(ctx.session, minutes.id) is None


# Act


@act("minutes.seal", who=Can.SYSTEM, requires=(minutes_published, not_sealed))
def seal(ctx: Context, minutes: Minutes) -> MinutesArchive:
    """Keep the minutes as one file, and its fingerprint in the log, as they are published."""
    content = scrutiny.canonical(contents(ctx.session, minutes))
    made = MinutesArchive(
        community_id=minutes.community_id, minutes_id=minutes.id, sealed_at=ctx.now,
        sha256=hashlib.sha256(content).hexdigest(), text=content.decode(),
    )  # fmt: skip
    ctx.session.add(made)
    return made


@after("minutes.publish")
def seal_what_is_published(ctx: Context, minutes: Minutes) -> None:
    """What is published is sealed in the same moment."""
    seal(replace(ctx, actor=SYSTEM, behalf=None), minutes)


# Questions


def of_minutes(session: Session, minutes_id: int) -> MinutesArchive | None:
    """The sealed file of these minutes; None for a draft, and for what was published before."""
    found = select(MinutesArchive).where(MinutesArchive.minutes_id == minutes_id)
    return session.scalars(found).first()


def contents(session: Session, row: Minutes) -> Json:
    """What published minutes tell, as plain data, in a fixed number of statements.

    People stand in it as on the page: by constituency and office, never by name.
    """
    meeting = session.get_one(Meeting, row.meeting_id)
    record = minutes.record(session, meeting)
    courses = proceedings.of_items(session, meeting.id, [one.item.id for one in record.lines])
    return {
        "format": FORMAT, "minutes": row.id, "published": _plain(row.published_at),
        "meeting": {
            "number": meeting.id, "kind": meeting.kind.value, "title": meeting.title,
            "place": meeting.location, "began": _plain(meeting.began_at),
            "ended": _plain(meeting.ended_at), "chair": _office(record.chair),
            "recorder": _office(record.recorder),
        },
        "seats": {
            "due": record.now.due, "present": record.now.present, "quorum": record.test.met,
            "lines": [one.to_json() for one in record.test.lines],
        },
        "items": [_item(one, courses[one.item.id]) for one in record.lines],
        "words": {name: getattr(row, name) for name in vars(minutes.Words())},
        "signatures": _rows(
            minutes.signatures(session, row), "constituency", "signed_by", "note", "signed_at"
        ),
        "corrections": _rows(
            corrections.noted(session, row.id),
            "constituency", "words", "noted_at", "accepted", "answer", "answered_at",
        ),
        "wordings": _rows(
            corrections.versions(session, row.id),
            "revision", "views_for", "views_against", "other", "written_at",
        ),
        "photographs": [one.sha256 for one in minutes.pictures(session, meeting.id)],
    }  # fmt: skip


# Private helpers


def _item(line: Line, course: Proceedings) -> Json:
    item, vote = line.item, line.vote
    return {
        "position": item.position, "kind": item.kind.value, "matter": item.proposal_id,
        "title": line.proposal.title if line.proposal else item.title, "motion": item.motion,
        "stage": item.stage.value, "consensus": item.consensus, "reason": item.reason,
        "vote": vote.id if vote else None,
        "result": line.result.to_json() if line.result else None,
        "speeches": _rows(course.speeches, "constituency", "side", "called_at", "how"),
        "amendments": [
            {
                **_rows([one.row], "depth", "before", "text", "stage", "moved_at")[0],
                "mover": one.mover, "seconder": one.seconder,
                "vote": one.vote.id if one.vote else None,
            }
            for one in course.amendments
        ],
        "chair_turns": _rows(course.chairs, "at"),
        "objections": _rows(line.objections, "constituency", "words"),
    }  # fmt: skip


def _office(byline: Byline) -> Json:
    return {"post": byline.post.value if byline.post else None, "number": byline.number}


def _rows(rows: Sequence[object], *names: str) -> list[dict[str, Any]]:
    return [{name: _plain(getattr(row, name)) for name in names} for row in rows]


def _plain(value: object) -> object:
    """A column as it stands in the file: instants in UTC."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
