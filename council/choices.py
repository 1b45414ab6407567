"""What may stand on a ballot: one answer for each method, checked against the options."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from council.errors import Invalid, Problem
from council.receipts import Answer, canonical
from council.votes import Choice, Method

HIGHEST = 5
"""The best score; a missing one is no opinion, not a nought."""

FIELD = "choice"


class Asked(Protocol):
    """A question with its options: a vote, or what is needed of one."""

    @property
    def method(self) -> Any:
        """How a ballot is filled in."""

    @property
    def options(self) -> Any:
        """The options, `{"id", "label", "cost"}`; none for a motion."""

    @property
    def settings(self) -> Any:
        """`limit` of an approval, `budget` of a budget (in the unit of the costs)."""


def checked(asked: Asked, answer: object) -> Answer:
    """The answer in its one form, so that how it was filled in tells nothing. Raises Invalid.

    A blank ballot says nothing and is valid; a motion has its own word for that, abstain.
    """
    ids = [str(one["id"]) for one in asked.options]
    match asked.method:
        case Method.MOTION:
            return _motion(answer)
        case Method.SCORE:
            return _score(ids, answer)
        case Method.RANKED:
            return _ranked(ids, answer)
        case Method.APPROVAL:
            return _chosen(ids, answer, int(asked.settings.get("limit", len(ids))))
        case _:
            return _affordable(asked, _chosen(ids, answer, len(ids)))


def written(answer: Answer) -> str:
    """An answer as it is kept by name: the word of a motion, canonical JSON of any other."""
    return str(answer) if isinstance(answer, str) else canonical(answer).decode()


def read(method: Method, kept: str) -> Answer:
    """What `written` wrote."""
    if method is Method.MOTION:
        return Choice(kept)
    answer: Answer = json.loads(kept)
    return answer


def cost(asked: Asked, chosen: Collection[str]) -> int:
    """What the chosen projects cost together."""
    return sum(int(one.get("cost") or 0) for one in asked.options if one["id"] in chosen)


def _motion(answer: object) -> Choice:
    if not answer:
        raise _wrong("not_chosen")
    if not isinstance(answer, str) or answer not in set(Choice):
        raise _wrong("not_a_choice")
    return Choice(answer)


def _chosen(ids: Sequence[str], answer: object, limit: int) -> list[str]:
    if not isinstance(answer, list) or not all(one in ids for one in answer):
        raise _wrong("not_a_choice")
    if len(set(answer)) > limit:
        raise _wrong("too_many_chosen", limit=limit, now=len(set(answer)))
    return [one for one in ids if one in answer]


def _affordable(asked: Asked, chosen: list[str]) -> list[str]:
    budget, spent = asked.settings.get("budget"), cost(asked, chosen)
    if budget is not None and spent > int(budget):
        raise _wrong("over_budget", over=spent - int(budget))
    return chosen


def _score(ids: Sequence[str], answer: object) -> dict[str, int]:
    if not isinstance(answer, Mapping) or not all(one in ids for one in answer):
        raise _wrong("not_a_choice")
    scores = {one: answer[one] for one in ids if one in answer}
    for score in scores.values():
        if type(score) is not int or not 0 <= score <= HIGHEST:
            raise _wrong("score_out_of_range", high=HIGHEST)
    return scores


def _ranked(ids: Sequence[str], answer: object) -> list[list[str]]:
    if not isinstance(answer, list) or not all(isinstance(group, list) for group in answer):
        raise _wrong("not_a_choice")
    named = [one for group in answer for one in group]
    if not all(one in ids for one in named) or len(set(named)) < len(named):
        raise _wrong("not_a_choice")
    return [[one for one in ids if one in group] for group in answer if group]


def _wrong(key: str, **fields: object) -> Invalid:
    return Invalid(Problem(key, FIELD, fields))
