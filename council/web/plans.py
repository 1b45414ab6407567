"""The plan of a meeting: one form for when and where, who leads and sits, and what is put."""

import re
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import charter, kinds, meetings, petitions, places, plans, policy, translations
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.kinds import KINDS, MeetingKind
from council.meetings import AgendaItem, ItemKind, Meeting
from council.people import Constituency, Post
from council.places import Place
from council.plans import MOTION, PLACE, PLACES, TITLE, Plan, Topic
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

OWN = 8
"""Most items without a matter on one agenda; the form shows two empty places more than are used."""


def _shown(form: Form) -> int:
    """How many places for items of their own the form shows."""
    used = [n for n in range(1, OWN + 1) if form.value(f"title_own{n}")]
    return min(OWN, max([*used, 0]) + 2)


def _community(request: Request) -> Place:
    found: Place | None = request.state.look.community
    if found is None:
        raise NotFound("not_found")
    return found


def _meeting(request: Request, ctx: Context) -> tuple[Meeting, Place]:
    meeting = meetings.get(ctx, int(request.path_params["id"]))
    return meeting, ctx.session.get_one(Place, meeting.community_id)


@handler(session=True)
def new(request: Request, ctx: Context) -> Response:
    """First which kind; then its form, with those ticked who usually sit, and one's matter."""
    place, asked = _community(request), request.query_params
    kind = next((one for one in MeetingKind if one.value == asked.get("kind")), None)
    if kind is None and "proposal" not in asked:
        return _choice(request, ctx, place)
    kind = kind or MeetingKind.JOINT
    form = Form(
        kind=kind, members=_usual(ctx, place, kind), matters=asked.getlist("proposal"),
        petition=asked.get("petition", ""),
    )  # fmt: skip
    return _form_page(request, ctx, place, None, form)


def _choice(request: Request, ctx: Context, place: Place) -> Response:
    """The kinds of meetings, each with its rules in plain words."""
    _convenes(ctx, place)
    values = charter.rules(ctx.session, place.id)
    cards = {one: kinds.card(one, values) for one in MeetingKind}
    owed = petitions.owed(ctx.session, place.id)
    return pages.page(request, "plans/kinds.html", cards=cards, owed=owed)


def _convenes(ctx: Context, place: Place) -> None:
    if not policy.allows(ctx.session, ctx.actor, Can.CONVENE, place.id):
        raise NotAllowed("not_allowed")


def _usual(ctx: Context, place: Place, kind: MeetingKind) -> list[int]:
    """Who is ticked to begin with: who came last time, or whose office brings a seat."""
    if not KINDS[kind].posts:
        return plans.usual(ctx.session, place.id) if KINDS[kind].invites else []
    held = plans.holders(ctx.session, place, KINDS[kind], ctx.now)
    return list({row.person_id: row.id for row in reversed(held)}.values())


@handler(session=True)
def edit(request: Request, ctx: Context) -> Response:
    """The plan of a meeting, to be changed before its notice."""
    meeting, place = _meeting(request, ctx)
    agenda = meetings.items(ctx.session, meeting.id)
    names = ("title", "starts_at", "location", "accessible", "places")
    form = Form(
        kind=meeting.kind, chair=meeting.chair_id, recorder=meeting.recorder_id,
        petition=meeting.petition_id or "",
        members=plans.seated(ctx.session, meeting),
        matters=[one.proposal_id for one in agenda if one.proposal_id],
        **{name: getattr(meeting, name) for name in names},
        **_typed(agenda),
    )  # fmt: skip
    return _form_page(request, ctx, place, meeting, form)


def _typed(agenda: list[AgendaItem]) -> dict[str, object]:
    """The agenda as its fields stand in the form."""
    fields: dict[str, object] = {}
    own = 0
    for item in agenda:
        own += item.proposal_id is None
        end = item.proposal_id or f"own{own}"
        for name in ("motion", "presenter", "title", "kind", "about_people"):
            fields[f"{name}_{end}"] = getattr(item, name)
        fields |= {f"minutes_{end}": item.minutes or "", f"item_{end}": item.id}
    return fields


def _form_page(
    request: Request, ctx: Context, place: Place, meeting: Meeting | None, form: Form
) -> Response:
    _convenes(ctx, place)
    kind = _kind(form)
    joint = kind is MeetingKind.JOINT
    ready = plans.ready(ctx.session, place.id, meeting.id if meeting else None) if joint else []
    return pages.page(
        request, "plans/form.html", 422 if form.problems else 200, form=form, meeting=meeting,
        kind=kind, of=KINDS[kind], card=kinds.card(kind, charter.rules(ctx.session, place.id)),
        purposes=list(ItemKind) if KINDS[kind].decides else [ItemKind.TALK, ItemKind.REPORT],
        chairs=plans.choices(ctx, place, Post.FACILITATOR),
        recorders=plans.choices(ctx, place, Post.RECORDER),
        owed=petitions.owed(ctx.session, place.id, kind),
        members=_members(ctx, place, form), ready=ready, most=MOTION, own=_shown(form),
        translations=translations.of_matters(ctx.session, [row.id for row in ready]),
    )  # fmt: skip


def _members(ctx: Context, place: Place, form: Form) -> dict[Constituency, list[tuple[int, str]]]:
    """Who can be ticked, per constituency: number, name, unit."""
    ticked = _ids(form, "members")
    of = KINDS[_kind(form)]
    found = plans.holders(ctx.session, place, of, ctx.now) if of.posts else []
    if of.invites and not of.posts:
        found = plans.candidates(ctx.session, place.id, ctx.now, also=ticked)
    names = meetings.faces(ctx.session, place.id, [row.person_id for row in found])
    units = {unit.id: unit.name for unit in places.units(ctx.session, place.id)}
    shown: dict[Constituency, list[tuple[int, str]]] = {one: [] for one in Constituency}
    for row in found:
        face = names.get(row.person_id)
        if face:
            unit = f" · {units[row.unit_id]}" if row.unit_id in units else ""
            shown[row.constituency].append((row.id, f"{face.number:04d} · {face.name}{unit}"))
    return shown


def _kind(form: Form) -> MeetingKind:
    """The kind that the form is about; a joint meeting when it does not say."""
    typed = form.value("kind")
    return next((one for one in MeetingKind if one.value == typed), MeetingKind.JOINT)


def _ids(form: Form, name: str) -> list[int]:
    """The rows that were ticked; what is no number is left out."""
    return [int(one) for one in form.values(name) if one.isdecimal() and len(one) < 10]


def _read(ctx: Context, place: Place, form: Form) -> Plan:
    with form.reading():
        chair_id = form.integer("chair")
        recorder_id = form.integer("recorder")
        members, matters = _ids(form, "members"), _ids(form, "matters")
        return Plan(
            kind=_kind(form),
            title=form.line("title", TITLE), starts_at=form.moment("starts_at"),
            location=form.line("location", PLACE, required=False),
            accessible=form.flag("accessible"), chair_id=chair_id, recorder_id=recorder_id,
            members=(*members, *_numbered(ctx, place, form)),
            agenda=(*(_topic(form, one) for one in matters), *_own(form)),
            petition_id=form.integer_or_none("petition"),
            places=form.integer_or_none("places", 1, PLACES),
        )  # fmt: skip


def _topic(form: Form, proposal_id: int) -> Topic:
    """A matter with its motion, who presents it and for how long."""
    return Topic(
        proposal_id, form.text(f"motion_{proposal_id}", MOTION, required=False),
        presenter=form.line(f"presenter_{proposal_id}", TITLE, required=False),
        minutes=form.integer_or_none(f"minutes_{proposal_id}") or 0,
        about_people=form.flag(f"about_people_{proposal_id}"),
    )  # fmt: skip


def _own(form: Form) -> list[Topic]:
    """Items without a matter: those whose title was filled in."""
    return [
        Topic(
            None, form.text(f"motion_own{n}", MOTION, required=False),
            form.line(f"title_own{n}", TITLE), form.choice(f"kind_own{n}", ItemKind),
            form.line(f"presenter_own{n}", TITLE, required=False),
            form.integer_or_none(f"minutes_own{n}") or 0,
            form.integer_or_none(f"item_own{n}") or 0, form.flag(f"about_people_own{n}"),
        )
        for n in range(1, OWN + 1)
        if form.value(f"title_own{n}").strip()
    ]  # fmt: skip


def _numbered(ctx: Context, place: Place, form: Form) -> list[int]:
    """People named by their public numbers, for whoever is not among those listed."""
    typed = [int(one[:8]) for one in re.findall(r"[0-9]+", form.value("numbers"))]
    found = plans.numbered(ctx.session, place.id, typed, ctx.now)
    unknown = [one for one in typed if one not in found]
    numbers = ", ".join(f"{one:04d}" for one in unknown)
    form.check(not unknown, "no_such_number", "numbers", numbers=numbers)
    return list(found.values())


@handler(session=True, rate="write")
def create(request: Request, ctx: Context) -> Response:
    """Plan a meeting."""
    place, form = _community(request), form_of(request)
    try:
        meeting = plans.plan(ctx, place, plan=_read(ctx, place, form))
    except Invalid as wrong:
        return _form_page(request, ctx, place, None, form.wrong(wrong))
    return RedirectResponse(f"/meetings/{meeting.id}", status_code=303)


@handler(session=True, rate="write")
def revise(request: Request, ctx: Context) -> Response:
    """Change the plan of a meeting."""
    (meeting, place), form = _meeting(request, ctx), form_of(request)
    try:
        planned = replace(_read(ctx, place, form), kind=meeting.kind)
        plans.revise(ctx, meeting, plan=planned)
    except Invalid as wrong:
        return _form_page(request, ctx, place, meeting, form.wrong(wrong))
    return RedirectResponse(f"/meetings/{meeting.id}", status_code=303)


routes = [
    Route("/meetings/new", new),
    Route("/meetings", create, methods=["POST"]),
    Route("/meetings/{id:int}/plan", edit),
    Route("/meetings/{id:int}/plan", revise, methods=["POST"]),
]
