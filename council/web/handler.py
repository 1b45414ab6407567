"""One request: form, one worker thread, one session, one commit, and only then the answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from typing import Any, Literal, TypeGuard, TypeVar

import anyio
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from council import accounts
from council.accounts import Current
from council.db import Database
from council.errors import CouncilError, Invalid, NotAllowed, NotFound
from council.gate import Context
from council.people import Behalf, Channel, Consent
from council.policy import Can, allows
from council.web import cookies, csrf, reader, uploads
from council.web.forms import Form
from council.web.look import Look

Rate = Literal["read", "write", "sign_in", "static"]
View = Callable[[Request, Context], Response]
Queued = Callable[[Request, Context], Response | None]
Preparation = Callable[[Request, Session], object]
Answer = TypeVar("Answer", Response, Response | None)
Plain = TypeVar("Plain", bound=Callable[[Request], object])
T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Declared:
    """What every route declares: whether somebody must be signed in, and its rate class."""

    session: bool
    rate: Rate
    private: bool


class SignInNeeded(NotAllowed):
    """Nobody is signed in, and the page needs somebody (HTTP 401, or the way to sign in)."""


@dataclass(frozen=True)
class Prepared:
    """What the work before the view made, or why it refused."""

    value: object = None
    refusal: CouncilError | None = None


def handler(
    *,
    session: bool = False,
    rate: Rate = "read",
    private: bool | None = None,
    prepare: Preparation | None = None,
    queued: Queued | None = None,
    reads: bool = False,
) -> Callable[[View], Endpoint]:
    """Make an endpoint of a view `(request, ctx) -> Response`.

    GET and HEAD get a session that cannot write; POST gets the one that writes, and it is committed
    before the answer leaves (what the view raises rolls everything back). `prepare(request,
    session)` is the slow work, done before that transaction opens; `prepared(request)` gives its
    result. A `private` page (by default each one that needs a session) is stored nowhere, nor is a
    page of somebody who has signed in: going back after signing out shows none of it. A POST that
    `reads` changes nothing. `queued(request, ctx)` is for ballots, of which many come at once: the
    writer runs it, in one commit with whatever else waits, so it is short and renders only what is
    kept. Where it has no answer or refuses, the view reads and answers (see `prepared`).
    """
    declared = Declared(session, rate, session if private is None else private)

    def declare(view: View) -> Endpoint:
        @wraps(view)
        async def endpoint(request: Request) -> Response:
            _refuse_odd_addresses(request)
            request.state.form = await _read_form(request)
            reading = reads or queued is not None or request.method in csrf.SAFE
            work = partial(_serve, request, view, declared, prepare, reading=reading)
            try:
                if queued and (made := await _in_turn(request, queued, declared)):
                    return made
                return await _in_thread(request, work)
            finally:
                await request.state.form.close()

        endpoint.declared = declared  # type: ignore[attr-defined]
        return endpoint

    return declare


def declare(*, rate: Rate) -> Callable[[Plain], Plain]:
    """Declare a plain endpoint that needs no database session and nobody signed in."""

    def declared(endpoint: Plain) -> Plain:
        endpoint.declared = Declared(session=False, rate=rate, private=False)  # type: ignore[attr-defined]
        return endpoint

    return declared


def form_of(request: Request) -> Form:
    """The form as it was sent, ready to be read and shown again."""
    return Form(request.state.form)


def prepared(request: Request) -> Any:
    """What the preparation made. Raises what it, or the queued work, refused: in a view's try."""
    found: Prepared = request.state.prepared
    if found.refusal:
        raise found.refusal
    return found.value


def behalf_from(request: Request, session: Session, community_id: int) -> Behalf | None:
    """For whom a worker enters this form; None when it names nobody.

    Fields: `for_person` (the public number), `channel`, `consent`. Whether the worker may is the
    gate's business; a number is looked up only for those who may. Raises Invalid and NotAllowed.
    """
    form = form_of(request)
    if not form.value("for_person").strip():
        return None
    look: Look = request.state.look
    if not allows(session, look.actor, Can.ENTER_FOR, community_id):
        raise NotAllowed("not_allowed")
    with form.reading():
        number = form.integer("for_person", low=1)
        channel = form.choice("channel", Channel)
        consent = form.choice("consent", Consent)
    actor = accounts.resolve_person(session, community_id, number, look.now)
    return Behalf(actor, channel, consent)


async def _in_thread(request: Request, work: Callable[[], T]) -> T:
    limiter: anyio.CapacityLimiter = request.app.state.limiter
    return await anyio.to_thread.run_sync(work, limiter=limiter)


# The writer's thread


async def _in_turn(request: Request, view: Queued, declared: Declared) -> Response | None:
    """Have the view run by the writer, with others; None when it gave no answer, or refused."""
    state = request.app.state
    now, writer = state.clock(), state.writer

    def work(session: Session) -> Response | None:
        here = _meet(request, session, now, declared)
        response = _seen(request, view, session, now)
        session.flush()
        session.expunge_all()  # what it found may be kept: it must not change with the session
        return _complete(request, response, declared, here) if response else None

    try:
        response: Response | None = await writer.together(work)
    except CouncilError as refusal:
        request.state.prepared = Prepared(refusal=refusal)
        return None
    if response and _is_late(here := request.state.sign_in, now):
        await _in_thread(request, partial(_note_seen, state.database, here, now))
    return response


# The worker thread


def _serve(
    request: Request, view: View, declared: Declared, prepare: Preparation | None, *, reading: bool
) -> Response:
    """Everything after the form was read, in this one thread."""
    database: Database = request.app.state.database
    now = request.app.state.clock()
    with database.read() as session:
        here = _meet(request, session, now, declared)
        if prepare or not hasattr(request.state, "prepared"):
            request.state.prepared = _prepare(request, session, prepare)
        if reading:
            response = _seen(request, view, session, now)
    if not reading:
        with database.write() as session:
            response = _seen(request, view, session, now)
    response = _complete(request, response, declared, here)
    if _is_late(here, now):
        _note_seen(database, here, now)
    return response


def _meet(request: Request, session: Session, now: datetime, declared: Declared) -> Current | None:
    """Who asks, once all that is true of every request was checked."""
    here = reader.meet(request, session, now)
    _check_csrf(request)
    if declared.session and here is None:
        raise SignInNeeded("sign_in")
    return here


def _complete(
    request: Request, response: Response, declared: Declared, here: Current | None
) -> Response:
    """The answer with what is true of every answer."""
    if request.method not in csrf.SAFE:
        reader.remember(request, response)
        if response.status_code == 422 and uploads.left_out(request.state.form):
            response.status_code = 413
    if declared.private or here:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _seen(
    request: Request, view: Callable[[Request, Context], Answer], session: Session, now: datetime
) -> Answer:
    ctx = Context(session, request.state.look.actor, now)
    response = view(request, ctx)
    if (
        (response is None or response.status_code < 400)
        and ctx.behalf is None
        and _names_somebody(request)
    ):
        raise RuntimeError("the form names a person, the view entered it for the worker")
    return response


def _names_somebody(request: Request) -> bool:
    sent = request.state.form.getlist("for_person")
    return any(isinstance(one, str) and one.strip() for one in sent)


def _prepare(request: Request, session: Session, prepare: Preparation | None) -> Prepared:
    if prepare is None:
        return Prepared()
    try:
        return Prepared(prepare(request, session))
    except Invalid as refusal:
        return Prepared(refusal=refusal)


def _is_late(here: Current | None, now: datetime) -> TypeGuard[Current]:
    """Whether it is time to note again that this device is in use."""
    return here is not None and now - here.last_seen >= accounts.SEEN_EVERY


def _note_seen(database: Database, here: Current, now: datetime) -> None:
    """A second, short write; a page never fails because of it."""
    try:
        with database.write() as session:
            accounts.seen(session, here.id, now)
    except SQLAlchemyError:
        return


# Forms


async def _read_form(request: Request) -> FormData:
    """The form, without the NUL characters that no database keeps."""
    if request.method in csrf.SAFE:
        return FormData()
    sent = await uploads.read(request)
    return FormData(
        [
            (name, value.replace("\0", "") if isinstance(value, str) else value)
            for name, value in sent.multi_items()
        ]
    )


def _refuse_odd_addresses(request: Request) -> None:
    """No page has an address with a NUL, or with a number that no row can have."""
    for value in request.path_params.values():
        if (isinstance(value, str) and "\0" in value) or (
            isinstance(value, int) and value > LARGEST_ID
        ):
            raise NotFound("not_found")
    request.scope["query_string"] = request.scope["query_string"].replace(b"%00", b"")


def _check_csrf(request: Request) -> None:
    sent = request.state.form.get(csrf.FIELD, "")
    token = sent if isinstance(sent, str) else ""
    csrf.check(request, token, partial(_expected, request), reader.settings_of(request).base_url)


def _expected(request: Request) -> str:
    """The token that a form of this browser holds; empty for one that was never shown a form."""
    has_cookie = cookies.get(request, cookies.SESSION) or cookies.get(request, cookies.VISITOR)
    return reader.form_token(request) if has_cookie else ""
