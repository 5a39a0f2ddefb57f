"""Cells are selected by mouse and key, painting keeps to them, and their actions are one undo step each."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.cell_marks import outline
from maps.cell_selection import CellSelection
from tests.app.tools.gestures import SHIFT, at, choose, click, drag, key, steps

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
FOREST = 3


def chosen(canvas):
    cells = canvas.options.cells
    return set() if cells is None else {tuple(cell) for cell in np.argwhere(cells.mask).tolist()}


def block(r0, c0, r1, c1):
    return {(row, col) for row in range(r0, r1) for col in range(c0, c1)}


@pytest.fixture
def selecting(canvas):
    choose(canvas, "cells", select_by="rectangle")
    return canvas


def test_a_rectangle_selects_and_shift_adds_and_alt_takes_away(selecting, model):
    canvas = selecting
    drag(canvas, (4, 6), (2, 3))
    assert chosen(canvas) == block(2, 3, 5, 7)
    drag(canvas, (6, 0), (7, 1), held=SHIFT)
    assert chosen(canvas) == block(2, 3, 5, 7) | block(6, 0, 8, 2)
    drag(canvas, (3, 4), (3, 9), held=ALT)
    assert chosen(canvas) == (block(2, 3, 5, 7) | block(6, 0, 8, 2)) - block(3, 4, 4, 10)
    drag(canvas, (0, 0), (3, 3), held=SHIFT | ALT)
    assert chosen(canvas) == {(2, 3), (3, 3)}
    click(canvas, (9, 9))
    assert chosen(canvas) == set()
    assert steps(model) == 0


def test_a_lasso_and_the_wand_select(selecting, model):
    canvas = selecting
    canvas.set_options(replace(canvas.options, select_by="lasso"))
    drag(canvas, (1, 1), (1, 5), (5, 5), (5, 1))
    assert {(2, 2), (4, 4)} <= chosen(canvas) <= block(1, 1, 6, 6)
    canvas.set_options(replace(canvas.options, select_by="terrain"))
    click(canvas, (0, 0))
    assert chosen(canvas) == block(0, 0, 12, 9), "up to the wall"
    canvas.set_options(replace(canvas.options, connected=False))
    click(canvas, (0, 0))
    assert chosen(canvas) == block(0, 0, 12, 9) | block(0, 10, 12, 16)
    key(canvas, Qt.Key.Key_Escape)
    assert chosen(canvas) == set()


def test_escape_breaks_a_selection_off_and_keeps_the_one_before(selecting):
    canvas = selecting
    drag(canvas, (2, 2), (3, 3))
    before = canvas.options.cells
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, (5, 5)))
    QTest.mouseMove(canvas, at(canvas, (8, 8)))
    key(canvas, Qt.Key.Key_Escape)
    assert canvas.options.cells is before
    assert canvas._tools.sketch.outline == ()


@pytest.mark.parametrize(
    ("tool", "layer"),
    [("brush", "cost"), ("line", "cost"), ("rectangle", "cost"), ("fill", "cost"), ("wall", "passable"),
     ("lock", "locked"), ("eraser", "cost")],
)  # fmt: skip
@pytest.mark.parametrize("terrain", [None, FOREST])
def test_every_tool_that_paints_keeps_to_the_selection(selecting, model, tool, layer, terrain):
    canvas = selecting
    if tool == "eraser":
        cost = np.full(model.document.shape, 2.0, np.float32)
        model.adopt(model.document.replace(cost=cost), None)
    drag(canvas, (3, 2), (5, 6))
    choose(canvas, tool, size=7.0, hardness=0.2, cost=3.5, terrain=terrain)
    before = model.document
    drag(canvas, *([(4, 4)] if tool == "fill" else [(1, 1), (8, 8)]))
    changed = {tuple(cell) for cell in np.argwhere(getattr(model.document, layer) != getattr(before, layer))}
    assert changed
    assert changed <= block(3, 2, 6, 7)
    if tool in ("rectangle", "fill"):
        assert changed == block(3, 2, 6, 7)
    assert steps(model) == 1


def test_a_soft_brush_does_not_harden_where_its_middle_is_not_selected(selecting, model):
    drag(selecting, (4, 6), (4, 7))
    choose(selecting, "brush", size=5.0, hardness=0.0, terrain=FOREST)
    click(selecting, (4, 4))
    assert (model.document.terrain != FOREST).all(), "the rim alone is not painted"


def test_keys_grow_shrink_invert_fill_and_clear(selecting, model):
    canvas = selecting
    drag(canvas, (3, 3), (4, 4))
    key(canvas, Qt.Key.Key_Up, CTRL | SHIFT)
    assert chosen(canvas) == block(2, 3, 6, 5) | block(3, 2, 5, 6)
    key(canvas, Qt.Key.Key_Down, CTRL | SHIFT)
    assert chosen(canvas) == block(3, 3, 5, 5)
    canvas.set_options(canvas.options.with_terrain(FOREST, model.document.palette[FOREST]))
    key(canvas, Qt.Key.Key_F, SHIFT)
    assert {tuple(cell) for cell in np.argwhere(model.document.terrain == FOREST)} == block(3, 3, 5, 5)
    key(canvas, Qt.Key.Key_I, CTRL)
    assert chosen(canvas) == block(0, 0, 12, 16) - block(3, 3, 5, 5)
    key(canvas, Qt.Key.Key_A, CTRL)
    assert chosen(canvas) == block(0, 0, 12, 16)
    key(canvas, Qt.Key.Key_Delete)
    assert model.document.passable.all()
    assert [label for label, _ in model.history.entries[1:]] == ["Fill selection", "Clear selection"]
    key(canvas, Qt.Key.Key_A, CTRL | SHIFT)
    assert chosen(canvas) == set()
    told = []
    canvas.problem.connect(told.append)
    key(canvas, Qt.Key.Key_Delete)
    assert told == ["No cells are selected; select some with M first"]


def test_point_tools_keep_their_keys(canvas, model):
    choose(canvas, "select", layout=0)
    key(canvas, Qt.Key.Key_A, CTRL)
    assert canvas.options.cells is None
    assert len(canvas.options.selection) == 3


def test_a_map_of_another_size_has_no_selection(selecting, model):
    key(selecting, Qt.Key.Key_A, CTRL)
    half = model.document
    model.edit(
        "Cut",
        half.replace(cost=half.cost[:, :8], passable=half.passable[:, :8], locked=half.locked[:, :8], layouts=()),
    )
    assert selecting.options.cells is None


def test_the_outline_is_each_side_between_selected_and_not_once():
    mask = np.random.default_rng(0).random((7, 9)) < 0.5
    sides = set()
    for r0, c0, r1, c1 in outline(mask, (0, 0, 7, 9)).tolist():
        for step in range(max(r1 - r0, c1 - c0)):
            side = (r0, c0 + step, "level") if r0 == r1 else (r0 + step, c0, "upright")
            assert side not in sides
            sides.add(side)
    wide = np.pad(mask, 1)
    expected = {(r, c, "level") for r in range(8) for c in range(9) if wide[r, c + 1] != wide[r + 1, c + 1]}
    expected |= {(r, c, "upright") for r in range(7) for c in range(10) if wide[r + 1, c] != wide[r + 1, c + 1]}
    assert sides == expected


def test_the_outline_is_seen(selecting, model):
    before = selecting.grab().toImage()
    drag(selecting, (3, 2), (6, 6))
    after = selecting.grab().toImage()
    x, y = selecting.view.centre(3, 2)
    ratio = after.devicePixelRatio()

    def changed(row, col):
        at = round((x + 32 * (col - 2)) * ratio), round((y + 32 * (row - 3)) * ratio)
        return before.pixelColor(*at) != after.pixelColor(*at)

    assert changed(4, 1.5)
    assert not changed(8, 8)
    assert CellSelection(np.ones((2, 2), bool)).count == 4
