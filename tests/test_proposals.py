"""Proposals: writing, submitting, supporting, and who may see what."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event, select

from council import calendar, files, process, proposals
from council.audit import Entry
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.files import Photo, Picture
from council.people import Channel, Consent, Constituency, Post
from council.policy import Can
from council.proposals import Category, Filter, Stage, Words
from tests.consulting import at_once
from tests.world import WORDS, World

RESIDENT, NEIGHBOUR = Constituency.RESIDENTS, "neighbour"
PICTURE = Picture(b"large", b"small", 400, 300)


def drafted(world: World, **changed):
    return proposals.draft(
        world.as_(RESIDENT), world.community, words=replace(WORDS, **changed), pictures=[PICTURE]
    )


def test_a_form_that_is_sent_twice_at_the_same_moment_makes_one_draft(world: World):
    first, second = at_once(
        world, RESIDENT,
        lambda ctx: proposals.drafted(ctx, "k"),
        lambda ctx: proposals.draft(ctx, world.community, words=WORDS, form_key="k"),
    )  # fmt: skip
    assert first.id == second.id
    assert world.acts().count("proposal.draft") == 1
    assert proposals.drafted(world.as_(NEIGHBOUR), "k") is None


def submitted(world: World):
    made = drafted(world)
    process.move(world.as_(RESIDENT), made, "submit")
    return made


def fields(caught) -> list[tuple[str, str]]:
    return [(one.field, one.key) for one in caught.value.problems]


def photos(world: World, row, *, private=True):
    return files.photos(world.session, [("proposal", row.id)], private=private).get(
        ("proposal", row.id), []
    )


def test_a_resident_begins_a_draft_that_nobody_else_sees(world):
    made = drafted(world)
    assert (made.stage, made.channel, made.capacity) == (Stage.DRAFT, Channel.WEB, RESIDENT)
    assert proposals.get(world.as_(RESIDENT), made.id) is made
    for key in (NEIGHBOUR, Post.COMMUNITY_WORKER, Post.PARTY_LEAD, Post.ADMIN):
        with pytest.raises(NotFound):
            proposals.get(world.as_(key), made.id)
    with pytest.raises(NotFound):
        proposals.get(world.nobody(), made.id)
    assert proposals.listing(world.as_(RESIDENT), Filter()) == []
    assert world.acts()[-1] == "proposal.draft"


def test_somebody_outside_the_community_cannot_propose(world):
    for ctx in (world.nobody(), world.as_(Post.ADMIN), world.as_(Post.OVERSIGHT)):
        with pytest.raises(NotAllowed):
            proposals.draft(ctx, world.community, words=WORDS)


def test_a_draft_may_be_unfinished_but_nothing_in_it_too_long(world):
    assert drafted(world, title="", request="").title == ""
    with pytest.raises(Invalid) as caught:
        drafted(world, title="路" * 31, location="路" * 201)
    assert fields(caught) == [("title", "too_long"), ("location", "too_long")]


def test_a_grid_belongs_to_the_community(world):
    with pytest.raises(Invalid) as caught:
        drafted(world, grid_id=world.community.parent_id)
    assert fields(caught) == [("grid_id", "not_a_choice")]


def test_the_proposer_changes_a_draft_and_takes_a_photograph_away(world):
    made = drafted(world)
    [shown] = photos(world, made, private=False)
    words = replace(proposals.words_of(made), request="请装两盏灯。")
    proposals.revise(world.as_(RESIDENT), made, words=words, without=[shown.id])
    assert (made.request, made.title) == ("请装两盏灯。", WORDS.title)
    assert photos(world, made) == []
    assert world.acts()[-1] == "proposal.revise"


def test_nobody_takes_away_the_photograph_of_another_matter(world):
    other, made = drafted(world), drafted(world)
    [kept] = photos(world, other)
    proposals.revise(world.as_(RESIDENT), made, words=WORDS, without=[kept.id])
    assert photos(world, other) == [kept]


def test_only_the_proposer_changes_the_text_and_only_before_it_is_submitted(world):
    made = drafted(world)
    with pytest.raises(NotReady) as caught:
        proposals.revise(world.as_(NEIGHBOUR), made, words=WORDS)
    assert caught.value.needs == ("is_author",)
    world.put(made, Stage.ADMITTED)
    with pytest.raises(NotReady) as caught:
        proposals.revise(world.as_(RESIDENT), made, words=WORDS)
    assert caught.value.needs == ("is_editable",)


def test_a_worker_writes_for_somebody_at_the_counter(world):
    made = proposals.draft(world.for_(RESIDENT), world.community, words=WORDS)
    assert made.author_id == world.who[RESIDENT]
    assert made.entered_by_id == world.who[Post.COMMUNITY_WORKER]
    assert (made.channel, made.consent) == (Channel.PHONE, Consent.SPOKEN)
    assert proposals.get(world.as_(RESIDENT), made.id) is made
    assert proposals.get(world.as_(Post.COMMUNITY_WORKER), made.id) is made
    process.move(world.for_(RESIDENT), made, "submit")
    assert made.stage is Stage.SUBMITTED


def test_only_a_worker_writes_for_somebody(world):
    ctx = world.for_(RESIDENT, worker=Post.FACILITATOR)
    with pytest.raises(NotAllowed):
        proposals.draft(ctx, world.community, words=WORDS)


def test_submitting_starts_the_clock_of_the_answer_and_copies_the_rules(world):
    made = submitted(world)
    assert (made.stage, made.submitted_at) == (Stage.SUBMITTED, world.now)
    assert made.rules["admission"] == "3wd"
    [clock] = calendar.running(world.session, made)
    assert (clock.kind, clock.who, clock.due_day) == (
        "admission_draft", Can.SCREEN, date(2026, 5, 9),
    )  # fmt: skip
    assert world.acts()[-1] == "proposal.submit"


@pytest.mark.parametrize("missing", ["title", "situation", "request", "affected", "location"])
def test_an_unfinished_draft_cannot_be_submitted(world, missing):
    made = drafted(world, **{missing: ""})
    with pytest.raises(NotReady) as caught:
        process.move(world.as_(RESIDENT), made, "submit")
    assert caught.value.needs == ("is_complete",)


def test_only_the_proposer_submits_or_withdraws(world):
    made = drafted(world)
    for name in ("submit", "withdraw"):
        with pytest.raises(NotReady) as caught:
            process.move(world.as_(NEIGHBOUR), made, name)
        assert "is_author" in caught.value.needs


def test_the_proposer_withdraws_and_nothing_waits_any_more(world):
    made = submitted(world)
    process.move(world.as_(RESIDENT), made, "withdraw")
    assert made.stage is Stage.WITHDRAWN
    assert calendar.running(world.session, made) == []
    assert world.acts()[-1] == "proposal.withdraw"
    with pytest.raises(NotFound):
        proposals.get(world.as_(NEIGHBOUR), made.id)


def test_a_submitted_matter_is_seen_by_those_who_work_with_it_only(world):
    made = submitted(world)
    for key in (RESIDENT, Post.COMMUNITY_WORKER, Post.PARTY_LEAD):
        assert proposals.get(world.as_(key), made.id) is made
    for key in (NEIGHBOUR, Post.FACILITATOR, Post.ADMIN):
        with pytest.raises(NotFound):
            proposals.get(world.as_(key), made.id)


def test_a_neighbour_supports_a_public_matter_once_and_may_take_it_back(world):
    made = world.matter(Stage.CONSULTING)
    ctx = world.as_(NEIGHBOUR)
    row = proposals.support(ctx, made)
    assert (made.supporters, row.capacity, row.channel) == (1, RESIDENT, Channel.WEB)
    with pytest.raises(NotReady) as caught:
        proposals.support(ctx, made)
    assert caught.value.needs == ("not_yet_supported",)
    proposals.unsupport(ctx, made)
    assert made.supporters == 0
    with pytest.raises(NotReady) as caught:
        proposals.unsupport(ctx, made)
    assert caught.value.needs == ("is_supported",)
    assert world.acts()[-2:] == ["proposal.support", "proposal.unsupport"]
    assert proposals.miscounted(world.session) == []


@pytest.mark.parametrize("stage", [Stage.SUBMITTED, Stage.NOT_ADMITTED, Stage.COMPLETED])
def test_nobody_supports_what_is_not_public_or_has_ended(world, stage):
    made = world.matter(stage)
    with pytest.raises(NotReady) as caught:
        proposals.support(world.as_(NEIGHBOUR), made)
    assert caught.value.needs == ("is_open_to_support",)


def test_a_visitor_and_an_administrator_do_not_support(world):
    made = world.matter(Stage.CONSULTING)
    for ctx in (world.nobody(), world.as_(Post.ADMIN)):
        with pytest.raises(NotAllowed):
            proposals.support(ctx, made)


def test_a_worker_supports_for_somebody_on_the_telephone(world):
    made = world.matter(Stage.CONSULTING)
    row = proposals.support(world.for_(NEIGHBOUR), made)
    assert row.person_id == world.who[NEIGHBOUR]
    assert row.entered_by_id == world.who[Post.COMMUNITY_WORKER]


def test_a_list_is_narrowed_by_stage_category_words_and_place(world):
    lamp = world.matter(Stage.CONSULTING)
    trees = world.matter(Stage.RATED, Words(title="100% 绿化", category=Category.GREENING))
    world.matter(Stage.SUBMITTED)
    ctx = world.nobody()

    def ids(**wanted):
        return [row.id for row in proposals.listing(ctx, Filter(**wanted))]

    assert ids() == [trees.id, lamp.id]
    assert ids(road=2) == [lamp.id]
    assert ids(category=Category.GREENING) == [trees.id]
    assert ids(words="路灯") == [lamp.id]
    assert ids(words="100%") == [trees.id]
    assert ids(words="%") == [trees.id]
    assert ids(before=trees.id) == [lamp.id]
    assert ids(community_id=world.community.parent_id) == []
    assert proposals.per_road(ctx, world.community.id) == {1: 0, 2: 1, 3: 0, 4: 0, 5: 1}
    worker = world.as_(Post.COMMUNITY_WORKER)
    assert proposals.per_road(worker, world.community.id)[1] == 1


def test_similar_matters_share_two_pairs_of_characters(world):
    lamp = world.matter(Stage.CONSULTING)
    world.matter(Stage.RATED)
    world.matter(Stage.CONSULTING, Words(title="文明养犬"))
    ctx = world.as_(NEIGHBOUR)
    where = world.community.id
    assert proposals.similar(ctx, where, "南口要一盏路灯") == [lamp]
    assert proposals.similar(ctx, where, "南口要一盏路灯", but=lamp.id) == []
    assert proposals.similar(ctx, where, "路灯") == []
    assert proposals.similar(ctx, where, "") == []


def test_questions_ask_as_many_statements_for_forty_matters_as_for_two(world):
    asked = []
    event.listen(world.session.bind, "before_cursor_execute", lambda *seen: asked.append(seen[2]))

    def statements():
        world.commit()
        world.session.expire_all()
        ctx = world.as_(NEIGHBOUR)
        asked.clear()
        proposals.listing(ctx, Filter())
        proposals.per_road(ctx, world.community.id)
        proposals.similar(ctx, world.community.id, WORDS.title)
        proposals.mine(world.session, world.who[RESIDENT])
        return len(asked)

    world.matter(Stage.CONSULTING)
    few = statements()
    for _ in range(40):
        world.matter(Stage.CONSULTING)
    assert statements() == few


def test_the_log_holds_hashes_of_what_was_written(world):
    drafted(world)
    world.commit()
    entry = world.session.scalars(select(Entry).where(Entry.act == "proposal.draft")).one()
    assert WORDS.title.encode() not in entry.entry
    assert world.session.scalars(select(Photo)).one().role.value.encode() in entry.entry
