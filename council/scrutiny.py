"""Scrutiny: what can be checked of the record of a vote without anybody's word for it.

Standard library only, as all that it imports: the stand-alone recount carries these files along.
Each function looks at one part of a record, which is plain data, and says what holds.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from council import merkle, receipts, signatures
from council.derivations import Line
from council.reckoning import SAID, Pile
from council.tallies import ALL, Json, Weight
from council.thresholds import Rule

FORMAT = "council-vote-record-v1"

LOGGED = {
    "vote": {
        "agenda_item_id": "item",
        "title": "title", "question": "question", "options": "options", "body": "body",
        "mode": "mode", "method": "method", "settings": "settings", "rule": "rule",
        "stage": "stage", "due": "roll.due", "opens_at": "times.opens",
        "closes_at": "times.closes", "opened_at": "times.opened", "closed_at": "times.closed",
        "result": "result", "outcome": "result.outcome",
    },
    "paper_count": {
        "issued": "paper.issued", "used": "paper.used", "spoiled": "paper.spoiled",
        "unused": "paper.unused", "missing": "paper.missing",
    },
    "preparation": {
        "roll_digest": "roll.digest", "counted_at": "times.counted",
        "published_at": "times.published", "final_at": "times.final",
        "voided_at": "times.voided",
    },
}  # fmt: skip
"""What the log knows of a vote and its papers, by table and column; where the record says it."""


SUMMED = {"counted": "recount.counted", "secret": "recount.silent"}
"""What the sums of a vote in a meeting are: counted in the room; seats that cast nothing."""


def digest(record: Mapping[str, Any]) -> str:
    """The fingerprint of a record: SHA-256 of its canonical JSON without the fingerprint itself."""
    rest = {name: value for name, value in record.items() if name != "digest"}
    return sha256(canonical(rest)).hexdigest()


def canonical(value: object) -> bytes:
    """Canonical JSON (RFC 8785) of what a record holds: texts, whole numbers, names in ASCII."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def piles(record: Mapping[str, Any]) -> Iterator[Pile]:
    """Every ballot of a record as it counts: by name, out of the box, and from paper.

    Of constituencies that are published together the tallies are taken as they were published.
    """
    meeting, hidden = record["item"] is not None, record["pooled"]
    for _, side, choice, area, _ in record["rows"] or ():
        yield Pile(side or ALL, choice, 1, area, silent=meeting and choice is None)
    for side, choice, voters, area in record["sums"] or ():
        yield Pile(side or ALL, choice, voters, area, silent=meeting and choice is None)
    for side, choice, voters in _in_secret(record):
        if side or not hidden:
            yield Pile(side or ALL, choice, voters)
    for part in record["result"].get("constituencies", ()) if hidden else ():
        if part["constituency"] in hidden:
            yield from _of_part(part)


def file(record: Json) -> Iterator[Line]:
    """The file is the one that was published."""
    said, found = record["digest"], digest(record)
    known = record["format"] == FORMAT
    yield Line("recount.format", known, {"format": str(record["format"])})
    yield Line("recount.file", said == found, {"said": str(said), "found": found})


def roll(record: Json) -> Iterator[Line]:
    """The roll is as large as its constituencies together, and no more have voted."""
    size, due = record["roll"]["size"], record["roll"]["due"]
    together = sum(_heads(one) for one in due.values())
    yield Line("recount.roll", size == together, {"size": size, "sum": together})
    for numbers in record["disputes"].values():
        answered = numbers["upheld"] + numbers["dismissed"]
        fits = min(numbers.values()) >= 0 and answered <= numbers["lodged"]
        if not fits:
            yield Line("recount.disputes", ok=False, fields=numbers)
    done = _voted(record)
    yield Line("recount.voted", 0 <= done <= size, {"size": size, "done": done})


def rows(record: Json) -> Iterator[Line]:
    """Votes by name: each number of the roll at most once, each constituency one of the vote's."""
    rows = record["rows"]
    if rows is None:
        if record["sums"] is not None:
            n = sum(one[2] for one in record["sums"])
            odd = any(_has_odd_area(record, one[3]) for one in record["sums"])
            yield Line(SUMMED.get(record["mode"], "recount.sums"), not odd, {"n": n})
            yield from _sides(record, (one[0] for one in record["sums"]))
        return
    times = Counter(row[0] for row in rows)
    wrong = {n for n, many in times.items() if many > 1 or type(n) is not int or n < 1}
    wrong |= {
        number for number, _, _, area, way in rows
        if _has_odd_area(record, area) or way not in {"", "paper"}
    }  # fmt: skip
    yield from _named("recount.rows", "number", wrong, len(rows))
    numbers = [row[0] for row in rows]
    yield Line("recount.order", numbers == sorted(set(numbers)), {})
    yield from _sides(record, (row[1] for row in rows))
    if seats := record["result"].get("seats"):
        same = [one[1:] for one in seats] == [row[1:3] for row in rows]
        yield Line("recount.seats", same, {"n": len(seats)})


def box(record: Json) -> Iterator[Line]:
    """Secret ballots: each says what it was committed to, and stands once in one batch."""
    openings = record["openings"]
    if openings is None:
        return
    said = [one[0] for one in openings]
    wrong = [c for c, choice, phrase, r, _ in openings
             if receipts.commit(record["vote"], choice, phrase, r) != c]  # fmt: skip
    yield from _named("recount.commitments", "c", wrong, len(said))
    batched = Counter(c for batch in record["batches"] for c in batch["commitments"])
    astray = [c for c, n in (Counter(said) - batched).items() if n]
    astray += [c for c, n in (batched - Counter(said)).items() if n]
    yield from _named("recount.batched", "c", astray, len(record["batches"]))
    mixed = [
        batch["entry"] for batch in record["batches"]
        if batch["commitments"] != sorted(set(batch["commitments"]))
    ]  # fmt: skip
    yield from _named("recount.sorted", "entry", mixed, len(record["batches"]))
    yield Line("recount.order", said == sorted(set(said)), {})
    marks = record["marks"]
    by_phone = marks["web"] + marks["counter"]
    yield Line("recount.marks", by_phone == len(said), {"marks": by_phone, "ballots": len(said)})
    if record["paper"] is None and marks["paper"]:
        yield Line("recount.taken", ok=False, fields={"taken": marks["paper"], "back": 0})
    hidden = record["pooled"]
    yield from _sides(record, (side for side, _, _ in _in_secret(record)), hidden)
    yield from _pooled(record)


def receipt(record: Json, words: str, key: str) -> Iterator[Line]:
    """A receipt: signed with the key of this log, and its ballot stands in the record.

    Signed and not in the record, it proves that a ballot was taken and left out.
    """
    signed = signatures.read(words)
    if signed is None:
        yield Line("recount.receipt_read", ok=False, fields={})
        return
    ours = signatures.is_signed(key, signed)
    yield Line("recount.receipt_signed", ours, {"name": signed.name})
    batched = {c for batch in record["batches"] or () for c in batch["commitments"]}
    held = signed.vote_id == record["vote"] and signed.c in batched
    code = receipts.code_of(signed.c)
    yield Line("recount.receipt_held", held, {"vote": signed.vote_id, "code": code})


def _pooled(record: Json) -> Iterator[Line]:
    """Small constituencies, whose ballots are published together: their sums fit together."""
    hidden = record["pooled"]
    if not hidden:
        return
    told, found = Counter[str](), Counter[str]()
    for part in record["result"]["constituencies"]:
        if part["constituency"] in hidden:
            for pile in _of_part(part):
                told[str(pile.choice)] += pile.voters
    for side, choice, voters in _in_secret(record):
        if side is None:
            found[str(choice)] += voters
    yield Line("recount.pooled", +told == +found, {"names": tuple(hidden)})


def paper(record: Json) -> Iterator[Line]:
    """Paper: every slip is accounted for, bundle by bundle, and is one of those who took it."""
    paper = record["paper"]
    if paper is None:
        return
    numbers = {name: paper[name] for name in ("issued", "used", "spoiled", "unused", "missing")}
    rest = sum(numbers.values()) - paper["issued"]
    yield Line("recount.slips", paper["issued"] == rest, numbers)
    numbered = [bundle["number"] for bundle in paper["bundles"]]
    if numbered != list(range(1, len(numbered) + 1)):
        yield Line("recount.order", ok=False, fields={})
    for name in ("used", "spoiled", "unused"):
        together = sum(bundle[name] for bundle in paper["bundles"])
        if together != paper[name]:
            fields = {"where": f"paper.{name}", "said": paper[name], "found": together}
            yield Line("recount.result", ok=False, fields=fields)
    counted = sum(voters for _, _, voters, _ in paper["piles"])
    odd = [
        choice for _, choice, _, area in paper["piles"]
        if _has_odd_area(record, area)
        or (record["method"] == "motion" and choice not in {*SAID, None})
    ]  # fmt: skip
    fits = counted == paper["used"] and not odd and _in_room(record)
    yield Line("recount.paper", fits, {"n": counted, "used": paper["used"]})
    if record["marks"] is not None:
        taken, back = record["marks"]["paper"], paper["used"] + paper["missing"]
        yield Line("recount.taken", taken == back, {"taken": taken, "back": back})
    if record["rows"] is not None:
        slips = [(*row[1:3], 1, row[3]) for row in record["rows"] if row[4] == "paper"]
        same = _summed(slips) == _summed(paper["piles"])
        yield Line("recount.by_number", same, {"n": counted})


def log(record: Json) -> Iterator[Line]:
    """The log: each entry stands in the tree, and says of the vote what the record says."""
    log = record["log"]
    size, root = log["size"], bytes.fromhex(log["root"])
    bodies = {one["index"]: json.loads(one["entry"]) for one in log["entries"]}
    astray = [one["index"] for one in log["entries"] if not _included(one, size, root)]
    yield from _named("recount.entries", "index", astray, len(bodies))
    said = {one["entry"]: one["commitments"] for one in record["batches"]}
    logged = {
        index: row["new"]["commitments"] for index, body in bodies.items() for row in body["rows"]
        if row["t"] == "ballot_batch" and row["new"]["vote_id"] == record["vote"]
    }  # fmt: skip
    wrong = [index for index in {*said, *logged} if said.get(index) != logged.get(index)]
    if said or logged:
        yield from _named("recount.batches", "entry", wrong, len(logged))
    yield from _as_logged(record)


def _in_room(record: Json) -> bool:
    """Whether the slips that were counted in a meeting are those of the sums."""
    said = [
        (side, None if choice == "spoiled" else choice, voters, area)
        for side, choice, voters, area in record["sums"] or ()
        if choice is not None
    ]
    return record["mode"] != "counted" or _summed(said) == _summed(record["paper"]["piles"])


def _included(one: Json, size: int, root: bytes) -> bool:
    leaf = merkle.leaf_hash(one["entry"].encode())
    try:
        proof = [bytes.fromhex(step) for step in one["proof"]]
        merkle.verify_inclusion(one["index"], size, leaf, proof, root)
    except merkle.BadProof:
        return False
    return True


def _as_logged(record: Json) -> Iterator[Line]:
    """What the log said last of the vote and its papers; words as salted hashes."""
    mine, last = {("vote", record["vote"])}, dict[str, tuple[str, Any, str]]()
    for one in record["log"]["entries"]:
        for row in json.loads(one["entry"])["rows"]:
            values, table = row.get("new") or row.get("set") or {}, row["t"]
            if table in LOGGED and values.get("vote_id") == record["vote"]:
                mine.add((table, row["id"]))
            for column in values.keys() & LOGGED.get(table, {}).keys():
                if (table, row["id"]) in mine:
                    where = LOGGED[table][column]
                    last[where] = (column, values[column], one["salt"])
    wrong, tables = [], {"vote"}
    tables |= {"paper_count"} if record["paper"] else set()
    tables |= {"preparation"} if record["item"] is None else set()
    for where in (path for table in sorted(tables) for path in LOGGED[table].values()):
        said = _at(record, where)
        column, value, salt = last.get(where, ("", [], ""))
        if isinstance(value, dict) and value.keys() == {"h"}:
            material = bytes.fromhex(salt) + column.encode() + b"\0" + canonical(said)
            said = {"h": sha256(material).hexdigest()}
        if said != value and not (where not in last and not said):
            wrong.append(where)
    yield from _named("recount.logged", "where", wrong, len(last))


# Private helpers


def _named(key: str, name: str, wrong: Iterable[object], n: int) -> Iterator[Line]:
    """A line for each that is wrong, or one that says that all are right."""
    found = sorted(map(str, wrong))
    yield from (Line(key, ok=False, fields={name: one}) for one in found)
    if not found:
        yield Line(key, ok=True, fields={"n": n})


def _at(record: Json, where: str) -> Any:
    found: Any = record
    for name in where.split("."):
        found = found[name]
    return found


def _sides(record: Json, given: Iterable[Any], hidden: Iterable[str] = ()) -> Iterator[Line]:
    """Each ballot is of a constituency that the rule counts, and that is not hidden."""
    known = {None, *record["rule"]["constituencies"]} - {*hidden}
    strange = sorted({str(side) for side in given} - {str(side) for side in known})
    yield from (Line("recount.side", ok=False, fields={"side": one}) for one in strange)


def _has_odd_area(record: Json, area: Any) -> bool:
    """Whether a ballot has an area although the rule does not count it."""
    return bool(area) and Weight.AREA not in Rule.from_json(record["rule"]).weights


def _summed(piles: Iterable[Iterable[Any]]) -> dict[str, tuple[int, int]]:
    """Equal ballots together: how many voters, and their area."""
    found: dict[str, tuple[int, int]] = {}
    for side, choice, voters, area in piles:
        key = json.dumps([side, choice], sort_keys=True)
        n, areas = found.get(key, (0, 0))
        found[key] = (n + voters, areas + area)
    return found


def _heads(found: Any) -> int:
    return int(found["heads"] if isinstance(found, Mapping) else found)


def _voted(record: Json) -> int:
    if record["marks"] is not None:
        return sum(record["marks"].values())
    if record["rows"] is not None:
        return len(record["rows"])
    return sum(int(one[2]) for one in record["sums"])


def _in_secret(record: Mapping[str, Any]) -> Iterator[tuple[str | None, Any, int]]:
    """The ballots of a secret vote: constituency where it may be told, choice, how many."""
    if record["openings"] is None:
        return
    for _, choice, _, _, side in record["openings"]:
        yield side, choice, 1
    for side, choice, voters, _ in (record["paper"] or {"piles": ()})["piles"]:
        yield side, choice, voters


def _of_part(part: Json) -> Iterator[Pile]:
    """The ballots of a small constituency, as its published tally has them."""
    tally = next(iter(part["count"].values()))
    for choice, name in (*SAID.items(), (None, "spoiled")):
        yield Pile(part["constituency"], choice, tally[name])
