"""Rolls: entered whole, shown in numbers, mended with reasons, frozen under a salted digest."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, update

from council import audit, rolls, votes
from council.entitlements import Entry, RollKind
from council.errors import Invalid, NotAllowed, NotFound, NotReady
from council.gate import Act, through
from council.people import Constituency, Post
from council.policy import Can
from council.votes import Body, Vote, Voter, VoteStage
from tests.polling import Poll
from tests.world import World

WORKER, SECRETARY = Post.COMMUNITY_WORKER, Post.PARTY_LEAD
LIST = (
    Entry("张三", "10 号楼", "501", 8953, Constituency.RESIDENTS),
    Entry("李四", "3 号楼", "501", 10200, Constituency.PARTY),
    Entry("王芳", "3 号楼", "501", 0, Constituency.RESIDENTS),
)


def vote_of(world: World, **values: Any) -> Vote:
    """A formal vote that is being prepared."""
    made = Vote(
        **{
            "community_id": world.community.id, "question": "同意加装电梯吗？",
            "body": Body.RESIDENTS, "rule": {}, "due": {}, "stage": VoteStage.DRAFT,
        } | values
    )  # fmt: skip
    through(world.system(), Act("test.vote", Can.SYSTEM), world.community,
            lambda: world.session.add(made))  # fmt: skip
    return made


def put(world: World, vote: Vote, **values: Any) -> None:
    """Put a vote at a stage without walking there."""

    def move() -> None:
        for name, value in values.items():
            setattr(vote, name, value)

    through(world.system(), Act("test.move", Can.SYSTEM), vote, move)


def taken(world: World, *entries: Entry) -> Vote:
    vote = vote_of(world)
    rolls.take(world.as_(WORKER), vote, entries or LIST)
    return vote


def entries_of(world: World, act: str) -> list[dict[str, Any]]:
    world.commit()
    found = audit.entries(world.session, limit=200)
    return [json.loads(one.entry) for one in found if one.act == act]


def needs(refusal: pytest.ExceptionInfo[NotReady]) -> tuple[str, ...]:
    return refusal.value.needs


def test_a_list_becomes_a_roll_numbered_from_one(world: World) -> None:
    vote = taken(world)
    found = rolls.listing(world.session, vote.id, rolls.Wanted())
    assert [(one.number, one.name, one.area) for one in found] == [
        (1, "张三", 8953), (2, "李四", 10200), (3, "王芳", 0),
    ]  # fmt: skip
    rows = entries_of(world, "roll.enter")[0]["rows"]
    assert len(rows) == 3
    for hidden in ("name", "building", "household", "area"):
        assert set(rows[0]["new"][hidden]) == {"h"}


def test_a_new_list_replaces_the_old_one_whole(world: World) -> None:
    vote = taken(world)
    rolls.take(world.as_(SECRETARY), vote, [Entry("赵六")])
    found = rolls.listing(world.session, vote.id, rolls.Wanted())
    assert [(one.number, one.name) for one in found] == [(1, "赵六")]
    assert len(entries_of(world, "roll.clear")[0]["rows"]) == 3


def test_a_long_roll_fits_into_the_entries_of_the_log(world: World) -> None:
    long = Entry("长" * 60, "楼" * 60, "户" * 60, 99_999_999, Constituency.COMMUNITY,
                 None, world.unit.id)  # fmt: skip
    vote = taken(world, *[Entry("甲")] * 1001, long)
    world.commit()
    rolls.take(world.as_(WORKER), vote, [long, *[Entry("甲", "3", str(n)) for n in range(199)]])
    world.commit()
    assert rolls.size(world.session, vote.id).heads == 200
    assert len(entries_of(world, "roll.clear")) == 2


def test_those_who_keep_the_roll_enter_it_and_nobody_else(world: World) -> None:
    vote = vote_of(world)
    for who in (Post.FACILITATOR, Post.OVERSIGHT, Post.ADMIN, Constituency.RESIDENTS):
        with pytest.raises(NotAllowed):
            rolls.take(world.as_(who), vote, LIST)
    for who in (WORKER, SECRETARY, Post.COMMITTEE):
        assert rolls.take(world.as_(who), vote, LIST) == 3


def test_a_published_roll_is_not_entered_anew(world: World) -> None:
    vote = taken(world)
    put(world, vote, stage=VoteStage.ROLL_PUBLISHED)
    for attempt in (
        lambda: rolls.take(world.as_(WORKER), vote, LIST),
        lambda: rolls.draw(world.as_(WORKER), vote, RollKind.DELEGATES),
        lambda: rolls.take_over(world.as_(WORKER), vote, taken(world)),
    ):
        with pytest.raises(NotReady) as refusal:
            attempt()
        assert needs(refusal) == ("roll_in_draft",)


def test_an_empty_list_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        rolls.take(world.as_(WORKER), vote_of(world), [])
    assert refusal.value.key == "roll_empty"


def test_a_roll_is_drawn_from_those_in_office(world: World) -> None:
    vote = vote_of(world)
    assert rolls.draw(world.as_(SECRETARY), vote, RollKind.DELEGATES) == 2
    assert votes.voter(world.session, vote.id, world.who[Post.DELEGATE]) is not None
    assert "roll.draw" in world.acts()
    with pytest.raises(Invalid):
        rolls.draw(world.as_(SECRETARY), vote, RollKind.OWNERS)


def test_a_roll_is_taken_over_from_an_earlier_vote_without_those_struck(world: World) -> None:
    earlier = taken(world)
    rolls.strike(world.as_(WORKER), rolls.entry(world.session, earlier.id, 2), reason="已迁出")
    vote = vote_of(world)
    assert rolls.take_over(world.as_(WORKER), vote, earlier) == 2
    assert rolls.entry(world.session, vote.id, 2).name == "王芳"
    assert "roll.take_over" in world.acts()
    with pytest.raises(NotFound):
        rolls.take_over(world.as_(WORKER), vote, vote)


def test_somebody_left_out_is_added_with_a_reason_once_the_roll_is_public(world: World) -> None:
    vote = taken(world)
    assert rolls.add(world.as_(WORKER), vote, entry=Entry("赵六")).number == 4
    put(world, vote, stage=VoteStage.ROLL_PUBLISHED)
    with pytest.raises(Invalid) as refusal:
        rolls.add(world.as_(WORKER), vote, entry=Entry(" "))
    assert [one.field for one in refusal.value.problems] == ["name", "reason"]
    made = rolls.add(world.as_(WORKER), vote, entry=Entry("孙七"), reason="漏登")
    assert (made.number, made.reason) == (5, "漏登")
    with pytest.raises(NotAllowed):
        rolls.add(world.as_(Post.OVERSIGHT), vote, entry=Entry("孙七"))
    assert world.acts()[-1] == "roll.add"


def test_an_entry_is_mended(world: World) -> None:
    vote = taken(world)
    row = rolls.entry(world.session, vote.id, 1)
    rolls.correct(world.as_(WORKER), row, entry=Entry("张三丰", "10 号楼", "502", 9000))
    assert (row.name, row.household, row.area, row.number) == ("张三丰", "502", 9000, 1)
    assert world.acts()[-1] == "roll.correct"
    with pytest.raises(NotAllowed):
        rolls.correct(world.as_(Post.OVERSIGHT), row, entry=Entry("张三"))
    rolls.strike(world.as_(WORKER), row, reason="已迁出")
    with pytest.raises(NotReady) as refusal:
        rolls.correct(world.as_(WORKER), row, entry=Entry("张三"))
    assert needs(refusal) == ("stands_on_roll",)


def test_whoever_is_struck_stays_there_and_is_not_counted(world: World) -> None:
    vote = taken(world)
    row = rolls.entry(world.session, vote.id, 1)
    with pytest.raises(Invalid):
        rolls.strike(world.as_(WORKER), row, reason=" ")
    with pytest.raises(NotReady) as refusal:
        rolls.restore(world.as_(WORKER), row, reason="弄错了")
    assert needs(refusal) == ("was_struck",)
    rolls.strike(world.as_(WORKER), row, reason="已迁出")
    found = rolls.size(world.session, vote.id)
    assert (found.heads, found.struck, row.reason) == (2, 1, "已迁出")
    with pytest.raises(NotReady):
        rolls.strike(world.as_(WORKER), row, reason="已迁出")
    rolls.restore(world.as_(WORKER), row, reason="弄错了")
    assert rolls.size(world.session, vote.id).heads == 3
    for refused in (rolls.strike, rolls.restore):
        with pytest.raises(NotAllowed):
            refused(world.as_(Post.OVERSIGHT), row, reason="x")
    assert world.acts()[-2:] == ["roll.strike", "roll.restore"]


@pytest.mark.parametrize("stage", [VoteStage.ROLL_FINAL, VoteStage.OPEN, VoteStage.FINAL])
def test_a_final_roll_stays_as_it_is(world: World, stage: VoteStage) -> None:
    vote = taken(world)
    row = rolls.entry(world.session, vote.id, 1)
    put(world, vote, stage=stage)
    for attempt in (
        lambda: rolls.add(world.as_(WORKER), vote, entry=Entry("甲"), reason="漏登"),
        lambda: rolls.correct(world.as_(WORKER), row, entry=Entry("甲"), reason="错字"),
        lambda: rolls.strike(world.as_(WORKER), row, reason="已迁出"),
    ):
        with pytest.raises(NotReady) as refusal:
            attempt()
        assert needs(refusal) == ("roll_can_be_mended",)


def test_an_entry_is_linked_to_a_person_once_until_the_vote_opens(world: World) -> None:
    vote = taken(world)
    first, second = (rolls.entry(world.session, vote.id, n) for n in (1, 2))
    put(world, vote, stage=VoteStage.ANNOUNCED)
    me = world.who[Constituency.RESIDENTS]
    rolls.link(world.as_(WORKER), first, person_id=me)
    assert votes.voter(world.session, vote.id, me) is first
    assert rolls.size(world.session, vote.id).linked == 1
    with pytest.raises(Invalid) as refusal:
        rolls.link(world.as_(WORKER), second, person_id=me)
    assert refusal.value.fields == {"number": 1}
    rolls.link(world.as_(WORKER), first, person_id=None)
    assert votes.voter(world.session, vote.id, me) is None
    with pytest.raises(NotAllowed):
        rolls.link(world.as_(Constituency.RESIDENTS), first, person_id=me)
    put(world, vote, stage=VoteStage.OPEN)
    with pytest.raises(NotReady) as late:
        rolls.link(world.as_(WORKER), first, person_id=me)
    assert needs(late) == ("vote_not_opened",)
    assert "roll.link" in world.acts()


def test_the_public_sees_numbers(world: World) -> None:
    found = rolls.size(world.session, taken(world).id)
    assert (found.heads, found.households, found.area) == (3, 2, 19153)
    assert [(one.name, one.heads, one.households) for one in found.houses] == [
        ("3 号楼", 2, 1), ("10 号楼", 1, 1),
    ]  # fmt: skip
    assert found.constituencies == {Constituency.PARTY: 1, Constituency.RESIDENTS: 2}


def test_those_entitled_are_counted_by_constituency_where_the_rule_has_them(world: World) -> None:
    vote = taken(world)
    assert rolls.due(world.session, vote) == {"all": {"heads": 3, "households": 2, "area": 19153}}
    put(world, vote, rule={"constituencies": ["party", "residents", "units"]})
    assert rolls.due(world.session, vote) == {
        "party": {"heads": 1, "households": 1, "area": 10200},
        "residents": {"heads": 2, "households": 2, "area": 8953},
        "units": {"heads": 0, "households": 0, "area": 0},
    }
    assert rolls.due(world.session, vote_of(world))["all"]["heads"] == 0


def test_the_digest_stands_for_the_roll_and_its_salt_can_be_erased(world: World) -> None:
    vote = taken(world)
    spec = Act("test.seal", Can.SYSTEM)
    digest = through(world.system(), spec, vote, lambda: rolls.seal(world.system(), vote))
    assert len(digest) == 64
    assert rolls.digest_again(world.session, vote) == digest
    rolls.strike(world.as_(WORKER), rolls.entry(world.session, vote.id, 1), reason="已迁出")
    assert rolls.digest_again(world.session, vote) != digest
    rolls.restore(world.as_(WORKER), rolls.entry(world.session, vote.id, 1), reason="弄错了")
    assert rolls.digest_again(world.session, vote) == digest
    again = through(world.system(), spec, vote, lambda: rolls.seal(world.system(), vote))
    assert again != digest
    world.session.delete(world.session.get_one(rolls.RollSalt, vote.id))
    world.commit()
    assert rolls.digest_again(world.session, vote) is None


def test_the_course_asks_whether_the_roll_is_ready(world: World) -> None:
    empty, ctx = vote_of(world), world.as_(SECRETARY)
    assert not rolls.roll_entered(ctx, empty)
    vote = taken(world)
    assert rolls.roll_entered(ctx, vote)
    assert rolls.nobody_twice(ctx, vote)
    rolls.add(world.as_(WORKER), vote, entry=LIST[0])
    assert not rolls.nobody_twice(ctx, vote)
    rolls.strike(world.as_(WORKER), rolls.entry(world.session, vote.id, 4), reason="重复")
    assert rolls.nobody_twice(ctx, vote)


def test_a_long_list_is_read_page_by_page_and_searched_by_name(world: World) -> None:
    vote = taken(world, *[Entry(f"居民{n}", "3", str(n)) for n in range(7)])
    first = rolls.listing(world.session, vote.id, rolls.Wanted(limit=3))
    assert [one.number for one in first] == [1, 2, 3, 4]
    rest = rolls.listing(world.session, vote.id, rolls.Wanted(after=4, limit=3))
    assert [one.number for one in rest] == [5, 6, 7]
    found = rolls.listing(world.session, vote.id, rolls.Wanted(words="民5"))
    assert [one.number for one in found] == [6]
    assert rolls.listing(world.session, vote.id, rolls.Wanted(words="%")) == []
    with pytest.raises(NotFound):
        rolls.entry(world.session, vote.id, 8)


def test_rolls_that_were_published_can_be_taken_over(world: World) -> None:
    draft, done = taken(world), taken(world)
    put(world, done, stage=VoteStage.FINAL, closed_at=datetime(2026, 5, 1, tzinfo=UTC))
    assert rolls.earlier(world.session, draft) == [done]


@pytest.mark.parametrize("rows", [2, 40])
def test_a_roll_in_numbers_takes_three_statements_however_long_it_is(
    world: World, rows: int
) -> None:
    vote = taken(world, *[Entry(f"甲{n}", f"{n} 号楼", "1") for n in range(rows)])
    seen: list[str] = []
    engine = world.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    rolls.size(world.session, vote.id)
    assert len(seen) == 3
    rolls.due(world.session, vote)
    assert len(seen) == 4


def test_an_entry_is_asked_about_as_its_vote_stands_now(world: World) -> None:
    poll = Poll(world)
    poll.published()
    entry = world.session.scalars(select(Voter).where(Voter.vote_id == poll.vote.id)).first()
    world.commit()
    assert entry is not None
    assert poll.vote.stage is VoteStage.ROLL_PUBLISHED
    # Somebody else settles the roll; this session still remembers it as it was.
    settled = update(Vote.__table__).where(Vote.id == poll.vote.id)  # type: ignore[arg-type]
    world.session.connection().execute(settled.values(stage=VoteStage.ROLL_FINAL))
    with pytest.raises(NotReady) as refusal:
        rolls.strike(world.as_(Post.COMMUNITY_WORKER), entry, reason="已经搬走。")
    assert refusal.value.needs == ("roll_can_be_mended",)
