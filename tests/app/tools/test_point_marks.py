"""What is seen of points, their trails and plan lines."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtTest import QTest

from app.canvas.line_raster import line_opacity
from app.scenarios.frame import Plan
from tests.app.tools.gestures import GUARDS, LOOT, at, choose, positions


def test_points_have_their_colours_and_areas_go_with_weights(model, canvas):
    canvas.set_visible_layers({"layouts"})
    layout = replace(model.document.layouts[0], weights=np.array([1.0, 4.0, 0.25]), colour="#ff0000")
    model.edit("Weights", model.document.replace(layouts=(layout,)))
    image = canvas.grab().toImage()
    sizes = []
    for place in GUARDS:
        x, y = at(canvas, place).toTuple()
        around = [(x + i, y + j) for i in range(-24, 25) for j in range(-24, 25)]
        sizes.append(sum(image.pixelColor(*pixel).getRgb()[:3] == (255, 0, 0) for pixel in around))
    assert sizes[1] / sizes[0] == pytest.approx(4.0, rel=0.15)
    assert sizes[0] / sizes[2] == pytest.approx(4.0, rel=0.3)


def test_selected_points_are_ringed(model, canvas):
    plain = canvas.grab().toImage()
    choose(canvas, "select", selection=frozenset({1}))
    ringed = canvas.grab().toImage()
    x, y = at(canvas, GUARDS[1]).toTuple()
    changed = {(i, j) for i in range(640) for j in range(480) if plain.pixel(i, j) != ringed.pixel(i, j)}
    assert changed
    assert all(np.hypot(i - x, j - y) < 24 for i, j in changed)


def test_a_run_shows_its_points_in_place_of_the_drawn_ones(model, canvas):
    drawn = canvas.grab().toImage()
    moved = np.array(GUARDS) + 1.0
    canvas.show_moving({"guards": moved, "loot": np.array(LOOT)})
    shown = canvas.grab().toImage()
    assert shown != drawn
    assert positions(model) == GUARDS
    canvas.show_moving({"guards": np.zeros((9, 2))})  # a late frame of a layout that has changed
    canvas.grab()
    canvas.show_moving(None)
    assert canvas.grab().toImage() == drawn


def test_trails_reach_back_and_fade(model, canvas):
    canvas.set_visible_layers({"trails"})
    for step in range(40):
        canvas.show_moving({"guards": np.array(GUARDS) + np.array((0.1 * step, 0.0))})
    image = canvas.grab().toImage()
    ground = image.pixelColor(at(canvas, (11, 6))).lightness()

    def strength(steps_ago):
        x, y = at(canvas, (2.05 + 0.1 * (38 - steps_ago), 2.0)).toTuple()
        return max(abs(image.pixelColor(x + i, y).lightness() - ground) for i in (-1, 0))

    assert strength(0) > strength(6) > strength(10) > strength(25) == 0


def plan(lines, mass, rows):
    return Plan(np.array(lines, np.float64).reshape(-1, 4), np.array(mass, np.float64), np.array(rows, np.int64))


def line_strength(canvas, bare):
    """How much a line along a row of cells differs from the bare map, as a function of image and row."""

    def strength(image, row):
        x, y = at(canvas, (row, 4)).toTuple()
        ground = bare.pixelColor(x, y).lightness()
        return sum(abs(image.pixelColor(x, y + j).lightness() - ground) for j in range(-3, 4))  # core and rim

    return strength


def test_plan_lines_are_stronger_with_mass_and_a_row_stands_out(model, canvas):
    canvas.set_visible_layers({"plan"})
    bare = canvas.grab().toImage()
    canvas.show_plan(plan([(2, 1, 2, 7), (5, 1, 5, 7), (8, 1, 8, 7)], [1.0, 0.1, 0.0], [0, 1, 2]))
    image = canvas.grab().toImage()

    strength = line_strength(canvas, bare)
    assert strength(image, 2) > strength(image, 5) > strength(image, 8) == 0
    canvas.highlight_row(1)
    lit = canvas.grab().toImage()
    assert strength(lit, 5) > strength(image, 5)
    assert strength(lit, 2) < strength(image, 2)
    canvas.highlight_row(7)  # a row without lines lets the others be
    assert canvas.grab().toImage() == image
    canvas.show_plan(None)
    assert canvas.grab().toImage() == bare


@given(arrays(np.float64, (3, 4), elements=st.floats(-60, 90)), st.booleans(), st.floats(1.0, 4.0))
def test_a_line_covers_its_width_in_each_column_it_crosses(lines, turned, width):
    if turned:
        lines = lines[:, [1, 0, 3, 2]]
    for x0, y0, x1, y1 in lines:
        if abs(x1 - x0) < abs(y1 - y0):
            x0, y0, x1, y1 = y0, x0, y1, x1
            opacity = line_opacity((40, 30), np.array([(y0, x0, y1, x1)]), np.array([0.8]), width).T
        else:
            opacity = line_opacity((30, 40), np.array([(x0, y0, x1, y1)]), np.array([0.8]), width)
        for column in range(40):
            crossed = min(x0, x1) <= column + 0.5 <= max(x0, x1)
            y = y0 + (column + 0.5 - x0) * (y1 - y0) / (x1 - x0) - 0.5 if crossed and x1 != x0 else -9.0
            if 4.0 < y < 25.0:
                strength = opacity[:, column].astype(float)
                across = width * np.hypot(1.0, (y1 - y0) / (x1 - x0))
                assert abs(strength.sum() - 0.8 * 255 * across) < 6
                assert abs((strength * np.arange(30)).sum() / strength.sum() - y) < 0.1
            elif not crossed:
                assert not opacity[:, column].any()


def test_where_lines_cross_the_stronger_one_counts():
    lines = np.array([(0.5, 5.5, 10.5, 5.5), (5.5, 0.5, 5.5, 10.5)])
    for order in ([0, 1], [1, 0]):
        opacity = line_opacity((11, 11), lines[order], np.array([0.2, 1.0])[order])
        assert opacity[5, 5] == 255
        assert opacity[5, 2] == 51
        assert opacity[2, 5] == 255
        assert (opacity > 0).sum() == 21


def test_all_lines_of_a_highlighted_row_stand_out(model, canvas):
    canvas.set_visible_layers({"plan"})
    bare = canvas.grab().toImage()
    canvas.show_plan(plan([(2, 1, 2, 7), (5, 1, 5, 7), (8, 1, 8, 7)], [0.2, 0.2, 0.2], [4, 9, 4]))
    image = canvas.grab().toImage()
    canvas.highlight_row(4)
    lit, strength = canvas.grab().toImage(), line_strength(canvas, bare)
    assert [strength(lit, row) > strength(image, row) for row in (2, 5, 8)] == [True, False, True]
    canvas.highlight_row(None)
    assert canvas.grab().toImage() == image
    canvas.show_plan(plan([], [], []))
    assert canvas.grab().toImage() == bare


def test_hover_tells_the_point_under_the_pointer(canvas, qtbot):
    with qtbot.waitSignal(canvas.point_hovered) as hovered:
        QTest.mouseMove(canvas, at(canvas, (4.5, 13.5)))
    assert hovered.args == [1, 1]
    with qtbot.waitSignal(canvas.point_hovered) as hovered:
        QTest.mouseMove(canvas, at(canvas, (7, 7)))
    assert hovered.args == [-1, -1]
