"""Runs in their thread, seen through the model that the window uses."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import engine.design.adam_steps
import engine.design.adversarial
from app.run.headless import solve
from app.run.model import RunModel
from app.run.worker import Run
from app.scenarios import SCENARIOS
from app.scenarios.adversarial_settings import AdversarialSettings, Method
from maps.document import Route, new_document
from maps.edits import set_passable
from maps.raster import rectangle
from tests.app.scenarios.toy import Toy, ToySettings

ADVERSARIAL = SCENARIOS["adversarial"]


@pytest.fixture
def document():
    return new_document(16, 16).replace(routes=(Route("route", (8, 1), (8, 14)),))


@pytest.fixture
def model(qapp):
    made = RunModel()
    yield made
    assert made.shut_down()


def started(model, document, steps=60, method: Method = "logit"):
    assert model.start(document, ADVERSARIAL, AdversarialSettings(method=method, steps=steps, keep=0.0))


def wait_until(qtbot, condition, timeout=30_000):
    qtbot.waitUntil(condition, timeout=timeout)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman", "optimum"])
def test_a_run_delivers_figures_frames_and_its_result(qtbot, model, document, method):
    started(model, document, method=method)
    wait_until(qtbot, lambda: model.state == "ended")
    curves = model.curves()
    if method != "optimum":
        assert list(curves["step"]) == list(range(61))
        assert curves["path_cost"][0] == pytest.approx(13.0), "step 0 is the drawn map"
    assert (np.diff(curves["best"]) >= 0.0).all()
    assert (curves["bound"][1:] >= curves["best"][1:] * (1.0 - 1e-9)).all()
    assert model.result is not None
    assert model.result.sum() == pytest.approx(256.0, rel=1e-9)
    assert len(model.frame.paths) == 1
    assert "longer (path " in model.headline()
    assert "of what is possible" in model.headline()
    assert 1 <= len(model.kept) <= 65
    length = len(curves["step"])
    started(model, document, method=method)
    assert len(model.curves()["step"]) < length, "a new run begins with empty curves"
    wait_until(qtbot, lambda: model.state == "ended")


def test_pause_step_resume_and_stop(qtbot, model, document):
    started(model, document, steps=100_000)
    wait_until(qtbot, lambda: len(model.curves()["step"]) > 3)
    model.pause()
    qtbot.wait(300)
    at = len(model.curves()["step"])
    qtbot.wait(200)
    assert len(model.curves()["step"]) == at
    model.single_step()
    wait_until(qtbot, lambda: len(model.curves()["step"]) == at + 1)
    model.resume()
    wait_until(qtbot, lambda: len(model.curves()["step"]) > at + 3)
    model.stop()
    wait_until(qtbot, lambda: model.state == "ended")
    assert "best map so far is kept" in model.message
    assert model.result is not None


def test_a_second_start_is_refused_in_words(qtbot, model, document):
    started(model, document, steps=100_000)
    assert not model.start(document, ADVERSARIAL, AdversarialSettings())
    assert "stop it before" in model.message
    assert model.state == "running"


def test_a_wall_painted_during_the_run_is_taken_up(qtbot, model, document):
    started(model, document, steps=4000)
    wait_until(qtbot, lambda: len(model.curves()["step"]) > 30)
    wall = rectangle(document.shape, (3, 7), (12, 7))
    model.edit(set_passable(document, wall, False).document)
    wait_until(qtbot, lambda: len(model.edits) == 1)
    at = model.edits[0]
    wait_until(qtbot, lambda: model.curves()["step"][-1] > at + 30)
    curves = model.curves()
    assert (np.diff(curves["step"]) == 1).all(), "the run went on, it did not start over"
    after = curves["path_cost"][curves["step"] > at]
    assert after[0] > 0.6 * curves["best"][curves["step"] == at][0], "from the map that it had"
    model.pause()
    qtbot.wait(100)
    for path in model.frame.paths:
        assert not any(3 <= row <= 12 and column == 7 for row, column in path)


def test_an_edit_that_cannot_run_pauses_with_the_sentence(qtbot, model, document):
    started(model, document, steps=100_000)
    wait_until(qtbot, lambda: len(model.curves()["step"]) > 3)
    wall = rectangle(document.shape, (0, 7), (15, 7))
    model.edit(set_passable(document, wall, False).document)
    wait_until(qtbot, lambda: model.state == "paused")
    assert "no way leads" in model.message
    at = model.step
    model.resume()
    model.single_step()
    qtbot.wait(200)
    assert model.refused
    assert model.state == "paused"
    assert model.step == at, "it does not go on on another map"
    assert "no way leads" in model.message
    assert model.taken is document
    model.edit(document)  # taken back
    wait_until(qtbot, lambda: model.state == "running" and model.step > at + 3)
    assert not model.refused
    assert model.message == ""


def test_an_edit_that_is_taken_back_is_taken_up_too(qtbot, model, document):
    started(model, document, steps=100_000)
    wait_until(qtbot, lambda: model.step > 3)
    walled = set_passable(document, rectangle(document.shape, (3, 7), (12, 7)), False).document
    model.edit(walled)
    wait_until(qtbot, lambda: model.taken is walled)
    model.edit(walled)  # the same once more is none
    model.edit(document)
    wait_until(qtbot, lambda: model.taken is document)
    assert len(model.edits) == 2


def test_what_cannot_start_says_why(qtbot, model, document):
    started(model, document.replace(routes=()))
    wait_until(qtbot, lambda: model.state == "failed")
    assert "drop a start and a goal" in model.message
    started(model, document)
    wait_until(qtbot, lambda: model.state == "ended")


def test_what_is_no_number_ends_the_run_with_the_last_good_map(qtbot, model, document, monkeypatch):
    honest, calls = engine.design.adam_steps.costs_of_paths, []

    def poisoned(cost_map, paths):
        costs = honest(cost_map, paths)
        calls.append(1)
        return costs * np.nan if len(calls) == 9 else costs

    monkeypatch.setattr(engine.design.adam_steps, "costs_of_paths", poisoned)
    started(model, document)
    wait_until(qtbot, lambda: model.state == "ended")
    assert "not a finite number" in model.message
    assert np.isfinite(model.result).all()


def test_a_defect_in_the_engine_is_told_and_does_not_block_the_next_run(qtbot, model, document, monkeypatch):
    def broken(*_):
        raise RuntimeError("boom")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(engine.design.adversarial, "optimise_costs", broken)
        started(model, document)
        wait_until(qtbot, lambda: model.state == "failed")
    assert "RuntimeError: boom" in model.message
    started(model, document)
    wait_until(qtbot, lambda: model.state == "ended")


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1, 0.3])
def test_shutting_down_at_any_moment_leaves_no_thread(document, delay):
    run = Run(document, ADVERSARIAL, AdversarialSettings(method="bregman", steps=100_000))
    time.sleep(delay)
    assert run.shut_down()
    assert not run.alive


class Stubborn(Toy):
    """A scenario with a step that cannot be cut short until it is released."""

    def __init__(self, good_steps):
        self._good_steps = good_steps
        self.reached, self.released = threading.Event(), threading.Event()

    def steps(self, document, settings, state=None):
        for step in super().steps(document, settings, state):
            if step.step > self._good_steps:
                self.reached.set()
                self.released.wait()
            yield step


@pytest.mark.parametrize("good_steps", [0, 3])
def test_the_window_lets_go_of_a_run_that_cannot_be_cut_short(qtbot, model, document, good_steps):
    stubborn = Stubborn(good_steps)
    assert model.start(document, stubborn, ToySettings(steps=9))
    wait_until(qtbot, lambda: model.step == good_steps and stubborn.reached.is_set())
    model.stop()
    wait_until(qtbot, lambda: model.state == "ended", timeout=1000)
    assert model.computing
    result, sentence = model.result, model.message
    assert ("before there was a first result" in sentence) == (result is None) == (good_steps == 0)
    stubborn.released.set()
    wait_until(qtbot, lambda: not model.computing)
    qtbot.wait(60)
    assert model.result is result, "what came late is not taken up"
    assert model.message == sentence


class Shown(Toy):
    """A scenario each of whose steps a window should show for a while."""

    def __init__(self, seconds):
        self._seconds = seconds

    def steps(self, document, settings, state=None):
        return (replace(step, seconds_shown=self._seconds) for step in super().steps(document, settings, state))


def test_a_window_shows_every_step_as_long_as_asked_and_the_command_line_does_not_wait(qtbot, model, document):
    began = time.perf_counter()
    solve(document, Shown(60.0), ToySettings(steps=4), lambda _: None)
    assert time.perf_counter() - began < 60.0
    began = time.perf_counter()
    assert model.start(document, Shown(0.1), ToySettings(steps=4))
    wait_until(qtbot, lambda: model.state == "ended")
    assert time.perf_counter() - began >= 0.3
    assert model.start(document, Shown(60.0), ToySettings(steps=4))
    wait_until(qtbot, lambda: model.step == 1)
    model.stop()
    wait_until(qtbot, lambda: model.state == "ended")
    assert model.step == 1, "an order is not kept waiting"
