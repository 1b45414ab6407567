"""Kinds of meetings: who calls each, how early, who sits, how long one speaks, what it decides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from council import profiles
from council.derivations import Field, Line
from council.people import Constituency, Post
from council.policy import Can
from council.thresholds import Rule

NO_VALUES: Mapping[str, str] = MappingProxyType({})


class MeetingKind(StrEnum):
    """The kinds of meetings (practice.md A12 (5)), each with its own rules."""

    JOINT = "joint"
    COUNCIL = "council"
    TALK_HALL = "talk_hall"
    BUILDING_HEADS = "building_heads"
    HEARING = "hearing"
    OPEN_TALK = "open_talk"
    DELEGATES = "delegates"
    RESIDENTS = "residents"
    WORKSHOP = "workshop"


class Sits(StrEnum):
    """Who has a seat: the five constituencies, holders of offices, all adults, or anybody."""

    CONSTITUENCIES = "constituencies"
    COUNCIL = "council"
    HEADS = "heads"
    DELEGATES = "delegates"
    ADULTS = "adults"
    ANYBODY = "anybody"


@dataclass(frozen=True)
class Kind:
    """What holds for a kind of meeting; `profile` is the rule by which it decides, if it does.

    `timed`: turns to speak have a length and a number. `posts` are the offices that bring a seat.
    """

    kind: MeetingKind
    sits: Sits = Sits.ANYBODY
    profile: str | None = None
    convenes: Can = Can.CONVENE
    notice_by_law: int = 0
    timed: bool = True
    posts: tuple[Post, ...] = ()
    observers_speak: bool = True
    chair_votes: bool = False

    @property
    def decides(self) -> bool:
        """Whether motions are put: the other kinds only talk and listen."""
        return self.profile is not None

    @property
    def invites(self) -> bool:
        """Whether there is a list of seats; to the other kinds anybody may come."""
        return self.sits not in {Sits.ANYBODY, Sits.ADULTS}

    @property
    def arrivals(self) -> bool:
        """Whether a seat is taken by coming: all adults have one, thousands perhaps."""
        return self.sits is Sits.ADULTS

    def notice_days(self, values: Mapping[str, str] = NO_VALUES) -> int:
        """Days between notice and meeting: the charter's, never fewer than the law's."""
        return max(int(values.get("meeting_notice_days", 3)), self.notice_by_law)

    def speaks(self, values: Mapping[str, str] = NO_VALUES) -> tuple[int, int]:
        """Seconds of a turn, and turns of each on a motion, as the charter sets them.

        (0, 0) where people talk in groups and nobody is timed.
        """
        if not self.timed:
            return 0, 0
        return int(values.get("speak_seconds", 120)), int(values.get("speak_turns", 2))

    def rule(self, values: Mapping[str, str] = NO_VALUES) -> Rule:
        """How it decides under these values of the charter, whoever sits there being present.

        What decides nothing has the rule of a straw poll: no quorum, nothing binds. Experts have
        seats in the council and advise, as in a joint meeting (practice.md D).
        """
        found = profiles.in_meeting(profiles.rule(self.profile or "STRAW", values))
        if self.sits is not Sits.COUNCIL:
            return found
        five = tuple(one.value for one in Constituency)
        return replace(found, constituencies=five, advisory=(Constituency.EXPERTS.value,))


# Organic Law of Urban Residents' Committees (2026): 10 days before a residents' assembly (Art. 26),
# committee and delegates sit in the delegates' assembly, and other residents attend and speak
# (Art. 28), hearing and open talk are forms of deliberation (Art. 32). In an assembly the chair
# keeps the vote that the law gives (practice.md, correction 10).
KINDS: Mapping[MeetingKind, Kind] = MappingProxyType(
    {
        one.kind: one
        for one in (
            Kind(MeetingKind.JOINT, Sits.CONSTITUENCIES, "JOINT_MEETING"),
            Kind(MeetingKind.COUNCIL, Sits.COUNCIL, "COUNCIL", posts=(Post.COUNCIL_MEMBER,)),
            Kind(MeetingKind.TALK_HALL),
            Kind(MeetingKind.BUILDING_HEADS, Sits.HEADS, posts=(Post.BUILDING_LEAD,)),
            Kind(MeetingKind.HEARING),
            Kind(MeetingKind.OPEN_TALK),
            Kind(
                MeetingKind.DELEGATES, Sits.DELEGATES, "DELEGATE_ASSEMBLY",
                posts=(Post.COMMITTEE, Post.DELEGATE), chair_votes=True,
            ),
            Kind(
                MeetingKind.RESIDENTS, Sits.ADULTS, "RESIDENT_ASSEMBLY", notice_by_law=10,
                chair_votes=True,
            ),
            Kind(MeetingKind.WORKSHOP, timed=False),
        )
    }
)  # fmt: skip
"""Every kind of meeting that a community holds."""

DELEGATES_SHARE = (4, 5)
"""At least so many of the delegates' assembly are delegates: Organic Law (2026), Art. 28."""

# Question


def card(kind: MeetingKind, values: Mapping[str, str] = NO_VALUES) -> tuple[Line, ...]:
    """What holds for a kind, in plain sentences; `rulecards.card` says how it decides."""
    return tuple(_sentences(KINDS[kind], values))


def _sentences(kind: Kind, values: Mapping[str, str]) -> Iterator[Line]:
    yield _line(f"sits.{kind.sits}")
    yield _line("notice.law" if kind.notice_by_law else "notice", days=kind.notice_days(values))
    if kind.timed:
        seconds, turns = kind.speaks(values)
        yield _line("speaks", seconds=seconds, turns=turns)
    else:
        yield _line("freely")
    if kind.sits is not Sits.ANYBODY:
        yield _line("observers.speak" if kind.observers_speak else "observers.listen")
    if kind.decides:
        yield _line("chair.votes" if kind.chair_votes else "chair.neutral")
    else:
        yield _line("talks")


def _line(key: str, **fields: Field) -> Line:
    return Line(f"kind.{key}", ok=True, fields=fields)
