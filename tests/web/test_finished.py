"""Pages that are kept: everybody finds their own words, and what changed is shown at once."""

import re

import pytest

from council.gate import Act, through
from council.people import Constituency
from council.policy import Can
from tests.polling import Poll

R = "00112233445566778899aabbccddeeff"
ANSWER = {"choice": "for", "phrase": "清泉 石桥", "r": R}


@pytest.fixture
def poll(world):
    made = Poll(world)
    made.opened(secret=True)
    world.commit()
    return made


def sent(client, poll, **changed):
    return client.post(f"/votes/{poll.vote.id}/ballot", data=ANSWER | changed)


def token_in(page):
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]


def test_a_kept_page_is_the_page_that_is_written_for_its_reader(world, site, poll):
    kept = site.app.state.finished._kept
    one, other = site.as_("neighbour"), site.as_(Constituency.RESIDENTS)
    answer = {"phrase": "<b> & 云", "r": R[::-1]}
    first, second = sent(one, poll), sent(other, poll, **answer)
    assert len(kept) == 1
    assert "&lt;b&gt; &amp; 云" in second.text
    assert "清泉" not in second.text
    assert token_in(first) != token_in(second)
    kept.clear()
    assert sent(other, poll, **answer).text == second.text
    assert sent(one, poll).text == first.text
    english = one.post(f"/votes/{poll.vote.id}/ballot?lang=en", data=ANSWER)
    assert 'lang="en"' in english.text
    assert len(kept) == 2


def test_what_was_changed_is_shown_on_the_next_page(world, site, poll):
    client = site.as_("neighbour")
    assert "下水道" not in sent(client, poll).text

    def change():
        poll.vote.title = "换下水道"

    through(world.system(), Act("test.vote", Can.SYSTEM), poll.vote, change)
    world.commit()
    assert "换下水道" in sent(client, poll).text
