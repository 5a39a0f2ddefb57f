"""The canvas: what is seen where, zooming and panning, and only what changed drawn anew."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest

from app.canvas import LAYERS, Canvas
from app.colouring import WALL, WALL_EDGE, cost_pixels
from app.document_model import DocumentModel
from app.map_image import OPEN, MapImage, changed_cells, glow_image
from app.marks import legend_area
from app.view import View, fitted
from maps.document import MapDocument, Route, new_document

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier


def random_document(height=12, width=16, seed=0):
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0.3, 4.5, (height, width)).astype(np.float32)
    return MapDocument(cost, rng.random((height, width)) > 0.2, rng.random((height, width)) > 0.9)


@pytest.fixture
def model(qapp):
    return DocumentModel(random_document())


@pytest.fixture
def canvas(model, qtbot):
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def colour_at(canvas, cell):
    x, y = canvas.view.centre(*cell)
    return canvas.grab().toImage().pixelColor(round(x), round(y)).getRgb()[:3]


def pixels_of(image):
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., [2, 1, 0]].copy()


def turn_wheel(canvas, at, turn):
    event = QWheelEvent(
        QPointF(at), canvas.mapToGlobal(QPointF(at)), QPoint(), QPoint(0, turn),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    canvas.wheelEvent(event)


# The map's pixels


def test_pixels_are_the_colours_of_the_costs(qapp):
    document = random_document()
    image = MapImage(document)
    expected = cost_pixels(document.cost, document.passable, *image.scale).astype(int)
    assert abs(pixels_of(image.image).astype(int) - expected).max() <= 2  # one shade off by rounding


def test_after_many_edits_the_pixels_are_those_of_a_new_image(qapp):
    rng = np.random.default_rng(3)
    document = random_document()
    image = MapImage(document)
    for _ in range(60):
        row, col = int(rng.integers(0, 10)), int(rng.integers(0, 14))
        layer = str(rng.choice(["cost", "passable", "locked"]))
        values = getattr(document, layer).copy()
        values[row : row + 3, col : col + 3] = rng.uniform(0.1, 9.0) if layer == "cost" else rng.random() > 0.5
        document = document.replace(**{layer: values})
        image.show_document(document)
        fresh = MapImage(document)
        assert image.scale == fresh.scale
        np.testing.assert_array_equal(pixels_of(image.image), pixels_of(fresh.image))


def test_changed_cells_is_the_smallest_rectangle(qapp):
    old = new_document(9, 9)
    cost, locked = old.cost.copy(), old.locked.copy()
    cost[2, 3], locked[6, 5] = 2.0, True
    assert changed_cells(old, old.replace(cost=cost)) == (2, 3, 3, 4)
    assert changed_cells(old, old.replace(cost=cost, locked=locked)) == (2, 3, 7, 6)
    assert changed_cells(old, old.replace(cost=old.cost.copy())) is None


def test_an_edit_redraws_only_its_rectangle(qapp):
    document = random_document()
    image = MapImage(document)
    cost = document.cost.copy()
    cost[4, 5:8] = 2.0
    assert image.show_document(document.replace(cost=cost)) == (4, 5, 5, 8)
    cost = cost.copy()
    cost[0, 0] = 50.0  # stretches the scale: everything has another colour
    assert image.show_document(document.replace(cost=cost)) == (0, 0, 12, 16)
    assert image.scale[1] == 50.0


def test_paint_during_a_run_shows_over_the_run(qapp):
    document = random_document()
    image = MapImage(document)
    run = np.full(document.shape, 2.0)
    image.show_costs(run)
    cost = document.cost.copy()
    cost[4, 4] = 1.25
    image.show_document(document.replace(cost=cost))
    assert image.costs[4, 4] == 1.25 and image.costs[4, 5] == 2.0 and run[4, 4] == 2.0
    image.show_costs(None)
    np.testing.assert_array_equal(image.costs, cost)


def test_glow_is_transparent_where_nobody_walks_and_warm_elsewhere(qapp):
    load = np.array([[0.0, 0.1, 1.0]])
    image = glow_image(load)
    nobody, some, many = (image.pixelColor(col, 0) for col in range(3))
    assert nobody.alpha() == 0
    assert 0 < some.alpha() < many.alpha() and some.red() > some.blue() and many.red() >= many.blue()
    assert glow_image(np.zeros((2, 2))).pixelColor(1, 1).alpha() == 0


# What is seen


def test_cells_are_seen_in_their_colours_at_every_zoom(model, canvas):
    canvas.set_visible_layers({"cost", "walls"})
    for zoom in (1.0, 1.7, 1.9):
        canvas.zoom(zoom)
        pixels = pixels_of(canvas._scene.map.image)
        image = canvas.grab().toImage()
        for row in range(12):
            for col in range(16):
                x, y = (round(at) for at in canvas.view.centre(row, col))
                if canvas.rect().contains(x, y):
                    assert image.pixelColor(x, y).getRgb()[:3] == tuple(pixels[row, col]), (zoom, row, col)


def test_cells_are_where_cell_at_says_at_large_zoom_far_from_the_corner(qapp, qtbot):
    cost = np.ones((600, 600), np.float32)
    cost[::2, 1::2] = cost[1::2, ::2] = 5.0
    canvas = Canvas(DocumentModel(new_document(600, 600).replace(cost=cost)))
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.set_visible_layers({"cost"})
    canvas.zoom(37.3 / canvas.view.scale)
    at = canvas.view.centre(590, 595)
    canvas._set_view(canvas.view.moved(250 - at[0], 200 - at[1]))
    image = canvas.grab().toImage()
    dark = image.pixelColor(250, 200)
    wrong = 0
    for x in range(0, 480, 3):
        row, col = canvas.cell_at(QPointF(x + 0.5, 200.5))
        if 0 <= col < 600:
            wrong += (image.pixelColor(x, 200) == dark) != (cost[row, col] == cost[590, 595])
    assert wrong == 0


def test_what_is_asked_to_be_drawn_anew_is_all_that_changed(model, canvas, monkeypatch):
    routes = (Route("a", (1, 1), (9, 14)),)
    model.adopt(model.document.replace(routes=routes), None)
    canvas.show_paths([np.array([(1, 1), (5, 5), (9, 14)])])
    canvas.zoom(1.37)
    asked = []
    monkeypatch.setattr(canvas, "update", lambda rect=None: asked.append(rect or canvas.rect()))

    def draw(image, area):
        with QPainter(image) as painter:
            painter.setClipRect(area)
            canvas._scene.paint(painter, area, canvas._look())

    screen = QImage(canvas.size(), QImage.Format.Format_RGB32)
    draw(screen, canvas.rect())
    rng = np.random.default_rng(5)
    for step in range(40):
        document, (row, col) = model.document, rng.integers(0, 10, 2)
        layer = ("cost", "passable", "locked", "routes", "hover", "size")[step % 6]
        if layer == "routes":
            model.preview(document.replace(routes=(Route("a", (int(row), int(col)), (9, 4 + step // 6)),)))
        elif layer == "hover":
            canvas._hover((step // 6, int(col)))
        elif layer == "size":
            canvas.set_options(replace(canvas.options, size=1.0 + step))
        else:
            values = getattr(document, layer).copy()
            here = values[row : row + 2, col : col + 3]
            here[...] = rng.uniform(0.2, 5.0) if layer == "cost" else ~here
            model.preview(document.replace(**{layer: values}))
        assert asked and canvas.rect() not in asked, layer
        for area in asked:
            draw(screen, area.intersected(canvas.rect()))
        asked.clear()
        whole = QImage(canvas.size(), QImage.Format.Format_RGB32)
        draw(whole, canvas.rect())
        assert screen == whole, layer


def test_walls_have_a_lighter_edge_towards_open_cells(canvas, model):
    passable = np.ones((12, 16), bool)
    passable[3:6, 3:6] = False
    model.adopt(new_document(12, 16).replace(passable=passable), None)
    canvas.set_visible_layers({"cost", "walls"})
    image = canvas.grab().toImage()
    view = canvas.view
    left, middle = round(view.left + 3 * view.scale), round(view.top + 4.5 * view.scale)
    assert image.pixelColor(left, middle).getRgb()[:3] == tuple(WALL_EDGE)
    assert image.pixelColor(left + 2, middle).getRgb()[:3] == tuple(WALL)
    inner = round(view.left + 4 * view.scale)  # between two walls there is no edge
    assert image.pixelColor(inner, middle).getRgb()[:3] == tuple(WALL)


def test_locked_cells_are_hatched_and_the_others_are_not(canvas, model):
    locked = np.zeros((12, 16), bool)
    locked[2, 2] = True
    model.adopt(new_document(12, 16).replace(locked=locked), None)
    canvas.set_visible_layers({"cost", "locked"})
    image, view = canvas.grab().toImage(), canvas.view

    def colours(row, col):
        xs = range(round(view.left + col * view.scale) + 1, round(view.left + (col + 1) * view.scale) - 1)
        ys = range(round(view.top + row * view.scale) + 1, round(view.top + (row + 1) * view.scale) - 1)
        return {image.pixel(x, y) for x in xs for y in ys}

    assert len(colours(2, 2)) == 3 and len(colours(2, 3)) == 1
    canvas.set_visible_layers({"cost"})
    image = canvas.grab().toImage()
    assert len(colours(2, 2)) == 1


def test_layers_can_be_switched(canvas, model):
    row, col = np.argwhere(model.document.passable)[0]
    canvas.set_visible_layers({"walls"})
    assert colour_at(canvas, (row, col)) == QColor(OPEN).getRgb()[:3]
    with pytest.raises(ValueError, match="'clouds'"):
        canvas.set_visible_layers({"clouds"})
    assert canvas.visible_layers == {"walls"}


def test_each_layer_changes_the_picture(canvas, model):
    model.adopt(model.document.replace(routes=(Route("a", (1, 1), (9, 14)),)), None)
    canvas.show_paths([np.array([(1, 1), (5, 5), (9, 14)])])
    canvas.show_flow(np.eye(12, 16))
    whole = canvas.grab().toImage()
    for layer in LAYERS:
        canvas.set_visible_layers(set(LAYERS) - {layer})
        assert canvas.grab().toImage() != whole, layer
    canvas.set_visible_layers(LAYERS)
    assert canvas.grab().toImage() == whole


def test_a_path_runs_through_the_centres_of_its_cells(canvas):
    canvas.set_visible_layers({"cost", "path"})
    canvas.show_paths([np.array([(2, 2), (2, 9)])])
    assert colour_at(canvas, (2, 5)) == (250, 250, 252)
    canvas.show_paths([])
    assert colour_at(canvas, (2, 5)) != (250, 250, 252)


def test_late_frames_of_another_size_are_passed_over(canvas, model):
    before = canvas.grab().toImage()
    canvas.show_cost_map(np.ones((3, 3)))
    canvas.show_flow(np.ones((3, 3)))
    assert canvas.grab().toImage() == before


def test_a_map_of_another_size_is_shown_whole(canvas, model):
    model.adopt(new_document(100, 30), None)
    assert canvas.view == fitted((100, 30), 640, 480)
    canvas.grab()


def test_an_error_while_painting_stays_inside(canvas, caplog, monkeypatch):
    def broken(*_):
        raise RuntimeError("torn")

    monkeypatch.setattr(canvas._scene, "paint", broken)
    canvas.grab()
    assert "could not be drawn" in caplog.text


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
    assert view.left >= 0 and view.top >= 0
    assert view.left + 16 * view.scale <= 640
    assert view.top + 12 * view.scale <= legend_area(480).top()


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
    before, area = model.document, legend_area(480)
    lo, hi = canvas._scene.map.scale
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(area.right() - 2, area.center().y()))
    assert canvas.options.cost == pytest.approx(hi, rel=0.01)
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(area.left() + 2, area.center().y()))
    assert canvas.options.cost == pytest.approx(lo, rel=0.01)
    assert model.document is before
