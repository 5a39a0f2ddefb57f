"""The window as a designer uses it: real mouse and key events, a real run."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from app.files import questions
from app.window.main_window import MainWindow
from maps.document import Route, new_document
from maps.formats import read_map, write_map
from maps.samples import load_sample

DISCARD = QMessageBox.StandardButton.Discard


@pytest.fixture
def window(qtbot, monkeypatch):
    document = new_document(16, 16, name="test").replace(routes=(Route("route", (8, 1), (8, 14)),))
    made = MainWindow(document, None)
    made.panels.run.form.controls["steps"].set_value(60)
    qtbot.addWidget(
        made, before_close_func=lambda w: monkeypatch.setattr(QMessageBox, "question", lambda *_: DISCARD)
    )
    made.show()
    qtbot.waitExposed(made)
    return made


def at(window, row, column):
    """Where a cell is on the canvas."""
    place = QPointF(*window.canvas.view.centre(row, column)).toPoint()
    assert window.canvas.rect().contains(place), f"cell {(row, column)} is not in view"
    return place


def paint(window, start, end):
    first, last = at(window, *start), at(window, *end)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    QTest.mouseMove(window.canvas, last)
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, last)


def finish(qtbot, window, state="ended"):
    qtbot.waitUntil(lambda: window.run.state == state, timeout=30_000)


@pytest.mark.slow
def test_run_apply_and_undo(qtbot, window):
    drawn = window.model.document
    window.panels.run.form.controls["keep"].set_value(0.0)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    assert window.panels.run.run.text() == "Pause"
    assert not window.panels.run.form.controls["steps"].widget.isEnabled()
    finish(qtbot, window)
    assert "longer (path 13.0 → " in window.panels.run.headline.text()
    assert window.model.document is drawn, "a run changes nothing until it is applied"
    QTest.mouseClick(window.panels.run.apply, Qt.MouseButton.LeftButton)
    optimised = window.model.document
    assert optimised.cost.sum(dtype=np.float64) == pytest.approx(256.0, rel=1e-5)
    assert optimised.cost.max() > 3.0
    assert window.isWindowModified()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.model.document is drawn


@pytest.mark.slow
def test_a_wall_painted_during_a_run_is_taken_up(qtbot, window):
    window.panels.run.form.controls["steps"].set_value(3000)
    window.panels.run.form.controls["keep"].set_value(0.1)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.run.curves()["step"]) > 20, timeout=30_000)
    window.tools.choose("wall")
    paint(window, (4, 7), (11, 7))
    assert not window.model.document.passable[8, 7]
    qtbot.waitUntil(lambda: len(window.run.edits) == 1, timeout=30_000)
    QTest.mouseClick(window.panels.run.stop, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    QTest.mouseClick(window.panels.run.apply, Qt.MouseButton.LeftButton)
    assert window.model.document.cost.max() > 2.0
    assert window.model.history.labels[-1] == "Make the trip longer"


def test_a_map_without_a_route_says_so_before_a_run(window):
    panel = window.panels.run
    window.model.edit("no routes", window.model.document.replace(routes=()))
    assert "drop a start and a goal" in panel.message.text()
    assert panel.message.isVisible()
    assert not panel.run.isEnabled()
    assert "drop a start and a goal" in panel.run.toolTip()
    (command,) = (action for action in window.menus.commands() if action.text() == "&Run or pause")
    assert not command.isEnabled()
    panel.choose("matching")
    assert panel.run.isEnabled(), "points need no route"
    assert command.isEnabled()
    panel.choose("adversarial")
    assert not panel.run.isEnabled()
    window.model.undo()
    assert panel.run.isEnabled()
    assert not panel.message.isVisible()


def opened(qtbot, window, path):
    with qtbot.waitSignal(window.files.opened, timeout=10_000):
        window.files.open(path)


@pytest.mark.slow
def test_painting_saving_and_opening_again(qtbot, window, tmp_path, monkeypatch):
    target = tmp_path / "painted.longcut"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    paint(window, (3, 3), (3, 12))
    painted = window.model.document
    assert painted.cost[3, 8] == pytest.approx(2.5)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.isWindowModified())
    assert np.array_equal(read_map(target).cost, painted.cost)
    opened(qtbot, window, target)
    assert window.windowTitle().startswith("painted.longcut")
    paint(window, (5, 3), (5, 12))
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.isWindowModified())
    assert np.array_equal(read_map(target).cost, window.model.document.cost)


def test_what_a_format_loses_is_said_before_it_is_written(qtbot, window, tmp_path, monkeypatch):
    target = tmp_path / "bare.csv"
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    monkeypatch.setattr(questions, "agrees", lambda *words: asked.append(words[2]))
    window.files.save_as()
    assert "the routes" in asked[0]
    assert not window.files.busy
    assert not target.exists()
    monkeypatch.setattr(questions, "agrees", lambda *_: True)
    window.files.save_as()
    qtbot.waitUntil(target.exists)


def test_a_broken_file_is_a_dialog_and_the_map_stays(qtbot, window, tmp_path, monkeypatch):
    broken = tmp_path / "broken.longcut"
    broken.write_bytes(b"PK\x03\x04 nothing")
    shown = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: shown.append(words[2]))
    before = window.model.document
    window.files.open(broken)
    qtbot.waitUntil(lambda: bool(shown))
    assert "broken.longcut" in shown[0]
    assert "unchanged" in shown[0]
    assert window.model.document is before


def test_a_file_that_cannot_be_written_is_told_and_stays_unsaved(qtbot, window, tmp_path, monkeypatch):
    target = tmp_path / "gone" / "map.longcut"
    shown = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    monkeypatch.setattr(QMessageBox, "critical", lambda *words: shown.append(words[2]))
    paint(window, (3, 3), (3, 12))
    window.files.save_as()
    qtbot.waitUntil(lambda: bool(shown))
    assert "map.longcut" in shown[0]
    assert window.isWindowModified()


@pytest.mark.slow
def test_what_was_drawn_while_a_file_is_read_is_asked_about(qtbot, window, tmp_path, monkeypatch):
    write_map(new_document(9, 9), tmp_path / "other.longcut")
    asked = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *words: asked.append(1) or QMessageBox.StandardButton.Cancel
    )
    window.files.open(tmp_path / "other.longcut")
    paint(window, (3, 3), (3, 12))
    qtbot.waitUntil(lambda: not window.files.busy)
    assert asked
    assert window.model.document.shape == (16, 16), "the drawing stays"


def test_a_dropped_file_opens(qtbot, window, tmp_path):
    write_map(new_document(9, 9), tmp_path / "other.longcut")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "other.longcut"))])
    where = (QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    enter = QDragEnterEvent(*where, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(50, 50), *where[1:], Qt.KeyboardModifier.NoModifier)
    with qtbot.waitSignal(window.files.opened, timeout=10_000):
        QApplication.sendEvent(window, drop)
    assert window.model.document.shape == (9, 9)
    other = QMimeData()
    other.setUrls([QUrl.fromLocalFile(str(tmp_path / "tune.mp3"))])
    refused = QDragEnterEvent(where[0], where[1], other, where[3], Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, refused)
    assert not refused.isAccepted()


@pytest.mark.slow
def test_the_drawn_map_shows_its_own_path_and_what_it_costs(qtbot, window):
    costs = []
    window.view.measurer.measured.connect(lambda measures: costs.append(measures.costs[0]))
    qtbot.waitUntil(lambda: bool(costs), timeout=20_000)
    assert costs[-1] == pytest.approx(13.0)
    window.tools.choose("wall")
    paint(window, (0, 7), (15, 7))
    qtbot.waitUntil(lambda: np.isinf(costs[-1]), timeout=20_000)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: costs[-1] == pytest.approx(13.0), timeout=20_000)


@pytest.mark.slow
def test_an_edit_taken_back_during_a_run_is_taken_up(qtbot, window):
    window.panels.run.form.controls["steps"].set_value(100_000)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.run.step > 3, timeout=60_000)
    drawn = window.model.document
    window.tools.choose("wall")
    paint(window, (3, 7), (12, 7))
    qtbot.waitUntil(lambda: len(window.run.edits) == 1, timeout=30_000)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.run.taken is drawn, timeout=30_000)
    window.run.stop()
    finish(qtbot, window)
    assert window.run.result.min() >= drawn.bounds.lower, "no cell of the wall that is gone has no cost"


@pytest.mark.slow
def test_a_refused_edit_shows_the_drawn_map_and_waits(qtbot, window):
    window.panels.run.form.controls["steps"].set_value(100_000)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.run.step > 3, timeout=60_000)
    window.tools.choose("wall")
    paint(window, (0, 7), (15, 7))
    qtbot.waitUntil(lambda: window.run.refused, timeout=30_000)
    assert "no way leads" in window.panels.run.message.text()
    assert not window.panels.run.run.isEnabled()
    assert "undo" in window.panels.run.run.toolTip()
    assert not window.canvas._scene.map.has_run
    qtbot.waitUntil(lambda: window.canvas._scene.cut is not None, timeout=20_000)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.run.state == "running" and not window.run.refused, timeout=30_000)
    qtbot.waitUntil(lambda: window.canvas._scene.map.has_run, timeout=30_000)
    assert window.canvas._scene.cut is None
    window.run.stop()
    finish(qtbot, window)


@pytest.mark.slow
def test_apply_to_a_map_that_changed_asks_and_names_the_total(qtbot, window, monkeypatch):
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    assert window.canvas._scene.map.has_run
    QTest.mouseClick(window.panels.progress.timeline.compare, Qt.MouseButton.LeftButton)
    window.tools.choose("wall")
    paint(window, (3, 3), (6, 3))
    assert not window.canvas._scene.map.has_run, "the drawn map stays in view"
    assert len(window.model.history.labels) == 2, "nothing was applied to it"
    asked = []

    monkeypatch.setattr(questions, "agrees", lambda *words: asked.append(words[2]) or words[3] == "Apply")
    QTest.mouseClick(window.panels.run.apply, Qt.MouseButton.LeftButton)
    assert len(asked) == 1
    assert "total cost becomes" in asked[0]
    assert f"Applied the run's result: {window.run.headline()}" in window.statusBar().currentMessage()


def test_space_pans_after_a_field_had_the_focus(qtbot, window):
    window.show()
    field = window.options_bar.size_box
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    document, view = window.model.document, window.canvas.view
    QTest.mouseMove(window.canvas, QPoint(100, 100))
    QApplication.sendEvent(window.canvas, QEnterEvent(QPointF(100, 100), QPointF(100, 100), QPointF(100, 100)))
    QTest.keyPress(QApplication.focusWidget() or window.canvas, Qt.Key.Key_Space)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    QTest.mouseMove(window.canvas, QPoint(130, 110))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(130, 110))
    assert window.model.document is document
    assert window.canvas.view.left == pytest.approx(view.left + 30.0)


def test_enter_and_escape_in_a_field_give_the_keys_back_to_the_map(qtbot, window):
    window.show()
    field = window.options_bar.size_box
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        field.setFocus()
        QTest.keyClick(field, key)
        assert QApplication.focusWidget() is window.canvas


@pytest.mark.slow
def test_an_earlier_step_can_be_seen_and_forked(qtbot, window):
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    first = window.run.kept[0]
    QTest.keyClick(window.panels.progress.timeline.strip, Qt.Key.Key_Home)
    assert window.panels.progress.timeline.frame is first
    QTest.keyClick(window.panels.progress.timeline.strip, Qt.Key.Key_End)
    assert window.panels.progress.timeline.frame is None
    middle = window.run.kept[len(window.run.kept) // 2]
    window.controller.fork(middle)
    assert np.allclose(window.model.document.cost, middle.cost_map, rtol=1e-6)
    assert window.model.history.labels[-1].startswith("Fork at step")
    assert window.run.busy
    finish(qtbot, window)


@pytest.mark.slow
def test_a_budget_that_does_not_fit_is_mended_by_a_button(qtbot, window):
    window.panels.run.form.controls["budget"].set_value(1e6)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window, "failed")
    assert "does not fit the bounds" in window.panels.run.message.text()
    assert window.panels.run.fix.isVisible()
    QTest.mouseClick(window.panels.run.fix, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    assert window.panels.run.settings().budget == pytest.approx(16 * 16 * 5.0)


@pytest.mark.slow
def test_revert_shows_the_drawn_map_again(qtbot, window):
    drawn = window.model.document
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    QTest.mouseClick(window.panels.run.revert, Qt.MouseButton.LeftButton)
    assert window.run.state == "idle"
    assert window.run.frame is None
    assert window.model.document is drawn
    assert window.panels.run.headline.text() == ""


def test_a_key_takes_up_a_terrain_and_the_brush_paints_it(window):
    palette = window.model.document.palette
    rock, wall = (next(n for n, kind in enumerate(palette) if kind.name == name) for name in ("rock", "wall"))
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key(Qt.Key.Key_1 + rock))
    paint(window, (3, 3), (3, 12))
    document = window.model.document
    assert (document.terrain[3, 8], document.cost[3, 8]) == (rock, 5.0)
    assert set(np.unique(document.terrain)) == {1, rock}, "a hard edge: no cell in between"
    QTest.keyClick(window, Qt.Key(Qt.Key.Key_1 + wall))
    paint(window, (9, 3), (9, 12))
    document = window.model.document
    assert (document.terrain[9, 8], document.passable[9, 8]) == (wall, False)
    assert window.canvas.tool == "brush"
    window.model.undo()
    assert window.model.document.passable[9, 8]


@pytest.mark.slow
def test_closing_asks_about_changes_and_stops_the_run(qtbot, window, monkeypatch):
    paint(window, (3, 3), (3, 5))
    window.panels.run.form.controls["steps"].set_value(100_000)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.run.curves()["step"]) > 3, timeout=30_000)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Cancel)
    assert not window.close()
    assert window.run.busy
    monkeypatch.setattr(QMessageBox, "question", lambda *_: DISCARD)
    assert window.close()
    assert not window.run.busy


def test_opening_a_sample_from_a_file(qtbot, window, tmp_path):
    write_map(load_sample("river"), tmp_path / "river.longcut")
    opened(qtbot, window, tmp_path / "river.longcut")
    assert window.model.document.shape == (64, 64)
    assert window.panels.run.form.controls["upper"].widget.text() == "5 (the map's)"
    assert window.panels.run.settings().upper is None
