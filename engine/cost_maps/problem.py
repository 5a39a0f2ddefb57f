"""A design problem: map, routes, objective and admissible maps; and the checks that refuse one before a run."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from engine.core.arrays import Floats
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Cell, Grid
from engine.core.movement import Movement, check_end, check_movement, grouped, unreachable
from engine.cost_maps.admissible import Admissible
from engine.paths.exact import DistanceField, distances_to

Aim = Literal["longer", "shorter", "target", "longer_minimum"]


@dataclass(frozen=True)
class Route:
    """A start and a goal, counted with `weight`; `target` is the path cost that they should have.

    movement: how the route's class moves, and what it pays; None: as the map's own grid says, at the map's costs.
    """

    start: Cell
    goal: Cell
    weight: float = 1.0
    target: float | None = None
    movement: Movement | None = None


@dataclass(frozen=True)
class Objective:
    """What the map is designed for.

    aim: "longer" / "shorter" maximise / minimise the weighted sum of the routes' path costs, "longer_minimum"
        maximises the smallest of them, "target" brings each to its route's target.
    smoothness: penalty on squared differences of neighbouring cells. closeness: on squared differences from
        the drawn map. Both are relative to the mean cost; 0 leaves them out.
    keep: from 0, reshape freely, to 1, keep the drawn map; see `engine.cost_maps.keeping`.
    """

    aim: Aim = "longer"
    smoothness: float = 0.0
    closeness: float = 0.0
    keep: float = 0.0

    @property
    def linear(self) -> bool:
        """Whether maximising it is the linear programme that `engine.optimum.run` solves."""
        return self.aim == "longer" and self.smoothness == self.closeness == self.keep == 0.0


@dataclass(frozen=True, eq=False)
class Problem:
    """A drawn map, the routes on it, the maps that are admissible, and the objective.

    grid: the ground, that is the cells which have a cost, and the moves of routes without a class of their own.
    """

    grid: Grid
    cost_map: Floats
    routes: tuple[Route, ...]
    admissible: Admissible
    objective: Objective = Objective()

    @property
    def size(self) -> int:
        """Cells times routes: what the work of a step grows with."""
        return self.grid.passable.size * len(self.routes)

    @property
    def starts(self) -> list[Cell]:
        """Start of each route."""
        return [route.start for route in self.routes]

    @property
    def goals(self) -> list[Cell]:
        """Goal of each route."""
        return [route.goal for route in self.routes]

    @property
    def weights(self) -> Floats:
        """Weights of the routes: (R,)."""
        return np.array([route.weight for route in self.routes])

    @cached_property
    def movements(self) -> tuple[Movement, ...]:
        """How each route moves; routes without a class of their own share one movement."""
        plain = Movement(self.grid)
        return tuple(route.movement or plain for route in self.routes)

    @property
    def moves_alike(self) -> bool:
        """Whether no route has a class of its own."""
        return all(route.movement is None for route in self.routes)


def distance_fields(problem: Problem, cost_map: Floats) -> tuple[DistanceField, ...]:
    """Return the distances of each route's class to the route's goal on a map (H, W)."""
    ends = zip(problem.movements, problem.goals, strict=True)
    return tuple(distances_to(movement.grid, movement.costs(cost_map), goal) for movement, goal in ends)


def path_costs(problem: Problem, cost_map: Floats) -> Floats:
    """Return the exact cost of each route's shortest path on a map (H, W): (R,), infinite where there is none."""
    fields = distance_fields(problem, cost_map)
    return np.array([field.distance[start] for field, start in zip(fields, problem.starts, strict=True)])


def check_problem(problem: Problem) -> None:
    """Raise ProblemError, with a sentence that says what to change, if no run can start."""
    check_costs(problem.grid, problem.cost_map)
    check_routes(problem)
    check_admissible(problem.admissible)
    objective = problem.objective
    for name, value in (("smoothness", objective.smoothness), ("closeness", objective.closeness)):
        if not (np.isfinite(value) and value >= 0.0):
            raise ProblemError("objective", f"{name} is {value}; it must be a number of at least 0")
    check_keep(objective.keep)
    if objective.aim == "target":
        for number, route in enumerate(problem.routes, 1):
            if route.target is None or not (np.isfinite(route.target) and route.target > 0.0):
                raise ProblemError(
                    "objective", f"route {number} has no target; give the path cost it should have, above 0"
                )


def check_keep(keep: float) -> None:
    """Refuse a strength, of keeping the drawn map, that is not a number from 0 to 1."""
    if not 0.0 <= keep <= 1.0:
        fix = SuggestedFix("keep", 0.0 if keep < 0.0 else 1.0) if np.isfinite(keep) else None
        raise ProblemError("keep", f"keep is {keep}; it must lie between 0 and 1", fix)


def check_costs(grid: Grid, cost_map: Floats) -> None:
    """Refuse costs of passable cells that are not finite and positive, naming the first such cell."""
    if cost_map.shape != grid.shape:
        raise ProblemError("cost", f"the cost map is {cost_map.shape}, but the grid is {grid.shape}")
    bad = grid.passable & ~(np.isfinite(cost_map) & (cost_map > 0.0))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ProblemError(
            "cost",
            f"cell (row {row}, col {column}) costs {cost_map[row, column]}; every passable cell needs a "
            f"finite cost above 0. Paint it anew, or make it a wall.",
        )


def check_routes(problem: Problem) -> None:
    """Refuse a missing, walled-in, circular or unreachable route, and a class that cannot be."""
    if not problem.routes:
        raise ProblemError("route", "there is no route; drop a start and a goal on the map")
    for movement, _ in grouped(problem.movements):
        check_movement(movement, problem.grid, problem.admissible.fixed_or_free)
    for number, (route, movement) in enumerate(zip(problem.routes, problem.movements, strict=True), 1):
        for name, cell in (("start", route.start), ("goal", route.goal)):
            check_end(movement, "route", f"the {name} of route {number}", cell)
        if route.start == route.goal:
            raise ProblemError(
                "route", f"route {number} starts at its goal, cell {route.goal}; move one of the two"
            )
        if not (np.isfinite(route.weight) and route.weight > 0.0):
            raise ProblemError(
                "route", f"route {number} has weight {route.weight}; a weight must be a number above 0"
            )
        costs = movement.costs(problem.cost_map)
        if not distances_to(movement.grid, costs, route.goal).reaches(route.start):
            raise unreachable(movement, "route", f"route {number}", route.start, route.goal)


def check_admissible(admissible: Admissible) -> None:
    """Refuse bounds that cross, a budget that the bounds cannot hold, and maps with nothing to change."""
    if admissible.size.size == 0:
        raise ProblemError("budget", "every passable cell is locked, so nothing may change; unlock some")
    lower, upper = float(admissible.lower.min()), float(admissible.upper.max())
    if not (np.isfinite(admissible.lower).all() and np.isfinite(admissible.upper).all() and lower > 0.0):
        raise ProblemError(
            "bounds", f"the bounds are {lower} to {upper}; both must be finite and the lower one above 0"
        )
    if (admissible.lower > admissible.upper).any():
        raise ProblemError(
            "bounds", f"the lower bound {lower} is above the upper bound {upper}; swap them, or move one"
        )
    locked = admissible.locked_total
    least = float(np.sum(admissible.size * admissible.lower))
    most = float(np.sum(admissible.size * admissible.upper))
    if not np.isfinite(admissible.budget):
        raise ProblemError("budget", f"the budget is {admissible.budget}; it must be a finite number")
    slack = 1e-9 * max(1.0, abs(admissible.budget))
    if admissible.budget < least - slack or admissible.budget > most + slack:
        total = admissible.budget + locked
        hint = f" (locked cells hold {locked:g} of it)" if locked > 0.0 else ""
        raise ProblemError(
            "budget",
            f"the total of {total:g}{hint} does not fit the bounds: with every free cell between {lower:g} "
            f"and {upper:g} the map's total lies between {least + locked:g} and {most + locked:g}. Change "
            f"the total, or widen the bounds.",
            SuggestedFix("budget", min(max(total, least + locked), most + locked)),
        )
