"""Differentiable shortest paths and optimal transport on grids: arrays in, arrays out.

The public names of every wing are here, each imported when it is first used: `import engine` loads neither torch
nor numba.

    core       Grid, Movement, Status, ProblemError
    paths      exact and soft shortest paths, and their gradients
    cost_maps  what a map may become: bounds, total, symmetry, routes, aims
    design     Adam on a cost map, for several aims
    optimum    the longest shortest path with a certificate
    arranging  tiles of terrain that change places, for several movement classes
    walls      cells that become walls until the shortest path is as long as can be
    transport  optimal transport between weighted points
    matching   layouts of points that move towards each other
    ranking    soft top-k, sorting, ranks and quantiles: `soft_…` of tensors, differentiable, the others of arrays
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.arranging.problem import Arrangement as Arrangement
    from engine.arranging.problem import TravelClass as TravelClass
    from engine.arranging.run import ArrangeSettings as ArrangeSettings
    from engine.arranging.run import arrange as arrange
    from engine.core.errors import ProblemError as ProblemError
    from engine.core.grid import Grid as Grid
    from engine.core.movement import Movement as Movement
    from engine.core.status import Status as Status
    from engine.cost_maps.admissible import admissible_maps as admissible_maps
    from engine.cost_maps.problem import Objective as Objective
    from engine.cost_maps.problem import Problem as Problem
    from engine.cost_maps.problem import Route as Route
    from engine.design.adversarial import DesignSettings as DesignSettings
    from engine.design.adversarial import optimise_costs as optimise_costs
    from engine.design.balance import balance as balance
    from engine.design.balance_problem import BalanceProblem as BalanceProblem
    from engine.design.batch import design_batch as design_batch
    from engine.design.drawn_line import DrawnRouteProblem as DrawnRouteProblem
    from engine.design.drawn_route import draw_route as draw_route
    from engine.design.foresight import ForesightProblem as ForesightProblem
    from engine.design.foresight import foresee as foresee
    from engine.matching.limits import Limits as Limits
    from engine.matching.problem import MatchProblem as MatchProblem
    from engine.matching.problem import PointSet as PointSet
    from engine.matching.run import match_points as match_points
    from engine.optimum.run import OptimumSettings as OptimumSettings
    from engine.optimum.run import approach_optimum as approach_optimum
    from engine.paths.exact import distances_to as distances_to
    from engine.paths.exact import shortest_path as shortest_path
    from engine.paths.fenchel_young import fenchel_young_loss as fenchel_young_loss
    from engine.paths.gradients import route_costs as route_costs
    from engine.paths.gradients import route_loads as route_loads
    from engine.paths.gradients_blackbox import path_loads as path_loads
    from engine.paths.soft_distances import soft_distances as soft_distances
    from engine.paths.soft_paths import FlowSettings as FlowSettings
    from engine.paths.soft_paths import soft_paths as soft_paths
    from engine.ranking.operators import log_top_k as log_top_k
    from engine.ranking.operators import quantile as quantile
    from engine.ranking.operators import ranks as ranks
    from engine.ranking.operators import soft_log_top_k as soft_log_top_k
    from engine.ranking.operators import soft_quantile as soft_quantile
    from engine.ranking.operators import soft_rank as soft_rank
    from engine.ranking.operators import soft_sort as soft_sort
    from engine.ranking.operators import soft_top_k as soft_top_k
    from engine.ranking.operators import sort as sort
    from engine.ranking.operators import top_k as top_k
    from engine.transport.costs import MatrixCost as MatrixCost
    from engine.transport.costs import PointCost as PointCost
    from engine.transport.divergence import sinkhorn_divergence as sinkhorn_divergence
    from engine.transport.exact import exact_transport as exact_transport
    from engine.transport.gradients import transport_cost as transport_cost
    from engine.transport.gradients import transport_plan as transport_plan
    from engine.transport.problem import TransportProblem as TransportProblem
    from engine.transport.settings import TransportSettings as TransportSettings
    from engine.transport.sinkhorn import solve_transport as solve_transport
    from engine.walls.problem import WallRoute as WallRoute
    from engine.walls.problem import place_walls as place_walls
    from engine.walls.problem import remove_walls as remove_walls
    from engine.walls.run import WallSettings as WallSettings
    from engine.walls.run import improve_walls as improve_walls

# The imports above are for type checkers only; a test holds this table to them.
_MODULES = {
    "engine.arranging.problem": ("Arrangement", "TravelClass"),
    "engine.arranging.run": ("ArrangeSettings", "arrange"),
    "engine.core.errors": ("ProblemError",),
    "engine.core.grid": ("Grid",),
    "engine.core.movement": ("Movement",),
    "engine.core.status": ("Status",),
    "engine.cost_maps.admissible": ("admissible_maps",),
    "engine.cost_maps.problem": ("Objective", "Problem", "Route"),
    "engine.design.adversarial": ("DesignSettings", "optimise_costs"),
    "engine.design.batch": ("design_batch",),
    "engine.design.balance": ("balance",),
    "engine.design.balance_problem": ("BalanceProblem",),
    "engine.design.drawn_line": ("DrawnRouteProblem",),
    "engine.design.drawn_route": ("draw_route",),
    "engine.design.foresight": ("ForesightProblem", "foresee"),
    "engine.matching.limits": ("Limits",),
    "engine.matching.problem": ("MatchProblem", "PointSet"),
    "engine.matching.run": ("match_points",),
    "engine.optimum.run": ("OptimumSettings", "approach_optimum"),
    "engine.paths.exact": ("distances_to", "shortest_path"),
    "engine.paths.fenchel_young": ("fenchel_young_loss",),
    "engine.paths.gradients": ("route_costs", "route_loads"),
    "engine.paths.gradients_blackbox": ("path_loads",),
    "engine.paths.soft_distances": ("soft_distances",),
    "engine.paths.soft_paths": ("FlowSettings", "soft_paths"),
    "engine.ranking.operators": (
        "log_top_k",
        "quantile",
        "ranks",
        "soft_log_top_k",
        "soft_quantile",
        "soft_rank",
        "soft_sort",
        "soft_top_k",
        "sort",
        "top_k",
    ),
    "engine.transport.costs": ("MatrixCost", "PointCost"),
    "engine.transport.divergence": ("sinkhorn_divergence",),
    "engine.transport.exact": ("exact_transport",),
    "engine.transport.gradients": ("transport_cost", "transport_plan"),
    "engine.transport.problem": ("TransportProblem",),
    "engine.transport.settings": ("TransportSettings",),
    "engine.transport.sinkhorn": ("solve_transport",),
    "engine.walls.problem": ("WallRoute", "place_walls", "remove_walls"),
    "engine.walls.run": ("WallSettings", "improve_walls"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its module at its first use."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, whether they have been imported or not."""
    return sorted({*globals(), *_MODULE_OF})
