"""At the counter, on the telephone, at the door: for whom a worker enters; and the slip."""

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from council import opinions, policy, slips
from council.consultations import OFFLINE
from council.errors import Invalid, NotAllowed, Problem
from council.gate import Context
from council.opinions import Caller
from council.people import Behalf, Channel, Consent
from council.places import Place
from council.policy import Can
from council.web import cookies
from council.web.forms import Form
from council.web.handler import behalf_from

SHOWN_FOR = 600
"""Seconds for which a fresh code waits in the worker's own cookie, to be shown once."""


@dataclass(frozen=True)
class Asked:
    """What macros/counter.html needs: the name that was looked for, and who has it."""

    who: str
    found: list[Caller]
    channels: tuple[Channel, ...] = OFFLINE


def blank() -> Form:
    """The form before anything was typed: most people telephone, and say yes."""
    return Form(channel=Channel.PHONE, consent=Consent.SPOKEN)


def asked(request: Request, ctx: Context, community_id: int) -> Asked:
    """Whom the worker looks for by name (`?who=`). Raises NotAllowed for everybody else."""
    if not policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, community_id):
        raise NotAllowed("not_allowed")
    who = request.query_params.get("who", "").strip()[:20]
    return Asked(who, opinions.callers(ctx.session, community_id, who, ctx.now) if who else [])


def caller(request: Request, ctx: Context, community_id: int) -> Behalf:
    """For whom the form is entered; it did not come in through the web. Raises Invalid."""
    found = behalf_from(request, ctx.session, community_id)
    if found is None:
        raise Invalid(Problem("empty", "for_person"))
    if found.channel not in OFFLINE:
        raise Invalid(Problem("not_a_choice", "channel"))
    return found


def matter_slip(ctx: Context, community_id: int, proposal_id: int, behalf: Behalf) -> str:
    """Make out the slip with which the person can follow the matter; returns its code."""
    person_id = behalf.actor.person_id
    assert person_id is not None  # noqa: S101  (a caller is a person, never the clockwork)
    return slips.issue_matter_slip(
        replace(ctx, behalf=None), ctx.session.get_one(Place, community_id), proposal_id,
        person_id, behalf.channel, behalf.consent,
    )  # fmt: skip


def to_slip(request: Request, address: str, about: str, code: str) -> Response:
    """Send the worker to the page that prints the slip; the code travels in their own cookie."""
    response = RedirectResponse(address, status_code=303)
    value = f"{about}:{code}"
    cookies.put(request.scope, response, cookies.SLIP, value, max_age=SHOWN_FOR, samesite="strict")
    return response


def code_for(request: Request, about: str) -> str:
    """The code that was just made out about this; empty when it has been shown already."""
    kept, _, code = cookies.get(request, cookies.SLIP).partition(":")
    return code if kept == about else ""


def shown_once(request: Request, response: Response) -> Response:
    """Forget the code with this answer: it stands on the paper now."""
    if cookies.get(request, cookies.SLIP):
        cookies.drop(request.scope, response, cookies.SLIP)
    return response
