"""The log in words: who did what, when and for whom, as sentences that everybody can read."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from council import audit, gate, i18n, merkle
from council.audit import Entry, Salt
from council.db import Base, Governed, Utc
from council.gate import Context
from council.i18n import Phrase
from council.people import Alias, Byline, Channel, Consent, Constituency, Membership, Office, Post
from council.places import Unit
from council.proposals import Proposal, visible_to

PAGE = 50


class LogKind(StrEnum):
    """What an entry is about, for a reader who looks for something."""

    PROPOSALS = "proposals"
    CONSULTATION = "consultation"
    REVIEW = "review"
    MEETINGS = "meetings"
    VOTES = "votes"
    IMPLEMENTATION = "implementation"
    COMMUNITY = "community"


IN_MEETINGS = frozenset({
    "meeting", "check_in", "door", "observer", "invitation", "seat", "unit_answer", "item",
    "minutes", "correction", "screen", "chair", "hand", "speech", "side", "order", "straw",
    "motion", "petition", "envoy", "hand_count",
})  # fmt: skip

NOUNS: dict[LogKind, frozenset[str]] = {
    LogKind.PROPOSALS: frozenset({"proposal", "admission"}),
    LogKind.CONSULTATION: frozenset({"consultation", "opinion", "statement", "group"}),
    LogKind.REVIEW: frozenset({"review"}),
    LogKind.MEETINGS: IN_MEETINGS,
    LogKind.VOTES: frozenset(
        {"vote", "ballot", "roll", "proxy", "dispute", "referral", "keeper", "box", "ballot_batch"}
    ),
    LogKind.IMPLEMENTATION: frozenset({"commitment", "decision", "result", "rating"}),
}
"""The nouns of the acts; whatever is named in none of them is about the community itself."""

OPEN: dict[str, tuple[str, ...]] = {
    "proposal": ("title", "situation", "request", "affected", "location"),
    "notice": ("title", "body"),
    "review": ("skip_reason", "extension_reason"),
    "panelist": ("profession", "interest", "reason"),
    "commitment": ("title", "standard"),
}
"""Texts that everybody may read who may see their matter. All others stay fingerprints here."""


@dataclass(frozen=True)
class History:
    """One entry of the log in words. `matter` is there when the reader may see it."""

    index: int
    at: datetime
    act: str
    place_id: int
    matter_id: int | None
    matter: Proposal | None
    by: Byline | None
    behalf: Byline | None
    channel: Channel | None
    consent: Consent | None
    moved: tuple[str, str] | None

    @property
    def day(self) -> date:
        """The day on the community's clock."""
        return i18n.local(self.at).date()

    @property
    def title(self) -> str:
        """The matter's title; empty when it is not for this reader."""
        return self.matter.title if self.matter and not self.matter.hidden else ""

    @property
    def sentence(self) -> Phrase:
        """What was done, in a sentence: for feeds and lists without links."""
        return Phrase(
            f"act.{self.act}", {"matter": self.title or Phrase("a matter that is not public")}
        )


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for: a kind, a matter, words in its title, until when, before which."""

    kind: LogKind | None = None
    matter_id: int | None = None
    words: str = ""
    until: datetime | None = None
    before: int | None = None
    limit: int = PAGE


@dataclass(frozen=True)
class Cell:
    """One column of a changed row. `kind` says how to print `value`.

    Kinds: empty, enum, moment, day, flag, number, ref (table, id), text, and fingerprint. `live` is
    the text behind a fingerprint, if the reader may see it and it is still the very same text.
    """

    column: str
    kind: str
    value: Any
    live: str = ""


@dataclass(frozen=True)
class Change:
    """One row that an act touched: made, changed or taken away."""

    table: str
    row_id: int
    what: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Detail:
    """An entry with all that it holds: its rows, its canonical bytes, its leaf hash."""

    history: History
    changes: tuple[Change, ...]
    canonical: str
    leaf: bytes


@dataclass(frozen=True)
class Head:
    """What is printed of the log: how many entries, and the first 16 hex digits of their root."""

    size: int
    digits: str


# Questions


def head(session: Session) -> Head:
    """The log as it stands, in two statements: whoever keeps the paper can check it later."""
    size = audit.size(session)
    return Head(size, audit.root(session, size).hex()[:16])


def page(ctx: Context, wanted: Wanted) -> list[History]:
    """The newest entries first, one more than `limit` so that a page knows of an older one.

    A fixed number of statements, however many entries there are.
    """
    matters = None
    if wanted.words:
        found = select(Proposal.id).where(visible_to(ctx), Proposal.hidden.is_(False))
        matters = found.where(Proposal.title.contains(wanted.words, autoescape=True))
    entries = audit.entries(
        ctx.session, before=wanted.before, matter_id=wanted.matter_id, matter_ids=matters,
        acts=acts_of(wanted.kind) if wanted.kind else None, until=wanted.until,
        limit=wanted.limit + 1,
    )  # fmt: skip
    return _in_words(ctx, entries)


def entries_of(ctx: Context, proposal_id: int, limit: int = PAGE) -> list[History]:
    """What was done in a matter, newest first; one more than `limit` says that there is more."""
    return page(ctx, Wanted(matter_id=proposal_id, limit=limit))


def entry_of(session: Session, act: str, row: Governed, *, since: datetime) -> int | None:
    """The number of the entry in which an act made this row, looked for from its hour on."""
    found = select(Entry.idx, Entry.entry).where(Entry.act == act, Entry.at >= since)
    made = (
        (idx, json.loads(content)) for idx, content in session.execute(found.order_by(Entry.idx))
    )
    return next((idx for idx, body in made if body.get("on", {}).get("id") == row.id), None)


def touched(session: Session, row: Governed, *, since: datetime, apart_from: str) -> bool:
    """Whether anybody has changed this row, or a row about it, from an instant on.

    What the clockwork did, and the act `apart_from`, do not count. Reads every entry since then:
    for a few seconds, not for days.
    """
    table: str = row.__tablename__  # type: ignore[attr-defined]
    found = select(Entry.entry).where(Entry.at >= since, Entry.act != apart_from)
    for content in session.scalars(found):
        body = json.loads(content)
        if not body["by"].get("system") and any(
            _is_about(one, table, row.id) for one in body["rows"]
        ):
            return True
    return False


def _is_about(change: Mapping[str, Any], table: str, row_id: int) -> bool:
    """Whether a changed row is this one, or names it: `item_id` or `agenda_item_id` for an item."""
    values = change.get("new") or change.get("set") or change.get("gone") or {}
    if (change["t"], change["id"]) == (table, row_id):
        return True
    named = {table + "_id", table.rpartition("_")[2] + "_id"}
    return isinstance(values, dict) and any(values.get(name) == row_id for name in named)


def detail(ctx: Context, index: int) -> Detail | None:
    """One entry with its rows; None when there is none. A statement per table of open texts."""
    entry = audit.entry(ctx.session, index)
    if entry is None:
        return None
    history = _in_words(ctx, [entry])[0]
    body = json.loads(entry.entry)
    live = _live(ctx.session, body["rows"]) if history.title else {}
    found = select(Salt.n, Salt.salt).where(Salt.idx == index)
    salts = {n: salt for n, salt in ctx.session.execute(found)}  # noqa: C416 (rows, not pairs)
    changes = [_change(row, salts.get(n), live) for n, row in enumerate(body["rows"])]
    about = (body.get("on", {}).get("t"), body.get("on", {}).get("id"))
    changes.sort(key=lambda one: (one.table, one.row_id) != about)
    return Detail(history, tuple(changes), entry.entry.decode(), merkle.leaf_hash(entry.entry))


def acts_of(kind: LogKind) -> list[str]:
    """The acts of a kind."""
    return [name for name in gate.ACTS if kind_of(name) is kind]


def kind_of(act: str) -> LogKind:
    """What kind of thing an act is about."""
    noun = act.partition(".")[0]
    return next((kind for kind, nouns in NOUNS.items() if noun in nouns), LogKind.COMMUNITY)


def tables() -> dict[str, type[Governed]]:
    """Every governed table by its name."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    return {row.__tablename__: row for row in classes if issubclass(row, Governed)}  # type: ignore[attr-defined]


# Sentences


def _in_words(ctx: Context, entries: Sequence[Entry]) -> list[History]:
    bodies = [json.loads(entry.entry) for entry in entries]
    faces = _faces(ctx.session, [who for body in bodies for who in _whom(body)])
    matters = _matters(ctx, {entry.matter_id for entry in entries if entry.matter_id})
    return [
        History(
            index=entry.idx, at=entry.at, act=entry.act, place_id=entry.place_id,
            matter_id=entry.matter_id, matter=matters.get(entry.matter_id or 0),
            by=_byline(body["by"], faces), behalf=_byline(body.get("for"), faces),
            channel=Channel(body["channel"]) if "channel" in body else None,
            consent=Consent(body["consent"]) if "consent" in body else None,
            moved=(body["from"], body["to"]) if "from" in body else None,
        )
        for entry, body in zip(entries, bodies, strict=True)
    ]  # fmt: skip


def _whom(body: Mapping[str, Any]) -> list[str]:
    return [body[key]["ref"] for key in ("by", "for") if body.get(key, {}).get("ref")]


def _matters(ctx: Context, ids: Iterable[int]) -> dict[int, Proposal]:
    found = select(Proposal).where(Proposal.id.in_(list(ids)), visible_to(ctx))
    return {row.id: row for row in ctx.session.scalars(found)}


@dataclass(frozen=True)
class _Face:
    """What can be said of a reference: the public number, the numbers of offices, the unit."""

    number: int
    posts: Mapping[Post, int]
    unit: tuple[str, str]


def _faces(session: Session, refs: Iterable[str]) -> dict[str, _Face]:
    aliases = session.scalars(select(Alias).where(Alias.ref.in_(set(refs)))).all()
    people = {row.person_id for row in aliases}
    posts: dict[int, dict[Post, int]] = defaultdict(dict)
    held = select(Office.person_id, Office.post, Office.number).where(Office.person_id.in_(people))
    for person_id, post, number in session.execute(held.order_by(Office.id)):
        posts[person_id][post] = number
    found = select(Membership.person_id, Membership.community_id, Unit.name, Unit.name_en)
    found = found.join(Unit, Unit.id == Membership.unit_id).where(Membership.person_id.in_(people))
    units = {(person, place): (name, en) for person, place, name, en in session.execute(found)}
    return {
        row.ref: _Face(
            row.number, posts[row.person_id], units.get((row.person_id, row.community_id), ("", ""))
        )
        for row in aliases
    }


def _byline(who: Mapping[str, Any] | None, faces: Mapping[str, _Face]) -> Byline | None:
    """How somebody in an entry appears; None for the clockwork, and for nobody."""
    if who is None or who.get("system"):
        return None
    face = faces.get(who["ref"], _Face(0, {}, ("", "")))
    capacity = Constituency(who["capacity"]) if who.get("capacity") else None
    if "post" in who:
        post = Post(who["post"])
        return Byline(capacity, face.posts.get(post, 0), post=post)
    made = Byline(capacity, face.number)
    if capacity is not Constituency.UNITS:
        return made
    return replace(made, unit=face.unit[0], unit_en=face.unit[1])


# Rows


def _live(session: Session, rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], Any]:
    """The rows as they are now, of those tables whose texts are open."""
    ids: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row["t"] in OPEN:
            ids[row["t"]].append(row["id"])
    known = tables()
    found = {}
    for table, wanted in ids.items():
        kind: Any = known[table]
        for one in session.scalars(select(kind).where(kind.id.in_(wanted))):
            found[table, one.id] = one
    return found


def _change(
    row: Mapping[str, Any], salt: bytes | None, live: Mapping[tuple[str, int], Any]
) -> Change:
    table, row_id = row["t"], row["id"]
    what = next((one for one in ("new", "set", "gone") if one in row), "set")
    values: Mapping[str, Any] = row.get("new") or row.get("set") or {}
    kind = tables().get(table)
    columns: Any = kind.__table__.columns if kind else {}  # type: ignore[attr-defined]
    order = {name: position for position, name in enumerate(columns.keys())}
    cells = []
    for name in sorted(values, key=lambda name: order.get(name, 0)):
        cell = _cell(name, values[name], columns.get(name))
        now = live.get((table, row_id)) if name in OPEN.get(table, ()) else None
        cells.append(_opened(cell, now, salt) if now is not None and salt else cell)
    return Change(table, row_id, what, tuple(cells))


def _opened(cell: Cell, row: Any, salt: bytes) -> Cell:
    """The text behind a fingerprint, if it is still the very same text."""
    text = getattr(row, cell.column)
    if cell.kind != "fingerprint" or audit.salted(salt, cell.column, text)["h"] != cell.value:
        return cell
    return replace(cell, live=text) if text else Cell(cell.column, "empty", None)


def _cell(name: str, value: Any, column: Column[Any] | None) -> Cell:
    if value is None or value == "":
        return Cell(name, "empty", None)
    if isinstance(value, dict) and set(value) == {"h"}:
        return Cell(name, "fingerprint", value["h"])
    if isinstance(value, bool):
        return Cell(name, "flag", value)
    if isinstance(value, int):
        target = next(iter(column.foreign_keys), None) if column is not None else None
        return (
            Cell(name, "ref", (target.column.table.name, value))
            if target
            else Cell(name, "number", value)
        )
    return _coded(name, value, column.type if column is not None else None)


def _coded(name: str, value: Any, kind: Any) -> Cell:
    """A code, an instant or a day that stands in the entry as text."""
    if isinstance(kind, sa.Enum) and kind.enum_class and value in kind.enums:
        return Cell(name, "enum", kind.enum_class(value))
    if isinstance(kind, Utc):
        return Cell(name, "moment", datetime.fromisoformat(value))
    if isinstance(kind, sa.Date):
        return Cell(name, "day", date.fromisoformat(value))
    return Cell(name, "text", value if isinstance(value, str) else json.dumps(value))
