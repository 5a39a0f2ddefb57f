"""The Fenchel–Young loss: convex, never negative, zero where the drawn path is shortest, gradients exact."""

import numpy as np
import pytest
import torch

from engine.paths.exact import distances_to, load_of_path, path_cost, shortest_path
from engine.paths.fenchel_young import fenchel_young_loss, softened_paths
from engine.paths.gradients_blackbox import Perturbation, exact_paths
from engine.paths.soft_paths import FlowSettings
from tests.oracles import random_problem
from tests.present import present

STEP = 1e-5
SOFTENINGS = {
    "bregman": FlowSettings("bregman", 0.3, 1e-13, 5000),
    "logit": FlowSettings("logit", 0.3),
    "exact": FlowSettings("exact"),
    "perturbation": Perturbation(0.12, 6, seed=1),
}


@pytest.fixture(params=SOFTENINGS)
def softening(request):
    return SOFTENINGS[request.param]


def batch(seed, **kinds):
    """Two maps of one grid, each with a route and the load of a path that another map makes shortest."""
    problem = random_problem(seed, 6, 2, **kinds)
    generator = np.random.default_rng(seed)
    maps, others = generator.uniform(0.5, 2.0, (2, 2, *problem.grid.shape))
    _, drawn = exact_paths(problem.grid, others, problem.starts, problem.goals)
    return problem.grid, maps, drawn, problem.starts, problem.goals


def losses(case, softening, maps):
    grid, _, drawn, starts, goals = case
    return fenchel_young_loss(torch.tensor(maps), torch.tensor(drawn), grid, starts, goals, softening).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("cost_rule", ["mean", "entered"])
def test_gradients_are_finite_differences(softening, cost_rule):
    case = batch(18, cost_rule=cost_rule)
    grid, maps, drawn, starts, goals = case
    tensor = torch.tensor(maps, requires_grad=True)
    upstream = torch.tensor([1.0, -0.7], dtype=torch.float64)
    loss = fenchel_young_loss(tensor, torch.tensor(drawn), grid, starts, goals, softening)
    (upstream * loss).sum().backward()
    assert (tensor.grad != 0.0).any()
    for row, column in np.argwhere(grid.passable):
        up, down = maps.copy(), maps.copy()
        up[:, row, column] += STEP
        down[:, row, column] -= STEP
        slope = (losses(case, softening, up) - losses(case, softening, down)) / (2.0 * STEP)
        assert np.abs(present(tensor.grad)[:, row, column].numpy() - slope * upstream.numpy()).max() < 1e-7


def test_the_gradient_is_the_drawn_load_less_the_soft_one(softening):
    grid, maps, drawn, starts, goals = batch(13)
    tensor = torch.tensor(maps, requires_grad=True)
    fenchel_young_loss(tensor, torch.tensor(drawn), grid, starts, goals, softening).sum().backward()
    _, soft = softened_paths(grid, maps, starts, goals, softening)
    assert np.array_equal(present(tensor.grad).numpy(), drawn - soft)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_never_negative(softening, seed):
    case = batch(seed)
    assert (losses(case, softening, case[1]) >= -1e-9).all()


@pytest.mark.parametrize("name", ["bregman", "exact", "perturbation"])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_convex(name, seed):
    case = batch(seed)
    first, second = case[1], np.random.default_rng(seed + 50).uniform(0.5, 2.0, case[1].shape)
    ends = losses(case, SOFTENINGS[name], first) + losses(case, SOFTENINGS[name], second)
    middle = losses(case, SOFTENINGS[name], (first + second) / 2.0)
    assert (middle <= ends / 2.0 + 1e-9).all()


def test_it_vanishes_where_the_drawn_path_is_the_shortest():
    grid, maps, _, starts, goals = batch(14)
    _, shortest = exact_paths(grid, maps, starts, goals)
    arguments = torch.tensor(maps), torch.tensor(shortest), grid, starts, goals
    assert np.abs(fenchel_young_loss(*arguments, FlowSettings("exact")).numpy()).max() < 1e-12
    assert np.abs(fenchel_young_loss(*arguments, FlowSettings("logit", 0.002)).numpy()).max() < 1e-3
    assert np.abs(fenchel_young_loss(*arguments, Perturbation(1e-6)).numpy()).max() < 1e-4


@pytest.mark.parametrize("kinds", [{"neighbours": n, "cost_rule": c} for n in (4, 8) for c in ("mean", "entered")])
def test_the_load_of_a_walk_prices_it(kinds):
    problem = random_problem(9, 8, **kinds)
    field = distances_to(problem.grid, problem.cost_map, problem.goals[0])
    cells = shortest_path(field, problem.starts[0])
    load = load_of_path(problem.grid, cells)
    assert np.sum(load * problem.cost_map) == pytest.approx(path_cost(problem.grid, problem.cost_map, cells))
    _, loads = exact_paths(problem.grid, problem.cost_map[None], problem.starts, problem.goals)
    assert np.allclose(load, loads[0])
