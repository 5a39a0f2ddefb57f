"""The loop of all design runs: what the judge is shown, and the ending that each run has."""

from dataclasses import dataclass

import pytest

from engine.core.status import Status
from engine.design.descend import descend, numbers_from


@dataclass(frozen=True)
class Step:
    number: int
    value: float
    finite: bool = True


@dataclass(frozen=True)
class Best:
    shortfall: float | None


def smaller(best, step):
    return best if best.shortfall <= step.value else Best(step.value)


def turns(values, last, tolerance=None, broken=()):
    steps = (Step(n, value, n not in broken) for n, value in enumerate(values, 1))
    return list(descend(steps, Best(10.0), smaller, last, tolerance))


def test_the_best_is_kept_and_the_last_step_ends_the_run():
    run = turns([5.0, 7.0, 3.0, 4.0, 1.0], last=4)
    assert [turn.best.shortfall for turn in run] == [5.0, 5.0, 3.0, 3.0]
    assert [turn.status for turn in run] == [None, None, None, Status.STEPS_DONE]


def test_a_best_within_the_tolerance_ends_the_run():
    run = turns([5.0, 0.5, 3.0], last=3, tolerance=0.5)
    assert [turn.status for turn in run] == [None, Status.CONVERGED]


def test_without_a_tolerance_nothing_converges():
    assert turns([0.0, 0.0], last=2)[-1].status is Status.STEPS_DONE


def test_an_unknown_shortfall_never_converges():
    run = list(descend([Step(1, 0.0), Step(2, 0.0)], Best(None), lambda best, _: best, 2, tolerance=1.0))
    assert [turn.status for turn in run] == [None, Status.STEPS_DONE]


def test_a_step_that_is_not_finite_ends_the_run_and_is_not_judged():
    run = turns([5.0, 0.0, 1.0], last=3, tolerance=0.0, broken={2})
    assert [turn.best.shortfall for turn in run] == [5.0, 5.0]
    assert run[-1].status is Status.NOT_A_NUMBER


@pytest.mark.parametrize(("first", "steps", "numbers"), [(0, 3, [1, 2, 3]), (2, 3, [3]), (5, 3, [6])])
def test_a_run_that_goes_on_makes_at_least_one_step(first, steps, numbers):
    assert list(numbers_from(first, steps)) == numbers
