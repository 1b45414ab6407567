"""Photographs on their way: made smaller before they travel, and refused without losing a word."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from council.files import StoredFile
from tests.browser.stage import Stage
from tests.browser.town import Town

pytestmark = pytest.mark.browser

WORDS, CHOOSER = "三号楼和四号楼，约六十户", "现场照片"


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A photograph of more than twelve megabytes."""
    path = tmp_path / "IMG_0001.jpg"
    noise = Image.effect_noise((3600, 2700), 90)
    Image.merge("RGB", (noise, noise.rotate(180), noise)).save(path, quality=98)
    assert path.stat().st_size > 12_000_000
    return path


def to_the_photographs(stage: Stage) -> None:
    """As far as the step that asks for photographs, with its words written."""
    stage.sign_in("resident001")
    stage.go("/proposals/new")
    stage.fill("一句话说清这件事", "三号楼门口积雪没人扫")
    stage.fill("现在是什么样", "上个月两位老人滑倒。")
    stage.fill("您希望怎么办", "请定下谁来扫。")
    stage.tick("公共事务：道路、供暖、公厕、照明")
    stage.choose("说的是什么", "照明")
    stage.press("下一步：在哪里")
    stage.fill("用您的话说说地方", "三号楼门口")
    stage.press("下一步：谁会受影响")
    stage.fill("谁会受影响", WORDS)


def test_script_makes_a_huge_photograph_small_enough(stage: Stage, huge: Path) -> None:
    to_the_photographs(stage)
    stage.attach(CHOOSER, huge)
    stage.press("下一步：核对")  # pressed while the picture is still being made smaller
    stage.sees("提交议题", WORDS)
    with stage.town.read() as session:
        [kept] = session.scalars(select(StoredFile)).all()
    assert (kept.width, kept.height) == (2000, 1500)


def test_script_says_what_is_no_photograph_before_anything_is_sent(
    stage: Stage, tmp_path: Path
) -> None:
    letter = tmp_path / "信.pdf"
    letter.write_bytes(b"%PDF")
    to_the_photographs(stage)
    address = stage.page.url
    stage.attach(CHOOSER, letter)
    said = stage.page.locator("#f-photo-s")
    expect(said).to_have_text("“信.pdf”不是照片，请另选一个。")
    stage.page.get_by_role("button", name="下一步：核对").click()
    expect(stage.page.locator("#f-photo")).to_be_focused()
    assert stage.page.url == address
    expect(stage.page.locator("#f-affected")).to_have_value(WORDS)
    stage.page.locator("#f-photo").set_input_files([])
    expect(said).to_be_empty()
    stage.press("下一步：核对")
    stage.sees(WORDS)


def test_without_script_the_words_stay(browser: Browser, town: Town, huge: Path) -> None:
    stage = Stage(browser, town, script=False)
    to_the_photographs(stage)
    stage.attach(CHOOSER, huge)
    stage.press("下一步：核对")
    stage.sees("照片“IMG_0001.jpg”有", "每张最多 10 MB")
    expect(stage.page.locator("#f-affected")).to_have_value(WORDS)
    stage.is_sound()
    stage.leave()
