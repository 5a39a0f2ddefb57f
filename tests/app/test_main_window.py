"""The window as a designer uses it: real mouse and key events, a real run."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.main_window import MainWindow
from maps.document import Route, new_document
from maps.formats import read_map, write_map

YES, DISCARD = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Discard


@pytest.fixture
def window(qtbot, monkeypatch):
    document = new_document(16, 16, name="test").replace(routes=(Route("route", (8, 1), (8, 14)),))
    made = MainWindow(document, None)
    made.run_panel.form.controls["steps"].setValue(60)
    qtbot.addWidget(
        made, before_close_func=lambda w: monkeypatch.setattr(QMessageBox, "question", lambda *_: DISCARD)
    )
    made.show()
    qtbot.waitExposed(made)
    return made


def at(window, row, column):
    """Where a cell is on the canvas."""
    for y in range(window.canvas.height()):
        for x in range(0, window.canvas.width(), 3):
            if window.canvas.cell_at(QPoint(x, y).toPointF()) == (row, column):
                return QPoint(x + 1, y + 1)
    raise AssertionError(f"cell {(row, column)} is not in view")


def paint(window, start, end):
    first, last = at(window, *start), at(window, *end)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    QTest.mouseMove(window.canvas, last)
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, last)


def finish(qtbot, window, state="ended"):
    qtbot.waitUntil(lambda: window.run.state == state, timeout=30_000)


def test_run_apply_and_undo(qtbot, window):
    drawn = window.model.document
    QTest.mouseClick(window.run_panel.run, Qt.MouseButton.LeftButton)
    assert window.run_panel.run.text() == "Pause"
    assert not window.run_panel.form.controls["steps"].isEnabled()
    finish(qtbot, window)
    assert window.run_panel.headline.text().startswith("Path 13.0 → ")
    assert window.model.document is drawn, "a run changes nothing until it is applied"
    QTest.mouseClick(window.run_panel.apply, Qt.MouseButton.LeftButton)
    optimised = window.model.document
    assert optimised.cost.sum(dtype=np.float64) == pytest.approx(256.0, rel=1e-5)
    assert optimised.cost.max() > 3.0
    assert window.isWindowModified()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.model.document is drawn


def test_a_wall_painted_during_a_run_is_taken_up(qtbot, window):
    window.run_panel.form.controls["steps"].setValue(3000)
    QTest.mouseClick(window.run_panel.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.run.curves()["step"]) > 20, timeout=30_000)
    window.choose_tool("wall")
    paint(window, (4, 7), (11, 7))
    assert not window.model.document.passable[8, 7]
    qtbot.waitUntil(lambda: len(window.run.edits) == 1, timeout=30_000)
    QTest.mouseClick(window.run_panel.stop, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    QTest.mouseClick(window.run_panel.apply, Qt.MouseButton.LeftButton)
    assert window.model.document.cost.max() > 2.0
    assert window.model.history.labels[-1] == "Adversarial path"


def test_a_run_that_cannot_start_says_why(qtbot, window):
    window.model.edit("no routes", window.model.document.replace(routes=()))
    QTest.mouseClick(window.run_panel.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window, "failed")
    assert "drop a start and a goal" in window.run_panel.sentence.text()


def test_painting_saving_and_opening_again(qtbot, window, tmp_path, monkeypatch):
    target = tmp_path / "painted.longcut"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    paint(window, (3, 3), (3, 12))
    painted = window.model.document
    assert painted.cost[3, 8] == pytest.approx(2.5)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert not window.isWindowModified()
    assert np.array_equal(read_map(target).cost, painted.cost)
    assert window.open_file(target)
    assert window.windowTitle().startswith("painted.longcut")


def test_what_a_format_loses_is_said_before_it_is_written(window, tmp_path, monkeypatch):
    target = tmp_path / "bare.csv"
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    monkeypatch.setattr(
        QMessageBox, "question", lambda *words: asked.append(words[2]) or QMessageBox.StandardButton.No
    )
    assert not window.save_as()
    assert "the routes" in asked[0]
    assert not target.exists()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: YES)
    assert window.save_as()
    assert target.exists()


def test_a_broken_file_is_a_dialog_and_the_map_stays(window, tmp_path, monkeypatch):
    broken = tmp_path / "broken.longcut"
    broken.write_bytes(b"PK\x03\x04 nothing")
    shown = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: shown.append(words[2]))
    before = window.model.document
    assert not window.open_file(broken)
    assert "broken.longcut" in shown[0]
    assert "unchanged" in shown[0]
    assert window.model.document is before


def test_closing_asks_about_changes_and_stops_the_run(qtbot, window, monkeypatch):
    paint(window, (3, 3), (3, 5))
    window.run_panel.form.controls["steps"].setValue(100_000)
    QTest.mouseClick(window.run_panel.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.run.curves()["step"]) > 3, timeout=30_000)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Cancel)
    assert not window.close()
    assert window.run.busy
    monkeypatch.setattr(QMessageBox, "question", lambda *_: DISCARD)
    assert window.close()
    assert not window.run.busy


def test_opening_a_sample_from_a_file(window, tmp_path):
    from maps.samples import load_sample

    write_map(load_sample("river"), tmp_path / "river.longcut")
    assert window.open_file(tmp_path / "river.longcut")
    assert window.model.document.shape == (64, 64)
    assert window.run_panel.form.controls["upper"].text() == "5 (the map's)"
    assert window.run_panel.settings().upper is None
