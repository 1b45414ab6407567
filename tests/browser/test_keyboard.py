"""By keyboard alone: every stop is seen, and the way through a form needs no pointer."""

import pytest
from playwright.sync_api import Browser, expect

from council.proposals import Stage as Matter
from tests.browser.stage import Stage
from tests.browser.town import Town

pytestmark = pytest.mark.browser

IS_SEEN = """() => {
  const here = document.activeElement;
  return [here, here.closest("label"), here.nextElementSibling].filter(Boolean).some((one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 1)
      || style.boxShadow !== "none";
  });
}"""
"""Whether one can see where the keyboard is: at the field, its label, or what stands for it."""

WHERE = """() => {
  const here = document.activeElement;
  return [here.id, here.name, here.value, here.textContent.trim()].join("|");
}"""


def tab_to(stage: Stage, words: str, most: int = 60) -> None:
    """Press Tab until this is reached; each stop on the way must be seen."""
    for _ in range(most):
        stage.page.keyboard.press("Tab")
        where = stage.page.evaluate(WHERE)
        assert stage.page.evaluate(IS_SEEN), where
        if words in where:
            return
    pytest.fail(f"{words} is not reached")


def test_the_first_step_of_a_proposal(browser: Browser, busy: Town) -> None:
    stage = Stage(browser, busy)
    stage.sign_in("resident002")
    stage.go("/proposals/new")
    keys = stage.page.keyboard
    for field, words in (
        ("f-title", "三号楼门口积雪没人扫"),
        ("f-situation", "上个月两位老人滑倒。"),
        ("f-request", "请定下谁来扫，几点前扫完。"),
    ):
        tab_to(stage, field)
        keys.type(words)
    tab_to(stage, "outcome_class")
    keys.press("Space")
    keys.press("ArrowDown")
    tab_to(stage, "f-category")
    keys.press("ArrowDown")
    tab_to(stage, "下一步：在哪里")
    with stage.page.expect_navigation():
        keys.press("Enter")
    stage.sees("第 2 步")
    stage.leave()


def test_a_vote(browser: Browser, busy: Town) -> None:
    stage = Stage(browser, busy)
    stage.sign_in("com1")
    stage.go(busy.matter(Matter.VOTING))
    tab_to(stage, "看表决")
    with stage.page.expect_navigation():
        stage.page.keyboard.press("Enter")
    tab_to(stage, "|choice|")
    stage.page.keyboard.press("Space")
    stage.page.keyboard.press("ArrowDown")
    tab_to(stage, "下一步：核对我的选择")
    with stage.page.expect_navigation():
        stage.page.keyboard.press("Enter")
    expect(stage.page.locator(".receipt")).to_contain_text("反对")
    tab_to(stage, "投出这一票")
    with stage.page.expect_navigation():
        stage.page.keyboard.press("Enter")
    stage.sees("您已投票：反对。")
    stage.leave()
