"""What the window says stays true: of which step, of which map, and why nothing can be done."""

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from app.scenarios.frame import Frame
from maps.document import new_document
from maps.edits import set_passable
from maps.raster import rectangle
from maps.results import KeptResult
from tests.app.window.test_figures import LEFT, run, settle, status
from tests.app.window.test_figures import window as window  # a fixture

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.slow
def test_apply_takes_the_step_in_view_and_its_message_goes_with_undo(qtbot, window):
    run(qtbot, window)
    drawn, panel = window.model.document, window.panels.run
    assert status(window)[0] == "the run's best map", "a run that has ended shows its result"
    QTest.keyClick(window.panels.progress.timeline.strip, Qt.Key.Key_Home)
    settle(qtbot, window)
    first = window.run.kept[0]
    assert status(window)[0] == f"step {first.step} of the run"
    costs = np.where(drawn.passable, 1.25, 1.0)
    earlier = Frame(first.step, cost_map=costs)  # a step that differs from the drawn map for certain
    window.view.scrub(earlier)
    assert f"step {first.step}, which is in view" in panel.apply.toolTip()
    QTest.mouseClick(panel.apply, LEFT)
    assert np.allclose(window.model.document.cost[drawn.passable], 1.25)
    assert window.model.history.labels[-1] == f"Apply step {first.step}"
    assert window.status.currentMessage().startswith(f"Applied step {first.step}: ")
    assert "; total cost" in window.status.currentMessage()
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert window.model.document is drawn
    assert window.status.currentMessage() == ""
    window.status.tell("of the run")
    QTest.mouseClick(panel.revert, LEFT)
    assert window.status.currentMessage() == ""


def test_another_map_leaves_no_words_pictures_or_curves_of_the_last_one(qtbot, window):
    gallery, curves = window.panels.gallery, window.panels.progress.curves
    made = new_document(5, 5)
    gallery.show_maps([("one", made), ("two", new_document(5, 5))], [(), ()])
    curves._show_range(curves._plot, 0.0, 70.0, 4000.0)
    window.model.adopt(made, None)
    window.files.opened.emit()
    assert gallery.list.count() == 2, "one of its own maps is open"
    window.status.tell("of the old map")
    window.model.adopt(new_document(9, 9), None)
    window.files.opened.emit()
    assert window.status.currentMessage() == ""
    assert gallery.list.count() == 0
    assert curves._plot.viewRange()[0] == [0.0, 10.0]


def test_a_goal_that_is_a_wall_or_cut_off_is_told_before_a_run(qtbot, window):
    panel, drawn = window.panels.run, window.model.document
    goal = drawn.routes[0].goal
    wall = rectangle(drawn.shape, goal, goal)
    window.model.edit("Wall", set_passable(drawn, wall, False).document)
    assert not panel.run.isEnabled()
    assert panel.message.text() == "The goal of route 1 is a wall: move it or clear the wall."
    settle(qtbot, window)
    assert window.canvas._scene.why_cut == "The goal of route 1 is a wall"
    window.model.undo()
    assert panel.run.isEnabled()
    across = rectangle(drawn.shape, (0, 7), (drawn.height - 1, 7))
    window.model.edit("Wall", set_passable(drawn, across, False).document)
    settle(qtbot, window)
    assert not panel.run.isEnabled()
    assert panel.message.text().startswith("Walls cut the goal of route 1 off")
    assert window.canvas._scene.why_cut == ""
    window.model.undo()
    settle(qtbot, window)
    assert panel.run.isEnabled()


def test_a_hasty_enter_deletes_no_result(qtbot, window, monkeypatch):
    monkeypatch.undo()  # the real question
    drawn = window.model.document
    result = KeptResult("one", "longer", "adversarial", drawn, drawn.replace(cost=drawn.cost + 1.0))
    window.model.keep(result)
    asked = []

    def enter():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        QTest.keyClick(box, Qt.Key.Key_Return)

    QTimer.singleShot(50, enter)
    window.results.delete([result])
    assert asked == ["Delete “one”? This cannot be undone."]
    assert window.model.results == (result,)
