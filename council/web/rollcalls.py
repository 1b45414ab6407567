"""A ballot by name: for whom the reader votes, and whose ballot a form brings."""

from dataclasses import dataclass

from starlette.requests import Request

from council import rollcalls
from council.gate import Context
from council.rollcalls import Standing
from council.votes import Vote, VoteMode
from council.web import counter
from council.web.forms import Form


@dataclass(frozen=True)
class Booth:
    """For whom somebody votes by name, and which of these entries is voted for now.

    `asked`: the form or the address named an entry, by its number on the roll.
    """

    entries: tuple[Standing, ...] = ()
    here: Standing | None = None
    asked: bool = False


def booth(ctx: Context, vote: Vote, asked: str = "") -> Booth:
    """The booth of whoever speaks, at the entry `asked`, else at the first without a vote."""
    signed_in = ctx.behalf or (ctx.actor and ctx.actor.person_id)
    if not signed_in or vote.mode is not VoteMode.ROLL_CALL:
        return Booth(asked=bool(asked))
    entries = tuple(rollcalls.standing(ctx.session, vote, ctx.person_id))
    if asked:
        here = next((one for one in entries if str(one.voter.number) == asked), None)
    else:
        here = next((one for one in entries if one.given is None), next(iter(entries), None))
    return Booth(entries, here, bool(asked))


def sent(request: Request, ctx: Context, vote: Vote, form: Form) -> Booth:
    """The booth that a form was sent from; for a worker that of the person whom it names.

    Raises Invalid when nobody is named, or somebody who does not vote there.
    """
    if not is_entering(form):
        return booth(ctx, vote, form.value("entry"))
    ctx.behalf = counter.caller(request, ctx, vote.community_id)
    found = booth(ctx, vote, form.value("entry"))
    with form.reading():
        where = "entry" if found.asked else "for_person"
        form.check(found.here or vote.in_meeting, "not_on_roll", where)
    return found


def is_entering(form: Form) -> bool:
    """Whether a worker enters this form for somebody."""
    return form.flag("entering") or bool(form.value("for_person").strip())
