"""The chosen movement class on the map in view: where it can go is shaded, and what it pays is told."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.window.main_window import MainWindow
from maps.document import new_document
from maps.edits import set_passable, set_terrain
from maps.movement import MovementClass
from maps.raster import rectangle
from maps.terrain import NO_TERRAIN, Terrain
from tests.app.closing import let_it_close

PALETTE = (
    Terrain("grass", 1.0, "#b9cf6a"),
    Terrain("forest", 2.5, "#3f8f5f"),
    Terrain("water", 4.0, "#4b6d8a", passable=False),
)
GRASS, FOREST, WATER = range(3)
CART = MovementClass("Cart", (1.5, math.inf, math.inf), 3.0)
BOAT = MovementClass("Boat", (math.inf, math.inf, 0.5))


def drawn():
    """12 × 16 cells: forest on the left, water on the right, a wall in the grass between them."""
    document = new_document(12, 16, palette=PALETTE)
    for number, left, right in ((FOREST, 0, 3), (WATER, 11, 15)):
        cells = rectangle(document.shape, (0, left), (11, right))
        document = set_terrain(document, cells, PALETTE[number]).document
    document = set_passable(document, rectangle(document.shape, (4, 7), (4, 7)), False).document
    return document.replace(classes=(CART, BOAT))


@pytest.fixture
def window(qtbot):
    window = MainWindow(drawn(), None)
    qtbot.addWidget(window, before_close_func=let_it_close)
    window.show()
    qtbot.waitExposed(window)
    return window


def shade(window):
    """(H, W): 1 where the map is as ever, 0 where shaded, 2 where lit; empty where there is nothing."""
    image = window.canvas._scene.reach
    if image is None:
        return []
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(window.canvas.document.shape)
    return np.where(pixels == 0, 1, np.where((pixels & 0xFF) < 0x40, 0, 2)).tolist()


def expected(document, kind):
    """The same from the document, cell by cell."""
    found = np.zeros(document.shape, int)
    for row, col in np.ndindex(document.shape):
        top, left = row - (kind.size - 1) // 2, col - (kind.size - 1) // 2
        around = [(top + r, left + c) for r, c in np.ndindex(kind.size, kind.size)]
        if all(document.contains(cell) and lets_in(document, kind, cell) for cell in around):
            found[row, col] = 1 if document.passable[row, col] else 2
    return found.tolist()


def lets_in(document, kind, cell):
    number = document.terrain[cell]
    wall = number != WATER and not document.passable[cell]
    return not wall and math.isfinite(kind.factor if number == NO_TERRAIN else kind.costs[number])


def settled(qtbot, window):
    qtbot.waitUntil(lambda: not window.reach.busy)
    return shade(window)


def hover(window, row, col):
    x, y = window.canvas.view.centre(row, col)
    QTest.mouseMove(window.canvas, QPoint(round(x), round(y)))
    return window.status._cell.text()


def test_where_the_chosen_class_can_go_follows_switch_brush_and_choice(qtbot, window):
    panel, canvas = window.panels.classes, window.canvas
    window.docks.bring_to_front(panel)
    assert shade(window) == []
    before = canvas.grab().toImage()
    panel.reach.setFocus()
    QTest.keyClick(panel.reach, Qt.Key.Key_Space)
    assert settled(qtbot, window) == expected(window.model.document, CART)
    assert canvas.grab().toImage() != before
    canvas.set_tool("wall")
    x, y = canvas.view.centre(8, 7)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    walled = window.model.document
    assert not walled.passable[8, 7]
    assert settled(qtbot, window) == expected(walled, CART)
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    assert settled(qtbot, window) == expected(walled, BOAT)
    wide = replace(BOAT, size=4)
    window.model.edit("wide", walled.replace(classes=(CART, wide)))
    assert settled(qtbot, window) == expected(walled, wide)
    window.model.edit("small", new_document(4, 4, palette=PALETTE).replace(classes=(CART, BOAT)))
    assert settled(qtbot, window) == [[0] * 4] * 4
    panel.reach.setFocus()
    QTest.keyClick(panel.reach, Qt.Key.Key_Space)
    assert shade(window) == []
    QTest.keyClick(panel.reach, Qt.Key.Key_Space)
    window.model.edit("none", drawn().replace(classes=()))
    assert settled(qtbot, window) == []
    command = next(entry for entry in window.menus.commands() if entry.text() == "&Reach of the class")
    window.menus.refresh()
    assert not command.isEnabled()
    window.model.undo()
    window.menus.refresh()
    assert command.isChecked()
    command.trigger()
    assert (panel.reach.isChecked(), shade(window)) == (False, [])


def test_the_status_bar_tells_what_the_chosen_class_pays_at_the_pointer(window):
    document = window.model.document
    dear = np.array(document.cost)
    dear[8, 8] = 4.0
    window.model.edit("dear", document.replace(cost=dear))
    assert "Cart pays 1.5" in hover(window, 1, 8)
    assert "Cart pays 6" in hover(window, 8, 8)
    assert "Cart cannot go" in hover(window, 1, 1)
    assert "Cart cannot go" in hover(window, 4, 7), "a wall"
    window.panels.classes.table.setCurrentCell(1, 0)
    assert "Boat pays 0.5" in hover(window, 2, 12)
    window.model.edit("wide", window.model.document.replace(classes=(CART, replace(BOAT, size=5))))
    assert "Boat pays 0.5" in hover(window, 3, 13)
    assert "Boat cannot go" in hover(window, 3, 12), "there is no room for it"
    window.model.edit("none", window.model.document.replace(classes=()))
    assert "Boat" not in hover(window, 2, 12)
