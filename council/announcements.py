"""Announcements: the three notices of a vote, written from its data and put on the board."""

from sqlalchemy.orm import Session

from council import calendar, counting, disputes, notices, preparations, rulecards
from council.gate import Context
from council.i18n import clock, day, ends, number, translate
from council.notices import NoticeKind
from council.preparations import Preparation
from council.tallies import Weight
from council.thresholds import Rule
from council.votes import Method, Vote


def announce(ctx: Context, vote: Vote) -> None:
    """Put up the notice of the vote: question, who, when, how, by which rule."""
    row = preparations.of(ctx.session, vote.id)
    body = _paragraphs(
        _say("question", question=vote.question),
        *_options(vote),
        _who(ctx.session, vote),
        _when(vote),
        _how(row),
        _rule(vote),
        _say("arguments_for", words=row.arguments_for),
        _say("arguments_against", words=row.arguments_against),
        _say("basis", words=row.legal_basis) if row.legal_basis else "",
        _study(row),
    )
    assert vote.closes_at is not None  # noqa: S101  (the requirement has looked)
    days = calendar.days_between(ctx.now, vote.closes_at)
    _post(ctx, vote, NoticeKind.VOTE_NOTICE, body, days)


def extend(ctx: Context, vote: Vote) -> None:
    """Put up the notice that the vote stays open longer, and until when."""
    assert vote.closes_at is not None  # noqa: S101  (an open vote has its close)
    told = _say("extended", closes=ends("zh", vote.closes_at), **_numbers(ctx.session, vote))
    days = calendar.days_between(ctx.now, vote.closes_at)
    _post(ctx, vote, NoticeKind.VOTE_NOTICE, _paragraphs(told, _when(vote)), days)


def publish(ctx: Context, vote: Vote) -> None:
    """Put up the provisional result, and until when anybody may object to it."""
    row = preparations.of(ctx.session, vote.id)
    closes = disputes.result_until(row)
    assert closes is not None  # noqa: S101  (the step has just set it)
    body = _paragraphs(*_result(vote), _say("objections", until=ends("zh", closes)))
    _post(ctx, vote, NoticeKind.VOTE_PROVISIONAL, body, row.day("result"))


def conclude(ctx: Context, vote: Vote) -> None:
    """Put up the final result, at least fifteen days (Organic Law 2026, Art. 34)."""
    row = preparations.of(ctx.session, vote.id)
    told = disputes.numbers(disputes.of(ctx.session, vote.id))
    lodged = sum(one.lodged for one in told.values())
    upheld = sum(one.upheld for one in told.values())
    body = _paragraphs(*_result(vote), _say("disputes", lodged=lodged, upheld=upheld))
    _post(ctx, vote, NoticeKind.VOTE_RESULT, body, row.day("posting"))


# Private helpers


def _say(key: str, **fields: object) -> str:
    return translate("zh", f"announcement.{key}", **fields)


def _paragraphs(*words: str) -> str:
    return "\n\n".join(one for one in words if one)


def _post(ctx: Context, vote: Vote, kind: NoticeKind, body: str, days: int) -> None:
    notices.post(
        ctx, vote, kind, title=_say(kind.value, title=vote.title), body=body,
        days=max(1, days), proposal_id=vote.proposal_id, vote_id=vote.id,
    )  # fmt: skip


def _numbers(session: Session, vote: Vote) -> dict[str, str]:
    found = counting.turnout(session, vote)
    return {"cast": number(found.cast), "due": number(found.due)}


def _who(session: Session, vote: Vote) -> str:
    found = counting.turnout(session, vote)
    body = translate("zh", f"body.{vote.body.value}")
    key = "who_area" if found.area_due else "who"
    area = Weight.AREA.show(found.area_due)
    return _say(key, body=body, due=number(found.due), area=area)


def _when(vote: Vote) -> str:
    opens, closes = vote.opens_at, vote.closes_at
    assert opens is not None  # noqa: S101  (the requirement has looked)
    assert closes is not None  # noqa: S101
    shown = f"{day('zh', opens)} {clock(opens)}"
    return _say("when", opens=shown, closes=ends("zh", closes))


def _options(vote: Vote) -> list[str]:
    if not vote.options:
        return []
    listed = "；".join(f"{n}. {one['label']}" for n, one in enumerate(vote.options, 1))
    return [_say("options", options=listed)]


def _how(row: Preparation) -> str:
    ways = [_say("remote")] if row.remote else []
    ways += [_say("paper")] if row.paper else []
    told = _say("how", ways="".join(ways), words=row.how_to_vote)
    return told + (_say("helpers", words=row.helpers) if row.helpers else "")


def _rule(vote: Vote) -> str:
    """The rule in plain words, made from the rule itself."""
    card = rulecards.card(Rule.from_json(vote.rule), motion=vote.method is Method.MOTION)
    return _say("rule", words="".join(line.say(_zh) for line in card))


def _zh(key: str) -> str:
    return translate("zh", key)


def _study(row: Preparation) -> str:
    if row.study_on is None:
        return ""
    return _say("study", day=day("zh", row.study_on), words=row.study_opinion)


def _result(vote: Vote) -> list[str]:
    """The question, the outcome and every line of the arithmetic."""
    assert vote.outcome is not None  # noqa: S101  (it has been counted)
    outcome = translate("zh", f"decision.outcome.{vote.outcome.value}")
    told = counting.sentences(vote, _zh)
    return [_say("question", question=vote.question), _say("outcome", outcome=outcome), *told]
