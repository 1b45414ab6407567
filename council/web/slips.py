"""At the counter: open an account, print a slip; and the page that a slip for a matter opens."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import accounts, i18n, offices, places, policy, proposals, slips, statements
from council.accounts import Account, Newcomer
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.opinions import Opinion
from council.people import Actor, Alias, Channel, Consent, Constituency
from council.places import Building, Place, Unit
from council.policy import Can
from council.proposals import Proposal
from council.slips import SlipKind
from council.web import counter, pages, reader
from council.web.forms import Form
from council.web.handler import form_of, handler

COUNTER = (Channel.HALL, Channel.PHONE, Channel.DOOR, Channel.BUILDING, Channel.MEETING)
"""How somebody comes to have an account opened for them."""


def community_of(request: Request, ctx: Context, can: Can) -> Place:
    """The community, for somebody who may do this at its counter. Raises NotFound, NotAllowed."""
    community: Place | None = request.state.look.community
    if community is None:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, can, community.id):
        raise NotAllowed("not_allowed")
    return community


# Accounts at the counter


def _new_page(request: Request, ctx: Context, community: Place, form: Form) -> Response:
    language = request.state.look.language
    kinds: dict[str, Iterable[StrEnum]] = {
        "constituency": Constituency,
        "channel": COUNTER,
        "consent": Consent,
    }
    rows: dict[str, Sequence[Unit | Building]] = {
        "unit": places.units(ctx.session, community.id),
        "building": places.buildings(ctx.session, community.id),
    }
    options: dict[str, Sequence[tuple[object, str]]] = {
        name: [(one.value, i18n.translate(language, f"{name}.{one.value}")) for one in kind]
        for name, kind in kinds.items()
    }
    options |= {name: [(row.id, row.name) for row in found] for name, found in rows.items()}
    status = 422 if form.problems else 200
    return pages.page(request, "slips/new.html", status, form=form, options=options)


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """The form for somebody who comes to the counter."""
    community = community_of(request, ctx, Can.ENROL)
    form = Form(constituency=Constituency.RESIDENTS, channel=Channel.HALL, consent=Consent.SPOKEN)
    return _new_page(request, ctx, community, form)


@handler(session=True, rate="write")
def create(request: Request, ctx: Context) -> Response:
    """Open the account; the slip's code is shown once, on the next page."""
    community, form = community_of(request, ctx, Can.ENROL), form_of(request)
    code = slips.new_code()
    try:
        with form.reading():
            newcomer = Newcomer(
                name=form.line("person", 40),
                born=form.integer_or_none("born"),
                constituency=form.choice("constituency", Constituency),
                unit_id=form.integer_or_none("unit"),
                building_id=form.integer_or_none("building"),
            )
            name = form.line("account", 40, required=False)
            channel = form.choice("channel", Channel)
            consent = form.choice("consent", Consent)
        account = accounts.open_account(
            ctx, community, newcomer, name=name, code=code, channel=channel, consent=consent
        )
    except Invalid as wrong:
        return _new_page(request, ctx, community, form.wrong(wrong))
    return _to_slip(request, number_of(ctx, community, account.person_id), code)


def number_of(ctx: Context, community: Place, person_id: int) -> int:
    """The public number of a person whom the community knows."""
    found = select(Alias.number).where(
        Alias.person_id == person_id, Alias.community_id == community.id
    )
    return ctx.session.scalars(found).one()


def _to_slip(request: Request, number: int, code: str) -> Response:
    return counter.to_slip(request, f"/people/{number}/slip", str(number), code)


@handler(session=True)
def find(request: Request, ctx: Context) -> Response:
    """Go to somebody by their public number."""
    community_of(request, ctx, Can.ENROL)
    typed = request.query_params.get("number", "")
    if not (typed.isdecimal() and len(typed) < 10):
        return RedirectResponse("/people/new", status_code=303)
    return RedirectResponse(f"/people/{int(typed)}/slip", status_code=303)


def _person(request: Request, ctx: Context, community: Place) -> int:
    """The person with the number in the address. Raises NotFound."""
    try:
        number = int(request.path_params["number"])
        found = accounts.resolve_person(ctx.session, community.id, number, ctx.now)
    except Invalid as unknown:
        raise NotFound("not_found") from unknown
    if found.person_id is None:
        raise NotFound("not_found")
    return found.person_id


@handler(session=True)
def show_slip(request: Request, ctx: Context) -> Response:
    """Somebody's accounts, and the slip that was just made, to print: its code is shown once."""
    community = community_of(request, ctx, Can.ENROL)
    person_id = _person(request, ctx, community)
    fresh = counter.code_for(request, str(request.path_params["number"]))
    response = pages.page(
        request, "slips/slip.html", number=int(request.path_params["number"]), code=fresh,
        accounts=accounts.accounts_of(ctx.session, person_id), until=ctx.now + slips.VALID,
        belongings=offices.belongings(ctx.session, community.id, person_id, ctx.now),
    )  # fmt: skip
    return counter.shown_once(request, response)


@handler(session=True, rate="write")
def issue(request: Request, ctx: Context) -> Response:
    """Make a new slip; an earlier one that was not used is void."""
    community = community_of(request, ctx, Can.ENROL)
    person_id, code = _person(request, ctx, community), slips.new_code()
    slips.issue(ctx, community, person_id=person_id, code=code)
    return _to_slip(request, int(request.path_params["number"]), code)


@handler(session=True, rate="write")
def disable(request: Request, ctx: Context) -> Response:
    """Close somebody's account."""
    account = _account(request, ctx)
    accounts.disable(ctx, account)
    return _back(ctx, account)


@handler(session=True, rate="write")
def enable(request: Request, ctx: Context) -> Response:
    """Open a closed account again."""
    account = _account(request, ctx)
    accounts.enable(ctx, account)
    return _back(ctx, account)


def _account(request: Request, ctx: Context) -> Account:
    """The account in the address. Raises NotFound, also for another community's."""
    found = ctx.session.get(Account, int(request.path_params["id"]))
    if found and policy.allows(ctx.session, ctx.actor, Can.ENROL, found.community_id):
        return found
    raise NotFound("not_found")


def _back(ctx: Context, account: Account) -> Response:
    community = ctx.session.get_one(Place, account.community_id)
    number = number_of(ctx, community, account.person_id)
    return RedirectResponse(f"/people/{number}/slip", status_code=303)


# Following a matter without signing in


@handler(private=True)
def follow(request: Request, ctx: Context) -> Response:
    """What was entered for the holder of a slip, and how the matter stands; nothing can be done."""
    address = request.client.host if request.client else ""
    counted = accounts.subjects("", address)
    accounts.check_attempts(ctx.session, counted, ctx.now)
    slip = slips.find(ctx.session, str(request.path_params["code"]), SlipKind.MATTER)
    proposal = ctx.session.get(Proposal, slip.proposal_id) if slip else None
    if slip is None or proposal is None or not slips.is_valid(slip, ctx.now):
        with request.app.state.database.write() as session:
            accounts.failed(session, counted, ctx.now)
        raise NotFound("no_such_slip")
    reader.show_in(request, ctx.session, proposal.community_id)
    said = select(Opinion).where(
        Opinion.proposal_id == proposal.id, Opinion.person_id == slip.person_id,
        Opinion.withdrawn_at.is_(None),
    )  # fmt: skip
    response = pages.page(
        request, "slips/matter.html", slip=slip, proposal=proposal,
        own=proposal.author_id == slip.person_id, is_public=proposal.stage not in proposals.PRIVATE,
        supported=proposals.supports(ctx.session, proposal, Actor(slip.person_id)),
        opinions=ctx.session.scalars(said.order_by(Opinion.id)).all(),
        given=statements.mine(ctx.session, proposal.id, slip.person_id, entered=True),
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip
    response.headers["X-Robots-Tag"] = "noindex"
    return response


routes = [
    Route("/people/new", new),
    Route("/people/new", create, methods=["POST"]),
    Route("/people", find),
    Route("/people/{number:int}/slip", show_slip),
    Route("/people/{number:int}/slip", issue, methods=["POST"]),
    Route("/accounts/{id:int}/disable", disable, methods=["POST"]),
    Route("/accounts/{id:int}/enable", enable, methods=["POST"]),
    Route("/slips/{code}", follow),
]
