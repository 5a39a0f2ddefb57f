"""Which cells are to be walls: the problem, how placing and removing walls become one, and what is refused."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.core.clearance import open_to, under
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Cell, Grid
from engine.core.movement import Movement, check_movement, grouped, unreachable
from engine.cost_maps.problem import check_costs
from engine.paths.exact import distances_to, shortest_path

Aim = Literal["longer", "shorter"]

# A byte counts the walls under a unit.
LARGEST_SIZE = 15


@dataclass(frozen=True)
class WallRoute:
    """Cells that are passed in order: a start, waypoints, a goal. Its length counts with `weight`.

    movement: how the route's class moves while no candidate is a wall, and what it pays; None: as everybody.
    """

    stops: tuple[Cell, ...]
    weight: float = 1.0
    movement: Movement | None = None

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

    @cached_property
    def movements(self) -> tuple[Movement, ...]:
        """How each route moves while no candidate is a wall; those without a class share one movement."""
        plain = Movement(self.grid)
        return tuple(route.movement or plain for route in self.routes)

    def with_walls(self, walls: Flags) -> Grid:
        """Return the map's own moves with these cells (H, W) as walls."""
        grid = self.grid
        return Grid(grid.passable & ~walls, grid.neighbours, grid.corner_rule, grid.cost_rule)


def place_walls(
    grid: Grid, cost_map: Floats, routes: tuple[WallRoute, ...], allowed: Flags, walls: int
) -> WallProblem:
    """Return the problem of making so many passable cells walls, so that the routes become as long as can be.

    allowed: (H, W) cells that may change; those that a route stops at never do.
    Raises ProblemError, with a fix of "walls" where another number would do.
    """
    problem = WallProblem(grid, cost_map, allowed & grid.passable, walls, routes)
    _check_map(problem)
    candidates = problem.candidates
    for route, movement in zip(routes, problem.movements, strict=True):
        stops = np.zeros(grid.shape, dtype=np.bool_)
        stops[tuple(np.array(route.stops).T)] = True
        candidates &= ~under(stops, movement.size)
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
    problem = WallProblem(opened, cost_map, candidates, there - walls, routes, aim)
    _check_map(problem)
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
    kept = np.zeros(problem.grid.shape, dtype=np.bool_)
    for route, movement in zip(problem.routes, problem.movements, strict=True):
        grid = movement.grid
        if grid.corner_rule != "free" and grid.neighbours == 8:
            # Wherever a diagonal leads, so do two straight moves, and these pass no corner.
            grid = Grid(grid.passable, 4)
        for start, goal in route.legs:
            kept_already = open_to(~(problem.candidates & ~kept), movement.size)
            price = np.where(kept_already, 1e-6, 1.0)
            way = np.zeros(grid.shape, dtype=np.bool_)
            way[tuple(shortest_path(distances_to(grid, price, goal), start).T)] = True
            kept |= under(way, movement.size)
    return kept


def route_lengths(problem: WallProblem, walls: Flags) -> Floats:
    """Return the exact length of each route, from stop to stop, with these candidates (H, W) as walls: (R,).

    Infinite where a leg is sealed.
    """
    lengths: list[float] = []
    for route, movement in zip(problem.routes, problem.movements, strict=True):
        grid, costs = movement.with_walls(walls), movement.costs(problem.cost_map)
        lengths.append(np.sum([distances_to(grid, costs, goal).distance[start] for start, goal in route.legs]))
    return np.array(lengths)


def value_of(problem: WallProblem, lengths: Floats) -> float:
    """Return the weighted sum of the routes' lengths (R,)."""
    return float(np.array([route.weight for route in problem.routes]) @ lengths)


def _check_map(problem: WallProblem) -> None:
    """Refuse costs that are not positive, and routes without a way even where no wall stands."""
    check_costs(problem.grid, problem.cost_map)
    if not problem.routes:
        raise ProblemError("route", "there is no route; drop a start and a goal on the map")
    for movement, _ in grouped(problem.movements):
        check_movement(movement, problem.grid, problem.cost_map > 0.0)
        if movement.size > LARGEST_SIZE:
            raise ProblemError(
                "movement",
                f"the class “{movement.name}” is {movement.size} cells wide; walls can be placed for at most "
                f"{LARGEST_SIZE}",
            )
    for number, (route, movement) in enumerate(zip(problem.routes, problem.movements, strict=True), 1):
        for stop in route.stops:
            if not movement.grid.contains(stop):
                raise ProblemError("route", f"route {number} stops at cell {stop}, outside the map; move it")
            if not movement.grid.passable[stop]:
                what = f"no place for the class “{movement.name}”" if movement.name else "a wall"
                raise ProblemError(
                    "route", f"route {number} stops at cell {stop}, {what}; move the stop, or clear the wall"
                )
        if not (np.isfinite(route.weight) and route.weight > 0.0):
            raise ProblemError(
                "route", f"route {number} has weight {route.weight}; a weight must be a number above 0"
            )
        costs = movement.costs(problem.cost_map)
        for start, goal in route.legs:
            if start == goal:
                raise ProblemError(
                    "route", f"route {number} leads from cell {start} to itself; move one of the two"
                )
            if not distances_to(movement.grid, costs, goal).reaches(start):
                raise unreachable(movement, "route", f"route {number}", start, goal)
