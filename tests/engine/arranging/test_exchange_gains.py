"""The closed-form gains of an exchange against recomputed soft path costs."""

import numpy as np
import pytest

from engine.arranging.exchange_gains import add_gains
from engine.core.grid import Grid
from engine.paths.exact import distances_from, distances_to
from engine.paths.logit import logit_distances


def gains_of(grid, costs, terrain, class_costs, start, goal, epsilon):
    """Gains (H·W, T) and the soft path cost."""
    to = logit_distances(grid, costs, distances_to(grid, costs, goal), epsilon)
    away = logit_distances(grid, costs, distances_from(grid, costs, start), epsilon, backward=True)
    gains = np.zeros((terrain.size, class_costs.size))
    width = terrain.shape[1]
    flat = terrain.reshape(-1)
    ends = start[0] * width + start[1], goal[0] * width + goal[1]
    add_gains(
        gains, 1.0, costs, class_costs, flat, np.arange(terrain.size), np.where(np.isnan(away), np.inf, away),
        np.where(np.isnan(to), np.inf, to), grid.legal, grid.tail_share, epsilon, *ends, float(to[start]),
    )  # fmt: skip
    return gains, float(to[start])


@pytest.mark.parametrize("cost_rule", ["mean", "entered"])
def test_on_a_path_graph_the_gains_are_exact(cost_rule):
    terrain = np.array([[0, 1, 2, 1, 0, 2]])
    costs = np.array([1.0, 2.5, 4.0])
    grid = Grid(np.ones((1, 6), dtype=bool), 4, cost_rule=cost_rule)
    gains, value = gains_of(grid, costs[terrain], terrain, costs, (0, 0), (0, 5), 0.05)
    for cell in range(6):
        for t in range(3):
            changed = terrain.copy()
            changed[0, cell] = t
            after = distances_to(grid, costs[changed], (0, 5)).distance[0, 0]
            # The only way stays the only way: the soft path cost is the exact one, where none goes back and forth.
            if after < value:
                assert gains[cell, t] == pytest.approx(after - value, abs=1e-3)
            assert gains[cell, t] <= after - value + 1e-3


@pytest.mark.parametrize("cost_rule", ["mean", "entered"])
@pytest.mark.parametrize("seed", range(3))
def test_for_a_small_epsilon_cheaper_cells_gain_what_the_exact_path_loses(seed, cost_rule):
    generator = np.random.default_rng(seed)
    terrain = generator.integers(0, 3, (7, 7))
    costs = np.array([0.8, 2.0, 3.5])
    grid = Grid(generator.random((7, 7)) < 1.1, 8, cost_rule=cost_rule)
    start, goal = (3, 0), (3, 6)
    gains, _ = gains_of(grid, costs[terrain], terrain, costs, start, goal, 0.01)
    before = distances_to(grid, costs[terrain], goal).distance[start]
    for cell in range(49):
        for t in range(terrain.reshape(-1)[cell]):
            changed = terrain.copy()
            changed.reshape(-1)[cell] = t
            after = distances_to(grid, costs[changed], goal).distance[start]
            assert gains[cell, t] == pytest.approx(after - before, abs=0.05)


@pytest.mark.parametrize("cost_rule", ["mean", "entered"])
def test_small_changes_agree_with_finite_differences_of_the_soft_path_cost(cost_rule):
    # Terrain 1 costs a little more than terrain 0, so its gain is a derivative by the cell's cost.
    generator = np.random.default_rng(4)
    costs_of_cells = generator.uniform(1.0, 2.0, (6, 6))
    grid = Grid(np.ones((6, 6), dtype=bool), 8, cost_rule=cost_rule)
    start, goal, epsilon, step = (0, 0), (5, 5), 0.02, 1e-4

    def soft(costs):
        return logit_distances(grid, costs, distances_to(grid, costs, goal), epsilon)[start]

    for cell in range(36):
        costs = costs_of_cells.copy()
        terrain = np.zeros((6, 6), dtype=np.int64)
        own = np.array([costs.reshape(-1)[cell], costs.reshape(-1)[cell] + step])
        gains, value = gains_of(grid, costs, terrain, own, start, goal, epsilon)
        costs.reshape(-1)[cell] += step
        assert gains[cell, 1] / step == pytest.approx((soft(costs) - value) / step, abs=0.03)


def test_a_class_that_cannot_go_has_no_way_through():
    # Two ways round a wall; where the class cannot go on one, the other remains.
    terrain = np.zeros((3, 3), dtype=np.int64)
    passable = np.ones((3, 3), dtype=bool)
    passable[1, 1] = False
    grid = Grid(passable, 4)
    costs = np.array([1.0, np.inf])
    gains, value = gains_of(grid, np.where(passable, 1.0, np.inf), terrain, costs, (1, 0), (1, 2), 0.1)
    # Both ways weigh the same, so without one of them the value rises by ε log 2.
    assert value == pytest.approx(4.0 - 0.1 * np.log(2.0), abs=1e-6)
    assert gains[1, 1] == pytest.approx(0.1 * np.log(2.0), abs=1e-6)
    assert gains[3, 1] > 2.0  # the start itself: nothing is left
