"""The log in words: sentences, bylines, what a reader may see of the rows behind them."""

import json
from datetime import timedelta

from sqlalchemy import event

from council import audit, history, merkle, offices, proposals
from council.history import LogKind, Wanted
from council.people import Channel, Constituency, Post
from council.policy import Can
from council.proposals import Stage, Words
from tests.test_reviews import EXPERT, declared, under_review
from tests.world import WORDS, World

RESIDENT = Constituency.RESIDENTS


def newest(world: World, who=None, **wanted) -> history.History:
    world.commit()
    ctx = world.nobody() if who is None else world.as_(who)
    return history.page(ctx, Wanted(**wanted))[0]


def test_the_head_says_how_long_the_log_is_and_its_first_sixteen_digits(world: World) -> None:
    world.commit()
    head = history.head(world.session)
    assert head.size == audit.size(world.session)
    assert head.digits == audit.root(world.session).hex()[:16]


def test_an_entry_says_what_was_done_and_by_whom(world):
    proposal = world.matter(Stage.CONSULTING)
    proposals.support(world.as_("neighbour"), proposal)
    entry = newest(world)
    assert entry.act == "proposal.support"
    assert entry.title == WORDS.title
    assert entry.sentence.key == "act.proposal.support"
    assert (entry.by.capacity, entry.by.number) == (RESIDENT, 7)
    assert entry.by.post is None
    assert entry.by.name == ""
    assert entry.behalf is None


def test_an_office_stands_there_with_its_number_and_no_name(world):
    world.matter(Stage.CONSULTING)
    offices.add_building(world.as_(Post.ADMIN), world.community, name="3 号楼")
    entry = newest(world)
    assert (entry.by.post, entry.by.number) == (Post.ADMIN, 1)
    assert entry.matter_id is None


def test_what_a_worker_enters_says_for_whom_and_how(world):
    proposal = world.matter(Stage.CONSULTING)
    proposals.support(world.for_("neighbour"), proposal)
    entry = newest(world)
    assert entry.behalf.capacity is RESIDENT
    assert entry.channel is Channel.PHONE
    assert entry.by.post is Post.COMMUNITY_WORKER


def test_a_unit_stands_there_with_its_name(world):
    proposal = world.matter(Stage.CONSULTING)
    proposals.support(world.as_(Constituency.UNITS), proposal)
    assert newest(world).by.unit == "经九路小学"


def test_the_clockwork_has_no_byline(world):
    world.matter(Stage.CONSULTING)
    entry = newest(world)
    assert entry.by is None
    assert entry.act == "test.move"


def test_a_matter_that_the_reader_may_not_see_has_no_title(world):
    world.matter(Stage.SUBMITTED)
    assert newest(world).title == ""
    assert newest(world).matter_id is not None
    assert newest(world, RESIDENT).title == WORDS.title
    assert newest(world, Post.COMMUNITY_WORKER).title == WORDS.title
    sentence = newest(world).sentence.to("zh")
    assert WORDS.title not in sentence


def test_a_refused_matter_whose_text_is_private_has_no_title(world):
    proposal = world.matter(Stage.NOT_ADMITTED)
    from council import gate
    from council.gate import Act

    spec = Act("test.hide", Can.SYSTEM)
    gate.through(world.system(), spec, proposal, lambda: setattr(proposal, "hidden", True))
    assert newest(world).title == ""
    assert newest(world).matter is not None
    assert history.detail(world.nobody(), newest(world).index) is not None
    assert history.page(world.nobody(), Wanted(words="路灯")) == []


def test_entries_are_narrowed_by_kind_matter_words_and_day(world):
    first = world.matter(Stage.CONSULTING)
    proposals.support(world.as_("neighbour"), first)
    world.wait(days=3)
    other = world.matter(Stage.CONSULTING, Words(title="口袋公园座椅"))
    proposals.support(world.as_("neighbour"), other)
    world.commit()
    ctx = world.nobody()
    kinds = {one.act for one in history.page(ctx, Wanted(kind=LogKind.PROPOSALS))}
    assert kinds == {"proposal.draft", "proposal.support"}
    assert {one.matter_id for one in history.entries_of(ctx, other.id)} == {other.id}
    assert {one.title for one in history.page(ctx, Wanted(words="座椅"))} == {"口袋公园座椅"}
    assert history.page(ctx, Wanted(words="%")) == []
    until = history.page(ctx, Wanted(until=world.now - timedelta(days=1)))
    assert {one.matter_id for one in until} == {first.id, None}


def test_pages_follow_each_other_by_the_number_of_the_entry(world):
    for _ in range(6):
        world.matter(Stage.CONSULTING)
    world.commit()
    ctx = world.nobody()
    first = history.page(ctx, Wanted(limit=5))
    assert len(first) == 6
    second = history.page(ctx, Wanted(limit=5, before=first[4].index))
    assert second[0].index == first[4].index - 1 == first[5].index


def test_every_act_is_of_some_kind(world):
    assert history.kind_of("office.give") is LogKind.COMMUNITY
    assert "review.sign" in history.acts_of(LogKind.REVIEW)
    assert {kind for kind in LogKind if history.acts_of(kind)} == set(LogKind)


def detail_of(world: World, act: str, who=None) -> history.Detail:
    world.commit()
    ctx = world.nobody() if who is None else world.as_(who)
    index = history.page(ctx, Wanted(kind=history.kind_of(act)))
    return history.detail(ctx, next(one.index for one in index if one.act == act))


def cells(found: history.Detail, table: str) -> dict[str, history.Cell]:
    change = next(one for one in found.changes if one.table == table)
    return {cell.column: cell for cell in change.cells}


def test_the_rows_of_an_entry_are_told_column_by_column(world):
    proposal = world.matter(Stage.CONSULTING)
    found = detail_of(world, "proposal.draft")
    row = cells(found, "proposal")
    assert row["capacity"] == history.Cell("capacity", "enum", RESIDENT)
    assert row["created_at"].value == world.now
    assert row["named"] == history.Cell("named", "flag", value=False)
    assert row["supporters"] == history.Cell("supporters", "number", 0)
    assert row["community_id"].value == ("place", world.community.id)
    assert row["admitted_at"].kind == "empty"
    assert row["author_id"].kind == "fingerprint"
    assert row["author_id"].live == ""
    assert found.changes[0].what == "new"
    assert found.changes[0].row_id == proposal.id


def test_words_are_shown_beside_their_fingerprint_to_those_who_may_read_them(world):
    proposal = world.matter(Stage.CONSULTING)
    assert cells(detail_of(world, "proposal.draft"), "proposal")["title"].live == WORDS.title
    world.put(proposal, Stage.RETURNED)
    assert cells(detail_of(world, "proposal.draft"), "proposal")["title"].live == ""
    own = detail_of(world, "proposal.draft", RESIDENT)
    assert cells(own, "proposal")["title"].live == WORDS.title


def test_words_that_changed_since_are_not_shown_beside_the_old_fingerprint(world):
    proposal = world.matter(Stage.DRAFT)
    proposals.revise(world.as_(RESIDENT), proposal, words=Words(title="新的名字"))
    old = cells(detail_of(world, "proposal.draft", RESIDENT), "proposal")
    assert old["title"].live == ""
    new = cells(detail_of(world, "proposal.revise", RESIDENT), "proposal")
    assert new["title"].live == "新的名字"


def test_words_whose_salt_was_erased_stay_a_fingerprint(world):
    world.matter(Stage.CONSULTING)
    world.commit()
    from sqlalchemy import delete

    world.session.execute(delete(audit.Salt))
    assert cells(detail_of(world, "proposal.draft"), "proposal")["title"].live == ""


def test_what_experts_still_write_stays_closed(world):
    from council import findings
    from tests.test_findings import WHOLE

    review = under_review(world)
    declared(world, review, EXPERT)
    findings.draft_finding(world.as_(EXPERT), review, answers=WHOLE)
    row = cells(detail_of(world, "review.draft_finding"), "finding")
    assert {cell.live for cell in row.values()} == {""}
    assert cells(detail_of(world, "review.invite"), "panelist")["profession"].live == "道路照明"


def test_the_bytes_and_the_hash_are_those_of_the_log(world):
    world.matter(Stage.CONSULTING)
    found = detail_of(world, "proposal.draft")
    entry = audit.entry(world.session, found.history.index)
    assert found.canonical.encode() == entry.entry
    assert found.leaf == merkle.leaf_hash(entry.entry)
    assert json.loads(found.canonical)["act"] == "proposal.draft"
    assert history.detail(world.nobody(), 10_000) is None


def statements(world: World, limit: int) -> int:
    counted = []
    listener = lambda *args: counted.append(args[2])  # noqa: E731
    engine = world.database._reader
    event.listen(engine, "before_cursor_execute", listener)
    with world.database.read() as session:
        ctx = world.nobody()
        ctx.session = session
        assert len(history.page(ctx, Wanted(limit=limit))) > 1
    event.remove(engine, "before_cursor_execute", listener)
    return len(counted)


def test_forty_entries_need_no_more_statements_than_two(world):
    for _ in range(20):
        proposals.support(world.as_("neighbour"), world.matter(Stage.CONSULTING))
    world.commit()
    assert statements(world, 2) == statements(world, 40) <= 6


def test_the_sentence_stands_in_both_languages(world):
    declared(world, under_review(world), EXPERT)
    entry = newest(world, kind=LogKind.REVIEW)
    assert entry.sentence.to("zh") == f"专家申报利害关系：{WORDS.title}"
    assert entry.sentence.to("en") == f"An expert declared their interest in {WORDS.title}"
