"""The context menu of a cell tells what it is and does what its entries say, each edit as one undo step."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.window.main_window import MainWindow
from maps.document import Route, new_document
from maps.terrain_edits import snap_to_terrains
from tests.app.closing import let_it_close
from tests.app.tools.gestures import at, drag

# Without a window manager, Qt cannot grab the keyboard for a menu.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def window(qtbot):
    document = new_document(16, 16).replace(routes=(Route("route", (8, 1), (8, 14)),))
    cost = document.cost.copy()
    cost[2:4, 5:9] = 2.5
    cost[10, 10] = 2.5
    made = MainWindow(snap_to_terrains(document.replace(cost=cost)).document, None)
    qtbot.addWidget(made, before_close_func=let_it_close)
    made.show()
    qtbot.waitExposed(made)
    made.canvas.setFocus()
    return made


def ask(window, cell, reason=QContextMenuEvent.Reason.Mouse):
    """The menu that a right click on a cell brings."""
    place = at(window.canvas, cell)
    event = QContextMenuEvent(reason, place, window.canvas.mapToGlobal(place))
    QApplication.sendEvent(window.canvas, event)
    return window.cell_menu.menu


def choose(menu, text):
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def test_it_tells_what_is_there_and_paints_with_it(window):
    menu = ask(window, (2, 6))
    assert menu.isVisible()
    assert menu.actions()[0].text() == "row 2, col 6 · forest · cost 2.5"
    window.canvas.set_options(replace(window.canvas.options, terrain=None, cost=1.75))
    choose(menu, "Paint with this")
    assert window.model.document.palette[window.canvas.options.painted_terrain].name == "forest"


def test_it_sets_the_ends_of_the_active_route(window):
    choose(ask(window, (4, 4)), "Set the start here")
    choose(ask(window, (5, 12)), "Set the goal here")
    route = window.model.document.routes[0]
    assert (route.start, route.goal) == ((4, 4), (5, 12))
    assert [label for label, _ in window.model.history.entries[1:]] == ["Move start", "Move goal"]


def test_it_selects_what_is_alike_anywhere_and_pastes(window):
    canvas = window.canvas
    choose(ask(window, (2, 6)), "Select same terrain")
    assert np.array_equal(canvas.options.cells.mask, window.model.document.cost == 2.5)
    assert not next(a for a in ask(window, (0, 0)).actions() if a.text() == "Paste here").isEnabled()
    window.cell_menu.menu.close()
    canvas.set_options(replace(canvas.options, cells=None))
    window.tools.choose("cells")
    drag(canvas, (2, 5), (3, 7))
    choose(ask(window, (2, 6)), "Copy cells")
    choose(ask(window, (13, 3)), "Paste here")
    assert (window.model.document.cost[12:14, 2:5] == 2.5).all()
    assert [label for label, _ in window.model.history.entries[1:]] == ["Paste cells"]


def test_a_tool_that_uses_the_right_button_keeps_it_and_the_menu_key_still_asks(window):
    window.tools.choose("wall")
    assert ask(window, (4, 4)) is None
    QTest.mouseMove(window.canvas, at(window.canvas, (4, 4)))
    menu = ask(window, (9, 9), QContextMenuEvent.Reason.Keyboard)
    assert menu.actions()[0].text().startswith("row 4, col 4")
    menu.close()


def test_a_right_press_of_a_tool_that_has_no_use_for_it_begins_nothing(window):
    window.tools.choose("picker")
    before = window.canvas.options
    QTest.mousePress(window.canvas, Qt.MouseButton.RightButton, pos=at(window.canvas, (2, 6)))
    assert not window.canvas._tools.busy
    assert window.canvas.options == before
