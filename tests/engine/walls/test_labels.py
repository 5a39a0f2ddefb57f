"""Labels that are renewed only as far as a change reaches, against Dijkstra and a count of paths from scratch."""

from typing import Literal

import numpy as np
import pytest

from engine.core.grid import CornerRule, CostRule, Grid
from engine.walls.board import board_of
from engine.walls.chain import LOG_WAYS, VALUE, chain_of, take_changed, try_changed
from engine.walls.problem import WallProblem, WallRoute
from tests.oracles import distances, moves_of

RULES = [
    (4, "both_open", "mean"),
    (8, "both_open", "mean"),
    (8, "one_open", "entered"),
    (8, "free", "mean"),
    (4, "free", "entered"),
]


def problem_of(
    seed,
    neighbours: Literal[4, 8] = 8,
    corner_rule: CornerRule = "both_open",
    cost_rule: CostRule = "mean",
    even=True,
    ratio=3.0,
):
    generator = np.random.default_rng(seed)
    shape = (9, 11)
    passable = generator.random(shape) > 0.1
    stops = ((1, 1), (7, 9), (2, 8))
    for stop in stops:
        passable[stop] = True
    cost_map = np.ones(shape) if even else np.exp(generator.uniform(0.0, np.log(ratio), shape))
    candidates = passable.copy()
    for stop in stops:
        candidates[stop] = False
    grid = Grid(passable, neighbours, corner_rule, cost_rule)
    routes = (WallRoute(stops, 1.5), WallRoute((stops[2], stops[0])))
    return WallProblem(grid, cost_map, candidates, 6, routes)


def count_of_paths(problem, grid, start, goal):
    """How many shortest paths there are, from the goal backwards over moves that lose no length."""
    left = distances(grid, problem.cost_map, goal)
    width = grid.shape[1]
    tails, heads, lengths = moves_of(grid)
    flat, cost = left.ravel(), problem.cost_map.ravel()
    share = grid.tail_share
    ways = {goal[0] * width + goal[1]: 1.0}
    along = lengths * (share * cost[tails] + (1.0 - share) * cost[heads])
    tight = np.isfinite(flat[tails]) & (np.abs(flat[tails] - along - flat[heads]) < 1e-7)
    for cell in np.argsort(flat, kind="stable").tolist():
        if cell not in ways and np.isfinite(flat[cell]):
            ways[cell] = sum(ways[head] for head in heads[tight & (tails == cell)].tolist())
    return ways[start[0] * width + start[1]]


def legs_of(problem):
    return [(route.weight, *leg) for route in problem.routes for leg in route.legs]


def check_figures(problem, board, chain):
    walls = np.zeros(board.closed.size, bool)
    walls[chain.walls] = True
    grid = problem.with_walls(walls.reshape(-1, board.stride)[1:-1, 1:-1])
    lengths = [distances(grid, problem.cost_map, goal)[start] for _, start, goal in legs_of(problem)]
    weights = [weight for weight, _, _ in legs_of(problem)]
    assert chain.figures[VALUE] == pytest.approx(np.dot(weights, lengths), rel=1e-9)
    ways = [count_of_paths(problem, grid, start, goal) for _, start, goal in legs_of(problem)]
    assert chain.figures[LOG_WAYS] == pytest.approx(np.log(ways).sum(), abs=1e-9)
    for number, (_, _, goal) in enumerate(legs_of(problem)):
        left = distances(grid, problem.cost_map, goal)
        labels = chain.far[number].reshape(-1, board.stride)[1:-1, 1:-1]
        assert np.allclose(labels[grid.passable], left[grid.passable], rtol=1e-9)
        assert np.isinf(labels[~grid.passable]).all()


@pytest.mark.parametrize(("neighbours", "corner_rule", "cost_rule"), RULES)
@pytest.mark.parametrize("even", [True, False])
def test_labels_and_lengths_are_right_after_every_change(neighbours, corner_rule, cost_rule, even):
    problem = problem_of(3, neighbours, corner_rule, cost_rule, even)
    board = board_of(problem)
    generator = np.random.default_rng(7)
    chain = chain_of(board, generator.choice(board.candidates, 6, replace=False))
    taken = 0
    for _ in range(40):
        number, cell = int(generator.integers(6)), int(generator.choice(board.candidates))
        if chain.closed[cell]:
            continue
        changed = np.array([chain.walls[number], cell])
        chain.closed[changed[0]], chain.closed[cell] = 0, 1
        value, log_ways = try_changed(board, chain, changed, 2)
        if np.isinf(value):
            chain.closed[changed[0]], chain.closed[cell] = 1, 0
            continue
        chain.walls[number] = cell
        take_changed(board, chain, changed, 2, value, log_ways)
        taken += 1
        if taken % 5 == 0:
            check_figures(problem, board, chain)
    assert taken >= 20


def test_costs_that_differ_more_than_there_are_buckets_are_exact_too():
    problem = problem_of(5, even=False, ratio=1e6)
    board = board_of(problem)
    assert board.bucket > problem.cost_map.min()
    chain = chain_of(board, board.candidates[[3, 20, 31, 44, 57, 60]])
    value = sum(
        weight * distances(problem.with_walls(walls_of(board, chain)), problem.cost_map, goal)[start]
        for weight, start, goal in legs_of(problem)
    )
    assert chain.figures[VALUE] == pytest.approx(value, rel=1e-9)


def walls_of(board, chain):
    walls = np.zeros(board.closed.size, bool)
    walls[chain.walls] = True
    return walls.reshape(-1, board.stride)[1:-1, 1:-1]
