"""What the designer does with a run, without a window."""

from dataclasses import replace

import numpy as np
import pytest

from app.document.model import DocumentModel
from app.run.controller import RunController
from app.run.model import RunModel
from app.scenarios import SCENARIOS
from app.scenarios.adversarial_settings import AdversarialSettings
from engine.core.errors import apply_fix
from maps.document import Layout, Route, new_document
from maps.edits import resize, set_passable
from maps.raster import rectangle

WALL_WITH_A_GAP, WALL = ((3, 7), (12, 7)), ((0, 7), (15, 7))


class Choice:
    """Stands for the run panel."""

    def __init__(self):
        self.scenario = SCENARIOS["adversarial"]
        self.chosen = AdversarialSettings(steps=40)

    def settings(self):
        return self.chosen

    def set(self, **changes):
        self.chosen = replace(self.chosen, **changes)

    def take_up(self, scenario, settings):
        self.scenario, self.chosen = scenario, settings

    def apply_fix(self, fix):
        self.chosen = apply_fix(self.chosen, fix)


class Desk:
    """A controller on a document, with answers to its questions and what it told."""

    def __init__(self, document):
        self.model = DocumentModel(document)
        self.run = RunModel()
        self.choice = Choice()
        self.asked, self.answer = [], True
        self.controller = RunController(self.run, self.model, self.choice, self.confirm)
        self.told, self.outdated = [], []
        self.controller.told.connect(self.told.append)
        self.controller.result_outdated.connect(lambda: self.outdated.append(self.model.document))

    def confirm(self, question, verb):
        self.asked.append(question)
        return self.answer

    def wall(self, corners):
        document = self.model.document
        self.model.edit("Wall", set_passable(document, rectangle(document.shape, *corners), False).document)


@pytest.fixture
def desk(qapp):
    points = Layout("camps", np.array([[2.0, 2.0]]), np.ones(1))
    route = Route("route", (8, 1), (8, 14))
    made = Desk(new_document(16, 16).replace(routes=(route,), layouts=(points,)))
    yield made
    assert made.run.shut_down()


@pytest.fixture
def endless(desk):
    desk.choice.set(steps=100_000)
    return desk


def ended(qtbot, desk, state="ended"):
    qtbot.waitUntil(lambda: desk.run.state == state, timeout=60_000)


def under_way(qtbot, desk):
    qtbot.waitUntil(lambda: desk.run.step > 3, timeout=60_000)


def test_one_button_starts_pauses_and_goes_on(qtbot, endless):
    states = []
    for _ in range(3):
        endless.controller.start_or_pause()
        states.append(endless.run.state)
        under_way(qtbot, endless)
    assert states == ["running", "paused", "running"]
    assert endless.controller.can_stop
    assert not endless.controller.can_revert
    endless.controller.step()
    assert endless.run.state == "paused"
    endless.controller.stop()
    ended(qtbot, endless)
    assert not endless.controller.can_stop
    assert endless.controller.can_apply


def test_applying_is_one_undo_step_and_the_run_can_still_be_looked_at(qtbot, desk):
    drawn = desk.model.document
    desk.controller.start_or_pause()
    ended(qtbot, desk)
    promised = desk.controller.result_document()
    desk.controller.apply_result()
    assert desk.asked == []
    assert np.array_equal(desk.model.document.cost, promised.cost)
    assert desk.model.document.total_cost == pytest.approx(drawn.total_cost, rel=1e-6)
    assert desk.told[0] == "Kept as “Make the trip longer 1” in Results"
    assert desk.told[1:] == [f"Applied the run's result: {desk.run.headline()}"]
    assert desk.run.state == "ended"
    assert len(desk.run.kept) > 1
    assert not desk.controller.can_apply, "the map shows it already"
    assert desk.model.history.labels[-1] == "Make the trip longer"
    desk.model.undo()
    assert desk.model.document is drawn
    assert desk.controller.can_apply


@pytest.mark.parametrize("answer", [False, True])
def test_applying_to_a_map_that_has_changed_is_asked_about(qtbot, desk, answer):
    desk.controller.start_or_pause()
    ended(qtbot, desk)
    desk.wall(WALL_WITH_A_GAP)
    walled = desk.model.document
    assert desk.outdated == [walled]
    desk.answer = answer
    applied = desk.controller.result_document()
    desk.controller.apply_result()
    assert len(desk.asked) == 1
    assert f"becomes {applied.total_cost:.6g}, it is {walled.total_cost:.6g}" in desk.asked[0]
    assert (desk.model.document is not walled) == answer
    assert desk.controller.can_apply != answer


def test_a_result_of_another_size_is_not_applied_and_it_is_said(qtbot, desk):
    desk.controller.start_or_pause()
    ended(qtbot, desk)
    desk.model.edit("Resize", resize(desk.model.document, 20, 20)[0])
    larger = desk.model.document
    assert desk.controller.result_document() is None
    desk.controller.apply_result()
    assert desk.model.document is larger
    assert desk.told[1:] == ["The run's result does not fit this map any more."]


def test_before_a_run_there_is_nothing_to_apply(desk):
    assert desk.controller.result_document() is None
    assert not desk.controller.can_apply
    assert not desk.controller.can_revert
    assert not desk.controller.can_stop


def test_an_edit_during_the_run_is_passed_on(qtbot, endless):
    endless.controller.start_or_pause()
    under_way(qtbot, endless)
    endless.wall(WALL_WITH_A_GAP)
    qtbot.waitUntil(lambda: endless.run.taken is endless.model.document, timeout=60_000)
    assert endless.outdated == []


def test_an_edit_after_a_failure_clears_it(qtbot, desk):
    drawn = desk.model.document
    desk.wall(WALL)
    desk.controller.start_or_pause()
    ended(qtbot, desk, "failed")
    assert "no way leads" in desk.run.message
    desk.model.undo()
    assert desk.model.document is drawn
    assert desk.run.state == "idle"
    assert desk.run.message == ""


@pytest.mark.slow
def test_a_fork_takes_costs_and_points_of_a_step_and_runs_from_there(qtbot, desk):
    desk.controller.start_or_pause()
    ended(qtbot, desk)
    frame = replace(desk.run.kept[len(desk.run.kept) // 2], layouts={"camps": np.array([[4.0, 5.0]])})
    walls = desk.model.document.passable.copy()
    walls[0, :3] = False
    frame = replace(frame, passable=walls)
    before = len(desk.model.history.labels)
    desk.controller.fork(frame)
    forked = desk.model.document
    assert np.allclose(forked.cost, frame.cost_map, rtol=1e-6)
    assert forked.layouts[0].positions.tolist() == [[4.0, 5.0]]
    assert np.array_equal(forked.passable, walls)
    assert desk.model.history.labels[before:] == (f"Fork at step {frame.step}",)
    assert desk.run.started_from is forked
    assert desk.run.busy
    ended(qtbot, desk)


def test_a_fork_that_does_not_fit_is_told_and_changes_nothing(qtbot, desk):
    desk.controller.start_or_pause()
    ended(qtbot, desk)
    drawn = desk.model.document
    desk.controller.fork(replace(desk.run.frame, layouts={"gone": np.zeros((1, 2))}))
    assert desk.model.document is drawn
    assert not desk.run.busy
    assert "gone" in desk.told[-1]


def test_the_suggested_fix_is_set_and_the_run_starts(qtbot, desk):
    desk.choice.set(budget=1e6)
    desk.controller.start_or_pause()
    ended(qtbot, desk, "failed")
    desk.controller.apply_fix()
    assert desk.choice.settings().budget == pytest.approx(16 * 16 * 5.0)
    ended(qtbot, desk)


def test_without_a_suggestion_there_is_nothing_to_fix(desk):
    settings = desk.choice.settings()
    desk.controller.apply_fix()
    assert desk.choice.settings() is settings
    assert desk.run.state == "idle"


def test_another_map_ends_the_run_without_a_result(qtbot, endless):
    endless.controller.start_or_pause()
    under_way(qtbot, endless)
    endless.model.adopt(new_document(9, 9), None)
    endless.controller.forget()
    assert endless.run.state == "idle"
    assert endless.run.frame is None
    assert endless.run.result is None


def test_the_drawn_map_stays_while_a_run_goes_on(qtbot, desk):
    drawn = desk.model.document
    desk.controller.start_or_pause()
    ended(qtbot, desk)
    assert desk.model.document is drawn
    desk.controller.revert()
    assert desk.model.document is drawn
    assert desk.run.state == "idle"
    assert desk.run.frame is None
