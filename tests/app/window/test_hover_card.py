"""The card beside the pointer: off at first, in full words, within the canvas."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.window.main_window import MainWindow
from maps.document import Route, new_document
from tests.app.closing import let_it_close


@pytest.fixture
def window(qtbot):
    document = new_document(12, 16).replace(routes=(Route("mill to market", (6, 1), (6, 14)),))
    window = MainWindow(document, None)
    qtbot.addWidget(window, before_close_func=let_it_close)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: window.view.shown.measured, timeout=20_000)
    return window


def point_at(window, row, col):
    x, y = window.canvas.view.centre(row, col)
    QTest.mouseMove(window.canvas, QPoint(round(x), round(y)))


def test_the_card_tells_of_the_cell_once_it_is_switched_on(window):
    point_at(window, 6, 4)
    assert not window.card.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_H)
    assert window.card.isVisible()
    lines = window.card.text().splitlines()
    assert lines[0] == "row 6, col 4"
    assert "cost 1" in lines
    assert "10 to the goal" in lines
    assert lines[-1] == "on the path of mill to market"
    point_at(window, 2, 4)
    assert "path" not in window.card.text()
    QTest.keyClick(window.canvas, Qt.Key.Key_H)
    assert not window.card.isVisible()


def test_the_card_stays_within_the_canvas_and_clear_of_the_cell(window):
    window.card.toggle()
    for cell in ((0, 0), (0, 15), (11, 0), (11, 15)):
        point_at(window, *cell)
        assert window.canvas.rect().contains(window.card.geometry()), cell
        x, y = window.canvas.view.centre(*cell)
        assert not window.card.geometry().contains(round(x), round(y)), cell
    window.canvas.hover_left.emit()
    assert not window.card.isVisible()
