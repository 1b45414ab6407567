"""Who asks: the sign-in behind a request, and the look that every page needs."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from council import accounts, audit, calendar, people, places, policy, translations
from council.accounts import Account, Current
from council.commitments import Commitment
from council.db import Ready
from council.i18n import Language
from council.meetings import Meeting
from council.notices import Notice
from council.people import Actor, Alias, Byline, Constituency, Membership, Office
from council.petitions import Petition
from council.places import Place, PlaceKind
from council.policy import Can
from council.proposals import Proposal
from council.settings import Settings
from council.votes import Vote
from council.web import cookies, csrf
from council.web.finished import Finished
from council.web.look import Look, Translations

ROWS: dict[str, type[Any]] = {
    "accounts": Account, "commitments": Commitment, "meetings": Meeting,
    "memberships": Membership, "notices": Notice, "offices": Office, "petitions": Petition,
    "proposals": Proposal, "votes": Vote,
}  # fmt: skip
"""What the number in an address stands for: `/meetings/12` is a meeting's page."""


USUAL = re.compile(r"[\w/.-]*")
"""An address in which nothing has to be written otherwise."""


def settings_of(request: Request) -> Settings:
    """The installation's settings."""
    found: Settings = request.app.state.settings
    return found


def meet(request: Request, session: Session, now: datetime) -> Current | None:
    """Find out who asks and fill `request.state.look`; returns their sign-in, if any."""
    here = _sign_in_of(request, session, now)
    actor = (
        people.actor(session, here.person_id, now, here.chosen, here.account_id) if here else None
    )
    log_size = audit.size(session)
    community, several = _community(request, session, actor, log_size)
    known: dict[str, Any] = {
        "community": community, "several": several, "log_size": log_size,
        "example": bool(community and community.is_example),
    }  # fmt: skip
    if here and actor:
        known |= {
            "actor": actor, "name": here.name, "byline": _byline(session, actor, community),
            "waiting": calendar.waiting_count(session, actor),
            "proposes": policy.allows(session, actor, Can.SPEAK, community.id if community else 0),
        }  # fmt: skip
    request.state.sign_in = here
    request.state.look = plain_look(request, now, **known)
    return here


# Whose pages these are, in an installation of several communities


def _community(
    request: Request, session: Session, actor: Actor | None, log_size: int
) -> tuple[Place | None, bool]:
    """The community that this page is about, and whether there are others.

    A row's own page is always about the row's community, and a form goes where it was shown. Else
    what the reader chose last counts, then where they belong, then the first by code.
    """
    finished: Finished = request.app.state.finished
    first = finished.known(log_size, "communities", lambda: places.first_communities(session))
    request.state.usual = next(iter(first), None)
    if len(first) < 2:
        return request.state.usual, False
    first = places.first_communities(session)
    chosen = _known(session, getattr(request.state, "community", ""))
    request.state.usual = usual = chosen or _own(session, actor, first[0])
    return _of_row(request, session) or _of_form(request, session) or usual, True


def _known(session: Session, typed: str) -> Place | None:
    found = session.get(Place, int(typed)) if re.fullmatch(r"[0-9]{1,9}", typed) else None
    return found if found and found.kind is PlaceKind.COMMUNITY else None


def _own(session: Session, actor: Actor | None, first: Place) -> Place:
    """Where somebody belongs or holds an office; the first community for everybody else."""
    ids = {*actor.memberships, *(held.place_id for held in actor.offices)} if actor else set[int]()
    if not ids or first.id in ids:
        return first
    return next((one for n in sorted(ids) if (one := _known(session, str(n)))), first)


def _of_row(request: Request, session: Session) -> Place | None:
    kind = ROWS.get(request.url.path.split("/")[1])
    row_id = request.path_params.get("id")
    if kind is None or not isinstance(row_id, int):
        return None
    found = session.scalar(select(kind.community_id).where(kind.id == row_id))
    return _known(session, str(found))


def _of_form(request: Request, session: Session) -> Place | None:
    sent = getattr(request.state, "form", {}).get(cookies.COMMUNITY, "")
    return _known(session, sent) if isinstance(sent, str) else None


def show_in(request: Request, session: Session, community_id: int) -> None:
    """Let a page without a number in its address stand in this community, such as a slip's."""
    look: Look = request.state.look
    if look.several:
        place = session.get_one(Place, community_id)
        request.state.look = replace(look, community=place, example=place.is_example)


def remember(request: Request, response: Response) -> None:
    """Whoever changed something in a community stays there on the pages that follow."""
    look: Look = request.state.look
    if look.several and look.community is not None and look.community is not request.state.usual:
        value = str(look.community.id)
        cookies.put(request.scope, response, cookies.COMMUNITY, value, max_age=cookies.YEAR)


def plain_look(request: Request, now: datetime | None = None, **known: Any) -> Look:
    """What can be known of a reader without the database, and what is known besides."""
    settings = settings_of(request)
    language: Language = getattr(request.state, "language", "zh")
    path, given = _here(request)
    query = tuple((name, value) for name, value in given if name not in {"lang", "size"})
    return Look(
        language=language,
        size=getattr(request.state, "size", ""),
        now=now or datetime.now(UTC),
        csrf=form_token(request),
        path=path,
        query=query,
        base=settings.base_url.rstrip("/") or _base(request),
        reference=getattr(request.state, "reference", ""),
        **known,
    )


def _here(request: Request) -> tuple[str, list[tuple[str, str]]]:
    """The address that links of this page lead back to: of a posted form, the page it stood on."""
    referer = request.headers.get("referer", "")
    if referer and request.method not in csrf.SAFE:
        came_from = urlsplit(referer)
        if came_from.netloc == request.url.netloc:
            return came_from.path or "/", parse_qsl(came_from.query)
    path = request.scope["path"]
    asked = request.query_params.multi_items() if request.scope["query_string"] else []
    return path if USUAL.fullmatch(path) else request.url.path, asked


def _base(request: Request) -> str:
    """The site's address as this reader wrote it, made once for all who write it alike."""
    scope = request.scope
    server, root = scope.get("server"), scope.get("app_root_path", scope.get("root_path", ""))
    host = request.headers.get("host")
    return _origin(scope["scheme"], host, tuple(server) if server else None, root)


@lru_cache(maxsize=64)
def _origin(scheme: str, host: str | None, server: tuple[object, ...] | None, root: str) -> str:
    scope = {
        "type": "http", "scheme": scheme, "server": server, "root_path": root, "path": "/",
        "headers": [] if host is None else [(b"host", host.encode("latin-1"))],
    }  # fmt: skip
    return str(Request(scope).base_url).rstrip("/")


def _sign_in_of(request: Request, session: Session, now: datetime) -> Current | None:
    """The sign-in of this device; a kiosk is signed in on its own page only."""
    token = cookies.get(request, cookies.SESSION)
    found = accounts.current(session, token, now) if token else None
    if found and found.kiosk_id and request.url.path != f"/meetings/{found.kiosk_id}/kiosk":
        return None
    return found


def _byline(session: Session, actor: Actor, community: Place | None) -> Byline | None:
    """How the signed-in person appears in public here, in one statement."""
    if community is None:
        return None
    row = _NUMBER.run(session, person=actor.person_id, community=community.id).fetchone()
    number = row[0] if row else 0
    capacity: Constituency | None = actor.capacity(community.id)
    offices = [held for held in actor.offices if community.path.startswith(held.path)]
    if not offices:
        return Byline(capacity, number)
    first = min(offices, key=lambda held: list(people.Post).index(held.post))
    return Byline(capacity, first.number, post=first.post)


_NUMBER = Ready(
    select(Alias.number).where(
        Alias.person_id == bindparam("person"), Alias.community_id == bindparam("community")
    )
)


def english(request: Request, session: Session, proposal_id: int) -> Translations:
    """The community's English of a matter; nothing is asked for on a Chinese page."""
    if request.state.look.language == "zh":
        return {}
    return translations.of_matters(session, [proposal_id])


# The form token


def form_token(request: Request) -> str:
    """The token for forms of this session, or of this visitor before signing in."""
    bound_to = cookies.get(request, cookies.SESSION) or visitor_of(request)
    return csrf.token(settings_of(request).secret(), bound_to)


def visitor_of(request: Request) -> str:
    """A random name for somebody who has not signed in, kept in a cookie where a form is shown."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = cookies.get(request, cookies.VISITOR) or cookies.fresh()
    found: str = request.state.visitor
    return found
