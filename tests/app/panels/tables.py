"""Clicks and keys on a table in a panel."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QTableWidget

from maps.document import Layout, Route

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key
ROUTES = (
    Route("north", (1, 1), (1, 14), colour="#e69f00"),
    Route("south", (14, 1), (14, 14), weight=2.0, colour="#56b4e9", expected_cost=13.0),
)
LAYOUTS = (
    Layout("spawns", np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.5])),
    Layout("loot", np.array([[10.0, 12.0]]), np.array([1.0]), "#d55e00"),
)


def click(panel, row, column):
    item = panel.table.item(row, column)
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=panel.table.visualItemRect(item).center())


def double_click(panel, row, column):
    at = panel.table.visualItemRect(panel.table.item(row, column)).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=at)
    QTest.mouseDClick(panel.table.viewport(), LEFT, pos=at)


def type_into(panel, row, column, text):
    double_click(panel, row, column)
    editor = panel.table.cellWidget(row, column)
    assert isinstance(editor, QLineEdit), "a double click opens an editor"
    editor.selectAll()
    QTest.keyClicks(editor, text) if text else QTest.keyClick(editor, KEY.Key_Delete)
    finish(panel, editor)


def finish(panel, editor):
    QTest.keyClick(editor, KEY.Key_Return)
    QApplication.processEvents()  # Qt takes the text over after the key
    assert panel.table.state() == QTableWidget.State.NoState


def press(panel, text):
    button = next(
        panel._buttons.itemAt(n).widget()
        for n in range(panel._buttons.count())
        if panel._buttons.itemAt(n).widget() and panel._buttons.itemAt(n).widget().text() == text
    )
    QTest.mouseClick(button, LEFT)


def take(number, of):
    """Take an entry, of so many, of the menu that is open, by keys."""
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert len(menu.actions()) == of
    menu.setActiveAction(menu.actions()[0])
    for _ in range(number):
        QTest.keyClick(menu, KEY.Key_Down)
    QTest.keyClick(menu, KEY.Key_Return)


def texts(panel, column):
    return [panel.table.item(row, column).text() for row in range(panel.table.rowCount())]


def steps(model):
    return model.history.labels[1:]
