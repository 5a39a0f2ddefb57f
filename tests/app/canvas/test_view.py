"""Where cells lie on the screen: zooming, panning, hovering and fitting; keys of the brush."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest

from app.canvas.view import View, fitted, fitted_beside
from tests.app.canvas.seen import LEFT, MIDDLE, NONE


def turn_wheel(canvas, at, turn):
    event = QWheelEvent(
        QPointF(at), canvas.mapToGlobal(QPointF(at)), QPoint(), QPoint(0, turn),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    canvas.wheelEvent(event)


# Zoom, pan, hover


@pytest.mark.parametrize("turn", [120, -120, 360, -360, 15])
def test_the_wheel_zooms_about_the_cursor(turn, canvas):
    at = QPoint(401, 203)
    before, scale = canvas.cell_at(QPointF(at)), canvas.view.scale
    x, y = ((at.x() - canvas.view.left) / scale, (at.y() - canvas.view.top) / scale)
    turn_wheel(canvas, at, turn)
    assert canvas.cell_at(QPointF(at)) == before
    assert (canvas.view.scale > scale) == (turn > 0)
    assert (at.x() - canvas.view.left) / canvas.view.scale == pytest.approx(x)
    assert (at.y() - canvas.view.top) / canvas.view.scale == pytest.approx(y)


def test_zoom_has_limits(canvas):
    for _ in range(60):
        turn_wheel(canvas, QPoint(300, 200), 120)
    assert canvas.view.scale == 128.0
    for _ in range(90):
        turn_wheel(canvas, QPoint(300, 200), -120)
    assert canvas.view.scale == 48.0 / 16
    canvas.grab()


def drag(canvas, button, start, *ends):
    QTest.mousePress(canvas, button, NONE, start)
    for end in ends:
        QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, button, NONE, ends[-1])


def test_the_middle_button_drags_the_map(canvas, model):
    before, start = model.document, QPoint(300, 200)
    cell = canvas.cell_at(QPointF(start))
    drag(canvas, MIDDLE, start, QPoint(320, 230), QPoint(377, 154))
    assert canvas.cell_at(QPointF(377, 154)) == cell
    assert model.document is before


def test_space_and_left_button_drag_the_map_and_paint_nothing(canvas, model):
    before, start = model.document, QPoint(300, 200)
    cell = canvas.cell_at(QPointF(start))
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(canvas, LEFT, start, QPoint(320, 230), QPoint(250, 260))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.cell_at(QPointF(250, 260)) == cell
    assert model.document is before
    drag(canvas, LEFT, start, QPoint(320, 230))
    assert model.document is not before


def test_fit_shows_the_whole_map_clear_of_the_legend(canvas):
    canvas.zoom(3.0)
    canvas.fit()
    view = canvas.view
    assert view.left >= 0
    assert view.top >= 0
    assert view.left + 16 * view.scale <= 640
    assert view.top + 12 * view.scale <= canvas._scene.legend(480).area.top()


def test_a_fitted_map_stays_fitted_when_the_window_grows_and_a_zoomed_one_stays_put(canvas):
    canvas.resize(800, 700)
    grown = canvas.view
    canvas.fit()
    assert canvas.view == grown
    canvas.zoom(2.0)
    zoomed = canvas.view
    canvas.resize(640, 480)
    assert canvas.view == zoomed


@pytest.mark.parametrize("view", [View(1.0, 0.0, 0.0), View(7.3, -51.2, 33.9), View(0.4, 12.0, -3.0)])
def test_the_centre_of_a_cell_lies_in_it(view):
    for cell in [(0, 0), (5, 9), (300, 2)]:
        assert view.cell_at(*view.centre(*cell)) == cell


def test_hover_tells_the_cell_and_when_the_pointer_leaves_the_map(canvas, qtbot):
    x, y = canvas.view.centre(4, 7)
    with qtbot.waitSignal(canvas.cell_hovered) as hovered:
        QTest.mouseMove(canvas, QPoint(round(x), round(y)))
    assert hovered.args == [4, 7]
    with qtbot.waitSignal(canvas.hover_left):
        QTest.mouseMove(canvas, QPoint(1, 1))


def test_the_legend_is_a_picker(canvas, model):
    before, area = model.document, canvas._scene.legend(480).area
    lo, hi = canvas._scene.map.scale
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(area.right() - 2, area.center().y()))
    assert canvas.options.cost == pytest.approx(hi, rel=0.01)
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(area.left() + 2, area.center().y()))
    assert canvas.options.cost == pytest.approx(lo, rel=0.01)
    assert model.document is before


# The brush


@pytest.mark.parametrize(("steps", "sizes"), [(1, [2, 3, 4]), (-1, [4, 3, 2, 1, 1])])
def test_the_brush_grows_and_shrinks_by_cells_while_it_is_small(canvas, steps, sizes):
    canvas.set_options(replace(canvas.options, size=sizes[0] - steps))
    for size in sizes:
        QTest.keyClick(canvas, Qt.Key.Key_BracketRight if steps > 0 else Qt.Key.Key_BracketLeft)
        assert canvas.options.size == size


def test_a_large_brush_changes_by_a_tenth_and_comes_back(canvas):
    canvas.set_options(replace(canvas.options, size=100.0))
    canvas.change_size(1)
    assert canvas.options.size == 110.0
    canvas.change_size(-1)
    assert canvas.options.size == 100.0
    canvas.change_size(60)
    assert canvas.options.size == 512.0


def test_x_swaps_the_two_costs(canvas):
    canvas.set_options(replace(canvas.options, cost=4.0, other_cost=0.5, mode="add"))
    QTest.keyClick(canvas, Qt.Key.Key_X)
    assert (canvas.options.cost, canvas.options.other_cost, canvas.options.mode) == (0.5, 4.0, "set")
    canvas.swap_costs()
    assert canvas.options.cost == 4.0


def test_panning_can_be_told_from_outside(canvas, model):
    before, start = model.document, QPoint(300, 200)
    cell = canvas.cell_at(QPointF(start))
    canvas.set_panning(True)
    drag(canvas, LEFT, start, QPoint(320, 230), QPoint(250, 260))
    assert canvas.cell_at(QPointF(250, 260)) == cell
    assert model.document is before
    canvas.set_panning(False)
    drag(canvas, LEFT, start, QPoint(320, 230))
    assert model.document is not before


# Fit


@pytest.mark.parametrize("shape", [(64, 64), (40, 48), (16, 100), (300, 200), (1024, 1024), (7, 5)])
@pytest.mark.parametrize("window", [(900, 560), (1600, 900), (500, 700)])
def test_fit_leaves_little_room_unused(shape, window):
    view = fitted(shape, *window)
    most = min((window[0] - 48) / shape[1], (window[1] - 48) / shape[0], 128.0)
    assert 15 / 16 * most <= view.scale <= most
    if view.scale >= 2.0:
        # Borders of cells fall on whole pixels in short turns.
        turn = next(cells for cells in (1, 2, 4, 8) if (cells * view.scale).is_integer())
        assert turn <= max(1.0, 32.0 / view.scale)


@pytest.mark.parametrize("shape", [(64, 64), (20, 90), (90, 20), (40, 48), (20, 40)])
@pytest.mark.parametrize("window", [(900, 560), (640, 480), (900, 400)])
def test_a_fitted_map_lies_beside_the_legend_or_above_it(shape, window):
    corner = (268, 72)
    view = fitted_beside(shape, window[0], window[1], corner)
    right, bottom = view.left + shape[1] * view.scale, view.top + shape[0] * view.scale
    assert view.left >= corner[0] or bottom <= window[1] - corner[1]
    assert view.left >= 0
    assert view.top >= 0
    assert right <= window[0]
    assert bottom <= window[1]
    # No smaller than it would be above the legend or right of it.
    assert view.scale >= fitted(shape, window[0], window[1] - corner[1]).scale
    assert view.scale >= fitted(shape, window[0] - corner[0], window[1]).scale
