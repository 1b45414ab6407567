"""Giving an opinion, changing it, answering one, and entering one for somebody at the counter."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import gate, opinions, policy, proposals
from council.errors import Invalid, NotAllowed, NotFound
from council.gate import Context
from council.opinions import LONGEST, LONGEST_REPLY, Opinion, Stance
from council.policy import Can
from council.proposals import Proposal
from council.web import counter, pages, reader
from council.web.forms import Form
from council.web.handler import form_of, handler


def _matter(request: Request, ctx: Context) -> Proposal:
    return proposals.get(ctx, int(request.path_params["id"]))


def _opinion(request: Request, ctx: Context) -> tuple[Proposal, Opinion]:
    proposal = _matter(request, ctx)
    row = opinions.get(ctx.session, proposal.id, int(request.path_params["opinion"]))
    return proposal, row


def _read(form: Form) -> tuple[Stance, str]:
    with form.reading():
        return form.choice("stance", Stance), form.text("body", LONGEST)


def _once(ctx: Context, proposal: Proposal, form: Form) -> Opinion:
    """The opinion of this form: given, or found when the form was sent before."""
    stance, body = _read(form)
    key = form.key("stance", "body")
    return gate.once(
        lambda: opinions.same(ctx, proposal, stance, body),
        lambda: opinions.give(ctx, proposal, stance=stance, body=body, form_key=key),
    )


def _to(proposal: Proposal, place: str = "said") -> str:
    return f"/proposals/{proposal.id}/consultation#{place}"


# One's own opinion


@handler(session=True, rate="write")
def give(request: Request, ctx: Context) -> Response:
    """Say what one thinks."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        row = _once(ctx, proposal, form)
    except Invalid as wrong:
        part = pages.is_partial(request)
        name = "opinions/_form.html" if part else "opinions/new.html"
        return pages.page(
            request, name, 422, proposal=proposal, form=form.wrong(wrong), just=None,
            translations=reader.english(request, ctx.session, proposal.id),
        )  # fmt: skip
    [just] = opinions.threads(ctx.session, proposal.community_id, [row])
    return pages.answer(
        request, "opinions/_form.html", _to(proposal, f"opinion-{row.id}"), proposal=proposal,
        form=Form(), just=just, translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip


@handler(session=True)
def edit(request: Request, ctx: Context) -> Response:
    """The form to change one's own opinion, or to take it back."""
    proposal, row = _opinion(request, ctx)
    if row.person_id != ctx.person_id:
        raise NotAllowed("not_allowed")
    return _edit_page(request, ctx, proposal, row, Form(stance=row.stance, body=row.body))


def _edit_page(
    request: Request, ctx: Context, proposal: Proposal, row: Opinion, form: Form
) -> Response:
    return pages.page(
        request, "opinions/edit.html", 422 if form.problems else 200, proposal=proposal,
        opinion=row, form=form, translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip


@handler(session=True, rate="write")
def revise(request: Request, ctx: Context) -> Response:
    """Change one's own opinion."""
    (proposal, row), form = _opinion(request, ctx), form_of(request)
    try:
        stance, body = _read(form)
        opinions.revise(ctx, row, stance=stance, body=body)
    except Invalid as wrong:
        return _edit_page(request, ctx, proposal, row, form.wrong(wrong))
    return RedirectResponse(_to(proposal, f"opinion-{row.id}"), status_code=303)


@handler(session=True, rate="write")
def withdraw(request: Request, ctx: Context) -> Response:
    """Take one's own opinion back."""
    proposal, row = _opinion(request, ctx)
    opinions.withdraw(ctx, row)
    return RedirectResponse(_to(proposal), status_code=303)


# Answers


def _thread_page(
    request: Request, ctx: Context, proposal: Proposal, row: Opinion, form: Form
) -> Response:
    [said] = opinions.threads(ctx.session, proposal.community_id, [row])
    return pages.page(
        request, "opinions/show.html", 422 if form.problems else 200, proposal=proposal, one=said,
        form=form,
        official=policy.allows(ctx.session, ctx.actor, Can.SUMMARISE, proposal.community_id),
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """One opinion with the answers to it, and the form for another."""
    proposal, row = _opinion(request, ctx)
    return _thread_page(request, ctx, proposal, row, Form())


@handler(session=True, rate="write")
def reply(request: Request, ctx: Context) -> Response:
    """Answer an opinion: in office for those who summarise, else as one among all."""
    (proposal, row), form = _opinion(request, ctx), form_of(request)
    official = policy.allows(ctx.session, ctx.actor, Can.SUMMARISE, proposal.community_id)
    rule: Callable[..., object] = opinions.answer if official else opinions.reply
    try:
        with form.reading():
            body = form.text("reply", LONGEST_REPLY)
        if opinions.same_reply(ctx, row, body) is None:
            rule(ctx, row, body=body)
    except Invalid as wrong:
        return _thread_page(request, ctx, proposal, row, form.wrong(wrong))
    return RedirectResponse(_to(proposal, f"opinion-{row.id}"), status_code=303)


# For somebody at the counter, on the telephone or at the door


def _for_page(request: Request, ctx: Context, proposal: Proposal, form: Form) -> Response:
    return pages.page(
        request, "opinions/for.html", 422 if form.problems else 200, proposal=proposal, form=form,
        asked=counter.asked(request, ctx, proposal.community_id),
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip


@handler(session=True)
def new_for(request: Request, ctx: Context) -> Response:
    """The form to enter what somebody says, with a search by name for those who may."""
    return _for_page(request, ctx, _matter(request, ctx), counter.blank())


@handler(session=True, rate="write")
def give_for(request: Request, ctx: Context) -> Response:
    """Enter somebody's opinion and make out a slip with which they can follow the matter."""
    proposal, form = _matter(request, ctx), form_of(request)
    try:
        ctx.behalf = behalf = counter.caller(request, ctx, proposal.community_id)
        row = _once(ctx, proposal, form)
    except Invalid as wrong:
        return _for_page(request, ctx, proposal, form.wrong(wrong))
    code = counter.matter_slip(ctx, proposal.community_id, proposal.id, behalf)
    address = f"/proposals/{proposal.id}/opinions/{row.id}/slip"
    return counter.to_slip(request, address, f"opinion-{row.id}", code)


@handler(session=True)
def slip(request: Request, ctx: Context) -> Response:
    """The slip that was just made, to print: its code is shown once."""
    proposal, row = _opinion(request, ctx)
    if row.entered_by_id is None or row.entered_by_id != ctx.person_id:
        raise NotFound("not_found")
    [said] = opinions.threads(ctx.session, proposal.community_id, [row])
    code = counter.code_for(request, f"opinion-{row.id}")
    response = pages.page(
        request, "opinions/slip.html", proposal=proposal, one=said, code=code,
        translations=reader.english(request, ctx.session, proposal.id),
    )  # fmt: skip
    return counter.shown_once(request, response)


routes = [
    Route("/proposals/{id:int}/opinions", give, methods=["POST"]),
    Route("/proposals/{id:int}/opinions/for", new_for),
    Route("/proposals/{id:int}/opinions/for", give_for, methods=["POST"]),
    Route("/proposals/{id:int}/opinions/{opinion:int}", show),
    Route("/proposals/{id:int}/opinions/{opinion:int}/edit", edit),
    Route("/proposals/{id:int}/opinions/{opinion:int}/edit", revise, methods=["POST"]),
    Route("/proposals/{id:int}/opinions/{opinion:int}/withdrawal", withdraw, methods=["POST"]),
    Route("/proposals/{id:int}/opinions/{opinion:int}/replies", reply, methods=["POST"]),
    Route("/proposals/{id:int}/opinions/{opinion:int}/slip", slip),
]
