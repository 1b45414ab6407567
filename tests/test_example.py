"""The example community: its numbers, its invariants, and an entry in the log for every act."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from council import (
    answers,
    attendance,
    audit,
    ballots,
    counting,
    deadlines,
    demo,
    disputes,
    gate,
    i18n,
    meetings,
    motions,
    orders,
    preparations,
    process,
    proxies,
    records,
    recounting,
    rules,
    speeches,
    verify,
    votes,
)
from council.acceptance import Check, CheckVerdict
from council.accounts import Account
from council.batches import BallotBatch
from council.calendar import Deadline
from council.commitments import Commitment
from council.db import Database, migrate
from council.decisions import Outcome
from council.delays import Extension
from council.demo import cast, live
from council.disputes import Ruling
from council.files import Photo, Role
from council.meetings import Meeting
from council.notices import LASTING, Notice
from council.opinions import Opinion
from council.people import Channel, Office, Post
from council.proposals import Proposal, Stage
from council.ratings import Rating, section
from council.settings import Settings
from council.summaries import OpinionGroup
from council.votes import DECIDED, Body, Vote, VoteMode, Voter, VoteStage
from tests.example import TODAY, Example


class Loaded(Example):
    """The whole example, with how many acts it took and how long."""

    acts: int
    seconds: float


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The whole example on SQLite, loaded once; every act that has an entry is counted."""
    folder: Path = tmp_path_factory.mktemp("loaded")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder}/council.db")
    migrate(settings.url)
    database = Database(settings.url)
    runs = Counter[str]()
    real: Callable[..., Any] = gate.through

    def counted(ctx: Any, spec: Any, *rest: Any) -> Any:
        result = real(ctx, spec, *rest)
        runs["acts"] += spec.entry
        return result

    began = time.process_time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "through", counted)
        demo.load(database, settings, today=TODAY)
    made = Loaded(database, settings)
    object.__setattr__(made, "acts", runs["acts"])
    object.__setattr__(made, "seconds", time.process_time() - began)
    yield made
    database.close()


def matter(session: Any, title: str) -> Proposal:
    """The matter of the example whose title begins like this."""
    found = select(Proposal).where(Proposal.title.startswith(title))
    row: Proposal = session.scalars(found).one()
    return row


def test_every_act_left_exactly_one_entry(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        assert audit.size(session) == loaded.acts > 2500


def test_it_loads_within_thirty_seconds_and_everything_verifies(loaded: Loaded) -> None:
    assert loaded.seconds < 30
    report = verify.verify(loaded.database, loaded.settings)
    assert report.broken == []
    assert report.signed_size == report.size


def test_every_result_that_is_shown_can_be_counted_again_from_its_record(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        shown = [one for one in session.scalars(select(Vote)) if records.is_shown(one)]
        assert len(shown) >= 8
        for vote in shown:
            assert recounting.recount(records.record(session, vote)).differing == (), vote.id


def test_xiema_road_has_its_numbers(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        road = matter(session, "斜马路")
        assert road.stage is Stage.RATED
        by_channel = dict(
            session.execute(
                select(Opinion.channel, func.count())
                .where(Opinion.proposal_id == road.id)
                .group_by(Opinion.channel)
            ).all()
        )
        assert by_channel == {Channel.WEB: 140, Channel.HALL: 96, Channel.BUILDING: 76}

        def count(kind: Any, *also: Any) -> int:
            found = select(func.count()).select_from(kind).where(kind.proposal_id == road.id, *also)
            return session.scalar(found) or 0

        assert count(OpinionGroup) == 14
        assert count(Commitment) == 9
        assert count(Check, Check.verdict == CheckVerdict.REWORK) == 1
        assert count(Extension) == 1
        assert count(Rating) == 187
        shown = section(session, road, deadlines.day_end(TODAY))
        assert shown is not None
        assert shown.average.shown == "4.5"
        vote = session.scalars(select(Vote).where(Vote.proposal_id == road.id)).one()
        result = vote.reckoning
        assert result is not None
        totals = result.totals
        assert (totals.favour, totals.against, totals.abstain) == (15, 1, 1)


def test_each_matter_stands_where_it_should(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        assert matter(session, "口袋公园").stage is Stage.CONSULTING
        assert matter(session, "2 号楼").stage is Stage.READY_FOR_MEETING
        assert matter(session, "请修我家水管").stage is Stage.NOT_ADMITTED
        assert matter(session, "建设小区公厕").stage in {Stage.COMPLETED, Stage.RATED}
        assert matter(session, "修订文明养犬居民公约").stage is Stage.VOTING
        assert matter(session, "公益金补贴老人午餐").stage is Stage.IN_PROGRESS
        assert matter(session, "学校和银行院子错时停车").stage is Stage.DELIBERATING


def voted(session: Any, title: str) -> tuple[Vote, tuple[int, int, int]]:
    """The final vote whose title begins like this: how many were for, against and abstained."""
    found = select(Vote).where(Vote.title.startswith(title), Vote.stage.in_(DECIDED))
    vote: Vote = session.scalars(found).one()
    assert vote.reckoning is not None
    total = vote.reckoning.totals
    return vote, (total.favour, total.against, total.abstain)


def lines(vote: Vote) -> list[str]:
    """The arithmetic of a vote as everybody reads it."""
    return counting.sentences(vote, lambda key: i18n.translate("zh", key))


def test_the_rules_on_dogs_are_voted_on_in_secret_just_now(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        row = matter(session, "修订文明养犬居民公约")
        vote = session.scalars(select(Vote).where(Vote.proposal_id == row.id)).one()
        assert (vote.stage, vote.mode, vote.body) == ("open", VoteMode.SECRET, Body.DELEGATES)
        shown = counting.turnout(session, vote)
        assert (shown.cast, shown.due) == (23, 52)
        assert vote.result is None
        assert not counting.quorum(session, vote)[0]
        own = session.scalars(
            select(Voter)
            .join(Account, Account.person_id == Voter.person_id)
            .where(Voter.vote_id == vote.id, Account.name == "delegate")
        ).one()
        standing = ballots.standing(session, vote, own.person_id)
        assert [one.id for one in standing.open] == [own.id]
        assert preparations.of(session, vote.id).study_on is not None
        batched = session.scalars(select(BallotBatch).where(BallotBatch.vote_id == vote.id)).all()
        assert 10 <= sum(len(one.commitments) for one in batched) <= 23


def test_the_delegates_decide_what_the_units_would_not_have(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        lunch = matter(session, "公益金补贴老人午餐")
        joint = session.scalars(
            select(Vote).where(Vote.proposal_id == lunch.id, Vote.agenda_item_id.is_not(None))
        ).one()
        assert joint.outcome is Outcome.REFERRED
        assert joint.reckoning is not None
        parts = {one.constituency: one.tally for one in joint.reckoning.parts}
        said = {name: (one.favour, one.against) for name, one in parts.items()}
        assert said.pop("experts") == (2, 0)
        assert said == {
            "party": (5, 0), "residents": (5, 3), "community": (3, 0), "units": (0, 3),
        }  # fmt: skip
        first, numbers = voted(session, "老人午餐：动用公益金 36 万元")
        assert (numbers, first.outcome) == ((18, 15, 3), Outcome.REJECTED)
        again, numbers = voted(session, "老人午餐：24 万元")
        assert (numbers, again.outcome) == ((19, 14, 3), Outcome.ADOPTED)
        assert first.due["all"]["heads"] == again.due["all"]["heads"] == 52
        quorum, passing = lines(first)
        assert quorum.endswith("即 35 人。")
        assert passing.endswith("即 19 人。")


def test_the_owners_first_vote_failed_on_area_alone(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        vote, numbers = voted(session, "北门内绿地改作健身场地")
        assert vote.outcome is Outcome.REJECTED
        assert vote.due["all"] == {"heads": 386, "households": 386, "area": 3_421_050}
        assert (numbers[0], sum(numbers)) == (214, 279)
        shares = [re.findall(r"占[^，]*的 ([0-9.]+%)", one)[:1] for one in lines(vote)]
        assert shares == [["72.28%"], ["70.04%"], ["76.70%"], ["74.67%"], []]
        told = "".join(lines(vote))
        assert "23,960.40 ㎡，占名册上 34,210.50 ㎡" in told
        assert "赞成 17,890.10 ㎡" in told
        assert lines(vote)[-1] == "只有面积没有达到：74.67% < 75%。"


def test_the_owners_second_vote_passed_and_the_work_runs(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        vote, numbers = voted(session, "中心空地旁设健身场地")
        assert vote.outcome is Outcome.ADOPTED
        assert (numbers[0], sum(numbers)) == (241, 301)
        told = "".join(lines(vote))
        assert "参加表决 26,480.00 ㎡" in told
        assert "80.07%" in told
        assert "赞成 20,655.25 ㎡，占参加表决 26,480.00 ㎡的 78.00%" in told
        assert (vote.mode, vote.body) == (VoteMode.ROLL_CALL, Body.OWNERS)
        assert matter(session, "三箭瑞福苑公共绿地").stage is Stage.IN_PROGRESS
        first, _ = voted(session, "北门内绿地改作健身场地")
        assert preparations.of(session, vote.id).previous_id == first.id
        assert (proxies.count(session, first.id), proxies.count(session, vote.id)) == (6, 9)
        held = Counter(one.holder for one in proxies.listing(session, vote.id))
        assert max(held.values()) == proxies.MOST


def test_an_objection_to_the_owners_result_was_dismissed_with_its_reason(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        vote, _ = voted(session, "中心空地旁设健身场地")
        (made,) = disputes.of(session, vote.id)
        assert (made.about, made.ruling, made.remedy) == ("result", Ruling.DISMISSED, None)
        assert made.reason
        assert made.decided_by_id != made.drafted_by_id
        assert made.decided_at is not None
        assert (made.decided_at - made.lodged_at).days < 3


def test_the_appraisal_was_void_once_and_then_held_in_secret(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        vote, numbers = voted(session, "居民委员会年度民主评议")
        assert (numbers, vote.outcome) == ((36, 5, 3), Outcome.ADOPTED)
        assert vote.about_people
        assert vote.mode is VoteMode.SECRET
        row = preparations.of(session, vote.id)
        void = session.get_one(Vote, row.previous_id)
        assert (void.stage, void.result) == (VoteStage.VOIDED, None)
        papers = preparations.of(session, void.id)
        assert papers.void_reason
        assert papers.void_drafted_by_id is not None


def test_every_office_has_its_term_and_every_photograph_its_words(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        held = list(session.scalars(select(Office).where(Office.post != Post.ADMIN)))
        assert held
        assert all(one.until and one.until > one.since for one in held)
        places = list(session.scalars(select(Photo).where(Photo.role == Role.PLACE)))
        assert places
        assert all(one.alt for one in places)


def test_the_water_pipe_was_due_across_the_spring_festival(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        pipe = matter(session, "请修我家水管")
        clock = session.scalars(
            select(Deadline).where(
                Deadline.proposal_id == pipe.id, Deadline.kind == "admission_draft"
            )
        ).one()
        assert deadlines.local_date(clock.started_at).isoformat() == "2026-02-13"
        assert clock.due_day.isoformat() == "2026-02-25"


def test_its_invariants_hold(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        for notice in session.scalars(select(Notice)):
            assert notice.days >= 15 or notice.kind not in LASTING
        handlers = {row.id: row.person_id for row in session.scalars(select(Commitment))}
        for check in session.scalars(select(Check)):
            assert check.checker_id != handlers[check.commitment_id]


def test_the_same_arguments_give_the_same_record(loaded: Loaded, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/again.db")
    migrate(settings.url)
    database = Database(settings.url)
    demo.load(database, settings, today=TODAY)

    def told(opened: Database) -> list[tuple[str, str]]:
        with opened.read() as session:
            return [(one.act, one.at.isoformat()) for one in audit.leaves(session)]

    assert told(database) == told(loaded.database)
    database.close()


def test_it_is_never_mixed_with_anything(loaded: Loaded) -> None:
    with pytest.raises(demo.NotEmpty):
        demo.load(loaded.database, loaded.settings, today=TODAY)


def test_generated_matters_come_on_top(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/size.db")
    migrate(settings.url)
    database = Database(settings.url)
    heard: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "schedule", lambda _stage: None)
        demo.load(database, settings, today=TODAY, size=40, told=heard.append)
    with database.read() as session:
        titles = session.scalars(select(Proposal.title)).all()
    assert len(titles) == len(set(titles)) == 40
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert verify.verify(database, settings).broken == []
    database.close()


def test_the_road_is_written_down_as_it_is() -> None:
    path = Path(__file__).parent.parent / "docs" / "process.md"
    assert path.read_text("utf-8") == rules.document() + "\n"


def test_rules_name_every_step_with_its_line() -> None:
    listed = {rule.name: rule for rule in rules.listing("proposal.")}
    for one in process.PROPOSAL.transitions:
        rule = listed[f"proposal.{one.name}"]
        assert (one.source.value, one.to.value) in rule.moves
        assert rule.where.startswith("council/process.py:")
        assert all(where.startswith("council/") for _, where in rule.requires)


STEPS_WALKED = {
    "proposal.submit", "proposal.admit", "proposal.open_consultation",
    "proposal.close_consultation", "proposal.send_to_review", "proposal.skip_review",
    "proposal.finish_review", "proposal.take_up", "proposal.open_vote", "proposal.adopt",
    "proposal.adopt_by_consensus", "proposal.reject", "proposal.start_work",
    "proposal.finish_work", "proposal.complete", "proposal.close_rating",
    "proposal.refer", "proposal.send_to_body", "proposal.fall_short", "vote.archive", "vote.void",
}  # fmt: skip


def test_the_example_walks_the_whole_road(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        walked = set(session.scalars(select(audit.Entry.act).distinct()))
    assert walked >= STEPS_WALKED


def test_half_of_the_delegates_present_is_not_more_than_half(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        assembly = session.scalars(select(Meeting).where(Meeting.kind == "delegates")).one()
        items = meetings.items(session, assembly.id)
        cast = [votes.of_items(session, [one.id])[one.id] for one in items]
        assert [one.outcome for one in cast] == ["rejected", "adopted"]
        totals = [one.reckoning.totals for one in cast if one.reckoning]
        assert [(one.favour, one.against, one.abstain) for one in totals] == [
            (18, 15, 3), (19, 14, 3),
        ]  # fmt: skip
        there = attendance.frozen(assembly)
        assert there is not None
        assert (there.present_total, there.due_total, there.met) == (36, 52, True)


def test_a_council_to_which_twelve_of_twenty_one_come_falls(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        fell = session.scalars(select(Meeting).where(Meeting.kind == "council")).one()
        there = attendance.frozen(fell)
        assert there is not None
        assert (there.present_total, there.due_total, there.met) == (12, 21, False)
        assert there.lines[0].fields["needed"] == 14
        assert fell.stage == "fell"


def test_a_joint_meeting_is_in_session_with_an_amendment_and_a_speech(loaded: Loaded) -> None:
    with loaded.database.read() as session:
        held = session.scalars(select(Meeting).where(Meeting.stage == "in_session")).one()
        there = attendance.count(session, held)
        assert (held.kind, there.present_total, there.due_total) == ("joint", 19, 21)
        assert there.met
        assert all(there.present.values())
        assert deadlines.local_date(held.starts_at) == TODAY
        (item,) = meetings.items(session, held.id)
        assert answers.of_meeting(session, held.id)[item.proposal_id].says == "accepts"
        motion, amendment = motions.stack(session, item.id)
        assert (motion.text, amendment.stage) == (item.motion, "debating")
        assert "周末全天" in amendment.text
        floor = speeches.speaking(speeches.of_item(session, item.id))
        assert floor is not None
        assert (floor.resumed_at, floor.left(held.starts_at)) == (None, 47)
        waiting = speeches.queue(session, item)
        assert {one.side for one in waiting} == {"for", "against", "ask"}
        assert orders.waiting(session, item.id) == []
        assert f"/meetings/{held.id}/console as facilitator" in cast.greeting(session)


@pytest.mark.parametrize(("hour", "minute"), [(0, 5), (9, 20), (12, 0), (20, 47), (23, 59)])
def test_it_is_in_session_at_whatever_hour_the_example_is_loaded(hour: int, minute: int) -> None:
    now = deadlines.day_end(TODAY) + timedelta(hours=hour, minutes=minute, seconds=59)
    began = live.begins(now)
    assert live.LASTS <= now - began < live.LASTS + timedelta(minutes=5)
    assert (began.minute % 5, began.second) == (0, 0)
