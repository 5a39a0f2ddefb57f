"""The path costs that the admissible maps of a problem can have, from the least to the greatest known.

Path cost is continuous on the convex set of admissible maps, so that every cost in between belongs to some map.
"""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from engine.core.arrays import Floats
from engine.core.errors import ProblemError, SuggestedFix
from engine.cost_maps.problem import Objective, Problem
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.paths.gradients_blackbox import exact_paths

# Gap at which the longest path counts as known.
GAP = 2e-3


@dataclass(frozen=True, eq=False)
class LengthRange:
    """Path costs of one route's shortest and longest known maps, and these maps (H, W).

    upper_bound: no admissible map has a longer path; `longest` comes within 0.2 % of it.
    """

    shortest: float
    longest: float
    upper_bound: float
    shortest_map: Floats
    longest_map: Floats

    def share(self, length: float) -> float:
        """Return where a length lies from the shortest, 0, to the longest, 1. Raises ProblemError if outside."""
        if not self.shortest <= length <= self.longest:
            nearest = min(max(length, self.shortest), self.longest)
            raise ProblemError(
                "objective",
                f"no map with a path {length:g} long is known: with these walls, bounds and total, the path is "
                f"between {self.shortest:.2f} and {self.longest:.2f} long (over {self.upper_bound:.2f} is proven "
                f"impossible). Ask for a length in that range, or change the total or the bounds.",
                SuggestedFix("length", nearest) if np.isfinite(length) else None,
            )
        return (length - self.shortest) / max(self.longest - self.shortest, np.finfo(float).tiny)


def length_range(problem: Problem) -> LengthRange:
    """Return the range of a problem with one route. Raises ProblemError if no run can start on it."""
    if len(problem.routes) > 1:
        raise ProblemError(
            "route", f"one length is asked of one route, but there are {len(problem.routes)}; keep one of them"
        )
    routes = tuple(replace(route, weight=1.0) for route in problem.routes)
    problem = replace(problem, routes=routes, objective=Objective("longer"))
    (best,) = deque(approach_optimum(problem, OptimumSettings(GAP)), maxlen=1)
    shortest, shortest_map = _shortest(problem)
    return LengthRange(shortest, best.value, best.upper_bound, shortest_map, best.cost_map)


def _shortest(problem: Problem) -> tuple[float, Floats]:
    """Return the cost of a path as short as possible, and its map.

    In turns: the cheapest map for a path, and the shortest path on that map, from the map of least costs on. This
    is a true minimum whenever the rest of the map has room for the total.
    """
    admissible = problem.admissible
    cost_map, length = admissible.expand(admissible.lower), np.inf
    while True:
        _, load = length_and_load(problem, cost_map)
        _, candidate = admissible.largest(-load)
        cost, _ = length_and_load(problem, candidate)
        if cost >= length:
            return length, cost_map
        length, cost_map = cost, candidate


def length_and_load(problem: Problem, cost_map: Floats) -> tuple[float, Floats]:
    """Return the exact path cost of a problem's first route on a map (H, W), and the load (H, W) of its path."""
    movement, (route, *_) = problem.movements[0], problem.routes
    paid = movement.costs(cost_map)[None]
    (cost,), (load,) = exact_paths(movement.grid, paid, [route.start], [route.goal])
    return float(cost), movement.load(load)
