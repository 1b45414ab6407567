"""Papers on their pages: on the agenda, in the room, on the notice; adding without script."""

import re

from council import papers
from council.people import Constituency, Post
from tests.hall import Hall
from tests.test_files import drawn
from tests.test_papers import PDF
from tests.web.conftest import statements


def paper(data=PDF, name="造价 2026.pdf"):
    return {"paper": (name, data, "application/pdf")}


def test_a_worker_adds_papers_and_everybody_reads_them_after_the_notice(world, site):
    hall = Hall(world)
    meeting = hall.planned()
    item = hall.items(meeting)[0].id
    world.commit()
    page, client = f"/meetings/{meeting.id}", site.as_(Post.COMMUNITY_WORKER)
    address = f"{page}/items/{item}/papers"
    for data, name, words in (
        (b"PK\x03\x04", "a.docx", "请选择 PDF 文件或图片"), (PDF[:-9], "b.pdf", "不完整或加了密码"),
    ):  # fmt: skip
        wrong = client.post(address, data={"title": "造价表"}, files=paper(data, name))
        assert wrong.status_code == 422
        assert words in wrong.text
        assert 'value="造价表"' in wrong.text
    empty = client.post(address, data={"title": ""})
    assert empty.status_code == 422
    assert "请选择文件" in empty.text
    assert site.as_(Constituency.RESIDENTS).post(address, files=paper()).status_code == 404
    large = client.post(address, data={"title": "大"}, files=paper(b"%PDF-" + b"0" * 10_500_000))
    assert large.status_code == 413
    assert "最大 10 MB" in large.text
    for title, data in (("造价表", PDF), ("看错了", drawn())):
        done = client.post(address, data={"title": title}, files=paper(data))
        assert (done.status_code, done.headers["location"]) == (303, f"{page}/papers")
    assert "看错了" in client.get(f"{page}/papers").text
    assert site.visitor().get("/papers/1").status_code == 404
    assert client.post("/papers/2/removal").status_code == 303
    assert "看错了" not in client.get(page).text
    world.session.expire_all()
    hall.answered(meeting)
    hall.move(Post.PARTY_LEAD, meeting, "notify")
    world.wait(minutes=10)
    world.commit()
    assert client.post("/papers/1/removal").status_code == 409
    assert client.post(address, data={"title": "补充"}, files=paper(drawn())).status_code == 303
    visitor = site.visitor()
    for where in ("", "/papers", "/notice", f"/items/{item}"):
        shown = visitor.get(f"{page}{where}").text
        assert "造价表" in shown
        assert "通知发出后补充" in shown
    assert "http://testserver/papers/1" in visitor.get(f"{page}/notice").text
    assert "added after the notice" in visitor.get(f"{page}?lang=en").text
    taken = visitor.get("/papers/1")
    assert (taken.content, taken.headers["content-type"]) == (PDF, "application/pdf")
    assert taken.headers["content-disposition"] == 'attachment; filename="paper-1.pdf"'
    assert taken.headers["x-content-type-options"] == "nosniff"
    later = re.findall(r"/papers/(\d+)", visitor.get(f"{page}/papers").text)[-1]
    looked = visitor.get(f"/papers/{later}")
    assert looked.headers["content-type"] == "image/jpeg"
    assert looked.headers["content-disposition"].startswith("inline")


def test_papers_of_the_open_item_are_in_the_room_in_a_fixed_number_of_statements(world, site):
    hall = Hall(world)
    item = hall.item_open()
    worker, counts = world.as_(Post.COMMUNITY_WORKER), []
    client = site.as_(Post.FACILITATOR)
    phone, console = (f"/meetings/{item.meeting_id}/{view}" for view in ("room", "console"))
    for titles in (["造价表"], [f"附件 {n}" for n in range(8)]):
        for title in titles:
            papers.add(worker, item, title=title, file=papers.files.paper(PDF))
        world.commit()
        assert titles[-1] in client.get(phone).text
        seen = statements(site)
        assert titles[-1] in client.get(console).text
        counts.append(len(seen))
    assert counts[0] == counts[1]
