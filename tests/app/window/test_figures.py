"""Every figure in the window speaks of the map and the step in view: by mouse and keys, on real runs."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.files import questions
from app.panels.routes import COST
from app.scenarios.adversarial import AdversarialPath
from app.scenarios.adversarial_settings import AdversarialSettings
from app.scenarios.translate import path_costs
from app.window.main_window import MainWindow
from maps.document import Layout, Route, new_document
from maps.layout_edits import move_points
from maps.samples import load_sample
from tests.app.closing import let_it_close

LEFT, NONE, CONTROL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
)
STEPS, ENDLESS = 80, 100_000


@pytest.fixture
def window(qtbot, monkeypatch):
    monkeypatch.setattr(questions, "agrees", lambda *_: True)
    points = np.random.default_rng(1).uniform(1.0, 14.0, (2, 9, 2))
    layouts = tuple(Layout(name, where, np.ones(9)) for name, where in zip(("camps", "loot"), points, strict=True))
    routes = Route("one", (8, 1), (8, 14)), Route("two", (2, 1), (12, 14))
    made = MainWindow(new_document(16, 16, name="test").replace(routes=routes, layouts=layouts), None)
    made.panels.run.form.controls["steps"].set_value(STEPS)
    qtbot.addWidget(made, before_close_func=let_it_close)
    made.show()
    qtbot.waitExposed(made)
    return made


def run(qtbot, window):
    QTest.mouseClick(window.panels.run.run, LEFT)
    qtbot.waitUntil(lambda: window.run.state in ("ended", "failed"), timeout=60_000)
    settle(qtbot, window)


def settle(qtbot, window):
    """Wait until what is in view is measured and drawn."""
    qtbot.waitUntil(lambda: not window.view.measurer.busy and not window.panels.plan.busy, timeout=60_000)
    qtbot.wait(150)  # the time line is drawn ten times a second


def costs(window):
    """What the routes table says, and whether it is dim."""
    table = window.panels.routes.table
    items = [table.item(row, COST) for row in range(table.rowCount())]
    return [item.text() for item in items], any(item.font().italic() for item in items)


def headline(window):
    panel = window.panels.run
    return panel.headline.text(), panel.subject.text(), bool(panel.headline.property("dim"))


def status(window):
    return window.status._subject.text(), window.status._total.text()


def exact(document):
    return [f"{cost:.1f}" for cost in path_costs(document)]


def at(window, row, column):
    x, y = window.canvas.view.centre(row, column)
    return QPoint(round(x), round(y))


def press_and_move(window, start, end):
    """Drag without letting go."""
    QTest.mousePress(window.canvas, LEFT, NONE, at(window, *start))
    QTest.mouseMove(window.canvas, at(window, *end))


def release(window, cell):
    QTest.mouseRelease(window.canvas, LEFT, NONE, at(window, *cell))


def click_result(window, number):
    window.docks.bring_to_front(window.panels.results)
    rows = window.panels.results.list
    QTest.mouseClick(rows.viewport(), LEFT, NONE, rows.visualItemRect(rows.item(number)).center())


LAST_RUN = "of the last run, not of the drawn map"


@pytest.mark.slow
def test_all_figures_change_together_with_what_is_in_view(qtbot, window):
    drawn = window.model.document
    run(qtbot, window)
    (result,) = window.model.results
    words, timeline = window.run.headline(), window.panels.progress.timeline
    assert "(sum of 2 paths " in words
    assert headline(window) == (words, "", False)
    assert costs(window) == (exact(result.after), False)
    assert window.panels.routes.subject.text() == "Costs of the run's best map"
    assert status(window) == ("the run's best map", f"total cost {result.after.total_cost:.6g}")

    QTest.keyClick(timeline.strip, Qt.Key.Key_Home)  # an earlier step
    settle(qtbot, window)
    first = window.run.kept[0]
    assert headline(window) == (window.run.headline(first.step), f"best up to step {first.step} of {STEPS}", False)
    assert costs(window) == (exact(drawn.replace(cost=first.cost_map.astype(np.float32))), False)
    assert status(window)[0] == f"step {first.step} of the run"
    assert timeline.step.text() == f"{first.step} / {STEPS}"

    QTest.mouseClick(timeline.compare, LEFT)  # the drawn map
    settle(qtbot, window)
    assert headline(window) == (words, LAST_RUN, True)
    assert costs(window) == (exact(drawn), False)
    assert window.panels.routes.subject.isHidden()
    assert status(window) == ("drawn map", "total cost 256")

    click_result(window, 0)
    settle(qtbot, window)
    assert headline(window) == (result.headline, "of “Make the trip longer 1”", False)
    assert costs(window) == (exact(result.after), False)
    assert window.panels.routes.subject.text() == "Costs of “Make the trip longer 1”"
    assert status(window)[0] == "“Make the trip longer 1”"

    QTest.mouseClick(window.panels.run.apply, LEFT)
    settle(qtbot, window)
    assert window.model.document is result.after
    assert headline(window) == (result.headline, "of “Make the trip longer 1”, which is the drawn map now", False)
    assert costs(window) == (exact(result.after), False)
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    settle(qtbot, window)
    assert headline(window) == (words, LAST_RUN, True)
    assert costs(window) == (exact(drawn), False)


@pytest.mark.slow
def test_a_dragged_end_greys_the_headline_and_says_of_what_it_is(qtbot, window):
    window.tools.choose("goal")
    run(qtbot, window)
    words = window.run.headline()
    press_and_move(window, (8, 14), (4, 12))
    assert headline(window) == (words, "of “Make the trip longer 1”, before your edits", True)
    assert costs(window)[0][0] == "…", "the path of the old end is not that of the new one"
    release(window, (4, 12))
    settle(qtbot, window)
    assert headline(window)[1:] == ("of “Make the trip longer 1”, before your edits", True)
    assert costs(window) == (exact(window.model.document), False)


@pytest.mark.slow
def test_an_edit_during_a_run_greys_the_headline_until_it_is_taken_up(qtbot, window):
    window.panels.run.form.controls["steps"].set_value(ENDLESS)
    QTest.mouseClick(window.panels.run.run, LEFT)
    qtbot.waitUntil(lambda: window.run.step > 3, timeout=60_000)
    assert headline(window)[1:] == ("best so far", False)
    window.tools.choose("wall")
    press_and_move(window, (4, 7), (7, 7))
    assert headline(window)[1:] == ("of the map before your edit", True)
    release(window, (7, 7))
    qtbot.waitUntil(lambda: headline(window)[1:] == ("best so far", False), timeout=60_000)
    assert len(window.run.edits) == 1
    window.run.stop()
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)


@pytest.mark.slow
def test_while_it_runs_costs_are_of_a_step_that_is_named(qtbot, window):
    window.panels.run.form.controls["steps"].set_value(ENDLESS)
    QTest.mouseClick(window.panels.run.run, LEFT)
    table = window.panels.routes
    qtbot.waitUntil(lambda: costs(window)[0][0] != "…" and "of the run" in table.subject.text(), timeout=60_000)
    qtbot.waitUntil(lambda: costs(window)[1], timeout=60_000)
    QTest.mouseClick(window.panels.run.run, LEFT)  # pause
    assert window.run.state == "paused"
    settle(qtbot, window)
    frame = window.run.frame
    assert table.subject.text() == f"Costs of step {frame.step} of the run"
    paused = window.model.document.replace(cost=frame.cost_map.astype(np.float32))
    assert costs(window) == (exact(paused), False)
    QTest.mouseClick(window.panels.run.stop, LEFT)
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    settle(qtbot, window)
    (result,) = window.model.results
    assert costs(window) == (exact(result.after), False), "in view is the result, not the last step"
    assert headline(window) == (result.headline, "", False)


@pytest.mark.slow
def test_how_far_a_run_is_stands_in_the_panel_the_time_line_and_the_status_bar(qtbot, window):
    panel, bar = window.panels.run, window.status._progress
    window.panels.run.form.controls["steps"].set_value(ENDLESS)
    QTest.mouseClick(panel.run, LEFT)
    assert panel.progress.text().startswith("Preparing: ")
    assert panel.progress.isVisible()
    assert window.panels.progress.curves._title.text() == panel.progress.text()
    qtbot.waitUntil(lambda: panel.progress.text().endswith(" left"), timeout=60_000)
    assert f" / {ENDLESS} · " in panel.progress.text()
    assert bar.text() == panel.progress.text()
    qtbot.waitUntil(lambda: window.panels.progress.timeline.step.text().endswith(f" / {ENDLESS}"))
    QTest.mouseClick(panel.run, LEFT)
    assert panel.progress.text() == f"{window.run.step} / {ENDLESS}", "no time is left while nothing runs"
    QTest.mouseClick(panel.stop, LEFT)
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    assert panel.progress.isHidden()
    assert bar.text() == ""
    assert panel.message.text() == f"Stopped at step {window.run.step} of {ENDLESS}; the best map so far is kept."
    assert window.model.results, "what there was is kept"


@pytest.mark.slow
def test_the_plan_panel_follows_a_kept_result(qtbot, window):
    panel = window.panels.plan
    window.docks.bring_to_front(panel)
    window.panels.run.choose("matching")
    window.panels.run.form.controls["steps"].set_value(30)
    drawn = window.model.document
    run(qtbot, window)
    (result,) = window.model.results
    settle(qtbot, window)
    assert panel.subject.text() == "Of the run's result"
    assert "over “Cheap ground”" in panel.notice.words
    assert np.allclose(panel.comparison.pair.source.positions, result.after.layouts[0].positions)
    window.view.show_drawn()
    settle(qtbot, window)
    assert panel.subject.isHidden()
    assert panel.comparison.pair.source is drawn.layouts[0]
    click_result(window, 0)
    settle(qtbot, window)
    assert panel.subject.text() == "Of “Spread the loot 1”"
    assert panel.comparison.pair.source is result.after.layouts[0]


@pytest.mark.slow
def test_the_drawn_map_can_be_seen_from_the_runs_last_step(qtbot, window):
    run(qtbot, window)
    window.docks.bring_to_front(window.panels.results)
    button = window.panels.results.view_button
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)
    assert not window.canvas._scene.map.has_run
    assert not button.isEnabled()
    assert window.panels.progress.timeline.compare.isChecked()


@pytest.mark.slow
def test_painting_on_a_result_of_another_map_says_so(qtbot, window):
    run(qtbot, window)
    QTest.mouseClick(window.panels.run.revert, LEFT)
    window.model.edit("Move", move_points(window.model.document, 0, [0], np.array([1.0, 0.0])))
    click_result(window, 0)
    press_and_move(window, (3, 3), (3, 12))
    release(window, (3, 12))
    told = window.statusBar().currentMessage()
    assert told.startswith("Applied “Make the trip longer 1” in place of a map from which it was not made")
    assert window.model.history.labels[-2:] == ("Apply Make the trip longer 1", "Brush")


@pytest.mark.slow
def test_a_refused_run_leaves_no_words_of_an_earlier_one(qtbot, window):
    run(qtbot, window)
    QTest.mouseClick(window.panels.run.revert, LEFT)
    window.panels.run.form.controls["budget"].set_value(1e6)
    run(qtbot, window)
    assert window.run.state == "failed"
    assert headline(window) == ("", "", False)
    assert window.panels.run.subject.isHidden()


@pytest.mark.slow
def test_a_run_does_not_widen_the_window(qtbot, window):
    width = window.minimumSizeHint().width()
    window.resize(width, 700)
    window.panels.run.form.controls["steps"].set_value(ENDLESS)
    widths = set()
    window.run.progress_changed.connect(lambda: widths.add(window.minimumSizeHint().width()))
    QTest.mouseClick(window.panels.run.run, LEFT)
    qtbot.waitUntil(lambda: window.run.step > 20, timeout=60_000)
    window.run.stop()
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    assert max(widths) <= width


def test_a_sum_of_paths_is_called_one():
    document = load_sample("island")
    assert [route.weight for route in document.routes] == [3.0, 1.0, 2.0]
    scenario, (south, west, north) = AdversarialPath(), path_costs(document)

    def words(document, **settings):
        first = next(iter(scenario.steps(document, AdversarialSettings(**settings)))).figures
        return scenario.headline(first, first)

    assert f"(weighted sum of 3 paths {3.0 * south + west + 2.0 * north:.1f} → " in words(document)
    least = min(3.0 * south, west, 2.0 * north)
    assert f"(least of 3 weighted paths {least:.1f} → " in words(document, aim="longer_minimum")
    mean = (3.0 * south + west + 2.0 * north) / 6.0
    targets = words(document, aim="target", targets=(50.0, 50.0, 50.0))
    assert f"(weighted mean of 3 paths {mean:.1f} → " in targets
    lone = document.replace(routes=document.routes[:1])
    assert f"(path × weight 3 {3.0 * south:.1f} → " in words(lone)
