"""Every gradient rule against finite differences in float64, and against the unrolled reference."""

import numpy as np
import pytest
import torch

from engine.paths.gradients import Rule, route_costs, route_loads
from engine.paths.soft_paths import FlowSettings, soft_paths
from tests.oracles import random_problem
from tests.present import present

KINDS = [(m, n, c) for m in ("bregman", "logit") for n in (4, 8) for c in ("mean", "entered")]
STEP = 1e-5


def finite_differences(function, cost_map, passable):
    gradient = np.zeros(cost_map.shape)
    for row, column in np.argwhere(passable):
        up, down = cost_map.copy(), cost_map.copy()
        up[row, column] += STEP
        down[row, column] -= STEP
        gradient[row, column] = (function(up) - function(down)) / (2.0 * STEP)
    return gradient


def gradient_of(loss, cost_map):
    tensor = torch.tensor(cost_map, requires_grad=True)
    loss(tensor).backward()
    return present(tensor.grad).numpy()


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(map(str, kind)))
def case(request):
    method, neighbours, cost_rule = request.param
    problem = random_problem(21, 5, 2, neighbours=neighbours, cost_rule=cost_rule)
    return problem, FlowSettings(method, 0.7, 1e-12, 4000)


@pytest.mark.slow
def test_envelope_and_unrolled_gradients_of_costs(case):
    problem, settings = case
    ends = problem.grid, problem.starts, problem.goals
    mix = torch.tensor([1.0, -0.6], dtype=torch.float64)

    def value(cost_map):
        return float(mix.numpy() @ soft_paths(ends[0], cost_map, ends[1], ends[2], settings).regularised_cost)

    expected = finite_differences(value, problem.cost_map, problem.grid.passable)
    rules: tuple[Rule, ...] = ("envelope", "unrolled")
    for rule in rules:

        def cost(cost_map, rule: Rule = rule):
            return mix @ route_costs(cost_map, *ends, settings, rule)[0]

        assert np.abs(gradient_of(cost, problem.cost_map) - expected).max() < 1e-7, rule


@pytest.mark.slow
def test_implicit_and_unrolled_gradients_of_loads(case):
    problem, settings = case
    ends = problem.grid, problem.starts, problem.goals
    weights = np.random.default_rng(5).random((2, *problem.grid.shape))

    def value(cost_map):
        load = soft_paths(ends[0], cost_map, ends[1], ends[2], settings).load
        return float(np.sum(weights * load**2))

    def loss(rule):
        return lambda c: (torch.tensor(weights) * route_loads(c, *ends, settings, rule)[0] ** 2).sum()

    expected = finite_differences(value, problem.cost_map, problem.grid.passable)
    scale = np.abs(expected).max()
    assert scale > 1e-2
    assert np.abs(gradient_of(loss("implicit"), problem.cost_map) - expected).max() < 1e-7 * max(1.0, scale)
    assert np.abs(gradient_of(loss("unrolled"), problem.cost_map) - expected).max() < 1e-5 * max(1.0, scale)


def test_exact_costs_have_the_path_as_subgradient():
    problem = random_problem(8, 7)
    ends = problem.grid, problem.starts, problem.goals
    settings = FlowSettings("exact")

    def value(cost_map):
        return float(soft_paths(*ends[:1], cost_map, *ends[1:], settings).regularised_cost.sum())

    expected = finite_differences(value, problem.cost_map, problem.grid.passable)
    found = gradient_of(lambda c: route_costs(c, *ends, settings)[0].sum(), problem.cost_map)
    assert np.abs(found - expected).max() < 1e-8


def test_rules_that_make_no_sense_are_refused_by_name():
    problem = random_problem(8, 6)
    ends = problem.grid, problem.starts, problem.goals
    cost_map = torch.tensor(problem.cost_map)
    with pytest.raises(ValueError, match="envelope"):
        route_costs(cost_map, *ends, FlowSettings("logit"), "implicit")
    with pytest.raises(ValueError, match="implicit"):
        route_loads(cost_map, *ends, FlowSettings("logit"), "envelope")
    with pytest.raises(ValueError, match="exact"):
        route_loads(cost_map, *ends, FlowSettings("exact"))
