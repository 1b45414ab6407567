"""Signing in and out, and what somebody finds under My page."""

import json
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import absences, accounts, calendar, passwords, policy, proposals, slips
from council.accounts import Account, Current
from council.errors import Invalid, NotFound, Problem
from council.gate import Context
from council.people import Constituency
from council.policy import Can
from council.proposals import Proposal
from council.web import cookies, csrf, pages, waiting
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
from council.web.reader import settings_of, visitor_of
from council.web.refusals import sentences

# Signing in


def local(address: str) -> str:
    """The address to go to after signing in, if it lies on this site; else My page."""
    parts = urlsplit(address.replace("\\", "/"))
    local_path = address.startswith("/") and not address.startswith(("//", "/\\"))
    clean = local_path and not parts.netloc and not parts.scheme and address.isprintable()
    return address if clean else "/me"


def check_password(request: Request, session: Session) -> int | None:
    """Compare name and password (slow), before the write transaction; None for no such pair."""
    form = form_of(request)
    if form.value("code").strip():
        return None
    counted = accounts.subjects(form.value("name"), address_of(request))
    accounts.check_attempts(session, counted, request.state.look.now)
    found = accounts.verified(session, form.value("name"), form.value("password"))
    return found.id if found else None


@handler(private=True)
def show_sign_in(request: Request, ctx: Context) -> Response:
    """The two ways in: a slip, or name and password."""
    form = Form(
        next=local(request.query_params.get("next", "/me")),
        code=request.query_params.get("code", "")[:20],
    )
    response = pages.page(request, "accounts/sign_in.html", form=form)
    cookies.put(request.scope, response, cookies.VISITOR, visitor_of(request))
    return response


@handler(rate="sign_in", private=True, prepare=check_password)
def sign_in(request: Request, ctx: Context) -> Response:
    """Sign in, or open the matter of a slip; whatever is wrong is answered in the same words."""
    form = form_of(request)
    code = form.value("code").strip()
    counted = accounts.subjects("" if code else form.value("name"), address_of(request))
    accounts.check_attempts(ctx.session, counted, ctx.now)
    account = _account(request, ctx, code)
    if account is None and not form.value("kept") and slips.follows(ctx.session, code, ctx.now):
        return RedirectResponse(f"/slips/{slips.shown(code)}", status_code=303)
    if account is None:
        accounts.failed(ctx.session, counted, ctx.now)
        wrong = Problem("no_such_slip", "code") if code else Problem("wrong_sign_in", "name")
        form.wrong(Invalid(wrong))
        return pages.page(request, "accounts/sign_in.html", 422, form=form)
    accounts.sign_out(ctx.session, cookies.get(request, cookies.SESSION), ctx.now)
    device = device_of(request.headers.get("User-Agent", ""))
    keep = form.flag("keep")
    token = accounts.sign_in(ctx.session, account, ctx.now, device=device, keep=keep)
    response = _onwards(request, form, token)
    age = int(accounts.KEPT.total_seconds()) if keep else None
    cookies.put(request.scope, response, cookies.SESSION, token, max_age=age)
    cookies.drop(request.scope, response, cookies.VISITOR)
    return response


def _onwards(request: Request, form: Form, token: str) -> Response:
    """To where one came from; or to the form that was filled in when the last sign-in ended."""
    then = local(form.value("then")) if form.value("then") else ""
    try:
        kept = [(str(name), str(value)) for name, value in json.loads(form.value("kept", "[]"))]
    except (ValueError, TypeError, RecursionError):
        kept = []
    if then and kept:
        key, written = csrf.token(settings_of(request).secret(), token), sentences(kept)
        data: dict[str, Any] = {"then": then, "kept": kept, "csrf": key, "written": written}
        return pages.page(request, "accounts/again.html", **data)
    return RedirectResponse(local(form.value("next", "/me")), status_code=303)


def _account(request: Request, ctx: Context, code: str) -> Account | None:
    if code:
        return accounts.use_slip(ctx.session, code, ctx.now)
    found: int | None = prepared(request)
    return ctx.session.get(Account, found) if found else None


@handler(private=True)
def sign_out(request: Request, ctx: Context) -> Response:
    """Sign out on this device; the browser lets go of the pages it could go back to."""
    accounts.sign_out(ctx.session, cookies.get(request, cookies.SESSION), ctx.now)
    response = RedirectResponse("/", status_code=303, headers={"Clear-Site-Data": '"cache"'})
    cookies.drop(request.scope, response, cookies.SESSION)
    return response


BROWSERS = {
    "MicroMessenger": "微信 WeChat", "HuaweiBrowser": "Huawei", "MiuiBrowser": "Xiaomi",
    "QQBrowser": "QQ", "Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "HarmonyOS": "HarmonyOS", "iPhone": "iPhone", "iPad": "iPad", "Android": "Android",
    "Windows": "Windows", "Mac OS X": "Mac", "Linux": "Linux",
}  # fmt: skip


def device_of(sent: str) -> str:
    """A device in two words, `Chrome · Android`, from what its browser says of itself."""
    found = (
        next((words for mark, words in marks.items() if mark in sent), "")
        for marks in (BROWSERS, SYSTEMS)
    )
    return " · ".join(filter(None, found)) or sent[:40]


def address_of(request: Request) -> str:
    """The address that a request came from, for counting failed attempts only."""
    return request.client.host if request.client else ""


# My page


def here(request: Request) -> Current:
    """The sign-in behind this request; the handler made sure that there is one."""
    found: Current = request.state.sign_in
    return found


@handler(session=True)
def me(request: Request, ctx: Context) -> Response:
    """What waits for me: open votes first, then the rest by deadline."""
    look = request.state.look
    found = calendar.waiting(ctx.session, look.actor, ctx.now)
    ids = {one.deadline.proposal_id for one in found}
    matters = ctx.session.scalars(select(Proposal).where(Proposal.id.in_(ids)))
    return pages.page(
        request, "accounts/me.html", groups=waiting.grouped(found, ctx.now), waiting=look.waiting,
        matters={row.id: row for row in matters}, capacities=capacities(request),
        places=waiting.where(ctx.session, found), polls=waiting.polls(ctx.session, found),
        counter=at_counter(request, ctx),
        own=absences.own(ctx.session, ctx.person_id),
    )  # fmt: skip


def at_counter(request: Request, ctx: Context) -> bool:
    """Whether the reader opens accounts for others."""
    community = request.state.look.community
    return bool(community and policy.allows(ctx.session, ctx.actor, Can.ENROL, community.id))


@handler(session=True)
def mine(request: Request, ctx: Context) -> Response:
    """What I proposed, drafts included."""
    found = proposals.mine(ctx.session, ctx.person_id)
    return pages.page(request, "accounts/mine.html", proposals=found)


def capacities(request: Request) -> list[Constituency]:
    """The constituencies that the reader belongs to here, in their order."""
    look = request.state.look
    if look.actor is None or look.community is None:
        return []
    held = look.actor.constituencies(look.community.id)
    return [one for one in Constituency if one in held]


@handler(session=True, rate="write")
def choose_capacity(request: Request, ctx: Context) -> Response:
    """Speak in another of one's constituencies from now on, on this device."""
    chosen = form_of(request).choice_or_none("capacity", Constituency)
    if chosen not in capacities(request):
        raise NotFound("not_found")
    accounts.choose_capacity(ctx.session, here(request).id, chosen)
    return RedirectResponse("/me", status_code=303)


@handler(session=True)
def devices(request: Request, ctx: Context) -> Response:
    """Where I am signed in."""
    found = accounts.devices(ctx.session, here(request).account_id, ctx.now)
    return pages.page(request, "accounts/sessions.html", devices=found, this=here(request).id)


@handler(session=True, rate="write")
def revoke(request: Request, ctx: Context) -> Response:
    """Sign out another device."""
    wanted = int(request.path_params["id"])
    accounts.revoke(ctx.session, wanted, here(request).account_id, ctx.now)
    return RedirectResponse("/me/sessions", status_code=303)


@handler(session=True)
def show_password(request: Request, ctx: Context) -> Response:
    """The form for a new password."""
    account = ctx.session.get_one(Account, here(request).account_id)
    return pages.page(
        request, "accounts/password.html", form=Form(), has_one=account.password_hash is not None
    )


def hash_password(request: Request, session: Session) -> passwords.Hashed:
    """Check the old password and hash the new one (slow), before the write transaction."""
    form = form_of(request)
    account = session.get_one(Account, here(request).account_id)
    counted = accounts.subjects(account.name, address_of(request))
    accounts.check_attempts(session, counted, request.state.look.now)
    if account.password_hash and not passwords.matches(form.value("old"), account.password_hash):
        raise Invalid(Problem("wrong_password", "old"))
    return passwords.accept(form.value("password"), account.name)


@handler(session=True, rate="sign_in", prepare=hash_password)
def set_password(request: Request, ctx: Context) -> Response:
    """Choose a new password; every other device is signed out."""
    form, current = form_of(request), here(request)
    account = ctx.session.get_one(Account, current.account_id)
    try:
        accounts.set_password(ctx, account, prepared(request))
    except Invalid as wrong:
        if any(one.field == "old" for one in wrong.problems):
            counted = accounts.subjects(account.name, address_of(request))
            accounts.failed(ctx.session, counted, ctx.now)
        return pages.page(
            request, "accounts/password.html", 422,
            form=form.wrong(wrong), has_one=account.password_hash is not None,
        )  # fmt: skip
    accounts.revoke_all(ctx.session, account.id, ctx.now, but=current.id)
    return RedirectResponse("/me/sessions", status_code=303)


routes = [
    Route("/sign-in", show_sign_in),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/me", me),
    Route("/me/proposals", mine),
    Route("/me/capacity", choose_capacity, methods=["POST"]),
    Route("/me/sessions", devices),
    Route("/me/sessions/{id:int}/revoke", revoke, methods=["POST"]),
    Route("/me/password", show_password),
    Route("/me/password", set_password, methods=["POST"]),
]
