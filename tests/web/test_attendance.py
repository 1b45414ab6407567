"""Signing in on the page: oneself, from the list, by number; and the sheet for the door."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from council import attendance, meetings
from council.people import Constituency, Post
from council.proposals import Stage
from tests.hall import SEATS, Hall

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hall(world):
    return Hall(world)


def present(site, meeting):
    with site.read() as session:
        return [seat.person_id for seat in attendance.present(session, meeting.id)]


def test_an_invited_person_signs_in_without_script(world, site, hall):
    meeting = hall.opened()
    world.commit()
    client = site.as_("neighbour")
    shown = client.get(f"/meetings/{meeting.id}/check-in")
    assert f'href="/meetings/{meeting.id}/door"' in shown.text
    assert "真名" not in shown.text
    assert client.post(f"/meetings/{meeting.id}/check-ins").status_code == 403
    assert present(site, meeting) == []


def test_somebody_not_invited_is_refused(world, site, hall):
    meeting = hall.opened()
    world.commit()
    client = site.as_(Post.DELEGATE)
    assert client.get(f"/meetings/{meeting.id}/check-in").status_code == 403
    assert client.post(f"/meetings/{meeting.id}/check-ins").status_code == 403
    assert site.visitor().get(f"/meetings/{meeting.id}/check-in").status_code in {303, 401}


def test_the_facilitator_keeps_the_list_and_htmx_gets_it_back(world, site, hall):
    meeting = hall.opened()
    seat = hall.seat(meeting, "neighbour")
    world.commit()
    client = site.as_(Post.FACILITATOR)
    assert "真名neighbour" in client.get(f"/meetings/{meeting.id}/check-in").text
    sent = client.post(
        f"/meetings/{meeting.id}/check-ins", data={"seat": str(seat.id), "method": "paper"},
        headers=HTMX,
    )  # fmt: skip
    assert sent.text.lstrip().startswith('<div id="attendance"')
    assert "纸面签到" in sent.text
    assert "签到 1 / 6 席" in sent.text
    assert present(site, meeting) == [world.who["neighbour"]]
    undone = client.post(f"/meetings/{meeting.id}/check-ins/{seat.id}/undo")
    assert undone.status_code == 303
    assert present(site, meeting) == []


def test_the_facilitator_signs_in_by_public_number(world, site, hall):
    meeting = hall.opened()
    world.commit()
    faces = meetings.faces(world.session, world.community.id, [world.who["neighbour"]])
    client = site.as_(Post.FACILITATOR)
    address = f"/meetings/{meeting.id}/check-ins"
    wrong = client.post(address, data={"number": "9876"})
    assert wrong.status_code == 422
    assert "9876" in wrong.text
    number = faces[world.who["neighbour"]].number
    assert client.post(address, data={"number": str(number)}).status_code == 303
    assert present(site, meeting) == [world.who["neighbour"]]


def test_a_seat_of_another_meeting_is_not_found(world, site, hall):
    meeting = hall.opened()
    world.commit()
    client = site.as_(Post.FACILITATOR)
    address = f"/meetings/{meeting.id}/check-ins"
    assert client.post(address, data={"seat": "99999"}).status_code == 404
    assert client.post(f"{address}/99999/undo").status_code == 404


def test_a_resident_does_not_tick_others(world, site, hall):
    meeting = hall.opened()
    seat = hall.seat(meeting, Constituency.PARTY)
    world.commit()
    sent = site.as_("neighbour").post(
        f"/meetings/{meeting.id}/check-ins", data={"seat": str(seat.id)}
    )
    assert sent.status_code == 403


def test_totals_are_counted_and_never_typed(world, site, hall):
    meeting = hall.opened()
    seat = str(hall.seat(meeting, "neighbour").id)
    world.commit()
    sent = site.as_(Post.FACILITATOR).post(
        f"/meetings/{meeting.id}/check-ins", data={"seat": seat, "present": "21", "total": "21"}
    )
    assert sent.status_code == 303
    assert len(present(site, meeting)) == 1


def test_the_list_takes_as_many_statements_for_forty_seats(world, site, hall):
    keys = [f"resident{n}" for n in range(40)]
    for key in keys:
        world.person(key, Constituency.RESIDENTS)
    few = hall.opened(seats=SEATS)
    later = few.starts_at + timedelta(days=9)
    many = hall.notified(
        world.matter(Stage.READY_FOR_MEETING), seats=(*SEATS, *keys), starts_at=later
    )
    client = site.as_(Post.FACILITATOR)
    counts = []
    for meeting in (few, many):
        seen = []

        def note(*args, seen=seen):
            seen.append(args[2])

        event.listen(world.database._reader, "before_cursor_execute", note)
        assert client.get(f"/meetings/{meeting.id}/check-in").status_code == 200
        event.remove(world.database._reader, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_sheet_for_the_door_names_everybody_and_is_for_the_offices(world, site, hall):
    meeting = hall.notified()
    world.commit()
    shown = site.as_(Post.RECORDER).get(f"/meetings/{meeting.id}/sheet")
    assert "真名neighbour" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert site.as_("neighbour").get(f"/meetings/{meeting.id}/sheet").status_code == 403
