"""Records: all that is public about a vote whose result is shown, so that anybody counts again."""

import ast
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from council import (
    audit,
    batches,
    choices,
    counting,
    disputes,
    i18n,
    papercounts,
    policy,
    preparations,
)
from council.ballots import Mark, MarkChannel
from council.decisions import Outcome
from council.errors import NotFound, NotReady
from council.gate import Context
from council.people import Constituency
from council.policy import Can
from council.preparations import Preparation
from council.reckoning import TOGETHER
from council.rollcalls import ROWS, SUMS, Ballot, counts
from council.scrutiny import FORMAT, LOGGED, digest
from council.tallies import ALL, Json, Weight
from council.thresholds import Rule
from council.votes import DECIDED, SHOWN, Vote, VoteMode, Voter, VoteStage

PAPER = "paper"
"""How a ballot by name was cast that came on a slip."""

NOUNS = frozenset({"vote", "box", "ballot_batch", "paper_count", "hand_count", "tie"})
"""The acts whose entries a record carries; those of single voters are not among them."""

WORDS = {"title", "question", "options"}
"""Columns of a vote that stand in the log as salted hashes, and are public."""

SPOKEN = (
    "recount.", "decision.", "constituency.", "count.", "approval.", "score.", "schulze.", "irv.",
    "borda.", "shares.", "greedy.", "budget.", "lot.", "choice.",
)  # fmt: skip
"""Families of the sentences that a recount says."""

TOOL = '''#!/usr/bin/env python3
"""Count a vote again from its published record.

    python3 recount.py record.json [--lang en] [--receipt receipt.txt --key KEY]

Needs Python 3.11 or later and nothing else: nothing is installed, nothing is sent. It ends with 0
when everything agrees, with 1 when something differs, with 2 when the file is no record.
Each part below is a file of the program Council, word for word, under its name there.
"""

import sys
import types

PARTS = {{}}
{parts}
WORDS = {words}


def load():
    """Make a module of each part, in their order."""
    for name in ["council", *PARTS]:
        made = sys.modules[name] = types.ModuleType(name)
        exec(compile(PARTS.get(name, ""), name, "exec"), made.__dict__)
        if "." in name:
            setattr(sys.modules["council"], name.partition(".")[2], made)


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.stderr.write("recount.py: Python >= 3.11\\n")
        sys.exit(2)
    load()
    sys.exit(sys.modules["council.recounting"].main(sys.argv[1:], WORDS))
'''

# Questions


def is_shown(vote: Vote) -> bool:
    """Whether everybody has its record: the result is public, or was counted before it was void."""
    return vote.stage in SHOWN | {VoteStage.VOIDED} and vote.result is not None


def is_open_to(ctx: Context, vote: Vote) -> bool:
    """Whether this reader has its record: before the result is public only who counts or watches.

    Before the count nobody has: until then only the turnout is told.
    """
    if vote.stage is not VoteStage.COUNTED:
        return is_shown(vote)
    able = policy.abilities(ctx.session, ctx.actor, vote.community_id)
    return bool(able & {Can.COUNT, Can.OVERSEE})


def is_fixed(vote: Vote) -> bool:
    """Whether its record can never change any more."""
    ended = vote.in_meeting and vote.stage in DECIDED and vote.outcome is not Outcome.TIED
    return vote.stage is VoteStage.ARCHIVED or ended


def of(session: Session, vote_id: int) -> Json:
    """The record of any vote that was counted, by its number, for whoever runs the machine.

    Raises NotFound, and NotReady for a vote that is not counted.
    """
    vote = session.get(Vote, vote_id)
    if vote is None:
        raise NotFound("not_found")
    if vote.result is None:
        raise NotReady("not_counted")
    return record(session, vote)


def weighs(vote: Vote) -> bool:
    """Whether the rule counts floor area."""
    return Weight.AREA in Rule.from_json(vote.rule).weights


def record(session: Session, vote: Vote) -> Json:
    """Everything that is public about a vote, as plain data (`council-vote-record-v1`).

    Nobody is named. A vote by name has its ballots by number on the roll, or where the charter
    closes them their sums; a secret one has its ballots opened, each with its commitment.
    """
    papers = None if vote.in_meeting else preparations.of(session, vote.id)
    entries = _entries(session, vote, papers)
    made: Json = {
        "format": FORMAT, "vote": vote.id, "title": vote.title, "question": vote.question,
        "item": vote.agenda_item_id, "body": vote.body.value, "mode": vote.mode.value,
        "method": vote.method.value, "options": vote.options, "settings": vote.settings,
        "rule": vote.rule, "result": vote.result,
        "stage": (VoteStage.FINAL if vote.stage in DECIDED else vote.stage).value,
        "times": _times(vote, papers),
        **_void(vote, papers),
        "roll": {
            "size": _size(session, vote), "due": vote.due,
            "digest": papers.roll_digest if papers else "",
        },
        **_ballots(session, vote),
        "paper": _paper(session, vote),
        "disputes": {
            about.value: vars(numbers)
            for about, numbers in disputes.numbers(disputes.of(session, vote.id)).items()
        },
        "batches": [
            {"entry": idx, "commitments": row["new"]["commitments"]}
            for idx, content in entries.items() for row in _batches(json.loads(content), vote)
        ],
        "log": _log(session, entries, vote),
    }  # fmt: skip
    return {**made, "digest": digest(made)}


@cache
def tool() -> str:
    """The stand-alone recount as one file: the sources it needs, word for word, and the words."""
    parts = "".join(
        f"\nPARTS[\"council.{name}\"] = r'''{source}'''\n"
        for name, source in sources("recounting").items()
    )
    words = {
        tag: {key: said for key, said in i18n.catalogue(tag).items() if key.startswith(SPOKEN)}
        for tag in i18n.LANGUAGES
    }
    listed = json.dumps(words, ensure_ascii=False, indent=1, sort_keys=True)
    return TOOL.format(parts=parts, words=listed)


def sources(name: str) -> dict[str, str]:
    """The source of a room, after those of the rooms that it imports.

    Raises ValueError for a source that cannot stand in the tool as it is.
    """
    source = (Path(__file__).parent / f"{name}.py").read_text("utf-8")
    if "'''" in source:
        raise ValueError(f"{name} has three apostrophes in a row")
    found: dict[str, str] = {}
    for one in ast.parse(source).body:
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("council"):
            inner = one.module.partition(".")[2] if one.module else ""
            for room in [inner] if inner else [alias.name for alias in one.names]:
                found |= {key: text for key, text in sources(room).items() if key not in found}
    return {**found, name: source}


# Private helpers


def _times(vote: Vote, papers: Preparation | None) -> dict[str, Any]:
    """When what happened, in UTC."""
    moments: dict[str, datetime | None] = {
        "opens": vote.opens_at, "closes": vote.closes_at, "opened": vote.opened_at,
        "closed": vote.closed_at,
    }  # fmt: skip
    if papers:
        moments |= {"counted": papers.counted_at, "published": papers.published_at,
                    "final": papers.final_at, "voided": papers.voided_at}  # fmt: skip
    return {name: audit.canonical(at) for name, at in moments.items()}


def _void(vote: Vote, papers: Preparation | None) -> Json:
    """Why the vote does not count; nothing for one that does."""
    void = papers is not None and vote.stage is VoteStage.VOIDED
    return {"void": {"reason": papers.void_reason}} if papers and void else {}


def _size(session: Session, vote: Vote) -> int:
    """How many are entitled: entries of the roll; in a meeting the seats that were invited."""
    if vote.in_meeting:
        return sum(vote.due.values())
    found = select(func.count()).where(Voter.vote_id == vote.id, Voter.struck.is_(False))
    return session.scalar(found) or 0


def _ballots(session: Session, vote: Vote) -> Json:
    """The ballots as they are published: by number, in sums, or opened; the others are null."""
    found: Json = {"rows": None, "openings": None, "pooled": [], "marks": None}
    found |= {"sums": counting.in_sums(session, vote)}
    if vote.mode is VoteMode.SECRET:
        return found | {
            "openings": _openings(session, vote), "pooled": _pooled(session, vote),
            "marks": _marks(session, vote),
        }  # fmt: skip
    if vote.mode is VoteMode.COUNTED:
        return found
    listed = _rows(session, vote)
    summed = vote.settings.get(ROWS) == SUMS
    return found | ({"sums": _sums(listed)} if summed else {"rows": listed})


def _rows(session: Session, vote: Vote) -> list[list[Any]]:
    """Number, constituency, choice, area and way of everybody who voted; in a meeting of all there.

    The area stands there only where the rule counts it: then they are published in sums.
    """
    found = (
        select(Voter.number, Voter.constituency, Ballot.choice, Voter.area)
        .outerjoin(Ballot, (Ballot.voter_id == Voter.id) & counts())
        .where(Voter.vote_id == vote.id, Voter.struck.is_(False))
        .order_by(Voter.number)
    )
    apart = weighs(vote)
    voters = session.execute(found).all()
    made = [
        [number, _side(vote, side), _said(vote, said), area if apart else 0, ""]
        for number, side, said, area in voters
        if vote.in_meeting or said is not None
    ]
    slips = _slips(session, vote)
    made += [
        [number, _side(vote, side), slips[number], area if apart else 0, PAPER]
        for number, side, said, area in voters
        if number in slips
    ]
    return sorted(made, key=itemgetter(0))


def _slips(session: Session, vote: Vote) -> dict[int, Any]:
    """What the slips of a vote by name say, by the voter's number; None is a spoiled one."""
    agreed = papercounts.batches(session, vote.id)
    return {number: said for one in agreed if one.settled_at for number, said in one.content}


def _paper(session: Session, vote: Vote) -> Json | None:
    """The slips as they were accounted for, and what those in the boxes say, equal ones together.

    Of constituencies whose ballots are published together nobody is told which of them it was.
    """
    row = papercounts.of(session, vote.id)
    if row is None:
        return None
    together = vote.settings.get(TOGETHER)
    hidden, sums = _pooled(session, vote), dict[str, list[Any]]()
    for side, choice, voters, area in row.piles:
        shown = None if together or side in {ALL, *hidden} else side
        key = json.dumps([shown, choice], sort_keys=True)
        pile = sums.setdefault(key, [shown, choice, 0, 0])
        pile[2], pile[3] = pile[2] + voters, pile[3] + (area if weighs(vote) else 0)
    numbers = ("issued", "used", "spoiled", "unused", "missing")
    return {
        **{name: getattr(row, name) for name in numbers}, "reason": row.reason,
        "piles": [sums[key] for key in sorted(sums)],
        "bundles": [
            {name: getattr(one, name) for name in ("number", *numbers[1:4])}
            for one in papercounts.batches(session, vote.id)
        ],
    }  # fmt: skip


def _pooled(session: Session, vote: Vote) -> list[str]:
    """The constituencies whose secret ballots are published together."""
    apart = vote.mode is VoteMode.SECRET and vote.rule.get("constituencies")
    together = vote.settings.get(TOGETHER)
    return sorted(batches.pooled(session, vote)) if apart and not together else []


def _side(vote: Vote, side: Constituency | None) -> str | None:
    """The constituency of a ballot, where the rule counts it by itself."""
    return side.value if side and vote.rule.get("constituencies") else None


def _said(vote: Vote, kept: str | None) -> Any:
    """What a ballot by name says; None for a seat that did not vote."""
    return None if kept is None else choices.read(vote.method, kept)


def _sums(rows: Iterable[list[Any]]) -> list[list[Any]]:
    """The same ballots, equal ones of a constituency together."""
    found: dict[tuple[str, str], list[Any]] = {}
    for _, side, choice, area, _ in rows:
        key = (side or "", json.dumps(choice, sort_keys=True))
        pile = found.setdefault(key, [side, choice, 0, 0])
        pile[2], pile[3] = pile[2] + 1, pile[3] + area
    return [found[key] for key in sorted(found)]


def _openings(session: Session, vote: Vote) -> list[list[Any]]:
    return [
        [one.c, one.choice, one.phrase, one.r, one.constituency and one.constituency.value]
        for one in batches.published(session, vote)
    ]


def _marks(session: Session, vote: Vote) -> dict[str, int]:
    """How many are marked on the roll as having voted, by the way they took."""
    done = select(Mark.channel, func.count()).where(Mark.vote_id == vote.id, Mark.done)
    found = dict(session.execute(done.group_by(Mark.channel)).all())
    return {one.value: found.get(one, 0) for one in MarkChannel}


def _entries(session: Session, vote: Vote, papers: Preparation | None) -> dict[int, bytes]:
    """The entries of the log that say last what the vote is, and those that carry its ballots."""
    at = papers.drafted_at if papers else vote.opened_at
    assert at is not None  # noqa: S101  (a vote with a result was opened)
    last: dict[tuple[str, str], int] = {}
    mine = {("vote", vote.id), *([("preparation", papers.id)] if papers else [])}
    if slips := papercounts.of(session, vote.id):
        mine.add(("paper_count", slips.id))
    found: dict[int, bytes] = {}
    carriers: set[int] = set()
    for idx, act, content in audit.since(session, vote.community_id, sorted(NOUNS), at):
        if act == "vote.archive":
            continue
        found[idx] = content
        body = json.loads(content)
        for row in body["rows"]:
            values, table = row.get("new") or row.get("set") or {}, row["t"]
            if (table, row["id"]) in mine:
                last |= {(table, name): idx for name in values.keys() & LOGGED[table].keys()}
        carriers |= {idx for _ in _batches(body, vote)}
    return {idx: found[idx] for idx in sorted({*last.values(), *carriers})}


def _batches(body: Json, vote: Vote) -> list[Json]:
    """The batches of this vote that an entry carries."""
    return [
        row for row in body["rows"]
        if row["t"] == "ballot_batch" and row.get("new", {}).get("vote_id") == vote.id
    ]  # fmt: skip


def _log(session: Session, entries: Mapping[int, bytes], vote: Vote) -> Json:
    """The entries word for word, each with the proof that it stands in the tree of that moment.

    The salt opens the fingerprints of the vote's own words: title, question and options.
    """
    size = max(entries, default=-1) + 1
    proofs = audit.inclusions(session, list(entries), size)
    salts = audit.salts(session, entries)
    opened = {
        idx: salts[idx, n].hex()
        for idx, content in entries.items()
        for n, row in enumerate(json.loads(content)["rows"])
        if (row["t"], row["id"]) == ("vote", vote.id)
        and WORDS & (row.get("new") or row["set"]).keys()
    }
    return {
        "size": size, "root": audit.root(session, size).hex(),
        "entries": [
            {
                "index": idx, "entry": content.decode(), "salt": opened.get(idx, ""),
                "proof": [one.hex() for one in proofs[idx]],
            }
            for idx, content in entries.items()
        ],
    }  # fmt: skip
