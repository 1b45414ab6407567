"""Minutes: drafted from the rows, signed by each constituency that was there, then published."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import event

from council import calendar, deliberations, files, minutes, notices, rollcalls, sittings
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.files import Picture
from council.meetings import Meeting
from council.minutes import Minutes, MinutesStage, SignedBy, Words
from council.notices import NoticeKind
from council.people import Constituency, Post
from council.proposals import Stage
from council.votes import Choice
from tests.hall import SEATS, Hall
from tests.world import World

WORDS = Words(views_for="夜里看得见路", views_against="灯光照进卧室", other="下月公示图纸")


@pytest.fixture
def hall(world: World) -> Hall:
    return Hall(world)


@pytest.fixture
def picture() -> Picture:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return files.decode(drawn.getvalue())


def adjourned(hall: Hall, present: tuple[Constituency | str, ...] = SEATS) -> Meeting:
    vote = hall.vote_open(present=present)
    rollcalls.cast(hall.world.as_("neighbour"), vote, choice=Choice.FOR)
    deliberations.close_vote(hall.world.as_(Post.FACILITATOR), vote)
    meeting = hall.world.session.get_one(
        Meeting,
        hall.world.session.get_one(deliberations.AgendaItem, vote.agenda_item_id).meeting_id,
    )
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    return meeting


def drafted(hall: Hall) -> Minutes:
    return minutes.draft(hall.world.as_(Post.RECORDER), adjourned(hall), words=WORDS)


def sign_all(hall: Hall, row: Minutes) -> None:
    for one in Constituency:
        minutes.sign(hall.world.as_(one), row, revision=row.revision)


def test_the_recorder_drafts_the_minutes_of_a_meeting_that_is_over(hall: Hall) -> None:
    meeting = hall.begun()
    with pytest.raises(NotReady) as refusal:
        minutes.draft(hall.world.as_(Post.RECORDER), meeting, words=WORDS)
    assert refusal.value.needs == ("meeting_is_over",)
    deliberations.postpone(
        hall.world.as_(Post.FACILITATOR), hall.items(meeting)[0], reason="等方案"
    )
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    made = minutes.draft(hall.world.as_(Post.RECORDER), meeting, words=WORDS)
    assert (made.views_for, made.stage) == ("夜里看得见路", MinutesStage.DRAFT)
    assert hall.world.acts()[-1] == "minutes.draft"
    with pytest.raises(NotReady) as again:
        minutes.draft(hall.world.as_(Post.RECORDER), meeting, words=WORDS)
    assert again.value.needs == ("minutes_not_begun",)


def test_only_the_recorder_writes_them(hall: Hall) -> None:
    meeting = adjourned(hall)
    with pytest.raises(NotAllowed):
        minutes.draft(hall.world.as_(Post.FACILITATOR), meeting, words=WORDS)
    row = minutes.draft(hall.world.as_(Post.RECORDER), meeting, words=WORDS)
    with pytest.raises(NotAllowed):
        minutes.revise(hall.world.as_("neighbour"), row, words=WORDS)
    with pytest.raises(NotAllowed):
        minutes.publish(hall.world.as_(Post.PARTY_LEAD), row)
    with pytest.raises(Invalid):
        minutes.revise(hall.world.as_(Post.RECORDER), row, words=Words(other="长" * 2001))


def test_each_constituency_signs_once(hall: Hall) -> None:
    row = drafted(hall)
    made = minutes.sign(hall.world.as_("neighbour"), row, revision=0)
    assert (made.constituency, made.signed_by) == (Constituency.RESIDENTS, SignedBy.MEMBER)
    assert hall.world.acts()[-1] == "minutes.sign"
    with pytest.raises(NotReady) as refusal:
        minutes.sign(hall.world.as_(Constituency.RESIDENTS), row, revision=0)
    assert refusal.value.needs == ("constituency_not_signed",)
    assert minutes.unsigned(hall.world.session, row) == [
        Constituency.PARTY, Constituency.COMMUNITY, Constituency.EXPERTS, Constituency.UNITS,
    ]  # fmt: skip


def test_only_those_who_sat_there_sign(hall: Hall) -> None:
    row = drafted(hall)
    with pytest.raises(NotReady) as refusal:
        minutes.sign(hall.world.as_(Post.DELEGATE), row, revision=0)
    assert refusal.value.needs == ("sat_at_meeting",)
    with pytest.raises(NotAllowed):
        minutes.sign(hall.world.as_(Post.ADMIN), row, revision=0)


def test_a_change_asks_for_the_signatures_again(hall: Hall) -> None:
    row = drafted(hall)
    sign_all(hall, row)
    minutes.revise(hall.world.as_(Post.RECORDER), row, words=WORDS)
    assert minutes.unsigned(hall.world.session, row) == []
    minutes.revise(hall.world.as_(Post.RECORDER), row, words=Words(other="改了"))
    assert len(minutes.unsigned(hall.world.session, row)) == 5
    assert hall.world.acts()[-1] == "minutes.revise"
    with pytest.raises(Invalid):
        minutes.sign(hall.world.as_("neighbour"), row, revision=0)


def test_a_paper_signature_serves_for_somebody_absent(hall: Hall, picture: Picture) -> None:
    row = drafted(hall)
    ctx = hall.world.as_(Post.RECORDER)
    made = minutes.sign_on_paper(
        ctx, row, constituency=Constituency.UNITS, note="副校长代签", picture=picture
    )
    assert (made.signed_by, made.person_id) == (SignedBy.PAPER, None)
    assert hall.world.acts()[-1] == "minutes.sign_on_paper"
    pair = ("minutes_signature", made.id)
    assert files.photos(hall.world.session, [pair]) == {}
    with pytest.raises(Invalid):
        minutes.sign_on_paper(ctx, row, constituency=Constituency.UNITS, note="", picture=picture)
    with pytest.raises(NotAllowed):
        minutes.sign_on_paper(
            hall.world.as_("neighbour"), row, constituency=Constituency.PARTY, note="",
            picture=picture,
        )  # fmt: skip


def test_published_with_all_signatures_and_a_photograph(hall: Hall, picture: Picture) -> None:
    row = drafted(hall)
    ctx = hall.world.as_(Post.RECORDER)
    with pytest.raises(NotReady) as refusal:
        minutes.publish(ctx, row)
    assert refusal.value.needs == ("every_constituency_signed", "meeting_photographed")
    sign_all(hall, row)
    meeting = hall.world.session.get_one(Meeting, row.meeting_id)
    sittings.photograph(ctx, meeting, picture=picture, alt="会场")
    minutes.publish(ctx, row)
    assert (row.stage, row.published_at) == (MinutesStage.PUBLISHED, hall.world.now)
    assert calendar.running(hall.world.session, meeting, "minutes") == []
    assert "minutes.publish" in hall.world.acts()
    hung = notices.standing(hall.world.session, hall.world.community, hall.world.now)[0]
    assert (hung.kind, hung.days) == (NoticeKind.MINUTES, notices.LEAST_DAYS)


def test_published_minutes_stand(hall: Hall, picture: Picture) -> None:
    row = drafted(hall)
    sign_all(hall, row)
    ctx = hall.world.as_(Post.RECORDER)
    meeting = hall.world.session.get_one(Meeting, row.meeting_id)
    sittings.photograph(ctx, meeting, picture=picture)
    minutes.publish(ctx, row)
    for refused in (
        lambda: minutes.revise(ctx, row, words=Words()),
        lambda: minutes.publish(ctx, row),
        lambda: minutes.sign_on_paper(
            ctx, row, constituency=Constituency.PARTY, note="", picture=picture
        ),
    ):
        with pytest.raises(NotReady) as refusal:
            refused()
        assert "minutes_not_published" in refusal.value.needs


def test_a_draft_is_read_by_those_who_sat_there_and_the_offices(hall: Hall) -> None:
    row = drafted(hall)
    meeting = hall.world.session.get_one(Meeting, row.meeting_id)
    for who in ("neighbour", Post.RECORDER, Post.PARTY_LEAD):
        assert minutes.get(hall.world.as_(who), meeting) is row
    for ctx in (hall.world.nobody(), hall.world.as_(Post.DELEGATE)):
        with pytest.raises(NotFound):
            minutes.get(ctx, meeting)


def test_the_record_tells_the_meeting_from_its_rows(hall: Hall) -> None:
    meeting = adjourned(hall)
    found = minutes.record(hall.world.session, meeting)
    line = found.lines[0]
    assert (line.proposal, line.unit) == (hall.matter, hall.world.unit)
    assert line.vote is not None
    assert line.result is not None
    assert (found.test.present_total, found.test.due_total) == (6, 6)
    assert (found.chair.post, found.recorder.post) == (Post.FACILITATOR, Post.RECORDER)


def test_the_record_takes_as_many_statements_for_two_items_as_for_forty(hall: Hall) -> None:
    counts = []
    for size in (2, 40):
        matters = [hall.world.matter(Stage.READY_FOR_MEETING) for _ in range(size)]
        meeting = hall.planned(*matters)
        hall.world.commit()
        hall.world.session.expunge_all()
        fresh = hall.world.session.get_one(Meeting, meeting.id)
        seen: list[str] = []

        def note(*args: object, seen: list[str] = seen) -> None:
            seen.append(str(args[2]))

        engine = hall.world.session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        assert len(minutes.record(hall.world.session, fresh).lines) == size
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]
