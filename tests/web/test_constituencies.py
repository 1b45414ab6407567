"""The form of what each constituency has to reach: shown, saved without script, refused, kept."""

from council.people import Constituency, Post
from tests.polling import LEAD, Poll

TYPED = {"quorum": "half", "need": "1", "advisory": "experts"}


def test_a_convener_asks_it_and_everybody_reads_it_on_the_rule_card(world, site):
    poll = Poll(world, "COUNCIL")
    poll.published(
        constituencies=(Constituency.PARTY, Constituency.RESIDENTS, Constituency.EXPERTS)
    )
    world.commit()
    client, page = site.as_(LEAD), f"/votes/{poll.vote.id}"
    address = f"{page}/constituencies"
    assert f'href="{address}"' in client.get(page).text
    assert f'href="{address}"' in client.get(f"{page}/preparation").text
    for language in ("zh", "en"):
        assert client.get(f"{address}?lang={language}").status_code == 200
    wrong = client.post(address, data=TYPED | {"need": "4"})
    assert wrong.status_code == 422
    assert 'value="4"' in wrong.text
    sent = client.post(address, data=TYPED)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{page}?saved=1")
    told = site.visitor().get(page).text
    assert "至少 1 方" in told
    assert "只提意见" in told
    for other in (Post.OVERSIGHT, "neighbour"):
        assert site.as_(other).post(address, data=TYPED).status_code == 403
