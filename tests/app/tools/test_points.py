"""Gestures on points: one undo step each, adding, dragging, removing, and scattering."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from maps.document import new_document
from maps.layout_edits import blocked
from tests.app.tools.gestures import (
    GUARDS,
    LEFT,
    LOOT,
    NONE,
    RIGHT,
    at,
    choose,
    click,
    drag,
    key,
    positions,
    steps,
    weights,
)

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
