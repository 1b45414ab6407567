"""The pages of the public log."""

from base64 import b64decode

import pytest
from sqlalchemy import event

from council import audit, gate, history, i18n, jobs, merkle, offices, proposals
from council.checkpoint import Checkpoint, Verifier
from council.people import Constituency, Post
from council.proposals import Stage, Words
from tests.test_reviews import under_review
from tests.world import WORDS

RESIDENT = Constituency.RESIDENTS
TRICK = "<script>alert(1)</script>"


def signed(site):
    """The log signed as the clockwork signs it."""
    site.world.commit()
    jobs.sign(site.world.database, site.settings)


def last_index(site) -> int:
    with site.read() as session:
        return audit.size(session) - 1


def test_everybody_reads_the_log_in_sentences(world, site):
    proposals.support(world.as_("neighbour"), world.matter(Stage.CONSULTING))
    world.commit()
    answer = site.visitor().get("/log")
    assert answer.status_code == 200
    assert WORDS.title in answer.text
    assert "居民&nbsp;0007" in answer.text
    assert "5 月 6 日 周三" in answer.text
    assert "真名" not in answer.text
    assert f'href="/log/entries/{last_index(site)}"' in answer.text


def test_a_matter_that_is_not_public_is_not_named(world, site):
    world.matter(Stage.SUBMITTED)
    world.commit()
    assert WORDS.title not in site.visitor().get("/log").text
    assert WORDS.title in site.as_(RESIDENT).get("/log?kind=proposals").text


def test_everything_a_person_wrote_is_escaped(world, site):
    tricky = world.matter(Stage.CONSULTING, Words(title=TRICK, situation=TRICK))
    proposals.support(world.as_("neighbour"), tricky)
    offices.add_unit(world.as_(Post.ADMIN), world.community, name=TRICK)
    world.commit()
    browser = site.visitor()
    for number in range(last_index(site) - 4, last_index(site) + 1):
        page = browser.get(f"/log/entries/{number}")
        assert page.status_code == 200
        assert TRICK not in page.text
    assert TRICK not in browser.get("/log", params={"q": TRICK}).text


def test_the_reader_narrows_the_log(world, site):
    first = world.matter(Stage.CONSULTING)
    world.wait(days=3)
    under_review(world)
    world.matter(Stage.CONSULTING, Words(title="口袋公园座椅"))
    world.commit()
    browser = site.visitor()
    assert "口袋公园座椅" in browser.get("/log?q=座椅").text
    assert WORDS.title not in browser.get("/log?q=座椅").text
    assert "口袋公园座椅" not in browser.get(f"/log?matter={first.id}").text
    assert "口袋公园座椅" not in browser.get("/log?day=2026-05-06").text
    assert "没有符合的条目" in browser.get("/log?q=没有这样的字").text


def test_a_filter_that_makes_no_sense_is_left_out_with_a_note(site):
    browser = site.visitor()
    for query in ("kind=nothing", "day=yesterday", "matter=x", "no=-1", "before=many", "other=1"):
        answer = browser.get(f"/log?{query}")
        assert answer.status_code == 200
        assert f"已略过：{query.partition('=')[0]}<" in answer.text
    assert "已略过" not in browser.get("/log?no=0&q=&kind=&lang=zh").text


def test_pages_follow_each_other_and_a_number_opens_its_place(world, site):
    for _ in range(40):
        world.matter(Stage.CONSULTING)
    world.commit()
    browser, last = site.visitor(), last_index(site)
    first = browser.get("/log").text
    assert f'href="/log?before={last - history.PAGE + 1}"' in first
    older = browser.get(f"/log?before={last - history.PAGE + 1}").text
    assert f'href="/log/entries/{last - history.PAGE}"' in older
    assert f'href="/log/entries/{last}"' not in older
    assert 'href="/log/entries/7"' in browser.get("/log?no=7").text
    assert 'href="/log/entries/8"' not in browser.get("/log?no=7").text


def test_one_entry_shows_its_rows_its_bytes_and_its_hash(world, site):
    proposals.support(world.as_("neighbour"), world.matter(Stage.CONSULTING))
    world.commit()
    number = last_index(site)
    shown = site.visitor().get(f"/log/entries/{number}").text
    with site.read() as session:
        entry = audit.entry(session, number)
    assert merkle.leaf_hash(entry.entry).hex() in shown
    assert "&#34;act&#34;:&#34;proposal.support&#34;" in shown
    assert "内容以指纹存证" in shown
    assert site.visitor().get(f"/log/entries/{number + 1}").status_code == 404
    assert site.visitor().get(f"/log/entries/{2**31}").status_code == 404


def test_every_entry_of_a_lively_log_opens_in_both_languages(world, site):
    from tests.test_findings import published

    published(world)
    world.commit()
    browser = site.visitor()
    for number in range(last_index(site) + 1):
        for lang in ("zh", "en"):
            assert browser.get(f"/log/entries/{number}?lang={lang}").status_code == 200
    assert browser.get("/log?lang=en").status_code == 200


def test_without_a_signature_there_is_a_sentence(site):
    browser = site.visitor()
    assert "还没有签过名" in browser.get("/log").text
    for address in ("/log/checkpoint", "/log/proofs/0"):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/plain")
    assert browser.get("/log/checkpoint?lang=en").text == "The log has not been signed yet.\n"


def test_an_outsider_checks_an_entry_offline(world, site):
    world.matter(Stage.CONSULTING)
    signed(site)
    browser = site.visitor()
    verifier = Verifier.parse(browser.get("/log/key").text)
    note = browser.get("/log/checkpoint").text
    head = Checkpoint.parse(verifier.open(note))
    assert head.root.hex() in browser.get("/log").text
    number = head.size - 2
    text = browser.get(f"/log/proofs/{number}").text
    lines = text.split("\n\n")[0].split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {number}"]
    assert text.endswith("\n\n" + note)
    with site.read() as session:
        leaf = merkle.leaf_hash(audit.entry(session, number).entry)
    hashes = [b64decode(line) for line in lines[2:]]
    merkle.verify_inclusion(number, head.size, leaf, hashes, head.root)
    assert browser.get(f"/log/proofs/{head.size}").status_code == 404


def test_a_checkpoint_that_was_altered_raises_an_alarm(world, site):
    signed(site)
    path = site.settings.checkpoint_file
    path.write_text(path.read_text("utf-8").replace("council.example/log\n", "other/log\n", 1))
    shown = site.visitor().get("/log").text
    assert "对不上" in shown
    assert site.visitor().get("/log/proofs/0").status_code == 404


def statements(site, address) -> int:
    counted = []
    listener = lambda *args: counted.append(args[2])  # noqa: E731
    engine = site.world.database._reader
    browser = site.visitor()
    event.listen(engine, "before_cursor_execute", listener)
    assert browser.get(address).status_code == 200
    event.remove(engine, "before_cursor_execute", listener)
    return len(counted)


def test_a_full_page_needs_no_more_statements_than_a_short_one(world, site):
    few_id = world.matter(Stage.CONSULTING).id
    world.commit()
    few = statements(site, f"/log?matter={few_id}")
    for _ in range(40):
        proposals.support(world.as_("neighbour"), world.matter(Stage.CONSULTING))
    world.commit()
    assert statements(site, "/log") == few


def own_acts() -> list[str]:
    return sorted(name for name in gate.ACTS if not name.startswith("test."))


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_act_has_its_sentence(language):
    keys = (f"act.{name}" for name in own_acts())
    assert [key for key in keys if not i18n.knows(language, key)] == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_table_and_column_has_its_name(language):
    keys = [
        key
        for name, table in history.tables().items()
        for key in (
            f"table.{name}",
            *(f"col.{name}.{one.name}" for one in table.__table__.columns if not one.primary_key),
        )
    ]
    assert [key for key in keys if not i18n.knows(language, key)] == []
