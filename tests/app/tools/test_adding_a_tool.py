"""Adding a tool takes a function, an entry in the table and a picture; everything else follows from these."""

import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QToolBar

from app.base import icons
from app.panels.palette import COST, NAME
from app.tools import TOOLS, ToolEntry
from app.window.main_window import MainWindow
from maps.document import new_document

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
    '<path fill="currentColor" d="M4 4h12v12H4z"/></svg>'
)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def cross(model, options):
    """Paint the cells of the row and the column in which the press was, as one undo step."""
    event = yield
    row, col = event.cell
    cost = model.document.cost.copy()
    cost[row], cost[:, col] = options.value, options.value
    model.preview(model.document.replace(cost=cost))
    while event.phase != "release":
        event = yield
    model.commit("Cross")
    return None


@pytest.fixture
def window(qtbot, monkeypatch, tmp_path):
    shutil.copytree(icons.ASSETS, tmp_path / "assets")
    (tmp_path / "assets" / "icons" / "cross.svg").write_text(PICTURE, "utf-8")
    monkeypatch.setattr(icons, "ASSETS", tmp_path / "assets")
    monkeypatch.setitem(TOOLS, "cross", ToolEntry("Cross", "Y", "Paint a cross", cross, ("value",)))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Discard)
    made = MainWindow(new_document(16, 16), None)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_an_entry_puts_a_tool_into_the_bar_under_its_key_and_it_paints(qtbot, window):
    action = window.findChild(QToolBar, "tools").actions()[-1]
    assert (action.text(), action.shortcut().toString()) == ("Cross", "Y")
    assert "Paint a cross" in action.toolTip()
    picture = action.icon().pixmap(20).toImage()
    assert picture.pixelColor(10, 10) == window.palette().text().color(), "its own picture"
    assert picture.pixelColor(1, 1).alpha() == 0

    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Y)
    assert window.canvas.tool == "cross"
    assert action.isChecked()
    bar = window.options_bar
    qtbot.waitUntil(lambda: bar.value.isVisible() and not bar.size_box.isVisible(), timeout=2000)
    assert not bar.snap.isVisible()

    bar.value.setValue(3.25)
    before = window.model.document
    x, y = window.canvas.view.centre(4, 9)
    QTest.mousePress(window.canvas, LEFT, NONE, QPoint(round(x), round(y)))
    QTest.mouseRelease(window.canvas, LEFT, NONE, QPoint(round(x), round(y)))
    painted = np.zeros((16, 16), bool)
    painted[4], painted[:, 9] = True, True
    assert np.array_equal(window.model.document.cost == 3.25, painted)
    assert [label for label, _ in window.model.history.entries][1:] == ["Cross"]
    window.model.undo()
    assert window.model.document is before


def test_a_terrain_of_the_palette_stays_with_a_tool_that_paints(qtbot, window):
    window.tools.choose("cross")
    table = window.panels.terrain.table
    row = next(row for row in range(table.rowCount()) if table.item(row, COST).text() not in ("1", "2.5"))
    spot = table.visualItemRect(table.item(row, NAME)).center()
    QTest.mouseClick(table.viewport(), LEFT, NONE, spot)
    assert window.canvas.tool == "cross"
    assert window.canvas.options.cost == float(table.item(row, COST).text())
