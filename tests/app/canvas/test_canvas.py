"""The canvas: what is seen where, and only what changed drawn anew."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from app.canvas.canvas import Canvas
from app.canvas.colouring import WALL, WALL_EDGE
from app.canvas.contours import contours_of
from app.canvas.layers import LAYERS
from app.canvas.map_image import OPEN
from app.canvas.streaks import CORNERS
from app.canvas.view import View, fitted
from app.document.model import DocumentModel
from app.scenarios.frame import Plan
from app.tools import Sketch
from maps.document import Layout, Route, new_document
from maps.terrain import NO_TERRAIN
from tests.app.canvas.seen import colour_at, pixels_of

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
    canvas.set_visible_layers(canvas.visible_layers - {"minimap"})  # which follows later
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
    canvas.show_streaks(np.linspace((2.0, 2.0), (2.0, 8.0), CORNERS)[None])
    canvas.show_cost_map(model.document.cost[::-1])
    canvas.show_distance(np.arange(192.0).reshape(12, 16))
    layouts = tuple(Layout(name, np.array([(3.0, col)]), np.ones(1)) for name, col in (("a", 3), ("b", 9)))
    terrain = np.full((12, 16), NO_TERRAIN, np.uint8)
    terrain[:, :8] = 1
    model.edit("Points", model.document.replace(layouts=layouts, terrain=terrain))
    canvas.show_moving({"a": np.array([(4.0, 3.0)])})
    canvas.show_moving({"a": np.array([(5.0, 6.0)])})
    canvas.show_plan(Plan(np.array([(5.0, 6.0, 3.0, 9.0)]), np.ones(1), np.zeros(1, np.int64)))
    shown = canvas.visible_layers
    assert shown == set(LAYERS) - {"difference", "distance", "contours"}
    canvas.show_contours(contours_of(np.arange(192.0).reshape(12, 16)))
    canvas._set_view(View(40.0, -20.0, -20.0))
    whole = canvas.grab().toImage()
    for layer in LAYERS:
        canvas.set_visible_layers(shown ^ {layer})
        if layer == "cost":  # which is seen where terrains are not
            assert canvas.grab().toImage() == whole
            canvas.set_visible_layers(shown - {"terrain"})
            whole_costs = canvas.grab().toImage()
            canvas.set_visible_layers(shown - {"terrain", "cost"})
            assert canvas.grab().toImage() != whole_costs
        else:
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
