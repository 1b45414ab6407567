"""Who may do what: one table from permission to constituencies and offices, scoped to a place."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sqlalchemy.orm import Session

from council import places
from council.people import Actor, Constituency, Post


class Can(StrEnum):
    """A permission. Facts about one row (author, handler …) are requirements, never here."""

    SYSTEM = "system"
    SELF = "self"
    SPEAK = "speak"
    RATE = "rate"
    ENTER_FOR = "enter_for"
    SCREEN = "screen"
    ADMIT = "admit"
    CONVENE = "convene"
    KEEP_ROLL = "keep_roll"
    SUMMARISE = "summarise"
    REVIEW = "review"
    PUBLISH_FINDING = "publish_finding"
    CHAIR = "chair"
    DOOR = "door"
    COUNT = "count"
    OVERSEE = "oversee"
    RECORD = "record"
    HANDLE = "handle"
    INSPECT = "inspect"
    PUBLISH = "publish"
    TRANSLATE = "translate"
    ENROL = "enrol"
    APPOINT = "appoint"
    CONFIGURE = "configure"
    SUPERVISE = "supervise"


@dataclass(frozen=True)
class Holders:
    """Those who hold a permission: members of constituencies, or holders of offices."""

    constituencies: frozenset[Constituency] = frozenset()
    posts: frozenset[Post] = frozenset()


def _members(*constituencies: Constituency) -> Holders:
    return Holders(constituencies=frozenset(constituencies))


def _posts(*posts: Post) -> Holders:
    return Holders(posts=frozenset(posts))


HOLDERS: dict[Can, Holders] = {
    Can.SYSTEM: Holders(),
    Can.SELF: Holders(),
    # Everybody who belongs to the community is heard; the five are counted separately.
    Can.SPEAK: _members(*Constituency),
    Can.RATE: _members(Constituency.RESIDENTS, Constituency.PARTY),
    Can.ENTER_FOR: _posts(Post.COMMUNITY_WORKER, Post.BUILDING_LEAD),
    # practice.md, correction 3: a worker drafts, the Party secretary decides.
    Can.SCREEN: _posts(Post.COMMUNITY_WORKER),
    Can.ADMIT: _posts(Post.PARTY_LEAD),
    Can.CONVENE: _posts(Post.PARTY_LEAD, Post.COMMITTEE),
    # Who prepares a vote, and who has the lists at the counter.
    Can.KEEP_ROLL: _posts(Post.PARTY_LEAD, Post.COMMITTEE, Post.COMMUNITY_WORKER),
    Can.SUMMARISE: _posts(Post.FACILITATOR, Post.COMMUNITY_WORKER),
    Can.REVIEW: _members(Constituency.EXPERTS),
    Can.PUBLISH_FINDING: Holders(
        frozenset({Constituency.EXPERTS}), frozenset({Post.PARTY_LEAD, Post.COMMITTEE})
    ),
    Can.CHAIR: _posts(Post.FACILITATOR),
    Can.DOOR: _posts(Post.FACILITATOR, Post.RECORDER, Post.COMMUNITY_WORKER),
    # Paper is entered by two people; the oversight committee and the subdistrict watch votes.
    Can.COUNT: _posts(
        Post.COMMUNITY_WORKER, Post.FACILITATOR, Post.RECORDER, Post.OVERSIGHT, Post.DELEGATE
    ),
    Can.OVERSEE: _posts(Post.OVERSIGHT, Post.SUBDISTRICT),
    Can.RECORD: _posts(Post.RECORDER),
    Can.HANDLE: Holders(frozenset({Constituency.UNITS}), frozenset({Post.HANDLER})),
    Can.INSPECT: _posts(Post.OVERSIGHT, Post.COMMUNITY_WORKER, Post.DELEGATE),
    Can.PUBLISH: _posts(Post.PARTY_LEAD, Post.COMMITTEE, Post.COMMUNITY_WORKER),
    Can.TRANSLATE: _posts(Post.COMMUNITY_WORKER, Post.RECORDER),
    Can.ENROL: _posts(Post.COMMUNITY_WORKER, Post.ADMIN),
    Can.APPOINT: _posts(Post.ADMIN),
    # The administrator configures and never decides, votes or edits records (A11).
    Can.CONFIGURE: _posts(Post.ADMIN),
    Can.SUPERVISE: _posts(Post.PARTY_LEAD, Post.SUBDISTRICT),
}


@dataclass(frozen=True)
class Grant:
    """In what quality somebody is allowed: as holder of a post, or in a constituency."""

    post: Post | None = None
    constituency: Constituency | None = None


Lends = Callable[[Session, Actor, object], bool]

LENT: dict[Can, Lends] = {}
"""What a row lends for a while to one person, beside the table: the chair of an item."""


def lent(can: Can) -> Callable[[Lends], Lends]:
    """Ask the function below whether a row lends the permission to somebody."""

    def declare(lends: Lends) -> Lends:
        LENT[can] = lends
        return lends

    return declare


def grant(
    session: Session, actor: Actor | None, can: Can, place_id: int, row: object = None
) -> Grant | None:
    """The quality in which the actor holds the permission at the place; None when not at all.

    An office reaches down from the place where it is held; a membership is of one community.
    `row` is what is acted on: it may lend the permission, in the actor's constituency.
    """
    if actor is None:
        return None
    if actor.is_system:
        return Grant() if can is Can.SYSTEM else None
    if can is Can.SELF:
        return Grant()
    holders = HOLDERS[can]
    if holders.posts and actor.offices:
        posts = holders.posts & actor.posts(places.path(session, place_id))
        if posts:
            return Grant(post=min(posts, key=list(Post).index))
    capacity = actor.capacity(place_id)
    if capacity in holders.constituencies:
        return Grant(constituency=capacity)
    held = holders.constituencies & actor.constituencies(place_id)
    if held:
        return Grant(constituency=min(held, key=list(Constituency).index))
    lends = LENT.get(can)
    return Grant(constituency=capacity) if lends and lends(session, actor, row) else None


@cache
def of_post(post: Post) -> frozenset[Can]:
    """Every permission that an office gives."""
    return frozenset(can for can, holders in HOLDERS.items() if post in holders.posts)


@cache
def of_members(constituencies: frozenset[Constituency]) -> frozenset[Can]:
    """Every permission that belonging to these constituencies gives."""
    return frozenset(
        can for can, holders in HOLDERS.items() if holders.constituencies & constituencies
    )


def allows(session: Session, actor: Actor | None, can: Can, place_id: int) -> bool:
    """Whether the actor holds the permission at the place."""
    return grant(session, actor, can, place_id) is not None


def abilities(session: Session, actor: Actor | None, place_id: int) -> frozenset[Can]:
    """Every permission the actor holds at the place."""
    return frozenset(can for can in Can if allows(session, actor, can, place_id))
