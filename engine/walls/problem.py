"""Which cells are to be walls: the problem, how placing and removing walls become one, and what is refused."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Cell, Grid
from engine.cost_maps.problem import check_costs
from engine.paths.exact import distances_to, shortest_path

Aim = Literal["longer", "shorter"]


@dataclass(frozen=True)
class WallRoute:
    """Cells that are passed in order: a start, waypoints, a goal. Its length counts with `weight`."""

    stops: tuple[Cell, ...]
    weight: float = 1.0

    @property
    def legs(self) -> list[tuple[Cell, Cell]]:
        """Each stop with the next one."""
        return list(zip(self.stops[:-1], self.stops[1:], strict=True))


@dataclass(frozen=True, eq=False)
class WallProblem:
    """Choose cells for walls so that the weighted sum of the routes' lengths is as large, or small, as can be.

    grid: the map with every candidate open.  cost_map: (H, W), positive where the grid is passable.
    candidates: (H, W) cells that may be walls.  count: how many of them are walls, exactly.
    """

    grid: Grid
    cost_map: Floats
    candidates: Flags
    count: int
    routes: tuple[WallRoute, ...]
    aim: Aim = "longer"

    @property
    def free(self) -> int:
        """How many cells may be walls."""
        return int(np.count_nonzero(self.candidates))

    def with_walls(self, walls: Flags) -> Grid:
        """Return the map with these cells (H, W) as walls."""
        grid = self.grid
        return Grid(grid.passable & ~walls, grid.neighbours, grid.corner_rule, grid.cost_rule)


def place_walls(
    grid: Grid, cost_map: Floats, routes: tuple[WallRoute, ...], allowed: Flags, walls: int
) -> WallProblem:
    """Return the problem of making so many passable cells walls, so that the routes become as long as can be.

    allowed: (H, W) cells that may change; those that a route stops at never do.
    Raises ProblemError, with a fix of "walls" where another number would do.
    """
    _check_map(grid, cost_map, routes)
    candidates = allowed & grid.passable
    for route in routes:
        for stop in route.stops:
            candidates[stop] = False
    problem = WallProblem(grid, cost_map, candidates, walls, routes)
    most = problem.free - int(np.count_nonzero(candidates & kept_open(problem)))
    if most == 0:
        raise ProblemError("walls", "there is no cell where a wall may stand; unlock some, or clear walls")
    if not 1 <= walls <= most:
        raise ProblemError(
            "walls",
            f"{walls} walls do not fit: {problem.free} cells may become walls, and {problem.free - most} of them "
            f"have to stay open for a way; choose 1 to {most}",
            SuggestedFix("walls", min(max(walls, 1), most)),
        )
    return problem


def remove_walls(
    grid: Grid, cost_map: Floats, routes: tuple[WallRoute, ...], allowed: Flags, walls: int, aim: Aim
) -> WallProblem:
    """Return the problem of opening so many walls, so that the routes are as short, or as long, as can be.

    allowed: (H, W) cells that may change.
    Raises ProblemError, with a fix of "walls" where another number would do.
    """
    candidates = allowed & ~grid.passable
    there = int(np.count_nonzero(candidates))
    if there == 0:
        raise ProblemError("walls", "there is no wall that may be removed; draw walls, or unlock some")
    opened = Grid(grid.passable | candidates, grid.neighbours, grid.corner_rule, grid.cost_rule)
    _check_map(opened, cost_map, routes)
    problem = WallProblem(opened, cost_map, candidates, there - walls, routes, aim)
    least = max(1, int(np.count_nonzero(candidates & kept_open(problem))))
    if not least <= walls <= there:
        needed = f", and before every route has a way {least} have to go" if least > 1 else ""
        raise ProblemError(
            "walls",
            f"{walls} walls cannot be removed: {there} may be{needed}; choose {least} to {there}",
            SuggestedFix("walls", min(max(walls, least), there)),
        )
    return problem


def kept_open(problem: WallProblem) -> Flags:
    """Return cells (H, W) that, while they are open, leave every leg a way: few of the candidates among them."""
    grid, kept = problem.grid, np.zeros(problem.grid.shape, dtype=np.bool_)
    if grid.corner_rule != "free" and grid.neighbours == 8:
        # Wherever a diagonal leads, so do two straight moves, and these pass no corner.
        grid = Grid(grid.passable, 4)
    for route in problem.routes:
        for start, goal in route.legs:
            price = np.where(problem.candidates & ~kept, 1.0, 1e-6)
            rows, columns = shortest_path(distances_to(grid, price, goal), start).T
            kept[rows, columns] = True
    return kept


def route_lengths(problem: WallProblem, grid: Grid) -> Floats:
    """Return the exact length of each route, from stop to stop: (R,), infinite where a leg is sealed."""
    legs = [
        [distances_to(grid, problem.cost_map, goal).distance[start] for start, goal in route.legs]
        for route in problem.routes
    ]
    return np.array([np.sum(lengths) for lengths in legs])


def value_of(problem: WallProblem, lengths: Floats) -> float:
    """Return the weighted sum of the routes' lengths (R,)."""
    return float(np.array([route.weight for route in problem.routes]) @ lengths)


def _check_map(grid: Grid, cost_map: Floats, routes: tuple[WallRoute, ...]) -> None:
    """Refuse costs that are not positive, and routes without a way even where no wall stands."""
    check_costs(grid, cost_map)
    if not routes:
        raise ProblemError("route", "there is no route; drop a start and a goal on the map")
    for number, route in enumerate(routes, 1):
        for stop in route.stops:
            if not grid.contains(stop):
                raise ProblemError("route", f"route {number} stops at cell {stop}, outside the map; move it")
            if not grid.passable[stop]:
                raise ProblemError(
                    "route", f"route {number} stops at cell {stop}, a wall; move the stop, or clear the wall"
                )
        if not (np.isfinite(route.weight) and route.weight > 0.0):
            raise ProblemError(
                "route", f"route {number} has weight {route.weight}; a weight must be a number above 0"
            )
        for start, goal in route.legs:
            if start == goal:
                raise ProblemError(
                    "route", f"route {number} leads from cell {start} to itself; move one of the two"
                )
            if not distances_to(grid, cost_map, goal).reaches(start):
                raise ProblemError(
                    "route",
                    f"route {number}: no way leads from {start} to {goal}; open a wall between them, or move one "
                    f"of the two",
                )
