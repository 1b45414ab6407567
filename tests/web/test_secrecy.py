"""Over the site too a cast leaves a mark and a ballot, joined nowhere (see tests/test_secrecy)."""

from tests import dump
from tests.polling import Poll

ANSWER = {"entry": "1", "choice": "against", "phrase": "我的 小狗", "r": "0123456789abcdef" * 2}


def test_a_cast_over_the_site_is_known_to_the_box_alone(world, site) -> None:
    poll = Poll(world)
    poll.opened(secret=True)
    world.commit()
    client, address = site.as_("neighbour"), f"/votes/{poll.vote.id}/ballot"
    world.wait(minutes=6)  # so that the device is noted as seen
    before = dump.everything(world.database)
    assert client.get(address).status_code == 200
    assert client.post(f"{address}/check", data=ANSWER).status_code == 200
    for _ in range(2):
        assert client.post(address, data=ANSWER).status_code == 200
    after = dump.everything(world.database)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"mark", "secret_ballot", "sign_in"}
    assert dump.holding(after, "我的 小狗", ANSWER["r"]) == {"secret_ballot"}
