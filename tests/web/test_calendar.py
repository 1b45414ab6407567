"""The calendar of working days: twelve months in words, and a day set by hand."""

from datetime import date, timedelta

from council import calendar
from council.people import Constituency, Post
from tests.web.conftest import Site, statements


def test_everybody_reads_twelve_months_with_words_for_what_differs(site: Site) -> None:
    page = site.visitor().get("/calendar").text
    assert "2026 年工作日历" in page
    assert page.count('class="month"') == 12
    assert '<td class="on">14<small>班</small></td>' in page  # Saturday, 14 February
    assert '<td class="off">16<small>休</small></td>' in page
    assert "只是估算" not in page
    english = site.visitor().get("/calendar?lang=en").text
    assert "February" in english
    assert "<small>work</small>" in english


def test_a_year_that_is_not_announced_is_called_a_guess(site: Site) -> None:
    page = site.visitor().get("/calendar?year=2027").text
    assert "只是估算" in page
    assert "only a guess" in site.visitor().get("/calendar?year=2027&lang=en").text


def test_a_year_that_does_not_exist_is_left_out(site: Site) -> None:
    for year in ("1999", "x", "99999999", "２０２７"):
        page = site.visitor().get("/calendar", params={"year": year})
        assert page.status_code == 200
        assert "2026 年工作日历" in page.text
        assert "没有算进去" in page.text or 'role="status"' in page.text


def test_the_administrator_sets_a_day_and_everybody_sees_why(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    assert 'action="/calendar/days"' in client.get("/calendar").text
    data = {"day": "2027-02-06", "works": "working", "note": "春节调休"}
    answer = client.post("/calendar/days", data=data)
    assert (answer.status_code, answer.headers["location"]) == (
        303, "/calendar?year=2027#month-2",
    )  # fmt: skip
    page = site.visitor().get("/calendar?year=2027").text
    assert "春节调休" in page
    assert '<td class="on">6<small>班</small></td>' in page
    assert site.world.acts()[-1] == "calendar.set_day"
    with site.read() as session:
        assert calendar.working(session)(date(2027, 2, 6))


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    wrong = client.post("/calendar/days", data={"day": "2027-02-30", "note": "春节调休"})
    assert wrong.status_code == 422
    assert 'value="春节调休"' in wrong.text
    assert "请选上班还是休息" in wrong.text
    assert "请写一个有的日子" in wrong.text
    far = client.post("/calendar/days", data={"day": "9999-01-01", "works": "closed"})
    assert far.status_code == 422
    assert "请写一个有的日子" in far.text


def test_others_cannot_set_a_day(site: Site) -> None:
    data = {"day": "2027-02-06", "works": "working"}
    for key in (Constituency.RESIDENTS, Post.PARTY_LEAD):
        assert site.as_(key).post("/calendar/days", data=data).status_code == 403
        assert "/calendar/days" not in site.as_(key).get("/calendar").text
    assert site.visitor().post("/calendar/days", data=data).status_code != 200
    assert "calendar.set_day" not in site.world.acts()


def test_the_page_takes_as_many_statements_for_forty_days_as_for_two(site: Site) -> None:
    world, counts = site.world, []
    client = site.visitor()
    seen = statements(site)
    for first, last in ((0, 2), (2, 40)):
        for n in range(first, last):
            day = date(2027, 3, 1) + timedelta(days=n)
            calendar.set_day(world.as_(Post.ADMIN), world.community, day=day, works=False, note="x")
        world.commit()
        seen.clear()
        client.get("/calendar?year=2027")
        counts.append(len(seen))
    assert counts[0] == counts[1] > 0
