"""Two consoles of one meeting are told of each other, in whatever process each is served."""

from datetime import timedelta

from council import consoles, live
from council.consoles import AGAIN, LASTS
from council.db import Database
from tests.hall import Hall
from tests.world import World


def test_consoles_know_of_each_other_across_processes_until_one_is_gone(world: World) -> None:
    meeting_id, now = Hall(world).opened().id, world.now
    consoles.note(world.session, meeting_id, 7, now)
    world.commit()
    other = Database(world.database.url)  # as another process opens it
    with other.read() as session:
        told = live.version(session, meeting_id)
    with other.write() as session:
        assert list(consoles.open_now(session, meeting_id, now)) == [7]
        consoles.note(session, meeting_id, 8, now)
    with other.read() as session:
        assert set(consoles.open_now(session, meeting_id, now)) == {7, 8}
        assert live.version(session, meeting_id) == told + 1
    with other.write() as session:  # whoever stays is noted anew, and nobody is disturbed
        consoles.note(session, meeting_id, 8, now + AGAIN)
    later = now + LASTS + timedelta(seconds=1)
    with other.read() as session:
        assert live.version(session, meeting_id) == told + 1
        assert list(consoles.open_now(session, meeting_id, later)) == [8]
    with other.write() as session:
        consoles.note(session, meeting_id, 7, later)
        assert set(consoles.open_now(session, meeting_id, later)) == {7, 8}
        assert live.version(session, meeting_id) == told + 1
    with other.read() as session:
        assert live.version(session, meeting_id) == told + 2
    other.close()
