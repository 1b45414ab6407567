"""One matter of the example from its joint meeting to the rating, through the real acts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from sqlalchemy import select

from council import (
    acceptance,
    answers,
    attendance,
    calendar,
    commitments,
    deadlines,
    delays,
    deliberations,
    doors,
    envoys,
    meetings,
    minutes,
    notices,
    papers,
    plans,
    postings,
    process,
    proofs,
    ratings,
    reasons,
    rollcalls,
    sittings,
    speeches,
)
from council.attendance import CheckInMethod
from council.commitments import Commitment, Task
from council.demo.road import matter_of
from council.demo.stage import Scene, Script, Stage, script, zh
from council.envoys import EnvoySays
from council.files import Role
from council.meetings import AgendaItem, Meeting, MeetingSeat
from council.people import Constituency, Membership
from council.plans import Plan, Topic
from council.proposals import Proposal
from council.turns import Side
from council.votes import Choice
from council.workflow import advance


def call(stage: Stage, told: Script, when: datetime) -> Meeting:
    """Plan a joint meeting, get the unit's answer, and send the notice out in time."""
    matter, said = matter_of(stage, told), told["meeting"]
    meeting = plans.plan(
        stage.as_("party_lead"), stage.community,
        plan=Plan(
            title=zh(said["title"]), starts_at=when, location="社区服务站二楼议事厅",
            accessible=True, chair_id=stage.cast["facilitator"],
            recorder_id=stage.cast["recorder"], members=_seats(stage),
            agenda=(Topic(matter.id, zh(said["motion"])),),
        ),
    )  # fmt: skip
    (item,) = meetings.items(stage.session, meeting.id)
    stage.english(
        meeting,
        title=said["title"],
        location={"en": "Council room, community service station, 2nd floor"},
    )
    stage.english(item, motion=said["motion"])
    _answer(stage, told, item)
    for one in said.get("papers", ()):
        paper = papers.add(
            stage.as_("community_worker"), item, title=zh(one["title"]),
            file=stage.photo(one["photo"]),
        )  # fmt: skip
        stage.english(paper, title=one["title"])
    for one in said.get("concerned", ()):
        envoys.ask(stage.as_("party_lead"), item, unit_id=stage.units[one["unit"]])
    _move(stage, "party_lead", meeting, "notify")
    _send(stage, told, meeting)
    return meeting


def photograph_board(stage: Stage) -> Scene:
    """Each afternoon a worker photographs what was put up on the board that day."""
    for day in range(-399, 0):
        yield stage.at(day, 17)
        hung = notices.standing(stage.session, stage.community, stage.now)
        shown = proofs.of_notices(stage.session, [row.id for row in hung])
        for row in hung:
            if row.id not in shown:
                proofs.photograph(
                    stage.as_("community_worker"), row, picture=stage.photo("board"),
                    place="服务站门口公开栏", taken_at=stage.now,
                    alt="玻璃公开栏里贴着三张告示，中间一张带二维码",
                )  # fmt: skip


def _send(stage: Stage, told: Script, meeting: Meeting) -> None:
    """Every unit that was asked says who comes; for one that does not sign in somebody asks."""
    names = {unit_id: name for name, unit_id in stage.units.items()}
    concerned = {one["unit"]: one for one in told["meeting"].get("concerned", ())}
    for asked in chain.from_iterable(envoys.of_meeting(stage.session, meeting.id).values()):
        name = names[asked.unit.id]
        said = concerned.get(name, {"role": "分管负责人"})
        says = EnvoySays.ACCEPTED if "role" in said else EnvoySays.DECLINED
        own = f"handler_{name}" in stage.cast
        act, key = (envoys.answer, f"handler_{name}") if own else (envoys.record, "party_lead")
        act(
            stage.as_(key), asked.envoy, says=says, role=said.get("role", ""),
            words=said.get("words", ""),
        )  # fmt: skip


def _answer(stage: Stage, told: Script, item: AgendaItem) -> None:
    """The responsible unit accepts; one that does not sign in writes a letter."""
    if _handler(told) in stage.cast:
        answers.give(stage.as_(_handler(told)), item, accepts=True, words="原则同意，愿意承办。")
        return
    answers.record(
        stage.as_("community_worker"), item, says=answers.UnitSays.ACCEPTS,
        words=zh(told["meeting"]["reply"]), letter=stage.photo("signature"),
    )  # fmt: skip


def _handler(told: Script) -> str:
    """Who signs for the responsible unit."""
    return f"handler_{told['unit']}"


def _move(stage: Stage, key: str, meeting: Meeting, name: str) -> None:
    advance(stage.as_(key), sittings.MEETING, meeting, name)


def _seats(stage: Stage) -> tuple[int, ...]:
    """The memberships of the council's 21 seats."""
    return tuple(
        stage.session.scalars(
            select(Membership.id).where(
                Membership.person_id == stage.cast[one["key"]],
                Membership.constituency == Constituency(one["constituency"]),
            )
        ).one()
        for one in script("cast")["officers"]
        if one.get("seat")
    )


def meet(stage: Stage, told: Script) -> Scene:
    """Stage 4: check-in, the motion, consensus or a roll-call vote, signed minutes."""
    yield stage.later(1, hour=9)
    when = stage.later(5, hour=19)
    meeting = call(stage, told, when)
    yield when - timedelta(minutes=30)
    chair = "facilitator"
    _move(stage, chair, meeting, "open_check_in")
    present = sign_in(stage, meeting, told["meeting"].get("absent", 0))
    yield when
    _move(stage, chair, meeting, "begin")
    (item,) = meetings.items(stage.session, meeting.id)
    deliberations.open_item(stage.as_(chair), item)
    yield when + timedelta(minutes=50)
    _settle(stage, told, item, present)
    sittings.photograph(
        stage.as_("recorder"), meeting, picture=stage.photo("meeting"),
        alt="联席会议现场，五方代表围桌而坐",
    )  # fmt: skip
    _move(stage, chair, meeting, "adjourn")
    yield stage.later(1, hour=10)
    yield from _minute(stage, told, meeting, present)


def sign_in(stage: Stage, meeting: Meeting, absent: int) -> list[MeetingSeat]:
    """Most sign in on their phone, some on the list at the door; so many do not come."""
    seats = meetings.seats(stage.session, meeting.id)
    away = [
        seat for seat in seats if seat.constituency in {Constituency.RESIDENTS, Constituency.PARTY}
    ]
    missing = {seat.id for seat in away[-absent:]} if absent else set()
    present = [seat for seat in seats if seat.id not in missing]
    code = doors.valid_code(stage.session, meeting.id, stage.now)
    for n, seat in enumerate(present):
        if n % 3:
            doors.sign_in(stage.as_(_key(stage, seat.person_id)), seat, code=code)
        else:
            attendance.tick(stage.as_("facilitator"), seat, method=CheckInMethod.LIST)
    for asked in chain.from_iterable(envoys.of_meeting(stage.session, meeting.id).values()):
        if not asked.seated:
            coming = asked.envoy.says is EnvoySays.ACCEPTED
            envoys.note(stage.as_("recorder"), asked.envoy, came=coming, reason=asked.envoy.words)
    return present


def _key(stage: Stage, person_id: int) -> str:
    return next(key for key, one in stage.cast.items() if one == person_id)


def _settle(stage: Stage, told: Script, item: AgendaItem, present: list[MeetingSeat]) -> None:
    said = told["meeting"]
    if "consensus" in said:
        deliberations.agree(stage.as_("facilitator"), item, text=zh(said["consensus"]))
        stage.english(item, consensus=said["consensus"])
        return
    if "objection" in said:
        seat = next(one for one in present if one.constituency is Constituency.RESIDENTS)
        who = stage.as_(_key(stage, seat.person_id))
        made = deliberations.object_to(who, item, words=zh(said["objection"]))
        stage.english(made, words=said["objection"])
    for side in (Side.FOR, Side.AGAINST):
        speeches.waive(stage.as_("facilitator"), item, side=side)
    vote = deliberations.open_vote(stage.as_("facilitator"), item)
    stage.english(vote, question=said["motion"])
    for seat, choice in _choices(said, [seat for seat in present if seat.votes]):
        rollcalls.cast(stage.as_(_key(stage, seat.person_id)), vote, choice=choice)
    for seat in present:
        if not seat.votes:
            rollcalls.cast(stage.as_(_key(stage, seat.person_id)), vote, choice=Choice.FOR)
    deliberations.close_vote(stage.as_("facilitator"), vote)


def _choices(said: Script, voting: list[MeetingSeat]) -> list[tuple[MeetingSeat, Choice]]:
    """How each seat votes: as the script says by constituency, or else residents object first."""
    if "votes" in said:
        order = sorted(voting, key=lambda seat: list(said["votes"]).index(seat.constituency))
        numbers = list(said["votes"].values())
    else:
        order = sorted(voting, key=lambda seat: seat.constituency is Constituency.RESIDENTS)
        numbers = [[said[one] for one in Choice]]
    choices = [one for row in numbers for one, n in zip(Choice, row, strict=True) for _ in range(n)]
    return list(zip(order, choices, strict=True))


def _minute(stage: Stage, told: Script, meeting: Meeting, present: list[MeetingSeat]) -> Scene:
    said = told["meeting"]["minutes"]
    made = minutes.draft(
        stage.as_("recorder"), meeting,
        words=minutes.Words(**{name: zh(text) for name, text in said.items()}),
    )  # fmt: skip
    stage.english(made, **said)
    yield stage.later(1, hour=11)
    for constituency in Constituency:
        seat = next((one for one in present if one.constituency is constituency), None)
        if seat is None:
            continue
        if constituency is Constituency.UNITS:
            minutes.sign_on_paper(
                stage.as_("recorder"), made, constituency=constituency, note="代表签在纸上",
                picture=stage.photo("signature"),
            )  # fmt: skip
        else:
            who = _key(stage, seat.person_id)
            minutes.sign(stage.as_(who), made, revision=made.revision)
    yield stage.later(1, hour=16)
    minutes.publish(stage.as_("recorder"), made)
    if "reason" in told["meeting"]:
        (item,) = meetings.items(stage.session, meeting.id)
        given = reasons.explain(stage.as_("party_lead"), item, words=zh(told["meeting"]["reason"]))
        stage.english(given, words=told["meeting"]["reason"])


# Stage 5


def carry_out(stage: Stage, told: Script) -> Scene:
    """Stage 5: decision posted, tasks given out, done, checked; result posted; matter completed."""
    matter = matter_of(stage, told)
    yield stage.later(1, hour=10)
    said = told["decision"]
    notice = postings.post_decision(
        stage.as_("party_lead"), matter,
        words=postings.Words(zh(said["title"]), zh(said["body"]), "社区公告栏"),
    )  # fmt: skip
    stage.english(notice, title=said["title"], body=said["body"])
    running = [_assign(stage, matter, one) for one in told["tasks"]]
    process.move(stage.as_("party_lead"), matter, "start_work")
    for commitment, one in zip(running, told["tasks"], strict=True):
        stage.enter(stage.later(1, hour=10, minute=commitment.position), do(stage, commitment, one))
    while not commitments.all_passed(stage.system(), matter):
        yield stage.later(1, hour=17, minute=30)
    yield from _finish(stage, matter, told)


def _assign(stage: Stage, matter: Proposal, one: Script) -> Commitment:
    due = stage.later(one["start_days"] + one["days"], hour=18)
    made = commitments.assign(
        stage.as_("party_lead"), matter,
        task=Task(
            title=zh(one["title"]), unit_id=stage.units[one["unit"]],
            person_id=stage.cast[_handler(one)], post=zh(one["post"]),
            standard=zh(one["standard"]), due_day=deadlines.local_date(due),
        ),
    )  # fmt: skip
    stage.english(made, title=one["title"], post=one["post"], standard=one["standard"])
    return made


def do(stage: Stage, commitment: Commitment, one: Script) -> Scene:
    """One task: acknowledged, reported, perhaps extended, checked, perhaps twice."""
    handler = _handler(one)
    commitments.acknowledge(stage.as_(handler), commitment)
    yield stage.later(one["start_days"], hour=9, minute=30)
    notes = one["notes"]
    for n, note in enumerate(notes):
        photos = [photo for photo in one.get("photos", ()) if photo.get("note", 0) == n]
        commitments.progress(
            stage.as_(handler), commitment, words=note,
            pictures=[stage.photo(photo["file"]) for photo in photos],
            role=Role(photos[0]["role"]) if photos else Role.PROGRESS,
            alt=photos[0]["alt"] if photos else "",
        )  # fmt: skip
        if "extension" in one and n == 0:
            _extend(stage, commitment, one["extension"], handler)
        yield stage.later(max(1, (one["days"] - 2) // len(notes)), hour=10)
    if "overdue" in one:
        yield from _run_late(stage, commitment, one["overdue"])
        return
    commitments.submit(stage.as_(handler), commitment)
    yield stage.later(1, hour=14)
    if "rework" in one:
        acceptance.send_back(stage.as_("oversight"), commitment, words=zh(one["rework"]))
        yield stage.later(2, hour=10)
        commitments.progress(stage.as_(handler), commitment, words="已按验收意见返工。")
        commitments.submit(stage.as_(handler), commitment)
        yield stage.later(1, hour=14)
    acceptance.accept(stage.as_("oversight"), commitment, words="对照验收标准逐项看过，合格。")


def _extend(stage: Stage, commitment: Commitment, said: Script, handler: str) -> None:
    is_working = calendar.working(stage.session)
    day, left = commitment.due_day, said["working_days"]
    while left:
        day += timedelta(days=1)
        left -= is_working(day)
    delays.ask_extension(stage.as_(handler), commitment, reason=zh(said["reason"]), new_day=day)
    delays.grant_extension(stage.as_("party_lead"), commitment, answer="同意延期一次。")


def _run_late(stage: Stage, commitment: Commitment, said: Script) -> Scene:
    """The date passes; the clockwork flags it; the secretary explains it in public."""
    yield max(stage.later(1), commitment.due_at + timedelta(days=2, hours=10))
    made = delays.explain(stage.as_("party_lead"), commitment, words=zh(said["explanation"]))
    stage.english(made, words=said["explanation"])


def _finish(stage: Stage, matter: Proposal, told: Script) -> Scene:
    yield stage.later(1, hour=11)
    said = told["result"]
    notice = postings.post_result(
        stage.as_("party_lead"), matter,
        words=postings.Words(zh(said["title"]), zh(said["body"]), "社区公告栏"),
        planned=Decimal(said["planned"]), actual=Decimal(said["actual"]),
    )  # fmt: skip
    stage.english(notice, title=said["title"], body=said["body"])
    process.move(stage.as_("party_lead"), matter, "complete")


def rate(stage: Stage, told: Script) -> Iterator[datetime]:
    """Residents rate what was done, over the weeks of the window."""
    matter = matter_of(stage, told)
    said = told["ratings"]
    scores = [score for score, n in enumerate(said["counts"], start=1) for _ in range(n)]
    stage.random.shuffle(scores)
    raters = [key for key in stage.cast if key.startswith(("resident", "neighbour"))]
    stage.random.shuffle(raters)
    comments = iter(said["comments"])
    for start in range(0, len(scores), 12):
        yield stage.later(1, hour=18)
        for n, (key, score) in enumerate(
            zip(raters[start:], scores[start : start + 12], strict=False)
        ):
            words = next(comments, "") if n % 6 == 0 and score > 3 else ""
            ratings.give(stage.as_(key), matter, score=score, words=words)
