"""Soft distances against scipy, the routes of the logit flow, and finite differences."""

import numpy as np
import pytest
import torch

from engine.paths.soft_distances import exact_distances, soft_distances
from engine.paths.soft_paths import FlowSettings, soft_paths
from tests.oracles import distances, random_problem
from tests.present import present

KINDS = [{"neighbours": 4}, {"neighbours": 8}, {"cost_rule": "entered"}]


@pytest.fixture(params=KINDS, ids=str)
def case(request):
    problem = random_problem(4, 8, 2, walls=0.1, **request.param)
    cells = [*problem.starts, *problem.goals]
    return problem, [*cells[:3], cells[0]], cells[1:]


def test_exact_distances_are_scipys_and_the_limit_of_soft_ones(case):
    problem, sources, goals = case
    expected = np.array([[distances(problem.grid, problem.cost_map, g)[s] for g in goals] for s in sources])
    assert np.abs(exact_distances(problem.grid, problem.cost_map, sources, goals) - expected).max() < 1e-12
    previous = np.full(expected.shape, np.inf)
    for epsilon in (0.5, 0.1, 0.001):
        soft = soft_distances(torch.tensor(problem.cost_map), problem.grid, sources, goals, epsilon).numpy()
        assert (soft <= expected + 1e-12).all()
        assert (expected - soft <= previous + 1e-12).all()
        previous = expected - soft
    assert previous.max() < 1e-6


def test_soft_distances_are_the_costs_of_single_routes(case):
    problem, sources, goals = case
    soft = soft_distances(torch.tensor(problem.cost_map), problem.grid, sources, goals, 0.3).numpy()
    for i, source in enumerate(sources):
        for j, goal in enumerate(goals):
            settings = FlowSettings("logit", 0.3)
            expected = 0.0
            if source != goal:
                paths = soft_paths(problem.grid, problem.cost_map, [source], [goal], settings)
                expected = paths.regularised_cost[0]
            assert soft[i, j] == pytest.approx(expected, abs=1e-12)


def test_gradient_is_that_of_finite_differences(case):
    problem, sources, goals = case
    mix = torch.tensor(np.random.default_rng(1).normal(size=(len(sources), len(goals))))

    def value(cost_map):
        return (mix * soft_distances(cost_map, problem.grid, sources, goals, 0.3)).sum()

    cost_map = torch.tensor(problem.cost_map, requires_grad=True)
    value(cost_map).backward()
    for row, column in np.argwhere(problem.grid.passable):
        up, down = torch.tensor(problem.cost_map), torch.tensor(problem.cost_map)
        up[row, column] += 1e-6
        down[row, column] -= 1e-6
        expected = float(value(up) - value(down)) / 2e-6
        assert float(present(cost_map.grad)[row, column]) == pytest.approx(expected, abs=1e-7)


def test_a_goal_out_of_reach_is_named():
    problem = random_problem(4, 8)
    passable = np.ones((4, 4), dtype=bool)
    passable[:, 2] = False
    grid = type(problem.grid)(passable)
    with pytest.raises(ValueError, match=r"no way leads from cell \(0, 0\) to cell \(3, 3\)"):
        soft_distances(torch.ones(4, 4, dtype=torch.float64), grid, [(0, 0), (0, 1)], [(3, 3)], 0.1)
