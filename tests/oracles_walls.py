"""Maps for walls, and what is right on them by trying everything."""

from itertools import combinations
from typing import Literal

import numpy as np

from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.walls.problem import WallProblem, WallRoute, place_walls
from tests.oracles import distances

SIDE_COUNTS = {20: 14, 32: 40, 64: 120}  # walls on the instances of a benchmark, by the side of the map


def wall_instance(side: int, seed: int, neighbours: Literal[4, 8], walls: int, rocks: float = 0.1) -> WallProblem:
    """An open map of cost 1 with some rocks, from the middle of one side to the middle of the other."""
    generator = np.random.default_rng(1000 * side + seed)
    start, goal = (side // 2, 0), (side // 2, side - 1)
    while True:
        passable = generator.random((side, side)) >= rocks
        passable[start] = passable[goal] = True
        grid = Grid(passable, 4)
        if np.isfinite(distances(grid, np.ones((side, side)), goal)[start]):
            break
    grid = Grid(passable, neighbours)
    return place_walls(grid, np.ones((side, side)), (WallRoute((start, goal)),), np.ones_like(passable), walls)


def value_with(problem: WallProblem, walls: np.ndarray) -> float:
    """The weighted sum of all legs' lengths with these walls (H, W), by scipy; infinite where one is sealed."""
    return sum(
        route.weight * distances(movement.with_walls(walls), movement.costs(problem.cost_map), goal)[start]
        for route, movement in zip(problem.routes, problem.movements, strict=True)
        for start, goal in route.legs
    )


def values_with(problem: WallProblem, walls: np.ndarray) -> np.ndarray:
    """`value_with` for many placings (N, H, W) at once: (N,), by Bellman and Ford, without the engine's grid."""
    grid, (height, width) = problem.grid, problem.grid.shape
    around = ((0, 0), (1, 1), (1, 1))
    is_open = np.pad(grid.passable & ~walls, around)
    costs = np.pad(problem.cost_map[None], around, constant_values=np.inf)
    needed = {"both_open": 2, "one_open": 1, "free": 0}[grid.corner_rule]

    def moved(array: np.ndarray, down: int, right: int) -> np.ndarray:
        return array[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    moves = []
    for (down, right), length in zip(MOVES[: grid.neighbours].tolist(), LENGTHS, strict=False):
        legal = moved(is_open, 0, 0) & moved(is_open, down, right)
        if down and right:
            legal &= moved(is_open, down, 0).astype(int) + moved(is_open, 0, right) >= needed
        head = moved(costs, down, right)
        cost = length * (head if grid.cost_rule == "entered" else (moved(costs, 0, 0) + head) / 2.0)
        moves.append((down, right, np.where(legal, cost, np.inf)))

    def leg(start: Cell, goal: Cell) -> np.ndarray:
        distance = np.full(is_open.shape, np.inf)
        distance[:, goal[0] + 1, goal[1] + 1] = 0.0
        here, before = moved(distance, 0, 0), None
        while before is None or not np.array_equal(here, before):
            before = here.copy()
            for down, right, cost in moves:
                np.minimum(here, moved(distance, down, right) + cost, out=here)
        return here[:, start[0], start[1]]

    legs = [(route.weight, *ends) for route in problem.routes for ends in route.legs]
    return sum((weight * leg(start, goal) for weight, start, goal in legs), np.zeros(len(walls)))


def best_value(problem: WallProblem) -> float:
    """The best value of all placings that seal nothing, every one tried: tiny maps only."""
    cells = np.argwhere(problem.candidates)
    chosen = np.array(list(combinations(range(len(cells)), problem.count)), dtype=int)
    walls = np.zeros((len(chosen), *problem.grid.shape), dtype=bool)
    walls[np.arange(len(chosen))[:, None], cells[chosen, 0], cells[chosen, 1]] = True
    return _best(problem, values_with(problem, walls))


def best_after_one_move(problem: WallProblem, walls: np.ndarray) -> float:
    """The best value that moving one wall gives, every wall to every cell."""
    moved = []
    for wall in map(tuple, np.argwhere(walls)):
        for cell in map(tuple, np.argwhere(problem.candidates & ~walls)):
            moved.append(walls.copy())
            moved[-1][wall], moved[-1][cell] = False, True
    return _best(problem, values_with(problem, np.array(moved)))


def _best(problem: WallProblem, values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max() if problem.aim == "longer" else finite.min())
