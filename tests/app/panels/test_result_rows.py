"""Rows of the list of results: long headlines in few lines."""

from PySide6.QtGui import QFontMetrics

from app.panels.result_rows import wrapped

WORDS = "Path 37.1 → 91.4 · 2.5 × longer, 94 % of your map kept · within 6.7 % of the best that keeps as much"


def test_a_headline_that_fits_is_whole(qapp):
    font = qapp.font()
    lines = wrapped(WORDS, font, QFontMetrics(font).horizontalAdvance(WORDS) // 2, 3)
    assert " ".join(lines) == WORDS
    assert len(lines) == 2


def test_what_has_no_room_becomes_an_ellipsis(qapp):
    font = qapp.font()
    width = QFontMetrics(font).horizontalAdvance(WORDS) // 5
    lines = wrapped(WORDS, font, width, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert " ".join(lines)[:-1] == WORDS[: len(" ".join(lines)) - 1]
    assert all(QFontMetrics(font).horizontalAdvance(line) <= width for line in lines)
