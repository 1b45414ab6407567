"""Statements: one sentence at a time; totals are public, nobody's choice is."""

from fractions import Fraction

import pytest

from council import audit, statements
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.people import Channel, Constituency, Post
from council.statements import Reaction, Statement, Tally
from tests.consulting import admitted, consulting, counting, crowd
from tests.world import World


def test_a_member_puts_a_sentence_to_everybody(world: World) -> None:
    proposal = consulting(world)
    row = statements.add(world.as_("neighbour"), proposal, body=" 灯要朝下照。 ")
    assert (row.body, row.capacity) == ("灯要朝下照。", Constituency.RESIDENTS)
    assert world.acts()[-1] == "statement.add"
    by_phone = statements.add(world.for_("neighbour"), proposal, body="要有人修。")
    assert by_phone.channel is Channel.PHONE


def test_an_outsider_puts_none(world: World) -> None:
    with pytest.raises(NotAllowed):
        statements.add(world.as_(Post.ADMIN), consulting(world), body="x")


@pytest.mark.parametrize(("body", "key"), [("", "empty"), ("长" * 141, "too_long")])
def test_a_statement_is_short(world: World, body: str, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        statements.add(world.as_("neighbour"), consulting(world), body=body)
    assert refusal.value.problems[0].key == key


def test_the_same_sentence_is_put_once(world: World) -> None:
    proposal = consulting(world)
    statements.add(world.as_("neighbour"), proposal, body="要")
    with pytest.raises(Invalid) as refusal:
        statements.add(world.as_(Constituency.PARTY), proposal, body="要 ")
    assert refusal.value.key == "already_said"


def test_each_person_puts_at_most_five(world: World) -> None:
    proposal = consulting(world)
    for n in range(statements.MOST_EACH):
        statements.add(world.as_("neighbour"), proposal, body=str(n))
    with pytest.raises(NotReady) as refusal:
        statements.add(world.as_("neighbour"), proposal, body="x")
    assert refusal.value.needs == ("may_add_statement",)
    statements.add(world.as_(Constituency.PARTY), proposal, body="x")


def test_statements_come_while_the_window_is_open(world: World) -> None:
    early = admitted(world)
    with pytest.raises(NotReady) as refusal:
        statements.add(world.as_("neighbour"), early, body="x")
    assert refusal.value.needs == ("window_open",)


def test_the_last_answer_counts_in_the_same_row(world: World) -> None:
    proposal = consulting(world)
    row = statements.add(world.as_("neighbour"), proposal, body="要")
    first = statements.vote(world.as_("neighbour"), row, reaction=Reaction.AGREE)
    again = statements.vote(world.for_("neighbour"), row, reaction=Reaction.UNSURE)
    assert first is again
    [tally] = statements.tallies(world.session, proposal.id)
    assert tally.cells == {(Constituency.RESIDENTS, Reaction.UNSURE): 1}


def test_answers_are_counted_by_the_way_they_came(world: World) -> None:
    proposal = consulting(world)
    rows = [statements.add(world.as_("neighbour"), proposal, body=str(n)) for n in range(2)]
    statements.vote(world.as_(Constituency.PARTY), rows[0], reaction=Reaction.AGREE)
    statements.vote(world.as_("neighbour"), rows[0], reaction=Reaction.AGREE)
    for row in rows:
        ctx = world.for_(Constituency.PARTY, channel=Channel.DOOR)
        statements.vote(ctx, row, reaction=Reaction.UNSURE)
    found = statements.channels(world.session, proposal.id)
    assert found == {Channel.WEB: 1, Channel.DOOR: 2}
    assert statements.listing(world.session, proposal.id) == rows
    person = world.who["neighbour"]
    assert len(statements.mine(world.session, proposal.id, person)) == 1
    assert statements.mine(world.session, proposal.id, person, entered=True) == []


def test_the_log_does_not_say_who_chose_what(world: World) -> None:
    proposal = consulting(world)
    row = statements.add(world.as_("neighbour"), proposal, body="要")
    statements.vote(world.as_("neighbour"), row, reaction=Reaction.DISAGREE)
    assert world.acts()[-1] == "statement.vote"
    assert b"disagree" not in audit.entries(world.session)[0].entry


def test_an_outsider_and_a_latecomer_do_not_answer(world: World) -> None:
    row = statements.add(world.as_("neighbour"), consulting(world), body="要")
    with pytest.raises(NotAllowed):
        statements.vote(world.as_(Post.ADMIN), row, reaction=Reaction.AGREE)
    world.wait(days=8)
    with pytest.raises(NotReady) as refusal:
        statements.vote(world.as_("neighbour"), row, reaction=Reaction.AGREE)
    assert refusal.value.needs == ("window_open",)


def test_one_is_asked_about_the_next_statement_not_answered_yet(world: World) -> None:
    proposal = consulting(world)
    rows = [statements.add(world.as_("neighbour"), proposal, body=str(n)) for n in range(3)]
    person = world.who[Constituency.PARTY]
    ctx = world.as_(Constituency.PARTY)
    card = statements.card(world.session, proposal, person)
    assert card is not None
    assert (card.row, card.n, card.total) == (rows[0], 1, 3)
    statements.vote(ctx, rows[0], reaction=Reaction.AGREE)
    card = statements.card(world.session, proposal, person)
    assert card is not None
    assert card.row is rows[1]
    again = statements.card(world.session, proposal, person, wanted=rows[0].id)
    assert again is not None
    assert again.answered is Reaction.AGREE
    for row in rows[1:]:
        statements.vote(ctx, row, reaction=Reaction.AGREE)
    assert statements.card(world.session, proposal, person) is None
    assert len(statements.mine(world.session, proposal.id, person)) == 3
    anybody = statements.card(world.session, proposal, None)
    assert anybody is not None
    assert anybody.row is rows[0]


def test_a_statement_of_another_matter_is_not_found(world: World) -> None:
    row = statements.add(world.as_("neighbour"), consulting(world), body="要")
    assert statements.get(world.session, row.proposal_id, row.id) is row
    with pytest.raises(NotFound):
        statements.get(world.session, row.proposal_id + 1, row.id)


def tally(**votes: tuple[int, int, int]) -> Tally:
    return Tally(
        Statement(id=1),
        {
            (Constituency(who), reaction): n
            for who, counts in votes.items()
            for reaction, n in zip(Reaction, counts, strict=True)
        },
    )


def test_agreement_of_all_is_an_exact_product() -> None:
    found = tally(residents=(6, 2, 0), party=(1, 0, 0)).common
    assert found == Fraction(7, 10) * Fraction(2, 3) * Fraction(1, 2) ** 3


def test_what_all_share_comes_before_what_the_largest_wants(world: World) -> None:
    proposal = consulting(world)
    loud = statements.add(world.as_("neighbour"), proposal, body="只要居民同意")
    shared = statements.add(world.as_("neighbour"), proposal, body="五方都同意")
    for key in crowd(world, 6):
        statements.vote(world.as_(key), loud, reaction=Reaction.AGREE)
    for who in Constituency:
        statements.vote(world.as_(who), shared, reaction=Reaction.AGREE)
        if who is not Constituency.RESIDENTS:
            statements.vote(world.as_(who), loud, reaction=Reaction.DISAGREE)
    found = statements.tallies(world.session, proposal.id)
    assert [one.row for one in found] == [shared, loud]


def test_fewer_than_five_answers_are_never_shown_apart() -> None:
    splits = tally(
        residents=(9, 3, 0), party=(5, 1, 0), experts=(1, 0, 0), units=(0, 4, 0)
    ).splits()
    assert [(one.who, one.votes) for one in splits] == [
        ((Constituency.PARTY,), 6),
        ((Constituency.RESIDENTS,), 12),
        ((Constituency.EXPERTS, Constituency.UNITS), 5),
    ]
    joined = tally(residents=(9, 3, 0), party=(5, 1, 0), experts=(1, 0, 0)).splits()
    assert [one.who for one in joined] == [
        (Constituency.RESIDENTS,),
        (Constituency.PARTY, Constituency.EXPERTS),
    ]
    assert tally(experts=(1, 1, 0)).splits()[0].who == (Constituency.EXPERTS,)
    assert tally().splits() == []


def test_tallies_cost_the_same_number_of_statements(world: World) -> None:
    proposal = consulting(world)
    seen = []
    for size in (2, 40):
        keys = crowd(world, 2) if size == 2 else [f"more{n}" for n in range(8)]
        for key in keys:
            if key.startswith("more"):
                world.person(key, Constituency.RESIDENTS)
            for n in range(1 if size == 2 else 5):
                row = statements.add(world.as_(key), proposal, body=f"{key} {n}")
                statements.vote(world.as_(key), row, reaction=Reaction.AGREE)
        world.commit()
        with world.database.read() as session, counting(session) as sql:
            assert len(statements.tallies(session, proposal.id)) >= size
            statements.card(session, proposal, world.who["neighbour"])
        seen.append(len(sql))
    assert seen[0] == seen[1]
