"""The notice board: what hangs there today, and how a notice is printed."""

import re

from council import deliberations, files, gate, history, notices, proofs, translations
from council.gate import Act
from council.notices import NoticeKind
from council.people import Post
from council.policy import Can
from council.proposals import Stage
from tests.hall import Hall
from tests.test_files import drawn


def posted(world, title="关于加一盏路灯的决定", days=15):
    made = world.matter(Stage.ADOPTED)
    spec = Act("test.notice", Can.SYSTEM)
    row = gate.through(
        world.system(), spec, made,
        lambda: notices.post(
            world.system(), made, NoticeKind.DECISION, title=title,
            body="同意加灯。\n\n十月前办好。",
            days=days, proposal_id=made.id, board="服务站门口",
        ),
    )  # fmt: skip
    world.commit()
    return row


def test_the_board_shows_what_hangs_today_and_for_how_long(site):
    row = posted(site.world)
    page = site.visitor().get("/notices").text
    assert row.title in page
    assert "还贴 15 天" in page
    assert "服务站门口" in page
    site.world.wait(days=15)
    assert "贴到今天 24:00" in site.visitor().get("/notices").text
    site.world.wait(days=1)
    assert "今天公开栏上没有告示" in site.visitor().get("/notices").text


def test_a_filter_that_does_not_exist_is_left_out_with_a_note(site):
    row = posted(site.world)
    page = site.visitor().get("/notices?kind=old").text
    assert "已略过：kind<" in page
    assert row.title in page
    assert "已略过" not in site.visitor().get("/notices?lang=zh").text


def test_a_notice_is_printed_with_the_way_to_its_matter(site):
    row = posted(site.world)
    page = site.visitor().get(f"/notices/{row.id}").text
    assert 'class="a4 notice stack"' in page
    assert "十月前办好。" in page
    assert "决定公示" in page
    assert "0531-0000 1234" in page
    assert f'href="/proposals/{row.proposal_id}"' in page
    site.world.wait(days=20)
    assert "张贴期已过" in site.visitor().get(f"/notices/{row.id}").text
    assert site.visitor().get("/notices/999").status_code == 404


def test_every_paper_carries_the_size_and_the_digits_of_the_log(site):
    row, hall = posted(site.world), Hall(site.world)
    meeting = hall.begun()
    deliberations.postpone(site.world.as_(Post.FACILITATOR), hall.items(meeting)[0], reason="等")
    hall.move(Post.FACILITATOR, meeting, "adjourn")
    site.world.commit()
    for address in (f"/notices/{row.id}", f"/meetings/{meeting.id}/notice",
                    f"/meetings/{meeting.id}/minutes"):  # fmt: skip
        for language, words in (
            ("zh", "核对办法：留好这张纸"),
            ("en", "To check: keep this sheet"),
        ):
            page = site.visitor().get(f"{address}?lang={language}").text
            with site.read() as session:
                head = history.head(session)
            assert head.digits in page
            assert words in page
            assert page.count(f"{head.size:,}") >= 2
            assert "http://testserver/log" in page


def test_the_board_speaks_english(site):
    row = posted(site.world)
    translations.add(
        site.world.as_(Post.COMMUNITY_WORKER), row, field="title", words="On one more lamp"
    )
    site.world.commit()
    page = site.visitor().get("/notices?lang=en").text
    assert "On one more lamp" in page
    assert "hangs 15 more days" in page


def board(data=None):
    return {"photo": ("board.png", data or drawn(), "image/png")}


def test_a_notice_says_that_its_photograph_is_missing_until_a_worker_adds_one(world, site):
    hall = Hall(world)
    meeting = hall.notified()
    notice = notices.of_meeting(world.session, meeting.id)[0].id
    world.commit()
    page, visitor = f"/notices/{notice}", site.visitor()
    for address in (page, "/notices", f"/meetings/{meeting.id}"):
        assert "还没有张贴照片" in visitor.get(address).text
    assert "No photograph of the board yet" in visitor.get(f"{page}?lang=en").text
    assert 'name="photo"' not in visitor.get(page).text
    worker = site.as_(Post.COMMUNITY_WORKER)
    assert "2026-05-06T09:00" in worker.get(page).text
    sent = {"place": "服务站公开栏", "taken_at": "2026-05-06T09:00", "alt": "通知贴在公开栏里"}
    wrong = worker.post(f"{page}/photos", data=sent | {"alt": ""})
    assert wrong.status_code == 422
    assert "服务站公开栏" in wrong.text
    assert wrong.text.count('class="err"') >= 2
    assert worker.post(f"{page}/photos", data=sent, files=board(b"no")).status_code == 422
    assert visitor.post(f"{page}/photos", data=sent).status_code == 401
    resident = site.as_("neighbour")
    assert resident.post(f"{page}/photos", data=sent, files=board()).status_code == 403
    done = worker.post(f"{page}/photos", data=sent, files=board())
    assert (done.status_code, done.headers["location"]) == (303, page)
    shown = visitor.get(f"{page}?lang=zh").text
    assert 'alt="通知贴在公开栏里"' in shown
    assert "服务站公开栏 · " in shown
    for address in ("/notices", f"/meetings/{meeting.id}"):
        assert "有 1 张张贴照片" in visitor.get(address).text
    assert visitor.get(re.findall(r"/files/\w+\.jpg", shown)[0]).status_code == 200


def test_the_posting_of_a_decision_shows_its_photograph_too(site):
    row, world = posted(site.world), site.world
    photo = files.decode(drawn())
    proofs.photograph(
        world.as_(Post.COMMITTEE), row, picture=photo, place="3 号楼", taken_at=world.now,
        alt="决定贴在 3 号楼",
    )  # fmt: skip
    world.commit()
    page = site.visitor().get(f"/proposals/{row.proposal_id}/postings/decision").text
    assert 'alt="决定贴在 3 号楼"' in page
