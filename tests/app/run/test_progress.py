"""How far a run is, in words, by a clock that the test sets."""

from itertools import pairwise

import pytest

from app.run.progress import Progress
from app.run.worker import StepFigures
from app.scenarios import SCENARIOS
from app.scenarios.adversarial import AdversarialFigures

ADVERSARIAL, GENERATE = SCENARIOS["adversarial"], SCENARIOS["generate"]


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def go(progress, clock, seconds, first=1):
    """Steps that take so many seconds each."""
    for step, taken in enumerate(seconds, first):
        clock.now += taken
        progress.take(StepFigures(step, AdversarialFigures(), taken))


def test_before_the_first_step_it_says_what_is_prepared_and_for_how_long(clock):
    progress = Progress(GENERATE, 400, clock)
    progress.enter("loading the solver")
    clock.now += 3.0
    assert progress.words() == "Preparing: loading the solver, 3 s"
    progress.enter(GENERATE.preparing)
    clock.now += 8.2
    assert progress.words() == "Preparing: finding the shortest and the longest path, 8 s"


def test_the_drawn_map_is_no_step_and_what_is_prepared_is_still_said(clock):
    progress = Progress(ADVERSARIAL, 400, clock)
    progress.enter("the first step")
    go(progress, clock, [1.0], 0)
    clock.now += 4.0
    assert progress.words() == progress.preparing == "Preparing: the first step, 5 s"
    assert progress.words(paused=True) == "0 / 400"
    go(progress, clock, [2.0])
    assert (progress.preparing, progress.words()) == ("", "1 / 400")


def test_time_left_comes_with_the_pace_and_the_first_step_does_not_count(clock):
    progress = Progress(ADVERSARIAL, 400, clock)
    go(progress, clock, [30.0])  # with the compiling in it
    assert progress.left is None
    go(progress, clock, [0.1] * 5, 2)
    assert progress.left is None, "half a second is too little to tell"
    go(progress, clock, [0.1] * 114, 7)
    assert progress.left == pytest.approx(28.0)
    assert progress.words() == "120 / 400 · 28 s left"


def test_what_is_left_counts_down_and_a_hiccup_does_not_shake_it(clock):
    progress = Progress(ADVERSARIAL, 1000, clock)
    go(progress, clock, [0.0])
    told = []
    steps = [0.1, 0.12, 0.09, 0.1, 0.11] * 60
    steps[200] = 5.0  # the machine was busy
    for number, taken in enumerate(steps, 2):
        go(progress, clock, [taken], number)
        if progress.left is not None:
            told.append(progress.left)
    rises = [after - before for before, after in pairwise(told) if after > before]
    assert len(rises) <= 1
    assert told[-1] == pytest.approx(0.104 * 700, rel=0.2)


def test_long_steps_that_come_again_count(clock):
    progress = Progress(SCENARIOS["terrain"], 500, clock)
    go(progress, clock, [0.0] + [0.1] * 49)
    for begin in range(50, 250, 50):
        go(progress, clock, [3.0] + [0.1] * 49, begin + 1)
    assert progress.left == pytest.approx(250 / 50 * (3.0 + 4.9), rel=0.25)


def test_a_run_that_gets_slower_is_told_anew(clock):
    progress = Progress(ADVERSARIAL, 1000, clock)
    go(progress, clock, [0.0] + [0.1] * 99)
    assert progress.left == pytest.approx(90.0, rel=0.01)
    go(progress, clock, [1.0] * 100, 101)
    assert progress.left == pytest.approx(800.0, rel=0.2), "an earlier pace is forgotten"


def test_a_pause_stops_the_clock(clock):
    progress = Progress(ADVERSARIAL, 100, clock)
    go(progress, clock, [0.0] + [0.5] * 19)
    assert progress.words() == "20 / 100 · 40 s left"
    progress.pause()
    clock.now += 600.0
    assert progress.words(paused=True) == "20 / 100"
    go(progress, clock, [0.5], 21)
    assert progress.left == pytest.approx(39.5)


def test_without_a_total_it_says_how_long_it_has_taken_and_a_run_may_bring_its_total(clock):
    progress = Progress(ADVERSARIAL, None, clock)
    go(progress, clock, [0.0] + [2.0] * 10)
    assert progress.words() == "11 · 20 s"
    progress.take(StepFigures(12, AdversarialFigures(), 2.0, total=50))
    assert progress.words().startswith("12 / 50 · ")


def test_what_takes_time_after_the_last_step_is_named(clock):
    progress = Progress(GENERATE, 3, clock)
    go(progress, clock, [0.1] * 3)
    clock.now += 4.0
    assert progress.words() == "Making the maps, 4 s"
