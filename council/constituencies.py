"""Constituencies of a formal vote: what each of them has to reach by itself, and which advise."""

from collections.abc import Sequence
from dataclasses import asdict

from council import charter, preparations, profiles
from council.errors import checking
from council.gate import Context, act
from council.people import Constituency
from council.policy import Can
from council.preparations import in_preparation
from council.profiles import ADVISING, SHARES, Apart
from council.votes import Method, Vote

# Requirements


def has_constituencies(ctx: Context, vote: Vote) -> bool:
    """The papers of the vote say that it is counted by constituency."""
    return not vote.in_meeting and bool(preparations.of(ctx.session, vote.id).constituencies)


# Acts


@act("vote.ask_apart", who=Can.CONVENE, requires=(in_preparation, has_constituencies), alone=True)
def ask_apart(
    ctx: Context, vote: Vote, *, quorum: str, need: int, advisory: Sequence[Constituency] = ()
) -> Vote:
    """Say what each constituency has to reach by itself; frozen with the rule at the notice."""
    row = preparations.of(ctx.session, vote.id)
    groups, most = row.constituencies, len(row.constituencies) - len(set(advisory))
    with checking() as check:
        check(quorum in {"none", *SHARES}, "not_a_choice", "quorum")
        if check(set(advisory) <= set(groups), "not_a_choice", "advisory"):
            check(not advisory or row.profile in ADVISING, "all_count", "advisory")
            check(most > 0, "all_advise", "advisory")
        check(0 <= need <= most, "out_of_range", "need", low=0, high=max(0, most))
        by_motion = vote.method is Method.MOTION
        check(by_motion or not need, "motion_only", "need")
        check(by_motion or not advisory, "motion_only", "advisory")
    asked = Apart(quorum, need, tuple(one.value for one in advisory))
    vote.settings = vote.settings | {"apart": asdict(asked) | {"advisory": list(asked.advisory)}}
    vote.rule = preparations.rule(ctx.session, row).to_json()
    return vote


# Questions


def asked_of(ctx: Context, vote: Vote) -> Apart:
    """What this vote asks of its constituencies, by itself or by the charter."""
    return profiles.asked(vote.settings, charter.rules(ctx.session, vote.community_id))
