"""Recounting: from the published record of a vote to its result, and exactly where it differs.

Pure arithmetic with the standard library only: the stand-alone `recount.py` is this file and those
that it imports, word for word. A record is plain data; `records` writes it.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from council import scrutiny
from council.derivations import Line
from council.reckoning import Asked, question, reckon, sentences
from council.scrutiny import FORMAT
from council.tallies import Json
from council.thresholds import Rule

AGREES, DIFFERS, UNREADABLE = 0, 1, 2
"""How the command ends."""

BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)
"""What reading a part raises that is not as it should be."""

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Report:
    """What a recount found: everything that was looked at, and the result as it came out again."""

    record: Json
    checks: tuple[Line, ...]
    result: Json

    @property
    def differing(self) -> tuple[Line, ...]:
        """What does not agree; nothing, one hopes."""
        return tuple(line for line in self.checks if not line.ok)

    def text(self, translate: Translate) -> str:
        """The report in one language: the checks, the result with its arithmetic, the verdict."""
        record, wrong = self.record, self.differing
        title = translate("recount.title")
        told = [title.format(vote=record.get("vote"), question=record.get("question")), ""]
        told += [f"{'✓' if line.ok else '✗'} {line.say(translate)}" for line in self.checks]
        if self.result:
            outcome = translate(f"decision.outcome.{self.result['outcome']}")
            told += ["", translate("recount.outcome").format(outcome=outcome)]
            options = record.get("options", [])
            told += [f"  {one}" for one in sentences(self.result, options, translate)]
        verdict = translate("recount.differs" if wrong else "recount.agrees")
        return "\n".join([*told, "", verdict.format(n=len(wrong))])


@dataclass(frozen=True)
class Receipt:
    """A receipt that is to be looked for, as its text, and the key (vkey) of the log."""

    words: str
    key: str


# Recounting


def recount(record: Mapping[str, Any], receipt: Receipt | None = None) -> Report:
    """Count a vote again from its record, and compare everything that the record says."""
    data = dict(record)
    checks: list[Line] = []
    for name, part in (
        ("file", scrutiny.file), ("roll", scrutiny.roll), ("rows", scrutiny.rows),
        ("openings", scrutiny.box), ("paper", scrutiny.paper), ("log", scrutiny.log),
    ):  # fmt: skip
        checks += _looked_at(name, part, data)
    if receipt is not None:
        found = partial(scrutiny.receipt, words=receipt.words, key=receipt.key)
        checks += _looked_at("receipt", found, data)
    result: Json = {}
    try:
        result = reckon(_asked(data), list(scrutiny.piles(data)), data["result"])
        checks += _compared(data["result"], result)
    except BROKEN as error:
        checks.append(_broken("result", error))
    return Report(data, tuple(checks), result)


# What is looked at, part by part


def _compared(said: Json, found: Json) -> Iterator[Line]:
    """The result that was published, against the one that the ballots give."""
    shown = {name: value for name, value in said.items() if name in found}
    wrong = list(differences(shown, found, "result"))
    yield from (
        Line("recount.result", ok=False, fields={"where": where, "said": one, "found": other})
        for where, one, other in wrong
    )
    if not wrong:
        yield Line("recount.result", ok=True, fields={"lines": len(found["lines"])})


def differences(said: object, found: object, where: str) -> Iterator[tuple[str, str, str]]:
    """Where two values differ, part by part: the way to it, what is said, what was found."""
    if isinstance(said, dict) and isinstance(found, dict):
        for name in sorted({*said, *found}):
            yield from differences(said.get(name), found.get(name), f"{where}.{name}")
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for n, (one, other) in enumerate(zip(said, found, strict=True), 1):
            yield from differences(one, other, f"{where}.{n}")
    elif said != found or type(said) is not type(found):
        yield where, json.dumps(said, ensure_ascii=False), json.dumps(found, ensure_ascii=False)


# The stand-alone command


def main(arguments: Sequence[str], words: Mapping[str, Mapping[str, str]]) -> int:
    """Recount the record in a file: 0 agrees, 1 differs, 2 cannot be read."""
    asked = argparse.ArgumentParser("recount.py", description=main.__doc__)
    asked.add_argument("record", type=Path, help="record.json of the vote")
    asked.add_argument("--receipt", type=Path, help="the text of a receipt, to look for its ballot")
    asked.add_argument("--key", default="", help="the key of the log: the line at /log/key")
    asked.add_argument("--lang", choices=sorted(words), default="zh")
    given = asked.parse_args(arguments)
    if given.receipt and not given.key:
        asked.error("--receipt needs --key")
    said = words[given.lang]
    try:
        sought = Receipt(given.receipt.read_text("utf-8"), given.key) if given.receipt else None
        report = recount(read(given.record.read_text("utf-8")), sought)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{said['recount.unreadable'].format(why=error)}\n")
        return UNREADABLE
    sys.stdout.write(report.text(lambda key: said.get(key, key)) + "\n")
    return DIFFERS if report.differing else AGREES


def read(text: str) -> Json:
    """A record out of its file. Raises ValueError for anything that is no record of a vote."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(FORMAT)
    return found


# Private helpers


def _asked(record: Json) -> Asked:
    rule, due = Rule.from_json(record["rule"]), record["roll"]["due"]
    return question(record["method"], rule, due, record["options"], record["settings"])


def _looked_at(name: str, part: Callable[[Json], Iterator[Line]], record: Json) -> list[Line]:
    """The lines of one part; a part that cannot be read is a difference too."""
    try:
        return list(part(record))
    except BROKEN as error:
        return [_broken(name, error)]


def _broken(name: str, error: Exception) -> Line:
    why = " ".join(f"{type(error).__name__}: {error}".split())
    return Line("recount.part", ok=False, fields={"part": name, "why": why})
