import numpy as np
import pytest

from engine.core.grid import LENGTHS, MOVES, Grid, divergence, edge_costs, load_of_flow, net_flow
from tests.oracles import moves_of

RULES = [
    (neighbours, corner, cost)
    for neighbours in (4, 8)
    for corner in ("both_open", "one_open", "free")
    for cost in ("mean", "entered")
]


def random_grid(rule, seed=0, shape=(7, 9)):
    generator = np.random.default_rng(seed)
    return Grid(generator.random(shape) > 0.25, *rule), generator


@pytest.mark.parametrize("rule", RULES)
def test_legal_moves_and_costs_equal_the_cell_by_cell_definition(rule):
    grid, generator = random_grid(rule)
    cost_map = generator.uniform(0.2, 5.0, grid.shape)
    costs = edge_costs(grid, cost_map)
    tails, heads, lengths = moves_of(grid)
    flat = cost_map.ravel()
    expected = lengths * (flat[heads] if rule[2] == "entered" else (flat[tails] + flat[heads]) / 2)
    move, row, column = np.nonzero(np.isfinite(costs))
    found = {
        (r * 9 + c, (r + MOVES[k, 0]) * 9 + c + MOVES[k, 1]): costs[k, r, c]
        for k, r, c in zip(move, row, column, strict=True)
    }
    assert found.keys() == set(zip(tails, heads, strict=True))
    for tail, head, cost in zip(tails, heads, expected, strict=True):
        assert found[tail, head] == pytest.approx(cost, rel=1e-15)


@pytest.mark.parametrize("rule", RULES)
def test_load_is_the_adjoint_of_edge_costs(rule):
    grid, generator = random_grid(rule, 1)
    cost_map = generator.uniform(0.2, 5.0, grid.shape)
    costs = edge_costs(grid, cost_map)
    legal = np.isfinite(costs)
    flow = generator.random(costs.shape) * legal
    assert np.sum(flow[legal] * costs[legal]) == pytest.approx(
        np.sum(load_of_flow(grid, flow) * cost_map), rel=1e-13
    )


def test_net_flow_keeps_the_divergence_and_uses_one_direction_only():
    grid, generator = random_grid(RULES[-1], 2)
    flow = generator.random((8, *grid.shape)) * np.isfinite(edge_costs(grid, np.ones(grid.shape)))
    net = net_flow(flow)
    assert np.allclose(divergence(grid, net), divergence(grid, flow), atol=1e-14)
    assert divergence(grid, net).sum() == pytest.approx(0.0, abs=1e-13)
    for move in range(8):
        for row, column in np.argwhere(net[move] > 0.0):
            assert net[move ^ 1, row + MOVES[move, 0], column + MOVES[move, 1]] == 0.0


def test_a_move_and_its_way_back_are_numbered_in_pairs():
    for move in range(8):
        assert (MOVES[move] == -MOVES[move ^ 1]).all()
        assert LENGTHS[move] == np.hypot(*MOVES[move])
