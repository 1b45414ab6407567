"""The roll's pages: numbers for everybody, one's own entry, names only for those who keep it."""

import pytest

from council import rolls
from council.entitlements import Entry
from council.people import Constituency, Post
from council.votes import Voter, VoteStage
from tests.test_rolls import LIST, put, vote_of
from tests.web.conftest import Site, statements

WORKER, RESIDENT = Post.COMMUNITY_WORKER, Constituency.RESIDENTS


@pytest.fixture
def base(site: Site) -> str:
    """The address of a published roll with the resident on it, number four."""
    world = site.world
    vote = vote_of(world)
    me = Entry("真名本人", "8 号楼", "101", 6000, RESIDENT, world.who[RESIDENT])
    rolls.take(world.as_(WORKER), vote, [*LIST, me])
    put(world, vote, stage=VoteStage.ROLL_PUBLISHED)
    world.commit()
    return f"/votes/{vote.id}/roll"


def row(site: Site, number: int) -> Voter:
    with site.read() as session:
        return rolls.entry(session, 1, number)


def test_everybody_sees_numbers_and_buildings_and_nobody_s_name(site: Site, base: str) -> None:
    page = site.visitor().get(base)
    assert page.status_code == 200
    for shown in ("251.53 ㎡", "3 号楼", "8 号楼"):
        assert shown in page.text
    for hidden in ("张三", "王芳", "真名本人", "/roll/list"):
        assert hidden not in page.text


def test_each_person_sees_the_own_entry_only(site: Site, base: str) -> None:
    page = site.as_(RESIDENT).get(base)
    assert "真名本人" in page.text
    assert "60.00 ㎡" in page.text
    assert "张三" not in page.text
    assert page.headers["cache-control"] == "no-store"
    other = site.as_("neighbour").get(base)
    assert "真名本人" not in other.text
    assert "没有对应到名册" in other.text


def test_whoever_was_struck_reads_why(site: Site, base: str) -> None:
    mine = rolls.entry(site.world.session, 1, 4)
    rolls.strike(site.world.as_(WORKER), mine, reason="户口已迁出")
    site.world.commit()
    assert "户口已迁出" in site.as_(RESIDENT).get(base).text


def test_the_list_of_names_is_for_those_who_keep_the_roll_and_watch(site: Site, base: str) -> None:
    assert site.visitor().get(f"{base}/list").status_code == 303
    for who in (RESIDENT, Post.FACILITATOR, Post.ADMIN):
        assert site.as_(who).get(f"{base}/list").status_code == 403
    for who in (WORKER, Post.PARTY_LEAD, Post.OVERSIGHT, Post.SUBDISTRICT):
        page = site.as_(who).get(f"{base}/list")
        assert page.headers["cache-control"] == "no-store"
        assert "王芳" in page.text
    found = site.as_(WORKER).get(f"{base}/list?name=%E7%8E%8B").text
    assert "王芳" in found
    assert "张三" not in found


def test_a_long_list_is_turned_page_by_page(site: Site, base: str) -> None:
    world = site.world
    vote = vote_of(world)
    rolls.take(world.as_(WORKER), vote, [Entry(f"居民{n:03}") for n in range(120)])
    world.commit()
    first = site.as_(WORKER).get(f"/votes/{vote.id}/roll/list").text
    assert "居民049" in first
    assert "居民050" not in first
    assert "after=50" in first
    second = site.as_(WORKER).get(f"/votes/{vote.id}/roll/list?after=50").text
    assert "居民050" in second
    odd = site.as_(WORKER).get(f"/votes/{vote.id}/roll/list?after=x&sort=1")
    assert odd.status_code == 200
    assert "sort" in odd.text


def test_an_entry_is_mended_struck_and_put_back(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    assert worker.get(f"{base}/1").status_code == 200
    sent = {"name": "张三丰", "building": "10 号楼", "household": "502", "area": "90.5",
            "constituency": "party", "reason": "错字"}  # fmt: skip
    assert worker.post(f"{base}/1/corrections", data=sent).status_code == 303
    mended = row(site, 1)
    assert (mended.name, mended.area, mended.reason) == ("张三丰", 9050, "错字")
    assert worker.post(f"{base}/1/strikes", data={"reason": "已迁出"}).status_code == 303
    assert row(site, 1).struck
    assert "已迁出" in worker.get(f"{base}/1").text
    assert worker.post(f"{base}/1/restorations", data={"reason": "弄错了"}).status_code == 303
    assert not row(site, 1).struck


def test_what_was_typed_stays_when_a_correction_is_refused(site: Site, base: str) -> None:
    sent = {"name": "张三丰", "household": "502", "area": "八十", "reason": ""}
    page = site.as_(WORKER).post(f"{base}/1/corrections", data=sent)
    assert page.status_code == 422
    assert 'value="张三丰"' in page.text
    assert 'value="八十"' in page.text
    page = site.as_(WORKER).post(f"{base}/1/strikes", data={"reason": " "})
    assert page.status_code == 422
    assert 'value="张三"' in page.text


def test_an_entry_is_linked_by_public_number(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    assert worker.post(f"{base}/4/links", data={"number": ""}).status_code == 303
    assert row(site, 4).person_id is None
    number = worker.post(f"{base}/2/links", data={"number": "9999"})
    assert number.status_code == 422
    assert "9999" in number.text
    assert worker.post(f"{base}/2/links", data={"number": "2"}).status_code == 303
    assert row(site, 2).person_id is not None
    assert worker.post(f"{base}/3/links", data={"number": "2"}).status_code == 422
    assert site.as_(Post.OVERSIGHT).post(f"{base}/3/links", data={}).status_code == 403


def test_somebody_left_out_is_added(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    assert worker.get(f"{base}/new").status_code == 200
    refused = worker.post(f"{base}/entries", data={"name": "孙七"})
    assert refused.status_code == 422
    assert 'value="孙七"' in refused.text
    made = worker.post(f"{base}/entries", data={"name": "孙七", "reason": "漏登"})
    assert made.headers["location"] == f"{base}/5"
    assert site.as_(Post.OVERSIGHT).get(f"{base}/new").status_code == 403
    assert worker.get(f"{base}/99").status_code == 404


def test_a_final_roll_offers_no_change(site: Site, base: str) -> None:
    vote = rolls.entry(site.world.session, 1, 1).vote_id
    put(site.world, site.world.session.get_one(rolls.Vote, vote), stage=VoteStage.ROLL_FINAL)
    site.world.commit()
    page = site.as_(WORKER).get(f"{base}/1").text
    assert "/corrections" not in page
    assert "/strikes" not in page
    assert "/links" in page
    assert site.as_(WORKER).post(f"{base}/1/strikes", data={"reason": "x"}).status_code == 409


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_speak_both_languages(site: Site, base: str, language: str) -> None:
    worker = site.as_(WORKER)
    for address in (base, f"{base}/list", f"{base}/1", f"{base}/new"):
        page = worker.get(f"{address}?lang={language}&size=elder")
        assert page.status_code == 200
        assert ("Names on the roll" in page.text or "The roll" in page.text) is (language == "en")


def test_a_vote_in_a_meeting_has_no_page_of_its_roll(site: Site) -> None:
    assert site.visitor().get("/votes/4711/roll").status_code == 404


def test_the_public_page_asks_the_same_number_of_questions_however_long_the_roll_is(
    site: Site, base: str
) -> None:
    visitor, seen = site.visitor(), statements(site)
    visitor.get(base)
    few = len(seen)
    vote = vote_of(site.world)
    many = [Entry(f"居民{n}", f"{n} 号楼") for n in range(40)]
    rolls.take(site.world.as_(WORKER), vote, many)
    put(site.world, vote, stage=VoteStage.ROLL_PUBLISHED)
    site.world.commit()
    seen.clear()
    visitor.get(f"/votes/{vote.id}/roll")
    assert len(seen) == few
