"""The map stays where it is, as large as it is, when bars and docks come or go; a resized window fits it again."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.window.main_window import MainWindow
from maps.document import new_document
from tests.app.closing import let_it_close


@pytest.fixture
def window(qtbot):
    window = MainWindow(new_document(12, 16), None)
    qtbot.addWidget(window, before_close_func=let_it_close)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    window.canvas.grab()
    return window


def on_screen(window, qtbot):
    """Scale, and where in the window the middle of a cell lies."""
    QApplication.processEvents()
    at = window.canvas.mapTo(window, QPointF(*window.canvas.view.centre(3, 4)))
    return window.canvas.view.scale, at.x(), at.y()


@pytest.mark.parametrize("zoomed", [False, True])
def test_bars_and_docks_move_nothing(window, qtbot, zoomed):
    if zoomed:
        window.canvas.zoom(1.7)
    before, room = on_screen(window, qtbot), window.canvas.size()
    window.options_bar.hide()  # above the map
    assert on_screen(window, qtbot) == before
    window.menus.tool_bar.hide()  # beside it
    assert on_screen(window, qtbot) == before
    dock = next(dock for dock in window.docks._docks.values() if dock.objectName() == "progress")
    for each in window.tabifiedDockWidgets(dock):
        each.hide()
    dock.hide()  # below it
    assert on_screen(window, qtbot) == before
    assert window.canvas.height() > room.height() + 60
    dock.show()
    window.options_bar.show()
    window.menus.tool_bar.show()
    assert on_screen(window, qtbot) == before


def test_a_larger_window_shows_the_whole_map_larger(window, qtbot):
    scale, *_ = on_screen(window, qtbot)
    window.options_bar.hide()
    window.resize(1900, 1300)
    assert on_screen(window, qtbot)[0] > scale
