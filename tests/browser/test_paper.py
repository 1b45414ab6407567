"""Paper in the browser: slips at the counter; two clerks disagree, see only where, then agree."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser

from council import accounts, paperballots, passwords, slips
from council.accounts import Newcomer
from council.demo.cast import PASSWORD
from council.people import Post
from council.settings import Settings
from council.web.app import create_app
from tests.browser.stage import Stage
from tests.browser.town import serving
from tests.polling import WATCH, Poll
from tests.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

WORKER, ONE, TWO = Post.COMMUNITY_WORKER, Post.RECORDER, Post.FACILITATOR


@pytest.fixture
def poll(world: World) -> Poll:
    """A secret vote of seventeen people, open, in which paper is offered."""
    made = Poll(world, size=17)
    made.opened(paper=True, secret=True)
    for who in (WORKER, ONE, TWO, WATCH):
        newcomer = Newcomer(person_id=world.who[who], constituency=None)
        account = accounts.open_account(
            world.as_(Post.ADMIN), world.community, newcomer, name=who, code=slips.new_code()
        )
        hashed = passwords.accept(PASSWORD, who)
        accounts.set_password(world.as_(who), account, hashed)
    world.commit()
    return made


@pytest.fixture
def stage(browser: Browser, poll: Poll, tmp_path: Path) -> Iterator[Stage]:
    """A browser of 360 pixels before the site of this vote."""
    world = poll.world
    settings = Settings(data_dir=tmp_path / "data", secret_key="for tests only")
    app = create_app(world.database, settings, clock=lambda: world.now)
    with serving(app) as address:
        opened = Stage(browser, SimpleNamespace(address=address))  # type: ignore[arg-type]
        yield opened
        opened.leave()
    assert opened.complaints == []


def test_paper_from_the_counter_to_the_count(stage: Stage, poll: Poll) -> None:
    vote = f"/votes/{poll.vote.id}"
    slips_at_the_counter(stage, poll, vote)
    poll.world.now = poll.vote.closes_at or poll.world.now
    poll.tick()
    poll.world.commit()
    for who, words in ((TWO, "我到场计票"), (WATCH, "我到场监督"), (ONE, "我到场计票")):
        stage.sign_in(who)
        stage.go(vote)
        stage.press(words)
        stage.leave()
    stage.sign_in(ONE)
    stage.go(f"{vote}/count")
    stage.is_sound()
    stage.press("开始清点一捆")
    keys(stage, 12, 5)
    stage.sees("您的一份录好了。")
    stage.leave()
    stage.sign_in(TWO)
    stage.go(f"{vote}/count/1")
    stage.sees("您看不到他的数")
    keys(stage, 11, 6)
    stage.sees("两人录的有 2 处不同。", "合计 · 赞成", "合计 · 反对")
    stage.misses("合计 · 弃权")
    stage.is_sound()
    keys(stage, 12, 5)
    stage.leave()
    stage.sign_in(ONE)
    stage.go(f"{vote}/count/1")
    keys(stage, 12, 5)
    stage.sees("两人数的一样。")
    stage.go(f"{vote}/count")
    stage.press("对账")
    stage.sees("印发 20 张 = 用掉 17 张 + 写坏收回 1 张 + 剩下 2 张")


def slips_at_the_counter(stage: Stage, poll: Poll, vote: str) -> None:
    """The worker prints twenty slips, hands out seventeen, and exchanges a spoiled one."""
    stage.sign_in(WORKER)
    stage.go(vote)
    stage.follow("纸票服务台")
    stage.fill("印多少张", "20")
    stage.press("编号并打印")
    stage.sees("沿线裁开")
    stage.go(f"{vote}/paper")
    stage.fill("名册编号或姓名", "1")
    stage.press("查找")
    stage.press("发一张纸票")
    stage.sees("请交给他一张纸票")
    for number in range(2, 18):
        paperballots.hand(poll.world.as_(WORKER), poll.vote, number=number)
    poll.world.commit()
    stage.go(f"{vote}/paper")
    stage.is_sound()
    stage.fill("写坏的纸票编号", "2")
    stage.press("收回换发")
    stage.sees("请另给他一张")
    stage.leave()


def keys(stage: Stage, favour: int, against: int) -> None:
    """Whoever is on stage enters what they counted."""
    for label, n in (("赞成", favour), ("反对", against), ("弃权", 0), ("废票", 0),
                     ("写坏收回的", 1), ("剩下没发的", 2)):  # fmt: skip
        stage.fill(label, str(n))
    stage.press("录入我数的")
