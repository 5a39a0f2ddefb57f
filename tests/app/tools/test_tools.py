"""Every tool, driven by real mouse and key events on the canvas."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from app.tools import TOOLS, ToolOptions
from app.tools.strokes import base_terrain
from maps.document import Route, new_document
from maps.terrain import Terrain

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
OPTIONS = ToolOptions(size=1.0, hardness=1.0, cost=3.0)


class Hand:
    """A hand on the mouse: presses, moves and releases over cells."""

    def __init__(self, canvas):
        self.canvas = canvas

    def at(self, cell):
        x, y = self.canvas.view.centre(*cell)
        return QPoint(round(x), round(y))

    def press(self, cell, button=LEFT, held=NONE):
        QTest.mousePress(self.canvas, button, held, self.at(cell))

    def move(self, *cells):
        for cell in cells:
            QTest.mouseMove(self.canvas, self.at(cell))

    def release(self, cell, button=LEFT, held=NONE):
        QTest.mouseRelease(self.canvas, button, held, self.at(cell))

    def drag(self, *cells, button=LEFT, held=NONE):
        self.press(cells[0], button, held)
        self.move(*cells[1:])
        self.release(cells[-1], button, held)


@pytest.fixture
def model(qapp):
    return DocumentModel(new_document(12, 16))


@pytest.fixture
def canvas(model, qtbot):
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_visible_layers(canvas.visible_layers - {"legend"})
    canvas.set_options(OPTIONS)
    return canvas


@pytest.fixture
def hand(canvas):
    return Hand(canvas)


def cells_where(mask):
    return {(int(row), int(col)) for row, col in np.argwhere(mask)}


def painted(model):
    return cells_where(model.document.cost != 1.0)


# What one gesture of each tool looks like: cells it goes over, and what is changed of the document by it.
GESTURES = {
    "brush": [(3, 3), (3, 6)],
    "eraser": [(8, 1), (8, 3)],
    "line": [(1, 1), (4, 7)],
    "rectangle": [(2, 2), (5, 6)],
    "fill": [(0, 0), (0, 1)],
    "wall": [(3, 3), (6, 3)],
    "lock": [(3, 3), (6, 3)],
    "start": [(1, 1), (2, 5)],
    "goal": [(10, 10), (9, 9)],
    "trace": [(2, 2), (2, 5), (5, 5)],
}


@pytest.fixture
def prepared(model):
    """Something for every tool to change."""
    cost, passable = model.document.cost.copy(), model.document.passable.copy()
    cost[8, 1:4], passable[8, 2] = 4.0, False
    model.adopt(model.document.replace(cost=cost, passable=passable), None)
    return model.document


@pytest.mark.parametrize("tool", GESTURES)
def test_one_gesture_is_one_undo_step(tool, model, canvas, hand, prepared):
    canvas.set_tool(tool)
    hand.drag(*GESTURES[tool])
    after = model.document
    assert after is not prepared
    assert len(model.history.entries) == 2
    assert not model.previewing
    model.undo()
    assert model.document is prepared
    model.redo()
    assert model.document is after


@pytest.mark.parametrize("tool", GESTURES)
def test_escape_takes_the_gesture_back(tool, model, canvas, hand, prepared):
    canvas.set_tool(tool)
    hand.press(GESTURES[tool][0])
    hand.move(*GESTURES[tool][1:])
    assert model.previewing
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert model.document is prepared
    hand.move((0, 0), (5, 5))
    hand.release((5, 5))
    assert model.document is prepared
    assert len(model.history.entries) == 1
    hand.drag(*GESTURES[tool])  # the next gesture is a new one
    assert len(model.history.entries) == 2


@pytest.mark.parametrize("tool", TOOLS)
def test_a_gesture_outside_the_map_harms_nothing(tool, model, canvas, hand):
    before = model.document
    canvas.set_tool(tool)
    hand.drag((-1, -1), (-1, 5), (-1, 40))
    assert model.document is before


@pytest.mark.parametrize("tool", ["brush", "eraser", "line", "rectangle", "fill", "start", "goal"])
def test_the_right_button_does_nothing_where_it_has_no_meaning(tool, model, canvas, hand, prepared):
    canvas.set_tool(tool)
    hand.drag(*GESTURES[tool], button=RIGHT)
    assert model.document is prepared


def test_brush_sets_the_cells_it_is_dragged_over(model, canvas, hand):
    hand.drag((3, 3), (3, 6), (5, 6))
    assert painted(model) == {(3, 3), (3, 4), (3, 5), (3, 6), (4, 6), (5, 6)}
    assert model.document.cost[4, 6] == 3.0


def test_brush_size_is_in_cells(model, canvas, hand):
    canvas.set_options(replace(OPTIONS, size=3.0))
    hand.drag((5, 5), (5, 5))
    assert painted(model) == {(row, col) for row in (4, 5, 6) for col in (4, 5, 6)}


@pytest.mark.parametrize(("mode", "expected"), [("add", 1.5), ("scale", 1.5)])
def test_a_stroke_adds_or_scales_each_cell_once(mode, expected, model, canvas, hand):
    canvas.set_options(replace(OPTIONS, mode=mode, amount=0.5, factor=1.5))
    hand.drag((3, 3), (3, 6), (3, 3), (3, 6))
    assert painted(model) == {(3, 3), (3, 4), (3, 5), (3, 6)}
    assert model.document.cost[3, 4] == expected
    hand.drag((3, 4), (3, 4))  # a second stroke counts again
    assert model.document.cost[3, 4] > expected


def test_smooth_takes_the_mean_of_the_neighbourhood(model, canvas, hand):
    cost = model.document.cost.copy()
    cost[5, 5] = 10.0
    model.edit("Peak", model.document.replace(cost=cost))
    canvas.set_options(replace(OPTIONS, mode="smooth"))
    hand.drag((5, 5), (5, 5))
    assert model.document.cost[5, 5] == pytest.approx(2.0)


def test_a_soft_brush_fades_towards_its_rim(model, canvas, hand):
    canvas.set_options(replace(OPTIONS, size=7.0, hardness=0.2))
    hand.drag((6, 6), (6, 6))
    across = model.document.cost[6, 6:10]
    assert across[0] == 3.0
    assert (np.diff(across) < 0).all()
    assert across[-1] > 1.0


def test_eraser_brings_the_base_terrain_back_and_opens_walls(model, canvas, hand, prepared):
    canvas.set_tool("eraser")
    hand.drag((8, 1), (8, 3))
    assert painted(model) == set()
    assert model.document.passable.all()


def test_base_terrain_is_the_first_passable_one_nearest_one():
    palette = (
        Terrain("wall", 1.0, "#000000", passable=False),
        Terrain("mud", 1.5, "#111111"),
        Terrain("dust", 0.5, "#222222"),
    )
    assert base_terrain(new_document(2, 2, palette=palette)).name == "mud"
    assert base_terrain(new_document(2, 2, palette=palette[:1])).cost == 1.0


def test_line_follows_the_pointer_and_leaves_no_trace_of_earlier_ends(model, canvas, hand):
    canvas.set_tool("line")
    hand.drag((2, 2), (9, 2), (2, 12), (2, 5))
    assert painted(model) == {(2, 2), (2, 3), (2, 4), (2, 5)}


def test_line_with_shift_runs_at_45_degrees(model, canvas, hand):
    canvas.set_tool("line")
    hand.press((2, 2), held=SHIFT)
    hand.release((5, 6), held=SHIFT)
    assert painted(model) == {(2, 2), (3, 3), (4, 4), (5, 5), (6, 6)}


def test_rectangle_filled_and_outline(model, canvas, hand):
    canvas.set_tool("rectangle")
    whole = {(row, col) for row in range(2, 6) for col in range(3, 8)}
    hand.drag((5, 7), (2, 3))
    assert painted(model) == whole
    model.undo()
    canvas.set_options(replace(OPTIONS, filled=False))
    hand.drag((2, 3), (5, 7))
    assert painted(model) == whole - {(row, col) for row in (3, 4) for col in (4, 5, 6)}


def test_fill_stops_at_walls_and_other_costs(model, canvas, hand):
    passable, cost = model.document.passable.copy(), model.document.cost.copy()
    passable[:, 5], cost[6, :5] = False, 2.0
    model.adopt(model.document.replace(passable=passable, cost=cost), None)
    canvas.set_tool("fill")
    hand.drag((2, 2), (2, 2))
    assert cells_where(model.document.cost == 3.0) == {(row, col) for row in range(6) for col in range(5)}


def test_fill_of_a_wall_opens_it(model, canvas, hand):
    canvas.set_tool("wall")
    hand.drag((4, 4), (4, 8))
    canvas.set_tool("fill")
    hand.drag((4, 6), (4, 6))
    assert model.document.passable.all()
    assert painted(model) == {(4, col) for col in range(4, 9)}


def test_picker_takes_the_cost_under_the_pointer(model, canvas, hand, prepared, qtbot):
    canvas.set_options(replace(OPTIONS, mode="add"))
    canvas.set_tool("picker")
    with qtbot.waitSignal(canvas.options_changed):
        hand.drag((8, 1), (8, 1))
    assert (canvas.options.cost, canvas.options.mode) == (4.0, "set")
    assert model.document is prepared


def test_wall_left_builds_and_right_clears(model, canvas, hand):
    canvas.set_tool("wall")
    hand.drag((3, 3), (3, 7))
    assert cells_where(~model.document.passable) == {(3, col) for col in range(3, 8)}
    hand.drag((3, 4), (3, 5), button=RIGHT)
    assert cells_where(~model.document.passable) == {(3, 3), (3, 6), (3, 7)}
    assert model.history.labels[1:] == ("Build walls", "Clear walls")


def test_lock_left_locks_and_right_unlocks(model, canvas, hand):
    canvas.set_tool("lock")
    hand.drag((3, 3), (3, 7))
    hand.drag((3, 4), (3, 5), button=RIGHT)
    assert cells_where(model.document.locked) == {(3, 3), (3, 6), (3, 7)}


def test_start_then_goal_make_a_route(model, canvas, hand):
    canvas.set_tool("start")
    hand.drag((2, 2), (2, 2))
    canvas.set_tool("goal")
    hand.drag((9, 12), (9, 12))
    assert [(route.start, route.goal) for route in model.document.routes] == [((2, 2), (9, 12))]
    assert model.history.labels[1:] == ("Add route", "Move goal")


def test_either_tool_drags_the_end_under_the_pointer(model, canvas, hand):
    routes = (Route("a", (1, 1), (10, 10), expected_cost=9.0), Route("b", (1, 14), (10, 2)))
    model.adopt(model.document.replace(routes=routes), None)
    canvas.set_tool("start")
    hand.drag((10, 2), (8, 4), (7, 4))
    assert model.document.routes[1].goal == (7, 4)
    assert model.document.routes[0] is routes[0]
    assert canvas.options.route == 1
    hand.drag((10, 10), (9, 9))
    assert model.document.routes[0].goal == (9, 9)
    assert model.document.routes[0].expected_cost is None  # it was promised for the old ends


def test_an_end_dragged_off_the_map_stays_at_its_border(model, canvas, hand):
    model.adopt(model.document.replace(routes=(Route("a", (1, 1), (10, 10)),)), None)
    canvas.set_tool("goal")
    hand.drag((10, 10), (30, 4))
    assert model.document.routes[0].goal == (11, 4)


def test_a_new_route_is_added_where_the_options_say_so(model, canvas, hand):
    model.adopt(model.document.replace(routes=(Route("Route 1", (1, 1), (10, 10)),)), None)
    canvas.set_options(replace(OPTIONS, route=1))
    canvas.set_tool("start")
    hand.drag((5, 5), (5, 5))
    assert [route.name for route in model.document.routes] == ["Route 1", "Route 2"]
    assert model.document.routes[0].colour != model.document.routes[1].colour


def test_undo_during_a_gesture_ends_it(model, canvas, hand):
    hand.drag((1, 1), (1, 2))
    one_stroke = model.document
    hand.press((5, 5))
    hand.move((5, 6))
    model.undo()
    assert model.document is one_stroke
    hand.move((5, 9))
    hand.release((5, 9))
    assert model.document is one_stroke


def test_another_tool_during_a_gesture_cancels_it(model, canvas, hand):
    before = model.document
    hand.press((5, 5))
    canvas.set_tool("wall")
    assert model.document is before


def test_a_tool_that_fails_says_why_and_leaves_the_map(model, canvas, hand, qtbot, caplog):
    before = model.document
    canvas.set_options(replace(OPTIONS, cost=-1.0))
    with qtbot.waitSignal(canvas.problem) as said:
        hand.drag((5, 5), (5, 6))
    assert "above 0" in said.args[0]
    assert model.document is before


def test_the_second_press_of_a_double_click_is_a_gesture_too(model, canvas, hand):
    canvas.set_options(replace(OPTIONS, mode="add"))
    hand.drag((4, 4), (4, 4))
    QTest.mouseDClick(canvas, LEFT, NONE, hand.at((4, 4)))  # sends the second press alone
    hand.release((4, 4))
    assert len(model.history.entries) == 3
    assert model.document.cost[4, 4] == 2.0


def test_shortcuts_are_single_and_distinct_letters():
    letters = [entry.shortcut for entry in TOOLS.values()]
    assert sorted(letters) == sorted(set(letters))
    assert all(len(letter) == 1 for letter in letters)


def test_a_traced_line_runs_from_cell_to_cell_and_its_ends_are_the_routes(model, canvas, hand):
    canvas.set_tool("trace")
    hand.drag((2, 2), (2, 6), (7, 6))
    (route,) = model.document.routes
    assert (route.start, route.goal) == ((2, 2), (7, 6))
    assert route.line == (*((2, col) for col in range(2, 7)), *((row, 6) for row in range(3, 8)))
    hand.drag((4, 4), (9, 4))
    (route,) = model.document.routes
    assert route.start == (4, 4), "the active route is traced anew"
    hand.drag((4, 4), button=RIGHT)
    assert model.document.routes[0].line == ()
    model.undo()
    assert model.document.routes[0].line[0] == (4, 4)


@pytest.mark.parametrize("tool", ["brush", "wall", "rectangle", "start", "fill", "points"])
def test_an_edit_begins_only_where_a_gesture_reaches_the_map(tool, canvas, hand):
    begun = []
    canvas.set_tool(tool)
    canvas.edit_begins.connect(lambda: begun.append(tool))
    hand.drag((-2, 3), (-2, 5))
    hand.drag((-2, 3), (-3, 5), button=RIGHT)
    assert begun == []
    hand.drag((2, 3), (2, 5))
    assert begun == [tool]


def test_the_right_button_of_a_brush_begins_no_edit_and_that_of_a_wall_does(canvas, hand):
    begun = []
    canvas.edit_begins.connect(lambda: begun.append(canvas.tool))
    for tool in ("brush", "wall"):
        canvas.set_tool(tool)
        hand.drag((3, 3), (3, 3), button=RIGHT)
    assert begun == ["wall"]


def test_a_stroke_from_beside_the_map_begins_its_edit_where_it_comes_in(model, canvas, hand):
    begun = []
    canvas.edit_begins.connect(lambda: begun.append(model.document))
    before = model.document
    hand.press((4, -3))
    hand.move((4, -2))
    assert begun == []
    hand.move((4, 2))
    assert begun == [before]
    hand.release((4, 2))
    assert painted(model) == {(4, 0), (4, 1), (4, 2)}
