"""Entering a roll: a dry run with a report row by row, then the whole list or nothing."""

import csv
import re
from io import StringIO

import pytest
from starlette.testclient import TestClient

from council import rolls
from council.people import Post
from council.votes import Body, VoteStage
from tests.test_imports import cells, workbook
from tests.test_rolls import LIST, put, vote_of
from tests.web.conftest import Site

WORKER = Post.COMMUNITY_WORKER
GOOD = "姓名,户号,面积\n张三,501,89.53\n李四,502,102\n"
BAD = "姓名,户号,面积\n张三,501,八十\n=cmd,502,102.005\n"


@pytest.fixture
def base(site: Site) -> str:
    """The address of an owners' roll that is still to be entered."""
    vote = vote_of(site.world, body=Body.OWNERS)
    site.world.commit()
    return f"/votes/{vote.id}/roll"


def names(site: Site) -> list[str]:
    with site.read() as session:
        return [one.name for one in rolls.listing(session, 1, rolls.Wanted())]


def packed(page: str) -> dict[str, str]:
    found = re.search(r'name="packed" value="([^"]+)"', page)
    assert found
    return {"kind": "owners", "packed": found[1]}


def check(worker: TestClient, base: str, written: str | bytes, kind: str = "owners"):
    data = written.encode() if isinstance(written, str) else written
    return worker.post(f"{base}/check", data={"kind": kind}, files={"file": ("owners.csv", data)})


def test_a_list_is_checked_and_then_entered_without_script(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    assert "/check" in worker.get(f"{base}/import").text
    report = check(worker, base, GOOD)
    assert report.status_code == 200
    assert "191.53 ㎡" in report.text
    assert names(site) == []
    entered = worker.post(base, data=packed(report.text))
    assert entered.status_code == 303
    assert entered.headers["location"] == f"{base}?entered=1"
    assert names(site) == ["张三", "李四"]
    assert "名册已录入" in worker.get(entered.headers["location"]).text


def test_a_wrong_list_is_reported_row_by_row_and_nothing_is_entered(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    report = check(worker, base, BAD)
    assert report.status_code == 422
    for said in ("不是面积（八十）", "像是公式（=cmd）", "小数超过两位（102.005）"):
        assert said in report.text
    again = worker.post(base, data=packed(report.text))
    assert again.status_code == 422
    assert names(site) == []


def test_the_report_is_a_table_that_no_spreadsheet_runs(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    report = check(worker, base, BAD)
    table = worker.post(f"{base}/report", data=packed(report.text))
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["cache-control"] == "no-store"
    rows = list(csv.reader(StringIO(table.text.removeprefix("\ufeff"))))
    assert [row[:2] for row in rows] == [
        ["行", "列"], ["2", "面积（㎡）"], ["3", "姓名"], ["3", "面积（㎡）"],
    ]  # fmt: skip
    english = worker.post(f"{base}/report?lang=en", data=packed(report.text))
    assert "It looks like a formula" in english.text


def test_forty_faults_are_all_there(site: Site, base: str) -> None:
    written = "姓名,户号,面积\n" + "".join(f"业主{n},{n},错\n" for n in range(140))
    worker = site.as_(WORKER)
    report = check(worker, base, written)
    assert "140" in report.text
    assert report.text.count("不是面积") == 100
    table = worker.post(f"{base}/report", data=packed(report.text))
    assert table.text.count("不是面积") == 140


def test_a_list_is_pasted_and_kept_when_it_is_refused(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    pasted = {"kind": "owners", "pasted": GOOD.replace(",", "\t")}
    assert worker.post(f"{base}/check", data=pasted).status_code == 200
    refused = worker.post(f"{base}/check", data={"kind": "owners", "pasted": "姓名\n张三\n"})
    assert refused.status_code == 422
    assert "缺少“户号”这一列" in refused.text
    assert "缺少“面积（㎡）”这一列" in refused.text
    assert "张三" in refused.text
    assert worker.post(f"{base}/check", data={"kind": "owners"}).status_code == 422


def test_a_spreadsheet_with_formulas_says_so(site: Site, base: str) -> None:
    sheet = cells(("姓名", "户号", "面积", "备注"), ("张三", 501, 89.5, "x"))
    sheet += '<row r="3"><c r="D3" t="str"><f>1+1</f><v>2</v></c></row>'
    report = check(site.as_(WORKER), base, workbook(sheet, cells(("y",))))
    for said in ("表里有公式", "只读了第一张", "没有用到的列：备注"):
        assert said in report.text


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff\xe0\x00", b"PK\x03\x04 broken", "姓名".encode()]
)
def test_a_file_that_is_no_list_brings_the_form_back(site: Site, base: str, data: bytes) -> None:
    page = check(site.as_(WORKER), base, data)
    assert page.status_code == 422
    assert 'id="f-file"' in page.text


def test_a_packed_list_that_somebody_changed_is_refused(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    for broken in ("x", "eJwDAAAAAAE="):
        sent = {"kind": "owners", "packed": broken}
        assert worker.post(base, data=sent).status_code == 422
    report = check(worker, base, GOOD)
    other = packed(report.text) | {"kind": "delegates"}
    assert worker.post(base, data=other).status_code == 422
    assert names(site) == []


def test_a_roll_is_drawn_and_taken_over(site: Site, base: str) -> None:
    world, worker = site.world, site.as_(WORKER)
    first = vote_of(world, body=Body.DELEGATES)
    second = vote_of(world, body=Body.COUNCIL)
    rolls.take(world.as_(WORKER), first, LIST)
    put(world, first, stage=VoteStage.FINAL)
    world.commit()
    council = f"/votes/{second.id}/roll"
    form = worker.get(f"{council}/import").text
    assert "/draw" in form
    assert "/take-over" in form
    assert worker.post(f"{council}/draw", data={"drawn": "members"}).status_code == 422
    assert worker.post(f"{council}/draw", data={"drawn": "owners"}).status_code == 422
    sent = {"drawn": "members", "constituencies": ["party", "residents"]}
    assert worker.post(f"{council}/draw", data=sent).status_code == 303
    assert worker.post(f"{council}/take-over", data={"earlier": "99"}).status_code == 422
    assert worker.post(f"{council}/take-over", data={"earlier": first.id}).status_code == 303
    with site.read() as session:
        assert rolls.size(session, second.id).heads == 3


def test_a_sample_names_the_columns_in_the_reader_s_language(site: Site, base: str) -> None:
    worker = site.as_(WORKER)
    table = worker.get(f"{base}/sample.csv?kind=owners").text
    assert table.startswith("\ufeff姓名,楼栋,户号,面积（㎡）,账号\r\n张三,")
    assert check(worker, base, table.replace("lisi", "")).status_code == 200
    english = worker.get(f"{base}/sample.csv?kind=owners&lang=en").text
    assert "Name,Building,Household,Area (m²),Account" in english
    assert check(worker, base, english.replace("lisi", "")).status_code == 200


def test_only_those_who_keep_the_roll_enter_it_and_only_before_it_is_published(
    site: Site, base: str
) -> None:
    watcher = site.as_(Post.OVERSIGHT)
    assert watcher.get(f"{base}/import").status_code == 403
    assert check(watcher, base, GOOD).status_code == 403
    assert site.visitor().get(f"{base}/import").status_code == 303
    put(site.world, site.world.session.get_one(rolls.Vote, 1), stage=VoteStage.ROLL_PUBLISHED)
    site.world.commit()
    worker = site.as_(WORKER)
    assert worker.get(f"{base}/import").status_code == 409
    assert check(worker, base, GOOD).status_code == 409
