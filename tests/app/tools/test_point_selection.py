"""Selecting points and moving the selection, by real mouse events."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.app.tools.gestures import GUARDS, LEFT, NONE, SHIFT, at, choose, click, drag, key, positions, steps


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
