import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.grid import Grid, divergence
from engine.paths.exact import NO_MOVE, distances_to, path_cost, path_flow, shortest_path
from tests import oracles

RULES = st.tuples(
    st.sampled_from([4, 8]),
    st.sampled_from(["both_open", "one_open", "free"]),
    st.sampled_from(["mean", "entered"]),
)


@given(seed=st.integers(0, 10_000), rule=RULES, height=st.integers(2, 12), width=st.integers(2, 12))
def test_distances_equal_scipys(seed, rule, height, width):
    generator = np.random.default_rng(seed)
    passable = generator.random((height, width)) > 0.3
    passable[0, 0] = True
    grid = Grid(passable, *rule)
    cost_map = generator.uniform(0.01, 9.0, passable.shape)
    field = distances_to(grid, cost_map, (0, 0))
    assert np.allclose(field.distance, oracles.distances(grid, cost_map, (0, 0)), rtol=1e-13, atol=0.0)
    reached = np.isfinite(field.distance)
    assert set(field.order) == set(np.flatnonzero(reached))
    assert (np.diff(field.distance.ravel()[field.order]) >= 0.0).all()
    assert ((field.next_move == NO_MOVE) == ~reached | (np.indices(passable.shape).sum(axis=0) == 0)).all()


@given(seed=st.integers(0, 10_000), rule=RULES)
def test_the_path_costs_what_the_distance_says_and_carries_unit_flow(seed, rule):
    generator = np.random.default_rng(seed)
    grid = Grid(generator.random((9, 8)) > 0.2, *rule)
    cost_map = generator.uniform(0.01, 9.0, grid.shape)
    row, column = np.argwhere(grid.passable)[0].tolist()
    goal = row, column
    field = distances_to(grid, cost_map, goal)
    start = divmod(int(field.order[-1]), grid.shape[1])
    cells = shortest_path(field, start)
    assert tuple(cells[0]) == start
    assert tuple(cells[-1]) == goal
    assert path_cost(grid, cost_map, cells) == pytest.approx(field.distance[start], rel=1e-13)
    supply = np.zeros(grid.shape)
    supply[start] += 1.0
    supply[goal] -= 1.0
    assert np.array_equal(divergence(grid, path_flow(grid, field, start)), supply)


@given(st.floats(0.1, 100.0))
def test_scaling_costs_scales_distances(factor):
    generator = np.random.default_rng(3)
    grid, cost_map = Grid(np.ones((8, 8), dtype=bool)), generator.uniform(0.5, 2.0, (8, 8))
    plain = distances_to(grid, cost_map, (7, 7)).distance
    assert np.allclose(distances_to(grid, factor * cost_map, (7, 7)).distance, factor * plain, rtol=1e-13)


def test_cells_of_zero_cost_are_crossed_for_nothing():
    cost_map = np.zeros((3, 5))
    assert distances_to(Grid(np.ones((3, 5), dtype=bool)), cost_map, (1, 4)).distance.max() == 0.0


def test_no_way_and_illegal_steps_are_said():
    passable = np.ones((3, 3), dtype=bool)
    passable[:, 1] = False
    grid = Grid(passable)
    field = distances_to(grid, np.ones((3, 3)), (0, 2))
    assert not field.reaches((0, 0))
    with pytest.raises(ValueError, match="no way leads"):
        shortest_path(field, (0, 0))
    with pytest.raises(ValueError, match="not legal"):
        path_cost(grid, np.ones((3, 3)), np.array([(0, 0), (0, 1)]))
