"""Adam on a map: the schedule, going on from a state, and what a warm start saves."""

import numpy as np
import pytest
import torch

from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.cost_maps.objectives import mean_cost
from engine.cost_maps.parametrisation import Parametrisation
from engine.design.adam_steps import carried_over, first_state, soft_path_steps
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.design.schedule import rates
from engine.paths.soft_paths import FlowSettings, soft_paths
from tests.oracles import random_problem, table_problem


def start(problem):
    return first_state(problem.admissible, problem.cost_map, seed=0)


def test_epsilon_falls_by_equal_factors_and_the_learning_rate_at_the_end():
    schedule = list(rates(range(1, 102), 0.4, 0.5, 0.005))
    epsilons = np.array([rate.epsilon for rate in schedule])
    assert epsilons[[0, 50, 100]] == pytest.approx([0.5, 0.05, 0.005], rel=1e-12)
    assert epsilons[1:] / epsilons[:-1] == pytest.approx(np.full(100, 0.01**0.01), rel=1e-12)
    learning = np.array([rate.learning_rate for rate in schedule])
    assert learning[:61] == pytest.approx(np.full(61, 0.4))
    assert learning[[60, 80, 100]] == pytest.approx([0.4, 0.4 * 0.1**0.5, 0.04], rel=1e-12)


@pytest.mark.parametrize("method", ["logit", "bregman"])
def test_paths_become_sharper_during_a_run(method):
    problem = table_problem(16, 8)
    settings = DesignSettings(method, steps=50, bound=False, epsilon_start=0.2, epsilon_end=0.02)
    iterates = list(optimise_costs(problem, settings))
    epsilons = np.array([iterate.epsilon for iterate in iterates])
    assert epsilons == pytest.approx(mean_cost(problem) * np.geomspace(0.2, 0.02, 50), rel=1e-12)
    # The soft cost of the step is that of its own epsilon: the same map solved anew has it.
    last = iterates[-1]
    again = soft_paths(
        problem.grid, last.cost_map, problem.starts, problem.goals, FlowSettings(method, epsilons[-1], 1e-4)
    )
    assert last.regularised_costs == pytest.approx(again.regularised_cost, rel=2e-3)
    assert last.regularised_costs != pytest.approx(
        soft_paths(
            problem.grid, last.cost_map, problem.starts, problem.goals, FlowSettings(method, epsilons[0], 1e-4)
        ).regularised_cost,
        rel=2e-2,
    )


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman"])
@pytest.mark.parametrize("edited", [False, True])
def test_ten_maps_after_a_break_are_those_without_one(method, edited):
    problem = random_problem(12, 12, 2, symmetry="left_right", locked=0.1)
    schedule, flow = list(rates(range(1, 61), 0.45, 0.3, 0.01)), FlowSettings(method, tolerance=1e-4)
    whole = list(soft_path_steps(problem, start(problem), schedule, 20, flow))
    state = whole[19].state
    if edited:  # an edit that changes no cell
        state = carried_over(problem, state, np.zeros(problem.grid.shape, dtype=bool))
    rest = list(soft_path_steps(problem, state, schedule[20:30], 20, flow))
    for before, after in zip(whole[20:30], rest, strict=True):
        assert np.allclose(after.cost_map, before.cost_map, rtol=1e-7)
        assert np.allclose(after.details.regularised_cost, before.details.regularised_cost, rtol=1e-9)


@pytest.mark.slow
def test_a_run_that_goes_on_makes_the_maps_of_one_that_never_stopped():
    problem = table_problem(16, 8)
    # Equal epsilons, and a break before the learning rate falls: the rest of the schedule is the same, too.
    settings = DesignSettings("bregman", 100, epsilon_start=0.05, epsilon_end=0.05, bound=False)
    whole = list(optimise_costs(problem, settings))
    rest = list(optimise_costs(problem, settings, whole[19].state))
    for before, after in zip(whole[20:30], rest[:10], strict=True):
        assert after.step == before.step
        assert np.allclose(after.cost_map, before.cost_map, rtol=1e-7)


def test_changed_cells_start_anew_and_others_keep_their_moments():
    problem = table_problem(12, 8)
    schedule = rates(range(1, 9), 0.45, 0.3, 0.01)
    *_, last = soft_path_steps(problem, start(problem), schedule, 20, FlowSettings("logit"))
    state = last.state
    changed = np.zeros((12, 12), dtype=bool)
    changed[3:6, 4] = True
    carried = carried_over(problem, state, changed)
    for moment, before in ((carried.mean, state.mean), (carried.square, state.square)):
        assert not moment[changed].any()
        assert before[~changed].any()
        assert np.array_equal(moment[~changed], before[~changed])
    assert np.array_equal(carried.theta[~changed], state.theta[~changed])
    # A drawn cost of 1 between bounds of 0.2 and 5.
    assert carried.theta[changed] == pytest.approx(np.log(0.8 / 4.0), rel=1e-9)
    assert carried.updates == 8


def test_every_step_of_a_run_starts_from_the_potentials_of_the_step_before():
    problem = table_problem(16, 8)
    flow = FlowSettings("bregman", 0.05, tolerance=1e-4)
    steps = list(soft_path_steps(problem, start(problem), rates(range(1, 13), 0.001, 0.05, 0.05), 100_000, flow))
    used = [step.details.iterations for step in steps[1:]]
    cold = [
        soft_paths(problem.grid, step.cost_map, problem.starts, problem.goals, flow).iterations
        for step in steps[1:]
    ]
    assert sum(used) < 0.6 * sum(cold)
    rest = soft_path_steps(problem, steps[5].state, rates(range(1, 2), 0.001, 0.05, 0.05), 100_000, flow)
    assert next(rest).details.iterations == steps[6].details.iterations


@pytest.mark.parametrize("where", ["update", "map"])
def test_a_parameter_that_is_no_number_ends_the_run_in_those_words(where, monkeypatch):
    problem = random_problem(12, 12, 2, locked=0.1, walls=0.1)
    steps = []
    spoilt, name = (torch.optim.Adam, "step") if where == "update" else (Parametrisation, "cost_map")
    honest = getattr(spoilt, name)

    def spoiling(self, *arguments):
        theta = self.param_groups[0]["params"][0] if where == "update" else arguments[0]
        result = honest(self, *arguments) if where == "update" else None
        steps.append(1)
        if len(steps) == 9:
            with torch.no_grad():
                theta[3] = np.nan
        return result if where == "update" else honest(self, *arguments)

    monkeypatch.setattr(spoilt, name, spoiling)
    iterates = list(optimise_costs(problem, DesignSettings(steps=30)))
    assert [iterate.step for iterate in iterates] == list(range(1, 10))
    assert iterates[-1].status is Status.NOT_A_NUMBER
    assert np.isfinite(iterates[-1].state.adam.theta[problem.admissible.group >= 0]).all()
    assert problem.admissible.contains(iterates[-1].best_map)


def test_a_first_map_of_no_numbers_is_refused(monkeypatch):
    honest = Parametrisation.cost_map
    monkeypatch.setattr(Parametrisation, "cost_map", lambda self, theta: honest(self, theta) * np.nan)
    with pytest.raises(ProblemError, match="costs that are not numbers"):
        list(optimise_costs(table_problem(16, 8), DesignSettings(steps=30)))
