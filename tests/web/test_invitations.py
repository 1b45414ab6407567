"""Invitations on their pages: the invited answer, a worker enters, a seat is passed on."""

from sqlalchemy import event

from council import invitations, people
from council.people import Constituency, Post
from council.proposals import Stage
from tests.hall import SEATS, Hall


def said(site, meeting):
    with site.read() as session:
        found = invitations.expected(session, meeting)
        return sum(found.accepted.values()), sum(found.declined.values())


def test_the_invited_answer_without_script_and_bad_input_keeps_its_words(world, site):
    meeting = Hall(world).notified()
    world.commit()
    client, address = site.as_("neighbour"), f"/meetings/{meeting.id}/invitation"
    shown = client.get(address)
    assert "您来参加吗？" in shown.text
    assert "真名" not in shown.text
    wrong = client.post(address, data={"note": "下午住院"})
    assert wrong.status_code == 422
    assert 'value="下午住院"' in wrong.text
    sent = client.post(address, data={"says": "declined", "note": "下午住院"})
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    assert "不能参加" in client.get(address).text
    assert said(site, meeting) == (0, 1)
    assert site.as_(Post.DELEGATE).get(address).status_code == 403
    assert site.as_(Post.DELEGATE).post(address, data={"says": "accepted"}).status_code == 403
    english = client.get(f"{address}?lang=en")
    assert "Are you coming?" in english.text


def test_conveners_see_who_comes_and_a_worker_enters_an_answer(world, site):
    meeting = Hall(world).notified()
    number = people.alias(world.session, world.who["neighbour"], world.community.id).number
    world.commit()
    address = f"/meetings/{meeting.id}/invitation"
    clerk = site.as_(Post.COMMUNITY_WORKER)
    sent = clerk.post(
        address,
        data={
            "for_person": str(number), "channel": "phone", "consent": "spoken", "says": "accepted",
        },
    )  # fmt: skip
    assert sent.status_code == 303
    assert said(site, meeting) == (1, 0)
    lead = site.as_(Post.PARTY_LEAD).get(address)
    assert "预计 1 / 6 席" in lead.text
    assert "真名neighbour" in lead.text
    assert "还不够法定人数" in lead.text


def test_a_seat_is_given_to_a_substitute_on_its_own_page(world, site):
    hall = Hall(world)
    world.person("other", Constituency.RESIDENTS)
    meeting = hall.notified()
    seat = hall.seat(meeting, "neighbour").id
    world.commit()
    address, lead = f"/meetings/{meeting.id}/seats/{seat}", site.as_(Post.PARTY_LEAD)
    assert "真名other" in lead.get(address).text
    assert site.as_("neighbour").get(address).status_code == 403
    assert lead.get(f"/meetings/{meeting.id}/seats/9999").status_code == 404
    wrong = lead.post(address, data={"person": str(world.who["other"]), "reason": ""})
    assert wrong.status_code == 422
    sent = lead.post(address, data={"person": str(world.who["other"]), "reason": "出差"})
    assert sent.status_code == 303
    shown = lead.get(sent.headers["location"]).text
    assert "替" in shown
    assert "出差" in shown
    assert "真名other" in shown


def test_the_list_takes_as_many_statements_for_forty_seats(world, site):
    keys = [f"resident{n}" for n in range(40)]
    for key in keys:
        world.person(key, Constituency.RESIDENTS)
    hall = Hall(world)
    few = hall.notified(seats=SEATS)
    many = hall.notified(world.matter(Stage.READY_FOR_MEETING), seats=(*SEATS, *keys))
    client, counts = site.as_(Post.PARTY_LEAD), []
    for meeting in (few, few, many):
        seen = []

        def note(*args, seen=seen):
            seen.append(args[2])

        event.listen(world.database._reader, "before_cursor_execute", note)
        assert client.get(f"/meetings/{meeting.id}/invitation").status_code == 200
        event.remove(world.database._reader, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[1] == counts[2]
