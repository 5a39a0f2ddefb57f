import heapq
from itertools import product
from typing import get_args

import numpy as np
import pytest

from engine.core.clearance import open_to, under
from engine.core.grid import CornerRule, CostRule, Grid
from engine.paths.exact import distances_to


def block_is_free(passable: np.ndarray, row: int, column: int, size: int) -> bool:
    """Whether a unit of size × size cells may stand on a cell, cell by cell."""
    height, width = passable.shape
    before, after = (size - 1) // 2, size // 2
    for r, c in product(range(row - before, row + after + 1), range(column - before, column + after + 1)):
        if not (0 <= r < height and 0 <= c < width and passable[r, c]):
            return False
    return True


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_room_is_counted_block_by_block(size):
    generator = np.random.default_rng(size)
    for _ in range(40):
        shape = generator.integers(1, 12, 2)
        passable = generator.random(shape) > 0.5 / size**2
        cells = product(range(shape[0]), range(shape[1]))
        expected = np.array([block_is_free(passable, *cell, size) for cell in cells]).reshape(shape)
        assert np.array_equal(open_to(passable, size), expected)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_units_cover_the_cells_of_their_blocks(size):
    generator = np.random.default_rng(size)
    before, after = (size - 1) // 2, size // 2
    for _ in range(20):
        cells = generator.random(generator.integers(1, 9, 2)) < 0.2
        expected = np.zeros_like(cells)
        for row, column in np.argwhere(cells).tolist():
            expected[max(0, row - before) : row + after + 1, max(0, column - before) : column + after + 1] = True
        assert np.array_equal(under(cells, size), expected)


def test_a_unit_of_no_size_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        open_to(np.ones((2, 2), dtype=bool), 0)


def walked(passable: np.ndarray, cost: np.ndarray, goal: tuple[int, int], size: int, grid: Grid) -> np.ndarray:
    """(H, W) distances of a unit to a goal, whose block is checked at every step and at every corner it passes."""
    distance = np.full(passable.shape, np.inf)
    if not block_is_free(passable, *goal, size):
        return distance
    heap = [(0.0, goal)]
    while heap:
        key, (row, column) = heapq.heappop(heap)
        if key >= distance[row, column]:
            continue
        distance[row, column] = key
        for dr, dc in product((-1, 0, 1), repeat=2):
            r, c = row + dr, column + dc
            if (dr, dc) == (0, 0) or (grid.neighbours == 4 and dr and dc):
                continue
            if not block_is_free(passable, r, c, size):
                continue
            if dr and dc:
                corners = block_is_free(passable, r, column, size), block_is_free(passable, row, c, size)
                if not {"both_open": all(corners), "one_open": any(corners), "free": True}[grid.corner_rule]:
                    continue
            here, there = cost[row, column], cost[r, c]
            mixed = 0.5 * (here + there) if grid.cost_rule == "mean" else here  # entered, on the way to the goal
            heapq.heappush(heap, (key + np.hypot(dr, dc) * mixed, (r, c)))
    return distance


@pytest.mark.slow
def test_exact_paths_of_wide_units_are_those_of_a_search_that_checks_the_block_at_every_step():
    generator = np.random.default_rng(0)
    rules = list(product((4, 8), get_args(CornerRule), get_args(CostRule)))
    for number in range(204):
        neighbours, corner_rule, cost_rule = rules[number % len(rules)]
        size = int(generator.integers(1, 4))
        passable = generator.random(generator.integers(5, 9, 2)) > 0.3 / size**1.5
        cost = generator.uniform(0.5, 3.0, passable.shape)
        grid = Grid(open_to(passable, size), neighbours, corner_rule, cost_rule)
        goal = (int(generator.integers(passable.shape[0])), int(generator.integers(passable.shape[1])))
        expected = walked(passable, cost, goal, size, grid)
        if grid.passable[goal]:
            found = distances_to(grid, cost, goal).distance
            assert np.array_equal(np.isfinite(found), np.isfinite(expected))
            assert np.allclose(found, expected, rtol=1e-12, equal_nan=True)
        else:
            assert not np.isfinite(expected).any()
