"""Announcements: the three notices of a vote, written from its data and put on the board."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from council import calendar, counting, disputes, notices, preparations, rulecards, translations
from council.gate import Context
from council.i18n import Language, clock, day, ends, number, translate
from council.notices import NoticeKind
from council.preparations import Preparation
from council.tallies import Weight
from council.thresholds import Rule
from council.translations import Words
from council.votes import Method, Vote, VoteMode


@dataclass(frozen=True)
class Pen:
    """Writes a notice in one language; what people wrote stands there in it where it has it."""

    language: Language = "zh"
    english: Words = field(default_factory=dict)

    def sentence(self, key: str, **fields: object) -> str:
        """A sentence of a notice."""
        return translate(self.language, f"announcement.{key}", **fields)

    def word(self, key: str) -> str:
        """A word or sentence by its key."""
        return translate(self.language, key)

    def said(self, row: Any, name: str) -> str:
        """Somebody's words."""
        return self.english.get((row.__tablename__, row.id, name)) or str(getattr(row, name))

    def labels(self, vote: Vote) -> list[str]:
        """The options by their words."""
        own = [str(one["label"]) for one in vote.options]
        english = self.english.get(("vote", vote.id, "options"), "").splitlines()
        return english if len(english) == len(own) else own


def announce(ctx: Context, vote: Vote) -> None:
    """Put up the notice of the vote: question, who, when, how, by which rule."""
    row = preparations.of(ctx.session, vote.id)
    assert vote.closes_at is not None  # noqa: S101  (the requirement has looked)
    days = calendar.days_between(ctx.now, vote.closes_at)

    def body(pen: Pen) -> list[str]:
        basis = pen.sentence("basis", words=pen.said(row, "legal_basis")) if row.legal_basis else ""
        return [
            pen.sentence("question", question=pen.said(vote, "question")),
            _options(pen, vote),
            _who(pen, ctx.session, vote),
            _when(pen, vote),
            _how(pen, row),
            _receipts(pen, vote, row),
            _rule(pen, vote),
            pen.sentence("arguments_for", words=pen.said(row, "arguments_for")),
            pen.sentence("arguments_against", words=pen.said(row, "arguments_against")),
            basis,
            _study(pen, row),
        ]

    _post(ctx, vote, NoticeKind.VOTE_NOTICE, body, days)


def extend(ctx: Context, vote: Vote) -> None:
    """Put up the notice that the vote stays open longer, and until when."""
    assert vote.closes_at is not None  # noqa: S101  (an open vote has its close)
    closes, numbers = vote.closes_at, _numbers(ctx.session, vote)
    days = calendar.days_between(ctx.now, closes)

    def body(pen: Pen) -> list[str]:
        told = pen.sentence("extended", closes=ends(pen.language, closes), **numbers)
        return [told, _when(pen, vote)]

    _post(ctx, vote, NoticeKind.VOTE_NOTICE, body, days)


def publish(ctx: Context, vote: Vote) -> None:
    """Put up the provisional result, and until when anybody may object to it."""
    row = preparations.of(ctx.session, vote.id)
    closes = disputes.result_until(row)
    assert closes is not None  # noqa: S101  (the step has just set it)

    def body(pen: Pen) -> list[str]:
        return [*_result(pen, vote), pen.sentence("objections", until=ends(pen.language, closes))]

    _post(ctx, vote, NoticeKind.VOTE_PROVISIONAL, body, row.day("result"))


def conclude(ctx: Context, vote: Vote) -> None:
    """Put up the final result, at least fifteen days (Organic Law 2026, Art. 34)."""
    row = preparations.of(ctx.session, vote.id)
    told = disputes.numbers(disputes.of(ctx.session, vote.id))
    lodged = sum(one.lodged for one in told.values())
    upheld = sum(one.upheld for one in told.values())

    def body(pen: Pen) -> list[str]:
        return [*_result(pen, vote), pen.sentence("disputes", lodged=lodged, upheld=upheld)]

    _post(ctx, vote, NoticeKind.VOTE_RESULT, body, row.day("posting"))


# Private helpers


def _post(
    ctx: Context, vote: Vote, kind: NoticeKind, body: Callable[[Pen], list[str]], days: int
) -> None:
    """The notice is Chinese; its English, from the same data, stands beside it."""

    def written(pen: Pen) -> tuple[str, str]:
        paragraphs = "\n\n".join(one for one in body(pen) if one)
        return pen.sentence(kind.value, title=pen.said(vote, "title")), paragraphs

    title, words = written(Pen())
    made = notices.post(
        ctx, vote, kind, title=title, body=words, days=max(1, days),
        proposal_id=vote.proposal_id, vote_id=vote.id,
    )  # fmt: skip
    ctx.session.flush()
    papers = preparations.of(ctx.session, vote.id)
    about = [("vote", vote.id), ("preparation", papers.id)]
    title, words = written(Pen("en", translations.of_rows(ctx.session, about)))
    translations.put(ctx.session, made, "title", title)
    translations.put(ctx.session, made, "body", words)


def _numbers(session: Session, vote: Vote) -> dict[str, str]:
    found = counting.turnout(session, vote)
    return {"cast": number(found.cast), "due": number(found.due)}


def _who(pen: Pen, session: Session, vote: Vote) -> str:
    found = counting.turnout(session, vote)
    key = "who_area" if found.area_due else "who"
    area = Weight.AREA.show(found.area_due)
    return pen.sentence(
        key, body=pen.word(f"body.{vote.body.value}"), due=number(found.due), area=area
    )


def _when(pen: Pen, vote: Vote) -> str:
    opens, closes = vote.opens_at, vote.closes_at
    assert opens is not None  # noqa: S101  (the requirement has looked)
    assert closes is not None  # noqa: S101
    shown = f"{day(pen.language, opens)} {clock(opens)}"
    return pen.sentence("when", opens=shown, closes=ends(pen.language, closes))


def _options(pen: Pen, vote: Vote) -> str:
    if not vote.options:
        return ""
    comma = "；" if pen.language == "zh" else "; "
    listed = comma.join(f"{n}. {one}" for n, one in enumerate(pen.labels(vote), 1))
    return pen.sentence("options", options=listed)


def _how(pen: Pen, row: Preparation) -> str:
    ways = [pen.sentence("remote")] if row.remote else []
    ways += [pen.sentence("paper")] if row.paper else []
    ways.append(pen.said(row, "how_to_vote"))
    told = pen.sentence("how", words=_run(pen, ways))
    help_ = pen.sentence("helpers", words=pen.said(row, "helpers")) if row.helpers else ""
    return _run(pen, [told, help_])


def _receipts(pen: Pen, vote: Vote, row: Preparation) -> str:
    """How everybody checks later that their ballot was counted."""
    given = row.remote and vote.mode is VoteMode.SECRET
    return pen.sentence("receipts") if given else ""


def _rule(pen: Pen, vote: Vote) -> str:
    """The rule in plain words, made from the rule itself."""
    card = rulecards.card(Rule.from_json(vote.rule), motion=vote.method is Method.MOTION)
    return pen.sentence("rule", words=_run(pen, [line.say(pen.word) for line in card]))


def _run(pen: Pen, sentences: list[str]) -> str:
    """Sentences one after the other: Chinese ones without a space between."""
    return ("" if pen.language == "zh" else " ").join(one for one in sentences if one)


def _study(pen: Pen, row: Preparation) -> str:
    if row.study_on is None:
        return ""
    words = pen.said(row, "study_opinion")
    return pen.sentence("study", day=day(pen.language, row.study_on), words=words)


def _result(pen: Pen, vote: Vote) -> list[str]:
    """The question, the outcome, every line of the arithmetic, and how anybody counts again."""
    assert vote.outcome is not None  # noqa: S101  (it has been counted)
    return [
        pen.sentence("question", question=pen.said(vote, "question")),
        pen.sentence("outcome", outcome=pen.word(f"decision.outcome.{vote.outcome.value}")),
        *counting.sentences(vote, pen.word),
        pen.sentence("recount"),
        pen.sentence("receipts") if vote.mode is VoteMode.SECRET else "",
    ]
