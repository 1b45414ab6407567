"""Profiles: the eight ways to decide that a community has, each with the law that it follows.

A charter may ask for more than the law, never for less. What a vote uses is a copy, frozen when it
opens, so that a later charter changes nothing that has begun.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from council.tallies import Base, Weight
from council.thresholds import Electorate, Presence, Rule, Share, Test, Tie

HALF, TWO_THIRDS, THREE_QUARTERS = Fraction(1, 2), Fraction(2, 3), Fraction(3, 4)
SHARES = {"half": HALF, "two_thirds": TWO_THIRDS, "three_quarters": THREE_QUARTERS}
"""What a charter calls a share."""


def _over(part: Fraction, base: Base, *weights: Weight) -> tuple[Test, ...]:
    """超过, 过半数: the number itself is not enough."""
    share = Share(part, strict=True, base=base)
    return tuple(Test(weight, share) for weight in weights or (Weight.HEADS,))


def _least(part: Fraction, base: Base, *weights: Weight) -> tuple[Test, ...]:
    """以上, 不少于: the number itself is enough."""
    share = Share(part, strict=False, base=base)
    return tuple(Test(weight, share) for weight in weights or (Weight.HEADS,))


OWNED = (Weight.HEADS, Weight.AREA)

# Organic Law of Urban Residents' Committees (2026), Art. 27: more than half of the residents of
# eighteen years or of the households' representatives; more than half of those present.
RESIDENT_ASSEMBLY = Rule(
    code="RESIDENT_ASSEMBLY",
    electorate=Electorate.RESIDENTS,
    presence=Presence.TURNOUT,
    quorum=_over(HALF, Base.ENTITLED),
    passing=_over(HALF, Base.PRESENT),
)

# the same law, Art. 29: at least two thirds of the members; more than half of those present
DELEGATE_ASSEMBLY = Rule(
    code="DELEGATE_ASSEMBLY",
    electorate=Electorate.DELEGATES,
    presence=Presence.TURNOUT,
    quorum=_least(TWO_THIRDS, Base.ENTITLED),
    passing=_over(HALF, Base.PRESENT),
)

# Civil Code, Art. 278: at least two thirds by area and by heads take part; of those who take part,
# more than half by area and by heads
OWNERS_ORDINARY = Rule(
    code="OWNERS_ORDINARY",
    electorate=Electorate.OWNERS,
    presence=Presence.TURNOUT,
    quorum=_least(TWO_THIRDS, Base.ENTITLED, *OWNED),
    passing=_over(HALF, Base.PRESENT, *OWNED),
)

# the same article, items 6 to 8 (fund, rebuilding, use of shared parts): at least three quarters
OWNERS_SPECIAL = replace(
    OWNERS_ORDINARY,
    code="OWNERS_SPECIAL",
    passing=_least(THREE_QUARTERS, Base.PRESENT, *OWNED),
)

# practice.md A12: the usual rule of residents' councils, local and no law
COUNCIL = Rule(
    code="COUNCIL",
    electorate=Electorate.MEMBERS,
    presence=Presence.TURNOUT,
    quorum=_least(TWO_THIRDS, Base.ENTITLED),
    passing=_over(HALF, Base.PRESENT),
)

# practice.md, corrections 4 and 5
JOINT_MEETING = Rule(
    code="JOINT_MEETING",
    electorate=Electorate.SEATS,
    presence=Presence.SEATS,
    quorum=_least(HALF, Base.ENTITLED),
    passing=_over(HALF, Base.PRESENT),
    constituencies=("party", "residents", "community", "experts", "units"),
    advisory=("experts",),
    each_present=1,
    none_unanimous=True,
)

# practice.md A4 (四议两公开): at least two thirds come, at least half of those due agree
PARTY_REVIEW = Rule(
    code="PARTY_REVIEW",
    electorate=Electorate.MEMBERS,
    presence=Presence.TURNOUT,
    quorum=_least(TWO_THIRDS, Base.ENTITLED),
    passing=_least(HALF, Base.ENTITLED),
)

# practice.md A12 (民意测评): no law, and it decides nothing
STRAW = Rule(
    code="STRAW",
    electorate=Electorate.RESIDENTS,
    presence=Presence.TURNOUT,
    quorum=(),
    passing=_over(HALF, Base.VALID),
    binding=False,
)

PROFILES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            RESIDENT_ASSEMBLY, DELEGATE_ASSEMBLY, OWNERS_ORDINARY, OWNERS_SPECIAL,
            COUNCIL, JOINT_MEETING, PARTY_REVIEW, STRAW,
        )
    }
)  # fmt: skip

ADVISING = frozenset({"COUNCIL", "STRAW"})
"""Profiles in which a constituency may only advise: no law says that each of them counts."""


@dataclass(frozen=True)
class Apart:
    """What constituencies that are counted by themselves have to reach.

    `quorum`: the share of each that must take part, a name of SHARES or "none"; `need`: how many of
    them must carry a motion on their own, 0 for none. Those of `advisory` are shown, not counted.
    """

    quorum: str = "none"
    need: int = 0
    advisory: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conditions:
    """What a vote needs beside the arithmetic: who may stand on its roll, and for how long what.

    0 days ask for none. `secret`: True must be, False must be by name, None either. `proxies` is
    for how many others one person may vote, in writing. `ties`: what may be done about a tie of a
    motion; `draws`: whether a place between equals may go by lot.
    """

    electorates: tuple[Electorate, ...]
    notice_days: int = 7
    open_days: int = 7
    roll_days: int = 5
    secret: bool | None = None
    proxies: int = 0
    ties: tuple[Tie, ...] = (Tie.FAILS,)
    draws: bool = True

    def ties_of(self, *, motion: bool) -> tuple[Tie, ...]:
        """What may happen to a tie of a motion, or between options for the last place."""
        if motion:
            return self.ties
        return (Tie.FAILS, Tie.LOT) if self.draws else (Tie.FAILS,)


ANYBODY = (Electorate.MEMBERS, Electorate.RESIDENTS, Electorate.HOUSEHOLDS)
PROXIES = 3

# Proxies: Art. 19, three at most, none among delegates. The roll hangs out for objections as long
# as in Art. 17. Owners vote by name, and only totals are published (practice.md A12 (6)). Where the
# law asks for more than half of those present, nobody breaks a tie of a motion: half is not more.
_CONDITIONS: Mapping[str, Conditions] = MappingProxyType(
    {
        "RESIDENT_ASSEMBLY": Conditions(ANYBODY[1:], notice_days=10, proxies=PROXIES),
        "DELEGATE_ASSEMBLY": Conditions((Electorate.DELEGATES,)),
        "OWNERS_ORDINARY": Conditions(
            (Electorate.OWNERS,), secret=False, proxies=PROXIES, draws=False
        ),
        "OWNERS_SPECIAL": Conditions(
            (Electorate.OWNERS,), secret=False, proxies=PROXIES, draws=False
        ),
        "COUNCIL": Conditions((Electorate.MEMBERS,), ties=tuple(Tie)),
        "JOINT_MEETING": Conditions((Electorate.SEATS,), 3, 0, 0, ties=(Tie.FAILS, Tie.CHAIR)),
        "PARTY_REVIEW": Conditions((Electorate.MEMBERS,)),
        "STRAW": Conditions(ANYBODY, draws=False),
    }
)
NOTICE_BY_LAW = {"RESIDENT_ASSEMBLY": 10}
"""Days of notice that no charter shortens: Organic Law (2026), Art. 26."""

# Questions


def rule(code: str, values: Mapping[str, str] = MappingProxyType({}), electorate: str = "") -> Rule:
    """The rule of a profile as this charter has it, for one of the electorates that it allows.

    `values` are the charter's (`charter.rules`); what is not there is as by law. Households are
    counted as households. Raises KeyError for no profile, ValueError for a stranger's electorate.
    """
    found = PROFILES[code]
    if code == "COUNCIL" and "council_quorum" in values:
        found = replace(found, quorum=_least(SHARES[values["council_quorum"]], Base.ENTITLED))
    if code == "COUNCIL" and values.get("council_passing", "half") != "half":
        found = replace(found, passing=_least(SHARES[values["council_passing"]], Base.PRESENT))
    if code == "JOINT_MEETING":
        found = replace(found, tie=Tie(values.get("meeting_tie", found.tie)))
    return _of(found, Electorate(electorate)) if electorate else found


def asked(settings: Mapping[str, Any], values: Mapping[str, str]) -> Apart:
    """What this vote asks of its constituencies; where it says nothing, what the charter does."""
    if found := settings.get("apart"):
        return Apart(found["quorum"], found["need"], tuple(found["advisory"]))
    advisory = ("experts",) if values.get("vote_experts") == "advise" else ()
    return Apart(values.get("vote_each", "none"), int(values.get("vote_need", 0)), advisory)


def apart(
    found: Rule, groups: Sequence[str], asked: Apart, *, motion: bool, together: bool = False
) -> Rule:
    """The rule with its constituencies, and what each of them has to reach, as far as it fits.

    Where nothing is asked of them by themselves they can be counted `together`. Only a motion is
    carried or advised on by constituencies.
    """
    advises = motion and found.code in ADVISING
    advisory = tuple(one for one in groups if advises and one in asked.advisory)
    advisory = () if len(advisory) == len(groups) else advisory
    need = min(asked.need, len(groups) - len(advisory)) if motion and found.binding else 0
    share = SHARES.get(asked.quorum)
    if not groups or (together and not (share or need or advisory)):
        return found
    each = _least(share, Base.ENTITLED, *found.weights) if share else ()
    return replace(
        found, constituencies=tuple(groups), advisory=advisory, quorum_each=each, need=need
    )


def in_meeting(found: Rule) -> Rule:
    """The same rule for a vote in a meeting, where whoever sits there is present, voting or not."""
    return replace(found, presence=Presence.SEATS)


def in_secret(found: Rule) -> Rule:
    """The same rule for a secret vote in a meeting: where nothing is asked of a constituency by
    itself, all who count are counted as one, and who only advises does not vote.
    """
    asks = found.quorum_each or found.each_present or found.need or found.none_unanimous
    return found if asks else replace(found, constituencies=(), advisory=())


def conditions(
    code: str, values: Mapping[str, str] = MappingProxyType({}), *, about_people: bool = False
) -> Conditions:
    """What such a vote needs, with the charter's days. A vote about people is always secret."""
    found = _CONDITIONS[code]
    if code == "JOINT_MEETING":
        found = _days(found, values, notice="meeting_notice_days")
    else:
        found = _days(found, values, "vote_notice_days", "vote_open_days", "vote_objection_days")
    notice = max(found.notice_days, NOTICE_BY_LAW.get(code, 0))
    return replace(found, notice_days=notice, secret=True if about_people else found.secret)


def _days(
    found: Conditions, values: Mapping[str, str], notice: str, open_: str = "", roll: str = ""
) -> Conditions:
    """The days that the charter's values of these keys say; the usual ones where it says none."""
    return replace(
        found,
        notice_days=int(values.get(notice, found.notice_days)),
        open_days=int(values.get(open_, found.open_days)),
        roll_days=int(values.get(roll, found.roll_days)),
    )


def _of(found: Rule, electorate: Electorate) -> Rule:
    if electorate not in _CONDITIONS[found.code].electorates:
        raise ValueError(f"{found.code} is not for {electorate}")
    if electorate is not Electorate.HOUSEHOLDS:
        return replace(found, electorate=electorate)

    def by_household(tests: tuple[Test, ...]) -> tuple[Test, ...]:
        return tuple(replace(test, weight=Weight.HOUSEHOLDS) for test in tests)

    return replace(
        found, electorate=electorate,
        quorum=by_household(found.quorum), passing=by_household(found.passing),
    )  # fmt: skip
