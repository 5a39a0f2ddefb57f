"""The whole life of a result in a window, by mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QFileDialog, QLineEdit, QMessageBox

from app.files import questions as file_questions
from app.panels.result_comparison import ResultComparison, share_changed
from app.panels.routes import COST
from app.run.keeping import same_map
from app.window.main_window import MainWindow
from maps.document import Route, new_document
from maps.samples import load_sample
from tests.present import present

LEFT, NONE, CONTROL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
)
YES, NO, DISCARD = (
    QMessageBox.StandardButton.Yes,
    QMessageBox.StandardButton.No,
    QMessageBox.StandardButton.Discard,
)


class Questions:
    """Stands in for the window's questions: what was asked, and the answer to give."""

    def __init__(self):
        self.asked, self.answer = [], YES

    def ask(self, *words):
        self.asked.append(words[2])
        return self.answer

    def agree(self, parent, title, question, verb):
        assert verb in ("Apply", "Delete", "Replace")
        return self.ask(parent, title, question) == YES


@pytest.fixture
def questions(monkeypatch):
    made = Questions()
    monkeypatch.setattr(QMessageBox, "question", made.ask)
    monkeypatch.setattr(file_questions, "agrees", made.agree)
    return made


@pytest.fixture
def window(qtbot, questions):
    document = new_document(16, 16, name="test").replace(routes=(Route("route", (8, 1), (8, 14)),))
    made = opened(qtbot, questions, document)
    made.panels.run.form.controls["steps"].set_value(3)
    made.panels.run.form.controls["keep"].set_value(0.0)  # a few steps are then a result already
    return made


def opened(qtbot, questions, document, path=None):
    made = MainWindow(document, path)

    def before_close(_):
        questions.answer = DISCARD

    qtbot.addWidget(made, before_close_func=before_close)
    made.show()
    qtbot.waitExposed(made)
    return made


def run(qtbot, window):
    QTest.mouseClick(window.panels.run.run, LEFT)
    qtbot.waitUntil(lambda: window.run.state in ("ended", "failed"), timeout=60_000)


def row(window, number):
    rows = window.panels.results.list
    return rows.visualItemRect(rows.item(number)).center()


def click(window, number, modifiers=NONE):
    window.docks.bring_to_front(window.panels.results)
    QTest.mouseClick(window.panels.results.list.viewport(), LEFT, modifiers, row(window, number))


def press(window, button):
    QTest.mouseClick(getattr(window.panels.results, f"{button}_button"), LEFT)


def at(window, row, column):
    view = window.canvas.view
    x, y = view.centre(row, column)
    return QPoint(round(x), round(y))


def paint(window, start, end):
    QTest.mousePress(window.canvas, LEFT, NONE, at(window, *start))
    QTest.mouseMove(window.canvas, at(window, *end))
    QTest.mouseRelease(window.canvas, LEFT, NONE, at(window, *end))


def words(window, number):
    item = window.panels.results.list.item(number)
    return [item.text(), *(item.data(Qt.ItemDataRole.UserRole + shift) for shift in (1, 2))]


def test_a_stopped_run_is_listed_renamed_saved_and_there_after_opening(qtbot, questions, tmp_path, monkeypatch):
    window = opened(qtbot, questions, load_sample("island"))
    window.panels.run.form.controls["steps"].set_value(10_000)
    QTest.mouseClick(window.panels.run.run, LEFT)
    qtbot.waitUntil(lambda: window.run.step >= 3, timeout=60_000)
    QTest.mouseClick(window.panels.run.stop, LEFT)
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    panel = window.panels.results
    assert panel.list.count() == 1
    name, headline, remark = words(window, 0)
    assert (name, headline) == ("Make the trip longer 1", window.run.headline())
    assert remark.endswith("not saved")
    assert window.isWindowModified()
    assert present(window.findChild(QDockWidget, "results")).windowTitle() == "Results (1)"
    qtbot.waitUntil(lambda: not panel.list.item(0).icon().isNull(), timeout=20_000)

    click(window, 0)
    QTest.keyClick(panel.list, Qt.Key.Key_F2)
    field = present(panel.list.findChild(QLineEdit))
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(field, "Two long arms")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [result.name for result in window.model.results] == ["Two long arms"])
    assert window.results.in_view is window.model.results[0], "it was in view and stays there"

    target = tmp_path / "island.longcut"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    QTest.keyClick(window, Qt.Key.Key_S, CONTROL)
    qtbot.waitUntil(lambda: not window.isWindowModified(), timeout=20_000)
    assert not words(window, 0)[2].endswith("not saved")
    kept = window.model.results[0]
    with qtbot.waitSignal(window.files.opened, timeout=20_000):
        window.files.open(target)
    assert questions.asked == []
    assert words(window, 0)[0] == "Two long arms"
    again = window.model.results[0]
    assert np.array_equal(again.after.cost, kept.after.cost)
    assert (again.made, dict(again.settings)) == (kept.made, dict(kept.settings))
    press(window, "apply")
    assert questions.asked == [], "the map is the one from which it was made"
    assert same_map(window.model.document, again.after)


def test_a_click_shows_a_result_and_a_second_one_escape_or_the_button_leave_it(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    QTest.mouseClick(window.panels.run.revert, LEFT)
    (entry,) = window.model.results
    for leave in (
        lambda: click(window, 0),
        lambda: press(window, "view"),
        lambda: QTest.keyClick(window.panels.results.list, Qt.Key.Key_Escape),
        lambda: QTest.keyClick(window.canvas, Qt.Key.Key_Escape),
    ):
        click(window, 0)
        assert window.results.in_view is entry
        assert words(window, 0)[2].startswith("in view")
        assert np.array_equal(window.canvas._scene.map.costs, entry.after.cost)
        leave()
        assert window.results.in_view is None
        assert np.array_equal(window.canvas._scene.map.costs, drawn.cost)
        assert not words(window, 0)[2].startswith("in view")
    assert window.model.document is drawn


def test_the_slider_shows_and_applies_a_part_of_the_change(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    QTest.mouseClick(window.panels.run.revert, LEFT)
    (entry,) = window.model.results
    slider = window.panels.results.amount.slider
    assert not slider.isVisible(), "the drawn map is in view"
    click(window, 0)
    assert slider.isVisible()
    assert slider.value() == 100
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert np.array_equal(window.canvas._scene.map.costs, drawn.cost)
    for _ in range(4):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
    half = (drawn.cost + 0.4 * (entry.after.cost.astype(float) - drawn.cost)).astype(np.float32)
    assert np.array_equal(window.canvas._scene.map.costs, half)
    assert window.results.in_view is entry
    moved = 0.4 * np.abs(entry.after.cost.astype(float) - 1.0).sum() / 512.0
    qtbot.waitUntil(lambda: "(path 13.0 → " in window.panels.run.headline.text(), timeout=20_000)
    headline = window.panels.run.headline.text()
    assert f"{int(100.0 * (1.0 - moved))} % of your map kept" in headline
    assert "of 40 % of “Make the trip longer 1”" in window.panels.run.subject.text()
    press(window, "apply")
    assert np.array_equal(window.model.document.cost, half)
    assert window.model.document.cost.sum(dtype=float) == pytest.approx(256.0, rel=1e-6)
    assert window.model.history.labels[-1] == "Apply 40 % of Make the trip longer 1"
    told = window.statusBar().currentMessage()
    assert told.startswith("Applied 40 % of “Make the trip longer 1”: ")
    assert "longer (path 13.0 → " in told
    window.model.undo()
    assert window.model.document is drawn
    click(window, 0)
    assert slider.value() == 100, "a result comes into view as it was kept"


def test_painting_on_a_kept_result_applies_it_first(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    QTest.mouseClick(window.panels.run.revert, LEFT)
    click(window, 0)
    paint(window, (3, 3), (3, 12))
    assert window.model.history.labels[1:] == ("Apply Make the trip longer 1", "Brush")
    assert "before your edit" in window.statusBar().currentMessage()
    painted = window.model.document
    assert painted.cost[3, 8] == pytest.approx(2.5)
    assert np.array_equal(painted.cost[14], window.model.results[0].after.cost[14])
    assert np.array_equal(window.canvas._scene.map.costs, painted.cost)
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert window.model.document is window.model.results[0].after
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert window.model.document is drawn


def test_painting_on_an_ended_run_applies_its_result_first_and_escape_leaves_it_applied(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    assert window.canvas._scene.map.has_run
    QTest.mousePress(window.canvas, LEFT, NONE, at(window, 3, 3))
    assert "Applied the run's result before your edit" in window.statusBar().currentMessage()
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(window.canvas, LEFT, NONE, at(window, 3, 3))
    assert same_map(window.model.document, window.model.results[0].after)
    assert window.model.history.labels[1:] == ("Apply the run's result",)
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert window.model.document is drawn


def test_the_headline_says_of_what_it_speaks(qtbot, window):
    run(qtbot, window)
    window.panels.run.form.controls["steps"].set_value(60)  # long enough for frames in between
    run(qtbot, window)
    panel, first, last = window.panels.run, window.run.kept[0].step, window.run.step
    assert first < last
    assert (panel.headline.text(), panel.subject.text()) == (window.run.headline(), "")
    assert not panel.headline.property("dim")
    qtbot.wait(200)  # the time line is drawn ten times a second
    QTest.keyClick(window.panels.progress.timeline.strip, Qt.Key.Key_Home)
    assert panel.headline.text() == window.run.headline(first)
    assert panel.subject.text() == f"best up to step {first} of {last}"
    assert panel.headline.text() != window.run.headline()
    assert not panel.headline.property("dim"), "it is the headline of that step"
    QTest.keyClick(window.panels.progress.timeline.strip, Qt.Key.Key_End)
    click(window, 1)
    assert panel.headline.text() == window.model.results[0].headline
    assert panel.subject.text() == "of “Make the trip longer 1”"
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    paint(window, (3, 3), (3, 12))
    assert panel.headline.text() == window.run.headline()
    assert panel.subject.text() == "of “Make the trip longer 2”, before your edits"
    assert panel.headline.property("dim")
    window.model.undo()
    assert panel.subject.text() == "of “Make the trip longer 2”, which is the drawn map now"
    assert not panel.headline.property("dim")
    window.model.undo()
    assert panel.subject.text() == "of the last run, not of the drawn map"
    assert panel.headline.property("dim")


def test_the_routes_table_shows_what_paths_cost_on_the_result_in_view(qtbot, window):
    run(qtbot, window)
    routes = window.panels.routes.table
    QTest.mouseClick(window.panels.run.revert, LEFT)
    qtbot.waitUntil(lambda: routes.item(0, COST).text() == "13.0", timeout=20_000)
    click(window, 0)
    after = window.model.results[0].headline.split(" · ")[0].split()[-1].rstrip(")")
    qtbot.waitUntil(lambda: routes.item(0, COST).text() == after, timeout=20_000)


def test_the_picker_applies_nothing(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    window.tools.choose("picker")
    paint(window, (3, 3), (3, 4))
    assert window.model.document is drawn


def test_apply_and_fork_by_their_buttons(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    (entry,) = window.model.results
    click(window, 0)
    press(window, "apply")
    assert window.model.document is entry.after
    assert window.results.in_view is None
    window.model.undo()
    assert window.model.document is drawn
    window.panels.run.form.controls["steps"].set_value(7)
    press(window, "fork")
    assert window.panels.run.settings().steps == 3
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    assert [result.name for result in window.model.results] == ["Make the trip longer 1", "Make the trip longer 2"]
    assert window.model.results[1].before is entry.after


def test_two_results_are_compared_and_one_with_its_origin(qtbot, window):
    run(qtbot, window)
    run(qtbot, window)
    click(window, 0)
    press(window, "compare")
    alone = present(window.findChild(ResultComparison))
    qtbot.waitUntil(lambda: not alone.busy, timeout=20_000)
    before, after = (label.text() for label in alone.figures)
    assert "Path of route: 13\n" in before
    assert "Cells changed" not in before
    entry = window.model.results[1]
    share = share_changed(entry.before, entry.after)
    assert f"Cells changed by over 5 %: {100.0 * share:.0f} %" in after
    alone.close()
    click(window, 0)
    click(window, 1, CONTROL)
    press(window, "compare")
    both = present(next(entry for entry in window.findChildren(ResultComparison) if entry is not alone))
    qtbot.waitUntil(lambda: not both.busy, timeout=20_000)
    assert all("Cells changed" in label.text() for label in both.figures)
    both.close()


def test_delete_asks_and_the_space_bar_deletes_nothing(qtbot, window, questions):
    run(qtbot, window)
    click(window, 0)
    rows = window.panels.results.list
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Space)
    questions.answer = NO
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    assert "Delete “Make the trip longer 1”?" in questions.asked[-1]
    assert rows.count() == 1
    questions.answer = YES
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    assert rows.count() == 0
    assert window.model.results == ()
    assert not window.panels.results.delete_button.isEnabled()


def test_a_run_that_cannot_start_leaves_nothing(qtbot, window):
    window.panels.run.form.controls["budget"].set_value(1e6)
    run(qtbot, window)
    assert window.run.state == "failed"
    assert window.panels.results.list.count() == 0


def test_a_gallery_map_opens_as_unsaved_work_after_a_question(qtbot, window, questions):
    run(qtbot, window)
    drawn, made = window.model.document, new_document(8, 8, name="made")
    questions.answer = QMessageBox.StandardButton.Cancel
    window.panels.gallery.map_chosen.emit(made)
    assert "Results that no file holds yet: 1" in questions.asked[-1]
    assert window.model.document is drawn
    questions.answer = DISCARD
    window.panels.gallery.map_chosen.emit(made)
    assert window.model.document is made
    assert window.isWindowModified()
    assert window.panels.results.list.count() == 0


def test_closing_asks_about_results_that_no_file_holds(qtbot, window, questions):
    run(qtbot, window)
    questions.answer = QMessageBox.StandardButton.Cancel
    assert not window.close()
    assert "Results that no file holds yet: 1" in questions.asked[-1]


def test_closing_during_a_run_keeps_the_best_so_far_and_asks(qtbot, window, questions):
    window.panels.run.form.controls["steps"].set_value(100_000)
    QTest.mouseClick(window.panels.run.run, LEFT)
    qtbot.waitUntil(lambda: window.run.step > 2, timeout=60_000)
    questions.answer = QMessageBox.StandardButton.Cancel
    assert not window.close()
    assert "Results that no file holds yet: 1" in questions.asked[-1]
    QTest.mouseClick(window.panels.run.stop, LEFT)
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    assert window.panels.results.list.count() == 1, "it is the entry of the same run"


def test_the_chosen_stays_chosen_and_a_new_one_is(qtbot, window):
    run(qtbot, window)
    assert window.panels.results.chosen == [window.model.results[0]]
    run(qtbot, window)
    assert window.panels.results.chosen == [window.model.results[1]]
    click(window, 1)
    first = window.model.results[0]
    window.results.rename(window.model.results[1], "other")
    assert window.panels.results.chosen == [first]
