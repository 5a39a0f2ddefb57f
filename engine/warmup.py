"""Compile every inner loop once: `python -m engine.warmup`, or `warm_up()` in a thread at start-up.

The machine code is kept on disk, so this takes seconds the first time and little ever after.
"""

import numpy as np

from engine.admissible import admissible_maps
from engine.arrays import Floats
from engine.certificate import certified_loads, upper_bound
from engine.flow import FlowSettings, soft_paths
from engine.grid import Grid, divergence, edge_costs, load_of_flow
from engine.ground_cost import Straight, Walking
from engine.layout_limits import Limits
from engine.layouts import Layout, MatchProblem
from engine.logit import logit_adjoint
from engine.match_iterate import MatchSettings
from engine.matching import match
from engine.optimum import OptimumSettings, optimum
from engine.problem import Problem, Route


def warm_up() -> None:
    """Run every kernel on a tiny map. Needs no torch."""
    passable = np.ones((16, 16), dtype=np.bool_)
    grid = Grid(passable)
    cost_map = np.ones((16, 16))
    route = Route((1, 1), (14, 14))
    problem = Problem(grid, cost_map, (route,), admissible_maps(cost_map, passable, 0.2, 5.0))
    for method in ("logit", "bregman", "exact"):
        paths = soft_paths(grid, cost_map, [route.start], [route.goal], FlowSettings(method))
        loads = certified_loads(grid, paths.flow, [route.start], list(paths.fields))
        upper_bound(problem.admissible, problem.weights, loads)
        if method == "logit":
            upstream = edge_costs(grid, cost_map)
            logit_adjoint(grid, cost_map, paths.potentials[0], paths.fields[0], route.start, 0.1, upstream)
            load_of_flow(grid, divergence(grid, paths.flow[0]) * paths.flow[0])
    for _ in optimum(problem, OptimumSettings(max_iterations=80)):
        pass
    _match(grid, cost_map)


def _match(grid: Grid, cost_map: Floats) -> None:
    """Move two points, over straight and over walking distances."""
    layouts = (Layout("from", np.array([[2.0, 2.0], [3.0, 5.0]])),)
    target = Layout("to", np.array([[9.0, 9.0], [12.0, 10.0]]))
    for ground in (Straight(), Walking(grid, cost_map)):
        problem = MatchProblem(layouts, (target,), Limits(grid.passable, spacing=0.5, snap=True), ground)
        for _ in match(problem, MatchSettings(steps=3)):
            pass


if __name__ == "__main__":
    warm_up()
