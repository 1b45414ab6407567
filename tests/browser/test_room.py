"""A whole joint meeting, from the door to signed minutes: everybody at once, each in their way.

A facilitator leads it, twelve take part, the recorder writes, a screen hangs on the wall. One of
the twelve reads large type, one has no script, one has no mouse. While the vote is open the server
is killed and comes back.
"""

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select

from council import attendance, doors, meetings, rollcalls
from council.db import Database
from council.demo import stage as demo
from council.demo.cast import PASSWORD
from council.meetings import Meeting, MeetingStage
from council.minutes import Minutes, MinutesStage
from council.rollcalls import Ballot
from council.votes import Vote
from tests.browser import axe, busy_days
from tests.browser.outside import Outside
from tests.browser.town import PHOTOS, Town, moment
from tests.browser.town import settle as settled

pytestmark = pytest.mark.browser

SEATS = (
    "party_member", "party1", "party2", "delegate", "res1", "res2", "res3", "committee", "com1",
    "expert", "unit_member", "unit2",
)  # fmt: skip
ELDER, PLAIN, KEYS = "delegate", "res1", "res2"
"""Large type; without script; by keyboard alone."""
TELLERS = ("community_worker", "oversight")
"""The second one counts without script."""

AGAINST = {"res2", "unit2"}
EVENING = moment(busy_days.TODAY, 19)


class Person:
    """Somebody at the meeting with a browser of their own."""

    def __init__(self, browser: Browser, address: str, key: str, width: int = 360) -> None:
        self.key = key
        self.loud: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=address, locale="zh-CN", java_script_enabled=key not in {PLAIN, TELLERS[1]},
            viewport={"width": width, "height": 740},
        )  # fmt: skip
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.loud.append(str(error)))
        if key != "screen":
            self.page.goto("/sign-in")
            self.page.fill("#f-name", key)
            self.page.fill("#f-password", PASSWORD)
            with self.page.expect_navigation():
                self.page.press("#f-password", "Enter")
        if key == ELDER:
            self.page.goto("/about?size=elder")

    def press(self, words: str | re.Pattern[str]) -> None:
        """Press the button; who has no mouse goes to it with the Tab key."""
        button = self.page.get_by_role("button", name=words, exact=isinstance(words, str)).first
        expect(button).to_be_visible()
        with self.page.expect_navigation():
            if self.key == KEYS:
                self.walk_to(words)
                self.page.keyboard.press("Enter")
            else:
                button.click()

    def walk_to(self, words: str | re.Pattern[str]) -> None:
        """Press Tab until the button has the focus."""
        wanted = re.compile(f"^{re.escape(words)}$") if isinstance(words, str) else words
        for _ in range(80):
            self.page.keyboard.press("Tab")
            here = self.page.locator(":focus")
            if here.count() and wanted.search(here.inner_text().strip()):
                return
        raise AssertionError(f"{self.key} does not reach {words}")

    def choose_side(self, words: str) -> None:
        """Say first where one stands; by keyboard with the arrows."""
        picks = self.page.get_by_role("radio", name=words, exact=True)
        if self.key != KEYS:
            picks.check(force=True)
            return
        picks.focus()
        self.page.keyboard.press("Space")

    def sees(self, *words: str) -> None:
        """The words come by themselves; who has no script asks again, as the page does."""
        for one in words:
            if self.key == PLAIN:
                self.page.reload()
            expect(self.page.get_by_text(one).locator("visible=true").first).to_be_visible(
                timeout=15_000
            )

    def is_sound(self) -> None:
        """Axe is silent, nothing spills over."""
        assert axe.violations(self.page) == {}, (self.key, self.page.url)
        assert axe.spilling(self.page) == [], (self.key, self.page.url)


class Room:
    """Everybody in the room, and the server outside of this process."""

    def __init__(self, browser: Browser, town: Town, server: Outside) -> None:
        self.town, self.server, self.browser = town, server, browser
        self.people: dict[str, Person] = {}
        with town.read() as session:
            found = select(Meeting.id).where(Meeting.stage == MeetingStage.NOTIFIED)
            self.meeting = session.scalars(found).one()

    def enter(self, key: str, view: str, width: int = 360) -> Person:
        one = self.people[key] = Person(self.browser, self.town.address, key, width)
        one.page.goto(f"/meetings/{self.meeting}/{view}")
        return one

    def __getitem__(self, key: str) -> Person:
        return self.people[key]

    def code(self) -> str:
        """The code that hangs in the hall."""
        with self.town.as_("facilitator") as ctx:
            return doors.valid_code(ctx.session, self.meeting, ctx.now)

    def present(self) -> int:
        with self.town.read() as session:
            meeting = session.get_one(Meeting, self.meeting)
            return attendance.count(session, meeting).present_total

    def put(self, how: str) -> int:
        """The chair puts the amendment to the vote in this way; the number of the vote."""
        chair = self["facilitator"]
        chair.page.get_by_label("怎么表决").first.select_option(how)
        chair.press("就修正案表决")
        with self.town.read() as session:
            return session.scalars(select(Vote.id).where(Vote.motion_id.is_not(None))).one()

    def vote(self) -> Vote:
        with self.town.read() as session:
            (item,) = meetings.items(session, self.meeting)
            return session.scalars(
                select(Vote).where(Vote.agenda_item_id == item.id, Vote.motion_id.is_(None))
            ).one()


@pytest.fixture
def notified(sqlite_template: Path, tmp_path: Path) -> Iterator[Town]:
    """A town in which the joint meeting about the lift has been called for this evening."""
    shutil.copyfile(sqlite_template, tmp_path / "council.db")
    database = Database(f"sqlite:///{tmp_path}/council.db")
    made = settled(database, tmp_path, busy_days.FIRST_DAY)
    told = busy_days.few(demo.script("matters")["lift"])

    def called(on: demo.Stage) -> None:
        on.enter(on.at(-60, 12), busy_days.to_the_notice(on, told))

    made.play(called, EVENING)
    yield made
    database.close()


@pytest.fixture
def room(browser: Browser, notified: Town) -> Iterator[Room]:
    server = Outside(notified, free_port())
    server.start()
    made = Room(browser, notified, server)
    yield made
    for one in made.people.values():
        one.context.close()
    server.kill()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def test_a_whole_meeting_with_everybody_at_once(room: Room) -> None:
    everybody_arrives(room)
    the_motion_is_debated(room)
    the_server_is_killed_while_they_vote(room)
    the_result_is_seen_and_minutes_are_signed(room)
    assert [one.loud for one in room.people.values() if one.loud] == []
    assert room.server.stop() < 5
    assert room.town.verified().broken == []


def everybody_arrives(room: Room) -> None:
    chair = room.enter("facilitator", "console", 1280)
    chair.press("开始签到")
    screen = room.enter("screen", "screen", 1280)
    code = room.code()
    for key in SEATS:
        one = room.enter(key, f"door?code={code}")
        one.press("我到了，签到")
        one.page.goto(f"/meetings/{room.meeting}/room")
        one.sees("已签到")
    assert room.present() == len(SEATS)
    screen.sees(f"{len(SEATS)} / 21")
    chair.sees(f"签到 {len(SEATS)} / 21 席")
    chair.press("宣布开会")


def the_motion_is_debated(room: Room) -> None:
    chair, screen = room["facilitator"], room["screen"]
    chair.press(re.compile("^开始第 1 项"))
    for key in ("party1", KEYS, PLAIN, ELDER):
        room[key].sees("举手发言")
    for key, side in (("party1", "赞成"), (KEYS, "反对")):
        room[key].choose_side(side)
        room[key].press("举手发言")
    chair.press("发言")  # what the screen shows
    for _ in range(2):
        chair.press("请下一位发言")
        chair.press("发言结束")
    chair.sees("双方都已发言")
    the_motion_is_amended(room)
    for one in (chair, screen, room[ELDER]):
        one.is_sound()


def the_motion_is_amended(room: Room) -> None:
    """Moved by one, seconded by another, carried by a show of hands; all read the new text."""
    mover = room["party2"]
    mover.page.goto(f"/meetings/{room.meeting}/room")
    mover.page.locator("summary", has_text="提出修正案").click()
    text = mover.page.get_by_label("修正以后的全文", exact=True)
    text.fill(text.input_value().rstrip("。") + "，先公示七天。")
    mover.press("提出修正案")
    room["unit2"].press("我附议")
    hands_are_counted(room)
    room["res3"].sees("先公示七天")


def hands_are_counted(room: Room) -> None:
    """Two tellers with telephones differ, count once more and agree; then the chair closes."""
    chair, vote = room["facilitator"], room.put("hands")
    room["res3"].sees("请您举手")
    one, two = (room.enter(key, f"votes/{vote}/hands") for key in TELLERS)
    one.is_sound()
    counts(one, residents=4)
    counts(two, residents=3)
    for teller in (one, two):
        teller.page.reload()
        teller.sees("两份票数有 2 处不一致", "居民 · 赞成")
        counts(teller, residents=4)
    two.sees("两人数的一样")
    chair.sees("两名计票人数的一致")
    chair.page.get_by_role("link", name="关闭修正案的表决").click()
    chair.press("关闭表决")
    chair.sees("举手表决", "通过")
    chair.page.goto(f"/meetings/{room.meeting}/console")


def counts(teller: Person, residents: int) -> None:
    """Enter what one has counted: everybody is for it, but perhaps one resident."""
    for side, n in (("party", 3), ("community", 2), ("experts", 1), ("units", 2)):
        fill(teller, side, n, 0)
    fill(teller, "residents", residents, 4 - residents)
    teller.press("录入我数的票数")


def fill(teller: Person, side: str, favour: int, against: int) -> None:
    for heap, n in (("for", favour), ("against", against), ("abstain", 0)):
        teller.page.fill(f"#f-{side}_{heap}", str(n))


def the_server_is_killed_while_they_vote(room: Room) -> None:
    chair = room["facilitator"]
    chair.page.get_by_role("link", name="开启表决……").click()
    chair.press("开启表决")
    early, late = SEATS[:6], SEATS[6:]
    for key in early:
        cast(room, key)
    room[late[-1]].sees("表决已经开启")
    room.server.kill()
    room[late[-1]].sees("重新连接中")
    room.server.start()
    for key in (late[-1], "screen"):
        expect(room[key].page.locator("[data-link]")).not_to_contain_text(
            "重新连接中", timeout=20_000
        )
    assert counted(room) == len(early)  # nothing is lost
    for key in late:
        cast(room, key)
    cast(room, early[0])  # once more: the last one counts, and there is one voter
    assert counted(room) == len(SEATS)


def cast(room: Room, key: str) -> None:
    """Vote in the room: a choice, the check, and the ballot is in."""
    one = room[key]
    one.page.goto(f"/meetings/{room.meeting}/room")
    one.press("反对" if key in AGAINST else "赞成")
    one.sees("您投的是")
    one.press("投出这一票")
    one.sees("您已投票")


def counted(room: Room) -> int:
    with room.town.read() as session:
        return rollcalls.turnout(session, room.vote().id).cast


def the_result_is_seen_and_minutes_are_signed(room: Room) -> None:
    chair, screen = room["facilitator"], room["screen"]
    chair.page.goto(f"/meetings/{room.meeting}/console")
    chair.page.get_by_role("link", name="关闭表决……").click()
    chair.sees(f"{len(SEATS)}")
    chair.press("关闭表决")
    screen.sees("通过")
    chair.page.goto(f"/meetings/{room.meeting}/console")
    chair.press("宣布散会")
    recorder = room.enter("recorder", "minutes", 1280)
    recorder.page.goto(f"/meetings/{room.meeting}")
    recorder.page.locator("summary", has_text="上传会议照片").click()
    recorder.page.get_by_label("照片", exact=True).set_input_files(PHOTOS / "meeting.jpg")
    recorder.page.get_by_label("照片里是什么", exact=True).fill("议事厅")
    recorder.press("上传照片")
    recorder.page.goto(f"/meetings/{room.meeting}/minutes")
    recorder.page.get_by_label("赞成的主要意见", exact=True).fill("老人上下楼不便。")
    recorder.press("保存草稿")
    for key in ("party1", "res3", "committee", "expert", "unit_member"):
        room[key].page.goto(f"/meetings/{room.meeting}/minutes")
        room[key].press("签字")
    recorder.page.reload()
    recorder.press("公布纪要")
    recorder.sees("已公布")
    with room.town.read() as session:
        row = session.scalars(select(Minutes).where(Minutes.meeting_id == room.meeting)).one()
        assert row.stage is MinutesStage.PUBLISHED
        found = select(func.count(func.distinct(Ballot.voter_id)))
        assert session.scalar(found.where(Ballot.vote_id == room.vote().id)) == len(SEATS)
