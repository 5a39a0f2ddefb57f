"""Results of runs: kept when a run ends, looked at, taken over, gone on from; without a window."""

from dataclasses import replace

import numpy as np
import pytest

from app.canvas.canvas import Canvas
from app.run.keeping import same_map
from app.run.results import ResultsController
from app.run.view import RunView
from app.scenarios import SCENARIOS
from app.scenarios.settings import settings_as_words, settings_from_words
from maps.document import new_document
from maps.edits import resize
from maps.results import MOST_RESULTS, KeptResult
from tests.app.run.test_controller import WALL, Desk, ended, under_way
from tests.app.run.test_controller import desk as desk  # a fixture


class Bench:
    """A desk with a canvas and its view, and the controller of results."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.model, self.run = desk, desk.model, desk.run
        self.canvas = Canvas(self.model)
        self.view = RunView(self.run, self.model, self.canvas)
        self.results = ResultsController(
            desk.controller, self.view, self.run, self.model, desk.choice, desk.confirm
        )
        desk.controller.result_outdated.connect(self.view.leave_run)
        self.canvas.edit_begins.connect(self.results.apply_shown)
        self.told = []
        self.results.told.connect(self.told.append)

    def go(self, qtbot) -> KeptResult:
        """Run to the end and return the entry."""
        self.desk.controller.start_or_pause()
        ended(qtbot, self.desk)
        return self.model.results[-1]


@pytest.fixture
def bench(qtbot, desk):
    desk.choice.set(steps=3, keep=0.0)
    made = Bench(desk)
    qtbot.addWidget(made.canvas)
    yield made
    made.view.shut_down()


@pytest.mark.parametrize("name", SCENARIOS)
def test_settings_come_back_from_their_words(name):
    kind = SCENARIOS[name].settings
    assert settings_from_words(kind, settings_as_words(kind())) == kind()
    words = {**settings_as_words(kind()), "seed": "77", "unknown": "1"}
    assert settings_from_words(kind, words) == replace(kind(), seed=77)
    assert settings_from_words(kind, {"seed": "many", "steps": [1]}) == kind(), "what will not do is the default"


def test_a_run_that_ends_is_kept_with_where_it_came_from(qtbot, bench):
    drawn = bench.model.document
    entry = bench.go(qtbot)
    assert (entry.name, entry.scenario) == ("Make the trip longer 1", "adversarial")
    assert entry.headline == bench.run.headline() != ""
    assert entry.before is drawn
    assert same_map(entry.after, bench.desk.controller.result_document())
    assert entry.settings["steps"] == "3"
    assert bench.model.modified
    assert bench.model.unsaved_results == 1
    assert bench.go(qtbot).name == "Make the trip longer 2"
    assert bench.model.results[0] is entry


def test_a_stopped_run_is_kept_and_one_that_never_began_is_not(qtbot, bench):
    bench.desk.choice.set(steps=100_000)
    bench.desk.controller.start_or_pause()
    under_way(qtbot, bench.desk)
    bench.desk.controller.stop()
    ended(qtbot, bench.desk)
    assert len(bench.model.results) == 1
    bench.desk.wall(WALL)
    bench.desk.controller.start_or_pause()
    ended(qtbot, bench.desk, "failed")
    assert len(bench.model.results) == 1


def test_one_run_has_one_entry_however_often_it_is_kept(qtbot, bench):
    bench.desk.choice.set(steps=100_000)
    bench.desk.controller.start_or_pause()
    under_way(qtbot, bench.desk)
    bench.desk.controller.keep()
    (early,) = bench.model.results
    bench.desk.controller.stop()
    ended(qtbot, bench.desk)
    (late,) = bench.model.results
    assert late.name == early.name
    bench.model.drop(late)
    bench.desk.controller.keep()
    assert bench.model.results == (), "what was deleted stays deleted"


def test_for_another_document_a_run_under_way_is_kept_before_and_not_after(qtbot, bench):
    bench.desk.choice.set(steps=100_000)
    bench.desk.controller.start_or_pause()
    under_way(qtbot, bench.desk)
    bench.model.adopt(new_document(9, 9), None)
    bench.desk.controller.forget()
    qtbot.wait(100)
    assert bench.model.results == ()


def test_a_run_that_changes_nothing_needs_no_entry(qtbot, bench):
    bench.go(qtbot)
    only = bench.model.results[0]
    bench.model.drop(only)
    bench.desk.controller._entered = None
    bench.run.taken = only.after
    bench.desk.controller.keep()
    assert bench.model.results == ()


def test_a_run_that_finds_nothing_better_says_so_in_place_of_an_entry(qtbot, bench):
    bench.desk.choice.set(keep=1.0)
    bench.desk.controller.start_or_pause()
    ended(qtbot, bench.desk)
    assert bench.model.results == ()
    assert bench.desk.told == ["Nothing better than your map was found, so no result is kept"]
    bench.desk.controller.keep()
    assert len(bench.desk.told) == 1, "it is said once"


def test_of_too_many_the_oldest_goes_and_it_is_said(qtbot, bench):
    first = bench.go(qtbot)
    for number in range(2, MOST_RESULTS + 1):
        bench.model.keep(replace(first, name=f"Make the trip longer {number}"))
    bench.go(qtbot)
    assert len(bench.model.results) == MOST_RESULTS
    assert first not in bench.model.results
    assert "“Make the trip longer 1”, had to go" in bench.desk.told[-1]


def test_a_result_in_view_shows_its_costs_path_and_distances(qtbot, bench):
    drawn = bench.model.document
    entry = bench.go(qtbot)
    bench.desk.controller.revert()
    bench.results.view(entry)
    qtbot.waitUntil(lambda: not bench.view.measurer.busy, timeout=20_000)
    assert np.array_equal(bench.canvas._scene.map.costs, entry.after.cost)
    (path,) = bench.view.shown.measures.paths
    assert path.tolist()[0] == [8, 1]
    assert [line.size() for line in bench.canvas._scene.paths] == [len(path)]
    assert bench.view.shown.total_cost == pytest.approx(entry.after.total_cost)
    assert bench.view.shown.measures.costs[0] > 13.0
    assert bench.model.document is drawn
    bench.results.view(entry)
    qtbot.waitUntil(lambda: not bench.view.measurer.busy, timeout=20_000)
    assert bench.view.shown.frame is None
    assert np.array_equal(bench.canvas._scene.map.costs, drawn.cost)
    assert bench.view.shown.measures.costs == pytest.approx([13.0])


def test_a_result_of_another_size_is_shown_and_applied_after_a_question(qtbot, bench):
    entry = bench.go(qtbot)
    bench.model.edit("Resize", resize(bench.model.document, 20, 20)[0])
    larger = bench.model.document
    bench.results.view(entry)
    assert bench.canvas.document.shape == (16, 16)
    bench.results.view(None)
    assert bench.canvas.document is larger
    bench.desk.answer = False
    bench.results.apply(entry)
    assert bench.model.document is larger
    assert "16 × 16 cells, the drawn one has 20 × 20" in bench.desk.asked[-1]
    bench.desk.answer = True
    bench.results.apply(entry)
    assert bench.model.document is entry.after


def test_applying_is_one_undo_step_and_asks_if_the_map_is_another(qtbot, bench):
    drawn = bench.model.document
    entry = bench.go(qtbot)
    bench.results.apply(entry)
    assert bench.desk.asked == []
    assert bench.model.history.labels[-1] == "Apply Make the trip longer 1"
    bench.model.undo()
    assert bench.model.document is drawn
    bench.desk.wall(((3, 3), (5, 3)))
    bench.desk.answer = False
    bench.results.apply(entry)
    assert len(bench.desk.asked) == 1
    assert bench.model.history.labels[-1] == "Wall"


def test_an_edit_of_the_drawn_map_ends_the_view_of_a_result(qtbot, bench):
    entry = bench.go(qtbot)
    bench.results.view(entry)
    bench.desk.wall(((3, 3), (5, 3)))
    assert bench.results.in_view is None
    assert bench.canvas.document is bench.model.document
    assert not bench.canvas._scene.map.has_run


def test_a_fork_applies_and_runs_with_the_results_settings(qtbot, bench):
    entry = bench.go(qtbot)
    bench.desk.choice.set(steps=5)
    bench.desk.controller.start_or_pause()
    bench.results.fork(entry)
    assert bench.model.history.labels[-1] == "Fork of Make the trip longer 1"
    assert bench.desk.choice.chosen.steps == 3
    assert bench.run.started_from is entry.after
    ended(qtbot, bench.desk)
    assert bench.model.results[-1].before is entry.after


def test_a_fork_of_a_scenario_of_another_program_is_told(qtbot, bench):
    bench.model.keep(replace(bench.go(qtbot), scenario="of tomorrow"))
    bench.results.fork(bench.model.results[-1])
    assert "of tomorrow" in bench.told[-1]
    assert not bench.run.busy


def test_renaming_keeps_it_in_view_and_deleting_asks(qtbot, bench):
    entry = bench.go(qtbot)
    bench.results.view(entry)
    bench.results.rename(entry, "  long way ")
    (renamed,) = bench.model.results
    assert renamed.name == "long way"
    assert bench.results.in_view is renamed
    bench.results.rename(renamed, " ")
    assert bench.model.results == (renamed,)
    bench.desk.answer = False
    bench.results.delete([renamed])
    assert bench.model.results == (renamed,)
    bench.desk.answer = True
    bench.results.delete([renamed])
    assert bench.model.results == ()
    assert bench.results.in_view is None
    assert bench.canvas.document is bench.model.document


def test_what_is_shown_is_applied_before_an_edit_as_a_step_of_its_own(qtbot, bench):
    drawn = bench.model.document
    entry = bench.go(qtbot)
    bench.canvas.edit_begins.emit()
    assert same_map(bench.model.document, entry.after), "the run's result was in view"
    assert bench.view.shown.frame is None
    bench.canvas.edit_begins.emit()
    assert len(bench.model.history.labels) == 2, "the drawn map is in view now"
    bench.model.undo()
    assert bench.model.document is drawn
    # How many frames of so short a run are kept depends on the clock.
    frame = replace(bench.run.kept[-1], step=2, cost_map=np.full(drawn.shape, 1.5))
    bench.view.scrub(frame)
    bench.canvas.edit_begins.emit()
    assert np.allclose(bench.model.document.cost, 1.5)
    assert bench.model.history.labels[-1] == "Apply step 2"
