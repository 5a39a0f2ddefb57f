"""Keys and the wheel on selected points: copies, nudges, alignment, weights."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent

from app.tools.point_actions import POINT_ACTIONS
from tests.app.tools.gestures import GUARDS, LOOT, NONE, at, choose, click, key, positions, steps, weights

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def turn_wheel(canvas, place, notches, held=ALT):
    point = QPointF(at(canvas, place))
    # Qt turns the wheel sideways while Alt is held.
    turn = QPoint(120 * notches, 0) if held == ALT else QPoint(0, 120 * notches)
    event = QWheelEvent(
        point, canvas.mapToGlobal(point), QPoint(), turn, Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    canvas.wheelEvent(event)


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
