"""What a run minimises: a loss of the routes' costs and of the map itself.

The same function is used twice: on regularised costs, for a gradient, and on exact ones, to judge a map.
"""

import math

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.cost_maps.keeping import change_penalty
from engine.cost_maps.problem import Problem
from engine.cost_maps.roughness import roughness

# "longer_minimum": the soft minimum's temperature, as a share of a route's cost on an even map.
MINIMUM_SOFTNESS = 0.01
# Targets come first: a map is kept as far as they allow.
TARGET_KEEP = 1e-3


def design_loss(problem: Problem, route_costs: Tensor, cost_map: Tensor) -> Tensor:
    """Return the loss () of route costs (R,) on a cost map (H, W); lower is better.

    In units of what the routes' classes pay for a cell of mean cost, so that step sizes depend on neither the
    map's scale nor theirs. A penalty of weight 1 counts like the routes' cost on the drawn map when the mean
    squared difference is the mean cost².
    """
    objective = problem.objective
    mean = mean_cost(problem)
    loss = _route_loss(problem, route_costs) / mean_price(problem)
    if objective.smoothness > 0.0:
        loss = loss + objective.smoothness * _unit(problem) * roughness(problem.grid, cost_map) / mean**2
    if objective.closeness > 0.0:
        passable = torch.tensor(problem.grid.passable, device=cost_map.device)
        drawn = cost_map.new_tensor(problem.cost_map)
        distance = ((cost_map - drawn)[passable] ** 2).mean()
        loss = loss + objective.closeness * _unit(problem) * distance / mean**2
    if objective.keep > 0.0:
        penalty = change_penalty(problem.grid, problem.cost_map, cost_map, objective.keep)
        loss = loss + (TARGET_KEEP if objective.aim == "target" else 1.0) * _unit(problem) * penalty
    return loss


def score(problem: Problem, path_costs: Floats) -> float:
    """Return the figure to show for exact path costs (R,): weighted sum, smallest, or worst deviation."""
    aim = problem.objective.aim
    if aim == "longer_minimum":
        return float((problem.weights * path_costs).min())
    if aim == "target":
        return float(np.abs(path_costs / targets(problem) - 1.0).max())
    return float(problem.weights @ path_costs)


def bound_weights(problem: Problem, path_costs: Floats) -> Floats | None:
    """Return weights (R,) under which a certificate bounds `score`; None where the aim has no upper bound."""
    if problem.objective.aim == "longer":
        return problem.weights
    if problem.objective.aim == "longer_minimum":
        weighted = problem.weights * path_costs
        share = np.exp(-(weighted - weighted.min()) / _softness(problem))
        return problem.weights * share / share.sum()
    return None


def targets(problem: Problem) -> Floats:
    """Return the target costs (R,); `check_problem` has made sure that aim "target" has them all."""
    return np.array([math.nan if route.target is None else route.target for route in problem.routes])


def mean_cost(problem: Problem) -> float:
    """Return the mean cost of a passable cell under the budget."""
    total = problem.admissible.budget + problem.admissible.locked_total
    return total / float(problem.grid.passable.sum())


def mean_price(problem: Problem) -> float:
    """Return what the routes' classes pay, on average, for a cell of the mean cost."""
    return mean_cost(problem) * float(np.mean([movement.scale for movement in problem.movements]))


def _route_loss(problem: Problem, route_costs: Tensor) -> Tensor:
    weights = route_costs.new_tensor(problem.weights)
    match problem.objective.aim:
        case "longer":
            return -(weights @ route_costs) / weights.sum()
        case "shorter":
            return (weights @ route_costs) / weights.sum()
        case "longer_minimum":
            weighted = weights * route_costs
            softness = _softness(problem)
            return softness * torch.logsumexp(-weighted / softness, dim=0)
        case "target":
            wanted = route_costs.new_tensor(targets(problem))
            return (weights @ ((route_costs - wanted) ** 2 / wanted)) / weights.sum()


def _softness(problem: Problem) -> float:
    return MINIMUM_SOFTNESS * mean_price(problem) * _unit(problem) * float(problem.weights.mean())


def _unit(problem: Problem) -> float:
    """Return the mean distance between start and goal, in cells: it makes penalties comparable with path costs."""
    return float(
        np.mean([math.hypot(a - c, b - d) for (a, b), (c, d) in zip(problem.starts, problem.goals, strict=True)])
    )
