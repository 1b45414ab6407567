"""Papers of an agenda item: put there before the notice, dated after it, never taken back then."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from council import files, meetings, papers, plans
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.files import Document, Picture, StoredFile
from council.meetings import ItemKind
from council.people import Constituency, Post
from council.plans import Topic
from tests.hall import Hall
from tests.test_files import drawn
from tests.world import World

PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <<>>\n%%EOF\n"


def test_a_paper_is_a_pdf_as_it_is_or_a_picture_drawn_anew() -> None:
    document = files.paper(PDF)
    assert isinstance(document, Document)
    assert document.parts == ((document.sha256, PDF),)
    picture = files.paper(drawn(comment=b"secret comment"))
    assert isinstance(picture, Picture)
    assert b"secret" not in picture.data
    for data, key in (
        (b"PK\x03\x04 docx", "not_a_paper"),
        (PDF[:-8], "broken_pdf"),
        (PDF.replace(b"trailer <<", b"trailer <</Encrypt 5 0 R "), "broken_pdf"),
        (PDF.replace(b"/Catalog", b"/Catalog /OpenAction <</S /JavaScript>>"), "active_pdf"),
        (b"%PDF-" + b"0" * files.LARGEST, "file_too_large"),
    ):
        with pytest.raises(Invalid) as wrong:
            files.paper(data)
        assert (wrong.value.key, wrong.value.problems[0].field) == (key, "paper")


def test_papers_are_added_taken_back_and_after_the_notice_only_added_with_their_day(
    world: World,
) -> None:
    hall, worker = Hall(world), Post.COMMUNITY_WORKER
    meeting = hall.planned()
    (item,) = hall.items(meeting)
    costs = papers.add(world.as_(worker), item, title="造价表", file=files.paper(PDF))
    assert world.acts()[-1] == "paper.add"
    again = papers.add(world.as_(worker), item, title="照片", file=files.paper(drawn()))
    with pytest.raises(NotAllowed):
        papers.add(world.as_(Constituency.RESIDENTS), item, title="我的", file=files.paper(PDF))
    with pytest.raises(Invalid):
        papers.add(world.as_(worker), item, title="", file=files.paper(PDF))
    with pytest.raises(NotAllowed):
        papers.remove(world.as_(Post.FACILITATOR), again)
    papers.remove(world.as_(worker), again)
    assert world.acts()[-1] == "paper.remove"
    with pytest.raises(NotFound):
        papers.get(world.nobody(), costs.id)
    hall.answered(meeting)
    world.wait(hours=1)
    hall.move(Post.PARTY_LEAD, meeting, "notify")
    with pytest.raises(NotReady) as out:
        papers.remove(world.as_(worker), costs)
    assert out.value.needs == ("notice_not_out",)
    world.wait(hours=1)
    papers.add(world.as_(worker), item, title="补充说明", file=files.paper(PDF))
    found = papers.of_meeting(world.session, meeting)[item.id]
    assert [(one.row.title, one.late, one.is_picture) for one in found] == [
        ("造价表", False, False), ("补充说明", True, False),
    ]  # fmt: skip
    assert papers.get(world.nobody(), costs.id).href == f"/papers/{costs.id}"
    assert len(set(world.session.scalars(select(StoredFile.sha256)))) == 2
    for n in range(papers.MOST - 2):
        papers.add(world.as_(worker), item, title=f"附件 {n}", file=files.paper(PDF))
    with pytest.raises(Invalid) as full:
        papers.add(world.as_(worker), item, title="再来一份", file=files.paper(PDF))
    assert full.value.key == "too_many_papers"


def test_the_papers_of_an_item_leave_the_plan_with_it_and_none_come_after_the_end(
    world: World,
) -> None:
    hall = Hall(world)
    report = Topic(title="物业报告", kind=ItemKind.REPORT)
    meeting = hall.planned()
    plan = hall.plan(agenda=(Topic(hall.matter.id, "动议"), report))
    plans.revise(world.as_(Post.PARTY_LEAD), meeting, plan=plan)
    item = hall.items(meeting)[1]
    ctx = world.as_(Post.COMMUNITY_WORKER)
    papers.add(ctx, item, title="报告全文", file=files.paper(PDF))
    kept = replace(plan, agenda=(plan.agenda[0], replace(report, item_id=item.id)))
    plans.revise(world.as_(Post.PARTY_LEAD), meeting, plan=kept)
    assert len(papers.of_meeting(world.session, meeting)) == 1
    plans.revise(world.as_(Post.PARTY_LEAD), meeting, plan=hall.plan())
    assert papers.of_meeting(world.session, meeting) == {}
    hall.move(Post.PARTY_LEAD, meeting, "cancel")
    with pytest.raises(NotReady) as over:
        papers.add(
            ctx, meetings.items(world.session, meeting.id)[0], title="晚了", file=files.paper(PDF)
        )
    assert over.value.needs == ("meeting_not_over",)
