"""The rules card: every day and threshold of the charter in a sentence, and changing one."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from council import charter, policy
from council.charter import Rule, Value
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.places import Place
from council.policy import Can
from council.web import pages
from council.web.forms import Form
from council.web.handler import form_of, handler

UNITS = ("wd", "d", "wh", "h")
"""What a time limit may be counted in, in the order of the form."""


@handler()
def show(request: Request, ctx: Context) -> Response:
    """The rules card; those who configure find a form beside each rule."""
    return _page(request, ctx)


def _page(request: Request, ctx: Context, key: str = "", form: Form | None = None) -> Response:
    """The whole card; the form for `key` as it was sent."""
    community = request.state.look.community
    found = charter.card(ctx.session, community.id if community else 0)
    may = community is not None and policy.allows(
        ctx.session, ctx.actor, Can.CONFIGURE, community.id
    )
    forms = {one.value.key: _first(one) for one in found}
    if form is not None:
        forms[key] = form
    return pages.page(
        request, "charter/show.html", 422 if form else 200, rules=found, forms_by_key=forms,
        may=may, saved="", form=form or Form(),
    )  # fmt: skip


def _first(rule: Rule) -> Form:
    """The form of a rule before anybody typed."""
    key = rule.value.key
    return Form({key: str(rule.number or rule.text), f"{key}_unit": rule.unit})


@handler(session=True, rate="write")
def set_value(request: Request, ctx: Context) -> Response:
    """Set one value; running matters keep what they started with."""
    value = charter.VALUES.get(str(request.path_params["key"]))
    community: Place | None = request.state.look.community
    if value is None or community is None:
        raise NotFound("not_found")
    if not policy.allows(ctx.session, ctx.actor, Can.CONFIGURE, community.id):
        raise NotAllowed("not_allowed")
    form, wrong = form_of(request), False
    try:
        charter.set_value(ctx, community, key=value.key, value=_read(form, value))
    except Invalid as refusal:
        form.wrong(refusal)
        wrong = True
    if wrong and not pages.is_partial(request):
        return _page(request, ctx, value.key, form)
    rule = charter.rule(value, charter.rules(ctx.session, community.id)[value.key])
    where = f"/charter#rule-{value.key}"
    shown = form if wrong else _first(rule)
    part = pages.answer(
        request, "charter/_rule.html", where, rule=rule, form=shown, may=True,
        saved="" if wrong else value.key,
    )  # fmt: skip
    if wrong:
        part.status_code = 422
    return part


def _read(form: Form, value: Value) -> str:
    """The value as the charter writes it: 3wd, 15, yes."""
    if value.kind == "choice":
        return form.value(value.key)
    with form.reading():
        number = form.integer(value.key, low=value.least, high=value.most)
        unit = form.value(f"{value.key}_unit") if value.kind == "limit" else ""
        form.check(value.kind != "limit" or unit in UNITS, "not_a_choice", f"{value.key}_unit")
    return f"{number}{unit}"


routes = [
    Route("/charter", show),
    Route("/charter/{key}", set_value, methods=["POST"]),
]
