"""Numbers in cells, rulers and the minimap."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtTest import QTest

from app.canvas.cell_numbers import FROM
from app.canvas.minimap import Minimap
from app.canvas.rulers import APART, TALL, WIDE, step_of
from app.canvas.view import View
from maps.document import new_document
from tests.app.canvas.seen import LEFT, NONE


def inked(canvas, cell, layer):
    """Whether a layer draws anything into a cell."""
    x, y = canvas.view.centre(*cell)
    half = canvas.view.scale / 2.0 - 2.0
    area = QRect(round(x - half), round(y - half), round(2 * half), round(2 * half))
    shown = canvas.visible_layers
    with_it = canvas.grab(area).toImage()
    canvas.set_visible_layers(shown - {layer})
    without = canvas.grab(area).toImage()
    canvas.set_visible_layers(shown)
    return with_it != without


def test_cells_have_their_cost_written_in_once_they_are_large(canvas, model):
    passable = np.ones((12, 16), bool)
    passable[5, 5] = False
    model.adopt(new_document(12, 16).replace(passable=passable), None)
    canvas._set_view(View(FROM, 20.0, 20.0))
    assert inked(canvas, (4, 4), "numbers")
    assert not inked(canvas, (5, 5), "numbers"), "nobody pays for a wall"
    canvas._set_view(View(FROM - 1.0, 20.0, 20.0))
    assert not inked(canvas, (4, 4), "numbers")


@pytest.mark.parametrize("scale", [0.25, 1.0, 7.25, 20.0, 44.0, 128.0])
def test_rulers_have_round_numbers_that_do_not_touch(scale):
    step = step_of(scale)
    assert step * scale >= APART
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert step == 1 or step * scale <= 5.0 * APART


def test_rulers_move_with_the_map(canvas):
    canvas._set_view(View(20.0, 60.0, 40.0))
    edge = QRect(WIDE, 0, 400, TALL)
    before = canvas.grab(edge).toImage()
    canvas._set_view(View(20.0, 60.0, 90.0))
    assert canvas.grab(edge).toImage() == before
    canvas._set_view(View(20.0, 67.0, 40.0))
    assert canvas.grab(edge).toImage() != before


def test_the_minimap_is_there_while_a_part_of_the_map_is_in_view_and_leads_to_any_other(canvas, model):
    assert canvas.minimap.area.isEmpty(), "all is in view"
    before = model.document
    canvas._set_view(View(80.0, -100.0, -50.0))
    area = canvas.minimap.area
    assert canvas.rect().contains(area)
    assert area.width() / area.height() == pytest.approx(16 / 12, rel=0.02)
    corner = area.topLeft() + QPoint(area.width() - 5, area.height() - 5)
    QTest.mousePress(canvas, LEFT, NONE, corner)
    row, col = canvas.cell_at(QPointF(canvas.rect().center()))
    assert (row, col) == (11, 15)
    QTest.mouseMove(canvas, area.center())
    assert canvas.cell_at(QPointF(canvas.rect().center())) in {(5, 7), (5, 8), (6, 7), (6, 8)}
    QTest.mouseRelease(canvas, LEFT, NONE, area.center())
    assert model.document is before, "nothing was painted"
    assert canvas.view.scale == 80.0
    canvas.set_visible_layers(canvas.visible_layers - {"minimap"})
    assert canvas.minimap.area.isEmpty()


def test_what_is_painted_comes_into_the_minimap(qtbot, canvas, model):
    canvas._set_view(View(80.0, -100.0, -50.0))
    area = canvas.minimap.area
    before = canvas.grab(area).toImage()
    cost = model.document.cost.copy()
    cost[:] = 5.0
    asked = []
    update = canvas.update
    canvas.update = lambda *rect: (asked.extend(rect), update(*rect))
    model.edit("Paint", model.document.replace(cost=cost))
    qtbot.waitUntil(lambda: area in asked, timeout=2000)
    assert canvas.grab(area).toImage() != before


def test_a_wide_map_has_a_wide_minimap_in_its_corner():
    window = QRect(0, 0, 600, 400)
    area = Minimap((100, 400), window, View(8.0)).area
    assert (area.width(), area.height()) == (160, 40)
    assert area.right() < 600
    assert area.bottom() < 400
    assert Minimap((100, 400), window, View(1.0)).area.isEmpty()
