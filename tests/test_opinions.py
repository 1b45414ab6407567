"""Opinions: everybody is heard while the consultation is open, by any way, and counted alike."""

import time

import pytest

from council import audit, opinions
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.opinions import Opinion, Stance, Wanted
from council.people import Channel, Constituency, Post
from tests.consulting import admitted, at_once, close, consulting, counting, crowd, publish, say
from tests.world import World


@pytest.mark.parametrize("who", list(Constituency))
def test_everybody_who_belongs_to_the_community_gives_an_opinion(
    world: World, who: Constituency
) -> None:
    proposal = consulting(world)
    opinion = say(world.as_(who), proposal)
    assert (opinion.capacity, opinion.channel) == (who, Channel.WEB)
    assert world.acts()[-1] == "opinion.give"


def test_a_form_that_is_sent_twice_at_the_same_moment_counts_once(world: World) -> None:
    proposal, words = consulting(world), "灯要朝下照"
    sent = at_once(
        world, "neighbour",
        lambda ctx: opinions.same(ctx, proposal, Stance.FOR, words),
        lambda ctx: opinions.give(ctx, proposal, stance=Stance.FOR, body=words, form_key="k"),
    )  # fmt: skip
    assert sent[0].id == sent[1].id
    assert opinions.counts(world.session, proposal.id).total == 1
    assert world.acts().count("opinion.give") == 1


def test_what_was_taken_back_or_changed_can_be_said_again(world: World) -> None:
    proposal, ctx = consulting(world), world.as_("neighbour")

    def give() -> Opinion:
        return opinions.give(ctx, proposal, stance=Stance.FOR, body="要", form_key="k")

    opinions.withdraw(ctx, give())
    opinions.revise(ctx, give(), stance=Stance.AGAINST, body="不要")
    assert give().body == "要"
    with pytest.raises(NotReady):
        give()


def test_the_words_of_an_opinion_are_not_in_the_log(world: World) -> None:
    proposal = consulting(world)
    say(world.as_("neighbour"), proposal, "灯要朝下照")
    world.commit()
    entry = audit.entries(world.session)[0].entry
    assert b'"stance":"suggestion"' in entry
    assert "灯要朝下照".encode() not in entry


def test_a_worker_enters_what_somebody_says_on_the_telephone(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.for_("neighbour"), proposal)
    assert opinion.person_id == world.who["neighbour"]
    assert opinion.entered_by_id == world.who[Post.COMMUNITY_WORKER]
    assert opinion.channel is Channel.PHONE
    assert opinion.consent is not None


def test_somebody_from_outside_gives_no_opinion(world: World) -> None:
    proposal = consulting(world)
    with pytest.raises(NotAllowed):
        say(world.as_(Post.ADMIN), proposal)
    with pytest.raises(NotAllowed):
        say(world.nobody(), proposal)


def test_nobody_speaks_before_the_window_or_after_it(world: World) -> None:
    early = admitted(world)
    with pytest.raises(NotReady) as refusal:
        say(world.as_("neighbour"), early)
    assert refusal.value.needs == ("window_open",)
    proposal = consulting(world)
    world.wait(days=8)
    with pytest.raises(NotReady):
        say(world.as_("neighbour"), proposal)


@pytest.mark.parametrize("body", ["", "  ", "长" * 1001], ids=["no", "blank", "long"])
def test_an_opinion_has_words_and_not_too_many(world: World, body: str) -> None:
    proposal = consulting(world)
    with pytest.raises(Invalid) as refusal:
        say(world.as_("neighbour"), proposal, body)
    assert refusal.value.problems[0].field == "body"


def test_one_person_may_say_several_things(world: World) -> None:
    proposal = consulting(world)
    say(world.as_("neighbour"), proposal, "要", Stance.FOR)
    say(world.as_("neighbour"), proposal, "但要朝下照")
    ctx = world.as_("neighbour")
    assert ctx.actor is not None
    mine = opinions.mine(world.session, proposal.id, ctx.actor)
    assert [one.body for one in mine] == ["但要朝下照", "要"]


def test_an_opinion_can_be_revised_until_the_window_closes(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.as_("neighbour"), proposal)
    opinions.revise(world.as_("neighbour"), opinion, stance=Stance.AGAINST, body="还是不要")
    assert (opinion.stance, opinion.body) == (Stance.AGAINST, "还是不要")
    assert opinion.revised_at == world.now
    assert world.acts()[-1] == "opinion.revise"
    with pytest.raises(Invalid):
        opinions.revise(world.as_("neighbour"), opinion, stance=Stance.FOR, body="")
    close(world, proposal)
    with pytest.raises(NotReady) as refusal:
        opinions.revise(world.as_("neighbour"), opinion, stance=Stance.FOR, body="要")
    assert refusal.value.needs == ("window_open",)


def test_only_its_author_revises_or_withdraws_an_opinion(world: World) -> None:
    opinion = say(world.as_("neighbour"), consulting(world))
    resident = world.as_(Constituency.RESIDENTS)
    with pytest.raises(NotReady) as refusal:
        opinions.revise(resident, opinion, stance=Stance.FOR, body="x")
    assert refusal.value.needs == ("is_own_opinion",)
    with pytest.raises(NotReady):
        opinions.withdraw(resident, opinion)
    with pytest.raises(NotAllowed):
        opinions.withdraw(world.as_(Post.ADMIN), opinion)


def test_a_withdrawn_opinion_is_gone_from_lists_and_counts(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.as_("neighbour"), proposal)
    opinions.withdraw(world.as_("neighbour"), opinion)
    assert opinion.body == ""
    assert opinions.counts(world.session, proposal.id).total == 0
    assert opinions.listing(world.session, proposal.id, Wanted()) == []
    with pytest.raises(NotFound):
        opinions.get(world.session, proposal.id, opinion.id)
    assert world.acts()[-1] == "opinion.withdraw"
    for again in (opinions.withdraw, lambda *a: opinions.reply(*a, body="x")):
        with pytest.raises(NotReady) as refusal:
            again(world.as_("neighbour"), opinion)
        assert refusal.value.needs == ("opinion_stands",)


def test_an_opinion_of_another_matter_is_not_found(world: World) -> None:
    opinion = say(world.as_("neighbour"), consulting(world))
    with pytest.raises(NotFound):
        opinions.get(world.session, opinion.proposal_id + 1, opinion.id)


def test_everybody_may_reply_while_the_window_is_open(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.as_("neighbour"), proposal)
    reply = opinions.reply(world.as_(Constituency.PARTY), opinion, body="同感")
    assert (reply.capacity, reply.post) == (Constituency.PARTY, None)
    assert world.acts()[-1] == "opinion.reply"
    with pytest.raises(NotAllowed):
        opinions.reply(world.as_(Post.ADMIN), opinion, body="x")
    with pytest.raises(Invalid):
        opinions.reply(world.as_("neighbour"), opinion, body="长" * 501)
    close(world, proposal)
    with pytest.raises(NotReady):
        opinions.reply(world.as_("neighbour"), opinion, body="x")


def test_an_opinion_takes_twenty_replies_and_always_one_in_office(world: World) -> None:
    opinion = say(world.as_("neighbour"), consulting(world))
    for _ in range(opinions.MOST_REPLIES):
        opinions.reply(world.as_("neighbour"), opinion, body="还有")
    with pytest.raises(NotReady) as refusal:
        opinions.reply(world.as_("neighbour"), opinion, body="还有")
    assert refusal.value.needs == ("replies_not_full",)
    opinions.answer(world.as_(Post.FACILITATOR), opinion, body="会一并看")


def test_an_answer_in_office_is_marked_and_may_come_until_the_summary(world: World) -> None:
    proposal = consulting(world)
    opinion = say(world.as_("neighbour"), proposal)
    close(world, proposal)
    opinions.answer(world.as_(Post.COMMUNITY_WORKER), opinion, body="已转给园林专业团队")
    assert world.acts()[-1] == "opinion.answer"
    [said] = opinions.threads(world.session, proposal.community_id, [opinion])
    assert said.replies[0].official
    assert said.replies[0].by.post is Post.COMMUNITY_WORKER
    with pytest.raises(NotAllowed):
        opinions.answer(world.as_("neighbour"), opinion, body="x")
    publish(world, proposal)
    with pytest.raises(NotReady) as refusal:
        opinions.answer(world.as_(Post.COMMUNITY_WORKER), opinion, body="x")
    assert refusal.value.needs == ("summary_unpublished",)


def test_opinions_are_counted_by_constituency_channel_and_stance(world: World) -> None:
    proposal = consulting(world)
    say(world.as_("neighbour"), proposal, "要", Stance.FOR)
    say(world.for_("neighbour"), proposal, "要", Stance.FOR)
    say(world.as_(Constituency.PARTY), proposal, "不要", Stance.AGAINST)
    found = opinions.counts(world.session, proposal.id)
    assert found.total == 3
    assert found.of(Constituency.RESIDENTS) == 2
    assert found.of(stance=Stance.FOR) == 2
    assert found.of(channel=Channel.PHONE) == 1
    assert list(found.channels) == [Channel.WEB, Channel.PHONE]


def test_lists_are_narrowed_and_paged_from_an_id(world: World) -> None:
    proposal = consulting(world)
    rows = [say(world.as_("neighbour"), proposal, str(n)) for n in range(5)]
    say(world.for_("neighbour"), proposal, "电话", Stance.FOR)
    session = world.session
    first = opinions.listing(session, proposal.id, Wanted(stance=Stance.SUGGESTION, limit=2))
    assert [one.body for one in first] == ["4", "3", "2"]
    older = opinions.listing(session, proposal.id, Wanted(before=rows[2].id, limit=2))
    assert [one.body for one in older] == ["1", "0"]
    by_phone = opinions.listing(session, proposal.id, Wanted(channel=Channel.PHONE))
    assert [one.body for one in by_phone] == ["电话"]


def test_a_page_of_opinions_costs_the_same_number_of_statements(world: World) -> None:
    proposal = consulting(world)
    seen = []
    for size in (2, 40):
        for key in crowd(world, size) if size == 2 else ["neighbour"] * 38:
            opinions.reply(world.as_(key), say(world.as_(key), proposal), body="同感")
        world.commit()
        with world.database.read() as session, counting(session) as statements:
            rows = opinions.listing(session, proposal.id, Wanted(limit=50))
            assert len(opinions.threads(session, proposal.community_id, rows)) == size
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_three_hundred_and_twelve_opinions_are_given_in_three_seconds(world: World) -> None:
    proposal = consulting(world)
    ctx = world.as_("neighbour")
    start = time.process_time()
    for n in range(312):
        say(ctx, proposal, f"意见 {n}")
    world.commit()
    assert time.process_time() - start < 3
