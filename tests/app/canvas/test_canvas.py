"""The canvas: what is seen where, zooming and panning, and only what changed drawn anew."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.canvas.colouring import UNREACHED, WALL, WALL_EDGE, change_shades, change_table, cost_pixels, round_up
from app.canvas.layers import LAYERS
from app.canvas.legend import legend_area
from app.canvas.map_image import OPEN, MapImage, changed_cells, glow_image
from app.canvas.map_marks import cut_lines, route_labels
from app.canvas.view import View, fitted, fitted_beside
from app.document.model import DocumentModel
from app.scenarios.frame import Plan
from app.tools import Sketch
from maps.document import Layout, MapDocument, Route, new_document
from maps.edits import set_passable
from maps.raster import rectangle

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
    assert image.costs[4, 4] == 1.25
    assert image.costs[4, 5] == 2.0
    assert run[4, 4] == 2.0
    image.show_costs(None)
    np.testing.assert_array_equal(image.costs, cost)


def test_glow_is_transparent_where_nobody_walks_and_warm_elsewhere(qapp):
    load = np.array([[0.0, 0.1, 1.0]])
    image = glow_image(load)
    nobody, some, many = (image.pixelColor(col, 0) for col in range(3))
    assert nobody.alpha() == 0
    assert 0 < some.alpha() < many.alpha()
    assert some.red() > some.blue()
    assert many.red() >= many.blue()
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


@pytest.mark.slow
def test_what_is_asked_to_be_drawn_anew_is_all_that_changed(model, canvas, monkeypatch):
    routes = (Route("a", (1, 1), (9, 14)),)
    layouts = (Layout("b", np.array([(5.0, 5.0), (6.5, 8.0)]), np.ones(2)),)
    model.adopt(model.document.replace(routes=routes, layouts=layouts), None)
    canvas.show_paths([np.array([(1, 1), (5, 5), (9, 14)])])
    canvas.zoom(1.37)
    canvas.set_tool("select")
    asked = []
    monkeypatch.setattr(canvas, "update", lambda rect=None: asked.append(canvas.rect() if rect is None else rect))

    def draw(image, area):
        with QPainter(image) as painter:
            painter.setClipRect(area)
            canvas._scene.paint(painter, area, canvas._look())

    screen = QImage(canvas.size(), QImage.Format.Format_RGB32)
    draw(screen, canvas.rect())
    rng = np.random.default_rng(5)
    layers = ("cost", "passable", "locked", "routes", "hover", "size", "layouts", "selection", "sketch")
    for step in range(72):
        document, (row, col) = model.document, rng.integers(0, 10, 2)
        layer = layers[step % len(layers)]
        if layer == "routes":
            model.preview(document.replace(routes=(Route("a", (int(row), int(col)), (9, 4 + step // 9)),)))
        elif layer == "hover":
            canvas.set_tool("brush")
            canvas._hover((step // 9, int(col)))
        elif layer == "size":
            canvas.set_options(replace(canvas.options, size=1.0 + step))
        elif layer == "layouts":
            positions = np.array([(row, col), (row + 1.5, 5.0)])
            layout = Layout("b", positions, np.array([1.0, 1.0 + step]))
            model.preview(document.replace(layouts=(layout,)))
        elif layer == "selection":
            canvas.set_tool("select")
            canvas.set_options(replace(canvas.options, selection=frozenset({step // 9 % 3})))
        elif layer == "sketch":
            canvas._tools._show(Sketch(((1, 1), (1, col), (row, col)), frozenset({step // 9 % 2})))
        else:
            values = getattr(document, layer).copy()
            here = values[row : row + 2, col : col + 3]
            here[...] = rng.uniform(0.2, 5.0) if layer == "cost" else ~here
            model.preview(document.replace(**{layer: values}))
        assert asked, layer
        assert canvas.rect() not in asked, layer
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

    assert len(colours(2, 2)) == 3
    assert len(colours(2, 3)) == 1
    canvas.set_visible_layers({"cost"})
    image = canvas.grab().toImage()
    assert len(colours(2, 2)) == 1


def test_layers_can_be_switched(canvas, model):
    row, col = np.argwhere(model.document.passable)[0].tolist()
    canvas.set_visible_layers({"walls"})
    assert QColor(*colour_at(canvas, (row, col))) == QColor(OPEN)
    with pytest.raises(ValueError, match="'clouds'"):
        canvas.set_visible_layers({"clouds"})
    assert canvas.visible_layers == {"walls"}


@pytest.mark.slow
def test_each_layer_changes_the_picture(canvas, model):
    model.adopt(model.document.replace(routes=(Route("a", (1, 1), (9, 14)),)), None)
    canvas.show_paths([np.array([(1, 1), (5, 5), (9, 14)])])
    canvas.show_flow(np.eye(12, 16))
    canvas.show_cost_map(model.document.cost[::-1])
    canvas.show_distance(np.arange(192.0).reshape(12, 16))
    layouts = tuple(Layout(name, np.array([(3.0, col)]), np.ones(1)) for name, col in (("a", 3), ("b", 9)))
    model.edit("Points", model.document.replace(layouts=layouts))
    canvas.show_moving({"a": np.array([(4.0, 3.0)])})
    canvas.show_moving({"a": np.array([(5.0, 6.0)])})
    canvas.show_plan(Plan(np.array([(5.0, 6.0, 3.0, 9.0)]), np.ones(1), np.zeros(1, np.int64)))
    shown = canvas.visible_layers
    assert shown == set(LAYERS) - {"difference", "distance"}
    whole = canvas.grab().toImage()
    for layer in LAYERS:
        canvas.set_visible_layers(shown ^ {layer})
        assert canvas.grab().toImage() != whole, layer
    canvas.set_visible_layers(shown)
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
    assert canvas.view.scale == fitted((100, 30), 640, 480).scale
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
    assert view.left >= 0
    assert view.top >= 0
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


# What a run, a search and a distance show


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


def top(canvas):
    """The strip of the canvas where sentences stand, with nothing of the map in it."""
    canvas._set_view(View(20.0, 150.0, 100.0))
    return canvas.grab(QRect(0, 0, 640, 90)).toImage()


def test_an_empty_map_says_what_to_do_first(canvas, model):
    hinted = top(canvas)
    canvas.set_visible_layers(canvas.visible_layers - {"routes"})
    bare = top(canvas)
    assert hinted != bare
    canvas.set_visible_layers(canvas.visible_layers | {"routes"})
    assert top(canvas) == hinted
    for reason in ("route", "points", "path", "run"):
        model.adopt(random_document(), None)
        canvas.show_cost_map(None)
        assert top(canvas) == hinted, reason
        if reason == "route":
            model.edit("Route", model.document.replace(routes=(Route("a", (6, 1), (9, 14)),)))
        elif reason == "points":
            layout = Layout("a", np.array([(6.0, 3.0)]), np.ones(1))
            model.edit("Points", model.document.replace(layouts=(layout,)))
        elif reason == "path":
            canvas.show_paths([np.array([(6, 1), (6, 2)])])
            assert top(canvas) == bare
            canvas.show_paths([])
            continue
        else:
            canvas.show_cost_map(np.ones((12, 16)))
        assert top(canvas) == bare, reason


def test_the_hint_is_taken_away_from_the_screen(canvas, model, monkeypatch):
    asked = []
    monkeypatch.setattr(canvas, "update", lambda rect=None: asked.append(canvas.rect() if rect is None else rect))
    model.edit("Route", model.document.replace(routes=(Route("a", (6, 1), (9, 14)),)))
    assert canvas.rect() in asked


def walled(model):
    """A room round (6, 6) with walls two cells thick on its right, a pillar outside it, a route into it."""
    passable = np.ones((12, 16), bool)
    passable[3:10, 3:11] = False
    passable[4:9, 4:9] = True
    passable[1, 13] = False
    model.adopt(new_document(12, 16).replace(passable=passable, routes=(Route("a", (1, 1), (6, 6)),)), None)
    reached = passable.copy()
    reached[4:9, 4:9] = False
    return reached, passable


def test_the_cut_is_where_the_search_ended_and_nowhere_else(canvas, model):
    reached, passable = walled(model)
    lines = {(line.x1(), line.y1(), line.x2(), line.y2()) for line in cut_lines(reached, passable)}
    assert lines == {(3, 3, 11, 3), (3, 10, 11, 10), (3, 3, 3, 10), (11, 3, 11, 10)}
    inside = passable & ~reached  # the same cut, from the goal's side, lies round the room
    lines = {(line.x1(), line.y1(), line.x2(), line.y2()) for line in cut_lines(inside, passable)}
    assert lines == {(4, 4, 9, 4), (4, 9, 9, 9), (4, 4, 4, 9), (9, 4, 9, 9)}


def test_an_unreachable_goal_is_marked_with_a_sentence(canvas, model):
    reached, _ = walled(model)
    before, before_top = canvas.grab().toImage(), top(canvas)
    canvas.fit()
    canvas.show_unreachable(reached)
    image = canvas.grab().toImage()
    x, y = (round(place) for place in (canvas.view.left + 3 * canvas.view.scale, canvas.view.centre(6, 3)[1]))
    warm = [image.pixelColor(x + i, y) for i in range(-2, 3)]
    assert any(colour.red() > 200 and colour.blue() < 120 for colour in warm)
    assert top(canvas) != before_top
    canvas.show_unreachable(np.ones((3, 3), bool))  # of a map that has another size by now
    assert top(canvas) != before_top
    canvas.show_unreachable(None)
    assert top(canvas) == before_top
    canvas.fit()
    assert canvas.grab().toImage() == before


def test_an_end_in_a_wall_is_unreachable_without_a_cut(canvas, model):
    _, passable = walled(model)
    assert cut_lines(np.zeros((12, 16), bool), passable) == []
    bare = top(canvas)
    canvas.show_unreachable(np.zeros((12, 16), bool))
    assert top(canvas) != bare


def test_the_difference_is_blue_where_cheaper_orange_where_dearer_grey_where_alike(canvas, model):
    model.adopt(new_document(12, 16, cost=2.0), None)
    costs = np.full((12, 16), 2.0)
    costs[3, 3], costs[3, 8], costs[3, 12] = 1.2, 2.8, 2.2
    canvas.set_visible_layers({"cost", "difference"})
    plain = colour_at(canvas, (3, 3))
    canvas.show_cost_map(costs)
    cheaper, alike, dearer, little = (colour_at(canvas, (3, col)) for col in (3, 5, 8, 12))
    assert cheaper[2] > cheaper[0] + 60
    assert dearer[0] > dearer[2] + 60
    assert max(alike) - min(alike) < 8
    assert alike != plain
    assert alike[0] - alike[2] < little[0] - little[2] < dearer[0] - dearer[2]
    costs[5, 5] = 40.0  # the scale grows with the greatest change
    canvas.show_cost_map(costs)
    assert colour_at(canvas, (3, 8))[2] > dearer[2] + 30
    canvas.show_cost_map(None)  # nothing to compare: the costs
    assert colour_at(canvas, (3, 3)) == plain


def test_paint_over_a_run_is_no_difference(canvas, model):
    canvas.set_visible_layers({"difference"})
    canvas.show_cost_map(model.document.cost * 2.0)
    alike = change_table()[change_shades(np.zeros(1), 1.0)[0]]
    cost, passable = model.document.cost.copy(), model.document.passable.copy()
    cost[5, 5], passable[5, 5] = 3.0, True
    model.preview(model.document.replace(cost=cost, passable=passable))
    assert colour_at(canvas, (5, 5)) == tuple(alike)


def test_distance_darkens_with_the_way_and_leaves_out_what_it_does_not_reach(canvas, model):
    model.adopt(new_document(12, 16), None)
    distance = np.add.outer(np.arange(12.0), np.arange(16.0))
    distance[11, 15] = np.inf
    canvas.set_visible_layers({"cost", "distance"})
    plain = colour_at(canvas, (4, 4))
    canvas.show_distance(distance)
    levels = [sum(colour_at(canvas, (row, row))) for row in range(0, 11, 2)]
    assert levels == sorted(levels, reverse=True)
    assert len(set(levels)) == 6
    assert colour_at(canvas, (5, 2)) == colour_at(canvas, (2, 5))  # the same way off, the same colour
    assert colour_at(canvas, (11, 15)) == tuple(UNREACHED)
    canvas.show_distance(np.ones((3, 3)))  # late
    assert colour_at(canvas, (11, 15)) == tuple(UNREACHED)
    canvas.show_distance(None)
    assert colour_at(canvas, (4, 4)) == plain


def test_each_view_has_a_legend_of_its_own_and_only_costs_are_picked(canvas, model):
    area = legend_area(480)

    def legend():
        return canvas.grab(area).toImage()

    costs = legend()
    canvas.show_cost_map(model.document.cost + 1.0)
    canvas.set_visible_layers(canvas.visible_layers | {"difference"})
    difference, chosen = legend(), canvas.options.cost
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(area.right() - 2, area.center().y()))
    assert canvas.options.cost == chosen
    canvas.show_distance(np.ones((12, 16)))
    canvas.set_visible_layers(canvas.visible_layers | {"distance"})
    assert costs != difference != legend() != costs


def test_scales_are_round_numbers():
    assert [round_up(value) for value in (0.0, 0.03, 0.9, 1.0, 1.1, 2.0, 4.9, 60.0)] == [
        1.0, 0.05, 1.0, 1.0, 2.0, 2.0, 5.0, 100.0,
    ]  # fmt: skip


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


# Fine screens


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0, 3.0])
def test_cells_are_crisp_on_fine_screens(model, canvas, ratio):
    canvas.set_visible_layers({"cost", "walls"})
    canvas._set_view(View(17.3, 31.7, 22.4))
    pixels = pixels_of(canvas._scene.map.image)
    screen = QImage(round(640 * ratio), round(480 * ratio), QImage.Format.Format_RGB32)
    screen.setDevicePixelRatio(ratio)
    look = replace(canvas._look(), pixel_ratio=ratio)
    with QPainter(screen) as painter:
        canvas._scene.paint(painter, canvas.rect(), look)
    shown = pixels_of(screen)
    allowed = {tuple(colour) for colour in pixels.reshape(-1, 3)} | {tuple(WALL_EDGE)}
    for y in range(round(50 * ratio), round(220 * ratio), 3):
        for x in range(round(40 * ratio), round(300 * ratio)):
            cell = canvas.cell_at(QPointF((x + 0.5) / ratio, (y + 0.5) / ratio))
            assert tuple(shown[y, x]) in (tuple(pixels[cell]), tuple(WALL_EDGE)), (x, y)
            assert tuple(shown[y, x]) in allowed


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0])
def test_a_part_drawn_anew_on_a_fine_screen_fits_into_the_rest(model, canvas, ratio):
    locked = model.document.locked.copy()
    locked[:6] = True
    model.adopt(model.document.replace(locked=locked), None)
    canvas.set_visible_layers({"cost", "walls", "locked"})
    canvas._set_view(View(17.3, 31.7, 22.4))
    look = replace(canvas._look(), pixel_ratio=ratio)

    def draw(area):
        screen = QImage(round(640 * ratio), round(480 * ratio), QImage.Format.Format_RGB32)
        screen.setDevicePixelRatio(ratio)
        with QPainter(screen) as painter:
            painter.setClipRect(area)
            canvas._scene.paint(painter, area, look)
        return pixels_of(screen)

    part = np.s_[round(90 * ratio) + 2 : round(150 * ratio) - 2, round(77 * ratio) + 2 : round(170 * ratio) - 2]
    np.testing.assert_array_equal(draw(QRect(77, 90, 93, 60))[part], draw(canvas.rect())[part])


@pytest.mark.slow
def test_a_traced_line_and_an_agents_walk_are_drawn(qtbot):
    document = new_document(12, 12)
    traced = document.replace(routes=(Route("r", (2, 1), (2, 10), line=tuple((2, col) for col in range(1, 11))),))
    model = DocumentModel(document)
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.show()

    def colours():
        image = canvas.grab().toImage()
        return {image.pixelColor(x, y).name() for x in range(0, 400, 2) for y in range(0, 400, 2)}

    assert "#ff8ad8" not in colours()
    canvas.show_walks([np.array([[6, 1], [6, 10]])])
    assert "#ff8ad8" in colours()
    canvas.show_walks([])
    assert "#ff8ad8" not in colours()
    model.edit("trace", traced)
    row = [canvas.grab().toImage().pixelColor(x, round(canvas.view.centre(2, 5)[1])).name() for x in range(400)]
    assert row.count("#e69f00") > 40, "dashes in the route's colour"


def test_what_a_run_says_of_walls_does_not_widen_the_colour_scale():
    document = set_passable(new_document(8, 8), rectangle((8, 8), (0, 3), (7, 3)), False).document
    image = MapImage(document)
    scale = image.scale
    costs = np.ones((8, 8))
    costs[~document.passable] = 0.0
    image.show_costs(costs)
    assert image.scale == scale


def test_numbers_of_routes_that_share_an_end_stand_together():
    routes = [Route(f"r{n}", start, (0, 9)) for n, start in enumerate(((0, 0), (5, 0), (0, 0)))]
    near, far = View(32.0, 0.0, 0.0), View(4.0, 0.0, 0.0)
    assert route_labels(near, routes) == [("1·3", "1·2·3"), ("2", ""), ("", "")]
    assert route_labels(near, routes[:1]) == [("", "")]
    beside = [replace(route, goal=(0, 9 + n)) for n, route in enumerate(routes)]
    assert [goal for _, goal in route_labels(near, beside)] == ["1", "2", "3"]
    assert [goal for _, goal in route_labels(far, beside)] == ["1·2·3", "", ""], "they would overlap"
