"""The library of stamps in the window: kept under a name, taken in hand, put down, found by the next window."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog

from app.window.main_window import MainWindow
from maps.document import new_document
from tests.app.closing import let_it_close
from tests.app.tools.gestures import at, click, drag


@pytest.fixture
def make(qtbot, tmp_path):
    def made():
        window = MainWindow(new_document(20, 24), None, stamps=tmp_path / "stamps")
        qtbot.addWidget(window, before_close_func=let_it_close)
        window.show()
        qtbot.waitExposed(window)
        window.canvas.setFocus()
        return window

    return made


def command(window, text):
    return next(action for action in window.menus.commands() if action.text() == text)


def test_a_stamp_of_the_library_is_put_down(make):
    window = make()
    command(window, "Stamp: Room").trigger()
    assert window.canvas.tool == "stamp"
    QTest.mouseMove(window.canvas, at(window.canvas, (10, 10)))
    click(window.canvas, (10, 10))
    walls = ~window.model.document.passable
    assert walls[7, 7:10].all()
    assert not walls[7, 10], "a door"
    assert not walls[8:13, 8:13].any()


def test_selected_cells_are_kept_found_by_the_next_window_and_removed(make, monkeypatch):
    window = make()
    keep = command(window, "Keep as a stamp…")
    window.menus.refresh()
    assert not keep.isEnabled()
    window.model.edit("Wall", window.model.document.replace(passable=np.tri(20, 24, k=-6, dtype=bool)))
    window.tools.choose("cells")
    drag(window.canvas, (8, 2), (10, 5))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Corner", True))
    window.menus.refresh()
    keep.trigger()
    assert window.status.currentMessage() == "“Corner” is in the library of stamps now"
    expected = window.model.document.passable[8:11, 2:6]
    other = make()
    command(other, "Stamp: Corner").trigger()
    click(other.canvas, (5, 5))
    piece = other.canvas.options.piece
    row, col = piece.corner_at((5, 5))
    assert np.array_equal(other.model.document.passable[row : row + 3, col : col + 4], expected)
    command(other, "Remove the stamp Corner").trigger()
    assert "Stamp: Corner" not in [action.text() for action in other.menus.commands()]
    assert "Stamp: Corner" not in [action.text() for action in make().menus.commands()]
    QTest.keyClick(other.canvas, Qt.Key.Key_Escape)
    assert other.canvas.tool == "brush"


def test_a_gradient_paints_the_cost_in_hand_whatever_the_brush_did(make):
    window = make()
    window.options_bar.mode.setCurrentIndex(window.options_bar.mode.findData("noise"))
    window.tools.choose("gradient")
    assert window.canvas.options.mode == "set"
    assert window.options_bar.value.value() == window.canvas.options.cost
