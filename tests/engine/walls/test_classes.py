"""Walls on the ways of several classes: labels, values and proofs are those of each one's own moves and size."""

from collections import deque
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from engine.core.clearance import open_to
from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.movement import Movement
from engine.walls.board import board_of, closed_to, put_wall, take_wall
from engine.walls.chain import VALUE, chain_of, take_changed, try_changed
from engine.walls.placings import on_map, valid_placing
from engine.walls.problem import WallProblem, WallRoute, place_walls, remove_walls
from engine.walls.proof import prove_longest
from engine.walls.run import WallSettings, improve_walls
from engine.walls.touched import touch, workspace_of
from tests.oracles import distances
from tests.oracles_walls import value_with

NEVER = np.zeros(1, np.uint8)


def class_walls(seed: int, side: int, count: int, **kinds) -> WallProblem:
    """A random map with routes of a plain class, one with prices and places of its own, and one two cells wide."""
    generator = np.random.default_rng(seed)
    while True:
        passable = generator.random((side, side + 1)) >= 0.1
        grid = Grid(passable, **kinds)
        cost_map = generator.choice([1.0, 1.5, 3.0], passable.shape)
        wet = ~passable & (generator.random(passable.shape) < 0.8)
        factor = generator.choice([0.5, 1.0, 2.0], passable.shape)
        movements = [
            None,
            Movement(replace(grid, passable=passable | wet, neighbours=4), factor, "boat"),
            Movement(replace(grid, passable=open_to(passable, 2)), factor[::-1].copy(), "giant", 2),
            Movement(replace(grid, passable=open_to(passable | wet, 3), corner_rule="free"), None, "whale", 3),
        ]
        routes = []
        for movement in movements:
            places = np.argwhere(passable if movement is None else movement.grid.passable)
            if len(places) > 1:
                (first, left), (last, right) = places[[0, -1]].tolist()
                stops = (first, left), (last, right)
                routes.append(WallRoute(stops, float(generator.uniform(0.5, 2.0)), movement))
        try:
            return place_walls(grid, cost_map, tuple(routes), passable, count)
        except ProblemError:
            continue


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [{}, {"neighbours": 4}, {"corner_rule": "one_open", "cost_rule": "entered"}], ids=str
)
def test_labels_follow_every_wall_that_comes_and_goes(kind):
    for seed in range(4):
        problem = class_walls(seed, 8, 5, **kind)
        assert len(problem.routes) > 1
        board, generator = board_of(problem), np.random.default_rng(seed)
        room = workspace_of(board)
        chain = chain_of(board, valid_placing(problem, board, room, np.zeros(0, np.int64), generator))
        changed, tried = np.zeros(2, np.int64), 0
        for _ in range(60):
            number, cell = int(generator.integers(5)), int(generator.choice(board.candidates))
            if chain.closed[cell]:
                continue
            changed[:] = chain.walls[number], cell
            take_wall(board, chain.closed, chain.shut, int(changed[0]))
            put_wall(board, chain.closed, chain.shut, cell)
            walls = chain.walls.copy()
            walls[number] = cell
            expected = value_with(problem, on_map(board, walls))
            value, log_ways = try_changed(board, chain, changed, 2)
            assert value == pytest.approx(expected, rel=1e-9)
            assert touch(board, chain.closed, chain.shut, room)[0] == pytest.approx(expected, rel=1e-9)
            if value == np.inf:
                take_wall(board, chain.closed, chain.shut, cell)
                put_wall(board, chain.closed, chain.shut, int(changed[0]))
                continue
            chain.walls[number] = cell
            take_changed(board, chain, changed, 2, value, log_ways)
            assert chain.figures[VALUE] == value
            tried += 1
            check_labels(problem, board, chain)
        assert tried > 5


def check_labels(problem, board, chain):
    walls, legs = on_map(board, chain.walls), 0
    for route, movement in zip(problem.routes, problem.movements, strict=True):
        grid = movement.with_walls(walls)
        for _, goal in route.legs:
            expected = distances(grid, movement.costs(problem.cost_map), goal)
            rim = board.rim
            labels = chain.far[legs].reshape(-1, board.stride)[rim:-rim, rim:-rim]
            barred = closed_to(chain.closed, chain.shut, board.kinds[legs]).reshape(-1, board.stride)
            assert np.array_equal(barred[rim:-rim, rim:-rim] == 0, grid.passable)
            assert np.allclose(labels[grid.passable], expected[grid.passable], rtol=1e-9)
            legs += 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [{}, {"neighbours": 4, "cost_rule": "entered"}], ids=str)
def test_what_is_proved_longest_is_longest_of_all_placings(kind):
    for seed in range(6):
        problem = class_walls(100 + seed, 5, 2, **kind)
        board = board_of(problem)
        every = [on_map(board, np.array(walls)) for walls in combinations(board.candidates.tolist(), 2)]
        values = np.array([value_with(problem, walls) for walls in every])
        walls = np.zeros(2, np.int64)
        value, ended = prove_longest(board, 2, -1.0, 10**6, walls, workspace_of(board), NEVER)
        assert ended
        assert value == pytest.approx(values[np.isfinite(values)].max(), rel=1e-9)
        assert value_with(problem, on_map(board, walls)) == pytest.approx(value, rel=1e-9)


@pytest.mark.slow
def test_a_search_never_seals_a_class_and_ends_on_exact_figures():
    problem = class_walls(7, 12, 17)
    last = deque(improve_walls(problem, WallSettings(steps=20)), maxlen=1)[0]
    assert np.count_nonzero(last.walls) == 17
    assert not (last.walls & ~problem.candidates).any()
    assert last.value == pytest.approx(value_with(problem, last.walls), rel=1e-9)
    generator = np.random.default_rng(0)
    cells = np.argwhere(problem.candidates)
    for _ in range(20):
        walls = np.zeros_like(last.walls)
        walls[tuple(generator.choice(cells, 17, replace=False).T)] = True
        other = value_with(problem, walls)
        assert other == np.inf or other < last.value


def test_no_wall_stands_under_the_end_of_a_route_and_wide_classes_are_refused():
    ground = Grid(np.ones((9, 9), dtype=bool))
    giant = Movement(replace(ground, passable=open_to(ground.passable, 3)), None, "giant", 3)
    route = WallRoute(((1, 1), (7, 7)), movement=giant)
    problem = place_walls(ground, np.ones((9, 9)), (route,), ground.passable, 2)
    assert not problem.candidates[:3, :3].any()
    assert not problem.candidates[6:, 6:].any()
    assert problem.free == 81 - 18
    whale = replace(giant, size=16)
    with pytest.raises(ProblemError, match="16 cells wide; walls can be placed for at most 15"):
        place_walls(ground, np.ones((9, 9)), (replace(route, movement=whale),), ground.passable, 2)
    closed = ground.passable.copy()
    closed[:, 4] = False
    opened = remove_walls(Grid(closed), np.ones((9, 9)), (route,), ground.passable, 3, "shorter")
    last = deque(improve_walls(opened, WallSettings(steps=3)), maxlen=1)[0]
    assert np.count_nonzero(opened.candidates & ~last.walls) == 3
    # Straight through the gap, which fits: from one column before it to one behind, without a diagonal.
    assert last.lengths[0] == pytest.approx(8 + 2 * 2**0.5)
