"""Maps for walls, and what is right on them by trying everything."""

from itertools import combinations
from typing import Literal

import numpy as np

from engine.core.grid import Grid
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
    grid = problem.with_walls(walls)
    return sum(
        route.weight * distances(grid, problem.cost_map, goal)[start]
        for route in problem.routes
        for start, goal in route.legs
    )


def best_value(problem: WallProblem) -> float:
    """The best value of all placings that seal nothing, every one tried: tiny maps only."""
    sign = 1.0 if problem.aim == "longer" else -1.0
    best = -np.inf
    for chosen in combinations(np.argwhere(problem.candidates).tolist(), problem.count):
        walls = np.zeros(problem.grid.shape, dtype=bool)
        rows, columns = np.array(chosen, dtype=int).reshape(-1, 2).T
        walls[rows, columns] = True
        value = value_with(problem, walls)
        if np.isfinite(value):
            best = max(best, sign * value)
    return sign * best


def best_after_one_move(problem: WallProblem, walls: np.ndarray) -> float:
    """The best value that moving one wall gives, every wall to every cell."""
    sign = 1.0 if problem.aim == "longer" else -1.0
    best = -np.inf
    for wall in map(tuple, np.argwhere(walls)):
        for cell in map(tuple, np.argwhere(problem.candidates & ~walls)):
            moved = walls.copy()
            moved[wall], moved[cell] = False, True
            value = value_with(problem, moved)
            if np.isfinite(value):
                best = max(best, sign * value)
    return sign * best
