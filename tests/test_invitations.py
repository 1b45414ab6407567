"""Invitations: the invited answer, conveners see who comes, a seat is given to a substitute."""

import pytest

from council import calendar, invitations, meetings
from council.errors import Invalid, NotAllowed, NotReady
from council.invitations import Reply
from council.kinds import MeetingKind
from council.people import Channel, Constituency, Post
from tests.hall import SEATS, Hall
from tests.world import World


def test_the_invited_answer_and_conveners_see_whether_a_quorum_is_likely(world: World) -> None:
    hall = Hall(world)
    planned = hall.planned()
    with pytest.raises(NotReady) as early:
        invitations.answer(
            world.as_("neighbour"), hall.seat(planned, "neighbour"), says=Reply.ACCEPTED
        )
    assert early.value.needs == ("invitation_is_open",)
    hall.answered(planned)
    hall.move(Post.PARTY_LEAD, planned, "notify")
    for key in SEATS:
        if key != "neighbour":
            seat = hall.seat(planned, key)
            invitations.answer(world.as_(key), seat, says=Reply.ACCEPTED)
    assert world.acts()[-1] == "invitation.answer"
    seat = hall.seat(planned, "neighbour")
    made = invitations.answer(
        world.for_("neighbour", channel=Channel.PHONE), seat, says=Reply.DECLINED, note="住院了"
    )
    assert made.by_id == world.who[Post.COMMUNITY_WORKER]
    found = invitations.expected(world.session, planned)
    assert (sum(found.accepted.values()), sum(found.declined.values()), found.silent) == (5, 1, 0)
    assert found.enough
    party = hall.seat(planned, Constituency.PARTY)
    invitations.answer(world.as_(Constituency.PARTY), party, says=Reply.DECLINED)
    latest = invitations.of_seat(world.session, party)
    assert latest is not None
    assert latest.says is Reply.DECLINED
    assert not invitations.expected(world.session, planned).enough
    with pytest.raises(NotReady) as other:
        invitations.answer(world.as_(Constituency.PARTY), seat, says=Reply.ACCEPTED)
    assert other.value.needs == ("is_the_invited",)
    with pytest.raises(Invalid):
        invitations.answer(world.as_("neighbour"), seat, says=Reply.ACCEPTED, note="长" * 201)
    with pytest.raises(NotAllowed):
        invitations.answer(world.as_(Post.ADMIN), seat, says=Reply.ACCEPTED)


def test_a_substitute_of_the_same_standing_takes_a_seat_and_who_for_whom_is_kept(
    world: World,
) -> None:
    hall = Hall(world)
    for key, of in (("other", Constituency.RESIDENTS), ("expert2", Constituency.EXPERTS)):
        world.person(key, of)
    meeting = hall.notified()
    seat, lead = hall.seat(meeting, "neighbour"), world.as_(Post.PARTY_LEAD)
    for wrong in ("expert2", Constituency.RESIDENTS):
        with pytest.raises(Invalid) as refused:
            invitations.substitute(lead, seat, person_id=world.who[wrong], reason="出差")
        assert refused.value.key == "no_stand_in"
    with pytest.raises(NotAllowed):
        invitations.substitute(world.as_("neighbour"), seat, person_id=1, reason="出差")
    made = invitations.substitute(lead, seat, person_id=world.who["other"], reason="出差")
    assert world.acts()[-1] == "seat.substitute"
    assert (made.absent_id, seat.person_id) == (world.who["neighbour"], world.who["other"])
    assert meetings.seat_of(world.session, meeting.id, world.who["neighbour"]) is None
    assert [row.id for row in invitations.substitutions(world.session, meeting.id)[seat.id]] == [
        made.id
    ]
    clocks = calendar.running(world.session, meeting, "attend_meeting")
    waiting = {row.person_id for row in clocks}
    assert world.who["other"] in waiting
    assert world.who["neighbour"] not in waiting
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    hall.come(meeting, "other")
    with pytest.raises(NotReady) as taken:
        invitations.substitute(lead, seat, person_id=world.who["neighbour"], reason="又来了")
    assert taken.value.needs == ("not_signed_in",)


def test_nobody_sits_for_a_delegate_in_the_delegates_assembly(world: World) -> None:
    hall = Hall(world)
    seat = hall.seat(hall.notified(), "neighbour")
    ctx = world.as_(Post.PARTY_LEAD)
    meeting = meetings.get(ctx, seat.meeting_id)
    with world.session.no_autoflush:
        meeting.kind = MeetingKind.DELEGATES
        assert not invitations.seat_may_pass_on(ctx, seat)
        world.session.expire(meeting)
