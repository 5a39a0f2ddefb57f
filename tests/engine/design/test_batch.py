"""Many designs at once: each as if it were alone, in order, and stopped together."""

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.core.cancel import Cancelled, StopFlag, stoppable_by
from engine.core.errors import ProblemError
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.design.batch import design_batch
from tests.oracles import random_problem

SETTINGS = DesignSettings(steps=6)


def test_every_design_of_a_batch_is_the_one_that_it_is_alone():
    problems = [random_problem(seed, 9, 1) for seed in range(5)]
    found: dict[int, list] = {number: [] for number in range(5)}
    for number, iterate in design_batch(problems, SETTINGS, threads=3):
        found[number].append(iterate)
    for number, problem in enumerate(problems):
        alone = list(optimise_costs(problem, SETTINGS))
        assert [iterate.step for iterate in found[number]] == [iterate.step for iterate in alone]
        assert found[number][-1].best_map.tobytes() == alone[-1].best_map.tobytes()
        assert found[number][-1].upper_bound == alone[-1].upper_bound


def test_what_one_problem_is_refused_for_ends_all():
    good = random_problem(1, 9, 1)
    bad = replace(good, cost_map=np.full(good.cost_map.shape, np.nan))
    with pytest.raises(ProblemError):
        list(design_batch([good, bad, good], SETTINGS, threads=2))


@pytest.mark.slow
def test_a_batch_that_is_stopped_or_closed_ends_soon():
    problems = [random_problem(seed, 24, 1) for seed in range(4)]
    endless = replace(SETTINGS, steps=100_000)
    batch = design_batch(problems, endless, threads=2)
    next(batch)
    began = time.perf_counter()
    batch.close()
    flag = StopFlag()
    with stoppable_by(flag):
        batch = design_batch(problems, endless, threads=2)
        next(batch)
        flag.set()
        with pytest.raises(Cancelled):
            list(batch)
    assert time.perf_counter() - began < 10.0


def test_no_problems_make_no_designs():
    assert list(design_batch([], SETTINGS)) == []
