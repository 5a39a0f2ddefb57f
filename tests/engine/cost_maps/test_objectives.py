"""Design losses against closed forms, and the weights of bounds against linear programmes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.core.grid import Grid
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.certificate import certified_loads, upper_bound
from engine.cost_maps.objectives import bound_weights, design_loss, score
from engine.cost_maps.problem import Objective, Problem, Route
from engine.cost_maps.roughness import roughness
from engine.paths.soft_paths import FlowSettings, soft_paths
from tests.oracles import distances

# Two routes of 6 cells as the crow flies on a map of mean cost 2, the second one three times as heavy.
LENGTH, MEAN = 6.0, 2.0


def two_routes(aim, weights=(1.0, 3.0), targets=(None, None), **penalties) -> Problem:
    cost_map = np.full((8, 8), MEAN)
    passable = np.ones((8, 8), dtype=bool)
    routes = (Route((1, 1), (1, 7), weights[0], targets[0]), Route((6, 1), (6, 7), weights[1], targets[1]))
    limits = admissible_maps(cost_map, passable, 0.2, 5.0)
    return Problem(Grid(passable), cost_map, routes, limits, Objective(aim, **penalties))


def loss_and_slopes(problem, costs) -> tuple[float, np.ndarray]:
    route_costs = torch.tensor(costs, dtype=torch.float64, requires_grad=True)
    loss = design_loss(problem, route_costs, torch.tensor(problem.cost_map))
    loss.backward()
    assert route_costs.grad is not None
    return float(loss.detach()), route_costs.grad.numpy()


@pytest.mark.parametrize(
    ("aim", "loss", "slopes"),
    [
        ("longer", -(1 * 10.0 + 3 * 14.0) / 4, (-1 / 4, -3 / 4)),
        ("shorter", (1 * 10.0 + 3 * 14.0) / 4, (1 / 4, 3 / 4)),
        # Targets 8 and 16: squared misses 4 and 4, each by its target.
        ("target", (1 * 4 / 8 + 3 * 4 / 16) / 4, (1 / 4 * 2 * 2 / 8, 3 / 4 * 2 * -2 / 16)),
    ],
)
def test_heavier_routes_count_more(aim, loss, slopes):
    found, gradient = loss_and_slopes(two_routes(aim, targets=(8.0, 16.0)), [10.0, 14.0])
    assert found == pytest.approx(loss / MEAN, rel=1e-12)
    assert gradient == pytest.approx(np.array(slopes) / MEAN, rel=1e-12)


@pytest.mark.parametrize("apart", [0.0, 0.1, 5.0])
def test_the_soft_minimum_is_sharp_to_a_hundredth_of_a_route(apart):
    problem = two_routes("longer_minimum")
    softness = 0.01 * MEAN * LENGTH * np.mean(problem.weights)
    weighted = np.array([12.0, 12.0 + apart])
    loss, slopes = loss_and_slopes(problem, weighted / problem.weights)
    # Of two numbers, −s log(e^(−p / s) + e^(−q / s)) = min − s log(1 + e^(−|p − q| / s)).
    assert -loss * MEAN == pytest.approx(12.0 - softness * np.log1p(np.exp(-apart / softness)), rel=1e-12)
    share = 1.0 / (1.0 + np.exp(-apart / softness))
    assert -slopes * MEAN == pytest.approx(problem.weights * [share, 1.0 - share], rel=1e-9, abs=1e-15)


def test_the_bound_counts_the_smallest_route_alone():
    problem = two_routes("longer_minimum")
    weights = bound_weights(problem, np.array([30.0, 6.0]))  # weighted 30 and 18, many softnesses apart
    assert weights == pytest.approx([0.0, 3.0], abs=1e-12)
    equal = bound_weights(problem, np.array([18.0, 6.0]))
    assert equal == pytest.approx([0.5, 1.5], rel=1e-12)


def test_a_bound_on_the_smallest_route_is_far_under_the_even_mixture():
    # The short route can never cost as much as the long one: a mixture that counts both is no tight bound.
    problem = two_routes("longer_minimum", weights=(1.0, 1.0))
    problem = replace(problem, routes=(Route((1, 1), (1, 2)), Route((6, 0), (1, 7))))
    options = FlowSettings("exact")
    paths = soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, options)
    loads = certified_loads(problem.movements, paths.flow, problem.starts, paths.fields)
    weights = bound_weights(problem, paths.path_cost)
    assert weights is not None
    # One move between two cells of cost 5 at most: 5 under the mean rule.
    assert upper_bound(problem.admissible, weights, loads) == pytest.approx(5.0, rel=1e-9)
    assert score(problem, paths.path_cost) == pytest.approx(2.0)


def test_aims_without_a_bound_say_so():
    for aim in ("shorter", "target"):
        assert bound_weights(two_routes(aim, targets=(8.0, 16.0)), np.array([10.0, 14.0])) is None


@pytest.mark.parametrize("seed", range(4))
def test_roughness_is_the_mean_over_both_directions(seed):
    generator = np.random.default_rng(seed)
    passable = generator.random((5, 7)) > 0.3
    cost_map = generator.uniform(0.5, 4.0, (5, 7))
    pairs = [
        (cell, there)
        for cell in np.ndindex(5, 7)
        for there in ((cell[0] + 1, cell[1]), (cell[0], cell[1] + 1))
        if there[0] < 5 and there[1] < 7 and passable[cell] and passable[there]
    ]
    expected = np.mean([(cost_map[one] - cost_map[other]) ** 2 for one, other in pairs])
    found = float(roughness(Grid(passable), torch.tensor(cost_map)))
    assert found == pytest.approx(expected, rel=1e-12)
    # A map of equal rows is rough across them only, and as rough as its transpose.
    rows = np.repeat(np.arange(5.0)[:, None], 7, axis=1)
    everywhere = Grid(np.ones((5, 7), dtype=bool))
    assert float(roughness(everywhere, torch.tensor(rows))) == pytest.approx(28 / 58, rel=1e-12)


def test_penalties_of_weight_one_count_like_the_drawn_route():
    drawn = two_routes("longer", smoothness=0.5, closeness=0.25)
    bumpy = np.random.default_rng(0).uniform(1.0, 3.0, (8, 8))
    costs = torch.tensor(
        [distances(drawn.grid, bumpy, goal)[start] for start, goal in zip(drawn.starts, drawn.goals, strict=True)]
    )
    steps = np.concatenate([np.diff(bumpy, axis=0).ravel(), np.diff(bumpy, axis=1).ravel()])
    routes = -float(drawn.weights @ costs.numpy()) / 4.0 / MEAN
    penalties = LENGTH * (0.5 * np.mean(steps**2) + 0.25 * np.mean((bumpy - MEAN) ** 2)) / MEAN**2
    assert float(design_loss(drawn, costs, torch.tensor(bumpy))) == pytest.approx(routes + penalties, rel=1e-12)


@pytest.mark.parametrize(("aim", "figure"), [("longer", 52.0), ("longer_minimum", 10.0), ("target", 0.25)])
def test_the_score_is_the_sum_the_smallest_or_the_worst_miss(aim, figure):
    # Weighted costs 10 and 42; targets 8 and 16 are missed by a quarter and by an eighth.
    problem = two_routes(aim, targets=(8.0, 16.0))
    assert score(problem, np.array([10.0, 14.0])) == pytest.approx(figure, rel=1e-12)
