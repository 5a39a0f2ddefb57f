"""Placing walls as a designer asks for it: waypoints, removal, words, and walls that are drawn while it runs."""

import numpy as np
import pytest

from app.scenarios.place_walls import PlaceWalls, PlaceWallsSettings
from app.scenarios.report import RunFacts
from app.scenarios.translate import path_costs
from app.scenarios.words import compared
from app.window.main_window import MainWindow
from engine.core.status import Status
from maps.document import Layout, Route, new_document
from maps.edits import set_locked, set_passable
from maps.movement import MovementRule
from maps.raster import rectangle
from maps.samples import load_sample
from tests.app.closing import let_it_close
from tests.present import present

SCENARIO = PlaceWalls()
FIELD = new_document(6, 6, rule=MovementRule(neighbours=4)).replace(routes=(Route("r", (3, 0), (3, 5)),))


def steps_of(document, settings, state=None):
    return list(SCENARIO.steps(document, settings, state))


def report_of(document, settings, steps):
    after = SCENARIO.apply(document, steps[-1].result)
    facts = RunFacts("place_walls", "", 0, steps[-1].step, 1.0, steps[-1].status)
    return after, SCENARIO.report(document, after, settings, steps[-1], facts)


def test_a_small_map_is_proved_and_says_so():
    settings = PlaceWallsSettings(walls=4)
    steps = steps_of(FIELD, settings)
    assert [step.step for step in steps] == [0, 1]
    assert steps[-1].status is Status.CONVERGED
    after, report = report_of(FIELD, settings, steps)
    assert SCENARIO.headline(steps[0].figures, steps[-1].figures) == (
        f"{compared(5.0, report.path_cost_after)} (path 5 → {report.path_cost_after:.4g}) · "
        "4 walls · proved longest"
    )
    assert report.path_cost_before == 5.0
    assert report.path_cost_after == path_costs(after)[0] > 10.0
    assert report.walls == 4
    assert report.proved
    assert "proved longest" in report.summary_lines()[0]
    assert "Proved: no other choice of 4 walls makes the paths longer." in steps[-1].message
    assert np.array_equal(present(steps[-1].frame().passable), after.passable)


def test_locked_cells_and_waypoints_stay_open_and_the_path_passes_them_in_order():
    document = set_locked(FIELD, rectangle(FIELD.shape, (0, 0), (1, 5)), True).document
    document = document.replace(layouts=(Layout("towers", np.array([[5.0, 4.0], [4.0, 1.0]]), np.ones(2)),))
    settings = PlaceWallsSettings(walls=4, waypoints="towers")
    steps = steps_of(document, settings)
    after, report = report_of(document, settings, steps)
    assert after.passable[:2].all()
    assert after.passable[5, 4]
    assert after.passable[4, 1]
    (path,) = steps[-1].frame().paths
    cells = [tuple(cell) for cell in path.tolist()]
    assert cells[0] == (3, 0)
    assert cells.index((5, 4)) < cells.index((4, 1))
    assert cells[-1] == (3, 5)
    lengths = np.abs(np.diff(path, axis=0)).sum()
    assert report.path_cost_after == pytest.approx(lengths) == pytest.approx(report.routes[0].after)


@pytest.mark.slow
def test_a_wall_is_taken_away_where_that_helps_most():
    fence = set_passable(FIELD, rectangle(FIELD.shape, (0, 2), (4, 2)), False).document
    settings = PlaceWallsSettings("clear", walls=1, steps=2)
    steps = steps_of(fence, settings)
    after, report = report_of(fence, settings, steps)
    assert (report.path_cost_before, report.path_cost_after) == (9.0, 5.0)
    assert np.argwhere(after.passable != fence.passable).tolist() == [[3, 2]]
    headline = SCENARIO.headline(steps[0].figures, steps[-1].figures)
    assert headline == (
        "1.80 × shorter (path 9 → 5) · 1 wall removed · "
        "no single wall can be exchanged for another to make it shorter"
    )
    thin = PlaceWallsSettings("thin", walls=1, steps=2)
    steps = steps_of(fence, thin)
    _, report = report_of(fence, thin, steps)
    assert report.path_cost_after == 9.0, "the one at the top is not needed"
    assert report.proved


@pytest.mark.slow
def test_a_route_that_was_sealed_can_be_opened():
    sealed = set_passable(FIELD, rectangle(FIELD.shape, (0, 2), (5, 3)), False).document
    settings = PlaceWallsSettings("clear", walls=2, steps=2)
    steps = steps_of(sealed, settings)
    _, report = report_of(sealed, settings, steps)
    assert np.isinf(report.path_cost_before)
    assert report.path_cost_after == 5.0
    assert report.as_json()["path_cost_before"] is None


@pytest.mark.slow
def test_what_is_drawn_during_a_run_stays_and_its_walls_make_room(qtbot):
    """A wall is drawn where the run has one of its own, and the run finds another place for that."""
    window = MainWindow(load_sample("garden"))
    qtbot.addWidget(window, before_close_func=let_it_close)
    window.panels.run.choose("place_walls")
    window.panels.run.form.controls["steps"].set_value(100_000)
    window.controller.start_or_pause()
    qtbot.waitUntil(lambda: window.run.step >= 2 and window.run.frame is not None, timeout=60_000)
    drawn = window.model.document
    placed = np.argwhere(drawn.passable & ~present(present(window.run.frame).passable))[0]
    cell = (int(placed[0]), int(placed[1]))
    window.model.edit("Wall", set_passable(drawn, rectangle(drawn.shape, cell, cell), False).document)
    qtbot.waitUntil(lambda: len(window.run.edits) == 1, timeout=60_000)
    at = window.run.step
    qtbot.waitUntil(lambda: window.run.step > at, timeout=60_000)
    window.run.stop()
    qtbot.waitUntil(lambda: not window.run.busy, timeout=60_000)
    assert window.run.state == "ended", window.run.message
    edited, result = window.model.document, np.asarray(window.run.result)
    assert not result[cell]
    assert np.count_nonzero(edited.passable & ~result) == 30
    assert np.isfinite(path_costs(SCENARIO.apply(edited, result))).all()


def test_a_route_that_ends_on_a_wall_is_refused_by_name():
    walled = set_passable(FIELD, rectangle(FIELD.shape, (3, 5), (3, 5)), False).document
    with pytest.raises(ValueError, match=r"stops at cell \(3, 5\), a wall"):
        steps_of(walled, PlaceWallsSettings(walls=2))
