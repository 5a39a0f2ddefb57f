"""Cells are cut, copied, dragged, flipped and turned, and put down as often as wanted, each in one undo step."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.window.main_window import MainWindow
from maps.document import new_document
from tests.app.closing import let_it_close
from tests.app.tools.gestures import SHIFT, at, choose, click, drag, key, steps

CTRL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
LAYERS = ("cost", "passable", "locked", "terrain")


@pytest.fixture
def drawn(model):
    """Every cell another cost; some locked."""
    rng = np.random.default_rng(0)
    shape = model.document.shape
    cost = rng.uniform(0.5, 4.0, shape).astype(np.float32)
    terrain = rng.integers(0, 6, shape).astype(np.uint8)
    model.adopt(model.document.replace(cost=cost, locked=rng.random(shape) < 0.3, terrain=terrain), None)
    return model.document


def select(canvas, corner, opposite):
    choose(canvas, "cells", select_by="rectangle", cells=None)
    drag(canvas, corner, opposite)


def block_of(document, r0, c0, r1, c1):
    return [getattr(document, layer)[r0:r1, c0:c1] for layer in LAYERS]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_selected_cells_are_dragged_elsewhere_and_escape_takes_it_back(canvas, model, drawn):
    select(canvas, (1, 1), (3, 4))
    drag(canvas, (2, 2), (5, 5), (6, 7))
    assert same(block_of(model.document, 5, 6, 8, 10), block_of(drawn, 1, 1, 4, 5))
    assert (model.document.cost[1:4, 1:5] == 1.0).all(), "what they left is of the base terrain"
    assert canvas.options.cells.box == (5, 6, 8, 10), "they stay selected"
    assert [label for label, _ in model.history.entries[1:]] == ["Move cells"]
    before, cells = model.document, canvas.options.cells
    QTest.mousePress(canvas, LEFT, pos=at(canvas, (6, 7)))
    QTest.mouseMove(canvas, at(canvas, (2, 2)))
    key(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, pos=at(canvas, (2, 2)))
    assert (model.document, canvas.options.cells) == (before, cells)


def test_with_control_a_copy_is_dragged(canvas, model, drawn):
    select(canvas, (1, 1), (3, 4))
    drag(canvas, (2, 2), (6, 7), held=CTRL)
    assert same(block_of(model.document, 1, 1, 4, 5), block_of(drawn, 1, 1, 4, 5))
    assert same(block_of(model.document, 5, 6, 8, 10), block_of(drawn, 1, 1, 4, 5))


@pytest.mark.parametrize(
    ("pressed", "changed"),
    [
        (Qt.Key.Key_H, lambda layer: layer[:, ::-1]),
        (Qt.Key.Key_V, lambda layer: layer[::-1]),
        (Qt.Key.Key_R, lambda layer: np.rot90(layer, -1)),
        (Qt.Key.Key_L, lambda layer: np.rot90(layer, 1)),
    ],
)
def test_keys_flip_and_turn_selected_cells_where_they_are(canvas, model, drawn, pressed, changed):
    select(canvas, (4, 4), (6, 6))
    key(canvas, pressed, SHIFT)
    expected = [changed(layer) for layer in block_of(drawn, 4, 4, 7, 7)]
    assert same(block_of(model.document, 4, 4, 7, 7), expected)
    assert steps(model) == 1
    outside = np.ones(drawn.shape, bool)
    outside[4:7, 4:7] = False
    assert (model.document.cost == drawn.cost)[outside].all()


@pytest.fixture
def window(qtbot, drawn):
    made = MainWindow(drawn, None)
    qtbot.addWidget(made, before_close_func=let_it_close)
    made.show()
    qtbot.waitExposed(made)
    made.canvas.set_visible_layers(made.canvas.visible_layers - {"legend"})
    made.canvas.setFocus()
    return made


def test_a_paste_stays_armed_under_the_pointer_until_escape(window, drawn):
    canvas, model = window.canvas, window.model
    window.tools.choose("cells")
    drag(canvas, (1, 1), (3, 3))
    QTest.keyClick(canvas, Qt.Key.Key_C, CTRL)
    QTest.keyClick(canvas, Qt.Key.Key_V, CTRL)
    assert canvas.tool == "stamp"
    before = canvas.grab().toImage()
    QTest.mouseMove(canvas, at(canvas, (8, 4)))
    assert canvas.grab().toImage() != before, "the piece hangs under the pointer"
    assert model.document is drawn
    for cell in ((8, 4), (8, 12)):
        click(canvas, cell)
        row, col = cell
        assert same(block_of(model.document, row - 1, col - 1, row + 2, col + 2), block_of(drawn, 1, 1, 4, 4))
    QTest.keyClick(canvas, Qt.Key.Key_R, SHIFT)
    click(canvas, (2, 12))
    turned = [np.rot90(layer, -1) for layer in block_of(drawn, 1, 1, 4, 4)]
    assert same(block_of(model.document, 1, 11, 4, 14), turned), "it turns in the hand"
    assert [label for label, _ in model.history.entries[1:]] == ["Stamp"] * 3
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool == "cells"
    assert canvas.options.cells is not None


def test_a_cut_leaves_the_base_terrain_and_a_paste_without_a_copy_says_so(canvas, model, drawn):
    told = []
    canvas.problem.connect(told.append)
    canvas.set_options(replace(canvas.options, piece=None))
    choose(canvas, "cells")
    key(canvas, Qt.Key.Key_V, CTRL)
    assert told == ["There are no cells to paste; select some and copy them first"]
    select(canvas, (1, 1), (2, 2))
    key(canvas, Qt.Key.Key_X, CTRL)
    assert (model.document.cost[1:3, 1:3] == 1.0).all()
    assert np.array_equal(canvas.options.piece.cost, drawn.cost[1:3, 1:3])
    assert new_document(2, 2).shape == canvas.options.piece.shape
