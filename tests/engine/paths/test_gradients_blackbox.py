"""Gradients of the path itself: against distances by scipy, a closed interpolation, and a normal distribution."""

from math import erf, exp, pi, sqrt

import numpy as np
import pytest
import torch

from engine.core.grid import Grid
from engine.paths.gradients_blackbox import Interpolation, Perturbation, exact_paths, path_loads, perturbed_paths
from tests.oracles import distances, random_problem
from tests.present import present

STEP = 1e-6


def batch(seed, count=4, **kinds):
    """Maps of one grid with a route each."""
    problem = random_problem(seed, 7, count, **kinds)
    maps = np.random.default_rng(seed).uniform(0.5, 2.0, (count, *problem.grid.shape))
    return problem.grid, maps, problem.starts, problem.goals


@pytest.mark.parametrize("kinds", [{"neighbours": n, "cost_rule": c} for n in (4, 8) for c in ("mean", "entered")])
def test_costs_and_loads_are_those_of_the_shortest_paths(kinds):
    grid, maps, starts, goals = batch(3, **kinds)
    costs, loads = exact_paths(grid, maps, starts, goals)
    for cost_map, start, goal, cost, load in zip(maps, starts, goals, costs, loads, strict=True):
        assert cost == pytest.approx(distances(grid, cost_map, goal)[start], rel=1e-12)
        assert np.sum(load * cost_map) == pytest.approx(cost, rel=1e-12)
    found = path_loads(torch.tensor(maps), grid, starts, goals, Interpolation())
    assert np.array_equal(found.numpy(), loads)


def test_interpolation_is_the_slope_of_its_closed_form():
    """For L = <g, y> the interpolation is (D(w + λ g) − D(w)) / λ, D the distance."""
    grid, maps, starts, goals = batch(4)
    upstream = np.random.default_rng(0).uniform(-0.2, 0.4, maps.shape)
    strength = 0.8

    def interpolated(costs):
        ahead, _ = exact_paths(grid, np.maximum(costs + strength * upstream, 0.0), starts, goals)
        return (ahead - exact_paths(grid, costs, starts, goals)[0]) / strength

    tensor = torch.tensor(maps, requires_grad=True)
    loads = path_loads(tensor, grid, starts, goals, Interpolation(strength))
    (loads * torch.tensor(upstream)).sum().backward()
    assert (tensor.grad != 0.0).any()
    for row, column in np.argwhere(grid.passable):
        up, down = maps.copy(), maps.copy()
        up[:, row, column] += STEP
        down[:, row, column] -= STEP
        expected = (interpolated(up) - interpolated(down)) / (2.0 * STEP)
        assert np.abs(present(tensor.grad)[:, row, column].numpy() - expected).max() < 1e-8


def two_ways():
    """A ring of 3 × 3 cells: one way above, one below, each over three cells."""
    passable = np.ones((3, 3), dtype=bool)
    passable[1, 1] = False
    return Grid(passable, 4), (1, 0), (1, 2)


@pytest.mark.slow
def test_perturbed_loads_and_their_slopes_follow_the_normal_distribution():
    grid, start, goal = two_ways()
    maps = np.ones((1, 3, 3))
    maps[0, 0, 1] = 1.3
    scale, pairs = 0.2, 20_000
    spread = scale * sqrt(6.0)
    chance = 0.5 * (1.0 + erf(-0.3 / spread / sqrt(2.0)))
    density = exp(-0.5 * (0.3 / spread) ** 2) / (spread * sqrt(2.0 * pi))
    tensor = torch.tensor(maps, requires_grad=True)
    loads = path_loads(tensor, grid, [start], [goal], Perturbation(scale, pairs))
    assert float(loads[0, 0, 1].detach()) == pytest.approx(chance, abs=4.0 * 0.5 / sqrt(2.0 * pairs))
    loads[0, 0, 1].backward()
    expected = np.zeros((3, 3))
    expected[0], expected[2] = -density, density
    # Standard error of one product of ±1, 0 and a unit normal over σ, halved by the pairing.
    assert np.abs(present(tensor.grad)[0].numpy() - expected).max() < 5.0 / (2.0 * scale * sqrt(pairs))
    assert density > 0.5


def test_mean_perturbed_loads_are_the_finite_difference_of_the_mean_perturbed_cost():
    grid, maps, starts, goals = batch(8)
    rule = Perturbation(0.05, 4, seed=1)
    direction = np.random.default_rng(2).uniform(-1.0, 1.0, maps.shape)

    def mean_costs(step):
        return perturbed_paths(grid, maps + step * direction, starts, goals, rule)[1].mean(axis=(0, 2))

    _, _, loads = perturbed_paths(grid, maps, starts, goals, rule)
    slope = (loads.mean(axis=(0, 2)) * direction).sum(axis=(1, 2))
    assert (mean_costs(1e-6) - mean_costs(-1e-6)) / 2e-6 == pytest.approx(slope, rel=1e-6)


def test_perturbed_paths_are_paths_and_repeat_with_the_seed():
    grid, maps, starts, goals = batch(6)
    noise, costs, loads = perturbed_paths(grid, maps, starts, goals, Perturbation(0.1, 5, seed=3))
    moved = maps[:, None] + 0.1 * noise, maps[:, None] - 0.1 * noise
    assert np.allclose(np.sum(loads * np.stack(moved), axis=(-2, -1)), costs, rtol=1e-12)
    again, other = (perturbed_paths(grid, maps, starts, goals, Perturbation(0.1, 5, seed=s))[2] for s in (3, 4))
    assert np.array_equal(loads, again)
    assert not np.array_equal(loads, other)


def test_without_noise_the_perturbed_path_is_the_path():
    grid, maps, starts, goals = batch(7)
    found = path_loads(torch.tensor(maps), grid, starts, goals, Perturbation(1e-9, 2))
    assert np.allclose(found.numpy(), exact_paths(grid, maps, starts, goals)[1], atol=1e-12)


@pytest.mark.parametrize("rule", [Interpolation(), Perturbation()], ids=["interpolation", "perturbation"])
def test_a_goal_out_of_reach_is_named(rule):
    passable = np.ones((4, 4), dtype=bool)
    passable[2] = False
    with pytest.raises(ValueError, match=r"no way leads from cell \(0, 0\) to cell \(3, 3\)"):
        path_loads(torch.ones(1, 4, 4), Grid(passable), [(0, 0)], [(3, 3)], rule)
