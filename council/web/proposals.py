"""Matters: the list, and the page of one matter with everything that happened to it."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    files,
    history,
    i18n,
    people,
    policy,
    process,
    proposals,
    referrals,
    road,
    translations,
)
from council.errors import Invalid
from council.gate import Context
from council.meetings import Decided
from council.people import Channel, Consent
from council.places import Place, Unit
from council.policy import Can
from council.proposals import Category, Filter, Proposal, Stage
from council.web import pages
from council.web.forms import Form
from council.web.handler import behalf_from, form_of, handler
from council.web.look import Translations
from council.web.words import label_key

# The list


def asked(request: Request) -> tuple[Filter, list[str]]:
    """The filter of the address, and the names of what it asks for in vain."""
    query = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    stage, category, before = (query.get(name, "") for name in ("stage", "category", "before"))
    n = int(stage) if stage in {"1", "2", "3", "4", "5"} else None
    kind = next((one for one in Category if one.value == category), None)
    older = int(before) if before.isdecimal() and len(before) < 10 else None
    look = request.state.look
    wanted = Filter(
        look.community.id if look.community else None, n, kind, query.get("q", "")[:100], older
    )
    return wanted, look.left_out(stage=n, category=kind, q=True, before=older)


@handler()
def index(request: Request, ctx: Context) -> Response:
    """Every matter that the reader may see, newest first."""
    wanted, ignored = asked(request)
    limit = wanted.limit
    rows = proposals.listing(ctx, wanted)
    shown = rows[:limit]
    ids = [row.id for row in shown]
    community = wanted.community_id or 0
    return pages.page(
        request, "proposals/index.html", rows=shown, wanted=wanted, ignored=ignored,
        older=shown[-1].id if len(rows) > limit else None,
        per_road=proposals.per_road(ctx, community), categories=list(Category),
        waits=road.waits(ctx.session, ids), windows=road.windows(ctx.session, ids),
        may_enter_for=policy.allows(ctx.session, ctx.actor, Can.ENTER_FOR, community),
        translations=words(request, ctx, ids),
    )  # fmt: skip


def words(request: Request, ctx: Context, ids: list[int]) -> Translations | None:
    """The English of what people wrote, for the English page only."""
    if request.state.look.language != "en":
        return None
    return translations.of_matters(ctx.session, ids)


# One matter

LOG = 6
"""Newest entries of the log on the page itself."""

ELSEWHERE = {"submit", "withdraw", "admit", "refuse", "return"}
"""Transitions that have a page of their own."""

OF = "/proposals/{id}/"
WORK: tuple[tuple[Stage, Can, str], ...] = (
    (Stage.SUBMITTED, Can.SCREEN, OF + "admission"),
    (Stage.SUBMITTED, Can.ADMIT, OF + "admission"),
    (Stage.ADMITTED, Can.SCREEN, OF + "consultation/papers"),
    (Stage.CONSULTING, Can.SPEAK, OF + "consultation"),
    (Stage.CONSULTING, Can.ENTER_FOR, OF + "opinions/for"),
    (Stage.SUMMARISING, Can.SUMMARISE, OF + "summary"),
    (Stage.SUMMARISING, Can.ADMIT, OF + "review"),
    (Stage.UNDER_REVIEW, Can.REVIEW, OF + "review"),
    (Stage.UNDER_REVIEW, Can.CONVENE, OF + "review"),
    (Stage.READY_FOR_MEETING, Can.CONVENE, "/meetings/new?proposal={id}"),
    (Stage.REFERRED, Can.CONVENE, "/votes/new?proposal={id}"),
    (Stage.ADOPTED, Can.CONVENE, OF + "commitments/new"),
    (Stage.ADOPTED, Can.PUBLISH, OF + "postings/decision/new"),
    (Stage.IN_PROGRESS, Can.CONVENE, OF + "commitments/new"),
    (Stage.AWAITING_ACCEPTANCE, Can.PUBLISH, OF + "postings/result/new"),
    (Stage.COMPLETED, Can.RATE, OF + "rating"),
)
"""Where those who work with a matter go from its page; `work.<stage>.<can>` says it in words."""


def work(
    ctx: Context, proposal: Proposal, able: frozenset[Can], meeting: Decided | None
) -> list[tuple[str, str]]:
    """What this reader can do next on other pages: (key of the words, address)."""
    base, stage = OF.format(id=proposal.id), proposal.stage
    found = [
        (f"work.{stage.value}.{can.value}", where.format(id=proposal.id))
        for at, can, where in WORK
        if at is stage and can in able
    ]
    if meeting:
        place = f"/votes/{meeting.vote.id}" if meeting.vote else f"/meetings/{meeting.meeting.id}"
        key = "work.voting.see" if meeting.vote else "work.meeting.see"
        found = [(key, place)]
    if stage is Stage.READY_FOR_MEETING and Can.CONVENE in able:
        found.append(("work.ready_for_meeting.body", f"/votes/new?proposal={proposal.id}"))
    if stage is Stage.CONSULTING and ctx.actor is None:
        found.append(("work.consulting.speak", base + "consultation"))
    if stage is Stage.RETURNED and ctx.actor and ctx.actor.person_id == proposal.author_id:
        found.insert(0, ("work.returned.author", base + "check"))
    return found


def is_open_to(ctx: Context, proposal: Proposal, able: frozenset[Can]) -> bool:
    """Whether this reader may read the words of a refused matter that is kept out of sight."""
    me = ctx.actor.person_id if ctx.actor else None
    mine = me is not None and me in {proposal.author_id, proposal.entered_by_id}
    return not proposal.hidden or mine or bool(able & {Can.SCREEN, Can.ADMIT, Can.INSPECT})


@handler()
def show(request: Request, ctx: Context) -> Response:
    """Where the matter stands, whose turn it is, and everything that has been said and done."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    if proposal.stage is Stage.DRAFT:
        return RedirectResponse(f"/proposals/{proposal.id}/check", status_code=303)
    session, place = ctx.session, proposal.community_id
    able = policy.abilities(session, ctx.actor, place)
    readable = is_open_to(ctx, proposal, able)
    face = (proposal.author_id, proposal.capacity)
    named = [proposal.author_id] if proposal.named and not proposal.hidden else []
    pair = ("proposal", proposal.id)
    steps = process.steps(for_author(ctx, proposal), proposal)
    known = road.parts(ctx, proposal)
    waits = road.waits(session, [proposal.id]).get(proposal.id, [])
    returned = road.returned(session, proposal.id)
    return pages.page(
        request, "proposals/show.html", proposal=proposal, able=able, readable=readable,
        text=proposal if not proposal.hidden else proposals.words_of(proposal),
        byline=people.bylines(session, place, [face], named)[face],
        grid=session.get(Place, proposal.grid_id) if proposal.grid_id else None,
        unit=session.get(Unit, proposal.unit_id) if proposal.unit_id else None,
        steps=[(one, can) for one, can in steps if one.name not in ELSEWHERE],
        withdraw=next((can for one, can in steps if one.name == "withdraw"), None),
        work=work(ctx, proposal, able, road.coming(known.meetings)), waits=waits, parts=known,
        road=road.steps(proposal, known, waits, returned),
        took=road.participation(session, [proposal.id])[proposal.id],
        photos=files.photos(session, [pair], private=readable).get(pair, []) if readable else [],
        log=history.entries_of(ctx, proposal.id, LOG),
        referral=referrals.of(session, proposal.id), ballots=known.votes,
        translations=words(request, ctx, [proposal.id]),
        **support_of(request, ctx, proposal, able),
    )  # fmt: skip


@handler(session=True, rate="write")
def transition(request: Request, ctx: Context) -> Response:
    """Move the matter one step along its road."""
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    process.move(for_author(ctx, proposal), proposal, str(request.path_params["name"]))
    return RedirectResponse(f"/proposals/{proposal.id}", status_code=303)


def for_author(ctx: Context, proposal: Proposal) -> Context:
    """The worker who wrote a matter down acts for its proposer as long as it is not public."""
    me = ctx.actor.person_id if ctx.actor else None
    if me in {None, proposal.author_id} or proposal.entered_by_id != me or not proposal.consent:
        return ctx
    if proposal.stage not in {Stage.DRAFT, Stage.SUBMITTED, Stage.RETURNED}:
        return ctx
    author = people.actor(ctx.session, proposal.author_id, ctx.now)
    return replace(ctx, behalf=people.Behalf(author, proposal.channel, proposal.consent))


# Supporters


def support_of(
    request: Request,
    ctx: Context,
    proposal: Proposal,
    able: frozenset[Can],
    form: Form | None = None,
) -> dict[str, Any]:
    """What the box of supporters shows: how many, and what this reader can do."""
    mine = ctx.actor is not None and proposals.supports(ctx.session, proposal, ctx.actor)
    is_open = proposals.is_open_to_support(ctx, proposal)
    language = request.state.look.language
    return {
        "form": form or Form(),
        "supported": mine,
        "may_support": is_open and (ctx.actor is None or Can.SPEAK in able),
        "may_enter_for": is_open and Can.ENTER_FOR in able,
        "options": {
            "channel": [
                (one.value, i18n.translate(language, label_key(one)))
                for one in Channel
                if one is not Channel.WEB
            ],
            "consent": [(one.value, i18n.translate(language, label_key(one))) for one in Consent],
        },
    }


@handler(session=True, rate="write")
def support(request: Request, ctx: Context) -> Response:
    """Support a matter, or write down that somebody supports it."""
    return _support(request, ctx, "proposal.support")


@handler(session=True, rate="write")
def unsupport(request: Request, ctx: Context) -> Response:
    """Take one's support back."""
    return _support(request, ctx, "proposal.unsupport")


def _support(request: Request, ctx: Context, name: str) -> Response:
    proposal = proposals.get(ctx, int(request.path_params["id"]))
    form = form_of(request)
    able = policy.abilities(ctx.session, ctx.actor, proposal.community_id)
    plain = replace(ctx)
    try:
        form.check(form.value("for_person") or not form.flag("on_behalf"), "empty", "for_person")
        with form.reading():
            ctx.behalf = behalf_from(request, ctx.session, proposal.community_id)
        wanted = name == "proposal.support"
        if proposals.supports(ctx.session, proposal, ctx.voice) is not wanted:
            act = proposals.support if wanted else proposals.unsupport
            act(ctx, proposal)  # a second click finds what the first one did
    except Invalid as wrong:
        data = support_of(request, plain, proposal, able, form.wrong(wrong))
        name = "_supporters" if pages.is_partial(request) else "support"
        return pages.page(request, f"proposals/{name}.html", 422, proposal=proposal, **data)
    return pages.answer(
        request, "proposals/_supporters.html", f"/proposals/{proposal.id}#supporters",
        proposal=proposal, **support_of(request, plain, proposal, able),
    )  # fmt: skip


routes = [
    Route("/proposals", index),
    Route("/proposals/{id:int}", show),
    Route("/proposals/{id:int}/transitions/{name}", transition, methods=["POST"]),
    Route("/proposals/{id:int}/supporters", support, methods=["POST"]),
    Route("/proposals/{id:int}/supporters/remove", unsupport, methods=["POST"]),
]
