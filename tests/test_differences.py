"""Differences: Chinese by characters, English by words; nothing is lost on either side."""

from hypothesis import given, settings
from hypothesis import strategies as st

from council.differences import Change, Piece, pieces

TEXTS = st.text(alphabet="路灯装一盏三，。 lamp two\n<&12", max_size=40)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_without_what_came_it_is_the_old_text_and_without_what_went_the_new(
    old: str, new: str
) -> None:
    found = pieces(old, new)
    assert "".join(one.text for one in found if one.change is not Change.ADDED) == old
    assert "".join(one.text for one in found if one.change is not Change.GONE) == new
    assert all(one.text for one in found)


def test_chinese_is_compared_by_characters() -> None:
    assert pieces("装一盏路灯，6 月底前装好。", "装三盏路灯，6 月底前装好。") == (
        Piece(Change.SAME, "装"), Piece(Change.GONE, "一"), Piece(Change.ADDED, "三"),
        Piece(Change.SAME, "盏路灯，6 月底前装好。"),
    )  # fmt: skip


def test_english_is_compared_by_words_and_numbers_stay_whole() -> None:
    assert pieces("By 16 June one lamp.", "By 18 June two lamps.") == (
        Piece(Change.SAME, "By "), Piece(Change.GONE, "16"), Piece(Change.ADDED, "18"),
        Piece(Change.SAME, " June "), Piece(Change.GONE, "one lamp"),
        Piece(Change.ADDED, "two lamps"), Piece(Change.SAME, "."),
    )  # fmt: skip


def test_the_same_text_has_no_difference() -> None:
    assert pieces("装一盏灯", "装一盏灯") == (Piece(Change.SAME, "装一盏灯"),)
    assert pieces("", "") == ()
