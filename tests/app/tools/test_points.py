"""Tools for point layouts, driven by real mouse and key events on the canvas."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.canvas.line_raster import line_opacity
from app.canvas.view import View
from app.document.model import DocumentModel
from app.panels.tool_options import OptionsBar
from app.scenarios.frame import Plan
from app.tools import TOOLS, ToolOptions
from app.tools.point_actions import POINT_ACTIONS
from app.widgets.parts import TARGET
from maps.document import Layout, new_document
from maps.layout_edits import blocked

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
GUARDS = [(2.0, 2.0), (2.0, 5.0), (8.0, 3.0)]
LOOT = [(9.0, 12.0), (4.5, 13.5)]


@pytest.fixture
def model(qapp):
    """12 × 16 cells, a wall in column 9, two layouts."""
    passable = np.ones((12, 16), bool)
    passable[:, 9] = False
    layouts = (
        Layout("guards", np.array(GUARDS), np.array([1.0, 2.0, 3.0])),
        Layout("loot", np.array(LOOT), np.array([1.0, 1.0])),
    )
    return DocumentModel(new_document(12, 16).replace(passable=passable, layouts=layouts))


@pytest.fixture
def canvas(model, qtbot):
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_visible_layers(canvas.visible_layers - {"legend"})
    canvas._set_view(View(32.0, 60.0, 40.0))  # quarters of a cell are whole pixels
    return canvas


def at(canvas, place):
    x, y = canvas.view.centre(*place)
    return QPoint(round(x), round(y))


def drag(canvas, *places, button=LEFT, held=NONE):
    QTest.mousePress(canvas, button, held, at(canvas, places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, at(canvas, place))
    QTest.mouseRelease(canvas, button, held, at(canvas, places[-1]))


def click(canvas, place, button=LEFT, held=NONE):
    drag(canvas, place, button=button, held=held)


def key(canvas, key, held=NONE):
    QTest.keyClick(canvas, key, held)


def turn_wheel(canvas, place, notches, held=ALT):
    point = QPointF(at(canvas, place))
    # Qt turns the wheel sideways while Alt is held.
    turn = QPoint(120 * notches, 0) if held == ALT else QPoint(0, 120 * notches)
    event = QWheelEvent(
        point, canvas.mapToGlobal(point), QPoint(), turn, Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    canvas.wheelEvent(event)


def positions(model, index=0):
    return [tuple(position) for position in model.document.layouts[index].positions.tolist()]


def weights(model, index=0):
    return model.document.layouts[index].weights.tolist()


def steps(model):
    return len(model.history.entries) - 1


def choose(canvas, tool, **options):
    canvas.set_tool(tool)
    canvas.set_options(replace(canvas.options, **options))


# One gesture, one undo step; Escape takes it back


GESTURES = {
    "add": ("points", [(6, 6), (6.5, 7)]),
    "drag": ("points", [(2, 2), (3, 3)]),
    "move": ("select", [(2, 2), (3, 3), (4, 4)]),
    "move with the lasso": ("lasso", [(2, 2), (3, 3), (4, 4)]),
    "scatter": ("scatter", [(6, 3), (6, 6)]),
}


@pytest.mark.parametrize("gesture", GESTURES)
def test_one_gesture_is_one_undo_step(gesture, model, canvas):
    tool, places = GESTURES[gesture]
    choose(canvas, tool)
    before = model.document
    drag(canvas, *places)
    after = model.document
    assert after is not before
    assert steps(model) == 1
    assert not model.previewing
    model.undo()
    assert model.document is before
    model.redo()
    assert model.document is after


@pytest.mark.parametrize("gesture", GESTURES)
def test_escape_takes_the_gesture_back(gesture, model, canvas):
    tool, places = GESTURES[gesture]
    choose(canvas, tool, selection=frozenset({0}))
    before = model.document
    QTest.mousePress(canvas, LEFT, NONE, at(canvas, places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, at(canvas, place))
    assert model.previewing
    key(canvas, Qt.Key.Key_Escape)
    assert model.document is before
    assert canvas.options.selection == {0}
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, places[-1]))
    assert model.document is before
    assert steps(model) == 0


# The tool "points"


def test_a_click_adds_a_point_exactly_where_it_is(model, canvas):
    choose(canvas, "points", weight=2.5)
    click(canvas, (6.25, 6.5))
    assert positions(model) == [*GUARDS, (6.25, 6.5)]
    assert weights(model)[3] == 2.5
    assert canvas.options.selection == {3}
    assert model.history.labels[-1] == "Add point"


def test_a_new_point_follows_the_pointer_until_the_release(model, canvas):
    choose(canvas, "points")
    drag(canvas, (6, 6), (7, 6), (7.25, 6.25))
    assert positions(model) == [*GUARDS, (7.25, 6.25)]


def test_points_snap_to_cells_where_that_is_asked_for(model, canvas):
    choose(canvas, "points", snap=True)
    click(canvas, (6.25, 6.75))
    assert positions(model)[3] == (6, 7)
    choose(canvas, "select")
    drag(canvas, (6, 7), (4.75, 5.25))
    assert positions(model)[3] == (5, 5)


def test_a_press_near_a_point_drags_it_without_a_jump(model, canvas):
    choose(canvas, "points")
    drag(canvas, (2.25, 2), (4.25, 2))
    assert positions(model) == [(4, 2), *GUARDS[1:]]
    assert model.history.labels[-1] == "Move point"
    click(canvas, (8, 3.25))  # without a drag it stays
    assert positions(model)[2] == (8, 3)
    assert steps(model) == 1


def test_the_right_button_removes_a_point(model, canvas):
    choose(canvas, "points")
    click(canvas, (2, 5), button=RIGHT)
    assert positions(model) == [GUARDS[0], GUARDS[2]]
    assert weights(model) == [1, 3]
    click(canvas, (6, 6), button=RIGHT)
    assert steps(model) == 1


@pytest.mark.parametrize(("place", "why"), [((5, 9), "walls"), ((5, 16.2), "outside"), ((-1, 3), "outside")])
def test_a_point_in_a_wall_or_outside_is_refused_with_a_sentence(place, why, model, canvas, qtbot):
    before = model.document
    choose(canvas, "points")
    with qtbot.waitSignal(canvas.problem) as said:
        click(canvas, place)
    assert why in said.args[0]
    assert model.document is before


def test_a_dragged_point_stays_where_it_was_last_free(model, canvas, qtbot):
    choose(canvas, "points")
    with qtbot.waitSignal(canvas.problem) as said:
        drag(canvas, (2, 5), (2, 8), (2, 9))
    assert positions(model)[1] == (2, 8)
    assert "walls" in said.args[0]


def test_the_first_point_makes_a_layout(model, canvas):
    model.adopt(new_document(12, 16), None)
    choose(canvas, "points")
    click(canvas, (6, 6))
    click(canvas, (7, 7))
    assert [layout.name for layout in model.document.layouts] == ["Layout 1"]
    assert positions(model) == [(6, 6), (7, 7)]


def test_points_go_to_the_active_layout(model, canvas):
    choose(canvas, "points", layout=1)
    click(canvas, (6, 6))
    assert positions(model, 1) == [*LOOT, (6, 6)]
    assert positions(model) == GUARDS
    choose(canvas, "points", layout=2)
    click(canvas, (7, 7))
    assert positions(model, 2) == [(7, 7)]


# Selecting


def test_a_click_selects_a_point_and_shift_more(model, canvas):
    choose(canvas, "select")
    click(canvas, (2, 2))
    assert canvas.options.selection == {0}
    click(canvas, (8, 3), held=SHIFT)
    assert canvas.options.selection == {0, 2}
    click(canvas, (2, 2), held=SHIFT)
    assert canvas.options.selection == {2}
    click(canvas, (2, 5))
    assert canvas.options.selection == {1}
    click(canvas, (10, 6))
    assert canvas.options.selection == frozenset()
    assert steps(model) == 0


def test_a_click_on_a_selected_point_selects_it_alone_and_a_drag_keeps_the_others(canvas):
    choose(canvas, "select", selection=frozenset({0, 1}))
    drag(canvas, (2, 2), (3, 2))
    assert canvas.options.selection == {0, 1}
    click(canvas, (3, 2))
    assert canvas.options.selection == {0}


def test_a_click_on_another_layout_makes_it_the_active_one(canvas):
    choose(canvas, "select", selection=frozenset({0, 1}))
    click(canvas, (4.5, 13.5))
    assert (canvas.options.layout, canvas.options.selection) == (1, {1})


@pytest.mark.parametrize("corners", [((1, 1), (3, 6)), ((3, 6), (1, 1)), ((1, 6), (3, 1))])
def test_a_box_selects_what_is_in_it(corners, model, canvas):
    choose(canvas, "select", selection=frozenset({2}))
    drag(canvas, corners[0], (2.5, 4), corners[1])
    assert canvas.options.selection == {0, 1}
    assert steps(model) == 0


def test_a_box_with_shift_adds_to_the_selection(canvas):
    choose(canvas, "select", selection=frozenset({2}))
    drag(canvas, (1, 4), (3, 6), held=SHIFT)
    assert canvas.options.selection == {1, 2}


def test_the_selection_is_seen_while_the_box_is_drawn(canvas):
    choose(canvas, "select")
    QTest.mousePress(canvas, LEFT, NONE, at(canvas, (1, 1)))
    QTest.mouseMove(canvas, at(canvas, (3, 3)))
    assert canvas._look().selected == {0}
    assert canvas.options.selection == frozenset()
    QTest.mouseMove(canvas, at(canvas, (3, 6)))
    assert canvas._look().selected == {0, 1}
    key(canvas, Qt.Key.Key_Escape)
    assert canvas._look().selected == frozenset()
    assert canvas._look().sketch.outline == ()


def test_the_lasso_selects_what_it_surrounds(canvas):
    choose(canvas, "lasso")
    # Round the first and the third point, past the second, which a box would hold.
    drag(canvas, (1, 1), (1, 3), (6, 4), (6, 8), (9, 8), (9, 1))
    assert canvas.options.selection == {0, 2}


def test_dragging_moves_the_whole_selection(model, canvas):
    choose(canvas, "select", selection=frozenset({0, 1}))
    drag(canvas, (2, 2), (3, 2), (3.5, 3.25))
    assert positions(model) == [(3.5, 3.25), (3.5, 6.25), (8, 3)]
    assert canvas.options.selection == {0, 1}
    assert model.history.labels[-1] == "Move points"


def test_a_selection_stops_as_one_at_a_wall_and_says_why(model, canvas, qtbot):
    choose(canvas, "select", selection=frozenset({0, 1}))
    with qtbot.waitSignal(canvas.problem) as said:
        drag(canvas, (2, 2), (2, 5), (2, 6))
    assert positions(model) == [(2, 5), (2, 8), (8, 3)]
    assert "cell (row 2, col 9)" in said.args[0]


def test_a_drag_of_an_unselected_point_moves_it_alone(model, canvas):
    choose(canvas, "select", selection=frozenset({0, 1}))
    drag(canvas, (8, 3), (7, 3))
    assert positions(model) == [*GUARDS[:2], (7, 3)]
    assert canvas.options.selection == {2}


def test_escape_lets_go_of_the_selection(canvas):
    choose(canvas, "select", selection=frozenset({0}))
    key(canvas, Qt.Key.Key_Escape)
    assert canvas.options.selection == frozenset()


def test_undo_of_an_edit_lets_go_of_a_selection_that_has_become_wrong(model, canvas):
    choose(canvas, "select", selection=frozenset({0}))
    key(canvas, Qt.Key.Key_Delete)
    canvas.set_options(replace(canvas.options, selection=frozenset({1})))
    model.undo()
    assert canvas.options.selection == frozenset()


# Keys and the wheel


def test_delete_removes_the_selection(model, canvas):
    for pressed in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        choose(canvas, "select", selection=frozenset({0, 2}))
        key(canvas, pressed)
        assert positions(model) == [GUARDS[1]]
        assert canvas.options.selection == frozenset()
        assert steps(model) == 1
        model.undo()


def test_point_keys_do_nothing_with_other_tools(model, canvas):
    choose(canvas, "brush", selection=frozenset({0}))
    key(canvas, Qt.Key.Key_Delete)
    assert positions(model) == GUARDS


def test_select_all_takes_the_active_layout(canvas):
    choose(canvas, "select")
    key(canvas, Qt.Key.Key_A, CONTROL)
    assert canvas.options.selection == {0, 1, 2}


def test_copy_and_paste_make_a_selected_copy_beside(model, canvas):
    choose(canvas, "select", selection=frozenset({0, 2}))
    key(canvas, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "row,col,weight\n2.0,2.0,1.0\n8.0,3.0,3.0\n"
    key(canvas, Qt.Key.Key_V, CONTROL)
    assert positions(model)[3:] == [(3, 3), (9, 4)]
    assert weights(model)[3:] == [1, 3]
    assert canvas.options.selection == {3, 4}
    assert steps(model) == 1


def test_cut_and_paste_into_another_layout(model, canvas):
    choose(canvas, "select", selection=frozenset({1}))
    key(canvas, Qt.Key.Key_X, CONTROL)
    assert positions(model) == [GUARDS[0], GUARDS[2]]
    choose(canvas, "select", layout=1)
    key(canvas, Qt.Key.Key_V, CONTROL)
    assert positions(model, 1) == [*LOOT, (3, 6)]
    assert steps(model) == 2


def test_pasting_what_does_not_fit_says_so(model, canvas, qtbot):
    choose(canvas, "select")
    QGuiApplication.clipboard().setText("2\t8\n2\t3\n")
    with qtbot.waitSignal(canvas.problem) as said:
        key(canvas, Qt.Key.Key_V, CONTROL)
    assert said.args[0].startswith("1 of 2 points fell into walls")
    assert positions(model)[3:] == [(3, 4)]
    for text, why in (("some prose", "holds no points: line 1"), ("", "no points to paste")):
        QGuiApplication.clipboard().setText(text)
        with qtbot.waitSignal(canvas.problem) as said:
            key(canvas, Qt.Key.Key_V, CONTROL)
        assert why in said.args[0]


def test_arrows_nudge_and_several_are_one_step(model, canvas):
    choose(canvas, "select", selection=frozenset({0, 1}))
    for arrow in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Left):
        key(canvas, arrow)
    assert positions(model) == [(2, 3), (2, 6), (8, 3)]
    assert steps(model) == 0
    click(canvas, (11, 6))  # any gesture ends it
    assert steps(model) == 1
    model.undo()
    assert positions(model) == GUARDS


def test_repeated_nudges_become_a_step_by_themselves(model, canvas, qtbot):
    choose(canvas, "select", selection=frozenset({0}))
    key(canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: steps(model) == 1, timeout=5000)
    assert positions(model)[0] == (2, 3)
    assert not model.previewing


def test_undo_takes_back_nudges_that_are_not_yet_a_step(model, canvas, qtbot):
    choose(canvas, "select", selection=frozenset({0}))
    key(canvas, Qt.Key.Key_Right)
    model.undo()
    assert positions(model) == GUARDS
    qtbot.wait(700)
    assert steps(model) == 0


def test_a_nudge_into_a_wall_says_why(model, canvas, qtbot):
    choose(canvas, "select", selection=frozenset({1}))
    for _ in range(3):
        key(canvas, Qt.Key.Key_Right)
    with qtbot.waitSignal(canvas.problem) as said:
        key(canvas, Qt.Key.Key_Right)
    assert "walls" in said.args[0]
    assert positions(model)[1] == (2, 8)


def test_align_puts_points_on_cells(model, canvas):
    choose(canvas, "points")
    for place in ((6.25, 6.25), (6.5, 6.75), (5.75, 6)):
        click(canvas, place)
    key(canvas, Qt.Key.Key_A, CONTROL)
    key(canvas, Qt.Key.Key_G, CONTROL)
    aligned = np.array(positions(model))
    assert (aligned == np.rint(aligned)).all()
    assert len({tuple(place) for place in aligned}) == 6
    assert model.history.labels[-1] == "Align points"


def test_alt_and_wheel_change_the_weight_of_the_selection(model, canvas):
    choose(canvas, "select", selection=frozenset({0, 1}))
    scale = canvas.view.scale
    turn_wheel(canvas, (2, 2), 1)
    turn_wheel(canvas, (2, 2), 1)
    assert weights(model) == pytest.approx([1.21, 2.42, 3.0])
    assert canvas.view.scale == scale
    turn_wheel(canvas, (2, 2), -1)
    key(canvas, Qt.Key.Key_Down, ALT)
    assert weights(model) == pytest.approx([1, 2, 3], rel=1e-5)
    canvas._tools.finish_repeats()
    assert steps(model) == 1
    turn_wheel(canvas, (8, 3), 1)  # not selected: the wheel zooms
    assert weights(model)[2] == 3.0
    assert canvas.view.scale > scale
    turn_wheel(canvas, (2, 2), 1, held=NONE)
    assert weights(model)[0] == pytest.approx(1.0, rel=1e-5)


def test_a_point_without_weight_can_grow(model, canvas):
    choose(canvas, "select", selection=frozenset({0}))
    canvas.set_selected_weight(0.0)
    key(canvas, Qt.Key.Key_Up, ALT)
    assert weights(model)[0] == pytest.approx(0.1)


def test_a_field_sets_the_weight_of_the_selection(model, canvas, qtbot):
    choose(canvas, "select", selection=frozenset({0, 2}))
    canvas.set_selected_weight(4.0)
    assert weights(model) == [4, 2, 4]
    assert steps(model) == 1
    assert canvas.selected_weights.tolist() == [4, 4]
    with qtbot.waitSignal(canvas.problem) as said:
        canvas.set_selected_weight(-1.0)
    assert "'guards': point 0 weighs -1" in said.args[0]
    assert weights(model) == [4, 2, 4]


def test_actions_without_a_selection_do_nothing(model, canvas):
    choose(canvas, "select", layout=7)
    QGuiApplication.clipboard().clear()
    for name in POINT_ACTIONS:
        canvas.point_action(name)
    canvas.set_selected_weight(2.0)
    assert steps(model) == 0
    assert canvas.selected_weights.tolist() == []


# Scatter


def test_scatter_fills_the_brush_with_points_that_keep_their_distance(model, canvas):
    choose(canvas, "scatter", size=7.0, spacing=1.0, weight=0.5)
    drag(canvas, (6, 4), (6, 11))
    found = np.array(positions(model))
    apart = np.hypot(*(found[:, None] - found[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert len(found) > 25
    assert apart.min() >= 1.0
    assert not blocked(model.document, found).any()
    assert (found[:, 1] > 10).any()
    assert set(weights(model)[3:]) == {0.5}
    assert steps(model) == 1


def test_the_same_strokes_and_seed_scatter_the_same_points(model, canvas):
    choose(canvas, "scatter", size=5.0, spacing=1.0, seed=3)

    def points_of(seed):
        canvas.set_options(replace(canvas.options, seed=seed))
        drag(canvas, (6, 4), (6, 6))
        found = positions(model)
        model.undo()
        return found

    assert points_of(3) == points_of(3) != points_of(4)


def test_scatter_with_the_right_button_brushes_points_away(model, canvas):
    choose(canvas, "scatter", size=4.0)
    drag(canvas, (2, 1), (2, 5), button=RIGHT)
    assert positions(model) == [GUARDS[2]]
    assert model.history.labels[-1] == "Remove points"


# What is seen


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


# The options bar


def test_the_options_bar_shows_what_counts_for_the_tool(qtbot):
    bar = OptionsBar(ToolOptions())
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    bar.show()
    fields = {
        "size": bar.size_box, "hardness": bar.hardness, "mode": bar.mode, "value": bar.value, "swap": bar.swap,
        "filled": bar.filled, "weight": bar.weight, "snap": bar.snap, "spacing": bar.spacing, "seed": bar.seed,
    }  # fmt: skip

    def shown():
        return {name for name, field in fields.items() if field.isVisible()}

    for tool, entry in TOOLS.items():
        bar.show_tool(tool)
        qtbot.waitUntil(lambda wanted=set(entry.options): shown() == wanted, timeout=2000)
        assert entry.has_size == ("size" in shown())


def choose_mode(bar, mode):
    bar.mode.setCurrentIndex(bar.mode.findData(mode))


@pytest.mark.parametrize(("mode", "shown"), [("set", 2.5), ("scale", 1.25)])
@pytest.mark.parametrize("typed", ["0", "-3", "-"])
def test_a_cost_that_cannot_be_is_not_left_standing(qtbot, mode, shown, typed):
    bar = OptionsBar(ToolOptions(factor=1.25))
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    with qtbot.waitExposed(bar):
        bar.show()
    choose_mode(bar, mode)
    said = []
    bar.options_changed.connect(said.append)
    bar.value.setFocus()
    bar.value.selectAll()
    QTest.keyClicks(bar.value, typed)
    QTest.keyClick(bar.value, Qt.Key.Key_Tab)
    assert bar.value.value() == bar._options.value > 0.0, "what is shown is what the brush does"
    assert bar.value.text() == f"{bar._options.value:g}"
    if typed != "-3":
        assert bar.value.value() == shown
        assert said == []
    choose_mode(bar, "add")
    bar.value.selectAll()
    QTest.keyClicks(bar.value, "-0.5")
    assert said[-1].amount == -0.5, "what is added may be below 0"
    bar.value.selectAll()
    QTest.keyClicks(bar.value, "2.05")
    assert said[-1].amount == 2.05, "what was typed first stands"
    choose_mode(bar, mode)
    assert bar.value.value() == bar._options.value > 0.0


@pytest.mark.parametrize("dark", [True, False])
def test_boxes_of_the_options_bar_have_an_edge(dress, qtbot, dark):
    dress(dark)
    bar = OptionsBar(ToolOptions(filled=False))
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    with qtbot.waitExposed(bar):
        bar.show()
    for tool, box in (("rectangle", bar.filled), ("points", bar.snap)):
        bar.show_tool(tool)
        qtbot.waitUntil(box.isVisible)
        picture = box.grab().toImage()
        ground = picture.pixelColor(picture.width() - 1, 0)
        lightness = [abs(picture.pixelColor(x, picture.height() // 2).lightness() - ground.lightness())
                     for x in range(TARGET)]  # fmt: skip
        assert max(lightness) > 40, "seen against the bar"


def test_every_field_of_the_options_bar_changes_its_option(qtbot):
    bar = OptionsBar(ToolOptions())
    qtbot.addWidget(bar)
    said = []
    bar.options_changed.connect(said.append)
    bar.size_box.setValue(9)
    bar.hardness.setValue(50)
    bar.value.setValue(4.0)
    bar.filled.setChecked(False)
    bar.weight.setValue(2.5)
    bar.snap.setChecked(True)
    bar.spacing.setValue(3.5)
    bar.seed.setValue(7)
    bar.swap.click()
    choose_mode(bar, "add")
    assert said[-1] == ToolOptions(
        size=9, hardness=0.5, cost=1.0, other_cost=4.0, mode="add", filled=False, weight=2.5, snap=True,
        spacing=3.5, seed=7,
    )  # fmt: skip
    assert len(said) == 10
