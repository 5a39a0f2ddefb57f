"""Every scenario on its sample map: from the window with real events, and from the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QStyle, QStyleOptionComboBox

from app.cli import main as cli
from app.files import questions
from app.files.questions import Answer
from app.scenarios import SCENARIOS
from app.scenarios.words import within
from app.window.main_window import MainWindow
from engine.core.status import Status
from maps.document import Route, new_document
from maps.formats import read_map
from maps.samples import load_sample, sample_path
from tests.app.closing import let_it_close
from tests.present import present

# Scenario -> (its sample map, settings that make it short here, options that do the same, keys of its report)
SHORT = {
    "adversarial": ("plain", {"steps": 20}, ["--steps", "20"], {"path_cost_before", "path_cost_after", "gap"}),
    "arrange_terrain": (
        "plain",
        {"steps": 10},
        ["--steps", "10"],
        {"path_cost_before", "path_cost_after", "upper_bound", "gap", "tiles_changed"},
    ),
    "matching": (
        "island",
        {"steps": 20, "totals": "scale"},
        ["--steps", "20", "--totals", "scale"],
        {"transport_cost_before", "transport_cost_after", "exact_cost_after"},
    ),
    "drawn_route": ("lake", {"steps": 60}, ["--steps", "60"], {"on_path_after", "changed_total", "reduced_cost"}),
    "balance": ("arena", {"steps": 60}, ["--steps", "60"], {"met_before", "met_after", "team_ranks_after"}),
    "foresight": ("lake", {"steps": 6}, ["--steps", "6"], {"excess_before", "excess_after", "path_costs_after"}),
    "terrain": (
        "river",
        {"maps": 64, "epochs": 2},
        ["--maps", "64", "--epochs", "2"],
        {"optimal_share", "agreement", "training_maps"},
    ),
    "adaptation": (
        "river",
        {"maps": 32, "steps": 3},
        ["--maps", "32", "--steps", "3"],
        {"optimal_before", "optimal_after", "price_error_after"},
    ),
    "generate": (
        "plain",
        {"steps": 12, "count": 3},
        ["--steps", "12", "--count", "3"],
        {"hits", "path_costs", "diversity"},
    ),
    "place_walls": (
        "garden",
        {"steps": 20},
        ["--steps", "20"],
        {"path_cost_before", "path_cost_after", "walls", "proved", "settled"},
    ),
}



def test_every_scenario_has_a_sample_map():
    assert set(SHORT) == set(SCENARIOS)


@given(st.floats(0.0, 100.0))
def test_a_bound_in_words_is_true_and_near(gap):
    said = float(within(gap)) / 100.0
    assert gap * (1.0 - 1e-6) - 1e-9 <= said <= 1.1 * gap + 1.01e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_the_first_run_on_its_sample_is_not_refused(name):
    scenario, document = SCENARIOS[name], load_sample(SHORT[name][0])
    settings = scenario.settings()
    first = next(scenario.steps(scenario.prepared(document, settings), settings))
    assert first.status is not Status.NOT_A_NUMBER
    assert first.result is None or scenario.apply(document, first.result).shape == document.shape


@pytest.mark.slow
def test_the_first_run_of_matching_spreads_the_loot_of_island_over_cheap_ground():
    scenario, document = SCENARIOS["matching"], load_sample("island")
    *_, last = scenario.steps(document, scenario.settings())
    loot = scenario.apply(document, present(last.result)).layouts[0]
    apart = np.linalg.norm(loot.positions[:, None] - loot.positions, axis=2)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 2.0  # cells: no two icons cover each other
    rows, cols = np.rint(loot.positions).astype(int).T
    assert document.passable[rows, cols].all()
    assert document.cost[rows, cols].mean() < document.cost[document.passable].mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_it_runs_in_the_window_and_its_result_is_one_undo_step(qtbot, name):
    sample, settings, _, _ = SHORT[name]
    window = MainWindow(load_sample(sample))
    qtbot.addWidget(
        window, before_close_func=let_it_close
    )
    window.show()
    window.panels.run.choose(name)
    for setting, value in settings.items():
        window.panels.run.form.controls[setting].set_value(value)
    drawn = window.model.document
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.run.state in ("ended", "failed"), timeout=120_000)
    assert window.run.state == "ended", window.run.message
    assert window.panels.run.headline.text()
    assert window.panels.run.message.text()
    total = SCENARIOS[name].total_steps(window.panels.run.form.values())
    if name != "balance":  # it ends as soon as its aim is met
        assert total in (None, window.run.step), "a progress bar that does not end where the run does"
    curves = window.run.curves()
    assert len(curves["step"]) > 1
    for curve in SCENARIOS[name].curves:
        assert np.isfinite(curves[curve.name]).any(), f"the curve {curve.name} is empty"
    assert window.run.frame is not None
    QTest.mouseClick(window.panels.run.apply, Qt.MouseButton.LeftButton)
    applied = window.model.document
    assert applied is not drawn
    assert window.model.history.labels[-1] == SCENARIOS[name].title
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.model.document is drawn


def _room(control):
    """px for the text of a choice."""
    option = QStyleOptionComboBox()
    control.initStyleOption(option)
    field = QStyle.SubControl.SC_ComboBoxEditField
    return control.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, control).width()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_no_word_of_its_form_is_clipped_in_a_small_window(qtbot, name):
    window = MainWindow(load_sample(SHORT[name][0]))
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.panels.run.choose(name)
    form = window.panels.run.form
    form.more.setChecked(True)
    qtbot.wait(50)
    scrolled = present(present(form.parentWidget()).parentWidget())
    assert form.width() <= scrolled.width(), "the form is cut off at the right"
    seen = 0
    for control in (entry.widget for entry in form.controls.values()):
        if not control.isVisible():
            continue
        if isinstance(control, QComboBox):
            texts, room = [control.itemText(index) for index in range(control.count())], _room(control)
        elif isinstance(control, QAbstractSpinBox):
            texts, room = [control.text()], control.lineEdit().width()
        else:
            continue
        for text in texts:
            seen += 1
            assert control.fontMetrics().horizontalAdvance(text) <= room, f"“{text}” does not fit"
    assert seen > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_it_runs_from_the_command_line(tmp_path, name):
    sample, _, options, keys = SHORT[name]
    out, report_file = tmp_path / "out.longcut", tmp_path / "report.json"
    words = ["solve", str(sample_path(sample)), "--scenario", name, *options]
    words += ["--out", str(out), "--json", str(report_file), "--picture", str(tmp_path / "p.png")]
    assert cli.main(words) == 0
    report = json.loads(report_file.read_text())
    assert keys | {"steps", "seconds", "status", "scenario", "movement"} <= set(report)
    before, after = load_sample(sample), read_map(out)
    assert after.shape == before.shape
    if name == "place_walls":
        assert np.array_equal(after.cost, before.cost)
        assert np.count_nonzero(before.passable & ~after.passable) == report["walls"] == 30
        assert not (after.passable & ~before.passable).any()
    else:
        assert not np.array_equal(after.cost, before.cost) or after.layouts != before.layouts
        assert np.array_equal(after.passable, before.passable)
    locked = before.locked & before.passable
    assert np.array_equal(after.cost[locked], before.cost[locked]), "locked cells stay"
    assert np.array_equal(after.passable[before.locked], before.passable[before.locked])


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_an_edit_during_the_run_is_taken_up(qtbot, name):
    sample, settings, _, _ = SHORT[name]
    window = MainWindow(load_sample(sample))
    qtbot.addWidget(
        window, before_close_func=let_it_close
    )
    window.panels.run.choose(name)
    endless = {"epochs": 900} if name == "terrain" else {"steps": 100_000}
    for setting, value in {**settings, **endless}.items():
        window.panels.run.form.controls[setting].set_value(value)
    if name == "balance":
        window.panels.run.form.controls["lower"].set_value(1.5)  # hardly any room: it does not end at once
        window.panels.run.form.controls["upper"].set_value(1.65)
    window.controller.start_or_pause()
    qtbot.waitUntil(lambda: window.run.step >= 2 or not window.run.busy, timeout=120_000)
    assert window.run.busy, window.run.message
    cost = window.model.document.cost.copy()
    cost[-1, -1] *= 1.5
    window.model.edit("Paint", window.model.document.replace(cost=cost))
    qtbot.waitUntil(lambda: len(window.run.edits) == 1, timeout=120_000)
    at = window.run.step
    qtbot.waitUntil(lambda: window.run.step > at, timeout=120_000)
    window.run.stop()
    qtbot.waitUntil(lambda: not window.run.busy, timeout=120_000)
    assert window.run.state == "ended", window.run.message


@pytest.mark.slow
def test_a_gallery_opens_its_maps(qtbot, monkeypatch):
    window = MainWindow(load_sample("plain"))
    qtbot.addWidget(window, before_close_func=let_it_close)
    window.show()
    window.panels.run.choose("generate")
    for setting, value in SHORT["generate"][1].items():
        window.panels.run.form.controls[setting].set_value(value)
    window.controller.start_or_pause()
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=120_000)
    assert window.panels.gallery.list.count() == 3
    chosen = window.panels.gallery.list.item(1)
    assert chosen.text().startswith("path ")
    asked = []
    monkeypatch.setattr(questions, "ask_unsaved", lambda *_: asked.append("unsaved") or Answer.OTHERWISE)
    window.panels.gallery.list.itemActivated.emit(chosen)
    assert asked == ["unsaved"], "the run's result is in no file"
    assert window.model.document.name.endswith("2")
    assert window.model.document.shape == (32, 32)
    assert window.model.modified, "no file holds the map"


@pytest.mark.slow
def test_a_route_is_traced_and_the_path_follows(qtbot):
    """As a designer does it: draw with the pointer, run, apply, and look where the path goes."""
    document = new_document(20, 20).replace(routes=(Route("r", (10, 1), (10, 18)),))
    line = tuple((row, col) for row, col in ((10, 1), (8, 3), (6, 5), (5, 9), (5, 12), (7, 15), (10, 18)))
    traced = document.replace(routes=(replace(document.routes[0], line=line),))
    scenario = SCENARIOS["drawn_route"]
    *_, last = scenario.steps(traced, scenario.settings(steps=200), None)
    assert last.figures.follows
    from app.scenarios.translate import shortest_paths

    path = {tuple(cell) for cell in shortest_paths(scenario.apply(traced, last.result))[0].tolist()}
    assert set(line[1:-1]) <= path


def test_agents_can_be_watched(monkeypatch):
    scenario = SCENARIOS["foresight"]
    document = load_sample("lake")
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("the model sleeps: pauses belong to who shows it"))
    steps = list(scenario.steps(document, scenario.settings(aim="watch"), None))
    assert all(step.seconds_shown == 0.08 for step in steps)
    assert steps[-1].message
    assert steps[-1].status is Status.STEPS_DONE
    beams = [present(frame.traffic) for frame in (step.frame() for step in steps)]
    assert all(1 <= np.count_nonzero(beam) <= 3 for beam in beams), "no beam is wider than it may be"
    assert tuple(steps[0].frame().walks[0][0]) == document.routes[0].start
