"""Point matching from the window and from the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.cli import main as cli
from app.scenarios import SCENARIOS
from app.scenarios.matching_problem import matching_problem
from app.scenarios.matching_settings import MatchingSettings, target_names
from app.window.main_window import MainWindow
from engine.core.errors import ProblemError
from maps.document import Layout, new_document
from maps.edits import set_layout, set_locked, set_passable
from maps.formats import read_map, write_map
from maps.layout_edits import add_points, remove_points
from maps.raster import rectangle
from tests.app.closing import let_it_close
from tests.present import present

MATCHING = SCENARIOS["matching"]



def grid_of_points(name, corner, count=3, weight=1.0):
    offsets = np.stack(np.meshgrid(np.arange(count), np.arange(count), indexing="ij"), axis=-1).reshape(-1, 2)
    positions = np.asarray(corner, dtype=np.float64) + 2.0 * offsets
    return Layout(name, positions, np.full(len(positions), weight))


@pytest.fixture
def document():
    layouts = (grid_of_points("spawns", (3, 3)), grid_of_points("camps", (20, 18)))
    return new_document(32, 32).replace(layouts=layouts)


@pytest.fixture
def window(qtbot, document):
    made = MainWindow(document)
    made.panels.run.choose("matching")
    made.panels.run.form.controls["target"].set_value("camps")
    qtbot.addWidget(made, before_close_func=let_it_close)
    made.show()
    return made


def finish(qtbot, window, state="ended"):
    qtbot.waitUntil(lambda: window.run.state == state, timeout=60_000)


def fits(layout, target, tolerance=0.05):
    apart = np.linalg.norm(layout.positions[:, None] - target.positions, axis=-1)
    return apart.min(axis=1).max() < tolerance and len(set(apart.argmin(axis=1))) == len(target.positions)


@pytest.mark.slow
def test_run_and_apply_move_one_layout_onto_the_other_as_one_undo_step(qtbot, window, document):
    assert window.panels.run.settings().source == "spawns"
    assert window.panels.run.settings().target == "camps"
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    assert "→" in window.panels.run.headline.text()
    curves = window.run.curves()
    assert curves["transport_cost"][-1] < 1e-2 * curves["transport_cost"][0]
    assert window.model.document is document
    QTest.mouseClick(window.panels.run.apply, Qt.MouseButton.LeftButton)
    moved = window.model.document
    assert fits(moved.layouts[0], document.layouts[1])
    assert moved.layouts[1] is document.layouts[1]
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.model.document is document


@pytest.mark.slow
def test_points_added_and_removed_during_a_run_are_taken_up(qtbot, window, document):
    window.panels.run.form.controls["steps"].set_value(400)
    window.panels.run.form.controls["totals"].set_value("scale")
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    for _ in range(30):  # at full speed nine points can arrive before this thread looks again
        window.run.single_step()
    qtbot.waitUntil(lambda: window.run.step >= 20, timeout=60_000)
    window.model.edit("add", add_points(window.model.document, 0, [[1.0, 1.0]]))
    qtbot.waitUntil(lambda: len(window.run.edits) == 1, timeout=60_000)
    window.model.edit("remove", remove_points(window.model.document, 0, [0]))
    qtbot.waitUntil(lambda: len(window.run.edits) == 2, timeout=60_000)
    window.run.resume()
    finish(qtbot, window)
    QTest.mouseClick(window.panels.run.apply, Qt.MouseButton.LeftButton)
    moved = window.model.document.layouts[0]
    assert len(moved.positions) == 9
    # The kept points went on from where they were, the new one came from its own place: all ended at the camps.
    assert np.abs(moved.positions - document.layouts[1].positions.mean(axis=0)).max() < 6.0


@pytest.mark.slow
def test_a_fork_puts_the_points_where_they_were_at_that_step(qtbot, window, document):
    window.panels.run.form.controls["steps"].set_value(60)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    middle = window.run.kept[len(window.run.kept) // 2]
    window.controller.fork(middle)
    assert window.model.history.labels[-1] == f"Fork at step {middle.step}"
    assert np.array_equal(window.model.document.layouts[0].positions, middle.layouts["spawns"])
    assert np.array_equal(window.model.document.layouts[0].weights, document.layouts[0].weights)
    assert window.run.busy
    finish(qtbot, window)


def test_a_point_that_stays_in_place_in_the_drawing_keeps_its_key_over_an_edit(document):
    first = matching_problem(document, MatchingSettings(target=""))
    fewer = remove_points(document, 0, [2])
    second = matching_problem(
        add_points(fewer, 0, [[9.0, 9.0]]), MatchingSettings(target="", totals="scale"), first
    )
    assert second.layouts[0].all_keys().tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 9]


def test_points_in_locked_cells_stay(document):
    locked = set_locked(document, rectangle(document.shape, (3, 3), (3, 3)), True).document
    *_, last = MATCHING.steps(locked, MatchingSettings(target="", steps=30), None)
    after = MATCHING.apply(locked, last.result)
    assert np.array_equal(after.layouts[0].positions[0], [3.0, 3.0])
    assert not np.array_equal(after.layouts[0].positions[1], document.layouts[0].positions[1])


@pytest.mark.slow
def test_spreading_over_the_cheap_cells_leaves_the_dear_half(document):
    costs = np.ones((32, 32), np.float32)
    costs[:, 16:] = 500.0
    settings = MatchingSettings(target="cheapness", source="camps")
    *_, last = MATCHING.steps(document.replace(cost=costs), settings, None)
    positions, _ = present(last.result)["camps"]
    assert (positions[:, 1] < 16.5).all()


BAD = [
    (lambda d: d.replace(layouts=()), {}, "no layout of points"),
    (lambda d: set_layout(d, 0, Layout("spawns", np.zeros((0, 2)), np.zeros(0))), {}, "'spawns' is empty"),
    (lambda d: set_passable(d, rectangle(d.shape, (3, 3), (3, 3)), False).document, {}, "lies in a wall"),
    (lambda d: add_points(d, 0, [[1.0, 1.0]]), {}, "differ in total"),
    (lambda d: d, {"target": "spawns"}, "cannot move towards itself"),
    (lambda d: d, {"target": "nothing"}, "no layout 'nothing'"),
]


@pytest.mark.parametrize(("change", "settings", "says"), BAD, ids=[says for *_, says in BAD])
def test_bad_input_is_a_sentence(document, change, settings, says):
    with pytest.raises(ProblemError, match=says):
        next(MATCHING.steps(change(document), MatchingSettings(**{"target": "", **settings}), None))


def test_a_run_that_cannot_start_says_why_in_the_window(qtbot, window, document):
    window.model.edit("add", add_points(document, 0, [[1.0, 1.0]]))
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window, "failed")
    assert "differ in total weight" in window.panels.run.message.text()


@pytest.mark.slow
def test_points_follow_a_heat_map_of_its_own(document, tmp_path):
    heat = np.full((32, 32), 1e-3, np.float32)
    heat[20:28, 3:9] = 5.0
    write_map(new_document(32, 32).replace(cost=heat), tmp_path / "heat.longcut")
    settings = MatchingSettings(target="heat", source="spawns", heat=str(tmp_path / "heat.longcut"))
    *_, last = MATCHING.steps(document, settings, None)
    positions, _ = present(last.result)["spawns"]
    assert (positions >= (19.0, 2.0)).all()
    assert (positions <= (28.5, 9.5)).all()
    for name, words in (("", "choose the file"), (str(tmp_path / "none.longcut"), "none.longcut")):
        with pytest.raises(ProblemError, match=words):
            MATCHING.steps(document, replace(settings, heat=name), None)
    write_map(new_document(9, 12), tmp_path / "small.longcut")
    with pytest.raises(ProblemError, match="9 rows and 12 columns"):
        MATCHING.steps(document, replace(settings, heat=str(tmp_path / "small.longcut")), None)


@pytest.mark.slow
def test_points_that_a_wall_holds_back_are_named(document):
    passable = np.ones((32, 32), bool)
    passable[:, 11:13] = False
    passable[0, 11:13] = True
    walled = document.replace(passable=passable)
    *_, last = MATCHING.steps(walled, MatchingSettings(target="", steps=400), None)
    assert "held back by a wall" in last.message
    assert "of 'spawns'" in last.message
    assert not last.message.startswith("Done")
    *_, last = MATCHING.steps(document, MatchingSettings(target="", steps=400), None)
    assert last.message.startswith("Done")
    assert "held" not in last.message
    *_, last = MATCHING.steps(walled, MatchingSettings(target="", steps=400, ground="walking"), None)
    assert "held" not in last.message


@pytest.mark.slow
def test_different_totals_offer_to_scale(qtbot, window, document):
    window.model.edit("add", add_points(document, 0, [[1.0, 1.0]]))
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window, "failed")
    assert "differ in total weight" in window.panels.run.message.text()
    assert window.panels.run.fix.text() == "Set “If weights differ” to Scale the target's"
    QTest.mouseClick(window.panels.run.fix, Qt.MouseButton.LeftButton)
    assert window.panels.run.settings().totals == "scale"
    finish(qtbot, window)


def test_too_large_a_mass_offers_the_largest_one(qtbot, window, document):
    window.panels.run.form.controls["totals"].set_value("partial")
    window.panels.run.form.controls["mass"].set_value(20.0)
    QTest.mouseClick(window.panels.run.run, Qt.MouseButton.LeftButton)
    finish(qtbot, window, "failed")
    assert window.panels.run.fix.text() == "Set “Weight to match” to 9"
    QTest.mouseClick(window.panels.run.fix, Qt.MouseButton.LeftButton)
    finish(qtbot, window)
    assert (window.panels.run.settings().totals, window.panels.run.settings().mass) == ("partial", 9.0)


@pytest.mark.slow
def test_the_command_line_reports_and_writes_the_layout(document, tmp_path):
    write_map(document, tmp_path / "map.longcut")
    out, points, figures = (tmp_path / name for name in ("out.longcut", "points.csv", "report.json"))
    words = ["solve", str(tmp_path / "map.longcut"), "--scenario", "matching", "--from", "spawns", "--to", "camps"]
    words += ["--out", str(out), "--points", str(points), "--json", str(figures)]
    assert cli.main(words) == 0
    report = json.loads(figures.read_text())
    keys = (
        "transport_cost_before transport_cost_after exact_cost_after marginal_error epsilon steps seconds status"
    )
    assert set(keys.split()) <= set(report)
    assert report["transport_cost_before"] == pytest.approx(9 * (17**2 + 15**2), rel=1e-3)
    assert report["exact_cost_after"] < 0.01
    assert report["marginal_error"] < 1e-6
    moved = read_map(out).layouts[0]
    assert fits(moved, document.layouts[1])
    rows = np.loadtxt(points, delimiter=",", skiprows=1)
    assert np.allclose(rows[:, :2], moved.positions, atol=1e-6)


@pytest.mark.slow
def test_ground_has_one_name_in_the_plan_in_the_message_and_in_the_settings(document):
    name = target_names(document)["cheapness"]
    *_, last = MATCHING.steps(document, MatchingSettings(target="cheapness", source="camps", steps=1), None)
    assert present(last.frame().plan).ground == name == "Cheap ground"
    assert matching_problem(document, MatchingSettings(target="cheapness")).targets[0].name == name
    *_, last = MATCHING.steps(document, MatchingSettings(target="camps", source="spawns", steps=1), None)
    assert present(last.frame().plan).ground == ""
