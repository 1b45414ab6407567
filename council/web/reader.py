"""Who asks: the sign-in behind a request, and the look that every page needs."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request

from council import accounts, audit, calendar, people, places, policy, translations
from council.accounts import Current
from council.i18n import Language
from council.people import Actor, Alias, Byline, Constituency
from council.places import Place
from council.policy import Can
from council.settings import Settings
from council.web import cookies, csrf
from council.web.look import Look, Translations


def settings_of(request: Request) -> Settings:
    """The installation's settings."""
    found: Settings = request.app.state.settings
    return found


def meet(request: Request, session: Session, now: datetime) -> Current | None:
    """Find out who asks and fill `request.state.look`; returns their sign-in, if any."""
    here = _sign_in_of(request, session, now)
    community = places.home_community(session)
    look = replace(
        plain_look(request, now),
        community=community,
        example=bool(community and community.is_example),
        log_size=audit.size(session),
    )
    if here:
        actor = people.actor(session, here.person_id, now, here.chosen, here.account_id)
        look = replace(
            look, actor=actor, name=here.name, byline=_byline(session, actor, community),
            waiting=calendar.waiting_count(session, actor),
            proposes=policy.allows(session, actor, Can.SPEAK, community.id if community else 0),
        )  # fmt: skip
    request.state.sign_in = here
    request.state.look = look
    return here


def plain_look(request: Request, now: datetime | None = None) -> Look:
    """What can be known of a reader without the database."""
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
        base=(settings.base_url or str(request.base_url)).rstrip("/"),
        reference=getattr(request.state, "reference", ""),
    )


def _here(request: Request) -> tuple[str, list[tuple[str, str]]]:
    """The address that links of this page lead back to: of a posted form, the page it stood on."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if request.method not in csrf.SAFE and came_from.netloc == request.url.netloc:
        return came_from.path or "/", parse_qsl(came_from.query)
    return request.url.path, request.query_params.multi_items()


def _sign_in_of(request: Request, session: Session, now: datetime) -> Current | None:
    token = cookies.get(request, cookies.SESSION)
    return accounts.current(session, token, now) if token else None


def _byline(session: Session, actor: Actor, community: Place | None) -> Byline | None:
    """How the signed-in person appears in public here, in one statement."""
    if community is None:
        return None
    number = session.scalar(
        select(Alias.number).where(
            Alias.person_id == actor.person_id, Alias.community_id == community.id
        )
    )
    capacity: Constituency | None = actor.capacity(community.id)
    offices = [held for held in actor.offices if community.path.startswith(held.path)]
    if not offices:
        return Byline(capacity, number or 0)
    first = min(offices, key=lambda held: list(people.Post).index(held.post))
    return Byline(capacity, first.number, post=first.post)


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
