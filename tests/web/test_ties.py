"""A tie on the page: all see how it stands; the chair and those who draw have their forms."""

import pytest

from council import charter, deliberations, lots, rollcalls, ties
from council.decisions import Outcome
from council.people import Constituency, Post
from council.thresholds import Tie
from council.votes import Choice, Method, Vote
from tests.hall import Hall
from tests.polling import PEOPLE, Poll, votes_of
from tests.web.conftest import statements

CHAIR, TELLER, WATCH = Post.FACILITATOR, Post.RECORDER, Post.OVERSIGHT
SEATS = (Constituency.RESIDENTS, Constituency.PARTY, "neighbour", Constituency.COMMUNITY)
REASON = "两边各有道理，先试行三个月。"


def tied(world, tie, **changed):
    poll = Poll(world, "COUNCIL")
    poll.counted(*votes_of(1, 1, 0), tie=tie, **changed)
    world.commit()
    return poll.vote


def outcome(site, vote):
    with site.read() as session:
        return session.get_one(Vote, vote.id).outcome


def test_the_chair_gives_the_casting_vote_without_script(world, site):
    vote = tied(world, Tie.CHAIR)
    address = f"/votes/{vote.id}/tie"
    visitor = site.visitor().get(address).text
    assert "赞成和反对票数相等" in visitor
    assert 'name="reason"' not in visitor
    client = site.as_(CHAIR)
    assert address in client.get(f"/votes/{vote.id}").text
    wrong = client.post(f"{address}/casting", data={"side": "abstain", "reason": REASON})
    assert wrong.status_code == 422
    assert REASON in wrong.text
    assert 'href="#f-side"' in wrong.text
    refused = site.as_("neighbour").post(
        f"{address}/casting", data={"side": "for", "reason": REASON}
    )
    assert refused.status_code == 403
    sent = client.post(f"{address}/casting", data={"side": "for", "reason": REASON})
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    assert outcome(site, vote) is Outcome.ADOPTED
    assert REASON in site.visitor().get(address).text
    again = client.post(f"{address}/casting", data={"side": "for", "reason": REASON})
    assert again.status_code == 409


def test_two_people_seal_words_and_reveal_them_and_all_see_the_lot(world, site):
    vote = tied(world, Tie.LOT)
    address = f"/votes/{vote.id}/tie"
    teller, watch = site.as_(TELLER), site.as_(WATCH)
    assert 'name="seed"' in teller.get(address).text
    empty = teller.post(f"{address}/commitments", data={"seed": " "})
    assert empty.status_code == 422
    assert 'href="#f-seed"' in empty.text
    assert teller.post(f"{address}/commitments", data={"seed": "清泉 石桥"}).status_code == 303
    page = teller.get(address).text
    assert "清泉" not in page
    assert "至少有两人封存了暗语" in page
    assert teller.post(f"{address}/reveals", data={"seed": "清泉 石桥"}).status_code == 409
    watch.post(f"{address}/commitments", data={"seed": "春天来了"})
    wrong = watch.post(f"{address}/reveals", data={"seed": "春天走了"})
    assert wrong.status_code == 422
    assert 'value="春天走了"' in wrong.text
    watch.post(f"{address}/reveals", data={"seed": "春天来了"})
    for client in (teller, watch, site.visitor()):  # nobody knows yet how it ends
        half = client.get(address).text
        assert "春天来了" not in half
        assert "还剩" in half
    teller.post(f"{address}/reveals", data={"seed": "清泉 石桥"})
    assert outcome(site, vote) in {Outcome.ADOPTED, Outcome.REJECTED}
    page = site.visitor().get(address).text
    assert "清泉 石桥" in page
    with site.read() as session:
        assert lots.broken(session.get_one(Vote, vote.id).result).lot.number in page


def test_who_kept_words_back_is_named_and_seals_none_again(world, site):
    vote = tied(world, Tie.LOT)
    for who in (TELLER, WATCH):
        ties.commit(world.as_(who), vote, seed="清泉 石桥")
    ties.reveal(world.as_(TELLER), vote, seed="清泉 石桥")
    world.wait(days=6)
    ties.lapse(world.system(), vote.id)
    world.commit()
    address = f"/votes/{vote.id}/tie"
    page = site.visitor().get(address).text
    left = page[page.index('id="left"') :]
    assert "居务监督委员会" in left
    assert "没有按时公开" in left
    assert "named here" not in page
    assert "Oversight committee" in site.visitor().get(f"{address}?lang=en").text
    assert 'name="seed"' in site.as_(TELLER).get(address).text
    mine = site.as_(WATCH).get(address).text
    assert 'name="seed"' not in mine
    assert "不再参加这次投票的抽签" in mine


def test_options_between_which_a_place_is_open_are_named(world, site):
    poll = Poll(world, "COUNCIL")
    options = (("月季", 0), ("荷花", 0), ("石榴", 0))
    poll.opened(method=Method.APPROVAL, options=options, limit=1, tie=Tie.LOT)
    for key, one in zip(PEOPLE, ("o1", "o2", "o2"), strict=True):
        rollcalls.cast(world.as_(key), poll.vote, choice=[one])
    rollcalls.cast(world.as_(PEOPLE[2]), poll.vote, choice=[])  # changed to a blank one
    world.wait(days=11)
    poll.tick()
    poll.step("tally", TELLER)
    world.commit()
    page = site.visitor().get(f"/votes/{poll.vote.id}/tie", params={"lang": "en"}).text
    assert "月季" in page
    assert "荷花" in page
    assert "石榴" not in page


def test_in_a_meeting_the_result_leads_the_chair_to_the_tie(world, site):
    charter.set_value(world.as_(Post.ADMIN), world.community, key="meeting_tie", value="chair")
    hall = Hall(world)
    vote = hall.vote_open()
    for key, choice in zip(SEATS, votes_of(2, 2, 0), strict=True):
        rollcalls.cast(world.as_(key), vote, choice=choice)
    deliberations.close_vote(world.as_(CHAIR), vote)
    world.commit()
    address = f"/votes/{vote.id}/tie"
    client = site.as_(CHAIR)
    assert address in client.get(f"/votes/{vote.id}/result").text
    client.post(f"{address}/casting", data={"side": "against", "reason": REASON})
    assert outcome(site, vote) is Outcome.REJECTED
    assert f"/votes/{vote.id}/result" in client.get(address).text


@pytest.mark.parametrize("choices", [(Choice.FOR,), (Choice.FOR, Choice.FOR)])
def test_a_vote_that_is_not_tied_has_no_such_page(world, site, choices):
    poll = Poll(world, "COUNCIL")
    poll.counted(*choices, tie=Tie.LOT)
    world.commit()
    assert site.visitor().get(f"/votes/{poll.vote.id}/tie").status_code == 404


def test_the_page_takes_the_same_statements_however_many_take_part(world, site):
    vote = tied(world, Tie.LOT)
    address = f"/votes/{vote.id}/tie"
    counts, seen = [], statements(site)
    visitor = site.visitor()
    for who in (TELLER, WATCH, CHAIR, Post.DELEGATE):
        site.as_(who).post(f"{address}/commitments", data={"seed": "清泉"})
        seen.clear()
        visitor.get(address)
        counts.append(len(seen))
    assert len(set(counts)) == 1
