"""Safeguards: nothing opens, is counted or is voided by one person alone."""

import pytest

from council import preparations, rolls, safeguards
from council.entitlements import Entry
from council.errors import Invalid, NotAllowed, NotReady
from council.people import Constituency, Post
from council.safeguards import Check, Watching
from council.votes import Choice
from tests.polling import LEAD, WATCH, Poll
from tests.world import World

ALWAYS = [Check.ROLL, Check.TEXT, Check.HELP]


def test_the_checklist_asks_what_applies(world: World) -> None:
    poll = Poll(world, "STRAW")
    poll.prepared(electorate="members", secret=False, remote=False, paper=True)
    assert safeguards.checklist(world.session, poll.vote) == [*ALWAYS, Check.SLIPS]
    poll.prepared(
        electorate="members", secret=True,
        constituencies=(Constituency.PARTY, Constituency.RESIDENTS),
    )  # fmt: skip
    groups = [Constituency.PARTY] * 4 + [Constituency.RESIDENTS] * 5
    entries = [Entry(f"人{n}", "", f"{n}", 0, group) for n, group in enumerate(groups)]
    rolls.take(world.as_(Post.COMMUNITY_WORKER), poll.vote, entries)
    assert safeguards.small_cells(world.session, poll.vote) == ["party"]
    assert safeguards.checklist(world.session, poll.vote) == [
        *ALWAYS, Check.PHONE, Check.SECRECY, Check.SMALL_CELLS,
    ]  # fmt: skip


def test_the_oversight_committee_passes_the_whole_checklist(world: World) -> None:
    poll = Poll(world)
    with pytest.raises(NotReady) as early:
        poll.checked()
    assert early.value.needs == ("is_announced",)
    poll.announced()
    with pytest.raises(Invalid) as missing:
        safeguards.pass_checklist(world.as_(WATCH), poll.vote, ticked=[Check.ROLL])
    assert [one.field for one in missing.value.problems] == ["text", "help", "phone"]
    with pytest.raises(NotAllowed):
        safeguards.pass_checklist(world.as_(LEAD), poll.vote, ticked=list(Check))
    assert not safeguards.checklist_passed(world.as_(WATCH), poll.vote)
    poll.checked()
    assert poll.papers.checks == ["roll", "text", "help", "phone"]
    assert safeguards.checklist_passed(world.as_(WATCH), poll.vote)
    assert world.acts()[-1] == "vote.pass_checklist"


def test_tellers_and_observers_are_there_once_and_after_the_close(world: World) -> None:
    poll = Poll(world)
    poll.opened()
    with pytest.raises(NotReady) as early:
        safeguards.tell(world.as_(Post.RECORDER), poll.vote)
    assert early.value.needs == ("count_is_due",)
    world.wait(days=11)
    poll.tick()
    with pytest.raises(NotAllowed):
        safeguards.tell(world.as_("neighbour"), poll.vote)
    with pytest.raises(NotAllowed):
        safeguards.observe(world.as_(Post.RECORDER), poll.vote)
    safeguards.tell(world.as_(Post.RECORDER), poll.vote)
    row = safeguards.observe(world.as_(WATCH), poll.vote)
    assert row.watching is Watching.OBSERVER
    assert world.acts()[-2:] == ["vote.tell", "vote.observe"]
    with pytest.raises(NotReady) as again:
        safeguards.tell(world.as_(WATCH), poll.vote)
    assert again.value.needs == ("not_yet_witness",)


def test_the_reason_of_a_void_vote_is_written_by_those_who_oversee(world: World) -> None:
    poll = Poll(world)
    poll.closed(Choice.FOR)
    with pytest.raises(NotAllowed):
        safeguards.draft_void(world.as_(LEAD), poll.vote, reason="名册用错了。")
    with pytest.raises(Invalid):
        safeguards.draft_void(world.as_(WATCH), poll.vote, reason="")
    safeguards.draft_void(world.as_(WATCH), poll.vote, reason="名册用错了。")
    row = preparations.of(world.session, poll.vote.id)
    assert row.void_drafted_by_id == world.who[WATCH]
    assert world.acts()[-1] == "vote.draft_void"
