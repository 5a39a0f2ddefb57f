"""What hints, runs, searches and distances draw over the map, and its legends."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.canvas.colouring import UNREACHED, change_shades, change_table, round_up
from app.canvas.map_image import MapImage
from app.canvas.map_marks import cut_lines, route_labels
from app.canvas.view import View
from app.document.model import DocumentModel
from maps.document import Layout, Route, new_document
from maps.edits import set_passable
from maps.raster import rectangle
from tests.app.canvas.seen import LEFT, NONE, colour_at, random_document


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
    canvas.fit()
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
    area = canvas._scene.legend(480).area

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
