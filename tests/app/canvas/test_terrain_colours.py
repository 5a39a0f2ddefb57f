"""The map in the colours of its terrains, and its legend."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtTest import QTest

from app.canvas.colouring import WALL, cost_pixels
from app.canvas.legend import terrain_rows
from app.canvas.map_image import MapImage, changed_cells
from app.canvas.terrain_colours import USUAL, map_pixels, rgb, terrain_table
from app.canvas.view import View
from maps.document import MapDocument, new_document
from maps.terrain import NO_TERRAIN, Terrain
from tests.app.canvas.seen import LEFT, NONE, pixels_of

PALETTE = (
    Terrain("meadow", 1.0, "#c0d27c"),
    Terrain("wood", 2.0, "#5d8f5c"),
    Terrain("water", 4.0, "#1f3a5c", passable=False),
)


def terrain_document(height=12, width=16, seed=0):
    """Terrains, some cells with a cost of their own, some walls, some cells dearer or cheaper than usual."""
    rng = np.random.default_rng(seed)
    terrain = rng.choice(np.array([0, 1, 2, NO_TERRAIN], np.uint8), (height, width))
    cost = np.array([1.0, 2.0, 4.0])[np.minimum(terrain, 2)]
    changed = rng.random((height, width)) < 0.4
    cost = np.where(changed, rng.uniform(0.3, 4.5, (height, width)), cost)
    passable = (terrain != 2) & (rng.random((height, width)) > 0.1)
    return MapDocument(cost, passable, ~passable & False, terrain, palette=PALETTE)


def test_a_cell_has_its_terrains_colour_darker_where_dearer_and_lighter_where_cheaper(qapp):
    costs = np.array([[1.0, 1.3, 2.5, 4.0, 50.0, 0.7, 0.3, 0.02]])
    terrain = np.zeros((1, 8), np.uint8)
    document = MapDocument(costs, costs > 0, costs < 0, terrain, palette=PALETTE)
    pixels = pixels_of(MapImage(document).image)[0].astype(int)
    assert tuple(pixels[0]) == rgb(PALETTE[0].colour)
    lightness = pixels.sum(axis=1)
    # Four times is as dark as it gets.
    assert lightness[4] == lightness[3] < lightness[2] < lightness[1] < lightness[0]
    assert lightness[0] < lightness[5] < lightness[6] <= lightness[7]
    table = terrain_table(PALETTE).reshape(256, 256, 3).astype(int)
    assert tuple(table[1, USUAL]) == rgb(PALETTE[1].colour)
    steps = np.abs(np.diff(table[:2], axis=1)).max()
    assert steps <= 3, "smoothly"
    assert (table[2] == rgb(PALETTE[2].colour)).all(), "costs under water are unseen"


def test_walls_water_and_free_costs_are_told_apart(qapp):
    document = terrain_document()
    image = MapImage(document)
    pixels = pixels_of(image.image)
    water = document.terrain == 2
    assert (pixels[water] == rgb(PALETTE[2].colour)).all()
    assert (pixels[~document.passable & ~water] == WALL).all()
    free = (document.terrain == NO_TERRAIN) & document.passable
    costs = cost_pixels(document.cost, document.passable, *image.scale)
    assert np.array_equal(pixels[free], costs[free])
    assert np.array_equal(map_pixels(document, *image.scale), pixels), "thumbnails and pictures show the same"
    image.show_layers(frozenset(("cost", "walls")))
    assert np.array_equal(pixels_of(image.image), costs)


def test_after_many_edits_the_pixels_and_the_legend_are_those_of_a_new_image(qapp):
    rng = np.random.default_rng(5)
    document = terrain_document()
    image = MapImage(document)
    for step in range(40):
        row, col = int(rng.integers(0, 10)), int(rng.integers(0, 14))
        layer = str(rng.choice(["cost", "passable", "terrain"]))
        values = getattr(document, layer).copy()
        new = {"cost": rng.uniform(0.3, 4.5), "passable": True, "terrain": rng.choice([0, 1, NO_TERRAIN])}[layer]
        values[row : row + 3, col : col + 3] = new
        document = document.replace(**{layer: values})
        if step == 20:
            document = document.replace(palette=(Terrain("snow", 1.5, "#ffffff"), *PALETTE[1:]))
        if step == 30:
            document = document.replace(terrain=np.full(document.shape, NO_TERRAIN))
            assert MapImage(document).shown == "cost"
        image.show_document(document)
        fresh = MapImage(document)
        assert (image.shown, image.free_cells, image.scale) == (fresh.shown, fresh.free_cells, fresh.scale)
        assert np.array_equal(image.cells_of, fresh.cells_of)
        assert np.array_equal(pixels_of(image.image), pixels_of(fresh.image))


def test_only_the_cells_of_another_terrain_are_coloured_anew(qapp):
    old = new_document(9, 9)
    terrain = old.terrain.copy()
    terrain[2, 3:5] = NO_TERRAIN
    new = old.replace(terrain=terrain)
    assert changed_cells(old, new) == (2, 3, 3, 5)
    assert MapImage(old).show_document(new) == (2, 3, 3, 5)


def test_a_runs_costs_are_shown_on_the_terrains(qapp):
    document = new_document(6, 6)
    image = MapImage(document)
    usual = pixels_of(image.image)[0, 0].astype(int)
    costs = np.ones((6, 6))
    costs[0, 0], costs[5, 5] = 3.0, 0.0  # a run says 0 of cells that were walls when it began
    image.show_costs(costs)
    seen = pixels_of(image.image).astype(int)
    assert (seen[0, 0] < usual).all()
    assert (seen[5, 5] > usual).all()
    assert (seen[2, 2] == usual).all()


@pytest.fixture
def with_terrain(canvas, model):
    model.adopt(terrain_document(), None)
    canvas.fit()
    return model


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_cells_with_a_cost_of_their_own_have_a_dot_also_where_a_part_is_drawn_anew(canvas, with_terrain, ratio):
    document = with_terrain.document
    canvas.set_visible_layers({"terrain", "cost", "walls"})
    canvas._set_view(View(17.25, 31.5, 22.5))

    def screen(*areas):
        image = QImage(round(640 * ratio), round(480 * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        with QPainter(image) as painter:
            for area in areas:
                painter.setClipRect(area)
                canvas._scene.paint(painter, area, replace(canvas._look(), pixel_ratio=ratio))
        return pixels_of(image)

    whole, pixels = screen(canvas.rect()), pixels_of(canvas._scene.map.image)
    for cell in np.ndindex(document.shape):
        x, y = (int(at * ratio) for at in canvas.view.centre(*cell))
        dotted = document.passable[cell] and document.terrain[cell] == NO_TERRAIN
        assert (tuple(whole[y, x]) != tuple(pixels[cell])) == dotted, cell
        assert tuple(whole[y, x + 2]) == tuple(pixels[cell])
    parts = screen(canvas.rect(), QRect(50, 60, 97, 41), QRect(147, 60, 33, 90))
    assert np.array_equal(parts, whole)
    canvas.set_visible_layers({"cost", "walls"})
    assert canvas._scene.map.dotted is None


def test_the_legend_takes_up_terrains_and_free_costs(canvas, with_terrain):
    legend = canvas._scene.legend(480)
    assert [entry.terrain.name for entry in legend.entries] == ["meadow", "wood", "water"]
    area = legend.area

    def row(number):
        return QPoint(area.center().x(), area.top() + 16 + 19 * number)

    QTest.mouseClick(canvas, LEFT, NONE, row(1))
    assert (canvas.options.painted_terrain, canvas.options.cost) == (1, 2.0)
    assert [entry.chosen for entry in canvas._scene.legend(480, None, 1).entries] == [False, True, False]
    QTest.mouseClick(canvas, LEFT, NONE, row(2))
    assert (canvas.options.painted_terrain, canvas.options.cost) == (2, 2.0), "water has no cost to paint"
    scale = legend.scale_area
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(scale.right() - 2, scale.center().y()))
    assert canvas.options.painted_terrain is None
    assert canvas.options.cost == pytest.approx(canvas._scene.map.scale[1], rel=0.01)
    assert len(with_terrain.history.entries) == 1, "nothing is painted"


def test_the_legend_has_a_scale_only_for_free_costs_and_room_for_so_many_terrains(canvas, model):
    model.adopt(new_document(12, 16), None)
    legend = canvas._scene.legend(480)
    assert (legend.scale, [entry.number for entry in legend.entries]) == (None, [1])
    palette = tuple(Terrain(f"kind {number}", 1.0 + number, "#808080") for number in range(60))
    terrain = (np.arange(192) % 60).astype(np.uint8).reshape(12, 16)
    model.adopt(model.document.replace(palette=palette, terrain=terrain), None)
    legend = canvas._scene.legend(480)
    assert len(legend.entries) + 1 == terrain_rows(480)
    assert legend.more == 60 - len(legend.entries)
    assert legend.area.top() > 0
    canvas.grab()


def test_a_terrain_that_comes_or_goes_is_drawn_into_the_legend(canvas, model):
    model.adopt(new_document(12, 16), None)
    terrain = model.document.terrain.copy()
    terrain[3, 3] = 3
    drawn = []
    canvas.update = lambda *areas: drawn.extend(areas)
    model.edit("Paint", model.document.replace(terrain=terrain))
    del canvas.update
    assert any(area.contains(canvas._scene.legend(480).area) for area in drawn)


def test_the_legend_is_as_wide_as_its_names_and_light_on_a_light_window(canvas, model, dress):
    name = "a rather long name of a terrain"
    palette = (Terrain(name, 1.0, "#b9cf6a"), Terrain("x", 12345.0, "#3f8f5f"))
    model.adopt(model.document.replace(palette=palette, terrain=np.zeros(model.document.shape, np.uint8)), None)
    legend = canvas._scene.legend(480)
    font = canvas.font()
    font.setPixelSize(11)
    needed = QFontMetrics(font).horizontalAdvance(name)
    assert legend.list_width > needed + 40
    assert legend.list_width <= 320
    lightness = []
    for dark in (True, False):
        dress(dark)
        image = canvas.grab().toImage()
        corner = canvas._scene.legend(canvas.height()).area
        lightness.append(image.pixelColor(corner.left() + 60, corner.top() + 3).lightness())
    assert lightness[0] < 80
    assert lightness[1] > 200
