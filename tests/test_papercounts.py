"""Counting paper: two people key each bundle alone, the slips add up, the result holds."""

import pytest
from sqlalchemy import select

from council import counting, disputes, paperballots, papercounts, safeguards
from council.audit import Entry as LogEntry
from council.disputes import Remedy, Ruling
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.papercounts import PaperEntry
from council.papersheets import Sheet
from council.people import Constituency, Post
from council.votes import Choice, Method, VoteStage
from tests.polling import LEAD, WATCH, Poll, votes_of

WORKER, ONE, TWO, THREE = Post.COMMUNITY_WORKER, Post.RECORDER, Post.FACILITATOR, Post.DELEGATE


def heaps(n, m=0, k=0, bad=0, side="all"):
    return {side: {"for": n, "against": m, "abstain": k, "spoiled": bad}}


def closed(world, *, issued=20, handed=17, back=1, size=24, profile="DELEGATE_ASSEMBLY", **changed):
    """A closed vote for which slips were handed out at the counter."""
    poll = Poll(world, profile, size=size)
    poll.opened(**{"paper": True, "secret": True} | changed)
    ctx = world.as_(WORKER)
    paperballots.print_run(ctx, poll.vote, size=issued)
    for number in range(size - handed + 1, size + 1):
        paperballots.hand(ctx, poll.vote, number=number)
    for number in range(1, back + 1):
        paperballots.exchange(ctx, poll.vote, number=number)
    shut(poll)
    return poll


def shut(poll):
    poll.world.now = poll.vote.closes_at
    poll.tick()


def watched(poll):
    """Two tellers and an observer are there."""
    for who in (ONE, TWO):
        safeguards.tell(poll.world.as_(who), poll.vote)
    safeguards.observe(poll.world.as_(WATCH), poll.vote)


def keyed(poll, batch, who, content, spoiled=0, unused=0):
    at = papercounts.At(batch, poll.vote)
    sheet = Sheet(content, spoiled, unused)
    return papercounts.enter(poll.world.as_(who), at, sheet=sheet)


def agreed(poll, content, spoiled=0, unused=0, **side):
    batch = papercounts.begin(poll.world.as_(ONE), poll.vote, **side)
    for who in (ONE, TWO):
        keyed(poll, batch, who, content, spoiled, unused)
    return batch


def needs(refusal):
    return refusal.value.needs


def test_twenty_slips_two_clerks_who_disagree_and_then_agree(world):
    """20 issued = 17 used + 1 spoiled + 2 unused, and nobody learns what the other keyed."""
    poll, session = closed(world), world.session
    watched(poll)
    batch = papercounts.begin(world.as_(ONE), poll.vote)
    keyed(poll, batch, ONE, heaps(11, 4, 1, 1), 1, 2)
    keyed(poll, batch, TWO, heaps(10, 5, 1, 1), 1, 2)
    assert papercounts.differs(session, batch) == [("all", "for"), ("all", "against")]
    assert batch.settled_at is None
    with pytest.raises(NotReady) as refusal:
        poll.step("tally", ONE)
    assert needs(refusal) == ("paper_reconciled",)
    for who in (ONE, TWO):
        keyed(poll, batch, who, heaps(11, 4, 1, 1), 1, 2)
    assert papercounts.differs(session, batch) == []
    papercounts.reconcile(world.as_(TWO), poll.vote)
    row = papercounts.of(session, poll.vote.id)
    assert (row.issued, row.used, row.spoiled, row.unused, row.missing) == (20, 17, 1, 2, 0)
    poll.step("tally", ONE)
    found = poll.vote.reckoning.totals
    assert (found.favour, found.against, found.abstain, found.spoiled) == (11, 4, 1, 1)
    assert counting.miscomputed(session) == []


def test_the_log_tells_no_entry_before_two_agree(world):
    poll = closed(world)
    batch = papercounts.begin(world.as_(ONE), poll.vote)
    made = keyed(poll, batch, ONE, heaps(11, 4, 1, 1), 1, 2)
    world.commit()
    entry = world.session.scalars(select(LogEntry).order_by(LogEntry.idx.desc())).first().entry
    assert b"paper_entry.enter" in entry
    assert b'"unused":2' not in entry
    assert b'"for"' not in entry.split(b'"rows"')[1]
    assert made.slot == 1


def test_a_third_entry_never_wins(world):
    poll = closed(world)
    batch = papercounts.begin(world.as_(ONE), poll.vote)
    for who, n in ((ONE, 11), (TWO, 10), (THREE, 11)):
        keyed(poll, batch, who, heaps(n, 4, 1, 1), 1, 2)
    assert batch.settled_at is None
    keyed(poll, batch, TWO, heaps(11, 4, 1, 1), 1, 2)
    assert batch.settled_at is not None
    with pytest.raises(NotReady) as refusal:
        keyed(poll, batch, ONE, heaps(1))
    assert "batch_is_due" in needs(refusal)


def test_nobody_keys_a_bundle_twice(world):
    poll = closed(world)
    batch = papercounts.begin(world.as_(ONE), poll.vote)
    keyed(poll, batch, ONE, heaps(17))
    with pytest.raises(NotReady) as refusal:
        keyed(poll, batch, ONE, heaps(17))
    assert needs(refusal) == ("not_keyed_yet",)
    with pytest.raises(NotAllowed):
        keyed(poll, batch, "neighbour", heaps(17))
    with pytest.raises(NotAllowed):  # paper_batch.begin
        papercounts.begin(world.as_("neighbour"), poll.vote)
    with pytest.raises(NotFound):
        papercounts.batch(world.session, poll.vote, 9)


def test_slips_that_do_not_add_up_are_refused_with_the_numbers(world):
    poll = closed(world)
    agreed(poll, heaps(11, 4, 1, 1), 1, 1)
    with pytest.raises(NotReady) as refusal:
        papercounts.reconcile(world.as_(ONE), poll.vote)
    assert refusal.value.key == "paper_off"
    told = refusal.value.fields
    assert [told[name] for name in ("issued", "used", "spoiled", "unused")] == [20, 17, 1, 1]
    with pytest.raises(NotReady) as refusal:
        papercounts.explain(world.as_(WATCH), poll.vote, reason="少一张。")
    assert needs(refusal) == ("slips_are_missing",)
    with pytest.raises(NotReady) as refusal:
        papercounts.reconcile(world.as_(ONE), closed(world).vote)
    assert needs(refusal) == ("batches_settled",)


def test_the_oversight_committee_says_why_a_slip_never_came_back(world):
    poll = closed(world)
    agreed(poll, heaps(10, 4, 1, 1), 1, 2)
    with pytest.raises(NotReady):
        papercounts.reconcile(world.as_(ONE), poll.vote)
    with pytest.raises(NotAllowed):
        papercounts.explain(world.as_(ONE), poll.vote, reason="有人带回家了。")
    with pytest.raises(Invalid):
        papercounts.explain(world.as_(WATCH), poll.vote, reason="")  # paper_count.explain
    papercounts.explain(world.as_(WATCH), poll.vote, reason="有人带回家了。")
    assert papercounts.of(world.session, poll.vote.id).missing == 1
    watched(poll)
    poll.step("tally", ONE)
    assert poll.vote.reckoning.totals.cast == 16


def test_more_slips_than_voters_are_never_explained_away(world):
    poll = closed(world)
    agreed(poll, heaps(12, 4, 1, 1), 1, 1)
    with pytest.raises(NotReady) as refusal:
        papercounts.explain(world.as_(WATCH), poll.vote, reason="多一张。")
    assert needs(refusal) == ("slips_are_missing",)


def test_phone_and_paper_make_one_result_by_name(world):
    """Owners: the slip carries the voter's number, and the area follows from the roll."""
    poll = Poll(world, "OWNERS_SPECIAL", size=6)
    poll.prepared(paper=True, secret=False)
    poll.entered(area=10050)
    poll.step("publish_roll")
    world.wait(days=6)
    for step in ("settle_roll", "announce"):
        poll.step(step)
    poll.checked()
    world.now = poll.vote.opens_at
    poll.tick()
    poll.cast(*votes_of(1, 1, 0))
    ctx = world.as_(WORKER)
    paperballots.print_run(ctx, poll.vote, size=4)
    for number in (3, 4, 5):
        paperballots.hand(ctx, poll.vote, number=number)
    shut(poll)
    batch = papercounts.begin(world.as_(ONE), poll.vote)
    for content, key in (
        ([(6, "for")], "not_on_paper"),
        ([(3, "for"), (3, "for")], "keyed_twice"),
        ([(3, "maybe")], "line_invalid"),
        ({"all": {"for": 3}}, "not_a_choice"),
    ):
        with pytest.raises(Invalid) as wrong:
            keyed(poll, batch, ONE, content)
        assert wrong.value.key == key
    keyed(poll, batch, ONE, [(3, "for"), (4, "against"), (5, None)], 0, 1)
    keyed(poll, batch, TWO, [(3, "for"), (5, "for")], 0, 0)
    assert papercounts.differs(world.session, batch) == [
        ("number", "4"), ("number", "5"), ("slips", "unused"),
    ]  # fmt: skip
    for who in (ONE, TWO):
        keyed(poll, batch, who, [(5, None), (4, "against"), (3, "for")], 0, 1)
    papercounts.reconcile(world.as_(ONE), poll.vote)
    assert papercounts.totals(world.session, poll.vote.id) == [
        ("all", "against", 1, 10050), ("all", "for", 1, 10050), ("all", None, 1, 10050),
    ]  # fmt: skip
    watched(poll)
    assert counting.turnout(world.session, poll.vote).cast == 5
    poll.step("tally", ONE)
    found = poll.vote.reckoning.totals
    assert (found.favour, found.against, found.spoiled) == (2, 2, 1)


def test_other_methods_are_keyed_slip_by_slip(world):
    poll = closed(
        world, issued=5, handed=3, back=1, method=Method.APPROVAL, limit=2, profile="STRAW",
        options=(("健身角", 0), ("长椅", 0), ("路灯", 0)), size=4,
    )  # fmt: skip
    batch = papercounts.begin(world.as_(ONE), poll.vote)
    for number, key in ((1, "slip_not_out"), (6, "slip_not_out")):
        with pytest.raises(Invalid) as wrong:
            keyed(poll, batch, ONE, [(number, ["o1"])])
        assert wrong.value.key == key
    for who in (ONE, TWO):
        keyed(poll, batch, who, [(2, ["o1"]), (3, ["o1", "o2"])], 1, 1)
    second = papercounts.begin(world.as_(ONE), poll.vote)
    with pytest.raises(Invalid) as wrong:
        keyed(poll, second, ONE, [(3, ["o1"])])
    assert wrong.value.key == "keyed_twice"
    for who in (ONE, TWO):
        keyed(poll, second, who, [(4, None)], 0, 0)
    papercounts.reconcile(world.as_(ONE), poll.vote)
    watched(poll)
    poll.step("tally", ONE)
    assert poll.vote.result["count"]["method"] == "approval"
    assert counting.miscomputed(world.session) == []


def test_an_objection_that_is_upheld_has_the_paper_counted_again(world):
    poll = closed(world)
    batch = agreed(poll, heaps(11, 4, 1, 1), 1, 2)
    papercounts.reconcile(world.as_(ONE), poll.vote)
    watched(poll)
    poll.step("tally", ONE)
    poll.step("publish_result")
    at = papercounts.At(batch, poll.vote)
    with pytest.raises(NotReady) as refusal:
        papercounts.recount(world.as_(ONE), at)
    assert needs(refusal) == ("batch_is_settled",)
    objection = disputes.lodge(world.as_("neighbour"), poll.vote, words="有一张数错了。")
    ctx = world.as_(WATCH)
    disputes.draft_ruling(
        ctx, objection, ruling=Ruling.UPHELD, reason="再数一遍。", remedy=Remedy.RECOUNT
    )
    disputes.decide(world.as_(LEAD), objection)
    papercounts.recount(world.as_(ONE), at)  # paper_batch.recount
    with pytest.raises(NotReady) as refusal:
        poll.step("recount", ONE)
    assert needs(refusal) == ("paper_reconciled",)
    for who in (ONE, TWO):
        keyed(poll, batch, who, heaps(10, 5, 1, 1), 1, 2)
    papercounts.reconcile(world.as_(ONE), poll.vote)  # paper_count.reconcile
    assert poll.vote.stage is VoteStage.COUNTED
    assert poll.vote.reckoning.totals.against == 5
    assert counting.miscomputed(world.session) == []


def test_constituencies_are_keyed_apart(world):
    sides = (Constituency.PARTY, Constituency.RESIDENTS)
    poll = closed(world, constituencies=sides, secret=True, size=24)
    assert papercounts.figures(world.session, poll.vote.id).marked == 17
    names = poll.vote.rule["constituencies"]
    content = heaps(17, side=names[0]) if names else heaps(17)
    agreed(poll, content, 1, 2)
    papercounts.reconcile(world.as_(ONE), poll.vote)
    assert papercounts.totals(world.session, poll.vote.id)[0][1:3] == (Choice.FOR, 17)


def test_a_round_holds_two_entries_by_its_index(world):
    poll = closed(world)
    batch = agreed(poll, heaps(17), 1, 2)
    assert [one.slot for one in papercounts.entries(world.session, batch, 1)] == [1, 2]
    assert world.session.scalars(select(PaperEntry.batch_id)).all() == [batch.id, batch.id]
