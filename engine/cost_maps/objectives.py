"""What a run minimises: a loss of the routes' costs and of the map itself.

The same function is used twice: on regularised costs, for a gradient, and on exact ones, to judge a map.
"""

import math

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.tensors import flags_on
from engine.cost_maps.keeping import change_penalty_of
from engine.cost_maps.problem import Aim, Problem
from engine.cost_maps.roughness import roughness_of

# "longer_minimum": the soft minimum's temperature, as a share of a route's cost on an even map.
MINIMUM_SOFTNESS = 0.01
# Targets come first: a map is kept as far as they allow.
TARGET_KEEP = 1e-3


class DesignLoss:
    """The loss of a problem, its constants on one device: computing it reads nothing from there.

    In units of what the routes' classes pay for a cell of mean cost, so that step sizes depend on neither the
    map's scale nor theirs. A penalty of weight 1 counts like the routes' cost on the drawn map when the mean
    squared difference is the mean cost².
    """

    def __init__(self, problem: Problem, device: torch.device | str, dtype: torch.dtype) -> None:
        """Put the constants on the device."""
        objective, grid = problem.objective, problem.grid
        unit, squared_mean = _unit(problem), mean_cost(problem) ** 2

        def tensor(values: Floats) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        self._aim: Aim = objective.aim
        self._price = mean_price(problem)
        self._weights, self._total_weight = tensor(problem.weights), float(problem.weights.sum())
        self._wanted = tensor(targets(problem)) if objective.aim == "target" else None
        self._softness = _softness(problem)
        self._smoothness = objective.smoothness * unit / squared_mean
        self._closeness = objective.closeness * unit / squared_mean
        self._keep = (TARGET_KEEP if objective.aim == "target" else 1.0) * unit
        self._roughness = roughness_of(grid, device, dtype) if objective.smoothness > 0.0 else None
        self._change = None
        if objective.keep > 0.0:
            self._change = change_penalty_of(grid, problem.cost_map, objective.keep, device, dtype)
        self._drawn, self._passable, self._cells = None, None, 0
        if objective.closeness > 0.0:
            self._drawn, self._passable = tensor(problem.cost_map), flags_on(device, dtype, grid.passable)
            self._cells = int(np.count_nonzero(grid.passable))

    def __call__(self, route_costs: Tensor, cost_map: Tensor) -> Tensor:
        """Return the loss () of route costs (R,) on a cost map (H, W); lower is better."""
        loss = self._of_routes(route_costs) / self._price
        if self._roughness is not None:
            loss = loss + self._smoothness * self._roughness(cost_map)
        if self._drawn is not None and self._passable is not None:
            distance = ((cost_map - self._drawn).square() * self._passable).sum() / self._cells
            loss = loss + self._closeness * distance
        if self._change is not None:
            loss = loss + self._keep * self._change(cost_map)
        return loss

    @property
    def of_routes_alone(self) -> bool:
        """Whether the loss depends on the map through the routes only."""
        return self._roughness is None and self._drawn is None and self._change is None

    def _of_routes(self, route_costs: Tensor) -> Tensor:
        match self._aim:
            case "longer":
                return -(self._weights * route_costs).sum() / self._total_weight
            case "shorter":
                return (self._weights * route_costs).sum() / self._total_weight
            case "longer_minimum":
                weighted = self._weights * route_costs
                return self._softness * torch.logsumexp(-weighted / self._softness, dim=0)
            case "target":
                assert self._wanted is not None
                misses = (route_costs - self._wanted).square() / self._wanted
                return (self._weights * misses).sum() / self._total_weight


def design_loss(problem: Problem, route_costs: Tensor, cost_map: Tensor) -> Tensor:
    """Return the loss () of route costs (R,) on a cost map (H, W); see `DesignLoss`."""
    return DesignLoss(problem, cost_map.device, cost_map.dtype)(route_costs, cost_map)


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


def _softness(problem: Problem) -> float:
    return MINIMUM_SOFTNESS * mean_price(problem) * _unit(problem) * float(problem.weights.mean())


def _unit(problem: Problem) -> float:
    """Return the mean distance between start and goal, in cells: it makes penalties comparable with path costs."""
    return float(
        np.mean([math.hypot(a - c, b - d) for (a, b), (c, d) in zip(problem.starts, problem.goals, strict=True)])
    )
