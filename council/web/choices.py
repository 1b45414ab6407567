"""What a ballot says, of any method, as a form sends it: one choice, ticks, scores or ranks."""

from council.choices import Asked
from council.votes import Method
from council.web.forms import Form


def answer(form: Form, asked: Asked) -> object:
    """What was chosen, ready for `choices.checked`; a field that was left out says nothing."""
    ids = [str(one["id"]) for one in asked.options]
    match asked.method:
        case Method.MOTION:
            return form.value("choice")
        case Method.SCORE:
            given = {one: form.value(f"score-{one}") for one in ids}
            return {one: _number(said) for one, said in given.items() if said}
        case Method.RANKED:
            ranks = {one: form.value(f"rank-{one}") for one in ids}
            if not all(rank.isascii() and rank.isdecimal() for rank in ranks.values() if rank):
                return None
            places = sorted({int(rank) for rank in ranks.values() if rank})
            return [[one for one in ids if ranks[one] == str(place)] for place in places]
        case _:
            return form.values("choice")


def fields(form: Form, asked: Asked) -> list[tuple[str, str]]:
    """The fields that send the same ballot once more, for the page on which it is checked."""
    ids = [str(one["id"]) for one in asked.options]
    kinds = {Method.SCORE: "score", Method.RANKED: "rank"}
    kind = kinds.get(asked.method)
    names = [f"{kind}-{one}" for one in ids] if kind else ["choice"]
    return [(name, value) for name in names for value in form.values(name) if value]


def _number(said: str) -> object:
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 3 else said
