"""Summaries: every opinion gets an answer in one group, or stands word for word."""

import pytest

from council import opinions, statements, summaries
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.opinions import Stance, Wanted
from council.people import Channel, Constituency, Post
from council.proposals import Proposal
from council.statements import Reaction
from council.summaries import OpinionGroup, Response
from tests.consulting import close, consulting, counting, publish, say
from tests.world import World


def closed(world: World, said: int = 3) -> tuple[Proposal, list[int]]:
    """A closed consultation with some opinions."""
    proposal = consulting(world)
    ids = [say(world.as_("neighbour"), proposal, f"意见 {n}").id for n in range(said)]
    close(world, proposal)
    return proposal, ids


def group(world: World, proposal: Proposal, *, answered: bool = True) -> OpinionGroup:
    ctx = world.as_(Post.FACILITATOR)
    if not answered:
        return summaries.add(ctx, proposal, title="灯光太亮")
    return summaries.add(
        ctx, proposal, title="灯光太亮", response=Response.PARTLY, reason="改用朝下的灯罩。"
    )


def test_a_facilitator_begins_a_group_and_answers_it(world: World) -> None:
    proposal, _ = closed(world)
    row = group(world, proposal, answered=False)
    ctx = world.as_(Post.COMMUNITY_WORKER)
    summaries.revise(ctx, row, title="灯光", response=Response.ACCEPTED, reason="照做。")
    assert (row.title, row.response, row.reason) == ("灯光", Response.ACCEPTED, "照做。")
    assert world.acts()[-2:] == ["group.add", "group.revise"]
    with pytest.raises(NotFound):
        summaries.get(world.session, proposal.id + 1, row.id)


def test_a_resident_does_not_summarise(world: World) -> None:
    proposal, ids = closed(world)
    row = group(world, proposal)
    ctx = world.as_("neighbour")
    with pytest.raises(NotAllowed):
        summaries.add(ctx, proposal, title="x")
    with pytest.raises(NotAllowed):
        summaries.revise(ctx, row, title="x", response=None, reason="")
    with pytest.raises(NotAllowed):
        summaries.file(ctx, row, opinion_ids=ids)
    with pytest.raises(NotAllowed):
        summaries.keep_as_minority(ctx, proposal, opinion_ids=ids)


def test_nothing_is_summarised_while_people_still_speak(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.as_("neighbour"), proposal)
    ctx = world.as_(Post.FACILITATOR)
    with pytest.raises(NotReady) as refusal:
        summaries.keep_as_minority(ctx, proposal, opinion_ids=[opinion.id])
    assert refusal.value.needs == ("summary_pending",)
    with pytest.raises(NotReady):
        summaries.add(ctx, proposal, title="x")


def test_a_published_summary_stands(world: World) -> None:
    proposal, ids = closed(world)
    row = group(world, proposal)
    publish(world, proposal)
    ctx = world.as_(Post.FACILITATOR)
    with pytest.raises(NotReady) as refusal:
        summaries.revise(ctx, row, title="x", response=None, reason="")
    assert refusal.value.needs == ("summary_pending",)
    with pytest.raises(NotReady):
        summaries.file(ctx, row, opinion_ids=ids)


@pytest.mark.parametrize(
    ("title", "reason"),
    [("", ""), ("长" * 61, ""), ("x", "长" * 1001)],
    ids=["no", "long", "reason"],
)
def test_a_group_has_a_short_title_and_a_readable_reason(
    world: World, title: str, reason: str
) -> None:
    proposal, _ = closed(world)
    with pytest.raises(Invalid):
        summaries.add(world.as_(Post.FACILITATOR), proposal, title=title, reason=reason)


def test_every_opinion_stands_in_exactly_one_place(world: World) -> None:
    proposal, ids = closed(world)
    ctx = world.as_(Post.FACILITATOR)
    one, two = group(world, proposal), group(world, proposal)
    summaries.file(ctx, one, opinion_ids=ids[:2])
    assert not summaries.every_opinion_answered(ctx, proposal)
    summaries.keep_as_minority(ctx, proposal, opinion_ids=ids[2:])
    assert summaries.every_opinion_answered(ctx, proposal)
    summaries.file(ctx, two, opinion_ids=ids[1:])
    session = world.session
    sizes = {view.row.id: view.counts.total for view in summaries.groups(session, proposal.id)}
    assert sizes == {one.id: 1, two.id: 2}
    assert summaries.count(session, proposal.id, summaries.in_group(None)) == 0
    assert summaries.count(session, proposal.id, summaries.unfiled()) == 0
    assert world.acts()[-3:] == ["opinion.file", "opinion.keep_as_minority", "opinion.file"]


def test_a_group_without_an_answer_answers_nobody(world: World) -> None:
    proposal, ids = closed(world)
    ctx = world.as_(Post.FACILITATOR)
    row = group(world, proposal, answered=False)
    summaries.file(ctx, row, opinion_ids=ids)
    assert not summaries.every_opinion_answered(ctx, proposal)
    summaries.revise(ctx, row, title="x", response=Response.NOT_ACCEPTED, reason="")
    assert not summaries.every_opinion_answered(ctx, proposal)
    summaries.revise(ctx, row, title="x", response=Response.NOT_ACCEPTED, reason="没有电源。")
    assert summaries.every_opinion_answered(ctx, proposal)


def test_a_withdrawn_opinion_needs_no_answer(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.as_("neighbour"), proposal)
    opinions.withdraw(world.as_("neighbour"), opinion)
    close(world, proposal)
    assert summaries.every_opinion_answered(world.system(), proposal)
    with pytest.raises(Invalid):
        summaries.keep_as_minority(world.as_(Post.FACILITATOR), proposal, opinion_ids=[opinion.id])


def test_opinions_of_another_matter_or_too_many_at_once_are_not_filed(world: World) -> None:
    proposal, ids = closed(world)
    other, foreign = closed(world)
    ctx = world.as_(Post.FACILITATOR)
    row = group(world, proposal)
    for wrong, key in ((foreign, "not_a_choice"), ([], "not_chosen"), (range(201), "too_many")):
        with pytest.raises(Invalid) as refusal:
            summaries.file(ctx, row, opinion_ids=list(wrong))
        assert refusal.value.key == key
    with pytest.raises(Invalid):
        summaries.keep_as_minority(ctx, other, opinion_ids=ids)


def test_everybody_who_spoke_is_counted_once_in_their_constituency(world: World) -> None:
    proposal = consulting(world)
    say(world.as_("neighbour"), proposal)
    say(world.as_("neighbour"), proposal)
    row = statements.add(world.as_("neighbour"), proposal, body="要")
    statements.vote(world.as_(Constituency.EXPERTS), row, reaction=Reaction.AGREE)
    found = summaries.participation(world.session, [proposal.id, proposal.id + 7])
    assert found[proposal.id][Constituency.RESIDENTS] == 1
    assert found[proposal.id][Constituency.EXPERTS] == 1
    assert sum(found[proposal.id].values()) == 2
    assert sum(found[proposal.id + 7].values()) == 0


def test_groups_are_counted_by_constituency_and_channel(world: World) -> None:
    proposal = consulting(world)
    ids = [
        say(world.as_(Constituency.PARTY), proposal, "要", Stance.FOR).id,
        say(world.for_("neighbour"), proposal).id,
    ]
    close(world, proposal)
    summaries.file(world.as_(Post.FACILITATOR), group(world, proposal), opinion_ids=ids)
    [view] = summaries.groups(world.session, proposal.id)
    assert view.answered
    assert view.counts.of(Constituency.PARTY) == 1
    assert view.counts.of(channel=Channel.PHONE) == 1


def test_the_matters_page_shows_groups_and_minority_views_once_published(world: World) -> None:
    proposal, ids = closed(world, said=13)
    ctx = world.as_(Post.FACILITATOR)
    summaries.file(ctx, group(world, proposal), opinion_ids=ids[:1])
    group(world, proposal)
    summaries.keep_as_minority(ctx, proposal, opinion_ids=ids[1:])
    before = summaries.section(world.session, proposal)
    assert before.counts.total == 13
    assert before.groups == ()
    assert before.minority == ()
    publish(world, proposal)
    after = summaries.section(world.session, proposal)
    assert [view.counts.total for view in after.groups] == [1]
    assert len(after.minority) == summaries.MINORITY_SHOWN
    assert after.more_minority
    assert after.has_begun


def test_a_matter_without_a_consultation_has_an_empty_section(world: World) -> None:
    found = summaries.section(world.session, world.matter())
    assert not found.has_begun
    assert found.counts.total == 0


def test_the_section_costs_the_same_number_of_statements(world: World) -> None:
    seen = []
    for size in (2, 40):
        proposal, ids = closed(world, said=size)
        ctx = world.as_(Post.FACILITATOR)
        for n in range(size // 2):
            summaries.file(ctx, group(world, proposal), opinion_ids=[ids[n]])
        summaries.keep_as_minority(ctx, proposal, opinion_ids=ids[size // 2 :])
        publish(world, proposal)
        world.commit()
        with world.database.read() as session, counting(session) as sql:
            summaries.section(session, proposal)
            opinions.listing(session, proposal.id, Wanted(), summaries.unfiled())
        seen.append(len(sql))
    assert seen[0] == seen[1]
