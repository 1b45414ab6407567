"""The record on the page: what it holds and does not tell, the file, the program that counts it."""

import json
import subprocess
import sys

import pytest

from council import records, recounting, safeguards
from council.errors import NotReady
from council.people import Post
from council.votes import Choice
from tests.polling import Poll, numbered
from tests.test_records import in_meeting, in_secret
from tests.test_recounting import together

MANY = (Choice.FOR, Choice.FOR, Choice.AGAINST)


@pytest.fixture
def poll(world):
    return Poll(world)


def test_the_record_is_there_once_the_result_is_shown(world, site, poll):
    numbered(world)
    poll.counted(*MANY)
    world.commit()
    address = f"/votes/{poll.vote.id}"
    for name in ("record", "record.json"):
        for reader in (site.visitor(), site.as_("neighbour"), site.as_(Post.PARTY_LEAD)):
            assert reader.get(f"{address}/{name}").status_code == 404
    assert f"{address}/record" not in site.visitor().get(address).text
    for keeper in (site.as_(Post.RECORDER), site.as_(Post.OVERSIGHT)):
        assert f"{address}/record" in keeper.get(address).text
        assert "结果还没有公布" in keeper.get(f"{address}/record").text
        answer = keeper.get(f"{address}/record.json")
        assert answer.headers["Cache-Control"] == "no-store"
        assert recounting.recount(answer.json()).differing == ()
    poll.step("publish_result")
    world.commit()
    assert f'href="{address}/record"' in site.visitor().get(address).text
    page = site.visitor().get(f"{address}/record")
    assert page.status_code == 200
    assert "python3 recount.py record.json" in page.text
    assert "名册编号，不写姓名" in page.text
    assert "对结果还可以提出异议" in page.text


def test_both_files_downloaded_agree_with_each_other(world, site, poll, tmp_path):
    poll.final(*MANY)
    world.commit()
    client, address = site.visitor(), f"/votes/{poll.vote.id}"
    for name, path in (
        ("record.json", f"{address}/record.json"),
        ("recount.py", "/votes/recount.py"),
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert f'filename="{name}"' in answer.headers["Content-Disposition"]
        (tmp_path / name).write_bytes(answer.content)
    command = [sys.executable, "-I", "-S", "recount.py", "record.json"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert found.returncode == recounting.AGREES
    assert "全部相符" in found.stdout.decode()
    fingerprint = json.loads((tmp_path / "record.json").read_text("utf-8"))["digest"]
    assert fingerprint in client.get(f"{address}/record").text
    assert fingerprint in found.stdout.decode()


def test_whoever_has_the_record_is_not_sent_it_again(world, site, poll):
    poll.final(*MANY)
    world.commit()
    client, address = site.visitor(), f"/votes/{poll.vote.id}/record.json"
    first = client.get(address)
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    world.wait(days=16)
    poll.tick()
    world.commit()
    last = client.get(address)
    assert last.headers["ETag"] == first.headers["ETag"]
    assert "immutable" in last.headers["Cache-Control"]
    assert site.as_("neighbour").get(address).headers["Cache-Control"] == "no-store"
    tool = client.get("/votes/recount.py")
    assert tool.headers["Content-Disposition"] == 'attachment; filename="recount.py"'
    kept = client.get("/votes/recount.py", headers={"If-None-Match": tool.headers["ETag"]})
    assert kept.status_code == 304


def test_a_secret_record_says_what_no_record_can_prove(world, site):
    poll = Poll(world, "RESIDENT_ASSEMBLY")
    in_secret(poll, ["for", "for", "against"], electorate="residents")
    world.commit()
    page = site.visitor().get(f"/votes/{poll.vote.id}/record").text
    assert "任何记录都证明不了" in page
    assert "无记名票" in page
    english = site.visitor().get(f"/votes/{poll.vote.id}/record?lang=en").text
    assert "--lang en" in english


def test_a_vote_in_a_meeting_leads_to_its_record(world, site):
    found = in_meeting(world)
    address = f"/votes/{found['vote']}"
    assert f'href="{address}/record"' in site.visitor().get(f"{address}/result").text
    answer = site.visitor().get(f"{address}/record.json")
    assert answer.json() == found
    assert "immutable" in answer.headers["Cache-Control"]


def test_the_record_of_a_matter_that_is_not_public_is_not_there(world, site, poll):
    assert site.visitor().get("/votes/999/record").status_code == 404
    assert site.visitor().get("/votes/999/record.json").status_code == 404


def test_a_vote_counted_as_one_says_why_there_is_no_split(world, site):
    found = together(world)
    address = f"/votes/{found['vote']}"
    page = site.visitor().get(address).text
    assert "合在一起计票，不分各方公布" in page
    assert site.visitor().get(f"{address}/record").status_code == 200


def test_a_void_vote_that_was_counted_keeps_its_record_and_leads_to_the_one_begun_anew(world, site):
    poll, again = Poll(world), Poll(world)
    poll.counted(*MANY)
    safeguards.draft_void(world.as_(Post.OVERSIGHT), poll.vote, reason="名册用错了。")
    poll.step("void", Post.SUBDISTRICT)
    again.published(previous_id=poll.vote.id)
    world.commit()
    client, address = site.visitor(), f"/votes/{poll.vote.id}"
    page = client.get(address).text
    assert f'href="{address}/record"' in page
    assert f'href="/votes/{again.vote.id}">看重新发起的投票' in page
    assert f'href="{address}">看上一次投票' in client.get(f"/votes/{again.vote.id}").text
    for query in ("", "?lang=en"):
        assert "名册用错了。" in client.get(f"{address}/record{query}").text
    found = client.get(f"{address}/record.json").json()
    assert (found["stage"], found["void"]) == ("voided", {"reason": "名册用错了。"})
    assert recounting.recount(found).differing == ()


def test_a_vote_void_before_its_count_has_no_record(world, site, poll):
    poll.closed(*MANY)
    safeguards.draft_void(world.as_(Post.OVERSIGHT), poll.vote, reason="名册用错了。")
    poll.step("void", Post.SUBDISTRICT)
    world.commit()
    assert site.as_(Post.RECORDER).get(f"/votes/{poll.vote.id}/record.json").status_code == 404
    with pytest.raises(NotReady, match="not_counted"):
        records.of(world.session, poll.vote.id)
