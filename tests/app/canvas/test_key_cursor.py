"""The keyboard's cell: arrows move it, Space and Return paint there, and keys mean what they meant elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.canvas import Canvas
from app.canvas.view import View
from app.document.model import DocumentModel
from maps.document import Layout, new_document

KEYS = Qt.Key
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def model(qapp):
    layout = Layout("camps", np.array([[2.0, 2.0]]), np.ones(1))
    return DocumentModel(new_document(30, 40).replace(layouts=(layout,)))


@pytest.fixture
def canvas(model, qtbot):
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_visible_layers(canvas.visible_layers - {"legend"})
    canvas.set_options(replace(canvas.options, size=1.0, hardness=1.0, cost=3.0))
    return canvas


def press(canvas, *keys, held=NONE):
    for key in keys:
        QTest.keyClick(canvas, key, held)


def painted(model):
    return {tuple(cell) for cell in np.argwhere(model.document.cost == 3.0).tolist()}


def test_arrows_move_it_from_the_pointer_and_it_stays_on_the_map(canvas):
    hovered = []
    canvas.cell_hovered.connect(lambda row, col: hovered.append((row, col)))
    x, y = canvas.view.centre(4, 5)
    QTest.mouseMove(canvas, QPoint(round(x), round(y)))
    press(canvas, KEYS.Key_Right)
    assert canvas._cursor.cell == (4, 5), "the first key shows where it is"
    press(canvas, KEYS.Key_Right, KEYS.Key_Down)
    assert canvas._cursor.cell == (5, 6)
    press(canvas, KEYS.Key_Down, held=CTRL)
    assert canvas._cursor.cell == (15, 6)
    press(canvas, KEYS.Key_Left, held=CTRL)
    assert canvas._cursor.cell == (15, 0)
    assert hovered[-1] == (15, 0), "the status bar tells of it"


def test_it_is_seen_comes_into_view_and_goes_when_the_mouse_moves(canvas):
    before = canvas.grab().toImage()
    press(canvas, KEYS.Key_Up)
    assert canvas.grab().toImage() != before
    canvas._set_view(View(40.0, 0.0, 0.0))
    press(canvas, KEYS.Key_Down, KEYS.Key_Down, held=CTRL)
    x, y = canvas.view.centre(*canvas._cursor.cell)
    assert canvas.rect().contains(round(x), round(y))
    QTest.mouseMove(canvas, QPoint(100, 100))
    assert canvas._cursor.cell is None
    press(canvas, KEYS.Key_Down)
    place = QPointF(100, 100)
    no = Qt.MouseButton.NoButton
    still = QMouseEvent(QEvent.Type.MouseMove, place, QPointF(canvas.mapToGlobal(QPoint(100, 100))), no, no, NONE)
    QApplication.sendEvent(canvas, still)
    assert canvas._cursor.cell is not None, "a pointer at rest takes nothing away"


def test_return_paints_one_cell_and_space_held_paints_along(canvas, model):
    press(canvas, KEYS.Key_Up)
    row, col = canvas._cursor.cell
    press(canvas, KEYS.Key_Return)
    assert painted(model) == {(row, col)}
    press(canvas, KEYS.Key_Down)
    QTest.keyPress(canvas, KEYS.Key_Space)
    press(canvas, KEYS.Key_Right, KEYS.Key_Right, KEYS.Key_Down)
    QTest.keyRelease(canvas, KEYS.Key_Space)
    along = {(row + 1, col), (row + 1, col + 1), (row + 1, col + 2), (row + 2, col + 2)}
    assert painted(model) == {(row, col)} | along
    assert [label for label, _ in model.history.entries[1:]] == ["Brush", "Brush"]
    canvas.set_tool("cells")
    QTest.keyPress(canvas, KEYS.Key_Space)
    press(canvas, KEYS.Key_Right, KEYS.Key_Down)
    QTest.keyRelease(canvas, KEYS.Key_Space)
    assert canvas.options.cells.count == 4


def test_escape_takes_a_stroke_of_keys_back(canvas, model):
    press(canvas, KEYS.Key_Up)
    before = model.document
    QTest.keyPress(canvas, KEYS.Key_Space)
    press(canvas, KEYS.Key_Right, KEYS.Key_Escape)
    QTest.keyRelease(canvas, KEYS.Key_Space)
    assert model.document is before
    assert len(model.history.entries) == 1


def test_space_pans_without_a_cursor_and_arrows_nudge_selected_points(canvas, model):
    QTest.keyPress(canvas, KEYS.Key_Space)
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    QTest.keyRelease(canvas, KEYS.Key_Space)
    canvas.set_tool("select")
    canvas.set_options(replace(canvas.options, selection=frozenset({0})))
    press(canvas, KEYS.Key_Down)
    assert model.document.layouts[0].positions.tolist() == [[3.0, 2.0]]
    assert canvas._cursor.cell is None
