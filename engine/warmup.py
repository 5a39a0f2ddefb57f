"""Compile every inner loop once: `python -m engine.warmup`, or `warm_up()` in a thread at start-up.

The machine code is kept on disk, so this takes seconds the first time and little ever after.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from engine.arranging.problem import Arrangement, TravelClass
from engine.arranging.run import ArrangeSettings, arrange
from engine.core.arrays import Floats
from engine.core.grid import Grid, divergence, edge_costs, load_of_flow
from engine.core.movement import Movement
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.certificate import certified_loads, upper_bound
from engine.cost_maps.problem import Problem, Route
from engine.matching.ground_cost import Straight, Walking
from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits
from engine.matching.problem import MatchProblem, PointSet
from engine.matching.run import match_points
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.paths.beam_search import Agent, guess_field, walk
from engine.paths.logit import logit_adjoint
from engine.paths.soft_paths import FlowSettings, soft_paths
from engine.transport.costs import PointCost
from engine.transport.exact import exact_transport
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport
from engine.walls.problem import WallRoute, place_walls
from engine.walls.search import Search, thread_pool


@cache
def warm_up() -> None:
    """Run every kernel on a tiny map, once in a process. Needs no torch."""
    passable = np.ones((16, 16), dtype=np.bool_)
    grid = Grid(passable)
    cost_map = np.ones((16, 16))
    route = Route((1, 1), (14, 14))
    problem = Problem(grid, cost_map, (route,), admissible_maps(cost_map, passable, 0.2, 5.0))
    for method in ("logit", "bregman", "exact"):
        paths = soft_paths(grid, cost_map, [route.start], [route.goal], FlowSettings(method))
        loads = certified_loads([Movement(grid)], paths.flow, [route.start], paths.fields)
        upper_bound(problem.admissible, problem.weights, loads)
        if method == "logit":
            upstream = edge_costs(grid, cost_map)
            logit_adjoint(grid, cost_map, paths.potentials[0], paths.fields[0], route.start, 0.1, upstream)
            load_of_flow(grid, divergence(grid, paths.flow[0]) * paths.flow[0])
    four = replace(problem, grid=replace(problem.grid, neighbours=4))
    for one in (problem, four):
        for _ in approach_optimum(one, OptimumSettings(max_iterations=80)):
            pass
    _match(grid, cost_map)
    _transport()
    _arrange(route)
    _walls()
    agent = Agent(route.start, route.goal)
    walk(grid, cost_map, agent, guess_field(grid, route.goal, 1.0))


def _arrange(route: Route) -> None:
    """Let two terrains change places, through every kind of round."""
    terrain = np.arange(256).reshape(16, 16) % 2
    walker = TravelClass("walker", np.array([1.0, 2.0]), (route,))
    for _ in arrange(Arrangement(terrain, (walker,)), ArrangeSettings(steps=8, searches=1)):
        pass


def _transport() -> None:
    """A coarse kernel and a fine one, and an exact plan."""
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]])
    problem = TransportProblem(
        np.array([1.0, 2.0, 1.0]), np.array([2.0, 1.0, 1.0]), PointCost(points, points + 1.0)
    )
    for tolerance in (1e-6, 1e-9):
        solve_transport(problem, TransportSettings(0.1, tolerance))
    exact_transport(problem)


def _match(grid: Grid, cost_map: Floats) -> None:
    """Move two points, over straight and over walking distances."""
    layouts = (PointSet("from", np.array([[2.0, 2.0], [3.0, 5.0]])),)
    target = PointSet("to", np.array([[9.0, 9.0], [12.0, 10.0]]))
    for ground in (Straight(), Walking(grid, cost_map)):
        problem = MatchProblem(layouts, (target,), Limits(grid.passable, spacing=0.5, snap=True), ground)
        for _ in match_points(problem, MatchSettings(steps=3)):
            pass


def _walls() -> None:
    """Look at one placing to prove it, search for others, and move single walls."""
    passable = np.ones((9, 9), dtype=np.bool_)
    problem = place_walls(Grid(passable), np.ones((9, 9)), (WallRoute(((4, 0), (4, 8))),), passable, 8)
    search = Search(problem, 0)
    search.prove(1)
    with thread_pool() as threads:
        search.advance(1, 0.0, threads)
    search.settle()


def warm_up_torch() -> None:
    """Compile the loops that only torch functions call."""
    import torch

    from engine.paths.soft_beam import soft_losses
    from engine.paths.soft_distances import soft_distances
    from engine.ranking.operators import soft_rank, soft_sort, soft_top_k

    values = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64, requires_grad=True)
    for method in ("transport", "isotonic"):
        soft_rank(values, 0.1, method=method).sum().backward()
    (soft_sort(values, 0.1).sum() + soft_top_k(values, 1, 0.1).sum()).backward()
    grid = Grid(np.ones((8, 8), dtype=np.bool_))
    cost_map = torch.ones((8, 8), dtype=torch.float64, requires_grad=True)
    soft_distances(cost_map, grid, [(0, 0)], [(7, 7)], 0.1).sum().backward()
    agent = Agent((0, 0), (7, 7))
    guess = guess_field(grid, agent.goal, 1.0)
    losses, _ = soft_losses(cost_map, grid, agent, walk(grid, np.ones((8, 8)), agent, guess).plans, guess, 0.1)
    losses.sum().backward()


if __name__ == "__main__":
    warm_up()
    warm_up_torch()
