"""Verification finds every change behind the program's back, and says which row it was."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from council import audit, calendar, charter, commitments, jobs, people, verify
from council.batches import BallotBatch
from council.chairing import ChairTurn
from council.commitments import Commitment
from council.corrections import Correction
from council.db import APPEND_ONLY, load_tables
from council.delays import Explanation
from council.disputes import Dispute, DisputeAbout
from council.gate import Act, Context, through
from council.grounds import AdultCount, PetitionGround
from council.handcounts import HandCount
from council.invitations import InvitationReply, Reply, Substitution
from council.keepers import Keeper
from council.meetings import AgendaItem
from council.notes import Note
from council.observers import Observer, PlaceWish
from council.opinions import Opinion
from council.orders import PointOfOrder
from council.paperballots import PaperRun, SpoiledSlip
from council.papercounts import PaperBatch, PaperCount, PaperEntry
from council.papers import ItemPaper
from council.people import Channel, Constituency, Office, Post
from council.petitions import Petition, PetitionAnswer, PetitionStage
from council.places import Place, PlaceKind
from council.policy import Can
from council.preparations import Preparation
from council.proofs import PostingProof
from council.proxies import Proxy
from council.referrals import Referral, Subject
from council.safeguards import Watching, Witness
from council.screens import Screen, ScreenView
from council.signers import PetitionSignature
from council.speeches import Speech
from council.straws import Says, Straw, StrawAnswer
from council.ties import CastingVote, LotShare
from council.turns import Side
from council.verify import Report
from council.votes import Body, Voter
from tests.example import Example

load_tables()

FAR = 1_000_003
"""Far from every number in use, so that no unique index is hit."""


def another(column: sa.Column[Any], value: Any) -> Any:  # noqa: PLR0911  (one per type)
    """Some other value of the column's type."""
    kind = column.type
    if isinstance(kind, sa.Enum):
        taken = any(column.name in one.columns for one in column.table.constraints)
        others = [one for one in (kind.enum_class or ()) if one != value and not taken]
        return others[0] if others else sa.literal_column("'nonsense'")
    if isinstance(kind, sa.Boolean):
        return not value
    if isinstance(kind, sa.Integer):
        return value - 1 if column.name in {"score", "slot"} else (value or 0) + FAR
    if isinstance(kind, sa.JSON):
        return {"another": 1}
    if isinstance(kind, sa.Date):
        return (value or date(2026, 1, 1)) + timedelta(days=1)
    if isinstance(kind, sa.Numeric):
        return (value or 0) + 1
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(kind, sa.TypeDecorator):
        return datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    return f"{value or ''}x"


def defenceless(session: Session) -> None:
    """Take the database's defences away in this transaction, as somebody with its file could."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        return
    session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            session.execute(sa.text(f"DROP TRIGGER {table}_no_{verb}"))


def columns(
    session: Session,
) -> Iterator[tuple[type[verify.Governed], sa.Table, sa.Column[Any], Any]]:
    """Each column of each governed table that has a row, with the first row."""
    for kind in verify.governed():
        table = inspect(kind).local_table
        assert isinstance(table, sa.Table)
        row = session.execute(sa.select(table).order_by(table.c.id).limit(1)).first()
        if row is not None:
            for column in table.columns:
                if not column.primary_key:
                    yield kind, table, column, row


def complete(example: Example) -> None:
    """Add a row to the few tables that the small example leaves empty."""
    with example.database.write() as session:
        now = datetime.now(UTC)
        admin = session.scalars(sa.select(Office).where(Office.post == Post.ADMIN)).one()
        ctx = Context(session, people.actor(session, admin.person_id, now), now)
        place = session.scalars(sa.select(Place).where(Place.kind == PlaceKind.COMMUNITY)).one()
        calendar.set_day(ctx, place, day=date(2027, 2, 6), works=True, note="调休")
        charter.set_value(ctx, place, key="consultation_days", value="9")
        task = session.scalars(sa.select(Commitment).limit(1)).one()
        made = Explanation(
            **commitments.about(task), words="材料晚到。", person_id=admin.person_id, post=None,
            explained_at=now,
        )  # fmt: skip
        system = Context(session, people.SYSTEM, now)
        through(system, Act("test.explain", Can.SYSTEM), task, lambda: session.add(made))
        first, second = session.scalars(sa.select(Voter).order_by(Voter.id).limit(2))
        given = Proxy(
            community_id=place.id, vote_id=first.vote_id, principal_id=first.id,
            holder_id=second.id, slot=2, written_on=date(2026, 5, 5),
        )  # fmt: skip
        through(system, Act("test.proxy", Can.SYSTEM), place, lambda: session.add(given))
        papers = [*formal(first, admin.person_id, now), *on_paper(first, admin.person_id, now)]
        through(system, Act("test.papers", Can.SYSTEM), place, lambda: session.add_all(papers))
        hall = in_the_hall(place.id, admin.person_id, now)
        hall += petitioned(place.id, admin.person_id, now)
        through(system, Act("test.hall", Can.SYSTEM), place, lambda: session.add_all(hall))


def formal(voter: Voter, person_id: int, now: datetime) -> list[verify.Governed]:
    """The rows that a formal vote has beside it, as if there had been one."""
    here = {"community_id": voter.community_id, "proposal_id": 1}
    vote = here | {"vote_id": voter.vote_id}
    return [
        BallotBatch(**vote, number=1, commitments=["ab" * 32], at=now),
        Keeper(**vote, person_id=person_id, number=1, salt="ab", public="cd", share="ef"),
        Referral(
            **here, subject=Subject.COVENANT, authorised=True, body=Body.DELEGATES, outside=None,
            profile="DELEGATE_ASSEMBLY", settled_by_id=person_id, settled_at=now,
        ),
        Preparation(
            **vote, profile="STRAW", electorate="members", constituencies=[], days={"open": 7},
            drafted_by_id=person_id, drafted_at=now, checks=[],
        ),
        Dispute(
            **vote, about=DisputeAbout.ROLL, person_id=person_id, words="少了一人。",
            capacity=Constituency.RESIDENTS, channel=Channel.WEB, lodged_at=now,
        ),
        Witness(**vote, person_id=person_id, watching=Watching.TELLER, at=now),
    ]  # fmt: skip


def in_the_hall(place_id: int, person_id: int, now: datetime) -> list[verify.Governed]:
    """The rows that a lively meeting leaves behind, as if there had been one."""
    here = {"community_id": place_id, "meeting_id": 1}
    item = here | {"item_id": 1}
    who = {"person_id": person_id, "constituency": Constituency.RESIDENTS}
    return [
        ChairTurn(**item, from_id=person_id, to_id=person_id, at=now),
        Screen(**here, shows=ScreenView.ITEM, before=ScreenView.CODE, at=now),
        Note(**here, person_id=person_id, words="有人鼓掌。", at=now),
        Straw(**here, question="要不要休息？", asked_at=now),
        StrawAnswer(**here, straw_id=1, person_id=person_id, says=Says.YES, at=now),
        Speech(
            **item, **who, side=Side.FOR, raised_at=now, channel=Channel.WEB, seconds=120,
            used_seconds=9, warnings=0, ruling="",
        ),
        PointOfOrder(**item, **who, words="超时了。", at=now, channel=Channel.WEB, answer=""),
        Observer(**here, number=1, at=now, by_id=person_id),
        PlaceWish(**here, person_id=person_id, number=1, at=now, channel=Channel.WEB),
        ItemPaper(**item, file_id=1, title="图纸", added_at=now, added_by_id=person_id),
        PostingProof(
            community_id=place_id, notice_id=1, place="南门", taken_at=now, entered_at=now,
            by_id=person_id,
        ),
        InvitationReply(
            **here, seat_id=1, person_id=person_id, says=Reply.ACCEPTED, note="", at=now,
            by_id=person_id,
        ),
        Substitution(
            **here, seat_id=1, absent_id=person_id, person_id=person_id, reason="出差", at=now,
            by_id=person_id,
        ),
        Correction(
            community_id=place_id, minutes_id=1, **who, words="是三盏灯。", noted_at=now, answer="",
        ),
    ]  # fmt: skip


def petitioned(place_id: int, person_id: int, now: datetime) -> list[verify.Governed]:
    """The rows that a petition for a meeting leaves behind, as if there had been one."""
    here: dict[str, Any] = {"community_id": place_id}
    return [
        AdultCount(
            **here, adults=4213, as_of=date(2026, 5, 1), source="户籍登记", at=now,
            by_id=person_id,
        ),
        Petition(
            **here, ground=PetitionGround.RESIDENTS, title="请开会", purpose="说说电梯。",
            starter_id=person_id, capacity=Constituency.RESIDENTS, rules={"petition_days": "30"},
            stage=PetitionStage.GATHERING, whole=4213, needed=422, started_at=now, closes_at=now,
        ),
        PetitionAnswer(**here, petition_id=1, vote_id=1, at=now),
        PetitionSignature(
            **here, petition_id=1, person_id=person_id, channel=Channel.HALL, sheet=1, line=2,
            at=now,
        ),
    ]  # fmt: skip


def on_paper(voter: Voter, person_id: int, now: datetime) -> list[verify.Governed]:
    """The rows that paper and a tie leave beside a formal vote, as if there had been some."""
    vote = {"community_id": voter.community_id, "proposal_id": 1, "vote_id": voter.vote_id}
    slips = {"used": 17, "spoiled": 1, "unused": 2}
    entry = {key: value for key, value in vote.items() if key != "vote_id"}
    return [
        HandCount(
            **vote, round=1, slot=1, person_id=person_id, content=[], issued=9, spoiled=1,
            unused=2, at=now,
        ),
        PaperRun(**vote, first=1, size=20, printed_by_id=person_id, printed_at=now),
        SpoiledSlip(**vote, number=3, taken_by_id=person_id, taken_at=now),
        PaperBatch(**vote, **slips, number=1, round=1, content=[], settled_at=now),
        PaperEntry(
            **entry, batch_id=1, round=1, slot=1, person_id=person_id, content=[], spoiled=1,
            unused=2, at=now,
        ),
        PaperCount(
            **vote, **slips, issued=20, missing=0, piles=[], by_id=person_id, at=now,
        ),
        CastingVote(**vote, person_id=person_id, favour=True, reason="主持人投赞成。", at=now),
        LotShare(
            **vote, person_id=person_id, digest="ab" * 32, nonce="cd", seed="清泉",
            committed_at=now, revealed_at=now,
        ),
    ]  # fmt: skip


def test_an_untouched_record_holds(example: Example) -> None:
    report = verify.verify(example.database, example.settings)
    assert report.broken == []
    assert report.size > 200
    assert report.signed_size == report.size


def test_every_column_of_every_governed_table_is_covered(example: Example) -> None:
    complete(example)
    with example.database.write() as session:
        ledger = verify.read_log(session, Report(), None)
        salts = verify.salts(session)
        defenceless(session)
        flipped: set[str] = set()
        for kind, table, column, row in columns(session):
            changed = {column.name: another(column, row._mapping[column])}
            with session.begin_nested() as savepoint:
                session.execute(sa.update(table).where(table.c.id == row.id).values(changed))
                found = list(verify.check_table(session, kind, ledger, salts))
                savepoint.rollback()
            assert [(one.table, one.row) for one in found] == [(table.name, row.id)], column
            flipped.add(table.name)
        session.rollback()
    assert flipped == {inspect(kind).local_table.name for kind in verify.governed()}


def test_a_row_that_is_older_than_one_of_its_columns_holds(example: Example) -> None:
    with example.database.read() as session:
        ledger, salts = verify.read_log(session, Report(), None), verify.salts(session)
        row = session.scalars(select(Opinion).where(Opinion.revised_at.is_(None))).first()
        assert row
        said = ledger["opinion", row.id].columns
        del said["revised_at"]
        assert list(verify.check_table(session, Opinion, ledger, salts)) == []
        del said["given_at"]
        [broken] = verify.check_table(session, Opinion, ledger, salts)
        assert (broken.table, broken.row) == ("opinion", row.id)


def test_a_row_that_a_migration_gave_a_value_holds_and_no_other_value(example: Example) -> None:
    for name, another_value in (("kind", "report"), ("presenter", "某人"), ("minutes", 5)):
        with example.database.write() as session:
            ledger, salts = verify.read_log(session, Report(), None), verify.salts(session)
            for (table, _), said in ledger.items():
                if table == "agenda_item":
                    said.columns.pop(name, None)
            given = AgendaItem.__table__.c[name].server_default.arg
            session.execute(sa.text(f"UPDATE agenda_item SET {name} = :given"), {"given": given})
            assert list(verify.check_table(session, AgendaItem, ledger, salts)) == []
            session.execute(sa.text(f"UPDATE agenda_item SET {name} = :v"), {"v": another_value})
            found = {one.words for one in verify.check_table(session, AgendaItem, ledger, salts)}
            assert found == {f"the log does not know the column {name}"}
            session.rollback()


def test_a_row_too_many_and_a_row_too_few_are_found(example: Example) -> None:
    with example.database.write() as session:
        defenceless(session)
        session.execute(sa.text("DELETE FROM supporter"))
        session.execute(
            sa.text(
                "INSERT INTO work_day (community_id, day, works, note) "
                "VALUES (1, '2027-01-01', true, '')"
            )
        )
        session.commit()
    report = verify.verify(example.database, example.settings)
    tables = {one.table for one in report.broken}
    assert {"supporter", "work_day", "proposal"} <= tables  # the counter of supporters too


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit_entry SET act = 'x' WHERE idx = 5", "index columns"),
        ("DELETE FROM audit_node WHERE level = 1 AND idx = 2", "not the one in the tree"),
        ("DELETE FROM audit_salt WHERE idx = (SELECT max(idx) FROM audit_salt)", "salt"),
        ("UPDATE audit_head SET size = size - 1", "the head counts"),
    ],
)
def test_a_tampered_log_is_found(example: Example, statement: str, says: str) -> None:
    with example.database.write() as session:
        defenceless(session)
        session.execute(sa.text(statement))
        session.commit()
    report = verify.verify(example.database, example.settings)
    assert any(says in str(one) for one in report.broken), [str(one) for one in report.broken]


def test_one_flipped_bit_in_an_entry_is_found_and_never_signed_over(example: Example) -> None:
    with example.database.write() as session:
        defenceless(session)
        entry = session.execute(
            sa.select(audit.Entry.__table__.c.entry).where(audit.Entry.__table__.c.idx == 7)
        ).scalar_one()
        flipped = bytes([entry[0] ^ 1]) + entry[1:]
        table = audit.Entry.__table__
        session.execute(sa.update(table).where(table.c.idx == 7).values(entry=flipped))
        session.commit()
    report = verify.verify(example.database, example.settings)
    assert next(one.index for one in report.broken if one.index is not None) == 7
    example.settings.checkpoint_file.unlink()
    with pytest.raises(jobs.ForkedLog):
        jobs.sign(example.database, example.settings)


def test_a_restored_older_backup_is_not_signed(example: Example) -> None:
    with example.database.write() as session:
        defenceless(session)
        session.execute(sa.text("DELETE FROM audit_salt WHERE idx > 100"))
        session.execute(sa.text("DELETE FROM audit_entry WHERE idx > 100"))
        session.execute(sa.text("UPDATE audit_head SET size = 101"))
        session.commit()
    with pytest.raises(jobs.ForkedLog):
        jobs.sign(example.database, example.settings)
    report = verify.verify(example.database, example.settings)
    assert any("was signed before" in str(one) for one in report.broken)


def test_a_photograph_that_was_changed_is_found(example: Example) -> None:
    path = next(one for one in example.settings.files_dir.rglob("*") if one.is_file())
    path.write_bytes(path.read_bytes() + b"x")
    report = verify.verify(example.database, example.settings)
    assert any(one.table == "stored_file" for one in report.broken)


def test_the_log_has_an_entry_for_every_act_and_names_nobody(example: Example) -> None:
    with example.database.read() as session:
        contents = b"".join(entry.entry for entry in audit.leaves(session))
        names = session.scalars(sa.text("SELECT name FROM person")).all()
        titles = session.scalars(sa.text("SELECT title FROM proposal")).all()
    assert not any(name.encode() in contents for name in names)
    assert not any(title.encode() in contents for title in titles)
